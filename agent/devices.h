/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the kernel tells of devices. */
#ifndef AGENT_DEVICES_H
#define AGENT_DEVICES_H

#include "agent.h"

/* Listens to the kernel's events from now on. */
int devices_start(struct agent *agent);
/* Polls the carrier of all ports from now on. */
int devices_start_poll(struct agent *agent);
/* The ports to be polled changed. */
void devices_update_poll(struct agent *agent);
/* Makes ports of the devices that are there and that absent ports wait for. */
void devices_find_absent(struct agent *agent);
/* Looks at what no event tells. To be called once a second. */
void devices_look(struct agent *agent);

#endif
