/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the files of LACP share. Each machine is a function that takes one arc of its diagram, if one is due, together
 * with the actions of the state that it leads to, and returns whether it did. lacp.c calls the machines until all are
 * settled.
 */
#ifndef CORE_LACP_MACHINE_H
#define CORE_LACP_MACHINE_H

#include "core/effect.h"
#include "core/lacp/lacp.h"
#include "core/lacp/pdu.h"

#define LACP_STATE_MUX (XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING)

/* Whether a timer has expired by `now`. One that is stopped (CORE_NEVER) never has. */
static inline bool lacp_expired(uint64_t timer, uint64_t now)
{
	return timer != CORE_NEVER && timer <= now;
}
static inline uint64_t lacp_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static inline bool lacp_has(const struct xlagg_lacp_end *end, uint8_t bits)
{
	return (end->state & bits) == bits;
}
static inline void lacp_put(struct xlagg_lacp_end *end, uint8_t bits, bool on)
{
	end->state = (uint8_t)(on ? end->state | bits : end->state & ~bits);
}
static inline uint32_t lacp_slot(const struct lacp *l, const struct lacp_port *p)
{
	return (uint32_t)(p - l->port);
}
static inline bool lacp_is_distributing(const struct lacp_port *p)
{
	return p->mux == XLAGG_MUX_DISTRIBUTING || p->mux == XLAGG_MUX_COLLECTING_DISTRIBUTING;
}
static inline bool lacp_is_collecting(const struct lacp_port *p)
{
	return p->mux == XLAGG_MUX_COLLECTING || lacp_is_distributing(p);
}
/* To be called before we take out a port that the partner still uses. */
static inline void lacp_linger(struct lacp_port *p, uint64_t now)
{
	if (lacp_is_collecting(p) && lacp_has(&p->partner, XLAGG_STATE_SYNC))
		p->linger = now + LACP_LINGER_TIME;
}
/* How long the partner may be silent: our own LACP_Timeout says so. */
static inline uint64_t lacp_timeout_time(const struct lacp_port *p)
{
	return lacp_has(&p->actor, XLAGG_STATE_TIMEOUT) ? LACP_SHORT_TIMEOUT_TIME : LACP_LONG_TIMEOUT_TIME;
}
/* The partner is current and sees us as we are: min-links and the choice of the aggregator count such ports. */
static inline bool lacp_agrees(const struct lacp_port *p)
{
	return p->enabled && p->rx == XLAGG_RX_CURRENT && p->matched;
}
/* The port hears its own system: there is a loop, or a second system with the same MAC. */
static inline bool lacp_loops(const struct lacp_port *p)
{
	return p->loop_timer != CORE_NEVER;
}

/* --- end.c --- */
/* Port, port priority, system, system priority and key are the same. */
bool lacp_same_port(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b);
/* The same as above, and the state bits of `mask` (enum xlagg_lacp_state) are the same too. */
bool lacp_same(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b, uint8_t mask);
/* System priority, system and key are the same: one half of a LAG ID (6.3.6.1). */
bool lacp_same_lag_end(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b);
/* Orders System IDs (6.3.2). Returns a negative number, 0 or a positive number; the lower has the higher priority. */
int lacp_compare_system(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b);
/* Returns the automatic key of a port, which depends on its speed and the number of the lagg. It is never 0. */
uint16_t lacp_auto_key(const struct lacp *l, uint32_t speed);

/* --- lacp.c --- */
/* Takes Actor_System from option system-mac: a MAC, or auto. */
void lacp_take_system(struct lacp *l);
/* Whether an option says what our system is. */
bool lacp_system_is_set(const struct lacp *l);
/* Makes Actor_Oper_* follow options, link and partner. A change sets NTT or unselects, as 6.4.14 asks. */
void lacp_actor_refresh(struct lacp *l, struct lacp_port *p, uint64_t now);

/* --- rx.c: Receive machine (6.4.12) and the functions of 6.4.9 --- */
void lacp_rx_begin(struct lacp *l, struct lacp_port *p);
bool lacp_rx_step(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx);
/* Takes a LACPDU. In states other than EXPIRED, DEFAULTED and CURRENT it changes nothing. */
void lacp_rx_pdu(struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu, struct core_effects *fx);
/* Partner_Admin_*: the values that stand for the partner while there is none. */
struct xlagg_lacp_end lacp_partner_admin(const struct lacp *l);
void lacp_record_default(const struct lacp *l, struct lacp_port *p);
void lacp_record_pdu(struct lacp_port *p, const struct pdu *pdu);
void lacp_update_selected(struct lacp_port *p, const struct pdu *pdu);
void lacp_update_default_selected(const struct lacp *l, struct lacp_port *p);
void lacp_update_ntt(struct lacp_port *p, const struct pdu *pdu);

/* --- guard.c: options partner-system and partner-guard --- */
/* Option partner-system excludes this system. */
bool lacp_excluded(const struct lacp *l, const uint8_t system[6]);
/* Whether a LACPDU is to be ignored because of its sender. Then it is counted, and its sender reported. */
bool lacp_foreign(struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu, struct core_effects *fx);
/* Option partner-system changed: a port whose partner is excluded now loses it at once. */
void lacp_guard_changed(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx);
/* Writes whose LACPDUs are ignored on the port, and why; empty: nobody's. */
void lacp_guard_notice(const struct lacp *l, const struct lacp_port *p, char text[XLAGG_SENTENCE_MAX]);

/* --- periodic.c: Periodic Transmission machine (6.4.13) --- */
void lacp_periodic_begin(struct lacp_port *p);
bool lacp_periodic_step(struct lacp_port *p, uint64_t now);

/* --- select.c: Selection Logic (6.4.14), and which aggregator carries traffic --- */
/*
 * Assigns aggregators to unselected ports, chooses the active one, and holds back the ports that a limit excludes.
 * Returns whether anything changed.
 */
bool lacp_select(struct lacp *l, uint64_t now);
/* Ready: every port that waits to attach to this aggregator has Ready_N. */
bool lacp_ready(const struct lacp *l, uint32_t aggregator);
/* Returns how many ports of an aggregator are usable: they agree, and none is faster unless speeds may be mixed. */
uint32_t lacp_eligible(const struct lacp *l, uint32_t aggregator);
/* Returns a port of the active aggregator whose partner agrees, NULL: there is none. */
const struct lacp_port *lacp_active_port(const struct lacp *l);
/* Returns the greatest speed among the agreeing ports of an aggregator, Mb/s. */
uint32_t lacp_fastest(const struct lacp *l, uint32_t aggregator);

/* --- limit.c: max-links, and lacp-strict off --- */
/* Sets for each slot whether max-links holds it back. `aggregator` is the active one. */
void lacp_limit(const struct lacp *l, uint32_t aggregator, bool held[XLAGG_MAX_PORTS]);
/* Chooses the port that carries traffic while no port hears a partner. Returns whether it changed. */
bool lacp_fallback(struct lacp *l, uint64_t now);

/* --- mux.c: Mux machine (6.4.15), independent and coupled control --- */
void lacp_mux_begin(struct lacp_port *p);
bool lacp_mux_step(const struct lacp *l, struct lacp_port *p, uint64_t now);

/* --- tx.c: Transmit machine (6.4.16) --- */
void lacp_tx_begin(struct lacp_port *p);
/* Sends what is due and allowed. Where nothing may be sent, forgets that it was due. */
void lacp_tx(const struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx);
/* Sends a last LACPDU without Sync, Collecting and Distributing, whatever the limit says. */
void lacp_tx_last(const struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx);
/* Returns when a waiting LACPDU may be sent; CORE_NEVER: none waits. */
uint64_t lacp_tx_deadline(const struct lacp_port *p);

/* --- churn.c: Actor and Partner Churn machines (6.4.17) --- */
void lacp_churn_begin(struct lacp_port *p);
void lacp_churn(struct lacp_port *p, uint64_t now);

/* --- marker.c: Marker responder (6.5.4.2) and generator --- */
void marker_respond(const struct lacp *l, struct lacp_port *p, const struct pdu *pdu, struct core_effects *fx);
/* A Marker Response came. It counts if it answers the marker that was sent last. */
void marker_answered(const struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu);

#endif
