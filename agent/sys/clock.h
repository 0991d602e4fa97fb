/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The clocks of the agent, in nanoseconds, and the one timer of the event loop. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_now(void);      /* CLOCK_MONOTONIC */
uint64_t clock_realtime(void); /* CLOCK_REALTIME */
/* The real time of a monotonic one, always the same for the same moment. */
uint64_t clock_to_realtime(uint64_t monotonic);

#endif
