/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Produces the effects: whatever differs from the last publication or report. Decides carrier (min-links). */
#include <string.h>

#include "core/internal.h"

static bool goes_before(const struct core *core, uint32_t a, uint32_t b)
{
	return core->conf.proto == XLAGG_PROTO_FAILOVER ? failover_before(core, a, b)
							: port_before(&core->port[a], &core->port[b]);
}

/* Plans the table: the ports that have a place, in order of preference. */
static void make_plan(const struct core *core, struct table_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->single = core->conf.proto == XLAGG_PROTO_FAILOVER;
	plan->by_load = core_balances(&core->conf);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		uint32_t at = plan->members;

		if (!core->role[slot].place)
			continue;
		for (; at > 0 && goes_before(core, slot, plan->member[at - 1].slot); at--)
			plan->member[at] = plan->member[at - 1];
		plan->member[at].slot = slot;
		plan->member[at].live = core->role[slot].live;
		plan->member[at].weight = core->role[slot].weight;
		plan->members++;
	}
}

static bool in_plan(const struct table_plan *plan, uint32_t slot)
{
	for (uint32_t i = 0; i < plan->members; i++)
		if (plan->member[i].slot == slot)
			return true;
	return false;
}

/* A port lost its place, so neighbours may have learned a way that no longer exists. */
static bool place_lost(const struct table_plan *before, const struct table_plan *after)
{
	for (uint32_t i = 0; i < before->members; i++)
		if (!in_plan(after, before->member[i].slot))
			return true;
	return false;
}

/*
 * Takes over table, states and flags. Returns whether any of them changed; *moved is how many buckets got another port.
 */
static bool update_output(struct core *core, uint64_t now, uint32_t *moved)
{
	struct table_plan plan;
	bool changed = false, adopted;

	make_plan(core, &plan);
	*moved = 0;
	/* A table that was taken over is adapted even to a plan without ports. */
	if (core->released || memcmp(&plan, &core->plan, sizeof(plan)) != 0) {
		struct xlagg_table before = core->out.table;

		*moved = table_fill(&core->out.table, &plan, core->home);
		changed = memcmp(&before, &core->out.table, sizeof(before)) != 0;
		moves_begin(core, now, &before, false);
	}
	if (core->conf.proto != XLAGG_PROTO_FAILOVER && core->conf.proto != XLAGG_PROTO_LACP &&
	    place_lost(&core->plan, &plan))
		announce_start(core, now);
	core->plan = plan;
	/* A table that was taken over and did not change keeps its generation. */
	adopted = core->took_over && !changed;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct role *role = &core->role[slot];
		bool live = moves_live(core, slot);

		changed |= core->out.live[slot] != live || core->out.flags[slot] != role->flags;
		core->out.live[slot] = live;
		core->out.flags[slot] = role->flags;
	}
	changed |= core->released;
	core->out.table.generation += changed && !adopted;
	return changed;
}

static void tell_port(const struct port *port, uint32_t flags, const char reason[XLAGG_SENTENCE_MAX],
		      struct core_effects *fx)
{
	struct xlagg_event *event = core_event(fx, XLAGG_EVENT_PORT_STATE, port->name);

	event->old_flags = port->told_flags;
	event->new_flags = flags;
	memcpy(event->text, reason, sizeof(event->text));
}

/* A port that was just added is not reported before its link is known, because until then it looks absent. */
static void tell_ports(struct core *core, uint64_t now, struct core_effects *fx)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];
		uint32_t flags = core->role[slot].shown;
		char reason[XLAGG_SENTENCE_MAX] = "";

		if (!port->used)
			continue;
		reason_port(core, slot, reason);
		if (flags == port->told_flags && strcmp(reason, port->told_reason) == 0)
			continue;
		if (port->heard)
			tell_port(port, flags, reason, fx);
		memcpy(port->told_reason, reason, sizeof(port->told_reason));
		if (flags != port->told_flags)
			port->last_change = now;
		port->told_flags = flags;
	}
}

static void tell_carrier(struct core *core, struct core_effects *fx)
{
	struct xlagg_event *event = core_event(fx, XLAGG_EVENT_CARRIER, "");

	event->new_flags = core->out.carrier;
	reason_lagg(core, event->text);
}

static void tell_table(const struct core *core, uint32_t moved, struct core_effects *fx)
{
	struct xlagg_event *event = core_event(fx, XLAGG_EVENT_TABLE, "");

	event->generation = core->out.table.generation;
	event->moved = moved;
}

static bool carrier_wanted(const struct core *core)
{
	uint32_t usable = role_usable(core);

	if (core->conf.proto == XLAGG_PROTO_LACP)
		return lacp_carrier(&core->lacp);
	return core->conf.admin && usable > 0 && usable >= core->conf.min_links;
}

void core_publish(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx)
{
	bool carrier = carrier_wanted(core);
	bool turned = carrier != core->out.carrier || core->released;
	uint32_t moved;

	if (turned) {
		core->flaps += core->out.carrier && !carrier && core->conf.admin;
		core->out.carrier = carrier;
		core->last_change = now;
	}
	/* A lagg that never had carrier has been as it is since it was made. */
	if (!core->last_change)
		core->last_change = now;
	/* The lagg's device gets carrier before the first port is live, and loses it after the last one. */
	if (turned && carrier)
		core_effect(fx, CORE_CARRIER, 0);
	if (update_output(core, now, &moved))
		core_effect(fx, CORE_PUBLISH, 0);
	if (turned && !carrier)
		core_effect(fx, CORE_CARRIER, 0);

	tell_ports(core, now, fx);
	if (core->conf.proto == XLAGG_PROTO_FAILOVER)
		failover_tell(core, now, returned, fx);
	if (turned)
		tell_carrier(core, fx);
	if (moved > 0)
		tell_table(core, moved, fx);
}
