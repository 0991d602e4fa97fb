/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The ports of a running lagg: a device joins, its link changes, it leaves, it comes and goes while configured. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

int member_find(const struct lagg *lagg, const char *name)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && !strcmp(lagg->port[slot].name, name))
			return slot;
	return -ENOENT;
}

struct xlagg_port_model *member_model(struct lagg *lagg, uint32_t slot)
{
	int i = ctl_find_port(&lagg->model, lagg->port[slot].name);
	return i < 0 ? NULL : &lagg->model.port[i];
}

static int record_undo(void *context, const struct xlagg_undo *undo)
{
	struct lagg *lagg = context;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!lagg->port[slot].used || strcmp(lagg->port[slot].name, undo->name))
			continue;
		lagg->saved.undo[slot] = *undo;
		return lagg_save(lagg);
	}
	return -ENOENT;
}

static void port_setup_of(const struct lagg *lagg, struct port_setup *ret)
{
	*ret = (struct port_setup){
	    .lagg = lagg->model.name,
	    .mtu = lagg->mtu,
	    .set_mac = true,
	    .promisc = lagg->promisc,
	    .xdp = lagg->model.conf.datapath == XLAGG_DATAPATH_XDP,
	};
	memcpy(ret->mac, lagg->mac, 6);
}

static int free_slot(const struct lagg *lagg)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (!lagg->port[slot].used)
			return slot;
	return -ENOSPC;
}

int member_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct agent *agent = lagg->agent;
	struct port *port = &lagg->port[slot];
	struct port_setup setup;
	int r = port_check(agent->nl, device, lagg->model.name, sentence);
	if (r == 0)
		r = lagg_identity(lagg, &lagg->model, sentence);
	if (r == 0) {
		port_setup_of(lagg, &setup);
		r = port_prepare(agent->nl, device, &setup, &lagg->saved.undo[slot], record_undo, lagg, sentence);
	}
	if (r == 0) {
		r = datapath_port_add(lagg->dp, slot, device->ifindex, sentence);
		if (r < 0)
			port_restore(agent->nl, &lagg->saved.undo[slot]);
	}
	if (r < 0) {
		snprintf(port->refused, sizeof(port->refused), "%s", sentence);
		return r;
	}
	port->refused[0] = 0;
	port->ifindex = device->ifindex;
	port->device = *device;
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	member_refresh(lagg, slot);
	poll_update(agent);
	return 0;
}

int member_add(struct lagg *lagg, const struct xlagg_port_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	int slot = free_slot(lagg);
	struct device device;
	if (slot < 0)
		return slot;
	struct port *port = &lagg->port[slot];
	*port = (struct port){.used = true};
	snprintf(port->name, sizeof(port->name), "%s", model->name);
	lagg->model.port[lagg->model.ports++] = *model;
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	snprintf(lagg->saved.undo[slot].name, sizeof(lagg->saved.undo[slot].name), "%s", model->name);
	core_port_add(lagg->core, agent_now(), (uint32_t)slot, port->name, lagg->next_order++, &model->conf, &lagg->fx);
	int r = netlink_get_by_name(lagg->agent->nl, model->name, &device);
	if (r == 0)
		r = member_attach(lagg, (uint32_t)slot, &device, sentence);
	else if (r == -ENODEV)
		r = 0; /* it joins when it appears; whether that is wanted was decided before */
	if (r < 0) {
		member_del(lagg, (uint32_t)slot);
		return r;
	}
	lagg_tell(lagg, XLAGG_EVENT_PORT_ADD, port->name, NULL);
	return 0;
}

/* The core's outputs after an input that did not look at carrier. */
static void effects(struct lagg *lagg)
{
	uint32_t lost[XLAGG_MAX_PORTS];
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		lost[i] = lagg->port[i].lost;
	lagg_effects(lagg, lost);
}

void member_del(struct lagg *lagg, uint32_t slot)
{
	struct agent *agent = lagg->agent;
	struct port *port = &lagg->port[slot];
	char name[XLAGG_NAME_MAX];
	memcpy(name, port->name, sizeof(name));
	/* First nothing is sent on it any more, then it is let go. */
	core_port_del(lagg->core, agent_now(), slot, &lagg->fx);
	effects(lagg);
	if (port->ifindex) {
		int r = datapath_port_del(lagg->dp, slot);
		if (r < 0)
			log_warning("%s: cannot detach from %s: %s", lagg->model.name, name, strerror(-r));
		port_restore(agent->nl, &lagg->saved.undo[slot]);
	}
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	*port = (struct port){0};
	int i = ctl_find_port(&lagg->model, name);
	if (i >= 0) {
		lagg->model.ports--;
		memmove(&lagg->model.port[i], &lagg->model.port[i + 1],
			(lagg->model.ports - (uint32_t)i) * sizeof(lagg->model.port[0]));
	}
	lagg_save(lagg);
	poll_update(agent);
	lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, name, NULL);
}

void member_absent(struct lagg *lagg, uint32_t slot)
{
	struct port *port = &lagg->port[slot];
	struct core_link gone = {0};
	core_link_changed(lagg->core, agent_now(), slot, &gone, &lagg->fx);
	effects(lagg);
	datapath_port_del(lagg->dp, slot);
	port->ifindex = 0;
	port->link = gone;
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	lagg_save(lagg);
	poll_update(lagg->agent);
}

int member_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX])
{
	struct port *port = &lagg->port[slot];
	struct port_setup setup;
	port_setup_of(lagg, &setup);
	int r = netlink_get(lagg->agent->nl, port->ifindex, &port->device);
	if (r == 0)
		r = port_adjust(lagg->agent->nl, &port->device, &setup, &lagg->saved.undo[slot], record_undo, lagg,
				sentence);
	return r;
}

/* What the core hears of a loss between two looks: policy has to count it although carrier is back. */
static void tell_loss(struct lagg *lagg, uint32_t slot)
{
	struct port *port = &lagg->port[slot];
	port->link.carrier = false;
	port->link_failures++;
	core_link_changed(lagg->core, agent_now(), slot, &port->link, &lagg->fx);
}

void member_lost(struct lagg *lagg, uint32_t slot)
{
	if (!lagg->port[slot].link.carrier)
		return;
	tell_loss(lagg, slot);
	effects(lagg);
}

/* The port's own MAC: the permanent one, or, where the driver tells none, that which it had before it was a port. */
static void own_mac(const struct lagg *lagg, uint32_t slot, uint8_t mac[6])
{
	const struct device *device = &lagg->port[slot].device;
	const struct xlagg_undo *undo = &lagg->saved.undo[slot];
	bool told = memcmp(device->permaddr, device->mac, 6) != 0;
	memcpy(mac, !told && undo->changed & XLAGG_UNDO_MAC ? undo->mac : device->permaddr, 6);
}

void member_refresh(struct lagg *lagg, uint32_t slot)
{
	struct port *port = &lagg->port[slot];
	struct core_link link = {.present = true};
	uint32_t lost[XLAGG_MAX_PORTS], now_lost[XLAGG_MAX_PORTS];
	/* The counters first: a loss after this line is one that carrier below may not show yet. */
	datapath_lost(lagg->dp, now_lost);
	if (netlink_get(lagg->agent->nl, port->ifindex, &port->device) < 0)
		return; /* the removal is told by an event of its own */
	link.admin_up = port->device.flags & IFF_UP;
	link.carrier = port->device.carrier;
	ethtool_carrier(port->device.name, &link.carrier);
	ethtool_link(port->ifindex, port->device.name, &link.speed, &link.duplex);
	own_mac(lagg, slot, link.mac);
	if (port->link.carrier && (!link.carrier || now_lost[slot] != port->lost))
		tell_loss(lagg, slot);
	port->link = link;
	port->lost = now_lost[slot];
	core_link_changed(lagg->core, agent_now(), slot, &link, &lagg->fx);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		lost[i] = lagg->port[i].lost;
	lagg_effects(lagg, lost);
}
