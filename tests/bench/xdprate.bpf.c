/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The programs of xdprate: a source, a sink, and a bare forwarder, with which xlagg's rate is compared. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 to_ifindex; /* of source: where the frames go */
const volatile __u32 flows = 1;	 /* of source: how many there are; they differ in the source port */

__u32 sent; /* frames, modulo 2^32 */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} bare_target SEC(".maps");

/* Frames that arrived at the sink. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

SEC("xdp.frags")
int source(struct xdp_md *ctx)
{
	__u8 *frame = (void *)(long)ctx->data;

	if (flows > 1 && (void *)(frame + 36) <= (void *)(long)ctx->data_end)
		*(__u16 *)(frame + 34) = (__u16)(sent++ % flows);
	return bpf_redirect(to_ifindex, 0);
}

SEC("xdp.frags")
int bare(struct xdp_md *ctx)
{
	(void)ctx;
	return bpf_redirect_map(&bare_target, 0, XDP_DROP);
}

SEC("xdp.frags")
int sink(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&arrived, &zero);

	(void)ctx;
	if (n)
		++*n;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
