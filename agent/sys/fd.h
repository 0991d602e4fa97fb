/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* For descriptors, files and folders that are closed when their variable goes out of scope:
 * __attribute__((cleanup(close_fd))). */
#ifndef SYS_FD_H
#define SYS_FD_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Closes *fd unless it is negative, and sets it to -1. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Returns the descriptor, which its variable no longer closes. */
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static inline void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Returns the next entry of a folder, or NULL with *r 0 at its end, or with *r -errno. */
static inline const struct dirent *next_entry(DIR *dir, int *r)
{
	errno = 0; /* only errno tells the end from a failure */
	const struct dirent *entry = readdir(dir);
	*r = entry ? 0 : -errno;
	return entry;
}

#endif
