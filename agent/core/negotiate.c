/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP within the lagg. It gets the links as up-delay, down-delay and damping leave them, and decides which ports have
 * a place in the table.
 */
#include <string.h>

#include "core/internal.h"

static bool has_ports(const struct core *core)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->port[slot].used)
			return true;
	return false;
}

void negotiate_set_mac(struct core *core)
{
	if (core->lacp.running && !has_ports(core))
		lacp_start(&core->lacp, &core->conf, core->number, core->mac);
}

static void start(struct core *core, uint64_t now, struct core_effects *fx)
{
	lacp_start(&core->lacp, &core->conf, core->number, core->mac);
	memset(core->partner, 0, sizeof(core->partner));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (port->used)
			lacp_port_add(&core->lacp, now, slot, port->name, port->order, &port->conf, fx);
	}
}

void negotiate_set(struct core *core, uint64_t now, struct core_effects *fx)
{
	bool wanted = core->conf.proto == XLAGG_PROTO_LACP;

	if (wanted && core->lacp.running)
		lacp_set(&core->lacp, now, &core->conf, fx);
	else if (wanted)
		start(core, now, fx);
	else if (core->lacp.running)
		lacp_stop(&core->lacp, now, fx);
}

/*
 * The link that LACP is to see. A carrier that was lost within down-delay counts as present; a port that is held back
 * counts as one without carrier.
 */
static struct core_link link_for_lacp(const struct port *port)
{
	struct core_link link = port->link;

	link.carrier = port->state == PORT_UP || port->state == PORT_FALLING || port->state == PORT_SILENT ||
		       port->state == PORT_GREY;
	link.speed = port->speed;
	link.duplex = port->duplex;
	return link;
}

static bool same_link(const struct core_link *a, const struct core_link *b)
{
	return a->present == b->present && a->admin_up == b->admin_up && a->carrier == b->carrier &&
	       a->detached == b->detached && a->speed == b->speed && a->duplex == b->duplex && a->fifo == b->fifo &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* Whether the lagg's frames now come out of another switch, so that the neighbours have to learn a new way. */
static bool partner_changed(struct core *core)
{
	static const uint8_t unknown[6];
	struct xlagg_lagg_status status = {0};
	bool changed;

	lacp_status(&core->lacp, &status);
	if (!lacp_carrier(&core->lacp) || !status.has_lag_id ||
	    memcmp(status.partner.system, unknown, sizeof(unknown)) == 0 ||
	    memcmp(status.partner.system, core->partner, sizeof(core->partner)) == 0)
		return false;
	changed = memcmp(core->partner, unknown, sizeof(unknown)) != 0;
	memcpy(core->partner, status.partner.system, sizeof(core->partner));
	return changed;
}

/* A partner that flaps is damped like a link that does. */
static void damp(struct core *core, uint64_t now, struct core_effects *fx)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (!port->used)
			continue;
		for (uint32_t losses = lacp_take_losses(&core->lacp, slot); losses > 0; losses--)
			damping_lost(&port->damping, now);
		lacp_damp(&core->lacp, now, slot, port_damped(core, port), fx);
	}
}

/* A port that is GREY goes out of service for LACP: the partner is told, and sends nothing more either. */
static struct xlagg_port_conf conf_for_lacp(const struct port *port)
{
	struct xlagg_port_conf conf = port->conf;

	if (port->state == PORT_GREY)
		conf.admin = 0;
	return conf;
}

void negotiate_port_set(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	struct xlagg_port_conf conf = conf_for_lacp(&core->port[slot]);

	lacp_port_set(&core->lacp, now, slot, &conf, fx);
}

static void tell_service(struct core *core, uint64_t now, struct core_effects *fx)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (port->used && conf_for_lacp(port).admin != core->lacp.port[slot].conf.admin)
			negotiate_port_set(core, now, slot, fx);
	}
}

static void tell_links(struct core *core, uint64_t now, struct core_effects *fx)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];
		struct core_link link = link_for_lacp(port);

		if (port->used && !same_link(&link, &core->lacp.port[slot].link))
			lacp_link(&core->lacp, now, slot, &link, fx);
	}
}

void negotiate_adopt(struct core *core, uint64_t now, struct core_effects *fx)
{
	uint32_t effects = fx->count;

	if (!core->lacp.running || !core->left)
		return;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->left & 1u << slot && core->port[slot].used)
			lacp_adopt_identity(&core->lacp, slot, &core->lacp_left[slot]);
	tell_links(core, now, fx);
	/* The links did not come up just now: only this core did not know them. So nothing is sent or reported. */
	fx->count = effects;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->left & 1u << slot && core->port[slot].used)
			lacp_adopt(&core->lacp, now, slot, &core->lacp_left[slot]);
	core->left = 0;
}

void negotiate_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	if (!core->lacp.running)
		return;
	tell_service(core, now, fx);
	tell_links(core, now, fx);
	lacp_run(&core->lacp, now, fx);
	damp(core, now, fx);
	if (partner_changed(core))
		announce_start(core, now);
}
