/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the core contributes to `show`. */
#include <string.h>

#include "core/internal.h"

void core_status(const struct core *core, struct xlagg_lagg_status *status)
{
	uint32_t in_use = core->failover.in_use;

	status->admin_up = core->conf.admin != 0;
	status->carrier = core->out.carrier;
	status->speed = 0;
	status->active_ports = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!(core->role[slot].shown & XLAGG_FLAG_ACTIVE))
			continue;
		status->active_ports++;
		if (core->role[slot].live)
			status->speed += core->port[slot].speed;
	}
	memset(status->active_port, 0, sizeof(status->active_port));
	if (in_use != XLAGG_NO_PORT && core->role[in_use].shown & XLAGG_FLAG_ACTIVE)
		memcpy(status->active_port, core->port[in_use].name, sizeof(status->active_port));
	status->flaps = core->flaps;
	status->last_change_ns = core->last_change;
	reason_lagg(core, status->reason);
	status->generation = core->out.table.generation;
	status->balance.steps = core->balance.steps;
	status->balance.moved = core->balance.moved;
	status->balance.fullest = core->balance.fullest;
	status->balance.running = core_balances(&core->conf);
	status->moves.waiting = core->moves.waiting;
	status->moves.pause_us = core->moves.pause_us;
	status->moves.idle = core->moves.ended[XLAGG_MOVE_IDLE];
	status->moves.marker = core->moves.ended[XLAGG_MOVE_MARKER];
	status->moves.bound = core->moves.ended[XLAGG_MOVE_BOUND];
	status->moves.lost = core->moves.ended[XLAGG_MOVE_LOST];
	status->moves.cancelled = core->moves.ended[XLAGG_MOVE_CANCELLED];
	if (core->lacp.running)
		lacp_status(&core->lacp, status);
}

void core_port_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status)
{
	const struct port *port = &core->port[slot];
	const struct role *role = &core->role[slot];

	if (core->lacp.running)
		lacp_port_status(&core->lacp, slot, status);
	status->present = port->link.present;
	status->carrier = port->link.present && port->link.carrier;
	status->speed = port->link.speed;
	status->duplex = port->link.duplex;
	status->flags = role->shown;
	status->standby = role->standby;
	status->buckets = table_share(&core->out.table, slot);
	status->last_change_ns = port->last_change;
	reason_port(core, slot, status->reason);
	status->stats.link_failures = port->link_failures;
	probe_status(core, slot, status);
	grey_status(core, slot, status);
}

void core_port_timers(const struct core *core, uint64_t now, uint32_t slot, struct xlagg_port_status *status)
{
	const struct port *port = &core->port[slot];
	uint64_t reuse = damping_reuse(&port->damping);

	status->damping.penalty = damping_penalty(&port->damping, now);
	status->damping.suppressed = port_damped(core, port);
	status->damping.reuse_ms =
	    status->damping.suppressed && reuse > now ? (uint32_t)((reuse - now) / NSEC_PER_MSEC) : 0;
	if (port->state == PORT_GREY && port->grey.retry > now)
		status->grey.retry_ms = (uint32_t)((port->grey.retry - now) / NSEC_PER_MSEC);
}

void core_save_history(const struct core *core, struct xlagg_history *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->carrier_ns = core->last_change;
	ret->flaps = core->flaps;
	ret->carrier = core->out.carrier;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (!port->used)
			continue;
		ret->port[slot].flags_ns = port->last_change;
		ret->port[slot].link_failures = port->link_failures;
		ret->port[slot].flags = port->told_flags;
	}
}

void core_adopt_history(struct core *core, const struct xlagg_history *history)
{
	core->flaps += history->flaps;
	if (core->out.carrier == (history->carrier != 0) && history->carrier_ns < core->last_change)
		core->last_change = history->carrier_ns;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (!port->used)
			continue;
		port->link_failures += history->port[slot].link_failures;
		if (port->told_flags == history->port[slot].flags && history->port[slot].flags_ns < port->last_change)
			port->last_change = history->port[slot].flags_ns;
	}
}
