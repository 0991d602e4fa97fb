/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The clocks of the agent, in nanoseconds, and timers of its event loop. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>
#include <systemd/sd-event.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_now(void);      /* CLOCK_MONOTONIC */
uint64_t clock_realtime(void); /* CLOCK_REALTIME */
/* Converts a monotonic time into a real time, always the same one. */
uint64_t clock_to_realtime(uint64_t monotonic);

/* Sets a timer of the event loop to a monotonic time, or with UINT64_MAX switches it off. */
void clock_set_timer(sd_event_source *timer, uint64_t deadline);
/* For a timer's handler: sets the timer to `ns` from now. Times that were missed are not made up for. Returns 0 or
 * -errno. */
int clock_again_in(sd_event_source *timer, uint64_t ns);
/* Returns `ns` doubled `times` times, but at most `most` times: for tries that come less and less often. */
uint64_t clock_doubled(uint64_t ns, uint32_t times, uint32_t most);

#endif
