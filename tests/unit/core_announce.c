/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* When the neighbours are told of a failover, and how often. */
#include <string.h>

#include "unit/core_rig.h"

Test(core_announce, three_times_100_ms_apart)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	uint32_t start = rig->ms;

	rig_carrier(rig, 0, false);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(rig_when(rig, CORE_ANNOUNCE, i), start + 100 * i);
	cr_assert_eq(rig_count(rig, CORE_REJOIN), 1);
	cr_assert_eq(rig_when(rig, CORE_REJOIN, 0), start);
	rig_free(rig);
}

Test(core_announce, as_configured)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	uint32_t start = rig->ms;

	rig->conf.peer_notify = 0;
	rig->conf.mcast_rejoin = 2;
	rig->conf.peer_notify_delay = 250;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0);
	cr_assert_eq(rig_count(rig, CORE_REJOIN), 2);
	cr_assert_eq(rig_when(rig, CORE_REJOIN, 1), start + 250);
	rig_free(rig);
}

Test(core_announce, also_for_planned_changes)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig_activate(rig, 1);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3);
	rig_free(rig);
}

Test(core_announce, a_second_failover_starts_over)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	uint32_t start = rig->ms;

	rig_carrier(rig, 0, false);
	rig_until(rig, start + 150);
	rig_carrier(rig, 0, true);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 2 + 3);
	cr_assert_eq(rig_when(rig, CORE_ANNOUNCE, 2), start + 150);
	rig_free(rig);
}

Test(core_announce, waits_for_carrier)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);

	rig->conf.min_links = 2;
	rig_set(rig);
	rig_carrier(rig, 2, false);
	rig_carrier(rig, 0, false);
	rig_until(rig, rig->ms + 1000);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0, "eth1 is active, but nothing leaves it");
	rig_carrier(rig, 2, true);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 1);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3);
	rig_free(rig);
}

Test(core_announce, other_protos_when_a_port_leaves)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 3);

	rig_carrier(rig, 2, false);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3, "what was learned on eth2 is a dead end");
	rig_forget(rig);
	rig_carrier(rig, 2, true);
	rig->port[1].weight = 7;
	rig_port_set(rig, 1);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0, "a port that comes invalidates nothing");
	rig->port[1].admin = 0;
	rig_port_set(rig, 1);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3);
	rig_free(rig);
}

Test(core_announce, nothing_at_rest)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig_until(rig, rig->ms + 3600000);
	cr_assert_eq(rig->entries, 0);
	cr_assert_eq(core_deadline(rig->core), CORE_NEVER);
	rig_free(rig);
}
