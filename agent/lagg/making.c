/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The note that a lagg's device is being made: a symbolic link in the lagg's folder of pins, as bpffs has no files. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lagg/making.h"
#include "xlagg/mac.h"

#define PATH_MAX_LEN 544 /* a folder's path and the link's name */

static void path_of(const char *folder, char ret[PATH_MAX_LEN])
{
	snprintf(ret, PATH_MAX_LEN, "%s/making", folder);
}

int making_note(const char *folder, const uint8_t mac[6])
{
	char path[PATH_MAX_LEN], text[XLAGG_MAC_TEXT];
	path_of(folder, path);
	xlagg_print_mac(mac, text);
	return symlink(text, path) < 0 ? -errno : 0;
}

int making_read(const char *folder, uint8_t ret[6])
{
	char path[PATH_MAX_LEN], text[XLAGG_MAC_TEXT + 1];
	path_of(folder, path);
	ssize_t len = readlink(path, text, sizeof(text) - 1);
	if (len < 0)
		return errno == EINVAL ? -EPROTO : -errno;
	text[len] = 0;
	return xlagg_parse_mac(text, ret) < 0 ? -EPROTO : 0;
}
