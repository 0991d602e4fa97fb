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

/* What is known of a port's device that is not where it was. */
struct leave_search {
	const char *lagg;   /* the lagg's name */
	const uint8_t *mac; /* the MAC that the device had as its port */
	int netnsid;	    /* our number for the namespace that it was moved to, -1: not known */
};

/* Searches for the device of a slot's undo record. It may be here, with another ifindex or name: then the record gets
 * that ifindex. Or another namespace has it: then it is put back there, and the record has no ifindex any more, as
 * where it is gone. `name`: set to what it is called. Returns 0, or -errno with a sentence where that could not be
 * found out or done: then it is to be called again. */
int leave_find(struct netlink *nl, struct xlagg_saved *saved, uint32_t slot, const struct leave_search *search,
	       char name[XLAGG_NAME_MAX], char why[XLAGG_SENTENCE_MAX]);

#endif
