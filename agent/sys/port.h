/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A device becomes a port and is put back as it was. What was changed is written to a struct xlagg_undo before it is
 * changed (the caller pins it through `record`), so that an agent that dies in between can be cleaned up after.
 */
#ifndef SYS_PORT_H
#define SYS_PORT_H

#include "sys/netlink/netlink.h"

/* What a port's device shall look like. */
struct port_setup {
	const char *lagg;   /* for ifalias */
	uint8_t mac[6];	    /* the lagg's MAC */
	uint32_t mtu;	    /* the lagg's MTU */
	bool set_mac;	    /* false: the port keeps its own */
	bool promisc;	    /* the lagg is promiscuous, or has VLANs behind a fixed filter */
	bool xdp;	    /* XDP sees the frames: VLAN stripping and LRO off */
	uint32_t leave;	    /* PORT_* and enum xlagg_undo_bit: properties that are left as they are this time */
	uint32_t *differed; /* adds those that were not as wanted; NULL: nobody asks */
};

/* Properties beside those of enum xlagg_undo_bit that port_adjust() puts right and that need no undo. */
#define PORT_MASTER (1u << 31) /* the device belongs to no bridge, bond, team or VRF */

/* Says why `device` cannot be a port of `lagg` (CLI.md "Refused as a port"), in one sentence, or gives 0. */
int port_check(struct netlink *nl, const struct device *device, const char *lagg, char sentence[XLAGG_SENTENCE_MAX]);
/* The part of it about addresses that the device has. */
int port_check_no_address(struct netlink *nl, const struct device *device, const char *lagg,
			  char sentence[XLAGG_SENTENCE_MAX]);
/* Called before each change with what has been recorded so far. */
typedef int (*port_record_fn)(void *context, const struct xlagg_undo *undo);
/* Sets the device up as a port and up; fills *undo. What *undo says before is put back first. On failure everything is
 * put back and `sentence` says why; what cannot be put back remains in *undo. */
int port_prepare(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		 struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX]);
/* MTU, MAC, promiscuity changed on the lagg: applies the difference, keeps the oldest undo. */
int port_adjust(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX]);
/*
 * Puts back what *undo says. 0: each step was confirmed, or the device is gone, or another one has its number now (`id`
 * tells; NULL: that is not known); *undo is empty then. Else the first error: *undo holds what remains, so that it can
 * be tried again, and `sentence` names it.
 */
int port_restore(struct netlink *nl, struct xlagg_undo *undo, const struct xlagg_device_id *id,
		 char sentence[XLAGG_SENTENCE_MAX]);
/* The properties that *undo names, separated by commas. */
void port_list_undo(const struct xlagg_undo *undo, char *ret, size_t size);

/* The slow protocols' group, IEEE 802.3 annex 57A. */
extern const uint8_t port_slow_group[6];
/* Whether an ifalias says that its device is a port. */
bool port_is_marked(const char *alias);

#endif
