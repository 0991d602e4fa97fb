/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options that change while LACP is up: what takes no port out, and what goes through UNSELECTED. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct xlagg_lagg_conf conf;
static struct lacp_port *p;

/* Two ports that carry traffic. */
static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
	p = fixture_up(0);
	fixture_up(1);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(5 * SECOND);
	cr_assert(lacp_distributing(&lagg, 0) && lacp_distributing(&lagg, 1));
}

TestSuite(lacp_config, .init = begin);

static void expect_both(bool up)
{
	cr_assert_eq(lacp_distributing(&lagg, 0), up, "eth0: %s", fixture_reason(0));
	cr_assert_eq(lacp_distributing(&lagg, 1), up, "eth1: %s", fixture_reason(1));
}

/* Nothing changed: no effect at all. */
Test(lacp_config, same_options_again)
{
	fixture_set(&conf);
	cr_assert_eq(fx.count, 0);
	expect_both(true);
}

Test(lacp_config, lacp_rate_slow_to_fast)
{
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	expect_both(true);
	cr_assert(fixture_last_sent(0).actor.state & XLAGG_STATE_TIMEOUT, "the partner is told at once");
	cr_assert_gt(p->current_while, now + 3 * SECOND, "and has its old time until it has heard");
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(p->current_while, now + 3 * SECOND);
}

Test(lacp_config, lacp_rate_fast_to_slow_waits_for_the_slow_partner)
{
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	conf.lacp_rate = XLAGG_RATE_SLOW;
	fixture_set(&conf);
	fixture_pass(30 * SECOND); /* the partner may take so long for its next LACPDU */
	expect_both(true);
}

Test(lacp_config, lacp_rate_that_goes_to_and_fro_does_not_keep_a_silent_partner)
{
	for (int i = 0; i < 5; i++) {
		conf.lacp_rate = XLAGG_RATE_FAST;
		fixture_set(&conf);
		conf.lacp_rate = XLAGG_RATE_SLOW;
		fixture_set(&conf);
	}
	fixture_pass(85 * SECOND - 1); /* five of the 90 s have passed */
	expect_both(true);
	fixture_pass(1);
	expect_both(false);
}

Test(lacp_config, lacp_rate_match_follows_the_partner)
{
	struct xlagg_lacp_end fast = fixture_partner(0);

	conf.lacp_rate = XLAGG_RATE_MATCH;
	fixture_set(&conf);
	cr_assert_not(p->actor.state & XLAGG_STATE_TIMEOUT);
	fast.state |= ALL_SYNCED | XLAGG_STATE_TIMEOUT;
	fixture_hear_from(0, &fast);
	cr_assert(p->actor.state & XLAGG_STATE_TIMEOUT);
	cr_assert_eq(p->current_while, now + 3 * SECOND);
	cr_assert(fixture_last_sent(0).actor.state & XLAGG_STATE_TIMEOUT);
	fixture_hear(0, ALL_SYNCED);
	cr_assert_not(p->actor.state & XLAGG_STATE_TIMEOUT);
	cr_assert_eq(p->current_while, now + 90 * SECOND);
	expect_both(true);
}

Test(lacp_config, lacp_rate_match_is_slow_without_a_partner)
{
	struct xlagg_lacp_end fast = fixture_partner(0);

	conf.lacp_rate = XLAGG_RATE_MATCH;
	fixture_set(&conf);
	fast.state |= ALL_SYNCED | XLAGG_STATE_TIMEOUT;
	fixture_hear_from(0, &fast);
	fixture_pass(3 * SECOND);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert(p->actor.state & XLAGG_STATE_TIMEOUT, "EXPIRED says nothing about what the partner wants");
	fixture_pass(3 * SECOND);
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
	cr_assert_not(p->actor.state & XLAGG_STATE_TIMEOUT);
}

Test(lacp_config, lacp_rate_sets_the_pace_of_looking_for_a_partner)
{
	fixture_up(2);
	fixture_pass(4 * SECOND);
	cr_assert_eq(lagg.port[2].rx, XLAGG_RX_DEFAULTED);
	fixture_pass(25 * SECOND);
	cr_assert_eq(fixture_sent(2), 0);
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	fixture_pass(10 * SECOND);
	cr_assert_geq(fixture_sent(2), 10);
}

Test(lacp_config, lacp_mode)
{
	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_set(&conf);
	expect_both(true);
	cr_assert_not(fixture_last_sent(0).actor.state & XLAGG_STATE_ACTIVITY);
	fixture_hear(0, ALL_SYNCED);
	expect_both(true);
}

Test(lacp_config, prio_takes_no_port_out)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.prio = 5;
	port.weight = 7;
	fixture_set_port(0, &port);
	expect_both(true);
	cr_assert_eq(fixture_last_sent(0).actor.port_prio, 5);
	cr_assert_eq(fixture_sent(1), 0);
}

Test(lacp_config, weight_is_nothing_to_the_partner)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.weight = 7;
	fixture_set_port(0, &port);
	expect_both(true);
	cr_assert_eq(fx.count, 0);
}

Test(lacp_config, hash_is_nothing_to_the_partner)
{
	conf.hash = XLAGG_HASH_L2;
	fixture_set(&conf);
	expect_both(true);
	cr_assert_eq(fx.count, 0);
}

/* --- through UNSELECTED --- */

static void expect_renegotiation(void)
{
	expect_both(false);
	for (uint32_t slot = 0; slot < 2; slot++) {
		cr_assert_eq(lagg.port[slot].mux, XLAGG_MUX_WAITING);
		cr_assert_eq(fixture_last_sent(slot).actor.state & LACP_STATE_MUX, 0);
	}
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	expect_both(true);
}

Test(lacp_config, system_prio_renegotiates)
{
	conf.system_prio = 1;
	fixture_set(&conf);
	cr_assert_eq(fixture_last_sent(0).actor.system_prio, 1);
	expect_renegotiation();
}

Test(lacp_config, system_mac_renegotiates)
{
	static const uint8_t mac[6] = {2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};

	strcpy(conf.system_mac, "02:aa:BB:cc:dd:ee");
	fixture_set(&conf);
	cr_assert_arr_eq(fixture_last_sent(0).actor.system, mac, 6);
	expect_renegotiation();
}

Test(lacp_config, system_mac_auto_is_the_mac_of_the_start)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	strcpy(conf.system_mac, "02:aa:bb:cc:dd:ee");
	fixture_set(&conf);
	strcpy(conf.system_mac, "auto");
	fixture_set(&conf);
	cr_assert_arr_eq(p->actor.system, mac, 6);
}

Test(lacp_config, key_renegotiates)
{
	conf.key = 4711;
	fixture_set(&conf);
	cr_assert_eq(fixture_last_sent(0).actor.key, 4711);
	expect_renegotiation();
}

Test(lacp_config, key_of_a_port_renegotiates_that_port)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.key = 9;
	fixture_set_port(1, &port);
	cr_assert(lacp_distributing(&lagg, 0));
	cr_assert_not(lacp_distributing(&lagg, 1));
	cr_assert_eq(lagg.port[1].actor.key, 9);
	conf.key = 4711;
	fixture_set(&conf);
	cr_assert_eq(lagg.port[1].actor.key, 9, "the port's own key goes first");
}

Test(lacp_config, admin_down_and_up)
{
	conf.admin = 0;
	fixture_set(&conf);
	expect_both(false);
	cr_assert_str_eq(fixture_reason(0), "the lagg is administratively down");
	conf.admin = 1;
	fixture_set(&conf);
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(1, ALL_SYNCED);
	fixture_pass(2 * SECOND);
	expect_both(true);
}

/* --- speed and duplex --- */

Test(lacp_config, half_duplex_disables_lacp)
{
	fixture_duplex(0, 10000, XLAGG_DUPLEX_HALF);
	cr_assert_eq(p->rx, XLAGG_RX_LACP_DISABLED);
	cr_assert_eq(fixture_sent(0), 0, "no LACPDU");
	cr_assert_str_eq(fixture_reason(0), "half duplex: LACP needs full duplex");
	cr_assert(lacp_distributing(&lagg, 1));
	fixture_pass(100 * SECOND);
	cr_assert_eq(fixture_sent(0), 0);
	fixture_duplex(0, 10000, XLAGG_DUPLEX_FULL);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
}

Test(lacp_config, unknown_duplex_counts_as_full)
{
	fixture_duplex(0, 10000, XLAGG_DUPLEX_UNKNOWN);
	cr_assert(lacp_distributing(&lagg, 0));
}

Test(lacp_config, new_speed_selects_again)
{
	fixture_link(0, 1000);
	cr_assert_not(lacp_distributing(&lagg, 0));
	cr_assert_eq(p->mux, XLAGG_MUX_WAITING);
}

/* --- port numbers --- */

Test(lacp_config, numbers_in_order_of_addition)
{
	fixture_add(7);
	cr_assert_eq(lagg.port[0].number, 1);
	cr_assert_eq(lagg.port[1].number, 2);
	cr_assert_eq(lagg.port[7].number, 3);
}

Test(lacp_config, number_stays_while_the_port_is_configured)
{
	lacp_port_del(&lagg, now, 0, &fx);
	cr_assert_eq(lagg.port[1].number, 2);
	cr_assert_eq(fixture_add(0)->number, 3, "and is not given to another at once");
}

Test(lacp_config, number_that_is_asked_for)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.number = 2;
	fixture_set_port(0, &port);
	cr_assert_eq(lagg.port[0].actor.port, 2);
	cr_assert_neq(lagg.port[1].actor.port, 2, "the automatic one gives way");
	cr_assert_eq(lagg.port[1].actor.port, lagg.port[1].number);
	cr_assert_eq(fixture_last_sent(0).actor.port, 2);
	expect_both(true);
}

Test(lacp_config, automatic_numbers_skip_those_that_are_taken)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.number = 3;
	fixture_set_port(0, &port);
	cr_assert_eq(fixture_add(2)->number, 4);
}

Test(lacp_config, numbers_run_round)
{
	lagg.last_number = 65535;
	cr_assert_eq(fixture_add(2)->number, 3, "never 0");
}
