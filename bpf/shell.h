/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How bonding is told by which port it is to send a frame, where the lagg's own device is a bond. A program at the
 * bond's egress writes that into the frame; one at each port's egress looks whether bonding did so, since what the
 * agent knows of bonding may be a moment old, and ports come and go while a frame waits in a queue of the bond.
 */
#ifndef BPF_SHELL_H
#define BPF_SHELL_H

#include <linux/pkt_cls.h>

#include "choose.h"
#include "count.h"

/* In skb->tc_index: the frame is for the port in slot skb->tc_index - CHOSEN. */
#define CHOSEN 0x1a80
#define EVERY_PORT XLAGG_MAX_PORTS /* instead of a slot: every port that may send gets a copy */

/* How a frame gets from the transmit program to its port; a constant of each program. */
enum how {
	HOW_REDIRECT, /* past bonding */
	HOW_QUEUE,    /* bonding sends on the slave whose queue_id the frame bears */
	HOW_HASH,     /* bonding sends on the slave that skb->hash leads to */
	HOW_COPIES,   /* bonding sends a copy on every slave */
};

static __always_inline struct amount amount_of(const struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs;

	return (struct amount){.packets = segments ? segments : 1, .bytes = skb->len};
}

/* Parts of a port's place, each in one load. */
static __always_inline __u32 index_of(const volatile struct xlagg_port *port)
{
	const volatile __u8 *flags = (const volatile __u8 *)&port->flags;

	return flags[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2];
}

static __always_inline __u32 stride_of(const volatile struct xlagg_port *port)
{
	const volatile __u16 *flags = (const volatile __u16 *)&port->flags;

	return flags[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0];
}

/* A hash near `hash`, whose high bits stay, since by them a queue below is chosen, that bonding takes for this port. */
static __always_inline __u32 led_to(const volatile struct xlagg_port *port, __u32 stride, __u32 hash)
{
	return (hash >> XLAGG_STRIDE_BITS) * stride + index_of(port);
}

/* `flow`: the frame's flow hash, or 0. Returns false if bonding does not send on that port. */
static __always_inline bool lead(struct __sk_buff *skb, __u32 slot, __u32 flow)
{
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);
	__u32 stride = port ? stride_of(port) : 0, hash = skb->hash;

	if (!stride)
		return false;
	if (!hash)
		hash = flow ? flow : bpf_get_hash_recalc(skb);
	bpf_set_hash(skb, led_to(port, stride, hash));
	return true;
}

/* What most frames need where bonding is told by a hash: the port of a flow's bucket is live, and bonding sends on it.
 * The frame is counted. Returns false, and has done nothing, if it is otherwise. */
static __always_inline bool lead_at_once(struct __sk_buff *skb, __u32 flow)
{
	const volatile struct xlagg_table *table = published_table();
	const volatile struct xlagg_port *port;
	__u32 slot, stride, hash;

	if (!table)
		return false;
	slot = slot_of_bucket(table, flow);
	port = bpf_map_lookup_elem(&ports, &slot);
	if (!port || port->enabled != port->lost)
		return false;
	stride = stride_of(port);
	if (!stride)
		return false;
	hash = skb->hash;
	hash = led_to(port, stride, hash ? hash : flow);
	count_sent_at(&slot, amount_of(skb));
	bpf_set_hash(skb, hash);
	skb->tc_index = CHOSEN + slot;
	return true;
}

/* Writes the port into a frame that goes on into bonding. Returns false if bonding cannot send it there. */
static __always_inline bool steer(struct __sk_buff *skb, __u32 slot, __u32 flow, enum how how)
{
	if (how == HOW_REDIRECT || (how == HOW_HASH && !lead(skb, slot, flow)))
		return false;
	/* bonding takes one away from what stands here, and compares the rest with the ports' queue_ids */
	if (how == HOW_QUEUE)
		skb->queue_mapping = slot + 2;
	skb->tc_index = CHOSEN + slot;
	return true;
}

/* The frame has come to its port, which chooses its transmit queue itself. */
static __always_inline int leave(struct __sk_buff *skb)
{
	skb->queue_mapping = 0;
	skb->tc_index = 0;
	return TC_ACT_UNSPEC;
}

/* broadcast: bonding gives a copy to every slave that has carrier; those that may not send drop theirs. */
static __always_inline int leave_copy(struct __sk_buff *skb, struct amount amount)
{
	if (!live(params.slot))
		return TC_ACT_SHOT;
	count_port_tx(params.slot, amount);
	return leave(skb);
}

/* The frame came to port params.slot and is for the one in slot `chosen`, or for another if that is no longer live. */
static __always_inline int pass_on(struct __sk_buff *skb, __u32 chosen, struct amount amount)
{
	struct choice choice = {chosen, live(chosen), 0};

	if (!choice.ifindex) {
		const volatile struct xlagg_table *table = current_table();

		if (table)
			choice = first_live(table, choice.why);
	}
	if (!choice.ifindex) {
		count_tx_drop(XLAGG_TX_NO_PORT, amount);
		return TC_ACT_SHOT;
	}
	if (choice.slot == params.slot)
		return leave(skb);
	skb->tc_index = CHOSEN + choice.slot;
	return bpf_redirect(choice.ifindex, 0);
}

#endif
