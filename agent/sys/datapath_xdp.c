/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* XDP: through libxdp's dispatcher, so that others can share the NIC, or as the only program of the device. */
#include <errno.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

#include "sys/datapath_internal.h"

int xdp_link(int ifindex, int program)
{
	static const uint32_t modes[] = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE};
	int err = 0;
	for (uint32_t i = 0; i < 2; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = modes[i]);
		int link = bpf_link_create(program, ifindex, BPF_XDP, &opts);
		if (link >= 0)
			return link;
		err = -errno;
		/* Not a matter of the mode: trying on would hide the reason. */
		if (err == -EBUSY || err == -EEXIST || err == -ENODEV || err == -EPERM)
			return err;
	}
	return err;
}

enum xlagg_xdp_mode xdp_mode(int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(ifindex, 0, &query) != 0)
		return XLAGG_XDP_NONE;
	if (query.drv_prog_id || query.hw_prog_id)
		return XLAGG_XDP_NATIVE;
	return query.skb_prog_id ? XLAGG_XDP_GENERIC : XLAGG_XDP_NONE;
}

static void program_close(struct xdp_program **program)
{
	if (!libxdp_get_error(*program))
		xdp_program__close(*program);
}

static void multiprog_close(struct xdp_multiprog **multi)
{
	if (!libxdp_get_error(*multi))
		xdp_multiprog__close(*multi);
}

int xdp_dispatch(struct datapath *dp, const struct hook *hook)
{
	/* libxdp loads the program itself, as a replacement for one of the dispatcher's slots. */
	__cleanup_programs struct programs *programs = NULL;
	int err = programs_open(&dp->setup, PROGRAMS_XDP, hook->slot, &programs);
	if (!err)
		err = programs_select(programs, (const char *const[]){hook->program, NULL});
	if (!err)
		err = maps_bind(dp, programs_object(programs), true);
	if (err)
		return err;

	LIBBPF_OPTS(xdp_program_opts, opts, .obj = programs_object(programs), .prog_name = hook->program);
	__attribute__((cleanup(program_close))) struct xdp_program *program = xdp_program__create(&opts);
	err = (int)libxdp_get_error(program);
	if (err)
		return err;
	/* For the dispatcher, or MTU 9000 is refused; libxdp takes it off the replacement itself. */
	err = xdp_program__set_xdp_frags_support(program, true);
	if (err)
		return err;
	err = xdp_program__attach(program, hook->ifindex, XDP_MODE_NATIVE, 0);
	if (err == -EOPNOTSUPP)
		err = xdp_program__attach(program, hook->ifindex, XDP_MODE_SKB, 0);
	if (err)
		return err;
	int fd = dup(xdp_program__fd(program));
	return fd < 0 ? -errno : fd;
}

/* The program of that id under the dispatcher, or NULL; belongs to `multi`. */
static struct xdp_program *find(const struct xdp_multiprog *multi, uint32_t id)
{
	struct xdp_program *program = NULL;
	while ((program = xdp_multiprog__next_prog(program, multi)))
		if (xdp_program__id(program) == id)
			return program;
	return NULL;
}

bool xdp_dispatched(int ifindex, uint32_t id)
{
	__attribute__((cleanup(multiprog_close))) struct xdp_multiprog *multi =
	    xdp_multiprog__get_from_ifindex(ifindex);
	return !libxdp_get_error(multi) && !xdp_multiprog__is_legacy(multi) && find(multi, id);
}

int xdp_undispatch(int ifindex, uint32_t id)
{
	__attribute__((cleanup(multiprog_close))) struct xdp_multiprog *multi =
	    xdp_multiprog__get_from_ifindex(ifindex);
	if (libxdp_get_error(multi) || xdp_multiprog__is_legacy(multi))
		return 0;
	struct xdp_program *program = find(multi, id);
	return program ? xdp_program__detach(program, ifindex, xdp_multiprog__attach_mode(multi), 0) : 0;
}
