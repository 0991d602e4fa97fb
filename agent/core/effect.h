/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How the files of the core add to the list of effects. */
#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include "core/core.h"

/*
 * Appends an effect and returns it for the caller to fill in; everything but kind and slot is zero. It is never NULL:
 * if the list is full, because its owner did not empty it, the last effect in it is lost.
 */
struct core_effect *core_effect(struct core_effects *fx, enum core_effect_kind kind, uint32_t slot);
/* Appends an event in which only type and port (may be empty) are set and no gap is known, and returns it. */
struct xlagg_event *core_event(struct core_effects *fx, enum xlagg_event_type type, const char *port);

#endif
