/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Devices of a lagg that were ports, or were to become ports, and could not be put back as they were. The undo record
 * of such a device stays in its slot, and is pinned, until the kernel has confirmed each step.
 */
#ifndef LAGG_REST_H
#define LAGG_REST_H

#include "lagg/lagg.h"

/* Whether the slot has such a device. */
bool rest_is(const struct lagg *lagg, uint32_t slot);
/* Puts the device in a slot back as it was, as far as that is possible now. Returns 0, and the slot's record is empty,
 * or the first error. The caller saves the record. */
int rest_put_back(struct lagg *lagg, uint32_t slot);
/* Tries again where it is time to. */
void rest_look(struct lagg *lagg, uint64_t now);
/* Puts a device back now, if it is one of these. Returns 1 if it is as before, 0 if it is none of these, or -errno and
 * a sentence. */
int rest_settle(struct lagg *lagg, int ifindex, char sentence[XLAGG_SENTENCE_MAX]);
/* What people should know about the first of these devices, or NULL. */
const char *rest_why(const struct lagg *lagg);

#endif
