/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A lagg gets another name: pins, kept identity, lower end and what its ports say follow. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/identity.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rename.h"

/* Whether the lagg can be called so. */
static int check_name(struct lagg *lagg, const char *name, char sentence[XLAGG_SENTENCE_MAX])
{
	const char *other = lagg->host->calls->lagg_of_port(lagg->host, name);
	if (other) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s is a port of %s", name, other);
		return -EBUSY;
	}
	return ctl_check_name(name, "a lagg", sentence);
}

/* Pins and kept identity; where the second fails the first is put back. */
static int move_files(struct lagg *lagg, const char *name, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg_host *host = lagg->host;
	char from[512], to[512];
	record_folder(host, lagg->model.name, from);
	record_folder(host, name, to);
	record_clear(to);
	int r = rename(from, to) ? -errno : 0;
	if (r == 0)
		r = identity_rename(host, lagg->model.name, name);
	if (r < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "its pins and its file cannot be renamed: %s", strerror(-r));
		rename(to, from);
		return r;
	}
	datapath_moved(lagg->dp, to);
	return 0;
}

/* All that bears the name, once nothing can refuse it any more. */
static void carry_name(struct lagg *lagg, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	memset(lagg->model.name, 0, sizeof(lagg->model.name));
	snprintf(lagg->model.name, sizeof(lagg->model.name), "%s", name);
	record_save(lagg);
	int r = device_name_lower(lagg, name);
	if (r < 0)
		log_warning("%s: its lower end cannot be renamed: %s", name, strerror(-r));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex && lagg_port_adjust(lagg, slot, sentence) < 0)
			log_warning("%s: %s", name, sentence);
}

void lagg_rename(struct lagg *lagg, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX] = "", text[64], before[XLAGG_NAME_MAX];
	memcpy(before, lagg->model.name, sizeof(before));
	int r = check_name(lagg, name, sentence);
	if (r == 0)
		r = move_files(lagg, name, sentence);
	if (r < 0) {
		log_warning("%s: its new name %s is not taken over: %s", before, name, sentence);
		r = netlink_rename(lagg->host->nl, lagg->ifindex, before);
		if (r < 0)
			log_error("%s: its name cannot be put back: %s", before, strerror(-r));
		return;
	}
	carry_name(lagg, name);
	log_info("%s: is called %s now", before, name);
	snprintf(text, sizeof(text), "renamed from %s", before);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, text);
}
