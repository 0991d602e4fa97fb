/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is pinned of a lagg beside its datapath: configuration and undo records, in a folder of its own. */
#ifndef LAGG_RECORD_H
#define LAGG_RECORD_H

#include "lagg/lagg.h"

/*
 * Pins configuration and undo records for the next agent. Within a transaction only the undo records: if the agent dies
 * on the way, the configuration is the one before, and a lagg that was being made has none.
 */
int record_save(struct lagg *lagg);
/* Gives the lagg's folder of pins another name. */
int record_move(struct lagg *lagg, const char *folder);
/* The folder of pins of a lagg of that name. */
void record_folder(const struct lagg_host *host, const char *name, char ret[512]);
/* Whether this folder is a lagg's and not another namespace's, which has folders in it. */
bool record_is_folder(const char *folder);
/* Removes what a lagg that was never finished left pinned in `folder`, if it did. */
void record_clear(const char *folder);
/*
 * The record in a lagg's folder, to be freed by the caller; NULL: it cannot be read. Undo records that cannot be right,
 * and those of devices that are no longer there, are dropped from it.
 */
struct xlagg_saved *record_read(const struct lagg_host *host, const char *folder);
/* Whether version and lengths are as they must be: 0 or -EPROTO. */
int record_check(const struct xlagg_saved *saved);
/* Whether the devices that it is about are, or were, in this network namespace. */
bool record_is_of_this_netns(const struct lagg_host *host, const struct xlagg_saved *saved);
/* The configuration in it. */
int record_decode(const struct xlagg_saved *saved, struct xlagg_model *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* The lagg's lower end. Its other end may be in another network namespace. -ENODEV: it is gone. */
int record_find_lower(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
		      struct device *lower);
/* The lagg's own device and its lower end. -ENODEV: they are gone. */
int record_find_devices(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
			struct device *device, struct device *lower);

#endif
