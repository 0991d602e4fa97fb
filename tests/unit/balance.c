/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Option balance adaptive: the solver, what the core makes of it, and how it does with traffic of many sizes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"
#include "unit/core_rig.h"

#define RATE 1000000u /* octets a second of a flow in these tests */

/* --- the solver --- */

static void problem_init(struct balance_problem *problem, uint32_t ports)
{
	memset(problem, 0, sizeof(*problem));
	problem->ports = ports;
	problem->threshold = 10;
	for (uint32_t p = 0; p < ports; p++) {
		problem->slot[p] = (uint8_t)(p + 3);
		problem->weight[p] = 1;
	}
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		problem->owner[i] = problem->slot[i % ports];
}

static uint64_t load_of(const struct balance_problem *problem, uint32_t port)
{
	uint64_t load = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (problem->owner[i] == problem->slot[port])
			load += problem->load[i];
	return load;
}

static uint64_t max_load(const struct balance_problem *problem)
{
	uint64_t max = 0;

	for (uint32_t p = 0; p < problem->ports; p++)
		if (load_of(problem, p) > max)
			max = load_of(problem, p);
	return max;
}

Test(balance, even_ports_are_left_alone)
{
	struct balance_problem problem, before;

	problem_init(&problem, 4);
	cr_assert_eq(balance_solve(&problem), 0, "no load at all");
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		problem.load[i] = RATE;
	before = problem;
	cr_assert_eq(balance_solve(&problem), 0);
	cr_assert_arr_eq(problem.owner, before.owner, sizeof(problem.owner));
}

Test(balance, within_the_threshold_nothing_moves)
{
	struct balance_problem problem;

	problem_init(&problem, 2);
	problem.load[0] = problem.load[2] = 54 * RATE;
	problem.load[1] = problem.load[3] = 46 * RATE;
	cr_assert_eq(balance_solve(&problem), 0, "8 %% above its share");
	problem.load[0] = 62 * RATE;
	problem.load[4] = 6 * RATE;
	cr_assert_eq(balance_solve(&problem), 1);
	cr_assert_eq(problem.owner[4], problem.slot[1], "the bucket that fits best");
}

Test(balance, one_move_where_one_will_do)
{
	struct balance_problem problem;

	problem_init(&problem, 2);
	for (uint32_t i = 0; i < 8; i++)
		problem.load[2 * i] = RATE; /* eight on the first port */
	problem.load[16] = 8 * RATE;	    /* and a large one */
	cr_assert_eq(balance_solve(&problem), 1);
	cr_assert_eq(load_of(&problem, 0), 8 * RATE);
	cr_assert_eq(load_of(&problem, 1), 8 * RATE);
}

Test(balance, two_buckets_change_places)
{
	struct balance_problem problem;

	problem_init(&problem, 2);
	problem.load[0] = problem.load[2] = 60 * RATE;
	problem.load[1] = problem.load[3] = 40 * RATE;
	cr_assert_eq(balance_solve(&problem), 2);
	cr_assert_eq(load_of(&problem, 0), 100 * RATE);
}

Test(balance, a_bucket_that_rests_stays)
{
	struct balance_problem problem;

	problem_init(&problem, 2);
	problem.load[0] = problem.load[2] = 50 * RATE;
	problem.fixed[0] = true;
	cr_assert_eq(balance_solve(&problem), 1);
	cr_assert_eq(problem.owner[0], problem.slot[0]);
	cr_assert_eq(problem.owner[2], problem.slot[1]);
	problem_init(&problem, 2);
	problem.load[0] = problem.load[2] = 50 * RATE;
	problem.fixed[0] = problem.fixed[2] = true;
	cr_assert_eq(balance_solve(&problem), 0);
}

Test(balance, shares_go_by_weight)
{
	struct balance_problem problem;

	problem_init(&problem, 2);
	problem.weight[0] = 3000000000ull * 255; /* weights are speed times weight: large numbers */
	problem.weight[1] = 1000000000ull * 255;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		problem.load[i] = 1ull << 40;
	cr_assert_gt(balance_solve(&problem), 200);
	cr_assert_leq(load_of(&problem, 1) * 100, 110 * 256 * (1ull << 40));
	cr_assert_leq(load_of(&problem, 0) * 100, 110 * 768 * (1ull << 40));
}

/* A flow that is more than a port's share alone: everything else leaves its port, and then there is rest. */
Test(balance, an_elephant_gets_a_port_of_its_own)
{
	struct balance_problem problem;

	problem_init(&problem, 4);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		problem.load[i] = RATE;
	problem.load[0] = 1000 * RATE;
	cr_assert_gt(balance_solve(&problem), 0);
	cr_assert_leq(max_load(&problem), 1005 * RATE);
	for (uint32_t p = 1; p < 4; p++)
		cr_assert_leq(load_of(&problem, p), 360 * RATE);
	cr_assert_eq(balance_solve(&problem), 0);
}

Test(balance, no_ports_or_one)
{
	struct balance_problem problem;
	uint64_t load;

	problem_init(&problem, 1);
	problem.load[0] = RATE;
	cr_assert_eq(balance_solve(&problem), 0);
	cr_assert_eq(balance_fullest(&problem, &load), 100);
	cr_assert_eq(load, RATE);
	problem.ports = 0;
	cr_assert_eq(balance_solve(&problem), 0);
	cr_assert_eq(balance_fullest(&problem, &load), 0);
}

static void give_to_emptiest(struct balance_problem *problem, uint32_t bucket)
{
	uint32_t best = 0;

	problem->owner[bucket] = XLAGG_NO_PORT;
	for (uint32_t p = 1; p < problem->ports; p++)
		if (load_of(problem, p) < load_of(problem, best))
			best = p;
	problem->owner[bucket] = problem->slot[best];
}

static void give_all(struct balance_problem *problem)
{
	bool given[XLAGG_BUCKETS] = {false};

	memset(problem->owner, XLAGG_NO_PORT, sizeof(problem->owner));
	for (uint32_t n = 0; n < XLAGG_BUCKETS; n++) {
		uint32_t largest = XLAGG_BUCKETS;

		for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
			if (!given[i] && (largest == XLAGG_BUCKETS || problem->load[i] > problem->load[largest]))
				largest = i;
		given[largest] = true;
		if (problem->load[largest] == 0)
			return;
		give_to_emptiest(problem, largest);
	}
}

/* The best assignment that a search without regard to moves finds: the largest first to the emptiest port, and then
 * random exchanges as long as they help. */
static uint64_t searched(const struct balance_problem *problem, unsigned int *seed)
{
	struct balance_problem p = *problem;
	uint64_t best;

	give_all(&p);
	best = max_load(&p);
	for (int i = 0; i < 2000; i++) {
		uint32_t a = (uint32_t)rand_r(seed) % XLAGG_BUCKETS, b = (uint32_t)rand_r(seed) % XLAGG_BUCKETS;
		uint8_t owner = p.owner[a];

		if (owner == XLAGG_NO_PORT || p.owner[b] == XLAGG_NO_PORT)
			continue;
		p.owner[a] = p.owner[b];
		p.owner[b] = owner;
		if (max_load(&p) <= best) {
			best = max_load(&p);
			continue;
		}
		p.owner[b] = p.owner[a];
		p.owner[a] = owner;
	}
	return best;
}

/* A size from a Pareto distribution, as flows in data centres have: few of them carry most. */
static uint64_t heavy_tailed(unsigned int *seed, double shape)
{
	double u = ((double)rand_r(seed) + 1) / ((double)RAND_MAX + 2);

	return (uint64_t)(1000 / pow(u, 1 / shape));
}

Test(balance, close_to_the_best_assignment)
{
	static const double shapes[] = {1.05, 1.2, 1.5, 3};
	unsigned int seed = 20260101;

	for (uint32_t round = 0; round < 12; round++) {
		struct balance_problem problem;
		uint64_t best;

		problem_init(&problem, 2 + round % 7);
		for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
			if (rand_r(&seed) % 100 < (int)(4 + 8 * round))
				problem.load[i] = heavy_tailed(&seed, shapes[round % 4]);
		best = searched(&problem, &seed);
		balance_solve(&problem);
		cr_assert_leq((double)max_load(&problem), 1.1 * (double)best, "round %u: %lu, best %lu", round,
			      max_load(&problem), best);
	}
}

/* --- the core --- */

/* Traffic of a lagg: what each bucket sends a second, and what it has sent. */
struct traffic {
	uint64_t rate[XLAGG_BUCKETS], bytes[XLAGG_BUCKETS];
};

static struct rig *adaptive(enum xlagg_proto proto, uint32_t ports)
{
	struct rig *rig = rig_new(proto, ports);

	rig->conf.balance = XLAGG_BALANCE_ADAPTIVE;
	rig_set(rig);
	return rig;
}

static void answer(struct rig *rig, const struct traffic *traffic)
{
	rig->fx.count = 0;
	core_loads(rig->core, (RIG_START + rig->ms) * RIG_MS, traffic->bytes, &rig->fx);
	rig_log(rig);
}

/* Lets intervals pass. The core is told what was sent when it asks. */
static void intervals(struct rig *rig, struct traffic *traffic, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		uint32_t asked = rig_count(rig, CORE_LOADS);

		rig_until(rig, rig->ms + rig->conf.balance_interval * 1000);
		cr_assert_eq(rig_count(rig, CORE_LOADS), asked + 1);
		for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
			traffic->bytes[i] += traffic->rate[i] * rig->conf.balance_interval;
		answer(rig, traffic);
	}
}

static double fullest_of(struct rig *rig, const struct traffic *traffic, uint32_t ports)
{
	const struct xlagg_table *table = &core_output(rig->core)->table;
	uint64_t load[XLAGG_MAX_PORTS] = {0}, total = 0, max = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		load[table->bucket[i] & 0xff] += traffic->rate[i];
		total += traffic->rate[i];
	}
	for (uint32_t p = 0; p < ports; p++)
		if (load[p] > max)
			max = load[p];
	return (double)max * ports / (double)total;
}

/* Flows of equal rate in buckets of which the first port has more than its part. */
static void crowd(struct rig *rig, struct traffic *traffic, uint32_t flows, uint32_t on_first)
{
	const struct xlagg_table *table = &core_output(rig->core)->table;
	uint32_t first = 0, others = 0;

	memset(traffic, 0, sizeof(*traffic));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		bool is_first = (table->bucket[i] & 0xff) == 0;

		if (is_first ? first == on_first : others == flows - on_first)
			continue;
		traffic->rate[i] = RATE;
		first += is_first;
		others += !is_first;
	}
}

Test(balance, uneven_flows_become_even)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	struct traffic traffic;

	crowd(rig, &traffic, 64, 28);
	answer(rig, &traffic);
	cr_assert_gt(fullest_of(rig, &traffic, 4), 1.6);
	intervals(rig, &traffic, 10);
	cr_assert_leq(fullest_of(rig, &traffic, 4), 1.15);
	rig_free(rig);
}

Test(balance, steady_traffic_comes_to_rest)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	struct traffic traffic;
	uint32_t told, moved;

	crowd(rig, &traffic, 64, 28);
	answer(rig, &traffic);
	intervals(rig, &traffic, 5);
	told = rig_events(rig, XLAGG_EVENT_BALANCE);
	moved = rig_count(rig, CORE_PUBLISH);
	cr_assert_gt(told, 0);
	intervals(rig, &traffic, 50);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_BALANCE), told);
	cr_assert_eq(rig_count(rig, CORE_PUBLISH), moved);
	rig_free(rig);
}

Test(balance, a_trickle_moves_nothing)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 2);
	struct traffic traffic = {0};

	traffic.rate[0] = traffic.rate[2] = 40000; /* together less than 1 Mb/s */
	answer(rig, &traffic);
	intervals(rig, &traffic, 5);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_BALANCE), 0);
	rig_free(rig);
}

/* Load that changes all the time: no bucket moves twice within three intervals. */
Test(balance, buckets_rest_after_a_move)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	struct traffic traffic = {0};
	uint32_t last[XLAGG_BUCKETS] = {0}, moves = 0;
	unsigned int seed = 4711;

	answer(rig, &traffic);
	for (uint32_t n = 1; n <= 200; n++) {
		struct xlagg_table before = core_output(rig->core)->table;

		for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
			traffic.rate[i] = rand_r(&seed) % 20 == 0 ? heavy_tailed(&seed, 1.1) * 10 : traffic.rate[i] / 2;
		intervals(rig, &traffic, 1);
		rig_forget(rig);
		for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
			if ((before.bucket[i] & 0xff) == (core_output(rig->core)->table.bucket[i] & 0xff))
				continue;
			cr_assert(last[i] == 0 || n - last[i] > 3, "bucket %u in intervals %u and %u", i, last[i], n);
			last[i] = n;
			moves++;
		}
	}
	cr_assert_gt(moves, 0);
	rig_free(rig);
}

Test(balance, a_lost_port_moves_its_buckets_alone_and_gets_them_back)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	const struct xlagg_table *table = &core_output(rig->core)->table;
	struct xlagg_table balanced;
	struct traffic traffic;

	crowd(rig, &traffic, 64, 28);
	answer(rig, &traffic);
	intervals(rig, &traffic, 5);
	balanced = *table;
	rig_carrier(rig, 2, false);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint8_t was = (uint8_t)balanced.bucket[i], is = (uint8_t)table->bucket[i];

		cr_assert(was == 2 ? is == balanced.bucket[i] >> 8 : is == was, "bucket %u: %u, was %u", i, is, was);
	}
	rig_carrier(rig, 2, true);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		cr_assert_eq((uint8_t)table->bucket[i], (uint8_t)balanced.bucket[i], "bucket %u", i);
	rig_free(rig);
}

Test(balance, a_new_port_gets_its_part)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 3);

	rig_add(rig, 3);
	rig_carrier(rig, 3, true);
	cr_assert_eq(rig_buckets(rig, 3), 256);
	rig_free(rig);
}

Test(balance, static_again_counts_buckets_again)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	struct traffic traffic;

	crowd(rig, &traffic, 64, 28);
	answer(rig, &traffic);
	intervals(rig, &traffic, 3);
	cr_assert_neq(rig_buckets(rig, 0), 256);
	rig->conf.balance = XLAGG_BALANCE_STATIC;
	rig_set(rig);
	for (uint32_t slot = 0; slot < 4; slot++)
		cr_assert_eq(rig_buckets(rig, slot), 256);
	rig_until(rig, rig->ms + 100); /* the buckets are on their way */
	cr_assert_eq(rig_deadline(rig), UINT32_MAX);
	rig_free(rig);
}

Test(balance, a_step_by_command)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 4);
	uint64_t now = (RIG_START + rig->ms) * RIG_MS;
	struct traffic traffic;

	crowd(rig, &traffic, 64, 28);
	cr_assert_eq(core_balance(rig->core, now, &rig->fx), -EAGAIN, "the core was told nothing yet");
	answer(rig, &traffic);
	cr_assert_eq(core_balance(rig->core, now, &rig->fx), -EAGAIN, "in no time nothing is sent");
	rig_until(rig, rig->ms + 2000);
	now = (RIG_START + rig->ms) * RIG_MS;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		traffic.bytes[i] = 2 * traffic.rate[i];
	rig->fx.count = 0;
	cr_assert_eq(core_balance(rig->core, now, &rig->fx), 0);
	cr_assert_eq(rig->fx.count, 1);
	cr_assert_eq(rig->fx.list[0].kind, CORE_LOADS);
	answer(rig, &traffic);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_BALANCE), 1);
	cr_assert_leq(fullest_of(rig, &traffic, 4), 1.15);
	rig_free(rig);
}

Test(balance, only_where_flows_decide)
{
	static const enum xlagg_proto protos[] = {XLAGG_PROTO_FAILOVER, XLAGG_PROTO_ROUNDROBIN, XLAGG_PROTO_BROADCAST,
						  XLAGG_PROTO_NONE};

	for (uint32_t p = 0; p < 4; p++) {
		struct rig *rig = adaptive(protos[p], 2);

		cr_assert_eq(rig_count(rig, CORE_LOADS), 0);
		cr_assert_eq(rig_deadline(rig), UINT32_MAX);
		cr_assert_eq(core_balance(rig->core, 1, &rig->fx), -EOPNOTSUPP);
		rig_free(rig);
	}
}

/* Counters that begin anew, as after a change of the programs. */
Test(balance, counters_that_start_over)
{
	struct rig *rig = adaptive(XLAGG_PROTO_LOADBALANCE, 2);
	struct traffic traffic = {0};

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		traffic.bytes[i] = 1ull << 50;
	answer(rig, &traffic);
	memset(&traffic, 0, sizeof(traffic));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		traffic.rate[i] = RATE;
	intervals(rig, &traffic, 3);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_BALANCE), 0);
	rig_free(rig);
}
