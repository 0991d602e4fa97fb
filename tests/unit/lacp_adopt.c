/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* LACP across a change of agents: what was recorded goes on, and what makes no sense starts anew. */
#include "unit/lacp_fixture.h"

#include <stdio.h>
#include <string.h>

static struct xlagg_lagg_conf conf;
static struct xlagg_lacp saved[XLAGG_MAX_PORTS];

/* Two ports that carry traffic, and their records. */
static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
	fixture_up(0);
	fixture_up(1);
	fixture_hear(1, ALL_SYNCED); /* the aggregator has the slot of the second port */
	fixture_hear(0, ALL_SYNCED);
	fixture_pass(5 * SECOND);
	for (uint32_t slot = 0; slot < 2; slot++) {
		cr_assert(lacp_distributing(&lagg, slot));
		lacp_save(&lagg, slot, &saved[slot]);
	}
}

TestSuite(lacp_adopt, .init = begin);

/* Starts another agent with the options of `conf`. What it sends is in `fx`. */
static void other_agent(void)
{
	fixture_start(&conf);
	fixture_add(0);
	fixture_add(1);
	lacp_adopt_identity(&lagg, 0, &saved[0]);
	lacp_adopt_identity(&lagg, 1, &saved[1]);
	fixture_link(0, 10000);
	fixture_link(1, 10000);
	fx.count = 0;
	for (uint32_t slot = 0; slot < 2; slot++)
		lacp_adopt(&lagg, now, slot, &saved[slot]);
	lacp_run(&lagg, now, &fx);
}

Test(lacp_adopt, goes_on_as_it_was)
{
	struct xlagg_lacp_end before = lagg.port[0].actor;
	struct pdu sent;

	now += 20 * SECOND;
	other_agent();
	cr_assert(lacp_distributing(&lagg, 0));
	cr_assert(lacp_distributing(&lagg, 1));
	cr_assert_eq(lagg.port[0].aggregator, lagg.port[1].aggregator);
	cr_assert_eq(memcmp(&lagg.port[0].actor, &before, sizeof(before)), 0);
	sent = fixture_last_sent(0);
	cr_assert_eq(memcmp(&sent.actor, &before, sizeof(before)), 0, "the partner sees no change");
	fixture_hear(0, ALL_SYNCED);
	cr_assert(lacp_distributing(&lagg, 0));
}

/* The agent died between the change of the option and its LACPDU. */
Test(lacp_adopt, rate_is_that_of_the_option)
{
	conf.lacp_rate = XLAGG_RATE_FAST;
	cr_assert_not(saved[0].actor.state & XLAGG_STATE_TIMEOUT);
	now += 20 * SECOND;
	other_agent();
	cr_assert(lagg.port[0].actor.state & XLAGG_STATE_TIMEOUT);
	cr_assert(fixture_last_sent(0).actor.state & XLAGG_STATE_TIMEOUT, "the partner is not asked");
	cr_assert(lacp_distributing(&lagg, 0));
}

Test(lacp_adopt, no_timer_of_another_state_is_left)
{
	now += 20 * SECOND;
	other_agent();
	fixture_pass(10 * SECOND); /* fails on a deadline that has passed */
	cr_assert(lacp_distributing(&lagg, 0));
}

Test(lacp_adopt, silence_counts_from_the_take_over)
{
	now += 1000 * SECOND;
	other_agent();
	fixture_pass(90 * SECOND - 1);
	cr_assert(lacp_distributing(&lagg, 0));
	fixture_pass(1);
	cr_assert_not(lacp_distributing(&lagg, 0));
}

Test(lacp_adopt, system_and_number_go_on)
{
	saved[0].actor.port = 9;
	saved[0].actor.system[5] = saved[1].actor.system[5] = 0x77;
	other_agent();
	cr_assert_eq(lagg.port[0].actor.port, 9);
	cr_assert_eq(lagg.port[0].actor.system[5], 0x77, "system-mac auto is that of the first start");
	cr_assert_eq(fixture_add(5)->number, 10, "no number is given twice");
}

/* The agent died in the change from one to the other. */
Test(lacp_adopt, system_and_number_of_options_are_not_taken_for_automatic_ones)
{
	uint8_t mac[6];

	memcpy(mac, lagg.mac, sizeof(mac));
	cr_assert_eq(saved[0].system_set, 0);
	cr_assert_eq(saved[0].number_set, 0);
	saved[0].actor.port = 9;
	saved[0].number_set = 1;
	for (uint32_t slot = 0; slot < 2; slot++) {
		saved[slot].actor.system[5] = 0x77;
		saved[slot].system_set = 1;
	}
	other_agent();
	cr_assert_neq(lagg.port[0].actor.port, 9);
	cr_assert_arr_eq(lagg.port[0].actor.system, mac, sizeof(mac));
	snprintf(conf.system_mac, sizeof(conf.system_mac), "02:00:00:00:00:77");
	other_agent();
	lacp_save(&lagg, 1, &saved[1]);
	cr_assert_arr_eq(lagg.mac, mac, sizeof(mac), "what system-mac auto would be");
}

Test(lacp_adopt, three_lacpdus_in_any_second_go_for_both_agents_together)
{
	saved[0].pdu_tx_ns = now - 100 * MS;
	other_agent();
	cr_assert_eq(fixture_sent(0), 0);
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	cr_assert_eq(fixture_sent(0), 0, "the other may have sent three");
	fixture_pass(900 * MS);
	cr_assert_eq(fixture_sent(0), 1);
}

static void expect_anew(uint32_t slot)
{
	cr_assert_not(lacp_distributing(&lagg, slot));
	cr_assert_eq(lagg.port[slot].rx, XLAGG_RX_EXPIRED);
	cr_assert_eq(lagg.port[slot].actor.state & LACP_STATE_MUX, 0);
}

Test(lacp_adopt, unknown_partner_starts_anew)
{
	saved[0].partner_known = 0;
	other_agent();
	expect_anew(0);
	cr_assert(lacp_distributing(&lagg, 1));
}

Test(lacp_adopt, states_that_are_none_start_anew)
{
	saved[0].mux = 200;
	saved[1].selected = 9;
	other_agent();
	expect_anew(0);
	expect_anew(1);
}

Test(lacp_adopt, other_options_start_anew)
{
	conf.key = 99;
	other_agent();
	expect_anew(0);
	expect_anew(1);
}

Test(lacp_adopt, aggregator_of_a_port_that_starts_anew_is_given_up_to_one_that_goes_on)
{
	saved[1].partner_known = 0;
	cr_assert_eq(saved[0].aggregator, 1);
	other_agent();
	cr_assert(lacp_distributing(&lagg, 0));
	cr_assert_eq(lagg.port[0].aggregator, 1);
	cr_assert_neq(lagg.port[1].aggregator, 1, "which would be its own");
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	cr_assert(lacp_distributing(&lagg, 1));
	cr_assert_eq(lagg.port[1].aggregator, 1);
}

Test(lacp_adopt, one_lag_in_two_aggregators_starts_anew)
{
	saved[1].aggregator = 5;
	saved[1].active = 0;
	other_agent();
	cr_assert(lacp_distributing(&lagg, 0));
	expect_anew(1);
}

Test(lacp_adopt, sync_of_a_partner_that_does_not_see_us_is_not_believed)
{
	saved[0].matched = 0;
	other_agent();
	cr_assert_not(lacp_distributing(&lagg, 0));
	cr_assert(lacp_distributing(&lagg, 1));
}

Test(lacp_adopt, state_of_the_actor_is_that_of_the_machine)
{
	saved[0].mux = XLAGG_MUX_ATTACHED;
	saved[0].partner_oper.state &= (uint8_t)~XLAGG_STATE_SYNC;
	other_agent();
	cr_assert_eq(lagg.port[0].actor.state & LACP_STATE_MUX, XLAGG_STATE_SYNC);
}
