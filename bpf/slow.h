/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Slow-protocol frames in proto lacp: checked as IEEE 802.3 Annex 57A and 802.1AX 6.4.2 require, limited, and given to
 * the agent. Version, TLV types and reserved octets are not checked, because the standard forbids it.
 */
#ifndef BPF_SLOW_H
#define BPF_SLOW_H

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "count.h"
#include "headless.h"
#include "receive.h"
#include "to_agent.h"

#define SLOW_INTERVAL_NS 100000000ull /* 10 frames/s: Annex 57A.1's limit per subtype */
#define SLOW_BURST 10

/* The limiter's class (enum xlagg_frame_class) of a frame: how the Actor of a LACPDU compares with the one last
 * recorded on the port. */
static __always_inline __u32 slow_class(struct __sk_buff *skb, __u8 subtype)
{
	__u32 slot = params.slot;
	struct xlagg_lacp *known = bpf_map_lookup_elem(&lacp, &slot);
	_Alignas(2) __u8 actor[LACPDU_END_LEN];

	if (subtype == XLAGG_SLOW_MARKER)
		return XLAGG_CLASS_MARKER;
	if (!known || !known->partner_known || bpf_skb_load_bytes(skb, LACPDU_ACTOR, actor, sizeof(actor)) ||
	    !same_end(actor, known->partner))
		return XLAGG_CLASS_OTHER;
	return actor[LACPDU_STATE] == known->partner[LACPDU_STATE] ? XLAGG_CLASS_KNOWN : XLAGG_CLASS_PARTNER;
}

/* Handles a frame with the slow protocols' EtherType or group address and returns the verdict on it. `to_group`: it has
 * that address; `vid`: VLAN id of its tag, 0: no tag or a priority tag. */
static __always_inline int slow(struct __sk_buff *skb, bool to_group, __u16 ethertype, __u16 vid)
{
	struct xlagg_port_stats *stats = stats_of(params.slot);
	__u64 now = bpf_ktime_get_ns();
	__u8 subtype = 0;
	bool within;
	int verdict;

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
	within = within_limit(slow_class(skb, subtype), now, SLOW_INTERVAL_NS, SLOW_BURST);
	if (within && to_agent(skb, now, XLAGG_SLOW_FRAME)) {
		stats->slow_rx++;
	} else {
		stats->slow_limited++;
		stats->rx_dropped[XLAGG_RX_SLOW_LIMITED]++;
	}
	/* Also when the ring is full: an agent that is away does not empty it. */
	if (!within || subtype != XLAGG_SLOW_LACP)
		return TC_ACT_SHOT;
	verdict = headless_receive(skb, stats, now);
	return params.bonding_lacp ? TC_ACT_UNSPEC : verdict;
}

#endif
