/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A port's link: up-delay, down-delay and damping stand between what the kernel reports and what policy sees. */
#include "core/internal.h"

bool port_before(const struct port *a, const struct port *b)
{
	return a->conf.prio != b->conf.prio ? a->conf.prio < b->conf.prio : a->order < b->order;
}

static uint64_t up_delay(const struct core *core)
{
	return core->conf.up_delay * NSEC_PER_MSEC;
}

static uint64_t down_delay(const struct core *core)
{
	return core->conf.down_delay * NSEC_PER_MSEC;
}

static bool within_down_delay(const struct core *core, const struct port *port, uint64_t now)
{
	return port->state == PORT_FALLING && now < port->since + down_delay(core);
}

bool port_damped(const struct core *core, const struct port *port)
{
	return core->conf.damping && port->damping.suppressed;
}

void port_failed(struct port *port, uint64_t now)
{
	port->link_failures++;
	damping_lost(&port->damping, now);
}

/* A loss is a failure only if it is the link's and nobody ordered it. Down-delay applies only to a lost carrier. */
static void link_lost(struct core *core, uint64_t now, struct port *port)
{
	const struct core_link *link = &port->link;
	bool carrier_lost = link->present && link->admin_up && !link->detached;

	if (!link->ordered && (carrier_lost || !link->present) && port->state != PORT_SILENT &&
	    port->state != PORT_GREY)
		port_failed(port, now);
	grey_forget(port, now);
	if (port->state == PORT_UP && carrier_lost && down_delay(core) > 0) {
		port->state = PORT_FALLING;
		port->since = now;
	} else {
		port->state = PORT_DOWN;
	}
}

/* The far end may take the port into use before or after us: it goes on accepting unicast for a while. */
static void become_usable(struct port *port, uint64_t now)
{
	port->state = PORT_UP;
	port->linger_until = now + LINGER_NS;
}

static void link_found(struct core *core, uint64_t now, uint32_t slot, bool adopted)
{
	struct port *port = &core->port[slot];

	port->since = now;
	if (within_down_delay(core, port, now) && !port_damped(core, port))
		become_usable(port, now);
	else if (probe_awaited(core, slot))
		port->state = PORT_SILENT;
	else
		port->state = adopted ? PORT_UP : PORT_RISING;
	probe_begin(port);
}

void port_link(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link)
{
	struct port *port = &core->port[slot];
	bool was = port_link_up(&port->link);
	bool is = port_link_up(link);
	bool adopted = core->adopted & 1u << slot;

	port->link = *link;
	if (is) {
		port->speed = link->speed;
		port->duplex = link->duplex;
	}
	if (was != is)
		port->detected = link->detected;
	core->adopted &= ~(1u << slot);
	if (was && !is)
		link_lost(core, now, port);
	else if (!was && is)
		link_found(core, now, slot, adopted);
	else if (port->state == PORT_FALLING && !(link->present && link->admin_up && !link->detached))
		port->state = PORT_DOWN;
}

static uint64_t rises_at(const struct core *core, const struct port *port)
{
	uint64_t at = port->since + up_delay(core);
	uint64_t reuse = port_damped(core, port) ? damping_reuse(&port->damping) : 0;

	return at > reuse ? at : reuse;
}

static bool any_usable(const struct core *core)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (port_usable(&core->port[slot]))
			return true;
	return false;
}

/* The best of the ports that are held back only by a delay. */
static uint32_t best_rising(const struct core *core)
{
	uint32_t best = XLAGG_NO_PORT;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (port->used && port->conf.admin && port->state == PORT_RISING &&
		    (best == XLAGG_NO_PORT || port_before(port, &core->port[best])))
			best = slot;
	}
	return best;
}

void port_settle(struct core *core, uint64_t now)
{
	uint32_t best;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (!port->used)
			continue;
		damping_settle(&port->damping, now);
		if (port->state == PORT_FALLING && !within_down_delay(core, port, now))
			port->state = PORT_DOWN;
		else if (port->state == PORT_RISING && now >= rises_at(core, port))
			become_usable(port, now);
	}
	/* A port that may be bad is better than none. */
	if (!any_usable(core)) {
		best = best_rising(core);
		if (best != XLAGG_NO_PORT)
			core->port[best].state = PORT_UP;
	}
}

uint64_t port_deadline(const struct core *core)
{
	uint64_t deadline = CORE_NEVER;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];
		uint64_t at = CORE_NEVER;

		if (!port->used)
			continue;
		if (port->state == PORT_FALLING)
			at = port->since + down_delay(core);
		else if (port->state == PORT_RISING)
			at = rises_at(core, port);
		else if (port_damped(core, port))
			at = damping_reuse(&port->damping);
		if (at < deadline)
			deadline = at;
	}
	return deadline;
}
