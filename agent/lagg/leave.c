/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Ports whose devices were moved into another network namespace: found and put back there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/leave.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "sys/elsewhere.h"
#include "sys/mark.h"

/* Writes the ifalias that the lagg's ports bear. */
static void write_mark(const struct xlagg_saved *saved, const char *lagg, char ret[MARK_MAX])
{
	mark_write(mark_of_port(saved->bond.taken), lagg, ret);
}

/* Returns r. */
static int explain(const char *lagg, const char *port, int r, char why[XLAGG_SENTENCE_MAX])
{
	snprintf(why, XLAGG_SENTENCE_MAX,
		 "%s was moved into another network namespace with what a port of %s has (MAC, MTU, ifalias), "
		 "and cannot be put back there: %s",
		 port, lagg, r == -ENOENT ? "it has no name and no process" : strerror(-r));
	return r;
}

/* Searches for the device that a port had. Its undo record stays until it is put back, or known to be gone. */
static int search(struct lagg *lagg, uint32_t slot, const struct xlagg_undo *undo, const struct xlagg_device_id *id,
		  int netnsid)
{
	lagg->saved.undo[slot] = *undo;
	lagg->saved.port[slot] = *id;
	rest_search(lagg, slot, lagg->port[slot].device.mac, netnsid);
	int r = rest_put_back(lagg, slot);
	record_save(lagg);
	return r;
}

void leave_moved(struct lagg *lagg, uint32_t slot, const struct device *device)
{
	char mark[MARK_MAX], name[XLAGG_NAME_MAX];
	const struct lagg_port *port = &lagg->port[slot];
	const struct xlagg_undo undo = lagg->saved.undo[slot];
	const struct xlagg_device_id id = lagg->saved.port[slot];
	write_mark(&lagg->saved, lagg->model.name, mark);
	struct elsewhere there = {
	    .netnsid = device->new_netnsid, .ifindex = device->new_ifindex, .mac = port->device.mac, .mark = mark};
	/* Detach the programs first: they would send what the device receives to a device of this namespace. */
	datapath_port_del(lagg->dp, slot);
	int r = elsewhere_restore(lagg->host->nl, &there, &undo, name);
	lagg_port_absent(lagg, slot);
	/* Also where that namespace does not have it: it may have gone on to another one. */
	if (r < 0)
		search(lagg, slot, &undo, &id, device->new_netnsid);
	lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, port->name,
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

/* Finds the device if it came back with another ifindex, and writes that into the record. Returns 1, 0 or -errno. */
static int find_here(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const struct elsewhere *device)
{
	struct lost lost = {.saved = saved, .device = device};
	int r = netlink_list(nl, compare, &lost);
	if (r < 0 || lost.count != 1)
		return r < 0 ? r : 0;
	saved->undo[slot].ifindex = saved->port[slot].ifindex = lost.found;
	return 1;
}

/* Whether the device of a slot's undo record is here, under any name and number. Returns 1, 0 or -errno. */
static int is_here(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const struct elsewhere *device,
		   char name[XLAGG_NAME_MAX])
{
	struct device now;
	uint32_t ifindex = saved->undo[slot].ifindex;
	int r = ifindex ? netlink_get(nl, (int)ifindex, &now) : -ENODEV;
	if (r == -ENODEV || (r == 0 && !device_may_be(&now, device->id)))
		return find_here(nl, saved, slot, device);
	if (r < 0 || (memcmp(now.mac, device->mac, 6) != 0 && strcmp(now.alias, device->mark) != 0))
		return r;
	memcpy(name, now.name, sizeof(now.name));
	return 1;
}

/* Puts it back in the namespace to which it went or, where that does not have it or is gone, in any other. Of one that
 * cannot be entered nobody can tell whether it has it. */
static int restore_elsewhere(struct netlink *nl, const struct elsewhere *device, const struct xlagg_undo *undo,
			     char name[XLAGG_NAME_MAX])
{
	struct elsewhere anywhere = *device;
	int r = device->netnsid >= 0 ? netlink_has_netnsid(nl, device->netnsid) : 0;
	if (r > 0)
		r = elsewhere_restore(nl, device, undo, name);
	else if (r == 0)
		r = -ENODEV;
	anywhere.netnsid = -1;
	return r == -ENODEV ? elsewhere_restore(nl, &anywhere, undo, name) : r;
}

/* It is looked for here first, where that needs no search, and at the end, as it may have come back meanwhile. */
int leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const struct leave_search *search,
	       char name[XLAGG_NAME_MAX], char why[XLAGG_SENTENCE_MAX])
{
	char mark[MARK_MAX];
	const char *lagg = search->lagg;
	struct xlagg_undo *undo = &saved->undo[slot];
	const struct xlagg_device_id id = saved->port[slot];
	const struct elsewhere device = {.netnsid = search->netnsid, .mac = search->mac, .mark = mark, .id = &id};
	write_mark(saved, lagg, mark);
	int r = is_here(nl, saved, slot, &device, name);
	if (r != 0)
		return r < 0 ? explain(lagg, undo->name, r, why) : 0;
	r = restore_elsewhere(nl, &device, undo, name);
	if (r == 0)
		log_about(LOG_LEVEL_INFO, lagg, undo->name,
			  "%s was moved into another network namespace%s, and is put back as it was there", undo->name,
			  device.netnsid < 0 ? " when no agent saw it" : "");
	if (r == -ENODEV)
		r = is_here(nl, saved, slot, &device, name);
	if (r < 0)
		return explain(lagg, undo->name, r, why);
	if (r == 0)
		undo->ifindex = 0;
	return 0;
}

void leave_unseen(struct lagg *lagg, uint32_t slot)
{
	const struct xlagg_undo undo = lagg->saved.undo[slot];
	const struct xlagg_device_id id = lagg->saved.port[slot];
	/* The search takes its time: nothing is to be sent on the port meanwhile. */
	lagg_port_gone(lagg, slot);
	if (undo.changed)
		search(lagg, slot, &undo, &id, -1);
}
