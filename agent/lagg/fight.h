/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Fights: what someone else changes again and again is put back less and less often. All times are monotonic. */
#ifndef LAGG_FIGHT_H
#define LAGG_FIGHT_H

#include "lagg/lagg.h"

/* Notes that something was put back again. Returns whether to report that: the first few times, and then once more when
 * it begins to be put back less often. */
bool fight_note(struct upkeep_fight *fight, uint64_t now);
/* Whether it was put back so often lately that people have to be told. */
bool fight_goes_on(const struct upkeep_fight *fight, uint64_t now);
/* Whether it is to be left alone for now. */
bool fight_pauses(const struct upkeep_fight *fight, uint64_t now);

#endif
