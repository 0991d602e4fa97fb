/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The programs on skbs. Their verdicts have the same values in clsact, tcx and netkit: UNSPEC -1 (the next program,
 * then the stack), SHOT 2, REDIRECT 7. So one `tx` serves all three.
 *
 *   tx           at the lower end's ingress (veth), lagg0's egress (tx-path direct, bond) or own transmit (netkit)
 *   tx_queue     at lagg0's egress, if it is a bond that is told the port by a queue_id
 *   tx_hash      at lagg0's egress, if it is a bond that is told the port by a hash
 *   tx_copies    at lagg0's egress, if it is a bond that sends a copy on every port
 *   rx           at a port's ingress, one copy for each port
 *   rx_slave     the same, if the port is a bond's slave
 *   port_out     at such a port's egress, with one of these three
 *   port_silence at the egress of a bond's slave, if the bond runs LACP, too
 *   lower_guard  at the lower end's egress (veth, bond) or own transmit (netkit); also receives the ticks of the clock
 *   explain      attached nowhere: run by the agent, says what tx would do
 *
 * While the lagg is captured, a program of the same name behind capture_ takes the place of each that sends, of
 * rx, rx_slave and lower_guard. capture_own is run by the agent.
 */
#include <linux/if_packet.h>

#include "answer.h"
#include "capture.h"
#include "choose.h"
#include "count.h"
#include "flow.h"
#include "grey.h"
#include "repath.h"
#include "shell.h"
#include "slow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* rx marks what it received with this in skb->tc_index, because a netkit device clears skb->ingress_ifindex before its
 * program runs. */
#define RECEIVED 0x1a66

static long load_skb(void *skb, __u32 offset, void *to, __u32 len)
{
	return bpf_skb_load_bytes(skb, offset, to, len);
}

/* Captures a frame. `what`: captured_as(); `ifindex`: of the port; `hash`: of the flow, 0: none was needed. It is not
 * static, so that the verifier checks it once and not at every call. */
__noinline int capture_skb(struct __sk_buff *skb, __u32 what, __u32 ifindex, __u32 hash)
{
	struct xlagg_captured head = captured_head(what, ifindex, hash);

	head.len = skb->len;
	head.segments = amount_of(skb).packets;
	head.tagged = !!skb->vlan_present;
	head.tag_type = xlagg_be16((__u16)skb->vlan_proto);
	head.tag = (__u16)skb->vlan_tci;
	capture_frame(skb, load_skb, &head);
	return 0;
}

/* How the programs that send differ. The values are constants of each program: what it does not need is compiled out.
 */
struct form {
	enum how how;  /* how the frame gets to its port */
	bool captured; /* what becomes of the frame is put into the ring of a capture */
};

/* What sends a frame returns a long, as bpf_redirect() does, since an int would have to be made of it for each frame.
 */
static __always_inline long drop(struct __sk_buff *skb, __u32 why, struct amount amount, struct form form)
{
	count_tx_drop(why, amount);
	if (form.captured)
		capture_skb(skb, captured_as(XLAGG_VERDICT_NOT_SENT, why, XLAGG_NO_PORT), 0, 0);
	return TC_ACT_SHOT;
}

/* As drop_and_count(), without a capture. Global: see choose_instead(). */
__noinline __s64 drop_uncaptured(struct __sk_buff *skb, __u32 why)
{
	struct amount amount = amount_of(skb);

	count_tx(amount);
	return drop(skb, why, amount, (struct form){});
}

static __always_inline long drop_and_count(struct __sk_buff *skb, __u32 why, struct form form)
{
	struct amount amount = amount_of(skb);

	if (!form.captured)
		return drop_uncaptured(skb, why);
	count_tx(amount);
	return drop(skb, why, amount, form);
}

/* Counts that a copy of the frame left by a port, or did not. */
static __always_inline void count_copy(struct __sk_buff *skb, struct choice port, bool sent, struct amount amount,
				       struct form form)
{
	if (!sent)
		count_tx_drop(XLAGG_TX_CLONE, amount);
	else
		count_port_tx(port.slot, amount);
	if (form.captured && sent)
		capture_skb(skb, captured_as(XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, port.slot), port.ifindex, 0);
	else if (form.captured)
		capture_skb(skb, captured_as(XLAGG_VERDICT_NOT_SENT, XLAGG_TX_CLONE, port.slot), port.ifindex, 0);
}

/* broadcast: a copy to every live port, the frame itself to the last. */
static __always_inline long send_to_all(struct __sk_buff *skb, const volatile struct xlagg_table *table,
					struct amount amount, struct form form)
{
	__u32 count = table->count, last = XLAGG_NO_PORT, last_ifindex = 0;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i], ifindex = live(slot);

		if (!ifindex)
			continue;
		if (last_ifindex)
			count_copy(skb, (struct choice){last, last_ifindex, XLAGG_CHOICE_ALL},
				   !bpf_clone_redirect(skb, last_ifindex, 0), amount, form);
		last = slot;
		last_ifindex = ifindex;
	}
	if (!last_ifindex)
		return drop(skb, XLAGG_TX_NO_PORT, amount, form);
	count_copy(skb, (struct choice){last, last_ifindex, XLAGG_CHOICE_ALL}, true, amount, form);
	return bpf_redirect(last_ifindex, 0);
}

/* Lets a frame that was counted go to its port. `hash`: by which the port was chosen, 0: by none. */
static __always_inline long forward(struct __sk_buff *skb, struct choice choice, __u32 hash, struct form form)
{
	if (form.captured)
		capture_skb(skb, captured_as(XLAGG_VERDICT_SENT, choice.why, choice.slot), choice.ifindex, hash);
	return steer(skb, choice.slot, hash, form.how) ? TC_ACT_UNSPEC : bpf_redirect(choice.ifindex, 0);
}

static __always_inline void capture_copies(struct __sk_buff *skb, const volatile struct xlagg_table *table)
{
	__u32 count = table->count;

	for (__u32 i = 0; i < XLAGG_MAX_PORTS && i < count; i++) {
		__u32 slot = table->order[i], ifindex = live(slot);

		if (ifindex)
			capture_skb(skb, captured_as(XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, slot), ifindex, 0);
	}
}

/* broadcast: lets bonding make the copies, if there is a port that takes one. */
static __always_inline long copy_to_all(struct __sk_buff *skb, const volatile struct xlagg_table *table,
					struct amount amount, struct form form)
{
	if (first_live(table, XLAGG_CHOICE_ALL).slot == XLAGG_NO_PORT)
		return drop(skb, XLAGG_TX_NO_PORT, amount, form);
	if (form.captured)
		capture_copies(skb, table);
	skb->tc_index = CHOSEN + EVERY_PORT;
	return TC_ACT_UNSPEC;
}

/* Whether the frame belongs to a port, by its EtherType. */
static __always_inline bool belongs_to_ports(const struct __sk_buff *skb)
{
	return is_of_ports(xlagg_be16((__u16)skb->protocol)) && !tag_of(skb);
}

/* By a flow, of a lagg without carrier. */
static __always_inline long drop_without_carrier(struct __sk_buff *skb, struct form form)
{
	return drop_and_count(skb, belongs_to_ports(skb) ? XLAGG_TX_PORT_TYPE : XLAGG_TX_NO_CARRIER, form);
}

/*
 * Sends by the frame's flow. `plain` is params.plain, and known to the compiler, so that what is off costs nothing:
 * with const volatile alone a load for each would remain. If it is 0, the lagg has carrier. The frame is counted when
 * its port is known, so that no register holds its length meanwhile; the table in use is looked up after hashing
 * likewise.
 */
static __always_inline long transmit_flow(struct __sk_buff *skb, const volatile struct xlagg_params *constants,
					  struct form form, __u32 plain)
{
	struct amount amount;
	struct choice choice;
	__u32 slot;
	bool quick;
	__u32 hash = flow_of(skb, constants, plain, &quick);

	if (plain && !quick && belongs_to_ports(skb))
		return drop_and_count(skb, XLAGG_TX_PORT_TYPE, form);
	if (plain && !control.carrier)
		return drop_without_carrier(skb, form);
	if (plain && form.how == HOW_HASH && lead_at_once(skb, hash))
		return TC_ACT_UNSPEC;
	if (!plain && params.repath)
		hash = moved_hash(hash, moves_of(skb));
	choice.ifindex = choose_bucket_at(published_table(), hash, true, &slot, &choice.why);
	if (!choice.ifindex)
		return drop_and_count(skb, XLAGG_TX_NO_PORT, form);
	if (!plain && params.grey)
		count_quality(skb, slot);
	amount = amount_of(skb);
	if (!plain)
		count_bucket(hash, amount);
	count_sent_at(&slot, amount);
	choice.slot = slot;
	return forward(skb, choice, hash, form);
}

/* roundrobin: sends on the port whose turn it is. Returns false, and has done nothing, if that is not live. */
static __always_inline bool transmit_turn(struct __sk_buff *skb, struct form form, long *ret_verdict)
{
	struct choice choice = {.why = XLAGG_CHOICE_TURN};
	__u32 slot;

	choice.ifindex = take_turn(current_table(), &slot);
	if (!choice.ifindex)
		return false;
	count_sent_at(&slot, amount_of(skb));
	choice.slot = slot;
	*ret_verdict = forward(skb, choice, 0, form);
	return true;
}

static __always_inline long transmit(struct __sk_buff *skb, struct form form)
{
	const volatile struct xlagg_table *table;
	struct amount amount;
	struct choice choice;
	const volatile struct xlagg_params *constants = &params;
	long verdict;
	__u32 plain;

	asm volatile("" : "+r"(constants)); /* the compiler shall not load the address anew for each constant */
	plain = constants->plain;
	if (!form.captured) { /* a capture costs more, and need not have the code several times */
		if (plain == XLAGG_HASH_USUAL)
			return transmit_flow(skb, constants, form, XLAGG_HASH_USUAL);
		if (plain == (XLAGG_HASH_USUAL | XLAGG_HASH_INNER))
			return transmit_flow(skb, constants, form, XLAGG_HASH_USUAL | XLAGG_HASH_INNER);
	}
	if (belongs_to_ports(skb))
		return drop_and_count(skb, XLAGG_TX_PORT_TYPE, form);
	if (!form.captured && params.proto == XLAGG_PROTO_ROUNDROBIN && transmit_turn(skb, form, &verdict))
		return verdict;
	if (by_flow() && control.carrier)
		return transmit_flow(skb, &params, form, 0);
	if (params.proto == XLAGG_PROTO_NONE)
		return drop_and_count(skb, XLAGG_TX_PROTO_NONE, form);
	table = current_table();
	if (!table || by_flow())
		return drop_and_count(skb, XLAGG_TX_NO_CARRIER, form);
	amount = amount_of(skb);
	if (params.proto == XLAGG_PROTO_BROADCAST) {
		count_tx(amount);
		return form.how == HOW_COPIES ? copy_to_all(skb, table, amount, form)
					      : send_to_all(skb, table, amount, form);
	}
	choice = choose(table, 0, true);
	if (params.proto == XLAGG_PROTO_FAILOVER && choice.slot != XLAGG_NO_PORT)
		note_turnover(choice.slot);
	if (!choice.ifindex)
		return drop_and_count(skb, XLAGG_TX_NO_PORT, form);
	count_sent(choice.slot, amount);
	return forward(skb, choice, 0, form);
}

SEC("tc")
int tx(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){});
}

SEC("tc")
int capture_tx(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.captured = true});
}

SEC("tc")
int tx_queue(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_QUEUE});
}

SEC("tc")
int capture_tx_queue(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_QUEUE, .captured = true});
}

SEC("tc")
int tx_hash(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_HASH});
}

SEC("tc")
int capture_tx_hash(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_HASH, .captured = true});
}

SEC("tc")
int tx_copies(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_COPIES});
}

SEC("tc")
int capture_tx_copies(struct __sk_buff *skb)
{
	return transmit(skb, (struct form){.how = HOW_COPIES, .captured = true});
}

/* Whether the device is still a port of this lagg. It is none when the lagg's device was removed, or when it moved to
 * another network namespace itself, and no agent has detached the programs yet. */
static __always_inline bool is_port(void)
{
	__u32 zero = 0, slot = params.slot;

	return bpf_map_lookup_elem(&lower_alive, &zero) && bpf_map_lookup_elem(&port_alive, &slot);
}

/* Captures what port params.slot received. */
static __always_inline void capture_rx_as(struct __sk_buff *skb, enum xlagg_verdict verdict, __u32 why)
{
	capture_skb(skb, captured_as(verdict, why, params.slot), skb->ifindex, 0);
}

/* slow(), and what became of the frame, which shows in what was counted. */
static __always_inline int slow_captured(struct __sk_buff *skb, bool to_group, __u16 ethertype, __u16 vid)
{
	struct xlagg_port_stats *stats = stats_of(params.slot);
	__u64 to_agent, illegal;
	int verdict;

	if (!stats)
		return TC_ACT_SHOT;
	to_agent = stats->slow_rx;
	illegal = stats->slow_illegal;
	verdict = slow(skb, to_group, ethertype, vid);
	if (stats->slow_rx != to_agent)
		capture_rx_as(skb, XLAGG_VERDICT_AGENT, 0);
	else if (stats->slow_illegal != illegal)
		capture_rx_as(skb, XLAGG_VERDICT_ILLEGAL, 0);
	else if (verdict == TC_ACT_UNSPEC)
		capture_rx_as(skb, XLAGG_VERDICT_STACK, 0);
	else
		capture_rx_as(skb, XLAGG_VERDICT_REFUSED, XLAGG_RX_SLOW_LIMITED);
	return verdict;
}

static __always_inline int refuse(struct __sk_buff *skb, __u32 why, struct amount amount, bool captured)
{
	count_rx_drop(why, amount);
	if (captured)
		capture_rx_as(skb, XLAGG_VERDICT_REFUSED, why);
	return TC_ACT_SHOT;
}

/* Whether the device is no longer a port, if that was not asked at once (`late`). */
static __always_inline bool has_left(bool late)
{
	return late && !is_port();
}

/*
 * `slave` and `captured` are constants of the program. `slave`: bonding's receive handler hands a frame that passes on
 * to the lagg's device. Most of a slave's frames pass, as they would if it were no port, so that it is asked late
 * whether it is one: only before something else is done with a frame.
 */
static __always_inline int receive(struct __sk_buff *skb, bool slave, bool captured)
{
	struct amount amount = amount_of(skb);
	const __u8 *header = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	const bool late = slave && !captured;
	__u16 ethertype;
	__u32 why;

	if (!late && !is_port())
		return TC_ACT_UNSPEC;
	if ((const void *)header + ETH_HLEN > end) {
		if (bpf_skb_pull_data(skb, ETH_HLEN))
			return has_left(late) ? TC_ACT_UNSPEC : refuse(skb, XLAGG_RX_MALFORMED, amount, captured);
		header = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		if ((const void *)header + ETH_HLEN > end)
			return TC_ACT_SHOT;
	}
	ethertype = xlagg_be16(xlagg_load16(header + 12));
	switch (is_data(header, ethertype) ? OWNER_LAGG : owner_of(header, end, ethertype, tag_of(skb))) {
	case OWNER_PORT:
		if (captured)
			capture_rx_as(skb, XLAGG_VERDICT_STACK, 0);
		return TC_ACT_UNSPEC;
	case OWNER_SLOW:
		if (has_left(late))
			return TC_ACT_UNSPEC;
		if (captured)
			return slow_captured(skb, is_slow_address(header), ethertype, tag_of(skb));
		return slow(skb, is_slow_address(header), ethertype, tag_of(skb));
	case OWNER_AGENT:
		if (has_left(late))
			return TC_ACT_UNSPEC;
		if (answer(skb, header, ethertype)) {
			if (captured)
				capture_rx_as(skb, XLAGG_VERDICT_AGENT, 0);
			return TC_ACT_SHOT;
		}
		break;
	case OWNER_LAGG:
		break;
	}
	why = refusal(header);
	if (why != XLAGG_RX_DROP_MAX)
		return has_left(late) ? TC_ACT_UNSPEC : refuse(skb, why, amount, captured);
	count_rx(amount);
	if (captured)
		capture_rx_as(skb, XLAGG_VERDICT_RECEIVED, 0);
	if (slave)
		return TC_ACT_UNSPEC;
	skb->tc_index = RECEIVED;
	return bpf_redirect(params.lower_ifindex, 0);
}

SEC("tc")
int rx(struct __sk_buff *skb)
{
	return receive(skb, false, false);
}

SEC("tc")
int capture_rx(struct __sk_buff *skb)
{
	return receive(skb, false, true);
}

/* What rx_slave does not see at once: a function of its own, whose registers the other frames need not save. */
__noinline int receive_slave(struct __sk_buff *skb)
{
	return receive(skb, true, false);
}

/* Whether a frame passes on, if that is seen at once, as it is for most. It asks what is_data() asks, of what the stack
 * found in the header, and what refusal() asks. `constants`: &params. */
static __always_inline bool surely_passes(const struct __sk_buff *skb, const volatile struct xlagg_params *constants)
{
	if (xlagg_be16((__u16)skb->protocol) >= constants->data_below)
		return false;
	if (!(control.carrier & constants->passes) &&
	    (params.proto != XLAGG_PROTO_FAILOVER || params.rx_all || !is_preferred()))
		return false;
	return params.proto != XLAGG_PROTO_LACP || skb->pkt_type == PACKET_HOST;
}

SEC("tc")
int rx_slave(struct __sk_buff *skb)
{
	const volatile struct xlagg_params *constants = &params;
	struct xlagg_port_stats *stats;

	asm volatile("" : "+r"(constants)); /* see transmit() */
	if (__builtin_expect(!surely_passes(skb, constants), 0))
		return receive_slave(skb);
	stats = bpf_map_lookup_elem(&port_stats, (const void *)&params.slot);
	if (!stats) /* to the verifier only */
		return receive_slave(skb);
	add_rx(stats, amount_of(skb));
	return TC_ACT_UNSPEC;
}

SEC("tc")
int capture_rx_slave(struct __sk_buff *skb)
{
	return receive(skb, true, true);
}

/* A copy, or a frame for another port: a function of its own, so that the other frames need not save registers. */
__noinline int out_elsewhere(struct __sk_buff *skb)
{
	__u32 chosen = skb->tc_index - CHOSEN;

	return chosen == EVERY_PORT ? leave_copy(skb, amount_of(skb)) : pass_on(skb, chosen, amount_of(skb));
}

/* Frames that no transmit program has seen, such as the agent's, leave as they are. */
SEC("tc")
int port_out(struct __sk_buff *skb)
{
	__u32 chosen = skb->tc_index - CHOSEN;

	if (chosen == params.slot)
		return leave(skb);
	return chosen > EVERY_PORT ? TC_ACT_UNSPEC : out_elsewhere(skb);
}

/* A bond that was taken in mode 802.3ad goes on speaking LACP, so that it can go on with it when it is given back. The
 * partner hears the agent and the clock's ticks (which are ARP by skb->protocol) alone. */
SEC("tc")
int port_silence(struct __sk_buff *skb)
{
	__u8 subtype = 0;

	if (skb->protocol != xlagg_be16(ETH_P_SLOW) || skb->mark == XLAGG_FRAME_MARK || !is_port())
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &subtype, sizeof(subtype)) || subtype != XLAGG_SLOW_LACP)
		return TC_ACT_UNSPEC;
	return TC_ACT_SHOT;
}

/* Nobody uses the lower end as an interface. What its own stack makes was received on no port: it is dropped, except
 * the clock's ticks, which are used here. */
static __always_inline int guard(struct __sk_buff *skb, bool captured)
{
	__u32 zero = 0;

	if (skb->ingress_ifindex || skb->tc_index == RECEIVED)
		return TC_ACT_UNSPEC;
	if (!bpf_map_lookup_elem(&lower_alive, &zero))
		return TC_ACT_UNSPEC; /* it moved to another network namespace */
	if (is_tick(skb))
		headless_tick(skb);
	else
		return drop(skb, XLAGG_TX_OWN_STACK, amount_of(skb), (struct form){.captured = captured});
	return TC_ACT_SHOT;
}

SEC("tc")
int lower_guard(struct __sk_buff *skb)
{
	return guard(skb, false);
}

SEC("tc")
int capture_lower_guard(struct __sk_buff *skb)
{
	return guard(skb, true);
}

SEC("tc")
int explain(struct __sk_buff *skb)
{
	const volatile struct xlagg_table *table = published_table();
	struct choice choice = {XLAGG_NO_PORT, 0, XLAGG_CHOICE_NO_CARRIER};
	struct xlagg_explanation *result;
	__u32 zero = 0, hash;
	bool quick;

	hash = flow_of(skb, &params, 0, &quick);
	/* The agent has no socket, and says how often one has moved. */
	hash = moved_hash(hash, skb->cb[0]);
	if (table)
		choice = choose(table, hash, false);
	/* The port that it would take all the same: the lagg may only lack links (min-links). */
	if (!control.carrier)
		choice.why = XLAGG_CHOICE_NO_CARRIER;
	result = bpf_map_lookup_elem(&probe_result, &zero);
	if (!result)
		return TC_ACT_SHOT;
	*result = (struct xlagg_explanation){
	    .hash = hash, .bucket = hash % XLAGG_BUCKETS, .slot = choice.slot, .choice = choice.why};
	return TC_ACT_UNSPEC;
}

/* Run over a frame that the agent sent itself. cb[0]: slot of the port; cb[1]: its ifindex. */
SEC("tc")
int capture_own(struct __sk_buff *skb)
{
	capture_skb(skb, captured_as(XLAGG_VERDICT_OWN, 0, skb->cb[0]), skb->cb[1], 0);
	return TC_ACT_UNSPEC;
}
