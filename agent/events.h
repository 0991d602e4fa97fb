/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Telling subscribers. */
#ifndef AGENT_EVENTS_H
#define AGENT_EVENTS_H

#include "agent.h"

void events_publish(struct agent *agent, const struct xlagg_event *event);

/* A lagg is called `name` and no longer `before`: whoever subscribed to it hears of it under that name. */
void events_follow(struct agent *agent, const char *before, const char *name);

#endif
