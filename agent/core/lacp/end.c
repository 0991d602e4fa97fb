/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What LACPDUs say of one end of a link: comparisons, and automatic keys. */
#include <string.h>

#include "core/lacp/machine.h"

#define KEY_CLASS_BITS 5
#define KEY_NUMBER_MASK 0x7ff

bool lacp_same_lag_end(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b)
{
	return a->system_prio == b->system_prio && a->key == b->key &&
	       memcmp(a->system, b->system, sizeof(a->system)) == 0;
}

bool lacp_same_port(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b)
{
	return lacp_same_lag_end(a, b) && a->port_prio == b->port_prio && a->port == b->port;
}

bool lacp_same(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b, uint8_t mask)
{
	return lacp_same_port(a, b) && !((a->state ^ b->state) & mask);
}

int lacp_compare_system(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b)
{
	if (a->system_prio != b->system_prio)
		return a->system_prio < b->system_prio ? -1 : 1;
	return memcmp(a->system, b->system, sizeof(a->system));
}

/*
 * The class of a speed. Ports of the same class may aggregate. Each known speed has a class, "unknown" has one, and all
 * other speeds share one.
 */
static uint32_t speed_class(uint32_t speed)
{
	static const uint32_t known[] = {0,	10,    100,   1000,  2500,  5000,  10000,  14000,  20000,  25000,
					 28000, 40000, 50000, 56000, 64000, 80000, 100000, 200000, 400000, 800000};
	uint32_t count = sizeof(known) / sizeof(known[0]);
	uint32_t i = 0;

	while (i < count && known[i] != speed)
		i++;
	return i + 1;
}

uint16_t lacp_auto_key(const struct lacp *l, uint32_t speed)
{
	const uint32_t any_speed = (1u << KEY_CLASS_BITS) - 1;

	return (uint16_t)((l->number & KEY_NUMBER_MASK) << KEY_CLASS_BITS |
			  (l->conf.mixed_speed ? any_speed : speed_class(speed)));
}
