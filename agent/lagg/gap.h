/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The gap of a failover: how long it took. */
#ifndef LAGG_GAP_H
#define LAGG_GAP_H

#include "lagg/lagg.h"

/* Reports this failover as soon as its gap is known, or without a gap after a while. */
void gap_await(struct lagg *lagg, const struct xlagg_event *failover);
/* Reports the failover that waits if its gap is known by now, or if it has waited long enough. */
void gap_run(struct lagg *lagg, uint64_t now);
/* Returns the monotonic time at which gap_run() has to be called next, or CORE_NEVER. */
uint64_t gap_deadline(const struct lagg *lagg, uint64_t now);

#endif
