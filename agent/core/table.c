/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The distribution table. Every bucket has a port, in proportion to the weights, and a backup; the backups of one
 * port's buckets are spread over the other live ports in the same proportion. A bucket stays where it is as long as the
 * proportions allow. A bucket that must move goes to its backup, which may already carry its flows.
 */
#include <string.h>

#include "core/internal.h"

#define NO_MEMBER 0xff

/* A set of buckets, the ports that are to share them, and the ports that have them now. */
struct share {
	uint32_t buckets;
	uint16_t bucket[XLAGG_BUCKETS]; /* their indexes */
	uint32_t members;
	uint8_t member_of[UINT8_MAX + 1]; /* by slot: index of the member, NO_MEMBER: not one */
	uint8_t slot[XLAGG_MAX_PORTS];	  /* of each member */
	uint64_t weight[XLAGG_MAX_PORTS]; /* of each member */
	uint32_t have[XLAGG_MAX_PORTS];	  /* buckets that each member has */
	uint32_t quota[XLAGG_MAX_PORTS];  /* buckets that each member is to have */
};

static uint8_t port_of(uint16_t entry)
{
	return (uint8_t)entry;
}

static uint8_t backup_of(uint16_t entry)
{
	return (uint8_t)(entry >> 8);
}

static uint16_t entry_of(uint8_t port, uint8_t backup)
{
	return (uint16_t)(port | backup << 8);
}

static void add_member(struct share *share, const struct table_member *member)
{
	share->member_of[member->slot] = (uint8_t)share->members;
	share->slot[share->members] = (uint8_t)member->slot;
	share->weight[share->members] = member->weight;
	share->members++;
}

/*
 * Whether a rather than b gets a bucket that is left over by the division: a member that has it already goes first,
 * then the greater remainder.
 */
static bool deserves(const struct share *share, const uint64_t *remainder, uint32_t a, uint32_t b)
{
	bool a_has = share->have[a] > share->quota[a];
	bool b_has = share->have[b] > share->quota[b];

	return a_has != b_has ? a_has : remainder[a] > remainder[b];
}

/* Computes quotas that differ from the exact proportion by less than one bucket. */
static void apportion(struct share *share)
{
	uint64_t remainder[XLAGG_MAX_PORTS];
	bool rounded_up[XLAGG_MAX_PORTS] = {false};
	uint64_t total = 0;
	uint32_t left = share->buckets;

	for (uint32_t i = 0; i < share->members; i++)
		total += share->weight[i];
	for (uint32_t i = 0; i < share->members; i++) {
		share->quota[i] = (uint32_t)(share->buckets * share->weight[i] / total);
		remainder[i] = share->buckets * share->weight[i] % total;
		left -= share->quota[i];
	}
	for (; left > 0; left--) {
		uint32_t best = share->members;

		for (uint32_t i = 0; i < share->members; i++)
			if (!rounded_up[i] && remainder[i] > 0 &&
			    (best == share->members || deserves(share, remainder, i, best)))
				best = i;
		rounded_up[best] = true;
		share->quota[best]++;
	}
}

/* Returns a member that still has room, chosen so that the ratio of use to quota stays even. As long as a bucket is
 * without a member there is one. */
static uint32_t emptiest(const struct share *share)
{
	uint32_t best = share->members;

	for (uint32_t i = 0; i < share->members; i++) {
		uint64_t room = share->quota[i] > share->have[i] ? share->quota[i] - share->have[i] : 0;

		if (room > 0 &&
		    (best == share->members ||
		     room * share->quota[best] > (uint64_t)(share->quota[best] - share->have[best]) * share->quota[i]))
			best = i;
	}
	return best;
}

static void count_buckets(struct share *share, const uint8_t owner[XLAGG_BUCKETS])
{
	memset(share->have, 0, sizeof(share->have));
	for (uint32_t i = 0; i < share->buckets; i++) {
		uint32_t member = share->member_of[owner[share->bucket[i]]];

		if (member != NO_MEMBER)
			share->have[member]++;
	}
}

/*
 * Buckets whose home has room go there, unless their owner needs them for its own quota: flows that had to leave a port
 * come back to it when it returns, and no others do.
 */
static void bring_home(struct share *share, uint8_t owner[XLAGG_BUCKETS], const uint8_t home[XLAGG_BUCKETS])
{
	for (uint32_t i = 0; i < share->buckets; i++) {
		uint16_t bucket = share->bucket[i];
		uint32_t from = share->member_of[owner[bucket]], to = share->member_of[home[bucket]];

		if (to == NO_MEMBER || share->have[to] >= share->quota[to] ||
		    (from != NO_MEMBER && share->have[from] <= share->quota[from]))
			continue;
		if (from != NO_MEMBER)
			share->have[from]--;
		share->have[to]++;
		owner[bucket] = share->slot[to];
	}
}

static void free_excess_of(struct share *share, uint8_t owner[XLAGG_BUCKETS], const uint8_t *home, bool guests)
{
	for (uint32_t i = share->buckets; i-- > 0;) {
		uint16_t bucket = share->bucket[i];
		uint32_t member = share->member_of[owner[bucket]];

		if (member == NO_MEMBER || share->have[member] <= share->quota[member] ||
		    (guests && (!home || home[bucket] == XLAGG_NO_PORT)))
			continue;
		share->have[member]--;
		owner[bucket] = XLAGG_NO_PORT;
	}
}

/* Takes buckets from members that have more than their quota: first those that have their home elsewhere. */
static void free_excess(struct share *share, uint8_t owner[XLAGG_BUCKETS], const uint8_t *home)
{
	free_excess_of(share, owner, home, true);
	free_excess_of(share, owner, home, false);
}

/* Buckets without a member go to the preferred member, if it has room. */
static void place_preferred(struct share *share, uint8_t owner[XLAGG_BUCKETS], const uint8_t preferred[XLAGG_BUCKETS])
{
	for (uint32_t i = 0; i < share->buckets; i++) {
		uint16_t bucket = share->bucket[i];
		uint32_t member = share->member_of[preferred[bucket]];

		if (share->member_of[owner[bucket]] != NO_MEMBER || member == NO_MEMBER ||
		    share->have[member] >= share->quota[member])
			continue;
		share->have[member]++;
		owner[bucket] = share->slot[member];
	}
}

/* The other buckets go where there is most room. */
static void place_rest(struct share *share, uint8_t owner[XLAGG_BUCKETS])
{
	for (uint32_t i = 0; i < share->buckets; i++) {
		uint16_t bucket = share->bucket[i];
		uint32_t member;

		if (share->member_of[owner[bucket]] != NO_MEMBER)
			continue;
		member = emptiest(share);
		share->have[member]++;
		owner[bucket] = share->slot[member];
	}
}

/*
 * Assigns every bucket of the share to a member. owner[bucket] is the present owner's slot and becomes the new one's;
 * preferred[bucket] is the slot that takes the bucket if it has to move, as long as there is room. home: where buckets
 * go before that, or NULL.
 */
static void distribute(struct share *share, uint8_t owner[XLAGG_BUCKETS], const uint8_t preferred[XLAGG_BUCKETS],
		       const uint8_t *home)
{
	count_buckets(share, owner);
	apportion(share);
	if (home)
		bring_home(share, owner, home);
	free_excess(share, owner, home);
	place_preferred(share, owner, preferred);
	place_rest(share, owner);
}

static bool is_idle_member(const struct share *share)
{
	for (uint32_t i = 0; i < share->members; i++)
		if (share->have[i] == 0 && share->quota[i] > 0)
			return true;
	return false;
}

/*
 * The same where the buckets' loads and not their number decide how many a member has: every bucket stays where it is,
 * goes home, or takes its backup. Only a member that has none at all gets its part by number, to begin with.
 */
static void distribute_by_load(struct share *share, uint8_t owner[XLAGG_BUCKETS],
			       const uint8_t preferred[XLAGG_BUCKETS], const uint8_t *home)
{
	for (uint32_t i = 0; i < share->buckets; i++) {
		uint16_t bucket = share->bucket[i];

		if (home && share->member_of[home[bucket]] != NO_MEMBER)
			owner[bucket] = home[bucket];
		else if (share->member_of[owner[bucket]] == NO_MEMBER)
			owner[bucket] = preferred[bucket];
	}
	count_buckets(share, owner);
	apportion(share);
	if (is_idle_member(share))
		free_excess(share, owner, home);
	place_rest(share, owner);
}

/* Assigns every bucket a port. */
static void fill_ports(const struct table_plan *plan, uint8_t port[XLAGG_BUCKETS], const uint8_t backup[XLAGG_BUCKETS],
		       const uint8_t *home)
{
	struct share share = {.buckets = XLAGG_BUCKETS};
	uint32_t members = plan->single ? 1 : plan->members;

	memset(share.member_of, NO_MEMBER, sizeof(share.member_of));
	for (uint32_t i = 0; i < members; i++)
		add_member(&share, &plan->member[i]);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		share.bucket[i] = (uint16_t)i;
	if (plan->by_load)
		distribute_by_load(&share, port, backup, home);
	else
		distribute(&share, port, backup, home);
}

/* Assigns backups to the buckets of one port: other ports, and only live ones if there are any. */
static void fill_backups(const struct table_plan *plan, uint32_t owner, const uint8_t port[XLAGG_BUCKETS],
			 uint8_t backup[XLAGG_BUCKETS])
{
	struct share share = {0};
	bool live = false;

	memset(share.member_of, NO_MEMBER, sizeof(share.member_of));
	for (uint32_t i = 0; i < plan->members; i++)
		live |= plan->member[i].slot != owner && plan->member[i].live;
	for (uint32_t i = 0; i < plan->members; i++)
		if (plan->member[i].slot != owner && (plan->member[i].live || !live) &&
		    !(plan->single && share.members == 1))
			add_member(&share, &plan->member[i]);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (port[i] == owner)
			share.bucket[share.buckets++] = (uint16_t)i;
	if (share.members > 0)
		distribute(&share, backup, backup, NULL);
	else
		for (uint32_t i = 0; i < share.buckets; i++)
			backup[share.bucket[i]] = XLAGG_NO_PORT;
}

static bool is_planned(const struct table_plan *plan, uint32_t slot)
{
	for (uint32_t i = 0; i < plan->members; i++)
		if (plan->member[i].slot == slot)
			return true;
	return false;
}

/*
 * Remembers the port that buckets leave because it is no longer planned. If the next one goes as well before that one
 * is back, the first is remembered still.
 */
static void remember_homes(const struct table_plan *plan, const struct xlagg_table *before,
			   const uint8_t port[XLAGG_BUCKETS], uint8_t home[XLAGG_BUCKETS])
{
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint8_t left = port_of(before->bucket[i]);

		if (home[i] != XLAGG_NO_PORT && is_planned(plan, home[i]))
			home[i] = XLAGG_NO_PORT;
		if (home[i] == XLAGG_NO_PORT && port[i] != left && !is_planned(plan, left))
			home[i] = left;
	}
}

uint32_t table_fill(struct xlagg_table *table, const struct table_plan *plan, uint8_t *home)
{
	uint8_t port[XLAGG_BUCKETS];
	uint8_t backup[XLAGG_BUCKETS];
	uint32_t moved = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		port[i] = plan->members > 0 ? port_of(table->bucket[i]) : XLAGG_NO_PORT;
		backup[i] = plan->members > 0 ? backup_of(table->bucket[i]) : XLAGG_NO_PORT;
	}
	if (plan->members > 0)
		fill_ports(plan, port, backup, home);
	for (uint32_t i = 0; i < plan->members; i++)
		fill_backups(plan, plan->member[i].slot, port, backup);

	if (home)
		remember_homes(plan, table, port, home);
	memset(table->order, XLAGG_NO_PORT, sizeof(table->order));
	table->count = plan->members;
	for (uint32_t i = 0; i < plan->members; i++)
		table->order[i] = (uint8_t)plan->member[i].slot;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		moved += port[i] != port_of(table->bucket[i]);
		table->bucket[i] = entry_of(port[i], backup[i]);
	}
	return moved;
}

void table_init(struct xlagg_table *table)
{
	memset(table, 0, sizeof(*table));
	memset(table->order, XLAGG_NO_PORT, sizeof(table->order));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table->bucket[i] = entry_of(XLAGG_NO_PORT, XLAGG_NO_PORT);
}

uint32_t table_adopt(struct xlagg_table *table, const struct xlagg_table *from)
{
	uint32_t slots = 0;

	table_init(table);
	table->generation = from->generation;
	for (uint32_t i = 0; i < from->count && i < XLAGG_MAX_PORTS; i++) {
		uint8_t slot = from->order[i];

		if (slot >= XLAGG_MAX_PORTS || slots & 1u << slot)
			continue;
		slots |= 1u << slot;
		table->order[table->count++] = slot;
	}
	/* A bucket whose slot is not a member is assigned anew when the table is filled. */
	memcpy(table->bucket, from->bucket, sizeof(table->bucket));
	return slots;
}

uint8_t table_port(const struct xlagg_table *table, uint32_t bucket)
{
	return port_of(table->bucket[bucket]);
}

void table_move(struct xlagg_table *table, const struct table_plan *plan, const uint8_t port[XLAGG_BUCKETS],
		uint8_t *home)
{
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table->bucket[i] = entry_of(port[i], backup_of(table->bucket[i]));
	table_fill(table, plan, home);
}

uint32_t table_share(const struct xlagg_table *table, uint32_t slot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		count += port_of(table->bucket[i]) == slot;
	return count;
}
