/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Removes the files in the state folder of laggs that no longer exist. */
#ifndef AGENT_FORGET_H
#define AGENT_FORGET_H

#include "agent.h"

/* Removes the file of a lagg of that name. What cannot be removed now is tried again later, as long as no lagg has that
 * name. Returns 0, or -errno where it is not removed yet. */
int forget_lagg(struct agent *agent, const char *name);
/* Tries those again whose time has come. */
void forget_retry(struct agent *agent, uint64_t now);
/* Removes the files of laggs that an agent which died has left half removed, or not yet made: nothing else is left of
 * them. To be called when every lagg has been adopted or made that is to be there at the start. */
void forget_stale(struct agent *agent);
void forget_free(struct agent *agent);

#endif
