/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The maps of a lagg: created once, pinned under their own names, and shared by all programs that are loaded later. */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/datapath/internal.h"

/* In the memory of a mapped array every entry begins at a multiple of eight octets. */
_Static_assert(sizeof(struct xlagg_port) % 8 == 0, "struct xlagg_port is not a multiple of 8");
_Static_assert(sizeof(struct xlagg_table) % 8 == 0, "struct xlagg_table is not a multiple of 8");
_Static_assert(sizeof(struct xlagg_control) % 8 == 0, "struct xlagg_control is not a multiple of 8");
_Static_assert(sizeof(struct xlagg_move) % 8 == 0, "struct xlagg_move is not a multiple of 8");

/* libbpf makes a map of each section of data: `.data.control` is the lagg's map `control`; the others, such as .rodata,
 * belong to one loaded object. */
static const char section[] = ".data.";

static bool is_section(const struct bpf_map *map)
{
	return strncmp(bpf_map__name(map), section, sizeof(section) - 1) == 0;
}

/* The name under which the lagg has the map, or NULL. */
static const char *name_of(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	if (is_section(map))
		return name + sizeof(section) - 1;
	return strchr(name, '.') ? NULL : name;
}

int datapath_map(const struct datapath *dp, const char *name)
{
	for (uint32_t i = 0; i < dp->maps; i++)
		if (strcmp(dp->map[i].name, name) == 0)
			return dp->map[i].fd;
	return -ENOENT;
}

/* Adds a map to the lagg's, which then own the descriptor. */
static int keep(struct datapath *dp, const char *name, int *fd)
{
	struct datapath_map map = {.fd = *fd};
	if (dp->maps == DATAPATH_MAPS || strlen(name) >= sizeof(map.name))
		return -E2BIG;
	memcpy(map.name, name, strlen(name));
	dp->map[dp->maps++] = map;
	take_fd(fd);
	return 0;
}

static bool map_info(int fd, struct bpf_map_info *ret)
{
	uint32_t len = sizeof(*ret);
	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(fd, ret, &len) == 0;
}

void maps_resize(struct datapath *dp, const struct bpf_object *object)
{
	for (uint32_t i = 0; i < dp->maps; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, dp->map[i].name);
		struct bpf_map_info info;
		if (!map || !map_info(dp->map[i].fd, &info) || info.max_entries == bpf_map__max_entries(map) ||
		    info.type != BPF_MAP_TYPE_PERCPU_ARRAY)
			continue;
		close(dp->map[i].fd);
		dp->map[i--] = dp->map[--dp->maps];
	}
}

static void free_btf(struct btf **btf)
{
	btf__free(*btf);
}

/* Makes the map of a section whose only variable is a structure, and has its name. From libbpf the map would have the
 * section's name, and bpftool would print it as a section. Where the kernel takes no types, it is left to libbpf. */
static int make_of_section(const struct bpf_object *object, struct bpf_map *map)
{
	uint32_t size;
	const void *raw = btf__raw_data(bpf_object__btf(object), &size);
	/* A copy, because libbpf loads its own. */
	__attribute__((cleanup(free_btf))) struct btf *btf = raw ? btf__new(raw, size) : NULL;
	if (!btf || btf__load_into_kernel(btf))
		return 0;
	int key = btf__find_by_name_kind(btf, "unsigned int", BTF_KIND_INT),
	    variable = btf__find_by_name_kind(btf, name_of(map), BTF_KIND_VAR);
	if (key < 0 || variable < 0)
		return -EINVAL;
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(map),
		    .btf_fd = (uint32_t)btf__fd(btf), .btf_key_type_id = (uint32_t)key,
		    .btf_value_type_id = (uint32_t)btf__resolve_type(btf, (uint32_t)variable));
	__attribute__((cleanup(close_fd))) int fd =
	    bpf_map_create(bpf_map__type(map), name_of(map), bpf_map__key_size(map), bpf_map__value_size(map),
			   bpf_map__max_entries(map), &options);
	return fd < 0 ? fd : bpf_map__reuse_fd(map, fd);
}

int maps_bind(const struct datapath *dp, struct bpf_object *object, bool devmaps)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		int r = 0, fd = name_of(map) ? datapath_map(dp, name_of(map)) : -ENOENT;
		if (fd >= 0 && (devmaps || bpf_map__type(map) != BPF_MAP_TYPE_DEVMAP))
			r = bpf_map__reuse_fd(map, fd);
		else if (fd < 0 && is_section(map))
			r = make_of_section(object, map);
		if (r)
			return r;
	}
	return capture_bind(dp, object);
}

/* Whether the type and all sizes except the value's are those of the definition. BPF_F_RDONLY_PROG is ignored, because
 * the kernel adds it to devmaps. */
static bool same_kind(const struct bpf_map *map, const struct bpf_map_info *info)
{
	uint32_t ignored = BPF_F_RDONLY_PROG;
	return info->type == bpf_map__type(map) && info->key_size == bpf_map__key_size(map) &&
	       info->max_entries == bpf_map__max_entries(map) &&
	       (info->map_flags & ~ignored) == (bpf_map__map_flags(map) & ~ignored);
}

static bool fits(const struct bpf_map *map, const struct bpf_map_info *info)
{
	return same_kind(map, info) && info->value_size == bpf_map__value_size(map);
}

bool map_fits(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info;
	return map_info(fd, &info) && fits(map, &info);
}

/* Whether it is an array with structures of another size: written by a version before or after they grew. */
static bool grew(const struct bpf_map *map, const struct bpf_map_info *info)
{
	return same_kind(map, info) && info->value_size != bpf_map__value_size(map) &&
	       (info->type == BPF_MAP_TYPE_ARRAY || info->type == BPF_MAP_TYPE_PERCPU_ARRAY);
}

/* Opens a pinned map. Returns its descriptor, -ENOENT if there is none that could be used, or another error, after
 * which nothing is known of it: it is not missing, and must not be replaced. */
static int open_pinned(const char *folder, const char *name, struct bpf_map_info *ret)
{
	__attribute__((cleanup(close_fd))) int fd = pin_get(folder, name, PIN_MAP);
	if (fd == -EPROTO || fd == -EACCES || fd == -EPERM)
		return -ENOENT;
	if (fd < 0)
		return fd;
	return map_info(fd, ret) ? take_fd(&fd) : -errno;
}

/* Octets of one value as the kernel returns it. A per-CPU map returns one for each CPU, rounded up to eight octets. */
static size_t part_size(const struct bpf_map_info *info)
{
	return info->type == BPF_MAP_TYPE_PERCPU_ARRAY ? (info->value_size + 7u) & ~(size_t)7 : info->value_size;
}

/* Copies the members of each entry that both maps have; members that are new are 0. What the programs write during the
 * copying is lost. */
static int carry_over(int from, int to)
{
	struct bpf_map_info before, after;
	int cpus = libbpf_num_possible_cpus();
	if (cpus < 0 || !map_info(from, &before) || !map_info(to, &after))
		return cpus < 0 ? cpus : -errno;
	size_t parts = before.type == BPF_MAP_TYPE_PERCPU_ARRAY ? (size_t)cpus : 1;
	size_t read = part_size(&before), write = part_size(&after);
	size_t common = before.value_size < after.value_size ? before.value_size : after.value_size;
	char *values = calloc(parts, read + write);
	int r = values ? 0 : -ENOMEM;
	for (uint32_t index = 0; !r && index < after.max_entries; index++) {
		char *grown = values + parts * read;
		if (bpf_map_lookup_elem(from, &index, values) != 0)
			r = -errno;
		for (size_t i = 0; i < parts; i++)
			memcpy(grown + i * write, values + i * read, common);
		if (!r && bpf_map_update_elem(to, &index, grown, BPF_ANY) != 0)
			r = -errno;
	}
	free(values);
	return r;
}

/* Takes over the content of the map that is pinned under the same name, if its structures only grew. */
static int inherit(const struct datapath *dp, const struct bpf_map *map)
{
	struct bpf_map_info info;
	__attribute__((cleanup(close_fd))) int before = open_pinned(dp->folder, name_of(map), &info);
	if (before == -ENOENT)
		return 0;
	if (before < 0)
		return before;
	return grew(map, &info) ? carry_over(before, bpf_map__fd(map)) : 0;
}

int maps_keep(struct datapath *dp, struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		const char *name = name_of(map);
		if (!name || capture_owns(map) || datapath_map(dp, name) >= 0)
			continue;
		__attribute__((cleanup(close_fd))) int fd = dup(bpf_map__fd(map));
		if (fd < 0)
			return -errno;
		int r = inherit(dp, map);
		/* The watcher recognises a lagg by its map `ports`, which is now another one. */
		if (!r && strcmp(name, "ports") == 0)
			datapath_unwatch(dp->folder);
		if (!r)
			r = pin_set(dp->folder, name, fd);
		if (!r)
			r = keep(dp, name, &fd);
		if (r)
			return r;
	}
	return 0;
}

/* Maps without which nothing is known of the lagg. All others can be created anew, and so can a map whose structures
 * only grew. So an upgrade that adds a map, or a member to one, interrupts nothing. */
static bool is_essential(const char *name)
{
	static const char *const essential[] = {"ports", "tables", "control", "saved"};
	for (uint32_t i = 0; i < sizeof(essential) / sizeof(essential[0]); i++)
		if (strcmp(name, essential[i]) == 0)
			return true;
	return false;
}

/* fd, info: what open_pinned() returned. */
static bool may_be_made_anew(const struct bpf_map *map, int fd, const struct bpf_map_info *info)
{
	if (fd < 0)
		return fd == -ENOENT && !is_essential(name_of(map));
	return !is_essential(name_of(map)) || grew(map, info);
}

int maps_open(struct datapath *dp, struct bpf_object *object, char sentence[XLAGG_SENTENCE_MAX])
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		const char *name = name_of(map);
		if (!name || capture_owns(map) || datapath_map(dp, name) >= 0)
			continue;
		struct bpf_map_info info;
		__attribute__((cleanup(close_fd))) int fd = open_pinned(dp->folder, name, &info);
		bool usable = fd >= 0 && fits(map, &info);
		if (!usable && may_be_made_anew(map, fd, &info))
			continue;
		if (fd < 0)
			return datapath_say(sentence, fd == -ENOENT ? -EPROTO : fd,
					    "the pinned map %s/%s cannot be opened: %s", dp->folder, name,
					    strerror(-fd));
		if (!usable)
			return datapath_say(sentence, -EPROTO,
					    "the pinned map %s/%s is not of the type and size that this version uses",
					    dp->folder, name);
		int r = keep(dp, name, &fd);
		if (r)
			return datapath_say(sentence, r, "%s holds more maps than a lagg has", dp->folder);
	}
	return 0;
}

/* Maps `count` entries of `size` octets of a map into memory. */
static int map_memory(const struct datapath *dp, const char *name, size_t size, size_t count, void **ret)
{
	int fd = datapath_map(dp, name);
	if (fd < 0)
		return fd;
	struct bpf_map_info info;
	if (!map_info(fd, &info))
		return -errno;
	/* Access behind the end of a mapping raises SIGBUS, so the size is checked. */
	if (info.value_size != size || info.max_entries != count || !(info.map_flags & BPF_F_MMAPABLE))
		return -EPROTO;
	void *memory = mmap(NULL, size * count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret = memory;
	return 0;
}

static int on_sample(void *context, void *data, size_t size)
{
	struct datapath *dp = context;
	const struct xlagg_agent_frame *event = data;
	/* Others can write to the ring: a record that is too short or names no port is dropped. */
	if (dp->frame_fn && size >= sizeof(*event) && event->slot < XLAGG_MAX_PORTS)
		dp->frame_fn(dp->frame_context, event);
	return 0;
}

int maps_map(struct datapath *dp)
{
	int r = map_memory(dp, "ports", sizeof(*dp->ports), XLAGG_MAX_PORTS, (void **)&dp->ports);
	if (!r)
		r = map_memory(dp, "tables", sizeof(*dp->tables), XLAGG_TABLES, (void **)&dp->tables);
	if (!r)
		r = map_memory(dp, "control", sizeof(*dp->control), 1, (void **)&dp->control);
	if (!r)
		r = map_memory(dp, "moves", sizeof(*dp->moves), XLAGG_BUCKETS, (void **)&dp->moves);
	if (r)
		return r;
	int fd = datapath_map(dp, "slow_rx");
	if (fd < 0)
		return fd;
	dp->frames = ring_buffer__new(fd, on_sample, dp, NULL);
	return dp->frames ? 0 : -errno;
}

static void unmap(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

void maps_close(struct datapath *dp)
{
	ring_buffer__free(dp->frames);
	unmap(dp->ports, sizeof(*dp->ports) * XLAGG_MAX_PORTS);
	unmap(dp->tables, sizeof(*dp->tables) * XLAGG_TABLES);
	unmap(dp->control, sizeof(*dp->control));
	unmap(dp->moves, sizeof(*dp->moves) * XLAGG_BUCKETS);
	for (uint32_t i = 0; i < dp->maps; i++)
		close(dp->map[i].fd);
	dp->maps = 0;
}
