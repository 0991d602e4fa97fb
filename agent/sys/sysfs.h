/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A sysfs of the caller's network namespace, since /sys may be that of another one. It is mounted nowhere. */
#ifndef SYS_SYSFS_H
#define SYS_SYSFS_H

#include <stdbool.h>

/* Returns a descriptor of its root folder, which the caller closes, or -errno. CAP_SYS_ADMIN. */
int sysfs_open(bool writable);
/* Has the kernel send the uevent "change" of a device, so that udev applies its rules to it again. -errno of the write;
 * -ENODEV: there is no device of that name. */
int sysfs_send_change(int sysfs, const char *name);
/* Returns 1 if the kernel made up the MAC of the device of that name, 0 if not, or -errno; -ENODEV: there is none. */
int sysfs_mac_is_made_up(const char *name);

#endif
