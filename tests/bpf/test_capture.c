/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the programs of a capture put into its ring: each verdict with its reason, and nothing that changes a verdict.
 */
#include <string.h>

#include "bpf/rig.h"
#include "xlagg/capture.h"

#define REDIRECT TC_ACT_REDIRECT
#define SHOT TC_ACT_SHOT
#define RECORDS_MAX 8
#define FRAME_ROOM 2048

/* A record with its frame. */
struct record {
	struct xlagg_captured head;
	uint8_t frame[FRAME_ROOM];
};

struct reading {
	struct record record[RECORDS_MAX];
	uint32_t count;
};

static void set_state(struct rig *rig, const struct xlagg_capture *state)
{
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "capture_state"), &zero, state, BPF_ANY), 0);
}

static struct xlagg_capture get_state(struct rig *rig)
{
	struct xlagg_capture state;
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "capture_state"), &zero, &state), 0);
	return state;
}

/* A rig with three ports, all of whose frames are captured. */
static struct rig *capturing(uint32_t proto, const char *programs)
{
	struct rig *rig = rig_with_ports(proto, 3, programs);

	set_state(
	    rig, &(struct xlagg_capture){.snaplen = XLAGG_CAPTURE_SNAPLEN - 1, .slots = UINT32_MAX, .without_port = 1});
	return rig;
}

static int take(void *context, void *data, size_t len)
{
	struct reading *reading = context;

	cr_assert_geq(len, sizeof(struct xlagg_captured));
	cr_assert_leq(len, sizeof(struct record));
	cr_assert_lt(reading->count, RECORDS_MAX);
	memcpy(&reading->record[reading->count++], data, len);
	return 0;
}

/* Empties the ring. */
static struct reading read_ring(struct rig *rig)
{
	struct reading reading = {0};
	struct ring_buffer *ring = ring_buffer__new(rig_map(rig, "capture_ring"), take, &reading, NULL);

	cr_assert_not_null(ring);
	cr_assert_geq(ring_buffer__consume(ring), 0);
	ring_buffer__free(ring);
	return reading;
}

/* Runs the program and checks the verdict. Returns the only record, whose frame must be `f`. */
static struct xlagg_captured captured(struct rig *rig, const char *program, const struct frame *f, uint32_t verdict)
{
	struct reading reading;

	cr_assert_eq(rig_run(rig, program, f), verdict, "%s", program);
	reading = read_ring(rig);
	cr_assert_eq(reading.count, 1, "%s: %u records", program, reading.count);
	cr_assert_eq(reading.record[0].head.len, f->len);
	cr_assert_eq(reading.record[0].head.frame_len, f->len);
	cr_assert_eq(reading.record[0].head.segments, 1);
	cr_assert_gt(reading.record[0].head.time_ns, 0);
	cr_assert_arr_eq(reading.record[0].head.frame, f->data, f->len);
	return reading.record[0].head;
}

static void is(struct xlagg_captured record, uint32_t verdict, uint32_t why, uint32_t slot)
{
	cr_assert_eq(record.verdict, verdict, "verdict %u", record.verdict);
	cr_assert_eq(record.why, why, "why %u", record.why);
	cr_assert_eq(record.slot, slot, "slot %u", record.slot);
}

Test(capture, the_port_is_the_one_that_explain_names)
{
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, "capture_tx explain");

	for (uint32_t i = 0; i < 60; i++) {
		struct frame f = frame_udp(i, 2, (uint16_t)i, 80);
		struct xlagg_explanation explained;
		struct xlagg_captured record;

		if (i == 20)
			rig_lose(rig, 0);
		if (i == 40)
			rig_lose(rig, 1);
		explained = rig_explain(rig, &f);
		record = captured(rig, "capture_tx", &f, REDIRECT);
		is(record, XLAGG_VERDICT_SENT, explained.choice, explained.slot);
		cr_assert_eq(record.ifindex, 1000 + explained.slot);
		cr_assert_eq(record.hash, explained.hash);
	}
	rig_close(rig);
}

Test(capture, why_a_frame_is_sent_or_not)
{
	static const struct {
		uint32_t proto, choice;
	} choices[] = {{XLAGG_PROTO_FAILOVER, XLAGG_CHOICE_PRIORITY}, {XLAGG_PROTO_ROUNDROBIN, XLAGG_CHOICE_TURN}};
	struct frame f = frame_udp(1, 2, 3, 4);
	struct rig *rig;

	for (uint32_t i = 0; i < 2; i++) {
		rig = capturing(choices[i].proto, "capture_tx");
		is(captured(rig, "capture_tx", &f, REDIRECT), XLAGG_VERDICT_SENT, choices[i].choice, 0);
		for (uint32_t slot = 0; slot < 3; slot++)
			rig_lose(rig, slot);
		is(captured(rig, "capture_tx", &f, SHOT), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_NO_PORT, XLAGG_NO_PORT);
		rig->control->carrier = 0;
		is(captured(rig, "capture_tx", &f, SHOT), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_NO_CARRIER, XLAGG_NO_PORT);
		rig_close(rig);
	}
	rig = capturing(XLAGG_PROTO_NONE, "capture_tx");
	is(captured(rig, "capture_tx", &f, SHOT), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_PROTO_NONE, XLAGG_NO_PORT);
	rig_close(rig);
	rig = capturing(XLAGG_PROTO_LACP, "capture_tx capture_lower_guard");
	f.data[12] = 0x88, f.data[13] = 0x09;
	is(captured(rig, "capture_tx", &f, SHOT), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_PORT_TYPE, XLAGG_NO_PORT);
	f = frame_udp(1, 2, 3, 4);
	is(captured(rig, "capture_lower_guard", &f, SHOT), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_OWN_STACK, XLAGG_NO_PORT);
	rig_close(rig);
}

/* The devices do not exist: the copies fail, and the frame itself goes to the last port. */
Test(capture, each_copy_of_a_broadcast)
{
	struct rig *rig = capturing(XLAGG_PROTO_BROADCAST, "capture_tx");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct reading reading;

	cr_assert_eq(rig_run(rig, "capture_tx", &f), REDIRECT);
	reading = read_ring(rig);
	cr_assert_eq(reading.count, 3);
	is(reading.record[0].head, XLAGG_VERDICT_NOT_SENT, XLAGG_TX_CLONE, 0);
	is(reading.record[1].head, XLAGG_VERDICT_NOT_SENT, XLAGG_TX_CLONE, 1);
	is(reading.record[2].head, XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, 2);
	cr_assert_eq(reading.record[2].head.ifindex, 1002);
	rig_close(rig);
}

Test(capture, bonding_sends_by_the_queue)
{
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, "capture_tx_queue explain");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct xlagg_explanation explained = rig_explain(rig, &f);

	is(captured(rig, "capture_tx_queue", &f, UNSPEC), XLAGG_VERDICT_SENT, XLAGG_CHOICE_BUCKET, explained.slot);
	rig_close(rig);
}

Test(capture, bonding_sends_by_the_hash_or_makes_copies)
{
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, "capture_tx_hash explain");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct xlagg_explanation explained = rig_explain(rig, &f);
	struct reading reading;

	/* bonding has no place for the port */
	is(captured(rig, "capture_tx_hash", &f, REDIRECT), XLAGG_VERDICT_SENT, XLAGG_CHOICE_BUCKET, explained.slot);
	rig_close(rig);
	rig = capturing(XLAGG_PROTO_BROADCAST, "capture_tx_copies");
	rig_lose(rig, 1);
	cr_assert_eq(rig_run(rig, "capture_tx_copies", &f), UNSPEC);
	reading = read_ring(rig);
	cr_assert_eq(reading.count, 2);
	is(reading.record[0].head, XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, 0);
	is(reading.record[1].head, XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, 2);
	rig_close(rig);
}

Test(capture, what_a_port_receives)
{
	static const char *const programs[] = {"capture_rx", "capture_rx_slave"};
	const uint32_t accepted[] = {REDIRECT, UNSPEC};
	struct frame f = frame_udp(1, 2, 3, 4), lldp = f;

	lldp.data[12] = 0x88, lldp.data[13] = 0xcc;
	for (uint32_t i = 0; i < 2; i++) {
		struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, programs[i]);

		is(captured(rig, programs[i], &f, accepted[i]), XLAGG_VERDICT_RECEIVED, 0, 0);
		is(captured(rig, programs[i], &lldp, UNSPEC), XLAGG_VERDICT_STACK, 0, 0);
		rig->ports[0].flags = 0;
		is(captured(rig, programs[i], &f, SHOT), XLAGG_VERDICT_REFUSED, XLAGG_RX_NOT_COLLECTING, 0);
		rig->control->carrier = 0;
		is(captured(rig, programs[i], &f, SHOT), XLAGG_VERDICT_REFUSED, XLAGG_RX_NO_CARRIER, 0);
		rig_close(rig);
	}
}

Test(capture, what_failover_and_none_refuse)
{
	struct rig *rig = capturing(XLAGG_PROTO_FAILOVER, "capture_rx");
	struct frame f = frame_udp(1, 2, 3, 4);

	memcpy(rig->tables[0].order, (uint8_t[]){1, 0, 2}, 3);
	is(captured(rig, "capture_rx", &f, SHOT), XLAGG_VERDICT_REFUSED, XLAGG_RX_STANDBY, 0);
	rig_close(rig);
	rig = capturing(XLAGG_PROTO_NONE, "capture_rx");
	is(captured(rig, "capture_rx", &f, SHOT), XLAGG_VERDICT_REFUSED, XLAGG_RX_PROTO_NONE, 0);
	rig_close(rig);
}

/* An LACPDU of `len` octets. */
static struct frame lacpdu(uint8_t subtype, uint32_t len)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x88, 0x09, subtype, 1}, 16);
	frame_put(&f, NULL, len - f.len);
	return f;
}

Test(capture, frames_of_the_slow_protocols)
{
	struct rig *rig = capturing(XLAGG_PROTO_LACP, "capture_rx");
	struct frame good = lacpdu(1, 124), cut = lacpdu(1, 60), illegal = lacpdu(0, 124), oam = lacpdu(3, 124);

	is(captured(rig, "capture_rx", &good, SHOT), XLAGG_VERDICT_AGENT, 0, 0);
	is(captured(rig, "capture_rx", &cut, SHOT), XLAGG_VERDICT_ILLEGAL, 0, 0);
	is(captured(rig, "capture_rx", &illegal, SHOT), XLAGG_VERDICT_ILLEGAL, 0, 0);
	is(captured(rig, "capture_rx", &oam, UNSPEC), XLAGG_VERDICT_STACK, 0, 0);
	rig_limit_due(rig, 0, UINT64_MAX / 2);
	is(captured(rig, "capture_rx", &good, SHOT), XLAGG_VERDICT_REFUSED, XLAGG_RX_SLOW_LIMITED, 0);
	rig_close(rig);
}

Test(capture, xdp)
{
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, "capture_xdp_tx capture_xdp_rx explain");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct xlagg_explanation explained = rig_explain(rig, &f);
	uint32_t zero = 0, loopback = 1;

	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lower_dev"), &zero, &loopback, BPF_ANY), 0);
	is(captured(rig, "capture_xdp_tx", &f, XDP_REDIRECT), XLAGG_VERDICT_SENT, XLAGG_CHOICE_BUCKET, explained.slot);
	is(captured(rig, "capture_xdp_rx", &f, XDP_REDIRECT), XLAGG_VERDICT_RECEIVED, 0, 0);
	rig->ports[0].flags = 0;
	is(captured(rig, "capture_xdp_rx", &f, XDP_DROP), XLAGG_VERDICT_REFUSED, XLAGG_RX_NOT_COLLECTING, 0);
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_lose(rig, slot);
	is(captured(rig, "capture_xdp_tx", &f, XDP_DROP), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_NO_PORT, XLAGG_NO_PORT);
	rig->control->carrier = 0;
	is(captured(rig, "capture_xdp_tx", &f, XDP_DROP), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_NO_CARRIER, XLAGG_NO_PORT);
	f.data[12] = 0x88, f.data[13] = 0xcc;
	is(captured(rig, "capture_xdp_tx", &f, XDP_DROP), XLAGG_VERDICT_NOT_SENT, XLAGG_TX_PORT_TYPE, XLAGG_NO_PORT);
	cr_assert_eq(rig_run(rig, "capture_xdp_rx", &f), XDP_PASS);
	cr_assert_eq(read_ring(rig).count, 0, "tc gets this frame, and captures it");
	rig_close(rig);
}

Test(capture, xdp_copies)
{
	struct rig *rig = capturing(XLAGG_PROTO_BROADCAST, "capture_xdp_tx");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct reading reading;

	rig_lose(rig, 1);
	cr_assert_eq(rig_run(rig, "capture_xdp_tx", &f), XDP_REDIRECT);
	reading = read_ring(rig);
	cr_assert_eq(reading.count, 2);
	is(reading.record[0].head, XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, 0);
	is(reading.record[1].head, XLAGG_VERDICT_SENT, XLAGG_CHOICE_ALL, 2);
	rig_close(rig);
}

Test(capture, what_the_agent_sends_itself)
{
	struct rig *rig = capturing(XLAGG_PROTO_LACP, "capture_own");
	struct frame f = lacpdu(1, 124);
	struct __sk_buff about = {.cb = {2, 1002}};
	struct reading reading;

	cr_assert_eq(rig_run_skb(rig, "capture_own", &f, &about), UNSPEC);
	reading = read_ring(rig);
	cr_assert_eq(reading.count, 1);
	is(reading.record[0].head, XLAGG_VERDICT_OWN, 0, 2);
	cr_assert_eq(reading.record[0].head.ifindex, 1002);
	cr_assert_arr_eq(reading.record[0].frame, f.data, f.len);
	rig_close(rig);
}

/* Runs one frame of each length through a program, and compares what is captured with its beginning. */
static void every_length(const char *program, uint32_t verdict)
{
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, program);
	struct frame f = frame_udp(1, 2, 3, 4);

	for (uint32_t i = f.len; i < sizeof(f.data); i++)
		f.data[i] = (uint8_t)(i * 7);
	for (uint32_t len = f.len; len <= 1514; len += len < 300 ? 1 : 97) {
		f.len = len;
		captured(rig, program, &f, verdict);
	}
	rig_close(rig);
}

Test(capture, frames_of_every_length)
{
	every_length("capture_tx", REDIRECT);
	every_length("capture_xdp_tx", XDP_REDIRECT);
}

Test(capture, no_more_than_the_snaplen)
{
	static const uint32_t snaplens[] = {1, 2, 14, 63, 64, 65, 200};
	struct rig *rig = capturing(XLAGG_PROTO_LOADBALANCE, "capture_tx");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct reading reading;

	frame_put(&f, NULL, 400 - f.len);
	for (uint32_t i = 0; i < sizeof(snaplens) / sizeof(snaplens[0]); i++) {
		set_state(rig, &(struct xlagg_capture){.snaplen = snaplens[i], .slots = UINT32_MAX});
		rig_run(rig, "capture_tx", &f);
		reading = read_ring(rig);
		cr_assert_eq(reading.count, 1);
		cr_assert_eq(reading.record[0].head.len, 400);
		cr_assert_eq(reading.record[0].head.frame_len, snaplens[i]);
		cr_assert_arr_eq(reading.record[0].frame, f.data, snaplens[i]);
	}
	rig_close(rig);
}

Test(capture, only_the_ports_that_were_named)
{
	struct rig *rig = capturing(XLAGG_PROTO_FAILOVER, "capture_tx");
	struct frame f = frame_udp(1, 2, 3, 4);

	set_state(rig, &(struct xlagg_capture){.snaplen = 100, .slots = 1 << 1});
	rig_run(rig, "capture_tx", &f);
	cr_assert_eq(read_ring(rig).count, 0);
	rig_lose(rig, 0);
	rig_run(rig, "capture_tx", &f);
	cr_assert_eq(read_ring(rig).count, 1);
	rig->control->carrier = 0;
	rig_run(rig, "capture_tx", &f);
	cr_assert_eq(read_ring(rig).count, 0);
	rig_close(rig);
}

Test(capture, what_the_ring_has_no_room_for_is_counted)
{
	struct rig *rig = capturing(XLAGG_PROTO_FAILOVER, "capture_tx");
	struct frame f = frame_udp(1, 2, 3, 4);
	struct xlagg_capture state;
	uint32_t sent = 0;

	f.len = 1514;
	do {
		for (uint32_t i = 0; i < 100; i++, sent++)
			cr_assert_eq(rig_run(rig, "capture_tx", &f), REDIRECT);
		state = get_state(rig);
		cr_assert_eq(state.count[0].records + state.count[0].lost, sent);
	} while (!state.count[0].lost && sent < 20000);
	cr_assert_gt(state.count[0].lost, 0);
	cr_assert_geq(state.count[0].records, XLAGG_CAPTURE_RING / 1600);
	cr_assert_eq(rig_port_stats(rig, 0).tx_packets, sent, "the lagg loses nothing");
	rig_close(rig);
}

#define SAME_FRAMES 300 /* unless CAPTURE_FRAMES in the environment says how many */

static uint32_t same_frames(void)
{
	const char *asked = getenv("CAPTURE_FRAMES");

	return asked ? (uint32_t)strtoul(asked, NULL, 10) : SAME_FRAMES;
}

/* The same frames in the same order through a program and through the one that takes its place: they do and count the
 * same. After a third of them a port is lost, after two thirds it is closed, too. */
static void same(const char *program, const char *captured, uint32_t proto)
{
	char both[64];
	struct frame f = {0};
	uint64_t state = 0x5eed + proto;
	uint32_t frames = same_frames();

	snprintf(both, sizeof(both), "%s %s", program, captured);
	struct rig *one = rig_with_ports(proto, 3, both), *other = capturing(proto, both);
	for (uint32_t i = 0; i < frames; i++) {
		f = frame_udp(frame_random(&state), 2, (uint16_t)frame_random(&state), 80);
		if (frame_random(&state) % 4 == 0)
			f.data[12] = 0x88, f.data[13] = (uint8_t)(frame_random(&state) % 2 ? 0xcc : 0x09);
		if (i == frames / 3)
			rig_lose(one, 0), rig_lose(other, 0);
		if (i == frames * 2 / 3)
			one->ports[0].flags = other->ports[0].flags = 0;
		cr_assert_eq(rig_run(one, program, &f), rig_run(other, captured, &f), "proto %u, frame %u", proto, i);
		cr_assert_arr_eq(one->out, other->out, one->out_len);
		read_ring(other);
	}
	for (uint32_t slot = 0; slot < 3; slot++) {
		struct xlagg_port_stats a = rig_port_stats(one, slot), b = rig_port_stats(other, slot);

		cr_assert_arr_eq(&a, &b, sizeof(a));
	}
	struct xlagg_lagg_stats a = rig_lagg_stats(one), b = rig_lagg_stats(other);
	cr_assert_arr_eq(&a, &b, sizeof(a));
	rig_close(one);
	rig_close(other);
}

Test(capture, changes_nothing)
{
	static const char *const programs[] = {"tx", "tx_queue", "rx", "rx_slave", "lower_guard", "xdp_tx", "xdp_rx"};
	char captured[32];

	for (uint32_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(captured, sizeof(captured), "capture_%s", programs[i]);
		for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++)
			same(programs[i], captured, proto);
	}
}
