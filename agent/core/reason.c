/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The reasons: one plain sentence for a port or a lagg that carries no traffic. */
#include <stdio.h>

#include "core/internal.h"

/* Reasons that lie in the port's own link or with the administrator. Returns whether there is one. */
static bool link_reason(const struct core *core, const struct port *port, char ret[XLAGG_SENTENCE_MAX])
{
	if (!port->link.present)
		snprintf(ret, XLAGG_SENTENCE_MAX, "device is absent");
	else if (!port->conf.admin)
		snprintf(ret, XLAGG_SENTENCE_MAX, "taken out of service (admin down)");
	else if (!port->link.admin_up)
		snprintf(ret, XLAGG_SENTENCE_MAX, "administratively down (ip link set %s up brings it back)",
			 port->name);
	else if (port->link.detached)
		snprintf(ret, XLAGG_SENTENCE_MAX, "the lagg's programs are not attached to its devices");
	else if (port->state == PORT_FALLING)
		snprintf(ret, XLAGG_SENTENCE_MAX, "no carrier, keeps its place for down-delay %u ms",
			 core->conf.down_delay);
	else if (!port->link.carrier)
		snprintf(ret, XLAGG_SENTENCE_MAX, "no carrier");
	else if (port->state == PORT_SILENT)
		probe_reason(core, (uint32_t)(port - core->port), ret);
	else if (port->state == PORT_GREY)
		grey_reason(port, ret);
	else if (port->state == PORT_RISING && core->conf.damping && port->damping.suppressed)
		snprintf(ret, XLAGG_SENTENCE_MAX,
			 "held back by damping: it lost carrier too often, and is used again once it has been steady");
	else if (port->state == PORT_RISING)
		snprintf(ret, XLAGG_SENTENCE_MAX, "carrier has not yet held for up-delay %u ms", core->conf.up_delay);
	else
		return false;
	return true;
}

static void standby_reason(const struct core *core, char ret[XLAGG_SENTENCE_MAX])
{
	if (core->conf.proto == XLAGG_PROTO_FAILOVER)
		snprintf(ret, XLAGG_SENTENCE_MAX, "standby: %s is the active port",
			 core->port[core->failover.in_use].name);
	else
		snprintf(ret, XLAGG_SENTENCE_MAX, "standby: max-links %u reached", core->conf.max_links);
}

void reason_port(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX])
{
	ret[0] = '\0';
	if (link_reason(core, &core->port[slot], ret))
		return;
	if (!core->conf.admin)
		snprintf(ret, XLAGG_SENTENCE_MAX, "the lagg is administratively down");
	else if (core->conf.proto == XLAGG_PROTO_NONE)
		snprintf(ret, XLAGG_SENTENCE_MAX, "proto none carries no traffic");
	else if (core->conf.proto == XLAGG_PROTO_LACP)
		lacp_reason(&core->lacp, slot, ret);
	else if (core->role[slot].standby)
		standby_reason(core, ret);
}

static uint32_t ports(const struct core *core)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->port[slot].used)
			count++;
	return count;
}

void reason_lagg(const struct core *core, char ret[XLAGG_SENTENCE_MAX])
{
	uint32_t usable = role_usable(core);

	ret[0] = '\0';
	if (core->out.carrier)
		return;
	if (core->conf.proto == XLAGG_PROTO_LACP)
		lacp_lagg_reason(&core->lacp, ret);
	else if (!core->conf.admin)
		snprintf(ret, XLAGG_SENTENCE_MAX, "administratively down");
	else if (ports(core) == 0)
		snprintf(ret, XLAGG_SENTENCE_MAX, "no port");
	else if (usable == 0)
		snprintf(ret, XLAGG_SENTENCE_MAX, "no usable port");
	else
		snprintf(ret, XLAGG_SENTENCE_MAX, "%u usable port%s, min-links %u", usable, usable == 1 ? "" : "s",
			 core->conf.min_links);
}
