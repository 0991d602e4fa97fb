/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Polls the carrier of ports where no program may trace its loss. A thread takes a port that lost carrier out of the
 * datapath at once, and then wakes the caller's event loop, which looks at the port itself.
 */
#ifndef SYS_CARRIER_POLL_H
#define SYS_CARRIER_POLL_H

#include <systemd/sd-event.h>

#include "sys/datapath/datapath.h"

struct carrier_poll;

/* A port that is polled. */
struct polled_port {
	struct datapath *dp; /* where a loss is counted */
	uint32_t slot;	     /* of the port in it */
	int ifindex;
	char name[XLAGG_NAME_MAX];
	bool carrier; /* as far as the caller knows */
};

/* Called in the event loop when the carrier of a port has changed since the last call. `lost`: it was lost meanwhile.
 */
typedef void (*carrier_poll_fn)(void *context, int ifindex, bool lost);

/* Starts the thread, which does not poll any port yet. Returns 0 or -errno. */
int carrier_poll_open(struct carrier_poll **ret, sd_event *event, carrier_poll_fn fn, void *context);
/* Ends the thread of *poll, which may be NULL, and sets it to NULL. */
void carrier_poll_close(struct carrier_poll **poll);
/* Polls these ports and no others every `interval_ns` (0: never), or less often if there are many. Takes over `ports`,
 * which was allocated with malloc(). */
int carrier_poll_set(struct carrier_poll *poll, struct polled_port *ports, uint32_t count, uint64_t interval_ns);
/* Counts the losses of a port up to now, so that what the caller reads next is newer. */
void carrier_poll_now(struct carrier_poll *poll, const struct datapath *dp, uint32_t slot, int ifindex);
/* Polls more often for a second: a port's carrier changed, and the kernel may report a next change late. */
void carrier_poll_hurry(struct carrier_poll *poll, uint64_t now);
/* Polls as usual again when that second is over. To be called from time to time. */
void carrier_poll_calm(struct carrier_poll *poll, uint64_t now);
/* Opens the counters of ports again where that failed before. To be called from time to time. */
void carrier_poll_again(struct carrier_poll *poll);
/* Fills in what is polled and what that costs. */
void carrier_poll_status(const struct carrier_poll *poll, struct xlagg_agent_status *status);

#endif
