/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The only way into the core. Each function gives it one input (core.h explains them) and carries out the effects
 * before it returns. Inputs whose effects belong together are put between input_begin() and input_end(): then the
 * outermost input_end() carries the effects out. */
#ifndef LAGG_INPUTS_H
#define LAGG_INPUTS_H

#include "lagg/lagg.h"

void input_begin(struct lagg *lagg);
void input_end(struct lagg *lagg);

/* Lets the core run, because time has passed or core_port_order() was called. */
void input_run(struct lagg *lagg);
/* Time has passed: handles the control frames that wait, then lets the core run and a failover whose gap is awaited. */
void input_time(struct lagg *lagg);
/* Handles the control frames that wait in the ring. */
void input_frames(struct lagg *lagg);
/* From now on handles control frames when they arrive. */
int input_watch_frames(struct lagg *lagg);
void input_options(struct lagg *lagg, const struct xlagg_lagg_conf *conf);
void input_mac(struct lagg *lagg, const uint8_t mac[6]);
void input_port_add(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf);
void input_port_set(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf);
void input_port_del(struct lagg *lagg, uint32_t slot);
void input_link(struct lagg *lagg, uint32_t slot, const struct core_link *link);
int input_activate(struct lagg *lagg, uint32_t slot);
/* One step of balancing: what core_balance() returns. */
int input_balance(struct lagg *lagg);
/* Hands over how far the moves of buckets are, as the core asks with CORE_MOVES. */
void input_moves(struct lagg *lagg);
/* Hands over what each port has sent and lost, as the core asks with CORE_SAMPLE. */
void input_sample(struct lagg *lagg);
/* Hands over what each bucket has sent, as the core asks with CORE_LOADS. */
void input_loads(struct lagg *lagg);
void input_lacp_restart(struct lagg *lagg, uint32_t slot);
/* A LACPDU of the core's could not be sent on the port. Called while effects are carried out. */
void input_lacp_unsent(struct lagg *lagg, uint32_t slot);
/* The lagg is being taken down: the last LACPDUs are sent. */
void input_stop(struct lagg *lagg);
/* All ports of an adopted lagg have been added: what core_hold() held back takes effect. */
void input_adopted(struct lagg *lagg, const struct xlagg_history *history);

#endif
