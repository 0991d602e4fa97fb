/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Sockets of netlink, which receive only from the kernel. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "sys/log.h"
#include "sys/netlink/request.h"

/* Room for the events of a few thousand devices that change at once. */
#define EVENTS_BUFFER (8 << 20)
/* Events of links, their IPv6 settings, addresses, qdiscs and filters. */
#define EVENT_GROUPS (RTMGRP_LINK | RTMGRP_IPV6_IFINFO | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_TC)

/* After this the kernel refuses messages that other processes send to this socket. Those that they send to a group
 * still arrive. */
static int connect_kernel(struct mnl_socket *socket)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	return connect(mnl_socket_get_fd(socket), (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

/* flags: SOCK_* beside CLOEXEC, groups: RTMGRP_*. */
static int open_socket(int family, int flags, unsigned int groups, struct mnl_socket **ret)
{
	struct mnl_socket *socket = mnl_socket_open2(family, SOCK_CLOEXEC | flags);
	if (!socket)
		return -errno;
	int r = mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0 ? -errno : connect_kernel(socket);
	if (r < 0) {
		mnl_socket_close(socket);
		return r;
	}
	*ret = socket;
	return 0;
}

int netlink_open_events(struct mnl_socket **ret)
{
	int size = EVENTS_BUFFER;
	int r = open_socket(NETLINK_ROUTE, SOCK_NONBLOCK, EVENT_GROUPS, ret);
	if (r < 0)
		return r;
	if (setsockopt(mnl_socket_get_fd(*ret), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(mnl_socket_get_fd(*ret), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

int netlink_open_requests(int family, struct mnl_socket **ret)
{
	int on = 1;
	struct timeval patience = {.tv_sec = 10};
	int r = open_socket(family, 0, 0, ret);
	if (r < 0)
		return r;
	/* An older kernel may lack some of these: then it gives no reasons and does not filter lists, which callers do
	 * as well. */
	mnl_socket_setsockopt(*ret, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(*ret, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(*ret, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(*ret), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return 0;
}

int netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh)
{
	ssize_t n;
	do
		n = mnl_socket_sendto(socket, nlh, nlh->nlmsg_len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void drop(struct netlink *nl, const struct sockaddr_nl *sender)
{
	if (nl->foreign++ == 0)
		log_warning("a netlink message that process or port %u sent in the kernel's place was dropped; further "
			    "ones are dropped without a message",
			    sender->nl_pid);
}

ssize_t netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size)
{
	struct sockaddr_nl sender = {};
	struct iovec part = {buf, size};
	struct msghdr message = {.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;
	do
		n = recvmsg(mnl_socket_get_fd(socket), &message, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (message.msg_namelen != sizeof(sender) || sender.nl_pid != 0) {
		drop(nl, &sender);
		return 0;
	}
	/* A part of the message is lost. This counts like an overrun of the socket's buffer. */
	return message.msg_flags & MSG_TRUNC ? -ENOBUFS : n;
}
