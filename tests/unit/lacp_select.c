/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Selection Logic, 802.1AX-2014 6.4.14.1, and the policy above it: which aggregator carries traffic. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct xlagg_lagg_conf conf;

static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
}

TestSuite(lacp_select, .init = begin);

static const struct lacp_port *port(uint32_t slot)
{
	return &lagg.port[slot];
}

static struct xlagg_lacp_end other_key(uint32_t slot, uint16_t key)
{
	struct xlagg_lacp_end partner = fixture_partner(slot);

	partner.key = key;
	return partner;
}

/* --- 6.4.14.1 --- */

Test(lacp_select, same_lag_id_same_aggregator)
{
	fixture_join_all(3);
	cr_assert_eq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(port(0)->aggregator, port(2)->aggregator);
	cr_assert_eq(fixture_distributing(), 7);
}

Test(lacp_select, lag_takes_the_aggregator_of_its_first_port)
{
	fixture_join_all(2);
	cr_assert_eq(port(1)->aggregator, 0);
}

Test(lacp_select, other_partner_key_other_aggregator)
{
	fixture_up(0);
	fixture_up(1);
	fixture_hear_synced(0, fixture_partner(0));
	fixture_hear_synced(1, other_key(1, 78));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(port(1)->selected, XLAGG_STANDBY);
	cr_assert_str_eq(fixture_reason(1), "partner key 78 differs from eth0's partner key 77");
}

Test(lacp_select, other_partner_system_other_aggregator)
{
	fixture_up(0);
	fixture_up(1);
	fixture_hear_synced(0, fixture_partner(0));
	fixture_hear_synced(1, fixture_other_system(1, 0xcc));
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
	fixture_hear_synced(0, fixture_partner(0));
	fixture_hear_synced(1, fixture_partner(1));
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
}

Test(lacp_select, individual_partners_never_share)
{
	struct xlagg_lacp_end one = fixture_partner(0), two = fixture_partner(1);

	fixture_up(0);
	fixture_up(1);
	one.state &= (uint8_t)~XLAGG_STATE_AGGREGATION;
	two.state &= (uint8_t)~XLAGG_STATE_AGGREGATION;
	fixture_hear_synced(0, one);
	fixture_hear_synced(1, two);
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 1, "an individual partner carries traffic, alone");
}

Test(lacp_select, individual_partner_carries_traffic_where_select_picks_it)
{
	struct xlagg_lacp_end individual = fixture_partner(1);

	conf.select = XLAGG_SELECT_PRIO;
	fixture_set(&conf);
	fixture_join_all(1);
	fixture_up(1);
	struct xlagg_port_conf first = fixture_port_conf();
	first.prio = 1;
	fixture_set_port(1, &first);
	individual.state = XLAGG_STATE_ACTIVITY;
	fixture_hear_synced(1, individual);
	cr_assert_eq(fixture_distributing(), 0, "the other aggregator is out of sync first");
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_select, defaulted_ports_are_individual)
{
	fixture_up(0);
	fixture_up(1);
	fixture_pass(10 * SECOND);
	cr_assert_neq(port(0)->aggregator, port(1)->aggregator);
	cr_assert_eq(fixture_distributing(), 0, "lacp-strict");
}

Test(lacp_select, change_passes_through_detached)
{
	fixture_join_all(2);
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
	fixture_join_all(2);
	fx.count = 0;
	lacp_port_del(&lagg, now, 0, &fx);
	cr_assert_eq(fixture_distributing(), 2, "the LAG keeps the aggregator");
	fixture_up(0);
	fixture_hear_synced(0, fixture_other_system(0, 0xcc));
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
	cr_assert_eq(fixture_distributing(), 0);
	fixture_pass(SECOND);
	cr_assert_eq(fixture_distributing(), 3, "both at once");
}

Test(lacp_select, thirty_two_ports_in_one_aggregator)
{
	fixture_join_all(XLAGG_MAX_PORTS);
	cr_assert_eq(fixture_distributing(), 0xffffffff);
}

Test(lacp_select, thirty_two_partners_have_thirty_two_aggregators)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		fixture_up(i);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		fixture_hear_synced(i, fixture_other_system(i, (uint8_t)(0x40 + i)));
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		seen |= 1u << port(i)->aggregator;
	cr_assert_eq(seen, 0xffffffff);
	fixture_pass(2 * SECOND);
	cr_assert_eq(__builtin_popcount(fixture_distributing()), 1);
}

/* --- keys --- */

Test(lacp_select, auto_keys_differ_by_speed)
{
	fixture_join_all(1);
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
	cr_assert_eq(fixture_distributing(), 3, "unknown duplex counts as full");
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
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_eq(port(0)->mux, XLAGG_MUX_WAITING);
	fixture_join(0);
}

Test(lacp_select, lost_carrier_keeps_the_key)
{
	uint16_t key;

	fixture_join_all(1);
	key = port(0)->actor.key;
	fixture_link(0, 0);
	cr_assert_eq(port(0)->actor.key, key);
}

/* --- which aggregator carries traffic --- */

Test(lacp_select, bandwidth_takes_the_greatest_sum)
{
	fixture_two_partners(10000, 10000);
	cr_assert_eq(fixture_distributing(), 3);
}

Test(lacp_select, bandwidth_takes_one_fast_port_before_two_slow_ones)
{
	fixture_two_partners(1000, 10000);
	cr_assert_eq(fixture_distributing(), 4);
}

Test(lacp_select, count_takes_the_most_ports)
{
	conf.select = XLAGG_SELECT_COUNT;
	fixture_set(&conf);
	fixture_two_partners(1000, 10000);
	cr_assert_eq(fixture_distributing(), 3);
}

Test(lacp_select, stable_keeps_the_present_one)
{
	conf.select = XLAGG_SELECT_STABLE;
	fixture_set(&conf);
	fixture_two_partners(10000, 10000);
	cr_assert_eq(fixture_distributing(), 4, "it came first");
	fixture_link(2, 0);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 3, "until it has no port");
	fixture_link(2, 10000);
	fixture_hear_synced(2, fixture_other_system(2, 0xcc));
	cr_assert_eq(fixture_distributing(), 3);
}

Test(lacp_select, prio_takes_the_port_of_lowest_prio)
{
	struct xlagg_port_conf first = fixture_port_conf();

	conf.select = XLAGG_SELECT_PRIO;
	fixture_set(&conf);
	fixture_two_partners(10000, 10000);
	first.prio = 7;
	fixture_set_port(2, &first);
	fixture_hear_synced(2, fixture_other_system(2, 0xcc)); /* the partner has seen the new priority */
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 4);
}

Test(lacp_select, tie_keeps_the_present_one)
{
	fixture_up(0);
	fixture_up(1);
	fixture_hear_synced(1, fixture_other_system(1, 0xcc));
	fixture_hear_synced(0, fixture_other_system(0, 0xaa));
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_select, tie_then_takes_the_lower_partner_system)
{
	conf.admin = 0;
	fixture_set(&conf);
	fixture_up(0);
	fixture_up(1);
	conf.admin = 1;
	fixture_set(&conf);
	/* neither is the present one: both become usable within one input */
	for (uint32_t i = 0; i < 2; i++) {
		struct xlagg_lacp_end partner = fixture_other_system(i, i ? 0xaa : 0xcc);

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
	fixture_two_partners(10000, 10000);
	cr_assert_eq(fixture_distributing(), 3);
	cr_assert_not(lacp_collecting(&lagg, 2));
	cr_assert_eq(fixture_last_sent(0).kind, PDU_LACP);
	cr_assert_eq(port(2)->actor.state & LACP_STATE_MUX, 0, "its partner is told not to send");
}

/* The partner decides, because its System ID is lower: its Sync shows what it chose. */
Test(lacp_select, follows_the_system_with_the_lower_id)
{
	struct xlagg_lacp_end one = other_key(0, 1), two = other_key(1, 2);

	one.system_prio = two.system_prio = 1;
	fixture_up(0);
	fixture_up(1);
	fixture_hear_from(0, &one);
	fixture_hear_from(1, &two);
	cr_assert_eq(port(1)->selected, XLAGG_STANDBY);
	fixture_hear_synced(1, two);
	cr_assert_eq(port(0)->selected, XLAGG_STANDBY);
	cr_assert_eq(port(1)->selected, XLAGG_SELECTED);
	fixture_pass(2 * SECOND);
	cr_assert_eq(fixture_distributing(), 2);
}

/* We decide, but the partner refuses: after LACP_REFUSED_TIME another aggregator has its chance. */
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
	cr_assert_eq(fixture_distributing(), 0);
	fixture_pass(LACP_REFUSED_TIME - 1);
	cr_assert_eq(fixture_distributing(), 0);
	fixture_pass(1);
	cr_assert_eq(fixture_distributing(), 2);
}

Test(lacp_select, does_not_come_back_to_who_refused_of_itself)
{
	struct xlagg_lacp_end other = fixture_other_system(2, 0xcc);

	for (uint32_t i = 0; i < 3; i++)
		fixture_up(i);
	fixture_hear(0, 0); /* two ports: more bandwidth, but out of sync */
	fixture_hear(1, 0);
	fixture_hear_synced(2, other);
	fixture_pass(2 * SECOND + LACP_REFUSED_TIME);
	cr_assert_eq(fixture_distributing(), 4);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(5 * SECOND);
	cr_assert_eq(fixture_distributing(), 4, "or three systems could go round in circles");
	fixture_link(2, 0);
	fixture_pass(5 * SECOND);
	cr_assert_eq(fixture_distributing(), 3, "unless there is no other");
}
