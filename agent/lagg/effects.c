/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Carries out what the core asks for (struct core_effects): tables, carrier, frames, events. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/gap.h"
#include "lagg/headless.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/shell.h"
#include "lagg/upkeep.h"
#include "sys/frames/frames.h"
#include "xlagg/wire.h"

void lagg_event(struct lagg *lagg, struct xlagg_event *event)
{
	if (!event->time_ns)
		event->time_ns = clock_realtime();
	memcpy(event->lagg, lagg->model.name, sizeof(event->lagg));
	lagg->host->calls->event(lagg->host, event);
}

void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text)
{
	struct xlagg_event event = {.type = type, .gap_ns = XLAGG_GAP_UNKNOWN};
	snprintf(event.port, sizeof(event.port), "%s", port ? port : "");
	snprintf(event.text, sizeof(event.text), "%s", text ? text : "");
	lagg_event(lagg, &event);
}

void lagg_assert_carrier(struct lagg *lagg)
{
	bool up = lagg->carrier;
	if (!up)
		datapath_carrier(lagg->dp, false);
	int r = netlink_set_up(lagg->host->nl, lagg->lower_ifindex, up), shell = shell_assert_carrier(lagg);
	if (r == 0)
		r = shell;
	if (up)
		datapath_carrier(lagg->dp, true);
	if (r < 0 && r != -ENODEV) {
		log_about(LOG_LEVEL_ERROR, lagg->model.name, NULL, "cannot set its carrier %s: %s", up ? "on" : "off",
			  strerror(-r));
		upkeep_mark(lagg);
	}
	headless_clock(lagg);
}

static void carry_carrier(struct lagg *lagg, bool up)
{
	if (lagg->carrier == up)
		return;
	lagg->carrier = up;
	lagg_assert_carrier(lagg);
}

/* mac active: gives the lagg's device the MAC of the active port. This runs while effects are carried out, and those of
 * input_mac() are appended to the same list. */
static void take_mac_of(struct lagg *lagg, uint32_t slot)
{
	const uint8_t *mac = lagg->port[slot].link.mac;
	lagg->mac_owed = XLAGG_NO_PORT;
	if (!lagg->looks.own_macs || memcmp(lagg->looks.mac, mac, 6) == 0)
		return;
	probes_yield(lagg, mac);
	int r = looks_set_mac(lagg, mac);
	if (r < 0) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, lagg->port[slot].name, "cannot take its MAC: %s",
			  strerror(-r));
		lagg->mac_owed = slot;
		upkeep_mark(lagg);
		return;
	}
	memcpy(lagg->looks.mac, mac, 6);
	input_mac(lagg, mac);
}

void effects_do_again(struct lagg *lagg)
{
	if (lagg->unpublished)
		effects_publish(lagg);
	if (lagg->mac_owed < XLAGG_MAX_PORTS && lagg->port[lagg->mac_owed].used)
		take_mac_of(lagg, lagg->mac_owed);
}

/* A table that has to wait for its buffer is used by input_time(). */
static void await_table(struct lagg *lagg)
{
	uint64_t due = datapath_publish_due(lagg->dp);
	if (due >= lagg->deadline_ns)
		return;
	lagg->deadline_ns = due;
	lagg->host->calls->deadline(lagg->host, lagg->deadline_ns);
}

void effects_publish(struct lagg *lagg)
{
	const struct core_output *out = core_output(lagg->core);
	struct xlagg_table table = out->table;
	uint32_t lost[XLAGG_MAX_PORTS];
	/* The counters as they were before carrier was read, so that a loss since then is not undone. */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		lost[slot] = lagg->port[slot].lost;
	datapath_set_moves(lagg->dp, out->move, &table);
	int r = datapath_publish(lagg->dp, &table, out->live, out->flags, lost);
	lagg->unpublished = r < 0;
	shell_follow_active(lagg);
	if (r < 0) {
		log_about(LOG_LEVEL_ERROR, lagg->model.name, NULL, "cannot publish its table: %s", strerror(-r));
		upkeep_mark(lagg);
	}
	await_table(lagg);
}

/* Keeps the last LACPDU. While no agent runs, the kernel sends it again. */
static void keep_pdu(const struct lagg *lagg, struct lagg_port *port, const uint8_t frame[CORE_FRAME_LEN], bool sent)
{
	memcpy(port->lacp.pdu, frame, CORE_FRAME_LEN);
	port->lacp.pdu_len = CORE_FRAME_LEN;
	if (!sent)
		return;
	port->lacp.pdu_tx_ns = clock_now();
	port->lacp.life = datapath_life(lagg->dp);
}

/* -EAGAIN: bonding still speaks. */
static int try_to_send(const struct lagg *lagg, int ifindex, const uint8_t frame[CORE_FRAME_LEN])
{
	if (lagg->idle)
		return -EAGAIN;
	return ifindex ? frames_send(lagg->host->packet_fd, ifindex, frame, CORE_FRAME_LEN) : 0;
}

static void send_frame(struct lagg *lagg, uint32_t slot, const uint8_t frame[CORE_FRAME_LEN])
{
	struct lagg_port *port = &lagg->port[slot];
	bool lacp = frame[14] == XLAGG_SLOW_LACP;
	int r = try_to_send(lagg, port->ifindex, frame);
	if (lacp)
		keep_pdu(lagg, port, frame, r == 0);
	if (r == 0 && port->ifindex)
		datapath_capture_own(lagg->dp, slot, frame, CORE_FRAME_LEN);
	/* A bond that was given back goes on with LACP itself. */
	if (r == 0 || (lagg->idle && lagg->ending))
		return;
	log_about(LOG_LEVEL_DEBUG, lagg->model.name, port->name, "a %s was not sent: %s",
		  lacp ? "LACPDU" : "Marker PDU", strerror(-r));
	if (lacp)
		input_lacp_unsent(lagg, slot);
}

/* Pins what the next agent needs to go on with LACP, for each port whose state changed. */
static void save_lacp(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct lagg_port *port = &lagg->port[slot];
		if (!port->used || !port->ifindex)
			continue;
		/* What was left is not overwritten before it has been taken over: if the agent died in between, the
		 * kernel would not speak for the port, and the next agent would start it anew. */
		if (!core_save_lacp(lagg->core, slot, &port->lacp))
			continue;
		if (memcmp(&port->lacp, &port->lacp_pinned, sizeof(port->lacp)) != 0 &&
		    datapath_set_lacp(lagg->dp, slot, &port->lacp) == 0)
			port->lacp_pinned = port->lacp;
	}
}

/* Whether another publication follows at once, beside frames and events: that one publishes the same output, so one
 * table is enough for many inputs. */
static bool is_superseded(const struct core_effects *fx, uint32_t i)
{
	while (++i < fx->count) {
		const struct core_effect *effect = &fx->list[i];
		if (effect->kind == CORE_PUBLISH)
			return true;
		bool indifferent = effect->kind == CORE_SEND ||
				   (effect->kind == CORE_EVENT && effect->event.type != XLAGG_EVENT_FAILOVER);
		if (!indifferent)
			return false;
	}
	return false;
}

static void run_effect(struct lagg *lagg, struct core_effect *effect)
{
	struct lagg_host *host = lagg->host;
	int r;
	switch (effect->kind) {
	case CORE_PUBLISH:
		effects_publish(lagg);
		break;
	case CORE_SEND:
		send_frame(lagg, effect->slot % XLAGG_MAX_PORTS, effect->frame);
		break;
	case CORE_CARRIER:
		carry_carrier(lagg, core_output(lagg->core)->carrier);
		break;
	case CORE_EVENT:
		if (effect->event.type == XLAGG_EVENT_FAILOVER)
			gap_await(lagg, &effect->event);
		else
			lagg_event(lagg, &effect->event);
		break;
	case CORE_ANNOUNCE:
		r = frames_announce(host->packet_fd, host->nl, lagg->ifindex);
		if (r < 0)
			log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot announce its addresses: %s",
				  strerror(-r));
		break;
	case CORE_REJOIN:
		r = frames_rejoin(host->packet_fd, host->nl, lagg->ifindex);
		if (r < 0)
			log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot report its groups: %s",
				  strerror(-r));
		break;
	case CORE_MAC:
		take_mac_of(lagg, effect->slot);
		break;
	case CORE_MOVES:
		input_moves(lagg);
		break;
	case CORE_SAMPLE:
		input_sample(lagg);
		break;
	case CORE_LOADS:
		input_loads(lagg);
		break;
	case CORE_PROBE:
		probes_send(lagg, effect->slot, effect->mac);
		break;
	}
}

/* Pins when carrier and flags changed last, so that the next agent shows the same. */
static void save_history(struct lagg *lagg)
{
	struct xlagg_history history;
	core_save_history(lagg->core, &history);
	if (memcmp(&history, &lagg->saved.history, sizeof(history)) == 0)
		return;
	lagg->saved.history = history;
	record_save(lagg);
}

void effects_carry_out(struct lagg *lagg)
{
	bool told = false;
	/* Carrier must be up before the first port is live. */
	if (core_output(lagg->core)->carrier)
		carry_carrier(lagg, true);
	/* The order matters: the last LACPDU is sent before the port is closed. */
	for (uint32_t i = 0; i < lagg->fx.count; i++) {
		if (lagg->fx.list[i].kind != CORE_PUBLISH || !is_superseded(&lagg->fx, i))
			run_effect(lagg, &lagg->fx.list[i]);
		told |= lagg->fx.list[i].kind == CORE_EVENT;
	}
	lagg->fx.count = 0;
	if (told)
		save_history(lagg);
	if (lagg->model.conf.proto == XLAGG_PROTO_LACP)
		save_lacp(lagg);
	uint64_t core = core_deadline(lagg->core), gap = gap_deadline(lagg, clock_now());
	lagg->deadline_ns = core < gap ? core : gap;
	lagg->host->calls->deadline(lagg->host, lagg->deadline_ns);
	await_table(lagg);
}
