/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The shell: a kernel bond as the lagg's own device. Our programs decide who sends and receives; bonding carries the
 * frames, keeps its slaves' MAC and MTU in step, and shows the lagg to whoever knows bonds. */
#ifndef LAGG_SHELL_H
#define LAGG_SHELL_H

#include "lagg/lagg.h"

/* The mode of bonding (BOND_MODE_*) that goes best with a proto: what it does with a frame that our programs did not
 * see, and how it can be told the port. It stays when proto is changed, since a bond with slaves keeps its mode. */
uint8_t shell_mode(uint32_t proto);
/* How transmit programs have bonding send, in a bond of that mode (enum datapath_shell). `direct`: tx-path direct. */
enum datapath_shell shell_of(enum xlagg_device device, uint8_t mode, bool direct);
/* Whether `device` is the bond of the lagg with that folder of pins: it bears the mark, or has its program. */
bool shell_is(const struct device *device, const char *folder);
/* Sets the bond dormant, or lets its ports' carrier be its own, as the lagg's carrier is. */
int shell_assert_carrier(struct lagg *lagg);
/* Puts back what others changed on the bond. Returns 0 or -errno. */
int shell_keep(struct lagg *lagg);
/* Marks the bond with the lagg's name, unless it bears an ifalias of somebody else's. Returns 0 or -errno. */
int shell_mark(struct lagg *lagg);
/* failover: has bonding show the port in use as its active slave, from which it announces what is above the bond. */
void shell_follow_active(struct lagg *lagg);

#endif
