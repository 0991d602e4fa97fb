/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The watcher: loads it, attaches it, takes it over, and tells it which devices are ports. */
#include "sys/datapath/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/datapath/internal.h"
#include "sys/netns.h"

#include "bpf/xlagg_link.skel.h"

/* No device, and so no lagg, can have a name that long. */
#define WATCH_FOLDER "netif-carrier-watch"

#define WATCH_PINS 8 /* maps and links of the watcher */

struct watch {
	char folder[DATAPATH_PATH_MAX];		  /* of its pins */
	uint64_t netns;				  /* cookie of the namespace of the devices */
	int devices;				  /* map `watch` */
	int ports;				  /* map `watched_ports` */
	int controls;				  /* map `watched_controls` */
	struct pin pin[WATCH_PINS];		  /* all that is pinned, held open: what has no pin goes on */
	char name[WATCH_PINS][DATAPATH_NAME_MAX]; /* of these pins */
	uint32_t pins;				  /* entries of `pin` */
	struct folder_mark mark;		  /* of the folder, when all pins were there */
};

static void skeleton_close(struct xlagg_link_bpf **skeleton)
{
	xlagg_link_bpf__destroy(*skeleton);
}

static bool is_ours(const struct bpf_map *map)
{
	return !strchr(bpf_map__name(map), '.');
}

/* Whether every map of the object is pinned and has the sizes of this version. The kernel does not tell the sizes of
 * the maps inside a map; the templates stand for those. */
static bool all_fit(const char *folder, const struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		__attribute__((cleanup(close_fd))) int fd =
		    is_ours(map) ? pin_get(folder, bpf_map__name(map), PIN_MAP) : -ENOENT;
		if (is_ours(map) && (fd < 0 || !map_fits(map, fd)))
			return false;
	}
	return true;
}

/* Makes the object use the maps that are pinned. When one of them is missing or differs, another version or an agent
 * that was killed has left them: everything is removed, and the laggs are added again when they are adopted. */
static int bind_maps(const char *folder, struct bpf_object *object)
{
	struct bpf_map *map;
	if (!all_fit(folder, object)) {
		int r = datapath_remove(folder);
		return r ? r : mkdir(folder, 0700) == 0 ? 0 : -errno;
	}
	bpf_object__for_each_map(map, object)
	{
		__attribute__((cleanup(close_fd))) int fd =
		    is_ours(map) ? pin_get(folder, bpf_map__name(map), PIN_MAP) : -ENOENT;
		int r = fd < 0 ? 0 : bpf_map__reuse_fd(map, fd);
		if (r)
			return r;
	}
	return 0;
}

/* Pins a copy of the descriptor, and holds it. */
static int hold(struct watch *watch, const char *name, enum pin_kind kind, int fd)
{
	__attribute__((cleanup(close_fd))) int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (held < 0 || watch->pins == WATCH_PINS)
		return held < 0 ? -errno : -E2BIG;
	int r = pin_set(watch->folder, name, held);
	if (r)
		return r;
	snprintf(watch->name[watch->pins], DATAPATH_NAME_MAX, "%s", name);
	watch->pin[watch->pins] = (struct pin){.name = watch->name[watch->pins], .kind = kind, .fd = take_fd(&held)};
	watch->pins++;
	return 0;
}

static int hold_maps(struct watch *watch, struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		int r = is_ours(map) ? hold(watch, bpf_map__name(map), PIN_MAP, bpf_map__fd(map)) : 0;
		if (r)
			return r;
	}
	return 0;
}

/* True when the link runs the same program. */
static bool runs(int link, int program)
{
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &len) != 0 || info.type != BPF_LINK_TYPE_TRACING)
		return false;
	__attribute__((cleanup(close_fd))) int attached = bpf_prog_get_fd_by_id(info.prog_id);
	return attached >= 0 && program_same(NULL, attached, program);
}

/* A link of this kind cannot be given another program. So the new one is attached first, and the old link ends when its
 * pin is replaced. A loss in between is counted twice, which does no harm. */
static int attach_program(struct watch *watch, const struct bpf_program *program)
{
	char name[DATAPATH_NAME_MAX];
	snprintf(name, sizeof(name), "link_%s", bpf_program__name(program));
	__attribute__((cleanup(close_fd))) int pinned = pin_get(watch->folder, name, PIN_LINK);
	if (runs(pinned, bpf_program__fd(program)))
		return hold(watch, name, PIN_LINK, pinned);
	struct bpf_link *link = bpf_program__attach(program);
	if (!link)
		return -errno;
	int r = hold(watch, name, PIN_LINK, bpf_link__fd(link));
	bpf_link__destroy(link);
	return r;
}

static int attach_programs(struct watch *watch, struct bpf_object *object)
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, object)
	{
		int r = attach_program(watch, program);
		if (r)
			return r;
	}
	return 0;
}

static int start(struct watch *watch)
{
	__attribute__((cleanup(skeleton_close))) struct xlagg_link_bpf *skeleton = xlagg_link_bpf__open();
	if (!skeleton)
		return -errno;
	int r = bind_maps(watch->folder, skeleton->obj);
	if (!r)
		r = bpf_object__load(skeleton->obj);
	if (!r)
		r = hold_maps(watch, skeleton->obj);
	if (!r)
		r = attach_programs(watch, skeleton->obj);
	if (r)
		return r;
	watch->devices = dup(bpf_map__fd(skeleton->maps.watch));
	watch->ports = dup(bpf_map__fd(skeleton->maps.watched_ports));
	watch->controls = dup(bpf_map__fd(skeleton->maps.watched_controls));
	return watch->devices < 0 || watch->ports < 0 || watch->controls < 0 ? -errno : 0;
}

static void watch_free(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->pins; i++)
		close_fd(&watch->pin[i].fd);
	close_fd(&watch->devices);
	close_fd(&watch->ports);
	close_fd(&watch->controls);
	free(watch);
}

int watch_open(struct watch **ret, const char *pins, char sentence[XLAGG_SENTENCE_MAX])
{
	struct watch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return datapath_say(sentence, -ENOMEM, "out of memory");
	watch->devices = watch->ports = watch->controls = -1;
	pin_path(watch->folder, pins, WATCH_FOLDER);
	int r = netns_cookie(&watch->netns);
	if (!r && mkdir(watch->folder, 0700) != 0 && errno != EEXIST)
		r = -errno;
	if (!r)
		r = start(watch);
	if (r) {
		/* What another agent left pinned is of no use when this kernel does not let us load it. */
		datapath_remove(watch->folder);
		watch_free(watch);
		return datapath_say(sentence, r, "carrier is not watched in the kernel: %s", strerror(-r));
	}
	*ret = watch;
	return 0;
}

int watch_repin(struct watch *watch, bool *ret_missing)
{
	*ret_missing = !pins_unchanged(watch->folder, &watch->mark) &&
		       !pins_there(watch->folder, watch->pin, watch->pins, &watch->mark);
	return *ret_missing ? pins_restore(watch->folder, watch->pin, watch->pins) : 0;
}

/* True when the watcher has no lagg. */
static bool idle(const struct watch *watch)
{
	uint32_t id;
	for (uint32_t lagg = 0; lagg < XLAGG_MAX_LAGGS; lagg++)
		if (bpf_map_lookup_elem(watch->ports, &lagg, &id) == 0)
			return false;
	return true;
}

void watch_close(struct watch **watch)
{
	if (!*watch)
		return;
	if (idle(*watch))
		datapath_remove((*watch)->folder);
	watch_free(*watch);
	*watch = NULL;
}

int watch_remove(const char *pins)
{
	char folder[DATAPATH_PATH_MAX];
	pin_path(folder, pins, WATCH_FOLDER);
	return datapath_remove(folder);
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

/* The index of the lagg whose map `ports` has that id. -ENOENT: there is none. */
static int find_lagg(int watched_ports, uint32_t ports_id, uint32_t *ret_lagg)
{
	uint32_t id;
	for (uint32_t lagg = 0; lagg < XLAGG_MAX_LAGGS; lagg++) {
		if (bpf_map_lookup_elem(watched_ports, &lagg, &id) != 0 || id != ports_id)
			continue;
		*ret_lagg = lagg;
		return 0;
	}
	return -ENOENT;
}

static int free_lagg(int watched_ports, uint32_t *ret_lagg)
{
	uint32_t id;
	for (uint32_t lagg = 0; lagg < XLAGG_MAX_LAGGS; lagg++) {
		if (bpf_map_lookup_elem(watched_ports, &lagg, &id) == 0)
			continue;
		*ret_lagg = lagg;
		return 0;
	}
	return -ENOSPC;
}

/* Removes all devices of a lagg. */
static void forget_devices(int devices, uint32_t lagg)
{
	struct xlagg_watch_key key, next;
	struct xlagg_watched watched;
	bool more = bpf_map_get_next_key(devices, NULL, &next) == 0;
	while (more) {
		key = next;
		more = bpf_map_get_next_key(devices, &key, &next) == 0;
		if (bpf_map_lookup_elem(devices, &key, &watched) == 0 && watched.lagg == lagg)
			bpf_map_delete_elem(devices, &key);
	}
}

int watch_lagg(struct watch *watch, int ports, int control, uint32_t *ret_lagg)
{
	uint32_t lagg;
	int r = find_lagg(watch->ports, map_id(ports), &lagg);
	if (!r)
		forget_devices(watch->devices, lagg);
	else
		r = free_lagg(watch->ports, &lagg);
	if (r)
		return r;
	/* Map `ports` last, because a lagg is recognised by it. */
	if (bpf_map_update_elem(watch->controls, &lagg, &control, BPF_ANY) != 0 ||
	    bpf_map_update_elem(watch->ports, &lagg, &ports, BPF_ANY) != 0)
		return -errno;
	*ret_lagg = lagg;
	return 0;
}

int watch_port(struct watch *watch, uint32_t lagg, uint32_t slot, uint32_t ifindex)
{
	struct xlagg_watch_key key = {.netns = watch->netns, .ifindex = ifindex};
	struct xlagg_watched watched = {.lagg = lagg, .slot = slot};
	return bpf_map_update_elem(watch->devices, &key, &watched, BPF_ANY) == 0 ? 0 : -errno;
}

bool watch_has(const struct watch *watch, uint32_t lagg, uint32_t slot, uint32_t ifindex)
{
	struct xlagg_watch_key key = {.netns = watch->netns, .ifindex = ifindex};
	struct xlagg_watched watched;
	int r = bpf_map_lookup_elem(watch->devices, &key, &watched);
	/* That it cannot be read now does not say that it is gone. */
	return r == 0 ? watched.lagg == lagg && watched.slot == slot : errno != ENOENT;
}

int watch_port_gone(struct watch *watch, uint32_t ifindex)
{
	struct xlagg_watch_key key = {.netns = watch->netns, .ifindex = ifindex};
	return bpf_map_delete_elem(watch->devices, &key) == 0 || errno == ENOENT ? 0 : -errno;
}

int watch_forget(const char *pins, int ports)
{
	char folder[DATAPATH_PATH_MAX];
	uint32_t lagg;
	pin_path(folder, pins, WATCH_FOLDER);
	__attribute__((cleanup(close_fd))) int watched_ports = pin_get(folder, "watched_ports", PIN_MAP);
	__attribute__((cleanup(close_fd))) int controls = pin_get(folder, "watched_controls", PIN_MAP);
	__attribute__((cleanup(close_fd))) int devices = pin_get(folder, "watch", PIN_MAP);
	if (watched_ports < 0 || controls < 0 || devices < 0 || find_lagg(watched_ports, map_id(ports), &lagg) != 0)
		return 0;
	forget_devices(devices, lagg);
	bpf_map_delete_elem(watched_ports, &lagg);
	bpf_map_delete_elem(controls, &lagg);
	return 0;
}
