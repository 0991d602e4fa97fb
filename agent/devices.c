/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel's events of devices, each handed to the port or the lagg that it concerns; and the check once a second. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "forget.h"
#include "heartbeat.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/headless.h"
#include "lagg/hooks.h"
#include "lagg/identity.h"
#include "lagg/leave.h"
#include "lagg/ports.h"
#include "lagg/rest.h"
#include "lagg/taken.h"
#include "lagg/upkeep.h"
#include "laggs.h"
#include "later.h"
#include "names.h"
#include "orphans.h"
#include "rests.h"
#include "undo.h"

#define SOON_NS (30 * NS_PER_MS)
#define ABSENT_RETRY_NS (5 * NS_PER_S) /* between two searches for the device of an absent port */
#define PART_NS (100 * NS_PER_MS)      /* how long one part of a round of the check takes at most, with one lagg more */
#define STAGGER_NS (NS_PER_S / 8)      /* between ports, so that they are not all searched for at once */

/* Brings the next check forward. It does not come at once, because changes often come together. */
static void check_soon(struct agent *agent)
{
	uint64_t soon = (clock_now() + SOON_NS) / 1000, next;
	if (sd_event_source_get_time(agent->check, &next) >= 0 && next > soon)
		sd_event_source_set_time(agent->check, soon);
}

/* A device on top of a lagg's device may have been added or removed. */
static void uppers_changed(struct agent *agent)
{
	agent->uppers_changed = true;
	check_soon(agent);
}

/* Why a device is the one that a port waits for, best reason first. */
enum fit { FIT_IDENTITY, FIT_NAME, FIT_OTHER_NAME, FITS };

/* Whether it is the device that the port had before. A virtual device on top of that one reports the same permanent
 * MAC, so it is left out. */
static bool is_the_same(const struct lagg *lagg, uint32_t slot, const struct device *device)
{
	return !device->kind[0] && device_is(device, &lagg->saved.port[slot]);
}

static bool fits(const struct lagg *lagg, uint32_t slot, const struct device *device, enum fit fit)
{
	const char *name = lagg->port[slot].name;
	if (fit == FIT_IDENTITY)
		return is_the_same(lagg, slot, device);
	return fit == FIT_NAME ? strcmp(device->name, name) == 0 : device_has_other_name(device, name);
}

/* Finds the port that waits for this device. Returns false if none does. */
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

/* Attaches the device to the port that waits for it. If the device has another name than the port, the port takes that
 * name. */
static void attach(struct agent *agent, struct lagg *lagg, uint32_t slot, const struct device *device)
{
	struct lagg_port *port = &lagg->port[slot];
	char sentence[XLAGG_SENTENCE_MAX] = "", before[XLAGG_SENTENCE_MAX];
	memcpy(before, port->refused, sizeof(before));
	/* Whoever made a bond that was taken decides on its slaves. */
	if (lagg->saved.bond.taken && device->master != lagg->ifindex)
		return;
	if (lagg_port_attach(lagg, slot, device, sentence) < 0) {
		if (strcmp(before, port->refused) != 0)
			log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", port->refused);
		return;
	}
	names_follow(agent, device);
	lagg_tell(lagg, XLAGG_EVENT_PORT_ADD, port->name, "its device appeared");
}

/* Handles a device that no port has: a port may be waiting for it. */
static void find_port_for(struct agent *agent, const struct device *device)
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

/* Handles a device that no port has and that is a slave of a bond that was taken. */
static void find_bond_of(struct agent *agent, const struct device *device)
{
	struct lagg *lagg = device->master ? laggs_of_device(agent, device->master) : NULL;
	if (lagg && !agent->host.changing)
		taken_slave_added(lagg, device);
}

static void on_listed(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	if (gone || agent->host.calls->lagg_of_device(&agent->host, device->ifindex))
		return;
	find_port_for(agent, device);
	if (!agent->host.calls->lagg_of_device(&agent->host, device->ifindex))
		find_bond_of(agent, device);
}

void devices_find_absent(struct agent *agent)
{
	int r = netlink_list(agent->host.nl, on_listed, agent);
	if (r < 0)
		log_warning("cannot search for the devices of absent ports yet: %s", strerror(-r));
	agent->missed |= r < 0;
}

/* Tries again to attach the devices of absent ports. Some obstacles end without an event of the device, such as an
 * address that is removed, and handling an event may have failed. */
static void retry_lagg(struct agent *agent, struct lagg *lagg, uint64_t now)
{
	struct device device;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct lagg_port *port = &lagg->port[slot];
		if (!port->used || port->ifindex || now < port->retry_ns)
			continue;
		port->retry_ns = now + ABSENT_RETRY_NS + slot % 8 * STAGGER_NS;
		if (netlink_get_by_name(lagg->host->nl, port->name, &device) == 0)
			attach(agent, lagg, slot, &device);
	}
}

static void lagg_device_gone(struct agent *agent, struct lagg *lagg, bool moved)
{
	if (moved)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "its device was moved into another network namespace, where no agent runs it: the lagg is "
			  "removed as with ip link del, and can be added again");
	else
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL,
			  "its device was removed, so the lagg is removed, too");
	char name[XLAGG_NAME_MAX];
	memcpy(name, lagg->model.name, sizeof(name));
	struct xlagg_model model;
	taken_model(lagg, &model);
	if (model.conf.taken)
		later_add(agent, &model, "");
	laggs_destroy(agent, lagg);
	forget_lagg(agent, name);
}

static void note_upper(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	struct lagg *below = device->link ? laggs_of_device(agent, device->link) : NULL;
	if (below && !gone && strcmp(device->kind, "vlan") == 0)
		below->vlans_seen = true;
}

/* Finds the VLANs on top of laggs, on which it depends what the ports must let in. The kernel sends no event of the
 * lagg's device for them. One list of all devices serves all laggs. */
static void list_uppers(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		agent->lagg[i]->vlans_seen = false;
	int r = netlink_list(agent->host.nl, note_upper, agent);
	if (r < 0) {
		log_warning("cannot find out whether there are VLANs on laggs: %s", strerror(-r));
		return; /* the next check tries again */
	}
	agent->uppers_changed = false;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		lagg_let_in(agent->lagg[i], agent->lagg[i]->promisc, agent->lagg[i]->vlans_seen);
		upkeep_mark(agent->lagg[i]);
	}
}

/* Makes the pins of the carrier watcher again if someone removed them. Without pins it would end with the agent. */
static void check_watch(struct agent *agent)
{
	bool missing = false;
	int r = agent->host.watch ? watch_repin(agent->host.watch, &missing) : 0;
	if (missing && r == 0)
		log_warning("someone else removed pins of the carrier watcher: made again");
	else if (missing)
		log_debug("the pins of the carrier watcher cannot be made again: %s", strerror(-r));
}

static void other_changed(struct agent *agent, const struct device *device)
{
	struct lagg *below = device->link ? laggs_of_device(agent, device->link) : NULL;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->lower_ifindex == device->ifindex) {
			upkeep_mark(agent->lagg[i]);
			check_soon(agent);
			return;
		}
	if (below)
		uppers_changed(agent);
	find_port_for(agent, device);
	if (!agent->host.calls->lagg_of_device(&agent->host, device->ifindex))
		find_bond_of(agent, device);
	later_try(agent, device);
}

/* A device that was refused is gone, and another one may get its ifindex: the port does not follow that one's name. */
static void drop_candidate(struct lagg *lagg, uint32_t slot)
{
	lagg->port[slot].candidate = 0;
	lagg->port[slot].refused[0] = 0;
}

static void drop_candidates(struct agent *agent, int ifindex)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (agent->lagg[i]->port[slot].candidate == ifindex)
				drop_candidate(agent->lagg[i], slot);
}

static void device_gone(struct agent *agent, const struct device *device)
{
	struct lagg *lagg = laggs_of_device(agent, device->ifindex);
	uint32_t slot;
	drop_candidates(agent, device->ifindex);
	if (lagg) {
		lagg_device_gone(agent, lagg, device->new_netnsid >= 0);
	} else if (laggs_port_of_device(agent, device->ifindex, &lagg, &slot)) {
		/* The name that it had last: when the agent is slow, earlier events find the device gone already. */
		names_follow(agent, device);
		if (device->new_netnsid >= 0)
			leave_moved(lagg, slot, device);
		else
			lagg_port_gone(lagg, slot);
	} else {
		uppers_changed(agent); /* the event does not say on which device it was */
	}
}

/* The kernel uses ifindexes again. If another device now has that of a port or a lagg, the one before is gone. */
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
	/* The event may be older than what is known, for example from before the agent set the port up: the count of
	 * losses tells. */
	if (of_port && !device->carrier && device->losses != lagg->port[slot].losses)
		lagg_port_lost(lagg, slot, device->flags & IFF_UP, XLAGG_DETECTED_NETLINK);
	/* For everything else the present state counts, which may be newer than the event. */
	int r = netlink_get(agent->host.nl, device->ifindex, &now);
	if (r == 0)
		device_changed(agent, &now);
	else if (r != -ENODEV)
		agent->missed = true;
	laggs_breathe(agent);
}

/* Something other than the link changed on a device. */
static void on_touched(void *context, int ifindex)
{
	struct agent *agent = context;
	struct lagg *lagg;
	uint32_t slot;
	if (laggs_port_of_device(agent, ifindex, &lagg, &slot)) {
		upkeep_mark_port(lagg, slot);
		hooks_mark(lagg);
		check_soon(agent);
		return;
	}
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->ifindex == ifindex || agent->lagg[i]->lower_ifindex == ifindex) {
			upkeep_mark(agent->lagg[i]);
			hooks_mark(agent->lagg[i]);
			check_soon(agent);
			return;
		}
}

static bool is_missing(struct agent *agent, int ifindex)
{
	struct device device;
	return ifindex && netlink_get(agent->host.nl, ifindex, &device) == -ENODEV;
}

/* Drops ports and laggs whose devices were removed while events were lost. */
static void drop_missing(struct agent *agent)
{
	for (uint32_t i = agent->laggs; i-- > 0;) {
		struct lagg *lagg = agent->lagg[i];
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			if (lagg->port[slot].used && is_missing(agent, lagg->port[slot].ifindex))
				leave_unseen(lagg, slot);
			if (is_missing(agent, lagg->port[slot].candidate))
				drop_candidate(lagg, slot);
		}
		if (is_missing(agent, lagg->ifindex))
			lagg_device_gone(agent, lagg, false);
	}
}

/* Reads every device again after events were lost. */
static void resync(struct agent *agent)
{
	agent->missed = false;
	drop_missing(agent);
	int r = netlink_list(agent->host.nl, on_device, agent);
	if (r < 0)
		log_error("cannot list the devices yet: %s", strerror(-r));
	agent->missed |= r < 0;
}

static void begin_round(struct agent *agent)
{
	check_watch(agent);
	if (agent->missed)
		resync(agent);
	if (agent->uppers_changed && agent->laggs)
		list_uppers(agent);
	agent->unchecked = agent->laggs;
}

/* Checks laggs, from the last one on, as long as there is time. Much of it waits for RTNL, which others may hold for
 * long. */
static void check_laggs(struct agent *agent)
{
	uint64_t now = clock_now();
	while (agent->unchecked && clock_now() - now < PART_NS) {
		uint32_t i = --agent->unchecked;
		if (i >= agent->laggs)
			continue; /* some were removed meanwhile */
		retry_lagg(agent, agent->lagg[i], now);
		if (upkeep_check(agent->lagg[i], now) == -ENODEV)
			lagg_device_gone(agent, agent->lagg[i], false);
		laggs_breathe(agent);
	}
}

static void end_round(struct agent *agent)
{
	uint64_t now = clock_now();
	for (uint32_t i = 0; i < agent->laggs; i++) {
		rest_retry(agent->lagg[i], now);
		identity_retry(agent->lagg[i], now);
	}
	rests_retry(agent, now);
	later_retry(agent, now);
	forget_retry(agent, now);
	undo_retry(agent);
	names_retry(agent);
	if (agent->host.orphans && now >= agent->orphans_ns)
		orphans_put_back(agent);
	heartbeat_start_clock(agent);
	if (agent->host.poll) {
		carrier_poll_calm(agent->host.poll, now);
		carrier_poll_again(agent->host.poll);
		if (agent->unpolled)
			devices_update_poll(agent);
	}
}

bool devices_check(struct agent *agent)
{
	if (!agent->unchecked)
		begin_round(agent);
	check_laggs(agent);
	if (agent->unchecked)
		return false;
	end_round(agent);
	return true;
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
		agent->missed = true;
	}
	return 0;
}

int devices_start(struct agent *agent)
{
	sd_event_source *source;
	int r = sd_event_add_io(agent->host.event, &source, netlink_event_fd(agent->host.nl), EPOLLIN, on_event, agent);
	if (r < 0)
		return r;
	/* A lost link is handled before anything else that waits, except the heartbeat. */
	r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source); /* the event loop keeps its own reference */
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
		/* No answer means that the device is gone, so nobody has set it down. */
		up = netlink_is_up(agent->host.nl, ifindex, &up) < 0 || up;
		lagg_port_lost(lagg, slot, up, XLAGG_DETECTED_POLL);
	}
	lagg_port_refresh(lagg, slot, XLAGG_DETECTED_POLL);
}

/* Writes the ports of a lagg to `ports`. Returns their number. */
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
	for (uint32_t i = 0; ports && i < agent->laggs; i++) {
		uint64_t wanted = agent->lagg[i]->model.conf.carrier_poll * NS_PER_MS;
		if (!wanted)
			continue;
		if (!interval || wanted < interval)
			interval = wanted;
		count += list_polled(agent->lagg[i], ports + count);
	}
	bool unlisted = carrier_poll_set(agent->host.poll, ports, count, interval) < 0 || !ports;
	if (unlisted && !agent->unpolled)
		log_error("carrier poll: no memory for the list of ports yet");
	agent->unpolled = unlisted;
}

int devices_start_poll(struct agent *agent)
{
	int r = carrier_poll_open(&agent->host.poll, agent->host.event, on_polled, agent);
	if (r == 0)
		devices_update_poll(agent);
	return r;
}
