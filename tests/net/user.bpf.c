/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* XDP programs as a user might attach to lagg0: they know nothing of xlagg. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DISCARD 9   /* UDP port whose frames are dropped */
#define REFLECT 777 /* UDP port whose frames are sent back */
#define STREAM 5001 /* UDP port of a numbered stream */

/* Index 0: frames seen, 1: dropped, 2: reflected, 3: forwarded, 4: of the stream. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u64);
} user_counts SEC(".maps");

/* Index 0: the device to which user_forward sends what it receives. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} user_target SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&user_counts, &what);

	if (n)
		++*n;
}

/* Returns the frame's UDP header, or NULL unless it is IPv4 without options. */
static __always_inline struct udphdr *udp_of(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_UDP)
		return NULL;
	return udp;
}

/* A filter: drops UDP to port 9, sends UDP to port 777 back where it came from, lets everything else in. */
SEC("xdp.frags")
int user_filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct udphdr *udp = udp_of(ctx);
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	__u8 mac[ETH_ALEN];
	__u32 address;

	count(0);
	if (!udp || (void *)(ip + 1) > end)
		return XDP_PASS;
	if (udp->dest == bpf_htons(DISCARD)) {
		count(1);
		return XDP_DROP;
	}
	if (udp->dest != bpf_htons(REFLECT))
		return XDP_PASS;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	address = ip->daddr;
	ip->daddr = ip->saddr;
	ip->saddr = address;
	count(2);
	return XDP_TX;
}

/* A forwarder: every frame goes on to the device named in user_target. */
SEC("xdp.frags")
int user_forward(struct xdp_md *ctx)
{
	__u32 zero = 0, *target = bpf_map_lookup_elem(&user_target, &zero);

	(void)ctx;
	if (!target || !*target)
		return XDP_PASS;
	count(3);
	return bpf_redirect(*target, 0);
}

/* A counter at the far end of a wire: it counts a stream's frames before anything else can take or lose them. */
SEC("xdp.frags")
int user_counter(struct xdp_md *ctx)
{
	struct udphdr *udp = udp_of(ctx);

	if (udp && (void *)(udp + 1) <= (void *)(long)ctx->data_end && udp->dest == bpf_htons(STREAM))
		count(4);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
