/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Failover policy: one port is the active one. It stays so until it fails for longer than down-delay, or until a
 * preferred port is usable and reselect lets that port take over.
 */
#include <stdio.h>
#include <string.h>

#include "core/internal.h"

void failover_init(struct failover *failover)
{
	memset(failover, 0, sizeof(*failover));
	failover->active = XLAGG_NO_PORT;
	failover->in_use = XLAGG_NO_PORT;
	failover->activated = XLAGG_NO_PORT;
	failover->told = XLAGG_NO_PORT;
}

static bool is_named_primary(const struct core *core, const struct port *port)
{
	return core->primary != XLAGG_NO_PORT && port == &core->port[core->primary];
}

/* a is preferred to b: the port that option primary names comes first, then the lower prio, then the port added first.
 */
static bool preferred(const struct core *core, const struct port *a, const struct port *b)
{
	bool named = is_named_primary(core, a);

	return named != is_named_primary(core, b) ? named : port_before(a, b);
}

static uint32_t best_of(const struct core *core, bool (*fits)(const struct port *port))
{
	uint32_t best = XLAGG_NO_PORT;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (fits(port) && (best == XLAGG_NO_PORT || preferred(core, port, &core->port[best])))
			best = slot;
	}
	return best;
}

static bool is_used(const struct port *port)
{
	return port->used;
}

uint32_t failover_primary(const struct core *core)
{
	return best_of(core, is_used);
}

bool failover_before(const struct core *core, uint32_t a, uint32_t b)
{
	const struct failover *failover = &core->failover;

	if (a == failover->active || b == failover->active)
		return a == failover->active;
	return preferred(core, &core->port[a], &core->port[b]);
}

/* Whether reselect lets `best` replace an active port that is still usable. */
static bool takes_back(const struct core *core, uint32_t best, uint32_t active)
{
	const struct port *a = &core->port[best];
	const struct port *b = &core->port[active];

	if (core->failover.activated == active || !preferred(core, a, b))
		return false;
	switch (core->conf.reselect) {
	case XLAGG_RESELECT_ALWAYS:
		return true;
	case XLAGG_RESELECT_BETTER:
		return a->link.speed > b->link.speed;
	default:
		return false;
	}
}

/* A port that was activated by command stays active until it fails or a preferred port comes back. */
static void review_command(struct core *core, uint32_t returned)
{
	struct failover *failover = &core->failover;
	const struct port *chosen;

	if (failover->activated == XLAGG_NO_PORT)
		return;
	chosen = &core->port[failover->activated];
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (returned & 1u << slot && preferred(core, &core->port[slot], chosen))
			failover->activated = XLAGG_NO_PORT;
}

static uint32_t choose(const struct core *core)
{
	uint32_t active = core->failover.active;
	uint32_t best = best_of(core, port_usable);

	if (active == XLAGG_NO_PORT || !port_holds(&core->port[active]))
		return best;
	return best != XLAGG_NO_PORT && takes_back(core, best, active) ? best : active;
}

void failover_select(struct core *core, uint64_t now, uint32_t returned)
{
	struct failover *failover = &core->failover;
	uint32_t before = failover->in_use;

	review_command(core, returned);
	failover->active = choose(core);
	/* It failed, so the choice by command is over. What brings the port back is something else. */
	if (failover->active != failover->activated)
		failover->activated = XLAGG_NO_PORT;
	failover->in_use = failover->active;
	if (failover->active != XLAGG_NO_PORT && !port_usable(&core->port[failover->active]))
		failover->in_use = best_of(core, port_usable);
	if (failover->in_use == before)
		return;
	if (before != XLAGG_NO_PORT && core->port[before].used && port_link_up(&core->port[before].link))
		core->port[before].linger_until = now + LINGER_NS;
	if (failover->in_use != XLAGG_NO_PORT)
		core->port[failover->in_use].linger_until = 0;
}

void failover_activate(struct core *core, uint32_t slot)
{
	core->failover.active = slot;
	core->failover.activated = slot;
}

void failover_forget(struct core *core, uint32_t slot)
{
	struct failover *failover = &core->failover;

	if (failover->active == slot)
		failover->active = XLAGG_NO_PORT;
	if (failover->in_use == slot)
		failover->in_use = XLAGG_NO_PORT;
	if (failover->activated == slot)
		failover->activated = XLAGG_NO_PORT;
	if (failover->told == slot)
		failover->told = XLAGG_NO_PORT;
}

/* Who noticed that the port which was active can no longer be so. */
static enum xlagg_detected loss_detected(const struct port *port)
{
	return port->conf.admin ? port->detected : XLAGG_DETECTED_COMMAND;
}

/* Fills in why another port is active now, and who noticed the cause. */
static void explain(const struct core *core, uint32_t returned, struct xlagg_event *event)
{
	const struct failover *failover = &core->failover;
	const struct port *to = &core->port[failover->active];
	char *text = event->text;

	if (failover->told == XLAGG_NO_PORT) {
		snprintf(text, XLAGG_SENTENCE_MAX, "%s was removed", failover->told_name);
		event->detected = XLAGG_DETECTED_COMMAND;
	} else if (!port_holds(&core->port[failover->told])) {
		const struct port *from = &core->port[failover->told];

		snprintf(text, XLAGG_SENTENCE_MAX, "%s: %s", failover->told_name, from->told_reason);
		event->detected = loss_detected(from);
	} else if (failover->activated == failover->active) {
		snprintf(text, XLAGG_SENTENCE_MAX, "%s was activated by command", to->name);
		event->detected = XLAGG_DETECTED_COMMAND;
	} else if (returned & 1u << failover->active) {
		snprintf(text, XLAGG_SENTENCE_MAX, "%s is usable again and preferred", to->name);
		event->detected = to->detected;
	} else {
		snprintf(text, XLAGG_SENTENCE_MAX, "%s is preferred", to->name);
	}
}

void failover_tell(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx)
{
	struct failover *failover = &core->failover;
	const struct port *to;
	struct xlagg_event *event;

	if (failover->active == failover->told || failover->active == XLAGG_NO_PORT)
		return;
	to = &core->port[failover->active];
	if (failover->told_name[0] != '\0' && strcmp(failover->told_name, to->name) != 0) {
		event = core_event(fx, XLAGG_EVENT_FAILOVER, to->name);
		memcpy(event->from, failover->told_name, sizeof(event->from));
		memcpy(event->to, to->name, sizeof(event->to));
		explain(core, returned, event);
	}
	failover->told = failover->active;
	memcpy(failover->told_name, to->name, sizeof(failover->told_name));
	failover_claim_mac(core, fx);
	announce_start(core, now);
}

void failover_claim_mac(const struct core *core, struct core_effects *fx)
{
	if (core->conf.proto == XLAGG_PROTO_FAILOVER && core->failover.told != XLAGG_NO_PORT &&
	    strcmp(core->conf.mac, "active") == 0)
		core_effect(fx, CORE_MAC, core->failover.told);
}
