/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The frames that the agent itself sends: LACPDUs and link probes on ports, announcements on the lagg after a failover.
 * All functions return 0 or -errno. */
#ifndef SYS_FRAMES_H
#define SYS_FRAMES_H

#include "sys/frames/build.h"
#include "sys/netlink/netlink.h"

/* Opens an AF_PACKET socket that only sends. */
int frames_open(int *ret_fd);
/* Sends one frame on a device, ahead of all others in its queue. */
int frames_send(int fd, int ifindex, const uint8_t *frame, uint32_t len);
/*
 * Sends a gratuitous ARP request or an unsolicited NA for every address of `ifindex` and of the VLANs, macvlans and the
 * bridge above it, with their tags. Sends a learning frame for every MAC that a bridge above has learned from other
 * ports, and for each of these devices that has no address. Goes on after an error and returns the first one.
 */
int frames_announce(int fd, struct netlink *nl, int ifindex);
/* Sends IGMP and MLD reports for the groups of `ifindex` and of the devices above it, in the versions that these
 * devices use. Goes on after an error and returns the first one. */
int frames_rejoin(int fd, struct netlink *nl, int ifindex);
/* Makes the frame that asks for the link-layer address of `address` (IPv4 in the first four octets). The sender is a
 * station with that MAC and without an address of its own. `version` is that of IP, 4 or 6. */
void frames_make_probe(const uint8_t mac[6], uint8_t version, const uint8_t address[16], struct frame *ret);

/* An answer to a link probe. */
struct frames_answer {
	uint8_t version;     /* of IP: 4 or 6 */
	uint8_t address[16]; /* the address that was asked for; IPv4 in the first four octets, the others zero */
	uint8_t source[6];   /* MAC of the sender of the frame */
	uint8_t to[6];	     /* MAC of the receiver of the frame */
};
/* Reads an ARP reply or a solicited Neighbour Advertisement from a frame of `len` octets. -EPROTO: the frame holds
 * neither, or not a valid one (RFC 826, RFC 4861 7.1.2). */
int frames_read_answer(const uint8_t *octets, uint32_t len, struct frames_answer *ret);

#endif
