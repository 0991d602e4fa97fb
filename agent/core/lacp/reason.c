/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The reasons: why a port may not be sent to, in one sentence for people. It names the original cause and not its
 * consequences.
 */
#include <stdio.h>

#include "core/lacp/machine.h"
#include "xlagg/mac.h"

/* --- causes on our side of the link; these functions return whether the cause applies --- */

static bool no_link(const struct lacp *l, const struct lacp_port *p, char *text)
{
	if (!p->link.present)
		snprintf(text, XLAGG_SENTENCE_MAX, "device is absent");
	else if (!l->conf.admin)
		snprintf(text, XLAGG_SENTENCE_MAX, "the lagg is administratively down");
	else if (!p->conf.admin || p->draining)
		snprintf(text, XLAGG_SENTENCE_MAX, "taken out of service (admin down)");
	else if (!p->link.admin_up)
		snprintf(text, XLAGG_SENTENCE_MAX, "administratively down (ip link set %s up brings it back)", p->name);
	else if (p->link.detached)
		snprintf(text, XLAGG_SENTENCE_MAX, "the lagg's programs are not attached to its devices");
	else if (!p->link.carrier)
		snprintf(text, XLAGG_SENTENCE_MAX, "no carrier");
	else if (!p->lacp_enabled)
		snprintf(text, XLAGG_SENTENCE_MAX, "half duplex: LACP needs full duplex");
	else
		return false;
	return true;
}

/* LACPDUs come, but partner-system excludes their sender. */
static bool intruder_only(const struct lacp *l, const struct lacp_port *p)
{
	return p->intruder_timer != CORE_NEVER && lacp_excluded(l, p->intruder);
}

static bool nobody_heard(const struct lacp *l, const struct lacp_port *p, char *text)
{
	if (lacp_loops(p))
		snprintf(text, XLAGG_SENTENCE_MAX, "loopback: the partner is this system");
	else if (p->rx == XLAGG_RX_CURRENT)
		return false;
	else if (intruder_only(l, p))
		lacp_guard_notice(l, p, text);
	else if (p->silence)
		snprintf(text, XLAGG_SENTENCE_MAX, "no LACPDU received for %u s%s",
			 (uint32_t)(p->silence / LACP_SECOND),
			 l->conf.lacp_mode == XLAGG_LACP_PASSIVE && p->rx == XLAGG_RX_DEFAULTED
			     ? ", and lacp-mode passive waits for the partner"
			     : "");
	else
		snprintf(text, XLAGG_SENTENCE_MAX, "no LACPDU received since the link came up");
	return true;
}

/* --- another aggregator --- */

static bool other_aggregator(const struct lacp *l, const struct lacp_port *p, char *text)
{
	const struct lacp_port *best = lacp_active_port(l);
	char system[XLAGG_MAC_TEXT];

	if (p->hold != LACP_HOLD_AGGREGATOR || p->selected != XLAGG_STANDBY || !best)
		return false;
	xlagg_print_mac(best->partner.system, system);
	if (!lacp_has(&p->partner, XLAGG_STATE_AGGREGATION))
		snprintf(text, XLAGG_SENTENCE_MAX,
			 "another aggregator carries traffic: %s's, and the partner here does not aggregate",
			 best->name);
	else if (lacp_compare_system(&p->partner, &best->partner) != 0)
		snprintf(text, XLAGG_SENTENCE_MAX, "another aggregator carries traffic: %s's, with partner %s",
			 best->name, system);
	else if (p->partner.key != best->partner.key)
		snprintf(text, XLAGG_SENTENCE_MAX, "partner key %u differs from %s's partner key %u", p->partner.key,
			 best->name, best->partner.key);
	else if (p->speed != best->speed)
		snprintf(text, XLAGG_SENTENCE_MAX, "speed differs from %s's (%u and %u Mb/s) and mixed-speed is off",
			 best->name, p->speed, best->speed);
	else
		snprintf(text, XLAGG_SENTENCE_MAX, "key %u differs from %s's key %u", p->actor.key, best->name,
			 best->actor.key);
	return true;
}

static const char *fastest_name(const struct lacp *l, uint32_t aggregator)
{
	uint32_t fastest = lacp_fastest(l, aggregator);

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (p->used && p->aggregator == aggregator && lacp_agrees(p) && p->speed == fastest)
			return p->name;
	}
	return "the others";
}

static bool held(const struct lacp *l, const struct lacp_port *p, char *text)
{
	if (p->selected != XLAGG_STANDBY)
		return false;
	if (p->hold == LACP_HOLD_MIN_LINKS)
		snprintf(text, XLAGG_SENTENCE_MAX, "min-links %u not reached: %u usable", l->conf.min_links,
			 lacp_eligible(l, p->aggregator));
	else if (p->hold == LACP_HOLD_SPEED)
		snprintf(text, XLAGG_SENTENCE_MAX, "slower than %s (%u of %u Mb/s) and mixed-speed is off",
			 fastest_name(l, p->aggregator), p->speed, lacp_fastest(l, p->aggregator));
	else if (p->hold == LACP_HOLD_MAX_LINKS)
		snprintf(text, XLAGG_SENTENCE_MAX, "standby: max-links %u reached", l->conf.max_links);
	else if (p->hold == LACP_HOLD_DAMPING)
		snprintf(text, XLAGG_SENTENCE_MAX,
			 "held back by damping: its partner changed or lost sync too often, and must be steady first");
	else
		return false;
	return true;
}

/* --- the partner's side --- */

static bool partner_deaf(const struct lacp_port *p, char *text)
{
	if (p->partner.state & (XLAGG_STATE_DEFAULTED | XLAGG_STATE_EXPIRED) &&
	    !lacp_has(&p->partner, XLAGG_STATE_SYNC))
		snprintf(text, XLAGG_SENTENCE_MAX, "partner does not hear us");
	else if (!p->matched)
		snprintf(text, XLAGG_SENTENCE_MAX, "partner does not see us yet");
	else
		return false;
	return true;
}

static void on_the_way(const struct lacp_port *p, char *text)
{
	switch (p->mux) {
	case XLAGG_MUX_DETACHED:
		snprintf(text, XLAGG_SENTENCE_MAX, "no aggregator selected yet");
		break;
	case XLAGG_MUX_WAITING:
		snprintf(text, XLAGG_SENTENCE_MAX, "waits for other ports to join the aggregator");
		break;
	case XLAGG_MUX_ATTACHED:
		snprintf(text, XLAGG_SENTENCE_MAX, "partner is not in sync");
		break;
	default:
		snprintf(text, XLAGG_SENTENCE_MAX, "partner does not collect yet");
		break;
	}
}

void lacp_reason(const struct lacp *l, uint32_t slot, char text[XLAGG_SENTENCE_MAX])
{
	const struct lacp_port *p = &l->port[slot];

	text[0] = '\0';
	if (!p->used || lacp_distributing(l, slot))
		return;
	if (!no_link(l, p, text) && !nobody_heard(l, p, text) && !other_aggregator(l, p, text) &&
	    !partner_deaf(p, text) && !held(l, p, text))
		on_the_way(p, text);
}

/* --- the lagg --- */

static const struct lacp_port *first_port(const struct lacp *l)
{
	const struct lacp_port *first = NULL;

	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (p->used && (!first || p->order < first->order))
			first = p;
	}
	return first;
}

void lacp_lagg_reason(const struct lacp *l, char text[XLAGG_SENTENCE_MAX])
{
	const struct lacp_port *first = first_port(l);
	uint32_t usable = lacp_usable(l);
	char why[XLAGG_SENTENCE_MAX];

	text[0] = '\0';
	if (lacp_carrier(l))
		return;
	if (!l->conf.admin) {
		snprintf(text, XLAGG_SENTENCE_MAX, "administratively down");
	} else if (!first) {
		snprintf(text, XLAGG_SENTENCE_MAX, "no port");
	} else if (l->active != LACP_NO_SLOT && usable < l->conf.min_links) {
		snprintf(text, XLAGG_SENTENCE_MAX, "min-links %u not reached: %u usable", l->conf.min_links, usable);
	} else {
		lacp_reason(l, lacp_slot(l, first), why);
		snprintf(text, XLAGG_SENTENCE_MAX, "no port distributes (%s: %.*s)", first->name, 150, why);
	}
}
