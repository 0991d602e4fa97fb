/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Who gets a frame that a port received, whether the port may receive it, and what only ports send; the same code in tc
 * and XDP. */
#ifndef BPF_RECEIVE_H
#define BPF_RECEIVE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "choose.h"
#include "xlagg/hash.h"

#define ETH_P_MAC_CONTROL 0x8808    /* IEEE 802.3 clause 31 */
#define IPV6_NEXT (ETH_HLEN + 6)    /* offset of an IPv6 header's Next Header in the frame */
#define ICMPV6_TYPE (ETH_HLEN + 40) /* and of the type of an ICMPv6 message right behind it */
#define ICMPV6_NA 136		    /* Neighbour Advertisement */

/* Who gets a frame. */
enum owner {
	OWNER_LAGG,  /* data: the lagg */
	OWNER_PORT,  /* the port's own stack */
	OWNER_SLOW,  /* a slow protocol: slow.h decides */
	OWNER_AGENT, /* perhaps an answer to a link probe: answer.h decides */
};

/* The slow protocols' group address, 01-80-C2-00-00-02 (IEEE 802.3 Annex 57A). */
static __always_inline bool is_slow_address(const __u8 *mac)
{
	return xlagg_load32(mac) == __builtin_bswap32(0x0180c200) && xlagg_load16(mac + 4) == xlagg_be16(0x0002);
}

/* Whether a frame may be an answer to a link probe: ARP or a neighbour advertisement, or IPv6 that is not linear far
 * enough to tell. */
static __always_inline bool may_answer(const __u8 *header, const void *end, __u16 ethertype)
{
	if (!params.probe_us || ethertype != ETH_P_IPV6)
		return params.probe_us && ethertype == ETH_P_ARP;
	return (const void *)header + ICMPV6_TYPE + 1 > end ||
	       (header[IPV6_NEXT] == IPPROTO_ICMPV6 && header[ICMPV6_TYPE] == ICMPV6_NA);
}

/* Whether the EtherType alone shows that a frame is for the lagg, which is so for most. The frame is untagged, or its
 * tag is kept beside it. */
static __always_inline bool is_data(const __u8 *header, __u16 ethertype)
{
	return ethertype < params.data_below && (params.proto != XLAGG_PROTO_LACP || !(header[0] & 1));
}

/* Whether option port-ethertypes lists this EtherType. */
static __always_inline bool is_listed(__u16 ethertype)
{
	for (__u32 i = 0; i < XLAGG_PORT_ETHERTYPES; i++) {
		if (i >= params.ethertypes)
			break;
		if (ethertype == params.ethertype[i])
			return true;
	}
	return false;
}

/* Whether an untagged frame with this EtherType belongs to a port, so that the lagg does not send it: to the switch it
 * would come from a second station on that link. */
static __always_inline bool is_of_ports(__u16 ethertype)
{
	if (ethertype < params.data_below)
		return false;
	return ethertype == ETH_P_SLOW || ethertype == ETH_P_MAC_CONTROL || is_listed(ethertype);
}

/*
 * Who gets a frame. `header`: its octets from the destination MAC up to `end`; `ethertype`: the one behind the tag, if
 * there is a tag, in host byte order; `vid`: VLAN id of that tag. A tagged frame goes to that VLAN on the lagg whatever
 * its EtherType, except the slow protocols, which know no VLANs.
 */
static __always_inline enum owner owner_of(const __u8 *header, const void *end, __u16 ethertype, __u16 vid)
{
	if (ethertype == ETH_P_SLOW)
		return params.proto == XLAGG_PROTO_LACP ? OWNER_SLOW : OWNER_PORT;
	if (vid)
		return OWNER_LAGG;
	if (params.proto == XLAGG_PROTO_LACP && is_slow_address(header))
		return OWNER_SLOW;
	if (ethertype == ETH_P_MAC_CONTROL)
		return OWNER_PORT;
	if (may_answer(header, end, ethertype))
		return OWNER_AGENT;
	return is_listed(ethertype) ? OWNER_PORT : OWNER_LAGG;
}

/* For a port that does not receive, for the reason `why`: the verdict on a frame. While the two ends may disagree about
 * which port is in use, unicast frames are taken all the same (XLAGG_PORT_LINGERING). */
static __always_inline __u32 refusal_of_idle(const __u8 *header, __u32 why)
{
	__u32 slot = params.slot;
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);

	return port && (port->flags & XLAGG_PORT_LINGERING) && !(header[0] & 1) ? XLAGG_RX_DROP_MAX : why;
}

/* failover without rx_all: only the port in use receives. */
static __always_inline __u32 refusal_of_standby(const __u8 *header)
{
	const volatile struct xlagg_table *table = current_table();

	if (!table)
		return XLAGG_RX_NO_CARRIER;
	return first_live(table, XLAGG_CHOICE_PRIORITY).slot == params.slot ? XLAGG_RX_DROP_MAX
									    : refusal_of_idle(header, XLAGG_RX_STANDBY);
}

/* failover without rx_all: whether port params.slot is in use, and the first in order of preference. */
static __always_inline bool is_preferred(void)
{
	const volatile struct xlagg_table *table = current_table();

	return table && table->count && table->order[0] == params.slot && live(params.slot);
}

static __always_inline bool collects(const __u32 *slot)
{
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, slot);

	return port && (port->flags & XLAGG_PORT_COLLECTING);
}

/* Whether port params.slot may receive a frame for the lagg: XLAGG_RX_DROP_MAX, or why not (enum xlagg_rx_drop). */
static __always_inline __u32 refusal(const __u8 *header)
{
	__u32 slot = params.slot;

	if (params.proto == XLAGG_PROTO_NONE)
		return XLAGG_RX_PROTO_NONE;
	if (params.proto == XLAGG_PROTO_FAILOVER && !params.rx_all)
		return refusal_of_standby(header);
	if (!control.carrier)
		return XLAGG_RX_NO_CARRIER;
	return collects(&slot) ? XLAGG_RX_DROP_MAX : refusal_of_idle(header, XLAGG_RX_NOT_COLLECTING);
}

#endif
