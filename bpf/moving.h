/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A bucket that moves from one live port to another. Its frames stay on the old port until the next one cannot overtake
 * those in flight there: it has been idle for longer than the paths differ, or a marker came back that was sent after
 * its last frame. No slot has XLAGG_MOVING in it, so the bucket's port is looked up in vain, and only then is anything
 * of this run: buckets that do not move pay nothing.
 */
#ifndef BPF_MOVING_H
#define BPF_MOVING_H

#include <stdbool.h>

#include "live.h"

/* Whether a bucket's entry says that it moves. */
static __always_inline bool is_moving(__u32 slot)
{
	return (slot & ~(XLAGG_MAX_PORTS - 1)) == XLAGG_MOVING;
}

/* How the move ends now, or XLAGG_MOVE_WAITS. `last`: of the bucket's last frame. */
static __always_inline __u32 end_of(const volatile struct xlagg_move *move, __u64 last, __u64 now)
{
	if (!live(move->at))
		return XLAGG_MOVE_LOST;
	if (last && last < now && now - last > move->pause_us * 1000ull)
		return XLAGG_MOVE_IDLE;
	if (last && last < move->proved_ns)
		return XLAGG_MOVE_MARKER;
	return now >= move->until_ns && !move->patient ? XLAGG_MOVE_BOUND : XLAGG_MOVE_WAITS;
}

/*
 * The slot of the port that a frame of a moving bucket takes. `to`: where the bucket moves. `advance`: a frame is sent
 * (boolean), else it is only asked where one would go. `last_ns` is read before `at` and written after it: whoever sees
 * the time of the first frame on the new port sees that the bucket has moved. It is global, so that the verifier goes
 * through it once.
 */
__noinline __u32 slot_of_moving(__u32 bucket, __u32 to, __u32 advance)
{
	volatile struct xlagg_move *move = bpf_map_lookup_elem(&moves, &bucket);
	__u64 last, now = bpf_ktime_get_ns();
	__u32 at, end;

	if (!move)
		return to;
	last = move->last_ns;
	at = move->at;
	end = at == to ? XLAGG_MOVE_WAITS : end_of(move, last, now);
	if (end)
		at = to;
	if (!advance)
		return at;
	if (end) {
		move->end = end;
		move->at = to;
	}
	move->last_ns = now;
	return at;
}

#endif
