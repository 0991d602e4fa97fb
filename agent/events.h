/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reports events to the clients that subscribed. */
#ifndef AGENT_EVENTS_H
#define AGENT_EVENTS_H

#include "agent.h"

/* Writes an event to the journal and sends it to the clients that subscribed to its lagg, without waiting for any. */
void events_publish(struct agent *agent, const struct xlagg_event *event);

/* A lagg was renamed from `before` to `name`: clients that subscribed to it go on to receive its events. */
void events_follow(struct agent *agent, const char *before, const char *name);

#endif
