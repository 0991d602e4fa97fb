/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the parts of the core share. An input changes ports or options; then one pass (core.c) lets time take effect on
 * the ports (port.c), chooses the active port (failover.c), fills the table (table.c) and tells what differs.
 */
#ifndef CORE_INTERNAL_H
#define CORE_INTERNAL_H

#include "core/core.h"
#include "core/lacp/lacp.h"

#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define LINGER_NS NSEC_PER_SEC /* a port that was in use is listened to so long after a planned change */

/* What a port's link amounts to once up-delay, down-delay and damping have had their say. */
enum port_state {
	PORT_DOWN,    /* no link */
	PORT_RISING,  /* link, but up-delay or damping holds it back */
	PORT_UP,      /* usable */
	PORT_FALLING, /* carrier lost within down-delay: keeps its place, is never sent to */
	PORT_SILENT,  /* link, but its probes are not answered while others' are */
};

/* Flap damping of one port, as routers do it: each loss costs, time forgives. */
struct damping {
	uint32_t penalty; /* at time `at` */
	bool suppressed;  /* held back until the penalty has fallen to the reuse limit */
	uint64_t at;	  /* ns */
};

/* Link probes on one port. Bit i of a mask and entry i stand for target i. */
struct port_probe {
	bool sent;			   /* this round's are under way */
	bool fresh;			   /* its link has come, and no answer yet */
	uint32_t answered;		   /* mask: has answered in this round */
	uint32_t before;		   /* mask: had in the round before */
	uint32_t blamed;		   /* the target for whose silence the port is SILENT */
	uint8_t missed[XLAGG_MAX_TARGETS]; /* probes in a row without answer */
	uint8_t mac[6];			   /* they come from this */
	uint64_t answered_at;		   /* last valid answer, ns; 0: none yet */
};

/* Link probes of the lagg. */
struct probing {
	bool running;
	bool unheard;				      /* it has been told that no port is answered */
	uint32_t silent;			      /* rounds in a row in which none was */
	uint64_t next;				      /* when the next round begins, ns */
	uint32_t targets;			      /* entries of `target` */
	struct core_target target[XLAGG_MAX_TARGETS]; /* as option probe says */
};

/* One port; its index is its slot. */
struct port {
	bool used;			      /* the slot is taken */
	char name[XLAGG_NAME_MAX];	      /* of the device */
	uint32_t order;			      /* of addition */
	struct xlagg_port_conf conf;	      /* options */
	struct core_link link;		      /* as last told */
	bool heard;			      /* its link has been told at all */
	uint32_t speed, duplex;		      /* when the port last had carrier: without it they say nothing */
	enum port_state state;		      /* what policy makes of the link */
	uint64_t since;			      /* RISING: when carrier came; FALLING: when it went */
	enum xlagg_detected detected;	      /* who noticed that it is usable, or is not */
	struct damping damping;		      /* of a port that flaps */
	struct port_probe probe;	      /* link check beyond carrier */
	uint64_t linger_until;		      /* it was in use: unicast is accepted until then; 0: not */
	uint64_t link_failures;		      /* losses of the link that nobody ordered */
	uint32_t told_flags;		      /* enum xlagg_flag, as last told */
	char told_reason[XLAGG_SENTENCE_MAX]; /* likewise */
	uint64_t last_change;		      /* of `told_flags`, ns */
};

/* What a port does in the lagg now. */
struct role {
	bool place;	 /* it is in the table */
	bool live;	 /* it may be sent to */
	bool standby;	 /* it could carry traffic, but others do */
	uint32_t flags;	 /* enum xlagg_port_flag, for the datapath */
	uint32_t shown;	 /* enum xlagg_flag, for people */
	uint64_t weight; /* share of the buckets, at least 1 where `place` is set */
};

/* Which port failover uses. */
struct failover {
	uint32_t active;    /* the port that has the place, or XLAGG_NO_PORT */
	uint32_t in_use;    /* the port that frames take: `active`, or who stands in for it while it falls */
	uint32_t activated; /* chosen by command: reselect waits for the next port that comes back */
	uint32_t told;	    /* the active port as last told to the neighbours */
	char told_name[XLAGG_NAME_MAX]; /* its name, also when it is gone; empty: never had one */
};

/* Repeated messages to the neighbours. */
struct announce {
	uint32_t notify, rejoin; /* still to send */
	uint64_t at;		 /* when the next is due, ns */
};

/* One port as the table sees it. All members are compared bytewise: no padding, unused entries are zero. */
struct table_member {
	uint32_t slot;	 /* of the port */
	uint32_t live;	 /* boolean: fit to be a backup */
	uint64_t weight; /* at least 1 */
};

/* What a table shall be: its ports in order of preference. */
struct table_plan {
	uint32_t members;			     /* entries of `member` */
	uint32_t single;			     /* boolean: the first port gets every bucket (failover) */
	struct table_member member[XLAGG_MAX_PORTS]; /* preferred first */
};

/* One lagg. */
struct core {
	struct xlagg_lagg_conf conf;	   /* options */
	uint32_t number;		   /* tells laggs apart in automatic keys */
	uint8_t mac[6];			   /* of the lagg */
	bool held;			   /* inputs are taken note of, but have no effect yet */
	bool released;			   /* just let go: publish in any case */
	bool took_over;			   /* a table was taken over and not published again yet */
	uint32_t adopted;		   /* bit i: slot i was in use in the table taken over */
	uint32_t holding;		   /* bit i: the port of slot i had a place as of the last pass */
	uint64_t flaps;			   /* losses of the lagg's carrier */
	uint64_t last_change;		   /* of the carrier, ns */
	struct port port[XLAGG_MAX_PORTS]; /* by slot */
	struct role role[XLAGG_MAX_PORTS]; /* by slot, as of the last pass */
	struct failover failover;	   /* in use in proto failover */
	struct probing probing;		   /* link probes */
	struct lacp lacp;		   /* running in proto lacp */
	uint8_t partner[6];	  /* lacp: the system of the last aggregator that carried traffic, 0: none yet */
	struct announce announce; /* to the neighbours */
	struct table_plan plan;	  /* of out.table */
	struct core_output out;	  /* as last published */
	uint32_t left;		  /* bit i: lacp_left[i] is what an agent before left of slot i */
	struct xlagg_lacp lacp_left[XLAGG_MAX_PORTS]; /* until core_release() */
};

/* --- publish.c --- */
/* Publishes and tells what differs. `returned`: slots that have just become usable. */
void core_publish(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx);
/* Appends an effect and gives it to be filled, zeroed. */
struct core_effect *core_effect(struct core_effects *fx, enum core_effect_kind kind, uint32_t slot);
/* An event with no more than type and port (may be empty) in it. */
struct xlagg_event *core_event(struct core_effects *fx, enum xlagg_event_type type, const char *port);

/* --- port.c --- */
static inline bool port_link_up(const struct core_link *link)
{
	return link->present && link->admin_up && link->carrier;
}
/* Held back for its flapping. */
bool port_damped(const struct core *core, const struct port *port);
/* May be sent to, as far as link and administrator go. */
static inline bool port_usable(const struct port *port)
{
	return port->used && port->conf.admin && port->state == PORT_UP;
}
/* Has its place in the table: usable, or lost its carrier within down-delay. */
static inline bool port_holds(const struct port *port)
{
	return port->used && port->conf.admin && (port->state == PORT_UP || port->state == PORT_FALLING);
}
/* Takes note of a link. */
void port_link(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link);
/* It has failed, by its link or, with link, by its probes. */
void port_failed(struct port *port, uint64_t now);
/* Lets the delays that have passed by `now` take effect. */
void port_settle(struct core *core, uint64_t now);
/* When port_settle() has something to do next, CORE_NEVER: not by itself. */
uint64_t port_deadline(const struct core *core);
/* a goes before b: lower prio, then added first. */
bool port_before(const struct port *a, const struct port *b);

/* --- probe.c --- */
/* Takes the targets from the options. */
void probe_set(struct core *core);
/* Ends a round when it is time, and draws the conclusions. Gives whether the next begins, with probe_ask(). */
bool probe_run(struct core *core, uint64_t now, struct core_effects *fx);
/* Asks for probes, once all is as it shall be. */
void probe_ask(struct core *core, struct core_effects *fx);
/* Whether a port whose link has come has to be answered before it is used. */
bool probe_awaited(const struct core *core, uint32_t slot);
/* A link has come: what was known of the port is of the one before. */
void probe_begin(struct port *port);
/* A port that may be bad is better than none. */
void probe_settle(struct core *core);
/* When the next round begins, CORE_NEVER: there are no probes. */
uint64_t probe_deadline(const struct core *core);
/* Why the port is SILENT. */
void probe_reason(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX]);
void probe_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status);

/* --- damping.c --- */
/* A loss of carrier. */
void damping_lost(struct damping *damping, uint64_t now);
/* Forgives what time has forgiven. */
void damping_settle(struct damping *damping, uint64_t now);
/* When a suppressed port may be used again. */
uint64_t damping_reuse(const struct damping *damping);
/* The penalty at `now`. */
uint32_t damping_penalty(const struct damping *damping, uint64_t now);

/* --- failover.c --- */
void failover_init(struct failover *failover);
/* The preferred port by configuration, present or not; XLAGG_NO_PORT: there is no port. */
uint32_t failover_primary(const struct core *core);
/* Chooses the active port and the one in use. `returned`: slots that could have no place until now, as bits. */
void failover_select(struct core *core, uint64_t now, uint32_t returned);
/* a goes before b: the active port, the primary by name, lower prio, then added first. */
bool failover_before(const struct core *core, uint32_t a, uint32_t b);
/* Chosen by command. The port is usable. */
void failover_activate(struct core *core, uint32_t slot);
/* Tells of a change of the active port, with its cause, and has the neighbours told. */
void failover_tell(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx);
/* mac active: the lagg takes the active port's MAC. */
void failover_claim_mac(const struct core *core, struct core_effects *fx);
/* A port is about to be forgotten. */
void failover_forget(struct core *core, uint32_t slot);

/* --- negotiate.c --- */
/* The lagg's MAC has changed: of interest only before the first port. */
void negotiate_set_mac(struct core *core);
/* Options have changed: LACP starts, follows or stops. */
void negotiate_set(struct core *core, uint64_t now, struct core_effects *fx);
/* LACP goes on as it was left (core_adopt_lacp). Before negotiate_run(). */
void negotiate_adopt(struct core *core, uint64_t now, struct core_effects *fx);
/* Tells LACP the links and the time. */
void negotiate_run(struct core *core, uint64_t now, struct core_effects *fx);

/* --- role.c --- */
/* Gives every port its role under the present proto and options. */
void role_assign(struct core *core, uint64_t now);
/* Ports that keep the lagg's carrier in the static protos: usable ones and those within down-delay. */
uint32_t role_usable(const struct core *core);
/* When a role changes by itself, CORE_NEVER: it does not. */
uint64_t role_deadline(const struct core *core);

/* --- announce.c --- */
void announce_start(struct core *core, uint64_t now);
void announce_run(struct core *core, uint64_t now, struct core_effects *fx);
uint64_t announce_deadline(const struct core *core);

/* --- table.c --- */
/* Fills buckets and order from the plan, moving as few buckets as possible. Gives how many changed their port. The
 * generation is left alone. */
uint32_t table_fill(struct xlagg_table *table, const struct table_plan *plan);
void table_init(struct xlagg_table *table);
/* Copies what can be true in `from`. Gives the slots in its order, as bits. */
uint32_t table_adopt(struct xlagg_table *table, const struct xlagg_table *from);
/* Buckets that lead to a slot. */
uint32_t table_share(const struct xlagg_table *table, uint32_t slot);

/* --- reason.c --- */
/* Why `slot` may not be sent to. Empty: it may. */
void reason_port(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX]);
/* Why the lagg has no carrier. Empty: it has. */
void reason_lagg(const struct core *core, char ret[XLAGG_SENTENCE_MAX]);

#endif
