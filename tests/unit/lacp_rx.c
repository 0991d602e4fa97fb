/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Receive machine: 802.1AX-2014 6.4.12, Figure 6-18: every arc, and what each state does on entry. */
#include "unit/lacp_fixture.h"

static struct lacp_port *p;
static const struct xlagg_lacp_end *actor, *partner;

static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_add(0);
	actor = &p->actor;
	partner = &p->partner;
}

TestSuite(lacp_rx, .init = begin);

/* A partner that is recorded, with every bit set that a state could clear. */
static void record(enum xlagg_lacp_rx state)
{
	p->partner = fixture_partner(0);
	p->partner.state |= ALL_SYNCED;
	p->actor.state &= (uint8_t)~XLAGG_STATE_DEFAULTED;
	p->selected = XLAGG_SELECTED;
	p->rx = state;
	p->current_while = now + SECOND;
	p->enabled = true;
	p->ntt = false;
}

static bool step(void)
{
	fx.count = 0;
	return lacp_rx_step(&lagg, p, now, &fx);
}

static void expect_defaults(void)
{
	cr_assert(actor->state & XLAGG_STATE_DEFAULTED);
	cr_assert_eq(partner->system_prio, 0);
	cr_assert_eq(partner->key, 0);
	cr_assert_eq(partner->port_prio, 0);
	cr_assert_eq(partner->port, 0);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(partner->system[i], 0);
}

Test(lacp_rx, begin_enters_initialize)
{
	record(XLAGG_RX_CURRENT);
	p->actor.state |= XLAGG_STATE_EXPIRED;
	p->port_moved = true;
	lacp_rx_begin(&lagg, p);
	cr_assert_eq(p->rx, XLAGG_RX_INITIALIZE);
	cr_assert_eq(p->selected, XLAGG_UNSELECTED);
	cr_assert_not(actor->state & XLAGG_STATE_EXPIRED);
	cr_assert_not(p->port_moved);
	expect_defaults();
}

Test(lacp_rx, initialize_to_port_disabled_uct)
{
	lacp_rx_begin(&lagg, p);
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	cr_assert_not(step(), "it stays while the port is not enabled");
}

static void expect_disabled_from(enum xlagg_lacp_rx from)
{
	record(from);
	p->enabled = false;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	cr_assert_not(partner->state & XLAGG_STATE_SYNC, "PORT_DISABLED: Partner_Oper.Synchronization = FALSE");
	cr_assert_eq(p->current_while, CORE_NEVER);
}

Test(lacp_rx, current_to_port_disabled)
{
	expect_disabled_from(XLAGG_RX_CURRENT);
	cr_assert_eq(partner->key, 77, "the rest of the partner is kept");
	cr_assert_eq(p->selected, XLAGG_SELECTED, "and so is the selection");
}

Test(lacp_rx, expired_to_port_disabled)
{
	expect_disabled_from(XLAGG_RX_EXPIRED);
}

Test(lacp_rx, defaulted_to_port_disabled)
{
	expect_disabled_from(XLAGG_RX_DEFAULTED);
}

Test(lacp_rx, lacp_disabled_to_port_disabled)
{
	p->lacp_enabled = false;
	expect_disabled_from(XLAGG_RX_LACP_DISABLED);
}

Test(lacp_rx, port_disabled_to_expired)
{
	record(XLAGG_RX_PORT_DISABLED);
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert_not(partner->state & XLAGG_STATE_SYNC);
	cr_assert(partner->state & XLAGG_STATE_TIMEOUT, "Partner_Oper.LACP_Timeout = Short Timeout");
	cr_assert_eq(p->current_while, now + 3 * SECOND, "Short_Timeout_Time, whatever the rate");
	cr_assert(actor->state & XLAGG_STATE_EXPIRED);
	cr_assert(p->ntt, "Corrigendum 1");
	cr_assert_eq(p->selected, XLAGG_SELECTED);
	cr_assert_eq(partner->key, 77);
}

Test(lacp_rx, port_disabled_to_lacp_disabled)
{
	record(XLAGG_RX_PORT_DISABLED);
	p->lacp_enabled = false;
	p->actor.state |= XLAGG_STATE_EXPIRED;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_LACP_DISABLED);
	cr_assert_eq(p->selected, XLAGG_UNSELECTED);
	expect_defaults();
	cr_assert_not(partner->state & XLAGG_STATE_AGGREGATION);
	cr_assert_not(actor->state & XLAGG_STATE_EXPIRED);
}

Test(lacp_rx, lacp_disabled_by_half_duplex_from_current)
{
	record(XLAGG_RX_CURRENT);
	p->lacp_enabled = false;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_LACP_DISABLED);
}

Test(lacp_rx, lacp_disabled_left_when_lacp_is_enabled)
{
	record(XLAGG_RX_LACP_DISABLED);
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
}

Test(lacp_rx, port_disabled_to_initialize_when_port_moved)
{
	record(XLAGG_RX_PORT_DISABLED);
	p->enabled = false;
	p->port_moved = true;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_INITIALIZE);
	cr_assert_not(p->port_moved);
	cr_assert_eq(p->selected, XLAGG_UNSELECTED);
	expect_defaults();
	cr_assert_eq(fixture_events(), 1, "the partner is gone, and somebody may want to know");
}

Test(lacp_rx, port_moved_goes_before_port_enabled)
{
	record(XLAGG_RX_PORT_DISABLED);
	p->port_moved = true;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_INITIALIZE);
}

Test(lacp_rx, current_to_expired_at_the_edge_of_current_while)
{
	record(XLAGG_RX_CURRENT);
	p->current_while = now + 1;
	cr_assert_not(step());
	cr_assert_eq(p->rx, XLAGG_RX_CURRENT);
	now++;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert_not(partner->state & XLAGG_STATE_SYNC);
	cr_assert_eq(p->current_while, now + 3 * SECOND);
	cr_assert(p->ntt);
}

Test(lacp_rx, expired_to_defaulted_at_the_edge_of_current_while)
{
	record(XLAGG_RX_EXPIRED);
	p->actor.state |= XLAGG_STATE_EXPIRED;
	p->current_while = now + 1;
	cr_assert_not(step());
	now++;
	cr_assert(step());
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
	cr_assert_eq(p->selected, XLAGG_UNSELECTED, "update_Default_Selected: the partner was not the default one");
	expect_defaults();
	cr_assert_not(actor->state & XLAGG_STATE_EXPIRED);
	cr_assert_eq(p->current_while, CORE_NEVER);
}

static void expect_current_from(enum xlagg_lacp_rx from)
{
	struct pdu pdu = {.kind = PDU_LACP, .actor = fixture_partner(0)};

	record(from);
	pdu.partner = p->actor;
	p->actor.state |= XLAGG_STATE_EXPIRED;
	lacp_rx_pdu(&lagg, p, now, &pdu, &fx);
	cr_assert_eq(p->rx, XLAGG_RX_CURRENT);
	cr_assert_eq(p->current_while, now + 90 * SECOND);
	cr_assert_not(actor->state & (XLAGG_STATE_EXPIRED | XLAGG_STATE_DEFAULTED));
	cr_assert_eq(p->selected, XLAGG_SELECTED, "the partner is the same");
}

Test(lacp_rx, expired_to_current_on_lacpdu)
{
	expect_current_from(XLAGG_RX_EXPIRED);
}

Test(lacp_rx, defaulted_to_current_on_lacpdu)
{
	expect_current_from(XLAGG_RX_DEFAULTED);
}

Test(lacp_rx, current_to_current_on_lacpdu)
{
	expect_current_from(XLAGG_RX_CURRENT);
}

Test(lacp_rx, current_sets_ntt_when_the_partner_sees_us_wrongly)
{
	struct xlagg_lacp_end peer = fixture_partner(0), us;

	fixture_link(0, 10000);
	fixture_join(0);
	fixture_pass(5 * SECOND);
	us = p->actor;
	us.state ^= XLAGG_STATE_SYNC;
	peer.state |= ALL_SYNCED;
	fixture_hear_as(0, &peer, &us);
	cr_assert_eq(fixture_sent(0), 1, "update_NTT");
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(fixture_sent(0), 0);
}

static void expect_deaf_in(enum xlagg_lacp_rx state)
{
	struct pdu pdu = {.kind = PDU_LACP, .actor = fixture_partner(3)};
	struct lacp_port before;

	record(state);
	before = *p;
	lacp_rx_pdu(&lagg, p, now, &pdu, &fx);
	cr_assert_eq(memcmp(&before, p, sizeof(before)), 0);
}

Test(lacp_rx, port_disabled_ignores_lacpdus)
{
	expect_deaf_in(XLAGG_RX_PORT_DISABLED);
}

Test(lacp_rx, lacp_disabled_ignores_lacpdus)
{
	expect_deaf_in(XLAGG_RX_LACP_DISABLED);
}

Test(lacp_rx, current_while_timer_is_short_with_actor_timeout_short)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_set(&conf);
	fixture_link(0, 10000);
	fixture_hear(0, 0);
	cr_assert_eq(p->current_while, now + 3 * SECOND);
	fixture_pass(3 * SECOND - 1);
	cr_assert_eq(p->rx, XLAGG_RX_CURRENT);
	fixture_pass(1);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	fixture_pass(3 * SECOND - 1);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	fixture_pass(1);
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
}

Test(lacp_rx, link_up_without_partner_defaults_after_3_s_at_the_slow_rate)
{
	fixture_link(0, 10000);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert_eq(fixture_sent(0), 1, "the first LACPDU leaves at once");
	fixture_pass(3 * SECOND - 1);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	fixture_pass(1);
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
}

Test(lacp_rx, silent_slow_partner_is_current_90_s_then_expired_3_s)
{
	fixture_link(0, 10000);
	fixture_join(0);
	fixture_pass(88 * SECOND - 1); /* two of the 90 s passed in fixture_join() */
	cr_assert(lacp_distributing(&lagg, 0));
	fixture_pass(1);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert_not(lacp_distributing(&lagg, 0), "distributing ends at EXPIRED, not at DEFAULTED");
	fixture_pass(3 * SECOND);
	cr_assert_eq(p->rx, XLAGG_RX_DEFAULTED);
}

Test(lacp_rx, port_moved_is_set_where_the_partner_was_last_heard)
{
	struct xlagg_lacp_end same = fixture_partner(0);

	fixture_link(0, 10000);
	fixture_join(0);
	fixture_link(0, 0);
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	cr_assert_eq(partner->key, 77);
	fixture_up(1);
	fixture_hear_from(1, &same);
	cr_assert_eq(p->rx, XLAGG_RX_PORT_DISABLED);
	expect_defaults();
	cr_assert_eq(p->selected, XLAGG_UNSELECTED);
}

Test(lacp_rx, port_moved_is_not_set_by_another_port_of_the_partner)
{
	fixture_link(0, 10000);
	fixture_join(0);
	fixture_link(0, 0);
	fixture_up(1);
	fixture_hear(1, 0); /* same system, port number 2 */
	cr_assert_eq(partner->key, 77);
	cr_assert_eq(p->selected, XLAGG_SELECTED);
}

Test(lacp_rx, link_that_comes_back_to_the_same_partner_keeps_its_selection)
{
	fixture_link(0, 10000);
	fixture_join(0);
	fixture_link(0, 0);
	cr_assert_not(lacp_distributing(&lagg, 0));
	fixture_link(0, 10000);
	cr_assert_eq(p->mux, XLAGG_MUX_ATTACHED, "no detour through DETACHED and WAITING");
	fixture_hear(0, ALL_SYNCED);
	cr_assert(lacp_distributing(&lagg, 0));
}

Test(lacp_rx, lacpdu_resets_the_timer_at_its_last_moment)
{
	fixture_link(0, 10000);
	fixture_join(0);
	fixture_pass(88 * SECOND - 1);
	fixture_hear(0, ALL_SYNCED);
	fixture_pass(90 * SECOND - 1);
	cr_assert_eq(p->rx, XLAGG_RX_CURRENT);
	fixture_pass(1);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
}

Test(lacp_rx, lacpdu_that_waited_for_a_late_agent_was_in_time)
{
	fixture_link(0, 10000);
	fixture_join(0);
	now += 89 * SECOND; /* nobody called lacp_run() */
	fixture_hear(0, ALL_SYNCED);
	cr_assert(lacp_distributing(&lagg, 0));
	cr_assert_eq(p->current_while, now + 90 * SECOND);
}
