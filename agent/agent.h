/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The agent: all laggs of one network namespace. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "lagg/lagg.h"

struct rest;
struct server;

struct agent {
	struct lagg_host host; /* first: a lagg knows no more of the agent than this */
	sd_event_source *timer, *heartbeat, *look;
	struct server *server;
	const char *file; /* the configuration file */
	char *socket;
	bool file_must_exist; /* -f was given */
	bool no_adopt, no_tracing;
	uint64_t start_realtime;
	uint64_t heartbeat_ns; /* monotonic time of the last one */
	bool uppers_changed;   /* devices above laggs have to be looked at */
	uint32_t clocks;       /* counts the looks at laggs' clocks */
	uint32_t adopted, fresh;
	struct lagg *lagg[2 * XLAGG_MAX_LAGGS]; /* within a transaction those that come and those that go */
	uint32_t laggs;
	struct rest *rests;  /* what is left of laggs that are gone (rests.c) */
	uint64_t orphans_ns; /* monotonic time of the next look at devices with a lagg's mark */
};

#endif
