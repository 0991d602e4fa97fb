/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Frames for the agent: limited for each port and class of frame, then put into the ring buffer `slow_rx`. */
#ifndef BPF_TO_AGENT_H
#define BPF_TO_AGENT_H

#include <stdbool.h>

#include "maps.h"

/*
 * Whether the limit of its class lets one more frame pass: on average one in `interval` ns, and up to `burst` at once.
 * The limiter is a virtual schedule (GCRA): its only state is the time until which the frames that passed have used up
 * the rate. That is one word, so no lock is needed.
 */
static __always_inline bool within_limit(__u32 class, __u64 now, __u64 interval, __u32 burst)
{
	__u32 slot = params.slot;
	struct xlagg_limiter *l = bpf_map_lookup_elem(&limiter, &slot);
	__u64 due, from;

	if (!l || class >= XLAGG_CLASS_MAX)
		return false;
	due = *(volatile __u64 *)&l->due_ns[class];
	from = due > now ? due : now;
	if (from - now > (burst - 1) * interval)
		return false;
	/* When another CPU has changed it since, this frame is dropped. That happens only in a flood. */
	return __sync_bool_compare_and_swap(&l->due_ns[class], due, from + interval);
}

/* Puts a frame of at least `least` octets into the ring. Returns false when it is shorter or the ring is full. */
static __always_inline bool to_agent(struct __sk_buff *skb, __u64 now, __u32 least)
{
	struct xlagg_agent_frame *event = bpf_ringbuf_reserve(&slow_rx, sizeof(*event), 0);
	__u32 len = skb->len;

	if (!event)
		return false;
	event->time_ns = now;
	event->slot = params.slot;
	event->len = len;
	__builtin_memset(event->frame, 0, sizeof(event->frame));
	if (len > sizeof(event->frame))
		len = sizeof(event->frame);
	if (len < least || bpf_skb_load_bytes(skb, 0, event->frame, len)) {
		bpf_ringbuf_discard(event, 0);
		return false;
	}
	bpf_ringbuf_submit(event, 0);
	return true;
}

#endif
