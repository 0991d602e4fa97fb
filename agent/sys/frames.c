/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#include "frames.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames_stack.h"

/* Room for one announcement of a few thousand addresses. */
#define SEND_BUFFER (4 << 20)

static int set_bypass(int fd, bool on)
{
	int value = on;
	return setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &value, sizeof(value)) < 0 ? -errno : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int frames_open(int *ret_fd)
{
	/* Protocol 0: nothing is received. */
	__attribute__((cleanup(close_fd))) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int size = SEND_BUFFER;
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	int r = set_bypass(fd, true);
	if (r < 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int send_on(int fd, int ifindex, const uint8_t *frame, uint32_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6};
	if (len < 14)
		return -EINVAL;
	memcpy(to.sll_addr, frame, 6);
	memcpy(&to.sll_protocol, frame + 12, sizeof(to.sll_protocol));
	ssize_t n;
	do
		n = sendto(fd, frame, len, 0, (const struct sockaddr *)&to, sizeof(to));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int frames_send_through_stack(int fd, int ifindex, const uint8_t *frame, uint32_t len)
{
	int r = set_bypass(fd, false);
	if (r < 0)
		return r;
	int sent = send_on(fd, ifindex, frame, len);
	r = set_bypass(fd, true);
	return sent < 0 ? sent : r;
}

int frames_send(int fd, int ifindex, const uint8_t *frame, uint32_t len)
{
	int r = send_on(fd, ifindex, frame, len);
	return r == -ENOBUFS ? frames_send_through_stack(fd, ifindex, frame, len) : r;
}
