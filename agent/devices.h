/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel's events of devices, and the check once a second of what no event reports. */
#ifndef AGENT_DEVICES_H
#define AGENT_DEVICES_H

#include "agent.h"

/* Listens to the kernel's events from now on. */
int devices_start(struct agent *agent);
/* Polls the carrier of all ports from now on. */
int devices_start_poll(struct agent *agent);
/* Gives the poll the present list of ports. To be called after ports were added, removed or renamed. */
void devices_update_poll(struct agent *agent);
/* Attaches the devices that exist by now and for which configured ports wait. */
void devices_find_absent(struct agent *agent);
/* Checks what no event reports. To be called once a second. Returns false if there was no time for all of it: then it
 * is to be called again as soon as others had their turn. */
bool devices_check(struct agent *agent);

#endif
