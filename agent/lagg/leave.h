/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Ports whose devices were moved into another network namespace, which nobody asks xlagg about. They are put back there
 * as they were. */
#ifndef LAGG_LEAVE_H
#define LAGG_LEAVE_H

#include "lagg/lagg.h"

/* The device of a port was moved a moment ago. `device`: what the kernel told of that. */
void leave_moved(struct lagg *lagg, uint32_t slot, const struct device *device);

/*
 * Looks for the device that this slot's undo record is about, if record_read() did not find it here under its number.
 * It may have returned with another number while no agent ran: then the record gets that number. Or it is in another
 * namespace: then it is put back there, and what goes wrong is logged. `lagg`, `mac`: name and MAC of the lagg.
 */
void leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const char *lagg, const uint8_t mac[6]);

#endif
