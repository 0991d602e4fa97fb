/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which port a frame takes, and what is counted: programs `tx` and `explain`, in every proto. */
#include "bpf/rig.h"

#define REDIRECT TC_ACT_REDIRECT
#define SHOT TC_ACT_SHOT

static struct frame flow(uint32_t i)
{
	return frame_udp(0x0a000001 + i, 0x0a0000fe, (uint16_t)(1024 + i), 80);
}

/* Sends one frame per flow and counts how many each port got. */
static void send_flows(struct rig *rig, uint32_t flows, uint64_t got[XLAGG_MAX_PORTS])
{
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		got[i] = rig_port_stats(rig, i).tx_packets;
	for (uint32_t i = 0; i < flows; i++) {
		struct frame f = flow(i);
		cr_assert_eq(rig_run(rig, "tx", &f), REDIRECT);
	}
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		got[i] = rig_port_stats(rig, i).tx_packets - got[i];
}

Test(choose, bucket_of_the_hash)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 4, "tx explain");

	for (uint32_t i = 0; i < 50; i++) {
		struct frame f = flow(i);
		struct xlagg_explanation explained = rig_explain(rig, &f);
		uint64_t before = rig_port_stats(rig, explained.slot).tx_packets;

		cr_assert_eq(explained.bucket, explained.hash % XLAGG_BUCKETS);
		cr_assert_eq(explained.slot, explained.bucket % 4);
		cr_assert_eq(explained.choice, XLAGG_CHOICE_BUCKET);
		cr_assert_eq(rig_run(rig, "tx", &f), REDIRECT);
		cr_assert_eq(rig_port_stats(rig, explained.slot).tx_packets, before + 1);
		cr_assert_eq(rig->out_len, f.len);
		cr_assert_arr_eq(rig->out, f.data, f.len);
	}
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 50, "explain counts nothing");
	rig_close(rig);
}

Test(choose, table_in_use)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "explain");
	struct frame f = flow(1);

	rig->tables[1].count = 1;
	rig->tables[1].order[0] = 1;
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		rig->tables[0].bucket[b] = XLAGG_NO_PORT << 8 | 0, rig->tables[1].bucket[b] = XLAGG_NO_PORT << 8 | 1;
	cr_assert_eq(rig_explain(rig, &f).slot, 0);
	rig->control->table = 1;
	cr_assert_eq(rig_explain(rig, &f).slot, 1);
	rig->control->table = XLAGG_TABLES; /* scribbled over: no table */
	cr_assert_eq(rig_explain(rig, &f).choice, XLAGG_CHOICE_NO_CARRIER);
	rig_close(rig);
}

Test(choose, backup_then_rehash_then_nothing)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 4, "tx explain");
	struct frame f = flow(3);
	struct xlagg_explanation explained = rig_explain(rig, &f), next;

	rig_lose(rig, explained.slot);
	next = rig_explain(rig, &f);
	cr_assert_eq(next.slot, (explained.slot + 1) % 4);
	cr_assert_eq(next.choice, XLAGG_CHOICE_BACKUP);
	rig->ports[next.slot].enabled = XLAGG_PORT_OUT; /* policy, this time */
	next = rig_explain(rig, &f);
	cr_assert_eq(next.choice, XLAGG_CHOICE_REHASH);
	cr_assert(next.slot != explained.slot && next.slot != (explained.slot + 1) % 4 && next.slot < 4);
	for (uint32_t i = 0; i < 4; i++)
		rig->ports[i].enabled = XLAGG_PORT_OUT;
	cr_assert_eq(rig_explain(rig, &f).choice, XLAGG_CHOICE_NONE);
	cr_assert_eq(rig_explain(rig, &f).slot, XLAGG_NO_PORT);
	cr_assert_eq(rig_run(rig, "tx", &f), SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_PORT], 1);
	/* and back */
	for (uint32_t i = 0; i < 4; i++)
		rig_let_in(rig, i);
	cr_assert_eq(rig_explain(rig, &f).slot, explained.slot);
	cr_assert_eq(rig_explain(rig, &f).choice, XLAGG_CHOICE_BUCKET);
	rig_close(rig);
}

/* If a loss came that the agent had not seen when it let the port in, the port stays out. */
Test(choose, a_loss_is_not_undone_by_who_had_not_seen_it)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 2, "explain");
	struct frame f = flow(0);
	uint32_t seen = rig->ports[0].lost;

	rig_lose(rig, 0);
	rig->ports[0].enabled = seen;
	cr_assert_eq(rig_explain(rig, &f).slot, 1);
	rig_let_in(rig, 0);
	cr_assert_eq(rig_explain(rig, &f).slot, 0);
	rig_close(rig);
}

Test(choose, only_the_lost_ports_flows_move)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 4, "explain");
	uint32_t moved = 0, slots[200];

	for (uint32_t i = 0; i < 200; i++) {
		struct frame f = flow(i);
		slots[i] = rig_explain(rig, &f).slot;
	}
	rig_lose(rig, 2);
	for (uint32_t i = 0; i < 200; i++) {
		struct frame f = flow(i);
		uint32_t slot = rig_explain(rig, &f).slot;
		cr_assert(slots[i] == 2 ? slot != 2 : slot == slots[i]);
		moved += slots[i] == 2;
	}
	cr_assert_gt(moved, 20);
	rig_close(rig);
}

/* When the port and the backup of every bucket are lost, the live ports share equally, wherever they are in the order.
 */
Test(choose, rehash_spreads_over_what_lives)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 8, "tx");
	uint64_t got[XLAGG_MAX_PORTS];

	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		rig->tables[0].bucket[b] = XLAGG_NO_PORT << 8 | XLAGG_NO_PORT;
	for (uint32_t i = 0; i < 5; i++)
		rig_lose(rig, i);
	send_flows(rig, 3000, got);
	cr_assert_eq(got[5] + got[6] + got[7], 3000);
	for (uint32_t i = 5; i < 8; i++)
		cr_assert(got[i] > 850 && got[i] < 1150, "port %u got %lu of 3000", i, got[i]);
	rig_close(rig);
}

/* Of 32 ports one is live: it is found, whichever it is. */
Test(choose, never_a_dead_port_while_one_lives)
{
	static const uint32_t protos[] = {XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_FAILOVER, XLAGG_PROTO_ROUNDROBIN,
					  XLAGG_PROTO_BROADCAST, XLAGG_PROTO_LACP};

	for (uint32_t p = 0; p < 5; p++) {
		struct rig *rig = rig_with_ports(protos[p], XLAGG_MAX_PORTS, "explain");
		for (uint32_t only = 0; only < XLAGG_MAX_PORTS; only++) {
			struct frame f = flow(only);
			for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
				rig->ports[i].enabled = i == only ? rig->ports[i].lost : XLAGG_PORT_OUT;
			cr_assert_eq(rig_explain(rig, &f).slot, only, "proto %u", protos[p]);
		}
		rig_close(rig);
	}
}

/* A bucket is not used that names no port, a port that is not there, or a slot beyond the last. */
Test(choose, absent_and_impossible_slots)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 3, "explain");
	struct frame f = flow(1);

	rig->ports[1].ifindex = 0;
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		rig->tables[0].bucket[b] = 1 << 8 | 200;
	rig_lose(rig, 0);
	cr_assert_eq(rig_explain(rig, &f).slot, 2);
	rig->tables[0].order[2] = 99;
	rig->tables[0].count = 77;
	cr_assert_eq(rig_explain(rig, &f).slot, XLAGG_NO_PORT);
	rig_close(rig);
}

Test(choose, failover_follows_the_order)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 3, "tx explain");
	struct frame f = flow(1);

	memcpy(rig->tables[0].order, (uint8_t[]){2, 0, 1}, 3);
	cr_assert_eq(rig_explain(rig, &f).slot, 2);
	cr_assert_eq(rig_explain(rig, &f).choice, XLAGG_CHOICE_PRIORITY);
	rig_lose(rig, 2);
	cr_assert_eq(rig_explain(rig, &f).slot, 0);
	rig_lose(rig, 0);
	cr_assert_eq(rig_run(rig, "tx", &f), REDIRECT);
	cr_assert_eq(rig_port_stats(rig, 1).tx_packets, 1);
	rig_let_in(rig, 2);
	cr_assert_eq(rig_explain(rig, &f).slot, 2);
	rig->tables[0].count = 0;
	cr_assert_eq(rig_explain(rig, &f).slot, XLAGG_NO_PORT);
	rig_close(rig);
}

Test(choose, roundrobin_takes_turns)
{
	static const uint32_t limits[] = {1, 3, 7};

	for (uint32_t l = 0; l < 3; l++) {
		struct xlagg_params params = {.proto = XLAGG_PROTO_ROUNDROBIN, .rr_limit = limits[l]};
		struct rig *rig = rig_open(&params, "tx explain");
		uint32_t turns = 0, last = XLAGG_NO_PORT, run = 0;

		for (uint32_t i = 0; i < 3; i++) {
			rig->ports[i] = (struct xlagg_port){.ifindex = 1000 + i};
			rig->tables[0].order[i] = (uint8_t)i;
		}
		rig->tables[0].count = 3;
		for (uint32_t i = 0; i < 3 * 7 * 10; i++) {
			struct frame f = flow(i);
			struct xlagg_explanation explained = rig_explain(rig, &f);
			cr_assert_eq(explained.choice, XLAGG_CHOICE_TURN);
			uint64_t before = rig_port_stats(rig, explained.slot).tx_packets;
			rig_run(rig, "tx", &f);
			cr_assert_eq(rig_port_stats(rig, explained.slot).tx_packets, before + 1,
				     "explain says whose turn");
			if (explained.slot != last) {
				cr_assert(last == XLAGG_NO_PORT || run == limits[l], "a turn of %u", run);
				turns++, run = 0;
			}
			run++, last = explained.slot;
		}
		cr_assert_eq(turns, 210 / limits[l]);
		rig_close(rig);
	}
}

/* The turns of a dead port go to all others equally, and its return changes only that. */
Test(choose, roundrobin_skips_the_dead)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_ROUNDROBIN, 4, "tx");
	uint64_t got[XLAGG_MAX_PORTS];

	send_flows(rig, 400, got);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert(got[i] >= 98 && got[i] <= 102, "port %u: %lu", i, got[i]);
	rig_lose(rig, 1);
	rig_lose(rig, 3);
	send_flows(rig, 400, got);
	cr_assert_eq(got[1] + got[3], 0);
	cr_assert(got[0] >= 198 && got[0] <= 202, "port 0: %lu", got[0]);
	rig_let_in(rig, 1);
	send_flows(rig, 300, got);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(got[i] >= 98 && got[i] <= 102, "port %u: %lu", i, got[i]);
	rig_close(rig);
}

Test(choose, none_drops_and_counts)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_NONE, 2, "tx explain");
	struct frame f = flow(1);

	cr_assert_eq(rig_run(rig, "tx", &f), SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_PROTO_NONE], 1);
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 1);
	cr_assert_eq(rig_explain(rig, &f).slot, XLAGG_NO_PORT);
	rig_close(rig);
}

Test(choose, no_carrier_drops_and_counts_in_every_proto)
{
	for (uint32_t proto = 0; proto < XLAGG_PROTO_NONE; proto++) {
		struct rig *rig = rig_with_ports(proto, 2, "tx explain");
		struct frame f = flow(1);

		rig->control->carrier = 0;
		cr_assert_eq(rig_run(rig, "tx", &f), SHOT);
		cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_CARRIER], 1);
		cr_assert_eq(rig_port_stats(rig, 0).tx_packets + rig_port_stats(rig, 1).tx_packets, 0);
		cr_assert_eq(rig_explain(rig, &f).choice, XLAGG_CHOICE_NO_CARRIER);
		rig->control->carrier = 1;
		cr_assert_eq(rig_explain(rig, &f).choice == XLAGG_CHOICE_NO_CARRIER, 0);
		rig_close(rig);
	}
}

/* What counts is the segments that go out on the wire. */
Test(choose, segments_are_counted)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 1, "tx");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct __sk_buff skb = {.gso_segs = 12, .gso_size = 100};

	frame_put(&f, NULL, 1200);
	cr_assert_eq(rig_run_skb(rig, "tx", &f, &skb), REDIRECT);
	cr_assert_eq(rig_port_stats(rig, 0).tx_packets, 12);
	cr_assert_eq(rig_port_stats(rig, 0).tx_bytes, f.len);
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 12);
	cr_assert_eq(rig_lagg_stats(rig).tx_bytes, f.len);
	rig->control->carrier = 0;
	rig_run_skb(rig, "tx", &f, &skb);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_CARRIER], 12);
	rig_close(rig);
}

/* Returns a frame to 01-80-C2-00-00-<last> whose octets behind the MACs, or behind a tag of that VLAN, begin with
 * `type`. */
static struct frame group(uint8_t last, uint16_t vid, uint16_t type)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, last, 2, 0, 0, 0, 0, 9}, 12);
	if (vid)
		frame_tag(&f, 0x8100, vid);
	frame_put16(&f, type);
	frame_put(&f, NULL, 46);
	return f;
}

/* What an LLDP daemon on the lagg sends would make the switch believe in a second neighbour. */
static void what_belongs_to_ports_is_not_sent(uint32_t proto, const char *program, uint32_t dropped, uint32_t sent)
{
	struct rig *rig = rig_with_ports(proto, 2, program);
	const struct frame of_ports[] = {group(14, 0, 0x88cc), group(3, 0, 0x888e), group(2, 0, 0x8809),
					 group(1, 0, 0x8808)};
	const struct frame of_the_lagg[] = {group(0, 0, 0x0026) /* a BPDU */, group(14, 7, 0x88cc), group(0, 0, 0x86dd),
					    group(0, 0, 0x9000)};

	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(rig_run(rig, program, &of_ports[i]), dropped, "%s, frame %u", program, i);
		cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_PORT_TYPE], i + 1);
	}
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(rig_run(rig, program, &of_the_lagg[i]), sent, "%s, frame %u", program, i);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_PORT_TYPE], 4);
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 8);
	rig_close(rig);
}

Test(choose, what_belongs_to_ports_is_not_sent)
{
	for (uint32_t proto = 0; proto < XLAGG_PROTO_BROADCAST; proto++) {
		what_belongs_to_ports_is_not_sent(proto, "tx", SHOT, REDIRECT);
		what_belongs_to_ports_is_not_sent(proto, "xdp_tx", XDP_DROP, XDP_REDIRECT);
	}
}

/* Frames without a socket count for no port and take the bucket of their headers. Programs that look for sockets load.
 */
Test(choose, frames_of_no_socket_are_judged_by_nobody)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .hash = XLAGG_HASH_L4};
	struct rig *plain = rig_with_ports_of(&params, 2, "tx explain");
	struct frame f = flow(3);
	uint32_t slot = rig_explain(plain, &f).slot;
	struct xlagg_port_quality quality[256] = {0};
	struct rig *rig;

	params.grey = params.repath = 1;
	rig = rig_with_ports_of(&params, 2, "tx capture_tx tx_queue tx_hash explain");
	cr_assert_eq(rig_run(rig, "tx", &f), REDIRECT);
	cr_assert_eq(rig_explain(rig, &f).slot, slot);
	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "port_quality"), &slot, quality), 0);
	for (size_t i = 0; i < 256; i++)
		cr_assert_eq(quality[i].segments + quality[i].retransmitted + quality[i].sockets, 0);
	rig_close(rig);
	rig_close(plain);
}

/* What the bucket of a frame has sent, octets, on all CPUs. */
static uint64_t bucket_load(const struct rig *rig, uint32_t bucket)
{
	uint64_t value[256] = {0}, sum = 0;
	int cpus = libbpf_num_possible_cpus();

	cr_assert(cpus > 0 && cpus <= 256);
	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "bucket_load"), &bucket, value), 0);
	for (int i = 0; i < cpus; i++)
		sum += value[i];
	return sum;
}

static void octets_of_buckets(const char *program, const char *programs, uint32_t sent)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .hash = XLAGG_HASH_L4, .balance = 1};
	struct rig *rig = rig_with_ports_of(&params, 2, programs);
	struct frame f = flow(3);
	uint32_t bucket = rig_explain(rig, &f).bucket;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(rig_run(rig, program, &f), sent);
	cr_assert_eq(bucket_load(rig, bucket), 3 * f.len);
	cr_assert_eq(bucket_load(rig, (bucket + 1) % XLAGG_BUCKETS), 0);
	rig_close(rig);
	params.balance = 0;
	rig = rig_with_ports_of(&params, 2, programs);
	cr_assert_eq(rig_run(rig, program, &f), sent);
	cr_assert_eq(bucket_load(rig, bucket), 0);
	rig_close(rig);
}

Test(choose, octets_are_counted_by_bucket_where_that_is_asked_for)
{
	octets_of_buckets("tx", "tx explain", REDIRECT);
	octets_of_buckets("xdp_tx", "xdp_tx explain", XDP_REDIRECT);
}

Test(choose, lower_guard_stops_what_was_received_nowhere)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 1, "lower_guard");
	struct frame f = flow(0);
	struct __sk_buff skb = {.ingress_ifindex = 1};

	cr_assert_eq(rig_run(rig, "lower_guard", &f), SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_OWN_STACK], 1);
	cr_assert_eq(rig_run_skb(rig, "lower_guard", &f, &skb), UNSPEC);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_OWN_STACK], 1);
	rig_close(rig);
}

/* The kernel has removed the lower end from the map, and the program runs: so that is in another network namespace. */
Test(choose, lower_guard_stops_nothing_elsewhere)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 1, "lower_guard");
	struct frame f = flow(0);
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, "lower_alive"), &zero), 0);
	cr_assert_eq(rig_run(rig, "lower_guard", &f), UNSPEC);
	rig_close(rig);
}
