/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Receives what udpsend sends and prints an account of it as one JSON object: what was lost, what came twice, what came
 * out of order within its flow, how long the pauses between arrivals were, and how long each hole in the numbering
 * lasted. A hole is measured by the times at which its neighbours were sent, so that a sender that was held up makes no
 * hole longer.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/traffic.h"

#define BATCH 64		  /* datagrams read by one call */
#define DRAIN_MS 100		  /* silence after the end mark that ends the account */
#define OUTAGES_PRINTED (1 << 16) /* holes that are listed; all are counted */

struct account {
	uint64_t *sent_ns;  /* index: seq; when it was sent, 0: not received */
	uint32_t *pause_ns; /* between arrivals, ns, cut at 4.29 s */
	uint64_t flow_next[TRAFFIC_MAX_FLOWS];
	uint64_t received, duplicates, reordered, seen_end, last_arrival_ns;
	uint64_t reordered_ns; /* when the first of the reordered was sent */
	uint64_t sent;	       /* as the end mark says, UINT64_MAX: it did not arrive */
};

struct outages {
	uint64_t count, packets, longest_ns, longest_packets;
};

static void usage(void)
{
	fputs("usage: udprecv [-i SECONDS-OF-SILENCE-THAT-END-IT] PORT\n", stderr);
	exit(2);
}

static void *reserve(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static int open_socket(const char *port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
	int s = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, on = 1, octets = 64 << 20;

	if (s < 0)
		err(1, "socket");
	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (bind(s, (void *)&any, sizeof(any)))
		err(1, "port %s", port);
	return s;
}

static void take(struct account *a, const struct traffic_packet *p, uint64_t arrived)
{
	if (p->flags & TRAFFIC_END) {
		a->seen_end = 1;
		a->sent = p->seq;
		return;
	}
	if (p->seq >= TRAFFIC_MAX_SEQ || p->flow >= TRAFFIC_MAX_FLOWS)
		return;
	if (a->last_arrival_ns) {
		uint64_t pause = arrived > a->last_arrival_ns ? arrived - a->last_arrival_ns : 0;

		a->pause_ns[a->received] = pause > UINT32_MAX ? UINT32_MAX : (uint32_t)pause;
	}
	a->last_arrival_ns = arrived;
	if (a->received < TRAFFIC_MAX_SEQ)
		a->received++;
	if (a->sent_ns[p->seq]) {
		a->duplicates++;
		return;
	}
	a->sent_ns[p->seq] = p->sent_ns;
	if (p->flow_seq < a->flow_next[p->flow]) {
		if (!a->reordered++)
			a->reordered_ns = p->sent_ns;
	} else {
		a->flow_next[p->flow] = p->flow_seq + 1;
	}
}

static void receive_batch(struct account *a, int s)
{
	static struct traffic_packet packet[BATCH];
	static char control[BATCH][64];
	struct mmsghdr message[BATCH];
	struct iovec vec[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		vec[i] = (struct iovec){.iov_base = &packet[i], .iov_len = sizeof(packet[i])};
		message[i].msg_hdr = (struct msghdr){.msg_iov = &vec[i],
						     .msg_iovlen = 1,
						     .msg_control = control[i],
						     .msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(s, message, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		uint64_t arrived = arrival_ns(&message[i].msg_hdr);

		if (message[i].msg_len == sizeof(packet[i]) && packet[i].magic == TRAFFIC_MAGIC)
			take(a, &packet[i], arrived ? arrived : now_ns());
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double pause_us(const struct account *a, double share)
{
	uint64_t last = a->received ? a->received - 1 : 0;

	return (double)a->pause_ns[(uint64_t)((double)last * share)] / 1e3;
}

/* Lists the holes between received datagrams; what is missing before the first or after the last has no length. */
static struct outages find_outages(const struct account *a, uint64_t end)
{
	struct outages found = {};
	uint64_t last = UINT64_MAX, listed = 0;

	printf("\"outages\":[");
	for (uint64_t i = 0; i < end; i++) {
		if (!a->sent_ns[i])
			continue;
		if (last != UINT64_MAX && i - last > 1) {
			uint64_t ns = a->sent_ns[i] - a->sent_ns[last];

			found.count++;
			found.packets += i - last - 1;
			if (ns > found.longest_ns) {
				found.longest_ns = ns;
				found.longest_packets = i - last - 1;
			}
			if (listed++ < OUTAGES_PRINTED)
				printf("%s{\"seq\":%lu,\"packets\":%lu,\"us\":%.1f,\"at_ns\":%lu}",
				       listed > 1 ? "," : "", last + 1, i - last - 1, (double)ns / 1e3,
				       a->sent_ns[last]);
		}
		last = i;
	}
	printf("],");
	return found;
}

static void print(struct account *a)
{
	uint64_t end = a->seen_end ? a->sent : TRAFFIC_MAX_SEQ, distinct = a->received - a->duplicates;
	struct outages found;

	while (!a->seen_end && end && !a->sent_ns[end - 1])
		end--;
	if (end > TRAFFIC_MAX_SEQ)
		end = TRAFFIC_MAX_SEQ;
	printf("{");
	found = find_outages(a, end);
	qsort(a->pause_ns, a->received, sizeof(*a->pause_ns), compare);
	printf("\"sent\":%lu,\"received\":%lu,\"lost\":%lu,\"duplicates\":%lu,\"reordered\":%lu,\"ended\":%s,", end,
	       a->received, end - distinct, a->duplicates, a->reordered, a->seen_end ? "true" : "false");
	printf("\"reordered_ns\":%lu,", a->reordered_ns);
	printf("\"holes\":%lu,\"longest_us\":%.1f,\"longest_packets\":%lu,", found.count,
	       (double)found.longest_ns / 1e3, found.longest_packets);
	printf("\"pause_us\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}}\n", pause_us(a, 0.5), pause_us(a, 0.99),
	       pause_us(a, 1));
}

int main(int argc, char **argv)
{
	static struct account a = {.sent = UINT64_MAX};
	int idle_ms = 10000, c, s;

	while ((c = getopt(argc, argv, "i:")) != -1) {
		if (c != 'i')
			usage();
		idle_ms = (int)(strtod(optarg, NULL) * 1000);
	}
	if (argc - optind != 1)
		usage();
	a.sent_ns = reserve(TRAFFIC_MAX_SEQ * sizeof(*a.sent_ns));
	a.pause_ns = reserve((TRAFFIC_MAX_SEQ + 1ul) * sizeof(*a.pause_ns));
	s = open_socket(argv[optind]);
	for (;;) {
		struct pollfd wait = {.fd = s, .events = POLLIN};

		if (poll(&wait, 1, a.seen_end ? DRAIN_MS : idle_ms) <= 0)
			break;
		receive_batch(&a, s);
	}
	print(&a);
	return 0;
}
