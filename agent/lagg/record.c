/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is pinned of a lagg beside its datapath: configuration and undo records, written, read back and checked. All
 * that is read is untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/record.h"

static int save_message(struct lagg *lagg)
{
	struct xlagg_saved *saved = &lagg->saved;
	struct ctl_command *command = malloc(sizeof(*command));
	if (!command)
		return -ENOMEM;
	ctl_model_to_command(&lagg->model, command);
	int len = ctl_encode(command, NLM_F_REQUEST, 0, saved->message, sizeof(saved->message));
	free(command);
	if (len < 0) {
		log_error("%s: its configuration does not fit into %d octets and is not kept", lagg->model.name,
			  XLAGG_SAVED_MAX);
		return len;
	}
	saved->message_len = (uint32_t)len;
	return 0;
}

int record_save(struct lagg *lagg)
{
	struct xlagg_saved *saved = &lagg->saved;
	int r = lagg->host->changing ? 0 : save_message(lagg);
	if (r < 0)
		return r;
	saved->device = lagg->device;
	saved->ifindex = (uint32_t)lagg->ifindex;
	saved->lower_ifindex = (uint32_t)lagg->lower_ifindex;
	saved->profile = lagg->model.conf.datapath;
	r = datapath_save(lagg->dp, saved);
	if (r < 0)
		log_error("%s: cannot pin its configuration: %s", lagg->model.name, strerror(-r));
	return r;
}

/* bpffs reserves names with a dot; no lagg has a % in its name. */
void record_folder(const struct lagg_host *host, const char *name, char ret[512])
{
	size_t pins = strlen(host->pins);
	snprintf(ret, 512, "%s/%s", host->pins, name);
	for (char *dot = ret + (pins < 511 ? pins : 511); (dot = strchr(dot, '.'));)
		*dot = '%';
}

void record_folder_to_name(const char *folder, char ret[XLAGG_NAME_MAX])
{
	snprintf(ret, XLAGG_NAME_MAX, "%s", folder);
	for (char *dot = ret; (dot = strchr(dot, '%'));)
		*dot = '.';
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Whether this folder is a lagg's and not another namespace's, which has folders in it. */
bool record_is_folder(const char *folder)
{
	struct dirent *entry;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(folder);
	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return dir;
}

void record_clear(const char *folder)
{
	if (!record_is_folder(folder))
		return;
	int r = datapath_remove(folder);
	if (r < 0)
		log_warning("%s cannot be removed: %s", folder, strerror(-r));
}

/* Checks what was read back: version, lengths. */
int record_check(const struct xlagg_saved *saved)
{
	if (saved->abi_version != XLAGG_ABI_VERSION || saved->message_len > sizeof(saved->message) ||
	    (saved->device != XLAGG_DEVICE_NETKIT && saved->device != XLAGG_DEVICE_VETH) ||
	    saved->profile > XLAGG_DATAPATH_XDP || saved->ifindex > INT_MAX || saved->lower_ifindex > INT_MAX)
		return -EPROTO;
	return 0;
}

/* Forgets undo records that cannot be: of devices that were no port of this lagg, or not terminated. */
static void check_undo(struct lagg_host *host, const char *name, struct xlagg_saved *saved)
{
	char mark[64];
	struct device device;
	snprintf(mark, sizeof(mark), "port of %s (xlagg)", name);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &saved->undo[slot];
		bool texts = memchr(undo->name, 0, sizeof(undo->name)) && memchr(undo->alias, 0, sizeof(undo->alias));
		bool known = texts && undo->ifindex && undo->ifindex <= INT_MAX &&
			     netlink_get(host->nl, (int)undo->ifindex, &device) == 0 &&
			     (strcmp(device.alias, mark) == 0 || strcmp(device.name, undo->name) == 0);
		if (!texts)
			*undo = (struct xlagg_undo){0};
		undo->ifindex = known ? undo->ifindex : 0;
	}
}

/* The configuration in it, as a model. */
int record_decode(const struct xlagg_saved *saved, const char *name, struct xlagg_model *ret,
		  char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_command *command = malloc(sizeof(*command));
	struct ctl_model *one = calloc(1, sizeof(*one));
	int r = command && one ? ctl_decode(saved->message, saved->message_len, command, sentence) : -ENOMEM;
	if (r >= 0 && (command->cmd != XLAGG_CMD_LAGG_ADD || strcmp(command->name, name) != 0))
		r = -EPROTO;
	if (r >= 0)
		r = ctl_apply(one, command, sentence);
	if (r >= 0)
		*ret = one->lagg[0];
	free(command);
	free(one);
	return r < 0 ? r : 0;
}

/* NULL: it cannot be read. */
struct xlagg_saved *record_read(struct lagg_host *host, const char *name, const char *folder)
{
	struct xlagg_saved *saved = malloc(sizeof(*saved));
	if (saved && datapath_read_saved(folder, saved) < 0) {
		free(saved);
		return NULL;
	}
	if (saved)
		check_undo(host, name, saved);
	return saved;
}
