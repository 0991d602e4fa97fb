/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Answers to link probes. A probe is sent from 0.0.0.0 (ARP) or from a link-local address that only probes use (abi.h).
 * An answer is addressed to that sender, so it can be told from answers to the lagg's own stack, which therefore do not
 * use up the limit. A port in use may probe from the lagg's MAC. An answer to that MAC goes to the agent and also to
 * the lagg, because the lagg's own stack may have sent the same question.
 */
#ifndef BPF_ANSWER_H
#define BPF_ANSWER_H

#include "count.h"
#include "receive.h"
#include "to_agent.h"

#define ANSWER_BURST 64 /* leaves room in the ring for LACPDUs */
#define ANSWER_LEAST 42 /* octets of an ARP frame */

/* Whether the frame is an ARP reply to 0.0.0.0. */
static __always_inline bool answers_arp(struct __sk_buff *skb)
{
	__u8 arp[28];

	return !bpf_skb_load_bytes(skb, ETH_HLEN, arp, sizeof(arp)) && arp[6] == 0 && arp[7] == 2 &&
	       !(arp[24] | arp[25] | arp[26] | arp[27]);
}

/* Whether the frame is a neighbour advertisement to an address that only probes use. */
static __always_inline bool answers_ns(struct __sk_buff *skb)
{
	__u8 ip[41];

	return !bpf_skb_load_bytes(skb, ETH_HLEN, ip, sizeof(ip)) && ip[IPV6_NEXT - ETH_HLEN] == IPPROTO_ICMPV6 &&
	       ip[ICMPV6_TYPE - ETH_HLEN] == ICMPV6_NA && ip[24] == 0xfe && ip[25] == 0x80 &&
	       ip[35] == XLAGG_PROBE_ID_HIGH && ip[36] == XLAGG_PROBE_ID_LOW;
}

static __always_inline bool is_probe_mac(const __u8 mac[ETH_ALEN])
{
	struct xlagg_probe_mac key = {};

	__builtin_memcpy(key.mac, mac, sizeof(key.mac));
	return bpf_map_lookup_elem(&probe_macs, &key);
}

/* Gives the agent the frame if it is an answer to a probe. `to`: the frame's destination MAC. Returns true when nothing
 * but probes is sent from that MAC: then the frame does not go to the lagg. */
static __always_inline bool answer(struct __sk_buff *skb, const __u8 to[ETH_ALEN], __u16 ethertype)
{
	bool only_probes = is_probe_mac(to);
	__u64 now;

	if (ethertype == ETH_P_ARP ? answers_arp(skb) : answers_ns(skb)) {
		now = bpf_ktime_get_ns();
		if (!within_limit(XLAGG_CLASS_ANSWER, now, params.probe_us * 1000ull, ANSWER_BURST) ||
		    !to_agent(skb, now, ANSWER_LEAST))
			count_rx_drop(XLAGG_RX_SLOW_LIMITED, (struct amount){.packets = only_probes});
	}
	return only_probes;
}

#endif
