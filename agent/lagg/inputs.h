/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The door to the core. Each function hands it one input (core.h says what it means) and carries out the effects before
 * it returns. Inputs whose effects belong together stand between input_begin() and input_end(); the effects are then
 * carried out by the outermost input_end().
 */
#ifndef LAGG_INPUTS_H
#define LAGG_INPUTS_H

#include "lagg/lagg.h"

void input_begin(struct lagg *lagg);
void input_end(struct lagg *lagg);

/* Time passed, for the core alone; also after core_port_order(). */
void input_run(struct lagg *lagg);
/* Time passed: the waiting control frames come first, then the core runs, and what waits for a gap. */
void input_time(struct lagg *lagg);
/* The control frames that wait in the ring. */
void input_frames(struct lagg *lagg);
/* Reads them from now on as they come. */
int input_watch_frames(struct lagg *lagg);
void input_options(struct lagg *lagg, const struct xlagg_lagg_conf *conf);
void input_mac(struct lagg *lagg, const uint8_t mac[6]);
void input_port_add(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf);
void input_port_set(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf);
void input_port_del(struct lagg *lagg, uint32_t slot);
void input_link(struct lagg *lagg, uint32_t slot, const struct core_link *link);
int input_activate(struct lagg *lagg, uint32_t slot);
void input_lacp_restart(struct lagg *lagg, uint32_t slot);
/* The lagg ends: last LACPDUs are sent. */
void input_stop(struct lagg *lagg);
/* All ports of an adopted lagg are known: what was held back by core_hold() takes effect. */
void input_adopted(struct lagg *lagg, const struct xlagg_history *history);

#endif
