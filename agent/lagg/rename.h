/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Gives a running lagg or a port another name. */
#ifndef LAGG_RENAME_H
#define LAGG_RENAME_H

#include "lagg/lagg.h"

/* Sets the lagg's name in its configuration and in what it reports. No other lagg may have that name. */
void lagg_set_name(struct lagg *lagg, const char *name);
/* Sets the name of a port, also in the options that name it. No other port of the lagg may have that name. */
void lagg_port_set_name(struct lagg *lagg, uint32_t slot, const char *name);
/* A device was renamed from `before` to `name`: if option mac names it, the option follows. `ifindex`: of the device,
 * 0: it is absent. */
void lagg_mac_from_follows(struct lagg *lagg, int ifindex, const char *before, const char *name);
/* Puts the lagg's present name wherever else it stands: in its record, the state folder and the marks of its ports.
 * Reports the change. */
void lagg_carry_name(struct lagg *lagg, const char *before);

#endif
