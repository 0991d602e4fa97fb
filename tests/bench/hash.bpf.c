/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The programs beside which hash.c sets xlagg's: empty ones, bare redirects, and redirects that count as xlagg does. */
#include <linux/pkt_cls.h>

#include "../../bpf/count.h"

SEC("tc")
int tc_empty(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int tc_redirect(struct __sk_buff *skb)
{
	(void)skb;
	return bpf_redirect(params.lagg_ifindex, 0);
}

SEC("tc")
int tc_count(struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs;
	struct amount amount = {.packets = segments ? segments : 1, .bytes = skb->len};

	count_sent(0, amount);
	return bpf_redirect(params.lagg_ifindex, 0);
}

SEC("xdp.frags")
int xdp_empty(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

SEC("xdp.frags")
int xdp_redirect(struct xdp_md *xdp)
{
	(void)xdp;
	return (int)bpf_redirect_map(&tx_devs, 0, XDP_PASS);
}

SEC("xdp.frags")
int xdp_count(struct xdp_md *xdp)
{
	struct amount amount = {.packets = 1, .bytes = (__u32)(xdp->data_end - xdp->data)};

	count_sent(0, amount);
	return (int)bpf_redirect_map(&tx_devs, 0, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
