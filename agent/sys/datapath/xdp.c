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

uint32_t xdp_program(int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(ifindex, 0, &query) != 0)
		return 0;
	return query.drv_prog_id ? query.drv_prog_id : query.hw_prog_id;
}

bool xdp_native(int ifindex)
{
	return xdp_program(ifindex) != 0;
}
