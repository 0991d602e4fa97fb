/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the two clocks, converts monotonic into real times, and sets timers of the event loop. */
#include <time.h>

#include "sys/clock.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_realtime(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t clock_to_realtime(uint64_t monotonic)
{
	/* The two clocks cannot be read at the same moment. The offset is kept, so that the same monotonic time is
	 * always converted into the same real time. */
	static uint64_t offset;
	uint64_t now = clock_realtime() - clock_now();
	if (now - offset + NS_PER_MS > 2 * NS_PER_MS)
		offset = now;
	return offset + monotonic;
}

void clock_set_timer(sd_event_source *timer, uint64_t deadline)
{
	if (deadline == UINT64_MAX) {
		sd_event_source_set_enabled(timer, SD_EVENT_OFF);
		return;
	}
	/* Rounded up, because a timer that is too early would only be set to the same time again. */
	sd_event_source_set_time(timer, deadline / 1000 + 1);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int clock_again_in(sd_event_source *timer, uint64_t ns)
{
	sd_event_source_set_time(timer, (clock_now() + ns) / 1000);
	return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

uint64_t clock_doubled(uint64_t ns, uint32_t times, uint32_t most)
{
	return ns << (times < most ? times : most);
}
