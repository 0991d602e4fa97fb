/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The inputs of LACP, and the order in which its machines run. */
#include "core/lacp/lacp.h"

#include <stdio.h>
#include <string.h>

#include "core/lacp/machine.h"
#include "xlagg/mac.h"

#define NO_LINK                                                                                                        \
	(struct core_link)                                                                                             \
	{                                                                                                              \
		.present = false                                                                                       \
	}
/*
 * Rounds within which the machines settle. A few suffice, since each takes at least one arc; this is a bound in place
 * of a proof.
 */
#define SETTLE_ROUNDS 64

static bool link_up(const struct core_link *link)
{
	return link->present && link->admin_up && link->carrier && !link->detached;
}

static bool in_service(const struct lacp *l, const struct lacp_port *p)
{
	return l->conf.admin && (p->conf.admin || p->draining);
}

static bool asks_short(const struct lacp *l, const struct lacp_port *p)
{
	if (l->conf.lacp_rate != XLAGG_RATE_MATCH)
		return l->conf.lacp_rate == XLAGG_RATE_FAST;
	if (lacp_has(&p->actor, XLAGG_STATE_DEFAULTED))
		return false;
	/* In other states the recorded Timeout was set by the Receive machine and is not the partner's. */
	return lacp_has(p->rx == XLAGG_RX_CURRENT ? &p->partner : &p->actor, XLAGG_STATE_TIMEOUT);
}

static uint16_t port_key(const struct lacp *l, const struct lacp_port *p)
{
	if (p->conf.key != XLAGG_AUTO)
		return (uint16_t)p->conf.key;
	return l->conf.key != XLAGG_AUTO ? (uint16_t)l->conf.key : lacp_auto_key(l, p->speed);
}

void lacp_actor_refresh(struct lacp *l, struct lacp_port *p, uint64_t now)
{
	struct xlagg_lacp_end before = p->actor;

	p->actor.system_prio = (uint16_t)l->conf.system_prio;
	memcpy(p->actor.system, l->system, sizeof(p->actor.system));
	p->actor.key = port_key(l, p);
	p->actor.port_prio = (uint16_t)p->conf.prio;
	p->actor.port = p->number;
	lacp_put(&p->actor, XLAGG_STATE_ACTIVITY, l->conf.lacp_mode == XLAGG_LACP_ACTIVE);
	lacp_put(&p->actor, XLAGG_STATE_TIMEOUT, asks_short(l, p));
	lacp_put(&p->actor, XLAGG_STATE_AGGREGATION, true);

	/* The partner still sends at the rate that we asked for before: its time must not run out before it knows. */
	if (p->rx == XLAGG_RX_CURRENT && p->current_while != CORE_NEVER && lacp_has(&before, XLAGG_STATE_TIMEOUT) &&
	    !lacp_has(&p->actor, XLAGG_STATE_TIMEOUT))
		p->current_while = p->heard_at + LACP_LONG_TIMEOUT_TIME;
	if (!lacp_same(&before, &p->actor, 0xff))
		p->ntt = true;
	if (!lacp_same_lag_end(&before, &p->actor)) {
		p->selected = XLAGG_UNSELECTED;
		p->counters.actor_changes++;
	}
	if (p->rx == XLAGG_RX_CURRENT && before.port_prio != p->actor.port_prio)
		p->prio_timer = now + lacp_timeout_time(p);
}

/*
 * port_enabled follows link and administrator. A port that is taken out of service tells its partner and starts anew
 * later.
 */
static void refresh_enabled(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	bool serves = in_service(l, p);

	if (!serves) {
		if (p->enabled && link_up(&p->link)) {
			lacp_linger(p, now);
			lacp_tx_last(l, p, now, fx);
		}
		p->selected = XLAGG_UNSELECTED;
		p->draining = false;
		p->drain = CORE_NEVER;
	}
	p->enabled = serves && link_up(&p->link);
}

static void end_drain(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	if (!lacp_expired(p->drain, now))
		return;
	p->draining = false;
	p->drain = CORE_NEVER;
	refresh_enabled(l, p, now, fx);
}

/* Runs every machine once. Returns whether one of them took an arc, so that another arc may be due. */
static bool round_of_machines(struct lacp *l, uint64_t now, struct core_effects *fx)
{
	bool busy = false;

	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *p = &l->port[i];

		if (p->used) {
			busy |= lacp_rx_step(l, p, now, fx);
			busy |= lacp_periodic_step(p, now);
		}
	}
	busy |= lacp_select(l, now);
	for (uint32_t i = 0; i < l->slots; i++) {
		if (l->port[i].used)
			busy |= lacp_mux_step(l, &l->port[i], now);
	}
	return busy;
}

static void settle(struct lacp *l, uint64_t now, struct core_effects *fx)
{
	if (!l->running)
		return;
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *p = &l->port[i];

		if (p->used)
			end_drain(l, p, now, fx);
		if (lacp_expired(p->linger, now))
			p->linger = CORE_NEVER;
		if (lacp_expired(p->loop_timer, now))
			p->loop_timer = CORE_NEVER;
		if (lacp_expired(p->prio_timer, now))
			p->prio_timer = CORE_NEVER;
		if (lacp_expired(p->intruder_timer, now))
			p->intruder_timer = CORE_NEVER;
	}
	for (uint32_t i = 0; i < SETTLE_ROUNDS && round_of_machines(l, now, fx); i++)
		;
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *p = &l->port[i];

		if (!p->used)
			continue;
		lacp_churn(p, now);
		lacp_tx(l, p, now, fx);
	}
}

/* --- the lagg --- */

bool lacp_system_is_set(const struct lacp *l)
{
	uint8_t mac[6];

	return xlagg_parse_mac(l->conf.system_mac, mac) == 0;
}

void lacp_take_system(struct lacp *l)
{
	if (xlagg_parse_mac(l->conf.system_mac, l->system) < 0)
		memcpy(l->system, l->mac, sizeof(l->system));
}

void lacp_start(struct lacp *l, const struct xlagg_lagg_conf *conf, uint32_t number, const uint8_t mac[6])
{
	memset(l, 0, sizeof(*l));
	l->running = true;
	l->conf = *conf;
	l->number = number;
	memcpy(l->mac, mac, sizeof(l->mac));
	l->active = LACP_NO_SLOT;
	l->fallback = LACP_NO_SLOT;
	l->fallback_timer = CORE_NEVER;
	lacp_take_system(l);
}

void lacp_stop(struct lacp *l, uint64_t now, struct core_effects *fx)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		if (l->port[i].used)
			lacp_tx_last(l, &l->port[i], now, fx);
		l->port[i].used = false;
	}
	l->slots = 0;
	l->running = false;
	l->active = LACP_NO_SLOT;
	l->fallback = LACP_NO_SLOT;
}

void lacp_set(struct lacp *l, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx)
{
	struct xlagg_lacp_end admin;

	l->conf = *conf;
	admin = lacp_partner_admin(l);
	lacp_take_system(l);
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *p = &l->port[i];

		if (!p->used)
			continue;
		lacp_actor_refresh(l, p, now);
		if (p->rx == XLAGG_RX_DEFAULTED) /* in DEFAULTED it follows Partner_Admin, which follows lacp-rate */
			lacp_put(&p->partner, XLAGG_STATE_TIMEOUT, lacp_has(&admin, XLAGG_STATE_TIMEOUT));
		lacp_guard_changed(l, p, now, fx);
		refresh_enabled(l, p, now, fx);
	}
	settle(l, now, fx);
}

/* --- ports --- */

static struct lacp_port *number_owner(struct lacp *l, uint32_t number)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		if (l->port[i].used && l->port[i].number == number)
			return &l->port[i];
	}
	return NULL;
}

/* Numbers are 1, 2, ... in order of addition. A number is reused only after all others were used. */
static uint16_t next_number(struct lacp *l)
{
	do
		l->last_number = l->last_number % UINT16_MAX + 1;
	while (number_owner(l, l->last_number));
	return (uint16_t)l->last_number;
}

/* A configured number has precedence: a port that was given it automatically gets another. */
static void take_number(struct lacp *l, struct lacp_port *p, uint64_t now)
{
	struct lacp_port *owner;

	if (p->conf.number == XLAGG_AUTO) {
		if (!p->number)
			p->number = next_number(l);
		return;
	}
	owner = number_owner(l, p->conf.number);
	p->number = (uint16_t)p->conf.number;
	if (owner && owner != p) {
		owner->number = next_number(l);
		lacp_actor_refresh(l, owner, now);
	}
}

void lacp_port_order(struct lacp *l, uint32_t slot, uint32_t order)
{
	l->port[slot].order = order;
}

void lacp_port_add(struct lacp *l, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx)
{
	struct lacp_port *p = &l->port[slot];

	*p = (struct lacp_port){
	    .used = true,
	    .order = order,
	    .conf = *conf,
	    .link = NO_LINK,
	    .lacp_enabled = true,
	    .aggregator = LACP_NO_SLOT,
	    .refused_timer = CORE_NEVER,
	    .drain = CORE_NEVER,
	    .linger = CORE_NEVER,
	    .loop_timer = CORE_NEVER,
	    .intruder_timer = CORE_NEVER,
	};
	if (slot >= l->slots)
		l->slots = slot + 1;
	lacp_port_rename(l, slot, name);
	take_number(l, p, now);
	lacp_rx_begin(l, p);
	lacp_periodic_begin(p);
	lacp_mux_begin(p);
	lacp_churn_begin(p);
	lacp_actor_refresh(l, p, now);
	lacp_tx_begin(p);
	p->counters = (struct lacp_counters){0};
	settle(l, now, fx);
}

void lacp_port_set(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx)
{
	struct lacp_port *p = &l->port[slot];
	bool leaves = p->conf.admin && !conf->admin && lacp_distributing(l, slot);

	p->conf = *conf;
	take_number(l, p, now);
	lacp_actor_refresh(l, p, now);
	if (leaves) {
		p->draining = true;
		p->drain = now + LACP_DRAIN_TIME;
	} else if (conf->admin) {
		p->draining = false;
		p->drain = CORE_NEVER;
	}
	refresh_enabled(l, p, now, fx);
	settle(l, now, fx);
}

bool lacp_draining(const struct lacp *l, uint32_t slot)
{
	return l->running && l->port[slot].used && l->port[slot].draining;
}

void lacp_drain(struct lacp *l, uint32_t slot, uint64_t until)
{
	if (lacp_draining(l, slot))
		l->port[slot].drain = until;
}

void lacp_port_rename(struct lacp *l, uint32_t slot, const char *name)
{
	snprintf(l->port[slot].name, sizeof(l->port[slot].name), "%s", name);
}

void lacp_port_del(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	lacp_tx_last(l, &l->port[slot], now, fx);
	l->port[slot] = (struct lacp_port){.used = false};
	while (l->slots && !l->port[l->slots - 1].used)
		l->slots--;
	if (l->fallback == slot)
		l->fallback = LACP_NO_SLOT;
	settle(l, now, fx);
}

void lacp_link(struct lacp *l, uint64_t now, uint32_t slot, const struct core_link *link, struct core_effects *fx)
{
	struct lacp_port *p = &l->port[slot];

	p->link = *link;
	/*
	 * Without carrier, speed and duplex mean nothing. The last values are kept, so that a short loss changes no
	 * key.
	 */
	if (link_up(link)) {
		p->speed = link->speed;
		p->lacp_enabled = link->duplex != XLAGG_DUPLEX_HALF;
	}
	lacp_actor_refresh(l, p, now);
	refresh_enabled(l, p, now, fx);
	settle(l, now, fx);
}

/* --- frames and time --- */

static void receive_lacp(struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu,
			 struct core_effects *fx)
{
	p->counters.lacpdu_rx++;
	if (!lacp_has(&pdu->actor, XLAGG_STATE_DISTRIBUTING))
		p->linger = CORE_NEVER;
	if (!p->enabled)
		return;
	if (memcmp(pdu->actor.system, l->system, sizeof(l->system)) == 0)
		p->loop_timer = now + LACP_LONG_TIMEOUT_TIME; /* our own: two ports that answer each other never stop */
	else
		lacp_rx_pdu(l, p, now, pdu, fx);
}

/* The frame is handled before the timers: if it waited for a late agent, it came in time all the same. */
void lacp_receive(struct lacp *l, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		  struct core_effects *fx)
{
	struct lacp_port *p = &l->port[slot];
	struct pdu pdu;

	if (!l->running || !p->used)
		return;
	pdu_decode(frame, len, &pdu);
	switch (pdu.kind) {
	case PDU_UNKNOWN:
		p->counters.unknown_rx++;
		return;
	case PDU_ILLEGAL:
		p->counters.illegal_rx++;
		return;
	case PDU_MARKER:
		p->counters.marker_rx++;
		if (p->enabled)
			marker_respond(l, p, &pdu, fx);
		return;
	case PDU_MARKER_RESPONSE:
		p->counters.marker_response_rx++;
		marker_answered(l, p, now, &pdu);
		return;
	case PDU_LACP:
		receive_lacp(l, p, now, &pdu, fx);
		break;
	}
	settle(l, now, fx);
}

uint32_t lacp_take_losses(struct lacp *l, uint32_t slot)
{
	uint32_t losses = l->port[slot].losses;

	l->port[slot].losses = 0;
	return losses;
}

void lacp_damp(struct lacp *l, uint64_t now, uint32_t slot, bool damped, struct core_effects *fx)
{
	if (l->port[slot].damped == damped)
		return;
	l->port[slot].damped = damped;
	settle(l, now, fx);
}

void lacp_run(struct lacp *l, uint64_t now, struct core_effects *fx)
{
	settle(l, now, fx);
}

uint64_t lacp_deadline(const struct lacp *l)
{
	uint64_t first = l->fallback_timer;

	if (!l->running)
		return CORE_NEVER;
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (!p->used)
			continue;
		first = lacp_earlier(first, p->current_while);
		first = lacp_earlier(first, p->periodic_timer);
		first = lacp_earlier(first, p->wait_while);
		first = lacp_earlier(first, p->actor_churn_timer);
		first = lacp_earlier(first, p->partner_churn_timer);
		first = lacp_earlier(first, p->drain);
		first = lacp_earlier(first, p->linger);
		first = lacp_earlier(first, p->refused_timer);
		first = lacp_earlier(first, p->loop_timer);
		first = lacp_earlier(first, p->prio_timer);
		first = lacp_earlier(first, p->intruder_timer);
		first = lacp_earlier(first, lacp_tx_deadline(p));
	}
	return first;
}
