/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The shell: a kernel bond as the lagg's own device. Our programs decide who sends and receives; bonding carries the
 * frames, keeps its slaves' MAC and MTU in step, and shows the lagg to whoever knows bonds. */
#ifndef LAGG_SHELL_H
#define LAGG_SHELL_H

#include "lagg/lagg.h"

/* Chooses the mode of a bond that is about to be made: what it does with a frame that our programs did not see, and how
 * it can be told the port. It stays when proto is changed, since a bond with slaves keeps its mode. */
void shell_choose_mode(struct lagg *lagg, uint32_t proto);
/* How transmit programs have bonding send what goes by the lagg's proto, in its bond's mode. Where that mode does not
 * go with the proto, because it was changed, or cannot be told the port, they send directly. */
enum datapath_shell shell_of(const struct lagg *lagg);
/* Tells the programs of a bond in balance-xor at which place bonding has each port at present. */
void shell_count(struct lagg *lagg);
/* Whether `device` is the bond of the lagg with that folder of pins and that record: it bears the mark, or has its
 * program, or is the one that was taken. */
bool shell_is(const struct device *device, const char *folder, const struct xlagg_saved *saved);
/* Sets the bond dormant, and makes it and what is above it forget their neighbours, or lets its ports' carrier be its
 * own, as the lagg's carrier is. */
int shell_assert_carrier(struct lagg *lagg);
/* Puts back what others changed on the bond. Returns 0 or -errno. */
int shell_keep(struct lagg *lagg);
/* Marks the bond with the lagg's name, unless it bears an ifalias of somebody else's. Returns 0 or -errno. */
int shell_mark(struct lagg *lagg);
/* The ifindex of the port that carries the traffic of proto failover, 0: none. */
int shell_active_port(const struct lagg *lagg);
/* failover: has bonding show the port in use as its active slave, from which it announces what is above the bond. */
void shell_follow_active(struct lagg *lagg);

#endif
