/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One lagg: an instance that ties its core, its datapath and its devices together. Everything here runs in one thread.
 */
#ifndef LAGG_LAGG_H
#define LAGG_LAGG_H

#include "core/core.h"
#include "ctl/ctl.h"
#include "lagg/host.h"
#include "lagg/state.h"
#include "sys/clock.h"
#include "sys/log.h"

#define UPKEEP_PROPERTIES 10 /* of a port's device that others may change and upkeep.c puts back */

/* How often a property had to be put back lately, and until when it is left alone. Times are monotonic. */
struct upkeep_fight {
	uint32_t times;
	uint64_t since_ns, leave_until_ns;
};

/* A port of a running lagg. Its configuration is lagg->model.port[...] of the same name. */
struct lagg_port {
	bool used;
	char name[XLAGG_NAME_MAX];
	int ifindex;			     /* 0: the device is absent or could not be set up */
	int candidate;			     /* the device that could not be set up, or 0 */
	struct device device;		     /* as last seen, where ifindex is not 0 */
	struct core_link link;		     /* as last given to the core */
	uint32_t lost;			     /* the datapath's loss counter up to which the core knows */
	uint32_t losses;		     /* the device's, likewise (struct device) */
	uint64_t settled_ns;		     /* a loss until then follows from our own change to the device */
	struct xlagg_lacp lacp, lacp_pinned; /* for the next agent: as it is, and as it was pinned last */
	uint64_t deaf_until_ns;		     /* control frames from before this monotonic time are stale */
	char refused[XLAGG_SENTENCE_MAX];    /* why a present device is no port, or empty */
	uint32_t refusals;		     /* how often in a row the device refused a change */
	uint64_t retry_ns;		     /* monotonic time of the next look at a refused device */
	uint64_t look_ns;		     /* monotonic time at which upkeep.c compares it next; 0: at once */
	char notice[XLAGG_SENTENCE_MAX];     /* what people have to know of it although it is in use, or empty */
	struct upkeep_fight fight[UPKEEP_PROPERTIES]; /* over these */
	struct upkeep_fight hook_fight;		      /* over its programs */
	bool detached;				      /* they are not attached */
};

/* A device that could not be put back when it was no longer a port (rest.c). Its undo record is that of the slot. */
struct lagg_rest {
	bool attached;		      /* programs may still be attached to it */
	uint32_t tries;		      /* so far */
	uint64_t retry_ns;	      /* monotonic time of the next one */
	char why[XLAGG_SENTENCE_MAX]; /* what remains and why */
};

/* What a lagg looks like from outside: it and its ports alike. */
struct looks {
	uint8_t mac[6]; /* of the lagg's device and, except with own_macs, of its ports */
	uint32_t mtu;
	bool own_macs; /* mac active: each port has its own, and the lagg's device that of the port in use */
};

struct lagg {
	struct lagg_host *host;
	struct xlagg_model model; /* what is applied now */
	char folder[512];	  /* of its pins */
	uint32_t seed;		  /* of the flow hash */
	struct looks looks;
	int ifindex, lower_ifindex; /* of its device and of the lower end */
	enum xlagg_device device;
	bool direct;	     /* tx-path in use */
	bool promisc;	     /* the lagg's device is promiscuous: so are the ports */
	bool macs_above;     /* its device was told to receive other MACs than its own */
	bool vlans;	     /* it has VLANs on it */
	bool vlans_seen;     /* the same, while all devices are being listed */
	bool ending;	     /* it is being taken down */
	bool clock_failed;   /* the kernel's clock for its LACP could not be started, which was logged */
	uint32_t next_order; /* of the next port that is added */
	bool carrier;	     /* as the core wants it */
	struct core *core;
	struct core_effects fx;	     /* of the inputs that are being handled; inputs.c and effects.c alone touch it */
	uint32_t inputs;	     /* how many inputs are being handled, one within the other */
	bool unpublished;	     /* the core's table could not be published */
	bool carrying_out;	     /* effects are being carried out */
	struct xlagg_event failover; /* waits for its gap to be known (gap.c); type 0: none */
	uint64_t failover_until_ns;  /* monotonic time until which it waits */
	uint64_t failover_told_ns;   /* monotonic time at which the last one was reported */
	uint64_t look_ns;	     /* monotonic time at which upkeep.c compares its own devices next; 0: at once */
	uint64_t deadline_ns;	     /* monotonic time at which the core has to run next, or CORE_NEVER */
	struct upkeep_fight hook_fight; /* over the programs of its own device */
	struct upkeep_fight pin_fight;	/* over its pins */
	bool detached;			/* the programs of its own device are not attached */
	bool unpinned;			/* its pins are missing and cannot be made */
	uint64_t hooks_ns;		/* monotonic time at which hooks.c looks more closely next; 0: at once */
	struct datapath *dp;
	sd_event_source *frames_source;		/* readable: control frames wait */
	char notice[XLAGG_SENTENCE_MAX];	/* what people have to know of it although it works, or empty */
	struct lagg_port port[XLAGG_MAX_PORTS]; /* index: slot */
	struct lagg_rest rest[XLAGG_MAX_PORTS]; /* index: slot */
	uint8_t probe_mac[XLAGG_MAX_PORTS][6];	/* the MAC that only link probes come from, as the programs know it */
	struct xlagg_saved saved;		/* as pinned */
	struct state origin;			/* what the state folder had when the lagg was made */
	bool unproven;				/* its MAC is from there, and perhaps from another machine */
	bool unstored, store_failed;		/* the state folder does not have saved.kept, and could not take it */
};

/*
 * Makes the device and the datapath of a lagg that has no ports yet. The caller adds it to the running ones and then
 * calls lagg_start(). On failure nothing is left.
 */
int lagg_make(struct lagg_host *host, const struct xlagg_model *model, struct lagg **ret,
	      char sentence[XLAGG_SENTENCE_MAX]);
/* Changes a lagg that was just made into the configured one. On failure the caller takes it down. */
int lagg_start(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Takes the lagg down: ports and devices as they were, nothing pinned. What the state folder keeps of it stays. Returns
 * 0, or -errno if something could not be put back: then lagg->saved, which is also pinned, says what. The caller frees
 * the lagg in any case. */
int lagg_take_down(struct lagg *lagg);
/* An instance without devices and datapath, which goes on as `saved` (NULL: it is new) says. NULL: no memory. */
struct lagg *lagg_new(struct lagg_host *host, const struct xlagg_model *model, const struct xlagg_saved *saved);
/* Frees the instance and leaves the lagg forwarding. */
void lagg_free(struct lagg *lagg);

/* What the lagg's programs have to know. */
void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret);
/* Whether transmit programs redirect at once: tx-path direct, which exists on a veth with the tc profile only. */
bool lagg_wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device);

#endif
