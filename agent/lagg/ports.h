/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The ports of a running lagg. A port is found by its slot. */
#ifndef LAGG_PORTS_H
#define LAGG_PORTS_H

#include "lagg/lagg.h"

/* The slot of the port of that name, or -ENOENT. */
int lagg_port_find(const struct lagg *lagg, const char *name);
/* The device of that ifindex or, with 0, of that name. Any failure but that there is none is tried again at once. */
int lagg_ask_device(const struct lagg *lagg, int ifindex, const char *name, struct device *ret);
/* Returns the device of this port, which the lagg has or is about to get: the one it has, else the one of that name. */
int lagg_port_device(const struct lagg *lagg, const struct xlagg_port_model *model, struct device *ret);
/* Returns the port's configuration, or NULL. */
struct xlagg_port_model *lagg_port_model(struct lagg *lagg, uint32_t slot);

/* Adds a port to the configuration, and attaches its device if that exists. */
int lagg_port_add(struct lagg *lagg, const struct xlagg_port_model *port, char sentence[XLAGG_SENTENCE_MAX]);
/* Prepares the removal of a port: its traffic goes over other ports and the far end is told, while it still receives.
 * Returns whether it carried traffic. */
bool lagg_port_retire(struct lagg *lagg, uint32_t slot);
/* Removes a port from the configuration and puts its device back. */
void lagg_port_del(struct lagg *lagg, uint32_t slot);
/* Attaches a device to the port that it belongs to. */
int lagg_port_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX]);
/* The device of a port is gone. The first also reports it. */
void lagg_port_gone(struct lagg *lagg, uint32_t slot);
void lagg_port_absent(struct lagg *lagg, uint32_t slot);
/* Returns the device's own MAC: the permanent one or, if the driver reports none, the one that it had before it became
 * a port. */
void lagg_port_own_mac(const struct lagg *lagg, uint32_t slot, uint8_t mac[6]);
/* Whether another device now has the ifindex of the port's device: its permanent MAC differs, or it has nothing of what
 * makes a device a port. */
bool lagg_port_is_another(const struct lagg *lagg, uint32_t slot, const struct device *device);
/* The device of a port may have changed: its link, or a property that the lagg determines. */
void lagg_port_changed(struct lagg *lagg, uint32_t slot);
/* Reads carrier, speed and administrative state now and tells the core. `detected`: what caused this. */
void lagg_port_refresh(struct lagg *lagg, uint32_t slot, enum xlagg_detected detected);
/* The port is known to have lost carrier: tells the core at once, without asking the kernel, which may have to wait for
 * RTNL. `admin_up`: whether the device was administratively up then. */
void lagg_port_lost(struct lagg *lagg, uint32_t slot, bool admin_up, enum xlagg_detected detected);
/* The agent changed the device in a way that may interrupt its link: for a while a loss of the link is no failure. */
void lagg_port_unsettle(struct lagg *lagg, uint32_t slot);
/* Sets the port's device as the lagg wants it, again if someone changed it. */
int lagg_port_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX]);
/* Does the same, except for the properties in `leave` (port.h). Adds to *differed those that were not as wanted.
 * -ENODEV: the device is gone. */
int lagg_port_mend(struct lagg *lagg, uint32_t slot, uint32_t leave, uint32_t *differed,
		   char sentence[XLAGG_SENTENCE_MAX]);
/* Calls lagg_port_adjust() for all ports. Returns 0 or the first error. */
int lagg_adjust_ports(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX]);

#endif
