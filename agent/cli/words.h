/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The words that text, JSON and metrics have for the numbers that the agent reports. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "xlagg/ctl.h"

/* Tables of words, indexed by value and ended by NULL. */
extern const char *const words_rx[];	    /* enum xlagg_lacp_rx */
extern const char *const words_mux[];	    /* enum xlagg_lacp_mux_state */
extern const char *const words_selected[];  /* enum xlagg_lacp_selected */
extern const char *const words_churn[];	    /* enum xlagg_lacp_churn */
extern const char *const words_duplex[];    /* enum xlagg_duplex; unknown is NULL */
extern const char *const words_attach[];    /* enum xlagg_attach */
extern const char *const words_xdp_mode[];  /* enum xlagg_xdp_mode */
extern const char *const words_bond_mode[]; /* struct xlagg_lagg_status.bond_mode */
extern const char *const words_watch[];	    /* enum xlagg_watch */
extern const char *const words_detected[];  /* enum xlagg_detected */
extern const char *const words_probes[];    /* enum xlagg_probe_state */
extern const char *const words_grey[];	    /* enum xlagg_grey_state */
extern const char *const words_choice[];    /* enum xlagg_choice: one word */
extern const char *const words_why[];	    /* enum xlagg_choice: one phrase */
extern const char *const words_flag[];	    /* bit numbers of enum xlagg_flag; unused bits are "" */
extern const char *const words_lacp_bits[]; /* bit numbers of a LACP state (IEEE 802.1AX-2014 6.4.2.3) */

/* Returns the word for `value`, NULL if the table has none. */
const char *words_get(const char *const *table, uint32_t value);
/* Writes the words of the bits that are set, separated by commas. */
void words_bits(const char *const *table, uint32_t bits, char *ret, size_t size);

/* A counter that is a member of struct xlagg_port_status or xlagg_lagg_status. */
struct words_counter {
	const char *name;
	size_t offset; /* of its uint64_t */
	const char *help;
};
/* Tables ended by a NULL name. */
extern const struct words_counter words_traffic_port[], words_traffic_lagg[]; /* packets and octets both ways */
extern const struct words_counter words_moves[];			      /* of buckets, by how they ended */
extern const struct words_counter words_rx_dropped[], words_tx_dropped[];     /* by reason; of a port, of a lagg */
extern const struct words_counter words_port_mib[];			      /* LACP and link, of a port */
extern const struct words_counter words_port_probes[];			      /* link probes, of a port */
extern const struct words_counter words_port_grey[];			      /* what a port loses (grey-detect) */
uint64_t words_count(const void *counters, const struct words_counter *counter);

/* Writes a time (CLOCK_REALTIME) as RFC 3339 does, in UTC with microseconds. 0 becomes an empty text. */
#define WORDS_TIME_SIZE 40
void words_time(uint64_t time_ns, char ret[WORDS_TIME_SIZE]);
/* Writes one end of a link as lagg(4) does: "(8000,02-00-00-00-00-01,000A,8000,0001)". With `aggregate`, port priority
 * and number are 0000. */
#define WORDS_END_SIZE 48
void words_lacp_end(const struct xlagg_lacp_end *end, int aggregate, char ret[WORDS_END_SIZE]);
/* Writes how long a port's LACP survives without the agent: "yes" (for ever), "no" or "90 s". */
void words_headless(uint32_t seconds, char *ret, size_t size);

#endif
