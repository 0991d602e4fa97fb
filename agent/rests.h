/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What is left of laggs that are gone: devices that could not be put back as they were. Their record stays pinned in
 * the lagg's folder, so that another agent can go on, until the kernel has confirmed each step.
 */
#ifndef AGENT_RESTS_H
#define AGENT_RESTS_H

#include "agent.h"

/* Puts back what a record says, once, and removes the folder. Returns 0 or the first error; then the folder has the
 * record of what remains, which `why` names. Devices that a running lagg has are left alone. */
int rests_put_back(struct agent *agent, const char *folder, struct xlagg_saved *saved, char why[XLAGG_SENTENCE_MAX]);
/* Tries again from now on what could not be put back. Takes a copy of the record (NULL: there is none, and only the
 * folder is to be removed). `anew` (NULL: none) is the lagg that is to be made afterwards. */
void rests_add(struct agent *agent, const char *name, const char *folder, const struct xlagg_saved *saved,
	       const struct xlagg_model *anew);
/* Tries again where it is time to. */
void rests_look(struct agent *agent, uint64_t now);
/* Puts a device, or all that the folder's record says, back now. Returns 1 if that was done, 0 if there is nothing left
 * of it, or -errno and a sentence. */
int rests_settle_device(struct agent *agent, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
int rests_settle_folder(struct agent *agent, const char *folder, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether there is something left of it, also in running laggs. */
bool rests_have_device(const struct agent *agent, int ifindex);
bool rests_have_folder(const struct agent *agent, const char *folder);
/* Writes what people should know about the first of them, or nothing. */
void rests_why(const struct agent *agent, char ret[XLAGG_SENTENCE_MAX]);
void rests_free(struct agent *agent);

#endif
