/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The distribution table: even, weighted, and with as few moves as possible. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "core/internal.h"

static uint32_t port_of(const struct xlagg_table *table, uint32_t bucket)
{
	return table->bucket[bucket] & 0xff;
}

static uint32_t backup_of(const struct xlagg_table *table, uint32_t bucket)
{
	return table->bucket[bucket] >> 8;
}

static void add(struct table_plan *plan, uint32_t slot, uint64_t weight)
{
	plan->member[plan->members++] = (struct table_member){.slot = slot, .live = 1, .weight = weight};
}

static void del(struct table_plan *plan, uint32_t slot)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < plan->members; i++)
		if (plan->member[i].slot != slot)
			plan->member[kept++] = plan->member[i];
	memset(&plan->member[kept], 0, sizeof(plan->member[0]));
	plan->members = kept;
}

static uint64_t total_weight(const struct table_plan *plan)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < plan->members; i++)
		total += plan->member[i].weight;
	return total;
}

/* Every port's share is within one bucket of its exact proportion, and no bucket leads elsewhere. */
static void check_even(const struct xlagg_table *table, const struct table_plan *plan)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < plan->members; i++) {
		uint64_t exact = XLAGG_BUCKETS * plan->member[i].weight, total = total_weight(plan);
		uint32_t share = table_share(table, plan->member[i].slot);

		cr_assert(share >= exact / total && share <= (exact + total - 1) / total,
			  "slot %u has %u buckets, its exact share is %lu/%lu", plan->member[i].slot, share, exact,
			  total);
		sum += share;
	}
	cr_assert_eq(sum, XLAGG_BUCKETS);
}

/* The backups of each port's buckets are spread over the other ports in proportion to their weights. */
static void check_backups(const struct xlagg_table *table, const struct table_plan *plan)
{
	for (uint32_t i = 0; i < plan->members; i++) {
		uint32_t owner = plan->member[i].slot, share = table_share(table, owner);
		uint64_t others = total_weight(plan) - plan->member[i].weight;

		for (uint32_t j = 0; j < plan->members; j++) {
			uint32_t count = 0;

			for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
				count += port_of(table, b) == owner && backup_of(table, b) == plan->member[j].slot;
			if (j == i) {
				cr_assert_eq(count, 0, "a backup is the port itself");
				continue;
			}
			uint64_t exact = share * plan->member[j].weight;
			cr_assert(count >= exact / others && count <= (exact + others - 1) / others);
		}
	}
}

static uint8_t *home; /* what fill() lets the table remember, or NULL */

static uint32_t fill(struct xlagg_table *table, const struct table_plan *plan)
{
	struct xlagg_table before = *table;
	uint32_t moved = table_fill(table, plan, home), counted = 0;

	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		counted += port_of(table, b) != port_of(&before, b);
	cr_assert_eq(moved, counted);
	check_even(table, plan);
	if (plan->members > 1)
		check_backups(table, plan);
	before = *table;
	cr_assert_eq(table_fill(table, plan, home), 0, "the same plan again moves nothing");
	cr_assert_arr_eq(&before, table, sizeof(before));
	return moved;
}

Test(table, even_for_every_number_of_ports)
{
	for (uint32_t n = 1; n <= XLAGG_MAX_PORTS; n++) {
		struct table_plan plan = {0};
		struct xlagg_table table;

		table_init(&table);
		for (uint32_t slot = 0; slot < n; slot++)
			add(&plan, XLAGG_MAX_PORTS - 1 - slot, 1);
		cr_assert_eq(fill(&table, &plan), XLAGG_BUCKETS);
		cr_assert_eq(table.count, n);
		cr_assert_eq(table.order[0], XLAGG_MAX_PORTS - 1);
	}
}

Test(table, leaving_moves_only_its_own_buckets)
{
	for (uint32_t n = 2; n <= XLAGG_MAX_PORTS; n++) {
		for (uint32_t gone = 0; gone < n; gone++) {
			struct table_plan plan = {0};
			struct xlagg_table table, before;

			table_init(&table);
			for (uint32_t slot = 0; slot < n; slot++)
				add(&plan, slot, 1);
			fill(&table, &plan);
			before = table;
			del(&plan, gone);
			cr_assert_eq(fill(&table, &plan), table_share(&before, gone));
			for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
				cr_assert(port_of(&before, b) == gone || port_of(&before, b) == port_of(&table, b));
		}
	}
}

Test(table, leaving_moves_buckets_to_their_backups)
{
	struct table_plan plan = {0};
	struct xlagg_table table, before;
	uint32_t elsewhere = 0;

	table_init(&table);
	for (uint32_t slot = 0; slot < 5; slot++)
		add(&plan, slot, 1 + slot % 2);
	fill(&table, &plan);
	before = table;
	del(&plan, 3);
	fill(&table, &plan);
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		elsewhere += port_of(&before, b) == 3 && port_of(&table, b) != backup_of(&before, b);
	cr_assert_leq(elsewhere, 4, "%u flows move a second time", elsewhere);
}

Test(table, joining_takes_no_more_than_its_share)
{
	for (uint32_t n = 1; n < XLAGG_MAX_PORTS; n++) {
		struct table_plan plan = {0};
		struct xlagg_table table, before;

		table_init(&table);
		for (uint32_t slot = 0; slot < n; slot++)
			add(&plan, slot, 1);
		fill(&table, &plan);
		before = table;
		add(&plan, n, 1);
		cr_assert_eq(fill(&table, &plan), table_share(&table, n));
		for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
			cr_assert(port_of(&table, b) == n || port_of(&before, b) == port_of(&table, b));
	}
}

/* A port that comes back gets the buckets that it had. */
Test(table, what_left_with_a_port_comes_back_with_it)
{
	for (uint32_t n = 2; n <= XLAGG_MAX_PORTS; n *= 2) {
		struct table_plan plan = {0}, all;
		struct xlagg_table table, before;
		uint8_t homes[XLAGG_BUCKETS];

		home = memset(homes, XLAGG_NO_PORT, sizeof(homes));
		table_init(&table);
		for (uint32_t slot = 0; slot < n; slot++)
			add(&plan, slot, 1);
		fill(&table, &plan);
		before = table;
		all = plan;
		for (uint32_t slot = 0; slot < n; slot++) {
			plan = all;
			del(&plan, slot);
			cr_assert_eq(fill(&table, &plan), XLAGG_BUCKETS / n);
			cr_assert_eq(fill(&table, &all), XLAGG_BUCKETS / n);
			for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
				cr_assert_eq(port_of(&table, b), port_of(&before, b), "%u ports, bucket %u", n, b);
		}
		if (n < 4)
			continue;
		/* two are away at a time, and come back in either order; shares that are no whole numbers cost a bucket
		 * a port */
		for (uint32_t last = 0; last < 2; last++) {
			plan = all;
			del(&plan, 0);
			fill(&table, &plan);
			del(&plan, 1);
			fill(&table, &plan);
			plan = all;
			del(&plan, last);
			fill(&table, &plan);
			fill(&table, &all);
			uint32_t strayed = 0;
			for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
				strayed += port_of(&table, b) != port_of(&before, b);
			cr_assert_lt(strayed, n, "%u ports: %u buckets did not come back", n, strayed);
		}
	}
}

Test(table, weights_are_proportions)
{
	struct table_plan plan = {0};
	struct xlagg_table table;

	table_init(&table);
	add(&plan, 0, 255);
	add(&plan, 1, 1);
	fill(&table, &plan);
	cr_assert_eq(table_share(&table, 1), 4);
	plan.member[1].weight = 255;
	cr_assert_eq(fill(&table, &plan), 508);
	plan.member[0].weight = 255ull * 400000;
	plan.member[1].weight = 255ull * 100000;
	fill(&table, &plan);
	cr_assert_eq(table_share(&table, 0) / 4, 204);
}

/*
 * The smallest number of moves that evenness allows: buckets beyond the greatest share that a port may have, or without
 * a port.
 */
static uint32_t least_moves(const struct xlagg_table *before, const struct table_plan *plan)
{
	uint64_t total = total_weight(plan);
	uint32_t staying = 0, missing = 0;

	for (uint32_t i = 0; i < plan->members; i++) {
		uint64_t exact = XLAGG_BUCKETS * plan->member[i].weight;
		uint32_t most = (uint32_t)((exact + total - 1) / total), least = (uint32_t)(exact / total);
		uint32_t have = table_share(before, plan->member[i].slot);

		staying += have < most ? have : most;
		missing += have < least ? least - have : 0;
	}
	return XLAGG_BUCKETS - staying > missing ? XLAGG_BUCKETS - staying : missing;
}

Test(table, random_changes_move_as_little_as_possible)
{
	struct table_plan plan = {0};
	struct xlagg_table table;
	bool in[XLAGG_MAX_PORTS] = {false};
	uint8_t homes[XLAGG_BUCKETS];

	srandom(1);
	home = memset(homes, XLAGG_NO_PORT, sizeof(homes));
	table_init(&table);
	for (uint32_t step = 0; step < 3000; step++) {
		uint32_t slot = (uint32_t)random() % XLAGG_MAX_PORTS, least;

		if (!in[slot])
			add(&plan, slot, 1 + (uint32_t)random() % 255);
		else if (random() % 3 && plan.members > 1)
			del(&plan, slot);
		else
			for (uint32_t i = 0; i < plan.members; i++)
				if (plan.member[i].slot == slot)
					plan.member[i].weight = 1 + (uint32_t)random() % 255;
		in[slot] = false;
		for (uint32_t i = 0; i < plan.members; i++)
			in[slot] |= plan.member[i].slot == slot;
		least = least_moves(&table, &plan);
		cr_assert_eq(fill(&table, &plan), least, "step %u", step);
	}
}

Test(table, deterministic)
{
	struct table_plan plan = {0};
	struct xlagg_table a, b;

	for (uint32_t slot = 0; slot < 7; slot++)
		add(&plan, slot, slot + 1);
	table_init(&a);
	table_init(&b);
	table_fill(&a, &plan, NULL);
	table_fill(&b, &plan, NULL);
	cr_assert_arr_eq(&a, &b, sizeof(a));
}

Test(table, no_port)
{
	struct table_plan plan = {0};
	struct xlagg_table table, empty;

	table_init(&table);
	table_init(&empty);
	add(&plan, 3, 1);
	table_fill(&table, &plan, NULL);
	cr_assert_eq(table.bucket[0], 3 | XLAGG_NO_PORT << 8, "one port has no backup");
	del(&plan, 3);
	cr_assert_eq(table_fill(&table, &plan, NULL), XLAGG_BUCKETS);
	cr_assert_arr_eq(&table, &empty, sizeof(table));
}

Test(table, single_leads_to_the_first)
{
	struct table_plan plan = {.single = 1};
	struct xlagg_table table;

	table_init(&table);
	for (uint32_t slot = 0; slot < 3; slot++)
		add(&plan, 2 - slot, 1);
	table_fill(&table, &plan, NULL);
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		cr_assert_eq(table.bucket[b], 2 | 1 << 8);
	plan.member[1].live = 0;
	table_fill(&table, &plan, NULL);
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		cr_assert_eq(table.bucket[b], 2 | 0 << 8, "a dead port is no backup");
}

Test(table, backups_stay_while_their_port_is_away)
{
	struct table_plan plan = {0};
	struct xlagg_table table, before;

	table_init(&table);
	for (uint32_t slot = 0; slot < 4; slot++)
		add(&plan, slot, 1);
	fill(&table, &plan);
	before = table;
	plan.member[1].live = 0;
	table_fill(&table, &plan, NULL);
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++) {
		cr_assert_neq(backup_of(&table, b), 1);
		if (port_of(&table, b) == 1)
			cr_assert_eq(backup_of(&table, b), backup_of(&before, b), "its flows are there now");
	}
}

Test(table, adopted_from_anything)
{
	struct xlagg_table from, table;
	struct table_plan plan = {0};

	srandom(2);
	for (uint32_t i = 0; i < 200; i++) {
		for (uint32_t octet = 0; octet < sizeof(from); octet++)
			((uint8_t *)&from)[octet] = (uint8_t)random() % 40;
		from.count = i;
		uint32_t slots = table_adopt(&table, &from);

		cr_assert_eq(table.count, __builtin_popcount(slots), "each slot once");
		for (uint32_t k = 0; k < table.count; k++)
			cr_assert(table.order[k] < XLAGG_MAX_PORTS && slots & 1u << table.order[k]);
		plan = (struct table_plan){0};
		for (uint32_t slot = 0; slot < 1 + i % XLAGG_MAX_PORTS; slot++)
			add(&plan, slot, 1);
		fill(&table, &plan);
	}
}
