/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Which buckets move to which ports so that the fullest port, compared with its share, is less full: as few as can be.
 * Again and again the fullest port gives the emptiest one the bucket that leaves both most alike, or, where buckets are
 * too coarse for that, exchanges one for a smaller one. Loads are only compared, so they may be in any unit.
 */
#include <string.h>

#include "core/internal.h"

#define PERCENT 100u
#define NEGLIGIBLE 4096u /* a bucket that has less than that part of a port's share is not worth a move */

/* The problem in numbers small enough that the product of two of them fits in 64 bits. */
struct scales {
	uint32_t ports;
	uint8_t index[UINT8_MAX + 1];	 /* by slot: of the port; `ports`: none of these */
	uint32_t load[XLAGG_BUCKETS];	 /* of each bucket */
	uint64_t has[XLAGG_MAX_PORTS];	 /* load of each port */
	uint64_t share[XLAGG_MAX_PORTS]; /* what it would have if all were even, at least 1 */
};

/* One change: a bucket goes from the fullest to the emptiest port, and perhaps another the other way. */
struct change {
	uint32_t give, take; /* buckets; XLAGG_BUCKETS: none */
	uint64_t off;	     /* how far it is from what would make both ports even */
};

static uint64_t total_load(const struct balance_problem *problem)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		total += problem->load[i];
	return total;
}

static uint32_t bits_above(uint64_t value, uint32_t bits)
{
	uint32_t shift = 0;

	while (value >> shift >> bits)
		shift++;
	return shift;
}

/* Loads are scaled so that their sum fits in 31 bits, and so are weights. Buckets that belong to none of the ports do
 * not count. */
static void make_scales(const struct balance_problem *problem, struct scales *ret)
{
	uint32_t shift = bits_above(total_load(problem), 31), weight_shift;
	uint64_t total = 0, weights = 0;

	memset(ret, 0, sizeof(*ret));
	ret->ports = problem->ports;
	memset(ret->index, (int)problem->ports, sizeof(ret->index));
	for (uint32_t p = 0; p < problem->ports; p++) {
		ret->index[problem->slot[p]] = (uint8_t)p;
		weights += problem->weight[p];
	}
	weight_shift = bits_above(weights, 31);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t port = ret->index[problem->owner[i]];

		ret->load[i] = (uint32_t)(problem->load[i] >> shift);
		if (port == ret->ports)
			continue;
		ret->has[port] += ret->load[i];
		total += ret->load[i];
	}
	for (uint32_t p = 0; p < problem->ports; p++) {
		ret->share[p] = total * (problem->weight[p] >> weight_shift) / (weights >> weight_shift);
		if (!ret->share[p])
			ret->share[p] = 1;
	}
}

/* Whether port a is fuller than b for its share. */
static bool is_fuller(const struct scales *s, uint32_t a, uint32_t b)
{
	return s->has[a] * s->share[b] > s->has[b] * s->share[a];
}

static uint32_t fullest_of(const struct scales *s)
{
	uint32_t best = 0;

	for (uint32_t p = 1; p < s->ports; p++)
		if (is_fuller(s, p, best))
			best = p;
	return best;
}

static uint32_t emptiest_of(const struct scales *s)
{
	uint32_t best = 0;

	for (uint32_t p = 1; p < s->ports; p++)
		if (is_fuller(s, best, p))
			best = p;
	return best;
}

static uint32_t percent(const struct scales *s, uint32_t port)
{
	uint64_t percents = s->has[port] * PERCENT / s->share[port];

	return percents < UINT32_MAX ? (uint32_t)percents : UINT32_MAX;
}

static bool is_above(const struct scales *s, uint32_t port, uint32_t percents)
{
	return s->has[port] * PERCENT > s->share[port] * (PERCENT + percents);
}

/* The load that has to go from `from` to `to` so that both are equally full for their shares. */
static uint64_t wanted(const struct scales *s, uint32_t from, uint32_t to)
{
	uint64_t both = s->share[from] + s->share[to];

	return (s->has[from] * s->share[to] - s->has[to] * s->share[from]) / both;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_movable(const struct balance_problem *problem, const struct scales *s, uint32_t bucket, uint32_t port)
{
	return s->index[problem->owner[bucket]] == port && !problem->fixed[bucket];
}

/* Finds the bucket whose move from `from` to `to` leaves the two most alike. */
static void find_move(const struct balance_problem *problem, const struct scales *s, uint32_t from, uint32_t to,
		      struct change *ret)
{
	uint64_t want = wanted(s, from, to);

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint64_t off = distance(s->load[i], want);

		if (is_movable(problem, s, i, from) && s->load[i] > s->share[from] / NEGLIGIBLE && off < ret->off)
			*ret = (struct change){i, XLAGG_BUCKETS, off};
	}
}

/* Likewise two buckets that change places. */
static void find_exchange(const struct balance_problem *problem, const struct scales *s, uint32_t from, uint32_t to,
			  struct change *ret)
{
	uint64_t want = wanted(s, from, to);

	for (uint32_t a = 0; a < XLAGG_BUCKETS; a++) {
		if (!is_movable(problem, s, a, from) || s->load[a] <= want / 2)
			continue;
		for (uint32_t b = 0; b < XLAGG_BUCKETS; b++) {
			uint64_t gain = s->load[a] > s->load[b] ? s->load[a] - s->load[b] : 0;
			uint64_t off = distance(gain, want);

			if (gain > s->share[from] / NEGLIGIBLE && is_movable(problem, s, b, to) && off < ret->off)
				*ret = (struct change){a, b, off};
		}
	}
}

static void shift_load(struct scales *s, uint32_t from, uint32_t to, uint32_t load)
{
	s->has[from] -= load;
	s->has[to] += load;
}

/* Whether a move is enough for the two ports. */
static bool is_enough(const struct balance_problem *problem, const struct scales *s, const struct change *change,
		      uint32_t from, uint32_t to)
{
	uint64_t load = change->give == XLAGG_BUCKETS ? 0 : s->load[change->give];
	uint64_t most = PERCENT + problem->threshold;

	return load > 0 && (s->has[from] - load) * PERCENT <= s->share[from] * most &&
	       (s->has[to] + load) * PERCENT <= s->share[to] * most;
}

/* Makes one change for the better; false: there is none. A change that leaves the two ports as unequal as they were is
 * none: `off` of no change at all is what is wanted. */
static bool improve(struct balance_problem *problem, struct scales *s, uint32_t from)
{
	uint32_t to = emptiest_of(s);
	uint64_t want = wanted(s, from, to);
	struct change change = {.give = XLAGG_BUCKETS, .take = XLAGG_BUCKETS, .off = want};

	find_move(problem, s, from, to, &change);
	if (!is_enough(problem, s, &change, from, to))
		find_exchange(problem, s, from, to, &change);
	if (change.give == XLAGG_BUCKETS)
		return false;
	problem->owner[change.give] = problem->slot[to];
	shift_load(s, from, to, s->load[change.give]);
	if (change.take == XLAGG_BUCKETS)
		return true;
	problem->owner[change.take] = problem->slot[from];
	shift_load(s, to, from, s->load[change.take]);
	return true;
}

static uint32_t count_moves(const struct balance_problem *problem, const uint8_t before[XLAGG_BUCKETS])
{
	uint32_t moves = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		moves += problem->owner[i] != before[i];
	return moves;
}

uint32_t balance_fullest(const struct balance_problem *problem, uint64_t *load)
{
	struct scales s;
	uint32_t fullest;

	*load = 0;
	if (problem->ports == 0)
		return 0;
	make_scales(problem, &s);
	fullest = fullest_of(&s);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (s.index[problem->owner[i]] == fullest)
			*load += problem->load[i];
	return percent(&s, fullest);
}

uint32_t balance_solve(struct balance_problem *problem)
{
	uint8_t before[XLAGG_BUCKETS];
	struct scales s;
	uint32_t fullest, had, gain = (problem->threshold + 7) / 8;

	if (problem->ports < 2)
		return 0;
	make_scales(problem, &s);
	fullest = fullest_of(&s);
	had = percent(&s, fullest);
	if (!is_above(&s, fullest, problem->threshold))
		return 0;
	memcpy(before, problem->owner, sizeof(before));
	for (uint32_t i = 0; i < XLAGG_BUCKETS && is_above(&s, fullest, problem->threshold); i++) {
		if (!improve(problem, &s, fullest))
			break;
		fullest = fullest_of(&s);
	}
	/* The last move of a chain may be the one that pays, so the gain is judged at the end. */
	if (percent(&s, fullest) + gain > had) {
		memcpy(problem->owner, before, sizeof(before));
		return 0;
	}
	return count_moves(problem, before);
}
