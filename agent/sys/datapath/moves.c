/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Map `moves`: buckets on their way from one port to another (struct xlagg_move). It is mapped memory, which programs
 * write at the same time: each member is stored alone. */
#include <string.h>

#include "sys/datapath/internal.h"

static bool is_marked(const struct xlagg_table *table, uint32_t bucket)
{
	return (table->bucket[bucket] & 0xffu & ~(XLAGG_MAX_PORTS - 1u)) == XLAGG_MOVING;
}

bool bucket_slot_valid(uint32_t octet)
{
	return octet < XLAGG_MAX_PORTS || octet == XLAGG_NO_PORT || (octet & ~(XLAGG_MAX_PORTS - 1u)) == XLAGG_MOVING;
}

/* What the agent may change while the programs look at the entry. */
static void renew(struct xlagg_move *to, const struct xlagg_move *from)
{
	__atomic_store_n(&to->patient, from->patient, __ATOMIC_RELEASE);
	__atomic_store_n(&to->pause_us, from->pause_us, __ATOMIC_RELEASE);
	__atomic_store_n(&to->proved_ns, from->proved_ns, __ATOMIC_RELEASE);
	__atomic_store_n(&to->until_ns, from->until_ns, __ATOMIC_RELEASE);
}

static void write_new(struct xlagg_move *to, const struct xlagg_move *from)
{
	renew(to, from);
	__atomic_store_n(&to->end, XLAGG_MOVE_WAITS, __ATOMIC_RELEASE);
	__atomic_store_n(&to->at, from->at, __ATOMIC_RELEASE);
	__atomic_store_n(&to->number, from->number, __ATOMIC_RELEASE);
	__atomic_store_n(&to->last_ns, 0, __ATOMIC_RELEASE);
}

void datapath_set_moves(struct datapath *dp, const struct xlagg_move move[XLAGG_BUCKETS], struct xlagg_table *table)
{
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		if (!move[i].until_ns)
			continue;
		if (dp->move_number[i] == move[i].number)
			renew(&dp->moves[i], &move[i]);
		else
			write_new(&dp->moves[i], &move[i]);
		dp->move_number[i] = move[i].number;
		table->bucket[i] |= XLAGG_MOVING;
	}
}

void moves_start(struct datapath *dp, uint64_t now)
{
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint64_t none = 0;
		if (is_marked(&dp->written.table, i))
			__atomic_compare_exchange_n(&dp->moves[i].last_ns, &none, now, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED);
	}
}

void datapath_get_moves(const struct datapath *dp, struct xlagg_move ret[XLAGG_BUCKETS])
{
	memcpy(ret, dp->moves, sizeof(*ret) * XLAGG_BUCKETS);
}

void datapath_unmarked_table(const struct datapath *dp, struct xlagg_table *ret)
{
	*ret = *datapath_table(dp);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t at = dp->moves[i].at;
		if (!is_marked(ret, i))
			continue;
		if (at >= XLAGG_MAX_PORTS)
			at = ret->bucket[i] & (XLAGG_MAX_PORTS - 1u);
		ret->bucket[i] = (uint16_t)((ret->bucket[i] & 0xff00u) | at);
	}
}
