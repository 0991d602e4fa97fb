/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The flow hash: from the octets of a frame to 32 bits that are the same for every frame of a flow. The datapath's
 * programs and user space compile this same text, so that they agree by construction.
 *
 * Each pair of fields (both MACs, 32 bits of both addresses, both ports) yields one product (a + k)(b + k'), with keys
 * from the seed. The sum of the products is mixed once. The products do not depend on each other, so the CPU computes
 * them in parallel. With equal keys a product is symmetric without a comparison of a and b.
 */
#ifndef XLAGG_HASH_H
#define XLAGG_HASH_H

#include "hash_quick.h"

static inline __attribute__((always_inline)) bool xlagg_is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD || ethertype == XLAGG_ETH_P_QINQ;
}

/*
 * Reads an Ethernet header and the tags behind it. `vid` is the id of a tag that the hardware removed, 0: none. Returns
 * false if the frame is too short.
 */
static inline __attribute__((always_inline)) bool xlagg_parse_ethernet(struct xlagg_parse *p, __u16 vid)
{
	const __u8 *header;
	__u64 ids = vid;

	if (!xlagg_take(p, ETH_HLEN, &header))
		return false;
	xlagg_hash_macs(p, header);
	p->ethertype = xlagg_be16(xlagg_load16(header + 12));
	for (int i = 0; i < XLAGG_HASH_TAGS && xlagg_is_vlan(p->ethertype); i++) {
		const __u8 *tag;

		if (!xlagg_take(p, 4, &tag))
			break;
		ids = ids << 12 | (xlagg_be16(xlagg_load16(tag)) & 0xfff);
		p->ethertype = xlagg_be16(xlagg_load16(tag + 2));
		xlagg_forget_way(p, (__u32)ids);
	}
	if (p->fields & XLAGG_HASH_VLAN)
		p->link += ids;
	return true;
}

/* Reads an IPv4 header. Returns false if it is none, or if the packet is a fragment: then nothing further counts. */
static inline __attribute__((always_inline)) bool xlagg_parse_ipv4(struct xlagg_parse *p)
{
	const __u8 *header;
	__u32 len;

	if (!xlagg_take(p, 20, &header))
		return false;
	len = (header[0] & 0xf) * 4;
	if (header[0] >> 4 != 4 || len < 20)
		return false;
	p->network = xlagg_ipv4_pair(p, header);
	p->next = header[9];
	if (xlagg_load16(header + 6) & xlagg_be16(0x3fff)) /* fragment offset, or more fragments */
		return false;
	return len == 20 || xlagg_skip(p, len - 20);
}

/* Reads an IPv6 header and sets *label to its flow label. Returns false if it is none. */
static inline __attribute__((always_inline)) bool xlagg_parse_ipv6(struct xlagg_parse *p, __u32 *label)
{
	const __u8 *header;

	if (!xlagg_take(p, 40, &header) || header[0] >> 4 != 6)
		return false;
	p->network = xlagg_ipv6_pairs(p, header);
	*label = (__u32)(header[1] & 0xf) << 16 | xlagg_be16(xlagg_load16(header + 2));
	p->next = header[6];
	return true;
}

/* Skips the IPv6 extension headers. Returns false if the packet is a fragment: then nothing further counts. */
static inline __attribute__((always_inline)) bool xlagg_skip_extensions(struct xlagg_parse *p)
{
	for (int i = 0; i < XLAGG_HASH_EXTENSIONS; i++) {
		const __u8 *header;

		if (p->next != XLAGG_IP_HOPOPTS && p->next != XLAGG_IP_ROUTING && p->next != XLAGG_IP_DSTOPTS)
			break;
		if (!xlagg_take(p, 8, &header))
			break;
		p->next = header[0];
		if (!xlagg_skip(p, header[1] * 8))
			break;
	}
	return p->next != XLAGG_IP_FRAGMENT;
}

/*
 * Adds what identifies the flow above the network layer. The label counts only if there are no ports: it may change
 * during the life of a flow, and each direction has its own.
 */
static inline __attribute__((always_inline)) enum xlagg_rest xlagg_hash_transport(struct xlagg_parse *p, __u32 label)
{
	const __u8 *ports;

	p->port = 0;
	if (p->fields & XLAGG_HASH_L4_PROTO)
		p->network += (__u64)p->next << 36; /* above the bits of three VLAN ids */
	if (xlagg_has_ports(p->next) && xlagg_take(p, 4, &ports)) {
		p->network +=
		    xlagg_pair(p, 4, xlagg_load16(ports), xlagg_load16(ports + 2), XLAGG_HASH_SPORT, XLAGG_HASH_DPORT);
		p->port = xlagg_be16(xlagg_load16(ports + 2));
		return XLAGG_REST_PORTS;
	}
	if ((p->fields & XLAGG_HASH_FLOWLABEL) && !(p->fields & XLAGG_HASH_SYMMETRIC) && !p->back)
		p->network += (__u64)label << 44;
	return XLAGG_REST_OTHER;
}

/* Tells by its first octet whether an IP packet is next. */
static inline __attribute__((always_inline)) bool xlagg_is_packet(struct xlagg_parse *p)
{
	const __u8 *first;

	if (!xlagg_take(p, 1, &first))
		return false;
	p->at--;
	p->ethertype = *first >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6;
	return *first >> 4 == 4 || *first >> 4 == 6;
}

/*
 * Skips the label stack of MPLS (RFC 3032). Above anything but IP (RFC 4928) the labels themselves count, except the
 * reserved ones (RFC 6790, 4.3); not with symmetric, since each direction has its own.
 */
static inline __attribute__((always_inline)) bool xlagg_enter_mpls(struct xlagg_parse *p)
{
	__u64 labels = 0;

	for (int i = 0; i < XLAGG_HASH_LABELS; i++) {
		const __u8 *entry;
		__u32 label;

		if (!xlagg_take(p, 4, &entry))
			break;
		label = (__u32)xlagg_be16(xlagg_load16(entry)) << 4 | entry[2] >> 4;
		if (label >= 16)
			labels = labels * 0x9e3779b97f4a7c15ull + label;
		if (!(entry[2] & 1))
			continue;
		if (xlagg_is_packet(p))
			return true;
		break;
	}
	if (!(p->fields & XLAGG_HASH_SYMMETRIC))
		p->network += xlagg_pair(p, 5, (__u32)labels, (__u32)(labels >> 32), XLAGG_HASH_L3, XLAGG_HASH_L3);
	return false;
}

/* Skips the headers of a PPPoE session (RFC 2516) and of PPP. */
static inline __attribute__((always_inline)) bool xlagg_enter_pppoe(struct xlagg_parse *p)
{
	const __u8 *header;
	__u16 protocol;

	if (!xlagg_take(p, 8, &header) || header[0] != 0x11 || header[1])
		return false;
	protocol = xlagg_be16(xlagg_load16(header + 6));
	p->ethertype = protocol == 0x0021 ? ETH_P_IP : ETH_P_IPV6;
	return protocol == 0x0021 || protocol == 0x0057;
}

/* Skips what stands between Ethernet and IP. Returns false if no IP packet follows. */
static inline __attribute__((always_inline)) bool xlagg_reach_packet(struct xlagg_parse *p)
{
	if (p->ethertype == ETH_P_IP || p->ethertype == ETH_P_IPV6)
		return true;
	if (p->quick || !(p->fields & XLAGG_HASH_INNER))
		return false;
	xlagg_forget_all(p);
	if (p->ethertype == ETH_P_PPP_SES) {
		if (!xlagg_enter_pppoe(p))
			return false;
	} else if ((p->ethertype != ETH_P_MPLS_UC && p->ethertype != ETH_P_MPLS_MC) || !xlagg_enter_mpls(p)) {
		return false;
	}
	xlagg_forget_all(p);
	return true;
}

/* Reads the packet at p->at. */
static inline __attribute__((always_inline)) enum xlagg_rest xlagg_parse_packet(struct xlagg_parse *p)
{
	__u32 label = 0;

	if (!xlagg_reach_packet(p))
		return XLAGG_REST_NONE;
	if (p->ethertype == ETH_P_IP) {
		if (!xlagg_parse_ipv4(p))
			return XLAGG_REST_NONE;
	} else if (!xlagg_parse_ipv6(p, &label)) {
		return XLAGG_REST_NONE;
	}
	if (p->quick && !(p->fields & (XLAGG_HASH_L4 | XLAGG_HASH_INNER)))
		return XLAGG_REST_OTHER;
	if (p->ethertype == ETH_P_IPV6 && !p->quick && !xlagg_skip_extensions(p))
		return XLAGG_REST_NONE;
	if (!(p->fields & (XLAGG_HASH_L4 | XLAGG_HASH_INNER)))
		return XLAGG_REST_OTHER;
	return xlagg_hash_transport(p, label);
}

/* Skips a GRE header (RFC 2784, 2890). */
static inline __attribute__((always_inline)) bool xlagg_enter_gre(struct xlagg_parse *p)
{
	const __u8 *header;
	__u16 flags;

	if (!xlagg_take(p, 4, &header))
		return false;
	flags = xlagg_be16(xlagg_load16(header));
	if (flags & 0x4007) /* routing, or another version */
		return false;
	p->ethertype = xlagg_be16(xlagg_load16(header + 2));
	return xlagg_skip(p,
			  4 * ((flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1))); /* checksum, key, number */
}

/* Skips the rest of a UDP header and a VXLAN header (RFC 7348). */
static inline __attribute__((always_inline)) bool xlagg_enter_vxlan(struct xlagg_parse *p)
{
	const __u8 *header;

	p->ethertype = ETH_P_TEB;
	return xlagg_take(p, 12, &header) && (header[4] & 0x08);
}

/* Skips the rest of a UDP header and a Geneve header with its options (RFC 8926). */
static inline __attribute__((always_inline)) bool xlagg_enter_geneve(struct xlagg_parse *p)
{
	const __u8 *header;

	if (!xlagg_take(p, 12, &header) || header[4] >> 6)
		return false;
	p->ethertype = xlagg_be16(xlagg_load16(header + 6));
	return xlagg_skip(p, (header[4] & 0x3f) * 4);
}

/* Skips one GTP-U extension header after the other (3GPP TS 29.281, 5.2), the first of type `next`. */
static inline __attribute__((always_inline)) bool xlagg_skip_gtpu_extensions(struct xlagg_parse *p, __u8 next)
{
	for (int i = 0; i < XLAGG_HASH_GTP_MORE && next; i++) {
		const __u8 *octet;

		if (!xlagg_take(p, 1, &octet) || !*octet || !xlagg_skip(p, *octet * 4 - 2) || !xlagg_take(p, 1, &octet))
			return false;
		next = *octet;
	}
	return !next;
}

/* Skips the rest of a UDP header and the header of a GTP-U packet of a user (3GPP TS 29.281, 5.1). */
static inline __attribute__((always_inline)) bool xlagg_enter_gtpu(struct xlagg_parse *p)
{
	const __u8 *header, *optional;

	if (!xlagg_take(p, 12, &header) || header[4] >> 4 != 3 || header[5] != 0xff)
		return false;
	if (header[4] & 7) {
		if (!xlagg_take(p, 4, &optional))
			return false;
		if ((header[4] & 4) && !xlagg_skip_gtpu_extensions(p, optional[3]))
			return false;
	}
	return xlagg_is_packet(p);
}

/* Moves to what a UDP datagram carries for a tunnel. */
static inline __attribute__((always_inline)) bool xlagg_enter_udp(struct xlagg_parse *p)
{
	const __u8 *rest;

	if (p->port == XLAGG_VXLAN_PORT)
		return xlagg_enter_vxlan(p);
	if (p->port == XLAGG_GENEVE_PORT)
		return xlagg_enter_geneve(p);
	if (p->port == XLAGG_GTPU_PORT)
		return xlagg_enter_gtpu(p);
	p->ethertype = ETH_P_MPLS_UC; /* RFC 7510 */
	return p->port == XLAGG_MPLS_PORT && xlagg_take(p, 4, &rest);
}

/* Moves behind a tunnel's headers. Returns false if the packet read is no tunnel's. */
static inline __attribute__((always_inline)) bool xlagg_enter_carrier(struct xlagg_parse *p)
{
	if (p->next == XLAGG_IP_IPV4 || p->next == XLAGG_IP_IPV6) {
		p->ethertype = p->next == XLAGG_IP_IPV4 ? ETH_P_IP : ETH_P_IPV6;
		return true;
	}
	if (p->next == XLAGG_IP_GRE)
		return xlagg_enter_gre(p);
	return p->next == XLAGG_IP_UDP && xlagg_enter_udp(p);
}

/* Moves to the packet inside the one that was read. Returns false if that is no tunnel's. */
static inline __attribute__((always_inline)) bool xlagg_enter_tunnel(struct xlagg_parse *p)
{
	if (!xlagg_enter_carrier(p))
		return false;
	xlagg_forget_all(p);
	if (p->ethertype == ETH_P_TEB && !xlagg_parse_ethernet(p, 0))
		return false;
	xlagg_forget_all(p);
	return true;
}

/* Reads the packet at p->at and, with XLAGG_HASH_INNER, the one inside it. */
static inline __attribute__((always_inline)) enum xlagg_rest xlagg_parse_packets(struct xlagg_parse *p)
{
	enum xlagg_rest rest = xlagg_parse_packet(p);

	if (!(p->fields & XLAGG_HASH_INNER) || rest == XLAGG_REST_NONE || !xlagg_enter_tunnel(p))
		return rest;
	return xlagg_parse_packet(p);
}

/*
 * Moves to the packet that an ICMP or ICMPv6 error is about. The error goes to the sender of that packet, so it takes
 * the way of the answers to it. Returns false if the packet read is no error.
 */
static inline __attribute__((always_inline)) bool xlagg_enter_error(struct xlagg_parse *p)
{
	const __u8 *header;
	bool error;

	if (p->next != (p->ethertype == ETH_P_IP ? XLAGG_IP_ICMP : XLAGG_IP_ICMPV6) || !xlagg_take(p, 8, &header))
		return false;
	if (p->ethertype == ETH_P_IP) /* unreachable, quench, redirect, time exceeded, parameter problem (RFC 792) */
		error = header[0] == 3 || header[0] == 4 || header[0] == 5 || header[0] == 11 || header[0] == 12;
	else /* unreachable, too big, time exceeded, parameter problem (RFC 4443) */
		error = header[0] >= 1 && header[0] <= 4;
	p->back = true;
	return error;
}

/* Whether the packet read may be an ICMP error, or has IPv6 extension headers, which are not read with `quick`. */
static inline __attribute__((always_inline)) bool xlagg_may_be_error(const struct xlagg_parse *p)
{
	return p->next == XLAGG_IP_ICMP || p->next == XLAGG_IP_ICMPV6 || p->next == XLAGG_IP_HOPOPTS ||
	       p->next == XLAGG_IP_ROUTING || p->next == XLAGG_IP_DSTOPTS || p->next == XLAGG_IP_FRAGMENT;
}

/* Whether anything behind the Ethernet header counts. */
static inline __attribute__((always_inline)) bool xlagg_beyond_link(const struct xlagg_parse *p)
{
	return p->fields & ~XLAGG_HASH_L2 & ~XLAGG_HASH_SYMMETRIC;
}

/*
 * Returns the hash of the frame from `data` to `data_end`. `vid` is the id of a VLAN tag that is kept beside the frame
 * (skb), 0: none; it is hashed as if it preceded the tags in the frame. With XLAGG_HASH_INNER the packet inside a
 * tunnel replaces the packet that carries it, one level deep; MACs and VLAN ids of both count. An ICMP error is hashed
 * as an answer to the packet that it is about, with or without XLAGG_HASH_INNER.
 */
static inline __attribute__((always_inline)) struct xlagg_flow
xlagg_flow_hash(const void *data, const void *data_end, __u16 vid, const volatile struct xlagg_hash_keys *keys)
{
	struct xlagg_parse p = {.keys = keys, .fields = keys->fields, .data = data, .end = data_end};

	if (xlagg_parse_ethernet(&p, vid) && xlagg_beyond_link(&p) && xlagg_parse_packets(&p) == XLAGG_REST_OTHER &&
	    xlagg_enter_error(&p)) {
		xlagg_forget_all(&p);
		xlagg_parse_packets(&p);
	}
	return xlagg_mix(&p);
}

/* Whether the packet read may carry another. */
static inline __attribute__((always_inline)) bool xlagg_may_be_carrier(const struct xlagg_parse *p)
{
	return xlagg_is_encapsulation(p->next) || (p->next == XLAGG_IP_UDP && xlagg_is_tunnel(xlagg_be16(p->port)));
}

/*
 * Reads the packet at p->at with `quick`. Returns false if only xlagg_flow_hash() can tell what of the frame counts.
 */
static inline __attribute__((always_inline)) bool xlagg_parse_usual(struct xlagg_parse *p)
{
	bool inner = p->fields & XLAGG_HASH_INNER;
	enum xlagg_rest rest;

	if (inner && p->ethertype != ETH_P_IP && p->ethertype != ETH_P_IPV6)
		return false;
	rest = xlagg_parse_packet(p);
	if (rest == XLAGG_REST_OTHER && xlagg_may_be_error(p))
		return false;
	return !inner || rest == XLAGG_REST_NONE || !xlagg_may_be_carrier(p);
}

/*
 * Returns the same for frames without tunnels, IPv6 extension headers and ICMP errors, and `more` for others: what a
 * program does where the shortcut does not lead on. It has xlagg_flow_hash() in a global function of its own, so that
 * usual frames cost no more for what unusual ones need, and the verifier goes through that once, not once for each way
 * that leads to it.
 */
static inline __attribute__((always_inline)) struct xlagg_flow
xlagg_longer_hash(const void *data, const void *data_end, __u16 vid, const volatile struct xlagg_hash_keys *keys)
{
	struct xlagg_parse p = {.keys = keys, .fields = keys->fields, .data = data, .end = data_end, .quick = true};

	if (xlagg_parse_ethernet(&p, vid) && xlagg_beyond_link(&p) && !xlagg_parse_usual(&p))
		return (struct xlagg_flow){.more = true};
	return xlagg_mix(&p);
}

/* The same with the shortcut. */
static inline __attribute__((always_inline)) struct xlagg_flow
xlagg_usual_hash(const void *data, const void *data_end, __u16 vid, const volatile struct xlagg_hash_keys *keys)
{
	struct xlagg_flow flow;

	if (xlagg_shortcut(data, data_end, vid, keys, keys->fields, &flow))
		return flow;
	return xlagg_longer_hash(data, data_end, vid, keys);
}

#endif
