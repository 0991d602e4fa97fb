/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The shortcut of the flow hash (hash.h) for most frames: unfragmented IPv4 without options and IPv6 without extension
 * headers, with ports, and without a tag in the frame; with XLAGG_HASH_INNER the same in a tunnel. For these it adds
 * the same as hash.h would. It gives up wherever anything is less usual, and what it has added by then is void.
 */
#ifndef XLAGG_HASH_QUICK_H
#define XLAGG_HASH_QUICK_H

#include "hash_sum.h"

/* Whether datagrams to that UDP port, in network byte order, may be a tunnel's. */
static inline __attribute__((always_inline)) bool xlagg_is_tunnel(__u16 port)
{
	return port == xlagg_be16(XLAGG_VXLAN_PORT) || port == xlagg_be16(XLAGG_GENEVE_PORT) ||
	       port == xlagg_be16(XLAGG_GTPU_PORT) || port == xlagg_be16(XLAGG_MPLS_PORT);
}

/* Whether that protocol is a tunnel's own, without ports. */
static inline __attribute__((always_inline)) bool xlagg_is_encapsulation(__u8 protocol)
{
	return protocol == XLAGG_IP_IPV4 || protocol == XLAGG_IP_IPV6 || protocol == XLAGG_IP_GRE;
}

/* Whether headers of that EtherType, in network byte order, stand between Ethernet and a packet. */
static inline __attribute__((always_inline)) bool xlagg_precedes_packet(__u16 ethertype)
{
	return ethertype == xlagg_be16(ETH_P_MPLS_UC) || ethertype == xlagg_be16(ETH_P_MPLS_MC) ||
	       ethertype == xlagg_be16(ETH_P_PPP_SES);
}

/* A packet in a tunnel, or in Ethernet in it. */
struct xlagg_inside {
	const __u8 *at;	 /* first octet */
	__u16 ethertype; /* its own, or that of bridged Ethernet, in network byte order */
};

static inline __attribute__((always_inline)) bool xlagg_has(const struct xlagg_parse *p, const __u8 *at, __u32 len)
{
	return (const void *)(at + len) <= p->end;
}

/* Octets of the shortest packet: of an IPv4 header and two ports. */
#define XLAGG_SHORTEST 24

/* What each of these finds at `at` is as hash.h says (xlagg_enter_...). Returns false to give up, also if no packet
 * fits behind what it read: that is asked for all of it at once. */
static inline __attribute__((always_inline)) bool xlagg_inside_ip(const __u8 *at, struct xlagg_inside *ret)
{
	ret->at = at;
	ret->ethertype = xlagg_be16(at[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
	return true;
}

static inline __attribute__((always_inline)) bool xlagg_inside_gre(const struct xlagg_parse *p, const __u8 *at,
								   struct xlagg_inside *ret)
{
	__u16 flags;

	if (!xlagg_has(p, at, 8 + XLAGG_SHORTEST))
		return false;
	flags = xlagg_load16(at);
	ret->ethertype = xlagg_load16(at + 2);
	ret->at = at + 8;
	if (flags == xlagg_be16(0x2000)) /* a key, and nothing else */
		return true;
	ret->at = at + 4;
	return !flags;
}

static inline __attribute__((always_inline)) bool xlagg_inside_mpls(const struct xlagg_parse *p, const __u8 *at,
								    struct xlagg_inside *ret)
{
	for (int i = 0; i < XLAGG_QUICK_LABELS; i++, at += 4) {
		if (!xlagg_has(p, at, 4 + XLAGG_SHORTEST))
			return false;
		if (at[2] & 1)
			return xlagg_inside_ip(at + 4, ret);
	}
	return false;
}

static inline __attribute__((always_inline)) bool xlagg_inside_pppoe(const struct xlagg_parse *p, const __u8 *at,
								     struct xlagg_inside *ret)
{
	__u16 protocol;

	if (!xlagg_has(p, at, 8 + XLAGG_SHORTEST) || xlagg_load16(at) != xlagg_be16(0x1100))
		return false;
	protocol = xlagg_load16(at + 6);
	ret->at = at + 8;
	ret->ethertype = xlagg_be16(protocol == xlagg_be16(0x0021) ? ETH_P_IP : ETH_P_IPV6);
	return protocol == xlagg_be16(0x0021) || protocol == xlagg_be16(0x0057);
}

/* The packet has been asked for. Without optional fields, or with one extension header of four octets, as in 5G. */
static inline __attribute__((always_inline)) bool xlagg_inside_gtpu(const struct xlagg_parse *p, const __u8 *at,
								    struct xlagg_inside *ret)
{
	const __u16 start = xlagg_load16(at); /* flags and type */

	if (start == xlagg_be16(0x30ff))
		return xlagg_inside_ip(at + 8, ret);
	if (start != xlagg_be16(0x34ff) || !xlagg_has(p, at, 16 + XLAGG_SHORTEST) || !at[11] || at[12] != 1 || at[15])
		return false;
	return xlagg_inside_ip(at + 16, ret);
}

/* `at`: a UDP header. XLAGG_PLAIN_NOT: its port is no tunnel's; XLAGG_PLAIN_HASHED: *ret is found. Each port has a way
 * of its own, so that none is compared twice. */
static inline __attribute__((always_inline)) enum xlagg_plain xlagg_inside_udp(const struct xlagg_parse *p,
									       const __u8 *at, struct xlagg_inside *ret)
{
	const __u16 port = xlagg_load16(at + 2);
	bool found = false;

	at += 8;
	if (port == xlagg_be16(XLAGG_VXLAN_PORT)) {
		found = xlagg_has(p, at, 8 + XLAGG_SHORTEST) && (at[0] & 0x08);
		*ret = (struct xlagg_inside){at + 8, xlagg_be16(ETH_P_TEB)};
	} else if (port == xlagg_be16(XLAGG_GENEVE_PORT)) {
		if (xlagg_has(p, at, 8 + XLAGG_SHORTEST)) {
			found = !at[0]; /* of version 0, without options */
			*ret = (struct xlagg_inside){at + 8, xlagg_load16(at + 2)};
		}
	} else if (port == xlagg_be16(XLAGG_GTPU_PORT)) {
		found = xlagg_has(p, at, 8 + XLAGG_SHORTEST) && xlagg_inside_gtpu(p, at, ret);
	} else if (port == xlagg_be16(XLAGG_MPLS_PORT)) {
		found = xlagg_inside_mpls(p, at, ret);
	} else {
		return XLAGG_PLAIN_NOT;
	}
	return found ? XLAGG_PLAIN_HASHED : XLAGG_PLAIN_CARRIER;
}

/* Adds what identifies the flow. `ip`: an IPv4 or, with `six`, an IPv6 header; `next`, `ports`: what follows it. */
static inline __attribute__((always_inline)) enum xlagg_plain
xlagg_plain_sum(struct xlagg_parse *p, __u16 vid, const __u8 *ip, bool six, __u8 next, const __u8 *ports)
{
	p->network = six ? xlagg_ipv6_pairs(p, ip) : xlagg_ipv4_pair(p, ip);
	xlagg_hash_macs(p, p->data);
	p->link += xlagg_if_asked(p, XLAGG_HASH_VLAN, vid);
	p->network += xlagg_if_asked(p, XLAGG_HASH_L4_PROTO, (__u64)next << 36);
	p->network +=
	    xlagg_pair(p, 4, xlagg_load16(ports), xlagg_load16(ports + 2), XLAGG_HASH_SPORT, XLAGG_HASH_DPORT);
	return XLAGG_PLAIN_HASHED;
}

/* Whether an IPv4 packet is no fragment. */
static inline __attribute__((always_inline)) bool xlagg_is_whole(const __u8 *ip)
{
	return !(xlagg_load16(ip + 6) & xlagg_be16(0x3fff));
}

/* The same, and its header has no options. */
static inline __attribute__((always_inline)) bool xlagg_is_plain_ipv4(const __u8 *ip)
{
	return ip[0] == 0x45 && xlagg_is_whole(ip);
}

/* Whether that transport header may be a tunnel's. */
static inline __attribute__((always_inline)) bool xlagg_is_udp_tunnel(__u8 next, const __u8 *ports)
{
	return next == XLAGG_IP_UDP && xlagg_is_tunnel(xlagg_load16(ports + 2));
}

/* The packet in a tunnel, XLAGG_SHORTEST octets of which are there. `first`: what surrounds it is no packet itself, so
 * that it may be a tunnel in its turn. */
static inline __attribute__((always_inline)) enum xlagg_plain xlagg_plain_inside(struct xlagg_parse *p, __u16 vid,
										 struct xlagg_inside inside, bool first)
{
	const __u8 *ip = inside.at;
	__u16 ethertype = inside.ethertype;
	enum xlagg_plain found;

	if (!first && ethertype == xlagg_be16(ETH_P_TEB)) {
		if (!xlagg_has(p, ip, ETH_HLEN + XLAGG_SHORTEST))
			return XLAGG_PLAIN_CARRIER;
		xlagg_hash_macs(p, ip);
		ethertype = xlagg_load16(ip + 12);
		ip += ETH_HLEN;
	}
	if (ethertype == xlagg_be16(ETH_P_IP)) {
		if (!xlagg_is_plain_ipv4(ip) || !xlagg_has_ports(ip[9]) ||
		    (first && xlagg_is_udp_tunnel(ip[9], ip + 20)))
			return XLAGG_PLAIN_CARRIER;
		return xlagg_plain_sum(p, vid, ip, false, ip[9], ip + 20);
	}
	if (ethertype != xlagg_be16(ETH_P_IPV6) || !xlagg_has(p, ip, 44) || ip[0] >> 4 != 6 ||
	    !xlagg_has_ports(ip[6]) || (first && xlagg_is_udp_tunnel(ip[6], ip + 40)))
		return XLAGG_PLAIN_CARRIER;
	found = xlagg_plain_sum(p, vid, ip, true, ip[6], ip + 40);
	asm volatile(""); /* see xlagg_parse_outer() */
	return found;
}

/* A packet without a tunnel's headers around it, or with what is in `p` beneath a tunnel: `inner`: whether the packet
 * in a tunnel counts instead. The rest as in xlagg_plain_sum(). */
static inline __attribute__((always_inline)) enum xlagg_plain
xlagg_plain_packet(struct xlagg_parse *p, __u16 vid, const __u8 *ip, bool six, __u8 next, const __u8 *ports, bool inner)
{
	struct xlagg_inside inside = {.at = ports};
	enum xlagg_plain tunnel = XLAGG_PLAIN_NOT;
	bool found;

	if (xlagg_has_ports(next)) {
		if (inner && next == XLAGG_IP_UDP)
			tunnel = xlagg_inside_udp(p, ports, &inside);
		if (tunnel == XLAGG_PLAIN_NOT)
			return xlagg_plain_sum(p, vid, ip, six, next, ports);
		found = tunnel == XLAGG_PLAIN_HASHED;
	} else if (inner && next == XLAGG_IP_GRE) {
		found = xlagg_inside_gre(p, ports, &inside);
	} else if (inner && (next == XLAGG_IP_IPV4 || next == XLAGG_IP_IPV6)) {
		inside.ethertype = xlagg_be16(next == XLAGG_IP_IPV4 ? ETH_P_IP : ETH_P_IPV6);
		found = xlagg_has(p, ports, XLAGG_SHORTEST);
	} else {
		return XLAGG_PLAIN_NOT;
	}
	return found ? xlagg_plain_inside(p, vid, inside, false) : XLAGG_PLAIN_CARRIER;
}

/* A packet behind other headers than Ethernet's. */
static inline __attribute__((always_inline)) enum xlagg_plain xlagg_plain_preceded(struct xlagg_parse *p, __u16 vid,
										   const __u8 *at, __u16 ethertype)
{
	struct xlagg_inside inside;

	if (!xlagg_precedes_packet(ethertype))
		return XLAGG_PLAIN_NOT;
	if (ethertype == xlagg_be16(ETH_P_PPP_SES) ? !xlagg_inside_pppoe(p, at, &inside)
						   : !xlagg_inside_mpls(p, at, &inside))
		return XLAGG_PLAIN_CARRIER;
	return xlagg_plain_inside(p, vid, inside, true);
}

/* Without tunnels: the EtherType and the first octet of the packet are tested together. */
static inline __attribute__((always_inline)) enum xlagg_plain xlagg_parse_outer(struct xlagg_parse *p, __u16 vid)
{
	const __u8 *ip = (const __u8 *)p->data + ETH_HLEN;
	enum xlagg_plain found;
	__u32 start;

	if (!xlagg_has(p, ip, 24))
		return XLAGG_PLAIN_NOT;
	start = xlagg_load32(ip - 2);
	/* expected: as in xlagg_parse_plain() */
	if (__builtin_expect((start & xlagg_be32(0xffffff00)) == xlagg_be32(ETH_P_IP << 16 | 0x4500), 1)) {
		if (!xlagg_is_whole(ip))
			return XLAGG_PLAIN_NOT;
		return xlagg_plain_packet(p, vid, ip, false, ip[9], ip + 20, false);
	}
	if ((start & xlagg_be32(0xfffff000)) != xlagg_be32((__u32)ETH_P_IPV6 << 16 | 0x6000) || !xlagg_has(p, ip, 44))
		return XLAGG_PLAIN_NOT;
	found = xlagg_plain_packet(p, vid, ip, true, ip[6], ip + 40, false);
	asm volatile(""); /* what it has in common with IPv4 is not merged, for which IPv4 would pay with moves */
	return found;
}

/* `inner`: whether the packet in a tunnel counts. */
static inline __attribute__((always_inline)) enum xlagg_plain xlagg_parse_plain(struct xlagg_parse *p, __u16 vid,
										bool inner)
{
	const __u8 *ip = (const __u8 *)p->data + ETH_HLEN;
	__u16 ethertype;

	if (!xlagg_has(p, ip, 24))
		return XLAGG_PLAIN_NOT;
	ethertype = xlagg_load16(ip - 2);
	/* expected: what both have in common is compiled for IPv4, without moves between registers */
	if (__builtin_expect(ethertype == xlagg_be16(ETH_P_IP), 1)) {
		if (!xlagg_is_plain_ipv4(ip))
			return XLAGG_PLAIN_NOT;
		return xlagg_plain_packet(p, vid, ip, false, ip[9], ip + 20, inner);
	}
	if (ethertype == xlagg_be16(ETH_P_IPV6)) {
		if (!xlagg_has(p, ip, 44) || ip[0] >> 4 != 6)
			return XLAGG_PLAIN_NOT;
		return xlagg_plain_packet(p, vid, ip, true, ip[6], ip + 40, inner);
	}
	return inner ? xlagg_plain_preceded(p, vid, ip, ethertype) : XLAGG_PLAIN_NOT;
}

/*
 * Takes the shortcut. The default fields, and these with inner, have a copy of it in which the compiler knows them, so
 * that no field is tested; whether it is symmetric shows in the keys alone. `fields`: keys->fields, or a constant where
 * that is known to be the same, symmetric or not. Returns false, and leaves *ret untouched, if the frame is none
 * of those that it is for; ret->more: only xlagg_flow_hash() can tell.
 */
static inline __attribute__((always_inline)) bool xlagg_shortcut(const void *data, const void *data_end, __u16 vid,
								 const volatile struct xlagg_hash_keys *keys,
								 __u32 fields, struct xlagg_flow *ret)
{
	const __u32 usual = XLAGG_HASH_USUAL;
	struct xlagg_parse plain = {.keys = keys, .fields = fields, .data = data, .end = data_end};
	enum xlagg_plain found;

	fields &= ~XLAGG_HASH_SYMMETRIC;
	if (fields == usual) {
		plain.fields = usual;
		found = xlagg_parse_outer(&plain, vid);
	} else if (fields == (usual | XLAGG_HASH_INNER)) {
		plain.fields = usual;
		found = xlagg_parse_plain(&plain, vid, true);
	} else {
		found = xlagg_parse_plain(&plain, vid, fields & XLAGG_HASH_INNER);
	}
	if (found == XLAGG_PLAIN_NOT)
		return false;
	*ret = found == XLAGG_PLAIN_HASHED ? xlagg_mix(&plain) : (struct xlagg_flow){.more = true};
	return true;
}

#endif
