/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Laggs and ports take the names of their devices, which anyone may rename. */
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include "agent.h"

/* Handles a device as it was just read. If a lagg or a port that has it bears another name, that one takes the device's
 * name. Laggs and ports whose names must change because of this change in the same step, so that names stay unique. */
void names_follow(struct agent *agent, const struct device *device);
/* Reads the devices of all laggs and ports and does the same for each. */
void names_follow_all(struct agent *agent);
/* Goes on with what could not be done before: ports take the names that their devices have elsewhere, and folders of
 * pins those of their laggs. */
void names_retry(struct agent *agent);

#endif
