/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Clients of the control socket that behave badly.
 *   client SOCKET hold N     holds N connections and asks nothing
 *   client SOCKET deaf       subscribes to all events and reads none
 *   client SOCKET noise N    sends N messages that are wrong in some way; fails if one is neither answered nor its
 * connection closed in time hold and deaf print "ready" and then wait to be killed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "xlagg/ctl.h"

#define ANSWER_MS 5000
#define MESSAGE_MAX 4096

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	perror(path);
	exit(1);
}

static void wait_for_the_end(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static void hold(const char *path, int count)
{
	while (count-- > 0)
		connect_to(path);
	wait_for_the_end();
}

static void deaf(const char *path)
{
	struct nlmsghdr subscribe = {.nlmsg_len = sizeof(subscribe), .nlmsg_type = XLAGG_CMD_SUBSCRIBE};
	int fd = connect_to(path);
	int small = 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (send(fd, &subscribe, sizeof(subscribe), 0) != (ssize_t)sizeof(subscribe)) {
		perror("send");
		exit(1);
	}
	wait_for_the_end();
}

/* Makes a message with a header that is nearly right and attributes that are not. Returns its length. */
static size_t make_noise(uint8_t message[MESSAGE_MAX])
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)message;
	size_t len = (size_t)(random() % MESSAGE_MAX) + 1;
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)random();
	if (len < sizeof(*nlh))
		return len;
	nlh->nlmsg_len = random() % 4 ? (uint32_t)len : (uint32_t)random();
	nlh->nlmsg_type = (uint16_t)(NLMSG_MIN_TYPE + random() % 24);
	nlh->nlmsg_flags = NLM_F_REQUEST; /* not NLM_F_MULTI: that would be answered later */
	for (size_t at = sizeof(*nlh); at + sizeof(struct nlattr) <= len;) {
		struct nlattr *attr = (struct nlattr *)(message + at);
		attr->nla_type = (uint16_t)(random() % (XLAGG_A_MAX + 2));
		attr->nla_len = (uint16_t)(random() % 80);
		at += attr->nla_len < sizeof(*attr) ? sizeof(*attr) : (size_t)NLMSG_ALIGN(attr->nla_len);
	}
	return len;
}

static void noise(const char *path, int count)
{
	_Alignas(struct nlmsghdr) uint8_t message[MESSAGE_MAX];
	srandom(1);
	while (count-- > 0) {
		int fd = connect_to(path);
		size_t len = make_noise(message);
		struct pollfd answer = {.fd = fd, .events = POLLIN};
		if (send(fd, message, len, MSG_NOSIGNAL) < 0 && errno != EPIPE) {
			perror("send");
			exit(1);
		}
		if (poll(&answer, 1, ANSWER_MS) != 1) {
			fprintf(stderr, "no answer to a message of %zu octets\n", len);
			exit(1);
		}
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[3]) : 1;
	if (argc > 2 && strcmp(argv[2], "hold") == 0)
		hold(argv[1], count);
	else if (argc > 2 && strcmp(argv[2], "deaf") == 0)
		deaf(argv[1]);
	else if (argc > 2 && strcmp(argv[2], "noise") == 0)
		noise(argv[1], count);
	else
		return fputs("usage: client SOCKET hold N|deaf|noise N\n", stderr), 2;
	return 0;
}
