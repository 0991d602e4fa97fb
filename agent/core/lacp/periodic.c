/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Periodic Transmission machine: 802.1AX-2014 6.4.13, Figure 6-19. */
#include "core/lacp/machine.h"

/* Returns a time which ports whose LACPDUs are due at about the same time have in common, so that the agent wakes up
 * once for all of them. */
static uint64_t tick_before(uint64_t time)
{
	return time - time % LACP_PERIODIC_TICK;
}

static void enter(struct lacp_port *p, enum lacp_periodic state, uint64_t now)
{
	p->periodic = state;
	switch (state) {
	case LACP_NO_PERIODIC:
		p->periodic_timer = CORE_NEVER;
		break;
	case LACP_FAST_PERIODIC:
		p->periodic_timer = tick_before(now + LACP_FAST_PERIODIC_TIME);
		break;
	case LACP_SLOW_PERIODIC:
		p->periodic_timer = tick_before(now + LACP_SLOW_PERIODIC_TIME);
		break;
	case LACP_PERIODIC_TX:
		p->ntt = true;
		break;
	}
}

void lacp_periodic_begin(struct lacp_port *p)
{
	enter(p, LACP_NO_PERIODIC, 0);
}

/* If either end is active both send, each at the rate that the other asks for. */
static bool may_send(const struct lacp_port *p)
{
	return p->lacp_enabled && p->enabled && ((p->actor.state | p->partner.state) & XLAGG_STATE_ACTIVITY);
}

bool lacp_periodic_step(struct lacp_port *p, uint64_t now)
{
	bool fast = p->partner.state & XLAGG_STATE_TIMEOUT;

	if (!may_send(p)) {
		if (p->periodic == LACP_NO_PERIODIC)
			return false;
		enter(p, LACP_NO_PERIODIC, now);
		return true;
	}
	switch (p->periodic) {
	case LACP_NO_PERIODIC:
		enter(p, LACP_FAST_PERIODIC, now);
		return true;
	case LACP_FAST_PERIODIC:
		if (lacp_expired(p->periodic_timer, now))
			enter(p, LACP_PERIODIC_TX, now);
		else if (!fast)
			enter(p, LACP_SLOW_PERIODIC, now);
		else
			return false;
		return true;
	case LACP_SLOW_PERIODIC:
		if (!lacp_expired(p->periodic_timer, now) && !fast)
			return false;
		enter(p, LACP_PERIODIC_TX, now);
		return true;
	case LACP_PERIODIC_TX:
		enter(p, fast ? LACP_FAST_PERIODIC : LACP_SLOW_PERIODIC, now);
		return true;
	}
	return false;
}
