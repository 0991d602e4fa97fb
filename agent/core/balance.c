/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Option balance adaptive: once an interval the load of every bucket is looked at, and if a port carries more than its
 * share by more than the threshold, the fewest buckets move that even this out (balance_solve()). What keeps it from
 * swinging to and fro: one interval counts only half, a bucket that has moved rests, and moves that gain little are not
 * made.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/internal.h"

#define REST_INTERVALS 3	/* a bucket that was moved stays where it is for that many */
#define LEAST_RATE 125000	/* octets a second on the fullest port below which nothing is moved: 1 Mb/s */
#define LEAST_TIME NSEC_PER_SEC /* what was sent in less tells nothing of the load */

bool core_balances(const struct xlagg_lagg_conf *conf)
{
	return conf->balance == XLAGG_BALANCE_ADAPTIVE && xlagg_goes_by_flow(conf->proto);
}

static uint64_t interval_ns(const struct core *core)
{
	return core->conf.balance_interval * NSEC_PER_SEC;
}

void balance_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	struct balance *balance = &core->balance;

	if (!core_balances(&core->conf)) {
		if (balance->next)
			memset(balance, 0, offsetof(struct balance, steps));
		return;
	}
	if (!balance->next)
		balance->next = now; /* the first look only learns where the counters stand */
	if (now < balance->next)
		return;
	balance->next = now + interval_ns(core);
	balance->interval++;
	core_effect(fx, CORE_LOADS, 0);
}

uint64_t balance_deadline(const struct core *core)
{
	return core_balances(&core->conf) ? core->balance.next : CORE_NEVER;
}

int core_balance(struct core *core, uint64_t now, struct core_effects *fx)
{
	struct balance *balance = &core->balance;

	if (!core_balances(&core->conf))
		return -EOPNOTSUPP;
	if (!balance->read_at || (!balance->learned && now - balance->read_at < LEAST_TIME))
		return -EAGAIN;
	core_effect(fx, CORE_LOADS, 0);
	return 0;
}

/* What each bucket sent since the last look, and of the time before that half as much as counted then. */
static void learn(struct balance *balance, const uint64_t bytes[XLAGG_BUCKETS], uint64_t elapsed_ns)
{
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint64_t sent = bytes[i] >= balance->bytes[i] ? bytes[i] - balance->bytes[i] : bytes[i];
		uint64_t rate = sent * 1000 / (elapsed_ns / 1000000 + 1);

		balance->rate[i] = balance->learned ? (balance->rate[i] + rate) / 2 : rate;
	}
	balance->learned = true;
}

static void state_problem(const struct core *core, struct balance_problem *problem)
{
	memset(problem, 0, sizeof(*problem));
	problem->threshold = core->conf.balance_threshold;
	for (uint32_t i = 0; i < core->plan.members; i++) {
		const struct table_member *member = &core->plan.member[i];

		if (!member->live)
			continue;
		problem->slot[problem->ports] = (uint8_t)member->slot;
		problem->weight[problem->ports++] = member->weight;
	}
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint64_t rested = core->balance.interval - core->balance.moved_in[i];

		problem->load[i] = core->balance.rate[i];
		problem->owner[i] = table_port(&core->out.table, i);
		problem->fixed[i] = (core->balance.moved_in[i] && rested <= REST_INTERVALS) || moves_waits(core, i);
	}
}

static void move(struct core *core, uint64_t now, const struct balance_problem *problem, uint32_t moves,
		 uint32_t before, struct core_effects *fx)
{
	const struct xlagg_table table = core->out.table;
	struct xlagg_event *event;
	uint64_t load;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (problem->owner[i] != table_port(&core->out.table, i)) {
			core->balance.moved_in[i] = core->balance.interval;
			core->balance.moves[i]++;
		}
	core->balance.steps++;
	core->balance.moved += moves;
	table_move(&core->out.table, &core->plan, problem->owner, core->home);
	moves_begin(core, now, &table, true);
	core->out.table.generation++;
	core_effect(fx, CORE_PUBLISH, 0);
	event = core_event(fx, XLAGG_EVENT_BALANCE, "");
	event->moved = moves;
	snprintf(event->text, sizeof(event->text),
		 "the fullest port carries %u %% of its share: %u bucket%s move%s, which makes it %u %%", before, moves,
		 moves == 1 ? "" : "s", moves == 1 ? "s" : "", balance_fullest(problem, &load));
}

/* Moves buckets if the ports are not evenly loaded. */
static void step(struct core *core, uint64_t now, struct core_effects *fx)
{
	struct balance_problem problem;
	uint64_t rate;
	uint32_t before, moves;

	state_problem(core, &problem);
	before = core->balance.fullest = balance_fullest(&problem, &rate);
	moves = rate >= LEAST_RATE ? balance_solve(&problem) : 0;
	if (moves > 0)
		move(core, now, &problem, moves, before, fx);
}

void core_loads(struct core *core, uint64_t now, const uint64_t bytes[XLAGG_BUCKETS], struct core_effects *fx)
{
	struct balance *balance = &core->balance;
	bool known = balance->read_at != 0, ripe = now - balance->read_at >= LEAST_TIME;

	if (!core_balances(&core->conf) || core->held)
		return;
	if (known && ripe)
		learn(balance, bytes, now - balance->read_at);
	if (!known || ripe) {
		memcpy(balance->bytes, bytes, sizeof(balance->bytes));
		balance->read_at = now;
	}
	if (balance->learned)
		step(core, now, fx);
}

uint32_t core_bucket_moves(const struct core *core, uint32_t bucket)
{
	return bucket < XLAGG_BUCKETS ? core->balance.moves[bucket] : 0;
}
