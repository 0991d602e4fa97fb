/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Adoption: what an earlier agent left pinned is taken over or put back. */
#ifndef AGENT_ADOPT_H
#define AGENT_ADOPT_H

#include "agent.h"

/* Takes over every lagg that is pinned. Those that cannot be adopted are put back and, where possible, made again.
 * Returns 0, or -errno if it cannot be seen what is pinned, or no program can be loaded: then nothing is removed. */
int adopt_all(struct agent *agent);
/* Puts everything back that is pinned, without a running agent. 0, or the first error. */
int adopt_flush(struct agent *agent);
/* Makes a lagg again that was put back. */
void adopt_make_anew(struct agent *agent, const struct xlagg_model *model);

#endif
