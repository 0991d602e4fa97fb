/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* up-delay, down-delay and flap damping. */
#include <string.h>

#include "unit/core_rig.h"

static struct rig *with_delays(enum xlagg_proto proto, uint32_t up, uint32_t down)
{
	struct rig *rig = rig_new(proto, 2);

	rig->conf.up_delay = up;
	rig->conf.down_delay = down;
	rig_set(rig);
	rig_forget(rig);
	return rig;
}

Test(core_up_delay, carrier_must_hold)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 300, 0);
	uint32_t start;

	rig_carrier(rig, 0, false);
	start = rig->ms;
	rig_carrier(rig, 0, true);
	cr_assert_not(core_output(rig->core)->live[0]);
	cr_assert_str_eq(rig_reason(rig, 0), "carrier has not yet held for up-delay 300 ms");
	cr_assert_eq(rig_buckets(rig, 0), 0);
	rig_until(rig, start + 200);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	rig_until(rig, start + 499);
	cr_assert_not(core_output(rig->core)->live[0], "it starts again with each loss");
	rig_until(rig, start + 500);
	cr_assert(core_output(rig->core)->live[0]);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS / 2);
	rig_free(rig);
}

Test(core_up_delay, skipped_when_no_port_is_usable)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 300, 0);
	const struct core_output *out = core_output(rig->core);

	rig_carrier(rig, 0, false);
	rig_carrier(rig, 1, false);
	rig_carrier(rig, 1, true);
	cr_assert(out->live[1] && out->carrier);
	rig_carrier(rig, 0, true);
	cr_assert_not(out->live[0], "now one is usable");
	rig_carrier(rig, 1, false);
	cr_assert(out->live[0] && out->carrier, "a waiting port is let in when the last one fails");
	rig_free(rig);
}

Test(core_up_delay, time_out_of_service_counts)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 300, 0);

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	rig_until(rig, rig->ms + 300);
	rig->port[0].admin = 1;
	rig_port_set(rig, 0);
	cr_assert(core_output(rig->core)->live[0]);
	rig_free(rig);
}

Test(core_up_delay, a_new_value_counts_for_a_waiting_port)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 60000, 0);

	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	rig_until(rig, rig->ms + 100);
	rig->conf.up_delay = 50;
	rig_set(rig);
	cr_assert(core_output(rig->core)->live[0]);
	rig_free(rig);
}

Test(core_up_delay, primary_takes_back_after_it)
{
	struct rig *rig = with_delays(XLAGG_PROTO_FAILOVER, 300, 0);
	uint32_t start;

	rig_carrier(rig, 0, false);
	start = rig->ms;
	rig_carrier(rig, 0, true);
	rig_until(rig, start + 299);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_until(rig, start + 300);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_up_delay, the_kernel_may_return_a_port_only_without_it)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct core_output *out = core_output(rig->core);

	cr_assert(out->flags[0] & XLAGG_PORT_KERNEL_RETURN);
	cr_assert(out->flags[1] & XLAGG_PORT_KERNEL_RETURN);
	rig->conf.up_delay = 1;
	rig_set(rig);
	cr_assert_not(out->flags[0] & XLAGG_PORT_KERNEL_RETURN);
	rig->conf.up_delay = 0;
	rig->conf.damping = 1;
	rig_set(rig);
	cr_assert_not(out->flags[0] & XLAGG_PORT_KERNEL_RETURN);
	rig->conf.damping = 0;
	rig_set(rig);
	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	cr_assert_not(out->flags[0] & XLAGG_PORT_KERNEL_RETURN);
	cr_assert(out->flags[1] & XLAGG_PORT_KERNEL_RETURN);
	rig_free(rig);
}

Test(core_down_delay, a_short_loss_moves_nothing)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 5000, 300);
	const struct core_output *out = core_output(rig->core);
	uint16_t before[XLAGG_BUCKETS];

	memcpy(before, out->table.bucket, sizeof(before));
	rig_carrier(rig, 0, false);
	cr_assert_not(out->live[0], "not sent to from the first moment");
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS / 2, "but it keeps its buckets");
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_TABLE), 0);
	cr_assert_str_eq(rig_reason(rig, 0), "no carrier, keeps its place for down-delay 300 ms");
	rig_until(rig, rig->ms + 299);
	rig_carrier(rig, 0, true);
	cr_assert(out->live[0], "within down-delay up-delay does not apply");
	cr_assert_arr_eq(before, out->table.bucket, sizeof(before));
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0);
	for (uint32_t i = 0; i < 10; i++) {
		rig_carrier(rig, 0, false);
		rig_carrier(rig, 0, true);
		cr_assert(out->live[0], "however often, without damping");
	}
	rig_free(rig);
}

Test(core_down_delay, a_long_loss_does)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 5000, 300);
	uint32_t start = rig->ms;

	rig_carrier(rig, 0, false);
	rig_until(rig, start + 300);
	cr_assert_eq(rig_buckets(rig, 0), 0);
	cr_assert_str_eq(rig_reason(rig, 0), "no carrier");
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_TABLE, NULL)->moved, XLAGG_BUCKETS / 2);
	rig_carrier(rig, 0, true);
	cr_assert_not(core_output(rig->core)->live[0], "after it up-delay does");
	rig_free(rig);
}

Test(core_down_delay, flows_move_once)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 4);
	const struct core_output *out = core_output(rig->core);
	uint16_t before[XLAGG_BUCKETS];

	rig->conf.down_delay = 300;
	rig_set(rig);
	memcpy(before, out->table.bucket, sizeof(before));
	rig_carrier(rig, 2, false);
	rig_until(rig, rig->ms + 300);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t was = before[i] & 0xff, backup = before[i] >> 8;

		if (was != 2)
			cr_assert_eq(out->table.bucket[i] & 0xff, was);
		else if ((out->table.bucket[i] & 0xff) != backup)
			cr_assert_lt(rig_buckets(rig, backup), 343, "it left a backup that had room");
	}
	rig_free(rig);
}

Test(core_down_delay, failover_is_announced_when_it_is_over)
{
	struct rig *rig = with_delays(XLAGG_PROTO_FAILOVER, 0, 300);
	const struct core_output *out = core_output(rig->core);
	uint32_t start = rig->ms;

	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_active(rig), "eth1", "frames take the standby at once");
	cr_assert_eq(rig_flags(rig, 1), XLAGG_FLAG_ACTIVE);
	cr_assert(out->flags[1] & XLAGG_PORT_COLLECTING);
	cr_assert_eq(out->table.order[0], 0, "the place is kept");
	cr_assert(out->carrier);
	rig_until(rig, start + 299);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0);
	rig_until(rig, start + 300);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 1);
	cr_assert_eq(rig_when(rig, CORE_ANNOUNCE, 0), start + 300);
	cr_assert_eq(out->table.order[0], 1);
	rig_free(rig);
}

Test(core_down_delay, the_only_port_keeps_the_carrier)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 1);
	uint32_t start = rig->ms;

	rig->conf.down_delay = 300;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	cr_assert(core_output(rig->core)->carrier);
	rig_until(rig, start + 300);
	cr_assert_not(core_output(rig->core)->carrier);
	rig_free(rig);
}

Test(core_down_delay, not_for_a_port_that_was_put_down_or_unplugged)
{
	struct rig *rig = with_delays(XLAGG_PROTO_LOADBALANCE, 0, 300);

	rig_link(rig, 0, true, false, false);
	cr_assert_eq(rig_buckets(rig, 0), 0);
	cr_assert_str_eq(rig_reason(rig, 0), "administratively down (ip link set eth0 up brings it back)");
	rig_carrier(rig, 0, true);
	rig_link(rig, 0, false, false, false);
	cr_assert_eq(rig_buckets(rig, 0), 0);
	cr_assert_str_eq(rig_reason(rig, 0), "device is absent");
	rig_carrier(rig, 0, true);
	rig_carrier(rig, 0, false);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS / 2);
	rig_link(rig, 0, true, false, false);
	cr_assert_eq(rig_buckets(rig, 0), 0, "a loss that turns out to be ordered is not waited for");
	rig_free(rig);
}

Test(core_down_delay, backups_are_live)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 3);
	const struct core_output *out = core_output(rig->core);

	rig->conf.down_delay = 300;
	rig_set(rig);
	rig_carrier(rig, 1, false);
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		cr_assert_neq(out->table.bucket[i] >> 8, 1);
	rig_free(rig);
}

static void flap(struct rig *rig, uint32_t slot, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		rig_carrier(rig, slot, false);
		rig_until(rig, rig->ms + 100);
		rig_carrier(rig, slot, true);
		rig_until(rig, rig->ms + 100);
	}
}

Test(core_damping, off_by_default)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);

	flap(rig, 0, 20);
	cr_assert(core_output(rig->core)->live[0]);
	rig->conf.damping = 1;
	rig_set(rig);
	cr_assert(core_output(rig->core)->live[0], "a port that is in use is not taken out");
	rig_free(rig);
}

Test(core_damping, holds_back_and_reuses)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	const struct core_output *out = core_output(rig->core);
	struct xlagg_port_status status = {0};
	uint32_t start;

	rig->conf.damping = 1;
	rig_set(rig);
	flap(rig, 0, 2);
	cr_assert(out->live[0], "two losses are forgiven");
	flap(rig, 0, 1);
	cr_assert_not(out->live[0]);
	cr_assert(strstr(rig_reason(rig, 0), "damping"));
	core_port_timers(rig->core, (RIG_START + rig->ms) * RIG_MS, 0, &status);
	cr_assert(status.damping.suppressed && status.damping.penalty > 2500 && status.damping.penalty <= 3000);
	cr_assert(status.damping.reuse_ms > 6500 && status.damping.reuse_ms < 8000);
	cr_assert(out->flags[0] & XLAGG_PORT_COLLECTING);
	/* The penalty is a little below 3000: it halves every 5 s and has to fall below 1000, in under 8 s. */
	start = rig->ms;
	rig_until(rig, start + 7000);
	cr_assert_not(out->live[0]);
	rig_until(rig, start + 8000);
	cr_assert(out->live[0]);
	core_port_timers(rig->core, (RIG_START + rig->ms) * RIG_MS, 0, &status);
	cr_assert(!status.damping.suppressed && status.damping.reuse_ms == 0);
	rig_free(rig);
}

Test(core_damping, never_longer_than_20_s_after_the_last_loss)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	const struct core_output *out = core_output(rig->core);

	rig->conf.damping = 1;
	rig_set(rig);
	flap(rig, 0, 200);
	rig_until(rig, rig->ms + 18000);
	cr_assert_not(out->live[0]);
	rig_until(rig, rig->ms + 3000);
	cr_assert(out->live[0]);
	rig_free(rig);
}

Test(core_damping, also_within_down_delay)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);

	rig->conf.damping = 1;
	rig->conf.down_delay = 1000;
	rig_set(rig);
	flap(rig, 0, 2);
	cr_assert(core_output(rig->core)->live[0]);
	flap(rig, 0, 3);
	cr_assert_not(core_output(rig->core)->live[0]);
	rig_free(rig);
}

Test(core_damping, better_than_no_port)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.damping = 1;
	rig_set(rig);
	flap(rig, 0, 5);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_damping, orders_cost_nothing)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	struct xlagg_port_status status = {0};

	rig->conf.damping = 1;
	rig_set(rig);
	for (uint32_t i = 0; i < 10; i++) {
		rig_link(rig, 0, true, false, false);
		rig_carrier(rig, 0, true);
	}
	cr_assert(core_output(rig->core)->live[0]);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.stats.link_failures, 0);
	rig_carrier(rig, 0, false);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.stats.link_failures, 1);
	rig_free(rig);
}

Test(core_damping, what_the_caller_did_to_the_device_costs_nothing)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	struct xlagg_port_status status = {0};

	rig->conf.damping = 1;
	rig_set(rig);
	rig->link[0].ordered = true;
	for (uint32_t i = 0; i < 5; i++) {
		rig_carrier(rig, 0, false);
		cr_assert_str_eq(rig_active(rig), "eth1", "policy takes it for what it is");
		rig_carrier(rig, 0, true);
		cr_assert_str_eq(rig_active(rig), "eth0");
	}
	core_port_status(rig->core, 0, &status);
	core_port_timers(rig->core, (RIG_START + rig->ms) * RIG_MS, 0, &status);
	cr_assert_eq(status.stats.link_failures, 0);
	cr_assert_eq(status.damping.penalty, 0);
	rig->link[0].ordered = false;
	rig_carrier(rig, 0, false);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.stats.link_failures, 1, "the next loss is nobody's doing");
	rig_free(rig);
}

Test(core_damping, switched_off_lets_the_port_in)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);

	rig->conf.damping = 1;
	rig_set(rig);
	flap(rig, 0, 5);
	cr_assert_not(core_output(rig->core)->live[0]);
	rig->conf.damping = 0;
	rig_set(rig);
	cr_assert(core_output(rig->core)->live[0]);
	rig_free(rig);
}
