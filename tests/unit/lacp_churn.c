/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Actor and Partner Churn machines: 802.1AX-2014 6.4.17, Figures 6-23 and 6-24. */
#include "unit/lacp_fixture.h"

static struct lacp_port *p;

static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_add(0);
	p->enabled = true;
	p->actor.state = p->partner.state = 0;
}

TestSuite(lacp_churn, .init = begin);

/* Each test runs for both machines: `end` is the end whose Sync the machine watches. */
struct machine {
	struct xlagg_lacp_end *end;
	enum xlagg_lacp_churn *state;
	uint64_t *timer, *churns;
};

static struct machine machine(int n)
{
	if (n == 0)
		return (struct machine){&p->actor, &p->actor_churn, &p->actor_churn_timer, &p->counters.actor_churns};
	return (struct machine){&p->partner, &p->partner_churn, &p->partner_churn_timer, &p->counters.partner_churns};
}

Test(lacp_churn, begin_enters_monitor)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		*m.state = XLAGG_CHURN_CHURN;
		lacp_churn_begin(p);
		cr_assert_eq(*m.state, XLAGG_CHURN_MONITOR);
	}
}

Test(lacp_churn, any_to_monitor_when_the_port_is_not_enabled)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		*m.state = XLAGG_CHURN_CHURN;
		p->enabled = false;
		lacp_churn(p, now);
		cr_assert_eq(*m.state, XLAGG_CHURN_MONITOR);
		p->enabled = true;
		lacp_churn(p, now);
		cr_assert_eq(*m.timer, now + 60 * SECOND, "the timer runs from when the port is enabled");
	}
}

Test(lacp_churn, monitor_to_no_churn_on_sync)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		lacp_churn(p, now);
		cr_assert_eq(*m.state, XLAGG_CHURN_MONITOR);
		m.end->state = XLAGG_STATE_SYNC;
		lacp_churn(p, now);
		cr_assert_eq(*m.state, XLAGG_CHURN_NONE);
		cr_assert_eq(*m.timer, CORE_NEVER);
	}
}

Test(lacp_churn, monitor_to_churn_at_the_edge_of_the_timer)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		lacp_churn_begin(p);
		lacp_churn(p, now);
		lacp_churn(p, now + 60 * SECOND - 1);
		cr_assert_eq(*m.state, XLAGG_CHURN_MONITOR);
		cr_assert_eq(*m.churns, 0);
		*m.timer = now + 60 * SECOND;
		lacp_churn(p, now + 60 * SECOND);
		cr_assert_eq(*m.state, XLAGG_CHURN_CHURN);
		cr_assert_eq(*m.churns, 1);
		*m.churns = p->counters.partner_churns = 0;
	}
}

Test(lacp_churn, churn_to_no_churn_on_sync)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		*m.state = XLAGG_CHURN_CHURN;
		m.end->state = XLAGG_STATE_SYNC;
		lacp_churn(p, now);
		cr_assert_eq(*m.state, XLAGG_CHURN_NONE);
	}
}

Test(lacp_churn, no_churn_to_monitor_when_sync_is_lost)
{
	for (int n = 0; n < 2; n++) {
		struct machine m = machine(n);

		*m.state = XLAGG_CHURN_NONE;
		lacp_churn(p, now);
		cr_assert_eq(*m.state, XLAGG_CHURN_MONITOR);
		cr_assert_eq(*m.timer, now + 60 * SECOND);
	}
}

Test(lacp_churn, no_monitoring_for_60_s_after_a_good_negotiation)
{
	fixture_link(0, 10000);
	fixture_join(0);
	cr_assert_eq(p->actor_churn, XLAGG_CHURN_NONE);
	cr_assert_eq(p->partner_churn, XLAGG_CHURN_NONE);
}

Test(lacp_churn, partner_that_is_never_in_sync_churns_once)
{
	fixture_link(0, 10000);
	for (int i = 0; i < 200; i++) {
		fixture_hear(0, 0);
		fixture_pass(SECOND);
	}
	cr_assert_eq(p->partner_churn, XLAGG_CHURN_CHURN);
	cr_assert_eq(p->actor_churn, XLAGG_CHURN_NONE);
	cr_assert_eq(p->counters.partner_churns, 1);
}
