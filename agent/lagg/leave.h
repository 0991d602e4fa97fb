/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Ports whose devices someone moved into another network namespace. They are put back there as they were. */
#ifndef LAGG_LEAVE_H
#define LAGG_LEAVE_H

#include "lagg/lagg.h"

/* The device of a port was just moved. `device`: as the kernel's event describes it. */
void leave_moved(struct lagg *lagg, uint32_t slot, const struct device *device);

/* The device of a port is missing, and no event said that it was moved: events may have been lost. It is put back if
 * another namespace has it, and port->elsewhere gets its name there. */
void leave_unseen(struct lagg *lagg, uint32_t slot);

/* Searches for the device of this slot's undo record if record_read() did not find it here by its ifindex. It may have
 * come back with another ifindex while no agent ran: then the record gets that ifindex. Or it may be in another
 * namespace: then it is put back there, and what fails is logged. `lagg`, `mac`: name and MAC of the lagg. `name`: set
 * to its name there. */
void leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const char *lagg, const uint8_t mac[6],
		char name[XLAGG_NAME_MAX]);

#endif
