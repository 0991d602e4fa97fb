/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Transmit machine: 802.1AX-2014 6.4.16, and the last LACPDU of a port that leaves. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct lacp_port *p;

static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_up(0);
	fixture_join(0);
	fixture_pass(5 * SECOND); /* nothing sent before counts any more */
}

TestSuite(lacp_tx, .init = begin);

/* What lacp_tx() sends if NTT is set. */
static uint32_t ask(void)
{
	fx.count = 0;
	p->ntt = true;
	lacp_tx(&lagg, p, now, &fx);
	return fixture_sent(0);
}

Test(lacp_tx, ntt_sends_one_lacpdu_and_is_cleared)
{
	cr_assert_eq(ask(), 1);
	cr_assert_not(p->ntt);
	fx.count = 0;
	lacp_tx(&lagg, p, now, &fx);
	cr_assert_eq(fixture_sent(0), 0);
}

Test(lacp_tx, no_more_than_three_in_a_second)
{
	uint64_t first = now;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(ask(), 1);
		now += 100 * MS;
	}
	cr_assert_eq(ask(), 0);
	cr_assert(p->ntt, "it waits");
	cr_assert_eq(lacp_tx_deadline(p), first + SECOND);
	now = first + SECOND - 1;
	cr_assert_eq(ask(), 0);
	now = first + SECOND;
	cr_assert_eq(ask(), 1);
	cr_assert_eq(ask(), 0, "the window slides: two of the three still count");
	now = first + SECOND + 100 * MS;
	cr_assert_eq(ask(), 1);
}

Test(lacp_tx, what_waits_is_sent_with_the_values_at_the_time_of_transmission)
{
	struct xlagg_lagg_conf conf = fixture_conf();
	uint64_t first = now;

	for (int i = 0; i < 3; i++)
		ask();
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	cr_assert_eq(fixture_sent(0), 0);
	conf.lacp_rate = XLAGG_RATE_SLOW;
	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_set(&conf);
	fixture_at(first + SECOND);
	cr_assert_eq(fixture_sent(0), 1, "one LACPDU for both changes");
	cr_assert_eq(fixture_last_sent(0).actor.state & (XLAGG_STATE_TIMEOUT | XLAGG_STATE_ACTIVITY), 0);
}

/* Whether the port sends now what its periodic machine wants. */
static bool sends_what_is_due(void)
{
	fx.count = 0;
	while (lacp_periodic_step(p, now))
		;
	lacp_tx(&lagg, p, now, &fx);
	return fixture_sent(0) > 0;
}

Test(lacp_tx, what_did_not_leave_is_sent_again_and_does_not_count)
{
	uint64_t before = p->counters.lacpdu_tx;

	for (int i = 0; i < 10; i++) {
		cr_assert_eq(ask(), 1);
		lacp_unsent(&lagg, now, 0);
		cr_assert(p->ntt);
		cr_assert_eq(lacp_tx_deadline(p), now + LACP_RETRY_TIME);
		cr_assert_eq(ask(), 0, "not at once");
		now += LACP_RETRY_TIME;
	}
	cr_assert_eq(p->counters.lacpdu_tx, before);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(ask(), 1, "as many as ever in a second");
	cr_assert_eq(ask(), 0);
}

Test(lacp_tx, a_partner_that_misses_us_after_three_seconds_does_not_notice_that_sending_fails_for_a_while)
{
	uint64_t last = 0, fails_until;

	p->partner.state |= XLAGG_STATE_TIMEOUT;
	for (uint64_t end = now + 5 * SECOND; now < end; now += MS)
		if (sends_what_is_due())
			last = now;
	/* the worst moment: just before one was due */
	for (now = last; now < last + SECOND - MS; now += MS)
		cr_assert_not(sends_what_is_due());
	for (fails_until = now + 3 * SECOND / 2; now < fails_until; now += MS)
		if (sends_what_is_due())
			lacp_unsent(&lagg, now, 0);
	while (!sends_what_is_due())
		now += MS;
	cr_assert_leq(now - last, 5 * SECOND / 2 + LACP_RETRY_TIME);
}

Test(lacp_tx, nothing_that_did_not_leave_is_due_where_nothing_may_be_sent)
{
	cr_assert_eq(ask(), 1);
	p->enabled = false;
	lacp_unsent(&lagg, now, 0);
	now += LACP_RETRY_TIME;
	fx.count = 0;
	lacp_tx(&lagg, p, now, &fx);
	cr_assert_eq(fixture_sent(0), 0);
	cr_assert_not(p->ntt);
}

Test(lacp_tx, nothing_in_no_periodic_and_ntt_is_cleared)
{
	p->periodic = LACP_NO_PERIODIC;
	cr_assert_eq(ask(), 0);
	cr_assert_not(p->ntt);
}

Test(lacp_tx, nothing_while_lacp_is_not_enabled_and_ntt_is_cleared)
{
	p->lacp_enabled = false;
	cr_assert_eq(ask(), 0);
	cr_assert_not(p->ntt);
}

Test(lacp_tx, passive_with_passive_is_silent)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_start(&conf);
	p = fixture_up(0);
	cr_assert_eq(fixture_sent(0), 0);
	fixture_pass(300 * SECOND);
	cr_assert_eq(fixture_sent(0), 0);
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
}

Test(lacp_tx, passive_answers_an_active_partner)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_start(&conf);
	p = fixture_up(0);
	fixture_hear(0, 0);
	cr_assert_eq(fixture_sent(0), 1);
	fixture_join(0);
}

Test(lacp_tx, passive_becomes_silent_when_the_partner_becomes_passive)
{
	struct xlagg_lagg_conf conf = fixture_conf();
	struct xlagg_lacp_end partner = fixture_partner(0);

	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_set(&conf);
	partner.state = XLAGG_STATE_AGGREGATION | ALL_SYNCED;
	fixture_hear_from(0, &partner);
	cr_assert_not(lacp_distributing(&lagg, 0));
	fixture_pass(100 * SECOND);
	cr_assert_eq(fixture_sent(0), 0);
}

/* A partner whose LACPDUs have news 50 times a second. */
Test(lacp_tx, chatty_partner_gets_three_a_second)
{
	struct xlagg_lacp_end partner = fixture_partner(0);
	uint32_t sent = 0;

	for (int i = 0; i < 50; i++) {
		partner.port_prio++;
		fixture_hear_from(0, &partner);
		sent += fixture_sent(0);
		fixture_pass(20 * MS);
		sent += fixture_sent(0);
	}
	cr_assert_leq(sent, 4, "%u in 1 s and a bit", sent);
	cr_assert_geq(sent, 3);
}

/* --- the last LACPDU --- */

static void expect_last(uint32_t count)
{
	cr_assert_eq(fixture_sent(0), count);
	cr_assert_eq(fixture_last_sent(0).actor.state & LACP_STATE_MUX, 0, "without Sync, Collecting, Distributing");
	cr_assert_eq(fixture_last_sent(0).partner.key, 77, "the partner recognises itself");
}

Test(lacp_tx, last_lacpdu_when_a_port_is_deleted)
{
	fx.count = 0;
	lacp_port_del(&lagg, now, 0, &fx);
	expect_last(1);
}

Test(lacp_tx, last_lacpdu_when_lacp_stops)
{
	fx.count = 0;
	lacp_stop(&lagg, now, &fx);
	expect_last(1);
	cr_assert_eq(lacp_deadline(&lagg), CORE_NEVER);
}

Test(lacp_tx, last_lacpdu_when_the_lagg_is_set_down)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	conf.admin = 0;
	fixture_set(&conf);
	expect_last(1);
	cr_assert_not(lacp_distributing(&lagg, 0));
	fixture_pass(100 * SECOND);
	cr_assert_eq(fixture_sent(0), 0, "and none after it");
}

Test(lacp_tx, last_lacpdu_bypasses_the_limit_once)
{
	for (int i = 0; i < 3; i++)
		ask();
	cr_assert_eq(ask(), 0);
	fx.count = 0;
	lacp_port_del(&lagg, now, 0, &fx);
	expect_last(1);
}

Test(lacp_tx, last_lacpdu_when_a_port_goes_out_of_service_comes_after_the_drain)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	cr_assert_eq(fixture_sent(0), 0);
	cr_assert_not(lacp_distributing(&lagg, 0), "no more sending");
	cr_assert(lacp_collecting(&lagg, 0), "but still receiving");
	cr_assert_str_not_empty(fixture_reason(0));
	fixture_pass(LACP_DRAIN_TIME - 1);
	cr_assert_eq(fixture_sent(0), 0);
	fixture_pass(1);
	expect_last(1);
	cr_assert_not(lacp_collecting(&lagg, 0));
	cr_assert(lacp_lingers(&lagg, 0), "the partner has yet to hear of it");
	fixture_pass(LACP_LINGER_TIME);
	cr_assert_not(lacp_lingers(&lagg, 0));
	fixture_pass(100 * SECOND);
	cr_assert_eq(fixture_sent(0), 0);
}

Test(lacp_tx, unicast_is_accepted_until_the_partner_stops)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	fixture_pass(LACP_DRAIN_TIME);
	fixture_hear(0, ALL_SYNCED);
	cr_assert(lacp_lingers(&lagg, 0), "it has not heard of it yet");
	fixture_hear(0, 0);
	cr_assert_not(lacp_lingers(&lagg, 0));
}

Test(lacp_tx, nothing_is_accepted_after_the_partner_stopped_first)
{
	fixture_hear(0, 0);
	cr_assert_not(lacp_collecting(&lagg, 0));
	cr_assert_not(lacp_lingers(&lagg, 0));
}

Test(lacp_tx, drain_ends_when_the_port_is_put_into_service_again)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	conf.admin = 1;
	fixture_set_port(0, &conf);
	cr_assert(lacp_distributing(&lagg, 0));
	fixture_pass(SECOND);
	cr_assert(lacp_distributing(&lagg, 0), "as if nothing had been");
}

Test(lacp_tx, no_last_lacpdu_without_carrier)
{
	fixture_link(0, 0);
	cr_assert_eq(fixture_sent(0), 0);
	fx.count = 0;
	lacp_port_del(&lagg, now, 0, &fx);
	cr_assert_eq(fixture_sent(0), 0);
}

Test(lacp_tx, frames_heard_out_of_service_are_ignored)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	fixture_pass(SECOND);
	for (int i = 0; i < 5; i++) {
		fixture_hear(0, ALL_SYNCED);
		cr_assert_eq(fx.count, 0);
		fixture_pass(SECOND);
	}
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	cr_assert_eq(p->mux, XLAGG_MUX_DETACHED);
}

Test(lacp_tx, back_in_service_through_detached)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	fixture_pass(SECOND);
	conf.admin = 1;
	fixture_set_port(0, &conf);
	cr_assert_eq(fixture_last_sent(0).actor.state & LACP_STATE_MUX, 0);
	cr_assert_eq(p->mux, XLAGG_MUX_WAITING);
	fixture_join(0);
}
