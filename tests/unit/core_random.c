/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Random inputs from seeds. After each input the rig checks everything that must always hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/core_rig.h"

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static void change_options(struct rig *rig)
{
	static const uint32_t protos[] = {XLAGG_PROTO_FAILOVER,	  XLAGG_PROTO_FAILOVER,	 XLAGG_PROTO_LOADBALANCE,
					  XLAGG_PROTO_ROUNDROBIN, XLAGG_PROTO_BROADCAST, XLAGG_PROTO_NONE,
					  XLAGG_PROTO_LACP};

	switch (below(15)) {
	case 0:
		rig->conf.proto = protos[below(7)];
		break;
	case 1:
		rig->conf.up_delay = below(3) * below(1000);
		break;
	case 2:
		rig->conf.down_delay = below(3) * below(1000);
		break;
	case 3:
		rig->conf.min_links = 1 + below(3);
		break;
	case 4:
		rig->conf.max_links = below(4);
		break;
	case 5:
		rig->conf.reselect = below(3);
		break;
	case 6:
		snprintf(rig->conf.primary, sizeof(rig->conf.primary), "eth%u", below(10));
		break;
	case 7:
		rig->conf.damping = below(2);
		break;
	case 8:
		strcpy(rig->conf.mac, below(2) ? "active" : "auto");
		break;
	case 9:
		rig->conf.lacp_strict = below(2);
		break;
	case 10:
		strcpy(rig->conf.probe, below(3) ? "10.0.0.9,fd00::9" : "none");
		break;
	case 11:
		rig->conf.probe_missed = 1 + below(3);
		rig->conf.probe_targets = below(2);
		break;
	case 12:
		rig->conf.balance = below(2);
		rig->conf.balance_interval = 1 + below(3);
		break;
	case 13:
		rig->conf.grey_detect = below(3);
		break;
	default:
		rig->conf.admin = below(4) > 0;
		break;
	}
	rig_set(rig);
}

static void change_port(struct rig *rig, uint32_t slot)
{
	switch (below(3)) {
	case 0:
		rig->port[slot].prio = below(3);
		break;
	case 1:
		rig->port[slot].weight = 1 + below(255);
		break;
	default:
		rig->port[slot].admin = below(3) > 0;
		break;
	}
	rig_port_set(rig, slot);
}

/* A few rounds in which a target answers some of the ports. */
static void some_answers(struct rig *rig)
{
	static const uint8_t far_end[6] = {2, 9, 9, 9, 9, 9};
	uint32_t ports = below(256);

	for (uint32_t round = below(5); round > 0; round--) {
		rig_until(rig, rig->ms + 200);
		for (uint32_t slot = 0; slot < 8; slot++)
			if (ports & 1u << slot && rig_probe_mac(rig, slot))
				rig_answer(rig, slot, slot, below(4) ? "10.0.0.9" : "fd00::9", far_end);
	}
}

/* Some buckets send a lot. */
static void some_load(struct rig *rig)
{
	static uint64_t bytes[XLAGG_BUCKETS];

	for (uint32_t i = below(XLAGG_BUCKETS); i < XLAGG_BUCKETS; i += 1 + below(20))
		bytes[i] += below(1000000) * 1000ull;
	core_loads(rig->core, (RIG_START + rig->ms) * RIG_MS, bytes, &rig->fx);
	rig_log(rig);
}

/* Some ports lose a part of what they send. */
static void some_losses(struct rig *rig)
{
	static struct core_sample sample[XLAGG_MAX_PORTS];

	for (uint32_t slot = 0; slot < 8; slot++) {
		uint32_t lost = below(3) == 0 ? below(400) : 0;

		sample[slot].known = below(8) > 0;
		sample[slot].segments += 1000;
		sample[slot].retransmitted += lost;
		sample[slot].sockets += lost / 10;
		sample[slot].frames += 1000;
		sample[slot].errors += below(4) == 0 ? lost : 0;
	}
	core_sample(rig->core, (RIG_START + rig->ms) * RIG_MS, sample, &rig->fx);
	rig_log(rig);
}

static void step(struct rig *rig)
{
	uint32_t slot = below(8);

	if (!rig->used[slot]) {
		if (below(3) == 0)
			rig_add(rig, slot);
		return;
	}
	switch (below(18)) {
	case 17:
		for (uint32_t looks = below(5); looks > 0; looks--)
			some_losses(rig);
		break;
	case 16:
		some_load(rig);
		break;
	case 0:
		rig_del(rig, slot);
		break;
	case 1:
		change_options(rig);
		break;
	case 2:
	case 3:
		change_port(rig, slot);
		break;
	case 4:
		rig->link[slot].speed = 1000 * below(3);
		rig_link(rig, slot, below(4) > 0, below(4) > 0, below(2));
		break;
	case 5:
		rig_activate(rig, slot);
		break;
	case 6:
	case 7:
		rig_until(rig, rig->ms + below(3000));
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		some_answers(rig);
		break;
	default:
		rig_carrier(rig, slot, below(3) > 0);
		break;
	}
}

/* Whatever happened before: once all ports are well again, the lagg is too. */
static void recover(struct rig *rig)
{
	rig->conf.admin = 1;
	rig->conf.max_links = 0;
	rig->conf.min_links = 1;
	rig->conf.balance = XLAGG_BALANCE_STATIC;
	rig->conf.grey_detect = XLAGG_GREY_OFF;
	strcpy(rig->conf.probe, "none");
	if (rig->conf.proto == XLAGG_PROTO_NONE || rig->conf.proto == XLAGG_PROTO_LACP)
		rig->conf.proto = XLAGG_PROTO_LOADBALANCE;
	rig_set(rig);
	for (uint32_t slot = 0; slot < 8; slot++) {
		if (!rig->used[slot])
			rig_add(rig, slot);
		rig->port[slot].admin = 1;
		rig_port_set(rig, slot);
		rig_carrier(rig, slot, true);
	}
	rig_settle(rig);
	for (uint32_t slot = 0; slot < 8; slot++)
		cr_assert(core_output(rig->core)->live[slot], "slot %u: %s", slot, rig_reason(rig, slot));
	cr_assert(core_output(rig->core)->carrier);
}

Test(core_random, nothing_breaks_the_rules)
{
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

		srandom(seed);
		for (uint32_t i = 0; i < 300; i++) {
			step(rig);
			rig_forget(rig);
		}
		recover(rig);
		rig_free(rig);
	}
}

Test(core_random, the_same_seed_gives_the_same_run)
{
	struct core_output end[2];

	memset(end, 0, sizeof(end));
	for (uint32_t run = 0; run < 2; run++) {
		struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 4);

		srandom(99);
		for (uint32_t i = 0; i < 500; i++) {
			step(rig);
			rig_forget(rig);
		}
		end[run] = *core_output(rig->core);
		rig_free(rig);
	}
	cr_assert_arr_eq(&end[0], &end[1], sizeof(end[0]));
}
