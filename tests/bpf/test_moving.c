/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A bucket that moves: on which port its frames are, in the programs `tx`, `xdp_tx` and `explain`. */
#include <time.h>

#include "bpf/rig.h"

#define LONG_NS 3600000000000ull

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* A frame of a bucket that moves from port 0 to port 1. */
struct scene {
	struct rig *rig;
	struct frame frame;
	uint32_t bucket;
};

static void set_move(const struct scene *scene, const struct xlagg_move *move)
{
	cr_assert_eq(bpf_map_update_elem(rig_map(scene->rig, "moves"), &scene->bucket, move, BPF_ANY), 0);
}

static struct xlagg_move get_move(const struct scene *scene)
{
	struct xlagg_move move;

	cr_assert_eq(bpf_map_lookup_elem(rig_map(scene->rig, "moves"), &scene->bucket, &move), 0);
	return move;
}

static void begin(struct scene *scene, const struct xlagg_move *move)
{
	scene->rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 3, "tx explain xdp_tx");
	scene->frame = frame_udp(0x0a000001, 0x0a0000fe, 1024, 80);
	scene->bucket = rig_explain(scene->rig, &scene->frame).bucket;
	scene->rig->tables[0].bucket[scene->bucket] = 2 << 8 | XLAGG_MOVING | 1;
	set_move(scene, move);
}

/* Sends a frame and returns the slot of the port that it took. */
static uint32_t port_taken(struct scene *scene, const char *program)
{
	uint64_t before[3];

	for (uint32_t i = 0; i < 3; i++)
		before[i] = rig_port_stats(scene->rig, i).tx_packets;
	rig_run(scene->rig, program, &scene->frame);
	for (uint32_t i = 0; i < 3; i++)
		if (rig_port_stats(scene->rig, i).tx_packets != before[i])
			return i;
	return XLAGG_NO_PORT;
}

static struct xlagg_move waits(void)
{
	return (struct xlagg_move){.until_ns = now_ns() + LONG_NS, .pause_us = UINT32_MAX};
}

Test(moving, frames_stay_on_the_old_port)
{
	static const char *const programs[] = {"tx", "xdp_tx"};
	struct xlagg_move move = waits(), after;
	struct scene scene;

	begin(&scene, &move);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t before = now_ns();

		cr_assert_eq(port_taken(&scene, programs[i]), 0, "%s", programs[i]);
		after = get_move(&scene);
		cr_assert(after.last_ns >= before && after.last_ns <= now_ns(), "the time of the frame is noted");
		cr_assert_eq(after.at, 0);
		cr_assert_eq(after.end, XLAGG_MOVE_WAITS);
	}
	cr_assert_eq(rig_explain(scene.rig, &scene.frame).slot, 0);
	cr_assert_eq(rig_explain(scene.rig, &scene.frame).choice, XLAGG_CHOICE_MOVING);
	cr_assert_eq(get_move(&scene).last_ns, after.last_ns, "explain sends nothing");
	rig_close(scene.rig);
}

/* Lets a move end with the next frame, and checks what that changes. */
static void ends(const struct xlagg_move *move, enum xlagg_move_end how)
{
	struct scene scene;
	struct xlagg_move after;

	begin(&scene, move);
	cr_assert_eq(rig_explain(scene.rig, &scene.frame).slot, 1);
	cr_assert_eq(get_move(&scene).at, 0, "explain moves nothing");
	cr_assert_eq(port_taken(&scene, "tx"), 1);
	after = get_move(&scene);
	cr_assert_eq(after.at, 1);
	cr_assert_eq(after.end, how);
	/* and stays there, whatever the times are now */
	after.pause_us = UINT32_MAX;
	after.until_ns = now_ns() + LONG_NS;
	after.proved_ns = 0;
	set_move(&scene, &after);
	cr_assert_eq(port_taken(&scene, "tx"), 1);
	cr_assert_eq(port_taken(&scene, "xdp_tx"), 1);
	cr_assert_gt(get_move(&scene).last_ns, after.last_ns);
	rig_close(scene.rig);
}

/* The next frame does not end the move. */
static void stays(const struct xlagg_move *move)
{
	struct scene scene;

	begin(&scene, move);
	cr_assert_eq(port_taken(&scene, "tx"), 0);
	rig_close(scene.rig);
}

Test(moving, an_idle_bucket_moves)
{
	struct xlagg_move move = waits();

	move.pause_us = 1000;
	move.last_ns = now_ns() - 2000000;
	ends(&move, XLAGG_MOVE_IDLE);
}

/* Nothing is known of frames before the mark, so the first one stays. */
Test(moving, unknown_is_not_idle)
{
	struct xlagg_move move = waits();
	struct scene scene;

	move.pause_us = 0;
	begin(&scene, &move);
	cr_assert_eq(port_taken(&scene, "tx"), 0);
	cr_assert_eq(port_taken(&scene, "tx"), 1);
	rig_close(scene.rig);
}

Test(moving, a_proof_ends_it)
{
	struct xlagg_move move = waits();

	move.last_ns = now_ns() - 1000000;
	move.proved_ns = move.last_ns + 1;
	ends(&move, XLAGG_MOVE_MARKER);
}

Test(moving, a_proof_of_older_frames_does_not)
{
	struct xlagg_move move = waits();

	move.last_ns = move.proved_ns = now_ns() - 1000000;
	stays(&move);
}

Test(moving, the_bound_ends_it_unless_it_is_patient)
{
	struct xlagg_move move = waits();

	move.until_ns = now_ns();
	ends(&move, XLAGG_MOVE_BOUND);
	move.patient = 1;
	stays(&move);
}

Test(moving, a_lost_port_is_left_at_once)
{
	struct xlagg_move move = waits();
	struct scene scene;

	begin(&scene, &move);
	cr_assert_eq(port_taken(&scene, "tx"), 0);
	rig_lose(scene.rig, 0);
	cr_assert_eq(port_taken(&scene, "tx"), 1);
	cr_assert_eq(get_move(&scene).end, XLAGG_MOVE_LOST);
	rig_lose(scene.rig, 1);
	cr_assert_eq(port_taken(&scene, "tx"), 2, "the backup");
	rig_close(scene.rig);
}

Test(moving, the_new_port_may_be_lost_meanwhile)
{
	struct xlagg_move move = waits();
	struct scene scene;

	begin(&scene, &move);
	rig_lose(scene.rig, 1);
	cr_assert_eq(port_taken(&scene, "tx"), 0, "it is still on the old one");
	rig_close(scene.rig);
}

/* What others wrote there leads to no port that does not exist. */
Test(moving, scribbled_over)
{
	struct xlagg_move move;
	struct scene scene;

	memset(&move, 0xff, sizeof(move));
	begin(&scene, &move);
	cr_assert_eq(port_taken(&scene, "tx"), 1);
	cr_assert_eq(get_move(&scene).end, XLAGG_MOVE_LOST);
	rig_close(scene.rig);
}
