/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * XDP through libxdp's dispatcher, so that programs of others can share the NIC. libxdp 1.3 does not close all
 * descriptors that it opens, and a program exists as long as any descriptor of it. So its functions are called in a
 * child process, and everything is closed when that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
	pid_t child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* what is then unfinished, the next agent finds and finishes */
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

/* A program of a device. */
struct dispatched {
	int ifindex; /* the device */
	uint32_t id; /* of the program */
};

/* A program to be added. */
struct addition {
	const struct datapath *dp; /* the lagg's, from whose setup it is made */
	const struct hook *hook;   /* where it is attached */
	const char *pin;	   /* the name of the pin that it gets */
};

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
	if (r)
		return r;
	r = pin_set(addition->dp->folder, addition->pin, xdp_program__fd(program));
	if (r)
		xdp_program__detach(program, ifindex, XDP_MODE_UNSPEC, 0);
	return r;
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

int xdp_dispatch(const struct datapath *dp, const struct hook *hook, const char *pin)
{
	int r = pin_make_libxdp();
	return r ? r : run_apart(add, &(struct addition){.dp = dp, .hook = hook, .pin = pin});
}

/* Finds a program under the dispatcher; it stays that of `multi`. NULL: it is not there. */
static struct xdp_program *find(const struct xdp_multiprog *multi, uint32_t id)
{
	struct xdp_program *program = NULL;
	if (libxdp_get_error(multi) || xdp_multiprog__is_legacy(multi))
		return NULL;
	while ((program = xdp_multiprog__next_prog(program, multi)))
		if (xdp_program__id(program) == id)
			return program;
	return NULL;
}

static int is_there(void *context)
{
	const struct dispatched *which = context;
	const struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex(which->ifindex);
	int r = (int)libxdp_get_error(multi);
	if (r)
		return r == -ENOENT ? 0 : r;
	return find(multi, which->id) != NULL;
}

int xdp_dispatched(int ifindex, uint32_t id)
{
	return run_apart(is_there, &(struct dispatched){.ifindex = ifindex, .id = id});
}

static int take_out(void *context)
{
	const struct dispatched *which = context;
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex(which->ifindex);
	struct xdp_program *program = find(multi, which->id);
	/* When a device is gone, libxdp's pins of it remain, and with them programs and maps. */
	if (!program)
		libxdp_clean_references(which->ifindex);
	return program ? xdp_program__detach(program, which->ifindex, xdp_multiprog__attach_mode(multi), 0) : 0;
}

int xdp_undispatch(int ifindex, uint32_t id)
{
	int r = run_apart(take_out, &(struct dispatched){.ifindex = ifindex, .id = id});
	pin_drop_libxdp();
	return r;
}
