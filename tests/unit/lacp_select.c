/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Selection Logic, 802.1AX-2014 6.4.14.1, and the policy above it: which aggregator, which ports, which fallback. */
#include "lacp_fixture.h"

#include <string.h>

static struct xlagg_lagg_conf conf;

static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
}

TestSuite(lacp_select, .init = begin);
TestSuite(lacp_limits, .init = begin);
TestSuite(lacp_fallback, .init = begin);

static const struct lacp_port *port(uint32_t slot)
{
	return &lagg.port[slot];
}

/* A partner of another system, or with another key. `which` tells them apart. */
static struct xlagg_lacp_end other_system(uint32_t slot, uint8_t which)
{
	struct xlagg_lacp_end partner = fixture_partner(slot);

	partner.system[5] = which;
	return partner;
}

static struct xlagg_lacp_end other_key(uint32_t slot, uint16_t key)
{
	struct xlagg_lacp_end partner = fixture_partner(slot);

	partner.key = key;
	return partner;
}

static void hear_synced(uint32_t slot, struct xlagg_lacp_end partner)
{
	partner.state |= ALL_SYNCED;
	fixture_hear_from(slot, &partner);
}

/* Brings up ports 0..count-1 with the default partner, which is in sync on all of them. */
static void join(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fixture_up(i);
	for (uint32_t i = 0; i < count; i++)
		fixture_hear(i, ALL_SYNCED);
	fixture_pass(LACP_AGGREGATE_WAIT_TIME);
}

static uint32_t distributing(void)
{
	uint32_t slots = 0;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		slots |= lacp_distributing(&lagg, i) ? 1u << i : 0;
	return slots;
}

/* --- 6.4.14.1 --- */

Test(lacp_select, same_lag_id_same_aggregator)
{
	join(3);
	cr_assert_eq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(port(0)->aggregator, port(2)->aggregator);
	cr_assert_eq(distributing(), 7);
}

Test(lacp_select, lag_takes_the_aggregator_of_its_first_port)
{
	join(2);
	cr_assert_eq(port(1)->aggregator, 0);
}

Test(lacp_select, other_partner_key_other_aggregator)
{
	fixture_up(0);
	fixture_up(1);
	hear_synced(0, fixture_partner(0));
	hear_synced(1, other_key(1, 78));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(port(1)->selected, XLAGG_STANDBY);
	cr_assert_str_eq(fixture_reason(1), "partner key 78 differs from eth0's partner key 77");
}

Test(lacp_select, other_partner_system_other_aggregator)
{
	fixture_up(0);
	fixture_up(1);
	hear_synced(0, fixture_partner(0));
	hear_synced(1, other_system(1, 0xcc));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_str_eq(fixture_reason(1),
			 "another aggregator carries traffic: eth0's, with partner 02:00:00:00:00:bb");
}

Test(lacp_select, other_actor_key_other_aggregator)
{
	struct xlagg_port_conf with_key = fixture_port_conf();

	fixture_up(0);
	fixture_up(1);
	with_key.key = 5;
	fixture_set_port(1, &with_key);
	hear_synced(0, fixture_partner(0));
	hear_synced(1, fixture_partner(1));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
}

Test(lacp_select, individual_partners_never_share)
{
	struct xlagg_lacp_end one = fixture_partner(0), two = fixture_partner(1);

	fixture_up(0);
	fixture_up(1);
	one.state &= (uint8_t)~XLAGG_STATE_AGGREGATION;
	two.state &= (uint8_t)~XLAGG_STATE_AGGREGATION;
	hear_synced(0, one);
	hear_synced(1, two);
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 1, "an individual partner carries traffic, alone");
}

Test(lacp_select, individual_partner_carries_traffic_where_select_picks_it)
{
	struct xlagg_lacp_end individual = fixture_partner(1);

	conf.select = XLAGG_SELECT_PRIO;
	fixture_set(&conf);
	join(1);
	fixture_up(1);
	struct xlagg_port_conf first = fixture_port_conf();
	first.prio = 1;
	fixture_set_port(1, &first);
	individual.state = XLAGG_STATE_ACTIVITY;
	hear_synced(1, individual);
	cr_assert_eq(distributing(), 0, "the other aggregator is out of sync first");
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 2);
}

Test(lacp_select, defaulted_ports_are_individual)
{
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(distributing(), 0, "lacp-strict");
}

Test(lacp_select, change_passes_through_detached)
{
	join(2);
	fixture_hear_from(1, &(struct xlagg_lacp_end){
				 .system_prio = 40000,
				 .system = {2, 0, 0, 0, 0, 0xbb},
				 .key = 78,
				 .port_prio = 100,
				 .port = 2,
				 .state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION | ALL_SYNCED,
			     });
	cr_assert_eq(fixture_last_sent(1).actor.state & LACP_STATE_MUX, 0, "the partner sees Sync 0");
	cr_assert_neq(port(1)->aggregator, port(0)->aggregator);
}

Test(lacp_select, aggregator_is_free_again_when_its_ports_are_gone)
{
	join(2);
	fx.count = 0;
	lacp_port_del(&lagg, now, 0, &fx);
	cr_assert_eq(distributing(), 2, "the LAG keeps the aggregator");
	fixture_up(0);
	hear_synced(0, other_system(0, 0xcc));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
}

Test(lacp_select, ready_waits_for_a_late_port_of_the_same_aggregator)
{
	fixture_up(0);
	fixture_up(1);
	fixture_hear(0, ALL_SYNCED);
	fixture_pass(SECOND);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(SECOND);
	cr_assert_eq(distributing(), 0);
	fixture_pass(SECOND);
	cr_assert_eq(distributing(), 3, "both at once");
}

Test(lacp_select, thirty_two_ports_in_one_aggregator)
{
	join(XLAGG_MAX_PORTS);
	cr_assert_eq(distributing(), 0xffffffff);
}

Test(lacp_select, thirty_two_partners_have_thirty_two_aggregators)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		fixture_up(i);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		hear_synced(i, other_system(i, (uint8_t)(0x40 + i)));
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		seen |= 1u << port(i)->aggregator;
	cr_assert_eq(seen, 0xffffffff);
	fixture_pass(2 * SECOND);
	cr_assert_eq(__builtin_popcount(distributing()), 1);
}

/* --- keys --- */

Test(lacp_select, auto_keys_differ_by_speed)
{
	join(1);
	fixture_add(1);
	fixture_link(1, 1000);
	cr_assert_neq(port(0)->actor.key, port(1)->actor.key);
	cr_assert_neq(port(1)->actor.key, 0);
}

Test(lacp_select, auto_key_of_unknown_speed_is_a_class_of_its_own)
{
	fixture_add(0);
	fixture_add(1);
	fixture_add(2);
	fixture_duplex(0, 0, XLAGG_DUPLEX_UNKNOWN);
	fixture_duplex(1, 0, XLAGG_DUPLEX_UNKNOWN);
	fixture_link(2, 1000);
	cr_assert_eq(port(0)->actor.key, port(1)->actor.key);
	cr_assert_neq(port(0)->actor.key, port(2)->actor.key);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 3, "unknown duplex counts as full");
}

Test(lacp_select, auto_keys_differ_by_lagg)
{
	struct lacp other;
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};

	lacp_start(&other, &conf, 1, mac);
	cr_assert_neq(lacp_auto_key(&lagg, 10000), lacp_auto_key(&other, 10000));
	cr_assert_neq(lacp_auto_key(&lagg, 10000), lacp_auto_key(&lagg, 10001));
}

Test(lacp_select, speed_that_becomes_known_selects_again)
{
	fixture_add(0);
	fixture_duplex(0, 0, XLAGG_DUPLEX_FULL);
	fixture_join(0);
	fixture_link(0, 10000);
	cr_assert_eq(distributing(), 0);
	cr_assert_eq(port(0)->mux, XLAGG_MUX_WAITING);
	fixture_join(0);
}

Test(lacp_select, lost_carrier_keeps_the_key)
{
	uint16_t key;

	join(1);
	key = port(0)->actor.key;
	fixture_link(0, 0);
	cr_assert_eq(port(0)->actor.key, key);
}

/* --- which aggregator carries traffic --- */

/* eth0 and eth1 lead to one system, eth2 to another. */
static void two_partners(uint32_t speed01, uint32_t speed2)
{
	for (uint32_t i = 0; i < 3; i++) {
		fixture_add(i);
		fixture_link(i, i == 2 ? speed2 : speed01);
	}
	hear_synced(2, other_system(2, 0xcc));
	hear_synced(0, fixture_partner(0));
	hear_synced(1, fixture_partner(1));
	fixture_pass(2 * SECOND);
}

Test(lacp_select, bandwidth_takes_the_greatest_sum)
{
	two_partners(10000, 10000);
	cr_assert_eq(distributing(), 3);
}

Test(lacp_select, bandwidth_takes_one_fast_port_before_two_slow_ones)
{
	two_partners(1000, 10000);
	cr_assert_eq(distributing(), 4);
}

Test(lacp_select, count_takes_the_most_ports)
{
	conf.select = XLAGG_SELECT_COUNT;
	fixture_set(&conf);
	two_partners(1000, 10000);
	cr_assert_eq(distributing(), 3);
}

Test(lacp_select, stable_keeps_the_present_one)
{
	conf.select = XLAGG_SELECT_STABLE;
	fixture_set(&conf);
	two_partners(10000, 10000);
	cr_assert_eq(distributing(), 4, "it came first");
	fixture_link(2, 0);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 3, "until it has no port");
	fixture_link(2, 10000);
	hear_synced(2, other_system(2, 0xcc));
	cr_assert_eq(distributing(), 3);
}

Test(lacp_select, prio_takes_the_port_of_lowest_prio)
{
	struct xlagg_port_conf first = fixture_port_conf();

	conf.select = XLAGG_SELECT_PRIO;
	fixture_set(&conf);
	two_partners(10000, 10000);
	first.prio = 7;
	fixture_set_port(2, &first);
	hear_synced(2, other_system(2, 0xcc)); /* the partner has seen the new priority */
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 4);
}

Test(lacp_select, tie_keeps_the_present_one)
{
	fixture_up(0);
	fixture_up(1);
	hear_synced(1, other_system(1, 0xcc));
	hear_synced(0, other_system(0, 0xaa));
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 2);
}

Test(lacp_select, tie_then_takes_the_lower_partner_system)
{
	conf.admin = 0;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	conf.admin = 1;
	fixture_set(&conf);
	/* neither is present: both become usable within one input */
	for (uint32_t i = 0; i < 2; i++) {
		struct xlagg_lacp_end partner = other_system(i, i ? 0xaa : 0xcc);

		partner.state |= ALL_SYNCED;
		lagg.port[i].rx = XLAGG_RX_CURRENT;
		lagg.port[i].current_while = now + 90 * SECOND;
		lagg.port[i].partner = partner;
		lagg.port[i].matched = true;
		lagg.port[i].actor.state &= (uint8_t)~XLAGG_STATE_DEFAULTED;
	}
	lacp_run(&lagg, now, &fx);
	cr_assert_eq(lagg.active, port(1)->aggregator);
}

Test(lacp_select, never_two_at_once)
{
	two_partners(10000, 10000);
	cr_assert_eq(distributing(), 3);
	cr_assert_not(lacp_collecting(&lagg, 2));
	cr_assert_eq(fixture_last_sent(0).kind, PDU_LACP);
	cr_assert_eq(port(2)->actor.state & LACP_STATE_MUX, 0, "its partner is told not to send");
}

/* The partner decides (its System ID is lower): its Sync says what. */
Test(lacp_select, follows_the_system_with_the_lower_id)
{
	struct xlagg_lacp_end one = other_key(0, 1), two = other_key(1, 2);

	one.system_prio = two.system_prio = 1;
	fixture_up(0);
	fixture_up(1);
	fixture_hear_from(0, &one);
	fixture_hear_from(1, &two);
	cr_assert_eq(port(1)->selected, XLAGG_STANDBY);
	hear_synced(1, two);
	cr_assert_eq(port(0)->selected, XLAGG_STANDBY);
	cr_assert_eq(port(1)->selected, XLAGG_SELECTED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 2);
}

/* We decide, but the partner refuses: after LACP_REFUSED_TIME another has its chance. */
Test(lacp_select, gives_up_an_aggregator_whose_partner_refuses)
{
	fixture_up(0);
	fixture_up(1);
	fixture_hear(0, 0);
	fixture_hear_from(1, &(struct xlagg_lacp_end){
				 .system_prio = 40000,
				 .system = {2, 0, 0, 0, 0, 0xcc},
				 .key = 77,
				 .port_prio = 100,
				 .port = 2,
				 .state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION | ALL_SYNCED,
			     });
	fixture_pass(2 * SECOND);
	cr_assert_eq(port(0)->mux, XLAGG_MUX_ATTACHED);
	cr_assert_eq(distributing(), 0);
	fixture_pass(LACP_REFUSED_TIME - 1);
	cr_assert_eq(distributing(), 0);
	fixture_pass(1);
	cr_assert_eq(distributing(), 2);
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
	cr_assert_eq(distributing(), 1);
	cr_assert_str_eq(fixture_reason(1), "slower than eth0 (1000 of 10000 Mb/s) and mixed-speed is off");
	cr_assert_eq(lacp_usable(&lagg), 1);
	fixture_link(0, 0);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 2, "it is the fastest that is left");
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
	cr_assert_eq(distributing(), 3);
}

/* --- min-links --- */

Test(lacp_limits, below_min_links_all_are_out_of_sync)
{
	conf.min_links = 2;
	fixture_set(&conf);
	join(1);
	cr_assert_eq(distributing(), 0);
	cr_assert_eq(port(0)->actor.state & XLAGG_STATE_SYNC, 0);
	cr_assert_str_eq(fixture_reason(0), "min-links 2 not reached: 1 usable");
	cr_assert_not(lacp_carrier(&lagg));
	fixture_up(1);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 3);
	cr_assert(lacp_carrier(&lagg));
	fixture_link(0, 0);
	cr_assert_eq(distributing(), 0);
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
	two_partners(1000, 100000);
	cr_assert_eq(distributing(), 3);
}

Test(lacp_limits, min_links_that_still_holds_takes_no_port_out)
{
	join(3);
	conf.min_links = 3;
	fixture_set(&conf);
	cr_assert_eq(distributing(), 7);
	cr_assert_eq(fx.count, 0);
}

/* --- max-links --- */

static void join_limited(uint32_t count, uint32_t limit)
{
	conf.max_links = limit;
	fixture_set(&conf);
	join(count);
}

Test(lacp_limits, max_links_keeps_the_rest_in_standby)
{
	join_limited(3, 2);
	cr_assert_eq(distributing(), 3);
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
	cr_assert_eq(distributing(), 2);
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
	hear_synced(0, one);
	hear_synced(1, two);
	fixture_pass(2 * SECOND);
	cr_assert_eq(distributing(), 2);
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
	cr_assert_eq(distributing(), 2);
}

Test(lacp_limits, hot_standby_takes_over_without_waiting)
{
	join_limited(2, 1);
	fixture_hear(1, XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING);
	fixture_pass(5 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(distributing(), 2, "wait_while has run out long ago");
}

Test(lacp_limits, port_that_comes_back_takes_its_place_when_it_can_carry)
{
	join_limited(2, 1);
	fixture_pass(5 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(distributing(), 2);
	fixture_pass(5 * SECOND);
	fixture_link(0, 10000);
	cr_assert_eq(distributing(), 2, "the standby goes on meanwhile");
	fixture_hear(0, 0);
	cr_assert_eq(distributing(), 2);
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(distributing(), 1, "make before break, and never more than max-links");
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
	cr_assert_eq(distributing(), 0);
	fixture_pass(1);
	cr_assert_eq(distributing(), 2);
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
	cr_assert_eq(distributing(), 0);
	cr_assert_not(lacp_carrier(&lagg));
	fixture_pass(1);
	cr_assert_eq(distributing(), 1, "the one that was added first");
	cr_assert(lacp_carrier(&lagg));
	cr_assert_str_empty(fixture_reason(0));
}

Test(lacp_fallback, no_delay)
{
	loose(0);
	fixture_up(0);
	fixture_pass(3 * SECOND);
	cr_assert_eq(distributing(), 1);
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
	cr_assert_eq(distributing(), 2);
}

Test(lacp_fallback, gives_way_the_moment_a_partner_is_heard_on_it)
{
	loose(3);
	fixture_up(0);
	fixture_pass(10 * SECOND);
	cr_assert_eq(distributing(), 1);
	fixture_hear(0, 0);
	cr_assert_eq(distributing(), 0);
	fixture_join(0);
}

Test(lacp_fallback, gives_way_the_moment_a_partner_is_heard_on_another)
{
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	fixture_hear(1, 0);
	cr_assert_eq(distributing(), 0);
	fixture_pass(30 * SECOND);
	cr_assert_eq(distributing(), 0, "as long as it is heard");
}

Test(lacp_fallback, next_port_when_it_loses_carrier)
{
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	fixture_link(0, 0);
	cr_assert_eq(distributing(), 2);
}

Test(lacp_fallback, min_links_does_not_count_against_it)
{
	conf.min_links = 2;
	loose(3);
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	cr_assert_eq(distributing(), 1);
	cr_assert(lacp_carrier(&lagg));
}

Test(lacp_fallback, not_with_lacp_strict)
{
	fixture_up(0);
	fixture_pass(1000 * SECOND);
	cr_assert_eq(distributing(), 0);
}

Test(lacp_fallback, ends_with_lacp_strict)
{
	loose(3);
	fixture_up(0);
	fixture_pass(10 * SECOND);
	conf.lacp_strict = 1;
	fixture_set(&conf);
	cr_assert_eq(distributing(), 0);
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
	cr_assert_eq(distributing(), 0);
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
	cr_assert_eq(distributing(), 0);
	cr_assert_str_eq(fixture_reason(0), "loopback: the partner is this system");
}

Test(lacp_fallback, a_half_duplex_port_stays_down)
{
	loose(3);
	fixture_add(0);
	fixture_duplex(0, 100, XLAGG_DUPLEX_HALF);
	fixture_pass(100 * SECOND);
	cr_assert_eq(distributing(), 0);
}
