/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The flow hash (xlagg/hash.h): what it covers, what it leaves out, and how evenly it spreads. */
#include <stdlib.h>

#include "unit/hash_kit.h"

#define FLOWS 100000
#define PORTS 4

/* Makes a frame with the fields that the caller gives. */
struct fields {
	uint32_t dst_mac, src_mac;
	uint16_t vid;
	uint32_t src, dst;
	uint8_t proto;
	uint16_t sport, dport;
	uint32_t label;
};

static struct frame frame_of(const struct fields *v, bool six)
{
	struct frame f = {0};

	frame_macs(&f, v->dst_mac, v->src_mac);
	frame_tag(&f, 0x8100, v->vid);
	frame_put16(&f, six ? 0x86dd : 0x0800);
	if (six)
		frame_ipv6(&f, v->src, v->dst, v->proto, v->label);
	else
		frame_ipv4(&f, v->src, v->dst, v->proto, 0x4000, 0);
	frame_ports(&f, v->sport, v->dport, 20);
	return f;
}

static const struct fields base = {0x11, 0x22, 7, 0x0a000001, 0x0a000002, 6, 1000, 80, 0x12345};

/* Each field counts exactly when it is asked for. */
static void field_alone(uint32_t field, const struct fields *changed, bool six)
{
	struct frame a = frame_of(&base, six), b = frame_of(changed, six);

	other(&a, &b, field);
	other(&a, &b, ALL);
	same(&a, &b, (ALL & ~XLAGG_HASH_FLOWLABEL) & ~field);
}

Test(hash, each_field_counts_only_when_asked_for)
{
	for (int six = 0; six < 2; six++) {
		struct fields v = base;
		v.dst_mac++;
		field_alone(XLAGG_HASH_DST_MAC, &v, six);
		v = base, v.src_mac++;
		field_alone(XLAGG_HASH_SRC_MAC, &v, six);
		v = base, v.vid++;
		field_alone(XLAGG_HASH_VLAN, &v, six);
		v = base, v.src++;
		field_alone(XLAGG_HASH_SRC_IP, &v, six);
		v = base, v.dst += 1u << 16;
		field_alone(XLAGG_HASH_DST_IP, &v, six);
		v = base, v.sport++;
		field_alone(XLAGG_HASH_SPORT, &v, six);
		v = base, v.dport++;
		field_alone(XLAGG_HASH_DPORT, &v, six);
		v = base, v.proto = 17;
		field_alone(XLAGG_HASH_L4_PROTO, &v, six);
	}
}

Test(hash, what_is_no_field_does_not_count)
{
	struct frame a = frame_of(&base, false), b = a;

	b.data[14] |= 0xe0;	    /* priority of the tag */
	b.data[18 + 1] = 0xb8;	    /* DSCP */
	b.data[18 + 4] = 0x55;	    /* identification */
	b.data[18 + 8] = 3;	    /* TTL */
	b.data[18 + 6] = 0;	    /* DF */
	b.data[18 + 10] = 0xff;	    /* checksum */
	b.data[18 + 20 + 4] = 0x77; /* behind the ports */
	same(&a, &b, ALL);
}

Test(hash, seed_and_fields_none)
{
	struct frame a = frame_of(&base, false), b = frame_udp(1, 2, 3, 4);
	struct xlagg_hash_keys one = xlagg_hash_keys(ALL, 1), two = xlagg_hash_keys(ALL, 2);

	cr_assert_neq(xlagg_flow_hash(a.data, a.data + a.len, 0, &one).hash,
		      xlagg_flow_hash(a.data, a.data + a.len, 0, &two).hash);
	same(&a, &b, 0);
}

Test(hash, tags_in_the_frame_and_beside_it)
{
	struct frame plain = {0}, tagged = {0}, stacked = {0};
	struct frame *all[] = {&plain, &tagged, &stacked};
	struct xlagg_hash_keys keys = xlagg_hash_keys(ALL, 0x5eed);

	for (int tags = 0; tags < 3; tags++) {
		frame_macs(all[tags], 1, 2);
		if (tags == 2)
			frame_tag(all[tags], 0x88a8, 100);
		if (tags)
			frame_tag(all[tags], 0x8100, 0xe000 | 7);
		frame_put16(all[tags], 0x0800);
		frame_ipv4(all[tags], 1, 2, 6, 0, 0);
		frame_ports(all[tags], 3, 4, 16);
	}
	cr_assert_eq(xlagg_flow_hash(plain.data, plain.data + plain.len, 7, &keys).hash, hash_of(&tagged, ALL));
	cr_assert_eq(xlagg_flow_hash(tagged.data, tagged.data + tagged.len, 100, &keys).hash, hash_of(&stacked, ALL));
	other(&plain, &tagged, L2);
	other(&tagged, &stacked, L2);
	same(&plain, &tagged, L3 | L4);
	same(&plain, &stacked, L3 | L4);
	/* the tag's own EtherType is no field */
	struct frame old = stacked;
	old.data[12] = 0x91, old.data[13] = 0x00;
	same(&stacked, &old, ALL);
	/* both ids count, and their order */
	struct frame swapped = stacked;
	swapped.data[15] = 7, swapped.data[19] = 100;
	other(&stacked, &swapped, L2);
}

Test(hash, ipv4_options_are_looked_behind)
{
	struct frame plain = {0}, options = {0}, port = {0};
	struct frame *all[] = {&plain, &options, &port};

	for (int i = 0; i < 3; i++) {
		frame_macs(all[i], 1, 2);
		frame_put16(all[i], 0x0800);
		frame_ipv4(all[i], 1, 2, 17, 0, i ? 10 : 0);
		frame_ports(all[i], 3, i == 2 ? 5 : 4, 16);
	}
	same(&plain, &options, ALL);
	other(&options, &port, ALL);
}

/* For fragments only the addresses count: neither the protocol nor the ports, which only the first fragment has. */
Test(hash, fragments_of_a_datagram_go_one_way)
{
	static const uint16_t fragment[] = {0x2000, 0x2001, 0x00b9, 0x20b9};
	struct frame first = {0}, f;

	frame_macs(&first, 1, 2);
	frame_put16(&first, 0x0800);
	frame_ipv4(&first, 1, 2, 17, fragment[0], 0);
	frame_ports(&first, 1000, 2000, 30);
	for (int i = 1; i < 4; i++) {
		f = (struct frame){0};
		frame_macs(&f, 1, 2);
		frame_put16(&f, 0x0800);
		frame_ipv4(&f, 1, 2, 17, fragment[i], 0);
		frame_ports(&f, (uint16_t)(3000 + i), 7, 30);
		same(&first, &f, ALL);
		same(&first, &f, ALL | XLAGG_HASH_INNER);
	}
	f = first;
	f.data[14 + 9] = 6;
	same(&first, &f, ALL);
	f.data[14 + 19]++;
	other(&first, &f, ALL);
}

static struct xlagg_flow usual(const struct frame *f, uint32_t fields)
{
	struct xlagg_hash_keys keys = xlagg_hash_keys(fields, 0x5eed);

	return xlagg_usual_hash(f->data, f->data + f->len, 0, &keys);
}

Test(hash, ipv6_fragments_go_one_way)
{
	struct frame first = {0}, next = {0}, behind = {0};
	struct frame *all[] = {&first, &next, &behind};

	for (int i = 0; i < 3; i++) {
		frame_macs(all[i], 1, 2);
		frame_put16(all[i], 0x86dd);
		frame_ipv6(all[i], 1, 2, i == 2 ? 0 : 44, i ? 0xabcde : 0x11111); /* another label, too */
		if (i == 2)
			frame_extension(all[i], 44, 1);
		frame_fragment(all[i], 17, i ? 0x05a8 : 1);
		frame_ports(all[i], (uint16_t)(1000 + i), 2000, 30);
		same(&first, all[i], ALL);
		same(&first, all[i], L4);
		same(&first, all[i], ALL | XLAGG_HASH_INNER);
		cr_assert(usual(all[i], ALL).more);
	}
}

Test(hash, ipv6_extension_headers_are_looked_behind)
{
	static const uint8_t chain[][6] = {
	    {0}, {43}, {60}, {0, 43}, {0, 60, 43, 60}, {0, 60, 43, 60, 60}, {0, 0, 0, 0, 0, 0}};
	static const uint8_t len[] = {1, 1, 1, 2, 4, 5, 6};
	struct frame plain = {0};

	frame_macs(&plain, 1, 2);
	frame_put16(&plain, 0x86dd);
	frame_ipv6(&plain, 1, 2, 6, 0x12345);
	frame_ports(&plain, 1000, 80, 16);
	cr_assert(!usual(&plain, ALL).more && usual(&plain, ALL).hash == hash_of(&plain, ALL));
	for (uint32_t c = 0; c < sizeof(len); c++) {
		for (uint16_t port = 80; port < 82; port++) {
			struct frame f = {0};

			frame_macs(&f, 1, 2);
			frame_put16(&f, 0x86dd);
			frame_ipv6(&f, 1, 2, chain[c][0], 0x54321); /* the label does not count beside ports */
			for (uint32_t i = 0; i < len[c]; i++)
				frame_extension(&f, i + 1 < len[c] ? chain[c][i + 1] : 6, (uint8_t)(i * 3));
			frame_ports(&f, 1000, port, 16);
			(port == 80 ? same : other)(&plain, &f, ALL);
			cr_assert(usual(&f, ALL).more);
		}
	}
}

Test(hash, flow_label_only_where_no_ports_are)
{
	struct fields v = base;
	struct frame a, b;

	v.label++;
	a = frame_of(&base, true), b = frame_of(&v, true);
	same(&a, &b, ALL);
	for (int i = 0; i < 2; i++) {
		struct fields none = base;
		none.proto = i ? 58 : 50; /* ICMPv6, ESP */
		a = frame_of(&none, true);
		none.label++;
		b = frame_of(&none, true);
		other(&a, &b, ALL);
		other(&a, &b, L4);
		same(&a, &b, L2 | L3);
		same(&a, &b, ALL | XLAGG_HASH_SYMMETRIC);
	}
}

Test(hash, symmetric_both_ways_alike)
{
	for (int six = 0; six < 2; six++) {
		for (uint8_t proto = 6; proto <= 17; proto += 11) {
			struct fields v = base, w;
			v.proto = proto;
			w = v;
			w.dst_mac = v.src_mac, w.src_mac = v.dst_mac;
			w.src = v.dst, w.dst = v.src;
			w.sport = v.dport, w.dport = v.sport;
			w.label = 99;
			struct frame a = frame_of(&v, six), b = frame_of(&w, six);
			same(&a, &b, ALL | XLAGG_HASH_SYMMETRIC);
			same(&a, &b, L3 | L4 | XLAGG_HASH_SYMMETRIC);
			other(&a, &b, ALL);
			other(&a, &b, L3);
		}
	}
}

static struct frame tunnel(enum tunnel kind, uint32_t outer, uint16_t port, bool six)
{
	return frame_tunnel(kind, outer, (struct frame_flow){six, 6, 3, 4, 7, port});
}

Test(hash, inner_takes_the_place_of_the_carrier)
{
	for (int i = 0; i < TUNNELS * 2; i++) {
		enum tunnel kind = i / 2;
		bool six = i % 2;
		if (!tunnel_carries(kind, six))
			continue;
		struct frame a = tunnel(kind, 100, 80, six), inside = tunnel(kind, 100, 81, six),
			     outside = tunnel(kind, 101, 80, six);
		other(&a, &inside, ALL | XLAGG_HASH_INNER);
		same(&a, &outside, ALL | XLAGG_HASH_INNER);
		same(&a, &inside, ALL);
		if (kind < TUNNEL_MPLS)
			other(&a, &outside, ALL);
	}
	/* one that is no tunnel hashes as without */
	struct frame plain = frame_udp(1, 2, 3, 4);
	cr_assert_eq(hash_of(&plain, ALL), hash_of(&plain, ALL | XLAGG_HASH_INNER));
	/* one level deep: IPIP in IPIP hashes the middle packet's addresses and protocol */
	struct frame deep[2] = {0};
	for (int i = 0; i < 2; i++) {
		frame_macs(&deep[i], 1, 2);
		frame_put16(&deep[i], 0x0800);
		frame_ipv4(&deep[i], 1, 2, 4, 0, 0);
		frame_ipv4(&deep[i], 3, 4, 4, 0, 0);
		frame_ipv4(&deep[i], 5, 6 + (uint32_t)i, 17, 0, 0);
		frame_ports(&deep[i], 1, 2, 16);
	}
	same(&deep[0], &deep[1], ALL | XLAGG_HASH_INNER);
}

/* Frames of the usual kind are hashed in one go, those with a tag in the frame octet by octet. The result is the same,
 * since it does not matter where the tag is. */
Test(hash, at_once_as_piece_by_piece)
{
	static const uint8_t protos[] = {6, 17, 132, 1, 47};
	uint64_t state = 99;

	for (uint32_t fields = 0; fields < XLAGG_HASH_SYMMETRIC * 2; fields++) {
		struct xlagg_hash_keys keys = xlagg_hash_keys(fields, (uint32_t)frame_random(&state));
		struct fields v = {.dst_mac = (uint32_t)frame_random(&state),
				   .src_mac = (uint32_t)frame_random(&state),
				   .vid = (uint16_t)(frame_random(&state) & 0xfff),
				   .src = (uint32_t)frame_random(&state),
				   .dst = (uint32_t)frame_random(&state),
				   .proto = protos[fields % 5],
				   .sport = (uint16_t)frame_random(&state),
				   .dport = (uint16_t)frame_random(&state)};
		struct frame tagged = frame_of(&v, false), plain = tagged;

		memmove(plain.data + 12, plain.data + 16, plain.len - 16);
		plain.len -= 4;
		struct xlagg_flow once = xlagg_usual_hash(plain.data, plain.data + plain.len, v.vid, &keys);
		struct xlagg_flow pieces = xlagg_flow_hash(tagged.data, tagged.data + tagged.len, 0, &keys);
		cr_assert(!once.more || v.proto == 1 || v.proto == 47);
		cr_assert(once.more || once.hash == pieces.hash, "fields %#x", fields);
		cr_assert_eq(xlagg_flow_hash(plain.data, plain.data + plain.len, v.vid, &keys).hash, pieces.hash);
	}
}

/* What looks like a tunnel but is none that we know is hashed by its outer headers. */
Test(hash, inner_leaves_what_it_does_not_know)
{
	static const struct {
		enum tunnel kind;
		uint32_t at; /* offset behind the outer IP header, or behind the MACs where there is none */
		uint8_t is;
	} odd[] = {
	    {TUNNEL_VXLAN, 8, 0},
	    {TUNNEL_GRE, 1, 1}, /* no I flag; another version */
	    {TUNNEL_GRE, 0, 0x40},
	    {TUNNEL_GRE, 2, 0x88}, /* routing; no IP inside */
	    {TUNNEL_GENEVE, 8, 0x40},
	    {TUNNEL_GENEVE_IP, 10, 0x88}, /* another version; no IP inside */
	    {TUNNEL_GTPU, 8, 0x50},
	    {TUNNEL_GTPU, 8, 0x20}, /* version 2; GTP' */
	    {TUNNEL_GTPU, 9, 1},
	    {TUNNEL_GTPU_EXTENSION, 20, 0}, /* echo request; extension of length 0 */
	    {TUNNEL_GTPU_EXTENSION, 23, 0xc0},
	    {TUNNEL_GTPU, 16, 0x75}, /* extensions without end; no IP inside */
	    {TUNNEL_PPPOE, 2, 0x21},
	    {TUNNEL_PPPOE, 3, 0x09}, /* another version; discovery's code */
	    {TUNNEL_PPPOE, 8, 0xc0},
	    {TUNNEL_MPLS_UDP, 3, 0}, /* PPP's control; another port */
	};

	for (uint32_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct frame f = tunnel(odd[i].kind, 9, 80, false);
		f.data[odd[i].at + (odd[i].kind < TUNNEL_MPLS ? 34 : 12)] = odd[i].is;
		cr_assert_eq(hash_of(&f, ALL), hash_of(&f, ALL | XLAGG_HASH_INNER), "%u", i);
	}
}

/* Above MPLS that carries no IP the labels count: not the reserved ones, nor the traffic class and the TTL. */
Test(hash, labels_count_where_no_packet_is)
{
	uint32_t inner = ALL | XLAGG_HASH_INNER;
	struct frame one = tunnel(TUNNEL_MPLS_STACK, 100, 80, false), two = tunnel(TUNNEL_MPLS_STACK, 101, 80, false),
		     inside = tunnel(TUNNEL_MPLS_STACK, 100, 81, false), f;

	one.data[14 + 16] = two.data[14 + 16] = inside.data[14 + 16] = 0; /* a pseudowire's control word */
	other(&one, &two, inner);
	other(&one, &two, L3 | XLAGG_HASH_INNER);
	same(&one, &two, ALL);
	same(&one, &two, L2 | XLAGG_HASH_INNER);
	same(&one, &two, inner | XLAGG_HASH_SYMMETRIC);
	same(&one, &inside, inner);
	f = one;
	f.data[14 + 2] ^= 0x0e, f.data[14 + 3]--;
	same(&one, &f, inner);
	for (uint8_t reserved = 0; reserved < 17; reserved++) {
		f = one;
		memset(f.data + 14, 0, 2), f.data[14 + 2] = 0;
		two = f;
		f.data[14 + 1] = reserved >> 4, f.data[14 + 2] = (uint8_t)(reserved << 4);
		(reserved < 16 ? same : other)(&f, &two, inner);
	}
	/* a stack that is too deep: the first labels count */
	for (int i = 0; i < 2; i++) {
		struct frame *deep = i ? &two : &one;
		*deep = (struct frame){0};
		frame_macs(deep, 1, 2);
		frame_put16(deep, 0x8848);
		for (uint32_t k = 0; k < XLAGG_HASH_LABELS + 4; k++)
			frame_label(deep, 100 + (i && k >= XLAGG_HASH_LABELS), k == XLAGG_HASH_LABELS + 3);
	}
	same(&one, &two, inner);
	two.data[14 + 4 * XLAGG_HASH_LABELS - 3]++;
	other(&one, &two, inner);
}

/* Adds up what plain flows, and flows in the tunnels that every version knew, hash to. */
static uint32_t sum_of_hashes(uint32_t fields)
{
	static const enum tunnel known[] = {TUNNEL_IPIP,    TUNNEL_4IN6,  TUNNEL_6IN4,	TUNNEL_6IN6,	    TUNNEL_GRE,
					    TUNNEL_GRE_ALL, TUNNEL_NVGRE, TUNNEL_VXLAN, TUNNEL_VXLAN_OVER_6};
	static const uint8_t protos[] = {6, 17, 132, 50};
	uint32_t sum = 0;

	for (uint32_t i = 0; i < 10 * 4 * 2 * 20; i++) {
		struct frame_flow flow = {i / 4 % 2, protos[i % 4], i * 7919, i * 104729, (uint16_t)(i * 31), 443};
		struct frame f = plain(flow);

		if (i / 8 % 10 && tunnel_carries(known[i / 8 % 10 - 1], flow.six))
			f = frame_tunnel(known[i / 8 % 10 - 1], i % 1000, flow);
		sum = sum * 0x01000193 + hash_of(&f, fields);
	}
	return sum;
}

/* The figures are those of the first version: an upgrade moves no flow. */
Test(hash, is_what_it_always_was)
{
	static const struct {
		uint32_t fields, sum;
	} was[] = {
	    {L2, 0xa6582180},
	    {L3, 0xa1ba3573},
	    {L3 | L4, 0xbb120ad1},
	    {ALL, 0x3c08940f},
	    {ALL | XLAGG_HASH_SYMMETRIC, 0x3d343b6c},
	    {ALL | XLAGG_HASH_INNER, 0x8dba09fd},
	    {L3 | XLAGG_HASH_INNER, 0x1b6fec99},
	    {L3 | L4 | XLAGG_HASH_INNER | XLAGG_HASH_SYMMETRIC, 0x27580bf7},
	};

	for (uint32_t i = 0; i < sizeof(was) / sizeof(was[0]); i++)
		cr_assert_eq(sum_of_hashes(was[i].fields), was[i].sum, "fields %#x: %#x", was[i].fields,
			     sum_of_hashes(was[i].fields));
}

/* Hashes the beginning of a frame, in memory that ends there. Nothing is read beyond it, and where nothing was missing
 * the hash is that of the whole frame. */
static void cut(const struct frame *f)
{
	static const uint32_t fields[] = {L2, L3, ALL, ALL | XLAGG_HASH_INNER};

	for (uint32_t len = 0; len <= f->len && len < 400; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		memcpy(copy, f->data, len);
		for (int k = 0; k < 4; k++) {
			struct xlagg_hash_keys keys = xlagg_hash_keys(fields[k], 0x5eed);
			struct xlagg_flow part = xlagg_flow_hash(copy, copy + len, 0, &keys);
			struct xlagg_flow usual = xlagg_usual_hash(copy, copy + len, 0, &keys);
			if (!part.cut)
				cr_assert_eq(part.hash, hash_of(f, fields[k]), "at %u", len);
			if (!usual.more)
				cr_assert(usual.hash == part.hash && (usual.cut || !part.cut), "at %u", len);
			cr_assert(len >= 14 || part.cut);
		}
		free(copy);
	}
}

Test(hash, cut_anywhere)
{
	uint64_t state = 4711;

	for (int i = 0; i < 400; i++) {
		struct frame f = frame_any(&state);

		cut(&f);
	}
	for (int i = 0; i < 1000; i++) {
		struct frame f = frame_any_tunnel(&state);

		cut(&f);
	}
}

/* Sets of flows of the kinds that a lagg meets. */
enum set { RANDOM, SRC_IP, DST_IP, BOTH_IP, GRID, SPORT, BOTH_PORTS, SRC_MAC, DST_MAC, VLANS, SETS };

static struct fields flow_of(enum set set, uint32_t i, uint64_t *state)
{
	struct fields v = base;

	switch (set) {
	case RANDOM:
		v.src = frame_random(state), v.dst = frame_random(state);
		v.sport = (uint16_t)frame_random(state), v.dport = (uint16_t)frame_random(state);
		v.src_mac = frame_random(state), v.dst_mac = frame_random(state);
		break;
	case SRC_IP:
		v.src += i;
		break;
	case DST_IP:
		v.dst += i;
		break;
	case BOTH_IP:
		v.src += i, v.dst += i;
		break;
	case GRID:
		v.src += i / 320, v.dst += i % 320;
		break;
	case SPORT:
		v.sport = (uint16_t)(1024 + i % 60000), v.src += i / 60000;
		break;
	case BOTH_PORTS:
		v.sport = (uint16_t)(1024 + i % 320), v.dport = (uint16_t)(1024 + i / 320);
		break;
	case SRC_MAC:
		v.src_mac += i;
		break;
	case DST_MAC:
		v.dst_mac += i;
		break;
	default:
		v.vid = (uint16_t)(i % 4094 + 1), v.src_mac += i / 4094;
		break;
	}
	return v;
}

/* FLOWS flows over 1024 buckets, which are dealt to the ports in turn: no port is more than 3 % off its share. */
static void spread(enum set set, bool six, uint32_t fields, uint32_t seed)
{
	uint32_t bucket[XLAGG_BUCKETS] = {0}, port[PORTS] = {0};
	uint64_t state = 99;
	double chi = 0, even = (double)FLOWS / XLAGG_BUCKETS;

	for (uint32_t i = 0; i < FLOWS; i++) {
		struct fields v = flow_of(set, i, &state);
		struct frame f = frame_of(&v, six);
		struct xlagg_hash_keys keys = xlagg_hash_keys(fields, seed);
		bucket[xlagg_flow_hash(f.data, f.data + f.len, 0, &keys).hash % XLAGG_BUCKETS]++;
	}
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++) {
		port[b % PORTS] += bucket[b];
		chi += (bucket[b] - even) * (bucket[b] - even) / even;
	}
	for (uint32_t p = 0; p < PORTS; p++)
		cr_assert(port[p] > FLOWS / PORTS * 97 / 100 && port[p] < FLOWS / PORTS * 103 / 100,
			  "set %d six %d fields %#x seed %#x: port %u has %u", set, six, fields, seed, p, port[p]);
	/* chi squared of 1023 degrees: mean 1023, deviation 45; regular sets may be more even than chance */
	cr_assert_lt(chi, 1023 + 6 * 45.2, "set %d six %d fields %#x seed %#x: chi squared %.0f", set, six, fields,
		     seed, chi);
}

Test(hash, spreads_evenly)
{
	static const uint32_t seeds[] = {0, 1, 0x5eed, 0xdeadbeef, 0xffffffff, 0x9e3779b9};

	for (enum set set = RANDOM; set < SETS; set++)
		for (int six = 0; six < 2; six++)
			for (uint32_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++)
				spread(set, six, ALL, seeds[s]);
}

Test(hash, spreads_evenly_by_each_layer)
{
	for (uint32_t seed = 1; seed < 1000000000; seed = seed * 31 + 7) {
		spread(GRID, false, L3, seed);
		spread(SRC_IP, true, XLAGG_HASH_SRC_IP, seed);
		spread(BOTH_PORTS, false, L4, seed);
		spread(SRC_MAC, false, L2, seed);
		/* sets without a flow's other direction, which would rightly go the same way */
		spread(DST_IP, true, L3 | XLAGG_HASH_SYMMETRIC, seed);
		spread(BOTH_IP, false, L3 | XLAGG_HASH_SYMMETRIC, seed);
		spread(SPORT, false, L3 | L4 | XLAGG_HASH_SYMMETRIC, seed);
		spread(DST_MAC, false, L2 | XLAGG_HASH_SYMMETRIC, seed);
	}
}
