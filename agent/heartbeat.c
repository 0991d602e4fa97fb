/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The heartbeat by which the kernel knows that an agent runs, and catching up after a late one. */
#include "heartbeat.h"
#include "lagg/headless.h"

#define INTERVAL_NS 250000000ull /* the kernel takes the agent for dead after four of these */

static void beat(struct agent *agent)
{
	uint64_t now = clock_now();
	/* Sooner than the kernel stands in, so that nothing it does goes unnoticed. */
	bool late = now - agent->heartbeat_ns > XLAGG_HEARTBEAT_STALE_NS / 2;
	agent->heartbeat_ns = now;
	for (uint32_t i = 0; i < agent->laggs; i++)
		datapath_heartbeat(agent->lagg[i]->dp, now);
	/* From here on LACP is the agent's again. */
	for (uint32_t i = 0; late && i < agent->laggs; i++)
		if (agent->lagg[i]->model.conf.proto == XLAGG_PROTO_LACP)
			headless_catch_up(agent->lagg[i]);
}

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *context)
{
	(void)usec;
	beat(context);
	return clock_again_in(source, INTERVAL_NS);
}

int heartbeat_start(struct agent *agent)
{
	int r = sd_event_add_time(agent->host.event, &agent->heartbeat, CLOCK_MONOTONIC, clock_now() / 1000, 1000,
				  on_heartbeat, agent);
	/* Before all else: what is done late must be done in the knowledge of what happened meanwhile. */
	return r < 0 ? r : sd_event_source_set_priority(agent->heartbeat, SD_EVENT_PRIORITY_IMPORTANT - 1);
}

void heartbeat_look_at_clocks(struct agent *agent)
{
	if (agent->laggs)
		headless_clock(agent->lagg[agent->clocks++ % agent->laggs]);
}
