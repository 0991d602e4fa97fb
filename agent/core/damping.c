/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Flap damping with the figures that routers use for interfaces: a loss (of the link, and in LACP of the partner or its
 * Sync) costs 1000, the penalty halves every 5 s, a
 * port whose penalty exceeds 2000 is held back until it is below 1000 again, and never for longer than 20 s after its
 * last loss.
 */
#include "core/internal.h"

#define LOSS 1000u
#define SUPPRESS 2000u
#define REUSE 1000u
#define HALF_LIFE (5 * NSEC_PER_SEC)
#define MAX_PENALTY (REUSE << 4) /* falls to REUSE within four half-lives */
#define STEPS 16u		 /* steps per half-life in which the penalty falls */

/* 2^(-i/STEPS) in units of 2^-16. */
static const uint32_t fraction[STEPS] = {65536, 62757, 60097, 57549, 55109, 52773, 50535, 48393,
					 46341, 44376, 42495, 40693, 38968, 37316, 35734, 34219};

static uint32_t after_steps(uint32_t penalty, uint64_t steps)
{
	uint64_t halves = steps / STEPS;

	if (halves >= 32)
		return 0;
	return (uint32_t)(((uint64_t)(penalty >> halves) * fraction[steps % STEPS]) >> 16);
}

uint32_t damping_penalty(const struct damping *damping, uint64_t now)
{
	return now <= damping->at ? damping->penalty
				  : after_steps(damping->penalty, (now - damping->at) / (HALF_LIFE / STEPS));
}

void damping_lost(struct damping *damping, uint64_t now)
{
	uint32_t penalty = damping_penalty(damping, now) + LOSS;

	damping->penalty = penalty < MAX_PENALTY ? penalty : MAX_PENALTY;
	damping->at = now;
	if (damping->penalty > SUPPRESS)
		damping->suppressed = true;
}

void damping_settle(struct damping *damping, uint64_t now)
{
	if (damping->suppressed && damping_penalty(damping, now) < REUSE)
		damping->suppressed = false;
}

uint64_t damping_reuse(const struct damping *damping)
{
	uint64_t steps = 0;

	while (after_steps(damping->penalty, steps) >= REUSE)
		steps++;
	return damping->at + steps * (HALF_LIFE / STEPS);
}
