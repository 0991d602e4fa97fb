/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A new agent takes over what is in use, and several inputs have one effect. */
#include <string.h>

#include "unit/core_rig.h"

/* Makes a core that takes over what `from` published, with the same links. */
static struct rig *adopt(const struct rig *from)
{
	struct rig *rig = rig_new_with(&from->conf);

	core_hold(rig->core);
	core_adopt(rig->core, &core_output(from->core)->table);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		char name[XLAGG_NAME_MAX] = {'e', 't', 'h', (char)('0' + slot)};

		if (!from->used[slot])
			continue;
		rig->used[slot] = true;
		rig->port[slot] = from->port[slot];
		rig->link[slot] = from->link[slot];
		core_port_add(rig->core, RIG_START * RIG_MS, slot, name, slot, &rig->port[slot], &rig->fx);
		core_link_changed(rig->core, RIG_START * RIG_MS, slot, &rig->link[slot], &rig->fx);
		cr_assert_eq(rig->fx.count, 0, "nothing has an effect before all is known");
	}
	return rig;
}

static void release(struct rig *rig)
{
	core_release(rig->core, RIG_START * RIG_MS, &rig->fx);
	for (uint32_t i = 0; i < rig->fx.count; i++)
		rig->log[rig->entries++].effect = rig->fx.list[i];
	rig->fx.count = 0;
	rig->last = *core_output(rig->core);
}

static void assert_same(const struct rig *a, const struct rig *b)
{
	const struct core_output *before = core_output(a->core), *after = core_output(b->core);

	cr_assert_arr_eq(before->table.bucket, after->table.bucket, sizeof(before->table.bucket));
	cr_assert_eq(before->table.count, after->table.count);
	cr_assert_arr_eq(before->table.order, after->table.order, sizeof(before->table.order));
	cr_assert_arr_eq(before->live, after->live, sizeof(before->live));
	cr_assert_eq(before->carrier, after->carrier);
	cr_assert_eq(after->table.generation, before->table.generation, "the same table is the same publication");
}

Test(core_adopt, no_bucket_moves)
{
	struct rig *before = rig_new(XLAGG_PROTO_LOADBALANCE, 5), *after;

	rig_carrier(before, 1, false);
	rig_del(before, 3);
	rig_carrier(before, 1, true);
	after = adopt(before);
	release(after);
	assert_same(before, after);
	cr_assert_eq(rig_events(after, XLAGG_EVENT_TABLE), 0);
	cr_assert_eq(rig_count(after, CORE_ANNOUNCE), 0);
	cr_assert_eq(rig_count(after, CORE_PUBLISH), 1);
	cr_assert_eq(rig_count(after, CORE_CARRIER), 1);
	rig_free(before);
	rig_free(after);
}

Test(core_adopt, up_delay_does_not_start_again)
{
	struct rig *before = rig_new(XLAGG_PROTO_LOADBALANCE, 3), *after;

	before->conf.up_delay = 5000;
	rig_set(before);
	rig_carrier(before, 2, false);
	rig_carrier(before, 2, true);
	after = adopt(before);
	release(after);
	assert_same(before, after);
	cr_assert_not(core_output(after->core)->live[2], "who was waiting goes on waiting");
	rig_free(before);
	rig_free(after);
}

Test(core_adopt, up_delay_counts_from_then_on)
{
	struct rig *before = rig_new(XLAGG_PROTO_LOADBALANCE, 3), *after;

	before->conf.up_delay = 5000;
	rig_set(before);
	before->link[2].carrier = false;
	after = adopt(before);
	release(after);
	rig_carrier(after, 2, true);
	cr_assert_not(core_output(after->core)->live[2], "lost before the agent came");
	rig_carrier(after, 1, false);
	rig_carrier(after, 1, true);
	cr_assert_not(core_output(after->core)->live[1], "lost after it came");
	rig_free(before);
	rig_free(after);
}

Test(core_adopt, the_active_port_stays)
{
	struct rig *before = rig_new(XLAGG_PROTO_FAILOVER, 3), *after;

	rig_activate(before, 1);
	after = adopt(before);
	release(after);
	assert_same(before, after);
	cr_assert_str_eq(rig_active(after), "eth1");
	cr_assert_eq(rig_events(after, XLAGG_EVENT_FAILOVER), 0);
	cr_assert_eq(rig_count(after, CORE_ANNOUNCE), 0);
	rig_free(before);
	rig_free(after);
}

Test(core_adopt, a_loss_meanwhile_is_a_failover)
{
	struct rig *before = rig_new(XLAGG_PROTO_FAILOVER, 2), *after;

	before->link[0].carrier = false;
	after = adopt(before);
	release(after);
	cr_assert_str_eq(rig_active(after), "eth1");
	cr_assert_eq(rig_events(after, XLAGG_EVENT_FAILOVER), 1);
	cr_assert_str_eq(rig_event(after, XLAGG_EVENT_FAILOVER, NULL)->from, "eth0");
	cr_assert_eq(rig_count(after, CORE_ANNOUNCE), 1);
	rig_free(before);
	rig_free(after);
}

/* The table that followed the preferred port's failure was not in use yet: the port still has a place in this one. */
Test(core_adopt, a_port_that_no_command_activated_gives_way)
{
	struct rig *before = rig_new(XLAGG_PROTO_FAILOVER, 2), *after;

	cr_assert_eq(rig_activate(before, 1), 0);
	cr_assert(core_is_activated(before->core));
	after = adopt(before);
	release(after);
	cr_assert_str_eq(rig_active(after), "eth1");
	rig_free(after);

	after = adopt(before);
	core_adopt_chosen(after->core);
	release(after);
	cr_assert_str_eq(rig_active(after), "eth0");
	cr_assert(!core_is_activated(after->core));
	rig_free(before);
	rig_free(after);
}

Test(core_adopt, rubbish_is_replaced)
{
	struct rig *before = rig_new(XLAGG_PROTO_FAILOVER, 2);
	struct rig *rig = rig_new_with(&before->conf);
	struct xlagg_table table;

	memset(&table, 0x77, sizeof(table));
	core_hold(rig->core);
	core_adopt(rig->core, &table);
	release(rig);
	rig_add(rig, 0);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(before);
	rig_free(rig);
}

Test(core_adopt, a_table_of_ports_that_are_gone_is_emptied)
{
	struct rig *before = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	struct rig *rig = rig_new_with(&before->conf);

	core_hold(rig->core);
	core_adopt(rig->core, &core_output(before->core)->table);
	release(rig);
	cr_assert_eq(core_output(rig->core)->table.count, 0);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		cr_assert_eq(core_output(rig->core)->table.bucket[i] & 0xff, XLAGG_NO_PORT, "bucket %u", i);
	rig_free(before);
	rig_free(rig);
}

Test(core_adopt, release_publishes_in_any_case)
{
	struct xlagg_lagg_conf conf = rig_defaults();
	struct rig *rig = rig_new_with(&conf);

	core_hold(rig->core);
	release(rig);
	cr_assert_eq(rig_count(rig, CORE_PUBLISH), 1, "what is pinned may be something else");
	cr_assert_eq(rig_count(rig, CORE_CARRIER), 1);
	rig_free(rig);
}

Test(core_hold, one_effect)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 4);
	struct core_link down = {.present = true, .admin_up = true};

	core_hold(rig->core);
	for (uint32_t slot = 0; slot < 2; slot++)
		core_link_changed(rig->core, RIG_START * RIG_MS, slot, &down, &rig->fx);
	cr_assert_eq(rig->fx.count, 0);
	cr_assert_eq(core_deadline(rig->core), CORE_NEVER);
	release(rig);
	cr_assert_eq(rig_count(rig, CORE_PUBLISH), 1);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_TABLE, NULL)->moved, XLAGG_BUCKETS / 2);
	rig_free(rig);
}

Test(core_adopt, what_is_shown_stays)
{
	struct rig *before = rig_new(XLAGG_PROTO_FAILOVER, 2), *after;
	struct xlagg_history history;
	struct xlagg_port_status was = {0}, is = {0};

	rig_carrier(before, 0, false);
	core_save_history(before->core, &history);
	cr_assert_eq(history.port[0].link_failures, 1);
	after = adopt(before);
	release(after);
	/* A moment before this core started. */
	for (uint32_t slot = 0; slot < 2; slot++)
		history.port[slot].flags_ns = RIG_START * RIG_MS - 1;
	core_adopt_history(after->core, &history);
	for (uint32_t slot = 0; slot < 2; slot++) {
		core_port_status(before->core, slot, &was);
		core_port_status(after->core, slot, &is);
		cr_assert_eq(is.last_change_ns, history.port[slot].flags_ns);
		cr_assert_eq(is.stats.link_failures, was.stats.link_failures);
		cr_assert_eq(is.flags, was.flags);
	}
	rig_free(before);
	rig_free(after);
}
