/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Upkeep: what xlagg needs of a lagg's devices is compared with what is found. Anyone may change a device at any time.
 * For each property there is one of three answers:
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
 * What is put back is logged and reported as an event. If someone changes the same property again and again, it is put
 * back less and less often (fight.c), and the notice of the port or lagg names it.
 *
 * Events only mark a port or a lagg, and so does a step that failed. The check, once a second, compares what is marked,
 * and everything else every few seconds.
 */
#ifndef LAGG_UPKEEP_H
#define LAGG_UPKEEP_H

#include "lagg/lagg.h"

/* A port, or the lagg's own devices, may have been changed: the next check includes it. */
void upkeep_mark_port(struct lagg *lagg, uint32_t slot);
void upkeep_mark(struct lagg *lagg);
/* Checks a port now and puts back what differs. Called after an event of its device and at adoption. */
void upkeep_port(struct lagg *lagg, uint32_t slot);
/* The check once a second: checks what is marked or due. -ENODEV: the lagg's own device is gone. */
int upkeep_check(struct lagg *lagg, uint64_t now);

#endif
