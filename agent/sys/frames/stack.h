/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The devices above a lagg. */
#ifndef SYS_FRAMES_STACK_H
#define SYS_FRAMES_STACK_H

#include <stddef.h>

#include "sys/netlink/netlink.h"

/* A device and those above it. */
struct frames_stack {
	struct device *device; /* the device itself first */
	size_t count;
};

/* Lists `ifindex` and the VLANs, macvlans, ipvlans and bridges above it, directly or through others. Returns 0 or
 * -errno, -ENODEV if it does not exist. */
int frames_stack_list(struct netlink *nl, int ifindex, struct frames_stack *ret);
void frames_stack_free(struct frames_stack *stack);
/* Returns NULL if it is not among them. */
const struct device *frames_stack_find(const struct frames_stack *stack, int ifindex);

#endif
