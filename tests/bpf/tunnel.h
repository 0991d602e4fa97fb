/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Frames of every kind of tunnel, and ICMP errors: made header by header, as frame.h does. */
#ifndef TESTS_BPF_TUNNEL_H
#define TESTS_BPF_TUNNEL_H

#include "bpf/frame.h"

enum tunnel {
	TUNNEL_IPIP,
	TUNNEL_4IN6,
	TUNNEL_6IN4,
	TUNNEL_6IN6,
	TUNNEL_GRE,
	TUNNEL_GRE_KEY,
	TUNNEL_GRE_ALL, /* checksum, key and sequence number */
	TUNNEL_GRE_ETHERNET,
	TUNNEL_NVGRE,
	TUNNEL_GRE_MPLS,
	TUNNEL_VXLAN,
	TUNNEL_VXLAN_OVER_6,
	TUNNEL_GENEVE,
	TUNNEL_GENEVE_OPTIONS,
	TUNNEL_GENEVE_IP,
	TUNNEL_GTPU,
	TUNNEL_GTPU_NUMBER,    /* with a sequence number */
	TUNNEL_GTPU_EXTENSION, /* with a PDU session container, as in 5G */
	TUNNEL_GTPU_EXTENSIONS,
	TUNNEL_MPLS_UDP,
	TUNNEL_MPLS, /* from here on: no IP header outside */
	TUNNEL_MPLS_STACK,
	TUNNEL_PPPOE,
	TUNNEL_PPPOE_TAGGED,
	TUNNELS
};

/* An entry of an MPLS label stack. */
static inline void frame_label(struct frame *f, uint32_t label, bool bottom)
{
	frame_put32(f, label << 12 | bottom << 8 | 64);
}

/* A UDP header, the IP header of which is `outer`'s, and the ports. */
static inline void frame_udp_carrier(struct frame *f, uint32_t outer, uint16_t dport, bool six)
{
	frame_put16(f, six ? 0x86dd : 0x0800);
	if (six)
		frame_ipv6(f, 1, 2, 17, 0);
	else
		frame_ipv4(f, 1, 2, 17, 0, 0);
	frame_ports(f, (uint16_t)outer, dport, 4);
}

static inline void frame_ethernet_inside(struct frame *f, uint16_t ethertype)
{
	frame_macs(f, 5, 6);
	frame_put16(f, ethertype);
}

static inline void frame_gre(struct frame *f, enum tunnel kind, uint32_t outer, uint16_t ethertype)
{
	uint16_t type = kind == TUNNEL_GRE_MPLS				      ? 0x8847
			: kind == TUNNEL_GRE_ETHERNET || kind == TUNNEL_NVGRE ? 0x6558
									      : ethertype;

	frame_put16(f, 0x0800);
	frame_ipv4(f, 1, outer, 47, 0, 0);
	frame_put16(f, kind == TUNNEL_GRE_ALL ? 0xb000 : kind == TUNNEL_GRE_KEY || kind == TUNNEL_NVGRE ? 0x2000 : 0);
	frame_put16(f, type);
	frame_put(f, NULL, kind == TUNNEL_GRE_ALL ? 8 : 0);
	if (kind == TUNNEL_GRE_ALL || kind == TUNNEL_GRE_KEY || kind == TUNNEL_NVGRE)
		frame_put32(f, outer);
	if (type == 0x6558)
		frame_ethernet_inside(f, ethertype);
	if (type == 0x8847)
		frame_label(f, outer, true);
}

static inline void frame_geneve(struct frame *f, enum tunnel kind, uint32_t outer, uint16_t ethertype)
{
	uint8_t options = kind == TUNNEL_GENEVE_OPTIONS ? 5 : 0;

	frame_udp_carrier(f, outer, 6081, false);
	frame_put(f, (uint8_t[]){options, 0}, 2);
	frame_put16(f, kind == TUNNEL_GENEVE_IP ? ethertype : 0x6558);
	frame_put32(f, outer << 8);
	frame_put(f, NULL, options * 4u);
	if (kind != TUNNEL_GENEVE_IP)
		frame_ethernet_inside(f, ethertype);
}

static inline void frame_gtpu(struct frame *f, enum tunnel kind, uint32_t outer)
{
	uint8_t flags = kind == TUNNEL_GTPU ? 0x30 : kind == TUNNEL_GTPU_NUMBER ? 0x32 : 0x34;

	frame_udp_carrier(f, outer, 2152, false);
	frame_put(f, (uint8_t[]){flags, 0xff, 0, 0}, 4);
	frame_put32(f, outer);
	if (kind == TUNNEL_GTPU_NUMBER) /* the type of an extension header means nothing without the E flag */
		frame_put32(f, 0x12340085);
	if (kind == TUNNEL_GTPU_EXTENSION)
		frame_put(f, (uint8_t[]){0, 0, 0, 0x85, 1, 0x10, 9, 0}, 8);
	if (kind == TUNNEL_GTPU_EXTENSIONS)
		frame_put(f, (uint8_t[]){0, 0, 0, 0xc0, 1, 0x10, 9, 0x85, 2, 1, 2, 3, 4, 5, 6, 0}, 16);
}

static inline void frame_pppoe(struct frame *f, uint32_t outer, uint16_t ethertype)
{
	frame_put16(f, 0x8864);
	frame_put16(f, 0x1100);
	frame_put16(f, (uint16_t)outer); /* session */
	frame_put16(f, 100);
	frame_put16(f, ethertype == 0x0800 ? 0x0021 : 0x0057);
}

/* What is around a packet of that EtherType, from the frame's EtherType on. Of `outer` each makes another tunnel. */
static inline void frame_carrier(struct frame *f, enum tunnel kind, uint32_t outer, uint16_t ethertype)
{
	switch (kind) {
	case TUNNEL_IPIP:
	case TUNNEL_6IN4:
		frame_put16(f, 0x0800);
		frame_ipv4(f, 1, outer, kind == TUNNEL_IPIP ? 4 : 41, 0, 0);
		return;
	case TUNNEL_4IN6:
	case TUNNEL_6IN6:
		frame_put16(f, 0x86dd);
		frame_ipv6(f, 1, outer, kind == TUNNEL_4IN6 ? 4 : 41, outer);
		return;
	case TUNNEL_VXLAN:
	case TUNNEL_VXLAN_OVER_6:
		frame_udp_carrier(f, outer, 4789, kind == TUNNEL_VXLAN_OVER_6);
		frame_put32(f, 0x08000000);
		frame_put32(f, outer << 8);
		frame_ethernet_inside(f, ethertype);
		return;
	case TUNNEL_GENEVE:
	case TUNNEL_GENEVE_OPTIONS:
	case TUNNEL_GENEVE_IP:
		frame_geneve(f, kind, outer, ethertype);
		return;
	case TUNNEL_GTPU:
	case TUNNEL_GTPU_NUMBER:
	case TUNNEL_GTPU_EXTENSION:
	case TUNNEL_GTPU_EXTENSIONS:
		frame_gtpu(f, kind, outer);
		return;
	case TUNNEL_MPLS_UDP:
		frame_udp_carrier(f, outer, 6635, false);
		frame_label(f, outer, true);
		return;
	case TUNNEL_MPLS:
	case TUNNEL_MPLS_STACK:
		frame_put16(f, 0x8847);
		for (uint32_t i = kind == TUNNEL_MPLS ? 1 : 4; i; i--)
			frame_label(f, outer + i, i == 1);
		return;
	case TUNNEL_PPPOE_TAGGED:
		frame_tag(f, 0x8100, 7);
		frame_pppoe(f, outer, ethertype);
		return;
	case TUNNEL_PPPOE:
		frame_pppoe(f, outer, ethertype);
		return;
	default:
		frame_gre(f, kind, outer, ethertype);
		return;
	}
}

static inline bool tunnel_carries(enum tunnel kind, bool six)
{
	return six ? kind != TUNNEL_IPIP && kind != TUNNEL_4IN6 : kind != TUNNEL_6IN4 && kind != TUNNEL_6IN6;
}

/* A flow between two hosts: addresses and ports. */
struct frame_flow {
	bool six;
	uint8_t proto;
	uint32_t src, dst;
	uint16_t sport, dport;
};

static inline struct frame_flow frame_answer(struct frame_flow flow)
{
	return (struct frame_flow){flow.six, flow.proto, flow.dst, flow.src, flow.dport, flow.sport};
}

/* The IP header of a flow, and the first `rest` octets behind its ports. */
static inline void frame_packet(struct frame *f, struct frame_flow flow, uint32_t rest)
{
	if (flow.six)
		frame_ipv6(f, flow.src, flow.dst, flow.proto, 0);
	else
		frame_ipv4(f, flow.src, flow.dst, flow.proto, 0x4000, 0);
	frame_ports(f, flow.sport, flow.dport, rest);
}

/* A frame of a flow in a tunnel. */
static inline struct frame frame_tunnel(enum tunnel kind, uint32_t outer, struct frame_flow flow)
{
	struct frame f = {0};

	frame_macs(&f, 1, 2);
	frame_carrier(&f, kind, outer, flow.six ? 0x86dd : 0x0800);
	frame_packet(&f, flow, 16);
	return f;
}

/* The IP and ICMP headers of an error that `router` sends about a packet of that source; the packet has to follow. */
static inline void frame_error(struct frame *f, bool six, uint32_t router, uint32_t source, uint8_t type)
{
	if (six)
		frame_ipv6(f, router, source, 58, 0);
	else
		frame_ipv4(f, router, source, 1, 0, 0);
	frame_put(f, (uint8_t[]){type, 1, 0, 0, 0, 0, 0, 0}, 8);
}

/* A frame of any of these, with its flow at random. */
static inline struct frame frame_any_tunnel(uint64_t *state)
{
	static const uint8_t protos[] = {6, 17, 132, 50}, errors[] = {1, 2, 3, 4, 5, 8, 11, 12, 128};
	enum tunnel kind = frame_random(state) % (TUNNELS + 1);
	struct frame_flow flow = {.six = frame_random(state) % 2,
				  .proto = frame_one_of(state, protos, sizeof(protos)),
				  .src = frame_random(state),
				  .dst = frame_random(state),
				  .sport = (uint16_t)frame_random(state),
				  .dport = (uint16_t)frame_random(state)};
	struct frame f = {0};

	if (kind < TUNNELS && !tunnel_carries(kind, flow.six))
		flow.six = !flow.six;
	frame_macs(&f, frame_random(state), frame_random(state));
	for (uint32_t i = frame_random(state) % 8; i < 4 && i > 0; i--)
		frame_tag(&f, 0x8100, (uint16_t)frame_random(state));
	if (kind == TUNNELS)
		frame_put16(&f, flow.six ? 0x86dd : 0x0800);
	else
		frame_carrier(&f, kind, frame_random(state) & 0xfffff, flow.six ? 0x86dd : 0x0800);
	if (frame_random(state) % 3 == 0)
		frame_error(&f, flow.six, frame_random(state), flow.src, frame_one_of(state, errors, sizeof(errors)));
	frame_packet(&f, flow, frame_random(state) % 40);
	return f;
}

/* Overwrites a few octets of a frame, and cuts it short, each with some probability. */
static inline void frame_mutate(struct frame *f, uint64_t *state)
{
	for (uint32_t i = frame_random(state) % 8; i < 4 && i > 0; i--)
		f->data[12 + frame_random(state) % (f->len - 12)] = (uint8_t)frame_random(state);
	if (frame_random(state) % 4 == 0)
		f->len = 15 + frame_random(state) % (f->len - 14);
}

#endif
