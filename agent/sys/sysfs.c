/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Opens a sysfs of the network namespace, asks for uevents there, and reads what netlink does not tell. */
#include "sys/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netdevice.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "sys/fd.h"

int sysfs_open(bool writable)
{
	__attribute__((cleanup(close_fd))) int context = fsopen("sysfs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	unsigned int attributes = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | (writable ? 0 : MOUNT_ATTR_RDONLY);
	int sysfs = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	return sysfs < 0 ? -errno : sysfs;
}

int sysfs_send_change(int sysfs, const char *name)
{
	static const char action[] = "change";
	char path[64];
	if ((size_t)snprintf(path, sizeof(path), "class/net/%s/uevent", name) >= sizeof(path))
		return -ENODEV;
	__attribute__((cleanup(close_fd))) int fd = openat(sysfs, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	return write(fd, action, sizeof(action) - 1) < 0 ? -errno : 0;
}

int sysfs_mac_is_made_up(const char *name)
{
	char path[64], text[16] = "";
	if ((size_t)snprintf(path, sizeof(path), "class/net/%s/addr_assign_type", name) >= sizeof(path))
		return -ENODEV;
	__attribute__((cleanup(close_fd))) int sysfs = sysfs_open(false);
	if (sysfs < 0)
		return sysfs;
	__attribute__((cleanup(close_fd))) int fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	if (read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	return atoi(text) == NET_ADDR_RANDOM;
}
