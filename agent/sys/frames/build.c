/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Builds the frames that announce, rejoin and probe. */
#include "sys/frames/build.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "xlagg/abi.h"

enum { ARP_REQUEST = 1, RARP_REQUEST = 3 };
enum { IGMPV1_REPORT = 0x12, IGMPV2_REPORT = 0x16, IGMPV3_REPORT = 0x22 };
enum { MLDV1_REPORT = 131, NEIGHBOUR_SOLICITATION = 135, NEIGHBOUR_ADVERTISEMENT = 136, MLDV2_REPORT = 143 };
enum { MODE_IS_INCLUDE = 1, MODE_IS_EXCLUDE = 2 };
enum { NA_ROUTER = 0x80, NA_OVERRIDE = 0x20 };
enum { SOURCE_LINK_LAYER_ADDRESS = 1, TARGET_LINK_LAYER_ADDRESS = 2 };
enum { LOCALLY_ADMINISTERED = 2 };

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void put(struct frame *frame, const void *octets, size_t len)
{
	memcpy(frame->octets + frame->len, octets, len);
	frame->len += (uint32_t)len;
}

static void put_8(struct frame *frame, uint8_t value)
{
	put(frame, &value, sizeof(value));
}

static void put_16(struct frame *frame, uint16_t value)
{
	uint16_t octets = htons(value);
	put(frame, &octets, sizeof(octets));
}

static void put_zeros(struct frame *frame, size_t len)
{
	static const uint8_t zeros[16];
	put(frame, zeros, len);
}

static void begin(struct frame *frame, const uint8_t to[6], const uint8_t from[6])
{
	frame->len = 0;
	put(frame, to, 6);
	put(frame, from, 6);
}

/* Sum of 16-bit words in network byte order; an odd octet is the upper half of a word. */
static uint32_t sum(const uint8_t *octets, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	return start;
}

/* Writes the internet checksum (RFC 1071) of that sum at the octet `at`. */
static void put_checksum(struct frame *frame, uint32_t at, uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	uint16_t octets = htons((uint16_t)~total);
	memcpy(frame->octets + at, &octets, sizeof(octets));
}

/* ARP and RARP for Ethernet and IPv4 (RFC 826, RFC 903). */
static void put_arp(struct frame *frame, uint16_t operation, const uint8_t sender[6], const uint8_t sender_address[4],
		    const uint8_t target[6], const uint8_t target_address[4])
{
	put_16(frame, 1);
	put_16(frame, ETH_P_IP);
	put_8(frame, 6);
	put_8(frame, 4);
	put_16(frame, operation);
	put(frame, sender, 6);
	put(frame, sender_address, 4);
	put(frame, target, 6);
	put(frame, target_address, 4);
}

void frame_arp(struct frame *ret, const uint8_t mac[6], const uint8_t address[4])
{
	static const uint8_t unknown[6];
	begin(ret, broadcast, mac);
	put_16(ret, ETH_P_ARP);
	put_arp(ret, ARP_REQUEST, mac, address, unknown, address);
}

void frame_arp_probe(struct frame *ret, const uint8_t mac[6], const uint8_t address[4])
{
	static const uint8_t unknown[6];
	begin(ret, broadcast, mac);
	put_16(ret, ETH_P_ARP);
	put_arp(ret, ARP_REQUEST, mac, unknown, unknown, address);
}

void frame_learning(struct frame *ret, const uint8_t mac[6], uint16_t protocol, uint16_t vlan)
{
	static const uint8_t nobody[4];
	begin(ret, broadcast, mac);
	if (protocol) {
		put_16(ret, protocol);
		put_16(ret, vlan);
	}
	put_16(ret, ETH_P_RARP);
	put_arp(ret, RARP_REQUEST, mac, nobody, mac, nobody);
}

/* The Ethernet and IPv6 headers of a packet to a group; the group's MAC follows from its address (RFC 2464 7).
 * end_ipv6() fills in the length. */
static void begin_ipv6(struct frame *frame, const uint8_t mac[6], uint8_t next, uint8_t hops, const uint8_t from[16],
		       const uint8_t to[16])
{
	const uint8_t group_mac[6] = {0x33, 0x33, to[12], to[13], to[14], to[15]};
	begin(frame, group_mac, mac);
	put_16(frame, ETH_P_IPV6);
	put_8(frame, 0x60);
	put_zeros(frame, 3);
	put_16(frame, 0);
	put_8(frame, next);
	put_8(frame, hops);
	put(frame, from, 16);
	put(frame, to, 16);
}

/* The hop-by-hop option Router Alert, which every MLD message must have (RFC 2711, RFC 3810 5). */
static void put_router_alert(struct frame *frame)
{
	static const uint8_t options[] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	put(frame, options, sizeof(options));
}

/* Fills in the length and the ICMPv6 checksum. The ICMPv6 message begins at the octet `icmp`. */
static void end_ipv6(struct frame *frame, uint32_t icmp)
{
	uint16_t length = htons((uint16_t)(frame->len - ETH_HLEN - 40));
	memcpy(frame->octets + ETH_HLEN + 4, &length, sizeof(length));
	/* The pseudo header, RFC 8200 8.1: both addresses, the length, the protocol. */
	uint32_t total = sum(frame->octets + ETH_HLEN + 8, 32, frame->len - icmp + IPPROTO_ICMPV6);
	put_checksum(frame, icmp + 2, sum(frame->octets + icmp, frame->len - icmp, total));
}

void frame_na(struct frame *ret, const uint8_t mac[6], const uint8_t address[16], bool router)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	begin_ipv6(ret, mac, IPPROTO_ICMPV6, 255, address, all_nodes);
	uint32_t icmp = ret->len;
	put_8(ret, NEIGHBOUR_ADVERTISEMENT);
	put_zeros(ret, 3);
	put_8(ret, NA_OVERRIDE | (router ? NA_ROUTER : 0));
	put_zeros(ret, 3);
	put(ret, address, 16);
	put_8(ret, TARGET_LINK_LAYER_ADDRESS);
	put_8(ret, 1);
	put(ret, mac, 6);
	end_ipv6(ret, icmp);
}

void frame_probe_address(uint8_t ret[16], const uint8_t mac[6])
{
	const uint8_t address[16] = {0xfe,
				     0x80,
				     [8] = mac[0] ^ LOCALLY_ADMINISTERED,
				     mac[1],
				     mac[2],
				     XLAGG_PROBE_ID_HIGH,
				     XLAGG_PROBE_ID_LOW,
				     mac[3],
				     mac[4],
				     mac[5]};
	memcpy(ret, address, sizeof(address));
}

void frame_ns(struct frame *ret, const uint8_t mac[6], const uint8_t address[16])
{
	/* The solicited-node group, RFC 4291 2.7.1. */
	const uint8_t group[16] = {0xff, 0x02, [11] = 1, 0xff, address[13], address[14], address[15]};
	uint8_t source[16];
	frame_probe_address(source, mac);
	begin_ipv6(ret, mac, IPPROTO_ICMPV6, 255, source, group);
	uint32_t icmp = ret->len;
	put_8(ret, NEIGHBOUR_SOLICITATION);
	put_zeros(ret, 7);
	put(ret, address, 16);
	put_8(ret, SOURCE_LINK_LAYER_ADDRESS);
	put_8(ret, 1);
	put(ret, mac, 6);
	end_ipv6(ret, icmp);
}

bool frame_icmpv6_valid(const uint8_t *octets, uint32_t len)
{
	const uint32_t icmp = ETH_HLEN + 40;
	uint16_t payload;
	if (len < icmp + 4 || octets[ETH_HLEN] >> 4 != 6 || octets[ETH_HLEN + 6] != IPPROTO_ICMPV6)
		return false;
	memcpy(&payload, octets + ETH_HLEN + 4, sizeof(payload));
	payload = ntohs(payload);
	if (payload < 4 || payload > len - icmp)
		return false;
	uint32_t total = sum(octets + ETH_HLEN + 8, 32, payload + IPPROTO_ICMPV6);
	total = sum(octets + icmp, payload, total);
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total == 0xffff;
}

/* The record of a group. In IGMPv3 and MLDv2 it is the same except for the size of an address. */
static void put_record(struct frame *frame, const struct frame_group *group, size_t address_len)
{
	put_8(frame, group->include ? MODE_IS_INCLUDE : MODE_IS_EXCLUDE);
	put_8(frame, 0);
	put_16(frame, (uint16_t)group->sources);
	put(frame, group->address, address_len);
	for (uint32_t i = 0; i < group->sources; i++)
		put(frame, group->source[i], address_len);
}

void frame_mldv2(struct frame *ret, const uint8_t mac[6], const uint8_t source[16], const struct frame_group *group)
{
	static const uint8_t mldv2_routers[16] = {0xff, 0x02, [15] = 0x16};
	begin_ipv6(ret, mac, IPPROTO_HOPOPTS, 1, source, mldv2_routers);
	put_router_alert(ret);
	uint32_t icmp = ret->len;
	put_8(ret, MLDV2_REPORT);
	put_zeros(ret, 5);
	put_16(ret, 1);
	put_record(ret, group, 16);
	end_ipv6(ret, icmp);
}

void frame_mld(struct frame *ret, const uint8_t mac[6], const uint8_t source[16], const uint8_t group[16])
{
	begin_ipv6(ret, mac, IPPROTO_HOPOPTS, 1, source, group);
	put_router_alert(ret);
	uint32_t icmp = ret->len;
	put_8(ret, MLDV1_REPORT);
	put_zeros(ret, 7);
	put(ret, group, 16);
	end_ipv6(ret, icmp);
}

/* The Ethernet and IPv4 headers of an IGMP packet, with the Router Alert option (RFC 2113); the group's MAC follows
 * from its address (RFC 1112 6.4). end_ipv4() fills in the length. */
static void begin_ipv4(struct frame *frame, const uint8_t mac[6], const uint8_t from[4], const uint8_t to[4])
{
	static const uint8_t router_alert[] = {0x94, 4, 0, 0};
	const uint8_t group_mac[6] = {0x01, 0x00, 0x5e, to[1] & 0x7f, to[2], to[3]};
	begin(frame, group_mac, mac);
	put_16(frame, ETH_P_IP);
	put_8(frame, 0x46);
	put_8(frame, 0xc0);
	put_zeros(frame, 2);
	put_zeros(frame, 2);
	put_16(frame, 0x4000);
	put_8(frame, 1);
	put_8(frame, IPPROTO_IGMP);
	put_zeros(frame, 2);
	put(frame, from, 4);
	put(frame, to, 4);
	put(frame, router_alert, sizeof(router_alert));
}

/* Fills in the length and the checksums of IPv4 and IGMP. */
static void end_ipv4(struct frame *frame)
{
	const uint32_t ip = ETH_HLEN;
	const uint32_t igmp = ETH_HLEN + 24;
	uint16_t length = htons((uint16_t)(frame->len - ip));
	memcpy(frame->octets + ip + 2, &length, sizeof(length));
	put_checksum(frame, ip + 10, sum(frame->octets + ip, igmp - ip, 0));
	put_checksum(frame, igmp + 2, sum(frame->octets + igmp, frame->len - igmp, 0));
}

void frame_igmpv3(struct frame *ret, const uint8_t mac[6], const uint8_t source[4], const struct frame_group *group)
{
	static const uint8_t igmpv3_routers[4] = {224, 0, 0, 22};
	begin_ipv4(ret, mac, source, igmpv3_routers);
	put_8(ret, IGMPV3_REPORT);
	put_zeros(ret, 5);
	put_16(ret, 1);
	put_record(ret, group, 4);
	end_ipv4(ret);
}

void frame_igmp(struct frame *ret, const uint8_t mac[6], const uint8_t source[4], const uint8_t group[4], bool v1)
{
	begin_ipv4(ret, mac, source, group);
	put_8(ret, v1 ? IGMPV1_REPORT : IGMPV2_REPORT);
	put_zeros(ret, 3);
	put(ret, group, 4);
	end_ipv4(ret);
}
