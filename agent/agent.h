/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The agent: the running configuration and, for each lagg of it, an instance that ties core and adapters together.
 * Everything here runs in one thread, in the event loop of main.c; the carrier poll (poll.c) alone has its own.
 */
#ifndef AGENT_H
#define AGENT_H

#include <systemd/sd-event.h>

#include "core/core.h"
#include "ctl/ctl.h"
#include "sys/datapath.h"
#include "sys/frames.h"
#include "sys/log.h"
#include "sys/netlink.h"
#include "sys/port.h"

#define AGENT_HEARTBEAT_NS 250000000ull /* the kernel takes the agent for dead after four of these */
#define AGENT_NICE -15
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

struct agent;
struct server;
struct poll;

/* A port of a running lagg. Its configuration is lagg->model.port[...] of the same name. */
struct port {
	bool used;
	char name[XLAGG_NAME_MAX];
	int ifindex;			     /* 0: the device is absent or could not be set up */
	struct device device;		     /* as last seen, where ifindex is not 0 */
	struct core_link link;		     /* as last given to the core */
	uint32_t lost;			     /* the loss counter up to which the core knows */
	uint32_t link_failures;		     /* losses of carrier since the port was added */
	struct xlagg_lacp lacp, lacp_pinned; /* for the next agent: as it is, and as it was pinned last */
	char refused[XLAGG_SENTENCE_MAX];    /* why a present device is no port, or empty */
};

struct lagg {
	struct agent *agent;
	struct xlagg_model model; /* what is applied now */
	uint32_t number;	  /* for automatic LACP keys */
	uint32_t seed;		  /* of the flow hash */
	uint8_t mac[6];		  /* of the lagg's device and ports */
	uint32_t mtu;
	int ifindex, lower_ifindex;
	enum xlagg_device device;
	bool direct;		     /* tx-path in use */
	bool promisc;		     /* the lagg's device is promiscuous: so are the ports */
	uint32_t next_order;	     /* of the next port that is added */
	uint64_t flaps, last_change; /* losses of carrier; monotonic time of its last change */
	bool carrier;
	struct core *core;
	struct core_effects fx; /* of the input that is being handled */
	struct datapath *dp;
	sd_event_source *slow_source;
	struct port port[XLAGG_MAX_PORTS]; /* index: slot */
	struct xlagg_saved saved;	   /* as pinned */
};

struct agent {
	sd_event *event;
	sd_event_source *timer, *heartbeat;
	struct netlink *nl;
	struct server *server;
	struct poll *poll;
	struct datapath_features features;
	int packet_fd;
	const char *file, *pins, *state, *socket;
	bool file_must_exist; /* -f was given */
	bool no_adopt, no_tracing;
	uint64_t start_realtime;
	uint64_t heartbeat_ns; /* monotonic time of the last one */
	uint32_t adopted, fresh;
	struct ctl_model model; /* the running configuration */
	struct lagg *lagg[XLAGG_MAX_LAGGS];
	uint32_t laggs;
};

/* --- main.c --- */
uint64_t agent_now(void);      /* CLOCK_MONOTONIC, ns */
uint64_t agent_realtime(void); /* CLOCK_REALTIME, ns */
uint64_t agent_to_realtime(uint64_t monotonic);
/* Sets the timer to the earliest deadline of all cores. After every input. */
void agent_arm(struct agent *agent);

/* --- identity.c: what a lagg keeps over restarts and reboots --- */
/* Finds the lagg's MAC by option mac, and its hash seed: as kept in the state folder, else chosen now and kept. `mac`
 * holds the present one (zero: none yet), which stays where nothing says otherwise. */
int identity_choose(struct agent *agent, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX]);
void identity_forget(struct agent *agent, const char *lagg);
int mac_parse(const char *text, uint8_t ret[6]); /* -EINVAL: not six pairs of hexadecimal digits with colons */

/* --- lagg.c: one lagg's life --- */
int lagg_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		char sentence[XLAGG_SENTENCE_MAX]);
/* Takes the lagg down: ports and devices as they were, nothing pinned. */
void lagg_destroy(struct lagg *lagg);
/* Lets go of it and leaves it forwarding. */
void lagg_release(struct lagg *lagg);
/* Makes the running lagg what `to` says; only what differs is touched. On failure it is what it got to. */
int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
/* Carries out the effects of an input; `lost` as read before that input's facts were looked at. */
void lagg_effects(struct lagg *lagg, const uint32_t lost[XLAGG_MAX_PORTS]);
void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret);
/* An instance without devices and datapath, and its end. */
struct lagg *lagg_new(struct agent *agent, const struct xlagg_model *model);
void lagg_free(struct lagg *lagg);
int lagg_watch_slow(struct lagg *lagg);
void lagg_folder(const struct agent *agent, const char *name, char ret[512]);
/* Applies MAC, MTU and seed that `to` asks for, to the lagg's device and to its ports. */
int lagg_identity(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
int lagg_save(struct lagg *lagg);
struct lagg *lagg_find(struct agent *agent, const char *name);
void lagg_event(struct lagg *lagg, struct xlagg_event *event);
void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text);
/* The lagg's device changed by other hands: administrative state, MTU, MAC, promiscuity. */
void lagg_device_changed(struct lagg *lagg, const struct device *device);

/* --- own_device.c: the lagg's own device --- */
/* The MTU that the lagg shall have: the option's, the present one, or that of the first port. */
uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model);
int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Sets the offloads that the xdp profile needs (nothing with tc); gives them back. */
void device_assert_features(struct lagg *lagg);
void device_release_features(struct lagg *lagg);
/* Adds and removes xlagg's own addresses. */
int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);

/* --- members.c: the ports of a running lagg --- */
int member_add(struct lagg *lagg, const struct xlagg_port_model *port, char sentence[XLAGG_SENTENCE_MAX]);
void member_del(struct lagg *lagg, uint32_t slot);
/* The device of a port appeared: makes it a port. */
int member_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX]);
/* The device of a port is gone. */
void member_absent(struct lagg *lagg, uint32_t slot);
/* Looks at carrier, speed and administrative state now and tells the core. */
void member_refresh(struct lagg *lagg, uint32_t slot);
/* Its carrier is known to be gone: nothing is asked first, since the kernel answers only when RTNL is free. */
void member_lost(struct lagg *lagg, uint32_t slot);
/* MAC, MTU or promiscuity of the lagg changed. */
int member_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX]);
int member_find(const struct lagg *lagg, const char *name); /* slot or -ENOENT */
struct xlagg_port_model *member_model(struct lagg *lagg, uint32_t slot);

/* --- adopt.c: start with what is pinned --- */
void adopt_all(struct agent *agent);
/* Puts everything back that is pinned, without a running agent. 0, or the first error. */
int flush_pinned(struct agent *agent);

/* --- reconcile.c: commands and files --- */
/* Does all commands or none. *failed is the index of the one that was refused. */
int transaction_run(struct agent *agent, const struct ctl_command *commands, uint32_t count, bool check,
		    uint32_t *failed, char sentence[XLAGG_SENTENCE_MAX]);
/* Makes the running configuration that of the file. */
int reload_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);
/* At start: adds the laggs of the file that are not there. */
int start_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);

/* --- devices.c: what rtnetlink tells --- */
int devices_start(struct agent *agent);
/* Reads every device again: at start, after an overrun, and when the carrier poll saw a change. */
void devices_resync(struct agent *agent);

/* --- server.c: the control socket --- */
/* Makes sure that no other agent serves this socket: -EBUSY. Before anything else is touched. */
int server_lock(struct agent *agent);
int server_start(struct agent *agent);
void server_stop(struct agent *agent);
void server_publish(struct agent *agent, const struct xlagg_event *event);

/* --- status.c: replies --- */
struct nlmsghdr;
void status_lagg(struct lagg *lagg, struct nlmsghdr *nlh);
void status_agent(struct agent *agent, struct nlmsghdr *nlh);

/* --- poll.c: carrier where the kernel does not say at once --- */
int poll_start(struct agent *agent);
void poll_stop(struct agent *agent);
/* The ports to look at changed. */
void poll_update(struct agent *agent);

#endif
