/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Rests: laggs that are gone and of which some devices could not be put back yet. Their record stays pinned in the
 * lagg's folder until the kernel has confirmed every step, so that another agent can go on if this one dies. */
#ifndef AGENT_RESTS_H
#define AGENT_RESTS_H

#include "agent.h"

/* Tries once to put back what a record says, and then removes the folder. Returns 0, or the first error: then the
 * folder holds the record of what remains, and `why` names it. Devices that a running lagg has are left alone.
 * `name`: the lagg's; `saved`: its record, or NULL. */
int rests_put_back(struct agent *agent, const char *name, const char *folder, struct xlagg_saved *saved,
		   char why[XLAGG_SENTENCE_MAX]);
/* The same, where a lagg is to be made: ports that cannot be found in other network namespaces are given up. */
int rests_make_room(struct agent *agent, const char *name, const char *folder, struct xlagg_saved *saved,
		    char why[XLAGG_SENTENCE_MAX]);
/* From now on tries again, from time to time, to put back what is left. Takes a copy of the record (NULL: there is
 * none). `anew` (NULL: none) is the lagg that is to be created afterwards. */
void rests_add(struct agent *agent, const char *name, const char *folder, const struct xlagg_saved *saved,
	       const struct xlagg_model *anew);
/* Tries those again whose time has come. */
void rests_retry(struct agent *agent, uint64_t now);
/* Puts back a device, or everything in the folder's record, now. Returns 1 if that was done, 0 if there was nothing to
 * put back, or -errno with a sentence. */
int rests_settle_device(struct agent *agent, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
int rests_settle_folder(struct agent *agent, const char *folder, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether this device, or something in this folder, still has to be put back; also devices that left a running lagg. */
bool rests_have_device(const struct agent *agent, int ifindex);
bool rests_have_folder(const struct agent *agent, const char *folder);
/* Writes why the first of them could not be put back yet; leaves `ret` alone if there is nothing to say. */
void rests_why(const struct agent *agent, char ret[XLAGG_SENTENCE_MAX]);
void rests_free(struct agent *agent);

#endif
