/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds out by trying what the kernel offers. Nothing is attached to any device for that. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <xdp/libxdp.h>

#include "sys/again.h"
#include "sys/datapath/internal.h"
#include "sys/log.h"

/* The verifier's log is written only with -vv: for everybody else the agent says in its own words what failed. */
__attribute__((format(printf, 1, 0))) static void log_line(const char *format, va_list args)
{
	if (log_level() < LOG_LEVEL_TRACE)
		return;
	char line[512];
	int len = vsnprintf(line, sizeof(line), format, args);
	if (len > 0 && (size_t)len < sizeof(line) && line[len - 1] == '\n')
		line[len - 1] = 0;
	log_write(LOG_LEVEL_TRACE, "%s", line);
}

__attribute__((format(printf, 2, 0))) static int log_libbpf(enum libbpf_print_level level, const char *format,
							    va_list args)
{
	(void)level;
	log_line(format, args);
	return 0;
}

__attribute__((format(printf, 2, 0))) static int log_libxdp(enum libxdp_print_level level, const char *format,
							    va_list args)
{
	(void)level;
	log_line(format, args);
	return 0;
}

/* return 0 */
static const struct bpf_insn nothing[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
    {.code = BPF_JMP | BPF_EXIT},
};

/* Whether this answer of the kernel's says nothing about what it offers. */
static bool is_passing(int r)
{
	return is_shortage(r) || r == -EAGAIN || r == -EBUSY;
}

/* A kernel that knows the attach type looks up the device, which does not exist: it returns ENODEV. */
static bool knows_attach_type(int program, uint32_t type)
{
	uint32_t tries = 0;
	int r;
	do {
		r = bpf_link_create(program, INT_MAX, (enum bpf_attach_type)type, NULL);
		if (r >= 0)
			close(r);
	} while (again(&tries, is_passing(r)));
	return r == -ENODEV;
}

static int try_tracing(void)
{
	int id = libbpf_find_vmlinux_btf_id("netif_carrier_off", BPF_TRACE_FENTRY);
	if (id < 0)
		return id;
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = (uint32_t)id);
	__attribute__((cleanup(close_fd))) int program =
	    bpf_prog_load(BPF_PROG_TYPE_TRACING, "xlagg_try", "GPL", nothing, 2, &opts);
	if (program < 0)
		return program;
	__attribute__((cleanup(close_fd))) int link = bpf_raw_tracepoint_open(NULL, program);
	return link < 0 ? link : 0;
}

static bool can_trace(void)
{
	uint32_t tries = 0;
	int r;
	do
		r = try_tracing();
	while (again(&tries, is_passing(r)));
	return r == 0;
}

/* Does what libxdp does for its dispatcher: loads and attaches a program that replaces a function of another program.
 */
static int try_dispatcher(void *context)
{
	(void)context;
	struct xdp_program *target = xdp_program__find_file("xdp-dispatcher.o", NULL, NULL);
	struct xdp_program *replacement = xdp_program__find_file("xdp-dispatcher.o", NULL, NULL);
	if (libxdp_get_error(target) || libxdp_get_error(replacement))
		return false;
	struct bpf_object *target_object = xdp_program__bpf_obj(target);
	struct bpf_object *object = xdp_program__bpf_obj(replacement);
	/* The verifier removes the functions of a dispatcher that is set up for no program. A 1 in every octet of its
	 * constants sets it up for one program, in every version of their layout. */
	struct bpf_map *constants = bpf_object__find_map_by_name(target_object, ".rodata");
	size_t size = 0;
	void *value = constants ? (void *)bpf_map__initial_value(constants, &size) : NULL;
	if (value)
		memset(value, 1, size);
	if (bpf_object__load(target_object) != 0)
		return false;
	struct bpf_program *dispatcher = bpf_object__find_program_by_name(target_object, "xdp_dispatcher");
	struct bpf_program *pass = bpf_object__find_program_by_name(object, "xdp_pass");
	struct bpf_program *other = bpf_object__find_program_by_name(object, "xdp_dispatcher");
	if (!dispatcher || !pass || !other)
		return false;
	bpf_program__set_autoload(other, false);
	bpf_program__set_type(pass, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(pass, 0);
	if (bpf_program__set_attach_target(pass, bpf_program__fd(dispatcher), "prog0") != 0 ||
	    bpf_object__load(object) != 0)
		return false;
	__attribute__((cleanup(close_fd))) int link = bpf_raw_tracepoint_open(NULL, bpf_program__fd(pass));
	return link >= 0;
}

/* Raises the limit of open files. A lagg keeps about twenty open, and the usual limit of 1024 exists only for programs
 * that use select(). */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_debug("cannot raise the limit of open files: %s", strerror(errno));
}

/* libbpf finds out once whether programs and maps may have names. Where it was mistaken, as one call of its own failed,
 * this process can make no lagg any more. */
static int check_name(int program)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	if (bpf_obj_get_info_by_fd(program, &info, &len) != 0)
		return -errno;
	return info.name[0] ? 0 : -EAGAIN;
}

int datapath_find_features(struct datapath_features *ret)
{
	libbpf_set_print(log_libbpf);
	libxdp_set_print(log_libxdp);
	allow_descriptors();
	__attribute__((cleanup(close_fd))) int program =
	    bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "xlagg_try", "GPL", nothing, 2, NULL);
	int r = program < 0 ? -errno : check_name(program);
	if (r < 0)
		return r;
	*ret = (struct datapath_features){
	    .tcx = knows_attach_type(program, DATAPATH_TCX_INGRESS),
	    .netkit = knows_attach_type(program, DATAPATH_NETKIT_PRIMARY),
	    .fentry = can_trace(),
	    .dispatcher = run_apart(try_dispatcher, NULL) == 1,
	};
	return 0;
}
