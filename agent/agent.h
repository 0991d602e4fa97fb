/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The agent: all laggs of one network namespace. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "lagg/lagg.h"

struct client;
struct journal;
struct rest;
struct server;

/* How far the command that is being carried out has come (progress.c). */
struct progress {
	struct client *client; /* that wants to be told; NULL: none does */
	uint32_t seq;	       /* of its request */
	struct xlagg_progress now;
};

struct agent {
	struct lagg_host host; /* must be first: a lagg has a pointer to it, from which laggs.c finds the agent */
	sd_event_source *timer, *heartbeat, *check;
	struct server *server;
	const char *file; /* the configuration file */
	char *socket;
	bool file_must_exist; /* -f was given */
	bool no_adopt, no_tracing;
	uint64_t start_realtime;
	uint64_t timer_ns;	 /* monotonic time to which `timer` is set; 0 from the start until it is first set */
	uint64_t heartbeat_ns;	 /* monotonic time of the last heartbeat */
	bool missed;		 /* events were lost: every device has to be read again */
	bool unmoved;		 /* the pins of a lagg are not yet in the folder with its name */
	bool unpolled;		 /* the list of polled ports has to be made again */
	uint32_t unchecked;	 /* laggs that this round of the check has not come to yet (devices.c) */
	bool uppers_changed;	 /* devices on top of laggs may have changed: they have to be listed again */
	uint32_t clocks;	 /* calls of heartbeat_start_clock() so far: whose turn it is */
	uint32_t adopted, fresh; /* laggs that were adopted, and that were created, since the start */
	struct lagg
	    *lagg[2 * XLAGG_MAX_LAGGS]; /* room for those that a transaction adds beside those that it removes */
	uint32_t laggs;
	struct progress progress;
	struct rest *rests;	     /* what still has to be put back of laggs that are gone (rests.c) */
	struct later *later;	     /* bonds that are to be taken when they appear (later.c) */
	struct journal *undo;	     /* the transaction in whose middle the agent before died, while that is undone */
	bool journal;		     /* the journal of a transaction is pinned */
	struct forgotten *forgotten; /* laggs whose files in the state folder still have to be removed (forget.c) */
	bool left_out;		     /* a lagg could not be made at the start, and may be made later */
	uint64_t forget_ns;	     /* monotonic time at which removing them is tried again */
	uint64_t orphans_ns;	     /* monotonic time at which devices with a lagg's mark are searched for next */
};

#endif
