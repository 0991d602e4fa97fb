/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Carrier as the kernel counts its losses and returns for each device, in sysfs
 * (Documentation/ABI/testing/sysfs-class-net). The counters grow in netif_carrier_off() and netif_carrier_on()
 * themselves and are read without RTNL: whoever holds that lock, often for the very loss that is looked for, delays
 * nobody.
 */
#ifndef SYS_CARRIER_H
#define SYS_CARRIER_H

#include <stdint.h>

struct carrier {
	int down, up; /* the device's two counters, open; -1: it has none */
};
#define CARRIER_NONE ((struct carrier){-1, -1})

/* The sysfs of the caller's network namespace, mounted nowhere, as /sys may be another's: a folder's descriptor, or
 * -errno, such as -EPERM where mounting is not allowed. */
int carrier_sysfs(void);
/* Opens the counters of the device that has this name and `ifindex`. -ENODEV: there is none. */
int carrier_open(int sysfs, const char *name, int ifindex, struct carrier *ret);
void carrier_close(struct carrier *carrier);
/* How often carrier was lost and came back, modulo 2^32. An error, such as -ENODEV once the device is gone, leaves
 * both. */
int carrier_count(const struct carrier *carrier, uint32_t *lost, uint32_t *back);

#endif
