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
	__attribute__((cleanup(close_fd))) int changes = open_file(sysfs, name, "carrier_changes");
	int r = which < 0 ? which : down < 0 ? down : changes;
	/* There is no such file when the device has another name or is gone. */
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	r = read_number(which, &number);
	if (r < 0)
		return r;
	if (number != (uint32_t)ifindex)
		return -ENODEV;
	*ret = (struct carrier){take_fd(&down), take_fd(&changes)};
	return 0;
}

void carrier_close(struct carrier *carrier)
{
	close_fd(&carrier->down);
	close_fd(&carrier->changes);
}

bool carrier_changed(const struct carrier *carrier, uint32_t lost, uint32_t back)
{
	uint32_t changes = 0;
	return read_number(carrier->changes, &changes) == 0 && changes != lost + back;
}

int carrier_count(const struct carrier *carrier, uint32_t *lost, uint32_t *back)
{
	uint32_t changes = 0, down = 0;
	/* In this order a change between the two is noticed by carrier_changed(). */
	int r = read_number(carrier->changes, &changes);
	if (r == 0)
		r = read_number(carrier->down, &down);
	if (r < 0)
		return r;
	*lost = down;
	*back = changes - down;
	return 0;
}
