/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP of one lagg: IEEE 802.1AX-2014 clause 6, and the policy above it. One file per machine: rx.c (6.4.12),
 * periodic.c (6.4.13), select.c (6.4.14), mux.c (6.4.15), tx.c (6.4.16), churn.c (6.4.17),
 * marker.c (6.5); pdu.c is the codec, reason.c the sentences. machine.h has what these files share.
 *
 * The rules of core.h hold: `now` is in ns of any monotonic clock, effects are appended to `fx`. Every function that
 * takes `fx` leaves all machines settled: no lacp_run() is needed until lacp_deadline().
 *
 * Effects from here: CORE_SEND for every LACPDU and Marker Response, and CORE_EVENT with XLAGG_EVENT_PARTNER_CHANGE
 * (port and text filled). Everything else is the caller's: after each call it compares lacp_flags(), lacp_reason() and
 * lacp_carrier() with what it last knew, and emits XLAGG_EVENT_PORT_STATE, CORE_PUBLISH and CORE_CARRIER itself.
 * A CORE_SEND has to be executed before the CORE_PUBLISH that closes the port, so that the partner hears first.
 */
#ifndef CORE_LACP_H
#define CORE_LACP_H

#include "core/core.h"
#include "xlagg/wire.h"

#define LACP_SECOND 1000000000ull
#define LACP_FAST_PERIODIC_TIME (1 * LACP_SECOND) /* 6.4.4 */
#define LACP_SLOW_PERIODIC_TIME (30 * LACP_SECOND)
#define LACP_SHORT_TIMEOUT_TIME (3 * LACP_SECOND)
#define LACP_LONG_TIMEOUT_TIME (90 * LACP_SECOND)
#define LACP_CHURN_DETECTION_TIME (60 * LACP_SECOND)
#define LACP_AGGREGATE_WAIT_TIME (2 * LACP_SECOND)
#define LACP_TX_LIMIT 3 /* LACPDUs in any LACP_FAST_PERIODIC_TIME */
/* A partner that is not in sync for so long although we are holds the link back: others go before it. */
#define LACP_REFUSED_TIME (LACP_AGGREGATE_WAIT_TIME + LACP_FAST_PERIODIC_TIME)
/* Between the last frame handed to a port that is taken out of service and the LACPDU that says so. */
#define LACP_DRAIN_TIME (LACP_SECOND / 20)
#define LACP_NO_SLOT XLAGG_MAX_PORTS /* "no port", "no aggregator" */

/* States of the Periodic Transmission machine (Figure 6-19); PERIODIC_TX is left as soon as it is entered. */
enum lacp_periodic { LACP_NO_PERIODIC, LACP_FAST_PERIODIC, LACP_SLOW_PERIODIC, LACP_PERIODIC_TX };

/* Why the selection logic holds a port in STANDBY. */
enum lacp_hold {
	LACP_HOLD_NONE,
	LACP_HOLD_AGGREGATOR, /* another aggregator carries traffic */
	LACP_HOLD_MIN_LINKS,  /* its aggregator has fewer usable ports than min-links */
	LACP_HOLD_MAX_LINKS,  /* enough other ports go before it */
	LACP_HOLD_SPEED,      /* slower than another port, and mixed-speed is off */
};

/* 802.1AX-2014 7.3.3 and 7.3.4, as far as the core counts them. */
struct lacp_counters {
	uint64_t lacpdu_tx, lacpdu_rx;
	uint64_t marker_rx, marker_response_tx, marker_response_rx;
	uint64_t illegal_rx;		       /* subtype, length or tag that must not be */
	uint64_t unknown_rx;		       /* slow-protocol address or EtherType, but not both; reserved subtype */
	uint64_t actor_churns, partner_churns; /* entries into ACTOR_CHURN, PARTNER_CHURN */
	uint64_t actor_changes, partner_changes; /* changes of the LAG id as we, as the partner sees it */
};

/* One port. Names in capitals are those of clause 6.4. */
struct lacp_port {
	bool used;		     /* the slot is taken */
	char name[XLAGG_NAME_MAX];   /* of the device */
	uint32_t order;		     /* of addition */
	struct xlagg_port_conf conf; /* options */
	struct core_link link;	     /* as last told */
	uint16_t number;	     /* Actor_Port_Number */
	uint32_t speed;		     /* Mb/s when the port last had carrier, 0: unknown */

	bool enabled;	   /* port_enabled: carrier, and neither port nor lagg out of service */
	bool lacp_enabled; /* LACP_Enabled: not half duplex */
	bool ntt;	   /* NTT: need to transmit */
	bool port_moved;   /* port_moved: the recorded partner turned up on another port */
	bool ready_n;	   /* Ready_N: wait_while_timer has run out */
	bool matched;	   /* the last LACPDU's Partner fields were ours, or it was individual; and it is active */
	bool refused;	   /* we were in sync and the partner was not, for LACP_REFUSED_TIME */
	bool avoided;	   /* the same for the choice of the aggregator, until both are in sync: systems that want each
			    * other in a circle would never come to rest otherwise */
	bool draining;	   /* going out of service: no more sending, until `drain` */
	bool view_known;   /* `view` is valid */
	struct xlagg_lacp_end actor;   /* Actor_Oper_* */
	struct xlagg_lacp_end partner; /* Partner_Oper_* */
	struct xlagg_lacp_end heard;   /* Actor fields of the last LACPDU, as they came */
	struct xlagg_lacp_end view;    /* Partner fields of the last LACPDU: how the partner sees us */
	uint64_t heard_at;	       /* when the last LACPDU came */
	uint64_t silence; /* ns without a LACPDU that led to the Receive machine's state, 0: none was expected yet */
	uint64_t defaulted_since;     /* when the Receive machine entered DEFAULTED */
	uint64_t sent[LACP_TX_LIMIT]; /* when the last LACPDUs left, oldest at sent[sent_next]; CORE_NEVER: none */
	uint32_t sent_next;	      /* index of the oldest of `sent` */

	enum xlagg_lacp_selected selected; /* Selected */
	enum lacp_hold hold;		   /* why STANDBY */
	uint32_t aggregator;		   /* Aggregator the port has selected or is attached to, LACP_NO_SLOT: none */

	enum xlagg_lacp_rx rx;
	enum lacp_periodic periodic;
	enum xlagg_lacp_mux_state mux;
	enum xlagg_lacp_churn actor_churn, partner_churn;

	/* Timers: when they expire, CORE_NEVER: stopped. */
	uint64_t current_while, periodic_timer, wait_while, actor_churn_timer, partner_churn_timer;
	uint64_t refused_timer, drain;
	uint64_t prio_timer; /* runs while the partner may not have heard of our new port priority */
	uint64_t loop_timer; /* runs while a LACPDU of our own system has come in of late */

	struct lacp_counters counters;
};

/* LACP of one lagg: embedded in struct core. */
struct lacp {
	bool running;		     /* between lacp_start() and lacp_stop() */
	struct xlagg_lagg_conf conf; /* options */
	uint32_t number;	     /* of the lagg, for automatic keys */
	uint8_t mac[6];		     /* the lagg's when LACP started: system-mac auto */
	uint8_t system[6];	     /* Actor_System */
	uint32_t slots;		     /* all slots in use are below it */
	uint32_t last_number;	     /* last automatic port number given */
	uint32_t active;	     /* the aggregator that may carry traffic, LACP_NO_SLOT: none */
	uint32_t fallback;	 /* lacp-strict off: the port that carries traffic without a partner, or LACP_NO_SLOT */
	uint64_t fallback_timer; /* when another port may become the fallback, CORE_NEVER: not by itself */
	struct lacp_port port[XLAGG_MAX_PORTS];
};

/*
 * Starts LACP without ports. `number` tells laggs apart in automatic keys, `mac` is the lagg's: later changes of it do
 * not matter here. `conf` is valid. Then lacp_port_add() and lacp_link() for each port.
 */
void lacp_start(struct lacp *l, const struct xlagg_lagg_conf *conf, uint32_t number, const uint8_t mac[6]);
/* Ends LACP (proto changes, the lagg is deleted, flush): a last LACPDU for each port that speaks. */
void lacp_stop(struct lacp *l, uint64_t now, struct core_effects *fx);
/*
 * Takes new options, conf->admin included. lacp-rate, lacp-mode, lacp-mux, lacp-strict, min-links that still hold and
 * such take no port out; a new system-prio, system-mac or key goes through UNSELECTED.
 */
void lacp_set(struct lacp *l, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx);

/* BEGIN for a port in a free slot. The link is absent until lacp_link(). `order` decides where prio is equal. */
void lacp_port_add(struct lacp *l, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx);
void lacp_port_order(struct lacp *l, uint32_t slot, uint32_t order);
/*
 * Takes a port's new options. conf->admin 0: the port stops distributing at once, and after LACP_DRAIN_TIME a last
 * LACPDU says so and the port stops collecting and ignores what it hears.
 */
void lacp_port_set(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx);
void lacp_port_rename(struct lacp *l, uint32_t slot, const char *name);
/* Frees the slot; a last LACPDU if the port speaks. */
void lacp_port_del(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx);
/* The port's link is now so. Half duplex turns LACP off on it; a new speed may be a new key. */
void lacp_link(struct lacp *l, uint64_t now, uint32_t slot, const struct core_link *link, struct core_effects *fx);

/* A frame came in, destination MAC first, `len` octets of it at hand. What is not for us is counted and dropped. */
void lacp_receive(struct lacp *l, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		  struct core_effects *fx);
/* Time passed: call at or after lacp_deadline(). */
void lacp_run(struct lacp *l, uint64_t now, struct core_effects *fx);
/* When lacp_run() has to be called next, CORE_NEVER: not before another input. */
uint64_t lacp_deadline(const struct lacp *l);

/* May frames from this port go to the lagg, and frames of the lagg to this port? */
bool lacp_collecting(const struct lacp *l, uint32_t slot);
bool lacp_distributing(const struct lacp *l, uint32_t slot);
/* enum xlagg_flag: ACTIVE in the active aggregator, COLLECTING, DISTRIBUTING. */
uint32_t lacp_flags(const struct lacp *l, uint32_t slot);
/* Held back by the selection logic (Selected is STANDBY). */
bool lacp_standby(const struct lacp *l, uint32_t slot);
/* Ports of the active aggregator with a current, agreeing partner: what min-links counts. */
uint32_t lacp_usable(const struct lacp *l);
/* Carrier of the lagg: a port distributes, and min-links holds or the port is the fallback. */
bool lacp_carrier(const struct lacp *l);
/* Why the port may not be sent to: one sentence, "" exactly when it distributes. It changes only with its cause. */
void lacp_reason(const struct lacp *l, uint32_t slot, char text[XLAGG_SENTENCE_MAX]);
/* Why lacp_carrier() is false, "" when it is true. */
void lacp_lagg_reason(const struct lacp *l, char text[XLAGG_SENTENCE_MAX]);
/* Fills number, standby, reason, lacp and the LACP counters of a port's status, and leaves the rest. */
void lacp_port_status(const struct lacp *l, uint32_t slot, struct xlagg_port_status *status);
/* --- adopt.c: over a change of agents --- */
/* Writes what the next agent, and the kernel until then, need to go on with this port; `pdu`, when LACPDUs came and
 * went, and `outs` are the caller's. */
void lacp_save(const struct lacp *l, uint32_t slot, struct xlagg_lacp *ret);
/* Takes system and port number from there, if it makes sense: after lacp_port_add(), before lacp_link(). */
void lacp_adopt_identity(struct lacp *l, uint32_t slot, const struct xlagg_lacp *saved);
/*
 * Goes on with a port as it was left: after lacp_link() of every port; then lacp_run(). What these calls wanted to send
 * meanwhile is to be dropped. False: the record makes no sense or does not fit, and the port starts anew.
 */
bool lacp_adopt(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_lacp *saved);

/* --- adopt.c: after a time in which the kernel stood in --- */
/* When it last sent a LACPDU, and when it last heard the partner, whose LACPDUs may still wait to be received. Before
 * time has any effect, else that partner would seem to have been silent. */
void lacp_stood_in(struct lacp *l, uint32_t slot, const struct xlagg_headless *did);
/* It took the port out, since the partner was not what it had been: nothing is known of it any more. */
void lacp_restart(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx);

/* Fills has_lag_id, actor and partner of a lagg's status, and leaves the rest. */
void lacp_status(const struct lacp *l, struct xlagg_lagg_status *status);

#endif
