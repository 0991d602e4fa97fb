/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What holds back ports of the active aggregator, and lacp-strict off: mixed-speed, min-links, max-links, fallback. */
#include "unit/lacp_fixture.h"

static struct xlagg_lagg_conf conf;

static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
}

TestSuite(lacp_limits, .init = begin);
TestSuite(lacp_fallback, .init = begin);

static const struct lacp_port *port(uint32_t slot)
{
	return &lagg.port[slot];
}

/* --- speeds --- */

Test(lacp_limits, slower_ports_of_one_key_are_held)
{
	conf.key = 10;
	fixture_set(&conf);
	fixture_up(0);
	fixture_add(1);
	fixture_link(1, 1000);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 1);
	cr_assert_str_eq(fixture_reason(1), "slower than eth0 (1000 of 10000 Mb/s) and mixed-speed is off");
	cr_assert_eq(lacp_usable(&lagg), 1);
	fixture_link(0, 0);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2, "it is the fastest that is left");
}

Test(lacp_limits, mixed_speed_lets_them_in)
{
	conf.mixed_speed = 1;
	fixture_set(&conf);
	fixture_up(0);
	fixture_add(1);
	fixture_link(1, 1000);
	cr_assert_eq(port(0)->actor.key, port(1)->actor.key);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 3);
}

/* --- min-links --- */

Test(lacp_limits, below_min_links_all_are_out_of_sync)
{
	conf.min_links = 2;
	fixture_set(&conf);
	fixture_join_all(1);
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_eq(port(0)->actor.state & XLAGG_STATE_SYNC, 0);
	cr_assert_str_eq(fixture_reason(0), "min-links 2 not reached: 1 usable");
	cr_assert_not(lacp_carrier(&lagg));
	fixture_up(1);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 3);
	cr_assert(lacp_carrier(&lagg));
	fixture_link(0, 0);
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_eq(fixture_last_sent(1).actor.state & LACP_STATE_MUX, 0, "and the partner is told");
}

Test(lacp_limits, min_links_of_both_ends_do_not_wait_for_each_other)
{
	conf.min_links = 2;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	fixture_hear(0, 0); /* the partner withholds its Sync as well */
	fixture_hear(1, 0);
	fixture_pass(2 * SECOND);
	cr_assert(port(0)->actor.state & XLAGG_STATE_SYNC);
	cr_assert(port(1)->actor.state & XLAGG_STATE_SYNC);
}

Test(lacp_limits, aggregator_that_reaches_min_links_goes_first)
{
	conf.min_links = 2;
	conf.select = XLAGG_SELECT_BANDWIDTH;
	fixture_set(&conf);
	fixture_two_partners(1000, 100000);
	cr_assert_eq(fixture_distributing(), 3);
}

Test(lacp_limits, min_links_that_still_holds_takes_no_port_out)
{
	fixture_join_all(3);
	conf.min_links = 3;
	fixture_set(&conf);
	cr_assert_eq(fixture_distributing(), 7);
	cr_assert_eq(fx.count, 0);
}

/* --- max-links --- */

static void join_limited(uint32_t count, uint32_t limit)
{
	conf.max_links = limit;
	fixture_set(&conf);
	fixture_join_all(count);
}

Test(lacp_limits, max_links_keeps_the_rest_in_standby)
{
	join_limited(3, 2);
	cr_assert_eq(fixture_distributing(), 3);
	cr_assert(lacp_standby(&lagg, 2));
	cr_assert_eq(port(2)->actor.state & LACP_STATE_MUX, 0);
	cr_assert_str_eq(fixture_reason(2), "standby: max-links 2 reached");
}

Test(lacp_limits, we_rank_by_our_prio_when_our_system_id_is_lower)
{
	struct xlagg_port_conf first = fixture_port_conf();

	conf.max_links = 1;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	first.prio = 1;
	fixture_set_port(1, &first);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_limits, partner_ranks_by_its_prio_when_its_system_id_is_lower)
{
	struct xlagg_lacp_end one = fixture_partner(0), two = fixture_partner(1);

	conf.max_links = 1;
	fixture_set(&conf);
	one.system_prio = two.system_prio = 1;
	two.port_prio = 3;
	fixture_up(0);
	fixture_up(1);
	fixture_hear_synced(0, one);
	fixture_hear_synced(1, two);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_limits, equal_prio_ranks_by_port_number)
{
	struct xlagg_port_conf numbered = fixture_port_conf();

	conf.max_links = 1;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	numbered.number = 500;
	fixture_set_port(0, &numbered);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_limits, hot_standby_takes_over_without_waiting)
{
	join_limited(2, 1);
	fixture_hear(1, XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING);
	fixture_pass(5 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(fixture_distributing(), 2, "wait_while has run out long ago");
}

Test(lacp_limits, port_that_comes_back_takes_its_place_when_it_can_carry)
{
	join_limited(2, 1);
	fixture_pass(5 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(fixture_distributing(), 2);
	fixture_pass(5 * SECOND);
	fixture_link(0, 10000);
	cr_assert_eq(fixture_distributing(), 2, "the standby goes on meanwhile");
	fixture_hear(0, 0);
	cr_assert_eq(fixture_distributing(), 2);
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(fixture_distributing(), 1, "make before break, and never more than max-links");
	cr_assert_eq(port(1)->selected, XLAGG_STANDBY);
}

Test(lacp_limits, standby_takes_the_place_of_a_refused_port)
{
	conf.max_links = 1;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	fixture_hear(0, 0);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND + LACP_REFUSED_TIME - 1);
	cr_assert_eq(fixture_distributing(), 0);
	fixture_pass(1);
	cr_assert_eq(fixture_distributing(), 2);
}

/* --- lacp-strict off --- */

static void loose(uint32_t delay)
{
	conf.lacp_strict = 0;
	conf.fallback_delay = delay;
	fixture_set(&conf);
}

Test(lacp_fallback, one_port_after_the_delay)
{
	loose(4);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(7 * SECOND - 1); /* 3 s until DEFAULTED */
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_not(lacp_carrier(&lagg));
	fixture_pass(1);
	cr_assert_eq(fixture_distributing(), 1, "the one that was added first");
	cr_assert(lacp_carrier(&lagg));
	cr_assert_str_empty(fixture_reason(0));
}

Test(lacp_fallback, no_delay)
{
	loose(0);
	fixture_up(0);
	fixture_pass(3 * SECOND);
	cr_assert_eq(fixture_distributing(), 1);
}

Test(lacp_fallback, lowest_prio)
{
	struct xlagg_port_conf first = fixture_port_conf();

	loose(3);
	fixture_up(0);
	fixture_up(1);
	first.prio = 1;
	fixture_set_port(1, &first);
	fixture_pass(6 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_fallback, gives_way_the_moment_a_partner_is_heard_on_it)
{
	loose(3);
	fixture_up(0);
	fixture_pass(10 * SECOND);
	cr_assert_eq(fixture_distributing(), 1);
	fixture_hear(0, 0);
	cr_assert_eq(fixture_distributing(), 0);
	fixture_join(0);
}

Test(lacp_fallback, gives_way_the_moment_a_partner_is_heard_on_another)
{
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	fixture_hear(1, 0);
	cr_assert_eq(fixture_distributing(), 0);
	fixture_pass(30 * SECOND);
	cr_assert_eq(fixture_distributing(), 0, "as long as it is heard");
}

Test(lacp_fallback, next_port_when_it_loses_carrier)
{
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_fallback, min_links_does_not_count_against_it)
{
	conf.min_links = 2;
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	cr_assert_eq(fixture_distributing(), 1);
	cr_assert(lacp_carrier(&lagg));
}

Test(lacp_fallback, not_with_lacp_strict)
{
	fixture_up(0);
	fixture_pass(1000 * SECOND);
	cr_assert_eq(fixture_distributing(), 0);
}

Test(lacp_fallback, ends_with_lacp_strict)
{
	loose(3);
	fixture_up(0);
	fixture_pass(10 * SECOND);
	conf.lacp_strict = 1;
	fixture_set(&conf);
	cr_assert_eq(fixture_distributing(), 0);
}

Test(lacp_fallback, does_not_relax_the_matched_check)
{
	struct xlagg_lacp_end partner = fixture_partner(0), nobody = {0};

	loose(3);
	fixture_up(0);
	partner.state |= ALL_SYNCED;
	for (int i = 0; i < 10; i++) {
		fixture_hear_as(0, &partner, &nobody);
		fixture_pass(SECOND);
	}
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_str_eq(fixture_reason(0), "partner does not see us yet");
}

Test(lacp_fallback, a_looped_port_stays_down)
{
	struct xlagg_lacp_end self;

	loose(3);
	fixture_up(0);
	self = lagg.port[0].actor;
	for (int i = 0; i < 20; i++) {
		fixture_hear_from(0, &self);
		fixture_pass(SECOND);
	}
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_str_eq(fixture_reason(0), "loopback: the partner is this system");
}

Test(lacp_fallback, a_half_duplex_port_stays_down)
{
	loose(3);
	fixture_add(0);
	fixture_duplex(0, 100, XLAGG_DUPLEX_HALF);
	fixture_pass(100 * SECOND);
	cr_assert_eq(fixture_distributing(), 0);
}
