/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Loads programs with their constants over the lagg's maps: once for each lagg, receive programs once for each port. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

/* Before the skeletons, which use its types. */
#include "sys/datapath/internal.h"
#include "xlagg/params.h"

#include "bpf/xlagg_tc.skel.h"
#include "bpf/xlagg_xdp.skel.h"

#define ETH_P_MAC_CONTROL 0x8808 /* IEEE 802.3 clause 31; the slow protocols' is the next */
#define PROGRAM_MAPS 32		 /* largest number of maps that one program uses */

struct programs {
	struct bpf_object *object; /* of the skeleton that is open */
	struct xlagg_tc_bpf *tc;   /* this one, or NULL */
	struct xlagg_xdp_bpf *xdp; /* or this one */
};

static int open_tc(struct programs *programs, const struct xlagg_params *params)
{
	programs->tc = xlagg_tc_bpf__open();
	if (!programs->tc)
		return -errno;
	programs->object = programs->tc->obj;
	memcpy((void *)&programs->tc->rodata->params, params, sizeof(*params));
	return 0;
}

static int open_xdp(struct programs *programs, const struct xlagg_params *params)
{
	programs->xdp = xlagg_xdp_bpf__open();
	if (!programs->xdp)
		return -errno;
	programs->object = programs->xdp->obj;
	memcpy((void *)&programs->xdp->rodata->params, params, sizeof(*params));
	return 0;
}

/* The lowest EtherType with which a frame may be for anybody except the lagg. Most frames have a lower one, so that
 * nothing else in them needs to be checked. */
static uint32_t data_below(const struct xlagg_params *params)
{
	uint32_t least = params->probe_us ? ETH_P_ARP : ETH_P_MAC_CONTROL;
	for (uint32_t i = 0; i < params->ethertypes && i < XLAGG_PORT_ETHERTYPES; i++)
		if (params->ethertype[i] < least)
			least = params->ethertype[i];
	return least;
}

/* Octets are counted for each bucket only in laggs that ask for it: a counter for each on every CPU is much memory. */
static int size_maps(struct bpf_object *object, const struct xlagg_params *params)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "bucket_load");
	return map ? bpf_map__set_max_entries(map, params->balance ? XLAGG_BUCKETS : 1) : -ENOENT;
}

int programs_open(const struct datapath_setup *setup, enum program_object which, uint32_t slot, struct programs **ret)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	if (!programs)
		return -ENOMEM;
	struct xlagg_params params = setup->params;
	params.slot = slot < XLAGG_MAX_PORTS ? slot : 0;
	params.data_below = data_below(&params);
	xlagg_params_complete(&params);
	int r = which == PROGRAMS_TC ? open_tc(programs, &params) : open_xdp(programs, &params);
	if (!r)
		r = size_maps(programs->object, &params);
	if (r)
		programs_close(&programs);
	else
		*ret = programs;
	return r;
}

void programs_close(struct programs **programs)
{
	if (!*programs)
		return;
	xlagg_tc_bpf__destroy((*programs)->tc);
	xlagg_xdp_bpf__destroy((*programs)->xdp);
	free(*programs);
	*programs = NULL;
}

int datapath_try_to_load(void)
{
	static const struct datapath_setup setup;
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&setup, PROGRAMS_TC, XLAGG_NO_PORT, &programs);
	if (!r)
		r = programs_select(programs, (const char *const[]){"lower_guard", "tx", NULL});
	if (!r)
		r = capture_bind(NULL, programs->object);
	return r ? r : bpf_object__load(programs->object);
}

struct bpf_object *programs_object(const struct programs *programs)
{
	return programs->object;
}

int programs_select(struct programs *programs, const char *const name[])
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, programs->object)
	{
		bool wanted = false;
		for (uint32_t i = 0; name[i] && !wanted; i++)
			wanted = strcmp(bpf_program__name(program), name[i]) == 0;
		int r = bpf_program__set_autoload(program, wanted);
		if (r)
			return r;
	}
	return 0;
}

int programs_load(struct datapath *dp, struct programs *programs, const char *const name[],
		  char sentence[XLAGG_SENTENCE_MAX])
{
	/* libxdp loads its replacement programs without BPF_F_XDP_HAS_FRAGS, and the kernel does not let programs with
	 * and without it use the same devmap (EINVAL, with an empty log). Where there is a dispatcher, what is loaded
	 * here is only compared with the program that runs there, so it gets devmaps of its own. */
	bool comparison = programs->xdp && dp->features.dispatcher;
	int r = programs_select(programs, name);
	maps_resize(dp, programs->object);
	if (!r)
		r = maps_bind(dp, programs->object, !comparison);
	if (!r)
		r = bpf_object__load(programs->object);
	if (r)
		return datapath_say(sentence, r, "the kernel refuses the program %s: %s; xlaggd -vv shows its log",
				    name[0], strerror(-r));
	r = maps_keep(dp, programs->object);
	return r ? datapath_say(sentence, r, "cannot pin the maps in %s: %s", dp->folder, strerror(-r)) : 0;
}

int programs_fd(const struct programs *programs, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(programs->object, name);
	int fd = program ? bpf_program__fd(program) : -ENOENT;
	return fd < 0 ? -ENOENT : fd;
}

/* Whether both are maps of constants, of the same content. */
static bool constants_same(uint32_t id_a, uint32_t id_b)
{
	__attribute__((cleanup(close_fd))) int a = bpf_map_get_fd_by_id(id_a);
	__attribute__((cleanup(close_fd))) int b = bpf_map_get_fd_by_id(id_b);
	struct bpf_map_info info_a = {0}, info_b = {0};
	uint32_t len_a = sizeof(info_a), len_b = sizeof(info_b), first = 0;
	if (a < 0 || b < 0 || bpf_obj_get_info_by_fd(a, &info_a, &len_a) != 0 ||
	    bpf_obj_get_info_by_fd(b, &info_b, &len_b) != 0)
		return false;
	if (info_a.type != BPF_MAP_TYPE_ARRAY || !(info_a.map_flags & BPF_F_RDONLY_PROG) ||
	    info_b.type != info_a.type || info_b.map_flags != info_a.map_flags || info_a.max_entries != 1 ||
	    info_b.max_entries != 1 || info_b.value_size != info_a.value_size || info_a.value_size > 65536)
		return false;
	size_t size = (info_a.value_size + 7u) & ~7u;
	char *content = calloc(2, size);
	bool same = content && bpf_map_lookup_elem(a, &first, content) == 0 &&
		    bpf_map_lookup_elem(b, &first, content + size) == 0 && memcmp(content, content + size, size) == 0;
	free(content);
	return same;
}

/* Whether the attached program's map is a devmap of the lagg, and the other one is the copy of it that the program got
 * that was loaded for comparison. */
static bool devmap_same(const struct datapath *dp, uint32_t id_attached, uint32_t id_fresh)
{
	__attribute__((cleanup(close_fd))) int attached = bpf_map_get_fd_by_id(id_attached);
	__attribute__((cleanup(close_fd))) int fresh = bpf_map_get_fd_by_id(id_fresh);
	struct bpf_map_info info = {0}, own = {0};
	uint32_t len = sizeof(info), len_own = sizeof(own);
	if (attached < 0 || fresh < 0 || bpf_obj_get_info_by_fd(fresh, &info, &len) != 0 ||
	    info.type != BPF_MAP_TYPE_DEVMAP)
		return false;
	int fd = dp ? datapath_map(dp, info.name) : -ENOENT;
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &own, &len_own) == 0 && own.id == id_attached;
}

/* The tag covers the instructions, but not which maps they use, nor the constants, which are a map as well. */
bool program_same(const struct datapath *dp, int attached, int fresh)
{
	uint32_t maps[PROGRAM_MAPS], maps_fresh[PROGRAM_MAPS];
	struct bpf_prog_info info = {.map_ids = (uintptr_t)maps, .nr_map_ids = PROGRAM_MAPS};
	struct bpf_prog_info info_fresh = {.map_ids = (uintptr_t)maps_fresh, .nr_map_ids = PROGRAM_MAPS};
	uint32_t len = sizeof(info), len_fresh = sizeof(info_fresh);
	if (bpf_obj_get_info_by_fd(attached, &info, &len) != 0 ||
	    bpf_obj_get_info_by_fd(fresh, &info_fresh, &len_fresh) != 0)
		return false;
	if (memcmp(info.tag, info_fresh.tag, sizeof(info.tag)) != 0 || info.nr_map_ids != info_fresh.nr_map_ids ||
	    info.nr_map_ids > PROGRAM_MAPS)
		return false;
	for (uint32_t i = 0; i < info.nr_map_ids; i++)
		if (maps[i] != maps_fresh[i] && !constants_same(maps[i], maps_fresh[i]) &&
		    !devmap_same(dp, maps[i], maps_fresh[i]))
			return false;
	return true;
}
