/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The core: protocol and policy of one lagg. No I/O, no clock, no allocation, no globals: inputs are functions with
 * the time as an argument, outputs are effects appended to a list of the caller's and the struct core_output.
 * Times are nanoseconds of any monotonic clock. Ports are named by slot, 0..XLAGG_MAX_PORTS-1.
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
	CORE_EVENT,    /* tell `event`; its time_ns and lagg are filled by the caller */
	CORE_ANNOUNCE, /* send gratuitous ARP and unsolicited NA once (peer-notify) */
	CORE_REJOIN,   /* send IGMP and MLD reports once (mcast-rejoin) */
	CORE_MAC,      /* mac active: the lagg shall take the MAC of `slot` */
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
 * What the datapath shall do: read after CORE_PUBLISH or CORE_CARRIER. A port within down-delay keeps its buckets and
 * its place in `order` and is not live. In failover `order` begins with the active port, all buckets lead to it, and
 * every port in service collects: the datapath accepts on the first live one.
 */
struct core_output {
	struct xlagg_table table;	 /* generation is counted here */
	bool live[XLAGG_MAX_PORTS];	 /* by policy and as far as known the port can carry a frame now */
	uint32_t flags[XLAGG_MAX_PORTS]; /* enum xlagg_port_flag */
	bool carrier;			 /* of the lagg */
};

/* A port's link as the kernel says. */
struct core_link {
	bool present;  /* the device exists */
	bool admin_up; /* IFF_UP */
	bool carrier;
	uint32_t speed;		      /* Mb/s, 0: unknown */
	uint32_t duplex;	      /* enum xlagg_duplex */
	uint8_t mac[6];		      /* the port's own (permanent) MAC: source address of slow-protocol frames */
	enum xlagg_detected detected; /* who noticed that it is so now */
};

/* An address that link probes ask for. */
struct core_target {
	uint8_t version;     /* of IP: 4 or 6 */
	uint8_t address[16]; /* network byte order; IPv4 in the first four octets, the others zero */
};

/* What came to the MAC that a port's probes come from: an ARP reply, or a solicited neighbour advertisement. */
struct core_answer {
	struct core_target from; /* whose link-layer address it tells */
	uint8_t source[6];	 /* MAC of the frame's sender */
	uint8_t to[6];		 /* and of its receiver */
};

struct core;

/* Makes a lagg with no ports. `number` tells laggs apart in automatic keys (the N of laggN, or any small number). */
void core_init(struct core *core, const struct xlagg_lagg_conf *conf, uint32_t number);
/*
 * Several inputs with one effect: between core_hold() and core_release() inputs are taken note of and publish nothing.
 * core_release() always asks for CORE_CARRIER and CORE_PUBLISH.
 */
void core_hold(struct core *core);
void core_release(struct core *core, uint64_t now, struct core_effects *fx);
/*
 * Takes over a table that is in use already: buckets stay where they are as far as the ports allow, its ports skip
 * up-delay, failover's active port stays so. Whatever in it cannot be is ignored. Call after core_init(), held:
 * core_init, core_hold, core_adopt, core_port_add and core_link_changed of every port, core_release.
 */
void core_adopt(struct core *core, const struct xlagg_table *table);
/* What an agent before this one left of a port's LACP; whatever makes no sense is ignored. Held, after core_port_add.
 */
void core_adopt_lacp(struct core *core, uint32_t slot, const struct xlagg_lacp *left);
/* What the next agent, and the kernel without one, need. In *ret the PDU, when LACPDUs came and went, and `outs` are
 * the caller's and left as they are. */
void core_save_lacp(const struct core *core, uint32_t slot, struct xlagg_lacp *ret);
/* The lagg's MAC (system-mac auto takes it when LACP starts). Call before the first port and after each change. */
void core_set_mac(struct core *core, uint64_t now, const uint8_t mac[6], struct core_effects *fx);
/* Takes new options; only what differs has an effect. conf->admin is the lagg's administrative state. */
void core_set(struct core *core, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx);
/* Adds a port in a free slot. The link is unknown (absent) until core_link. `order` is the order of addition. */
void core_port_add(struct core *core, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx);
void core_port_set(struct core *core, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx);
/* Another place in the order of addition. It counts from the next input on. */
void core_port_order(struct core *core, uint32_t slot, uint32_t order);
void core_port_rename(struct core *core, uint32_t slot, const char *name);
/* Forgets a port. With LACP its last PDU is among the effects. */
void core_port_del(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* A port's link is now so; the same again is harmless. A loss that is over already is told as a loss and a return,
 * since the datapath has seen it. */
void core_link_changed(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link,
		       struct core_effects *fx);
/* Makes `slot` the active port (failover). 0 or -ENOLINK when it cannot carry traffic, -EOPNOTSUPP in other protos. */
int core_activate(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* A slow-protocol frame (destination MAC first) came in on `slot`. */
void core_slow_frame(struct core *core, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		     struct core_effects *fx);
/* The addresses of option probe. */
uint32_t core_probe_targets(const struct core *core, const struct core_target **ret);
/* An answer came in on `slot`. It counts if it is a target's, to a probe that is under way. */
void core_probe_answer(struct core *core, uint64_t now, uint32_t slot, const struct core_answer *answer,
		       struct core_effects *fx);
/* The caller was late, and the kernel stood in: when it last sent a LACPDU and heard the partner of that port. Before
 * any other input. */
void core_lacp_stood_in(struct core *core, uint32_t slot, const struct xlagg_headless *did);
/* It took the port out, because the partner was not any more what it had been: LACP starts anew. */
void core_lacp_restart(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* The lagg ends: last PDUs are among the effects. */
void core_stop(struct core *core, uint64_t now, struct core_effects *fx);
/* Time passed. Call at or after core_deadline(). */
void core_run(struct core *core, uint64_t now, struct core_effects *fx);
/* When core_run() has to be called next, CORE_NEVER: not before another input. */
uint64_t core_deadline(const struct core *core);

/* When what is shown changed last: for the next agent, and, after core_release(), from the one before. What is not as
 * it was then has changed since, and keeps the time at which this core saw that. */
void core_save_history(const struct core *core, struct xlagg_history *ret);
void core_adopt_history(struct core *core, const struct xlagg_history *history);

const struct core_output *core_output(const struct core *core);
/* Fills what the core knows of a status; the rest is left as it is. Times of change are monotonic, as given by `now`.
 */
void core_status(const struct core *core, struct xlagg_lagg_status *status);
void core_port_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status);
/* Of it, what changes with time alone: `damping`. */
void core_port_damping(const struct core *core, uint64_t now, uint32_t slot, struct xlagg_port_status *status);
/* Octets that a struct core needs; the caller allocates once. */
uint32_t core_size(void);

#endif
