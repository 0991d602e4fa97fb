/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Sends frames through an AF_PACKET socket. */
#include "sys/frames/frames.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fd.h"
#include "xlagg/abi.h"

/* Room for one announcement of a few thousand addresses. */
#define SEND_BUFFER (4 << 20)

int frames_open(int *ret_fd)
{
	/* With protocol 0 it receives nothing. */
	__attribute__((cleanup(close_fd))) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int size = SEND_BUFFER, priority = TC_PRIO_CONTROL, mark = XLAGG_FRAME_MARK;
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* Frames pass through the qdisc, so that tcpdump on the port sees them, but go before all others there. */
	if (setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int frames_send(int fd, int ifindex, const uint8_t *frame, uint32_t len)
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
