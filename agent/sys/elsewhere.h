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
	int netnsid;	    /* our number for the namespace that it was moved to (netlink_netnsid()), -1: unknown */
	int ifindex;	    /* its ifindex there, 0: unknown */
	const uint8_t *mac; /* its MAC: that of the lagg */
	const char *mark;   /* its ifalias: that of a port of the lagg */
	/* Its identity here, NULL: unknown. It is used if `ifindex` is unknown: all ports of a lagg that were moved to
	 * the same namespace have the same MAC and mark, and most devices keep their ifindex. */
	const struct xlagg_device_id *id;
};

/*
 * Puts the device back as it was (port_restore()) where it is now, and sets `name` to what it is called there; if it is
 * not found, `name` is left as it was. Returns 0, -ENODEV when no namespace that can be entered has it, -ENOENT when
 * the one that it was moved to is not among these, -ENOTUNIQ when a namespace has several devices that it may be,
 * -ETIMEDOUT when there is no answer within two seconds, or the error of what could not be put back or of a namespace
 * that could not be entered now.
 */
int elsewhere_restore(struct netlink *nl, const struct elsewhere *device, const struct xlagg_undo *undo,
		      char name[XLAGG_NAME_MAX]);

#endif
