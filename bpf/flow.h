/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The flow hash of an skb: by a shortcut for most frames, and for the others by functions that are not inlined, so that
 * most frames do not pay for them.
 */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include <stdbool.h>

#include "maps.h"

/* VLAN id of the tag that is kept beside the frame (hardware-accelerated), 0: none. */
static __always_inline __u16 tag_of(const struct __sk_buff *skb)
{
	return skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
}

/* The flow hash of a frame with unusual headers, and above it whether they were cut: a function of its own, which costs
 * the other frames nothing. It is global, and so is the next one, because the verifier goes through a static function
 * again for each way that leads to it. */
__noinline __u64 unusual_flow_of(struct __sk_buff *skb)
{
	struct xlagg_flow flow =
	    xlagg_flow_hash((void *)(long)skb->data, (void *)(long)skb->data_end, tag_of(skb), &params.keys);

	return flow.hash | (__u64)flow.cut << 32;
}

/* The flow hash of a frame whose headers are not all in the linear part. That is rare, too. */
__noinline __u32 pulled_flow_of(struct __sk_buff *skb)
{
	__u32 reach = skb->len < XLAGG_HASH_REACH ? skb->len : XLAGG_HASH_REACH;

	bpf_skb_pull_data(skb, reach); /* if that fails, the linear part is hashed as it is */
	return (__u32)unusual_flow_of(skb);
}

/* Whether there is more of a frame than its linear part has, and headers reached beyond that. */
static __always_inline bool must_pull(const struct __sk_buff *skb, bool cut)
{
	return cut && skb->data_end - skb->data < skb->len;
}

/* The flow hash of a frame for which there is no shortcut. `unusual`: it needs xlagg_flow_hash(). */
__noinline __u32 longer_flow_of(struct __sk_buff *skb, __u32 unusual)
{
	struct xlagg_flow flow = {.more = true};

	if (!unusual)
		flow =
		    xlagg_longer_hash((void *)(long)skb->data, (void *)(long)skb->data_end, tag_of(skb), &params.keys);
	if (flow.more) {
		__u64 whole = unusual_flow_of(skb);

		flow.hash = (__u32)whole;
		flow.cut = whole >> 32;
	}
	return must_pull(skb, flow.cut) ? pulled_flow_of(skb) : flow.hash;
}

/* The flow hash. `constants`: &params; `plain`: params.plain. *ret_quick: whether it is a packet for which there is a
 * shortcut. */
static __always_inline __u32 flow_of(struct __sk_buff *skb, const volatile struct xlagg_params *constants, __u32 plain,
				     bool *ret_quick)
{
	struct xlagg_flow flow = {};

	*ret_quick = false;
	if (!plain && params.flowid && skb->hash)
		return skb->hash >> (params.flowid_shift & 31);
	if (__builtin_expect(!xlagg_shortcut((void *)(long)skb->data, (void *)(long)skb->data_end, tag_of(skb),
					     &constants->keys, plain ? plain : params.keys.fields, &flow),
			     0))
		return longer_flow_of(skb, false);
	if (__builtin_expect(flow.more, 0))
		return longer_flow_of(skb, true);
	*ret_quick = true;
	return flow.hash;
}

#endif
