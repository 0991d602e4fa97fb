/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the core asks for, carried out; events; carrier. */
#ifndef LAGG_EFFECTS_H
#define LAGG_EFFECTS_H

#include "lagg/lagg.h"

/* Carries out the effects of the inputs so far. For inputs.c alone. */
void effects_carry_out(struct lagg *lagg);
/* Publishes table and port states as the core wants them now; also again, where that failed (lagg->unpublished). */
void effects_publish(struct lagg *lagg);
/* Makes the lagg's device and its programs say what lagg->carrier says. */
void lagg_assert_carrier(struct lagg *lagg);
/* Reports an event; time and lagg are filled in here. */
void lagg_event(struct lagg *lagg, struct xlagg_event *event);
/* The same for an event that has no more than a port and a text; both may be NULL. */
void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text);

#endif
