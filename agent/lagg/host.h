/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What all laggs of an agent share, and the calls by which a lagg reports what concerns more than itself. The agent
 * (the storey above) fills this in, so that nothing in agent/lagg/ needs to know the agent. */
#ifndef LAGG_HOST_H
#define LAGG_HOST_H

#include <systemd/sd-event.h>

#include "sys/carrier_poll.h"
#include "sys/datapath/datapath.h"
#include "sys/datapath/watch.h"
#include "sys/netlink/netlink.h"

struct lagg;
struct lagg_host;

/* The calls that a lagg makes. */
struct lagg_host_calls {
	/* Reports an event to subscribers. */
	void (*event)(struct lagg_host *host, const struct xlagg_event *event);
	/* A lagg has to run at this monotonic time (its deadline_ns). */
	void (*deadline)(struct lagg_host *host, uint64_t deadline_ns);
	/* The list of ports whose carrier has to be polled changed. */
	void (*ports)(struct lagg_host *host);
	/* Called between the steps of long work: lets all laggs handle LACP, and the heartbeat beat, if that is due. */
	void (*breathe)(struct lagg_host *host);
	/* A device that was just read has another name than the lagg or the port that has it. */
	void (*renamed)(struct lagg_host *host, const struct device *device);
	/* Whether a running lagg already has this number (xlagg_kept.number). */
	bool (*number_in_use)(const struct lagg_host *host, uint32_t number);
	/* Returns the name of the running lagg that has this device (port, own device or lower end), or NULL. */
	const char *(*lagg_of_device)(const struct lagg_host *host, int ifindex);
	/* Whether a running lagg other than `lagg` has this MAC, or keeps it for mac auto. */
	bool (*mac_in_use)(const struct lagg_host *host, const uint8_t mac[6], const struct lagg *lagg);
	/* Puts a device back that could not be put back earlier, after it had been a port. Returns 1 if that was done,
	 * 0 if there is nothing to put back, or -errno with a sentence. */
	int (*settle)(struct lagg_host *host, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
	/* Returns the own MAC of a device that is a port of a running lagg; false if it is not one. */
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
	uint64_t netns;			   /* cookie of the network namespace, 0: unknown */
	char *pins, *state;		   /* folders: of the pins in bpffs, and of what is kept over reboots */
	bool starting;			   /* start: a port that cannot join is left out, and its lagg is made */
	char warning[XLAGG_SENTENCE_MAX];  /* the first thing of which a transaction has to warn, or empty */
	char left[XLAGG_SENTENCE_MAX];	   /* the first thing that a transaction could not put back */
	bool orphans;			   /* devices with a lagg's mark have to be put back or removed */
	bool changing;			   /* a transaction runs: its configuration is not recorded yet */
};

#endif
