/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One lagg: ties its core, its datapath and its devices together. Everything in agent/lagg/ runs in one thread. */
#ifndef LAGG_LAGG_H
#define LAGG_LAGG_H

#include "core/core.h"
#include "ctl/ctl.h"
#include "lagg/host.h"
#include "lagg/state.h"
#include "sys/clock.h"
#include "sys/log.h"

#define UPKEEP_PROPERTIES 10 /* properties of a port's device that upkeep.c puts back */

#define TAKEN_OPTIONS_MAX 1024 /* octets of a bond's options as a text, and its NUL */

/* How often something had to be put back lately, and until when it is left alone (fight.c). Times are monotonic. */
struct upkeep_fight {
	uint32_t times;
	uint64_t since_ns, leave_until_ns;
};

/* A port of a running lagg. Its configuration is lagg->model.port[...] of the same name. */
struct lagg_port {
	bool used;
	char name[XLAGG_NAME_MAX];
	int ifindex;			/* 0: the device is absent or could not be set up */
	int candidate;			/* the device that could not be set up, or 0 */
	char elsewhere[XLAGG_NAME_MAX]; /* the name that an absent device has where it is now, not yet the port's */
	struct device device;		/* as last read, if ifindex is not 0 */
	struct core_link link;		/* as the core was told last */
	uint32_t lost;			/* the datapath's loss counter up to which the core knows */
	uint32_t losses;		/* the device's own counter (struct device), likewise */
	uint64_t settled_ns;		/* monotonic: a loss until then is a consequence of our own change */
	struct xlagg_lacp lacp, lacp_pinned; /* LACP state for the next agent: present, and as last pinned */
	uint64_t deaf_until_ns;		     /* slow-protocol frames from before this monotonic time are stale */
	char refused[XLAGG_SENTENCE_MAX];    /* why an existing device cannot be a port, or empty */
	uint32_t refusals;		     /* how often in a row the device refused a change */
	uint64_t retry_ns;		     /* monotonic time at which a refused device is tried again */
	uint64_t check_ns;		     /* monotonic time at which upkeep.c checks it next; 0: at once */
	char notice[XLAGG_SENTENCE_MAX];     /* a notice for people about a port in use, or empty */
	char bypassed[XLAGG_SENTENCE_MAX];   /* which filters of others see none of its frames, or empty (filters.c) */
	struct upkeep_fight fight[UPKEEP_PROPERTIES]; /* over these properties */
	struct upkeep_fight hook_fight;		      /* over its programs */
	struct upkeep_fight order_fight;	      /* over which program comes last */
	bool detached;				      /* its programs are not attached */
};

/* A device that was a port and could not be put back yet (rest.c). Its undo record is that of the slot. */
struct lagg_rest {
	bool attached;		      /* programs may still be attached to it */
	bool away;		      /* it is not here, and the other namespaces could not be searched (leave.c) */
	uint8_t mac[6];		      /* its MAC when it went away */
	int netns;		      /* 1 more than our number for the namespace that it went to, 0: not known */
	uint32_t tries;		      /* tries so far */
	uint64_t retry_ns;	      /* monotonic time of the next try */
	char why[XLAGG_SENTENCE_MAX]; /* what remains to be put back, and why */
};

/* MAC and MTU, which the lagg's device and its ports have in common. */
struct looks {
	uint8_t mac[6]; /* of the lagg's device and, except with own_macs, of its ports */
	uint32_t mtu;
	bool own_macs; /* mac active: each port has its own MAC, and the lagg's device has that of the port in use */
};

/* The settings of the lower end that are put back. */
enum lower_property { LOWER_NAME, LOWER_ALIAS, LOWER_MASTER, LOWER_MTU, LOWER_IPV6, LOWER_PROPERTIES };

struct lagg {
	struct lagg_host *host;
	struct xlagg_model model; /* the configuration that is applied now */
	char folder[512];	  /* its folder of pins */
	uint32_t seed;		  /* of the flow hash */
	struct looks looks;
	int ifindex, lower_ifindex; /* of its device and of the lower end */
	enum xlagg_device device;
	uint8_t bond_mode;   /* of its device, if that is a bond: BOND_MODE_* */
	uint8_t bond_policy; /* likewise: BOND_XMIT_POLICY_* */
	bool direct;	     /* the transmit programs redirect at once (tx-path direct) */
	bool idle;	     /* its device is a bond that is not taken yet, or is being given back */
	bool promisc;	     /* the lagg's device is promiscuous, so the ports are, too */
	bool macs_above;     /* devices on top of its device have MACs of their own */
	bool vlans;	     /* there are VLANs on top of its device */
	bool vlans_seen;     /* the same, found so far while all devices are being listed */
	bool ending;	     /* it is being taken down */
	bool returning;	     /* a change was refused, and it is being changed back: what fails is done again */
	bool astray;	     /* its own device is perhaps not yet as before a refused change */
	bool clock_failed;   /* the kernel's clock for its LACP could not be started, which was logged */
	uint32_t next_order; /* order of the next port that is added */
	bool carrier;	     /* carrier as the core wants it */
	struct core *core;
	struct core_effects fx;		/* effects of the inputs being handled; only inputs.c and effects.c use it */
	uint32_t inputs;		/* how many inputs are being handled, one inside another */
	bool unpublished;		/* the core's table could not be published */
	uint32_t mac_owed;		/* its device still has to take the MAC of this port; XLAGG_NO_PORT: of none */
	bool unsaved;			/* its record could not be pinned */
	bool carrying_out;		/* effects are being carried out */
	struct xlagg_event failover;	/* a failover whose gap is awaited (gap.c); type 0: none */
	uint64_t failover_until_ns;	/* monotonic time until which it waits */
	uint64_t failover_told_ns;	/* monotonic time at which the last failover was reported */
	uint64_t check_ns;		/* monotonic time at which upkeep.c checks its own devices next; 0: at once */
	uint64_t deadline_ns;		/* monotonic time at which the core has to run next, or CORE_NEVER */
	struct upkeep_fight hook_fight; /* over the programs of its own device */
	struct upkeep_fight pin_fight;	/* over its pins */
	struct upkeep_fight lower_fight[LOWER_PROPERTIES]; /* over the settings of its lower end */
	bool detached;					   /* the programs of its own device are not attached */
	bool unpinned;					   /* its pins are missing and cannot be made */
	bool hides_from_xdp;				   /* somebody's XDP program on its device sees nothing */
	bool stale_neighbours;	   /* its bond has yet to forget those of before it lost carrier */
	uint64_t slave_retry_ns;   /* of a bond that was taken: monotonic time before which no slave is tried again */
	struct xlagg_model *whole; /* likewise: its configuration before others took out slaves; NULL: they did not */
	uint64_t whole_ns;	   /* monotonic time at which they took out the last */
	uint64_t excused_ns;	   /* monotonic time until which others are not blamed for what differs (fight.h) */
	uint64_t hooks_ns;	   /* monotonic time of the next close check by hooks.c; 0: at once */
	bool settling;		   /* it was adopted just now: what differs, differs since no agent ran */
	uint64_t away_ns;	   /* how long it had been without an agent when it was adopted, ns; 0: it was not */
	struct xlagg_failover_counters failovers; /* those reported so far (gap.c) */
	char bond_options[TAKEN_OPTIONS_MAX];	  /* of a bond that was taken, as last read; empty: not yet */
	struct datapath *dp;
	sd_event_source *frames_source;		/* readable: control frames wait */
	char notice[XLAGG_SENTENCE_MAX];	/* a notice for people about a lagg that works, or empty */
	struct lagg_port port[XLAGG_MAX_PORTS]; /* index: slot */
	struct lagg_rest rest[XLAGG_MAX_PORTS]; /* index: slot */
	uint8_t probe_mac[XLAGG_MAX_PORTS][6];	/* the MAC that only link probes come from, as told to the programs */
	struct xlagg_saved saved;		/* the record, as pinned */
	struct state origin;			/* what the state folder had when the lagg was made */
	bool unproven;				/* its MAC is from there and may be another machine's */
	bool unstored;				/* saved.kept is not in the state folder yet */
	uint32_t store_failures;		/* how often in a row writing it there failed */
	uint64_t store_ns;			/* monotonic time of the next try after that */
};

/* Creates the device and the datapath of a lagg that has no ports yet. The caller adds it to the running ones and then
 * calls lagg_start(). On failure nothing remains. */
int lagg_make(struct lagg_host *host, const struct xlagg_model *model, struct lagg **ret,
	      char sentence[XLAGG_SENTENCE_MAX]);
/* Applies the configuration to a lagg that was just created. On failure the caller takes it down. */
int lagg_start(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Ends LACP and puts the ports back, as the first part of lagg_take_down(), which follows. */
void lagg_stop(struct lagg *lagg);
/* Takes the lagg down: puts its ports back, removes its device and its pins. Its file in the state folder stays.
 * Returns 0, or -errno if something could not be put back: then lagg->saved, which is also pinned, says what. The
 * caller frees the lagg in either case. */
int lagg_take_down(struct lagg *lagg);
/* Returns an instance without devices and datapath. `saved`: the record of a lagg that is adopted; NULL: it is a new
 * one. Returns NULL without memory. */
struct lagg *lagg_new(struct lagg_host *host, const struct xlagg_model *model, const struct xlagg_saved *saved);
/* Frees the instance. The lagg goes on forwarding by what is pinned. */
void lagg_free(struct lagg *lagg);

/* Returns what the lagg's programs have to know. */
void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret);
/* Whether transmit programs redirect at once: tx-path direct, which exists on a veth or a bond with the tc profile. */
bool lagg_wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device);

#endif
