/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads /proc/net/bonding. */
#include "sys/bonding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/fd.h"

#define TEXT_MAX (64 << 10) /* a bond in 802.3ad writes about 700 octets for each slave */

/* The rest of the line if it begins with `head`, or NULL. */
static const char *after(const char *line, const char *head)
{
	size_t len = strlen(head);
	return strncmp(line, head, len) == 0 ? line + len : NULL;
}

/* Copies the word at `text`. Returns false if it is too long for a name. */
static bool read_name(const char *text, char ret[XLAGG_NAME_MAX])
{
	size_t len = strcspn(text, " \n");
	if (!len || len >= XLAGG_NAME_MAX)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

int bonding_parse(const char *text, struct bonding_slave ret[BONDING_SLAVES])
{
	int count = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *name = after(line, "Slave Interface: "), *status = after(line, "MII Status: ");
		if (name && count == BONDING_SLAVES)
			return -E2BIG;
		if (name && !read_name(name, ret[count].name))
			return -EBADMSG;
		if (name)
			ret[count++].up = false;
		/* Before the first slave stands the status of the bond. */
		else if (status && count)
			ret[count - 1].up = after(status, "up") != NULL;
	}
	return count;
}

static int read_all(int fd, char text[TEXT_MAX])
{
	size_t len = 0;
	ssize_t got;
	do {
		got = read(fd, text + len, TEXT_MAX - 1 - len);
		if (got < 0)
			return -errno;
		len += (size_t)got;
	} while (got && len < TEXT_MAX - 1);
	text[len] = '\0';
	return got ? -E2BIG : 0;
}

int bonding_slaves(const char *bond, struct bonding_slave ret[BONDING_SLAVES])
{
	char path[64], text[TEXT_MAX];
	snprintf(path, sizeof(path), "/proc/thread-self/net/bonding/%s", bond);
	__attribute__((cleanup(close_fd))) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = read_all(fd, text);
	return r < 0 ? r : bonding_parse(text, ret);
}
