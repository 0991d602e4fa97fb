/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Selection Logic: 802.1AX-2014 6.4.14. There are as many Aggregators as slots, so one is always free. A LAG takes the
 * Aggregator with the slot of its first port.
 *
 * One Aggregator is active: it carries traffic. The ports of the others are held in STANDBY, out of sync, so that their
 * partners send nothing that would be dropped here. Two systems that several LAGs could join have to agree on one of
 * them: the system with the lower System ID decides, and the other follows its Sync. If the one that decides is refused
 * for LACP_REFUSED_TIME, it tries another LAG and does not return of its own accord.
 */
#include "core/lacp/machine.h"

static bool member(const struct lacp_port *p, uint32_t aggregator)
{
	return p->used && p->selected != XLAGG_UNSELECTED && p->aggregator == aggregator;
}

uint32_t lacp_fastest(const struct lacp *l, uint32_t aggregator)
{
	uint32_t fastest = 0;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (member(p, aggregator) && lacp_agrees(p) && p->speed > fastest)
			fastest = p->speed;
	}
	return fastest;
}

/* The port is slower than the ports that it would aggregate with. */
static bool too_slow(const struct lacp *l, const struct lacp_port *p, uint32_t fastest)
{
	return !l->conf.mixed_speed && p->speed < fastest;
}

const struct lacp_port *lacp_active_port(const struct lacp *l)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (p->used && p->aggregator == l->active && lacp_agrees(p))
			return p;
	}
	return NULL;
}

uint32_t lacp_eligible(const struct lacp *l, uint32_t aggregator)
{
	uint32_t fastest = lacp_fastest(l, aggregator);
	uint32_t count = 0;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		count += member(p, aggregator) && lacp_agrees(p) && !too_slow(l, p, fastest);
	}
	return count;
}

bool lacp_ready(const struct lacp *l, uint32_t aggregator)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (member(p, aggregator) && p->selected == XLAGG_SELECTED && p->mux == XLAGG_MUX_WAITING &&
		    !p->ready_n)
			return false;
	}
	return true;
}

/* --- which aggregator a port selects --- */

static bool same_lag(const struct lacp_port *a, const struct lacp_port *b)
{
	return lacp_has(&a->partner, XLAGG_STATE_AGGREGATION) && lacp_has(&b->partner, XLAGG_STATE_AGGREGATION) &&
	       lacp_same_lag_end(&a->actor, &b->actor) && lacp_same_lag_end(&a->partner, &b->partner);
}

/* Whether a port uses the aggregator. A port that is unselected but not yet detached still does. */
static bool taken(const struct lacp *l, uint32_t aggregator)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		if (l->port[i].used && l->port[i].aggregator == aggregator)
			return true;
	}
	return false;
}

static uint32_t find_aggregator(const struct lacp *l, const struct lacp_port *p)
{
	uint32_t own = lacp_slot(l, p);

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *other = &l->port[i];

		if (other != p && other->used && other->selected != XLAGG_UNSELECTED && same_lag(p, other))
			return other->aggregator;
	}
	if (!taken(l, own))
		return own;
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		if (!taken(l, i))
			return i;
	}
	return LACP_NO_SLOT;
}

/*
 * Lets an unselected port select an aggregator. A change of selection passes through DETACHED, so that the partner sees
 * Sync 0 (6.4.14 NOTE 2).
 */
static bool assign(struct lacp *l, struct lacp_port *p)
{
	if (!p->used || p->selected != XLAGG_UNSELECTED || p->mux != XLAGG_MUX_DETACHED)
		return false;
	p->aggregator = LACP_NO_SLOT;
	if (!p->enabled || !p->lacp_enabled)
		return false;
	p->aggregator = find_aggregator(l, p);
	if (p->aggregator == LACP_NO_SLOT)
		return false;
	p->selected = XLAGG_SELECTED;
	p->hold = LACP_HOLD_NONE;
	return true;
}

/* --- which aggregator is active --- */

/* What decides between aggregators; earlier members decide first. */
struct worth {
	bool usable;	 /* it has a port that could carry traffic */
	bool enough;	 /* min-links is reached */
	bool steady;	 /* it has such a port that is not damped */
	bool wanted;	 /* as far as we know, the other end wants it too */
	uint64_t policy; /* the measure of option select: more is better */
	bool present;	 /* it is the active one */
	struct xlagg_lacp_end partner;
};

static bool other_end_wants(const struct lacp_port *p)
{
	bool we_decide = lacp_compare_system(&p->actor, &p->partner) < 0;

	return we_decide ? !p->avoided : lacp_has(&p->partner, XLAGG_STATE_SYNC);
}

static struct worth weigh(const struct lacp *l, uint32_t aggregator)
{
	uint32_t fastest = lacp_fastest(l, aggregator);
	struct worth worth = {.present = l->active == aggregator};
	uint64_t bandwidth = 0, count = 0, prio = UINT32_MAX;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (!member(p, aggregator) || !lacp_agrees(p) || too_slow(l, p, fastest))
			continue;
		worth.partner = p->partner;
		worth.steady |= !p->damped;
		worth.wanted |= other_end_wants(p);
		bandwidth += p->speed;
		count++;
		if (p->conf.prio < prio)
			prio = p->conf.prio;
	}
	worth.usable = count > 0;
	worth.enough = count >= l->conf.min_links;
	switch (l->conf.select) {
	case XLAGG_SELECT_BANDWIDTH:
		worth.policy = bandwidth;
		break;
	case XLAGG_SELECT_COUNT:
		worth.policy = count;
		break;
	case XLAGG_SELECT_PRIO:
		worth.policy = UINT32_MAX - prio;
		break;
	default: /* stable: the present one wins, by the next member */
		break;
	}
	return worth;
}

/* a goes before b. */
static bool better(const struct worth *a, const struct worth *b)
{
	int system = lacp_compare_system(&a->partner, &b->partner);

	if (a->usable != b->usable)
		return a->usable;
	if (a->enough != b->enough)
		return a->enough;
	if (a->steady != b->steady)
		return a->steady;
	if (a->wanted != b->wanted)
		return a->wanted;
	if (a->policy != b->policy)
		return a->policy > b->policy;
	if (a->present != b->present)
		return a->present;
	return system ? system < 0 : a->partner.key < b->partner.key;
}

static uint32_t choose_active(const struct lacp *l)
{
	struct worth best = {0};
	uint32_t chosen = LACP_NO_SLOT;
	uint32_t weighed = 0; /* bit n: Aggregator n */

	if (l->fallback != LACP_NO_SLOT)
		return l->port[l->fallback].aggregator;
	for (uint32_t i = 0; i < l->slots; i++) {
		uint32_t aggregator = l->port[i].aggregator;
		struct worth worth;

		if (!member(&l->port[i], aggregator) || weighed & 1u << aggregator)
			continue;
		weighed |= 1u << aggregator;
		worth = weigh(l, aggregator);
		if (worth.usable && (chosen == LACP_NO_SLOT || better(&worth, &best))) {
			best = worth;
			chosen = aggregator;
		}
	}
	return chosen;
}

/* --- which ports are held back --- */

/* A port that may be bad is better than too few ports. */
static bool dispensable(const struct lacp *l, const struct lacp_port *p)
{
	uint32_t others = 0;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *other = &l->port[i];

		others += member(other, p->aggregator) && !other->damped && lacp_is_distributing(other);
	}
	return others >= 1 && others >= l->conf.min_links;
}

static enum lacp_hold hold_of(const struct lacp *l, const struct lacp_port *p, const bool limited[XLAGG_MAX_PORTS])
{
	if (l->fallback != LACP_NO_SLOT)
		return l->fallback == lacp_slot(l, p) ? LACP_HOLD_NONE : LACP_HOLD_AGGREGATOR;
	if (l->active != LACP_NO_SLOT && l->active != p->aggregator)
		return LACP_HOLD_AGGREGATOR;
	/* With min-links 1 a port without a partner is SELECTED and offers Sync, as the standard has it. */
	if (l->conf.min_links > 1 && lacp_eligible(l, p->aggregator) < l->conf.min_links)
		return LACP_HOLD_MIN_LINKS;
	if (too_slow(l, p, lacp_fastest(l, p->aggregator)))
		return LACP_HOLD_SPEED;
	if (p->damped && dispensable(l, p))
		return LACP_HOLD_DAMPING;
	return limited[lacp_slot(l, p)] ? LACP_HOLD_MAX_LINKS : LACP_HOLD_NONE;
}

static bool hold_back(struct lacp *l)
{
	bool limited[XLAGG_MAX_PORTS] = {false};
	bool changed = false;

	if (l->active != LACP_NO_SLOT && l->fallback == LACP_NO_SLOT)
		lacp_limit(l, l->active, limited);
	for (uint32_t i = 0; i < l->slots; i++) {
		struct lacp_port *p = &l->port[i];
		enum xlagg_lacp_selected selected;

		if (!p->used || p->selected == XLAGG_UNSELECTED)
			continue;
		p->hold = hold_of(l, p, limited);
		selected = p->hold == LACP_HOLD_NONE ? XLAGG_SELECTED : XLAGG_STANDBY;
		changed |= selected != p->selected;
		p->selected = selected;
	}
	return changed;
}

/* --- which partners refuse --- */

static void watch_refusal(struct lacp_port *p, uint64_t now)
{
	bool agrees = lacp_agrees(p);
	bool ours = lacp_has(&p->actor, XLAGG_STATE_SYNC), theirs = lacp_has(&p->partner, XLAGG_STATE_SYNC);

	if (!agrees || theirs)
		p->refused = false;
	if (!agrees || (ours && theirs))
		p->avoided = false;
	if (!agrees || !ours || theirs || p->refused) {
		p->refused_timer = CORE_NEVER;
	} else if (p->refused_timer == CORE_NEVER) {
		p->refused_timer = now + LACP_REFUSED_TIME;
	} else if (lacp_expired(p->refused_timer, now)) {
		p->refused = p->avoided = true;
		p->refused_timer = CORE_NEVER;
	}
}

bool lacp_select(struct lacp *l, uint64_t now)
{
	bool changed = lacp_fallback(l, now);
	uint32_t active;

	for (uint32_t i = 0; i < l->slots; i++) {
		changed |= assign(l, &l->port[i]);
		if (l->port[i].used)
			watch_refusal(&l->port[i], now);
	}
	active = choose_active(l);
	changed |= active != l->active;
	l->active = active;
	return hold_back(l) || changed;
}
