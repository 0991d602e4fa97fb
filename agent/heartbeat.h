/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The agent's sign of life for the kernel. */
#ifndef AGENT_HEARTBEAT_H
#define AGENT_HEARTBEAT_H

#include "agent.h"

/* Starts the heartbeat. It runs before anything else that waits in the event loop. */
int heartbeat_start(struct agent *agent);
/* Tells the kernel that the agent lives. After a beat that came late it learns what the kernel did meanwhile. */
void heartbeat_beat(struct agent *agent);
/* Starts the kernel's clock for LACP (headless.h) again in case someone stopped it. Each call does so for one lagg, in
 * turn. */
void heartbeat_start_clock(struct agent *agent);

#endif
