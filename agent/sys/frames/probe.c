/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes: makes the question, reads the answer. */
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "sys/frames/build.h"
#include "sys/frames/frames.h"

void frames_make_probe(const uint8_t mac[6], uint8_t version, const uint8_t address[16], struct frame *ret)
{
	if (version == 4)
		frame_arp_probe(ret, mac, address);
	else
		frame_ns(ret, mac, address);
}

static int read_arp(const uint8_t *octets, uint32_t len, struct frames_answer *ret)
{
	/* Ethernet and IPv4, a reply */
	static const uint8_t reply[] = {0, 1, 0x08, 0, 6, 4, 0, 2}, nobody[4];
	const uint8_t *arp = octets + ETH_HLEN;
	if (len < ETH_HLEN + 28 || memcmp(arp, reply, sizeof(reply)) != 0 || memcmp(arp + 18, octets, 6) != 0 ||
	    memcmp(arp + 24, nobody, sizeof(nobody)) != 0)
		return -EPROTO;
	ret->version = 4;
	memcpy(ret->address, arp + 14, 4);
	return 0;
}

static int read_na(const uint8_t *octets, uint32_t len, struct frames_answer *ret)
{
	enum { NEIGHBOUR_ADVERTISEMENT = 136, SOLICITED = 0x40, HOP_LIMIT = 255 };
	const uint8_t *ip = octets + ETH_HLEN, *icmp = ip + 40;
	uint8_t prober[16];
	frame_probe_address(prober, octets);
	if (len < ETH_HLEN + 40 + 24 || !frame_icmpv6_valid(octets, len) || ip[7] != HOP_LIMIT ||
	    icmp[0] != NEIGHBOUR_ADVERTISEMENT || icmp[1] != 0 || !(icmp[4] & SOLICITED) ||
	    memcmp(ip + 24, prober, sizeof(prober)) != 0)
		return -EPROTO;
	ret->version = 6;
	memcpy(ret->address, icmp + 8, 16);
	return 0;
}

int frames_read_answer(const uint8_t *octets, uint32_t len, struct frames_answer *ret)
{
	struct frames_answer answer = {};
	int r = -EPROTO;
	if (len < ETH_HLEN || (octets[0] & 1))
		return r;
	uint16_t ethertype = (uint16_t)(octets[12] << 8 | octets[13]);
	if (ethertype == ETH_P_ARP)
		r = read_arp(octets, len, &answer);
	else if (ethertype == ETH_P_IPV6)
		r = read_na(octets, len, &answer);
	if (r < 0)
		return r;
	memcpy(answer.to, octets, 6);
	memcpy(answer.source, octets + 6, 6);
	*ret = answer;
	return 0;
}
