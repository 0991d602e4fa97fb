/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads how often a device lost carrier and got it back, as the kernel counts it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/carrier.h"
#include "sys/fd.h"

static int read_number(int fd, uint32_t *ret)
{
	char text[16], *end;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* The kernel prints its counter as a signed number. */
	uint32_t number = (uint32_t)strtol(text, &end, 10);
	if (end == text || *end != '\n')
		return -EPROTO;
	*ret = number;
	return 0;
}

static int open_file(int sysfs, const char *name, const char *file)
{
	char path[64];
	if ((size_t)snprintf(path, sizeof(path), "class/net/%s/%s", name, file) >= sizeof(path))
		return -ENODEV;
	int fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int carrier_open(int sysfs, const char *name, int ifindex, struct carrier *ret)
{
	uint32_t number = 0;
	__attribute__((cleanup(close_fd))) int which = open_file(sysfs, name, "ifindex");
	__attribute__((cleanup(close_fd))) int down = open_file(sysfs, name, "carrier_down_count");
	__attribute__((cleanup(close_fd))) int up = open_file(sysfs, name, "carrier_up_count");
	int r = which < 0 ? which : down < 0 ? down : up;
	/* There is no such file when the device has another name or is gone. */
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	r = read_number(which, &number);
	if (r < 0)
		return r;
	if (number != (uint32_t)ifindex)
		return -ENODEV;
	*ret = (struct carrier){take_fd(&down), take_fd(&up)};
	return 0;
}

void carrier_close(struct carrier *carrier)
{
	close_fd(&carrier->down);
	close_fd(&carrier->up);
}

int carrier_count(const struct carrier *carrier, uint32_t *lost, uint32_t *back)
{
	uint32_t down = 0, up = 0;
	int r = read_number(carrier->down, &down);
	if (r == 0)
		r = read_number(carrier->up, &up);
	if (r < 0)
		return r;
	*lost = down;
	*back = up;
	return 0;
}
