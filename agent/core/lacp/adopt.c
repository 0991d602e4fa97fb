/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP across a change of agents: what one agent records for the next, so that the partner sees no change. What is read
 * back is not trusted: a port whose record makes no sense starts anew, as if its link had just come up.
 */
#include <string.h>

#include "core/lacp/machine.h"

void lacp_save(const struct lacp *l, uint32_t slot, struct xlagg_lacp *ret)
{
	const struct lacp_port *p = &l->port[slot];

	if (!l->running || !p->used || p->rx != XLAGG_RX_CURRENT) {
		ret->partner_known = 0;
		return;
	}
	ret->partner_known = 1;
	pdu_encode_end(ret->partner, &p->heard);
	ret->actor = p->actor;
	ret->system_set = lacp_system_is_set(l);
	ret->number_set = p->conf.number != XLAGG_AUTO;
	ret->partner_oper = p->partner;
	ret->view = p->view;
	ret->view_known = p->view_known;
	ret->mux = (uint8_t)p->mux;
	ret->selected = (uint8_t)p->selected;
	ret->aggregator = (uint8_t)p->aggregator;
	ret->active = p->aggregator == l->active;
	ret->matched = p->matched;
	ret->timeout_ns = lacp_timeout_time(p);
	ret->deadline_ns = p->current_while;
}

/* A LACPDU that was sent at `when` counts for the limit, and the next one is due a period later. */
static void take_note_of_sent(struct lacp_port *p, uint64_t when)
{
	uint64_t period = p->periodic == LACP_SLOW_PERIODIC ? LACP_SLOW_PERIODIC_TIME : LACP_FAST_PERIODIC_TIME;
	uint64_t newest = p->sent[(p->sent_next + LACP_TX_LIMIT - 1) % LACP_TX_LIMIT];

	if (newest != CORE_NEVER && when <= newest)
		return;
	p->sent[p->sent_next] = when;
	p->sent_next = (p->sent_next + 1) % LACP_TX_LIMIT;
	if (p->periodic_timer != CORE_NEVER && p->periodic_timer < when + period)
		p->periodic_timer = when + period;
}

static void take_note_of_heard(struct lacp_port *p, uint64_t when)
{
	if (p->rx != XLAGG_RX_CURRENT || when <= p->heard_at)
		return;
	p->heard_at = when;
	if (p->current_while < when + lacp_timeout_time(p))
		p->current_while = when + lacp_timeout_time(p);
}

void lacp_stood_in(struct lacp *l, uint32_t slot, const struct xlagg_headless *did)
{
	struct lacp_port *p = &l->port[slot];

	if (!l->running || !p->used)
		return;
	if (did->tx_ns)
		take_note_of_sent(p, did->tx_ns);
	take_note_of_heard(p, did->rx_ns);
}

void lacp_restart(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	struct core_link link = l->port[slot].link, gone = link;

	if (!l->running || !l->port[slot].used)
		return;
	gone.carrier = false;
	lacp_link(l, now, slot, &gone, fx);
	lacp_link(l, now, slot, &link, fx);
}

/* The record has our own identity. It stays valid when the partner is gone. */
static bool knows_us(const struct xlagg_lacp *saved)
{
	return saved->actor.port != 0;
}

static bool makes_sense(const struct xlagg_lacp *saved)
{
	return saved->partner_known == 1 && saved->mux <= XLAGG_MUX_COLLECTING_DISTRIBUTING &&
	       saved->selected <= XLAGG_STANDBY && saved->aggregator < XLAGG_MAX_PORTS && saved->active <= 1 &&
	       saved->matched <= 1 && saved->view_known <= 1 && knows_us(saved) &&
	       (saved->mux <= XLAGG_MUX_WAITING || saved->selected == XLAGG_SELECTED);
}

/*
 * Whether the record agrees with the ports that already go on: ports share an aggregator exactly if they have the same
 * LAG ID, and only one aggregator is active.
 */
static bool fits(const struct lacp *l, const struct lacp_port *p, const struct xlagg_lacp *saved)
{
	const struct xlagg_lacp_end partner = saved->partner_oper;

	if (saved->active && l->active != LACP_NO_SLOT && l->active != saved->aggregator)
		return false;
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *other = &l->port[i];
		bool same_lag =
		    lacp_same_lag_end(&other->partner, &partner) && lacp_same_lag_end(&other->actor, &p->actor) &&
		    lacp_has(&partner, XLAGG_STATE_AGGREGATION) && lacp_has(&other->partner, XLAGG_STATE_AGGREGATION);

		if (other != p && other->used && other->rx == XLAGG_RX_CURRENT &&
		    same_lag != (other->aggregator == saved->aggregator))
			return false;
	}
	return true;
}

/* A port that starts anew may have selected the same aggregator. It has to select another. */
static void claim_aggregator(struct lacp *l, const struct lacp_port *p)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *other = &l->port[i];

		if (other != p && other->used && other->rx != XLAGG_RX_CURRENT && other->aggregator == p->aggregator)
			other->selected = XLAGG_UNSELECTED;
	}
}

/* The bits of Actor_State that belong to a state of the Mux machine. */
static uint8_t mux_bits(enum xlagg_lacp_mux_state mux)
{
	switch (mux) {
	case XLAGG_MUX_ATTACHED:
		return XLAGG_STATE_SYNC;
	case XLAGG_MUX_COLLECTING:
		return XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING;
	case XLAGG_MUX_DISTRIBUTING:
	case XLAGG_MUX_COLLECTING_DISTRIBUTING:
		return LACP_STATE_MUX;
	default:
		return 0;
	}
}

void lacp_adopt_identity(struct lacp *l, uint32_t slot, const struct xlagg_lacp *saved)
{
	struct lacp_port *p = &l->port[slot];

	if (!knows_us(saved))
		return;
	/* system-mac auto is the MAC that the lagg had when LACP started, and an automatic port number is kept. What an
	 * option had set is neither, also where the agent died in the change from or to that. */
	if (!saved->system_set) {
		memcpy(l->mac, saved->actor.system, sizeof(l->mac));
		lacp_take_system(l);
	}
	if (p->conf.number == XLAGG_AUTO && !saved->number_set)
		p->number = saved->actor.port;
	if (l->last_number < p->number)
		l->last_number = p->number;
}

/* Of the LACPDUs of the last second only the latest is known: as many as allowed may have been sent. */
static void take_sent(struct lacp_port *p, const struct xlagg_lacp *saved, uint64_t now)
{
	if (saved->pdu_tx_ns > now)
		return;
	for (uint32_t i = 0; i < LACP_TX_LIMIT; i++)
		p->sent[i] = saved->pdu_tx_ns;
}

/* What the two ends know of each other, as recorded. */
static void take_ends(struct lacp_port *p, const struct xlagg_lacp *saved)
{
	p->partner = saved->partner_oper;
	p->heard = p->partner; /* until it is heard again; only its Sync may have differed */
	p->view = saved->view;
	p->view_known = saved->view_known;
	p->matched = saved->matched;
	lacp_put(&p->partner, XLAGG_STATE_SYNC, saved->matched && lacp_has(&p->partner, XLAGG_STATE_SYNC));
}

/* The rate at which the partner is asked to send: that of the option, whose change may not have come so far, or, where
 * that follows the partner, as it was. */
static uint8_t timeout_bit(const struct lacp *l, const struct lacp_port *p, const struct xlagg_lacp *saved)
{
	bool follows = l->conf.lacp_rate == XLAGG_RATE_MATCH;

	return (follows ? saved->actor.state : p->actor.state) & XLAGG_STATE_TIMEOUT;
}

/* Selection and the Mux machine go on where they were. */
static void take_selection(struct lacp *l, uint64_t now, struct lacp_port *p, const struct xlagg_lacp *saved)
{
	p->mux = saved->mux;
	p->selected = saved->selected;
	p->aggregator = saved->aggregator;
	p->hold = LACP_HOLD_NONE;
	p->ready_n = false;
	p->wait_while = p->mux == XLAGG_MUX_WAITING ? now + LACP_AGGREGATE_WAIT_TIME : CORE_NEVER;
	if (saved->active)
		l->active = saved->aggregator;
	claim_aggregator(l, p);
	p->actor.state = (uint8_t)((p->actor.state & (XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION)) |
				   timeout_bit(l, p, saved) | mux_bits(p->mux));
}

/* The Receive and the Periodic machine, to which the time without an agent matters. */
static void start_timers(struct lacp_port *p, uint64_t now, const struct xlagg_lacp *saved)
{
	p->rx = XLAGG_RX_CURRENT;
	p->silence = 0;
	/* Whatever the partner sent meanwhile is lost: it gets its full time to be heard again. */
	p->heard_at = now;
	p->current_while = now + lacp_timeout_time(p);
	p->ntt = false;
	/* There may have been silence, so the next LACPDU is due soon, but not within a second of the last one. */
	p->periodic = lacp_has(&p->partner, XLAGG_STATE_TIMEOUT) ? LACP_FAST_PERIODIC : LACP_SLOW_PERIODIC;
	p->periodic_timer = now;
	if (saved->pdu_tx_ns <= now && now - saved->pdu_tx_ns < LACP_FAST_PERIODIC_TIME)
		p->periodic_timer = saved->pdu_tx_ns + LACP_FAST_PERIODIC_TIME;
}

bool lacp_adopt(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_lacp *saved)
{
	struct lacp_port *p = &l->port[slot];

	take_sent(p, saved, now);
	if (!makes_sense(saved) || lacp_excluded(l, saved->partner_oper.system) || !p->enabled || !p->lacp_enabled ||
	    !fits(l, p, saved))
		return false;
	lacp_actor_refresh(l, p, now);
	if (!lacp_same_port(&saved->actor, &p->actor))
		return false; /* options or speed changed: the partner has to learn that anyway */
	take_ends(p, saved);
	take_selection(l, now, p, saved);
	start_timers(p, now, saved);
	return true;
}
