/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Translates what the agent reports of its laggs into the values of IEEE8023-LAG-MIB. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agentx/mib.h"
#include "xlagg/wire.h"

static bool is_lacp(const struct view_lagg *lagg)
{
	return lagg->model.conf.proto == XLAGG_PROTO_LACP;
}

static uint32_t truth(bool is)
{
	return is ? MIB_TRUE : MIB_FALSE;
}

/* BITS begin with the highest bit of an octet, an LACPDU's state with the lowest. */
static uint8_t bits_of(uint8_t state)
{
	uint8_t ret = 0;

	for (int bit = 0; bit < 8; bit++)
		ret = (uint8_t)(ret << 1 | (state >> bit & 1));
	return ret;
}

static struct mib_end end_of(const struct xlagg_lacp_end *end)
{
	struct mib_end ret = {.system_prio = end->system_prio,
			      .key = end->key,
			      .port = end->port,
			      .port_prio = end->port_prio,
			      .state = bits_of(end->state)};

	memcpy(ret.system, end->system, sizeof(ret.system));
	return ret;
}

/* Returns the aggregator that carries traffic, as its ports have it in their status, or 0. */
static uint32_t active_aggregator(const struct view_lagg *lagg)
{
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		if (lagg->port[i].flags & XLAGG_FLAG_ACTIVE)
			return lagg->port[i].lacp.aggregator;
	return 0;
}

/* Whether the port has chosen the aggregator that is the lagg. With another partner than the others it has one by
 * itself, which is no interface. */
static bool is_selected(const struct view_lagg *lagg, const struct xlagg_port_status *port)
{
	return !is_lacp(lagg) || (port->lacp.selected != XLAGG_UNSELECTED && port->lacp.aggregator != 0 &&
				  port->lacp.aggregator == active_aggregator(lagg));
}

static bool is_attached(const struct view_lagg *lagg, const struct xlagg_port_status *port)
{
	if (is_lacp(lagg))
		return is_selected(lagg, port) && port->lacp.mux >= XLAGG_MUX_ATTACHED;
	return port->standby || !port->reason[0];
}

/* Returns the port's number. Only LACP has numbers; otherwise they are those that LACP would begin with. */
static uint32_t number_of(const struct view_lagg *lagg, uint32_t i)
{
	return is_lacp(lagg) ? lagg->port[i].number : i + 1;
}

static void add_number(struct mib_ports *ports, uint32_t number)
{
	uint32_t octet = (number - 1) / 8;

	if (number == 0 || octet >= MIB_PORTS_MAX)
		return;
	ports->octets[octet] |= (uint8_t)(0x80 >> (number - 1) % 8);
	if (ports->size <= octet)
		ports->size = octet + 1;
}

/* Returns our end of the aggregator that carries traffic, or, while none does, of any port: the system is the same. */
static const struct xlagg_lacp_end *actor_of(const struct view_lagg *lagg)
{
	for (uint32_t i = 0; !lagg->status.has_lag_id && i < lagg->model.ports; i++)
		if (lagg->port[i].lacp.actor.state)
			return &lagg->port[i].lacp.actor;
	return &lagg->status.actor;
}

/* Returns the key that was configured, or, if xlagg chooses it, the chosen one. */
static uint32_t admin_key(const struct view_lagg *lagg, uint32_t key, uint32_t chosen)
{
	if (key == XLAGG_AUTO)
		key = lagg->model.conf.key;
	return is_lacp(lagg) && key != XLAGG_AUTO ? key : chosen;
}

static bool is_aggregate(const struct view_lagg *lagg)
{
	return !lagg->status.has_lag_id ||
	       (lagg->status.actor.state & lagg->status.partner.state & XLAGG_STATE_AGGREGATION);
}

static void read_agg(const struct view_lagg *lagg, struct mib_agg *agg)
{
	const struct xlagg_lacp_end *actor = actor_of(lagg), *partner = &lagg->status.partner;

	agg->index = lagg->status.ifindex;
	memcpy(agg->mac, lagg->status.mac, sizeof(agg->mac));
	memcpy(agg->system, actor->system, sizeof(agg->system));
	agg->system_prio = actor->system_prio;
	agg->aggregate = truth(is_aggregate(lagg));
	agg->oper_key = actor->key;
	agg->admin_key = admin_key(lagg, XLAGG_AUTO, actor->key);
	memcpy(agg->partner_system, partner->system, sizeof(agg->partner_system));
	agg->partner_prio = partner->system_prio;
	agg->partner_key = partner->key;
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		if (lagg->port[i].ifindex && is_attached(lagg, &lagg->port[i]))
			add_number(&agg->ports, number_of(lagg, i));
}

/* The counters of the MIB have 32 bits and wrap. */
static void read_counters(const struct xlagg_port_counters *stats, struct mib_port *port)
{
	port->lacpdu_rx = (uint32_t)stats->lacpdu_rx;
	port->marker_rx = (uint32_t)stats->marker_rx;
	port->marker_response_rx = (uint32_t)stats->marker_response_rx;
	port->unknown_rx = (uint32_t)stats->unknown_rx;
	port->illegal_rx = (uint32_t)stats->illegal_rx;
	port->lacpdu_tx = (uint32_t)(stats->lacpdu_tx + stats->lacpdu_headless);
	port->marker_tx = (uint32_t)stats->marker_tx;
	port->marker_response_tx = (uint32_t)stats->marker_response_tx;
}

/* What is asked for by configuration: with lacp-rate match the timeout is the partner's choice. */
static uint8_t admin_state(const struct xlagg_lagg_conf *conf)
{
	return (uint8_t)(XLAGG_STATE_AGGREGATION | (conf->lacp_mode == XLAGG_LACP_ACTIVE ? XLAGG_STATE_ACTIVITY : 0) |
			 (conf->lacp_rate == XLAGG_RATE_FAST ? XLAGG_STATE_TIMEOUT : 0));
}

static void read_lacp(const struct view_lagg *lagg, const struct xlagg_port_status *status, struct mib_port *port)
{
	bool fast = lagg->model.conf.lacp_rate == XLAGG_RATE_FAST;

	port->actor = end_of(&status->lacp.actor);
	port->partner = end_of(&status->lacp.partner);
	port->admin_state = bits_of(admin_state(&lagg->model.conf));
	port->no_partner.state = bits_of(fast ? XLAGG_STATE_TIMEOUT : 0);
}

static void read_port(const struct view_lagg *lagg, uint32_t i, struct mib_port *port)
{
	const struct xlagg_port_status *status = &lagg->port[i];
	uint32_t ifindex = lagg->status.ifindex;

	port->index = status->ifindex;
	port->lagg = ifindex;
	port->selected = is_selected(lagg, status) ? ifindex : 0;
	port->attached = is_attached(lagg, status) ? ifindex : 0;
	port->stacked = 1;
	port->aggregate = truth(!is_lacp(lagg) || (status->lacp.actor.state & XLAGG_STATE_AGGREGATION));
	if (is_lacp(lagg))
		read_lacp(lagg, status, port);
	port->actor.port = number_of(lagg, i);
	port->admin_key = admin_key(lagg, lagg->model.port[i].conf.key, status->lacp.actor.key);
	read_counters(&status->stats, port);
}

static uint32_t count_ports(const struct view *view)
{
	uint32_t ports = 0;

	for (uint32_t i = 0; i < view->laggs; i++)
		ports += view->lagg[i].model.ports;
	return ports;
}

int mib_read(const struct view *view, struct mib *ret)
{
	/* One more, since calloc may return NULL for none. */
	struct mib mib = {.agg = calloc(view->laggs + 1, sizeof(*mib.agg)),
			  .port = calloc(count_ports(view) + 1, sizeof(*mib.port))};

	if (!mib.agg || !mib.port) {
		mib_free(&mib);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		if (!lagg->status.ifindex)
			continue;
		read_agg(lagg, &mib.agg[mib.aggs++]);
		for (uint32_t port = 0; port < lagg->model.ports; port++)
			if (lagg->port[port].ifindex)
				read_port(lagg, port, &mib.port[mib.ports++]);
	}
	*ret = mib;
	return 0;
}

bool mib_same(const struct mib *a, const struct mib *b)
{
	if (a->aggs != b->aggs || a->ports != b->ports)
		return false;
	for (uint32_t i = 0; i < a->aggs; i++)
		if (memcmp(&a->agg[i], &b->agg[i], sizeof(a->agg[i])) != 0)
			return false;
	for (uint32_t i = 0; i < a->ports; i++)
		if (memcmp(&a->port[i], &b->port[i], offsetof(struct mib_port, lacpdu_rx)) != 0)
			return false;
	return true;
}

void mib_free(struct mib *mib)
{
	free(mib->agg);
	free(mib->port);
	*mib = (struct mib){0};
}
