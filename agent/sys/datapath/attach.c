/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Hooks: attaches, replaces in place and detaches programs. The pins are the only record of what is attached. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sys/datapath/internal.h"

/* Types of links that the build's kernel headers do not know yet. */
enum { LINK_TYPE_TCX = 11, LINK_TYPE_NETKIT = 13 };

/* What keeps a program attached: a bpf_link, a filter in clsact, libxdp's dispatcher. */
enum keeper { KEEPER_LINK, KEEPER_FILTER, KEEPER_DISPATCHER };

/* What the name of a pin says. */
struct hook_pin {
	enum keeper keeper;	      /* what the pin belongs to */
	char hook[DATAPATH_HOOK_MAX]; /* name of the hook */
	char name[DATAPATH_NAME_MAX]; /* of the pin */
	int ifindex;		      /* filter, dispatcher: the device */
	bool egress;		      /* filter: at egress, not ingress */
	bool own;		      /* filter: the qdisc was made for our filters */
};

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

static bool parse_pin(const char *name, struct hook_pin *ret)
{
	struct hook_pin pin = {0};
	if (strlen(name) >= sizeof(pin.name))
		return false;
	memcpy(pin.name, name, strlen(name));
	if (!parse_link(name, &pin) && !parse_filter(name, &pin) && !parse_dispatch(name, &pin))
		return false;
	*ret = pin;
	return true;
}

bool hook_of_pin(const char *name, char hook[DATAPATH_HOOK_MAX])
{
	struct hook_pin pin;
	int end = 0;
	if (parse_pin(name, &pin)) {
		memcpy(hook, pin.hook, sizeof(pin.hook));
		return true;
	}
	return sscanf(name, "prog_%15[a-z0-9]%n", hook, &end) == 1 && !name[end];
}

/* The search for a hook's pin. */
struct search {
	const char *hook;     /* its name */
	struct hook_pin *ret; /* what was found */
};

static int match_hook(void *context, const char *folder, const char *name)
{
	struct search *search = context;
	struct hook_pin pin;
	(void)folder;
	if (!parse_pin(name, &pin) || strcmp(pin.hook, search->hook) != 0)
		return 0;
	*search->ret = pin;
	return 1;
}

/* Finds the pin that keeps the hook's program attached. */
static bool find_pin(const char *folder, const char *hook, struct hook_pin *ret)
{
	return pin_each(folder, match_hook, &(struct search){.hook = hook, .ret = ret}) == 1;
}

/* Whether a pin is that of a filter on the device `context` (int) whose qdisc was made for our filters. */
static int match_own(void *context, const char *folder, const char *name)
{
	struct hook_pin pin;
	(void)folder;
	return parse_pin(name, &pin) && pin.keeper == KEEPER_FILTER && pin.own && pin.ifindex == *(int *)context;
}

uint32_t program_id(int program)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	return bpf_obj_get_info_by_fd(program, &info, &len) == 0 ? info.id : 0;
}

static uint32_t pinned_program_id(const char *folder, const char *name)
{
	__attribute__((cleanup(close_fd))) int program = pin_get(folder, name, PIN_PROGRAM);
	return program < 0 ? 0 : program_id(program);
}

static bool of_netkit(const struct hook *hook)
{
	return hook->kind == HOOK_NETKIT || hook->kind == HOOK_NETKIT_PEER;
}

/* What is to keep the hook's program attached on this kernel. */
static enum keeper wanted_keeper(const struct datapath *dp, const struct hook *hook)
{
	if (hook->kind == HOOK_XDP)
		return dp->features.dispatcher ? KEEPER_DISPATCHER : KEEPER_LINK;
	return of_netkit(hook) || dp->features.tcx ? KEEPER_LINK : KEEPER_FILTER;
}

static uint32_t attach_type(const struct hook *hook)
{
	switch (hook->kind) {
	case HOOK_TC_INGRESS:
		return DATAPATH_TCX_INGRESS;
	case HOOK_TC_EGRESS:
		return DATAPATH_TCX_EGRESS;
	case HOOK_NETKIT:
		return DATAPATH_NETKIT_PRIMARY;
	case HOOK_NETKIT_PEER:
		return DATAPATH_NETKIT_PEER;
	case HOOK_XDP:
		break;
	}
	return BPF_XDP;
}

/* Where a link is attached: laid out as the members for tcx and netkit of the union in struct bpf_link_info. Those for
 * XDP have only the first. */
struct place {
	uint32_t ifindex;     /* 0: detached, or the device is gone */
	uint32_t attach_type; /* enum bpf_attach_type */
};

static int link_place(int link, struct bpf_link_info *info, struct place *place)
{
	uint32_t len = sizeof(*info);
	memset(info, 0, sizeof(*info));
	*place = (struct place){0};
	if (bpf_obj_get_info_by_fd(link, info, &len) != 0)
		return -errno;
	memcpy(place, (const char *)info + offsetof(struct bpf_link_info, xdp), sizeof(*place));
	return 0;
}

/* Id of the program of a link that is attached to the hook. 0: the link is attached elsewhere or no longer attached. */
static uint32_t link_program(int link, const struct hook *hook)
{
	struct place place;
	struct bpf_link_info info;
	if (link_place(link, &info, &place) != 0)
		return 0;
	uint32_t type = hook->kind == HOOK_XDP ? (uint32_t)BPF_LINK_TYPE_XDP
			: of_netkit(hook)      ? LINK_TYPE_NETKIT
					       : LINK_TYPE_TCX;
	if (info.type != type || place.ifindex != (uint32_t)hook->ifindex)
		return 0;
	return hook->kind == HOOK_XDP || place.attach_type == attach_type(hook) ? info.prog_id : 0;
}

/* Id of the program that the pin keeps attached to the hook, 0: none. */
static uint32_t attached_program(const char *folder, const struct hook_pin *pin, const struct hook *hook)
{
	if (pin->keeper == KEEPER_LINK) {
		__attribute__((cleanup(close_fd))) int link = pin_get(folder, pin->name, PIN_LINK);
		return link < 0 ? 0 : link_program(link, hook);
	}
	uint32_t pinned = pinned_program_id(folder, pin->name), attached;
	if (!pinned || pin->ifindex != hook->ifindex)
		return 0;
	if (pin->keeper == KEEPER_DISPATCHER)
		return hook->kind == HOOK_XDP && xdp_dispatched(pin->ifindex, pinned) ? pinned : 0;
	if (pin->egress != (hook->kind == HOOK_TC_EGRESS) || clsact_query(pin->ifindex, pin->egress, &attached) != 0)
		return 0;
	return attached == pinned ? pinned : 0;
}

bool hook_attached(const char *folder, const struct hook *hook)
{
	struct hook_pin pin;
	return find_pin(folder, hook->name, &pin) && attached_program(folder, &pin, hook);
}

int hook_device(const char *folder, const char *name)
{
	struct hook_pin pin;
	if (!find_pin(folder, name, &pin))
		return 0;
	if (pin.keeper != KEEPER_LINK)
		return pin.ifindex;
	struct place place;
	struct bpf_link_info info;
	__attribute__((cleanup(close_fd))) int link = pin_get(folder, pin.name, PIN_LINK);
	return link >= 0 && link_place(link, &info, &place) == 0 ? (int)place.ifindex : 0;
}

static int attach_link(const struct datapath *dp, const struct hook *hook, int program)
{
	char name[DATAPATH_NAME_MAX];
	/* The program of a netkit's peer is attached through the primary device. The kernel reports it at the peer. */
	int ifindex = hook->kind == HOOK_NETKIT_PEER ? (int)dp->setup.params.lagg_ifindex : hook->ifindex;
	__attribute__((cleanup(close_fd))) int link =
	    hook->kind == HOOK_XDP ? xdp_link(ifindex, program)
				   : bpf_link_create(program, ifindex, (enum bpf_attach_type)attach_type(hook), NULL);
	if (link < 0)
		return hook->kind == HOOK_XDP ? link : -errno;
	snprintf(name, sizeof(name), "link_%s", hook->name);
	return pin_set(dp->folder, name, link);
}

static int attach_filter(const struct datapath *dp, const struct hook *hook, int program)
{
	bool egress = hook->kind == HOOK_TC_EGRESS, made_qdisc;
	int r = clsact_attach(hook->ifindex, egress, program, &made_qdisc);
	if (r)
		return r;
	/* The qdisc is deleted with the last of our filters, whichever of them it was made for. */
	int ifindex = hook->ifindex;
	bool own = made_qdisc || pin_each(dp->folder, match_own, &ifindex) == 1;
	char name[DATAPATH_NAME_MAX];
	snprintf(name, sizeof(name), "filter_%s_%d_%s_%s", hook->name, hook->ifindex, egress ? "out" : "in",
		 own ? "own" : "shared");
	struct hook_pin old;
	bool renamed = find_pin(dp->folder, hook->name, &old) && strcmp(old.name, name) != 0;
	r = pin_set(dp->folder, name, program);
	if (r)
		clsact_detach(hook->ifindex, egress, program_id(program), own);
	return r || !renamed ? r : pin_drop(dp->folder, old.name);
}

static int attach_dispatched(const struct datapath *dp, const struct hook *hook)
{
	char name[DATAPATH_NAME_MAX];
	snprintf(name, sizeof(name), "dispatch_%s_%d", hook->name, hook->ifindex);
	return xdp_dispatch(dp, hook, name);
}

static int attach(const struct datapath *dp, const struct hook *hook, int program)
{
	switch (wanted_keeper(dp, hook)) {
	case KEEPER_LINK:
		return attach_link(dp, hook, program);
	case KEEPER_FILTER:
		return attach_filter(dp, hook, program);
	case KEEPER_DISPATCHER:
		break;
	}
	return attach_dispatched(dp, hook);
}

/* Puts `program` in the place of the one that runs at the hook. After an error, such as -ENOLINK, it has to be attached
 * anew. */
static int replace(const struct datapath *dp, const struct hook *hook, const struct hook_pin *pin, int program)
{
	if (pin->keeper == KEEPER_LINK) {
		__attribute__((cleanup(close_fd))) int link = pin_get(dp->folder, pin->name, PIN_LINK);
		if (link < 0)
			return link;
		return bpf_link_update(link, program, NULL) == 0 ? 0 : -errno;
	}
	if (pin->keeper == KEEPER_FILTER)
		return attach_filter(dp, hook, program);
	uint32_t old = pinned_program_id(dp->folder, pin->name);
	int r = attach_dispatched(dp, hook);
	return r ? r : xdp_undispatch(hook->ifindex, old);
}

static int explain_failure(char sentence[XLAGG_SENTENCE_MAX], const struct hook *hook, int r)
{
	char buffer[32];
	const char *device = datapath_device_name(hook->ifindex, buffer);
	if (hook->kind == HOOK_XDP && (r == -EBUSY || r == -EEXIST))
		return datapath_say(sentence, r,
				    "%s already has an XDP program that does not share the device: remove it with `ip "
				    "link set dev %s xdp off`",
				    device, device);
	if (hook->kind == HOOK_XDP)
		return datapath_say(sentence, r, "cannot attach XDP to %s: %s; `datapath tc` works on every device",
				    device, strerror(-r));
	return datapath_say(sentence, r, "cannot attach to %s: %s", device, strerror(-r));
}

/* Pins the attached program under its own name as well, only for people who look with bpftool. */
static int pin_attached(const struct datapath *dp, const struct hook *hook, char sentence[XLAGG_SENTENCE_MAX])
{
	char name[DATAPATH_NAME_MAX];
	struct hook_pin pin;
	uint32_t id = find_pin(dp->folder, hook->name, &pin) ? attached_program(dp->folder, &pin, hook) : 0;
	snprintf(name, sizeof(name), "prog_%s", hook->name);
	if (id && pinned_program_id(dp->folder, name) == id)
		return 0;
	__attribute__((cleanup(close_fd))) int program = bpf_prog_get_fd_by_id(id);
	int r = program < 0 ? -errno : pin_set(dp->folder, name, program);
	return r ? datapath_say(sentence, r, "cannot pin %s/%s: %s", dp->folder, name, strerror(-r)) : 0;
}

/* True when the program that is attached is the same as `program`. */
static bool runs(const struct datapath *dp, uint32_t attached_id, int program)
{
	__attribute__((cleanup(close_fd))) int attached = attached_id ? bpf_prog_get_fd_by_id(attached_id) : -1;
	return attached >= 0 && program_same(dp, attached, program);
}

int hook_ensure(const struct datapath *dp, const struct hook *hook, int program, char sentence[XLAGG_SENTENCE_MAX])
{
	struct hook_pin pin;
	bool found = find_pin(dp->folder, hook->name, &pin);
	uint32_t id = found && pin.keeper == wanted_keeper(dp, hook) ? attached_program(dp->folder, &pin, hook) : 0;

	if (!runs(dp, id, program) && (!id || replace(dp, hook, &pin, program) != 0)) {
		if (found)
			hook_drop_pin(dp->folder, pin.name);
		int r = attach(dp, hook, program);
		if (r)
			return explain_failure(sentence, hook, r);
	}
	return pin_attached(dp, hook, sentence);
}

int hook_drop_pin(const char *folder, const char *name)
{
	struct hook_pin pin;
	int r = 0;
	if (parse_pin(name, &pin)) {
		if (pin.keeper == KEEPER_LINK) {
			/* Detached even if another process holds the link open. Links of kinds that cannot be detached
			 * end with their pin. */
			__attribute__((cleanup(close_fd))) int link = pin_get(folder, name, PIN_LINK);
			if (link >= 0)
				bpf_link_detach(link);
		} else {
			uint32_t id = pinned_program_id(folder, name);
			r = pin.keeper == KEEPER_FILTER ? clsact_detach(pin.ifindex, pin.egress, id, pin.own)
							: xdp_undispatch(pin.ifindex, id);
		}
	}
	int dropped = pin_drop(folder, name);
	return r ? r : dropped;
}

/* The hook to clear, and the first error on the way. */
struct clearing {
	const char *hook;
	int first;
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
	return r ? r : clearing.first;
}
