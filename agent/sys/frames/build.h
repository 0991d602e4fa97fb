/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The frames that announce, rejoin and probe, as octets. No I/O: what goes in comes out in the frame. */
#ifndef SYS_FRAMES_BUILD_H
#define SYS_FRAMES_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 512	     /* octets of the largest frame that is made here */
#define FRAME_SOURCES_MAX 16 /* sources told for one group */

/* An Ethernet frame from the destination MAC on. */
struct frame {
	uint32_t len;
	uint8_t octets[FRAME_MAX];
};

/* A group and what is wanted from it (RFC 3376 4.2.12, RFC 3810 5.2.12: current-state records). */
struct frame_group {
	uint8_t address[16]; /* network byte order, IPv4 in the first four octets */
	bool include;	     /* only from `source`; false: from all but those */
	uint32_t sources;    /* entries of `source` */
	uint8_t source[FRAME_SOURCES_MAX][16];
};

/* Gratuitous ARP request: sender and target are `address` (RFC 5227 3, ARP Announcement). */
void frame_arp(struct frame *ret, const uint8_t mac[6], const uint8_t address[4]);
/* ARP request from the sender address 0.0.0.0 (RFC 5227 1.1, ARP Probe): nobody learns an address from it. */
void frame_arp_probe(struct frame *ret, const uint8_t mac[6], const uint8_t address[4]);
/* The link-local address from which that MAC probes: like the one of RFC 4291 A, and yet another (abi.h). */
void frame_probe_address(uint8_t ret[16], const uint8_t mac[6]);
/* Neighbour Solicitation (RFC 4861 4.3) from that address, to which the answer goes: one from :: would be duplicate
 * address detection, and be answered to all. */
void frame_ns(struct frame *ret, const uint8_t mac[6], const uint8_t address[16]);
/* Whether `len` octets of an Ethernet frame are, without extension headers, an ICMPv6 message with the right checksum.
 */
bool frame_icmpv6_valid(const uint8_t *octets, uint32_t len);
/* Unsolicited Neighbour Advertisement to ff02::1 (RFC 4861 7.2.6), override set; `router`: the R flag, which has to be
 * true of a router, or hosts stop to use it. */
void frame_na(struct frame *ret, const uint8_t mac[6], const uint8_t address[16], bool router);
/* RARP request that asks for nothing: it makes switches learn `mac`. `protocol`: EtherType of the tag with the VLAN ID
 * `vlan`, 0: untagged. */
void frame_learning(struct frame *ret, const uint8_t mac[6], uint16_t protocol, uint16_t vlan);
/* An IGMPv3 report (RFC 3376 4.2) of one group. `source` may be 0.0.0.0. */
void frame_igmpv3(struct frame *ret, const uint8_t mac[6], const uint8_t source[4], const struct frame_group *group);
/* An IGMPv2 report (RFC 2236), or an IGMPv1 one (RFC 1112). */
void frame_igmp(struct frame *ret, const uint8_t mac[6], const uint8_t source[4], const uint8_t group[4], bool v1);
/* An MLDv2 report (RFC 3810 5.2) of one group. `source`: a link-local address, or ::. */
void frame_mldv2(struct frame *ret, const uint8_t mac[6], const uint8_t source[16], const struct frame_group *group);
/* An MLDv1 report (RFC 2710). */
void frame_mld(struct frame *ret, const uint8_t mac[6], const uint8_t source[16], const uint8_t group[16]);

#endif
