/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* proto failover: the time at which frames moved from one port to another. */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <time.h>

#include "bpf/rig.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Reads it for the CPU on which the rig's programs run: the others have seen no frame. */
static struct xlagg_turnover turnover(const struct rig *rig)
{
	int cpus = libbpf_num_possible_cpus();
	struct xlagg_turnover *all = calloc((size_t)cpus, sizeof(*all)), ret = {0};
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "turnover"), &zero, all), 0);
	for (int i = 0; i < cpus; i++)
		if (all[i].last_ns)
			ret = all[i];
	free(all);
	return ret;
}

static void send_one(struct rig *rig)
{
	struct frame f = frame_udp(0x0a000001, 0x0a0000fe, 1024, 80);

	cr_assert_eq(rig_run(rig, "tx", &f), TC_ACT_REDIRECT);
}

static void refuse_one(struct rig *rig)
{
	struct frame f = frame_udp(0x0a000001, 0x0a0000fe, 1024, 80);

	cr_assert_eq(rig_run(rig, "tx", &f), TC_ACT_SHOT);
}

Test(turnover, last_frame_on_the_old_port_and_first_on_the_new)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 2, "tx");
	uint64_t begin = now_ns(), lost, back;
	struct xlagg_turnover before, after, again;

	send_one(rig);
	send_one(rig);
	before = turnover(rig);
	cr_assert_eq(before.slot, 0);
	cr_assert_eq(before.came_ns, 0, "no frame took another port before");
	cr_assert_gt(before.last_ns, begin);

	lost = now_ns();
	rig_lose(rig, 0);
	rig_lose(rig, 1);
	refuse_one(rig);
	refuse_one(rig);
	rig->ports[1].enabled = rig->ports[1].lost;
	send_one(rig);
	after = turnover(rig);
	cr_assert_eq(after.slot, 1);
	cr_assert_eq(after.from, 0);
	cr_assert_eq(after.left_ns, before.last_ns);
	cr_assert_gt(after.came_ns, lost);
	cr_assert_eq(after.between, 2, "frames without a port in between");
	send_one(rig);
	cr_assert_eq(turnover(rig).came_ns, after.came_ns, "the first one is meant");

	back = now_ns();
	rig->ports[0].enabled = rig->ports[0].lost;
	send_one(rig);
	again = turnover(rig);
	cr_assert_eq(again.slot, 0);
	cr_assert_eq(again.between, 0);
	cr_assert_eq(again.from, 1);
	cr_assert(again.left_ns > after.came_ns && again.left_ns < back && again.came_ns > back);
	rig_close(rig);
}

Test(turnover, other_protos_take_no_note)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 2, "tx");

	send_one(rig);
	cr_assert_eq(turnover(rig).last_ns, 0);
	rig_close(rig);
}
