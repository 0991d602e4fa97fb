/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Receive machine: 802.1AX-2014 6.4.12, Figure 6-18, with the functions of 6.4.9.
 *
 * Partner_Admin has Synchronization FALSE, as in lagg(4) with lacp_strict. recordDefault sets
 * Partner_Oper.Synchronization from it, so that a Defaulted port never distributes by itself. With lacp-strict off one
 * port may; it gets Synchronization from lacp_fallback().
 *
 * After a change of our port priority, LACPDUs that still have the old one count as matched for one timeout: they were
 * under way, or the partner does not know yet. So such a change takes no port out.
 *
 * Each change of partner and loss of Sync or Collecting that takes a port out is noted for option damping.
 */
#include <stdio.h>
#include <string.h>

#include "core/lacp/machine.h"
#include "xlagg/mac.h"

struct xlagg_lacp_end lacp_partner_admin(const struct lacp *l)
{
	/* A lagg that asks for fast LACPDUs sends fast ones while it looks for a partner. */
	return (struct xlagg_lacp_end){.state = l->conf.lacp_rate == XLAGG_RATE_FAST ? XLAGG_STATE_TIMEOUT : 0};
}

/* Reports that the partner is another one, or is gone. */
static void tell_partner(const struct lacp_port *p, struct core_effects *fx)
{
	struct xlagg_event *event = core_event(fx, XLAGG_EVENT_PARTNER_CHANGE, p->name);
	char system[XLAGG_MAC_TEXT];

	xlagg_print_mac(p->partner.system, system);
	if (lacp_has(&p->actor, XLAGG_STATE_DEFAULTED))
		snprintf(event->text, sizeof(event->text), "no partner");
	else
		snprintf(event->text, sizeof(event->text), "partner %s key %u port %u", system, p->partner.key,
			 p->partner.port);
}

void lacp_record_default(const struct lacp *l, struct lacp_port *p)
{
	p->partner = lacp_partner_admin(l);
	p->matched = false;
	lacp_put(&p->actor, XLAGG_STATE_DEFAULTED, true);
}

/* Whether the partner's view of us is right. */
static bool sees_us(struct lacp_port *p, const struct xlagg_lacp_end *view)
{
	struct xlagg_lacp_end late = *view;

	if (lacp_same(view, &p->actor, XLAGG_STATE_AGGREGATION)) {
		p->prio_timer = CORE_NEVER;
		return true;
	}
	late.port_prio = p->actor.port_prio;
	return p->prio_timer != CORE_NEVER && lacp_same(&late, &p->actor, XLAGG_STATE_AGGREGATION);
}

void lacp_record_pdu(struct lacp_port *p, const struct pdu *pdu)
{
	bool active = lacp_has(&pdu->actor, XLAGG_STATE_ACTIVITY) ||
		      (lacp_has(&p->actor, XLAGG_STATE_ACTIVITY) && lacp_has(&pdu->partner, XLAGG_STATE_ACTIVITY));
	bool matched = sees_us(p, &pdu->partner) || !lacp_has(&pdu->actor, XLAGG_STATE_AGGREGATION);

	p->partner = pdu->actor;
	p->matched = active && matched;
	lacp_put(&p->partner, XLAGG_STATE_SYNC, p->matched && lacp_has(&pdu->actor, XLAGG_STATE_SYNC));
	lacp_put(&p->actor, XLAGG_STATE_DEFAULTED, false);
}

void lacp_update_selected(struct lacp_port *p, const struct pdu *pdu)
{
	if (!lacp_same(&pdu->actor, &p->partner, XLAGG_STATE_AGGREGATION))
		p->selected = XLAGG_UNSELECTED;
}

void lacp_update_default_selected(const struct lacp *l, struct lacp_port *p)
{
	struct xlagg_lacp_end admin = lacp_partner_admin(l);

	if (!lacp_same(&admin, &p->partner, XLAGG_STATE_AGGREGATION))
		p->selected = XLAGG_UNSELECTED;
}

void lacp_update_ntt(struct lacp_port *p, const struct pdu *pdu)
{
	if (!lacp_same(&pdu->partner, &p->actor,
		       XLAGG_STATE_ACTIVITY | XLAGG_STATE_TIMEOUT | XLAGG_STATE_SYNC | XLAGG_STATE_AGGREGATION))
		p->ntt = true;
}

static void enter(struct lacp *l, struct lacp_port *p, enum xlagg_lacp_rx state, uint64_t now)
{
	p->rx = state;
	switch (state) {
	case XLAGG_RX_INITIALIZE:
		p->selected = XLAGG_UNSELECTED;
		lacp_record_default(l, p);
		lacp_put(&p->actor, XLAGG_STATE_EXPIRED, false);
		p->port_moved = false;
		p->silence = 0;
		break;
	case XLAGG_RX_PORT_DISABLED:
		lacp_put(&p->partner, XLAGG_STATE_SYNC, false);
		p->current_while = CORE_NEVER;
		p->loop_timer = CORE_NEVER;
		p->silence = 0;
		break;
	case XLAGG_RX_LACP_DISABLED:
		p->selected = XLAGG_UNSELECTED;
		lacp_record_default(l, p);
		lacp_put(&p->partner, XLAGG_STATE_AGGREGATION, false);
		lacp_put(&p->actor, XLAGG_STATE_EXPIRED, false);
		break;
	case XLAGG_RX_EXPIRED:
		lacp_put(&p->partner, XLAGG_STATE_SYNC, false);
		lacp_put(&p->partner, XLAGG_STATE_TIMEOUT, true);
		p->current_while = now + LACP_SHORT_TIMEOUT_TIME;
		lacp_put(&p->actor, XLAGG_STATE_EXPIRED, true);
		p->ntt = true; /* Corrigendum 1 */
		break;
	case XLAGG_RX_DEFAULTED:
		lacp_update_default_selected(l, p);
		lacp_record_default(l, p);
		lacp_put(&p->actor, XLAGG_STATE_EXPIRED, false);
		p->current_while = CORE_NEVER;
		p->defaulted_since = now;
		p->silence += LACP_SHORT_TIMEOUT_TIME;
		lacp_actor_refresh(l, p, now);
		break;
	case XLAGG_RX_CURRENT:
		p->silence = 0;
		p->current_while = now + lacp_timeout_time(p);
		lacp_put(&p->actor, XLAGG_STATE_EXPIRED, false);
		break;
	}
}

void lacp_rx_begin(struct lacp *l, struct lacp_port *p)
{
	enter(l, p, XLAGG_RX_INITIALIZE, 0);
	p->current_while = CORE_NEVER;
}

/* What the partner does changes whether the port carries traffic, or would if it were not damped. */
static bool matters(const struct lacp_port *p)
{
	return lacp_has(&p->actor, XLAGG_STATE_SYNC) || p->damped;
}

/* Whether a LACPDU takes away what the partner in `before` had promised. */
static bool is_loss(const struct lacp_port *p, const struct xlagg_lacp_end *before)
{
	uint8_t promised = lacp_is_distributing(p) ? XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING : XLAGG_STATE_SYNC;

	return !lacp_same(before, &p->partner, XLAGG_STATE_AGGREGATION) || before->state & ~p->partner.state & promised;
}

bool lacp_rx_step(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	bool known = !lacp_has(&p->actor, XLAGG_STATE_DEFAULTED);
	enum xlagg_lacp_rx to = p->rx;

	switch (p->rx) {
	case XLAGG_RX_INITIALIZE:
		to = XLAGG_RX_PORT_DISABLED;
		break;
	case XLAGG_RX_PORT_DISABLED:
		if (p->port_moved)
			to = XLAGG_RX_INITIALIZE;
		else if (p->enabled)
			to = p->lacp_enabled ? XLAGG_RX_EXPIRED : XLAGG_RX_LACP_DISABLED;
		break;
	case XLAGG_RX_LACP_DISABLED:
		if (!p->enabled || p->lacp_enabled)
			to = XLAGG_RX_PORT_DISABLED;
		break;
	case XLAGG_RX_EXPIRED:
	case XLAGG_RX_DEFAULTED:
	case XLAGG_RX_CURRENT:
		/* A link that became half duplex without going down starts anew, as if it had gone down. */
		if (!p->enabled || !p->lacp_enabled)
			to = XLAGG_RX_PORT_DISABLED;
		else if (lacp_expired(p->current_while, now))
			to = p->rx == XLAGG_RX_CURRENT ? XLAGG_RX_EXPIRED : XLAGG_RX_DEFAULTED;
		break;
	}
	if (to == p->rx)
		return false;
	if (p->rx == XLAGG_RX_CURRENT && to == XLAGG_RX_EXPIRED) {
		p->silence = lacp_timeout_time(p);
		p->losses += matters(p) && lacp_has(&p->partner, XLAGG_STATE_SYNC);
	}
	enter(l, p, to, now);
	if (known && lacp_has(&p->actor, XLAGG_STATE_DEFAULTED)) {
		p->counters.actor_changes++;
		tell_partner(p, fx);
	}
	return true;
}

/* A disabled port whose partner is now heard on this port has lost it for good (6.4.8 port_moved). */
static void mark_moved(struct lacp *l, const struct lacp_port *p)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *other = &l->port[i];

		if (other != p && other->used && other->rx == XLAGG_RX_PORT_DISABLED &&
		    !lacp_has(&other->actor, XLAGG_STATE_DEFAULTED) &&
		    lacp_compare_system(&other->partner, &p->partner) == 0 && other->partner.port == p->partner.port)
			other->port_moved = true;
	}
}

void lacp_rx_pdu(struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu, struct core_effects *fx)
{
	bool known = !lacp_has(&p->actor, XLAGG_STATE_DEFAULTED);
	bool same = known && lacp_same_port(&pdu->actor, &p->partner);
	struct xlagg_lacp_end before = p->partner;

	if (p->rx != XLAGG_RX_EXPIRED && p->rx != XLAGG_RX_DEFAULTED && p->rx != XLAGG_RX_CURRENT)
		return;
	if (lacp_foreign(l, p, now, pdu, fx))
		return;
	if (!p->view_known || !lacp_same_port(&pdu->partner, &p->view))
		p->counters.partner_changes++;
	if (!known || !lacp_same_lag_end(&pdu->actor, &p->partner))
		p->counters.actor_changes++;

	lacp_update_selected(p, pdu);
	lacp_update_ntt(p, pdu);
	lacp_record_pdu(p, pdu);
	p->losses += known && matters(p) && is_loss(p, &before);
	p->heard = pdu->actor;
	p->heard_at = now;
	p->view = pdu->partner;
	p->view_known = true;
	p->loop_timer = CORE_NEVER;
	p->rx = XLAGG_RX_CURRENT;
	lacp_actor_refresh(l, p, now); /* because of lacp-rate match: before the timer is started */
	enter(l, p, XLAGG_RX_CURRENT, now);
	if (!same)
		tell_partner(p, fx);
	mark_moved(l, p);
}
