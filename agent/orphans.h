/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Orphans: devices that bear a lagg's mark and that no record mentions. */
#ifndef AGENT_ORPHANS_H
#define AGENT_ORPHANS_H

#include "agent.h"

/* Removes lower ends, and with them laggs' devices, that belong to no running lagg, and puts ports back as far as it is
 * known what they were. If something fails, host.orphans is set, and the caller tries again later. */
void orphans_put_back(struct agent *agent);

#endif
