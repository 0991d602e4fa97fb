/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Ports whose devices were moved into another network namespace: found and put back there. */
#include <errno.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/leave.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "sys/elsewhere.h"
#include "sys/mark.h"

static void warn(const char *lagg, const char *port, int r)
{
	log_about(LOG_LEVEL_WARNING, lagg, port,
		  "%s was moved into another network namespace with what a port of %s has (MAC, MTU, ifalias), "
		  "and cannot be put back there: %s",
		  port, lagg, strerror(-r));
}

/* Writes the ifalias that the lagg's ports bear. */
static void write_mark(const struct xlagg_saved *saved, const char *lagg, char ret[MARK_MAX])
{
	mark_write(mark_of_port(saved->bond.taken), lagg, ret);
}

void leave_moved(struct lagg *lagg, uint32_t slot, const struct device *device)
{
	char mark[MARK_MAX], name[XLAGG_NAME_MAX];
	const struct xlagg_undo undo = lagg->saved.undo[slot];
	const uint8_t *mac = lagg->port[slot].device.mac;
	write_mark(&lagg->saved, lagg->model.name, mark);
	struct elsewhere there = {
	    .netnsid = device->new_netnsid, .ifindex = device->new_ifindex, .mac = mac, .mark = mark};
	/* Detach the programs first: they would send what the device receives to a device of this namespace. */
	datapath_port_del(lagg->dp, slot);
	int r = elsewhere_restore(lagg->host->nl, &there, &undo, name);
	lagg_port_absent(lagg, slot);
	if (r < 0)
		warn(lagg->model.name, lagg->port[slot].name, r);
	lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, lagg->port[slot].name,
		  r < 0 ? "its device was moved into another network namespace"
			: "its device was moved into another network namespace and put back as it was");
}

/* --- devices that were moved while no agent ran --- */

/* The search in this namespace for the device of a slot. */
struct lost {
	const struct xlagg_saved *saved;
	const struct elsewhere *device;
	uint32_t found; /* ifindex of the last device that it may be */
	uint32_t count; /* how many devices it may be */
};

/* Whether an undo record has this device already. */
static bool is_known(const struct xlagg_saved *saved, const struct device *device)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (saved->undo[slot].ifindex == (uint32_t)device->ifindex)
			return true;
	return false;
}

static void compare(void *context, const struct device *device, bool gone)
{
	struct lost *lost = context;
	if (gone || memcmp(device->mac, lost->device->mac, 6) != 0 || strcmp(device->alias, lost->device->mark) != 0 ||
	    !device_may_be(device, lost->device->id) || is_known(lost->saved, device))
		return;
	lost->found = (uint32_t)device->ifindex;
	lost->count++;
}

/* Finds the device if it came back with another ifindex, and writes that into the record. */
static bool find_here(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const struct elsewhere *device)
{
	struct lost lost = {.saved = saved, .device = device};
	if (netlink_list(nl, compare, &lost) < 0 || lost.count != 1)
		return false;
	saved->undo[slot].ifindex = saved->port[slot].ifindex = lost.found;
	return true;
}

static int put_back(struct netlink *nl, const char *lagg, const struct elsewhere *device, const struct xlagg_undo *undo,
		    char name[XLAGG_NAME_MAX])
{
	int r = elsewhere_restore(nl, device, undo, name);
	if (r == 0)
		log_about(LOG_LEVEL_INFO, lagg, undo->name,
			  "%s was moved into another network namespace when no agent saw it, and is put back as it "
			  "was there",
			  undo->name);
	else if (r != -ENODEV)
		warn(lagg, undo->name, r);
	return r;
}

void leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const char *lagg, const uint8_t mac[6],
		char name[XLAGG_NAME_MAX])
{
	char mark[MARK_MAX];
	const struct xlagg_undo *undo = &saved->undo[slot];
	const struct xlagg_device_id *id = &saved->port[slot];
	if (undo->ifindex || !undo->changed)
		return;
	write_mark(saved, lagg, mark);
	struct elsewhere device = {
	    .netnsid = -1, .mac = undo->changed & XLAGG_UNDO_MAC ? mac : id->mac, .mark = mark, .id = id};
	if (!find_here(nl, saved, slot, &device))
		put_back(nl, lagg, &device, undo, name);
}

/* A device that no other namespace has may have come back meanwhile, under any name. Its undo record is kept then, so
 * that it is put back before it joins again (rest.c). */
static void keep_returned(struct lagg *lagg, uint32_t slot, const struct xlagg_undo *undo,
			  const struct elsewhere *device)
{
	struct device now;
	if (netlink_get(lagg->host->nl, (int)undo->ifindex, &now) < 0 || !device_may_be(&now, device->id) ||
	    (memcmp(now.mac, device->mac, 6) != 0 && strcmp(now.alias, device->mark) != 0))
		return;
	lagg->saved.undo[slot] = *undo;
	lagg->saved.port[slot] = *device->id;
	memcpy(lagg->port[slot].elsewhere, now.name, sizeof(now.name));
	record_save(lagg);
}

void leave_unseen(struct lagg *lagg, uint32_t slot)
{
	char mark[MARK_MAX];
	uint8_t mac[6];
	const struct xlagg_undo undo = lagg->saved.undo[slot];
	const struct xlagg_device_id id = lagg->saved.port[slot];
	memcpy(mac, lagg->port[slot].device.mac, sizeof(mac));
	write_mark(&lagg->saved, lagg->model.name, mark);
	/* The search takes its time: nothing is to be sent on the port meanwhile. */
	lagg_port_gone(lagg, slot);
	if (!undo.changed)
		return;
	const struct elsewhere device = {.netnsid = -1, .mac = mac, .mark = mark, .id = &id};
	if (put_back(lagg->host->nl, lagg->model.name, &device, &undo, lagg->port[slot].elsewhere) == -ENODEV)
		keep_returned(lagg, slot, &undo, &device);
}
