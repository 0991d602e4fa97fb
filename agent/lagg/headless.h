/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Headless: what the kernel does for LACP while no agent runs. */
#ifndef LAGG_HEADLESS_H
#define LAGG_HEADLESS_H

#include "lagg/lagg.h"

/* Starts the kernel's clock (abi.h) if the lagg runs LACP and has carrier. May be called again: a clock that runs goes
 * on. */
void headless_clock(struct lagg *lagg);
/* Adds what the kernel has done since then to the pinned LACP state of a port, which is in port->lacp. */
void headless_adopt(struct lagg *lagg, uint32_t slot);
/* Returns how often the kernel took the port out since the last call: its partner had changed or fallen silent. LACP
 * restarts on a port that the kernel has not taken back. */
uint32_t headless_outs(struct lagg *lagg, uint32_t slot);
/* The agent was late and the kernel stood in for it: tells the core what the kernel did. To be called before the core
 * is told that time has passed. */
void headless_catch_up(struct lagg *lagg);

#endif
