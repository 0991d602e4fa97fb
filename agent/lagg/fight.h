/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What others change again and again is put back ever more seldom. All times are monotonic. */
#ifndef LAGG_FIGHT_H
#define LAGG_FIGHT_H

#include "lagg/lagg.h"

/* Notes that something was put back again. Returns whether that is to be reported: the first times, and then once more
 * when the putting back begins to be less often. */
bool fight_note(struct upkeep_fight *fight, uint64_t now);
/* Whether it was put back so often lately that people have to know. */
bool fight_goes_on(const struct upkeep_fight *fight, uint64_t now);
/* Whether it is left alone for now. */
bool fight_pauses(const struct upkeep_fight *fight, uint64_t now);

#endif
