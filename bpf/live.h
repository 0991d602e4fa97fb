/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Whether a port may be sent to. */
#ifndef BPF_LIVE_H
#define BPF_LIVE_H

#include "maps.h"

/* The ifindex of the port in that slot if it is live, else 0. By the address, because the map is asked by it: a program
 * that asks several maps has the slot in memory once. */
static __always_inline __u32 live_at(const __u32 *slot)
{
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, slot);

	return port && port->enabled == port->lost ? port->ifindex : 0;
}

static __always_inline __u32 live(__u32 slot)
{
	return live_at(&slot);
}

#endif
