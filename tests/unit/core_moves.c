/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Buckets on their way from one live port to another: when they wait, for how long, and how the wait ends. */
#include <string.h>

#include "unit/core_rig.h"

#define TARGET "192.0.2.1"
#define PAUSE_UNMEASURED 5000 /* us */
#define BOUND 1000	      /* ms */

static const uint8_t far_end[6] = {2, 0, 0, 0, 9, 9};

/* What the programs have made of the moves, in a lagg whose first port has given a part of its buckets away. */
struct scene {
	struct rig *rig;
	struct xlagg_move move[XLAGG_BUCKETS];
	struct xlagg_lagg_status before; /* what was counted while the lagg was made */
};

static uint64_t now(const struct rig *rig)
{
	return (RIG_START + rig->ms) * RIG_MS;
}

static struct xlagg_lagg_status status_of(const struct rig *rig)
{
	struct xlagg_lagg_status status = {0};

	core_status(rig->core, &status);
	return status;
}

static uint32_t waiting(const struct rig *rig)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		count += core_output(rig->core)->move[i].until_ns != 0;
	cr_assert_eq(count, status_of(rig).moves.waiting);
	return count;
}

static uint64_t idle(const struct scene *scene)
{
	return status_of(scene->rig).moves.idle - scene->before.moves.idle;
}

static void weigh(struct rig *rig, uint32_t slot, uint8_t weight)
{
	rig->port[slot].weight = weight;
	rig_port_set(rig, slot);
}

/* The programs have seen the marks, and no frame since. */
static void see(struct scene *scene)
{
	memcpy(scene->move, core_output(scene->rig->core)->move, sizeof(scene->move));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		scene->move[i].last_ns = now(scene->rig);
}

static void weighted(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	scene->rig->moves_by_hand = true;
	scene->before = status_of(scene->rig);
	weigh(scene->rig, 1, 3);
	see(scene);
}

/* Answers the core, which has asked. Every bucket has just sent, if it is `busy`. */
static void answer(struct scene *scene, bool busy)
{
	struct rig *rig = scene->rig;

	for (uint32_t i = 0; busy && i < XLAGG_BUCKETS; i++)
		scene->move[i].last_ns = now(rig);
	rig->fx.count = 0;
	core_moves(rig->core, now(rig), scene->move, &rig->fx);
	rig_log(rig);
}

static void go_on(struct scene *scene, uint32_t ms, bool busy)
{
	uint32_t end = scene->rig->ms + ms;

	while (scene->rig->ms < end) {
		uint32_t asked = rig_count(scene->rig, CORE_MOVES), next = rig_deadline(scene->rig);

		rig_until(scene->rig, next < end ? next : end);
		if (rig_count(scene->rig, CORE_MOVES) > asked)
			answer(scene, busy);
	}
}

Test(core_moves, buckets_wait_on_their_old_port)
{
	struct scene scene;
	const struct core_output *out;

	weighted(&scene);
	out = core_output(scene.rig->core);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 4);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		if (!out->move[i].until_ns)
			continue;
		cr_assert_eq(out->move[i].at, 0);
		cr_assert_eq(out->table.bucket[i] & 0xff, 1);
		cr_assert_eq(out->move[i].pause_us, PAUSE_UNMEASURED);
		cr_assert_eq(out->move[i].until_ns, now(scene.rig) + BOUND * RIG_MS);
		cr_assert_not(out->move[i].patient);
	}
	rig_free(scene.rig);
}

Test(core_moves, idle_buckets_have_moved)
{
	struct scene scene;

	weighted(&scene);
	go_on(&scene, 100, false);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_eq(idle(&scene), XLAGG_BUCKETS / 4);
	cr_assert_eq(rig_deadline(scene.rig), UINT32_MAX, "nothing is asked any more");
	rig_free(scene.rig);
}

Test(core_moves, busy_buckets_wait_until_the_bound)
{
	struct scene scene;

	weighted(&scene);
	go_on(&scene, BOUND - 50, true);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 4);
	go_on(&scene, 100, true);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_eq(status_of(scene.rig).moves.bound, XLAGG_BUCKETS / 4);
	rig_free(scene.rig);
}

/* A frame found the bucket idle between two questions. */
Test(core_moves, what_the_programs_did_is_counted)
{
	struct scene scene;
	uint32_t moved = 0;

	weighted(&scene);
	for (uint32_t i = 0; i < XLAGG_BUCKETS && moved < 10; i++)
		if (scene.move[i].until_ns) {
			scene.move[i].at = 1;
			scene.move[i].end = moved++ < 7 ? XLAGG_MOVE_IDLE : XLAGG_MOVE_LOST;
		}
	go_on(&scene, 60, true);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 4 - 10);
	cr_assert_eq(idle(&scene), 7);
	cr_assert_eq(status_of(scene.rig).moves.lost, 3);
	rig_free(scene.rig);
}

Test(core_moves, a_lost_port_is_left_at_once)
{
	struct scene scene;

	weighted(&scene);
	rig_carrier(scene.rig, 0, false);
	cr_assert_eq(status_of(scene.rig).moves.lost, XLAGG_BUCKETS / 4, "of those that had stayed");
	go_on(&scene, 60, true);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_eq(status_of(scene.rig).moves.lost, XLAGG_BUCKETS / 2, "and of those on their way");
	rig_free(scene.rig);
}

Test(core_moves, a_port_that_returns_gets_its_buckets_without_reordering)
{
	struct scene scene = {.rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2)};

	scene.rig->moves_by_hand = true;
	rig_carrier(scene.rig, 0, false);
	cr_assert_eq(waiting(scene.rig), 0);
	rig_carrier(scene.rig, 0, true);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 2);
	rig_free(scene.rig);
}

Test(core_moves, a_port_out_of_service_is_used_until_it_is_left)
{
	struct scene scene = {.rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2)};
	const struct core_output *out = core_output(scene.rig->core);

	scene.before = status_of(scene.rig);
	scene.rig->moves_by_hand = true;
	scene.rig->port[0].admin = 0;
	rig_port_set(scene.rig, 0);
	see(&scene);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 2);
	cr_assert(out->live[0]);
	cr_assert_eq(out->table.count, 1, "nothing else takes it");
	go_on(&scene, BOUND / 2, true);
	cr_assert(out->live[0]);
	go_on(&scene, 100, false);
	cr_assert_not(out->live[0]);
	cr_assert_eq(idle(&scene), XLAGG_BUCKETS / 2);
	rig_free(scene.rig);
}

Test(core_moves, a_port_out_of_service_may_be_lost_meanwhile)
{
	struct scene scene = {.rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2)};

	scene.rig->moves_by_hand = true;
	scene.rig->port[0].admin = 0;
	rig_port_set(scene.rig, 0);
	see(&scene);
	rig_carrier(scene.rig, 0, false);
	cr_assert_not(core_output(scene.rig->core)->live[0]);
	go_on(&scene, 60, true);
	cr_assert_eq(status_of(scene.rig).moves.lost, XLAGG_BUCKETS / 2);
	rig_free(scene.rig);
}

/* The port that the buckets wait for keeps its place for down-delay without carrier. They wait on, because nothing else
 * could carry them, and no longer than they would have anyway: the port that they are on is out of service. */
Test(core_moves, a_port_out_of_service_stays_until_the_bound_if_the_other_is_lost)
{
	struct scene scene = {.rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2)};
	const struct core_output *out = core_output(scene.rig->core);

	scene.rig->moves_by_hand = true;
	scene.rig->conf.down_delay = 3 * BOUND;
	rig_set(scene.rig);
	scene.rig->port[0].admin = 0;
	rig_port_set(scene.rig, 0);
	see(&scene);
	rig_carrier(scene.rig, 1, false);
	cr_assert(out->live[0] && !out->live[1]);
	go_on(&scene, BOUND - 50, true);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 2);
	cr_assert(out->live[0]);
	go_on(&scene, 100, true);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_not(out->live[0]);
	rig_free(scene.rig);
}

/* After down-delay the buckets have no port to go to, and the port that they are on is out of service. */
Test(core_moves, a_port_out_of_service_ends_with_the_down_delay_of_the_other)
{
	struct scene scene = {.rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2)};
	const struct core_output *out = core_output(scene.rig->core);

	scene.rig->moves_by_hand = true;
	scene.rig->conf.down_delay = BOUND / 2;
	rig_set(scene.rig);
	scene.rig->port[0].admin = 0;
	rig_port_set(scene.rig, 0);
	see(&scene);
	rig_carrier(scene.rig, 1, false);
	go_on(&scene, BOUND / 2 - 50, true);
	cr_assert(out->live[0]);
	go_on(&scene, 100, true);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_not(out->live[0]);
	cr_assert_not(out->carrier);
	rig_free(scene.rig);
}

/* The wait begins anew, and the programs alone know on which port the bucket is. */
Test(core_moves, another_way_meanwhile)
{
	struct scene scene;
	const struct core_output *out;
	uint32_t number[XLAGG_BUCKETS];
	uint64_t until[XLAGG_BUCKETS];

	weighted(&scene);
	out = core_output(scene.rig->core);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		number[i] = out->move[i].until_ns ? out->move[i].number : 0;
		until[i] = out->move[i].until_ns;
	}
	go_on(&scene, BOUND / 2, true);
	weigh(scene.rig, 1, 1);
	see(&scene);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (number[i] && out->move[i].until_ns) {
			cr_assert_eq(out->move[i].number, number[i]);
			cr_assert_eq(out->move[i].until_ns, number[i] && (out->table.bucket[i] & 0xff) == 0
								? now(scene.rig) + BOUND * RIG_MS
								: until[i]);
		}
	go_on(&scene, 60, false);
	cr_assert_eq(waiting(scene.rig), 0);
	rig_free(scene.rig);
}

/* Nobody but the programs should write there, but others can. */
Test(core_moves, a_map_that_makes_no_sense_ends_at_the_bound)
{
	struct scene scene;

	weighted(&scene);
	memset(scene.move, 0xff, sizeof(scene.move));
	go_on(&scene, BOUND - 50, false);
	cr_assert_eq(waiting(scene.rig), XLAGG_BUCKETS / 4);
	go_on(&scene, 100, false);
	cr_assert_eq(waiting(scene.rig), 0);
	rig_free(scene.rig);
}

/* Answers of the first port come after 1 ms, of the second after 21 ms. */
Test(core_moves, the_pause_is_what_the_paths_differ)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	const struct core_output *out = core_output(rig->core);

	strcpy(rig->conf.probe, TARGET);
	rig_set(rig);
	rig->moves_by_hand = true;
	for (int i = 0; i < 5; i++) {
		rig->ms += 1;
		rig_answer(rig, 0, 0, TARGET, far_end);
		rig->ms += 20;
		rig_answer(rig, 1, 1, TARGET, far_end);
		rig_until(rig, rig_deadline(rig));
	}
	weigh(rig, 0, 3);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (out->move[i].until_ns)
			cr_assert_eq(out->move[i].pause_us, 26000, "the longer path may be overtaken: %u us",
				     out->move[i].pause_us);
	cr_assert_eq(status_of(rig).moves.pause_us, 26000);
	weigh(rig, 0, 1);
	weigh(rig, 1, 200);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (out->move[i].until_ns && out->move[i].at == 0)
			cr_assert(out->move[i].pause_us == 1000, "the shorter one may not: %u us",
				  out->move[i].pause_us);
	rig_free(rig);
}

/* --- option balance adaptive --- */

static void even_out(struct scene *scene)
{
	static uint64_t bytes[XLAGG_BUCKETS];
	struct rig *rig = scene->rig;

	memset(bytes, 0, sizeof(bytes));
	for (int look = 0; look < 2; look++) {
		rig_until(rig, rig_deadline(rig));
		for (uint32_t i = 0, busy = 0; i < XLAGG_BUCKETS && busy < 16; i++)
			if ((core_output(rig->core)->table.bucket[i] & 0xff) == 0 && ++busy)
				bytes[i] += (uint64_t)look << 30;
		rig->fx.count = 0;
		core_loads(rig->core, now(rig), bytes, &rig->fx);
		rig_log(rig);
	}
	see(scene);
}

static void adaptive(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	scene->rig->moves_by_hand = true;
	scene->before = status_of(scene->rig);
	scene->rig->conf.balance = XLAGG_BALANCE_ADAPTIVE;
	rig_set(scene->rig);
	even_out(scene);
}

Test(core_moves, balance_waits_like_everyone)
{
	struct scene scene;

	adaptive(&scene);
	cr_assert_eq(waiting(scene.rig), 8);
	go_on(&scene, 60, false);
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_eq(idle(&scene), 8);
	rig_free(scene.rig);
}

/* The load alone is no reason to reorder a flow. */
Test(core_moves, balance_gives_up_at_the_bound)
{
	struct scene scene;
	struct xlagg_table after;

	adaptive(&scene);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		cr_assert_eq(core_output(scene.rig->core)->move[i].until_ns != 0, scene.move[i].patient);
	go_on(&scene, BOUND + 200, true);
	after = core_output(scene.rig->core)->table;
	cr_assert_eq(waiting(scene.rig), 0);
	cr_assert_eq(status_of(scene.rig).moves.cancelled, 8);
	cr_assert_eq(idle(&scene), 0);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		if (scene.move[i].until_ns)
			cr_assert_eq(after.bucket[i] & 0xff, 0, "bucket %u went back", i);
	rig_free(scene.rig);
}
