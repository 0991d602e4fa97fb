/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A lagg and a port are devices, and a name is how people call them. A device may get any name at any time, also one
 * that another lagg or port has until then: because that one's device was renamed as well (they exchanged their names),
 * or because that one is a port that waits for its device. All that such a step concerns is found first and then
 * renamed together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/identity.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rename.h"
#include "laggs.h"
#include "names.h"
#include "rests.h"

#define THE_LAGG (-1) /* as a slot: the lagg itself */
#define TRIES 8	      /* while devices are being renamed */

/* A lagg, or a port of it, that gets another name. */
struct change {
	struct lagg *lagg;
	int slot; /* of the port, or THE_LAGG */
	char before[XLAGG_NAME_MAX], name[XLAGG_NAME_MAX];
};

struct changes {
	struct change *list;
	uint32_t count;
};

static const char *name_of(const struct lagg *lagg, int slot)
{
	return slot == THE_LAGG ? lagg->model.name : lagg->port[slot].name;
}

static int device_of(const struct lagg *lagg, int slot)
{
	if (slot == THE_LAGG)
		return lagg->ifindex;
	return lagg->port[slot].ifindex ? lagg->port[slot].ifindex : lagg->port[slot].candidate;
}

static bool exists(const struct lagg *lagg, int slot)
{
	return slot == THE_LAGG || lagg->port[slot].used;
}

static int append(struct changes *changes, struct lagg *lagg, int slot, const char *name)
{
	struct change change = {.lagg = lagg, .slot = slot};
	snprintf(change.before, sizeof(change.before), "%s", name_of(lagg, slot));
	snprintf(change.name, sizeof(change.name), "%s", name);
	struct change *more = realloc(changes->list, (changes->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	changes->list = more;
	more[changes->count++] = change;
	return 0;
}

static bool is_among(const struct changes *changes, const struct lagg *lagg, int slot)
{
	for (uint32_t i = 0; i < changes->count; i++)
		if (changes->list[i].lagg == lagg && changes->list[i].slot == slot)
			return true;
	return false;
}

/* Who has this name and is not among those that get another one. */
static bool find_holder(const struct agent *agent, const struct changes *changes, const char *name, struct lagg **lagg,
			int *ret_slot)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (int slot = THE_LAGG; slot < XLAGG_MAX_PORTS; slot++) {
			struct lagg *holder = agent->lagg[i];
			if (!exists(holder, slot) || strcmp(name_of(holder, slot), name) != 0 ||
			    is_among(changes, holder, slot))
				continue;
			*lagg = holder;
			*ret_slot = slot;
			return true;
		}
	return false;
}

/*
 * The holder of a name that is taken from it gets the name that its device has by now. One without a device gets the
 * name that nobody has any longer. -EAGAIN: its device has the name still, since devices were renamed in between.
 */
static int move_holder(const struct agent *agent, struct changes *changes, struct lagg *holder, int slot)
{
	struct device device;
	const struct change *taker = &changes->list[changes->count - 1];
	int r = netlink_get(agent->host.nl, device_of(holder, slot), &device);
	if (r == -ENODEV)
		return append(changes, holder, slot, changes->list[0].before);
	if (r < 0)
		return r;
	return strcmp(device.name, taker->name) == 0 ? -EAGAIN : append(changes, holder, slot, device.name);
}

/* All that changes when this one is called so. */
static int collect(const struct agent *agent, struct lagg *lagg, int slot, const char *name, struct changes *ret)
{
	int r = append(ret, lagg, slot, name);
	while (r == 0 && find_holder(agent, ret, ret->list[ret->count - 1].name, &lagg, &slot))
		r = move_holder(agent, ret, lagg, slot);
	return r;
}

/* --- carried out --- */

static void set_name(struct agent *agent, const struct change *change, const char *name)
{
	char before[XLAGG_NAME_MAX];
	snprintf(before, sizeof(before), "%s", name_of(change->lagg, change->slot));
	if (change->slot == THE_LAGG) {
		lagg_set_name(change->lagg, name);
		events_follow(agent, before, name);
	} else {
		lagg_port_set_name(change->lagg, (uint32_t)change->slot, name);
	}
	for (uint32_t i = 0; i < agent->laggs; i++)
		lagg_mac_from_follows(agent->lagg[i], device_of(change->lagg, change->slot), before, name);
}

/* No device can have this name, so it is in nobody's way. */
static void name_aside(uint32_t i, char ret[XLAGG_NAME_MAX])
{
	snprintf(ret, XLAGG_NAME_MAX, "%%%u", i);
}

/* By way of names that nobody has, so that at no time two have the same. */
static void rename_all(struct agent *agent, const struct changes *changes)
{
	char aside[XLAGG_NAME_MAX];
	for (uint32_t i = 0; i < changes->count; i++) {
		name_aside(i, aside);
		set_name(agent, &changes->list[i], aside);
	}
	for (uint32_t i = 0; i < changes->count; i++)
		set_name(agent, &changes->list[i], changes->list[i].name);
}

static bool is_folder_of_a_lagg(const struct agent *agent, const char *folder)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (strcmp(agent->lagg[i]->folder, folder) == 0)
			return true;
	/* One that is gone may have left something there. */
	return rests_have_folder(agent, folder);
}

/* The folder of pins is named after the lagg, for people to find it. What is in it says whose it is. */
static void move_folder(struct agent *agent, struct lagg *lagg, const char *name)
{
	char folder[512];
	record_folder(&agent->host, name, folder);
	if (strcmp(lagg->folder, folder) == 0)
		return;
	if (!is_folder_of_a_lagg(agent, folder))
		record_clear(folder);
	int r = record_move(lagg, folder);
	if (r < 0)
		log_warning("%s: its pins stay in %s: %s", lagg->model.name, lagg->folder, strerror(-r));
}

static void move_folders(struct agent *agent, const struct changes *changes)
{
	char aside[XLAGG_NAME_MAX];
	for (uint32_t i = 0; i < changes->count; i++) {
		name_aside(i, aside);
		if (changes->list[i].slot == THE_LAGG)
			move_folder(agent, changes->list[i].lagg, aside);
	}
	for (uint32_t i = 0; i < changes->count; i++)
		if (changes->list[i].slot == THE_LAGG)
			move_folder(agent, changes->list[i].lagg, changes->list[i].name);
}

/* One whose name is still another's steps aside first. Nobody uses a lower end, so it may be called so for good. */
static void name_lower_ends(const struct changes *changes)
{
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < changes->count; i++) {
			struct lagg *lagg = changes->list[i].lagg;
			int r = changes->list[i].slot == THE_LAGG ? device_name_lower(lagg) : 0;
			if (r == -EEXIST)
				r = device_name_lower_aside(lagg);
			if (r < 0)
				log_warning("%s: its lower end cannot be renamed: %s", lagg->model.name, strerror(-r));
		}
}

static void carry_port_name(const struct change *change)
{
	struct lagg *lagg = change->lagg;
	char text[64];
	snprintf(text, sizeof(text), "renamed from %s", change->before);
	record_save(lagg);
	if (device_of(lagg, change->slot))
		log_info("%s: port %s is called %s now", lagg->model.name, change->before, change->name);
	else
		log_info("%s: port %s is not there, and its name is another device's: it is called %s now",
			 lagg->model.name, change->before, change->name);
	lagg->host->calls->ports(lagg->host);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, change->name, text);
}

/* What is written down is the new name only where nobody else is called so in what is written down. So the last goes
 * first: it got the name that became free. */
static void carry_names(const struct changes *changes)
{
	for (uint32_t i = changes->count; i-- > 0;)
		if (changes->list[i].slot == THE_LAGG)
			lagg_carry_name(changes->list[i].lagg, changes->list[i].before);
		else
			carry_port_name(&changes->list[i]);
}

static void forget_old_files(const struct agent *agent, const struct changes *changes)
{
	for (uint32_t i = 0; i < changes->count; i++)
		if (changes->list[i].slot == THE_LAGG && !laggs_find(agent, changes->list[i].before))
			state_remove(&agent->host, changes->list[i].before);
}

static void carry_out(struct agent *agent, const struct changes *changes)
{
	rename_all(agent, changes);
	move_folders(agent, changes);
	name_lower_ends(changes);
	carry_names(changes);
	forget_old_files(agent, changes);
}

/* --- which names differ --- */

/* What has this device: a lagg, a port, or a port that could not have it yet. */
static bool find_bearer(const struct agent *agent, int ifindex, struct lagg **lagg, int *ret_slot)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (int slot = THE_LAGG; slot < XLAGG_MAX_PORTS; slot++) {
			if (!exists(agent->lagg[i], slot) || device_of(agent->lagg[i], slot) != ifindex)
				continue;
			*lagg = agent->lagg[i];
			*ret_slot = slot;
			return true;
		}
	return false;
}

/* A device that is none of ours may still be the one that an option names. */
static void follow_mac_from(struct agent *agent, const struct device *device)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		struct xlagg_lagg_conf before = lagg->model.conf;
		if ((int)lagg->saved.mac_from.ifindex == device->ifindex)
			lagg_mac_from_follows(lagg, device->ifindex, "", device->name);
		if (strcmp(before.mac, lagg->model.conf.mac) == 0)
			continue;
		log_info("%s: mac %s is mac %s now", lagg->model.name, before.mac, lagg->model.conf.mac);
		record_save(lagg);
	}
}

/* While others rename devices, what is read of two of them may not fit together: then they are read again. */
static int collect_settled(const struct agent *agent, struct lagg *lagg, int slot, struct device *now,
			   struct changes *ret)
{
	int r = -EAGAIN;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		ret->count = 0;
		r = i ? netlink_get(agent->host.nl, now->ifindex, now) : 0;
		if (r < 0 || strcmp(now->name, name_of(lagg, slot)) == 0)
			return r;
		r = collect(agent, lagg, slot, now->name, ret);
	}
	return r;
}

static void follow(struct agent *agent, struct lagg *lagg, int slot, const struct device *device)
{
	struct changes changes = {0};
	struct device now = *device;
	int r = collect_settled(agent, lagg, slot, &now, &changes);
	if (r == 0)
		carry_out(agent, &changes);
	free(changes.list);
	if (r < 0 && r != -ENODEV)
		log_warning("%s: its new name %s cannot be taken over yet: %s", name_of(lagg, slot), now.name,
			    strerror(-r));
}

void names_follow(struct agent *agent, const struct device *device)
{
	struct lagg *lagg;
	int slot;
	if (find_bearer(agent, device->ifindex, &lagg, &slot))
		follow(agent, lagg, slot, device);
	follow_mac_from(agent, device);
}

/* An option that names a device that is gone goes by the name again. */
static void follow_all_mac_from(struct agent *agent)
{
	struct device device;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct xlagg_device_id *id = &agent->lagg[i]->saved.mac_from;
		int r = id->ifindex ? netlink_get(agent->host.nl, (int)id->ifindex, &device) : 0;
		if (r == -ENODEV || (r == 0 && !identity_may_be(id, &device)))
			id->ifindex = 0;
		else if (r == 0 && id->ifindex)
			follow_mac_from(agent, &device);
	}
}

void names_follow_all(struct agent *agent)
{
	struct device device;
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (int slot = THE_LAGG; slot < XLAGG_MAX_PORTS; slot++) {
			struct lagg *lagg = agent->lagg[i];
			if (exists(lagg, slot) && netlink_get(agent->host.nl, device_of(lagg, slot), &device) == 0)
				names_follow(agent, &device);
		}
	follow_all_mac_from(agent);
}
