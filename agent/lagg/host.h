/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What all laggs of an agent share, and whom a lagg tells what concerns more than itself. The storey above fills it in;
 * nothing below it knows that storey.
 */
#ifndef LAGG_HOST_H
#define LAGG_HOST_H

#include <systemd/sd-event.h>

#include "sys/carrier_poll.h"
#include "sys/datapath/datapath.h"
#include "sys/datapath/watch.h"
#include "sys/netlink/netlink.h"

struct lagg_host;

/* Called by a lagg. */
struct lagg_host_calls {
	/* An event that subscribers want to hear. */
	void (*event)(struct lagg_host *host, const struct xlagg_event *event);
	/* The time at which some lagg has to run next (deadline_ns) changed. */
	void (*deadline)(struct lagg_host *host);
	/* The ports whose carrier is to be polled changed. */
	void (*ports)(struct lagg_host *host);
	/* Whether a running lagg has this number already. */
	bool (*number_in_use)(const struct lagg_host *host, uint32_t number);
	/* The name of the running lagg that has a port of this name, or NULL. */
	const char *(*lagg_of_port)(const struct lagg_host *host, const char *port);
};

struct lagg_host {
	const struct lagg_host_calls *calls;
	sd_event *event;
	struct netlink *nl;
	int packet_fd;			   /* for all frames that the agent sends, or -1 */
	struct watch *watch;		   /* NULL: this kernel does not allow tracing */
	struct carrier_poll *poll;	   /* NULL: there is a watch, or the poll does not run yet */
	struct datapath_features features; /* what this kernel offers */
	char *pins, *state;		   /* folders: of the pins in bpffs, and of what is kept over reboots */
	bool changing;			   /* a transaction runs: what it has done so far is not yet a configuration */
};

#endif
