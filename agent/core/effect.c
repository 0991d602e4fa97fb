/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The list of effects that a caller hands in with each input. */
#include "core/effect.h"

#include <string.h>

struct core_effect *core_effect(struct core_effects *fx, enum core_effect_kind kind, uint32_t slot)
{
	struct core_effect *effect;

	if (fx->count == CORE_MAX_EFFECTS)
		fx->count--;
	effect = &fx->list[fx->count++];
	memset(effect, 0, sizeof(*effect));
	effect->kind = kind;
	effect->slot = slot;
	return effect;
}

struct xlagg_event *core_event(struct core_effects *fx, enum xlagg_event_type type, const char *port)
{
	struct xlagg_event *event = &core_effect(fx, CORE_EVENT, 0)->event;

	event->type = type;
	event->gap_ns = XLAGG_GAP_UNKNOWN;
	memcpy(event->port, port, strnlen(port, XLAGG_NAME_MAX - 1));
	return event;
}
