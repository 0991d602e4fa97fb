/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Devices that bear a lagg's mark and have no record. */
#ifndef AGENT_ORPHANS_H
#define AGENT_ORPHANS_H

#include "agent.h"

/* Removes laggs' devices and frees ports, as far as is known what they were: of the lagg `name`, or, where that is
 * NULL, of all laggs that are not running. */
void orphans_put_back(struct agent *agent, const char *name);

#endif
