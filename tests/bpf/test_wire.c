/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Programs attached to devices: what BPF_PROG_TEST_RUN cannot show, and that `explain` agrees with them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "xlagg/hash.h"

static struct xlagg_params params_of(uint32_t proto)
{
	return (struct xlagg_params){
	    .proto = proto,
	    .hash = XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4,
	    .seed = 0x5eed,
	    .rr_limit = 1,
	    .ethertypes = 2,
	    .ethertype = {0x88cc, 0x888e},
	};
}

/* Makes a frame that differs from the others only by `mark`. */
static struct frame marked(uint32_t mark)
{
	return frame_udp(mark, 2, (uint16_t)mark, 80);
}

/* Checks that nothing came before this last frame of the flow, which takes the same path as what must not come. */
static struct frame closing(void)
{
	return marked(0xfffffff0);
}

static bool anything_waits(int fd)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};

	return poll(&waiting, 1, 0) == 1;
}

/* Flows of every kind leave where `explain` says, also tagged ones, whose tag the stack removes before tc sees them. */
static void explain_tells_where(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_LOADBALANCE);
	uint32_t used[WIRE_PORTS] = {0};
	uint64_t state = 7;
	struct wire wire;

	wire_open(&wire, &params, xdp);
	for (uint32_t i = 0; i < 200; i++) {
		struct frame f = {0};
		uint16_t type = i % 2 ? 0x0800 : 0x86dd;

		frame_macs(&f, frame_random(&state), frame_random(&state));
		for (uint32_t tags = i % 4; tags > 1; tags--)
			frame_tag(&f, tags == 3 ? 0x88a8 : 0x8100, (uint16_t)(frame_random(&state) & 0xfff));
		frame_put16(&f, type);
		frame_random_packet(&f, &state, type, 0);
		if (f.len < 60)
			frame_put(&f, NULL, 60 - f.len);
		struct xlagg_explanation explained = rig_explain(wire.rig, &f);
		cr_assert_lt(explained.slot, WIRE_PORTS);
		wire_send(wire.lagg, &f);
		wire_hears(wire.far[explained.slot], &f);
		for (uint32_t p = 0; p < WIRE_PORTS; p++)
			cr_assert(!anything_waits(wire.far[p]));
		used[explained.slot]++;
	}
	for (uint32_t p = 0; p < WIRE_PORTS; p++) {
		cr_assert_gt(used[p], 30);
		cr_assert_eq(rig_port_stats(wire.rig, p).tx_packets, used[p]);
	}
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_packets, 200);
	wire_close(&wire);
}

Test(wire, explain_tells_where_a_frame_goes)
{
	explain_tells_where(false);
}

Test(wire_xdp, explain_tells_where_a_frame_goes)
{
	explain_tells_where(true);
}

/* A frame whose headers are not in the linear part of the skb takes the same path. */
Test(wire, headers_beyond_the_linear_part)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_LOADBALANCE);
	struct wire wire;
	int one = 1;

	wire_open(&wire, &params, false);
	cr_assert_eq(setsockopt(wire.lagg, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	for (uint32_t i = 0; i < 50; i++) {
		struct {
			struct virtio_net_hdr header;
			uint8_t data[8000];
		} big = {.header = {.hdr_len = ETH_HLEN}};
		struct frame f = marked(0x0a000000 + i);
		struct xlagg_explanation explained = rig_explain(wire.rig, &f);
		struct frame got;

		memcpy(big.data, f.data, f.len);
		cr_assert_eq(send(wire.lagg, &big, sizeof(big), 0), (ssize_t)sizeof(big), "%s", strerror(errno));
		cr_assert(wire_hear(wire.far[explained.slot], &got, 2000), "flow %u is not on port %u", i,
			  explained.slot);
		cr_assert_arr_eq(got.data, f.data, f.len);
	}
	wire_close(&wire);
}

static void failover_moves_both_ways(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_FAILOVER);
	struct frame f = marked(1), g = marked(2), last = closing();
	struct wire wire;

	wire_open(&wire, &params, xdp);
	wire_send(wire.lagg, &f);
	wire_hears(wire.far[0], &f);
	wire_send(wire.far[0], &g);
	wire_hears(wire.lagg, &g);
	wire_send(wire.far[1], &f); /* standby */
	wire_send(wire.far[0], &last);
	wire_hears(wire.lagg, &last);
	cr_assert_eq(rig_port_stats(wire.rig, 1).rx_dropped[XLAGG_RX_STANDBY], 1);
	rig_lose(wire.rig, 0);
	wire_send(wire.lagg, &g);
	wire_hears(wire.far[1], &g);
	wire_send(wire.far[0], &g);
	wire_send(wire.far[1], &f);
	wire_hears(wire.lagg, &f);
	cr_assert_eq(rig_port_stats(wire.rig, 1).rx_packets, 1);
	cr_assert(!anything_waits(wire.far[0]));
	wire_close(&wire);
}

Test(wire, failover_moves_both_ways)
{
	failover_moves_both_ways(false);
}

Test(wire_xdp, failover_moves_both_ways)
{
	failover_moves_both_ways(true);
}

static void broadcast_reaches_every_live_port(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_BROADCAST);
	struct frame f = marked(1), last = closing();
	uint32_t slot = 1;
	struct wire wire;

	wire_open(&wire, &params, xdp);
	wire_send(wire.lagg, &f);
	for (uint32_t p = 0; p < WIRE_PORTS; p++)
		wire_hears(wire.far[p], &f);
	rig_lose(wire.rig, slot);
	if (xdp)
		cr_assert_eq(bpf_map_delete_elem(rig_map(wire.rig, "live_devs"), &slot), 0);
	wire_send(wire.lagg, &last);
	wire_hears(wire.far[0], &last);
	wire_hears(wire.far[2], &last);
	cr_assert(!anything_waits(wire.far[1]));
	for (uint32_t p = 0; p < WIRE_PORTS; p++)
		cr_assert_eq(rig_port_stats(wire.rig, p).tx_packets, p == slot ? 1 : 2);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_packets, 2);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_dropped[XLAGG_TX_CLONE], 0);
	wire_close(&wire);
}

Test(wire, broadcast_reaches_every_live_port)
{
	broadcast_reaches_every_live_port(false);
}

Test(wire_xdp, broadcast_reaches_every_live_port)
{
	broadcast_reaches_every_live_port(true);
}

/* A device is gone but its slot still says that it is live: its copy is counted as dropped, the others arrive. */
Test(wire, broadcast_counts_copies_that_fail)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_BROADCAST);
	struct frame f = marked(1);
	struct wire wire;

	wire_open(&wire, &params, false);
	wire.rig->ports[1].ifindex = 54321;
	wire_send(wire.lagg, &f);
	wire_hears(wire.far[0], &f);
	wire_hears(wire.far[2], &f);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_dropped[XLAGG_TX_CLONE], 1);
	cr_assert_eq(rig_port_stats(wire.rig, 1).tx_packets, 0);
	wire_close(&wire);
}

/* A jumbo frame, which XDP sees in fragments, arrives whole in every proto and in both directions. */
static void jumbo_frames(uint32_t proto, bool xdp)
{
	struct xlagg_params params = params_of(proto);
	static uint8_t jumbo[8900], got[9100];
	struct frame f = marked(1);
	struct wire wire;

	wire_open(&wire, &params, xdp);
	for (uint32_t i = 0; i < sizeof(jumbo); i++)
		jumbo[i] = i < f.len ? f.data[i] : (uint8_t)(i * 7);
	uint32_t slot = rig_explain(wire.rig, &f).slot;
	cr_assert_eq(send(wire.lagg, jumbo, sizeof(jumbo), 0), (ssize_t)sizeof(jumbo), "%s", strerror(errno));
	for (uint32_t p = 0; p < WIRE_PORTS; p++) {
		struct pollfd waiting = {.fd = wire.far[p], .events = POLLIN};

		if (p != slot && proto != XLAGG_PROTO_BROADCAST)
			continue;
		cr_assert_eq(poll(&waiting, 1, 2000), 1, "proto %u port %u: nothing came", proto, p);
		cr_assert_eq(recv(wire.far[p], got, sizeof(got), 0), (ssize_t)sizeof(jumbo));
		cr_assert_arr_eq(got, jumbo, sizeof(jumbo), "proto %u port %u", proto, p);
		cr_assert_eq(rig_port_stats(wire.rig, p).tx_packets, 1);
		cr_assert_eq(rig_port_stats(wire.rig, p).tx_bytes, sizeof(jumbo));
	}
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_packets, 1);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_bytes, sizeof(jumbo));
	cr_assert_eq(send(wire.far[0], jumbo, sizeof(jumbo), 0), (ssize_t)sizeof(jumbo), "%s", strerror(errno));
	struct pollfd waiting = {.fd = wire.lagg, .events = POLLIN};
	cr_assert_eq(poll(&waiting, 1, 2000), 1);
	cr_assert_eq(recv(wire.lagg, got, sizeof(got), 0), (ssize_t)sizeof(jumbo));
	cr_assert_arr_eq(got, jumbo, sizeof(jumbo));
	cr_assert_eq(rig_port_stats(wire.rig, 0).rx_bytes, sizeof(jumbo));
	wire_close(&wire);
}

Test(wire, jumbo_frames)
{
	jumbo_frames(XLAGG_PROTO_LOADBALANCE, false);
}

Test(wire, jumbo_frames_to_all)
{
	jumbo_frames(XLAGG_PROTO_BROADCAST, false);
}

Test(wire_xdp, jumbo_frames)
{
	jumbo_frames(XLAGG_PROTO_LOADBALANCE, true);
}

Test(wire_xdp, jumbo_frames_to_all)
{
	jumbo_frames(XLAGG_PROTO_BROADCAST, true);
}

static void roundrobin_shares_exactly(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_ROUNDROBIN);
	struct wire wire;

	wire_open(&wire, &params, xdp);
	for (uint32_t i = 0; i < 30; i++) {
		struct frame f = marked(i);
		struct xlagg_explanation explained = rig_explain(wire.rig, &f);
		wire_send(wire.lagg, &f);
		wire_hears(wire.far[explained.slot], &f);
	}
	for (uint32_t p = 0; p < WIRE_PORTS; p++)
		cr_assert_eq(rig_port_stats(wire.rig, p).tx_packets, 10);
	wire_close(&wire);
}

Test(wire, roundrobin_shares_exactly)
{
	roundrobin_shares_exactly(false);
}

Test(wire_xdp, roundrobin_shares_exactly)
{
	roundrobin_shares_exactly(true);
}

/* Makes an LACPDU or another frame to the group, with the tag `tci` where `tagged`. */
static struct frame group_frame(uint8_t last, bool tagged, uint16_t tci, uint16_t ethertype, uint8_t subtype)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, last, 2, 0, 0, 0, 0, 9}, 12);
	if (tagged)
		frame_tag(&f, 0x8100, tci);
	frame_put16(&f, ethertype);
	frame_put(&f, (uint8_t[]){subtype, 1, 1, 20}, 4);
	frame_put(&f, NULL, 106);
	return f;
}

/* Untagged and priority-tagged LACPDUs are taken, those of a VLAN are illegal. None of them is seen on lagg0, and a tap
 * on the port sees them all. */
static void lacpdus_and_tags(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_LACP);
	struct frame untagged = group_frame(2, false, 0, 0x8809, 1), priority = group_frame(2, true, 0xe000, 0x8809, 1);
	struct frame vlan = group_frame(2, true, 0x000a, 0x8809, 1), last = closing();
	struct xlagg_agent_frame event[3];
	struct wire wire;

	wire_open(&wire, &params, xdp);
	int tap = wire_listen("port0", 0);
	wire_send(wire.far[0], &untagged);
	wire_send(wire.far[0], &priority);
	wire_send(wire.far[0], &vlan);
	wire_hears(tap, &untagged);
	wire_hears(tap, &priority);
	wire_hears(tap, &vlan);
	wire_send(wire.far[0], &last);
	wire_hears(wire.lagg, &last);
	cr_assert_eq(rig_agent_frames(wire.rig, event, 3), 2);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(event[i].len, untagged.len);
		cr_assert_arr_eq(event[i].frame, untagged.data, untagged.len);
	}
	cr_assert_eq(rig_port_stats(wire.rig, 0).slow_rx, 2);
	cr_assert_eq(rig_port_stats(wire.rig, 0).slow_illegal, 1);
	close(tap);
	wire_close(&wire);
}

Test(wire, lacpdus_and_tags)
{
	lacpdus_and_tags(false);
}

Test(wire_xdp, lacpdus_and_tags)
{
	lacpdus_and_tags(true);
}

/* LLDP and 802.1X stay with the port, standby or not; in a VLAN they belong to that VLAN on lagg0. BPDUs go to lagg0.
 */
static void control_frames_find_their_stack(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_FAILOVER);
	struct frame lldp = group_frame(0x0e, false, 0, 0x88cc, 2), eapol = group_frame(3, false, 0, 0x888e, 2);
	struct frame in_vlan = group_frame(0x0e, true, 0x0005, 0x88cc, 2), last = closing();
	struct frame priority = group_frame(0x0e, true, 0xe000, 0x88cc, 2), bpdu = group_frame(0, false, 0, 38, 0x42);
	struct wire wire;

	wire_open(&wire, &params, xdp);
	for (uint32_t p = 0; p < 2; p++) {
		const char *device = p ? "port1" : "port0";
		int listener = wire_listen(device, 0x88cc), supplicant = wire_listen(device, 0x888e);

		wire_send(wire.far[p], &lldp);
		wire_hears(listener, &lldp);
		wire_send(wire.far[p], &priority);
		wire_hears(listener, &lldp); /* the stack takes a tag without a VLAN off */
		wire_send(wire.far[p], &eapol);
		wire_hears(supplicant, &eapol);
		wire_send(wire.far[p], &in_vlan);
		wire_send(wire.far[p], &bpdu);
		wire_send(wire.far[0], &last);
		if (!p) {
			wire_hears(wire.lagg, &in_vlan);
			wire_hears(wire.lagg, &bpdu);
		}
		wire_hears(wire.lagg, &last);
		cr_assert(!anything_waits(listener));
		close(listener);
		close(supplicant);
	}
	cr_assert_eq(rig_port_stats(wire.rig, 1).rx_dropped[XLAGG_RX_STANDBY], 2);
	wire_close(&wire);
}

Test(wire, control_frames_find_their_stack)
{
	control_frames_find_their_stack(false);
}

Test(wire_xdp, control_frames_find_their_stack)
{
	control_frames_find_their_stack(true);
}

static void no_carrier_nothing_passes(bool xdp)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_FAILOVER);
	struct frame f = marked(1), last = closing();
	struct wire wire;

	wire_open(&wire, &params, xdp);
	wire.rig->control->carrier = 0;
	wire_send(wire.lagg, &f);
	wire_send(wire.far[0], &f);
	while (!rig_port_stats(wire.rig, 0).rx_dropped[XLAGG_RX_NO_CARRIER] ||
	       !rig_lagg_stats(wire.rig).tx_dropped[XLAGG_TX_NO_CARRIER])
		sched_yield();
	wire.rig->control->carrier = 1;
	wire_send(wire.lagg, &last);
	wire_send(wire.far[0], &last);
	wire_hears(wire.far[0], &last);
	wire_hears(wire.lagg, &last);
	wire_close(&wire);
}

Test(wire, no_carrier_nothing_passes, .timeout = 20)
{
	no_carrier_nothing_passes(false);
}

Test(wire_xdp, no_carrier_nothing_passes, .timeout = 20)
{
	no_carrier_nothing_passes(true);
}

/* What the lower end's own stack sends is dropped. */
Test(wire, lower_end_says_nothing_itself)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_FAILOVER);
	struct frame f = marked(1), last = closing();
	struct wire wire;

	wire_open(&wire, &params, false);
	int lower = wire_listen("lagg0-dp", 0);
	/* it is refused at once: no carrier towards the sender, or a frame that is lost */
	cr_assert(send(lower, f.data, f.len, 0) == (ssize_t)f.len || errno == ENOBUFS);
	wire_send(wire.far[0], &last);
	wire_hears(wire.lagg, &last);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_dropped[XLAGG_TX_OWN_STACK], 1);
	close(lower);
	wire_close(&wire);
}

/* A port on which XDP cannot send is not in tx_devs: tc sends there, and everything is counted once. */
Test(wire_xdp, what_xdp_cannot_send_tc_sends)
{
	struct xlagg_params params = params_of(XLAGG_PROTO_FAILOVER);
	struct frame f = marked(1), g = marked(2);
	uint32_t zero = 0;
	struct wire wire;

	wire_open(&wire, &params, true);
	cr_assert_eq(bpf_map_delete_elem(rig_map(wire.rig, "tx_devs"), &zero), 0);
	wire_send(wire.lagg, &f);
	wire_hears(wire.far[0], &f);
	wire_send(wire.far[0], &g);
	wire_hears(wire.lagg, &g);
	cr_assert_eq(rig_port_stats(wire.rig, 0).tx_packets, 1);
	cr_assert_eq(rig_port_stats(wire.rig, 0).rx_packets, 1);
	cr_assert_eq(rig_lagg_stats(wire.rig).tx_packets, 1);
	cr_assert_eq(rig_lagg_stats(wire.rig).rx_packets, 1);
	wire_close(&wire);
}
