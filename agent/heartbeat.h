/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The sign of life to the kernel. */
#ifndef AGENT_HEARTBEAT_H
#define AGENT_HEARTBEAT_H

#include "agent.h"

/* Beats from now on, before anything else that waits in the event loop. */
int heartbeat_start(struct agent *agent);
/* Others may have stopped a kernel's clock for LACP: each call starts that of one lagg again, one after the other. */
void heartbeat_look_at_clocks(struct agent *agent);

#endif
