/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Answers to link probes. A probe asks as from no address (ARP), or from a link-local one that is made of its MAC in a
 * way of its own (abi.h); what answers it shows that, so that answers to the lagg's own questions do not count against
 * the limit. A port in use may probe from the lagg's MAC: such an answer goes to the agent and to the lagg, since the
 * lagg's own stack may have asked alike.
 */
#ifndef BPF_ANSWER_H
#define BPF_ANSWER_H

#include "slow.h"

#define ANSWER_BURST 64 /* leaves room in the ring for LACPDUs */
#define ANSWER_LEAST 42 /* octets of an ARP frame */

/* An ARP reply to 0.0.0.0. */
static __always_inline bool answers_arp(struct __sk_buff *skb)
{
	__u8 arp[28];

	return !bpf_skb_load_bytes(skb, ETH_HLEN, arp, sizeof(arp)) && arp[6] == 0 && arp[7] == 2 &&
	       !(arp[24] | arp[25] | arp[26] | arp[27]);
}

/* A neighbour advertisement to an address from which probes are sent. */
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

/* Hands over what is an answer. Gives whether the frame is for a MAC that does nothing but probe, so that the lagg has
 * no part in it. `to`: its receiver. */
static __always_inline bool answer(struct __sk_buff *skb, const __u8 to[ETH_ALEN], __u16 ethertype)
{
	bool of_probe = is_probe_mac(to);
	__u64 now;

	if (ethertype == ETH_P_ARP ? answers_arp(skb) : answers_ns(skb)) {
		now = bpf_ktime_get_ns();
		if (!slow_grant(XLAGG_CLASS_ANSWER, now, params.probe_us * 1000ull, ANSWER_BURST) ||
		    !slow_hand_over(skb, now, ANSWER_LEAST))
			count_rx_drop(XLAGG_RX_SLOW_LIMITED, (struct amount){.packets = of_probe});
	}
	return of_probe;
}

#endif
