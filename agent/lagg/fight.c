/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Fights: how often something had to be put back lately, and for how long it is then left alone. */
#include "lagg/fight.h"

#define TIMES 5			   /* this often ... */
#define WITHIN_NS (30 * NS_PER_S)  /* ... within this time makes a fight */
#define LEAVE_NS (2 * NS_PER_S)	   /* the first pause; each pause is twice as long as the one before */
#define DOUBLED 2		   /* how often at most: all is right again ten seconds after the fight ends */
#define EXCUSED_NS (10 * NS_PER_S) /* within this time all is checked twice */

bool fight_note(struct upkeep_fight *fight, uint64_t now)
{
	if (now - fight->since_ns > WITHIN_NS && now > fight->leave_until_ns + WITHIN_NS)
		*fight = (struct upkeep_fight){.since_ns = now};
	fight->times++;
	if (fight->times < TIMES)
		return true;
	fight->leave_until_ns = now + clock_doubled(LEAVE_NS, fight->times - TIMES, DOUBLED);
	return fight->times == TIMES;
}

bool fight_goes_on(const struct upkeep_fight *fight, uint64_t now)
{
	return fight->times >= TIMES && now < fight->leave_until_ns + WITHIN_NS;
}

bool fight_pauses(const struct upkeep_fight *fight, uint64_t now)
{
	return now < fight->leave_until_ns;
}

void fight_excuse(struct lagg *lagg, uint64_t now)
{
	lagg->excused_ns = now + EXCUSED_NS;
}

bool fight_excused(const struct lagg *lagg, uint64_t now)
{
	return now < lagg->excused_ns;
}

const char *fight_by(const struct lagg *lagg)
{
	return lagg->settling ? "while no agent ran" : "by someone else";
}
