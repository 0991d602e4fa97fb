/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Identifies the network namespace by its cookie, since its name and its place in a file system may be used again. */
#include "sys/netns.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/fd.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int netns_cookie(uint64_t *ret)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);
	__attribute__((cleanup(close_fd))) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) != 0)
		return -errno;
	*ret = cookie;
	return 0;
}
