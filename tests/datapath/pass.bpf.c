/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Somebody else's XDP program, which lets everything pass. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
