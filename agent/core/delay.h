/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How long frames are on a path, as far as it was measured. */
#ifndef CORE_DELAY_H
#define CORE_DELAY_H

#include <stdint.h>

/* Round-trip times on one path, of late. Both are 0 as long as none was measured. */
struct delay {
	uint64_t slow; /* the greatest, ns; it comes down slowly */
	uint64_t fast; /* the smallest, ns; it goes up slowly */
};

/* Takes a measured round-trip time into account. */
static inline void delay_learn(struct delay *delay, uint64_t ns)
{
	if (ns > delay->slow)
		delay->slow = ns;
	else
		delay->slow -= (delay->slow - ns) / 4;
	if (ns < delay->fast || !delay->fast)
		delay->fast = ns;
	else
		delay->fast += (ns - delay->fast) / 4;
}

#endif
