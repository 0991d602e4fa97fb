/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Headless: the clock that the kernel needs to act for LACP without an agent, and learning afterwards what it did. */
#include <errno.h>
#include <string.h>

#include "lagg/headless.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"

void headless_clock(struct lagg *lagg)
{
	if (lagg->model.conf.proto != XLAGG_PROTO_LACP || !lagg->carrier)
		return;
	int r = netlink_run_clock(lagg->host->nl, lagg->lower_ifindex, XLAGG_CLOCK_ADDRESS, XLAGG_CLOCK_MS);
	if (r < 0 && !lagg->clock_failed)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "its LACP has no clock for the time without an agent (%s): partners are answered and nothing "
			  "more",
			  strerror(-r));
	lagg->clock_failed = r < 0;
}

void headless_adopt(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_headless did;
	uint64_t now = clock_now();
	if (datapath_get_headless(lagg->dp, slot, &did) < 0)
		return;
	if (did.tx_ns > now || did.rx_ns > now) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name,
			  "what the kernel did for its LACP is damaged: it starts anew");
		datapath_reset_headless(lagg->dp, slot);
		did = (struct xlagg_headless){.outs = 0};
		port->lacp.partner_known = 0;
	}
	if (port->lacp.pdu_tx_ns < did.tx_ns || port->lacp.pdu_tx_ns > now)
		port->lacp.pdu_tx_ns = did.tx_ns;
	/* The partner is no longer the one in the record. */
	if (port->lacp.outs != did.outs)
		port->lacp.partner_known = 0;
	port->lacp.outs = did.outs;
}

uint32_t headless_outs(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_headless did;
	if (lagg->model.conf.proto != XLAGG_PROTO_LACP || datapath_get_headless(lagg->dp, slot, &did) < 0)
		return 0;
	uint32_t outs = did.outs - port->lacp.outs;
	port->lacp.outs = did.outs;
	return outs;
}

void headless_restart(struct lagg *lagg, uint32_t slot)
{
	uint64_t now = clock_now();
	/* LACPDUs that wait in the ring are from before the restart: they are of the earlier partner, or the very ones
	 * that the kernel has already acted upon. */
	lagg->port[slot].deaf_until_ns = now;
	log_about(LOG_LEVEL_INFO, lagg->model.name, lagg->port[slot].name,
		  "LACP starts anew: its partner changed or fell silent while the agent was away");
	input_lacp_restart(lagg, slot);
}

/* Tells the core what the kernel did for one port. Returns true if it took the port out, or if the core does not know
 * of a loss of the link yet. */
static bool take_note(struct lagg *lagg, uint32_t slot, uint32_t lost)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_headless did;
	if (!port->used || !port->ifindex || datapath_get_headless(lagg->dp, slot, &did) < 0)
		return false;
	core_lacp_stood_in(lagg->core, slot, &did);
	if (port->lacp.pdu_tx_ns < did.tx_ns)
		port->lacp.pdu_tx_ns = did.tx_ns;
	return lost != port->lost || did.outs != port->lacp.outs;
}

/* All ports are read before the first one has an effect, since an effect makes the core judge all ports by time. */
void headless_catch_up(struct lagg *lagg)
{
	uint32_t lost[XLAGG_MAX_PORTS];
	bool out[XLAGG_MAX_PORTS];
	datapath_lost(lagg->dp, lost);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		out[slot] = take_note(lagg, slot, lost[slot]);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (out[slot])
			lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NONE);
}
