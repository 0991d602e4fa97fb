/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The ports of a running lagg. A port is found by its slot. */
#ifndef LAGG_PORTS_H
#define LAGG_PORTS_H

#include "lagg/lagg.h"

/* The slot of the port of that name, or -ENOENT. */
int lagg_port_find(const struct lagg *lagg, const char *name);
/* The device that this configuration of a port means, of a lagg that has it or gets it: that of the port, else the one
 * that is called so. */
int lagg_port_device(const struct lagg *lagg, const struct xlagg_port_model *model, struct device *ret);
/* Its configuration, or NULL. */
struct xlagg_port_model *lagg_port_model(struct lagg *lagg, uint32_t slot);

/* Adds a port to the configuration, and its device where it is there. */
int lagg_port_add(struct lagg *lagg, const struct xlagg_port_model *port, char sentence[XLAGG_SENTENCE_MAX]);
/*
 * Before a port is removed: what goes over it goes elsewhere, and the far end is told, while the port still receives.
 * Returns whether it carried traffic.
 */
bool lagg_port_retire(struct lagg *lagg, uint32_t slot);
/* Removes it from the configuration and puts its device back. */
void lagg_port_del(struct lagg *lagg, uint32_t slot);
/* The device of a port appeared: makes it a port. */
int lagg_port_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX]);
/* The device of a port is gone, with an event; or for other reasons no longer a port. */
void lagg_port_gone(struct lagg *lagg, uint32_t slot);
void lagg_port_absent(struct lagg *lagg, uint32_t slot);
/* Calls a port so from now on, here and in the options that name it. No other port of the lagg may have the name. */
void lagg_port_set_name(struct lagg *lagg, uint32_t slot, const char *name);
/* The MAC that is the device's own: the permanent one, or, where the driver reports none, the one that it had before it
 * became a port. */
void lagg_port_own_mac(const struct lagg *lagg, uint32_t slot, uint8_t mac[6]);
/* Whether the device that has the number of a port's device is another one: its permanent MAC is, or it has nothing of
 * what makes a device a port. */
bool lagg_port_is_another(const struct lagg *lagg, uint32_t slot, const struct device *device);
/* The device of a port changed: its link, or what is the lagg's to choose. */
void lagg_port_changed(struct lagg *lagg, uint32_t slot);
/* Looks at carrier, speed and administrative state now and hands them to the core. `detected`: what caused the look. */
void lagg_port_refresh(struct lagg *lagg, uint32_t slot, enum xlagg_detected detected);
/* Its carrier is known to be gone: the core hears of it before the kernel is asked, which may have to wait for RTNL.
 * `admin_up`: whether the device was administratively up then. */
void lagg_port_lost(struct lagg *lagg, uint32_t slot, bool admin_up, enum xlagg_detected detected);
/* The agent did to the device what may cost it its link: for a while a loss of that is no failure. */
void lagg_port_unsettle(struct lagg *lagg, uint32_t slot);
/* Makes the port's device what the lagg wants; also after someone else changed it. */
int lagg_port_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX]);
/* The same without the properties in `leave` (port.h); adds those that were not as wanted to *differed. -ENODEV: the
 * device is gone. */
int lagg_port_mend(struct lagg *lagg, uint32_t slot, uint32_t leave, uint32_t *differed,
		   char sentence[XLAGG_SENTENCE_MAX]);
/* The same as lagg_port_adjust() for all ports. 0, or the first error. */
int lagg_adjust_ports(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX]);

#endif
