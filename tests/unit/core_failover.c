/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Failover: which port is active, which one takes over, and which one takes back. */
#include <errno.h>
#include <string.h>

#include "unit/core_rig.h"

#define ACTIVE XLAGG_FLAG_ACTIVE
#define MASTER XLAGG_FLAG_MASTER

Test(core_failover, first_added_is_primary_and_active)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);
	const struct core_output *out = core_output(rig->core);

	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_eq(rig_flags(rig, 0), MASTER | ACTIVE);
	cr_assert_eq(rig_flags(rig, 1), 0);
	cr_assert(rig_standby(rig, 1) && !rig_standby(rig, 0));
	cr_assert_eq(out->table.count, 3);
	cr_assert_arr_eq(out->table.order, ((uint8_t[]){0, 1, 2}), 3);
	cr_assert(out->live[0] && out->live[1] && out->live[2]);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS);
	cr_assert_eq(out->table.bucket[7], 0 | 1 << 8, "the backup is the next in order");
	rig_free(rig);
}

Test(core_failover, lowest_prio_is_primary)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);

	rig->port[2].prio = 10;
	rig_port_set(rig, 2);
	cr_assert_str_eq(rig_active(rig), "eth2");
	cr_assert_eq(rig_flags(rig, 2), MASTER | ACTIVE);
	cr_assert_arr_eq(core_output(rig->core)->table.order, ((uint8_t[]){2, 0, 1}), 3);
	rig_free(rig);
}

Test(core_failover, named_primary_goes_before_prio)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);

	rig->port[2].prio = 10;
	rig_port_set(rig, 2);
	strcpy(rig->conf.primary, "eth1");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_eq(rig_flags(rig, 1), MASTER | ACTIVE);
	strcpy(rig->conf.primary, "eth9");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth2", "a primary that is no port counts as auto");
	rig_free(rig);
}

Test(core_failover, loss_and_return)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct xlagg_event *event;

	rig->link[0].detected = XLAGG_DETECTED_POLL;
	rig_carrier(rig, 0, false);
	/* A later report of the same state does not change who noticed it. */
	rig->link[0].detected = XLAGG_DETECTED_NETLINK;
	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_eq(rig_flags(rig, 0), MASTER, "the primary stays the primary");
	cr_assert_str_eq(rig_reason(rig, 0), "no carrier");
	event = rig_event(rig, XLAGG_EVENT_FAILOVER, NULL);
	cr_assert(event);
	cr_assert_str_eq(event->from, "eth0");
	cr_assert_str_eq(event->to, "eth1");
	cr_assert_str_eq(event->text, "eth0: no carrier");
	cr_assert_eq(event->detected, XLAGG_DETECTED_POLL);
	cr_assert_eq(event->gap_ns, XLAGG_GAP_UNKNOWN);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_TABLE, NULL)->moved, XLAGG_BUCKETS);

	rig_forget(rig);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	event = rig_event(rig, XLAGG_EVENT_FAILOVER, NULL);
	cr_assert_str_eq(event->from, "eth1");
	cr_assert_str_eq(event->text, "eth0 is usable again and preferred");
	cr_assert_eq(event->detected, XLAGG_DETECTED_NETLINK);
	rig_free(rig);
}

Test(core_failover, who_noticed_is_kept_through_down_delay)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.down_delay = 500;
	rig_set(rig);
	rig->link[0].detected = XLAGG_DETECTED_FENTRY;
	rig_carrier(rig, 0, false);
	rig->link[0].detected = XLAGG_DETECTED_NETLINK;
	rig_carrier(rig, 0, false);
	rig_until(rig, rig->ms + 600);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->detected, XLAGG_DETECTED_FENTRY);
	rig_free(rig);
}

/* Without its programs a port carries nothing, whatever its carrier; no failure of the link, and no time for
 * down-delay. */
static void port_without_programs_is_not_used(enum xlagg_proto proto)
{
	struct xlagg_lagg_conf conf = rig_defaults();
	struct xlagg_port_status status = {0};
	struct rig *rig;

	conf.proto = proto;
	conf.down_delay = 500;
	rig = rig_new_with(&conf);
	rig_add(rig, 0);
	rig_carrier(rig, 0, true);
	rig->link[0].detached = true;
	rig_carrier(rig, 0, true);
	cr_assert(!core_output(rig->core)->live[0] && rig_flags(rig, 0) % 8 < 4, "it is still in use");
	cr_assert_str_eq(rig_reason(rig, 0), "the lagg's programs are not attached to its devices");
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.stats.link_failures, 0);
	cr_assert(status.carrier, "its carrier is shown as it is");
	rig->link[0].detached = false;
	rig_carrier(rig, 0, true);
	cr_assert_str_neq(rig_reason(rig, 0), "the lagg's programs are not attached to its devices");
	rig_free(rig);
}

Test(core_failover, port_without_programs_is_not_used)
{
	port_without_programs_is_not_used(XLAGG_PROTO_FAILOVER);
	port_without_programs_is_not_used(XLAGG_PROTO_LOADBALANCE);
	port_without_programs_is_not_used(XLAGG_PROTO_LACP);
}

Test(core_failover, a_command_is_what_was_noticed)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	cr_assert_eq(rig_activate(rig, 1), 0);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->detected, XLAGG_DETECTED_COMMAND);
	rig_forget(rig);
	rig->port[1].admin = 0;
	rig_port_set(rig, 1);
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->detected, XLAGG_DETECTED_COMMAND);
	rig_free(rig);
}

Test(core_failover, loss_of_a_standby_is_no_failover)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct xlagg_event *event;

	rig_carrier(rig, 1, false);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0);
	event = rig_event(rig, XLAGG_EVENT_PORT_STATE, "eth1");
	cr_assert(event, "but it is told");
	cr_assert_str_eq(event->text, "no carrier");
	cr_assert(!rig_standby(rig, 1));
	cr_assert_not(rig_in_order(rig, 1));
	rig_free(rig);
}

Test(core_failover, total_loss_and_return_of_another)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig_carrier(rig, 1, false);
	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_active(rig), "");
	cr_assert_not(core_output(rig->core)->carrier);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0);
	rig_carrier(rig, 1, true);
	cr_assert(core_output(rig->core)->carrier);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 1, "from the one that was in use last");
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->from, "eth0");
	rig_free(rig);
}

Test(core_failover, total_loss_and_return_of_the_same)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 1);

	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_CARRIER), 2);
	rig_free(rig);
}

Test(core_failover, reselect_failure_stays)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.reselect = XLAGG_RESELECT_FAILURE;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_arr_eq(core_output(rig->core)->table.order, ((uint8_t[]){1, 0}), 2,
			 "the kernel takes the first live one, so the active port goes first");
	cr_assert_str_eq(rig_reason(rig, 0), "standby: eth1 is the active port");
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_failover, reselect_better_needs_more_speed)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.reselect = XLAGG_RESELECT_BETTER;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth1", "as fast is not faster");
	rig_carrier(rig, 0, false);
	rig->link[0].speed = 10000;
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_failover, activate_holds_until_a_preferred_port_returns)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);

	cr_assert_eq(rig_activate(rig, 1), 0);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->text, "eth1 was activated by command");
	rig_until(rig, rig->ms + 10000);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_carrier(rig, 2, false);
	rig_carrier(rig, 2, true);
	cr_assert_str_eq(rig_active(rig), "eth1", "eth2 is not preferred to it");
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_failover, activate_ends_with_a_failure_or_new_policy)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig_activate(rig, 1);
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_carrier(rig, 1, true);
	cr_assert_str_eq(rig_active(rig), "eth0");

	rig_activate(rig, 1);
	rig->port[0].prio = 1;
	rig_port_set(rig, 0);
	cr_assert_str_eq(rig_active(rig), "eth0");

	rig_activate(rig, 1);
	strcpy(rig->conf.primary, "eth0");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_failover, a_port_that_comes_back_was_not_activated)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	cr_assert_eq(rig_activate(rig, 1), 0);
	cr_assert_eq(rig_activate(rig, 0), 0);
	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->text, "eth0 is usable again and preferred");
	cr_assert_neq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->detected, XLAGG_DETECTED_COMMAND);
	rig_free(rig);
}

Test(core_failover, activate_ends_when_the_primary_is_back_in_service)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	cr_assert_eq(rig_activate(rig, 1), 0);
	rig->port[0].admin = 1;
	rig_port_set(rig, 0);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->text, "eth0 is usable again and preferred");
	rig_free(rig);
}

Test(core_failover, activate_survives_a_loss_within_down_delay)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.down_delay = 500;
	rig_set(rig);
	rig_activate(rig, 1);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	rig_carrier(rig, 1, false);
	rig_carrier(rig, 1, true);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 1, "the activation itself");
	rig_free(rig);
}

Test(core_failover, activate_is_refused)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig_carrier(rig, 1, false);
	rig_forget(rig);
	cr_assert_eq(rig_activate(rig, 1), -ENOLINK);
	cr_assert_eq(rig_activate(rig, 5), -ENOLINK);
	cr_assert_eq(rig_activate(rig, 99), -ENOLINK);
	rig->conf.proto = XLAGG_PROTO_LOADBALANCE;
	rig_set(rig);
	cr_assert_eq(rig_activate(rig, 0), -EOPNOTSUPP);
	cr_assert_str_eq(rig_active(rig), "");
	rig_free(rig);
}

Test(core_failover, planned_change_lingers_for_a_second)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct core_output *out = core_output(rig->core);
	uint32_t start = rig->ms;

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_not(out->live[0]);
	cr_assert_eq(out->flags[0], XLAGG_PORT_LINGERING, "what is under way to it is still taken");
	cr_assert(out->flags[1] & XLAGG_PORT_COLLECTING);
	cr_assert_not(out->flags[1] & XLAGG_PORT_LINGERING);
	cr_assert_str_eq(rig_reason(rig, 0), "taken out of service (admin down)");
	rig_until(rig, start + 999);
	cr_assert(out->flags[0] & XLAGG_PORT_LINGERING);
	rig_until(rig, start + 1000);
	cr_assert_eq(out->flags[0], 0);

	rig->port[0].admin = 1;
	rig_port_set(rig, 0);
	cr_assert_str_eq(rig_active(rig), "eth0", "its carrier held all the while");
	cr_assert(out->flags[1] & XLAGG_PORT_LINGERING);
	cr_assert_not(out->flags[0] & XLAGG_PORT_LINGERING);
	rig_activate(rig, 1);
	cr_assert(out->flags[0] & XLAGG_PORT_LINGERING);
	cr_assert_not(out->flags[1] & XLAGG_PORT_LINGERING, "it is in use again within the second");
	rig_free(rig);
}

/* --- a cable comes back: the far end may see it first, and sends there at once --- */

static bool lingers(const struct rig *rig, uint32_t slot)
{
	return core_output(rig->core)->flags[slot] & XLAGG_PORT_LINGERING;
}

Test(core_failover, a_port_without_carrier_is_open_to_a_far_end_that_is_faster)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	cr_assert(!lingers(rig, 0) && !lingers(rig, 1), "a standby that was usable all the while is closed");
	rig_carrier(rig, 0, false);
	cr_assert(lingers(rig, 0));
	rig_until(rig, rig->ms + 3600000);
	cr_assert(lingers(rig, 0), "for as long as it takes");
	rig_settle(rig);
	cr_assert_eq(rig_deadline(rig), UINT32_MAX, "and nothing is to be done for it");
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_not(lingers(rig, 0), "it is in use");
	cr_assert(lingers(rig, 1), "and the far end may still send on the other");
	rig_until(rig, rig->ms + 1000);
	cr_assert_not(lingers(rig, 1));
	rig_free(rig);
}

Test(core_failover, a_standby_that_comes_back_is_open_for_a_while)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.reselect = XLAGG_RESELECT_FAILURE;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_until(rig, rig->ms + 999);
	cr_assert(lingers(rig, 0), "the far end may have taken it back");
	rig_until(rig, rig->ms + 1);
	cr_assert_not(lingers(rig, 0));
	rig_free(rig);
}

Test(core_failover, a_port_within_up_delay_is_open)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.up_delay = 30000;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	rig_until(rig, rig->ms + 29999);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert(lingers(rig, 0), "the far end's delay may be over first");
	rig_until(rig, rig->ms + 1);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_not(lingers(rig, 0));
	rig_free(rig);
}

Test(core_failover, a_port_within_down_delay_is_open)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.down_delay = 500;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	cr_assert(lingers(rig, 0));
	rig_carrier(rig, 0, true);
	cr_assert_not(lingers(rig, 0), "it kept its place");
	rig_carrier(rig, 1, false);
	rig_carrier(rig, 1, true);
	cr_assert(lingers(rig, 1));
	rig_until(rig, rig->ms + 1000);
	cr_assert_not(lingers(rig, 1));
	rig_free(rig);
}

Test(core_failover, a_port_out_of_service_is_not_open)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	rig_until(rig, rig->ms + 1000);
	rig_carrier(rig, 0, false);
	cr_assert_not(lingers(rig, 0));
	rig_carrier(rig, 0, true);
	rig_until(rig, rig->ms + 1000);
	cr_assert_not(lingers(rig, 0));
	rig_free(rig);
}

Test(core_failover, rx_all_collects_everywhere)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	rig->conf.rx_all = 1;
	rig->port[1].admin = 0;
	rig_port_set(rig, 1);
	rig_set(rig);
	rig_until(rig, rig->ms + 5000);
	cr_assert(core_output(rig->core)->flags[1] & XLAGG_PORT_COLLECTING);
	rig_free(rig);
}

Test(core_failover, removed_active_port)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);
	const struct xlagg_event *event;

	rig_del(rig, 0);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_eq(rig_flags(rig, 1), MASTER | ACTIVE);
	event = rig_event(rig, XLAGG_EVENT_FAILOVER, NULL);
	cr_assert_str_eq(event->from, "eth0");
	cr_assert_str_eq(event->text, "eth0 was removed");
	rig_free(rig);
}

Test(core_failover, removed_and_added_again)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 1);

	rig_del(rig, 0);
	cr_assert_str_eq(rig_lagg_reason(rig), "no port");
	rig_add(rig, 0);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0, "from eth0 to eth0 is none");
	rig_free(rig);
}

Test(core_failover, rename_is_no_change)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	core_port_rename(rig->core, 0, "wan");
	cr_assert_str_eq(rig_active(rig), "wan");
	cr_assert_str_eq(rig_reason(rig, 1), "standby: wan is the active port");
	rig_until(rig, rig->ms + 1000);
	cr_assert_eq(rig->entries, 0, "nothing to publish, nothing to tell");
	rig_carrier(rig, 0, false);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->from, "wan");
	rig_free(rig);
}

Test(core_failover, primary_follows_its_port)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 3);

	strcpy(rig->conf.primary, "eth1");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth1");
	core_port_rename(rig->core, 1, "wan");
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_carrier(rig, 1, true);
	cr_assert_str_eq(rig_active(rig), "wan", "taken back under the new name");
	rig_free(rig);
}

Test(core_failover, primary_stays_with_its_port_when_two_exchange_their_names)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	strcpy(rig->conf.primary, "eth1");
	rig_set(rig);
	core_port_rename(rig->core, 1, "eth0");
	core_port_rename(rig->core, 0, "eth1");
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_eq(core_output(rig->core)->table.order[0], 1);
	cr_assert_str_eq(rig_active(rig), "eth0");
	strcpy(rig->conf.primary, "eth1");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth1", "a command means the present name");
	rig_free(rig);
}

Test(core_failover, primary_that_leaves_is_found_again_by_its_name)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	strcpy(rig->conf.primary, "eth1");
	rig_set(rig);
	rig_del(rig, 1);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_add(rig, 1);
	rig_carrier(rig, 1, true);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_free(rig);
}

Test(core_failover, mac_active_follows_the_active_port)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	strcpy(rig->conf.mac, "active");
	rig_set(rig);
	cr_assert_eq(rig_count(rig, CORE_MAC), 1, "at once");
	rig_set(rig);
	cr_assert_eq(rig_count(rig, CORE_MAC), 1);
	rig_forget(rig);
	rig_carrier(rig, 0, false);
	cr_assert_eq(rig_count(rig, CORE_MAC), 1);
	for (uint32_t i = 0; i < rig->entries; i++)
		if (rig->log[i].effect.kind == CORE_MAC)
			cr_assert_eq(rig->log[i].effect.slot, 1);
	rig_forget(rig);
	rig_carrier(rig, 0, true);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_MAC), 1);
	rig_free(rig);
}

Test(core_failover, the_lagg_learns_its_mac_before_it_announces)
{
	struct rig *rig = rig_new(XLAGG_PROTO_FAILOVER, 2);

	strcpy(rig->conf.mac, "active");
	rig_set(rig);
	rig_forget(rig);
	rig_carrier(rig, 0, false);
	uint32_t mac = 0, announce = 0, publish = 0;
	for (uint32_t i = 0; i < rig->entries; i++) {
		mac = rig->log[i].effect.kind == CORE_MAC ? i : mac;
		announce = rig->log[i].effect.kind == CORE_ANNOUNCE ? i : announce;
		publish = rig->log[i].effect.kind == CORE_PUBLISH ? i : publish;
	}
	cr_assert(publish < mac && mac < announce);
	rig_free(rig);
}
