/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Polls the carrier of ports where no program may trace its loss. A thread of its own takes a port that lost carrier
 * out of the datapath at once; then it wakes the caller's event loop, which looks for itself.
 */
#ifndef SYS_CARRIER_POLL_H
#define SYS_CARRIER_POLL_H

#include <systemd/sd-event.h>

#include "sys/datapath/datapath.h"

struct carrier_poll;

/* A port that is polled. */
struct polled_port {
	struct datapath *dp; /* where a loss is counted */
	uint32_t slot;	     /* of the port there */
	int ifindex;
	char name[XLAGG_NAME_MAX];
	bool carrier; /* as the caller knows it */
};

/* Called in the event loop: the carrier of this port changed since the last call; `lost`: it was lost meanwhile. */
typedef void (*carrier_poll_fn)(void *context, int ifindex, bool lost);

/* Starts the thread; it polls nothing yet. 0 or -errno. */
int carrier_poll_open(struct carrier_poll **ret, sd_event *event, carrier_poll_fn fn, void *context);
/* Ends the thread. Also of NULL inside; sets *poll to NULL. */
void carrier_poll_close(struct carrier_poll **poll);
/* Polls these ports and no others, every `interval_ns` (0: never) or as seldom as their number asks for. Takes over
 * `ports`, which was allocated with malloc(). */
void carrier_poll_set(struct carrier_poll *poll, struct polled_port *ports, uint32_t count, uint64_t interval_ns);
/* Counts the losses of a port up to now, so that what the caller reads next is not older than they are. */
void carrier_poll_look(struct carrier_poll *poll, const struct datapath *dp, uint32_t slot, int ifindex);
/* A port's carrier changed: for a second the kernel may report the next change late, so it polls more often. */
void carrier_poll_hurry(struct carrier_poll *poll, uint64_t now);
/* Ends that second when it is over. To be called from time to time. */
void carrier_poll_calm(struct carrier_poll *poll, uint64_t now);
/* What it polls and what that costs. */
void carrier_poll_status(const struct carrier_poll *poll, struct xlagg_agent_status *status);

#endif
