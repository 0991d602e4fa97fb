/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Random and mutated frames through every program: each frame is handed on or counted as dropped, exactly once; what is
 * handed on is unchanged; and the kernel's own answers to LACP are valid, whatever it was sent. FUZZ_SEED repeats a
 * run, FUZZ_FRAMES makes it longer.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpf/rig.h"
#include "xlagg/wire.h"

#define SHOT TC_ACT_SHOT
#define REDIRECT TC_ACT_REDIRECT
#define PORTS 3
#define SECOND 1000000000ull

struct verdicts {
	uint64_t handed_on, dropped, left_alone;
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static uint64_t frames(void)
{
	return number("FUZZ_FRAMES", 10000);
}

static uint64_t begin(void)
{
	uint64_t seed = number("FUZZ_SEED", (uint64_t)time(NULL));

	printf("# FUZZ_SEED=%llu\n", (unsigned long long)seed);
	return seed * 0x9e3779b97f4a7c15u | 1;
}

/* A LACPDU, a marker or an answer to a probe before it is damaged. */
static struct frame control_frame(uint64_t *random)
{
	struct frame f = {0};
	uint8_t subtype = (uint8_t)(1 + frame_random(random) % 2);

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 7, 0x88, 0x09}, 14);
	frame_put(&f, (uint8_t[]){subtype, 1, 1, subtype == 1 ? 20 : 16}, 4);
	frame_put(&f, (uint8_t[]){0x80, 0, 2, 0, 0, 0, 0, 7, 0, 5, 0x80, 1, 0, 1, 0x3d, 0, 0, 0, 2, 20}, 20);
	frame_put(&f, (uint8_t[]){0x80, 0, 2, 0, 0, 0, 0, 9, 0, 5, 0x80, 1, 0, 2, 0x3d, 0, 0, 0, 3, 16}, 20);
	frame_put(&f, NULL, 124 - f.len);
	return f;
}

/* The kernel runs a program over no IP frame without an IP header. */
static uint32_t least_len(const struct frame *f)
{
	uint16_t type = (uint16_t)(f->data[12] << 8 | f->data[13]);

	return type == 0x0800 ? 34 : type == 0x86dd ? 54 : 15;
}

static struct frame mutated(uint64_t *random)
{
	struct frame f = frame_random(random) % 3 ? frame_any(random) : control_frame(random);

	for (uint32_t changes = frame_random(random) % 5; changes; changes--)
		f.data[frame_random(random) % f.len] = (uint8_t)frame_random(random);
	if (frame_random(random) % 8 == 0)
		f.len = 15 + frame_random(random) % (f.len - 14);
	if (f.len < least_len(&f))
		f.len = least_len(&f);
	return f;
}

static void unchanged(const struct rig *rig, const struct frame *f)
{
	cr_assert_eq(rig->out_len, f->len);
	cr_assert_arr_eq(rig->out, f->data, f->len);
}

/* Runs mutated frames through a program. `on`: the verdict that hands a frame on, `drop`: the one that drops it. */
static struct verdicts run(struct rig *rig, const char *program, uint64_t *random, uint32_t on, uint32_t drop)
{
	struct verdicts seen = {0};

	for (uint64_t i = 0; i < frames(); i++) {
		struct frame f = mutated(random);
		uint32_t verdict = rig_run(rig, program, &f);

		seen.handed_on += verdict == on;
		seen.dropped += verdict == drop;
		seen.left_alone += verdict != on && verdict != drop;
		if (verdict == on)
			unchanged(rig, &f);
	}
	return seen;
}

static uint64_t sum(const __u64 *counter, uint32_t count)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < count; i++)
		all += counter[i];
	return all;
}

static uint64_t sent_by_ports(const struct rig *rig)
{
	uint64_t all = 0;

	for (uint32_t slot = 0; slot < PORTS; slot++)
		all += rig_port_stats(rig, slot).tx_packets;
	return all;
}

Test(mutated, what_is_sent_is_counted_once)
{
	static const uint32_t protos[] = {XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_FAILOVER, XLAGG_PROTO_ROUNDROBIN};
	uint64_t random = begin();

	for (uint32_t p = 0; p < 3; p++) {
		struct rig *rig = rig_with_ports(protos[p], PORTS, "tx");
		struct verdicts seen = run(rig, "tx", &random, REDIRECT, SHOT);
		struct xlagg_lagg_stats lagg = rig_lagg_stats(rig);

		cr_assert_eq(seen.handed_on + seen.dropped, frames());
		cr_assert_eq(lagg.tx_packets, frames());
		cr_assert_eq(sent_by_ports(rig), seen.handed_on);
		cr_assert_eq(sum(lagg.tx_dropped, XLAGG_TX_DROP_MAX), seen.dropped);
		cr_assert_gt(seen.handed_on, frames() / 4, "most frames are fit to be sent");
		rig_close(rig);
	}
}

Test(mutated, what_is_received_is_counted_once)
{
	uint64_t random = begin();
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, PORTS, "rx");
	struct verdicts seen = run(rig, "rx", &random, REDIRECT, SHOT);
	struct xlagg_port_stats port = rig_port_stats(rig, 0);

	cr_assert_eq(port.rx_packets, seen.handed_on);
	cr_assert_eq(rig_lagg_stats(rig).rx_packets, seen.handed_on);
	/* slow_limited is among rx_dropped, too */
	cr_assert_eq(sum(port.rx_dropped, XLAGG_RX_DROP_MAX) + port.slow_rx + port.slow_illegal, seen.dropped);
	cr_assert_gt(seen.handed_on, frames() / 4);
	cr_assert_gt(port.slow_illegal, 0, "and some control frames are damaged");
	rig_close(rig);
}

Test(mutated, what_is_refused_is_counted_once)
{
	uint64_t random = begin();
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, PORTS, "rx");

	rig->ports[0].flags = 0;
	struct verdicts seen = run(rig, "rx", &random, REDIRECT, SHOT);
	struct xlagg_port_stats port = rig_port_stats(rig, 0);

	cr_assert_eq(seen.handed_on, 0);
	cr_assert_eq(sum(port.rx_dropped, XLAGG_RX_DROP_MAX) + port.slow_rx + port.slow_illegal, seen.dropped);
	cr_assert_gt(port.rx_dropped[XLAGG_RX_NOT_COLLECTING], frames() / 4);
	rig_close(rig);
}

Test(mutated, xdp_counts_once)
{
	static const uint32_t loopback = 1, zero = 0;
	uint64_t random = begin();
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, PORTS, "tx xdp_rx xdp_tx");

	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lower_dev"), &zero, &loopback, BPF_ANY), 0);
	struct verdicts received = run(rig, "xdp_rx", &random, XDP_REDIRECT, XDP_DROP);
	struct xlagg_port_stats port = rig_port_stats(rig, 0);
	struct verdicts sent = run(rig, "xdp_tx", &random, XDP_REDIRECT, XDP_DROP);
	struct xlagg_lagg_stats lagg = rig_lagg_stats(rig);

	cr_assert_eq(port.rx_packets, received.handed_on);
	cr_assert_eq(sum(port.rx_dropped, XLAGG_RX_DROP_MAX), received.dropped);
	cr_assert_eq(sent_by_ports(rig), sent.handed_on);
	/* What XDP passes on, tc counts. */
	cr_assert_eq(lagg.tx_packets, sent.handed_on + sent.dropped);
	cr_assert_eq(sum(lagg.tx_dropped, XLAGG_TX_DROP_MAX), sent.dropped);
	cr_assert_gt(received.handed_on, frames() / 4);
	cr_assert_gt(sent.handed_on, frames() / 4);
	rig_close(rig);
}

Test(mutated, explain_changes_nothing)
{
	uint64_t random = begin();
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, PORTS, "tx explain");

	for (uint64_t i = 0; i < frames(); i++) {
		struct frame f = mutated(&random);
		struct xlagg_explanation says = rig_explain(rig, &f);

		unchanged(rig, &f);
		cr_assert_lt(says.slot, PORTS);
		cr_assert_eq(says.bucket, says.hash % XLAGG_BUCKETS);
	}
	cr_assert_eq(rig_lagg_stats(rig).tx_packets, 0);
	rig_close(rig);
}

/* --- LACP while the agent is away --- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* Writes the record of an agent that is away, whose partner sends control_frame()s. */
static void leave_record(struct rig *rig, struct xlagg_lacp *ret)
{
	static const struct xlagg_headless nothing_done;
	uint32_t slot = 0;
	uint64_t random = 1;
	struct frame pdu;

	do
		pdu = control_frame(&random);
	while (pdu.data[14] != XLAGG_SLOW_LACP);
	*ret = (struct xlagg_lacp){
	    .partner_known = 1,
	    .pdu_len = 124,
	    .timeout_ns = 3 * SECOND,
	    .deadline_ns = now_ns() + 3 * SECOND,
	};
	memcpy(ret->partner, pdu.data + 18, sizeof(ret->partner));
	/* ours is theirs with the two ends exchanged */
	memcpy(ret->pdu, pdu.data, sizeof(ret->pdu));
	memcpy(ret->pdu + 18, pdu.data + 38, 15);
	memcpy(ret->pdu + 38, pdu.data + 18, 15);
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lacp"), &slot, ret, BPF_ANY), 0);
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "headless"), &slot, &nothing_done, BPF_ANY), 0);
	rig->control->heartbeat_ns = 1;
}

/* What the kernel sends is our LACPDU: system, key and port as recorded, whatever came. */
static void is_ours(const struct rig *rig, const struct xlagg_lacp *record)
{
	static const uint8_t header[] = {0x01, 0x80, 0xc2, 0, 0, 2};

	cr_assert_eq(rig->out_len, record->pdu_len);
	cr_assert_arr_eq(rig->out, header, sizeof(header));
	cr_assert_arr_eq(rig->out + 12, record->pdu + 12, 6);
	cr_assert_arr_eq(rig->out + 18, record->pdu + 18, 14, "actor");
	cr_assert_eq(rig->out[36], 2);
	cr_assert_eq(rig->out[37], 20);
}

Test(mutated, the_kernel_answers_lacp_validly)
{
	uint64_t random = begin(), answers = 0;
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, PORTS, "rx");
	struct xlagg_lacp record;

	for (uint64_t i = 0; i < frames(); i++) {
		struct frame f = mutated(&random);

		/* It answers once in a while only, and may have taken the port out: each time as if for the first time.
		 */
		if (i % 16 == 0)
			leave_record(rig, &record);
		bool slow = f.len > 14 && f.data[12] == 0x88 && f.data[13] == 0x09;
		if (rig_run(rig, "rx", &f) == REDIRECT && slow && !memcmp(f.data, "\x01\x80\xc2\0\0\2", 6)) {
			is_ours(rig, &record);
			answers++;
		}
	}
	cr_assert_gt(answers, 0, "some frames were answered");
	cr_assert_leq(rig_port_stats(rig, 0).headless_tx, answers + 1);
	rig_close(rig);
}
