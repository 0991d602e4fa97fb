/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A wire between a lagg's device and a listener, and the frames that came over it. */
#ifndef TESTS_SYS_WIRE_H
#define TESTS_SYS_WIRE_H

#include "netns.h"

#define WIRE_MAX 64

/* The frames that came out at the far end, in order. */
struct wire {
	int count;
	struct {
		uint32_t len;
		uint8_t octets[2048];
	} frame[WIRE_MAX];
};

/* p0 is the lagg, with the MAC 02:42:ac:11:00:02; what it sends comes out at p1. Neither sends anything by itself.
 * Gives the capture at p1. */
int make_wire(void);
/* Sends a frame that marks the end: EtherType 0x88b5 (local experiments). */
void send_end(int fd, int ifindex);
/* Reads all frames up to that one. */
void read_wire(int capture, struct wire *ret);
/* Drops what has come so far. */
void discard(int capture);
/* Returns how often exactly this frame came. */
int came(const struct wire *wire, const uint8_t *octets, uint32_t len);

uint16_t read_16(const uint8_t *octets);
/* Returns the ones' complement sum: 0xffff over a range whose checksum is right. */
uint16_t sum(const uint8_t *octets, uint32_t len, uint32_t start);
/* Checks an IPv6 frame's lengths, group MAC and ICMPv6 checksum. Returns where the ICMPv6 message begins. */
uint32_t check_ipv6(const uint8_t *frame, uint32_t len, bool hop_by_hop);

#endif
