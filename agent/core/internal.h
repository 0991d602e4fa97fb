/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the files of the core share. An input changes ports or options. Then one pass (core.c) applies the delays to the
 * ports (port.c), chooses the active port (failover.c), fills the table (table.c) and reports what differs.
 */
#ifndef CORE_INTERNAL_H
#define CORE_INTERNAL_H

#include "core/core.h"
#include "core/delay.h"
#include "core/effect.h"
#include "core/lacp/lacp.h"

#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define LINGER_NS NSEC_PER_SEC /* how long a port that is not in use accepts unicast after a change */

/* What a port's link counts as, after up-delay, down-delay, damping and probes were applied. */
enum port_state {
	PORT_DOWN,    /* no link */
	PORT_RISING,  /* link, but up-delay or damping holds it back */
	PORT_UP,      /* usable */
	PORT_FALLING, /* carrier was lost, down-delay is not over: keeps its place, is never sent to */
	PORT_SILENT,  /* link, but its probes are not answered while another port's are */
	PORT_GREY,    /* link, but it loses more than the other ports do */
};

/* Flap damping of one port, as routers do it: each loss adds to a penalty, which decays with time. */
struct damping {
	uint32_t penalty; /* as of the time `at` */
	bool suppressed;  /* held back until the penalty has fallen to the reuse limit */
	uint64_t at;	  /* when `penalty` was computed, ns */
};

/* Link probes on one port. Bit i of a mask and entry i of an array belong to target i. */
struct port_probe {
	bool sent;			       /* probes of this round were sent */
	bool fresh;			       /* the port's link came up, and no answer has arrived since */
	uint32_t answered;		       /* mask: targets that answered in this round */
	uint32_t before;		       /* mask: targets that answered in the round before */
	uint32_t blamed;		       /* the target whose silence made the port SILENT */
	uint8_t missed[XLAGG_MAX_TARGETS];     /* probes in a row without an answer */
	uint8_t mac[6];			       /* source MAC of the probes */
	uint64_t answered_at;		       /* when the last valid answer came, ns; 0: none yet */
	uint64_t sent_at;		       /* when the probes of this round were sent, ns */
	struct delay delay[XLAGG_MAX_TARGETS]; /* to each target and back */
};

/* Link probes that a port has sent since it was added, each to one target, and what became of them. */
struct probe_counters {
	uint64_t sent, answered, lost;
};

/* By what a port may be worse than the others. */
enum grey_signal {
	GREY_SEGMENTS, /* segments of local TCP sockets that were sent again */
	GREY_FRAMES,   /* frames that its device counts as damaged */
	GREY_PROBES,   /* link probes without an answer */
	GREY_LACPDUS,  /* LACPDUs of its partner that did not come */
	GREY_SIGNALS,
};

/* How much there was, and how much of it was bad, in 1/256. */
struct grey_count {
	int64_t total, bad, sources; /* sources: sockets that saw something bad */
};

/* What is known of one port by one signal. */
struct grey_evidence {
	struct grey_count last; /* of the last interval */
	struct grey_count late; /* of late: older intervals count less and less */
	uint32_t streak;	/* looks in a row at which the port was worse than the others */
};

/* Option grey-detect: what is known of one port. */
struct port_grey {
	bool known;		   /* the counters below were read */
	struct core_sample sample; /* as last handed over */
	uint64_t answered, lost;   /* its link probes until then */
	uint64_t lacpdus;	   /* LACPDUs of its partner until then */
	struct grey_evidence evidence[GREY_SIGNALS];
	bool grey;		   /* it loses more than the others: this was reported */
	enum grey_signal signal;   /* by which */
	uint32_t share, elsewhere; /* bad ones of a million when this was found, on this port and on the others */
	uint32_t calm;		   /* looks in a row at which it no longer did */
	uint32_t times;		   /* how often it was taken out, one soon after the other */
	uint64_t outs;		   /* how often in all */
	uint64_t retry;		   /* out: when it is tried again, ns */
	uint64_t back;		   /* when it was tried last, ns */
};

/* Option grey-detect of the lagg. */
struct greying {
	bool running;
	uint64_t next;	  /* when the ports are looked at next, ns */
	uint64_t read_at; /* when they were last, ns; 0: never */
};

/* Link probes of the lagg. */
struct probing {
	bool running;
	bool unheard;				      /* it was reported that no port gets an answer */
	uint32_t silent;			      /* rounds in a row in which no port got an answer */
	uint64_t next;				      /* when the next round begins, ns */
	uint32_t targets;			      /* entries of `target` */
	struct core_target target[XLAGG_MAX_TARGETS]; /* the addresses of option probe */
};

/* One port; its index in struct core is its slot. */
struct port {
	bool used;		     /* the slot is taken */
	char name[XLAGG_NAME_MAX];   /* of the device */
	uint32_t order;		     /* of addition */
	struct xlagg_port_conf conf; /* options */
	struct core_link link;	     /* as last reported by the caller */
	bool heard;		     /* the caller has reported a link since the port was added */
	uint32_t speed, duplex; /* as of the last time with carrier: without carrier the device's values mean nothing */
	enum port_state state;	/* what policy makes of the link */
	uint64_t since;		/* RISING: when carrier came; FALLING: when carrier went, ns */
	enum xlagg_detected detected; /* who noticed that the port became usable or unusable */
	struct damping damping;	      /* of a port that flaps */
	struct port_probe probe;      /* link check beyond carrier */
	struct probe_counters probes; /* for people */
	struct port_grey grey;	      /* what it loses */
	uint64_t linger_until;	      /* was in use, or became usable: accepts unicast until then, ns; 0: it does not */
	uint64_t link_failures;	      /* losses of the link that nobody ordered */
	uint32_t told_flags;	      /* enum xlagg_flag, as last reported */
	char told_reason[XLAGG_SENTENCE_MAX]; /* the reason, as last reported */
	uint64_t last_change;		      /* when `told_flags` changed last, ns */
};

/* What a port does in the lagg at present. */
struct role {
	bool place;	 /* it is in the table */
	bool live;	 /* it may be sent to */
	bool standby;	 /* it could carry traffic, but other ports do */
	uint32_t flags;	 /* enum xlagg_port_flag, for the datapath */
	uint32_t shown;	 /* enum xlagg_flag, for people */
	uint64_t weight; /* share of the buckets, at least 1 where `place` is set */
};

/* Which port failover uses. */
struct failover {
	uint32_t active;    /* the active port, or XLAGG_NO_PORT */
	uint32_t in_use;    /* the port that frames take: `active`, or its substitute while `active` is FALLING */
	uint32_t activated; /* chosen by command: stays active until a preferred port comes back */
	uint32_t told;	    /* the active port that the neighbours were last told of, or XLAGG_NO_PORT */
	char told_name[XLAGG_NAME_MAX]; /* that port's name, also after it was removed; empty: there was none yet */
};

/* Messages to the neighbours that are sent several times. */
struct announce {
	uint32_t notify, rejoin; /* how many are still to be sent */
	uint64_t at;		 /* when the next is due, ns */
};

/* One port as the table sees it. Plans are compared bytewise: there is no padding, and unused entries are zero. */
struct table_member {
	uint32_t slot;	 /* slot of the port */
	uint32_t live;	 /* boolean: may be a backup */
	uint64_t weight; /* at least 1 */
};

/* What a table is to contain: its ports in order of preference. */
struct table_plan {
	uint32_t members;			     /* entries of `member` */
	uint32_t single;			     /* boolean: the first port gets every bucket (failover) */
	uint32_t by_load;			     /* boolean: buckets have moved because of their load, and stay */
	uint32_t reserved;			     /* 0 */
	struct table_member member[XLAGG_MAX_PORTS]; /* in order of preference */
};

/* What is known of the buckets' load. The members before `steps` start anew when the option is switched on. */
struct balance {
	uint64_t next;			  /* when the load is to be looked at next, ns; 0: at once */
	uint64_t read_at;		  /* when it was looked at last, ns; 0: never */
	uint64_t bytes[XLAGG_BUCKETS];	  /* what had been sent by then, octets */
	bool learned;			  /* `rate` is valid */
	uint64_t rate[XLAGG_BUCKETS];	  /* octets a second, the last interval and half as much of those before */
	uint64_t interval;		  /* counts the intervals, from 1 */
	uint64_t moved_in[XLAGG_BUCKETS]; /* the interval in which the bucket was moved last, 0: never */
	uint32_t fullest;		  /* the fullest port's load at the last look, % of its share; 0: not known */
	uint64_t steps;			  /* how often buckets were moved */
	uint64_t moved;			  /* how many in all */
	uint16_t moves[XLAGG_BUCKETS];	  /* how often each was */
};

/* Buckets on their way from one live port to another, and those that have been. */
struct moves {
	uint64_t next;			    /* when it is to be asked next how far they are, ns */
	uint32_t waiting;		    /* buckets on their way */
	uint32_t number;		    /* counts the moves */
	uint32_t pause_us;		    /* idle time that the last one asked for */
	bool proof;			    /* a marker was answered, and no move has made use of that yet */
	uint64_t ended[XLAGG_MOVE_END_MAX]; /* how many ended in which way */
};

/* Which of several ports is to have which bucket. */
struct balance_problem {
	uint32_t ports;			  /* that take part */
	uint8_t slot[XLAGG_MAX_PORTS];	  /* of each */
	uint64_t weight[XLAGG_MAX_PORTS]; /* of each: its share of the load */
	uint64_t load[XLAGG_BUCKETS];	  /* of each bucket, in any unit */
	bool fixed[XLAGG_BUCKETS];	  /* the bucket stays where it is */
	uint8_t owner[XLAGG_BUCKETS];	  /* the slot that has the bucket */
	uint32_t threshold;		  /* % above its share from which on a port is too full */
};

/* One lagg. */
struct core {
	struct xlagg_lagg_conf conf;	   /* options */
	uint32_t number;		   /* distinguishes laggs in automatic keys */
	uint32_t primary;		   /* slot of the port that option primary names, or XLAGG_NO_PORT */
	uint8_t mac[6];			   /* of the lagg */
	bool held;			   /* inputs are recorded, but have no effect yet */
	bool released;			   /* within core_release(): publish in any case */
	bool took_over;			   /* a table was taken over and has not been published again yet */
	uint32_t adopted;		   /* bit i: the table that was taken over uses slot i */
	uint32_t holding;		   /* bit i: the port of slot i held a place in the last pass */
	uint64_t flaps;			   /* how often the lagg lost its carrier */
	uint64_t last_change;		   /* when the lagg's carrier changed last, ns */
	struct port port[XLAGG_MAX_PORTS]; /* by slot */
	struct role role[XLAGG_MAX_PORTS]; /* by slot, as of the last pass */
	struct failover failover;	   /* used in proto failover */
	struct probing probing;		   /* link probes */
	struct greying greying;		   /* option grey-detect */
	struct lacp lacp;		   /* runs in proto lacp */
	uint8_t partner[6]; /* lacp: the partner's system in the aggregator that last carried traffic, 0: none yet */
	struct announce announce;    /* messages to the neighbours */
	struct table_plan plan;	     /* what out.table was made from */
	struct core_output out;	     /* as last published */
	uint8_t home[XLAGG_BUCKETS]; /* see table_fill(); not kept over a restart */
	struct balance balance;	     /* option balance adaptive */
	struct moves moves;	     /* out.move */
	uint32_t left;		     /* bit i: lacp_left[i] has the previous agent's record of slot i */
	struct xlagg_lacp lacp_left[XLAGG_MAX_PORTS]; /* valid until core_release() */
};

/* --- publish.c --- */
/* Publishes and reports what differs from the last publication. `returned`: slots that have just become usable. */
void core_publish(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx);

/* --- port.c --- */
static inline bool port_link_up(const struct core_link *link)
{
	return link->present && link->admin_up && link->carrier && !link->detached;
}
/* The port is held back because it flapped. */
bool port_damped(const struct core *core, const struct port *port);
/* Link and administrator allow that the port is sent to. */
static inline bool port_usable(const struct port *port)
{
	return port->used && port->conf.admin && port->state == PORT_UP;
}
/* The port has a place in the table: it is usable, or it lost its carrier and down-delay is not over. */
static inline bool port_holds(const struct port *port)
{
	return port->used && port->conf.admin && (port->state == PORT_UP || port->state == PORT_FALLING);
}
/* Records the port's link and applies it to the port's state. */
void port_link(struct core *core, uint64_t now, uint32_t slot, const struct core_link *link);
/* Counts a failure: the link was lost, or its probes are not answered. */
void port_failed(struct port *port, uint64_t now);
/* Applies the delays that are over by `now`. */
void port_settle(struct core *core, uint64_t now);
/* Returns when port_settle() has something to do next; CORE_NEVER: only after another input. */
uint64_t port_deadline(const struct core *core);
/* a goes before b: lower prio first, then the port added first. */
bool port_before(const struct port *a, const struct port *b);

/* --- probe.c --- */
/* Takes the targets from the options and starts over. */
void probe_set(struct core *core);
/*
 * Ends a round if it is time, and draws the conclusions. Returns whether the next round begins; then probe_ask() is
 * due.
 */
bool probe_run(struct core *core, uint64_t now, struct core_effects *fx);
/* Asks for the probes of a round. Call at the end of a pass, when it is settled which port is in use. */
void probe_ask(struct core *core, uint64_t now, struct core_effects *fx);
/* Whether a port whose link came up must get an answer before it is used. */
bool probe_awaited(const struct core *core, uint32_t slot);
/* The port's link came up: what probes found out about the link before no longer counts. */
void probe_begin(struct port *port);
/* If no port is usable, lets one SILENT port be: a port that may be bad is better than none. */
void probe_settle(struct core *core);
/* Returns when the next round begins; CORE_NEVER: there are no probes. */
uint64_t probe_deadline(const struct core *core);
/* Writes why the port is SILENT. */
void probe_reason(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX]);
void probe_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status);

/* --- grey.c --- */
/* Starts or stops looking at what ports lose, and lets those be tried again whose time is over by `now`. */
void grey_run(struct core *core, uint64_t now);
/* If too few ports are usable, lets ports be used that are GREY: a port that loses frames is better than none. */
void grey_settle(struct core *core);
/* Asks for the samples when the interval is over. Call at the end of a pass. */
void grey_ask(struct core *core, uint64_t now, struct core_effects *fx);
/* Returns when one of these has something to do next; CORE_NEVER: only after another input. */
uint64_t grey_deadline(const struct core *core);
/* The port's link was lost or found, or the administrator put it into service: what it lost before no longer counts. */
void grey_forget(struct port *port, uint64_t now);
/* Writes what the port loses. */
void grey_reason(const struct port *port, char ret[XLAGG_SENTENCE_MAX]);
void grey_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status);

/* --- damping.c --- */
/* Adds the penalty of one loss. */
void damping_lost(struct damping *damping, uint64_t now);
/* Ends the suppression if the penalty has decayed far enough by `now`. */
void damping_settle(struct damping *damping, uint64_t now);
/* Returns when a suppressed port may be used again, ns. */
uint64_t damping_reuse(const struct damping *damping);
/* Returns the penalty at `now`. */
uint32_t damping_penalty(const struct damping *damping, uint64_t now);

/* --- failover.c --- */
void failover_init(struct failover *failover);
/* Returns the preferred port by configuration, whether present or not; XLAGG_NO_PORT: there is no port. */
uint32_t failover_primary(const struct core *core);
/* Chooses the active port and the port in use. `returned`: slots, as bits, that have just got a place. */
void failover_select(struct core *core, uint64_t now, uint32_t returned);
/* a goes before b: the active port, then the port that option primary names, then lower prio, then the port added
 * first. */
bool failover_before(const struct core *core, uint32_t a, uint32_t b);
/* Makes a usable port the active one, by command. */
void failover_activate(struct core *core, uint32_t slot);
/* Reports a change of the active port and its cause, and starts the messages to the neighbours. */
void failover_tell(struct core *core, uint64_t now, uint32_t returned, struct core_effects *fx);
/* mac active: asks that the lagg takes the active port's MAC. */
void failover_claim_mac(const struct core *core, struct core_effects *fx);
/* Drops all references to a port that is about to be removed. */
void failover_forget(struct core *core, uint32_t slot);

/* --- negotiate.c --- */
/* Passes the lagg's new MAC to LACP, which takes it only before the first port. */
void negotiate_set_mac(struct core *core);
/* Starts LACP, passes new options to it, or stops it. */
void negotiate_set(struct core *core, uint64_t now, struct core_effects *fx);
/* Lets LACP go on from the previous agent's records (core_adopt_lacp). Call before negotiate_run(). */
void negotiate_adopt(struct core *core, uint64_t now, struct core_effects *fx);
/* Passes a port's options to LACP. A port that loses too much is out of service for LACP, which tells the partner. */
void negotiate_port_set(struct core *core, uint64_t now, uint32_t slot, struct core_effects *fx);
/* Passes the links and the time to LACP. */
void negotiate_run(struct core *core, uint64_t now, struct core_effects *fx);

/* --- role.c --- */
/* Assigns every port its role under the present proto and options. */
void role_assign(struct core *core, uint64_t now);
/* Returns how many ports keep the lagg's carrier in the static protos: usable ports and those within down-delay. */
uint32_t role_usable(const struct core *core);
/* Returns when a role changes by time alone; CORE_NEVER: none does. */
uint64_t role_deadline(const struct core *core);

/* --- announce.c --- */
void announce_start(struct core *core, uint64_t now);
void announce_run(struct core *core, uint64_t now, struct core_effects *fx);
uint64_t announce_deadline(const struct core *core);

/* --- balance.c --- */
/* Asks for the loads when the interval is over. */
void balance_run(struct core *core, uint64_t now, struct core_effects *fx);
/* Returns when balance_run() has something to do next; CORE_NEVER: only after other options. */
uint64_t balance_deadline(const struct core *core);

/* --- moves.c --- */
/* Lets the buckets that have another port than in `before` wait until nothing is overtaken. `patient`: they stay where
 * they are if that takes too long. */
void moves_begin(struct core *core, uint64_t now, const struct xlagg_table *before, bool patient);
/* Asks how far the moves are when it is time. */
void moves_run(struct core *core, uint64_t now, struct core_effects *fx);
/* A marker was answered, which may end moves: asks how far they are at once. */
void moves_learn(struct core *core, uint64_t now);
/* Returns when moves_run() has something to do next; CORE_NEVER: no bucket is on its way. */
uint64_t moves_deadline(const struct core *core);
/* Whether the port in a slot may be sent to: by its role, or because buckets still wait on it. */
bool moves_live(const struct core *core, uint32_t slot);
/* Whether the bucket is on its way from one port to another. */
bool moves_waits(const struct core *core, uint32_t bucket);

/* --- balance_solve.c --- */
/* Returns the load of the fullest port in % of its share, and sets *load to it in the problem's unit. Both are 0 where
 * there are no ports. */
uint32_t balance_fullest(const struct balance_problem *problem, uint64_t *load);
/* If the fullest port is too full, gives buckets to other ports, as few as can be. Returns how many. */
uint32_t balance_solve(struct balance_problem *problem);

/* --- table.c --- */
/*
 * Fills buckets and order from the plan and moves as few buckets as possible. Returns how many buckets got another
 * port. The generation is left alone. home, one for each bucket: the slot that the bucket left because its port left,
 * and goes back to with it, XLAGG_NO_PORT: none. It is kept up to date; NULL: nothing is remembered.
 */
uint32_t table_fill(struct xlagg_table *table, const struct table_plan *plan, uint8_t *home);
void table_init(struct xlagg_table *table);
/* Copies the values of `from` that are possible. Returns the slots of its order, as bits. */
uint32_t table_adopt(struct xlagg_table *table, const struct xlagg_table *from);
/* Returns the slot to which a bucket leads, XLAGG_NO_PORT: to none. */
uint8_t table_port(const struct xlagg_table *table, uint32_t bucket);
/* Gives every bucket the port (slot) that is named, which must be one of the plan's, and other backups accordingly. */
void table_move(struct xlagg_table *table, const struct table_plan *plan, const uint8_t port[XLAGG_BUCKETS],
		uint8_t *home);
/* Returns how many buckets lead to a slot. */
uint32_t table_share(const struct xlagg_table *table, uint32_t slot);

/* --- reason.c --- */
/* Writes why `slot` may not be sent to; empty: it may. */
void reason_port(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX]);
/* Writes why the lagg has no carrier; empty: it has. */
void reason_lagg(const struct core *core, char ret[XLAGG_SENTENCE_MAX]);

#endif
