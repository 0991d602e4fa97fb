/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The record: what is pinned of a lagg beside its programs and maps, for the next agent: its configuration and undo
 * records. */
#ifndef LAGG_RECORD_H
#define LAGG_RECORD_H

#include "lagg/journal.h"
#include "lagg/lagg.h"

/* Pins configuration and undo records for the next agent, and writes the state folder. Within a transaction it pins
 * only the undo records. So if the agent dies then, the earlier configuration counts, and a lagg that was being created
 * has none. After a failure upkeep.c tries again. */
int record_save(struct lagg *lagg);
/* The same without the state folder. */
int record_pin(struct lagg *lagg);
/* Notes in the record that the lagg is about to be changed to `to`, within a transaction: an agent that finds this note
 * makes it what it is now. record_save() at the end of the transaction removes the note. Returns 0 or -errno. */
int record_note_change(struct lagg *lagg, const struct xlagg_model *to);
/* The same without pinning it, of a lagg whose note is in the journal. */
int record_note(struct lagg *lagg, const struct xlagg_model *to);
/* Writes the message that makes a lagg of this configuration. Returns its length, or -errno. */
int record_encode(const struct xlagg_model *model, uint8_t ret[XLAGG_SAVED_MAX]);
/* Puts what a lagg was before the transaction, by its journal, into the record: as if the note of a change were there.
 * What was changed on the devices stays as the record has it. */
void record_go_back(struct xlagg_saved *saved, const struct journal_entry *entry);
/* Renames the lagg's folder of pins. */
int record_move(struct lagg *lagg, const char *folder);
/* Returns the folder of pins for a lagg of that name. */
void record_folder(const struct lagg_host *host, const char *name, char ret[512]);
/* Returns 1 if this folder of pins is a lagg's, else 0, or -errno. One that has folders in it belongs to an agent of
 * another namespace. */
int record_is_folder(const char *folder);
/* Removes `folder` if it is a lagg's, for example of one that was never finished. */
void record_clear(const char *folder);
/* Reads the record in a lagg's folder; *ret is to be freed by the caller. Undo records that cannot be right, and those
 * of devices that no longer exist, are removed from it. -EPROTO: it is damaged; -ENOENT: there is none. */
int record_read(const struct lagg_host *host, const char *folder, struct xlagg_saved **ret);
/* Checks version, lengths and numbers. Returns 0 or -EPROTO. */
int record_check(const struct xlagg_saved *saved);
/* Whether the devices in the record are, or were, in this network namespace. True if that is unknown. */
bool record_is_of_this_netns(const struct lagg_host *host, const struct xlagg_saved *saved);
/* Decodes the configuration in the record. Addresses that a change was adding stand behind those in ret->addresses. */
int record_decode(const struct xlagg_saved *saved, struct xlagg_model *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Finds the lagg's lower end. Its other end may be in another network namespace. -ENODEV: it is gone. */
int record_find_lower(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
		      struct device *lower);
/* Finds the lagg's own device if that is a bond, else returns -ENODEV. */
int record_find_bond(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
		     struct device *bond);
/* Finds the lagg's own device and its lower end. -ENODEV: one of them is gone or in another network namespace. */
int record_find_devices(const struct lagg_host *host, const char *folder, const struct xlagg_saved *saved,
			struct device *device, struct device *lower);

#endif
