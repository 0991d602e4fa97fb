/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The xdp profile. Both programs accept frames in fragments (xdp.frags): otherwise the kernel refuses an MTU of 9000,
 * and the two could not share devmaps.
 *
 *   xdp_rx  at a port, one copy for each port
 *   xdp_tx  at the lower end: all that lagg0 sends, also by XDP_TX or XDP_REDIRECT of a user's own program on lagg0
 *
 * lagg0 must have GRO on, or its veth drops the frames that XDP redirects to it. It needs no XDP program of ours, so a
 * user's own may be attached there. Both programs pass what they cannot handle to the tc programs `rx` and `tx`, which
 * are attached to the same devices. These are control frames, frames for a port that is not in `tx_devs` because its
 * driver cannot send for XDP, and frames in fragments: kernels before 6.3 do not redirect those, many drivers do not
 * send them, and no kernel copies them for broadcast.
 *
 * While the lagg is captured, capture_xdp_rx and capture_xdp_tx take their places.
 */
#include "capture.h"
#include "choose.h"
#include "count.h"
#include "receive.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline struct amount amount_of(struct xdp_md *xdp)
{
	return (struct amount){.packets = 1, .bytes = (__u32)bpf_xdp_get_buff_len(xdp)};
}

static long load_xdp(void *xdp, __u32 offset, void *to, __u32 len)
{
	return bpf_xdp_load_bytes(xdp, offset, to, len);
}

/* Captures a frame. `what`: captured_as(); `ifindex`: of the port; `hash`: of the flow, 0: none was needed. It is not
 * static, so that the verifier checks it once and not at every call. */
__noinline int capture_xdp(struct xdp_md *xdp, __u32 what, __u32 ifindex, __u32 hash)
{
	struct xlagg_captured head = captured_head(what, ifindex, hash);

	head.len = amount_of(xdp).bytes;
	capture_frame(xdp, load_xdp, &head);
	return 0;
}

static __always_inline bool in_fragments(const struct xdp_md *xdp, struct amount amount)
{
	return xdp->data_end - xdp->data < amount.bytes;
}

/* Who gets a received frame: owner_of() after the tag is taken off, which the stack has already done where tc runs. */
static __always_inline enum owner owner_of_tagged(const __u8 *header, const void *end)
{
	__u16 ethertype = xlagg_be16(xlagg_load16(header + 12)), vid = 0;

	if (!xlagg_is_vlan(ethertype) && is_data(header, ethertype))
		return OWNER_LAGG;
	if (xlagg_is_vlan(ethertype) && (const void *)header + ETH_HLEN + 4 <= end) {
		vid = xlagg_be16(xlagg_load16(header + ETH_HLEN)) & 0xfff;
		ethertype = xlagg_be16(xlagg_load16(header + ETH_HLEN + 2));
	}
	return owner_of(header, end, ethertype, vid);
}

/* Captures what port params.slot received. */
static __always_inline void capture_rx_as(struct xdp_md *xdp, enum xlagg_verdict verdict, __u32 why)
{
	capture_xdp(xdp, captured_as(verdict, why, params.slot), xdp->ingress_ifindex, 0);
}

static __always_inline int refuse(struct xdp_md *xdp, __u32 why, struct amount amount, bool captured)
{
	count_rx_drop(why, amount);
	if (captured)
		capture_rx_as(xdp, XLAGG_VERDICT_REFUSED, why);
	return XDP_DROP;
}

/* `captured`, a constant of the program: what becomes of the frame is put into the ring of a capture. */
static __always_inline int receive(struct xdp_md *xdp, bool captured)
{
	const __u8 *header = (void *)(long)xdp->data;
	const void *end = (void *)(long)xdp->data_end;
	struct amount amount = amount_of(xdp);
	__u32 why, verdict, slot = params.slot;

	if (in_fragments(xdp, amount))
		return XDP_PASS;
	if (!bpf_map_lookup_elem(&tx_devs, &slot))
		return XDP_PASS; /* it moved to another network namespace, or its driver does not send for XDP yet */
	if ((const void *)header + ETH_HLEN > end)
		return refuse(xdp, XLAGG_RX_MALFORMED, amount, captured);
	if (owner_of_tagged(header, end) != OWNER_LAGG)
		return XDP_PASS;
	why = refusal(header);
	if (why != XLAGG_RX_DROP_MAX)
		return refuse(xdp, why, amount, captured);
	verdict = (__u32)bpf_redirect_map(&lower_dev, 0, XDP_PASS);
	if (verdict == XDP_REDIRECT) {
		count_rx(amount);
		if (captured)
			capture_rx_as(xdp, XLAGG_VERDICT_RECEIVED, 0);
	}
	return (int)verdict;
}

SEC("xdp.frags")
int xdp_rx(struct xdp_md *xdp)
{
	return receive(xdp, false);
}

SEC("xdp.frags")
int capture_xdp_rx(struct xdp_md *xdp)
{
	return receive(xdp, true);
}

static __always_inline int drop(__u32 why, struct amount amount)
{
	count_tx(amount);
	count_tx_drop(why, amount);
	return XDP_DROP;
}

/* Whether XDP can send on every live port. */
static __always_inline bool all_send(const volatile struct xlagg_table *table)
{
	__u32 count = table->count;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i];

		if (live(slot) && !bpf_map_lookup_elem(&tx_devs, &slot))
			return false;
	}
	return true;
}

/* broadcast: the kernel sends a copy to every entry of live_devs. */
static __always_inline int send_to_all(const volatile struct xlagg_table *table, struct amount amount)
{
	__u32 count = table->count, sent = 0;

	if (!all_send(table))
		return XDP_PASS;
	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i];

		if (!live(slot))
			continue;
		count_port_tx(slot, amount);
		sent = 1;
	}
	if (!sent)
		return drop(XLAGG_TX_NO_PORT, amount);
	count_tx(amount);
	return (int)bpf_redirect_map(&live_devs, 0, BPF_F_BROADCAST);
}

static __always_inline void capture_drop(struct xdp_md *xdp, __u32 why)
{
	capture_xdp(xdp, captured_as(XLAGG_VERDICT_NOT_SENT, why, XLAGG_NO_PORT), 0, 0);
}

/* Captures what send_to_all() did with the frame. */
static __always_inline void capture_copies(struct xdp_md *xdp, const volatile struct xlagg_table *table, int verdict)
{
	__u32 count = table->count;

	if (verdict == XDP_DROP)
		capture_drop(xdp, XLAGG_TX_NO_PORT);
	for (__u32 i = 0; verdict == XDP_REDIRECT && i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i], ifindex = live(slot);

		if (ifindex)
			capture_xdp(xdp, captured_as(XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, slot), ifindex, 0);
	}
}

/* The flow hash of a frame with unusual headers: a function of its own, which costs the other frames nothing, and a
 * global one, which the verifier goes through once. */
__noinline __u32 unusual_flow_of(struct xdp_md *xdp)
{

	return xlagg_flow_hash((void *)(long)xdp->data, (void *)(long)xdp->data_end, 0, &params.keys).hash;
}

static __always_inline __u32 flow_of(struct xdp_md *xdp)
{
	struct xlagg_flow flow =
	    xlagg_usual_hash((void *)(long)xdp->data, (void *)(long)xdp->data_end, 0, &params.keys);

	return flow.more ? unusual_flow_of(xdp) : flow.hash;
}

static __always_inline int drop_captured(struct xdp_md *xdp, __u32 why, struct amount amount, bool captured)
{
	if (captured)
		capture_drop(xdp, why);
	return drop(why, amount);
}

static __always_inline int send_to_all_captured(struct xdp_md *xdp, const volatile struct xlagg_table *table,
						struct amount amount)
{
	int verdict = send_to_all(table, amount);

	capture_copies(xdp, table, verdict);
	return verdict;
}

/* `captured`: as in receive(). */
static __always_inline int transmit(struct xdp_md *xdp, bool captured)
{
	const volatile struct xlagg_table *table;
	const __u8 *header = (void *)(long)xdp->data;
	struct amount amount = amount_of(xdp);
	struct choice choice;
	__u32 hash = 0, verdict;

	if (in_fragments(xdp, amount))
		return XDP_PASS;
	if ((const void *)header + ETH_HLEN <= (void *)(long)xdp->data_end &&
	    is_of_ports(xlagg_be16(xlagg_load16(header + 12))))
		return drop_captured(xdp, XLAGG_TX_PORT_TYPE, amount, captured);
	if (params.proto == XLAGG_PROTO_NONE)
		return drop_captured(xdp, XLAGG_TX_PROTO_NONE, amount, captured);
	table = current_table();
	if (!table)
		return drop_captured(xdp, XLAGG_TX_NO_CARRIER, amount, captured);
	if (params.proto == XLAGG_PROTO_BROADCAST)
		return captured ? send_to_all_captured(xdp, table, amount) : send_to_all(table, amount);
	if (by_flow())
		hash = flow_of(xdp);
	choice = choose(table, hash, true);
	if (choice.slot == XLAGG_NO_PORT)
		return drop_captured(xdp, XLAGG_TX_NO_PORT, amount, captured);
	verdict = (__u32)bpf_redirect_map(&tx_devs, choice.slot, XDP_PASS);
	if (verdict == XDP_REDIRECT) {
		if (by_flow())
			count_bucket(hash, amount);
		count_sent(choice.slot, amount);
		if (params.proto == XLAGG_PROTO_FAILOVER)
			note_turnover(choice.slot);
		if (captured)
			capture_xdp(xdp, captured_as(XLAGG_VERDICT_SENT, choice.why, choice.slot), choice.ifindex,
				    hash);
	}
	return (int)verdict;
}

SEC("xdp.frags")
int xdp_tx(struct xdp_md *xdp)
{
	return transmit(xdp, false);
}

SEC("xdp.frags")
int capture_xdp_tx(struct xdp_md *xdp)
{
	return transmit(xdp, true);
}
