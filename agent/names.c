/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Laggs and ports follow when someone renames their devices. A device may get any name at any time, even that of
 * another lagg or port: the two devices may have exchanged their names, or the other one may be a port that waits for
 * its device. So everything that has to be renamed is found first and then renamed together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "forget.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/identity.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rename.h"
#include "laggs.h"
#include "names.h"
#include "rests.h"

#define THE_LAGG (-1) /* in place of a slot: the lagg itself */
#define TRIES 8	      /* at most, while someone renames devices */

/* A lagg or a port that gets another name. */
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

/* Finds the lagg or port that has this name and is not yet among those that get another one. Returns false if there is
 * none. */
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

/* The holder loses its name to the last one in `changes`. It takes the present name of its device or, without a device,
 * the name that the first one in `changes` gives up. -EAGAIN: its device still has the name that is taken, so devices
 * were renamed while we read them. */
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

/* Finds all renames that follow when this lagg or port takes this name. */
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

/* A name that no device can have. */
static void name_aside(uint32_t i, char ret[XLAGG_NAME_MAX])
{
	snprintf(ret, XLAGG_NAME_MAX, "%%%u", i);
}

/* Each takes a temporary name first, so that at no time two have the same name. */
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
	/* A lagg that is gone may have left something there that is still to be put back. */
	return rests_have_folder(agent, folder);
}

/* The folder of pins is named after the lagg only so that people find it. The record in it says whose it is. */
static void move_folder(struct agent *agent, struct lagg *lagg, const char *name)
{
	char folder[512];
	record_folder(&agent->host, name, folder);
	if (strcmp(lagg->folder, folder) == 0)
		return;
	if (!is_folder_of_a_lagg(agent, folder))
		record_clear(folder);
	int r = record_move(lagg, folder);
	if (r < 0 && !agent->unmoved)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its pins stay in %s for now: %s", lagg->folder,
			  strerror(-r));
	agent->unmoved |= r < 0;
}

static void move_folders_again(struct agent *agent)
{
	char folder[512];
	if (!agent->unmoved)
		return;
	bool unmoved = false;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		record_folder(&agent->host, lagg->model.name, folder);
		if (!is_folder_of_a_lagg(agent, folder))
			move_folder(agent, lagg, lagg->model.name);
		unmoved |= strcmp(lagg->folder, folder) != 0;
	}
	agent->unmoved = unmoved;
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

/* A lower end whose new name another device still has takes its numbered name, and tries again in the second pass. If
 * that fails, too, it keeps the numbered name, which does no harm because nobody uses a lower end. */
static void name_lower_ends(const struct changes *changes)
{
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < changes->count; i++) {
			struct lagg *lagg = changes->list[i].lagg;
			int r = changes->list[i].slot == THE_LAGG ? device_name_lower(lagg) : 0;
			if (r == -EEXIST)
				r = device_name_lower_aside(lagg);
			if (r == 0)
				continue;
			log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its lower end cannot be renamed: %s",
				  strerror(-r));
			fight_excuse(lagg, clock_now());
		}
}

/* `taken`: its device did not get that name, but another one got the name that it had. */
static void carry_port_name(const struct change *change, bool taken)
{
	struct lagg *lagg = change->lagg;
	char text[64];
	snprintf(text, sizeof(text), "renamed from %s", change->before);
	record_save(lagg);
	if (!taken)
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "port %s is now called %s", change->before,
			  change->name);
	else
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL,
			  "port %s is absent, and another device took its name: it is now called %s", change->before,
			  change->name);
	lagg->host->calls->ports(lagg->host);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, change->name, text);
}

/* Records must be unique at every moment, too: a new name may be recorded only when no other record has it any more. So
 * the last one is recorded first, since it took the name that became free. */
static void carry_names(const struct changes *changes)
{
	for (uint32_t i = changes->count; i-- > 0;)
		if (changes->list[i].slot == THE_LAGG)
			lagg_carry_name(changes->list[i].lagg, changes->list[i].before);
		else
			carry_port_name(&changes->list[i],
					i && !device_of(changes->list[i].lagg, changes->list[i].slot));
}

static void forget_old_files(struct agent *agent, const struct changes *changes)
{
	for (uint32_t i = 0; i < changes->count; i++)
		if (changes->list[i].slot == THE_LAGG && !laggs_find(agent, changes->list[i].before))
			forget_lagg(agent, changes->list[i].before);
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

/* Finds what has this device: a lagg, a port, or a port that the device could not be attached to yet. */
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

/* Option mac may name the device ("from NAME"), also one that is neither a lagg nor a port. */
static void follow_mac_from(struct agent *agent, const struct device *device)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		struct xlagg_lagg_conf before = lagg->model.conf;
		if (identity_is_mac_from(lagg, device))
			lagg_mac_from_follows(lagg, device->ifindex, "", device->name);
		if (strcmp(before.mac, lagg->model.conf.mac) == 0)
			continue;
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "option mac %s is now mac %s", before.mac,
			  lagg->model.conf.mac);
		record_save(lagg);
	}
}

/* While someone renames devices, the names that we read of several of them may contradict each other. Then they are
 * read again. */
static int collect_settled(const struct agent *agent, struct lagg *lagg, int slot, struct device *now,
			   struct changes *ret)
{
	int r = -EAGAIN;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		ret->count = 0;
		r = !i ? 0 : now->ifindex ? netlink_get(agent->host.nl, now->ifindex, now) : -ENODEV;
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
	agent->missed |= r < 0 && r != -ENODEV;
	if (r < 0 && r != -ENODEV)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, slot == THE_LAGG ? NULL : name_of(lagg, slot),
			  "cannot follow its device to the new name %s yet: %s", now.name, strerror(-r));
}

void names_follow(struct agent *agent, const struct device *device)
{
	struct lagg *lagg;
	int slot;
	if (find_bearer(agent, device->ifindex, &lagg, &slot))
		follow(agent, lagg, slot, device);
	follow_mac_from(agent, device);
}

/* Somebody renamed the device of a port before it left, or there, and nobody saw it here. */
static void follow_elsewhere(struct agent *agent, struct lagg *lagg, int slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct device device = {0};
	memcpy(device.name, port->elsewhere, sizeof(device.name));
	port->elsewhere[0] = 0;
	if (port->used && device.name[0] && !device_of(lagg, slot) && strcmp(port->name, device.name) != 0)
		follow(agent, lagg, slot, &device);
}

static void follow_all_elsewhere(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			follow_elsewhere(agent, agent->lagg[i], slot);
}

void names_retry(struct agent *agent)
{
	follow_all_elsewhere(agent);
	move_folders_again(agent);
}

/* Where the device that option mac names is gone, the option means the device of that name again. */
static void follow_all_mac_from(struct agent *agent)
{
	struct device device;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct xlagg_device_id *id = &agent->lagg[i]->saved.mac_from;
		int r = id->ifindex ? netlink_get(agent->host.nl, (int)id->ifindex, &device) : 0;
		if (r == -ENODEV || (r == 0 && !device_may_be(&device, id)))
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
	follow_all_elsewhere(agent);
	follow_all_mac_from(agent);
}
