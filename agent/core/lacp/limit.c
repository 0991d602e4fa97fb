/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The limits above the Selection Logic: max-links with hot standby, and the port that carries traffic without a
 * partner.
 */
#include "core/lacp/machine.h"

/* --- max-links --- */

/*
 * a goes before b: ports that agree come first, then those that are not damped, then those that are not refused. The
 * rest is as the system with the lower System ID ranks its ports: by priority, then number (6.4.14.1 k).
 */
static bool before(const struct lacp_port *a, const struct lacp_port *b)
{
	bool ours = lacp_compare_system(&a->actor, &a->partner) < 0;
	const struct xlagg_lacp_end *one = ours ? &a->actor : &a->partner;
	const struct xlagg_lacp_end *two = ours ? &b->actor : &b->partner;

	if (lacp_agrees(a) != lacp_agrees(b))
		return lacp_agrees(a);
	if (a->damped != b->damped)
		return b->damped;
	if (a->refused != b->refused)
		return b->refused;
	if (one->port_prio != two->port_prio)
		return one->port_prio < two->port_prio;
	return one->port < two->port;
}

/* Ranks the members of an aggregator that are not too slow for it, best first. Returns how many there are. */
static uint32_t rank(const struct lacp *l, uint32_t aggregator, uint32_t slots[XLAGG_MAX_PORTS])
{
	uint32_t fastest = l->conf.mixed_speed ? 0 : lacp_fastest(l, aggregator);
	uint32_t count = 0;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];
		uint32_t at;

		if (!p->used || p->selected == XLAGG_UNSELECTED || p->aggregator != aggregator || p->speed < fastest)
			continue;
		for (at = count++; at > 0 && before(p, &l->port[slots[at - 1]]); at--)
			slots[at] = slots[at - 1];
		slots[at] = i;
	}
	return count;
}

/*
 * The first max-links ports stay. A port that carries traffic leaves only when its successor carries it: the number of
 * distributing ports never exceeds the limit and does not fall below it without need.
 */
void lacp_limit(const struct lacp *l, uint32_t aggregator, bool held[XLAGG_MAX_PORTS])
{
	uint32_t slots[XLAGG_MAX_PORTS];
	uint32_t count = rank(l, aggregator, slots);
	uint32_t limit = l->conf.max_links ? l->conf.max_links : XLAGG_MAX_PORTS;
	uint32_t carrying = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct lacp_port *p = &l->port[slots[i]];

		if (i >= limit && (carrying >= limit || !lacp_is_distributing(p)))
			held[slots[i]] = true;
		else if (lacp_is_distributing(p))
			carrying++;
	}
}

/* --- lacp-strict off --- */

static uint64_t fallback_from(const struct lacp *l, const struct lacp_port *p)
{
	return p->defaulted_since + l->conf.fallback_delay * LACP_SECOND;
}

/* The port hears no partner, but could carry traffic. */
static bool alone(const struct lacp_port *p)
{
	return p->used && p->enabled && !p->draining && p->rx == XLAGG_RX_DEFAULTED && !lacp_loops(p) &&
	       p->selected != XLAGG_UNSELECTED;
}

/* a goes before b: lower prio first, then the port added first. */
static bool preferred(const struct lacp_port *a, const struct lacp_port *b)
{
	return a->conf.prio != b->conf.prio ? a->conf.prio < b->conf.prio : a->order < b->order;
}

/* Returns the port to fall back to, and sets fallback_timer. */
static uint32_t choose_fallback(struct lacp *l, uint64_t now)
{
	uint32_t chosen = LACP_NO_SLOT;

	l->fallback_timer = CORE_NEVER;
	if (l->conf.lacp_strict)
		return LACP_NO_SLOT;
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (p->used && p->rx == XLAGG_RX_CURRENT)
			return LACP_NO_SLOT; /* a partner is heard */
		if (!alone(p))
			continue;
		if (fallback_from(l, p) > now)
			l->fallback_timer = lacp_earlier(l->fallback_timer, fallback_from(l, p));
		else if (chosen == LACP_NO_SLOT || preferred(p, &l->port[chosen]))
			chosen = i;
	}
	return chosen;
}

/* Makes the port the Individual link that recordDefault makes of every Defaulted port in 6.4.9, or ends that. */
static void stand_in(struct lacp *l, uint32_t slot, bool on)
{
	if (slot != LACP_NO_SLOT)
		lacp_put(&l->port[slot].partner, XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING, on);
}

bool lacp_fallback(struct lacp *l, uint64_t now)
{
	uint32_t chosen = choose_fallback(l, now);

	if (chosen == l->fallback)
		return false;
	/* If the port has heard or lost a partner meanwhile, these bits are the result of that and stay. */
	if (l->fallback != LACP_NO_SLOT && l->port[l->fallback].rx == XLAGG_RX_DEFAULTED)
		stand_in(l, l->fallback, false);
	stand_in(l, chosen, true);
	l->fallback = chosen;
	return true;
}
