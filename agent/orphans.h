/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Devices that bear a lagg's mark and have no record. */
#ifndef AGENT_ORPHANS_H
#define AGENT_ORPHANS_H

#include "agent.h"

/* Removes laggs' devices and frees ports that no running lagg has, as far as is known what they were. Where that fails,
 * host.orphans says so. */
void orphans_put_back(struct agent *agent);

#endif
