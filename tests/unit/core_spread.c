/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* loadbalance, roundrobin, broadcast and none; min-links, max-links, administrative states, proto changes. */
#include <string.h>

#include "unit/core_rig.h"

static const enum xlagg_proto spreading[] = {XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_ROUNDROBIN, XLAGG_PROTO_BROADCAST};

Test(core_spread, every_usable_port_carries)
{
	for (uint32_t p = 0; p < 3; p++) {
		struct rig *rig = rig_new(spreading[p], 3);
		const struct core_output *out = core_output(rig->core);

		cr_assert_arr_eq(out->table.order, ((uint8_t[]){0, 1, 2}), 3);
		for (uint32_t slot = 0; slot < 3; slot++) {
			cr_assert(out->live[slot]);
			cr_assert_eq(out->flags[slot], XLAGG_PORT_COLLECTING | XLAGG_PORT_KERNEL_RETURN);
			cr_assert_eq(rig_flags(rig, slot), XLAGG_FLAG_ACTIVE, "no MASTER but in failover");
		}
		cr_assert_str_eq(rig_active(rig), "");
		rig_carrier(rig, 1, false);
		cr_assert_eq(out->table.count, 2);
		cr_assert_arr_eq(out->table.order, ((uint8_t[]){0, 2}), 2);
		cr_assert(out->flags[1] & XLAGG_PORT_COLLECTING, "the far end may send before we see the carrier");
		rig_free(rig);
	}
}

Test(core_spread, order_goes_by_prio)
{
	struct rig *rig = rig_new(XLAGG_PROTO_ROUNDROBIN, 3);

	rig->port[2].prio = 1;
	rig_port_set(rig, 2);
	cr_assert_arr_eq(core_output(rig->core)->table.order, ((uint8_t[]){2, 0, 1}), 3);
	rig_free(rig);
}

Test(core_spread, weights)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);

	rig->port[0].weight = 3;
	rig_port_set(rig, 0);
	cr_assert_eq(rig_buckets(rig, 0), 768);
	cr_assert_eq(rig_buckets(rig, 1), 256);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_TABLE, NULL)->moved, 256);
	rig_free(rig);
}

Test(core_spread, another_stands_in_within_down_delay)
{
	struct rig *rig = rig_new(XLAGG_PROTO_ROUNDROBIN, 3);
	const struct core_output *out = core_output(rig->core);

	rig->conf.max_links = 1;
	rig->conf.down_delay = 1000;
	rig_set(rig);
	cr_assert(out->live[0] && !out->live[1]);
	rig_carrier(rig, 0, false);
	cr_assert(!out->live[0] && out->live[1] && !out->live[2]);
	rig_carrier(rig, 0, true);
	cr_assert(out->live[0] && !out->live[1]);
	rig_free(rig);
}

Test(core_spread, speed_is_the_sum)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 3);
	struct xlagg_lagg_status status = {0};

	rig_carrier(rig, 2, false);
	core_status(rig->core, &status);
	cr_assert_eq(status.speed, 2000);
	cr_assert_eq(status.active_ports, 2);
	rig_free(rig);
}

Test(core_spread, out_of_service_keeps_collecting)
{
	for (uint32_t p = 0; p < 3; p++) {
		struct rig *rig = rig_new(spreading[p], 2);
		const struct core_output *out = core_output(rig->core);

		rig->port[0].admin = 0;
		rig_port_set(rig, 0);
		cr_assert_not(rig_in_order(rig, 0));
		rig_until(rig, rig->ms + 60000);
		cr_assert_not(out->live[0]);
		cr_assert(out->flags[0] & XLAGG_PORT_COLLECTING, "the far end cannot know");
		cr_assert_str_eq(rig_reason(rig, 0), "taken out of service (admin down)");
		rig->port[0].admin = 1;
		rig_port_set(rig, 0);
		cr_assert(out->live[0]);
		rig_free(rig);
	}
}

Test(core_spread, none_carries_nothing)
{
	struct rig *rig = rig_new(XLAGG_PROTO_NONE, 2);
	const struct core_output *out = core_output(rig->core);

	cr_assert(out->carrier, "carrier is as the ports have it");
	cr_assert_eq(out->table.count, 0);
	cr_assert_eq(out->flags[0], 0);
	cr_assert_str_eq(rig_reason(rig, 0), "proto none carries no traffic");
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 1, false);
	cr_assert_not(out->carrier);
	rig_free(rig);
}

Test(core_carrier, min_links)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);
	const struct core_output *out = core_output(rig->core);
	struct xlagg_lagg_status status = {0};

	rig->conf.min_links = 3;
	rig_set(rig);
	cr_assert(out->carrier, "standbys count");
	rig_carrier(rig, 2, false);
	cr_assert_not(out->carrier);
	cr_assert_str_eq(rig_lagg_reason(rig), "2 usable ports, min-links 3");
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_CARRIER, NULL)->new_flags, 0);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_CARRIER, NULL)->text, "2 usable ports, min-links 3");
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_lagg_reason(rig), "1 usable port, min-links 3");
	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_lagg_reason(rig), "no usable port");
	core_status(rig->core, &status);
	cr_assert_eq(status.flaps, 1);
	rig->conf.min_links = 1;
	rig_set(rig);
	rig_carrier(rig, 0, true);
	cr_assert(out->carrier);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_CARRIER, NULL)->new_flags, 1);
	rig_free(rig);
}

Test(core_carrier, no_port)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 0);

	cr_assert_not(core_output(rig->core)->carrier);
	cr_assert_str_eq(rig_lagg_reason(rig), "no port");
	rig_add(rig, 0);
	cr_assert_str_eq(rig_lagg_reason(rig), "no usable port");
	cr_assert_str_eq(rig_reason(rig, 0), "device is absent");
	rig_free(rig);
}

Test(core_carrier, comes_before_the_first_live_port_and_goes_after_the_last)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 1);

	rig_carrier(rig, 0, false);
	cr_assert_eq(rig->log[0].effect.kind, CORE_PUBLISH);
	cr_assert_eq(rig->log[1].effect.kind, CORE_CARRIER);
	rig_forget(rig);
	rig_carrier(rig, 0, true);
	cr_assert_eq(rig->log[0].effect.kind, CORE_CARRIER);
	cr_assert_eq(rig->log[1].effect.kind, CORE_PUBLISH);
	rig_free(rig);
}

Test(core_carrier, out_of_service_ports_do_not_count)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);

	rig->conf.min_links = 2;
	rig_set(rig);
	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	cr_assert_not(core_output(rig->core)->carrier);
	rig_free(rig);
}

Test(core_carrier, lagg_put_down)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct core_output *out = core_output(rig->core);
	struct xlagg_lagg_status status = {0};

	rig->conf.admin = 0;
	rig_set(rig);
	cr_assert_not(out->carrier);
	cr_assert_eq(out->table.count, 0);
	cr_assert(!out->live[0] && !out->flags[0] && !out->flags[1], "nothing is sent or accepted");
	cr_assert_str_eq(rig_lagg_reason(rig), "administratively down");
	cr_assert_str_eq(rig_reason(rig, 1), "the lagg is administratively down");
	cr_assert_str_eq(rig_active(rig), "");
	core_status(rig->core, &status);
	cr_assert_eq(status.flaps, 0, "an order is no flap");
	cr_assert_eq(status.admin_up, 0);
	rig->conf.admin = 1;
	rig_set(rig);
	cr_assert(out->carrier && out->live[0]);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_max_links, further_ports_are_standby)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 4);
	const struct core_output *out = core_output(rig->core);

	rig->conf.max_links = 2;
	rig->port[3].prio = 1;
	rig_set(rig);
	rig_port_set(rig, 3);
	cr_assert(out->live[3] && out->live[0] && !out->live[1] && !out->live[2]);
	cr_assert(rig_standby(rig, 1));
	cr_assert_str_eq(rig_reason(rig, 1), "standby: max-links 2 reached");
	rig_carrier(rig, 3, false);
	cr_assert(out->live[0] && out->live[1] && !out->live[2]);
	rig->conf.min_links = 2;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	cr_assert(out->carrier && out->live[1] && out->live[2]);
	rig_carrier(rig, 1, false);
	cr_assert_not(out->carrier);
	rig_free(rig);
}

Test(core_max_links, a_falling_port_keeps_its_place)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 3);

	rig->conf.max_links = 2;
	rig->conf.down_delay = 300;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	cr_assert_not(core_output(rig->core)->live[2]);
	rig_until(rig, rig->ms + 300);
	cr_assert(core_output(rig->core)->live[2]);
	rig_free(rig);
}

Test(core_proto, changes_while_running)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct core_output *out = core_output(rig->core);

	rig_carrier(rig, 0, false);
	rig_forget(rig);
	rig->conf.proto = XLAGG_PROTO_LOADBALANCE;
	rig_carrier(rig, 0, true);
	rig_set(rig);
	cr_assert(out->live[0] && out->live[1]);
	cr_assert_eq(rig_flags(rig, 0), XLAGG_FLAG_ACTIVE);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS / 2);
	rig->conf.proto = XLAGG_PROTO_NONE;
	rig_set(rig);
	cr_assert(out->carrier && !out->live[0] && out->table.count == 0);
	rig->conf.proto = XLAGG_PROTO_BROADCAST;
	rig_set(rig);
	cr_assert(out->live[0] && out->live[1]);
	rig_forget(rig);
	rig->conf.proto = XLAGG_PROTO_FAILOVER;
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0, "nothing failed");
	rig_free(rig);
}

Test(core_input, the_same_again_is_harmless)
{
	for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++) {
		struct rig *rig;

		if (proto == XLAGG_PROTO_LACP)
			continue;
		rig = rig_new(proto, 3);
		rig_carrier(rig, 1, false);
		rig_settle(rig);
		rig_forget(rig);
		rig_set(rig);
		for (uint32_t slot = 0; slot < 3; slot++) {
			rig_port_set(rig, slot);
			rig_carrier(rig, slot, slot != 1);
		}
		rig_until(rig, rig->ms + 10000);
		cr_assert_eq(rig->entries, 0);
		rig_free(rig);
	}
}

Test(core_input, running_without_need_is_harmless)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);
	struct core_effects fx = {0};

	for (uint32_t ms = 0; ms < 100; ms++)
		core_run(rig->core, (RIG_START + rig->ms + ms) * RIG_MS, &fx);
	cr_assert_eq(fx.count, 0);
	rig_free(rig);
}

Test(core_input, link_data_reaches_the_status)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 1);
	struct xlagg_port_status status = {.ifindex = 42};

	rig->link[0].speed = 25000;
	rig_carrier(rig, 0, true);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.speed, 25000);
	cr_assert_eq(status.duplex, XLAGG_DUPLEX_FULL);
	cr_assert_eq(status.present, 1);
	cr_assert_eq(status.carrier, 1);
	cr_assert_eq(status.ifindex, 42, "what the core does not know is left alone");
	cr_assert_eq(rig_count(rig, CORE_PUBLISH), 0, "speed is nobody's business here");
	rig_free(rig);
}

Test(core_input, a_port_is_told_of_once_its_link_is_known)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 1);

	rig_add(rig, 1);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_PORT_STATE), 0);
	rig_carrier(rig, 1, true);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_PORT_STATE), 1);
	rig_add(rig, 2);
	rig_link(rig, 2, false, false, false);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_PORT_STATE), 1, "absent it was before");
	cr_assert_str_eq(rig_reason(rig, 2), "device is absent");
	rig_free(rig);
}

/* Not since the clock began, which is when the machine was started. */
Test(core_input, a_lagg_that_never_had_carrier_is_as_it_is_since_it_was_made)
{
	struct xlagg_lagg_conf conf = rig_defaults();
	struct xlagg_lagg_status status = {0};
	struct rig *rig;

	conf.min_links = 2;
	rig = rig_new_with(&conf);
	rig_add(rig, 0);
	rig_until(rig, 100);
	rig_carrier(rig, 0, true);
	core_status(rig->core, &status);
	cr_assert_eq(status.carrier, 0);
	cr_assert_eq(status.last_change_ns, RIG_START * RIG_MS);
	rig_free(rig);
}

Test(core_input, last_change_is_that_of_the_flags)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	struct xlagg_port_status before = {0}, after = {0};

	core_port_status(rig->core, 1, &before);
	rig_until(rig, rig->ms + 100);
	rig_carrier(rig, 1, false);
	core_port_status(rig->core, 1, &after);
	cr_assert_eq(before.last_change_ns, after.last_change_ns);
	rig_until(rig, rig->ms + 100);
	rig_carrier(rig, 0, false);
	core_port_status(rig->core, 0, &after);
	cr_assert_eq(after.last_change_ns, (RIG_START + rig->ms) * RIG_MS);
	rig_free(rig);
}
