/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The programs on skbs. Their verdicts have the same values in clsact, tcx and netkit: UNSPEC -1 (the next program,
 * then the stack), SHOT 2, REDIRECT 7. So one `tx` serves all three.
 *
 *   tx           at the lower end's ingress (veth), lagg0's egress (tx-path direct, bond) or own transmit (netkit)
 *   tx_queue     at lagg0's egress, if it is a bond that can be told the port
 *   rx           at a port's ingress, one copy for each port
 *   rx_slave     the same, if the port is a bond's slave
 *   port_out     at such a port's egress, with tx_queue
 *   lower_guard  at the lower end's egress (veth, bond) or own transmit (netkit); also receives the ticks of the clock
 *   explain      attached nowhere: run by the agent, says what tx would do
 */
#include "answer.h"
#include "choose.h"
#include "count.h"
#include "slow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* rx marks what it received with this in skb->tc_index, because a netkit device clears skb->ingress_ifindex before its
 * program runs. */
#define RECEIVED 0x1a66

static __always_inline struct amount amount_of(const struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs;

	return (struct amount){.packets = segments ? segments : 1, .bytes = skb->len};
}

/* VLAN id of the tag that is kept beside the frame (hardware-accelerated), 0: none. */
static __always_inline __u16 tag_of(const struct __sk_buff *skb)
{
	return skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
}

/* The flow hash of a frame with unusual headers, and above it whether they were cut: a function of its own, which costs
 * the other frames nothing. */
static __noinline __u64 unusual_flow_of(struct __sk_buff *skb)
{
	const struct xlagg_hash_keys keys = {.fields = params.hash, .seed = params.seed};
	struct xlagg_flow flow =
	    xlagg_flow_hash((void *)(long)skb->data, (void *)(long)skb->data_end, tag_of(skb), keys);

	return flow.hash | (__u64)flow.cut << 32;
}

/* The flow hash of a frame whose headers are not all in the linear part. That is rare, too. */
static __noinline __u32 pulled_flow_of(struct __sk_buff *skb)
{
	__u32 reach = skb->len < XLAGG_HASH_REACH ? skb->len : XLAGG_HASH_REACH;

	bpf_skb_pull_data(skb, reach); /* if that fails, the linear part is hashed as it is */
	return (__u32)unusual_flow_of(skb);
}

static __always_inline __u32 flow_of(struct __sk_buff *skb)
{
	const struct xlagg_hash_keys keys = {.fields = params.hash, .seed = params.seed};
	struct xlagg_flow flow;

	if (params.flowid && skb->hash)
		return skb->hash >> (params.flowid_shift & 31);
	flow = xlagg_usual_hash((void *)(long)skb->data, (void *)(long)skb->data_end, tag_of(skb), keys);
	if (flow.more) {
		__u64 unusual = unusual_flow_of(skb);

		flow.hash = (__u32)unusual;
		flow.cut = unusual >> 32;
	}
	if (flow.cut && skb->data_end - skb->data < skb->len)
		return pulled_flow_of(skb);
	return flow.hash;
}

static __always_inline int drop(__u32 why, struct amount amount)
{
	count_tx_drop(why, amount);
	return TC_ACT_SHOT;
}

/* broadcast: a copy to every live port, the frame itself to the last. */
static __always_inline int send_to_all(struct __sk_buff *skb, const volatile struct xlagg_table *table,
				       struct amount amount)
{
	__u32 count = table->count, last = XLAGG_NO_PORT, last_ifindex = 0;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i], ifindex = live(slot);

		if (!ifindex)
			continue;
		if (last_ifindex) {
			if (bpf_clone_redirect(skb, last_ifindex, 0))
				count_tx_drop(XLAGG_TX_CLONE, amount);
			else
				count_port_tx(last, amount);
		}
		last = slot;
		last_ifindex = ifindex;
	}
	if (!last_ifindex)
		return drop(XLAGG_TX_NO_PORT, amount);
	count_port_tx(last, amount);
	return bpf_redirect(last_ifindex, 0);
}

/* `by_queue`, a constant of the program: bonding sends the frame on the slave whose queue_id it bears. */
static __always_inline int hand_over(struct __sk_buff *skb, struct choice choice, struct amount amount, bool by_queue)
{
	if (!choice.ifindex)
		return drop(XLAGG_TX_NO_PORT, amount);
	count_port_tx(choice.slot, amount);
	if (by_queue) {
		/* bonding takes one away from what stands here, and compares the rest with the ports' queue_ids */
		skb->queue_mapping = choice.slot + 2;
		return TC_ACT_UNSPEC;
	}
	return bpf_redirect(choice.ifindex, 0);
}

static __always_inline int transmit(struct __sk_buff *skb, bool by_queue)
{
	const volatile struct xlagg_table *table = current_table();
	struct amount amount = amount_of(skb);
	struct choice choice;

	count_tx(amount);
	if (is_of_ports(xlagg_be16((__u16)skb->protocol)) && !tag_of(skb))
		return drop(XLAGG_TX_PORT_TYPE, amount);
	if (table && by_flow())
		return hand_over(skb, choose_bucket(table, flow_of(skb)), amount, by_queue);
	if (params.proto == XLAGG_PROTO_NONE)
		return drop(XLAGG_TX_PROTO_NONE, amount);
	if (!table)
		return drop(XLAGG_TX_NO_CARRIER, amount);
	if (params.proto == XLAGG_PROTO_BROADCAST)
		return send_to_all(skb, table, amount);
	choice = choose(table, 0, true);
	if (params.proto == XLAGG_PROTO_FAILOVER && choice.slot != XLAGG_NO_PORT)
		note_turnover(choice.slot);
	return hand_over(skb, choice, amount, by_queue);
}

SEC("tc")
int tx(struct __sk_buff *skb)
{
	return transmit(skb, false);
}

SEC("tc")
int tx_queue(struct __sk_buff *skb)
{
	return transmit(skb, true);
}

/* Whether the device is still a port of this lagg. It is none when the lagg's device was removed, or when it moved to
 * another network namespace itself, and no agent has detached the programs yet. */
static __always_inline bool is_port(void)
{
	__u32 zero = 0, slot = params.slot;

	return bpf_map_lookup_elem(&lower_alive, &zero) && bpf_map_lookup_elem(&port_alive, &slot);
}

/* `slave`, a constant of the program: bonding's receive handler gives a frame that passes to the lagg's device. */
static __always_inline int receive(struct __sk_buff *skb, bool slave)
{
	struct amount amount = amount_of(skb);
	const __u8 *header = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	__u16 ethertype;
	__u32 why;

	if (!is_port())
		return TC_ACT_UNSPEC;
	if ((const void *)header + ETH_HLEN > end) {
		if (bpf_skb_pull_data(skb, ETH_HLEN)) {
			count_rx_drop(XLAGG_RX_MALFORMED, amount);
			return TC_ACT_SHOT;
		}
		header = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		if ((const void *)header + ETH_HLEN > end)
			return TC_ACT_SHOT;
	}
	ethertype = xlagg_be16(xlagg_load16(header + 12));
	switch (is_data(header, ethertype) ? OWNER_LAGG : owner_of(header, end, ethertype, tag_of(skb))) {
	case OWNER_PORT:
		return TC_ACT_UNSPEC;
	case OWNER_SLOW:
		return slow(skb, is_slow_address(header), ethertype, tag_of(skb));
	case OWNER_AGENT:
		if (answer(skb, header, ethertype))
			return TC_ACT_SHOT;
		break;
	case OWNER_LAGG:
		break;
	}
	why = refusal(header);
	if (why != XLAGG_RX_DROP_MAX) {
		count_rx_drop(why, amount);
		return TC_ACT_SHOT;
	}
	count_rx(amount);
	if (slave)
		return TC_ACT_UNSPEC;
	skb->tc_index = RECEIVED;
	return bpf_redirect(params.lower_ifindex, 0);
}

SEC("tc")
int rx(struct __sk_buff *skb)
{
	return receive(skb, false);
}

SEC("tc")
int rx_slave(struct __sk_buff *skb)
{
	return receive(skb, true);
}

/* What tx_queue writes to choose a port would also choose that port's transmit queue: the port is to choose itself. */
SEC("tc")
int port_out(struct __sk_buff *skb)
{
	skb->queue_mapping = 0;
	return TC_ACT_UNSPEC;
}

/* Nobody uses the lower end as an interface. What its own stack makes was received on no port: it is dropped, except
 * the clock's ticks, which are used here. */
SEC("tc")
int lower_guard(struct __sk_buff *skb)
{
	__u32 zero = 0;

	if (skb->ingress_ifindex || skb->tc_index == RECEIVED)
		return TC_ACT_UNSPEC;
	if (!bpf_map_lookup_elem(&lower_alive, &zero))
		return TC_ACT_UNSPEC; /* it moved to another network namespace */
	if (is_tick(skb))
		headless_tick(skb);
	else
		count_tx_drop(XLAGG_TX_OWN_STACK, amount_of(skb));
	return TC_ACT_SHOT;
}

SEC("tc")
int explain(struct __sk_buff *skb)
{
	const volatile struct xlagg_control *c;
	const volatile struct xlagg_table *table;
	struct choice choice = {XLAGG_NO_PORT, 0, XLAGG_CHOICE_NO_CARRIER};
	struct xlagg_explanation *result;
	__u32 zero = 0, hash;

	hash = flow_of(skb);
	c = bpf_map_lookup_elem(&control, &zero);
	table = table_of(c);
	if (table)
		choice = choose(table, hash, false);
	/* The port that it would take all the same: the lagg may only lack links (min-links). */
	if (!c || !c->carrier)
		choice.why = XLAGG_CHOICE_NO_CARRIER;
	result = bpf_map_lookup_elem(&probe_result, &zero);
	if (!result)
		return TC_ACT_SHOT;
	*result = (struct xlagg_explanation){
	    .hash = hash, .bucket = hash % XLAGG_BUCKETS, .slot = choice.slot, .choice = choice.why};
	return TC_ACT_UNSPEC;
}
