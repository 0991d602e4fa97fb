/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The functions of 802.1AX-2014 6.4.9, field by field. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct lacp_port *p;
static struct pdu pdu;

/* A port with a recorded partner, and a LACPDU that repeats it and sees us as we are. */
static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();

	fixture_start(&conf);
	p = fixture_add(0);
	p->partner = fixture_partner(0);
	p->selected = XLAGG_SELECTED;
	p->ntt = false;
	pdu = (struct pdu){.kind = PDU_LACP, .actor = fixture_partner(0), .partner = p->actor};
}

TestSuite(lacp_functions, .init = begin);

/*
 * Changes the n-th of the fields that identify one end, the last being the Aggregation bit. Returns false if there is
 * no n-th.
 */
static bool change(struct xlagg_lacp_end *end, int n)
{
	switch (n) {
	case 0:
		end->system_prio ^= 1;
		break;
	case 1:
		end->system[0] ^= 1;
		break;
	case 2:
		end->system[5] ^= 1;
		break;
	case 3:
		end->key ^= 0x100;
		break;
	case 4:
		end->port_prio ^= 1;
		break;
	case 5:
		end->port ^= 1;
		break;
	case 6:
		end->state ^= XLAGG_STATE_AGGREGATION;
		break;
	default:
		return false;
	}
	return true;
}

/* --- recordPDU --- */

Test(lacp_functions, record_pdu_takes_every_field)
{
	struct xlagg_lacp_end other = {.system_prio = 1,
				       .system = {2, 3, 4, 5, 6, 7},
				       .key = 8,
				       .port_prio = 9,
				       .port = 10,
				       .state = 0xff & ~XLAGG_STATE_SYNC};

	pdu.actor = other;
	lacp_record_pdu(p, &pdu);
	cr_assert_eq(memcmp(&p->partner, &other, sizeof(other)), 0);
	cr_assert_not(p->actor.state & XLAGG_STATE_DEFAULTED);
}

Test(lacp_functions, record_pdu_sync_needs_sync)
{
	lacp_record_pdu(p, &pdu);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC);
	pdu.actor.state |= XLAGG_STATE_SYNC;
	lacp_record_pdu(p, &pdu);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
}

Test(lacp_functions, record_pdu_sync_needs_each_partner_field_matched)
{
	pdu.actor.state |= XLAGG_STATE_SYNC;
	for (int n = 0;; n++) {
		struct pdu stale = pdu;

		if (!change(&stale.partner, n))
			break;
		lacp_record_pdu(p, &stale);
		cr_assert_not(p->partner.state & XLAGG_STATE_SYNC, "field %d", n);
		lacp_record_pdu(p, &pdu);
		cr_assert(p->partner.state & XLAGG_STATE_SYNC);
	}
}

Test(lacp_functions, record_pdu_matched_ignores_the_other_bits_of_partner_state)
{
	pdu.actor.state |= XLAGG_STATE_SYNC;
	pdu.partner.state ^= 0xff & ~(XLAGG_STATE_AGGREGATION | XLAGG_STATE_ACTIVITY);
	lacp_record_pdu(p, &pdu);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
}

Test(lacp_functions, record_pdu_individual_partner_needs_no_match)
{
	pdu.actor.state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_SYNC;
	pdu.partner = (struct xlagg_lacp_end){0};
	lacp_record_pdu(p, &pdu);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
}

Test(lacp_functions, record_pdu_sync_needs_an_active_end)
{
	/* partner passive, we active, and the partner knows that */
	pdu.actor.state = XLAGG_STATE_AGGREGATION | XLAGG_STATE_SYNC;
	lacp_record_pdu(p, &pdu);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
	/* partner passive and does not know that we are active */
	pdu.partner.state &= (uint8_t)~XLAGG_STATE_ACTIVITY;
	lacp_record_pdu(p, &pdu);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC);
	/* both passive */
	pdu.partner.state |= XLAGG_STATE_ACTIVITY;
	p->actor.state &= (uint8_t)~XLAGG_STATE_ACTIVITY;
	lacp_record_pdu(p, &pdu);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC);
	/* partner active */
	pdu.actor.state |= XLAGG_STATE_ACTIVITY;
	lacp_record_pdu(p, &pdu);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
}

Test(lacp_functions, record_pdu_matched_by_the_former_port_priority_for_one_timeout)
{
	struct xlagg_port_conf conf = fixture_port_conf();
	struct xlagg_lacp_end partner = fixture_partner(0), before;

	fixture_link(0, 10000);
	fixture_join(0);
	before = p->actor;
	partner.state |= ALL_SYNCED;
	conf.prio = 5;
	fixture_set_port(0, &conf);
	fixture_hear_as(0, &partner, &before);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC, "the news was still under way");
	before.port ^= 1;
	fixture_hear_as(0, &partner, &before);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC, "nothing else is forgiven");
	before.port ^= 1;
	fixture_hear_as(0, &partner, &before);
	fixture_pass(90 * SECOND - 1);
	fixture_hear_as(0, &partner, &before);
	cr_assert(p->partner.state & XLAGG_STATE_SYNC);
	fixture_pass(1);
	fixture_hear_as(0, &partner, &before);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC);
}

Test(lacp_functions, record_pdu_former_port_priority_is_over_once_the_new_one_is_seen)
{
	struct xlagg_port_conf conf = fixture_port_conf();
	struct xlagg_lacp_end partner = fixture_partner(0), before;

	fixture_link(0, 10000);
	fixture_join(0);
	before = p->actor;
	partner.state |= ALL_SYNCED;
	conf.prio = 5;
	fixture_set_port(0, &conf);
	fixture_hear_from(0, &partner);
	fixture_hear_as(0, &partner, &before);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC);
}

/* --- recordDefault --- */

Test(lacp_functions, record_default_takes_partner_admin)
{
	struct xlagg_lacp_end nobody = {0};

	p->partner.state = 0xff;
	p->actor.state &= (uint8_t)~XLAGG_STATE_DEFAULTED;
	lacp_record_default(&lagg, p);
	cr_assert_eq(memcmp(&p->partner, &nobody, sizeof(nobody)), 0);
	cr_assert(p->actor.state & XLAGG_STATE_DEFAULTED);
}

Test(lacp_functions, record_default_gives_no_sync_with_lacp_strict_off_either)
{
	lagg.conf.lacp_strict = 0;
	lacp_record_default(&lagg, p);
	cr_assert_not(p->partner.state & XLAGG_STATE_SYNC, "the fallback port gets it, after fallback-delay");
}

Test(lacp_functions, record_default_asks_short_timeout_at_the_fast_rate)
{
	lagg.conf.lacp_rate = XLAGG_RATE_FAST;
	lacp_record_default(&lagg, p);
	cr_assert_eq(p->partner.state, XLAGG_STATE_TIMEOUT, "a partner that comes is found within a second");
}

/* --- update_Selected --- */

Test(lacp_functions, update_selected_keeps_the_same_partner)
{
	pdu.actor.state ^= 0xff & ~XLAGG_STATE_AGGREGATION;
	lacp_update_selected(p, &pdu);
	cr_assert_eq(p->selected, XLAGG_SELECTED, "other bits of the state do not matter");
}

Test(lacp_functions, update_selected_by_each_field)
{
	for (int n = 0;; n++) {
		struct pdu other = pdu;

		if (!change(&other.actor, n))
			break;
		p->selected = XLAGG_SELECTED;
		lacp_update_selected(p, &other);
		cr_assert_eq(p->selected, XLAGG_UNSELECTED, "field %d", n);
	}
}

Test(lacp_functions, update_selected_unselects_a_standby_too)
{
	p->selected = XLAGG_STANDBY;
	pdu.actor.key++;
	lacp_update_selected(p, &pdu);
	cr_assert_eq(p->selected, XLAGG_UNSELECTED);
}

Test(lacp_functions, update_selected_looks_at_the_partner_before_it_is_recorded)
{
	fixture_link(0, 10000);
	fixture_join(0);
	pdu.actor.port_prio = 1;
	fixture_hear_from(0, &pdu.actor);
	cr_assert_eq(p->mux, XLAGG_MUX_WAITING, "through DETACHED");
	cr_assert_eq(p->partner.port_prio, 1);
}

/* --- update_Default_Selected --- */

Test(lacp_functions, update_default_selected_keeps_the_default_partner)
{
	p->partner = (struct xlagg_lacp_end){.state = 0xff & ~XLAGG_STATE_AGGREGATION};
	lacp_update_default_selected(&lagg, p);
	cr_assert_eq(p->selected, XLAGG_SELECTED);
}

Test(lacp_functions, update_default_selected_by_each_field)
{
	for (int n = 0;; n++) {
		p->partner = (struct xlagg_lacp_end){0};
		if (!change(&p->partner, n))
			break;
		p->selected = XLAGG_SELECTED;
		lacp_update_default_selected(&lagg, p);
		cr_assert_eq(p->selected, XLAGG_UNSELECTED, "field %d", n);
	}
}

/* --- update_NTT --- */

Test(lacp_functions, update_ntt_not_when_the_partner_sees_us_as_we_are)
{
	lacp_update_ntt(p, &pdu);
	cr_assert_not(p->ntt);
}

Test(lacp_functions, update_ntt_by_each_field)
{
	for (int n = 0;; n++) {
		struct pdu stale = pdu;

		if (!change(&stale.partner, n))
			break;
		p->ntt = false;
		lacp_update_ntt(p, &stale);
		cr_assert(p->ntt, "field %d", n);
	}
}

Test(lacp_functions, update_ntt_by_four_bits_of_the_state_only)
{
	for (uint32_t bit = 1; bit <= 0x80; bit <<= 1) {
		struct pdu stale = pdu;

		stale.partner.state ^= (uint8_t)bit;
		p->ntt = false;
		lacp_update_ntt(p, &stale);
		cr_assert_eq(p->ntt, bit <= XLAGG_STATE_SYNC, "bit %02x", bit);
	}
}
