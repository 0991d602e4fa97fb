/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A descriptor that is closed when its variable goes out of scope. */
#ifndef SYS_FD_H
#define SYS_FD_H

#include <unistd.h>

/* Closes it if it is one; the variable is -1 afterwards. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define _cleanup_fd_ __attribute__((cleanup(close_fd)))

/* The descriptor, which is now the caller's to close. */
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#endif
