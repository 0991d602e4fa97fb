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

struct lagg;
struct lagg_host;

/* Called by a lagg. */
struct lagg_host_calls {
	/* An event that subscribers want to hear. */
	void (*event)(struct lagg_host *host, const struct xlagg_event *event);
	/* The time at which some lagg has to run next (deadline_ns) changed. */
	void (*deadline)(struct lagg_host *host);
	/* The ports whose carrier is to be polled changed. */
	void (*ports)(struct lagg_host *host);
	/* A device of a lagg was read, and is not called as the lagg or the port is. */
	void (*renamed)(struct lagg_host *host, const struct device *device);
	/* Whether a running lagg has this number already. */
	bool (*number_in_use)(const struct lagg_host *host, uint32_t number);
	/* The name of the running lagg that has this device, as a port or as its own, or NULL. */
	const char *(*lagg_of_device)(const struct lagg_host *host, int ifindex);
	/* Whether another running lagg than `lagg` has this MAC, or had it and would have it again with mac auto. */
	bool (*mac_in_use)(const struct lagg_host *host, const uint8_t mac[6], const struct lagg *lagg);
	/* Puts a device back that could not be put back when it was a port before. Returns 1 if that was done, 0 if
	 * there is nothing to put back, or -errno and a sentence. */
	int (*settle)(struct lagg_host *host, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
	/* The own MAC of a device that is a port of a running lagg. False: it is none. */
	bool (*own_mac)(const struct lagg_host *host, int ifindex, uint8_t mac[6]);
};

struct lagg_host {
	const struct lagg_host_calls *calls;
	sd_event *event;
	struct netlink *nl;
	int packet_fd;			   /* for all frames that the agent sends, or -1 */
	struct watch *watch;		   /* NULL: this kernel does not allow tracing */
	struct carrier_poll *poll;	   /* NULL: there is a watch, or the poll does not run yet */
	struct datapath_features features; /* what this kernel offers */
	uint64_t netns;			   /* cookie of the network namespace, 0: not known */
	char *pins, *state;		   /* folders: of the pins in bpffs, and of what is kept over reboots */
	bool starting;			   /* the configuration file is applied for the first time: a port that cannot
					    * join does not keep its lagg from running */
	char left[XLAGG_SENTENCE_MAX];	   /* the first thing that a transaction could not put back */
	bool orphans;			   /* devices with a lagg's mark could not be put back or removed */
	bool changing;			   /* a transaction runs: what it has done so far is not yet a configuration */
};

#endif
