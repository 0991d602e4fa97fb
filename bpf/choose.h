/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Which port a frame takes: the same code for every program that sends, and for `explain`. The agent and the kernel's
 * watcher may change `ports`, `tables` and `control` at any time, so each word that matters is read once (volatile).
 */
#ifndef BPF_CHOOSE_H
#define BPF_CHOOSE_H

#include <stdbool.h>

#include "live.h"
#include "moving.h"

#define REHASH_DRAWS 8

struct choice {
	__u32 slot;    /* XLAGG_NO_PORT: none */
	__u32 ifindex; /* of that port */
	__u32 why;     /* enum xlagg_choice */
};

/* The table that map `control` names. It may be NULL to the verifier only. */
static __always_inline const volatile struct xlagg_table *published_table(void)
{
	return bpf_map_lookup_elem(&tables, (const void *)&control.table);
}

/* The table in use. NULL: the lagg has no carrier. */
static __always_inline const volatile struct xlagg_table *current_table(void)
{
	return control.carrier ? published_table() : NULL;
}

/* The first live port in order of preference. */
static __always_inline struct choice first_live(const volatile struct xlagg_table *table, __u32 why)
{
	__u32 count = table->count;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i], ifindex = live(slot);

		if (ifindex)
			return (struct choice){slot, ifindex, why};
	}
	return (struct choice){XLAGG_NO_PORT, 0, XLAGG_CHOICE_NONE};
}

/* The first live port of `order`, beginning with entry `start` and going on at the front after the last entry.
 * *ret_index: that port's entry in `order`; untouched when no port is live. */
static __always_inline struct choice next_live(const volatile struct xlagg_table *table, __u32 start, __u32 *ret_index)
{
	__u32 count = table->count;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS; i++) {
		__u32 index = (start + i) % XLAGG_MAX_PORTS, slot, ifindex;

		if (index >= count)
			continue;
		slot = table->order[index];
		ifindex = live(slot);
		if (ifindex) {
			*ret_index = index;
			return (struct choice){slot, ifindex, XLAGG_CHOICE_TURN};
		}
	}
	return (struct choice){XLAGG_NO_PORT, 0, XLAGG_CHOICE_NONE};
}

/*
 * The port and the backup of a bucket are both not live: the live ports share the bucket's flows. Hashing again until
 * the result is a live port gives each of them an equal share. A flow that gets only dead ones takes the first live
 * port.
 */
static __always_inline struct choice rehash(const volatile struct xlagg_table *table, __u32 hash)
{
	__u32 count = table->count, index;

	for (int draw = 0; draw < REHASH_DRAWS; draw++) {
		__u32 slot, ifindex;

		hash = hash * 0x9e3779b1u + 0x7f4a7c15u;
		index = ((__u64)hash * count) >> 32;
		slot = table->order[index & (XLAGG_MAX_PORTS - 1)];
		ifindex = live(slot);
		if (index < count && ifindex)
			return (struct choice){slot, ifindex, XLAGG_CHOICE_REHASH};
	}
	return first_live(table, XLAGG_CHOICE_REHASH);
}

/* The low octet of a bucket's entry: its slot, or what is no slot while it moves. */
static __always_inline __u32 slot_of_bucket(const volatile struct xlagg_table *table, __u32 hash)
{
	const volatile __u8 *entry = (const volatile __u8 *)&table->bucket[hash % XLAGG_BUCKETS];

	return entry[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 1];
}

/* A choice in one number, for a function that is not inlined. */
static __always_inline __u64 packed(struct choice choice)
{
	return (__u64)choice.ifindex << 32 | choice.why << 8 | choice.slot;
}

static __always_inline struct choice unpacked(__u64 choice)
{
	return (struct choice){choice & 0xff, choice >> 32, choice >> 8 & 0xff};
}

/*
 * What choose_bucket() returns, packed(), for a bucket whose port is not live. It is a function of its own, so that
 * other frames need not keep in registers what only this one needs, and global, so that the verifier goes through it
 * once. The table may be another by now, and is as good.
 */
__noinline __u64 choose_instead(__u32 hash, __u32 advance)
{
	const volatile struct xlagg_table *table = published_table();
	__u32 entry, ifindex;

	if (!table)
		return packed((struct choice){XLAGG_NO_PORT, 0, XLAGG_CHOICE_NONE});
	entry = table->bucket[hash % XLAGG_BUCKETS];
	ifindex = live(entry & 0xff);
	if (ifindex)
		return packed((struct choice){entry & 0xff, ifindex, XLAGG_CHOICE_BUCKET});
	if (is_moving(entry & 0xff)) {
		__u32 to = entry & (XLAGG_MAX_PORTS - 1), slot = slot_of_moving(hash % XLAGG_BUCKETS, to, advance);

		ifindex = live(slot);
		if (ifindex)
			return packed(
			    (struct choice){slot, ifindex, slot == to ? XLAGG_CHOICE_BUCKET : XLAGG_CHOICE_MOVING});
	}
	ifindex = live(entry >> 8);
	if (ifindex)
		return packed((struct choice){entry >> 8, ifindex, XLAGG_CHOICE_BACKUP});
	return packed(rehash(table, hash));
}

/* loadbalance, lacp: the bucket's port, while it moves its old one, else its backup, else any live port. `table`: NULL
 * only to the verifier; `advance`: a frame is sent. Returns the port's ifindex, 0: there is none. */
static __always_inline __u32 choose_bucket_at(const volatile struct xlagg_table *table, __u32 hash, bool advance,
					      __u32 *ret_slot, __u32 *ret_why)
{
	struct choice choice;
	__u32 ifindex = 0;

	*ret_why = XLAGG_CHOICE_BUCKET;
	if (table) {
		*ret_slot = slot_of_bucket(table, hash);
		ifindex = live_at(ret_slot);
	}
	if (ifindex)
		return ifindex;
	choice = unpacked(choose_instead(hash, advance));
	*ret_slot = choice.slot;
	*ret_why = choice.why;
	return choice.ifindex;
}

static __always_inline struct choice choose_bucket(const volatile struct xlagg_table *table, __u32 hash, bool advance)
{
	__u32 slot, why, ifindex = choose_bucket_at(table, hash, advance, &slot, &why);

	return (struct choice){slot, ifindex, why};
}

/* roundrobin: counts a frame on the port of that entry of `order`. */
static __always_inline void end_turn(struct xlagg_turn *t, const volatile struct xlagg_table *table, __u32 index)
{
	if (index != t->index)
		t->sent = 0;
	if (++t->sent >= params.rr_limit) {
		t->sent = 0;
		index++;
	}
	t->index = index < table->count ? index : 0;
}

/* roundrobin: what choose_turn() does where the port whose turn it is is live, as it nearly always is. Returns its
 * ifindex, or 0, and has done nothing. `table`: as in choose_bucket_at(). */
static __always_inline __u32 take_turn(const volatile struct xlagg_table *table, __u32 *ret_slot)
{
	__u32 zero = 0, index, ifindex;
	struct xlagg_turn *t = bpf_map_lookup_elem(&turn, &zero);

	if (!t || !table)
		return 0;
	index = t->index;
	if (index >= XLAGG_MAX_PORTS || index >= table->count)
		return 0;
	*ret_slot = table->order[index];
	ifindex = live_at(ret_slot);
	if (ifindex)
		end_turn(t, table, index);
	return ifindex;
}

/*
 * roundrobin: rr_limit frames on one port, then the next port's turn. The turn of a port that is not live is skipped
 * rather than given to its neighbour, which would get twice its share. `advance`: count this frame.
 */
static __always_inline struct choice choose_turn(const volatile struct xlagg_table *table, bool advance)
{
	__u32 zero = 0, index = 0;
	struct xlagg_turn *t = bpf_map_lookup_elem(&turn, &zero);
	struct choice choice;

	if (!t)
		return (struct choice){XLAGG_NO_PORT, 0, XLAGG_CHOICE_NONE};
	choice = next_live(table, t->index, &index);
	if (advance && choice.slot != XLAGG_NO_PORT)
		end_turn(t, table, index);
	return choice;
}

/* Whether params.proto spreads frames by their flow. */
static __always_inline bool by_flow(void)
{
	return params.proto == XLAGG_PROTO_LOADBALANCE || params.proto == XLAGG_PROTO_LACP;
}

/* The port for a frame; with broadcast the first of those that get it. `hash` is used only where by_flow().
 * `advance`: as in choose_turn(). */
static __always_inline struct choice choose(const volatile struct xlagg_table *table, __u32 hash, bool advance)
{
	if (by_flow())
		return choose_bucket(table, hash, advance);
	if (params.proto == XLAGG_PROTO_FAILOVER)
		return first_live(table, XLAGG_CHOICE_PRIORITY);
	if (params.proto == XLAGG_PROTO_ROUNDROBIN)
		return choose_turn(table, advance);
	if (params.proto == XLAGG_PROTO_BROADCAST)
		return first_live(table, XLAGG_CHOICE_ALL);
	return (struct choice){XLAGG_NO_PORT, 0, XLAGG_CHOICE_NONE};
}

#endif
