/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What LACP shows: reasons, flags, counters, how long a port lasts without the agent, events. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct xlagg_lagg_conf conf;
static struct lacp_port *p;

static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
	p = fixture_add(0);
}

TestSuite(lacp_reason, .init = begin);
TestSuite(lacp_status, .init = begin);

/* --- one sentence for each cause --- */

static void expect(const char *reason)
{
	cr_assert_str_eq(fixture_reason(0), reason);
}

Test(lacp_reason, of_each_cause_on_the_way_up)
{
	struct xlagg_lacp_end nobody = {0}, partner = fixture_partner(0);
	struct core_link link = {.present = false};

	lacp_link(&lagg, now, 0, &link, &fx);
	expect("device is absent");
	link.present = true;
	lacp_link(&lagg, now, 0, &link, &fx);
	expect("administratively down (ip link set eth0 up brings it back)");
	link.admin_up = true;
	lacp_link(&lagg, now, 0, &link, &fx);
	expect("no carrier");
	fixture_link(0, 10000);
	expect("no LACPDU received since the link came up");
	fixture_pass(3 * SECOND);
	expect("no LACPDU received for 3 s");
	fixture_pass(300 * SECOND);
	expect("no LACPDU received for 3 s");
	fixture_hear_as(0, &partner, &nobody);
	expect("partner does not see us yet");
	fixture_hear(0, 0);
	expect("waits for other ports to join the aggregator");
	fixture_pass(2 * SECOND);
	expect("partner is not in sync");
	fixture_hear(0, XLAGG_STATE_SYNC);
	expect("partner does not collect yet");
	fixture_hear(0, ALL_SYNCED);
	expect("");
}

Test(lacp_reason, of_a_partner_that_fell_silent)
{
	fixture_link(0, 10000);
	fixture_join(0);
	fixture_pass(88 * SECOND);
	expect("no LACPDU received for 90 s");
	fixture_pass(3 * SECOND);
	expect("no LACPDU received for 93 s");
}

Test(lacp_reason, of_a_partner_that_is_deaf)
{
	struct xlagg_lacp_end partner = fixture_partner(0), nobody = {0};

	fixture_link(0, 10000);
	partner.state |= XLAGG_STATE_DEFAULTED;
	fixture_hear_as(0, &partner, &nobody);
	expect("partner does not hear us");
}

Test(lacp_reason, of_both_ends_passive)
{
	conf.lacp_mode = XLAGG_LACP_PASSIVE;
	fixture_set(&conf);
	fixture_link(0, 10000);
	fixture_pass(3 * SECOND);
	expect("no LACPDU received for 3 s, and lacp-mode passive waits for the partner");
}

Test(lacp_reason, of_a_lagg)
{
	char text[XLAGG_SENTENCE_MAX];

	lacp_lagg_reason(&lagg, text);
	cr_assert_str_eq(text, "no port distributes (eth0: device is absent)");
	fixture_link(0, 10000);
	fixture_join(0);
	lacp_lagg_reason(&lagg, text);
	cr_assert_str_empty(text);
	conf.min_links = 2;
	fixture_set(&conf);
	lacp_lagg_reason(&lagg, text);
	cr_assert_str_eq(text, "min-links 2 not reached: 1 usable");
	conf.admin = 0;
	fixture_set(&conf);
	lacp_lagg_reason(&lagg, text);
	cr_assert_str_eq(text, "administratively down");
	lacp_port_del(&lagg, now, 0, &fx);
	conf.admin = 1;
	fixture_set(&conf);
	lacp_lagg_reason(&lagg, text);
	cr_assert_str_eq(text, "no port");
}

Test(lacp_reason, fits_with_the_longest_names)
{
	fixture_up(1);
	lacp_port_rename(&lagg, 0, "abcdefghijklmno");
	lacp_port_rename(&lagg, 1, "abcdefghijklmno");
	fixture_link(0, 10000);
	for (uint32_t i = 0; i < 2; i++) {
		struct xlagg_lacp_end partner = fixture_partner(i);

		partner.system[5] = (uint8_t)(0xaa + i);
		partner.state = XLAGG_STATE_ACTIVITY;
		fixture_hear_from(i, &partner);
	}
	cr_assert_str_eq(fixture_reason(1), "another aggregator carries traffic: abcdefghijklmno's, and the partner "
					    "here does not aggregate");
}

/* --- status --- */

static struct xlagg_port_status status_of(uint32_t slot)
{
	struct xlagg_port_status status = {0};

	lacp_port_status(&lagg, slot, &status);
	return status;
}

Test(lacp_status, of_a_port_that_distributes)
{
	struct xlagg_port_status status;

	fixture_link(0, 10000);
	fixture_join(0);
	status = status_of(0);
	cr_assert_eq(status.lacp.rx, XLAGG_RX_CURRENT);
	cr_assert_eq(status.lacp.mux, XLAGG_MUX_DISTRIBUTING);
	cr_assert_eq(status.lacp.selected, XLAGG_SELECTED);
	cr_assert_eq(status.lacp.aggregator, 1);
	cr_assert_eq(status.lacp.actor.key, p->actor.key);
	cr_assert_eq(status.lacp.partner.key, 77);
	cr_assert_eq(status.number, 1);
	cr_assert_str_empty(status.reason);
	cr_assert_eq(lacp_flags(&lagg, 0), XLAGG_FLAG_ACTIVE | XLAGG_FLAG_COLLECTING | XLAGG_FLAG_DISTRIBUTING);
	cr_assert_eq(lacp_flags(&lagg, 0), 0x1c);
}

Test(lacp_status, lag_id_of_the_active_aggregator)
{
	struct xlagg_lagg_status status = {0};

	lacp_status(&lagg, &status);
	cr_assert_not(status.has_lag_id);
	fixture_link(0, 10000);
	fixture_join(0);
	lacp_status(&lagg, &status);
	cr_assert(status.has_lag_id);
	cr_assert_eq(status.partner.key, 77);
	cr_assert_eq(status.actor.key, p->actor.key);
}

Test(lacp_status, counters_as_in_the_mib)
{
	uint64_t changes;

	fixture_link(0, 10000);
	cr_assert_eq(status_of(0).stats.lacpdu_tx, 1);
	changes = status_of(0).stats.actor_changes;
	fixture_hear(0, 0);
	fixture_hear(0, 0);
	cr_assert_eq(status_of(0).stats.lacpdu_rx, 2);
	cr_assert_eq(status_of(0).stats.actor_changes, changes + 1, "the LAG ID changes with the partner");
	cr_assert_eq(status_of(0).stats.partner_changes, 1);
	fixture_receive(0, "", 0);
	cr_assert_eq(status_of(0).stats.illegal_rx, 1);
}

static uint32_t headless(enum xlagg_lacp_rate ours, bool partner_short)
{
	struct xlagg_lacp_end partner = fixture_partner(0);

	conf.lacp_rate = ours;
	fixture_set(&conf);
	partner.state |= ALL_SYNCED | (partner_short ? XLAGG_STATE_TIMEOUT : 0);
	fixture_hear_from(0, &partner);
	return status_of(0).lacp.headless_s;
}

Test(lacp_status, headless_is_as_long_as_the_partner_asks_us_often_enough)
{
	fixture_link(0, 10000);
	cr_assert_eq(headless(XLAGG_RATE_FAST, true), XLAGG_AUTO);
	cr_assert_eq(headless(XLAGG_RATE_SLOW, false), XLAGG_AUTO);
	cr_assert_eq(headless(XLAGG_RATE_FAST, false), XLAGG_AUTO);
	cr_assert_eq(headless(XLAGG_RATE_SLOW, true), 3, "we ask every 30 s, it gives up after 3");
	cr_assert_eq(headless(XLAGG_RATE_MATCH, true), XLAGG_AUTO);
	fixture_link(0, 0);
	cr_assert_eq(status_of(0).lacp.headless_s, 0);
}

/* --- events --- */

Test(lacp_status, partner_change_is_told_once)
{
	struct xlagg_lacp_end other = fixture_partner(0);

	fixture_link(0, 10000);
	cr_assert_eq(fixture_events(), 0);
	fixture_hear(0, 0);
	cr_assert_eq(fixture_events(), 1);
	cr_assert_eq(fx.list[0].event.type, XLAGG_EVENT_PARTNER_CHANGE);
	cr_assert_str_eq(fx.list[0].event.port, "eth0");
	cr_assert_str_eq(fx.list[0].event.text, "partner 02:00:00:00:00:bb key 77 port 1");
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(fixture_events(), 0);
	other.key = 5;
	fixture_hear_from(0, &other);
	cr_assert_eq(fixture_events(), 1);
	fixture_pass(93 * SECOND);
	cr_assert_eq(fixture_events(), 1);
}

Test(lacp_status, lost_partner_is_told_once)
{
	fixture_link(0, 10000);
	fixture_hear(0, 0);
	fixture_pass(93 * SECOND - 1);
	cr_assert_eq(fixture_events(), 0);
	fixture_pass(1);
	cr_assert_eq(fixture_events(), 1);
	fixture_pass(1000 * SECOND);
	cr_assert_eq(fixture_events(), 0);
}
