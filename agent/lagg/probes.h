/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes: sent for the core, which decides when; and their answers. */
#ifndef LAGG_PROBES_H
#define LAGG_PROBES_H

#include "lagg/lagg.h"

/* Whether the lagg sends link probes: option probe asks for them and the proto has them. */
bool probes_wanted(const struct xlagg_lagg_conf *conf);
/* Returns the number of addresses in option probe. */
uint32_t probes_targets(const struct xlagg_lagg_conf *conf);
/* Returns, for the programs, the shortest mean time between two answers that a port may pass to the agent, in us; 0:
 * there are no link probes. */
uint32_t probes_limit_us(const struct xlagg_lagg_conf *conf);
/* Sends a link probe to every target on a port, from this MAC. */
void probes_send(struct lagg *lagg, uint32_t slot, const uint8_t mac[6]);
/* The port is removed: the MAC that its probes came from is an ordinary one again. */
void probes_forget(struct lagg *lagg, uint32_t slot);
/* The lagg is about to take this MAC: frames to it are no longer for probes alone. */
void probes_yield(struct lagg *lagg, const uint8_t mac[6]);
/* Reads a frame that the programs took for an answer to a probe. Returns false if it is not one. */
bool probes_read(const uint8_t *frame, uint32_t len, struct core_answer *ret);

#endif
