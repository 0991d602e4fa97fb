/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The heartbeat that tells the kernel's programs that an agent runs, and catching up after a late one. */
#include "heartbeat.h"
#include "lagg/headless.h"

#define INTERVAL_NS                                                                                                    \
	250000000ull /* the programs take the agent for dead after four of these (XLAGG_HEARTBEAT_STALE_NS) */

void heartbeat_beat(struct agent *agent)
{
	uint64_t now = clock_now();
	/* Half the time after which the kernel stands in for the agent, so that nothing that it did is missed. */
	bool late = now - agent->heartbeat_ns > XLAGG_HEARTBEAT_STALE_NS / 2;
	agent->heartbeat_ns = now;
	for (uint32_t i = 0; i < agent->laggs; i++)
		datapath_heartbeat(agent->lagg[i]->dp, now);
	/* From here on the agent handles LACP again: it must learn what the kernel did meanwhile. */
	for (uint32_t i = 0; late && i < agent->laggs; i++)
		if (agent->lagg[i]->model.conf.proto == XLAGG_PROTO_LACP)
			headless_catch_up(agent->lagg[i]);
}

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *context)
{
	(void)usec;
	heartbeat_beat(context);
	return clock_again_in(source, INTERVAL_NS);
}

int heartbeat_start(struct agent *agent)
{
	int r = sd_event_add_time(agent->host.event, &agent->heartbeat, CLOCK_MONOTONIC, clock_now() / 1000, 1000,
				  on_heartbeat, agent);
	/* Before everything else, even lost links: after a pause the agent must first catch up. */
	return r < 0 ? r : sd_event_source_set_priority(agent->heartbeat, SD_EVENT_PRIORITY_IMPORTANT - 1);
}

void heartbeat_start_clock(struct agent *agent)
{
	if (agent->laggs)
		headless_clock(agent->lagg[agent->clocks++ % agent->laggs]);
}
