/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The record: configuration and undo records of a lagg, pinned for the next agent, read back and checked. It is
 * untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/device.h"
#include "lagg/identity.h"
#include "lagg/record.h"
#include "lagg/shell.h"
#include "sys/again.h"
#include "sys/fd.h"
#include "sys/mark.h"

int record_encode(const struct xlagg_model *model, uint8_t ret[XLAGG_SAVED_MAX])
{
	struct ctl_command *command = malloc(sizeof(*command));
	if (!command)
		return -ENOMEM;
	ctl_model_to_command(model, command);
	int len = ctl_encode(command, NLM_F_REQUEST, 0, ret, XLAGG_SAVED_MAX);
	free(command);
	return len;
}

static int save_message(struct lagg *lagg, const struct xlagg_model *model)
{
	int len = record_encode(model, lagg->saved.message);
	if (len < 0)
		return len;
	lagg->saved.message_len = (uint32_t)len;
	return 0;
}

static void note_looks(struct lagg *lagg)
{
	struct xlagg_saved *saved = &lagg->saved;
	saved->mtu = lagg->looks.mtu;
	if (saved->bond.taken)
		memcpy(saved->bond.mac, lagg->looks.mac, 6);
}

/* As in the record. */
static uint8_t active_of(const struct lagg *lagg)
{
	const struct xlagg_table *table = &core_output(lagg->core)->table;
	if (lagg->model.conf.proto != XLAGG_PROTO_FAILOVER || !table->count)
		return 0;
	return (uint8_t)((table->order[0] + 1) | (core_is_activated(lagg->core) ? 0 : XLAGG_ACTIVE_CHOSEN));
}

static int pin_record(struct lagg *lagg)
{
	struct xlagg_saved *saved = &lagg->saved;
	int r = lagg->host->changing ? 0 : save_message(lagg, &lagg->model);
	if (r < 0)
		return r;
	if (!lagg->host->changing) {
		saved->changing = lagg->astray;
		saved->adding = 0;
		saved->active = datapath_publish_due(lagg->dp) == UINT64_MAX ? 0 : active_of(lagg);
	}
	saved->device = lagg->device;
	saved->ifindex = (uint32_t)lagg->ifindex;
	saved->lower_ifindex = (uint32_t)lagg->lower_ifindex;
	saved->profile = lagg->model.conf.datapath;
	saved->netns = lagg->host->netns;
	/* Of a change, the record has what was before it until it is over. */
	if (!lagg->host->changing || !saved->changing)
		note_looks(lagg);
	return datapath_save(lagg->dp, saved);
}

int record_pin(struct lagg *lagg)
{
	int r = pin_record(lagg);
	if (r < 0 && !lagg->unsaved)
		log_about(LOG_LEVEL_ERROR, lagg->model.name, NULL, "cannot pin its configuration: %s", strerror(-r));
	lagg->unsaved = r < 0;
	return r;
}

int record_save(struct lagg *lagg)
{
	int r = record_pin(lagg);
	if (!lagg->host->changing)
		identity_store(lagg);
	return r;
}

/* Returns how many addresses are in `to` alone, and adds them at the end of `model`. */
static uint8_t add_addresses(struct xlagg_model *model, const struct xlagg_model *to)
{
	uint32_t before = model->addresses;
	for (uint32_t i = 0; i < to->addresses && model->addresses < XLAGG_MAX_ADDRESSES; i++) {
		bool there = false;
		for (uint32_t j = 0; j < before; j++)
			there |= strcmp(model->address[j], to->address[i]) == 0;
		if (!there)
			memcpy(model->address[model->addresses++], to->address[i], sizeof(to->address[i]));
	}
	return (uint8_t)(model->addresses - before);
}

/* What is new in `to` beside addresses is undone by what the next agent does anyway. */
int record_note(struct lagg *lagg, const struct xlagg_model *to)
{
	struct xlagg_saved *saved = &lagg->saved;
	struct xlagg_model model = lagg->model;
	uint8_t adding = add_addresses(&model, to);
	int r = save_message(lagg, &model);
	if (r < 0)
		return r;
	note_looks(lagg);
	saved->changing = 1;
	saved->adding = adding;
	saved->active = active_of(lagg);
	return 0;
}

int record_note_change(struct lagg *lagg, const struct xlagg_model *to)
{
	int r = record_note(lagg, to);
	return r < 0 ? r : pin_record(lagg);
}

void record_go_back(struct xlagg_saved *saved, const struct journal_entry *entry)
{
	const struct xlagg_journal_entry *head = &entry->head;
	memcpy(saved->message, entry->message, head->message_len);
	saved->message_len = head->message_len;
	saved->changing = 1;
	saved->adding = head->adding;
	saved->active = head->active;
	saved->mtu = head->mtu;
	saved->bond.taken = head->taken;
	if (head->taken)
		memcpy(saved->bond.mac, head->mac, 6);
}

void record_folder(const struct lagg_host *host, const char *name, char ret[512])
{
	char folder[CTL_FOLDER_MAX];
	ctl_folder_of(name, folder);
	snprintf(ret, 512, "%s/%s", host->pins, folder);
}

int record_move(struct lagg *lagg, const char *folder)
{
	if (rename(lagg->folder, folder) < 0)
		return -errno;
	snprintf(lagg->folder, sizeof(lagg->folder), "%s", folder);
	datapath_moved(lagg->dp, lagg->folder);
	return 0;
}

static bool is_folder(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

int record_is_folder(const char *folder)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(folder);
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	const struct dirent *entry;
	int r;
	while ((entry = next_entry(dir, &r)))
		if (is_folder(entry))
			return 0;
	return r < 0 ? r : 1;
}

static int clear(const char *folder)
{
	int r = record_is_folder(folder);
	return r > 0 ? datapath_remove(folder) : r;
}

void record_clear(const char *folder)
{
	uint32_t tries = 0;
	int r;
	do
		r = clear(folder);
	while (again(&tries, r < 0));
	if (r < 0)
		log_warning("%s cannot be removed: %s", folder, strerror(-r));
}

int record_check(const struct xlagg_saved *saved)
{
	if (saved->abi_version != XLAGG_ABI_VERSION || saved->message_len > sizeof(saved->message) ||
	    saved->changing > 1 || (saved->device == XLAGG_DEVICE_AUTO || saved->device > XLAGG_DEVICE_BOND) ||
	    saved->profile > XLAGG_DATAPATH_XDP || saved->ifindex > INT_MAX || saved->lower_ifindex > INT_MAX)
		return -EPROTO;
	return 0;
}

bool record_is_of_this_netns(const struct lagg_host *host, const struct xlagg_saved *saved)
{
	return !saved->netns || !host->netns || saved->netns == host->netns;
}

/* Whether this is the port's device and not another one that got its ifindex later. The permanent MAC proves it.
 * Without one, it is the port's device if it bears the mark of a port, is set to allmulti as we did, or has the pinned
 * programs attached. In a record of an older agent, which has no namespace, the name proves it, too. */
static bool is_port(const struct xlagg_saved *saved, const char *folder, uint32_t slot, const struct device *device)
{
	const struct xlagg_device_id *id = &saved->port[slot];
	const struct xlagg_undo *undo = &saved->undo[slot];
	if (!device_may_be(device, id))
		return false;
	return device_is(device, id) || mark_is_of_port(device->alias, NULL) ||
	       (undo->changed & XLAGG_UNDO_ALLMULTI && device->flags & IFF_ALLMULTI) ||
	       datapath_is_attached(folder, slot, device->ifindex) ||
	       (!saved->netns && strcmp(device->name, undo->name) == 0);
}

/* Removes undo records that cannot be right: their texts have no end, or their devices no longer exist. */
static void check_undo(const struct lagg_host *host, const char *folder, struct xlagg_saved *saved)
{
	bool here = record_is_of_this_netns(host, saved);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &saved->undo[slot];
		struct device device;
		if (!memchr(undo->name, 0, sizeof(undo->name)) || !memchr(undo->alias, 0, sizeof(undo->alias)))
			*undo = (struct xlagg_undo){0};
		if (!undo->ifindex)
			continue;
		int r = here && undo->ifindex <= INT_MAX ? netlink_get_patiently(host->nl, (int)undo->ifindex, &device)
							 : -ENODEV;
		if (r == -ENODEV || (r == 0 && !is_port(saved, folder, slot, &device)))
			undo->ifindex = 0;
	}
}

int record_decode(const struct xlagg_saved *saved, struct xlagg_model *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_command *command = malloc(sizeof(*command));
	struct ctl_model *one = calloc(1, sizeof(*one));
	int r = command && one ? ctl_decode(saved->message, saved->message_len, command, sentence) : -ENOMEM;
	if (r >= 0 && command->cmd != XLAGG_CMD_LAGG_ADD && command->cmd != XLAGG_CMD_LAGG_TAKE)
		r = -EPROTO;
	if (r >= 0)
		r = ctl_apply(one, command, sentence);
	/* Somebody else's bond must not be taken for one that an agent made. */
	if (r >= 0 && one->lagg[0].conf.taken != (saved->bond.taken != 0))
		r = -EPROTO;
	/* They stay in the list, behind those that the lagg has. */
	if (r >= 0 && saved->changing)
		r = saved->adding <= one->lagg[0].addresses ? 0 : -EPROTO;
	if (r >= 0 && saved->changing)
		one->lagg[0].addresses -= saved->adding;
	if (r >= 0)
		*ret = one->lagg[0];
	free(command);
	free(one);
	return r < 0 ? r : 0;
}

int record_read(const struct lagg_host *host, const char *folder, struct xlagg_saved **ret)
{
	struct xlagg_saved *saved = malloc(sizeof(*saved));
	int r = saved ? datapath_read_saved(folder, saved) : -ENOMEM;
	if (r < 0) {
		free(saved);
		return r;
	}
	check_undo(host, folder, saved);
	*ret = saved;
	return 0;
}

/* --- its devices --- */

int record_find_lower(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
		      struct device *lower)
{
	struct device found;
	int r =
	    record_is_of_this_netns(host, saved) ? netlink_get(host->nl, (int)saved->lower_ifindex, &found) : -ENODEV;
	if (r < 0)
		return r;
	if (!device_is_lower(&found, &saved->lower, folder))
		return -ENODEV;
	*lower = found;
	return 0;
}

int record_find_bond(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
		     struct device *bond)
{
	struct device found;
	if (saved->device != XLAGG_DEVICE_BOND || !record_is_of_this_netns(host, saved))
		return -ENODEV;
	int r = netlink_get(host->nl, (int)saved->ifindex, &found);
	if (r == 0 && !shell_is(&found, folder, saved))
		r = -ENODEV;
	if (r == 0)
		*bond = found;
	return r;
}

int record_find_devices(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
			struct device *device, struct device *lower)
{
	struct device found, found_lower;
	int r = record_find_lower(host, folder, saved, &found_lower);
	if (r == 0)
		r = netlink_get(host->nl, (int)saved->ifindex, &found);
	if (r < 0)
		return r;
	if (saved->device == XLAGG_DEVICE_BOND ? !shell_is(&found, folder, saved)
					       : found_lower.link != found.ifindex || found.link != found_lower.ifindex)
		return -ENODEV;
	*device = found;
	*lower = found_lower;
	return 0;
}
