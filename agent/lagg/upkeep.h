/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What xlagg needs of a lagg's devices, compared with what is found. Others may change a device at any time; for each
 * property one of three answers holds:
 *
 *   of               property                                            answer
 *   a port           MAC (except mac active), MTU, promiscuity, allmulti,  put back
 *                    the slow protocols' group, IPv6 off, no IPv6
 *                    addresses made, ifalias, no master, with xdp: VLAN
 *                    stripping and LRO off
 *                    name, administrative state                          follow
 *                    addresses of its own                                say
 *   lagg0            name, MAC, MTU, administrative state, promiscuity    follow
 *                    offloads that xdp needs, addresses given to xlagg   put back
 *                    everything else                                     is the user's
 *   the lower end    up and down (lagg0's carrier), MTU, name, ifalias,   put back
 *                    IPv6 off, no addresses, no master
 *   hooks and pins   programs, links, maps                               put back (sys/datapath)
 *
 * An answer is logged and told once as an event. Where somebody changes the same property again and again, it is put
 * back ever more seldom, and the notice of the port or lagg names it.
 *
 * Events only say "look": they mark a port or a lagg, and so does a step that failed. A look that runs anyway compares
 * everything that is marked, and everything else every few seconds.
 */
#ifndef LAGG_UPKEEP_H
#define LAGG_UPKEEP_H

#include "lagg/lagg.h"

/* Something may be wrong with a port, or with the lagg's own devices: the next look compares it. */
void upkeep_mark_port(struct lagg *lagg, uint32_t slot);
void upkeep_mark(struct lagg *lagg);
/* Compares a port now and puts back what differs; after an event of its device, at adoption. */
void upkeep_port(struct lagg *lagg, uint32_t slot);
/* The look: compares what is marked or due. -ENODEV: the lagg's own device is gone. */
int upkeep_look(struct lagg *lagg, uint64_t now);

#endif
