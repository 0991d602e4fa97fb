/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's programs, maps and pins, which others can detach, write to and remove: compared and put back. */
#ifndef LAGG_HOOKS_H
#define LAGG_HOOKS_H

#include "lagg/lagg.h"

/* Something may be wrong with filters: the next look is a close one. */
void hooks_mark(struct lagg *lagg);
/* The look of every second. A port or lagg whose programs cannot be put back, or are left alone because somebody fights
 * over them, is taken out of use. */
void hooks_look(struct lagg *lagg, uint64_t now);

#endif
