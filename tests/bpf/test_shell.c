/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The programs on a bond: what is sent goes on into bonding or is redirected past it, and what a port may receive is
 * left to bonding's receive handler. That bonding then does as told, the kernels in tests/vm show. */
#include "bpf/rig.h"

#define REDIRECT TC_ACT_REDIRECT

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

/* Sends a frame and checks the verdict, and that it is counted on the port in slot 1. */
static void sends(struct rig *rig, const char *program, uint32_t verdict)
{
	struct frame f = frame_udp(1, 2, 3, 4);
	struct xlagg_port_stats before = rig_port_stats(rig, 1);

	cr_assert_eq(rig_run(rig, program, &f), verdict);
	cr_assert_eq(rig_port_stats(rig, 1).tx_packets, before.tx_packets + 1);
	cr_assert_eq(rig_port_stats(rig, 1).tx_bytes, before.tx_bytes + f.len);
}

Test(shell, what_is_sent_goes_on_into_bonding_or_past_it)
{
	static const uint32_t protos[] = {XLAGG_PROTO_FAILOVER, XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_LACP,
					  XLAGG_PROTO_ROUNDROBIN};

	for (uint32_t p = 0; p < sizeof(protos) / sizeof(protos[0]); p++) {
		struct rig *queue = open_shell(protos[p], "tx_queue"), *direct = open_shell(protos[p], "tx");

		sends(queue, "tx_queue", UNSPEC);
		sends(direct, "tx", REDIRECT);
		rig_close(queue);
		rig_close(direct);
	}
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
