/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* XDP as the only program of a device, where the kernel has no dispatcher; and what a device runs. */
#include <errno.h>
#include <linux/if_link.h>

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
