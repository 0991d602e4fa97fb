/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Actor and Partner Churn machines: 802.1AX-2014 6.4.17, Figures 6-23 and 6-24. The two differ only in whose Sync they
 * watch.
 */
#include "core/lacp/machine.h"

static void monitor(enum xlagg_lacp_churn *state, uint64_t *timer, uint64_t now)
{
	*state = XLAGG_CHURN_MONITOR;
	*timer = now + LACP_CHURN_DETECTION_TIME;
}

static void watch(enum xlagg_lacp_churn *state, uint64_t *timer, uint64_t *churns, bool sync, uint64_t now)
{
	if (sync) {
		*state = XLAGG_CHURN_NONE;
		*timer = CORE_NEVER;
	} else if (*state == XLAGG_CHURN_NONE) {
		monitor(state, timer, now);
	} else if (*state == XLAGG_CHURN_MONITOR && lacp_expired(*timer, now)) {
		*state = XLAGG_CHURN_CHURN;
		*timer = CORE_NEVER;
		++*churns;
	}
}

void lacp_churn_begin(struct lacp_port *p)
{
	p->actor_churn = p->partner_churn = XLAGG_CHURN_MONITOR;
	p->actor_churn_timer = p->partner_churn_timer = CORE_NEVER;
}

void lacp_churn(struct lacp_port *p, uint64_t now)
{
	if (!p->enabled) {
		lacp_churn_begin(p);
		return;
	}
	/* While the port was disabled both timers were restarted all the time. Now they run. */
	if (p->actor_churn == XLAGG_CHURN_MONITOR && p->actor_churn_timer == CORE_NEVER)
		monitor(&p->actor_churn, &p->actor_churn_timer, now);
	if (p->partner_churn == XLAGG_CHURN_MONITOR && p->partner_churn_timer == CORE_NEVER)
		monitor(&p->partner_churn, &p->partner_churn_timer, now);
	watch(&p->actor_churn, &p->actor_churn_timer, &p->counters.actor_churns, lacp_has(&p->actor, XLAGG_STATE_SYNC),
	      now);
	watch(&p->partner_churn, &p->partner_churn_timer, &p->counters.partner_churns,
	      lacp_has(&p->partner, XLAGG_STATE_SYNC), now);
}
