/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is on its way when ports leave their laggs. */
#ifndef AGENT_FLIGHT_H
#define AGENT_FLIGHT_H

#include "agent.h"

/*
 * Waits until no frame is in flight to a port that lagg_retire_ports() has retired for the configuration `to`: flows
 * leave it first, in order; ours were handed to it before; and its partner sends until it has heard the last LACPDU,
 * which leaves meanwhile. The time is bounded, and the laggs are looked after.
 */
void flight_await(struct agent *agent, struct ctl_model *to);

#endif
