/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* XDP as the only program of a device, for kernels without libxdp's dispatcher; and whether a device runs XDP. */
#include <errno.h>
#include <linux/if_link.h>

#include "sys/datapath/internal.h"

int xdp_link(int ifindex, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int link = bpf_link_create(program, ifindex, BPF_XDP, &opts);
	return link < 0 ? -errno : link;
}

static int query_program(int ifindex, uint32_t *ret)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int r = bpf_xdp_query(ifindex, 0, &query);
	if (r == 0)
		*ret = query.drv_prog_id ? query.drv_prog_id : query.hw_prog_id;
	return r;
}

uint32_t xdp_program(int ifindex)
{
	uint32_t id = 0;
	return query_program(ifindex, &id) == 0 ? id : 0;
}

int xdp_native(int ifindex)
{
	uint32_t id = 0;
	int r = query_program(ifindex, &id);
	if (r == -ENODEV)
		return 0;
	return r < 0 ? r : id != 0;
}
