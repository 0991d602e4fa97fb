/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the kernel does for LACP while no agent runs. */
#ifndef LAGG_HEADLESS_H
#define LAGG_HEADLESS_H

#include "lagg/lagg.h"

/* Starts the kernel's clock where LACP needs one. May be called again: a clock that runs goes on. */
void headless_clock(struct lagg *lagg);
/* Brings the pinned record of a port, in port->lacp, up to what the kernel has done since it was written. */
void headless_adopt(struct lagg *lagg, uint32_t slot);
/* How often the kernel took the port out, as its partner had changed or fallen silent, since this was last asked. */
uint32_t headless_outs(struct lagg *lagg, uint32_t slot);
/* It did: LACP of this port starts anew. */
void headless_restart(struct lagg *lagg, uint32_t slot);
/* The agent was late, and the kernel stood in for it: takes note of what it did, before time has any effect. */
void headless_catch_up(struct lagg *lagg);

#endif
