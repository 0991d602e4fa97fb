/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A running lagg is called otherwise. */
#ifndef LAGG_RENAME_H
#define LAGG_RENAME_H

#include "lagg/lagg.h"

/* Calls the lagg so from now on, in its configuration and in what it reports. No other lagg may have the name. */
void lagg_set_name(struct lagg *lagg, const char *name);
/* A device is called `name` and no longer `before`: if option mac names it, the option follows. `ifindex`: of the
 * device, 0: it is not there. */
void lagg_mac_from_follows(struct lagg *lagg, int ifindex, const char *before, const char *name);
/* What else bears the lagg's name takes the present one: its record, what is kept of it, its lower end, the marks of
 * its ports. Reports the change. */
void lagg_carry_name(struct lagg *lagg, const char *before);

#endif
