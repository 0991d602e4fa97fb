/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Builds the frames that announce, rejoin and probe. No I/O: these functions only write octets. */
#ifndef SYS_FRAMES_BUILD_H
#define SYS_FRAMES_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 512	     /* octets of the largest frame that is made here */
#define FRAME_SOURCES_MAX 16 /* sources that are reported for one group */

/* An Ethernet frame from the destination MAC on. */
struct frame {
	uint32_t len;
	uint8_t octets[FRAME_MAX];
};

/* A group, and from which sources it is wanted (RFC 3376 4.2.12, RFC 3810 5.2.12: current-state records). */
struct frame_group {
	uint8_t address[16]; /* network byte order, IPv4 in the first four octets */
	bool include;	     /* true: from `source` only; false: from all sources except these */
	uint32_t sources;    /* entries of `source` */
	uint8_t source[FRAME_SOURCES_MAX][16];
};

/* A gratuitous ARP request: sender and target are `address` (RFC 5227 3, ARP Announcement). */
void frame_arp(struct frame *ret, const uint8_t mac[6], const uint8_t address[4]);
/* An ARP request from the sender address 0.0.0.0 (RFC 5227 1.1, ARP Probe), so that nobody learns an address from it.
 */
void frame_arp_probe(struct frame *ret, const uint8_t mac[6], const uint8_t address[4]);
/* The link-local address from which that MAC sends probes. It is made like the one of RFC 4291 A, but no station that
 * makes its address in that way has the same (XLAGG_PROBE_ID_HIGH in abi.h). */
void frame_probe_address(uint8_t ret[16], const uint8_t mac[6]);
/* A Neighbour Solicitation (RFC 4861 4.3) from that address, to which the answer is sent. One from :: would be
 * duplicate address detection, and the answer would be sent to all nodes. */
void frame_ns(struct frame *ret, const uint8_t mac[6], const uint8_t address[16]);
/* Whether an Ethernet frame of `len` octets holds an ICMPv6 message with the right checksum. Extension headers are not
 * looked behind. */
bool frame_icmpv6_valid(const uint8_t *octets, uint32_t len);
/* An unsolicited Neighbour Advertisement to ff02::1 with the O flag set (RFC 4861 7.2.6). `router` is the R flag: hosts
 * stop using a router that sends it as false. */
void frame_na(struct frame *ret, const uint8_t mac[6], const uint8_t address[16], bool router);
/* A RARP request that asks for nothing: switches learn `mac` from it. `protocol` is the EtherType of a tag with the
 * VLAN ID `vlan`, or 0 for no tag. */
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
