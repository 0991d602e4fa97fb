/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the flow hash (hash.h) adds up for each pair of fields, and the mixing of the sum. */
#ifndef XLAGG_HASH_SUM_H
#define XLAGG_HASH_SUM_H

#include "hash_read.h"

/* Returns the keys of all products: the two of a product are equal with `symmetric`. */
static inline struct xlagg_hash_keys xlagg_hash_keys(__u32 fields, __u32 seed)
{
	struct xlagg_hash_keys keys = {.fields = fields};
	const __u32 apart = fields & XLAGG_HASH_SYMMETRIC ? 0 : 0x85ebca6bu, step = 0x9e3779b9u;

	for (__u32 i = 0; i < XLAGG_HASH_PAIRS; i++) {
		keys.pair[i][0] = seed + step * (i + 1);
		keys.pair[i][1] = keys.pair[i][0] + apart;
	}
	keys.mac[0] = ((__u64)(seed + step * 9) << 17) + 0x5bd1e995;
	keys.mac[1] = ((__u64)(seed + step * 9 + apart) << 17) + 0x5bd1e995;
	return keys;
}

static inline __attribute__((always_inline)) __u64 xlagg_if_asked(const struct xlagg_parse *p, __u32 field, __u64 value)
{
	return p->fields & field ? value : 0;
}

/* Returns the product of a pair of 32-bit values. A value that `fields` does not ask for counts as 0. */
static inline __attribute__((always_inline)) __u64 xlagg_pair(const struct xlagg_parse *p, __u32 index, __u32 src,
							      __u32 dst, __u32 src_field, __u32 dst_field)
{
	if (!(p->fields & (src_field | dst_field)))
		return 0;
	if (p->back) {
		__u32 there = dst;

		dst = src;
		src = there;
	}
	src = (__u32)xlagg_if_asked(p, src_field, src) + p->keys->pair[index][0];
	dst = (__u32)xlagg_if_asked(p, dst_field, dst) + p->keys->pair[index][1];
	return (__u64)src * dst;
}

/* Adds the product of the MACs. They have 48 bits each, so the product is taken modulo 2^64. */
static inline __attribute__((always_inline)) void xlagg_hash_macs(struct xlagg_parse *p, const void *dst_src)
{
	__u64 src, dst;

	if (!(p->fields & (XLAGG_HASH_SRC_MAC | XLAGG_HASH_DST_MAC)))
		return;
	dst = xlagg_first48(dst_src);
	src = xlagg_last48(dst_src + 4);
	if (p->back) {
		__u64 there = dst;

		dst = src;
		src = there;
	}
	src = xlagg_if_asked(p, XLAGG_HASH_SRC_MAC, src) + p->keys->mac[0];
	dst = xlagg_if_asked(p, XLAGG_HASH_DST_MAC, dst) + p->keys->mac[1];
	p->link += src * dst;
}

/* Returns the product of the addresses of an IPv4 header. */
static inline __attribute__((always_inline)) __u64 xlagg_ipv4_pair(const struct xlagg_parse *p, const __u8 *header)
{
	return xlagg_pair(p, 0, xlagg_load32(header + 12), xlagg_load32(header + 16), XLAGG_HASH_SRC_IP,
			  XLAGG_HASH_DST_IP);
}

/* Returns the sum of the products of the addresses of an IPv6 header. */
static inline __attribute__((always_inline)) __u64 xlagg_ipv6_pairs(const struct xlagg_parse *p, const __u8 *header)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 4; i++)
		sum += xlagg_pair(p, i, xlagg_load32(header + 8 + 4 * i), xlagg_load32(header + 24 + 4 * i),
				  XLAGG_HASH_SRC_IP, XLAGG_HASH_DST_IP);
	return sum;
}

static inline __attribute__((always_inline)) bool xlagg_has_ports(__u8 protocol)
{
	/* expected: TCP is asked for first, and SCTP last */
	return __builtin_expect(protocol == XLAGG_IP_TCP, 1) || __builtin_expect(protocol == XLAGG_IP_UDP, 1) ||
	       protocol == XLAGG_IP_SCTP;
}

/* Returns the flow hash of what was added. */
static inline __attribute__((always_inline)) struct xlagg_flow xlagg_mix(const struct xlagg_parse *p)
{
	__u64 hash = p->link + p->network;

	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93ull;
	return (struct xlagg_flow){.hash = (__u32)(hash >> 32), .cut = p->cut};
}

#endif
