/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* `lagg take`: what a bond that runs means as a lagg. */
#ifndef AGENT_TAKE_H
#define AGENT_TAKE_H

#include "agent.h"

#define TAKE_NOTES 16	  /* most notes that a bond can have */
#define TAKE_NOTE_MAX 256 /* octets of the longest one and its NUL */

/* What of a bond has no counterpart, or differs from it: one sentence each. */
struct take_notes {
	uint32_t count;
	char text[TAKE_NOTES][TAKE_NOTE_MAX];
};

/* Fills in what the command does not say, from the bond that it names: options, and the slaves as ports in their order.
 * `notes` may be NULL. Returns 0, or -errno and a sentence: it cannot be taken. */
int take_fill(struct agent *agent, struct ctl_command *command, struct take_notes *notes,
	      char sentence[XLAGG_SENTENCE_MAX]);
/* Returns 0 if no lagg of this name runs, else -EBUSY and a sentence: there is nothing to take. */
int take_check_lagg(const struct agent *agent, const char *name, char sentence[XLAGG_SENTENCE_MAX]);
/* Checks whether the bond can be taken now. Returns 0, or -errno and a sentence; -ENODEV: there is no such bond. */
int take_check(struct agent *agent, const char *name, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether a new lagg may have this name: -EEXIST and a sentence if a device has it. If that is only to be checked, a
 * bond may have it, since a file is checked before the bond that it replaces is removed: then the sentence becomes a
 * warning, and *leaving the bond's ifindex. */
int take_check_name(struct agent *agent, const char *name, bool check, int *leaving, char sentence[XLAGG_SENTENCE_MAX]);

#endif
