/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How often something had to be put back lately, and how long it is left alone then. */
#include "lagg/fight.h"

#define TIMES 5			  /* so often ... */
#define WITHIN_NS (30 * NS_PER_S) /* ... within this time is a fight */
#define LEAVE_NS (2 * NS_PER_S)	  /* the first pause; each is twice as long as the one before */
#define DOUBLED 2		  /* times at most: ten seconds after the end of a fight all is right again */

bool fight_note(struct upkeep_fight *fight, uint64_t now)
{
	if (now - fight->since_ns > WITHIN_NS && now > fight->leave_until_ns + WITHIN_NS)
		*fight = (struct upkeep_fight){.since_ns = now};
	fight->times++;
	if (fight->times < TIMES)
		return true;
	uint32_t doubled = fight->times - TIMES;
	fight->leave_until_ns = now + (LEAVE_NS << (doubled < DOUBLED ? doubled : DOUBLED));
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
