/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes. */
#ifndef LAGG_PROBES_H
#define LAGG_PROBES_H

#include "lagg/lagg.h"

/* Whether the options ask for any. */
bool probes_wanted(const struct xlagg_lagg_conf *conf);
/* How many addresses there are in option probe. */
uint32_t probes_targets(const struct xlagg_lagg_conf *conf);
/* For the programs: the shortest time between two answers that a port may hand over, in us; 0: no limit. */
uint32_t probes_limit_us(const struct xlagg_lagg_conf *conf);
/* Sends a probe to every target on a port, from that MAC. */
void probes_send(struct lagg *lagg, uint32_t slot, const uint8_t mac[6]);
/* The port left: the MAC that its probes came from is an ordinary one again. */
void probes_forget(struct lagg *lagg, uint32_t slot);
/* That MAC is about to be the lagg's: frames to it are no longer for probes alone. */
void probes_yield(struct lagg *lagg, const uint8_t mac[6]);
/* A frame that the programs took for an answer on a port. Returns whether it is one, with what it says. */
bool probes_read(const uint8_t *frame, uint32_t len, struct core_answer *ret);

#endif
