/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How the flow hash (hash.h) reads a frame: every octet is behind a check, and the verifier can follow. */
#ifndef XLAGG_HASH_READ_H
#define XLAGG_HASH_READ_H

#include <linux/if_ether.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi.h"

#define XLAGG_HASH_TAGS 3	/* VLAN tags in the frame that are skipped to reach the headers */
#define XLAGG_HASH_EXTENSIONS 6 /* IPv6 extension headers that are skipped likewise */
#define XLAGG_HASH_LABELS 8	/* MPLS labels that are read to find the bottom of the stack */
#define XLAGG_QUICK_LABELS 2	/* of these, as many as the shortcut reads */
#define XLAGG_HASH_GTP_MORE 3	/* GTP-U extension headers that are skipped */
#define XLAGG_HASH_REACH 2048	/* octets of a frame within which variable-length headers are followed */

#define XLAGG_ETH_P_QINQ 0x9100 /* EtherType of QinQ before 0x88a8 was assigned */

/* UDP ports of tunnels */
enum {
	XLAGG_GTPU_PORT = 2152,
	XLAGG_VXLAN_PORT = 4789,
	XLAGG_GENEVE_PORT = 6081,
	XLAGG_MPLS_PORT = 6635,
};

/* Protocol numbers: <linux/in.h> lacks some of them, and it conflicts with <netinet/in.h>. */
enum {
	XLAGG_IP_HOPOPTS = 0,
	XLAGG_IP_ICMP = 1,
	XLAGG_IP_IPV4 = 4,
	XLAGG_IP_TCP = 6,
	XLAGG_IP_UDP = 17,
	XLAGG_IP_IPV6 = 41,
	XLAGG_IP_ROUTING = 43,
	XLAGG_IP_FRAGMENT = 44,
	XLAGG_IP_GRE = 47,
	XLAGG_IP_ICMPV6 = 58,
	XLAGG_IP_DSTOPTS = 60,
	XLAGG_IP_SCTP = 132,
};

/* The fields of the default. */
#define XLAGG_HASH_USUAL (XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4)

/* A flow hash. */
struct xlagg_flow {
	__u32 hash;
	bool cut;  /* headers extended beyond the end of the data: with more data the hash may differ */
	bool more; /* of xlagg_usual_hash(): the frame needs xlagg_flow_hash(), and `hash` says nothing */
};

/* What may follow a packet's headers. */
enum xlagg_rest {
	XLAGG_REST_NONE,  /* nothing that counts */
	XLAGG_REST_PORTS, /* a tunnel's packet, behind ports */
	XLAGG_REST_OTHER, /* a tunnel's packet, or the packet that an ICMP error is about */
};

/* What the shortcut makes of a frame. */
enum xlagg_plain {
	XLAGG_PLAIN_NOT,     /* it is not of the kind that the shortcut is for */
	XLAGG_PLAIN_HASHED,  /* what identifies its flow was added */
	XLAGG_PLAIN_CARRIER, /* it may carry another packet, which counts instead */
};

/* A frame while it is read. */
struct xlagg_parse {
	const volatile struct xlagg_hash_keys *keys; /* volatile: a program loads each key where it is used */
	__u32 fields;				     /* keys->fields */
	const void *data;			     /* first octet */
	const void *end;			     /* one beyond the last octet */
	__u32 at;				     /* offset of the next octet to be read, below XLAGG_HASH_REACH */
	__u64 link;				     /* sum over MACs and VLAN ids */
	__u64 network;	 /* sum over addresses, ports, protocol and label of the innermost packet so far */
	__u16 ethertype; /* of the header that comes next, host byte order */
	__u16 port;	 /* destination port, host byte order; 0: none found */
	__u8 next;	 /* protocol number of the header that comes next */
	bool cut;	 /* see struct xlagg_flow */
	bool quick;	 /* headers behind addresses are read only where they count by themselves */
	bool back;	 /* what is read went the other way: source and destination change places */
};

static inline __attribute__((always_inline)) __u16 xlagg_load16(const void *at)
{
#ifdef __bpf__
	return *(const __u16 *)at; /* programs are loaded only if the kernel allows unaligned loads */
#else
	__u16 value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
#endif
}

static inline __attribute__((always_inline)) __u32 xlagg_load32(const void *at)
{
#ifdef __bpf__
	return *(const __u32 *)at;
#else
	__u32 value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
#endif
}

static inline __attribute__((always_inline)) __u64 xlagg_load64(const void *at)
{
#ifdef __bpf__
	return *(const __u64 *)at;
#else
	__u64 value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
#endif
}

/* Returns the first 6 of the 8 octets at `at`. */
static inline __attribute__((always_inline)) __u64 xlagg_first48(const void *at)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return xlagg_load64(at) & 0xffffffffffff;
#else
	return xlagg_load64(at) >> 16;
#endif
}

/* Returns the last 6 of the 8 octets at `at`. */
static inline __attribute__((always_inline)) __u64 xlagg_last48(const void *at)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return xlagg_load64(at) >> 16;
#else
	return xlagg_load64(at) & 0xffffffffffff;
#endif
}

static inline __attribute__((always_inline)) __u16 xlagg_be16(__u16 value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(value);
#else
	return value;
#endif
}

static inline __attribute__((always_inline)) __u32 xlagg_be32(__u32 value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(value);
#else
	return value;
#endif
}

/* Sets *ret to the next `len` octets and advances. Returns false if the data ends before. */
static inline __attribute__((always_inline)) bool xlagg_take(struct xlagg_parse *p, __u32 len, const __u8 **ret)
{
	const __u8 *at = (const __u8 *)p->data + p->at;

	if ((const void *)(at + len) > p->end) {
		p->cut = true;
		return false;
	}
	p->at += len;
	*ret = at;
	return true;
}

/*
 * The verifier follows every path to an offset separately, which is too much for IPv6 in a tunnel. To add a value from
 * the frame and subtract it again changes nothing, except that the verifier no longer tells the paths apart.
 */
static inline __attribute__((always_inline)) void xlagg_forget_way(struct xlagg_parse *p, __u32 any)
{
#ifdef __bpf__
	asm volatile("%0 += %1\n\t%0 -= %1\n\t%0 &= %2" : "+&r"(p->at) : "r"(any), "i"(XLAGG_HASH_REACH - 1));
#else
	(void)p, (void)any;
#endif
}

/* The same where ways to another packet meet: what led there no longer matters. */
static inline __attribute__((always_inline)) void xlagg_forget_all(struct xlagg_parse *p)
{
#ifdef __bpf__
	__u64 ethertype = p->ethertype, cut = p->cut, any = p->link + p->network;

	asm volatile("%0 += %2\n\t%0 -= %2\n\t%1 += %2\n\t%1 -= %2" : "+&r"(ethertype), "+&r"(cut) : "r"(any));
	p->ethertype = (__u16)ethertype;
	p->cut = cut & 1;
	xlagg_forget_way(p, (__u32)any);
#else
	(void)p;
#endif
}

/* Skips `len` octets, a number taken from the frame. Returns false beyond XLAGG_HASH_REACH. */
static inline __attribute__((always_inline)) bool xlagg_skip(struct xlagg_parse *p, __u32 len)
{
	p->at += len;
	if (p->at >= XLAGG_HASH_REACH)
		return false;
	xlagg_forget_way(p, len);
	return true;
}

#endif
