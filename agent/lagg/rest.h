/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Rests of a running lagg: devices that were ports, or were becoming ports, and could not be put back yet. The undo
 * record of such a device stays in its slot, and pinned, until the kernel has confirmed every step. */
#ifndef LAGG_REST_H
#define LAGG_REST_H

#include "lagg/lagg.h"

/* Whether this slot has a device that is still to be put back. */
bool rest_is(const struct lagg *lagg, uint32_t slot);
/* Puts the device in a slot back as it was, as far as that is possible now. Returns 0 if everything is done: then the
 * slot's undo record is empty. Otherwise returns the first error. The caller saves the record. */
int rest_put_back(struct lagg *lagg, uint32_t slot);
/* Notes that the device of a slot's undo record is not here. It had this MAC. rest_put_back() searches the other
 * namespaces for it then, until it is put back there or known to be gone. `netnsid`: our number for the namespace that
 * it was moved to, -1: not known. */
void rest_search(struct lagg *lagg, uint32_t slot, const uint8_t mac[6], int netnsid);
/* Empties the undo record of a slot: nothing remains, or another device becomes its port while its own is searched for.
 */
void rest_give_up(struct lagg *lagg, uint32_t slot);
/* Tries those again whose time has come. */
void rest_retry(struct lagg *lagg, uint64_t now);
/* Puts a device back now if it is one of these. Returns 1 if that was done, 0 if it is not one of these, or -errno with
 * a sentence. */
int rest_settle(struct lagg *lagg, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
/* Returns why the first of these devices could not be put back yet, or NULL. */
const char *rest_why(const struct lagg *lagg);

#endif
