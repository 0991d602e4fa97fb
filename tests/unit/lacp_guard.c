/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options partner-system and partner-guard, and what option damping is told of partners that flap. */
#include <stdio.h>
#include <string.h>

#include "unit/lacp_fixture.h"

#define PARTNER "02:00:00:00:00:bb" /* of fixture_partner() */

static struct xlagg_lagg_conf conf;

/* Two ports that distribute, with the options of `conf`. */
static void begin(void)
{
	conf = fixture_conf();
	fixture_start(&conf);
	fixture_join_all(2);
}

TestSuite(lacp_guard, .init = begin);

static void guard_on(void)
{
	conf.partner_guard = 1;
	fixture_set(&conf);
}

static void allow(const char *system)
{
	snprintf(conf.partner_system, sizeof(conf.partner_system), "%s", system);
	fixture_set(&conf);
}

/* The last event of a kind among the effects, NULL: there is none. */
static const struct xlagg_event *event_of(enum xlagg_event_type type)
{
	const struct xlagg_event *found = NULL;

	for (uint32_t i = 0; i < fx.count; i++)
		if (fx.list[i].kind == CORE_EVENT && fx.list[i].event.type == type)
			found = &fx.list[i].event;
	return found;
}

static void hear_intruder(uint8_t which)
{
	fixture_hear_synced(0, fixture_other_system(0, which));
}

static struct xlagg_port_status status_of(uint32_t slot)
{
	struct xlagg_port_status status = {0};

	lacp_port_status(&lagg, slot, &status);
	return status;
}

/* --- as the standard has it --- */

Test(lacp_guard, without_options_the_last_one_to_speak_is_the_partner)
{
	hear_intruder(0x66);
	cr_assert_eq(fixture_distributing(), 2u);
	cr_assert_eq(status_of(0).lacpdu_foreign, 0);
	cr_assert_null(event_of(XLAGG_EVENT_INTRUDER));
}

/* --- partner-guard --- */

Test(lacp_guard, foreign_pdus_change_nothing)
{
	struct lacp_port before;

	guard_on();
	before = lagg.port[0];
	hear_intruder(0x66);
	cr_assert_eq(fixture_distributing(), 3u);
	cr_assert_eq(fixture_sent(0), 0, "an intruder gets no answer");
	cr_assert(lacp_same(&before.partner, &lagg.port[0].partner, 0xff));
	cr_assert_eq(before.current_while, lagg.port[0].current_while);
	cr_assert_eq(before.counters.actor_changes, lagg.port[0].counters.actor_changes);
	cr_assert_eq(status_of(0).lacpdu_foreign, 1);
	cr_assert_eq(status_of(0).stats.lacpdu_rx, before.counters.lacpdu_rx + 1);
	cr_assert_eq(status_of(1).lacpdu_foreign, 0);
}

Test(lacp_guard, an_intruder_that_goes_on_never_keeps_the_port_out)
{
	guard_on();
	for (uint32_t s = 0; s < 200; s++) {
		fixture_pass(SECOND);
		hear_intruder(0x66);
		if (s % 30 == 0) {
			fixture_hear(0, ALL_SYNCED);
			fixture_hear(1, ALL_SYNCED);
		}
		cr_assert_eq(fixture_distributing(), 3u);
	}
	cr_assert_eq(status_of(0).lacpdu_foreign, 200);
}

Test(lacp_guard, a_partner_that_fell_silent_is_replaced)
{
	guard_on();
	fixture_hear(0, ALL_SYNCED);
	fixture_pass(90 * SECOND - 1);
	hear_intruder(0x66);
	cr_assert_eq(lagg.port[0].partner.system[5], 0xbb, "it was heard within its timeout");
	fixture_pass(1);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_EXPIRED);
	hear_intruder(0x66);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_CURRENT);
	fixture_pass(3 * SECOND);
	cr_assert_eq(fixture_distributing(), 1u, "a cable that leads to another switch now works like any other");
	cr_assert_str_empty(status_of(0).notice, "nothing is ignored any longer");
}

Test(lacp_guard, a_link_that_came_up_again_may_lead_elsewhere)
{
	guard_on();
	fixture_link(0, 0);
	fixture_link(0, 10000);
	hear_intruder(0x66);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_CURRENT);
	cr_assert_eq(status_of(0).lacpdu_foreign, 0);
}

Test(lacp_guard, the_partner_may_change_its_key_port_and_priority)
{
	struct xlagg_lacp_end other = fixture_partner(0);

	guard_on();
	other.system_prio = 1;
	other.key = 5;
	other.port = 9;
	fixture_hear_synced(0, other);
	cr_assert_eq(lagg.port[0].partner.key, 5);
	cr_assert_eq(status_of(0).lacpdu_foreign, 0);
}

Test(lacp_guard, a_partner_that_never_agreed_is_not_protected)
{
	struct xlagg_lacp_end intruder = fixture_other_system(2, 0x66), nobody = {0};

	guard_on();
	fixture_up(2);
	fixture_hear_as(2, &intruder, &nobody);
	fixture_hear(2, ALL_SYNCED);
	cr_assert_eq(lagg.port[2].partner.system[5], 0xbb, "or an intruder that came first would keep the partner out");
	fixture_hear_synced(2, intruder);
	cr_assert_eq(lagg.port[2].partner.system[5], 0xbb);
	cr_assert_eq(status_of(2).lacpdu_foreign, 1);
}

Test(lacp_guard, the_laggs_partner_is_protected_before_it_agrees)
{
	struct xlagg_lacp_end partner = fixture_partner(2), nobody = {0};

	guard_on();
	fixture_up(2);
	fixture_hear_as(2, &partner, &nobody);
	fixture_hear_synced(2, fixture_other_system(2, 0x66));
	cr_assert_eq(lagg.port[2].partner.system[5], 0xbb);
	cr_assert_eq(status_of(2).lacpdu_foreign, 1);
}

/* --- partner-system --- */

Test(lacp_guard, only_the_allowed_system_is_heard)
{
	allow(PARTNER);
	hear_intruder(0x66);
	cr_assert_eq(fixture_distributing(), 3u);
	cr_assert_eq(status_of(0).lacpdu_foreign, 1);
	cr_assert_str_eq(status_of(0).notice,
			 "LACPDUs of system 02:00:00:00:00:66 are ignored: partner-system is " PARTNER);
	fixture_pass(93 * SECOND);
	hear_intruder(0x66);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_DEFAULTED, "also when the partner is gone");
	cr_assert_str_eq(fixture_reason(0),
			 "LACPDUs of system 02:00:00:00:00:66 are ignored: partner-system is " PARTNER);
	fixture_pass(91 * SECOND);
	cr_assert(strstr(fixture_reason(0), "no LACPDU received for"), "%s", fixture_reason(0));
}

Test(lacp_guard, a_partner_that_is_no_longer_allowed_goes_at_once)
{
	allow("02:00:00:00:00:66");
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_not_null(event_of(XLAGG_EVENT_INTRUDER));
	cr_assert_eq(status_of(0).lacpdu_foreign, 0);
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(status_of(0).lacpdu_foreign, 1);
	hear_intruder(0x66);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_CURRENT);
	allow("any");
	fixture_hear(1, ALL_SYNCED);
	cr_assert_eq(lagg.port[1].rx, XLAGG_RX_CURRENT);
}

Test(lacp_guard, the_next_agent_does_not_go_on_with_a_partner_that_is_not_allowed)
{
	struct xlagg_lacp saved = {0};

	lacp_save(&lagg, 0, &saved);
	snprintf(conf.partner_system, sizeof(conf.partner_system), "02:00:00:00:00:66");
	fixture_start(&conf);
	fixture_up(0);
	cr_assert_not(lacp_adopt(&lagg, now, 0, &saved));
	conf = fixture_conf();
	fixture_start(&conf);
	fixture_up(0);
	cr_assert(lacp_adopt(&lagg, now, 0, &saved));
}

/* --- the report --- */

Test(lacp_guard, an_intruder_is_reported_once)
{
	guard_on();
	hear_intruder(0x66);
	cr_assert_not_null(event_of(XLAGG_EVENT_INTRUDER));
	cr_assert_str_eq(event_of(XLAGG_EVENT_INTRUDER)->port, "eth0");
	cr_assert_str_eq(event_of(XLAGG_EVENT_INTRUDER)->text,
			 "LACPDUs of system 02:00:00:00:00:66 are ignored: partner-guard keeps partner " PARTNER);
	cr_assert_str_eq(status_of(0).notice, event_of(XLAGG_EVENT_INTRUDER)->text);
	for (uint32_t s = 0; s < 85; s++) {
		fixture_pass(SECOND);
		hear_intruder(0x66);
		cr_assert_null(event_of(XLAGG_EVENT_INTRUDER));
	}
}

Test(lacp_guard, many_intruders_do_not_flood_the_log)
{
	uint32_t events = 0;

	guard_on();
	for (uint32_t i = 0; i < 850; i++) {
		fixture_pass(SECOND / 10);
		hear_intruder((uint8_t)(i % 100 + 2));
		events += event_of(XLAGG_EVENT_INTRUDER) != NULL;
	}
	cr_assert_eq(events, 2, "85 s, at most one report in 60 s, not %u", events);
}

Test(lacp_guard, an_intruder_that_comes_back_is_reported_again)
{
	guard_on();
	hear_intruder(0x66);
	conf.partner_guard = 0;
	fixture_set(&conf);
	cr_assert_str_empty(status_of(0).notice, "without the option nobody is ignored");
	guard_on();
	for (uint32_t i = 0; i < 4; i++) {
		fixture_pass(30 * SECOND);
		fixture_hear(0, ALL_SYNCED);
	}
	cr_assert_str_empty(status_of(0).notice);
	hear_intruder(0x66);
	cr_assert_not_null(event_of(XLAGG_EVENT_INTRUDER));
}

/* --- what damping is told --- */

static uint32_t losses(void)
{
	return lacp_take_losses(&lagg, 0);
}

Test(lacp_guard, losses_of_sync_and_changes_of_partner_are_noted)
{
	struct xlagg_lacp_end other = fixture_partner(0);

	cr_assert_eq(losses(), 0, "coming up is none");
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(losses(), 0);
	fixture_hear(0, 0);
	cr_assert_eq(losses(), 1);
	cr_assert_eq(losses(), 0, "once");
	fixture_hear(0, 0);
	cr_assert_eq(losses(), 0, "it is lost already");
	fixture_hear(0, ALL_SYNCED);
	fixture_hear(0, XLAGG_STATE_SYNC);
	cr_assert_eq(losses(), 1, "Collecting takes the port out as well");
	fixture_hear(0, ALL_SYNCED);
	other.key = 5;
	fixture_hear_synced(0, other);
	cr_assert_eq(losses(), 1);
}

Test(lacp_guard, a_partner_that_falls_silent_loses_sync)
{
	fixture_pass(90 * SECOND);
	cr_assert_eq(losses(), 1);
	fixture_pass(3 * SECOND);
	cr_assert_eq(losses(), 0, "DEFAULTED follows from that");
}

Test(lacp_guard, what_we_ordered_is_no_loss)
{
	struct xlagg_port_conf port = fixture_port_conf();

	port.admin = 0;
	fixture_set_port(0, &port);
	fixture_pass(SECOND);
	cr_assert_eq(losses(), 0);
	fixture_link(1, 0);
	cr_assert_eq(lacp_take_losses(&lagg, 1), 0, "a lost carrier is the link's loss");
}

static void damp(uint32_t slot, bool damped)
{
	fx.count = 0;
	lacp_damp(&lagg, now, slot, damped, &fx);
}

Test(lacp_guard, a_damped_port_is_held_out_of_sync)
{
	damp(0, true);
	cr_assert_eq(fixture_distributing(), 2u);
	cr_assert_not(fixture_last_sent(0).actor.state & XLAGG_STATE_SYNC, "so that the partner stops sending");
	cr_assert(strstr(fixture_reason(0), "held back by damping: its partner"), "%s", fixture_reason(0));
	fixture_hear(0, 0);
	cr_assert_eq(losses(), 1, "it goes on flapping");
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(fixture_distributing(), 2u);
	damp(0, false);
	fixture_pass(3 * SECOND);
	cr_assert_eq(fixture_distributing(), 3u);
}

Test(lacp_guard, a_damped_port_is_better_than_none)
{
	damp(0, true);
	fixture_link(1, 0);
	fixture_pass(3 * SECOND);
	cr_assert_eq(fixture_distributing(), 1u);
}

Test(lacp_guard, a_damped_port_is_better_than_fewer_than_min_links)
{
	conf.min_links = 2;
	fixture_set(&conf);
	damp(0, true);
	cr_assert_eq(fixture_distributing(), 3u);
}

Test(lacp_guard, a_standby_port_takes_the_place_of_a_damped_one)
{
	conf.max_links = 1;
	fixture_set(&conf);
	cr_assert_eq(fixture_distributing(), 1u);
	damp(0, true);
	cr_assert_eq(fixture_distributing(), 1u, "until the other one carries traffic");
	fixture_pass(3 * SECOND);
	fixture_hear(1, ALL_SYNCED);
	cr_assert_eq(fixture_distributing(), 2u);
}

Test(lacp_guard, a_steady_aggregator_goes_before_a_damped_one)
{
	fixture_start(&conf);
	fixture_two_partners(10000, 10000);
	cr_assert_eq(fixture_distributing(), 3u);
	damp(0, true);
	damp(1, true);
	fixture_pass(3 * SECOND);
	fixture_hear_synced(2, fixture_other_system(2, 0xcc));
	cr_assert_eq(fixture_distributing(), 4u, "%s", fixture_reason(2));
}
