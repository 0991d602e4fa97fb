/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Frames that the agent sends itself: LACPDUs and link probes on ports, announcements after a failover on the lagg. */
#ifndef SYS_FRAMES_H
#define SYS_FRAMES_H

#include "sys/netlink/netlink.h"

/* An AF_PACKET socket that sends and receives nothing. */
int frames_open(int *ret_fd);
/* Sends one frame on a device, before all others that wait in its queue. */
int frames_send(int fd, int ifindex, const uint8_t *frame, uint32_t len);
/* Gratuitous ARP and unsolicited NA for every address of `ifindex` and of the VLANs, macvlans and the bridge above it,
 * with their tags, and a learning frame for every MAC that a bridge above has learned from other ports, and for every
 * one of these devices that has no address. 0, or the first error; the rest is sent all the same. */
int frames_announce(int fd, struct netlink *nl, int ifindex);
/* IGMP and MLD reports for the groups of `ifindex` and of the devices above it, in the versions that these devices
 * speak. 0, or the first error, as above. */
int frames_rejoin(int fd, struct netlink *nl, int ifindex);
/* Asks on a port for the link-layer address of `address` (IPv4 in the first four octets), as from a station of that MAC
 * that has no address of its own. `version`: of IP, 4 or 6. */
int frames_probe(int fd, int ifindex, const uint8_t mac[6], uint8_t version, const uint8_t address[16]);

/* Who answered whom. */
struct frames_answer {
	uint8_t version;     /* of IP: 4 or 6 */
	uint8_t address[16]; /* whose link-layer address it tells; IPv4 in the first four octets, the others zero */
	uint8_t source[6];   /* MAC of the frame's sender */
	uint8_t to[6];	     /* and of its receiver */
};
/* Reads an ARP reply or a solicited Neighbour Advertisement to a probe, of `len` octets. -EPROTO: it is none, or not as
 * it has to be (RFC 826, RFC 4861 7.1.2). */
int frames_read_answer(const uint8_t *octets, uint32_t len, struct frames_answer *ret);

#endif
