/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The programs on a bond: what is sent goes on into bonding or is redirected past it, and what a port may receive is
 * left to bonding's receive handler. That bonding then does as told, the kernels in tests/vm show. */
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/rig.h"
#include "bpf/wire.h"

#define REDIRECT TC_ACT_REDIRECT

/* Whatever the hash was, bonding, which takes it modulo the count of slaves, takes the port, and the hashes of a port
 * are spread over nearly the whole range. */
Test(shell, bonding_takes_the_port_that_a_hash_leads_to)
{
	static const uint32_t hashes[] = {0, 1, 0xfff, 0x1000, 0x7fffffff, 0x80000000, 0xdeadbeef, UINT32_MAX};

	for (uint32_t count = 1; count <= 64; count++)
		for (uint32_t index = 0; index < count; index++) {
			uint32_t place = xlagg_place(count, index), stride = place >> XLAGG_PORT_STRIDE;

			cr_assert(stride > XLAGG_STRIDE_MAX * 63 / 64 && stride <= XLAGG_STRIDE_MAX);
			cr_assert_eq(place & XLAGG_PORT_POLICY, 0);
			cr_assert_eq(place >> XLAGG_PORT_INDEX & 0xff, index);
			for (uint32_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
				uint64_t led = (uint64_t)(hashes[i] >> XLAGG_STRIDE_BITS) * stride + index;

				cr_assert(led <= UINT32_MAX && led % count == index);
			}
		}
}

/* Two live ports in slots 0 and 1, of which proto failover prefers the second. */
static struct rig *open_shell(uint32_t proto, const char *programs)
{
	struct xlagg_params params = {.proto = proto, .slot = 1};
	struct rig *rig = rig_open(&params, programs);

	rig->tables[0].count = 2;
	memcpy(rig->tables[0].order, (uint8_t[]){1, 0}, 2);
	for (uint32_t bucket = 0; bucket < XLAGG_BUCKETS; bucket++)
		rig->tables[0].bucket[bucket] = 0x0001;
	for (uint32_t i = 0; i < 2; i++)
		rig->ports[i] = (struct xlagg_port){.ifindex = 1000 + i, .flags = XLAGG_PORT_COLLECTING};
	return rig;
}

/* Has bonding send on each of `count` ports, in the order of their slots. */
static void place_ports(struct rig *rig, uint32_t count)
{
	for (uint32_t slot = 0; slot < count; slot++)
		rig->ports[slot].flags |= xlagg_place(count, slot);
}

/* Sends a frame where bonding sends on `places` ports, and checks the verdict, and that the port in slot 1 counts it.
 */
static void sends(uint32_t proto, const char *program, uint32_t places, uint32_t verdict)
{
	struct rig *rig = open_shell(proto, program);
	struct frame f = frame_udp(1, 2, 3, 4);

	place_ports(rig, places);
	cr_assert_eq(rig_run(rig, program, &f), verdict);
	cr_assert_eq(rig_port_stats(rig, 1).tx_packets, 1);
	cr_assert_eq(rig_port_stats(rig, 1).tx_bytes, f.len);
	rig_close(rig);
}

Test(shell, what_is_sent_goes_on_into_bonding_or_past_it)
{
	static const uint32_t protos[] = {XLAGG_PROTO_FAILOVER, XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_LACP,
					  XLAGG_PROTO_ROUNDROBIN};

	for (uint32_t p = 0; p < sizeof(protos) / sizeof(protos[0]); p++) {
		sends(protos[p], "tx_queue", 2, UNSPEC);
		sends(protos[p], "tx", 2, REDIRECT);
		sends(protos[p], "tx_hash", 2, UNSPEC);
		sends(protos[p], "tx_hash", 0, REDIRECT); /* bonding has no place for the port */
	}
}

Test(shell, copies_are_made_by_bonding_if_a_port_takes_one)
{
	struct rig *rig = open_shell(XLAGG_PROTO_BROADCAST, "tx_copies");
	struct frame f = frame_udp(1, 2, 3, 4);

	cr_assert_eq(rig_run(rig, "tx_copies", &f), UNSPEC);
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 1);
	rig_lose(rig, 0);
	cr_assert_eq(rig_run(rig, "tx_copies", &f), UNSPEC);
	rig_lose(rig, 1);
	cr_assert_eq(rig_run(rig, "tx_copies", &f), TC_ACT_SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_PORT], 1);
	rig_close(rig);
}

/* A lagg whose every flow is for port 1. Each port has at its egress, in place of a bond that sends on the wrong one,
 * the program that chooses, and behind it the one that passes on. */
static void open_confused(struct wire *wire, uint32_t proto, const char *program, int to[WIRE_PORTS])
{
	wire_open(wire, &(struct xlagg_params){.proto = proto}, false);
	for (uint32_t bucket = 0; bucket < XLAGG_BUCKETS; bucket++)
		wire->rig->tables[0].bucket[bucket] = 0x0001;
	place_ports(wire->rig, WIRE_PORTS);
	for (uint32_t slot = 0; slot < WIRE_PORTS; slot++) {
		char name[16];

		snprintf(name, sizeof(name), "port%u", slot);
		wire_attach(wire, "port_out", slot, wire->port_ifindex[slot], BPF_TC_EGRESS);
		to[slot] = wire_listen(name, 0);
	}
	wire_attach(wire, program, 0, wire->port_ifindex[0], BPF_TC_EGRESS);
}

static void close_confused(struct wire *wire, const int to[WIRE_PORTS])
{
	for (uint32_t slot = 0; slot < WIRE_PORTS; slot++)
		close(to[slot]);
	wire_close(wire);
}

Test(shell, a_frame_on_a_wrong_port_is_passed_on)
{
	static const char *const programs[] = {"tx_hash", "tx_queue"};

	for (uint32_t i = 0; i < 2; i++) {
		struct wire wire;
		struct frame f = frame_udp(1, 2, 3, 4), got;
		int to[WIRE_PORTS];

		open_confused(&wire, XLAGG_PROTO_LOADBALANCE, programs[i], to);
		wire_send(to[0], &f);
		wire_hears(wire.far[1], &f);
		wire_attach(&wire, programs[i], 0, wire.port_ifindex[1], BPF_TC_EGRESS);
		wire_send(to[1], &f); /* to the right port */
		wire_hears(wire.far[1], &f);
		cr_assert(!wire_hear(wire.far[0], &got, 0) && !wire_hear(wire.far[2], &got, 0));
		close_confused(&wire, to);
	}
}

Test(shell, of_copies_those_on_ports_that_may_not_send_are_dropped)
{
	struct wire wire;
	struct frame f = frame_udp(1, 2, 3, 4), got;
	int to[WIRE_PORTS];

	open_confused(&wire, XLAGG_PROTO_BROADCAST, "tx_copies", to);
	wire_attach(&wire, "tx_copies", 0, wire.port_ifindex[1], BPF_TC_EGRESS);
	rig_lose(wire.rig, 1);
	wire_send(to[0], &f);
	cr_assert_eq(send(to[1], f.data, f.len, 0), -1); /* the port's program drops it */
	wire_hears(wire.far[0], &f);
	cr_assert(!wire_hear(wire.far[1], &got, 0));
	cr_assert_eq(rig_port_stats(wire.rig, 0).tx_packets, 1);
	cr_assert_eq(rig_port_stats(wire.rig, 1).tx_packets, 0);
	close_confused(&wire, to);
}

/* What the agent sends on a port. */
Test(shell, frames_that_nobody_chose_a_port_for_stay_where_they_are)
{
	struct wire wire;
	struct frame f = frame_udp(1, 2, 3, 4);
	int to[WIRE_PORTS];

	open_confused(&wire, XLAGG_PROTO_LOADBALANCE, "tx_hash", to);
	wire_send(to[2], &f);
	wire_hears(wire.far[2], &f);
	close_confused(&wire, to);
}

Test(shell, without_a_port_nothing_reaches_bonding)
{
	struct rig *rig = open_shell(XLAGG_PROTO_FAILOVER, "tx_queue");
	struct frame f = frame_udp(1, 2, 3, 4);

	rig_lose(rig, 0);
	rig_lose(rig, 1);
	cr_assert_eq(rig_run(rig, "tx_queue", &f), TC_ACT_SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_PORT], 1);
	rig->control->carrier = 0;
	cr_assert_eq(rig_run(rig, "tx_queue", &f), TC_ACT_SHOT);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_CARRIER], 1);
	rig_close(rig);
}

Test(shell, a_port_passes_on_what_it_may_receive)
{
	struct rig *rig = open_shell(XLAGG_PROTO_LOADBALANCE, "rx_slave");
	struct frame f = frame_udp(1, 2, 3, 4);

	cr_assert_eq(rig_run(rig, "rx_slave", &f), UNSPEC);
	cr_assert_eq(rig_port_stats(rig, 1).rx_packets, 1);
	cr_assert_eq(rig_lagg_stats(rig).rx_packets, 1);
	rig->ports[1].flags = 0;
	cr_assert_eq(rig_run(rig, "rx_slave", &f), TC_ACT_SHOT);
	cr_assert_eq(rig_port_stats(rig, 1).rx_dropped[XLAGG_RX_NOT_COLLECTING], 1);
	cr_assert_eq(rig_port_stats(rig, 1).rx_packets, 1);
	rig_close(rig);
}

/* The lagg's device was removed, or the port moved, while there was no agent: nothing is refused or taken any longer.
 */
static void slave_that_left_keeps_its_frames(const char *map, uint32_t key)
{
	struct rig *rig = open_shell(XLAGG_PROTO_LACP, "rx_slave");
	struct frame data = frame_udp(1, 2, 3, 4), pdu = frame_udp(1, 2, 3, 4);

	memcpy(pdu.data, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2}, 6);
	memcpy(pdu.data + 12, (uint8_t[]){0x88, 0x09, 1}, 3);
	rig->ports[1].flags = 0;
	cr_assert_eq(rig_run(rig, "rx_slave", &data), TC_ACT_SHOT);
	cr_assert_eq(rig_run(rig, "rx_slave", &pdu), TC_ACT_SHOT);
	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, map), &key), 0);
	cr_assert_eq(rig_run(rig, "rx_slave", &data), UNSPEC);
	cr_assert_eq(rig_run(rig, "rx_slave", &pdu), UNSPEC);
	cr_assert_eq(rig_port_stats(rig, 1).rx_dropped[XLAGG_RX_NOT_COLLECTING], 1);
	rig_close(rig);
}

Test(shell, slave_that_left_keeps_its_frames)
{
	slave_that_left_keeps_its_frames("lower_alive", 0);
	slave_that_left_keeps_its_frames("port_alive", 1);
}
