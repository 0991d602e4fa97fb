/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The roles: a port's place in the table (max-links), what it may send and receive, and its flags of lagg(4). */
#include <string.h>

#include "core/internal.h"

/* The watcher may make a port live without the agent only if nothing but carrier decides. */
static uint32_t kernel_return(const struct core *core, const struct port *port)
{
	return core->conf.up_delay == 0 && !core->conf.damping && port->conf.admin && port->state != PORT_SILENT &&
		       port->state != PORT_GREY
		   ? XLAGG_PORT_KERNEL_RETURN
		   : 0;
}

/* A port that keeps its place for down-delay carries nothing: if all that have a place are such, another stands in. */
static bool over_max_links(const struct core *core, uint32_t slot)
{
	uint32_t before = 0;
	bool usable = false;

	if (core->conf.max_links == 0)
		return false;
	for (uint32_t other = 0; other < XLAGG_MAX_PORTS; other++) {
		const struct port *port = &core->port[other];

		if (other == slot || !port_holds(port) || !port_before(port, &core->port[slot]))
			continue;
		before++;
		usable |= port_usable(port);
	}
	return usable && before >= core->conf.max_links;
}

/*
 * The far end of a static lagg cannot be told that a port is out of service. So every port goes on receiving, or frames
 * would be lost.
 */
static void spread_role(const struct core *core, uint32_t slot, struct role *role)
{
	const struct port *port = &core->port[slot];

	role->flags = XLAGG_PORT_COLLECTING;
	if (over_max_links(core, slot)) {
		role->standby = port_usable(port);
		return;
	}
	role->place = port_holds(port);
	role->live = port_usable(port);
	role->flags |= kernel_return(core, port);
	role->shown = role->live ? XLAGG_FLAG_ACTIVE : 0;
}

static bool usable_later(const struct port *port)
{
	return port->conf.admin && port->state != PORT_UP;
}

/*
 * Unicast is accepted on a port that is not in use while the two ends may disagree about which port is: for a while
 * after a change, and as long as the port is not usable. When a cable comes back one of the ends notices first and
 * sends there at once.
 */
static bool lingers(const struct port *port, uint64_t now)
{
	return usable_later(port) || now < port->linger_until;
}

/*
 * Standby ports collect too: the datapath accepts on the first live port in order, so that it can change over without
 * the agent.
 */
static void failover_role(const struct core *core, uint64_t now, uint32_t slot, struct role *role)
{
	const struct port *port = &core->port[slot];
	bool in_use = slot == core->failover.in_use;

	role->place = port_holds(port);
	role->live = port_usable(port);
	role->standby = role->live && !in_use;
	role->flags = kernel_return(core, port);
	if (port->conf.admin || core->conf.rx_all)
		role->flags |= XLAGG_PORT_COLLECTING;
	if (!in_use && lingers(port, now))
		role->flags |= XLAGG_PORT_LINGERING;
	role->shown = in_use ? XLAGG_FLAG_ACTIVE : 0;
}

/*
 * The partner relies on what LACP says, so the port's role follows LACP. The one exception is a port that is SILENT:
 * the lagg does not send on it, but LACP keeps it, since without LACP its probes could not be answered either.
 */
static void lacp_role(const struct core *core, uint32_t slot, struct role *role)
{
	const struct port *port = &core->port[slot];

	role->place = lacp_distributing(&core->lacp, slot) && port->state != PORT_SILENT;
	role->live = role->place && port_usable(port);
	role->standby = lacp_standby(&core->lacp, slot);
	role->flags = lacp_collecting(&core->lacp, slot) ? XLAGG_PORT_COLLECTING : 0;
	if (lacp_lingers(&core->lacp, slot))
		role->flags |= XLAGG_PORT_LINGERING;
	role->shown = lacp_flags(&core->lacp, slot);
	if (!role->live)
		role->shown &= ~XLAGG_FLAG_DISTRIBUTING;
	if (core->conf.mixed_speed && port->speed > 0)
		role->weight *= port->speed;
}

static void role_of(const struct core *core, uint64_t now, uint32_t slot, struct role *role)
{
	switch (core->conf.proto) {
	case XLAGG_PROTO_FAILOVER:
		failover_role(core, now, slot, role);
		break;
	case XLAGG_PROTO_LOADBALANCE:
	case XLAGG_PROTO_ROUNDROBIN:
	case XLAGG_PROTO_BROADCAST:
		spread_role(core, slot, role);
		break;
	case XLAGG_PROTO_LACP:
		lacp_role(core, slot, role);
		break;
	default: /* none: nothing is sent, nothing is accepted */
		break;
	}
}

void role_assign(struct core *core, uint64_t now)
{
	uint32_t primary = core->conf.proto == XLAGG_PROTO_FAILOVER ? failover_primary(core) : XLAGG_NO_PORT;

	memset(core->role, 0, sizeof(core->role));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!core->port[slot].used || !core->conf.admin)
			continue;
		core->role[slot].weight = core->port[slot].conf.weight;
		role_of(core, now, slot, &core->role[slot]);
	}
	if (primary != XLAGG_NO_PORT)
		core->role[primary].shown |= XLAGG_FLAG_MASTER;
}

uint32_t role_usable(const struct core *core)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (port_holds(&core->port[slot]))
			count++;
	return count;
}

uint64_t role_deadline(const struct core *core)
{
	uint64_t deadline = CORE_NEVER;

	/* LACP has a timer of its own (lacp_deadline()). */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS && core->conf.proto != XLAGG_PROTO_LACP; slot++)
		if (core->role[slot].flags & XLAGG_PORT_LINGERING && !usable_later(&core->port[slot]) &&
		    core->port[slot].linger_until < deadline)
			deadline = core->port[slot].linger_until;
	return deadline;
}
