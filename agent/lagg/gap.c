/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The event of a failover says how long it took, as the datapath measured it. While no frame has taken the new port
 * yet, the event waits, but not for long. */
#include <string.h>

#include "lagg/effects.h"
#include "lagg/gap.h"
#include "lagg/ports.h"

#define PATIENCE_NS (200 * NS_PER_MS)
#define AGAIN_NS (2 * NS_PER_MS)

static const struct datapath_gap unknown = {.ns = XLAGG_GAP_UNKNOWN};

/* Counts the failover, and its gap if that is known. */
static void count(struct xlagg_failover_counters *counters, uint32_t detected, const struct datapath_gap *gap)
{
	uint32_t i = 0;
	counters->detected[detected]++;
	if (gap->ns == XLAGG_GAP_UNKNOWN)
		return;
	while (i < XLAGG_GAP_BOUNDS && gap->ns > xlagg_gap_bound_ns[i])
		i++;
	counters->gaps[i]++;
	counters->gap_ns += gap->ns;
	counters->dropped += gap->refused;
}

static void tell(struct lagg *lagg, uint64_t now, const struct datapath_gap *gap)
{
	struct xlagg_event event = lagg->failover;
	count(&lagg->failovers, event.detected, gap);
	lagg->failover = (struct xlagg_event){0};
	lagg->failover_told_ns = now;
	event.gap_ns = gap->ns;
	event.dropped = gap->refused;
	lagg_event(lagg, &event);
}

/* Reads the gap from the datapath. Returns 0, or -EAGAIN if it may be known later. */
static int measure(struct lagg *lagg, struct datapath_gap *gap)
{
	int from = lagg_port_find(lagg, lagg->failover.from), to = lagg_port_find(lagg, lagg->failover.to);
	*gap = unknown;
	if (from < 0 || to < 0)
		return 0; /* one of them is no longer a port */
	return datapath_gap(lagg->dp, (uint32_t)from, (uint32_t)to, lagg->failover_told_ns, gap);
}

void gap_await(struct lagg *lagg, const struct xlagg_event *failover)
{
	uint64_t now = clock_now();
	if (lagg->failover.type == XLAGG_EVENT_FAILOVER)
		tell(lagg, now, &unknown);
	lagg->failover = *failover;
	lagg->failover.time_ns = clock_realtime();
	lagg->failover_until_ns = now + PATIENCE_NS;
	gap_run(lagg, now);
}

void gap_run(struct lagg *lagg, uint64_t now)
{
	struct datapath_gap gap;
	if (lagg->failover.type == XLAGG_EVENT_FAILOVER && (measure(lagg, &gap) == 0 || now >= lagg->failover_until_ns))
		tell(lagg, now, &gap);
}

uint64_t gap_deadline(const struct lagg *lagg, uint64_t now)
{
	return lagg->failover.type == XLAGG_EVENT_FAILOVER ? now + AGAIN_NS : CORE_NEVER;
}
