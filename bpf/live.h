/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Whether a port may be sent to. */
#ifndef BPF_LIVE_H
#define BPF_LIVE_H

#include "maps.h"

/* The port's ifindex if it is live, else 0. */
static __always_inline __u32 live(__u32 slot)
{
	const volatile struct xlagg_port *port = bpf_map_lookup_elem(&ports, &slot);

	return port && port->enabled == port->lost ? port->ifindex : 0;
}

#endif
