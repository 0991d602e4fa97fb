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

/* Searches for the device of a slot's undo record. It may be here, with another ifindex or name: then the record gets
 * that ifindex. Or another namespace has it: then it is put back there, and the record has no ifindex any more, as
 * where it is gone. `lagg`, `mac`: the name of the lagg, and the MAC that the device had as its port. `name`: set to
 * what it is called. Returns 0, or -errno with a sentence where that could not be found out or done: then it is to be
 * called again. */
int leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const char *lagg, const uint8_t mac[6],
	       char name[XLAGG_NAME_MAX], char why[XLAGG_SENTENCE_MAX]);

#endif
