/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the tests of the flow hash share: the hash of a frame with a seed of their own, and comparing two. */
#ifndef UNIT_HASH_KIT_H
#define UNIT_HASH_KIT_H

#include <criterion/criterion.h>

#include "bpf/frame.h"
#include "bpf/tunnel.h"
#include "xlagg/hash.h"

#define L2 XLAGG_HASH_L2
#define L3 XLAGG_HASH_L3
#define L4 XLAGG_HASH_L4
#define ALL (XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4)

static inline uint32_t hash_of(const struct frame *f, uint32_t fields)
{
	struct xlagg_hash_keys keys = xlagg_hash_keys(fields, 0x5eed);

	return xlagg_flow_hash(f->data, f->data + f->len, 0, &keys).hash;
}

static inline void same(const struct frame *a, const struct frame *b, uint32_t fields)
{
	cr_assert_eq(hash_of(a, fields), hash_of(b, fields), "fields %#x", fields);
}

static inline void other(const struct frame *a, const struct frame *b, uint32_t fields)
{
	cr_assert_neq(hash_of(a, fields), hash_of(b, fields), "fields %#x", fields);
}

/* A frame of that flow, in no tunnel. */
static inline struct frame plain(struct frame_flow flow)
{
	struct frame f = {0};

	frame_macs(&f, 1, 2);
	frame_put16(&f, flow.six ? 0x86dd : 0x0800);
	frame_packet(&f, flow, 16);
	return f;
}

#endif
