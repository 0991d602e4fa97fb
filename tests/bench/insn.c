/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Measures what a packet costs from the sender's system call to the receiver's, in ticks of the time stamp counter. One
 * thread sends and receives in turn, so that the order of things is always the same; under QEMU's -icount the ticks are
 * instructions.
 *
 *   insn udp SENDER RECEIVER ADDRESS        datagrams that make frames of 64 octets
 *   insn raw SENDER RECEIVER ADDRESS DEV    the same frames, sent directly on the sender's device DEV
 *   insn tcp SENDER RECEIVER ADDRESS        a connection: 64 KiB written, then read
 *
 * SENDER and RECEIVER are network namespaces below /run/netns, ADDRESS is the receiver's. Prints the ticks of a
 * datagram or of 64 KiB, in the round that took least of ROUNDS.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define PORT 5001
#define PAYLOAD 18	 /* octets: with headers and FCS a frame of 64 */
#define BULK (64 * 1024) /* octets of one write */
#define ROUNDS 7
#define WAIT_MS 5000 /* for what was sent */

/* The two ends of what is measured. */
struct path {
	int send, receive; /* sockets, neither of which blocks */
	const void *data;  /* what is sent at once */
	size_t len;	   /* octets of it */
	size_t arrives;	   /* octets of it that the receiver reads */
	unsigned int idle; /* how often it waited for them: such time is no instructions */
};

static void enter(const char *netns)
{
	char file[256];

	snprintf(file, sizeof(file), "/run/netns/%s", netns);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		err(1, "network namespace %s", netns);
	close(fd);
}

static int open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		errx(1, "%s is no IPv4 address", text);
	return address;
}

/* Waits until one of the sockets is ready; under -icount time jumps to the next event. */
static void wait_for(struct path *p)
{
	struct pollfd either[] = {{.fd = p->receive, .events = POLLIN}, {.fd = p->send, .events = POLLOUT}};

	if (poll(either, 1, WAIT_MS) <= 0)
		errx(1, "what was sent does not arrive");
	p->idle++;
}

/* Sends once and reads everything that was sent. */
static void pass(struct path *p)
{
	static char buffer[BULK];
	size_t sent = 0, received = 0;

	while (received < p->arrives) {
		ssize_t out = 0, in;
		if (sent < p->len) {
			out = send(p->send, (const char *)p->data + sent, p->len - sent, MSG_NOSIGNAL);
			if (out < 0 && errno != EAGAIN)
				err(1, "send");
			sent += out > 0 ? (size_t)out : 0;
		}
		in = recv(p->receive, buffer, sizeof(buffer), 0);
		if (in < 0 && errno != EAGAIN)
			err(1, "recv");
		received += in > 0 ? (size_t)in : 0;
		if (out <= 0 && in <= 0)
			wait_for(p);
	}
}

/* A program of its own for the headers: the sender's kernel adds none. */
struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	char payload[PAYLOAD];
} __attribute__((packed));

static uint16_t checksum(const void *header, size_t len)
{
	const uint16_t *word = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < len / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void address_frame(struct frame *f, const struct sockaddr_in *to, const uint8_t *mac)
{
	memcpy(f->eth.ether_dhost, mac, ETH_ALEN);
	memcpy(f->eth.ether_shost, mac, ETH_ALEN);
	f->eth.ether_shost[ETH_ALEN - 1] ^= 1;
	f->eth.ether_type = htons(ETHERTYPE_IP);
	f->ip =
	    (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = to->sin_addr.s_addr};
	f->ip.tot_len = htons(sizeof(*f) - sizeof(f->eth));
	f->ip.saddr = htonl(ntohl(to->sin_addr.s_addr) ^ 3); /* .1 for .2, .2 for .1 */
	f->ip.check = checksum(&f->ip, sizeof(f->ip));
	f->udp = (struct udphdr){.source = htons(PORT), .dest = htons(PORT), .len = htons(sizeof(f->udp) + PAYLOAD)};
}

static int open_device(const char *dev)
{
	struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
	int fd = open_socket(AF_PACKET, SOCK_RAW, 0), yes = 1;

	if (!link.sll_ifindex || bind(fd, (void *)&link, sizeof(link)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) != 0)
		err(1, "%s", dev);
	return fd;
}

/* Finds the MAC of this namespace's device that has an address. */
static void mac_of(const struct sockaddr_in *address, uint8_t *mac)
{
	int fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		struct ifreq r = {0};
		memcpy(r.ifr_name, i->if_name, strnlen(i->if_name, IFNAMSIZ - 1));
		if (ioctl(fd, SIOCGIFADDR, &r) != 0 ||
		    ((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr != address->sin_addr.s_addr)
			continue;
		if (ioctl(fd, SIOCGIFHWADDR, &r) != 0)
			err(1, "%s", i->if_name);
		memcpy(mac, r.ifr_hwaddr.sa_data, ETH_ALEN);
		if_freenameindex(all);
		close(fd);
		return;
	}
	errx(1, "no device has the receiver's address");
}

static void open_datagrams(struct path *p, const char *sender, const char *receiver, const struct sockaddr_in *to,
			   const char *dev)
{
	static struct frame frame;
	uint8_t mac[ETH_ALEN];

	enter(receiver);
	mac_of(to, mac);
	p->receive = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(p->receive, (const void *)to, sizeof(*to)) != 0)
		err(1, "bind");
	enter(sender);
	address_frame(&frame, to, mac);
	p->arrives = PAYLOAD;
	if (dev) {
		p->send = open_device(dev);
		p->data = &frame;
		p->len = sizeof(frame);
		return;
	}
	p->send = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (connect(p->send, (const void *)to, sizeof(*to)) != 0)
		err(1, "connect");
	p->data = frame.payload;
	p->len = PAYLOAD;
}

static void open_connection(struct path *p, const char *sender, const char *receiver, const struct sockaddr_in *to)
{
	static char bulk[BULK];
	int yes = 1;

	enter(receiver);
	int listener = open_socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (const void *)to, sizeof(*to)) != 0 || listen(listener, 1) != 0)
		err(1, "listen");
	enter(sender);
	p->send = open_socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(p->send, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(p->send, (const void *)to, sizeof(*to)) != 0 && errno != EINPROGRESS)
		err(1, "connect");
	if (poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, WAIT_MS) != 1)
		errx(1, "no connection");
	p->receive = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (p->receive < 0)
		err(1, "accept");
	close(listener);
	p->data = bulk;
	p->len = p->arrives = BULK;
}

int main(int argc, char **argv)
{
	struct path path = {0};
	unsigned long long least = ~0ull;

	if (argc != 5 && !(argc == 6 && strcmp(argv[1], "raw") == 0))
		errx(2, "usage: insn udp|tcp SENDER RECEIVER ADDRESS, or insn raw SENDER RECEIVER ADDRESS DEV");
	struct sockaddr_in to = address_of(argv[4]);
	unsigned int times = strcmp(argv[1], "tcp") ? 4000 : 200;
	if (strcmp(argv[1], "tcp") == 0)
		open_connection(&path, argv[2], argv[3], &to);
	else
		open_datagrams(&path, argv[2], argv[3], &to, argc == 6 ? argv[5] : NULL);
	for (int round = -1; round < ROUNDS; round++) { /* one to warm up */
		if (round == 0)
			path.idle = 0;
		unsigned long long begin = __rdtsc();
		for (unsigned int i = 0; i < times; i++)
			pass(&path);
		unsigned long long ticks = __rdtsc() - begin;
		if (round >= 0 && ticks < least)
			least = ticks;
	}
	if (path.idle)
		warnx("%s: idle %u times in %u: the figure has time in it that is no instructions", argv[1], path.idle,
		      times * ROUNDS);
	printf("%.1f\n", (double)least / times);
	return 0;
}
