/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Mux machine: 802.1AX-2014 6.4.15: every arc of Figure 6-21 (independent control) and Figure 6-22 (coupled control).
 */
#include "unit/lacp_fixture.h"

static struct lacp_port *p;

static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_add(0);
	p->enabled = true;
	p->ntt = false;
	p->aggregator = 0;
}

static void begin_coupled(void)
{
	begin();
	lagg.conf.lacp_mux = XLAGG_MUX_COUPLED;
}

TestSuite(lacp_mux, .init = begin);
TestSuite(lacp_mux_coupled, .init = begin_coupled);

static uint8_t ours(void)
{
	return p->actor.state & LACP_STATE_MUX;
}

/* Puts a port into a state, with the bits of Actor_State that belong to it. */
static void in(enum xlagg_lacp_mux_state state, uint8_t bits)
{
	p->mux = state;
	p->actor.state = (uint8_t)((p->actor.state & ~LACP_STATE_MUX) | bits);
	p->ntt = false;
}

static void inputs(enum xlagg_lacp_selected selected, uint8_t partner)
{
	p->selected = selected;
	p->partner.state = partner;
}

static bool step(void)
{
	return lacp_mux_step(&lagg, p, now);
}

static void expect(enum xlagg_lacp_mux_state state, uint8_t bits, bool ntt)
{
	cr_assert(step(), "no arc was taken");
	cr_assert_eq(p->mux, state, "it went to %d", p->mux);
	cr_assert_eq(ours(), bits, "Actor_State has %02x", ours());
	cr_assert_eq(p->ntt, ntt);
}

#define SYNC XLAGG_STATE_SYNC
#define COLLECTING XLAGG_STATE_COLLECTING
#define DISTRIBUTING XLAGG_STATE_DISTRIBUTING

Test(lacp_mux, begin_enters_detached)
{
	in(XLAGG_MUX_DISTRIBUTING, ALL_SYNCED);
	lacp_mux_begin(p);
	cr_assert_eq(p->mux, XLAGG_MUX_DETACHED);
	cr_assert_eq(ours(), 0);
	cr_assert(p->ntt);
}

/* --- common to both figures; run for both --- */

static void detached_to_waiting(enum xlagg_lacp_selected selected)
{
	in(XLAGG_MUX_DETACHED, 0);
	inputs(XLAGG_UNSELECTED, SYNC);
	cr_assert_not(step());
	inputs(selected, SYNC);
	expect(XLAGG_MUX_WAITING, 0, false);
	cr_assert_eq(p->wait_while, now + 2 * SECOND, "Aggregate_Wait_Time");
	cr_assert_not(p->ready_n);
}

Test(lacp_mux, detached_to_waiting_when_selected)
{
	detached_to_waiting(XLAGG_SELECTED);
}

Test(lacp_mux, detached_to_waiting_when_standby)
{
	detached_to_waiting(XLAGG_STANDBY);
}

Test(lacp_mux_coupled, detached_to_waiting_when_selected)
{
	detached_to_waiting(XLAGG_SELECTED);
}

Test(lacp_mux_coupled, detached_to_waiting_when_standby)
{
	detached_to_waiting(XLAGG_STANDBY);
}

static void waiting_to_attached(void)
{
	in(XLAGG_MUX_WAITING, 0);
	p->wait_while = now + 1;
	inputs(XLAGG_SELECTED, SYNC);
	cr_assert_not(step());
	cr_assert_not(p->ready_n);
	now++;
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
	cr_assert_eq(p->wait_while, CORE_NEVER);
}

Test(lacp_mux, waiting_to_attached_at_the_edge_of_wait_while)
{
	waiting_to_attached();
}

Test(lacp_mux_coupled, waiting_to_attached_at_the_edge_of_wait_while)
{
	waiting_to_attached();
}

static void waiting_stays_in_standby(void)
{
	in(XLAGG_MUX_WAITING, 0);
	p->wait_while = now;
	inputs(XLAGG_STANDBY, SYNC);
	cr_assert_not(step());
	cr_assert(p->ready_n, "the timer runs in STANDBY too");
	inputs(XLAGG_SELECTED, SYNC);
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
}

Test(lacp_mux, waiting_in_standby_attaches_once_selected)
{
	waiting_stays_in_standby();
}

Test(lacp_mux_coupled, waiting_in_standby_attaches_once_selected)
{
	waiting_stays_in_standby();
}

static void waiting_to_detached(void)
{
	in(XLAGG_MUX_WAITING, 0);
	p->wait_while = now;
	inputs(XLAGG_UNSELECTED, SYNC);
	expect(XLAGG_MUX_DETACHED, 0, true);
	cr_assert_eq(p->wait_while, CORE_NEVER);
	cr_assert_not(p->ready_n);
}

Test(lacp_mux, waiting_to_detached_when_unselected)
{
	waiting_to_detached();
}

Test(lacp_mux_coupled, waiting_to_detached_when_unselected)
{
	waiting_to_detached();
}

static void attached_to_detached(enum xlagg_lacp_selected selected)
{
	in(XLAGG_MUX_ATTACHED, SYNC);
	inputs(selected, SYNC);
	expect(XLAGG_MUX_DETACHED, 0, true);
}

Test(lacp_mux, attached_to_detached_when_unselected)
{
	attached_to_detached(XLAGG_UNSELECTED);
}

Test(lacp_mux, attached_to_detached_when_standby)
{
	attached_to_detached(XLAGG_STANDBY);
}

Test(lacp_mux_coupled, attached_to_detached_when_unselected)
{
	attached_to_detached(XLAGG_UNSELECTED);
}

Test(lacp_mux_coupled, attached_to_detached_when_standby)
{
	attached_to_detached(XLAGG_STANDBY);
}

Test(lacp_mux, waiting_for_a_port_that_is_not_ready)
{
	struct lacp_port *other = fixture_add(1);

	*other = *p;
	other->used = true;
	other->mux = XLAGG_MUX_WAITING;
	other->selected = XLAGG_SELECTED;
	other->wait_while = now + SECOND;
	other->ready_n = false;
	in(XLAGG_MUX_WAITING, 0);
	p->wait_while = now;
	inputs(XLAGG_SELECTED, SYNC);
	cr_assert_not(step(), "Ready is for all ports of the aggregator at once");
	other->ready_n = true;
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
}

Test(lacp_mux, waiting_not_for_a_port_of_another_aggregator)
{
	struct lacp_port *other = fixture_add(1);

	other->mux = XLAGG_MUX_WAITING;
	other->selected = XLAGG_SELECTED;
	other->aggregator = 1;
	other->wait_while = now + SECOND;
	in(XLAGG_MUX_WAITING, 0);
	p->wait_while = now;
	inputs(XLAGG_SELECTED, SYNC);
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
}

/* --- Figure 6-21 --- */

Test(lacp_mux, attached_to_collecting_on_partner_sync)
{
	in(XLAGG_MUX_ATTACHED, SYNC);
	inputs(XLAGG_SELECTED, COLLECTING);
	cr_assert_not(step());
	inputs(XLAGG_SELECTED, SYNC);
	expect(XLAGG_MUX_COLLECTING, SYNC | COLLECTING, true);
}

Test(lacp_mux, collecting_to_distributing_on_partner_collecting)
{
	in(XLAGG_MUX_COLLECTING, SYNC | COLLECTING);
	inputs(XLAGG_SELECTED, SYNC);
	cr_assert_not(step());
	inputs(XLAGG_SELECTED, SYNC | COLLECTING);
	expect(XLAGG_MUX_DISTRIBUTING, ALL_SYNCED, false);
}

static void collecting_to_attached(enum xlagg_lacp_selected selected, uint8_t partner)
{
	in(XLAGG_MUX_COLLECTING, SYNC | COLLECTING);
	inputs(selected, partner);
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
}

Test(lacp_mux, collecting_to_attached_when_unselected)
{
	collecting_to_attached(XLAGG_UNSELECTED, SYNC | COLLECTING);
}

Test(lacp_mux, collecting_to_attached_when_standby)
{
	collecting_to_attached(XLAGG_STANDBY, SYNC | COLLECTING);
}

Test(lacp_mux, collecting_to_attached_when_partner_sync_is_lost)
{
	collecting_to_attached(XLAGG_SELECTED, COLLECTING);
}

static void distributing_to_collecting(enum xlagg_lacp_selected selected, uint8_t partner)
{
	in(XLAGG_MUX_DISTRIBUTING, ALL_SYNCED);
	inputs(selected, partner);
	expect(XLAGG_MUX_COLLECTING, SYNC | COLLECTING, true);
}

Test(lacp_mux, distributing_to_collecting_when_unselected)
{
	distributing_to_collecting(XLAGG_UNSELECTED, SYNC | COLLECTING);
}

Test(lacp_mux, distributing_to_collecting_when_standby)
{
	distributing_to_collecting(XLAGG_STANDBY, SYNC | COLLECTING);
}

Test(lacp_mux, distributing_to_collecting_when_partner_sync_is_lost)
{
	distributing_to_collecting(XLAGG_SELECTED, COLLECTING);
}

Test(lacp_mux, distributing_to_collecting_when_partner_collects_no_more)
{
	distributing_to_collecting(XLAGG_SELECTED, SYNC);
}

Test(lacp_mux, distributing_stays)
{
	in(XLAGG_MUX_DISTRIBUTING, ALL_SYNCED);
	inputs(XLAGG_SELECTED, SYNC | COLLECTING);
	cr_assert_not(step());
}

/* --- Figure 6-22 --- */

Test(lacp_mux_coupled, attached_to_collecting_distributing_on_partner_sync)
{
	in(XLAGG_MUX_ATTACHED, SYNC);
	inputs(XLAGG_SELECTED, COLLECTING);
	cr_assert_not(step());
	inputs(XLAGG_SELECTED, SYNC); /* whether the partner collects does not matter */
	expect(XLAGG_MUX_COLLECTING_DISTRIBUTING, ALL_SYNCED, true);
	cr_assert_not(step());
}

static void collecting_distributing_to_attached(enum xlagg_lacp_selected selected, uint8_t partner)
{
	in(XLAGG_MUX_COLLECTING_DISTRIBUTING, ALL_SYNCED);
	inputs(selected, partner);
	expect(XLAGG_MUX_ATTACHED, SYNC, true);
}

Test(lacp_mux_coupled, collecting_distributing_to_attached_when_unselected)
{
	collecting_distributing_to_attached(XLAGG_UNSELECTED, SYNC);
}

Test(lacp_mux_coupled, collecting_distributing_to_attached_when_standby)
{
	collecting_distributing_to_attached(XLAGG_STANDBY, SYNC);
}

Test(lacp_mux_coupled, collecting_distributing_to_attached_when_partner_sync_is_lost)
{
	collecting_distributing_to_attached(XLAGG_SELECTED, COLLECTING);
}

/* --- the option changes while the port carries traffic --- */

Test(lacp_mux, coupled_control_takes_over_without_a_gap)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	begin();
	fixture_link(0, 10000);
	fixture_join(0);
	conf.lacp_mux = XLAGG_MUX_COUPLED;
	fixture_set(&conf);
	cr_assert_eq(p->mux, XLAGG_MUX_COLLECTING_DISTRIBUTING);
	conf.lacp_mux = XLAGG_MUX_INDEPENDENT;
	fixture_set(&conf);
	cr_assert_eq(p->mux, XLAGG_MUX_DISTRIBUTING);
}

Test(lacp_mux, independent_control_waits_for_a_partner_that_does_not_collect)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	begin_coupled();
	fixture_link(0, 10000);
	fixture_hear(0, SYNC);
	fixture_pass(2 * SECOND);
	cr_assert(lacp_distributing(&lagg, 0));
	fixture_set(&conf);
	cr_assert_eq(p->mux, XLAGG_MUX_COLLECTING);
	conf.lacp_mux = XLAGG_MUX_COUPLED;
	fixture_set(&conf);
	cr_assert_eq(p->mux, XLAGG_MUX_COLLECTING_DISTRIBUTING);
}

/* --- on the wire --- */

Test(lacp_mux, partner_sees_each_state_of_the_way_up)
{
	fixture_link(0, 10000);
	fixture_hear(0, 0);
	cr_assert_eq(fixture_last_sent(0).actor.state & LACP_STATE_MUX, 0, "WAITING");
	fixture_pass(2 * SECOND - 1);
	cr_assert_eq(p->mux, XLAGG_MUX_WAITING);
	fixture_pass(1);
	cr_assert_eq(fixture_last_sent(0).actor.state & LACP_STATE_MUX, SYNC, "ATTACHED");
	fixture_hear(0, SYNC);
	cr_assert_eq(fixture_last_sent(0).actor.state & LACP_STATE_MUX, SYNC | COLLECTING, "COLLECTING");
	fixture_hear(0, SYNC | COLLECTING);
	cr_assert_eq(fixture_sent(0), 0, "DISTRIBUTING sets no NTT");
	cr_assert(lacp_distributing(&lagg, 0));
}
