/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Hooks: checks whether someone detached the lagg's programs, wrote to its maps or removed its pins, and puts that
 * back. */
#ifndef LAGG_HOOKS_H
#define LAGG_HOOKS_H

#include "lagg/lagg.h"

/* A filter may have been removed: the next check is a close one. */
void hooks_mark(struct lagg *lagg);
/* Checks once a second and puts back what is wrong. A port or lagg is taken out of use while its programs cannot be put
 * back, or are left alone because someone fights over them. */
void hooks_check(struct lagg *lagg, uint64_t now);

#endif
