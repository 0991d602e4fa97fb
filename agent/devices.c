/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What rtnetlink tells: each change of a device is led to the port or lagg that it concerns. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

static struct lagg *lagg_of_device(struct agent *agent, int ifindex)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->ifindex == ifindex)
			return agent->lagg[i];
	return NULL;
}

/* The port whose device this is: 1 and where, or 0. */
static bool port_of_device(struct agent *agent, int ifindex, struct lagg **lagg, uint32_t *ret)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			const struct port *port = &agent->lagg[i]->port[slot];
			if (!port->used || port->ifindex != ifindex)
				continue;
			*lagg = agent->lagg[i];
			*ret = slot;
			return true;
		}
	}
	return false;
}

static bool named_so(const struct device *device, const char *name)
{
	if (!strcmp(device->name, name))
		return true;
	for (size_t i = 0; i < sizeof(device->altname) / sizeof(device->altname[0]); i++)
		if (device->altname[i][0] && !strcmp(device->altname[i], name))
			return true;
	return false;
}

static void rename_port(struct lagg *lagg, uint32_t slot, const char *name)
{
	struct port *port = &lagg->port[slot];
	struct xlagg_model *running = ctl_find(&lagg->agent->model, lagg->model.name);
	struct xlagg_port_model *model = member_model(lagg, slot);
	char text[64];
	snprintf(text, sizeof(text), "renamed from %s", port->name);
	if (!strcmp(lagg->model.conf.primary, port->name))
		snprintf(lagg->model.conf.primary, XLAGG_NAME_MAX, "%s", name);
	if (model)
		snprintf(model->name, sizeof(model->name), "%s", name);
	snprintf(port->name, sizeof(port->name), "%s", name);
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	core_port_rename(lagg->core, slot, name);
	if (running)
		*running = lagg->model;
	lagg_save(lagg);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, name, text);
}

/* A device that no port has: one that is waited for may have come. */
static void look_for_absent(struct agent *agent, const struct device *device)
{
	char sentence[XLAGG_SENTENCE_MAX];
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			struct port *port = &lagg->port[slot];
			if (!port->used || port->ifindex || !named_so(device, port->name))
				continue;
			sentence[0] = 0;
			char refused[XLAGG_SENTENCE_MAX];
			memcpy(refused, port->refused, sizeof(refused));
			if (member_attach(lagg, slot, device, sentence) == 0) {
				if (strcmp(device->name, port->name))
					rename_port(lagg, slot, device->name);
				lagg_tell(lagg, XLAGG_EVENT_PORT_ADD, port->name, "its device appeared");
			} else if (strcmp(refused, sentence)) {
				log_warning("%s: %s", lagg->model.name, sentence);
			}
			return;
		}
	}
}

static void lagg_device_gone(struct lagg *lagg)
{
	struct agent *agent = lagg->agent;
	log_info("%s: its device was removed, and so is the lagg", lagg->model.name);
	char name[XLAGG_NAME_MAX];
	memcpy(name, lagg->model.name, sizeof(name));
	lagg_destroy(lagg);
	for (uint32_t i = 0; i < agent->model.laggs; i++) {
		if (strcmp(agent->model.lagg[i].name, name))
			continue;
		agent->model.laggs--;
		memmove(&agent->model.lagg[i], &agent->model.lagg[i + 1],
			(agent->model.laggs - i) * sizeof(agent->model.lagg[0]));
		return;
	}
}

static void on_device(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	struct lagg *lagg = lagg_of_device(agent, device->ifindex);
	uint32_t slot;
	if (lagg) {
		struct device now;
		/* The event may be older than a change of our own: the present state counts. */
		if (gone)
			lagg_device_gone(lagg);
		else if (netlink_get(agent->nl, device->ifindex, &now) == 0)
			lagg_device_changed(lagg, &now);
		return;
	}
	if (!port_of_device(agent, device->ifindex, &lagg, &slot)) {
		if (!gone)
			look_for_absent(agent, device);
		return;
	}
	if (gone) {
		member_absent(lagg, slot);
		lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, lagg->port[slot].name, "its device is gone");
		return;
	}
	if (strcmp(device->name, lagg->port[slot].name))
		rename_port(lagg, slot, device->name);
	if (!device->carrier)
		member_lost(lagg, slot);
	member_refresh(lagg, slot);
}

/* Ports whose device went while events were lost. */
static void drop_missing(struct agent *agent)
{
	struct device device;
	for (uint32_t i = agent->laggs; i-- > 0;) {
		struct lagg *lagg = agent->lagg[i];
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (lagg->port[slot].used && lagg->port[slot].ifindex &&
			    netlink_get(agent->nl, lagg->port[slot].ifindex, &device) == -ENODEV)
				member_absent(lagg, slot);
		if (netlink_get(agent->nl, lagg->ifindex, &device) == -ENODEV)
			lagg_device_gone(lagg);
	}
}

void devices_resync(struct agent *agent)
{
	drop_missing(agent);
	int r = netlink_list(agent->nl, on_device, agent);
	if (r < 0)
		log_error("cannot list the devices: %s", strerror(-r));
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)fd, (void)revents;
	struct agent *agent = context;
	int r = netlink_read_events(agent->nl, on_device, agent);
	if (r == -ENOBUFS) {
		log_info("device events were lost: every device is read again");
		devices_resync(agent);
	} else if (r < 0) {
		log_error("cannot read device events: %s", strerror(-r));
	}
	return 0;
}

int devices_start(struct agent *agent)
{
	sd_event_source *source;
	int r = sd_event_add_io(agent->event, &source, netlink_event_fd(agent->nl), EPOLLIN, on_event, agent);
	if (r < 0)
		return r;
	/* A lost link goes before everything else. */
	sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	return sd_event_source_set_floating(source, true);
}
