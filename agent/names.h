/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Laggs and ports are called as their devices are. */
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include "agent.h"

/*
 * A device as it was just read: if it belongs to a lagg or a port that is called otherwise, that takes the device's
 * name. Others whose names are concerned by this follow in the same step, so that each name stays unique.
 */
void names_follow(struct agent *agent, const struct device *device);
/* The same for every lagg and port: their devices are read. */
void names_follow_all(struct agent *agent);

#endif
