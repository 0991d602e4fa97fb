/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The core: protocol and policy of one lagg. It does no I/O, reads no clock, allocates nothing and has no globals.
 * Inputs are functions that take the time as an argument. Outputs are effects, which are appended to a list that the
 * caller passes in, and struct core_output. Times are nanoseconds of any monotonic clock. A port is named by its slot,
 * 0..XLAGG_MAX_PORTS-1.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/ctl.h"

#define CORE_NEVER UINT64_MAX /* "no deadline" */
#define CORE_MAX_EFFECTS 256  /* more than any one input can cause */
#define CORE_FRAME_LEN 124    /* octets of a LACPDU or Marker frame, without FCS */

enum core_effect_kind {
	CORE_SEND,     /* send `frame` (CORE_FRAME_LEN octets) on `slot` */
	CORE_PUBLISH,  /* core->out changed: publish the table and the port states */
	CORE_CARRIER,  /* the lagg's carrier is now core->out.carrier */
	CORE_EVENT,    /* report `event`; the caller fills in time_ns and lagg */
	CORE_ANNOUNCE, /* send gratuitous ARP and unsolicited NA once (peer-notify) */
	CORE_REJOIN,   /* send IGMP and MLD reports once (mcast-rejoin) */
	CORE_MAC,      /* mac active: the lagg is to take the MAC of `slot` */
	CORE_MOVES,    /* read how far the moves of buckets are, and call core_moves() */
	CORE_SAMPLE,   /* read what each port has sent and lost, and call core_sample() */
	CORE_LOADS,    /* read what was sent by each bucket, and call core_loads() */
	CORE_PROBE,    /* send a link probe to every target (core_probe_targets) on `slot`, from the MAC `mac` */
};

struct core_effect {
	enum core_effect_kind kind;
	uint32_t slot;
	union {
		uint8_t frame[CORE_FRAME_LEN];
		struct xlagg_event event;
		uint8_t mac[6];
	};
};

/* The caller empties it (count = 0) before each input. */
struct core_effects {
	uint32_t count;
	struct core_effect list[CORE_MAX_EFFECTS];
};

/*
 * What the datapath is to do: the caller reads this after CORE_PUBLISH or CORE_CARRIER. A port within down-delay keeps
 * its buckets and its place in `order`, but is not live. In failover `order` begins with the active port, all buckets
 * lead to that port, and every port in service collects: the datapath accepts frames on the first live port of `order`.
 */
struct core_output {
	struct xlagg_table table;	 /* the core counts the generation */
	bool live[XLAGG_MAX_PORTS];	 /* policy allows the port to carry frames, and as far as is known it can */
	uint32_t flags[XLAGG_MAX_PORTS]; /* enum xlagg_port_flag */
	bool carrier;			 /* of the lagg */
	/* Buckets that leave a live port move to that of the table without overtaking a frame: the entries of map
	 * `moves` that the agent writes. until_ns 0: the bucket does not move. */
	struct xlagg_move move[XLAGG_BUCKETS];
};

/* A port's link as the kernel reports it. */
struct core_link {
	bool present;  /* the device exists */
	bool admin_up; /* IFF_UP */
	bool carrier;
	bool ordered;	 /* if the link is lost now: the caller changed the device, so that this is no failure */
	bool fifo;	 /* frames leave the device in the order in which they are handed to it */
	bool detached;	 /* the datapath's programs are not attached where the port needs them: it carries nothing */
	uint32_t speed;	 /* Mb/s, 0: unknown */
	uint32_t duplex; /* enum xlagg_duplex */
	uint8_t mac[6];	 /* the port's own (permanent) MAC: source address of slow-protocol frames */
	enum xlagg_detected detected; /* who noticed the present state of the link first */
};

/* An address that link probes ask for. */
struct core_target {
	uint8_t version;     /* IP version: 4 or 6 */
	uint8_t address[16]; /* network byte order; IPv4 in the first four octets, the others zero */
};

/* A frame sent to the MAC that a port's probes come from: an ARP reply, or a solicited neighbour advertisement. */
struct core_answer {
	struct core_target from; /* the address that the frame gives a link-layer address for */
	uint8_t source[6];	 /* MAC of the frame's sender */
	uint8_t to[6];		 /* MAC of the frame's receiver */
};

/* What a port has sent and lost since any time, such as the making of the lagg. */
struct core_sample {
	bool known;		/* it could be read: the other members mean something */
	uint64_t segments;	/* segments with data that local TCP sockets sent on it; 0: nobody counts them */
	uint64_t retransmitted; /* those that were lost there and sent again */
	uint64_t sockets;	/* sockets that sent again: each counts once a second */
	uint64_t frames;	/* frames of the device, sent and received */
	uint64_t errors;	/* those that were damaged */
};

struct core;

/* Makes a lagg without ports. `number` distinguishes laggs in automatic keys (the N of laggN, or any small number). */
void core_init(struct core *core, const struct xlagg_lagg_conf *conf, uint32_t number);
/*
 * Several inputs with one effect: between core_hold() and core_release() inputs are recorded, but nothing is published.
 * core_release() always asks for CORE_CARRIER and CORE_PUBLISH.
 */
void core_hold(struct core *core);
void core_release(struct core *core, uint64_t now, struct core_effects *fx);
/*
 * Takes over a table that is already in use: buckets stay where they are as far as the ports allow, the table's ports
 * skip up-delay, and failover keeps its active port. Impossible values in the table are ignored. The order of calls is
 * core_init, core_hold, core_adopt, core_port_add and core_link_changed for every port, core_release.
 */
void core_adopt(struct core *core, const struct xlagg_table *table);
/* The active port of that table, called after core_adopt(): no command activated it, so a preferred port takes over. */
void core_adopt_chosen(struct core *core);
/* Whether a command activated the active port. */
bool core_is_activated(const struct core *core);
/*
 * Takes over what the previous agent recorded of a port's LACP. A record that makes no sense is ignored. Call while
 * held, after core_port_add().
 */
void core_adopt_lacp(struct core *core, uint32_t slot, const struct xlagg_lacp *left);
/*
 * Fills *ret with what the next agent, and the kernel while there is no agent, need to know of a port's LACP. The PDU,
 * the times of the last LACPDUs, and `outs` belong to the caller and are left alone. Returns false, and leaves all of
 * it alone, while the port's LACP has yet to go on from what the previous agent recorded: that record is what holds.
 */
bool core_save_lacp(const struct core *core, uint32_t slot, struct xlagg_lacp *ret);
/*
 * Sets the lagg's MAC, which system-mac auto takes when LACP starts. Call before the first port is added and after each
 * change.
 */
void core_set_mac(struct core *core, uint64_t now, const uint8_t mac[6], struct core_effects *fx);
/* Takes new options. Only what differs has an effect. conf->admin is the lagg's administrative state. */
void core_set(struct core *core, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx);
/* Adds a port in a free slot. Its link counts as absent until core_link_changed(). `order` is the order of addition. */
void core_port_add(struct core *core, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx);
void core_port_set(struct core *core, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx);
/* Gives the port another place in the order of addition. It counts from the next input on. */
void core_port_order(struct core *core, uint32_t slot, uint32_t order);
/* Sets the name of a port; option primary follows if it names this port. If several ports exchange their names, the
 * core is told of one after the other. */
void core_port_rename(struct core *core, uint32_t slot, const char *name);
/* Forgets a port. With LACP the port's last LACPDU is among the effects. */
void core_port_del(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/*
 * Reports the present state of a port's link. To repeat a state does no harm. A loss that is already over is reported
 * as a loss and then a return, because the datapath has seen it.
 */
void core_link_changed(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link,
		       struct core_effects *fx);
/*
 * Makes `slot` the active port (failover). Returns 0, -ENOLINK if the port cannot carry traffic, or -EOPNOTSUPP in
 * other protos.
 */
int core_activate(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* Whether buckets still wait on a port that was taken out of service. */
bool core_is_left(const struct core *core, uint32_t slot);
/* Hands over map `moves` as the programs have left it. The core asks for it with CORE_MOVES. */
void core_moves(struct core *core, uint64_t now, const struct xlagg_move move[XLAGG_BUCKETS], struct core_effects *fx);
/*
 * Hands over how many octets each bucket has sent since the lagg was made, or since any other time before the last
 * call. The core asks for it with CORE_LOADS.
 */
void core_loads(struct core *core, uint64_t now, const uint64_t bytes[XLAGG_BUCKETS], struct core_effects *fx);
/*
 * One step of balancing now (option balance adaptive). Returns 0, -EOPNOTSUPP if the options allow none, or -EAGAIN if
 * nothing is known of the load yet.
 */
int core_balance(struct core *core, uint64_t now, struct core_effects *fx);
/* Whether buckets move because of their load under these options: only where a frame's flow decides on its port. */
bool core_balances(const struct xlagg_lagg_conf *conf);
/* Returns how often a bucket was moved because of the load. */
uint32_t core_bucket_moves(const struct core *core, uint32_t bucket);
/* Hands over the samples of the ports, index: slot. The core asks for them with CORE_SAMPLE (option grey-detect). */
void core_sample(struct core *core, uint64_t now, const struct core_sample sample[XLAGG_MAX_PORTS],
		 struct core_effects *fx);
/* Hands over a slow-protocol frame (destination MAC first) of `len` octets that was received on `slot`. */
void core_slow_frame(struct core *core, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		     struct core_effects *fx);
/* Sets *ret to the addresses of option probe and returns how many there are. */
uint32_t core_probe_targets(const struct core *core, const struct core_target **ret);
/*
 * Hands over an answer that was received on `slot`. It counts if it is a target's answer to a probe that is under way.
 */
void core_probe_answer(struct core *core, uint64_t now, uint32_t slot, const struct core_answer *answer,
		       struct core_effects *fx);
/*
 * The caller was late, and the kernel acted in its place. `did` has when the kernel last sent a LACPDU and last heard
 * the port's partner. Call before any other input.
 */
void core_lacp_stood_in(struct core *core, uint32_t slot, const struct xlagg_headless *did);
/* A LACPDU that was to be sent on this port did not leave. It is asked for again LACP_RETRY_TIME later, as it is then.
 */
void core_lacp_unsent(struct core *core, uint64_t now, uint32_t slot);
/* The kernel took the port out because the partner had changed. LACP starts anew on the port. */
void core_lacp_restart(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* The lagg ends. Last LACPDUs are among the effects. */
void core_stop(struct core *core, uint64_t now, struct core_effects *fx);
/* Time passed. Call at or after core_deadline(). */
void core_run(struct core *core, uint64_t now, struct core_effects *fx);
/* Returns when core_run() has to be called next; CORE_NEVER: not before another input. */
uint64_t core_deadline(const struct core *core);

/*
 * When the state that is shown last changed. The first function writes it for the next agent; the second takes it over
 * from the previous agent and is called after core_release(). A state that differs from the recorded one has changed
 * since and keeps the time at which this core noticed.
 */
void core_save_history(const struct core *core, struct xlagg_history *ret);
void core_adopt_history(struct core *core, const struct xlagg_history *history);

const struct core_output *core_output(const struct core *core);
/*
 * Fills in what the core knows of a status and leaves the rest alone. Times of change are monotonic, as given by `now`.
 */
void core_status(const struct core *core, struct xlagg_lagg_status *status);
void core_port_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status);
/* Fills in the members that change by the passing of time alone. */
void core_port_timers(const struct core *core, uint64_t now, uint32_t slot, struct xlagg_port_status *status);
/* Returns the size of a struct core in octets. The caller allocates it once. */
uint32_t core_size(void);

#endif
