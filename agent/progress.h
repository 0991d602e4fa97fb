/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Tells the client whose command is being carried out how it gets on, if the client asked for that. */
#ifndef AGENT_PROGRESS_H
#define AGENT_PROGRESS_H

#include "server.h"

/* From now on the progress is that of this request, until progress_end(). */
void progress_begin(struct client *client, const struct nlmsghdr *request);
void progress_end(struct agent *agent);
/* So many laggs are to be made, changed or removed. */
void progress_expect(struct agent *agent, uint32_t laggs);
/* One more of them is as wanted. */
void progress_count(struct agent *agent);
/* The agent is about to do this, with a lagg (NULL: with none in particular). */
void progress_tell(struct agent *agent, enum xlagg_step step, const char *lagg);

#endif
