/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What happens to received data and to control frames that are not ours: program `rx`, and likewise `rx_slave` and
 * `xdp_rx`. */
#include "bpf/rig.h"

#define REDIRECT TC_ACT_REDIRECT
#define SHOT TC_ACT_SHOT
#define RX "rx rx_slave"

/* The programs of RX, and the verdict of each on a frame for the lagg. */
static const struct {
	const char *name;
	uint32_t accepts;
} programs[] = {{"rx", REDIRECT}, {"rx_slave", UNSPEC}};

static struct frame data(bool group)
{
	struct frame f = frame_udp(1, 2, 3, 4);

	f.data[0] = group ? 0x01 : 0x02;
	return f;
}

/* Makes a frame of that EtherType to 01-80-C2-00-00-<last>. */
static struct frame control(uint8_t last, uint16_t ethertype)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, last, 2, 0, 0, 0, 0, 9}, 12);
	frame_put16(&f, ethertype);
	frame_put(&f, NULL, 46);
	return f;
}

static uint64_t dropped(struct rig *rig, uint32_t why)
{
	return rig_port_stats(rig, rig->params.slot).rx_dropped[why];
}

/* Checks that the frame is refused and counted under `why` and nothing else. */
static void refused(struct rig *rig, const struct frame *f, uint32_t why)
{
	for (uint32_t p = 0; p < 2; p++) {
		struct xlagg_port_stats before = rig_port_stats(rig, rig->params.slot), after;

		cr_assert_eq(rig_run(rig, programs[p].name, f), SHOT);
		before.rx_dropped[why]++;
		after = rig_port_stats(rig, rig->params.slot);
		cr_assert_arr_eq(&before, &after, sizeof(before));
	}
}

static void accepted_by(struct rig *rig, const char *program, uint32_t verdict, const struct frame *f)
{
	struct xlagg_port_stats before = rig_port_stats(rig, rig->params.slot), after;
	struct xlagg_lagg_stats lagg = rig_lagg_stats(rig);

	cr_assert_eq(rig_run(rig, program, f), verdict);
	cr_assert_eq(rig->out_len, f->len);
	cr_assert_arr_eq(rig->out, f->data, f->len);
	before.rx_packets++, before.rx_bytes += f->len;
	after = rig_port_stats(rig, rig->params.slot);
	cr_assert_arr_eq(&before, &after, sizeof(before));
	cr_assert_eq(rig_lagg_stats(rig).rx_packets, lagg.rx_packets + 1);
	cr_assert_eq(rig_lagg_stats(rig).rx_bytes, lagg.rx_bytes + f->len);
}

static void accepted(struct rig *rig, const struct frame *f)
{
	for (uint32_t p = 0; p < 2; p++)
		accepted_by(rig, programs[p].name, programs[p].accepts, f);
}

/* Checks that the frame is left to the port's own stack and not counted. */
static void left_to_port(struct rig *rig, const struct frame *f)
{
	for (uint32_t p = 0; p < 2; p++) {
		struct xlagg_port_stats before = rig_port_stats(rig, rig->params.slot), after;

		cr_assert_eq(rig_run(rig, programs[p].name, f), UNSPEC);
		after = rig_port_stats(rig, rig->params.slot);
		cr_assert_arr_eq(&before, &after, sizeof(before));
	}
}

Test(receive, a_collecting_port_receives)
{
	static const uint32_t protos[] = {XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_LACP, XLAGG_PROTO_ROUNDROBIN,
					  XLAGG_PROTO_BROADCAST};
	struct frame one = data(false), group = data(true);

	for (uint32_t p = 0; p < 4; p++) {
		struct rig *rig = rig_with_ports(protos[p], 2, RX);

		accepted(rig, &one);
		accepted(rig, &group);
		rig->ports[0].flags = 0;
		refused(rig, &one, XLAGG_RX_NOT_COLLECTING);
		/* it was in use until a moment ago */
		rig->ports[0].flags = XLAGG_PORT_LINGERING;
		accepted(rig, &one);
		refused(rig, &group, XLAGG_RX_NOT_COLLECTING);
		/* whether it may be sent to is another matter */
		rig->ports[0].flags = XLAGG_PORT_COLLECTING;
		rig->ports[0].enabled = XLAGG_PORT_OUT;
		accepted(rig, &one);
		rig->control->carrier = 0;
		refused(rig, &one, XLAGG_RX_NO_CARRIER);
		rig_close(rig);
	}
}

Test(receive, failover_on_the_port_in_use)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 2, RX);
	struct frame one = data(false), group = data(true);

	accepted(rig, &one);
	memcpy(rig->tables[0].order, (uint8_t[]){1, 0}, 2);
	refused(rig, &one, XLAGG_RX_STANDBY);
	refused(rig, &group, XLAGG_RX_STANDBY);
	rig->ports[0].flags = XLAGG_PORT_LINGERING;
	accepted(rig, &one);
	refused(rig, &group, XLAGG_RX_STANDBY);
	rig->ports[0].flags = XLAGG_PORT_COLLECTING;
	rig_lose(rig, 1); /* seen by the kernel alone */
	accepted(rig, &one);
	accepted(rig, &group);
	rig->control->carrier = 0;
	refused(rig, &one, XLAGG_RX_NO_CARRIER);
	rig_close(rig);
}

Test(receive, failover_rx_all)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_FAILOVER, .rx_all = 1, .slot = 1};
	struct rig *rig = rig_open(&params, RX);
	struct frame one = data(false);

	rig->tables[0].count = 2;
	rig->tables[0].order[1] = 1;
	for (uint32_t i = 0; i < 2; i++)
		rig->ports[i] = (struct xlagg_port){.ifindex = 10 + i, .flags = XLAGG_PORT_COLLECTING};
	accepted(rig, &one);
	rig->ports[1].flags = 0; /* taken out of service */
	refused(rig, &one, XLAGG_RX_NOT_COLLECTING);
	rig_close(rig);
}

Test(receive, none_receives_nothing)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_NONE, 2, RX);
	struct frame one = data(false);

	refused(rig, &one, XLAGG_RX_PROTO_NONE);
	rig_close(rig);
}

/* In every proto, on a port that receives nothing else, with and without carrier, the port's own stack gets them and
 * they are not counted. */
Test(receive, what_belongs_to_the_port)
{
	static const struct {
		uint8_t last;
		uint16_t ethertype;
	} frames[] = {{0x0e, 0x88cc}, {0x03, 0x888e}, {0x01, 0x8808}};

	for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++) {
		struct rig *rig = rig_with_ports(proto, 2, RX);

		rig->ports[0].flags = 0;
		rig->ports[0].enabled = XLAGG_PORT_OUT;
		for (int carrier = 0; carrier < 2; carrier++) {
			rig->control->carrier = (uint32_t)carrier;
			for (uint32_t i = 0; i < 3; i++) {
				struct frame f = control(frames[i].last, frames[i].ethertype);
				left_to_port(rig, &f);
			}
		}
		rig_close(rig);
	}
}

Test(receive, what_belongs_to_the_lagg)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, RX);
	struct frame bpdu = control(0x00, 38), pause_address = control(0x01, 0x0800), arp = control(0x0e, 0x0806);

	accepted(rig, &bpdu);
	accepted(rig, &pause_address);
	accepted(rig, &arp);
	rig_close(rig);
}

/* With an empty list of port-ethertypes only those frames are the port's that always are. */
Test(receive, port_ethertypes)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LOADBALANCE};
	struct frame lldp = control(0x0e, 0x88cc), ptp = control(0x0e, 0x88f7), mac = control(0x01, 0x8808);

	struct rig *rig = rig_open(&params, RX);
	rig->ports[0] = (struct xlagg_port){.ifindex = 10, .flags = XLAGG_PORT_COLLECTING};
	accepted(rig, &lldp);
	left_to_port(rig, &mac);
	rig_close(rig);

	params.ethertypes = XLAGG_PORT_ETHERTYPES;
	params.ethertype[XLAGG_PORT_ETHERTYPES - 1] = 0x88f7;
	rig = rig_open(&params, RX);
	rig->ports[0] = (struct xlagg_port){.ifindex = 10, .flags = XLAGG_PORT_COLLECTING};
	accepted(rig, &lldp);
	left_to_port(rig, &ptp);
	rig_close(rig);
}

/* Random frames: each gets one of three verdicts, its octets stay as they are, and it is counted once or is the port's.
 */
Test(receive, whatever_comes)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, RX " tx");
	uint64_t state = 12345, ours = 0, sent = 0;

	for (uint32_t i = 0; i < 3000; i++) {
		struct frame f = frame_any(&state);
		uint32_t verdict;

		if (f.len < 60)
			f.len = 60; /* as on a wire */
		verdict = rig_run(rig, "rx", &f);
		cr_assert(verdict == REDIRECT || verdict == UNSPEC || verdict == SHOT);
		cr_assert(rig->out_len == f.len && memcmp(rig->out, f.data, f.len) == 0);
		ours += verdict == REDIRECT;
		cr_assert_eq(rig_run(rig, "rx_slave", &f), verdict == REDIRECT ? UNSPEC : verdict);
		verdict = rig_run(rig, "tx", &f);
		cr_assert(verdict == REDIRECT || verdict == SHOT);
		cr_assert(rig->out_len == f.len && memcmp(rig->out, f.data, f.len) == 0);
		sent += verdict == REDIRECT;
	}
	cr_assert_eq(rig_port_stats(rig, 0).rx_packets, 2 * ours);
	cr_assert_eq(rig_lagg_stats(rig).rx_packets, 2 * ours);
	cr_assert_eq(rig_port_stats(rig, 0).tx_packets + rig_port_stats(rig, 1).tx_packets, sent);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_PORT_TYPE], 3000 - sent);
	cr_assert_eq(dropped(rig, XLAGG_RX_MALFORMED), 0);
	rig_close(rig);
}

/* Somebody removed the lagg's device while there was no agent: the ports' own stacks get their frames again. */
Test(receive, without_the_lagg_the_port_keeps_its_frames)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 2, "rx");
	struct frame f = data(false);
	uint32_t zero = 0;

	accepted_by(rig, "rx", REDIRECT, &f);
	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, "lower_alive"), &zero), 0);
	cr_assert_eq(rig_run(rig, "rx", &f), UNSPEC);
	cr_assert_eq(rig_port_stats(rig, 0).rx_packets, 1);
	rig_close(rig);
}

/* The port left this network namespace while there was no agent: what it receives is none of the lagg's. */
static void elsewhere_the_port_keeps_its_frames(const char *program, const char *map, int pass)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, program);
	struct frame f = data(false), refused = data(true);
	uint32_t slot = rig->params.slot;

	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, map), &slot), 0);
	cr_assert_eq((int)rig_run(rig, program, &f), pass);
	rig->ports[slot].flags = 0;
	cr_assert_eq((int)rig_run(rig, program, &refused), pass);
	cr_assert_eq(rig_port_stats(rig, 0).rx_packets, 0);
	cr_assert_eq(dropped(rig, XLAGG_RX_NOT_COLLECTING), 0);
	rig_close(rig);
}

Test(receive, elsewhere_the_port_keeps_its_frames)
{
	elsewhere_the_port_keeps_its_frames("rx", "port_alive", TC_ACT_UNSPEC);
	elsewhere_the_port_keeps_its_frames("xdp_rx", "tx_devs", XDP_PASS);
}
