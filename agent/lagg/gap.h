/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How long a failover took. */
#ifndef LAGG_GAP_H
#define LAGG_GAP_H

#include "lagg/lagg.h"

/* Reports this failover as soon as its gap is known, or cannot be. */
void gap_await(struct lagg *lagg, const struct xlagg_event *failover);
void gap_run(struct lagg *lagg, uint64_t now);
/* When to call gap_run() next, or CORE_NEVER. */
uint64_t gap_deadline(const struct lagg *lagg, uint64_t now);

#endif
