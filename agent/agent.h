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
#include "sys/carrier_poll.h"
#include "sys/clock.h"
#include "sys/datapath/datapath.h"
#include "sys/datapath/watch.h"
#include "sys/frames/frames.h"
#include "sys/log.h"
#include "sys/netlink/netlink.h"
#include "sys/port.h"

#define AGENT_HEARTBEAT_NS 250000000ull /* the kernel takes the agent for dead after four of these */
#define AGENT_LOOK_NS 1000000000ull
#define AGENT_NICE (-15)

struct agent;
struct server;

/* A port of a running lagg. Its configuration is lagg->model.port[...] of the same name. */
struct lagg_port {
	bool used;
	char name[XLAGG_NAME_MAX];
	int ifindex;			     /* 0: the device is absent or could not be set up */
	struct device device;		     /* as last seen, where ifindex is not 0 */
	struct core_link link;		     /* as last given to the core */
	uint32_t lost;			     /* the loss counter up to which the core knows */
	struct xlagg_lacp lacp, lacp_pinned; /* for the next agent: as it is, and as it was pinned last */
	uint64_t deaf_until_ns;		     /* control frames that came before are of no use: monotonic time */
	char refused[XLAGG_SENTENCE_MAX];    /* why a present device is no port, or empty */
	uint32_t refusals;		     /* how often in a row the device refused a change */
	uint64_t retry_ns;		     /* monotonic time of the next look at a refused device */
};

/* What a lagg looks like from outside: it and its ports alike. */
struct looks {
	uint8_t mac[6]; /* of the lagg's device and, but for `own_macs`, of its ports */
	uint32_t mtu;
	bool own_macs; /* mac active: each port has its own, and the lagg's device that of the port in use */
};

struct lagg {
	struct agent *agent;
	struct xlagg_model model; /* what is applied now */
	uint32_t number;	  /* for automatic LACP keys */
	uint32_t seed;		  /* of the flow hash */
	struct looks looks;
	int ifindex, lower_ifindex;
	enum xlagg_device device;
	bool direct;	     /* tx-path in use */
	bool promisc;	     /* the lagg's device is promiscuous: so are the ports */
	bool vlans;	     /* it has VLANs on it */
	bool ending;	     /* it is being taken down */
	bool clock_failed;   /* its clock could not be set going, which has been told */
	uint32_t next_order; /* of the next port that is added */
	bool carrier;
	struct core *core;
	struct core_effects fx;	     /* of the input that is being handled */
	struct xlagg_event failover; /* that waits to be told (gap.c); type 0: none */
	uint64_t failover_until_ns;  /* monotonic time until which it does */
	uint64_t failover_told_ns;   /* and at which the last one was told */
	uint64_t deadline_ns;	     /* monotonic time at which the core has to run next, or CORE_NEVER */
	struct datapath *dp;
	sd_event_source *slow_source;
	struct lagg_port port[XLAGG_MAX_PORTS]; /* index: slot */
	uint8_t probe_mac[XLAGG_MAX_PORTS][6];	/* what probes alone come from, as the programs know; zero: nothing */
	struct xlagg_saved saved;		/* as pinned */
};

struct agent {
	sd_event *event;
	sd_event_source *timer, *heartbeat, *look;
	struct netlink *nl;
	struct server *server;
	struct carrier_poll *poll; /* NULL: there is a watch, or it does not run yet */
	struct watch *watch;	   /* NULL: this kernel does not allow tracing */
	struct datapath_features features;
	int packet_fd;
	const char *file;
	char *pins, *state, *socket;
	bool file_must_exist; /* -f was given */
	bool no_adopt, no_tracing;
	uint64_t start_realtime;
	uint64_t heartbeat_ns; /* monotonic time of the last one */
	uint32_t clocks;       /* counts the looks at laggs' clocks */
	uint32_t adopted, fresh;
	bool changing;				/* a transaction runs: what it has done so far is no configuration */
	struct lagg *lagg[2 * XLAGG_MAX_LAGGS]; /* within a transaction those that come and those that go */
	uint32_t laggs;
};

/* --- main.c --- */
/* Sets the timer to the earliest deadline of all laggs. */
void agent_arm(struct agent *agent);

/* --- lagg/identity.c: what a lagg keeps over restarts and reboots --- */
/* Finds the lagg's MAC by option mac, and its hash seed: as kept in the state folder, else chosen now and kept. `mac`
 * holds the present one (zero: none yet), which stays where nothing says otherwise. */
int identity_choose(struct agent *agent, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* The number that tells the lagg from others in automatic LACP keys: N of laggN where it is free. */
uint32_t identity_number(struct agent *agent, const char *lagg);
/* From now on option mac "auto" means this MAC. */
void identity_keep_mac(struct agent *agent, const char *lagg, const uint8_t mac[6]);
bool identity_exists(const struct agent *agent, const char *lagg);
int identity_rename(struct agent *agent, const char *from, const char *to);
void identity_forget(struct agent *agent, const char *lagg);

/* --- lagg/lagg.c: one lagg's life --- */
int lagg_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		char sentence[XLAGG_SENTENCE_MAX]);
/* Takes the lagg down: ports and devices as they were, nothing pinned. What identity.c keeps stays. */
void lagg_destroy(struct lagg *lagg);
/* Lets go of it and leaves it forwarding. */
void lagg_release(struct lagg *lagg);
/* Its device has another name by now: so has the lagg. Where that cannot be, the device gets its name back. */
void lagg_rename(struct lagg *lagg, const char *name);
void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret);
/* The tx path in use: `direct` exists on a veth with the tc profile only. */
bool lagg_wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device);
/* An instance without devices and datapath, and its end. */
struct lagg *lagg_new(struct agent *agent, const struct xlagg_model *model);
void lagg_free(struct lagg *lagg);
struct lagg *lagg_find(struct agent *agent, const char *name);

/* --- lagg/record.c: what is pinned --- */
/* The lagg's folder of pins, and the lagg of such a folder's name. */
void record_folder(const struct agent *agent, const char *name, char ret[512]);
void record_folder_to_name(const char *folder, char ret[XLAGG_NAME_MAX]);
/* Pins the configuration and the undo records, for whoever comes next; within a transaction the records alone: if the
 * agent dies on the way, the configuration is the one before, and of a lagg that was being made there is none. */
int record_save(struct lagg *lagg);
/* Removes what a lagg that was never finished left pinned in `folder`, if it did. */
void record_clear(const char *folder);
/* Whether this folder is a lagg's and not another namespace's, which has folders in it. */
bool record_is_folder(const char *folder);
/* The record in a lagg's folder, to be freed by the caller; NULL: it cannot be read. Undo records that cannot be are
 * dropped from it. */
struct xlagg_saved *record_read(struct agent *agent, const char *name, const char *folder);
/* Whether version and lengths are as they must be: 0 or -EPROTO. */
int record_check(const struct xlagg_saved *saved);
/* The configuration in it, as a model. */
int record_decode(const struct xlagg_saved *saved, const char *name, struct xlagg_model *ret,
		  char sentence[XLAGG_SENTENCE_MAX]);

/* --- lagg/change.c: another configuration --- */
/* Makes the running lagg what `to` says, or leaves it what it was; only what differs is touched. */
int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
/* The ports that `to` has no more are retired (see lagg_port_retire); gives whether traffic may be under way to one. */
bool lagg_retire_ports(struct lagg *lagg, const struct xlagg_model *to);
void lagg_remove_ports(struct lagg *lagg, const struct xlagg_model *to);
/* What the lagg shall look like, and its hash seed. */
int lagg_wanted_looks(struct lagg *lagg, const struct xlagg_model *model, struct looks *looks, uint32_t *seed,
		      char sentence[XLAGG_SENTENCE_MAX]);
bool lagg_wants_own_macs(const struct xlagg_lagg_conf *conf);
/* Gives these looks to the lagg's device and its ports: to all of them, or it is as before. */
int lagg_look(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX]);
/* Makes the devices of all ports what the lagg wants. 0, or the first error. */
int lagg_adjust_ports(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether the ports shall take every frame, since the lagg's device does, and those of VLANs above it. */
void lagg_let_in(struct lagg *lagg, bool promisc, bool vlans);
/* The lagg's device changed by other hands: name, administrative state, MTU, MAC, promiscuity. */
void lagg_device_changed(struct lagg *lagg, const struct device *device);

/* --- lagg/effects.c: what the core asks for --- */
/* Carries out the effects of the input before. */
void lagg_effects(struct lagg *lagg);
/* Makes the lagg's device and its programs say what lagg->carrier says. */
void lagg_assert_carrier(struct lagg *lagg);
int lagg_watch_slow(struct lagg *lagg);
/* Hands the core the control frames that wait. */
void lagg_read_slow(struct lagg *lagg);
void lagg_event(struct lagg *lagg, struct xlagg_event *event);
void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text);

/* --- lagg/probes.c: link probes --- */
/* Whether the options ask for any. */
bool probe_wanted(const struct xlagg_lagg_conf *conf);
/* The addresses in option probe. */
uint32_t probe_targets(const struct xlagg_lagg_conf *conf);
/* How often a port may get an answer, for the programs; 0: never. */
uint32_t probe_limit_us(const struct xlagg_lagg_conf *conf);
/* Sends a probe to every target on a port, from that MAC. */
void probe_send(struct lagg *lagg, uint32_t slot, const uint8_t mac[6]);
/* The port is none any more: what it probed from is any MAC again. */
void probe_forget(struct lagg *lagg, uint32_t slot);
/* That MAC is about to be the lagg's: frames to it are no longer for probes alone. */
void probe_yield(struct lagg *lagg, const uint8_t mac[6]);
/* What a port got in answer, as far as it is one; what follows is in lagg->fx. */
void probe_receive(struct lagg *lagg, uint32_t slot, const uint8_t *frame, uint32_t len);

/* --- lagg/gap.c: how long a failover took --- */
/* Tells that event as soon as its gap is known, or cannot be. */
void gap_await(struct lagg *lagg, const struct xlagg_event *failover);
void gap_run(struct lagg *lagg, uint64_t now);
uint64_t gap_deadline(const struct lagg *lagg, uint64_t now); /* of gap_run(), or CORE_NEVER */

/* --- lagg/device.c: the lagg's own device --- */
/* The MTU that the lagg shall have: the option's, the present one, or that of the first port. */
uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model);
int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* The ifalias of the lower end of the lagg `name`. */
void device_lower_mark(const char *name, char ret[64]);
/* Gives the lower end the name and the mark that go with the lagg's name. */
int device_name_lower(struct lagg *lagg, const char *name);
bool device_has_vlans(const struct lagg *lagg);
/* Sets the offloads that the xdp profile needs (nothing with tc); gives them back. */
void device_assert_features(struct lagg *lagg);
void device_release_features(struct lagg *lagg);
/* Adds and removes xlagg's own addresses. */
int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);

/* --- lagg/ports.c: the ports of a running lagg --- */
int lagg_port_add(struct lagg *lagg, const struct xlagg_port_model *port, char sentence[XLAGG_SENTENCE_MAX]);
/* Before it is removed: what goes over the port goes elsewhere, and the far end is told, while the port still receives.
 * Gives whether it carried traffic. */
bool lagg_port_retire(struct lagg *lagg, uint32_t slot);
void lagg_port_del(struct lagg *lagg, uint32_t slot);
/* The device of a port appeared: makes it a port. */
int lagg_port_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX]);
/* The device of a port is gone. */
void lagg_port_absent(struct lagg *lagg, uint32_t slot);
/* The device of a port has another name by now. */
void lagg_port_rename(struct lagg *lagg, uint32_t slot, const char *name);
/* Looks at carrier, speed and administrative state now and tells the core. `detected`: who gave cause to look. */
void lagg_port_refresh(struct lagg *lagg, uint32_t slot, enum xlagg_detected detected);
/* Its carrier is known to be gone: nothing is asked first, since the kernel answers only when RTNL is free. */
void lagg_port_lost(struct lagg *lagg, uint32_t slot, enum xlagg_detected detected);
/* Makes the port's device what the lagg wants; also after someone else changed it. */
int lagg_port_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX]);
int lagg_port_find(const struct lagg *lagg, const char *name); /* slot or -ENOENT */
struct xlagg_port_model *lagg_port_model(struct lagg *lagg, uint32_t slot);

/* --- adopt.c: start with what is pinned --- */
void adopt_all(struct agent *agent);
/* Puts everything back that is pinned, without a running agent. 0, or the first error. */
int flush_pinned(struct agent *agent);

/* --- orphans.c: devices that bear a lagg's mark and have none --- */
/* Removes laggs' devices and frees ports, as far as is known what they were: of the lagg `name`, or, where that is
 * NULL, of all that are not running. */
void orphans_put_back(struct agent *agent, const char *name);

/* --- lagg/headless.c: LACP while no agent runs --- */
/* Has the kernel's clock run where LACP needs one. Again: it goes on. */
void headless_clock(struct lagg *lagg);
/* Somebody may have stopped a clock: each time one lagg's is set going again, so that many cost no more than one. */
void headless_look(struct agent *agent);
/* Brings the pinned record of a port, in port->lacp, up to what the kernel has done since it was written. */
void headless_adopt(struct lagg *lagg, uint32_t slot);
/* How often the kernel has taken the port out of LACP's accord since this was asked last. */
uint32_t headless_outs(struct lagg *lagg, uint32_t slot);
/* It did: LACP starts anew. The effects are in lagg->fx. */
void headless_restart(struct lagg *lagg, uint32_t slot);
/* A sign of life to the kernel. If it comes so late that the kernel stood in, also takes note of what that did, before
 * time or what waits has any effect. */
void headless_beat(struct agent *agent);

/* --- transaction.c: commands and files --- */
/* Does all commands or none. *failed is the index of the one that was refused. Names of devices in them are replaced
 * by the ones under which the kernel lists them. */
int transaction_run(struct agent *agent, struct ctl_command *commands, uint32_t count, bool check, uint32_t *failed,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* --- file.c: the configuration file --- */
/* Makes the running configuration that of the file. */
int reload_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);
/* At start: adds the laggs of the file that are not there. */
int start_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);

/* --- laggs.c: the running laggs --- */
/* The running configuration, to be freed by the caller; NULL: no memory. */
struct ctl_model *laggs_model(const struct agent *agent);
/* Puts the running laggs into the order of `model`; those that it does not name go last. */
void laggs_order(struct agent *agent, const struct ctl_model *model);

/* --- devices.c: what rtnetlink tells --- */
int devices_start(struct agent *agent);
/* Polls the carrier of all ports from now on, where there is no watch. */
int devices_start_poll(struct agent *agent);
/* The ports to be polled changed. */
void devices_update_poll(struct agent *agent);
/* Reads every device again: at start, after an overrun, and when the carrier poll saw a change. */
void devices_resync(struct agent *agent);
/* The device of a port is now so: name, link, and what is the lagg's to choose. */
void devices_port_changed(struct lagg *lagg, uint32_t slot, const struct device *device);
/* Looks at what no event tells: every AGENT_LOOK_NS. */
void devices_look(struct agent *agent);

/* --- server.c: the control socket --- */
/* Makes sure that no other agent serves this socket: -EBUSY. Before anything else is touched. */
int server_lock(struct agent *agent);
int server_start(struct agent *agent);
void server_stop(struct agent *agent);
void events_publish(struct agent *agent, const struct xlagg_event *event);

/* --- status.c: replies --- */
struct nlmsghdr;
void status_lagg(struct lagg *lagg, struct nlmsghdr *nlh);
void status_agent(struct agent *agent, struct nlmsghdr *nlh);

#endif
