/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What rtnetlink tells: each change of a device is led to the port or lagg that it concerns. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "heartbeat.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/ports.h"
#include "lagg/rest.h"
#include "lagg/upkeep.h"
#include "laggs.h"
#include "names.h"
#include "orphans.h"
#include "rests.h"

#define SOON_NS (30 * NS_PER_MS)
#define ABSENT_LOOK_NS (5 * NS_PER_S) /* between two looks for the device of an absent port */
#define STAGGER_NS (NS_PER_S / 8)     /* so that not all ports have their turn at once */

/* The look comes soon, and not at once: changes often come together. */
static void look_soon(struct agent *agent)
{
	uint64_t soon = (clock_now() + SOON_NS) / 1000, next;
	if (sd_event_source_get_time(agent->look, &next) >= 0 && next > soon)
		sd_event_source_set_time(agent->look, soon);
}

/* Something above a lagg's device may have come or gone. */
static void uppers_changed(struct agent *agent)
{
	agent->uppers_changed = true;
	look_soon(agent);
}

/* How well a device fits a port that waits for one: better ones first. */
enum fit { FIT_IDENTITY, FIT_NAME, FIT_ALTNAME, FITS };

/* It is the device that the port had. What is made upon a device has that one's permanent MAC, too. */
static bool is_the_same(const struct lagg *lagg, uint32_t slot, const struct device *device)
{
	return !device->kind[0] && identity_proves(&lagg->saved.port[slot], device);
}

static bool has_altname(const struct device *device, const char *name)
{
	for (size_t i = 0; i < sizeof(device->altname) / sizeof(device->altname[0]); i++)
		if (device->altname[i][0] && strcmp(device->altname[i], name) == 0)
			return true;
	return false;
}

static bool fits(const struct lagg *lagg, uint32_t slot, const struct device *device, enum fit fit)
{
	const char *name = lagg->port[slot].name;
	if (fit == FIT_IDENTITY)
		return is_the_same(lagg, slot, device);
	return fit == FIT_NAME ? strcmp(device->name, name) == 0 : has_altname(device, name);
}

/* The port that waits for this device, if any does. */
static bool find_absent(const struct agent *agent, const struct device *device, enum fit fit, struct lagg **lagg,
			uint32_t *ret_slot)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			const struct lagg_port *port = &agent->lagg[i]->port[slot];
			if (!port->used || port->ifindex || !fits(agent->lagg[i], slot, device, fit))
				continue;
			*lagg = agent->lagg[i];
			*ret_slot = slot;
			return true;
		}
	return false;
}

/* The device of a port that waits for it. From then on the port is called as the device is. */
static void attach(struct agent *agent, struct lagg *lagg, uint32_t slot, const struct device *device)
{
	struct lagg_port *port = &lagg->port[slot];
	char sentence[XLAGG_SENTENCE_MAX] = "", before[XLAGG_SENTENCE_MAX];
	memcpy(before, port->refused, sizeof(before));
	if (lagg_port_attach(lagg, slot, device, sentence) < 0) {
		if (strcmp(before, port->refused) != 0)
			log_warning("%s: %s", lagg->model.name, port->refused);
		return;
	}
	names_follow(agent, device);
	lagg_tell(lagg, XLAGG_EVENT_PORT_ADD, port->name, "its device appeared");
}

/* A device that no port has: one that is waited for may have come. */
static void look_for_absent(struct agent *agent, const struct device *device)
{
	struct lagg *lagg;
	uint32_t slot;
	for (enum fit fit = FIT_IDENTITY; fit < FITS; fit++) {
		if (!find_absent(agent, device, fit, &lagg, &slot))
			continue;
		if (!lagg->port[slot].refusals || clock_now() >= lagg->port[slot].retry_ns)
			attach(agent, lagg, slot, device);
		return;
	}
}

static void on_listed(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	if (!gone && !agent->host.calls->lagg_of_device(&agent->host, device->ifindex))
		look_for_absent(agent, device);
}

void devices_find_absent(struct agent *agent)
{
	int r = netlink_list(agent->host.nl, on_listed, agent);
	if (r < 0)
		log_warning("cannot look for the devices of absent ports: %s", strerror(-r));
}

/* Not all that makes a device unfit ends with an event of the device: an address that goes, for one. And an event may
 * have come to nothing, because a request failed. */
static void retry_lagg(struct agent *agent, struct lagg *lagg, uint64_t now)
{
	struct device device;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct lagg_port *port = &lagg->port[slot];
		if (!port->used || port->ifindex || now < port->retry_ns)
			continue;
		port->retry_ns = now + ABSENT_LOOK_NS + slot % 8 * STAGGER_NS;
		if (netlink_get_by_name(lagg->host->nl, port->name, &device) == 0)
			attach(agent, lagg, slot, &device);
	}
}

static void lagg_device_gone(struct agent *agent, struct lagg *lagg, bool moved)
{
	if (moved)
		log_warning(
		    "%s: its device was moved into another network namespace, where no agent runs it: the lagg is "
		    "removed as with ip link del, and can be added again",
		    lagg->model.name);
	else
		log_info("%s: its device was removed, and so is the lagg", lagg->model.name);
	char name[XLAGG_NAME_MAX];
	memcpy(name, lagg->model.name, sizeof(name));
	laggs_destroy(agent, lagg);
	state_remove(&agent->host, name);
}

static void note_upper(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	struct lagg *below = device->link ? laggs_of_device(agent, device->link) : NULL;
	if (below && !gone && strcmp(device->kind, "vlan") == 0)
		below->vlans_seen = true;
}

/* What is put on a lagg's device decides what the ports have to let in, and is no change of that device. One list of
 * all devices serves all laggs. */
static void look_at_uppers(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		agent->lagg[i]->vlans_seen = false;
	int r = netlink_list(agent->host.nl, note_upper, agent);
	if (r < 0) {
		log_warning("cannot tell whether there are VLANs on laggs: %s", strerror(-r));
		return; /* asked again at the next look */
	}
	agent->uppers_changed = false;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		lagg_let_in(agent->lagg[i], agent->lagg[i]->promisc, agent->lagg[i]->vlans_seen);
		upkeep_mark(agent->lagg[i]);
	}
}

void devices_look(struct agent *agent)
{
	uint64_t now = clock_now();
	if (agent->uppers_changed && agent->laggs)
		look_at_uppers(agent);
	for (uint32_t i = agent->laggs; i-- > 0;) {
		retry_lagg(agent, agent->lagg[i], now);
		if (upkeep_look(agent->lagg[i], now) == -ENODEV)
			lagg_device_gone(agent, agent->lagg[i], false);
	}
	for (uint32_t i = 0; i < agent->laggs; i++)
		rest_look(agent->lagg[i], now);
	rests_look(agent, now);
	if (agent->host.orphans && now >= agent->orphans_ns)
		orphans_put_back(agent);
	heartbeat_look_at_clocks(agent);
	if (agent->host.poll)
		carrier_poll_calm(agent->host.poll, now);
}

static void other_changed(struct agent *agent, const struct device *device)
{
	struct lagg *below = device->link ? laggs_of_device(agent, device->link) : NULL;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->lower_ifindex == device->ifindex) {
			upkeep_mark(agent->lagg[i]);
			look_soon(agent);
			return;
		}
	if (below)
		uppers_changed(agent);
	look_for_absent(agent, device);
}

static void device_gone(struct agent *agent, const struct device *device)
{
	struct lagg *lagg = laggs_of_device(agent, device->ifindex);
	uint32_t slot;
	if (lagg) {
		lagg_device_gone(agent, lagg, device->new_netnsid >= 0);
	} else if (laggs_port_of_device(agent, device->ifindex, &lagg, &slot)) {
		if (device->new_netnsid >= 0)
			lagg_port_moved(lagg, slot, device);
		else
			lagg_port_gone(lagg, slot);
	} else {
		uppers_changed(agent); /* whose upper device it was is not told */
	}
}

/* Numbers are used again: a device that got the one of a port or of a lagg is no longer that one. */
static void drop_replaced(struct agent *agent, const struct device *device)
{
	struct lagg *lagg = laggs_of_device(agent, device->ifindex);
	uint32_t slot;
	if (lagg && device_is_another(lagg, device))
		lagg_device_gone(agent, lagg, false);
	else if (laggs_port_of_device(agent, device->ifindex, &lagg, &slot) && lagg_port_is_another(lagg, slot, device))
		lagg_port_gone(lagg, slot);
}

static void device_changed(struct agent *agent, const struct device *device)
{
	struct lagg *lagg;
	uint32_t slot;
	drop_replaced(agent, device);
	names_follow(agent, device);
	if (laggs_port_of_device(agent, device->ifindex, &lagg, &slot)) {
		lagg_port_changed(lagg, slot);
		return;
	}
	lagg = laggs_of_device(agent, device->ifindex);
	if (lagg)
		lagg_device_changed(lagg, device);
	else
		other_changed(agent, device);
}

static void on_device(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	struct device now;
	struct lagg *lagg;
	uint32_t slot;
	if (gone) {
		device_gone(agent, device);
		return;
	}
	bool of_port = laggs_port_of_device(agent, device->ifindex, &lagg, &slot);
	/* The event may be older than what is known, such as one from before the agent set the port up. */
	if (of_port && !device->carrier && device->losses != lagg->port[slot].losses)
		lagg_port_lost(lagg, slot, device->flags & IFF_UP, XLAGG_DETECTED_NETLINK);
	/* Likewise the present state is what counts. */
	if (netlink_get(agent->host.nl, device->ifindex, &now) < 0)
		return;
	device_changed(agent, &now);
}

/* Something beside its link changed at a device. */
static void on_touched(void *context, int ifindex)
{
	struct agent *agent = context;
	struct lagg *lagg;
	uint32_t slot;
	if (laggs_port_of_device(agent, ifindex, &lagg, &slot)) {
		upkeep_mark_port(lagg, slot);
		look_soon(agent);
		return;
	}
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->ifindex == ifindex || agent->lagg[i]->lower_ifindex == ifindex) {
			upkeep_mark(agent->lagg[i]);
			look_soon(agent);
			return;
		}
}

/* Ports whose device went while events were lost. */
static void drop_missing(struct agent *agent)
{
	struct device device;
	for (uint32_t i = agent->laggs; i-- > 0;) {
		struct lagg *lagg = agent->lagg[i];
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (lagg->port[slot].used && lagg->port[slot].ifindex &&
			    netlink_get(agent->host.nl, lagg->port[slot].ifindex, &device) == -ENODEV)
				lagg_port_absent(lagg, slot);
		if (netlink_get(agent->host.nl, lagg->ifindex, &device) == -ENODEV)
			lagg_device_gone(agent, lagg, false);
	}
}

/* Reads every device again: events were lost. */
static void resync(struct agent *agent)
{
	drop_missing(agent);
	int r = netlink_list(agent->host.nl, on_device, agent);
	if (r < 0)
		log_error("cannot list the devices: %s", strerror(-r));
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)fd, (void)revents;
	struct agent *agent = context;
	int r = netlink_read_events(agent->host.nl, on_device, on_touched, agent);
	if (r == -ENOBUFS) {
		log_info("device events were lost: every device is read again");
		resync(agent);
	} else if (r < 0) {
		log_error("cannot read device events: %s", strerror(-r));
	}
	return 0;
}

int devices_start(struct agent *agent)
{
	sd_event_source *source;
	int r = sd_event_add_io(agent->host.event, &source, netlink_event_fd(agent->host.nl), EPOLLIN, on_event, agent);
	if (r < 0)
		return r;
	/* A lost link goes before everything else. */
	r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source); /* the loop has it now */
	return r;
}

/* --- carrier where no program may trace its loss --- */

static void on_polled(void *context, int ifindex, bool lost)
{
	struct agent *agent = context;
	struct lagg *lagg;
	uint32_t slot;
	if (!laggs_port_of_device(agent, ifindex, &lagg, &slot))
		return;
	bool up;
	if (lost) {
		/* No answer means that the device is gone, and nobody has set it down. */
		up = netlink_is_up(agent->host.nl, ifindex, &up) < 0 || up;
		lagg_port_lost(lagg, slot, up, XLAGG_DETECTED_POLL);
	}
	lagg_port_refresh(lagg, slot, XLAGG_DETECTED_POLL);
}

/* Appends the ports of a lagg to `ports`, returns how many they are. */
static uint32_t list_polled(const struct lagg *lagg, struct polled_port *ports)
{
	uint32_t count = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct lagg_port *port = &lagg->port[slot];
		if (!port->used || !port->ifindex)
			continue;
		ports[count] = (struct polled_port){
		    .dp = lagg->dp, .slot = slot, .ifindex = port->ifindex, .carrier = port->link.carrier};
		memcpy(ports[count++].name, port->device.name, XLAGG_NAME_MAX);
	}
	return count;
}

void devices_update_poll(struct agent *agent)
{
	uint64_t interval = 0;
	uint32_t count = 0;
	if (!agent->host.poll)
		return;
	struct polled_port *ports = calloc((size_t)agent->laggs * XLAGG_MAX_PORTS + 1, sizeof(*ports));
	if (!ports)
		log_error("carrier poll: no memory for the list of ports");
	for (uint32_t i = 0; ports && i < agent->laggs; i++) {
		uint64_t wanted = agent->lagg[i]->model.conf.carrier_poll * NS_PER_MS;
		if (!wanted)
			continue;
		if (!interval || wanted < interval)
			interval = wanted;
		count += list_polled(agent->lagg[i], ports + count);
	}
	carrier_poll_set(agent->host.poll, ports, count, interval);
}

int devices_start_poll(struct agent *agent)
{
	int r = carrier_poll_open(&agent->host.poll, agent->host.event, on_polled, agent);
	if (r == 0)
		devices_update_poll(agent);
	return r;
}
