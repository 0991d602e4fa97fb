/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Devices that were moved into another network namespace. The namespace is found below /run/netns and by the processes
 * that live in it, and entered by a child: this process stays where it is.
 */
#ifndef SYS_ELSEWHERE_H
#define SYS_ELSEWHERE_H

#include "sys/netlink/netlink.h"

/* A port's device that was moved, as it is known here. */
struct elsewhere {
	int netnsid;	    /* of the namespace that it went to, as this one numbers it; -1: not known */
	int ifindex;	    /* that it has there, 0: not known */
	const uint8_t *mac; /* that it has: the lagg's */
	const char *mark;   /* its ifalias: that of a port of the lagg */
	/* What it was here, NULL: not known. Used if `ifindex` is not known, since all ports of a lagg that moved to
	 * the same namespace have the same MAC and mark. Most devices keep their ifindex when they move. */
	const struct xlagg_device_id *id;
};

/*
 * Puts the device back as it was (port_restore()) where it is now. Returns 0, -ENODEV when no namespace that can be
 * entered has it, -ENOTUNIQ when a namespace has several devices that it may be, -ETIMEDOUT when there is no answer
 * within two seconds, or the error of what could not be put back.
 */
int elsewhere_restore(struct netlink *nl, const struct elsewhere *device, const struct xlagg_undo *undo);

#endif
