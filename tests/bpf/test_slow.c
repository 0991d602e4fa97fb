/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Slow-protocol frames: which are taken, which are illegal, and how many (IEEE 802.3 Annex 57A, 802.1AX 6.4.2). */
#include <string.h>
#include <time.h>

#include "bpf/rig.h"

#define SHOT TC_ACT_SHOT
#define BURST 10 /* frames of one class that come through at once */

enum { LACP = 1, MARKER = 2 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Makes a slow-protocol frame of `len` octets; in an LACPDU the Actor has that system and that state. */
static struct frame pdu(uint8_t subtype, uint32_t len, uint32_t system, uint8_t state)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x88, 0x09}, 14);
	frame_put(&f, (uint8_t[]){subtype, 1, 1, 20, 0x80, 0, 2, 0}, 8);
	frame_put32(&f, system);
	frame_put(&f, (uint8_t[]){0, 5, 0x80, 0, 0, 1, state, 0, 0, 0}, 10);
	frame_put(&f, NULL, 1518 - f.len);
	f.len = len;
	return f;
}

static struct frame lacpdu(uint32_t system, uint8_t state)
{
	return pdu(LACP, 124, system, state);
}

static struct xlagg_port_stats stats(struct rig *rig)
{
	return rig_port_stats(rig, rig->params.slot);
}

/* As if the agent last heard the partner that sent this lacpdu(). */
static void record_partner(struct rig *rig, uint32_t system, uint8_t state)
{
	struct frame f = lacpdu(system, state);
	struct xlagg_lacp lacp = {.partner_known = 1};
	uint32_t slot = rig->params.slot;

	memcpy(lacp.partner, f.data + 18, 15);
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lacp"), &slot, &lacp, BPF_ANY), 0);
}

/* Sends the frame `count` times. Returns how many reached the agent. */
static uint64_t flood(struct rig *rig, const struct frame *f, uint32_t count)
{
	uint64_t before = stats(rig).slow_rx;

	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(rig_run(rig, "rx", f), SHOT);
	return stats(rig).slow_rx - before;
}

/* Resets the rate limiter. */
static void fresh_limiter(struct rig *rig)
{
	rig_limit_due(rig, rig->params.slot, 0);
}

Test(slow, lacpdu_reaches_the_agent_and_nobody_else)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct xlagg_agent_frame event;
	struct frame f = lacpdu(7, 0x3d);
	uint64_t before = now_ns();

	rig->ports[0].flags = 0; /* also on a port that collects nothing, without carrier */
	rig->control->carrier = 0;
	cr_assert_eq(rig_run(rig, "rx", &f), SHOT);
	cr_assert_eq(rig_agent_frames(rig, &event, 1), 1);
	cr_assert_eq(event.slot, 0);
	cr_assert_eq(event.len, 124);
	cr_assert(event.time_ns >= before && event.time_ns <= now_ns());
	cr_assert_arr_eq(event.frame, f.data, 124);
	cr_assert_eq(stats(rig).slow_rx, 1);
	cr_assert_eq(stats(rig).rx_packets, 0);
	for (uint32_t i = 0; i < XLAGG_RX_DROP_MAX; i++)
		cr_assert_eq(stats(rig).rx_dropped[i], 0, "handed over is not dropped");
	rig_close(rig);
}

/* Version, TLV types and reserved octets do not matter, and a longer frame is not wrong. */
Test(slow, what_the_standard_forbids_to_check)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct xlagg_agent_frame event;
	static const uint32_t lengths[] = {124, 128, 200, 255, 256, 257, 1514};

	for (uint32_t i = 0; i < 7; i++) {
		struct frame f = pdu(LACP, lengths[i], 7, 0x3d);

		f.data[15] = (uint8_t)(i * 37); /* version */
		f.data[16] = (uint8_t)i;	/* TLV type */
		f.data[17] = (uint8_t)(i * 3);	/* its length: the agent's business */
		f.data[lengths[i] - 1] = 0xee;
		cr_assert_eq(rig_run(rig, "rx", &f), SHOT);
		cr_assert_eq(rig_agent_frames(rig, &event, 1), 1, "%u octets", lengths[i]);
		cr_assert_eq(event.len, lengths[i]);
		cr_assert_arr_eq(event.frame, f.data, lengths[i] < 256 ? lengths[i] : 256);
	}
	cr_assert_eq(stats(rig).slow_rx, 7);
	cr_assert_eq(stats(rig).slow_illegal, 0);
	rig_close(rig);
}

Test(slow, marker_reaches_the_agent)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct frame f = pdu(MARKER, 124, 7, 0);
	struct xlagg_agent_frame event;

	cr_assert_eq(rig_run(rig, "rx", &f), SHOT);
	cr_assert_eq(rig_agent_frames(rig, &event, 1), 1);
	cr_assert_eq(event.frame[14], MARKER);
	rig_close(rig);
}

Test(slow, illegal_subtypes_and_lengths)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	static const uint32_t lengths[] = {15, 60, 74, 123};
	struct xlagg_agent_frame event;
	uint64_t illegal = 0;

	for (uint32_t subtype = 0; subtype < 256; subtype++) {
		struct frame f = pdu((uint8_t)subtype, 124, 7, 0);
		if (subtype && subtype <= 10)
			continue;
		cr_assert_eq(rig_run(rig, "rx", &f), SHOT, "subtype %u", subtype);
		cr_assert_eq(stats(rig).slow_illegal, ++illegal, "subtype %u", subtype);
	}
	for (uint8_t subtype = LACP; subtype <= MARKER; subtype++) {
		for (uint32_t i = 0; i < 4; i++) {
			struct frame f = pdu(subtype, lengths[i], 7, 0);
			cr_assert_eq(rig_run(rig, "rx", &f), SHOT);
			cr_assert_eq(stats(rig).slow_illegal, ++illegal, "%u octets", lengths[i]);
		}
	}
	cr_assert_eq(rig_agent_frames(rig, &event, 1), 0);
	cr_assert_eq(stats(rig).slow_rx + stats(rig).slow_unknown + stats(rig).slow_limited, 0);
	rig_close(rig);
}

/* OAM, OSSP and reserved subtypes belong to other protocols: the port's own stack gets them. */
Test(slow, other_subtypes_are_left_alone)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct xlagg_port_stats none = {0}, after;

	for (uint8_t subtype = 3; subtype <= 10; subtype++) {
		struct frame f = pdu(subtype, subtype % 2 ? 60 : 124, 7, 0);
		cr_assert_eq(rig_run(rig, "rx", &f), UNSPEC, "subtype %u", subtype);
	}
	after = stats(rig);
	cr_assert_arr_eq(&none, &after, sizeof(none));
	rig_close(rig);
}

/* Frames with either the address or the EtherType, not both. */
Test(slow, unknown)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	static const uint8_t wrong[][6] = {{2, 0, 0, 0, 0, 1},
					   {0x01, 0x80, 0xc2, 0, 0, 0},
					   {0x01, 0x80, 0xc2, 0, 0, 3},
					   {255, 255, 255, 255, 255, 255}};
	struct xlagg_agent_frame event;

	for (uint32_t i = 0; i < 4; i++) {
		struct frame f = lacpdu(7, 0x3d);
		memcpy(f.data, wrong[i], 6);
		cr_assert_eq(rig_run(rig, "rx", &f), UNSPEC);
		cr_assert_eq(stats(rig).slow_unknown, i + 1);
	}
	struct frame ip = frame_udp(1, 2, 3, 4);
	memcpy(ip.data, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2}, 6);
	cr_assert_eq(rig_run(rig, "rx", &ip), UNSPEC);
	cr_assert_eq(stats(rig).slow_unknown, 5);
	cr_assert_eq(stats(rig).rx_packets, 0);
	cr_assert_eq(rig_agent_frames(rig, &event, 1), 0);
	rig_close(rig);
}

/* Without LACP none of them is ours, and none reaches lagg0. */
Test(slow, not_taken_in_other_protos)
{
	for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++) {
		if (proto == XLAGG_PROTO_LACP)
			continue;
		struct rig *rig = rig_with_ports(proto, 2, "rx");
		struct xlagg_agent_frame event;
		struct xlagg_port_stats none = {0}, after;

		for (uint32_t subtype = 0; subtype < 12; subtype++) {
			struct frame f = pdu((uint8_t)subtype, 124, 7, 0);
			cr_assert_eq(rig_run(rig, "rx", &f), UNSPEC);
		}
		after = stats(rig);
		cr_assert_arr_eq(&none, &after, sizeof(none));
		cr_assert_eq(rig_agent_frames(rig, &event, 1), 0);
		rig_close(rig);
	}
}

Test(slow, flood_is_limited_and_counted)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct frame f = lacpdu(7, 0x3d);
	uint64_t start = now_ns(), through = flood(rig, &f, 5000), most = BURST + 1 + (now_ns() - start) / 100000000u;

	cr_assert(through >= BURST && through <= most, "%lu of 5000, at most %lu", through, most);
	cr_assert_eq(stats(rig).slow_limited, 5000 - through);
	cr_assert_eq(stats(rig).rx_dropped[XLAGG_RX_SLOW_LIMITED], 5000 - through);
	cr_assert_eq(rig_agent_frames(rig, NULL, 0), through);
	rig_close(rig);
}

/* The partner's PDU comes through a flood of foreign PDUs, of the partner's PDUs with other states, and of markers.
 */
Test(slow, the_genuine_partner_stays_heard)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct frame genuine = lacpdu(7, 0x3d), changed = lacpdu(7, 0x05), stranger = lacpdu(8, 0x3d);
	struct frame marker = pdu(MARKER, 124, 7, 0);

	record_partner(rig, 7, 0x3d);
	cr_assert_geq(flood(rig, &stranger, 1000), BURST);
	cr_assert_geq(flood(rig, &marker, 1000), BURST);
	cr_assert_geq(flood(rig, &changed, 1000), BURST, "a partner that changes is still heard");
	cr_assert_eq(flood(rig, &genuine, BURST), BURST);
	/* its copies are limited as well */
	cr_assert_lt(flood(rig, &genuine, 1000), 900);
	rig_close(rig);
}

/* Each port has its own limit: what one has used up, others still have. */
Test(slow, limit_is_the_ports_own)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .slot = 3};
	struct rig *rig = rig_open(&params, "rx");
	struct frame f = lacpdu(7, 0x3d);
	uint64_t due[5];

	flood(rig, &f, 100);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "limiter"), &slot, due), 0);
		cr_assert_eq(due[0] || due[1] || due[2] || due[3], slot == 3);
	}
	cr_assert_eq(rig_port_stats(rig, 3).slow_rx + rig_port_stats(rig, 3).slow_limited, 100);
	rig_close(rig);
}

Test(slow, budget_comes_back)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct frame f = lacpdu(7, 0x3d);
	uint64_t start, end;

	flood(rig, &f, 100);
	start = now_ns(), end = start + 3000000000u;
	while (!flood(rig, &f, 1))
		cr_assert_lt(now_ns(), end, "nothing was granted for 3 s");
	cr_assert_leq(now_ns() - start, 3000000000u);
	rig_close(rig);
}

/* A full ring buffer loses frames and counts them. */
Test(slow, ring_full)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, "rx");
	struct frame f = lacpdu(7, 0x3d);
	uint64_t through = 0;

	for (uint32_t i = 0; i < 40; i++) {
		fresh_limiter(rig);
		through += flood(rig, &f, BURST);
	}
	cr_assert(through >= 200 && through < 400, "%lu", through);
	cr_assert_eq(stats(rig).slow_limited, 400 - through);
	cr_assert_eq(rig_agent_frames(rig, NULL, 0), through);
	fresh_limiter(rig);
	cr_assert_eq(flood(rig, &f, 1), 1, "and goes on when it was read");
	rig_close(rig);
}

/* A bond of mode 802.3ad that was taken hears the partner beside the agent, and what it says itself goes no further. */
Test(slow, bonding_hears_and_is_not_heard)
{
	const struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .bonding_lacp = 1};
	struct rig *rig = rig_with_ports_of(&params, 2, "rx_slave port_silence");
	struct frame heard = lacpdu(7, 0x3d), marker = pdu(MARKER, 124, 7, 0), data = frame_udp(1, 2, 3, 4);
	struct __sk_buff ours = {.mark = XLAGG_FRAME_MARK};

	cr_assert_eq(rig_run(rig, "rx_slave", &heard), UNSPEC);
	cr_assert_eq(stats(rig).slow_rx, 1);
	cr_assert_eq(rig_run(rig, "rx_slave", &marker), SHOT);
	cr_assert_eq(stats(rig).slow_rx, 2);
	cr_assert_eq(rig_run(rig, "port_silence", &heard), SHOT);
	cr_assert_eq(rig_run_skb(rig, "port_silence", &heard, &ours), UNSPEC);
	cr_assert_eq(rig_run(rig, "port_silence", &marker), UNSPEC);
	cr_assert_eq(rig_run(rig, "port_silence", &data), UNSPEC);
	rig_close(rig);
}

/* Until it is taken, and from when it is given back, bonding alone hears the partner and is heard. */
Test(slow, bonding_is_heard_where_it_speaks)
{
	const struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .bonding_lacp = 1};
	struct rig *rig = rig_with_ports_of(&params, 2, "rx_slave port_silence");
	struct frame heard = lacpdu(7, 0x3d);
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, "lower_alive"), &zero), 0);
	cr_assert_eq(rig_run(rig, "rx_slave", &heard), UNSPEC);
	cr_assert_eq(stats(rig).slow_rx, 0);
	cr_assert_eq(rig_run(rig, "port_silence", &heard), UNSPEC);
	rig_close(rig);
}

/* While the agent is away, bonding gets the partner's LACPDU, which is not answered with ours. */
Test(slow, bonding_hears_without_an_agent)
{
	const struct xlagg_params params = {.proto = XLAGG_PROTO_LACP, .bonding_lacp = 1};
	struct rig *rig = rig_with_ports_of(&params, 2, "rx_slave");
	struct frame heard = lacpdu(7, 0x3d);

	record_partner(rig, 7, 0x3d);
	rig->control->heartbeat_ns = now_ns() - 2 * XLAGG_HEARTBEAT_STALE_NS;
	cr_assert_eq(rig_run(rig, "rx_slave", &heard), UNSPEC);
	cr_assert_eq(stats(rig).headless_tx, 0);
	cr_assert(memcmp(rig->out, heard.data, heard.len) == 0);
	rig_close(rig);
}
