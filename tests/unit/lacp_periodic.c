/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Periodic Transmission machine: 802.1AX-2014 6.4.13, Figure 6-19. */
#include <inttypes.h>

#include "unit/lacp_fixture.h"

static struct lacp_port *p;

static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_add(0);
	p->enabled = true;
	p->ntt = false;
	p->partner = fixture_partner(0);
}

TestSuite(lacp_periodic, .init = begin);

static void partner_asks(bool fast)
{
	lacp_put(&p->partner, XLAGG_STATE_TIMEOUT, fast);
}

static void enter(enum lacp_periodic state, uint64_t timer)
{
	p->periodic = state;
	p->periodic_timer = timer;
	p->ntt = false;
}

static void expect(enum lacp_periodic state)
{
	cr_assert(lacp_periodic_step(p, now));
	cr_assert_eq(p->periodic, state, "it is in %d", p->periodic);
}

Test(lacp_periodic, begin_enters_no_periodic)
{
	enter(LACP_FAST_PERIODIC, now);
	lacp_periodic_begin(p);
	cr_assert_eq(p->periodic, LACP_NO_PERIODIC);
	cr_assert_eq(p->periodic_timer, CORE_NEVER);
}

Test(lacp_periodic, no_periodic_to_fast_periodic_uct)
{
	partner_asks(false);
	enter(LACP_NO_PERIODIC, CORE_NEVER);
	expect(LACP_FAST_PERIODIC);
	cr_assert_eq(p->periodic_timer, now + SECOND);
	cr_assert_not(p->ntt);
}

/* A period later, or up to a tick earlier. */
static void expect_due(uint64_t late, enum lacp_periodic state, uint64_t period, uint64_t due)
{
	now = 1000 * SECOND + late;
	enter(LACP_PERIODIC_TX, CORE_NEVER);
	expect(state);
	cr_assert_eq(p->periodic_timer, 1000 * SECOND + period + due, "it is due at %" PRIu64, p->periodic_timer);
}

Test(lacp_periodic, due_at_ticks)
{
	partner_asks(true);
	expect_due(0, LACP_FAST_PERIODIC, SECOND, 0);
	expect_due(1, LACP_FAST_PERIODIC, SECOND, 0);
	expect_due(LACP_PERIODIC_TICK - 1, LACP_FAST_PERIODIC, SECOND, 0);
	expect_due(LACP_PERIODIC_TICK, LACP_FAST_PERIODIC, SECOND, LACP_PERIODIC_TICK);
	expect_due(3 * LACP_PERIODIC_TICK / 2, LACP_FAST_PERIODIC, SECOND, LACP_PERIODIC_TICK);
	partner_asks(false);
	expect_due(LACP_PERIODIC_TICK - 1, LACP_SLOW_PERIODIC, 30 * SECOND, 0);
	expect_due(LACP_PERIODIC_TICK, LACP_SLOW_PERIODIC, 30 * SECOND, LACP_PERIODIC_TICK);
}

static void expect_no_periodic_from_all(void)
{
	for (int state = LACP_FAST_PERIODIC; state <= LACP_PERIODIC_TX; state++) {
		enter((enum lacp_periodic)state, now + 1);
		expect(LACP_NO_PERIODIC);
		cr_assert_eq(p->periodic_timer, CORE_NEVER);
		cr_assert_not(lacp_periodic_step(p, now), "it stays");
	}
}

Test(lacp_periodic, any_to_no_periodic_when_the_port_is_not_enabled)
{
	p->enabled = false;
	expect_no_periodic_from_all();
}

Test(lacp_periodic, any_to_no_periodic_when_lacp_is_not_enabled)
{
	p->lacp_enabled = false;
	expect_no_periodic_from_all();
}

Test(lacp_periodic, any_to_no_periodic_when_both_ends_are_passive)
{
	lacp_put(&p->actor, XLAGG_STATE_ACTIVITY, false);
	lacp_put(&p->partner, XLAGG_STATE_ACTIVITY, false);
	expect_no_periodic_from_all();
}

Test(lacp_periodic, one_active_end_is_enough)
{
	partner_asks(true);
	enter(LACP_FAST_PERIODIC, now + 1);
	lacp_put(&p->actor, XLAGG_STATE_ACTIVITY, false);
	cr_assert_not(lacp_periodic_step(p, now));
	lacp_put(&p->actor, XLAGG_STATE_ACTIVITY, true);
	lacp_put(&p->partner, XLAGG_STATE_ACTIVITY, false);
	cr_assert_not(lacp_periodic_step(p, now));
}

Test(lacp_periodic, fast_periodic_to_periodic_tx_at_the_edge)
{
	partner_asks(true);
	enter(LACP_FAST_PERIODIC, now + 1);
	cr_assert_not(lacp_periodic_step(p, now));
	now++;
	expect(LACP_PERIODIC_TX);
	cr_assert(p->ntt);
}

Test(lacp_periodic, fast_periodic_to_slow_periodic_when_the_partner_asks_long)
{
	partner_asks(false);
	enter(LACP_FAST_PERIODIC, now + 1);
	expect(LACP_SLOW_PERIODIC);
	cr_assert_eq(p->periodic_timer, now + 30 * SECOND);
	cr_assert_not(p->ntt);
}

Test(lacp_periodic, slow_periodic_to_periodic_tx_at_the_edge)
{
	partner_asks(false);
	enter(LACP_SLOW_PERIODIC, now + 1);
	cr_assert_not(lacp_periodic_step(p, now));
	now++;
	expect(LACP_PERIODIC_TX);
	cr_assert(p->ntt);
}

Test(lacp_periodic, slow_periodic_to_periodic_tx_when_the_partner_asks_short)
{
	partner_asks(true);
	enter(LACP_SLOW_PERIODIC, now + 20 * SECOND);
	expect(LACP_PERIODIC_TX);
	cr_assert(p->ntt, "the partner hears at once that we heard it");
}

Test(lacp_periodic, periodic_tx_to_fast_periodic)
{
	partner_asks(true);
	enter(LACP_PERIODIC_TX, CORE_NEVER);
	expect(LACP_FAST_PERIODIC);
	cr_assert_eq(p->periodic_timer, now + SECOND);
}

Test(lacp_periodic, periodic_tx_to_slow_periodic)
{
	partner_asks(false);
	enter(LACP_PERIODIC_TX, CORE_NEVER);
	expect(LACP_SLOW_PERIODIC);
	cr_assert_eq(p->periodic_timer, now + 30 * SECOND);
}

/* The partner's Timeout decides on our period, and our own Timeout does not. */
static uint32_t lacpdus_in_60_s(enum xlagg_lacp_rate ours, bool partner_short)
{
	struct xlagg_lagg_conf conf = fixture_conf();
	struct xlagg_lacp_end partner = fixture_partner(0);
	uint32_t sent = 0;

	conf.lacp_rate = ours;
	fixture_set(&conf);
	fixture_link(0, 10000);
	partner.state |= ALL_SYNCED | (partner_short ? XLAGG_STATE_TIMEOUT : 0);
	fixture_hear_from(0, &partner);
	fixture_pass(5 * SECOND);
	for (int i = 0; i < 60; i++) {
		fixture_hear_from(0, &partner);
		fixture_pass(SECOND);
		sent += fixture_sent(0);
	}
	return sent;
}

Test(lacp_periodic, period_is_1_s_for_a_fast_partner)
{
	cr_assert_eq(lacpdus_in_60_s(XLAGG_RATE_SLOW, true), 60);
}

Test(lacp_periodic, period_is_30_s_for_a_slow_partner)
{
	cr_assert_eq(lacpdus_in_60_s(XLAGG_RATE_FAST, false), 2);
}
