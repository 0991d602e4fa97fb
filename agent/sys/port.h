/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Makes a device a port, keeps it so, and puts it back as it was. Each change is written to a struct xlagg_undo, which
 * the caller pins through `record`, before it is made: if the agent dies, the next one can put the device back.
 */
#ifndef SYS_PORT_H
#define SYS_PORT_H

#include "sys/netlink/netlink.h"

/* The settings that a port's device has to have. */
struct port_setup {
	const char *lagg;   /* for ifalias */
	bool taken;	    /* its device is a bond that was taken; for ifalias, too */
	uint8_t mac[6];	    /* the lagg's MAC */
	uint32_t mtu;	    /* the lagg's MTU */
	bool set_mac;	    /* false: the port keeps its own */
	int bond;	    /* ifindex of the lagg's device if that is a bond, which the port is to belong to; else 0 */
	uint16_t queue;	    /* the queue_id that it has there */
	bool promisc;	    /* it receives all frames */
	bool xdp;	    /* VLAN stripping and LRO are off, so that XDP sees whole frames */
	uint32_t leave;	    /* PORT_* and enum xlagg_undo_bit: properties that are not changed this time */
	bool *mac_refused;  /* set to true when the device refuses the MAC; may be NULL */
	uint32_t *differed; /* those that were not as wanted are added to it; may be NULL */
};

/* A property beside those of enum xlagg_undo_bit, which port_adjust() puts right and which needs no undo. */
#define PORT_MASTER (1u << 31) /* the device belongs to no bridge, bond, team or VRF, or only to the lagg's bond */

/* Returns 0 if `device` can be a port of `lagg`, else -errno and a sentence with the reason. */
int port_check(struct netlink *nl, const struct device *device, const char *lagg, char sentence[XLAGG_SENTENCE_MAX]);
/* The same, but checks only that the device has no addresses. */
int port_check_no_address(struct netlink *nl, const struct device *device, const char *lagg,
			  char sentence[XLAGG_SENTENCE_MAX]);
/* Called before each change with the record so far. Unless it returns 0, the change is not made. */
typedef int (*port_record_fn)(void *context, const struct xlagg_undo *undo);
/* Makes the device a port, sets it up and fills *undo. If *undo holds something before, this is put back first. On
 * failure all changes are undone and `sentence` says why; what cannot be undone remains in *undo. */
int port_prepare(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		 struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX]);
/* Changes what is not as the setup says, for example after the lagg's MTU or MAC changed. *undo keeps what the device
 * was before it became a port. */
int port_adjust(struct netlink *nl, const struct device *device, const struct port_setup *setup,
		struct xlagg_undo *undo, port_record_fn record, void *context, char sentence[XLAGG_SENTENCE_MAX]);
/*
 * Puts back what *undo says. Returns 0 and empties *undo when the kernel has confirmed each step, when the device is
 * gone, or when another device has its ifindex now (which `id` shows; it may be NULL). Else returns the first error;
 * *undo then holds what remains, so that the caller can try again, and `sentence` names it.
 */
int port_restore(struct netlink *nl, struct xlagg_undo *undo, const struct xlagg_device_id *id,
		 char sentence[XLAGG_SENTENCE_MAX]);
/* Lists the properties in *undo, separated by commas. */
void port_list_undo(const struct xlagg_undo *undo, char *ret, size_t size);

/* The slow protocols' group, IEEE 802.3 annex 57A. */
extern const uint8_t port_slow_group[6];

#endif
