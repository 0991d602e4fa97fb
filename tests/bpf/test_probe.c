/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Answers to link probes: which frames the agent gets, and that all other frames reach the lagg as before. */
#include <string.h>
#include <time.h>

#include "bpf/rig.h"

#define SHOT TC_ACT_SHOT
#define REDIRECT TC_ACT_REDIRECT
#define BURST 64
#define LIMIT_US 5000

static const uint8_t probe_mac[6] = {6, 0, 0, 0, 0, 1};

static struct rig *probing(uint32_t proto, uint32_t probe_us)
{
	struct xlagg_params params = {.proto = proto,
				      .slot = 1,
				      .lower_ifindex = 999,
				      .hash = XLAGG_HASH_L2,
				      .rr_limit = 1,
				      .probe_us = probe_us};
	struct rig *rig = rig_open(&params, "rx xdp_rx");
	struct xlagg_probe_mac key = {};
	uint32_t slot = 0;

	/* The one in use, and the one that is looked at. */
	for (uint32_t i = 0; i < 2; i++) {
		rig->ports[i] = (struct xlagg_port){.ifindex = 10 + i, .flags = XLAGG_PORT_COLLECTING};
		rig->tables[0].order[i] = (uint8_t)i;
	}
	rig->tables[0].count = 2;
	memcpy(key.mac, probe_mac, 6);
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "probe_macs"), &key, &slot, BPF_ANY), 0);
	return rig;
}

/* An ARP frame of `len` octets. */
static struct frame arp(const uint8_t to[6], uint8_t operation, uint32_t len)
{
	struct frame f = {0};

	frame_put(&f, to, 6);
	frame_put(&f, (uint8_t[]){2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, operation}, 16);
	frame_put(&f, (uint8_t[]){2, 0, 0, 0, 0, 9, 10, 0, 0, 9}, 10);
	frame_put(&f, to, 6);
	frame_put(&f, NULL, len - f.len);
	return f;
}

/* An IPv6 frame with that next header, as long as a neighbour advertisement. */
static struct frame ipv6(const uint8_t to[6], uint8_t next)
{
	struct frame f = {0};

	frame_put(&f, to, 6);
	frame_put(&f, (uint8_t[]){2, 0, 0, 0, 0, 9, 0x86, 0xdd}, 8);
	frame_put(&f, (uint8_t[]){0x60, 0, 0, 0, 0, 32, next, 255}, 8);
	frame_put(&f, NULL, 16);
	frame_put(&f,
		  (uint8_t[]){0xfe, 0x80, 0, 0, 0, 0, 0, 0, to[0] ^ 2, to[1], to[2], 0xff, 0xfd, to[3], to[4], to[5]},
		  16);
	frame_put(&f, (uint8_t[]){136, 0, 0, 0, 0x60, 0, 0, 0}, 8);
	frame_put(&f, NULL, 24);
	return f;
}

/* The agent gets the frame and nobody else does; XDP leaves it to tc. */
static void handed_over(struct rig *rig, const struct frame *f)
{
	struct xlagg_agent_frame event;

	cr_assert_eq(rig_run(rig, "xdp_rx", f), XDP_PASS);
	cr_assert_eq(rig_run(rig, "rx", f), SHOT);
	cr_assert_eq(rig_agent_frames(rig, &event, 1), 1);
	cr_assert_eq(event.slot, 1);
	cr_assert_eq(event.len, f->len);
	cr_assert_arr_eq(event.frame, f->data, f->len < sizeof(event.frame) ? f->len : sizeof(event.frame));
	cr_assert_eq(rig_port_stats(rig, 1).rx_packets, 0);
	cr_assert_eq(rig_port_stats(rig, 1).slow_rx, 0, "it is of no slow protocol");
}

static void left_alone(struct rig *rig, const struct frame *f)
{
	uint64_t before = rig_port_stats(rig, 1).rx_packets;

	cr_assert_eq(rig_run(rig, "rx", f), REDIRECT);
	cr_assert_eq(rig_agent_frames(rig, NULL, 0), 0);
	cr_assert_eq(rig_port_stats(rig, 1).rx_packets, before + 1);
}

/* On the port that asked or on another one, which receives nothing else, with and without carrier. */
Test(probe, answers_reach_the_agent)
{
	static const uint32_t protos[] = {XLAGG_PROTO_FAILOVER, XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_ROUNDROBIN,
					  XLAGG_PROTO_LACP};
	struct frame reply = arp(probe_mac, 2, 42), padded = arp(probe_mac, 2, 60), na = ipv6(probe_mac, 58);

	for (uint32_t i = 0; i < 4; i++) {
		struct rig *rig = probing(protos[i], LIMIT_US);

		rig->ports[1].flags = 0;
		rig->ports[1].enabled = XLAGG_PORT_OUT;
		handed_over(rig, &reply);
		rig->control->carrier = 0;
		handed_over(rig, &padded);
		handed_over(rig, &na);
		rig_close(rig);
	}
}

Test(probe, what_is_for_others_is_the_laggs)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, LIMIT_US);
	static const uint8_t near[6] = {6, 0, 0, 0, 0, 2}, all[6] = {255, 255, 255, 255, 255, 255};
	struct frame f[] = {arp(near, 2, 42), arp(all, 1, 42), ipv6(near, 58), ipv6(probe_mac, 17),
			    frame_udp(1, 2, 3, 4)};
	struct frame tagged = arp(probe_mac, 2, 60);

	f[0].data[14 + 27] = 1;		/* to a question of the lagg's own */
	f[2].data[14 + 24 + 12] = 0xfe; /* likewise */
	for (uint32_t i = 0; i < 5; i++)
		left_alone(rig, &f[i]);
	memcpy(f[4].data, probe_mac, 6);
	left_alone(rig, &f[4]);
	/* of a VLAN, where nothing was asked */
	struct frame vlan = {0};
	frame_put(&vlan, tagged.data, 12);
	frame_put(&vlan, (uint8_t[]){0x81, 0, 0, 5}, 4);
	frame_put(&vlan, tagged.data + 12, 48);
	left_alone(rig, &vlan);
	rig_close(rig);
}

/* The answer to a port that probes from the lagg's MAC: the lagg may have asked as well. */
Test(probe, the_agent_and_the_lagg)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, LIMIT_US);
	static const uint8_t lagg[6] = {6, 0, 0, 0, 0, 2};
	struct frame f[] = {arp(lagg, 2, 42), ipv6(lagg, 58)};

	for (uint32_t i = 0; i < 2; i++) {
		struct xlagg_agent_frame event;

		cr_assert_eq(rig_run(rig, "xdp_rx", &f[i]), XDP_PASS);
		cr_assert_eq(rig_run(rig, "rx", &f[i]), REDIRECT);
		cr_assert_eq(rig_agent_frames(rig, &event, 1), 1);
		cr_assert_arr_eq(event.frame, f[i].data, f[i].len);
		cr_assert_eq(rig_port_stats(rig, 1).rx_packets, i + 1);
	}
	rig_close(rig);
}

/* A frame to a probe's MAC that is no answer reaches nobody. */
Test(probe, no_answers)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, LIMIT_US);
	struct frame f[] = {arp(probe_mac, 1, 42), arp(probe_mac, 2, 42), ipv6(probe_mac, 58), ipv6(probe_mac, 58)};

	f[1].data[14 + 27] = 1; /* it tells somebody with an address */
	f[2].data[14 + 24 + 12] = 0xfe;
	f[3].data[14 + 24] = 0x20;
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(rig_run(rig, "rx", &f[i]), SHOT, "frame %u", i);
		cr_assert_eq(rig_agent_frames(rig, NULL, 0), 0, "frame %u", i);
	}
	rig_close(rig);
}

Test(probe, without_probes_they_are_frames_as_others)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 0);
	struct frame reply = arp(probe_mac, 2, 42), na = ipv6(probe_mac, 58);

	left_alone(rig, &reply);
	left_alone(rig, &na);
	rig_close(rig);
}

/* Truncated frames. The kernel makes no test run of an IPv6 frame without its header. */
Test(probe, short_frames_are_dropped)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, LIMIT_US);
	struct frame reply = arp(probe_mac, 2, 42), na = ipv6(probe_mac, 58);

	for (reply.len = 34; reply.len < 42; reply.len++)
		cr_assert_eq(rig_run(rig, "rx", &reply), SHOT, "%u octets", reply.len);
	na.len = 54; /* its type is missing */
	cr_assert_eq(rig_run(rig, "rx", &na), SHOT);
	cr_assert_eq(rig_agent_frames(rig, NULL, 0), 0);
	rig_close(rig);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

Test(probe, flood_is_limited_and_counted)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, LIMIT_US);
	struct frame reply = arp(probe_mac, 2, 42);
	uint64_t start = now_ns(), most, dropped;
	uint32_t through;

	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(rig_run(rig, "rx", &reply), SHOT);
	most = BURST + 1 + (now_ns() - start) / (LIMIT_US * 1000);
	through = rig_agent_frames(rig, NULL, 0);
	dropped = rig_port_stats(rig, 1).rx_dropped[XLAGG_RX_SLOW_LIMITED];
	cr_assert(through >= BURST && through <= most, "%u of 3000, at most %lu", through, most);
	cr_assert_eq(dropped, 3000 - through);
	rig_close(rig);
}
