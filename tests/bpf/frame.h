/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Frames for tests: written header by header from the outside in, and random ones. Numbers are in host byte order. */
#ifndef TESTS_BPF_FRAME_H
#define TESTS_BPF_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FRAME_MAX 1600

struct frame {
	uint32_t len;
	uint8_t data[FRAME_MAX];
};

/* Appends `len` octets, zeros if `from` is NULL. Returns where they stand. */
static inline uint8_t *frame_put(struct frame *f, const void *from, uint32_t len)
{
	uint8_t *at = f->data + f->len;

	if (from)
		memcpy(at, from, len);
	else
		memset(at, 0, len);
	f->len += len;
	return at;
}

static inline void frame_put16(struct frame *f, uint16_t value)
{
	frame_put(f, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static inline void frame_put32(struct frame *f, uint32_t value)
{
	frame_put16(f, (uint16_t)(value >> 16));
	frame_put16(f, (uint16_t)value);
}

/* Two MACs 02-00-<src or dst>; the EtherType, or the first tag, has to follow. */
static inline void frame_macs(struct frame *f, uint32_t dst, uint32_t src)
{
	frame_put16(f, 0x0200);
	frame_put32(f, dst);
	frame_put16(f, 0x0200);
	frame_put32(f, src);
}

static inline void frame_tag(struct frame *f, uint16_t ethertype, uint16_t tci)
{
	frame_put16(f, ethertype);
	frame_put16(f, tci);
}

/* An IPv4 header of 20 + 4 * options octets; `fragment`: flags and offset. */
static inline void frame_ipv4(struct frame *f, uint32_t src, uint32_t dst, uint8_t proto, uint16_t fragment,
			      uint32_t options)
{
	frame_put(f, (uint8_t[]){(uint8_t)(0x45 + options), 0, 0, 0, 0, 0}, 6);
	frame_put16(f, fragment);
	frame_put(f, (uint8_t[]){64, proto, 0, 0}, 4);
	frame_put32(f, src);
	frame_put32(f, dst);
	frame_put(f, NULL, 4 * options);
}

/* An IPv6 header; addresses 2001:db8:<net>::<host>. */
static inline void frame_ipv6(struct frame *f, uint32_t src, uint32_t dst, uint8_t next, uint32_t label)
{
	frame_put32(f, 6u << 28 | label);
	frame_put(f, (uint8_t[]){0, 0, next, 64}, 4);
	for (int i = 0; i < 2; i++) {
		frame_put32(f, 0x20010db8);
		frame_put32(f, i ? dst >> 16 : src >> 16);
		frame_put32(f, 0);
		frame_put32(f, i ? dst & 0xffff : src & 0xffff);
	}
}

/* An IPv6 extension header of 8 + 8 * more octets. */
static inline void frame_extension(struct frame *f, uint8_t next, uint8_t more)
{
	frame_put(f, (uint8_t[]){next, more, 1, 4, 0, 0, 0, 0}, 8);
	frame_put(f, NULL, 8u * more);
}

/* An IPv6 fragment header; `offset`: offset and M bit as in the header. */
static inline void frame_fragment(struct frame *f, uint8_t next, uint16_t offset)
{
	frame_put(f, (uint8_t[]){next, 0}, 2);
	frame_put16(f, offset);
	frame_put32(f, 0x12345678);
}

/* Ports, and `rest` octets behind them. */
static inline void frame_ports(struct frame *f, uint16_t sport, uint16_t dport, uint32_t rest)
{
	frame_put16(f, sport);
	frame_put16(f, dport);
	frame_put(f, NULL, rest);
}

/* A UDP header to the VXLAN port, and the VXLAN header. */
static inline void frame_vxlan(struct frame *f, uint16_t sport, uint32_t vni)
{
	frame_ports(f, sport, 4789, 4);
	frame_put32(f, 0x08000000);
	frame_put32(f, vni << 8);
}

/* A UDP frame over IPv4: the simplest flow. */
static inline struct frame frame_udp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	struct frame f = {0};

	frame_macs(&f, 1, 2);
	frame_put16(&f, 0x0800);
	frame_ipv4(&f, src, dst, 17, 0, 0);
	frame_ports(&f, sport, dport, 22);
	return f;
}

/* A small random number generator (xorshift64), with which a seed gives the same run on every machine. */
static inline uint32_t frame_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* Returns one of `count` octets. */
static inline uint8_t frame_one_of(uint64_t *state, const uint8_t *choice, uint32_t count)
{
	return choice[frame_random(state) % count];
}

static inline void frame_random_transport(struct frame *f, uint64_t *state, uint8_t proto)
{
	uint32_t at = f->len;

	for (int i = 0; i < 10; i++)
		frame_put32(f, frame_random(state));
	if (proto == 17 && frame_random(state) % 2) {
		f->data[at + 2] = 4789 >> 8;
		f->data[at + 3] = 4789 & 0xff;
		f->data[at + 8] |= 0x08;
	} else if (proto == 47 && frame_random(state) % 4) {
		static const uint16_t inside[] = {0x0800, 0x86dd, 0x6558, 0x8847};
		uint16_t type = inside[frame_random(state) % 4];

		f->data[at] &= 0xb0;
		f->data[at + 1] = 0;
		f->data[at + 2] = (uint8_t)(type >> 8);
		f->data[at + 3] = (uint8_t)type;
		f->len = at + 4 + 4 * (uint32_t)__builtin_popcount(f->data[at] & 0xb0);
	}
	if (proto == 17)
		f->len = at + 16; /* what a VXLAN header would end with */
}

/* Appends a random packet of that EtherType, perhaps with others inside it. */
static inline void frame_random_packet(struct frame *f, uint64_t *state, uint16_t ethertype, int depth)
{
	static const uint8_t protos[] = {6, 17, 132, 1, 58, 4, 41, 47, 0, 43, 44, 60, 50};
	static const uint8_t extensions[] = {0, 43, 44, 60, 17, 6, 47, 4};
	uint8_t proto = frame_one_of(state, protos, sizeof(protos));

	if (ethertype == 0x0800) {
		frame_ipv4(f, frame_random(state), frame_random(state), proto,
			   frame_random(state) % 4 ? 0x4000 : (uint16_t)frame_random(state), frame_random(state) % 11);
	} else if (ethertype == 0x86dd) {
		frame_ipv6(f, frame_random(state), frame_random(state), proto, frame_random(state) & 0xfffff);
		while ((proto == 0 || proto == 43 || proto == 44 || proto == 60) && f->len < 600) {
			uint8_t next = frame_one_of(state, extensions, sizeof(extensions));

			frame_extension(f, next, (uint8_t)(frame_random(state) % 4));
			proto = next;
		}
	}
	frame_random_transport(f, state, proto);
	if (depth && (proto == 17 || proto == 47) && frame_random(state) % 4) {
		frame_macs(f, frame_random(state), frame_random(state));
		frame_put16(f, frame_random(state) % 2 ? 0x0800 : 0x86dd);
	}
	if (depth)
		frame_random_packet(f, state, proto == 41 || frame_random(state) % 2 ? 0x86dd : 0x0800, depth - 1);
}

/* Makes a random frame: tags, IPv4 and IPv6 with options, extensions, fragments and tunnels, cut short or overwritten.
 */
static inline struct frame frame_any(uint64_t *state)
{
	static const uint16_t types[] = {0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806, 0x88cc, 0x0026, 0x8847};
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100};
	struct frame f = {0};
	uint16_t type = types[frame_random(state) % 8];

	frame_macs(&f, frame_random(state), frame_random(state));
	for (uint32_t i = frame_random(state) % 8; i < 5 && i > 0; i--)
		frame_tag(&f, tags[frame_random(state) % 3], (uint16_t)frame_random(state));
	frame_put16(&f, type);
	frame_random_packet(&f, state, type, 2);
	if (frame_random(state) % 4 == 0)
		f.len = 15 + frame_random(state) % (f.len - 14);
	if (frame_random(state) % 4 == 0)
		f.data[12 + frame_random(state) % (f.len - 12)] = (uint8_t)frame_random(state);
	return f;
}

#endif
