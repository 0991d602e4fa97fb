/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Slow-protocol frames in proto lacp: checked as IEEE 802.3 Annex 57A and 802.1AX 6.4.2 ask, limited, and handed to the
 * agent. Version, TLV types and reserved octets are not checked: the standard forbids that.
 */
#ifndef BPF_SLOW_H
#define BPF_SLOW_H

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "count.h"
#include "headless.h"
#include "receive.h"

#define SLOW_INTERVAL_NS 100000000ull /* 10 frames/s: Annex 57A.1's limit per subtype */
#define SLOW_BURST 10

/* Whether one more frame of that class fits its rate, one in `interval` ns and `burst` at once: a virtual schedule, one
 * word, so that no lock is needed. */
static __always_inline bool slow_grant(__u32 class, __u64 now, __u64 interval, __u32 burst)
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
	/* Another CPU was first: this frame is one too many, which costs a flood nothing that it had a right to. */
	return __sync_bool_compare_and_swap(&l->due_ns[class], due, from + interval);
}

/* How an LACPDU's Actor fields compare with those last recorded on the port. */
static __always_inline __u32 slow_class(struct __sk_buff *skb, __u8 subtype)
{
	__u32 slot = params.slot;
	struct xlagg_lacp *known = bpf_map_lookup_elem(&lacp, &slot);
	__u8 actor[LACPDU_END_LEN];

	if (subtype == XLAGG_SLOW_MARKER)
		return XLAGG_CLASS_MARKER;
	if (!known || !known->partner_known || bpf_skb_load_bytes(skb, LACPDU_ACTOR, actor, sizeof(actor)) ||
	    !same_end(actor, known->partner))
		return XLAGG_CLASS_OTHER;
	return actor[LACPDU_STATE] == known->partner[LACPDU_STATE] ? XLAGG_CLASS_KNOWN : XLAGG_CLASS_PARTNER;
}

/* Hands a frame of at least `least` octets to the agent. False: it is shorter, or the ring is full. */
static __always_inline bool slow_hand_over(struct __sk_buff *skb, __u64 now, __u32 least)
{
	struct xlagg_slow_event *event = bpf_ringbuf_reserve(&slow_rx, sizeof(*event), 0);
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

/* A frame with the slow protocols' EtherType or address. `vid`: of its tag, 0: none or priority only. */
static __always_inline int slow(struct __sk_buff *skb, bool to_group, __u16 ethertype, __u16 vid)
{
	struct xlagg_port_stats *stats = stats_of(params.slot);
	__u64 now = bpf_ktime_get_ns();
	__u8 subtype = 0;
	bool granted;

	if (!stats)
		return TC_ACT_SHOT;
	if (!to_group || ethertype != ETH_P_SLOW) {
		stats->slow_unknown++;
		return TC_ACT_UNSPEC;
	}
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &subtype, sizeof(subtype)) || !subtype ||
	    subtype > XLAGG_SLOW_SUBTYPE_MAX) {
		stats->slow_illegal++;
		return TC_ACT_SHOT;
	}
	if (subtype != XLAGG_SLOW_LACP && subtype != XLAGG_SLOW_MARKER)
		return TC_ACT_UNSPEC;
	if (vid || skb->len < XLAGG_SLOW_FRAME) {
		stats->slow_illegal++;
		return TC_ACT_SHOT;
	}
	granted = slow_grant(slow_class(skb, subtype), now, SLOW_INTERVAL_NS, SLOW_BURST);
	if (granted && slow_hand_over(skb, now, XLAGG_SLOW_FRAME)) {
		stats->slow_rx++;
	} else {
		stats->slow_limited++;
		stats->rx_dropped[XLAGG_RX_SLOW_LIMITED]++;
	}
	/* Also when the ring is full: an agent that is away empties it no more. */
	return granted && subtype == XLAGG_SLOW_LACP ? headless_receive(skb, stats, now) : TC_ACT_SHOT;
}

#endif
