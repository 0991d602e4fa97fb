/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Reads how often a device lost carrier and got it back, as the kernel counts it in sysfs
 * (Documentation/ABI/testing/sysfs-class-net). netif_carrier_off() and netif_carrier_on() themselves count. Reading
 * takes no RTNL, which is often held for the very loss that is looked for.
 */
#ifndef SYS_CARRIER_H
#define SYS_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

struct carrier {
	int down, changes; /* descriptors of two of the device's counters, or -1 */
};
#define CARRIER_NONE ((struct carrier){-1, -1})

/* Opens the counters of the device that has this name and `ifindex`, in a sysfs (sysfs.h). Returns 0 or -errno, -ENODEV
 * if there is none. */
int carrier_open(int sysfs, const char *name, int ifindex, struct carrier *ret);
void carrier_close(struct carrier *carrier);
/* Whether the counters have changed since carrier_count() returned these. Costs one read. False if the device is gone.
 */
bool carrier_changed(const struct carrier *carrier, uint32_t lost, uint32_t back);
/* Reads how often carrier was lost and came back, modulo 2^32. Returns 0, or -errno and leaves both untouched; -ENODEV
 * if the device is gone. */
int carrier_count(const struct carrier *carrier, uint32_t *lost, uint32_t *back);

#endif
