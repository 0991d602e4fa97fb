/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Headless: the clock that the kernel needs to act for LACP without an agent, and learning afterwards what it did. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lagg/headless.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"
#include "xlagg/mac.h"

#define BUSY_TRIES 10

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

/* Whether the kernel took the port out since that was last noted, and has not taken it back. */
static bool is_out(const struct lagg_port *port, const struct xlagg_headless *did)
{
	return did->outs != port->lacp.outs && did->outs != did->back;
}

static bool is_damaged(const struct xlagg_headless *did, uint64_t now)
{
	return did->tx_ns > now || did->rx_ns > now || did->busy;
}

/* Reads what the kernel did. A CPU that is taking the port out or back at this moment soon has. */
static int get_settled(const struct lagg *lagg, uint32_t slot, struct xlagg_headless *ret)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	int r = datapath_get_headless(lagg->dp, slot, ret);
	for (int i = 0; i < BUSY_TRIES && r == 0 && ret->busy; i++) {
		nanosleep(&pause, NULL);
		r = datapath_get_headless(lagg->dp, slot, ret);
	}
	return r;
}

static void report_foreign(struct lagg *lagg, struct lagg_port *port, const struct xlagg_headless *did)
{
	char system[XLAGG_MAC_TEXT];
	if (did->foreign == port->lacp.foreign)
		return;
	xlagg_print_mac(did->foreign_system, system);
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name,
		  "LACPDUs of another system were ignored while the agent was away: %" PRIu64 ", the last one of %s",
		  (uint64_t)(did->foreign - port->lacp.foreign), system);
	port->lacp.foreign = did->foreign;
}

/* LACPDUs that wait in the ring and that the kernel has already acted upon are not heard again. The others from before
 * the partner's last one say nothing that is still true. */
static void skip_old_frames(struct lagg_port *port, const struct xlagg_headless *did, uint64_t now)
{
	bool acted = did->foreign != port->lacp.foreign || did->outs != port->lacp.outs;
	uint64_t until = acted ? now : did->rx_ns;
	if (port->deaf_until_ns < until)
		port->deaf_until_ns = until;
}

void headless_adopt(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_headless did;
	uint64_t now = clock_now();
	if (get_settled(lagg, slot, &did) < 0)
		return;
	/* The kernel goes on while it is read: what has happened since `now` is no damage. */
	if (is_damaged(&did, clock_now())) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name,
			  "what the kernel did for its LACP is damaged: it starts anew");
		datapath_reset_headless(lagg->dp, slot);
		did = (struct xlagg_headless){.outs = 0};
		port->lacp.partner_known = 0;
		port->lacp.foreign = 0;
	}
	skip_old_frames(port, &did, now);
	report_foreign(lagg, port, &did);
	if (port->lacp.pdu_tx_ns < did.tx_ns || port->lacp.pdu_tx_ns > now)
		port->lacp.pdu_tx_ns = did.tx_ns;
	/* The partner is no longer the one in the record. */
	if (is_out(port, &did))
		port->lacp.partner_known = 0;
	port->lacp.outs = did.outs;
}

static void restart(struct lagg *lagg, uint32_t slot)
{
	uint64_t now = clock_now();
	/* LACPDUs that wait in the ring are from before the restart: they are of the earlier partner, or the very ones
	 * that the kernel has already acted upon. */
	lagg->port[slot].deaf_until_ns = now;
	log_about(LOG_LEVEL_INFO, lagg->model.name, lagg->port[slot].name,
		  "LACP starts anew: its partner changed or fell silent while the agent was away");
	input_lacp_restart(lagg, slot);
}

uint32_t headless_outs(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_headless did;
	if (lagg->model.conf.proto != XLAGG_PROTO_LACP || datapath_get_headless(lagg->dp, slot, &did) < 0)
		return 0;
	uint32_t outs = did.outs - port->lacp.outs;
	bool out = is_out(port, &did);
	port->lacp.outs = did.outs;
	if (out)
		restart(lagg, slot);
	else if (outs)
		datapath_note_return(lagg->dp, slot);
	return outs;
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
	skip_old_frames(port, &did, clock_now());
	report_foreign(lagg, port, &did);
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
