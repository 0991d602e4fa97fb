/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The pins of hooks: what their names say, and detaching what they keep attached, also without a datapath. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/datapath/internal.h"

static bool parse_link(const char *name, struct hook_pin *pin)
{
	int end = 0;
	pin->keeper = KEEPER_LINK;
	return sscanf(name, "link_%15[a-z0-9]%n", pin->hook, &end) == 1 && !name[end];
}

static bool parse_filter(const char *name, struct hook_pin *pin)
{
	char side[4] = "", qdisc[7] = "";
	int end = 0;
	pin->keeper = KEEPER_FILTER;
	if (sscanf(name, "filter_%15[a-z0-9]_%d_%3[a-z]_%6[a-z]%n", pin->hook, &pin->ifindex, side, qdisc, &end) != 4)
		return false;
	pin->egress = strcmp(side, "out") == 0;
	pin->own = strcmp(qdisc, "own") == 0;
	return !name[end];
}

static bool parse_dispatch(const char *name, struct hook_pin *pin)
{
	int end = 0;
	pin->keeper = KEEPER_DISPATCHER;
	return sscanf(name, "dispatch_%15[a-z0-9]_%d%n", pin->hook, &pin->ifindex, &end) == 2 && !name[end];
}

static bool parse_mark(const char *name, struct hook_pin *pin)
{
	int end = 0;
	pin->keeper = KEEPER_DISPATCHER;
	pin->unfinished =
	    sscanf(name, "dispatching_%15[a-z0-9]_%d%n", pin->hook, &pin->ifindex, &end) == 2 && !name[end];
	return pin->unfinished;
}

bool hook_pin_parse(const char *name, struct hook_pin *ret)
{
	struct hook_pin pin = {0};
	if (strlen(name) >= sizeof(pin.name))
		return false;
	memcpy(pin.name, name, strlen(name));
	if (!parse_link(name, &pin) && !parse_filter(name, &pin) && !parse_dispatch(name, &pin) &&
	    !parse_mark(name, &pin))
		return false;
	*ret = pin;
	return true;
}

void hook_pin_name(struct hook_pin *pin)
{
	switch (pin->keeper) {
	case KEEPER_LINK:
		snprintf(pin->name, sizeof(pin->name), "link_%s", pin->hook);
		break;
	case KEEPER_FILTER:
		snprintf(pin->name, sizeof(pin->name), "filter_%s_%d_%s_%s", pin->hook, pin->ifindex,
			 pin->egress ? "out" : "in", pin->own ? "own" : "shared");
		break;
	case KEEPER_DISPATCHER:
		snprintf(pin->name, sizeof(pin->name), "dispatch%s_%s_%d", pin->unfinished ? "ing" : "", pin->hook,
			 pin->ifindex);
		break;
	}
}

bool hook_of_pin(const char *name, char hook[DATAPATH_HOOK_MAX])
{
	struct hook_pin pin;
	int end = 0;
	if (hook_pin_parse(name, &pin)) {
		memcpy(hook, pin.hook, sizeof(pin.hook));
		return true;
	}
	return sscanf(name, "prog_%15[a-z0-9]%n", hook, &end) == 1 && !name[end];
}

static enum pin_kind kind_of(const struct hook_pin *pin)
{
	if (pin->keeper == KEEPER_LINK)
		return PIN_LINK;
	return pin->unfinished ? PIN_MAP : PIN_PROGRAM;
}

int hook_pin_open(const char *folder, const struct hook_pin *pin)
{
	return pin_get(folder, pin->name, kind_of(pin));
}

/* `id`: of the program, or of the map for an unfinished pin. */
static int detach_by_id(const struct hook_pin *pin, uint32_t id)
{
	if (!id)
		return -EIO;
	if (pin->keeper == KEEPER_FILTER)
		return clsact_detach(pin->ifindex, pin->egress, id, pin->own);
	return pin->unfinished ? xdp_undispatch_all(pin->ifindex, id) : xdp_undispatch(pin->ifindex, id);
}

int hook_detach(const struct hook_pin *pin, int fd)
{
	if (pin->keeper != KEEPER_LINK)
		return detach_by_id(pin, pin_id(kind_of(pin), fd));
	/* Detached even if another process holds the link open. Links of kinds that cannot be detached end with their
	 * last descriptor and pin. */
	bpf_link_detach(fd);
	return 0;
}

/* Detaches what the pin keeps attached. A damaged pin keeps nothing, and what a link keeps ends with its pin. */
static int detach(const char *folder, const struct hook_pin *pin)
{
	__attribute__((cleanup(close_fd))) int fd = hook_pin_open(folder, pin);
	if (fd >= 0)
		return hook_detach(pin, fd);
	return fd == -ENOENT || fd == -EPROTO || pin->keeper == KEEPER_LINK ? 0 : fd;
}

int hook_drop_pin(const char *folder, const char *name)
{
	struct hook_pin pin;
	/* The pin stays until nothing is attached any more: only by it another try knows what to detach. */
	int r = hook_pin_parse(name, &pin) ? detach(folder, &pin) : 0;
	return r ? r : pin_drop(folder, name);
}

/* The hook to clear, and the first error on the way. */
struct clearing {
	const char *hook; /* its name */
	int first;	  /* the error, 0: none */
};

static int clear_one(void *context, const char *folder, const char *name)
{
	struct clearing *clearing = context;
	char hook[DATAPATH_HOOK_MAX];
	int r = hook_of_pin(name, hook) && strcmp(hook, clearing->hook) == 0 ? hook_drop_pin(folder, name) : 0;
	if (!clearing->first)
		clearing->first = r;
	return 0;
}

int hook_clear(const char *folder, const char *name)
{
	struct clearing clearing = {.hook = name};
	int r = pin_each(folder, clear_one, &clearing);
	return r && r != -ENOENT ? r : clearing.first;
}
