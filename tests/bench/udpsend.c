/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Sends numbered UDP datagrams at a constant rate, for udprecv. It keeps to the schedule: when it was held up, it sends
 * at once all that is due, so that the number sent depends on time and rate alone. SIGTERM ends the stream in good
 * order.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/traffic.h"

#define END_COPIES 20		/* the end mark may be lost as well */
#define END_INTERVAL_NS 5000000 /* ns between two of them */
#define SPIN_NS 60000		/* a sleep may take so much longer than asked: shorter waits are spent awake */
#define AWAKE_NS                                                                                                       \
	10000000 /* at most: while a CPU never rests, RCU's grace periods take minutes on some kernels,                \
		  * and with them every command that attaches or detaches a program */

struct sender {
	struct sockaddr_storage to;
	socklen_t to_len;
	uint64_t rate;		 /* datagrams a second, 0: as fast as they go */
	uint64_t limit;		 /* datagrams at most */
	double seconds;		 /* at most, 0: no limit */
	size_t octets;		 /* of a datagram's payload */
	unsigned int flows;	 /* source ports */
	bool at_random;		 /* each datagram is of any flow, else they take turns */
	uint64_t random;	 /* state of the generator, not 0 */
	unsigned int first_port; /* source port of flow 0, then one up for each; 0: any */
	uint64_t sent, refused;
	int socket[TRAFFIC_MAX_FLOWS];
	uint64_t flow_seq[TRAFFIC_MAX_FLOWS];
	union {
		struct traffic_packet packet;
		char octet[TRAFFIC_MAX_OCTETS];
	} buffer;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void usage(void)
{
	fputs(
	    "usage: udpsend [-r PACKETS/S] [-n COUNT] [-t SECONDS] [-s OCTETS] [-f FLOWS] [-p FIRST-SOURCE-PORT] [-x] "
	    "ADDRESS PORT\n",
	    stderr);
	exit(2);
}

static void resolve(struct sender *s, const char *address, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found;
	int r = getaddrinfo(address, port, &hints, &found);

	if (r)
		errx(1, "%s port %s: %s", address, port, gai_strerror(r));
	memcpy(&s->to, found->ai_addr, found->ai_addrlen);
	s->to_len = found->ai_addrlen;
	freeaddrinfo(found);
}

static void bind_source(const struct sender *s, int socket, uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int six = s->to.ss_family == AF_INET6;

	if (bind(socket, six ? (void *)&any : (void *)&any4, six ? sizeof(any) : sizeof(any4)))
		err(1, "source port %u", port);
}

/* One socket for each flow, not connected, since an ICMP error would be reported for a later datagram. */
static void open_flows(struct sender *s)
{
	for (unsigned int i = 0; i < s->flows; i++) {
		int octets = 4 << 20;

		s->socket[i] = socket(s->to.ss_family, SOCK_DGRAM, 0);
		if (s->socket[i] < 0)
			err(1, "socket");
		setsockopt(s->socket[i], SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets));
		if (s->first_port)
			bind_source(s, s->socket[i], (uint16_t)(s->first_port + i));
	}
}

/* Marsaglia's xorshift: every run takes the same flows. */
static unsigned int next_flow(struct sender *s)
{
	if (!s->at_random)
		return s->sent % s->flows;
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (unsigned int)(s->random % s->flows);
}

/* Sends the next datagram of the stream. One that the kernel refuses uses up its number, so that it counts as lost. */
static void send_one(struct sender *s)
{
	unsigned int flow = next_flow(s);
	struct traffic_packet *p = &s->buffer.packet;

	*p = (struct traffic_packet){.magic = TRAFFIC_MAGIC,
				     .flow = (uint16_t)flow,
				     .seq = s->sent++,
				     .flow_seq = s->flow_seq[flow]++,
				     .sent_ns = now_ns()};
	if (sendto(s->socket[flow], &s->buffer, s->octets, 0, (void *)&s->to, s->to_len) < 0)
		s->refused++;
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / NSEC_PER_SEC), .tv_nsec = (long)(ns % NSEC_PER_SEC)};

	nanosleep(&t, NULL);
}

static void send_stream(struct sender *s)
{
	uint64_t start = now_ns(), end = s->seconds > 0 ? start + (uint64_t)(s->seconds * 1e9) : UINT64_MAX;
	uint64_t slept = start;

	while (!stopped && s->sent < s->limit) {
		uint64_t now = now_ns(), due;

		if (now >= end)
			break;
		if (now - slept > AWAKE_NS) {
			sleep_ns(1);
			slept = now_ns();
			continue;
		}
		if (!s->rate) {
			send_one(s);
			continue;
		}
		due = start + (uint64_t)((double)s->sent * 1e9 / (double)s->rate);
		if (due <= now)
			send_one(s);
		else if (due - now > SPIN_NS) {
			sleep_ns(due - now - SPIN_NS);
			slept = now_ns();
		}
	}
}

static void send_end(struct sender *s)
{
	for (int i = 0; i < END_COPIES; i++) {
		struct traffic_packet end = {
		    .magic = TRAFFIC_MAGIC, .flags = TRAFFIC_END, .seq = s->sent, .sent_ns = now_ns()};

		sendto(s->socket[0], &end, sizeof(end), 0, (void *)&s->to, s->to_len);
		sleep_ns(END_INTERVAL_NS);
	}
}

int main(int argc, char **argv)
{
	static struct sender s = {.octets = 64, .flows = 1, .limit = TRAFFIC_MAX_SEQ, .random = 88172645463325252ull};
	struct sigaction action = {.sa_handler = stop};
	uint64_t start;
	int c;

	while ((c = getopt(argc, argv, "r:n:t:s:f:p:x")) != -1) {
		switch (c) {
		case 'r':
			s.rate = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			s.limit = strtoull(optarg, NULL, 0);
			break;
		case 't':
			s.seconds = strtod(optarg, NULL);
			break;
		case 's':
			s.octets = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			s.flows = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'p':
			s.first_port = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'x':
			s.at_random = true;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2)
		usage();
	if (!s.flows || s.flows > TRAFFIC_MAX_FLOWS || s.octets < sizeof(struct traffic_packet) ||
	    s.octets > TRAFFIC_MAX_OCTETS || s.limit > TRAFFIC_MAX_SEQ)
		errx(2, "1 to %u flows, %zu to %u octets, at most %u datagrams", TRAFFIC_MAX_FLOWS,
		     sizeof(struct traffic_packet), TRAFFIC_MAX_OCTETS, TRAFFIC_MAX_SEQ);
	resolve(&s, argv[optind], argv[optind + 1]);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	open_flows(&s);
	start = now_ns();
	send_stream(&s);
	printf("{\"sent\":%lu,\"refused\":%lu,\"seconds\":%.3f}\n", s.sent, s.refused,
	       (double)(now_ns() - start) / 1e9);
	send_end(&s);
	return 0;
}
