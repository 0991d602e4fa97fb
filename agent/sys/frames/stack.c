/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Lists a device and those above it. */
#include "sys/frames/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All devices of the namespace. */
struct collection {
	struct frames_stack all;
	int r; /* the first error, or 0 */
};

static int append(struct frames_stack *stack, const struct device *device)
{
	struct device *grown = reallocarray(stack->device, stack->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[stack->count] = *device;
	stack->device = grown;
	stack->count++;
	return 0;
}

static void collect(void *context, const struct device *device, bool gone)
{
	struct collection *collection = context;
	if (!gone && collection->r == 0)
		collection->r = append(&collection->all, device);
}

/* Devices of these kinds send on the wire of the device below them. A tunnel that names it does not. */
static bool shares_wire(const struct device *upper)
{
	static const char *const kinds[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(upper->kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool is_above(const struct device *upper, const struct device *lower)
{
	if (upper->link == lower->ifindex && shares_wire(upper))
		return true;
	return lower->master == upper->ifindex && strcmp(lower->master_kind, "bridge") == 0;
}

int frames_stack_list(struct netlink *nl, int ifindex, struct frames_stack *ret)
{
	__attribute__((cleanup(frames_stack_free))) struct frames_stack stack = {};
	struct collection collection = {};
	__attribute__((cleanup(frames_stack_free))) struct frames_stack all = {};
	int r = netlink_list(nl, collect, &collection);
	all = collection.all;
	if (r == 0)
		r = collection.r;
	const struct device *base = frames_stack_find(&all, ifindex);
	if (r == 0)
		r = base ? append(&stack, base) : -ENODEV;
	/* The list grows while it is read, so that devices above those that were found are found next. */
	for (size_t i = 0; r == 0 && i < stack.count; i++)
		for (size_t k = 0; r == 0 && k < all.count; k++)
			if (is_above(&all.device[k], &stack.device[i]) &&
			    !frames_stack_find(&stack, all.device[k].ifindex))
				r = append(&stack, &all.device[k]);
	if (r < 0)
		return r;
	*ret = stack;
	stack = (struct frames_stack){};
	return 0;
}

void frames_stack_free(struct frames_stack *stack)
{
	free(stack->device);
	*stack = (struct frames_stack){};
}

const struct device *frames_stack_find(const struct frames_stack *stack, int ifindex)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->device[i].ifindex == ifindex)
			return &stack->device[i];
	return NULL;
}
