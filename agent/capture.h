/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Captures: which client captures which lagg. A client has one at most, and so has a lagg. */
#ifndef AGENT_CAPTURE_H
#define AGENT_CAPTURE_H

#include "server.h"

/* Begins what the client asks for. Returns 0 or -errno, with a sentence. The maps are the lagg's. */
int capture_start(struct client *client, const struct ctl_query *query, struct datapath_capture *ret,
		  char sentence[XLAGG_SENTENCE_MAX]);
/* Ends the client's capture, if it has one. */
void capture_end(struct client *client);
/* Returns who captures the lagg, or NULL. */
const struct ucred *capture_by(const struct agent *agent, const struct lagg *lagg);
/* The lagg goes, and with it its datapath: whoever captures it is told. */
void capture_lagg_gone(struct agent *agent, const struct lagg *lagg);
/* Ends all captures: the agent stops. */
void capture_end_all(struct agent *agent);

#endif
