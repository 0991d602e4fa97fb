/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * frame send DEV DESTINATION ETHERTYPE [COUNT]   sends minimum-size frames of that kind
 * frame answer DEV DESTINATION ADDRESS [COUNT]   sends ARP replies to that MAC, as from that IPv4 address
 * frame lacpdu DEV SYSTEM                        sends a LACPDU of port 1 of that system, which is ready for traffic
 * frame flood DEV SECONDS                        sends its standard input, a frame, as fast as it can; prints how often
 * frame play DEV INTERVAL COUNT                  sends its standard input, LACPDUs, in turn: one every so many ms
 * frame advertise DEV PREFIX                     sends a router advertisement (RFC 4861 4.2) of that IPv6 /64
 * frame listen DEV ETHERTYPE SECONDS             prints "ready", then waits for a frame and prints its source; fails if
 * none comes. It listens as lldpd or a supplicant would: on a packet socket for that EtherType, which sees frames after
 * the device's TC and XDP programs, unlike tcpdump's.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "xlagg/wire.h"

#define MINIMUM_FRAME 60 /* octets, without the check sequence */
#define ANSWER_INTERVAL_US 20000
#define LACPDU_FRAME 124 /* octets, without the check sequence */
#define PLAY_MAX 16	 /* frames */

static int open_packet_socket(const char *device, uint16_t ethertype)
{
	struct sockaddr_ll at = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = (int)if_nametoindex(device)};
	int s = socket(AF_PACKET, SOCK_RAW, 0);

	if (!at.sll_ifindex)
		errx(1, "%s: no such device", device);
	if (s < 0 || bind(s, (void *)&at, sizeof(at)))
		err(1, "%s: packet socket", device);
	return s;
}

static void own_address(int s, const char *device, uint8_t mac[ETH_ALEN])
{
	struct ifreq request = {};

	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	if (ioctl(s, SIOCGIFHWADDR, &request))
		err(1, "%s: address", device);
	memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

static int send_frames(const char *device, const char *destination, uint16_t ethertype, long count)
{
	struct ether_addr *to = ether_aton(destination);
	uint8_t frame[MINIMUM_FRAME] = {};
	struct ether_header *header = (void *)frame;
	int s = open_packet_socket(device, 0);

	if (!to)
		errx(2, "%s: not a MAC address", destination);
	memcpy(header->ether_dhost, to, ETH_ALEN);
	own_address(s, device, header->ether_shost);
	header->ether_type = htons(ethertype);
	while (count-- > 0) {
		if (send(s, frame, sizeof(frame), 0) != sizeof(frame))
			err(1, "%s: send", device);
	}
	return 0;
}

static int send_answers(const char *device, const char *destination, const char *address, long count)
{
	static const uint8_t reply[] = {0, 1, 8, 0, 6, 4, 0, 2};
	struct ether_addr *to = ether_aton(destination);
	uint8_t frame[MINIMUM_FRAME] = {};
	struct ether_header *header = (void *)frame;
	uint8_t *arp = frame + ETH_HLEN;
	int s = open_packet_socket(device, 0);

	if (!to || inet_pton(AF_INET, address, arp + 14) != 1)
		errx(2, "%s, %s: not a MAC and an IPv4 address", destination, address);
	memcpy(header->ether_dhost, to, ETH_ALEN);
	own_address(s, device, header->ether_shost);
	header->ether_type = htons(ETHERTYPE_ARP);
	memcpy(arp, reply, sizeof(reply));
	memcpy(arp + 8, header->ether_shost, ETH_ALEN);
	memcpy(arp + 18, to, ETH_ALEN);
	while (count-- > 0) {
		if (send(s, frame, sizeof(frame), 0) != sizeof(frame))
			err(1, "%s: send", device);
		usleep(ANSWER_INTERVAL_US);
	}
	return 0;
}

static int advertise(const char *device, const char *prefix)
{
	struct {
		struct nd_router_advert head;
		struct nd_opt_prefix_info info;
	} message = {
	    .head.nd_ra_type = ND_ROUTER_ADVERT,
	    .head.nd_ra_router_lifetime = htons(1800),
	    .info.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION,
	    .info.nd_opt_pi_len = sizeof(message.info) / 8,
	    .info.nd_opt_pi_prefix_len = 64,
	    .info.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO,
	    .info.nd_opt_pi_valid_time = htonl(3600),
	    .info.nd_opt_pi_preferred_time = htonl(1800),
	};
	struct sockaddr_in6 all_nodes = {.sin6_family = AF_INET6, .sin6_scope_id = if_nametoindex(device)};
	int hops = 255, at = (int)all_nodes.sin6_scope_id;
	int s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	inet_pton(AF_INET6, "ff02::1", &all_nodes.sin6_addr);
	if (inet_pton(AF_INET6, prefix, &message.info.nd_opt_pi_prefix) != 1)
		errx(2, "%s: not an IPv6 prefix", prefix);
	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ||
	    setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &at, sizeof(at)))
		err(1, "%s: raw socket", device);
	if (sendto(s, &message, sizeof(message), 0, (void *)&all_nodes, sizeof(all_nodes)) != sizeof(message))
		err(1, "%s: send", device);
	return 0;
}

static int listen_for(const char *device, uint16_t ethertype, double seconds)
{
	uint8_t frame[2048];
	struct pollfd wait = {.fd = open_packet_socket(device, ethertype), .events = POLLIN};

	puts("ready");
	fflush(stdout);
	if (poll(&wait, 1, (int)(seconds * 1000)) <= 0 || recv(wait.fd, frame, sizeof(frame), 0) < ETH_HLEN)
		return 1;
	puts(ether_ntoa((struct ether_addr *)(frame + ETH_ALEN)));
	return 0;
}

/* A LACPDU whose sender would have the receiver's port to itself at once. It does not know the receiver. */
static int send_lacpdu(const char *device, const char *system)
{
	struct {
		struct ether_header header;
		struct xlagg_wire_lacpdu pdu;
	} __attribute__((packed)) frame = {
	    .header = {.ether_dhost = {0x01, 0x80, 0xc2, 0, 0, 2}, .ether_type = htons(ETH_P_SLOW)},
	    .pdu = {.subtype = XLAGG_SLOW_LACP,
		    .version = 1,
		    .actor_type = XLAGG_TLV_ACTOR,
		    .actor_len = XLAGG_TLV_ACTOR_LEN,
		    .partner_type = XLAGG_TLV_PARTNER,
		    .partner_len = XLAGG_TLV_PARTNER_LEN,
		    .collector_type = XLAGG_TLV_COLLECTOR,
		    .collector_len = XLAGG_TLV_COLLECTOR_LEN},
	};
	const struct ether_addr *mac = ether_aton(system);
	int s = open_packet_socket(device, 0);

	if (!mac)
		errx(2, "%s: no MAC", system);
	memcpy(frame.header.ether_shost, mac, ETH_ALEN);
	memcpy(frame.pdu.actor.system, mac, ETH_ALEN);
	frame.pdu.actor.key = frame.pdu.actor.port = htons(1);
	frame.pdu.actor.state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION | XLAGG_STATE_SYNC |
				XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING;
	if (send(s, &frame, sizeof(frame), 0) != sizeof(frame))
		err(1, "%s: send", device);
	return 0;
}

static int flood(const char *device, double seconds)
{
	uint8_t frame[1514];
	ssize_t len = read(STDIN_FILENO, frame, sizeof(frame));
	int s = open_packet_socket(device, 0);
	unsigned long sent = 0;
	struct timespec now, begin;

	if (len < ETH_HLEN)
		errx(2, "no frame on standard input");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		/* Sends a frame; a full queue does not count as an error. */
		for (int i = 0; i < 64; i++)
			sent += send(s, frame, (size_t)len, 0) == len;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 < seconds);
	printf("%lu\n", sent);
	return 0;
}

static int play(const char *device, useconds_t interval_ms, long count)
{
	uint8_t frames[PLAY_MAX][LACPDU_FRAME];
	size_t n = fread(frames, LACPDU_FRAME, PLAY_MAX, stdin);
	int s = open_packet_socket(device, 0);

	if (!n)
		errx(2, "no LACPDU on standard input");
	for (long i = 0; i < count; i++) {
		if (send(s, frames[(size_t)i % n], LACPDU_FRAME, 0) != LACPDU_FRAME)
			err(1, "%s: send", device);
		usleep(interval_ms * 1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[1], "send") == 0)
		return send_frames(argv[2], argv[3], (uint16_t)strtoul(argv[4], NULL, 16),
				   argc > 5 ? atol(argv[5]) : 1);
	if (argc >= 5 && strcmp(argv[1], "answer") == 0)
		return send_answers(argv[2], argv[3], argv[4], argc > 5 ? atol(argv[5]) : 1);
	if (argc == 4 && strcmp(argv[1], "advertise") == 0)
		return advertise(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "listen") == 0)
		return listen_for(argv[2], (uint16_t)strtoul(argv[3], NULL, 16), atof(argv[4]));
	if (argc == 4 && strcmp(argv[1], "lacpdu") == 0)
		return send_lacpdu(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "play") == 0)
		return play(argv[2], (useconds_t)atol(argv[3]), atol(argv[4]));
	if (argc == 4 && strcmp(argv[1], "flood") == 0)
		return flood(argv[2], atof(argv[3]));
	fputs("usage: frame send DEV DESTINATION ETHERTYPE [COUNT] | frame answer DEV DESTINATION ADDRESS [COUNT] | "
	      "frame lacpdu DEV SYSTEM | frame flood DEV SECONDS | frame play DEV INTERVAL COUNT | "
	      "frame advertise DEV PREFIX | "
	      "frame listen DEV ETHERTYPE SECONDS\n",
	      stderr);
	return 2;
}
