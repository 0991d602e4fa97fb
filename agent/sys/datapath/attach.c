/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Hooks: attaches programs, replaces them in place, detaches them, and holds what keeps them attached. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sys/datapath/internal.h"

/* Types of links that the build's kernel headers do not know yet. */
enum { LINK_TYPE_TCX = 11, LINK_TYPE_NETKIT = 13 };

static struct attachment *find(struct datapath *dp, const char *hook)
{
	for (uint32_t i = 0; i < dp->attachments; i++)
		if (strcmp(dp->attachment[i].hook.name, hook) == 0)
			return &dp->attachment[i];
	return NULL;
}

/* The entry of a hook, made if there is none. NULL: a lagg has no more hooks. */
static struct attachment *entry_of(struct datapath *dp, const char *hook)
{
	struct attachment *a = find(dp, hook);
	if (a || dp->attachments == DATAPATH_HOOKS)
		return a;
	a = &dp->attachment[dp->attachments++];
	*a = (struct attachment){.fd = -1};
	snprintf(a->hook.name, sizeof(a->hook.name), "%s", hook);
	return a;
}

static int adopt_pin(void *context, const char *folder, const char *name)
{
	struct datapath *dp = context;
	struct hook_pin pin;
	if (!hook_pin_parse(name, &pin) || pin.unfinished || find(dp, pin.hook))
		return 0;
	__attribute__((cleanup(close_fd))) int fd = hook_pin_open(folder, &pin);
	if (fd < 0 && fd != -EPROTO && fd != -ENOENT)
		return fd;
	struct attachment *a = fd < 0 ? NULL : entry_of(dp, pin.hook);
	if (!a)
		return 0; /* a damaged pin, or one of a hook that only other versions have */
	a->pin = pin;
	a->fd = take_fd(&fd);
	return 0;
}

int hooks_adopt(struct datapath *dp)
{
	return pin_each(dp->folder, adopt_pin, dp);
}

void hooks_close(struct datapath *dp)
{
	for (uint32_t i = 0; i < dp->attachments; i++)
		close_fd(&dp->attachment[i].fd);
	dp->attachments = 0;
}

uint32_t program_id(int program)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	return bpf_obj_get_info_by_fd(program, &info, &len) == 0 ? info.id : 0;
}

static bool of_netkit(const struct hook *hook)
{
	return hook->kind == HOOK_NETKIT || hook->kind == HOOK_NETKIT_PEER;
}

/* What is to keep the hook's program attached on this kernel, if nothing does yet. */
static enum keeper wanted_keeper(const struct datapath *dp, const struct hook *hook)
{
	if (hook->kind == HOOK_XDP)
		return dp->features.dispatcher ? KEEPER_DISPATCHER : KEEPER_LINK;
	return of_netkit(hook) || datapath_takes_tcx(dp) ? KEEPER_LINK : KEEPER_FILTER;
}

/* Whether what keeps the program attached may stay. A filter is as good as a tcx link: to exchange one for the other
 * would leave a moment without a program. */
static bool may_keep(const struct datapath *dp, const struct hook *hook, enum keeper keeper)
{
	bool tc = hook->kind == HOOK_TC_INGRESS || hook->kind == HOOK_TC_EGRESS;
	return tc ? keeper == KEEPER_LINK || keeper == KEEPER_FILTER : keeper == wanted_keeper(dp, hook);
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

/* Reads the id of the program of a link that is attached to the hook. 0: the link is attached elsewhere or no longer
 * attached. */
static int link_program(int link, const struct hook *hook, uint32_t *ret)
{
	struct place place;
	struct bpf_link_info info;
	int r = link_place(link, &info, &place);
	if (r)
		return r;
	uint32_t type = hook->kind == HOOK_XDP ? (uint32_t)BPF_LINK_TYPE_XDP
			: of_netkit(hook)      ? LINK_TYPE_NETKIT
					       : LINK_TYPE_TCX;
	bool there = info.type == type && place.ifindex == (uint32_t)hook->ifindex &&
		     (hook->kind == HOOK_XDP || place.attach_type == attach_type(hook));
	*ret = there ? info.prog_id : 0;
	return 0;
}

/* Whether the device's dispatcher or filter runs the program of ours: 1, 0, or -errno where that cannot be read. */
static int runs_at(const struct hook_pin *pin, const struct hook *hook, uint32_t ours)
{
	uint32_t attached;
	if (pin->ifindex != hook->ifindex)
		return 0;
	if (pin->keeper == KEEPER_DISPATCHER)
		return hook->kind == HOOK_XDP ? xdp_dispatched(pin->ifindex, ours) : 0;
	if (pin->egress != (hook->kind == HOOK_TC_EGRESS))
		return 0;
	int r = clsact_query(pin->ifindex, pin->egress, &attached);
	return r == -ENOENT ? 0 : r ? r : attached == ours;
}

/* Reads the id of the program that is attached to the hook, 0: none of ours. */
static int attached_program(const struct attachment *a, const struct hook *hook, uint32_t *ret)
{
	uint32_t ours;
	*ret = 0;
	if (a->fd < 0)
		return 0;
	if (a->pin.keeper == KEEPER_LINK)
		return link_program(a->fd, hook, ret);
	ours = program_id(a->fd);
	int r = ours ? runs_at(&a->pin, hook, ours) : -EIO;
	if (r == 1)
		*ret = ours;
	return r < 0 ? r : 0;
}

/* Whether the dispatcher of the device runs the program. Asking libxdp costs a process; as long as the device runs the
 * same dispatcher as when it was asked last, it is not asked again. */
static bool dispatched_right(const struct attachment *a)
{
	return a->dispatcher && xdp_program(a->hook.ifindex) == a->dispatcher;
}

bool hook_right(const struct attachment *a, bool deep)
{
	uint32_t id = 0;
	if (a->fd < 0)
		return false;
	switch (a->pin.keeper) {
	case KEEPER_LINK:
		break;
	case KEEPER_DISPATCHER:
		if (!deep || dispatched_right(a))
			return true;
		break;
	case KEEPER_FILTER:
		if (!deep)
			return true;
		break;
	}
	/* That it cannot be read now does not say that it is detached. */
	return attached_program(a, &a->hook, &id) != 0 || (a->program && id == a->program);
}

bool hooks_use_filters(const struct datapath *dp)
{
	for (uint32_t i = 0; i < dp->attachments; i++)
		if (dp->attachment[i].fd >= 0 && dp->attachment[i].pin.keeper == KEEPER_FILTER)
			return true;
	return false;
}

bool hook_attached(struct datapath *dp, const struct hook *hook)
{
	const struct attachment *a = find(dp, hook->name);
	uint32_t id = 0;
	return a && attached_program(a, hook, &id) == 0 && id;
}

bool hook_is_link(struct datapath *dp, const char *name)
{
	const struct attachment *a = find(dp, name);
	return a && a->fd >= 0 && a->pin.keeper == KEEPER_LINK;
}

int hook_device(struct datapath *dp, const char *name)
{
	const struct attachment *a = find(dp, name);
	if (!a || a->fd < 0)
		return 0;
	if (a->pin.keeper != KEEPER_LINK)
		return a->pin.ifindex;
	struct place place;
	struct bpf_link_info info;
	return link_place(a->fd, &info, &place) == 0 ? (int)place.ifindex : 0;
}

/* Pins what keeps the hook's program attached, and holds `fd`, the descriptor of it, from now on. */
static int hold(struct datapath *dp, struct hook_pin *pin, int *fd)
{
	hook_pin_name(pin);
	struct attachment *a = entry_of(dp, pin->hook);
	int r = a ? pin_set(dp->folder, pin->name, *fd) : -E2BIG;
	if (r)
		return r;
	if (a->fd >= 0 && strcmp(a->pin.name, pin->name) != 0)
		r = pin_drop(dp->folder, a->pin.name);
	close_fd(&a->fd);
	a->pin = *pin;
	a->fd = take_fd(fd);
	return r;
}

static struct hook_pin pin_of(const struct hook *hook, enum keeper keeper)
{
	struct hook_pin pin = {.keeper = keeper, .ifindex = hook->ifindex, .egress = hook->kind == HOOK_TC_EGRESS};
	memcpy(pin.hook, hook->name, sizeof(pin.hook));
	return pin;
}

static int attach_link(struct datapath *dp, const struct hook *hook, int program)
{
	struct hook_pin pin = pin_of(hook, KEEPER_LINK);
	/* The program of a netkit's peer is attached through the primary device. The kernel reports it at the peer. */
	int ifindex = hook->kind == HOOK_NETKIT_PEER ? (int)dp->setup.params.lagg_ifindex : hook->ifindex;
	__attribute__((cleanup(close_fd))) int link =
	    hook->kind == HOOK_XDP ? xdp_link(ifindex, program)
				   : bpf_link_create(program, ifindex, (enum bpf_attach_type)attach_type(hook), NULL);
	if (link < 0)
		return hook->kind == HOOK_XDP ? link : -errno;
	return hold(dp, &pin, &link);
}

/* Whether the clsact qdisc of the device was made for our filters, and so is deleted with the last of them. */
static bool owns_qdisc(const struct datapath *dp, int ifindex)
{
	for (uint32_t i = 0; i < dp->attachments; i++) {
		const struct attachment *a = &dp->attachment[i];
		if (a->fd >= 0 && a->pin.keeper == KEEPER_FILTER && a->pin.own && a->pin.ifindex == ifindex)
			return true;
	}
	return false;
}

static int attach_filter(struct datapath *dp, const struct hook *hook, int program)
{
	struct hook_pin pin = pin_of(hook, KEEPER_FILTER);
	__attribute__((cleanup(close_fd))) int held = fcntl(program, F_DUPFD_CLOEXEC, 0);
	bool made_qdisc = false;
	int r = held < 0 ? -errno : clsact_attach(hook->ifindex, pin.egress, program, &made_qdisc);
	if (r)
		return r;
	pin.own = !dp->setup.keep_qdisc && (made_qdisc || owns_qdisc(dp, hook->ifindex));
	r = hold(dp, &pin, &held);
	if (r)
		clsact_detach(hook->ifindex, pin.egress, program_id(program), pin.own);
	return r;
}

/* The mark that is pinned as long as the hook's program is being attached to a dispatcher. */
static struct hook_pin mark_of(const struct hook *hook)
{
	struct hook_pin mark = pin_of(hook, KEEPER_DISPATCHER);
	mark.unfinished = true;
	hook_pin_name(&mark);
	return mark;
}

static int attach_dispatched(struct datapath *dp, const struct hook *hook)
{
	struct hook_pin pin = pin_of(hook, KEEPER_DISPATCHER), mark = mark_of(hook);
	hook_pin_name(&pin);
	int r = xdp_dispatch(dp, hook, pin.name, mark.name);
	if (r)
		return r;
	/* It was loaded and pinned in another process. */
	__attribute__((cleanup(close_fd))) int program = hook_pin_open(dp->folder, &pin);
	return program < 0 ? program : hold(dp, &pin, &program);
}

static int attach(struct datapath *dp, const struct hook *hook, int program)
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

/* Puts a filter of ours at the last preference. One that an earlier version attached before the filters of others goes
 * only after that, so that no frame passes by both. */
static int replace_filter(struct datapath *dp, const struct hook *hook, int program)
{
	int r = attach_filter(dp, hook, program);
	return r ? r : clsact_detach_earlier(hook->ifindex, hook->kind == HOOK_TC_EGRESS);
}

/* Whether programs of others come behind the one that is attached to a tcx hook. */
static bool is_before_others(const struct attachment *a, const struct hook *hook)
{
	uint32_t others[TCX_PROGRAMS], id;
	bool tcx = a->pin.keeper == KEEPER_LINK && (hook->kind == HOOK_TC_INGRESS || hook->kind == HOOK_TC_EGRESS);
	return tcx && attached_program(a, hook, &id) == 0 &&
	       tcx_behind(hook->ifindex, attach_type(hook), id, others) > 0;
}

/* A link cannot be moved: a second one is made at the end, and then the first one goes. */
static int replace_link(struct datapath *dp, const struct hook *hook, const struct attachment *a, int program)
{
	if (is_before_others(a, hook))
		return attach_link(dp, hook, program);
	return bpf_link_update(a->fd, program, NULL) == 0 ? 0 : -errno;
}

/* Whether the program runs at another place of the hook than the last, or other programs of the lagg may run there. */
static bool misplaced(const struct datapath *dp, const struct attachment *a, const struct hook *hook)
{
	switch (a->pin.keeper) {
	case KEEPER_FILTER:
		return clsact_is_earlier(a->pin.ifindex, a->pin.egress);
	case KEEPER_DISPATCHER:
		return pin_exists(dp->folder, mark_of(hook).name);
	case KEEPER_LINK:
		break;
	}
	return is_before_others(a, hook);
}

int hook_behind(struct datapath *dp, uint32_t slot, uint32_t ret[TCX_PROGRAMS])
{
	char name[DATAPATH_HOOK_MAX];
	snprintf(name, sizeof(name), "rx%u", slot);
	const struct attachment *a = find(dp, name);
	if (!a || a->fd < 0 || a->pin.keeper != KEEPER_LINK || !a->program)
		return 0;
	return tcx_behind(a->hook.ifindex, attach_type(&a->hook), a->program, ret);
}

/* Puts `program` in the place of the one that runs at the hook. After an error, such as -ENOLINK, it has to be attached
 * anew. */
static int replace(struct datapath *dp, const struct hook *hook, const struct attachment *a, int program)
{
	switch (a->pin.keeper) {
	case KEEPER_LINK:
		return replace_link(dp, hook, a, program);
	case KEEPER_FILTER:
		return replace_filter(dp, hook, program);
	case KEEPER_DISPATCHER:
		break;
	}
	/* It is gone already, except where it used maps of another version. */
	uint32_t old = program_id(a->fd);
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
	if (r == -EINVAL)
		return datapath_say(sentence, r,
				    "cannot attach to %s: if a tc filter there has preference 65535, which comes last, "
				    "give it a lower one",
				    device);
	return datapath_say(sentence, r, "cannot attach to %s: %s", device, strerror(-r));
}

static void name_program_pin(const struct attachment *a, char ret[DATAPATH_NAME_MAX])
{
	snprintf(ret, DATAPATH_NAME_MAX, "prog_%s", a->hook.name);
}

int hook_program_pinned(const struct datapath *dp, const struct attachment *a)
{
	char name[DATAPATH_NAME_MAX];
	name_program_pin(a, name);
	__attribute__((cleanup(close_fd))) int program = pin_get(dp->folder, name, PIN_PROGRAM);
	if (program < 0)
		return program == -ENOENT || program == -EPROTO ? 0 : program;
	uint32_t id = program_id(program);
	return id ? a->program && id == a->program : -EIO;
}

int hook_pin_program(const struct datapath *dp, const struct attachment *a)
{
	char name[DATAPATH_NAME_MAX];
	name_program_pin(a, name);
	if (hook_program_pinned(dp, a) == 1)
		return 0;
	__attribute__((cleanup(close_fd))) int program = bpf_prog_get_fd_by_id(a->program);
	return program < 0 ? -errno : pin_set(dp->folder, name, program);
}

/* Notes what is attached now. */
static int note(struct datapath *dp, const struct hook *hook, char sentence[XLAGG_SENTENCE_MAX])
{
	struct attachment *a = find(dp, hook->name);
	if (!a)
		return -ENOENT;
	a->hook = *hook;
	int r = attached_program(a, hook, &a->program);
	a->dispatcher = a->pin.keeper == KEEPER_DISPATCHER ? xdp_program(hook->ifindex) : 0;
	if (!r)
		r = hook_pin_program(dp, a);
	return r ? datapath_say(sentence, r, "cannot pin the program of %s in %s: %s", hook->name, dp->folder,
				strerror(-r))
		 : 0;
}

/* True when the program that is attached is the same as `program`. */
static bool runs(const struct datapath *dp, uint32_t attached_id, int program)
{
	__attribute__((cleanup(close_fd))) int attached = attached_id ? bpf_prog_get_fd_by_id(attached_id) : -1;
	return attached >= 0 && program_same(dp, attached, program);
}

/* Detaches what is held for a hook and removes its pins; the entry of the hook stays. */
static int let_go(struct datapath *dp, struct attachment *a)
{
	int r = a->fd < 0 ? 0 : hook_detach(&a->pin, a->fd);
	close_fd(&a->fd);
	int cleared = hook_clear(dp->folder, a->hook.name);
	return r ? r : cleared;
}

int hook_ensure(struct datapath *dp, const struct hook *hook, int program, char sentence[XLAGG_SENTENCE_MAX])
{
	struct attachment *a = entry_of(dp, hook->name);
	if (!a)
		return datapath_say(sentence, -E2BIG, "%s holds more hooks than a lagg has", dp->folder);
	uint32_t id = 0;
	int read = may_keep(dp, hook, a->pin.keeper) ? attached_program(a, hook, &id) : 0;
	if (read)
		return explain_failure(sentence, hook, read);

	bool right = runs(dp, id, program) && !misplaced(dp, a, hook);
	if (!right && (!id || replace(dp, hook, a, program) != 0)) {
		let_go(dp, a);
		int r = attach(dp, hook, program);
		if (r)
			return explain_failure(sentence, hook, r);
	}
	return note(dp, hook, sentence);
}

int hook_release(struct datapath *dp, const char *name)
{
	struct attachment *a = find(dp, name);
	if (!a)
		return hook_clear(dp->folder, name);
	int r = let_go(dp, a);
	*a = dp->attachment[--dp->attachments];
	return r;
}
