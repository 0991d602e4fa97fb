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
/* A change of ours failed halfway. For ten seconds, what differs on the lagg's devices may be the rest of it: it is put
 * back, and nobody is blamed. */
void fight_excuse(struct lagg *lagg, uint64_t now);
bool fight_excused(const struct lagg *lagg, uint64_t now);

/* Says who changed what differs, after "was changed". An agent that takes over cannot know whether the one before died
 * in a change of its own. */
const char *fight_by(const struct lagg *lagg);

#endif
