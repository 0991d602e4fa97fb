/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP of one lagg: IEEE 802.1AX-2014 clause 6, and the policy above it. There is one file per machine: rx.c (6.4.12),
 * periodic.c (6.4.13), select.c (6.4.14), mux.c (6.4.15), tx.c (6.4.16), churn.c (6.4.17), marker.c (6.5). guard.c says
 * whose LACPDUs count, pdu.c is the codec, reason.c has the sentences, and machine.h has what these files share.
 *
 * The rules of core.h hold: `now` is in ns of any monotonic clock, effects are appended to `fx`. Every function that
 * takes `fx` leaves all machines settled: lacp_run() is not needed before lacp_deadline().
 *
 * The effects that come from here are CORE_SEND for every LACPDU and Marker Response, and CORE_EVENT with
 * XLAGG_EVENT_PARTNER_CHANGE or XLAGG_EVENT_INTRUDER (port and text are filled in). All others are the caller's: after
 * each call it compares lacp_flags(), lacp_reason() and lacp_carrier() with what it last knew, and emits
 * XLAGG_EVENT_PORT_STATE, CORE_PUBLISH and CORE_CARRIER itself. A CORE_SEND must be carried out before the CORE_PUBLISH
 * that closes the port, so that the partner hears of it first.
 */
#ifndef CORE_LACP_H
#define CORE_LACP_H

#include "core/core.h"
#include "core/delay.h"
#include "xlagg/wire.h"

#define LACP_SECOND 1000000000ull
#define LACP_FAST_PERIODIC_TIME (1 * LACP_SECOND) /* 6.4.4 */
#define LACP_SLOW_PERIODIC_TIME (30 * LACP_SECOND)
/* Periodic LACPDUs are due at multiples of this: up to that much early, where 6.4.4 tolerates 250 ms. */
#define LACP_PERIODIC_TICK (LACP_SECOND / 16)
#define LACP_SHORT_TIMEOUT_TIME (3 * LACP_SECOND)
#define LACP_LONG_TIMEOUT_TIME (90 * LACP_SECOND)
#define LACP_CHURN_DETECTION_TIME (60 * LACP_SECOND)
#define LACP_AGGREGATE_WAIT_TIME (2 * LACP_SECOND)
/* Until a LACPDU that could not be sent is sent again. A partner that expects one a second must not miss three. */
#define LACP_RETRY_TIME (LACP_SECOND / 5)
#define LACP_TX_LIMIT 3 /* LACPDUs in any LACP_FAST_PERIODIC_TIME */
/* A partner that stays out of sync for so long, although we are in sync, refuses the link: other links go before it. */
#define LACP_REFUSED_TIME (LACP_AGGREGATE_WAIT_TIME + LACP_FAST_PERIODIC_TIME)
/* Time between the last frame handed to a port that is taken out of service and the LACPDU that announces it. */
#define LACP_MARKER_TIME                                                                                               \
	(LACP_SECOND / 5) /* between two markers on a port: slow protocols send no more than ten a second */
#define LACP_DRAIN_TIME (LACP_SECOND / 20)
/* How long a port that we took out accepts unicast: until then every partner has heard of it and sends elsewhere. */
#define LACP_LINGER_TIME LACP_SECOND
/* How long an intruder counts as present after its last LACPDU, and the least time between reports of two intruders. */
#define LACP_INTRUDER_TIME LACP_LONG_TIMEOUT_TIME
#define LACP_INTRUDER_INTERVAL (60 * LACP_SECOND)
#define LACP_NO_SLOT XLAGG_MAX_PORTS /* "no port", "no aggregator" */

/* States of the Periodic Transmission machine (Figure 6-19). PERIODIC_TX is left as soon as it is entered. */
enum lacp_periodic { LACP_NO_PERIODIC, LACP_FAST_PERIODIC, LACP_SLOW_PERIODIC, LACP_PERIODIC_TX };

/* Why the Selection Logic holds a port in STANDBY. */
enum lacp_hold {
	LACP_HOLD_NONE,
	LACP_HOLD_AGGREGATOR, /* another aggregator carries traffic */
	LACP_HOLD_MIN_LINKS,  /* its aggregator has fewer usable ports than min-links */
	LACP_HOLD_MAX_LINKS,  /* enough other ports go before it */
	LACP_HOLD_SPEED,      /* slower than another port, and mixed-speed is off */
	LACP_HOLD_DAMPING,    /* its partner was lost too often, and other ports carry traffic */
};

/* 802.1AX-2014 7.3.3 and 7.3.4, as far as the core counts them. */
struct lacp_counters {
	uint64_t lacpdu_tx, lacpdu_rx;
	uint64_t marker_tx, marker_rx, marker_response_tx, marker_response_rx;
	uint64_t illegal_rx; /* illegal subtype, length or tag */
	uint64_t unknown_rx; /* address or EtherType of the slow protocols, but not both; or a reserved subtype */
	uint64_t actor_churns, partner_churns;	 /* entries into ACTOR_CHURN, PARTNER_CHURN */
	uint64_t actor_changes, partner_changes; /* changes of the LAG ID, as we and as the partner sees it */
	uint64_t foreign_rx;			 /* LACPDUs ignored because of partner-system or partner-guard */
};

/* The marker that was sent last on a port, and what the partner's answers have shown. */
struct lacp_marker {
	uint32_t transaction; /* Requester_Transaction_ID */
	bool awaited;	      /* it has not been answered */
	bool fresh;	      /* there was an answer since lacp_take_proof() */
	uint64_t sent_at;     /* 0: none was sent yet */
	uint64_t proved;      /* when the one was sent that was answered last; 0: none */
	struct delay delay;   /* how long the answers took */
};

/* One port. Names in capitals are those of clause 6.4. */
struct lacp_port {
	bool used;		     /* the slot is taken */
	char name[XLAGG_NAME_MAX];   /* of the device */
	uint32_t order;		     /* of addition */
	struct xlagg_port_conf conf; /* options */
	struct core_link link;	     /* as last reported by the caller */
	uint16_t number;	     /* Actor_Port_Number */
	uint32_t speed;		     /* Mb/s when the port last had carrier, 0: unknown */

	bool enabled;	   /* port_enabled: carrier, and neither port nor lagg out of service */
	bool lacp_enabled; /* LACP_Enabled: not half duplex */
	bool ntt;	   /* NTT: need to transmit */
	bool port_moved;   /* port_moved: the recorded partner turned up on another port */
	bool ready_n;	   /* Ready_N: wait_while_timer has expired */
	bool matched;	   /* the last LACPDU was active, and its Partner fields were ours or it was individual */
	bool refused;	   /* the partner stayed out of sync for LACP_REFUSED_TIME although we were in sync */
	bool avoided;	   /* as `refused`, kept until both are in sync: systems must not chase each other's choice */
	bool damped;	   /* lost too often: carries traffic only if there are too few other ports */
	bool draining;	   /* going out of service: sends nothing more, collects until `drain` */
	bool view_known;   /* `view` is valid */
	struct xlagg_lacp_end actor;   /* Actor_Oper_* */
	struct xlagg_lacp_end partner; /* Partner_Oper_* */
	struct xlagg_lacp_end heard;   /* Actor fields of the last LACPDU as received */
	struct xlagg_lacp_end view;    /* Partner fields of the last LACPDU: how the partner sees us */
	uint64_t heard_at;	       /* when the last LACPDU came */
	uint64_t silence;	       /* ns without a LACPDU that led to state `rx`; 0: none was expected yet */
	uint64_t defaulted_since;      /* when the Receive machine entered DEFAULTED */
	uint64_t sent[LACP_TX_LIMIT];  /* when the last LACPDUs left, oldest at sent[sent_next]; CORE_NEVER: none */
	uint32_t sent_next;	       /* index of the oldest of `sent` */
	uint64_t retry;		       /* the next LACPDU leaves no earlier, since one could not be sent */
	uint32_t losses;	/* changes of partner and losses of Sync that lacp_take_losses() has not returned */
	uint8_t intruder[6];	/* the system last reported as an intruder */
	uint64_t intruder_told; /* when it was */

	enum xlagg_lacp_selected selected; /* Selected */
	enum lacp_hold hold;		   /* why it is in STANDBY */
	uint32_t aggregator; /* Aggregator that the port has selected or is attached to, LACP_NO_SLOT: none */

	enum xlagg_lacp_rx rx;
	enum lacp_periodic periodic;
	enum xlagg_lacp_mux_state mux;
	enum xlagg_lacp_churn actor_churn, partner_churn;

	/* Timers: when they expire, CORE_NEVER: stopped. */
	uint64_t current_while, periodic_timer, wait_while, actor_churn_timer, partner_churn_timer;
	uint64_t refused_timer, drain;
	uint64_t linger;	 /* runs while the partner may not know yet that we took the port out */
	uint64_t prio_timer;	 /* runs while the partner may not know our new port priority yet */
	uint64_t loop_timer;	 /* runs after a LACPDU of our own system was received */
	uint64_t intruder_timer; /* runs after a LACPDU was ignored */

	struct lacp_marker marker;
	struct lacp_counters counters;
};

/* LACP of one lagg: embedded in struct core. */
struct lacp {
	bool running;		     /* between lacp_start() and lacp_stop() */
	struct xlagg_lagg_conf conf; /* options */
	uint32_t number;	     /* of the lagg, for automatic keys */
	uint8_t mac[6];		     /* the lagg's MAC when LACP started: system-mac auto */
	uint8_t system[6];	     /* Actor_System */
	uint32_t slots;		     /* one more than the highest slot in use */
	uint32_t last_number;	     /* last automatic port number given */
	uint32_t active;	     /* the aggregator that may carry traffic, LACP_NO_SLOT: none */
	uint32_t fallback;	 /* lacp-strict off: the port that carries traffic without a partner, or LACP_NO_SLOT */
	uint64_t fallback_timer; /* when another port may become the fallback; CORE_NEVER: only after another input */
	struct lacp_port port[XLAGG_MAX_PORTS];
};

/*
 * Starts LACP without ports. `conf` is valid. `number` distinguishes laggs in automatic keys. `mac` is the lagg's;
 * later changes of it do not matter here. lacp_port_add() and lacp_link() follow for each port.
 */
void lacp_start(struct lacp *l, const struct xlagg_lagg_conf *conf, uint32_t number, const uint8_t mac[6]);
/* Ends LACP (proto changes, the lagg is deleted, flush). Each port that speaks sends a last LACPDU. */
void lacp_stop(struct lacp *l, uint64_t now, struct core_effects *fx);
/*
 * Takes new options, conf->admin included. A new lacp-rate, lacp-mode, lacp-mux, lacp-strict, or a min-links that is
 * still reached, takes no port out. A new system-prio, system-mac or key goes through UNSELECTED.
 */
void lacp_set(struct lacp *l, uint64_t now, const struct xlagg_lagg_conf *conf, struct core_effects *fx);

/* BEGIN for a port in a free slot. Its link counts as absent until lacp_link(). `order` decides where prio is equal. */
void lacp_port_add(struct lacp *l, uint64_t now, uint32_t slot, const char *name, uint32_t order,
		   const struct xlagg_port_conf *conf, struct core_effects *fx);
void lacp_port_order(struct lacp *l, uint32_t slot, uint32_t order);
/*
 * Takes a port's new options. With conf->admin 0 the port stops distributing at once. After LACP_DRAIN_TIME it sends a
 * last LACPDU that says so, stops collecting, and ignores what it hears.
 */
void lacp_port_set(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_port_conf *conf,
		   struct core_effects *fx);
/* Whether the port is on its way out of service. Then lacp_drain() says when it is to be out; else it does nothing. */
bool lacp_draining(const struct lacp *l, uint32_t slot);
void lacp_drain(struct lacp *l, uint32_t slot, uint64_t until);
void lacp_port_rename(struct lacp *l, uint32_t slot, const char *name);
/* Frees the slot. The port sends a last LACPDU if it speaks. */
void lacp_port_del(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx);
/*
 * Reports the present state of a port's link. Half duplex turns LACP off on the port. A new speed may mean a new key.
 */
void lacp_link(struct lacp *l, uint64_t now, uint32_t slot, const struct core_link *link, struct core_effects *fx);

/*
 * Hands over a frame, destination MAC first, of which `len` octets are at hand. What is not for us is counted and
 * dropped.
 */
void lacp_receive(struct lacp *l, uint64_t now, uint32_t slot, const uint8_t *frame, uint32_t len,
		  struct core_effects *fx);
/*
 * Sends a Marker PDU on a port that distributes, unless one was sent less than LACP_MARKER_TIME ago. What was handed to
 * the port before has arrived when the response comes.
 */
void lacp_mark(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx);
/* Returns whether a marker was answered since the last call. */
bool lacp_take_proof(struct lacp *l, uint32_t slot);
/* Returns the time such that all that was handed to the port before has arrived; 0: nothing is known of that. */
uint64_t lacp_proved(const struct lacp *l, uint32_t slot);
/* Returns how long the partner's answers to markers took. */
const struct delay *lacp_delay(const struct lacp *l, uint32_t slot);
/* Lets time take effect. Call at or after lacp_deadline(). */
void lacp_run(struct lacp *l, uint64_t now, struct core_effects *fx);
/* Returns when lacp_run() has to be called next; CORE_NEVER: not before another input. */
uint64_t lacp_deadline(const struct lacp *l);

/*
 * Returns how often, since the last call, the port's partner changed, or lost Sync or Collecting, while the port was in
 * sync or damped. What the caller makes of it, it passes to lacp_damp().
 */
uint32_t lacp_take_losses(struct lacp *l, uint32_t slot);
/* A damped port is held back, out of sync, as long as min-links other ports of its aggregator carry traffic. */
void lacp_damp(struct lacp *l, uint64_t now, uint32_t slot, bool damped, struct core_effects *fx);

/* Whether frames from this port go to the lagg, and whether frames of the lagg go to this port. */
bool lacp_collecting(const struct lacp *l, uint32_t slot);
bool lacp_distributing(const struct lacp *l, uint32_t slot);
/* Whether we took the port out, and its partner may still send on it. */
bool lacp_lingers(const struct lacp *l, uint32_t slot);
/* Returns bits of enum xlagg_flag: ACTIVE (in the active aggregator), COLLECTING, DISTRIBUTING. */
uint32_t lacp_flags(const struct lacp *l, uint32_t slot);
/* Whether the Selection Logic holds the port back (Selected is STANDBY). */
bool lacp_standby(const struct lacp *l, uint32_t slot);
/* Returns how many ports of the active aggregator have a current, agreeing partner: min-links counts these. */
uint32_t lacp_usable(const struct lacp *l);
/* The lagg's carrier: a port distributes, and min-links is reached or the port is the fallback. */
bool lacp_carrier(const struct lacp *l);
/*
 * Writes why the port may not be sent to: one sentence, empty exactly if the port distributes. The sentence changes
 * only if the cause does.
 */
void lacp_reason(const struct lacp *l, uint32_t slot, char text[XLAGG_SENTENCE_MAX]);
/* Writes why lacp_carrier() is false; empty: it is true. */
void lacp_lagg_reason(const struct lacp *l, char text[XLAGG_SENTENCE_MAX]);
/* Fills in number, standby, reason, notice, lacp and the LACP counters of a port's status and leaves the rest alone. */
void lacp_port_status(const struct lacp *l, uint32_t slot, struct xlagg_port_status *status);
/* --- adopt.c: across a change of agents --- */
/*
 * Writes what the next agent, and the kernel until then, need to go on with this port. The PDU, the times of the last
 * LACPDUs, and `outs` belong to the caller and are left alone.
 */
void lacp_save(const struct lacp *l, uint32_t slot, struct xlagg_lacp *ret);
/*
 * Takes system and port number from the record, if it makes sense. Call after lacp_port_add() and before lacp_link().
 */
void lacp_adopt_identity(struct lacp *l, uint32_t slot, const struct xlagg_lacp *saved);
/*
 * Lets a port go on as recorded. Call after lacp_link() of every port and before lacp_run(); the caller drops what
 * these calls wanted to send. Returns false if the record makes no sense or does not fit: the port then starts anew.
 */
bool lacp_adopt(struct lacp *l, uint64_t now, uint32_t slot, const struct xlagg_lacp *saved);

/* --- tx.c --- */
/* The last LACPDU of this port did not leave: it does not count, and another one is due after LACP_RETRY_TIME. */
void lacp_unsent(struct lacp *l, uint64_t now, uint32_t slot);

/* --- adopt.c: after a time in which the kernel acted for a late agent --- */
/*
 * `did` has when the kernel last sent a LACPDU, and when it last heard the partner, whose LACPDUs may still wait to be
 * read. Call before time has any effect, or that partner would seem to have been silent.
 */
void lacp_stood_in(struct lacp *l, uint32_t slot, const struct xlagg_headless *did);
/* The kernel took the port out because the partner had changed. The port starts anew and knows nothing of it. */
void lacp_restart(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx);

/* Fills in has_lag_id, actor and partner of a lagg's status and leaves the rest alone. */
void lacp_status(const struct lacp *l, struct xlagg_lagg_status *status);

#endif
