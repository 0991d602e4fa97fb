/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * XDP through libxdp's dispatcher, so that programs of others can share the NIC. libxdp 1.3 does not close all
 * descriptors that it opens, and a program exists as long as any descriptor of it. So its functions are called in a
 * child process, and everything is closed when that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <xdp/libxdp.h>

#include "sys/datapath/internal.h"

int run_apart(int (*fn)(void *context), void *context)
{
	int ends[2], result = -EIO;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	__attribute__((cleanup(close_fd))) int in = ends[0];
	__attribute__((cleanup(close_fd))) int out = ends[1];
	pid_t agent = getpid(), child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* what is then unfinished, the next agent finds and finishes */
		if (getppid() != agent)
			_exit(1); /* it died before that */
		result = fn(context);
		_exit(write(out, &result, sizeof(result)) != sizeof(result));
	}
	close(take_fd(&out));
	ssize_t len;
	do
		len = read(in, &result, sizeof(result));
	while (len < 0 && errno == EINTR);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return len == sizeof(result) ? result : -EIO;
}

#define PROGRAMS_MAX 10 /* a dispatcher has no more */
#define MAPS_MAX 64	/* a program of ours has fewer */

/* Programs of a device: one, or those of a lagg. */
struct search {
	int ifindex;	  /* the device */
	uint32_t program; /* id of the program, 0: all that use the map, with one exception */
	uint32_t map;	  /* id of the map */
	uint32_t except;  /* id of the program that is not meant, 0: none */
};

/* Whether libxdp has pins of the dispatcher `id`. If it has none, no program runs under it. */
static bool has_pins(int ifindex, uint32_t id)
{
	const char *folder = getenv("LIBXDP_BPFFS");
	char path[DATAPATH_PATH_MAX];
	snprintf(path, sizeof(path), "%s/xdp/dispatch-%d-%u", folder ? folder : "/sys/fs/bpf", ifindex, id);
	return access(path, F_OK) == 0;
}

/* Whether it was read as it is. libxdp takes a dispatcher of which it cannot read all for an empty one, or for a
 * program that is no dispatcher. A program has no id there if its types (BTF) could not be read. */
static bool is_whole(struct xdp_multiprog *multi, int ifindex)
{
	struct xdp_program *main = xdp_multiprog__main_prog(multi);
	if (!main)
		return xdp_multiprog__hw_prog(multi) != NULL;
	if (!xdp_program__id(main))
		return false;
	return !xdp_multiprog__is_legacy(multi) || strcmp(xdp_program__name(main), "xdp_dispatcher") != 0 ||
	       !has_pins(ifindex, xdp_program__id(main));
}

/* Reads what a device runs. -ENOENT: nothing; -ENODEV: there is no such device. */
static int read_device(int ifindex, struct xdp_multiprog **ret)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex(ifindex);
	int r = (int)libxdp_get_error(multi);
	if (!r && !is_whole(multi, ifindex))
		r = -EIO;
	if (!r)
		*ret = multi;
	return r;
}

/* The programs of a device one after the other, those under the dispatcher or the only one; they stay those of `multi`.
 */
static struct xdp_program *next_of(const struct xdp_multiprog *multi, struct xdp_program *after)
{
	if (!xdp_multiprog__is_legacy(multi))
		return xdp_multiprog__next_prog(after, multi);
	return after ? NULL : xdp_multiprog__main_prog(multi);
}

/* Whether a program uses the map: 1, 0 or -errno. */
static int uses(int program, uint32_t map)
{
	uint32_t maps[MAPS_MAX] = {0};
	struct bpf_prog_info info = {.map_ids = (uintptr_t)maps, .nr_map_ids = MAPS_MAX};
	uint32_t len = sizeof(info);
	if (bpf_obj_get_info_by_fd(program, &info, &len) != 0)
		return -errno;
	for (uint32_t i = 0; i < MAPS_MAX; i++)
		if (maps[i] == map)
			return 1;
	return 0;
}

static int matches(const struct search *search, struct xdp_program *program)
{
	uint32_t id = xdp_program__id(program);
	if (!id)
		return -EIO;
	if (search->program)
		return id == search->program;
	return id == search->except ? 0 : uses(xdp_program__fd(program), search->map);
}

/* Finds the first program that matches: 1, 0 or -errno. */
static int find(const struct xdp_multiprog *multi, const struct search *search, struct xdp_program **ret)
{
	struct xdp_program *program = NULL;
	int r = 0;
	while (r == 0 && (program = next_of(multi, program)))
		r = matches(search, program);
	if (r == 1)
		*ret = program;
	return r;
}

/* Whether it runs under the dispatcher, and not as the device's only program: libxdp attaches it that way when it
 * thinks that the kernel has no dispatchers, and any failure can make it think so. */
static int is_there(void *context)
{
	const struct search *search = context;
	struct xdp_multiprog *multi = NULL;
	struct xdp_program *program = NULL;
	int r = read_device(search->ifindex, &multi);
	if (r)
		return r == -ENOENT ? 0 : r;
	return xdp_multiprog__is_legacy(multi) ? 0 : find(multi, search, &program);
}

int xdp_dispatched(int ifindex, uint32_t program)
{
	return run_apart(is_there, &(struct search){.ifindex = ifindex, .program = program});
}

/* Detaches the first program that matches, also if it is the device's only one. Returns whether there was one, or
 * -errno. */
static int take_out_one(const struct search *search)
{
	struct xdp_multiprog *multi = NULL;
	struct xdp_program *program = NULL;
	int r = read_device(search->ifindex, &multi);
	if (r && r != -ENOENT && r != -ENODEV)
		return r;
	r = r ? 0 : find(multi, search, &program);
	if (r == 1) {
		r = xdp_program__detach(program, search->ifindex, xdp_multiprog__attach_mode(multi), 0);
		return r ? r : 1;
	}
	/* When a device is gone, libxdp's pins of it remain, and with them programs and maps. */
	if (r == 0)
		libxdp_clean_references(search->ifindex);
	return r;
}

static int take_out(void *context)
{
	const struct search *search = context;
	for (int i = 0; i <= PROGRAMS_MAX; i++) {
		int r = take_out_one(search);
		if (r != 1 || search->program)
			return r < 0 ? r : 0;
	}
	return -EBUSY; /* someone attaches them again and again */
}

static int undispatch(struct search search)
{
	int r = run_apart(take_out, &search);
	pin_drop_libxdp();
	return r;
}

int xdp_undispatch(int ifindex, uint32_t program)
{
	return undispatch((struct search){.ifindex = ifindex, .program = program});
}

int xdp_undispatch_all(int ifindex, uint32_t map)
{
	return undispatch((struct search){.ifindex = ifindex, .map = map});
}

/* A program to be added. */
struct addition {
	const struct datapath *dp; /* the lagg's, from whose setup it is made */
	const struct hook *hook;   /* where it is attached */
	const char *pin;	   /* the name of the pin that it gets */
};

/* Removes the lagg's other programs from the device. */
static int remove_others(const struct addition *addition, int program)
{
	struct search search = {.ifindex = addition->hook->ifindex,
				.map = pin_id(PIN_MAP, datapath_map(addition->dp, "ports")),
				.except = pin_id(PIN_PROGRAM, program)};
	return search.map && search.except ? take_out(&search) : -EIO;
}

static int attach(const struct programs *programs, const struct addition *addition)
{
	int ifindex = addition->hook->ifindex;
	LIBBPF_OPTS(xdp_program_opts, opts, .obj = programs_object(programs), .prog_name = addition->hook->program);
	struct xdp_program *program = xdp_program__create(&opts);
	int r = (int)libxdp_get_error(program);
	if (r)
		return r;
	/* This makes the dispatcher accept frames in fragments, without which the kernel refuses an MTU of 9000. libxdp
	 * removes the flag from the replacement program itself. */
	r = xdp_program__set_xdp_frags_support(program, true);
	if (!r)
		r = xdp_program__attach(program, ifindex, XDP_MODE_NATIVE, 0);
	if (!r)
		r = pin_set(addition->dp->folder, addition->pin, xdp_program__fd(program));
	return r ? r : remove_others(addition, xdp_program__fd(program));
}

static int add(void *context)
{
	const struct addition *addition = context;
	/* libxdp loads the program itself, as a replacement for one of the dispatcher's functions. */
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&addition->dp->setup, PROGRAMS_XDP, addition->hook->slot, &programs);
	if (!r)
		r = programs_select(programs, (const char *const[]){addition->hook->program, NULL});
	if (!r)
		r = maps_bind(addition->dp, programs_object(programs), true);
	return r ? r : attach(programs, addition);
}

int xdp_dispatch(const struct datapath *dp, const struct hook *hook, const char *pin, const char *mark)
{
	int ports = datapath_map(dp, "ports"), r = pin_make_libxdp();
	if (!r)
		r = ports < 0 ? ports : pin_set(dp->folder, mark, ports);
	if (!r)
		r = run_apart(add, &(struct addition){.dp = dp, .hook = hook, .pin = pin});
	return r ? r : pin_drop(dp->folder, mark);
}
