/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Wires of unequal length: every frame that arrives on a device leaves on another one a fixed time later.
 *   delay FROM TO US [FROM TO US]...
 * When a frame arrived, the kernel says. Frames of all wires leave in the order in which they are due, also when this
 * process was held up: the order at the far end depends on when frames were sent, and on no scheduler.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/stamp.h"

#define WIRES 16
#define HELD (1u << 16) /* frames under way on one wire, a power of two */
#define FRAME 1600	/* octets of a frame and of its struct virtio_net_hdr: what is left to do of its checksum */

struct held {
	uint64_t due_ns; /* CLOCK_REALTIME */
	uint32_t len;
	char octet[FRAME];
};

struct wire {
	int from, to; /* sockets */
	uint64_t delay_ns;
	uint32_t first, next; /* frames under way: entries first to next - 1 of `held`, modulo HELD */
	struct held *held;
};

static struct wire wire[WIRES];
static uint32_t wires;
static uint64_t lost; /* frames that could not be sent */

/* A socket that receives nothing but what arrives on the device; with protocol 0, nothing at all. */
static int open_device(const char *name, uint16_t protocol)
{
	struct sockaddr_ll address = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)if_nametoindex(name)};
	int s = socket(AF_PACKET, SOCK_RAW, 0), on = 1, octets = 64 << 20;

	if (s < 0 || !address.sll_ifindex)
		err(1, "%s", name);
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets));
	if (setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) || bind(s, (void *)&address, sizeof(address)))
		err(1, "%s", name);
	return s;
}

/* Takes one frame from a wire's near end. Returns whether there was one. */
static bool take(struct wire *w)
{
	struct held *held = &w->held[w->next % HELD];
	struct iovec room = {held->octet, FRAME};
	char control[256];
	struct msghdr message = {
	    .msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	uint64_t arrived;
	ssize_t len = recvmsg(w->from, &message, MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0 && (errno == EAGAIN || errno == ENETDOWN))
		return false;
	if (len < 0)
		err(1, "receive");
	if (len > FRAME)
		errx(1, "a frame of %zd octets", len);
	if (w->next - w->first == HELD)
		errx(1, "more than %u frames under way", HELD);
	arrived = arrival_ns(&message);
	if (!arrived)
		errx(1, "a frame without a time stamp");
	held->len = (uint32_t)len;
	held->due_ns = arrived + w->delay_ns;
	w->next++;
	return true;
}

/* The wire whose next frame is due first. NULL: none is under way. */
static struct wire *earliest(void)
{
	struct wire *first = NULL;

	for (uint32_t i = 0; i < wires; i++) {
		struct wire *w = &wire[i];

		if (w->first != w->next &&
		    (!first || w->held[w->first % HELD].due_ns < first->held[first->first % HELD].due_ns))
			first = w;
	}
	return first;
}

/* Sends in order what is due at `now`. Everything that had arrived by then has been taken. */
static void send_due(uint64_t now)
{
	for (struct wire *w = earliest(); w && w->held[w->first % HELD].due_ns <= now; w = earliest()) {
		const struct held *held = &w->held[w->first++ % HELD];

		lost += send(w->to, held->octet, held->len, 0) < 0;
	}
}

static void add_wire(char *const argument[3])
{
	wire[wires++] = (struct wire){
	    .from = open_device(argument[0], ETH_P_ALL),
	    .to = open_device(argument[1], 0),
	    .delay_ns = strtoull(argument[2], NULL, 0) * 1000,
	    .held = calloc(HELD, sizeof(struct held)),
	};
	if (!wire[wires - 1].held)
		err(1, "calloc");
}

int main(int argc, char **argv)
{
	static const struct timespec step = {.tv_nsec = 50000};

	if (argc < 4 || argc % 3 != 1 || argc > 3 * WIRES + 1)
		errx(2, "usage: delay FROM TO US [FROM TO US]...");
	for (int i = 1; i < argc; i += 3)
		add_wire(&argv[i]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		uint64_t now = now_ns(), before = lost;

		for (uint32_t i = 0; i < wires; i++)
			while (take(&wire[i]))
				;
		send_due(now);
		if (lost != before)
			fprintf(stderr, "%llu frames were not sent\n", (unsigned long long)lost);
		nanosleep(&step, NULL);
	}
}
