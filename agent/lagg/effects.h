/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Carries out what the core asks for: tables, carrier, frames, events. */
#ifndef LAGG_EFFECTS_H
#define LAGG_EFFECTS_H

#include "lagg/lagg.h"

/* Carries out the effects of the inputs so far. Only inputs.c calls it. */
void effects_carry_out(struct lagg *lagg);
/* Publishes table and port states as the core wants them now. lagg->unpublished says whether that failed. */
void effects_publish(struct lagg *lagg);
/* Does again what failed. */
void effects_do_again(struct lagg *lagg);
/* Sets the carrier of the lagg's device, and the programs' view of it, to lagg->carrier. */
void lagg_assert_carrier(struct lagg *lagg);
/* Reports an event. Time and lagg are filled in here. */
void lagg_event(struct lagg *lagg, struct xlagg_event *event);
/* Reports an event that has only a port and a text. Both may be NULL. */
void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text);

#endif
