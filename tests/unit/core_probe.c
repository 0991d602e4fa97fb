/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes: which MAC they are sent from, which answers count, and what silence means. */
#include <string.h>

#include "unit/core_rig.h"

#define INTERVAL 200 /* ms */
#define TARGET "10.0.0.9"
#define OTHER "fd00::9"
#define BOTH TARGET "," OTHER

static const uint8_t far_end[6] = {2, 9, 9, 9, 9, 9};
static const uint8_t lagg_mac[6] = {2, 0, 0, 0, 0, 0}; /* that of slot 0 */

static uint32_t sent(const struct rig *rig)
{
	uint32_t probes = 0;

	for (uint32_t slot = 0; slot < 8; slot++)
		probes += rig->probes[slot];
	return probes;
}

/* Lets one round begin; the target answers the ports of the mask `ports`. */
static void round_with(struct rig *rig, uint32_t ports, const char *target)
{
	uint32_t before = sent(rig);

	while (sent(rig) == before)
		rig_until(rig, rig_deadline(rig));
	for (uint32_t slot = 0; slot < 8; slot++)
		if (ports & 1u << slot)
			rig_answer(rig, slot, slot, target, far_end);
}

static void rounds_with(struct rig *rig, uint32_t rounds, uint32_t ports)
{
	while (rounds-- > 0)
		round_with(rig, ports, TARGET);
}

/* A lagg whose ports all get answers. */
static struct rig *probing(enum xlagg_proto proto, uint32_t ports, const char *targets)
{
	struct rig *rig = rig_new(proto, ports);

	core_set_mac(rig->core, (RIG_START + rig->ms) * RIG_MS, lagg_mac, &rig->fx);
	rig->fx.count = 0;
	strcpy(rig->conf.probe, targets);
	rig_set(rig);
	for (uint32_t slot = 0; slot < ports; slot++)
		rig_answer(rig, slot, slot, TARGET, far_end);
	rounds_with(rig, 2, (1u << ports) - 1);
	return rig;
}

static bool is_live(struct rig *rig, uint32_t slot)
{
	return core_output(rig->core)->live[slot];
}

Test(core_probe, one_per_port_and_round)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 3, TARGET);
	uint32_t start = rig->ms;

	rig_forget(rig);
	rig_until(rig, start + 10 * INTERVAL);
	cr_assert_eq(rig_count(rig, CORE_PROBE), 30);
	cr_assert_eq(rig_when(rig, CORE_PROBE, 0), start + INTERVAL);
	cr_assert_eq(rig_when(rig, CORE_PROBE, 29), start + 10 * INTERVAL);
	rig_free(rig);
}

Test(core_probe, not_without_link_nor_out_of_service)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 4, TARGET);

	rig_carrier(rig, 0, false);
	rig_link(rig, 1, true, false, true);
	rig->port[2].admin = 0;
	rig_port_set(rig, 2);
	rig_forget(rig);
	rig_until(rig, rig->ms + INTERVAL);
	cr_assert_eq(rig_count(rig, CORE_PROBE), 1);
	rig->conf.admin = 0;
	rig_set(rig);
	cr_assert_eq(rig_deadline(rig), UINT32_MAX, "a lagg that is down sends nothing");
	rig_free(rig);
}

Test(core_probe, not_in_every_proto)
{
	static const bool wanted[XLAGG_PROTO_MAX] = {
	    [XLAGG_PROTO_FAILOVER] = true, [XLAGG_PROTO_LOADBALANCE] = true, [XLAGG_PROTO_ROUNDROBIN] = true};

	for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++) {
		struct rig *rig;

		if (proto == XLAGG_PROTO_LACP)
			continue;
		rig = rig_new(proto, 2);
		strcpy(rig->conf.probe, TARGET);
		rig_set(rig);
		cr_assert_eq(rig_count(rig, CORE_PROBE), wanted[proto] ? 2 : 0, "proto %u", proto);
		cr_assert_eq(rig_deadline(rig) != UINT32_MAX, wanted[proto], "proto %u", proto);
		rig_free(rig);
	}
}

/* The port in use probes from the lagg's MAC, and no other port ever does. */
Test(core_probe, from_the_laggs_mac_where_the_lagg_is)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 3, TARGET);

	cr_assert_arr_eq(rig_probe_mac(rig, 0), lagg_mac, 6);
	cr_assert_arr_eq(rig_probe_mac(rig, 1), ((uint8_t[]){2, 0, 0, 0, 0, 1}), 6);
	cr_assert_arr_eq(rig_probe_mac(rig, 2), ((uint8_t[]){2, 0, 0, 0, 0, 2}), 6);
	rounds_with(rig, 4, 6);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_arr_eq(rig_probe_mac(rig, 0), ((uint8_t[]){6, 0, 0, 0, 0, 0}), 6, "made from it");
	cr_assert_arr_eq(rig_probe_mac(rig, 1), lagg_mac, 6, "already in the round in which it came into use");
	cr_assert_arr_eq(rig_probe_mac(rig, 2), ((uint8_t[]){2, 0, 0, 0, 0, 2}), 6);
	rig_free(rig);
}

/* mac active: the lagg has the MAC of the port in use, so each port can probe from its own. */
Test(core_probe, each_from_its_own_with_mac_active)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	strcpy(rig->conf.mac, "active");
	rig_set(rig);
	rounds_with(rig, 4, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	core_set_mac(rig->core, (RIG_START + rig->ms) * RIG_MS, rig->link[1].mac, &rig->fx);
	rounds_with(rig, 1, 2);
	for (uint32_t slot = 0; slot < 2; slot++)
		cr_assert_arr_eq(rig_probe_mac(rig, slot), rig->link[slot].mac, 6);
	rig_free(rig);
}

/* Where all ports are in use their MACs differ all the same: the MAC shows which port's probe is answered. */
Test(core_probe, never_from_the_laggs_mac_where_flows_are_spread)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 2, TARGET);

	cr_assert_arr_eq(rig_probe_mac(rig, 0), ((uint8_t[]){6, 0, 0, 0, 0, 0}), 6);
	cr_assert_arr_eq(rig_probe_mac(rig, 1), ((uint8_t[]){2, 0, 0, 0, 0, 1}), 6);
	rig_free(rig);
}

Test(core_probe, another_interval_counts_at_once)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rig->conf.probe_interval = 60000;
	rig_set(rig);
	rounds_with(rig, 1, 3);
	rig->conf.probe_interval = 50;
	rig_set(rig);
	cr_assert_eq(rig_deadline(rig), rig->ms + 50);
	rig_free(rig);
}

Test(core_probe, ports_of_one_mac_differ)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 3, TARGET);

	for (uint32_t slot = 0; slot < 3; slot++) {
		rig->link[slot] = (struct core_link){.present = true, .admin_up = true, .carrier = true};
		core_link_changed(rig->core, (RIG_START + rig->ms) * RIG_MS, slot, &rig->link[slot], &rig->fx);
	}
	rig->fx.count = 0;
	rig->last = *core_output(rig->core);
	round_with(rig, 0, TARGET);
	for (uint32_t a = 0; a < 3; a++) {
		cr_assert_eq(rig_probe_mac(rig, a)[0] & 3, 2, "one station, locally administered");
		cr_assert_neq(memcmp(rig_probe_mac(rig, a), lagg_mac, 6), 0);
		for (uint32_t b = 0; b < a; b++)
			cr_assert_neq(memcmp(rig_probe_mac(rig, a), rig_probe_mac(rig, b), 6), 0, "%u and %u", a, b);
	}
	rig_free(rig);
}

Test(core_probe, silence_changes_over)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);
	const struct xlagg_event *event;

	rounds_with(rig, 3, 2);
	cr_assert_str_eq(rig_active(rig), "eth0", "the third is still under way");
	round_with(rig, 2, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_not(is_live(rig, 0));
	cr_assert_str_eq(rig_reason(rig, 0), "no answer from " TARGET " to 3 probes");
	event = rig_event(rig, XLAGG_EVENT_FAILOVER, NULL);
	cr_assert_eq(event->detected, XLAGG_DETECTED_PROBE);
	cr_assert_not_null(event);
	cr_assert_str_eq(event->text, "eth0: no answer from " TARGET " to 3 probes");
	rig_forget(rig);
	rounds_with(rig, 300, 2);
	cr_assert_eq(rig_count(rig, CORE_EVENT), 0, "and nothing more is told, however long it lasts");
	round_with(rig, 3, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth0", "the first answer brings it back");
	rig_free(rig);
}

static struct xlagg_port_status status_of(struct rig *rig, uint32_t slot)
{
	struct xlagg_port_status status = {0};

	core_port_status(rig->core, slot, &status);
	return status;
}

Test(core_probe, what_became_of_them_is_counted)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);
	struct xlagg_port_status before = status_of(rig, 0), after;

	cr_assert_eq(before.probes.state, XLAGG_PROBES_ANSWERED);
	rounds_with(rig, 2, 3);
	rig_answer(rig, 0, 0, TARGET, far_end);
	after = status_of(rig, 0);
	cr_assert_eq(after.probes.sent - before.probes.sent, 2);
	cr_assert_eq(after.probes.answered - before.probes.answered, 2,
		     "the second answer to one probe does not count");
	cr_assert_eq(after.probes.lost, before.probes.lost);
	rounds_with(rig, 3, 2);
	after = status_of(rig, 0);
	cr_assert_eq(after.probes.lost - before.probes.lost, 2, "the third is still under way");
	cr_assert_eq(after.probes.state, XLAGG_PROBES_MISSED);
	round_with(rig, 2, TARGET);
	cr_assert_eq(status_of(rig, 0).probes.state, XLAGG_PROBES_SILENT);
	cr_assert_eq(status_of(rig, 1).probes.state, XLAGG_PROBES_ANSWERED);
	rig_free(rig);
}

Test(core_probe, fewer_missed_than_asked_for_are_nothing)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rig_forget(rig);
	for (uint32_t i = 0; i < 20; i++) {
		rounds_with(rig, 2, 2);
		round_with(rig, 3, TARGET);
	}
	cr_assert_eq(rig_count(rig, CORE_PUBLISH) + rig_count(rig, CORE_EVENT), 0);
	rig->conf.probe_missed = 1;
	rig_set(rig);
	rounds_with(rig, 2, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_str_eq(rig_reason(rig, 0), "no answer from " TARGET " to 1 probe");
	rig_free(rig);
}

Test(core_probe, loadbalance_moves_the_buckets)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 4, TARGET);

	rounds_with(rig, 4, 0xd);
	cr_assert_eq(rig_buckets(rig, 1), 0);
	cr_assert_not(is_live(rig, 1));
	cr_assert_not(core_output(rig->core)->flags[1] & XLAGG_PORT_KERNEL_RETURN,
		      "its carrier does not make it better");
	round_with(rig, 0xf, TARGET);
	cr_assert_eq(rig_buckets(rig, 1), XLAGG_BUCKETS / 4);
	rig_free(rig);
}

Test(core_probe, a_target_that_dies_takes_nothing_with_it)
{
	for (uint32_t proto = XLAGG_PROTO_FAILOVER; proto <= XLAGG_PROTO_LOADBALANCE; proto++) {
		struct rig *rig = probing(proto, 3, TARGET);

		rig_forget(rig);
		/* it got some answers in the last round */
		round_with(rig, 5, TARGET);
		rounds_with(rig, 300, 0);
		cr_assert_eq(rig_count(rig, CORE_PUBLISH), 0);
		cr_assert_eq(rig_count(rig, CORE_EVENT), 1, "that it is gone is told, once");
		cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_LAGG_CHANGE, "")->text,
				 "no port gets an answer to its probes: they decide nothing until one does");
		rounds_with(rig, 2, 7);
		cr_assert_eq(rig_count(rig, CORE_PUBLISH), 0);
		cr_assert_eq(rig_count(rig, CORE_EVENT), 2);
		cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_LAGG_CHANGE, "")->text, "probes are answered again");
		rounds_with(rig, 4, 6);
		cr_assert_not(is_live(rig, 0), "it is alive again");
		rig_free(rig);
	}
}

/* A port that was silent before the target died had another reason for it. */
Test(core_probe, who_was_out_stays_out_when_the_target_dies)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rounds_with(rig, 4, 2);
	rounds_with(rig, 50, 0);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_carrier(rig, 1, false);
	cr_assert_str_eq(rig_active(rig), "eth0", "but it is better than none");
	cr_assert_str_eq(rig_reason(rig, 0), "");
	rig_carrier(rig, 1, true);
	rounds_with(rig, 10, 0);
	cr_assert_str_eq(rig_active(rig), "eth0", "of two that are not answered the primary is in use");
	rounds_with(rig, 2, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_free(rig);
}

Test(core_probe, the_last_one_stays)
{
	struct rig *rig = probing(XLAGG_PROTO_ROUNDROBIN, 2, TARGET);

	rig_carrier(rig, 1, false);
	rounds_with(rig, 50, 0);
	cr_assert(is_live(rig, 0) && core_output(rig->core)->carrier);
	rig_free(rig);
}

/* A switch may have carrier long before it forwards. */
Test(core_probe, a_link_that_comes_is_tried_first)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_str_eq(rig_reason(rig, 0), "no answer from " TARGET " to a probe yet");
	cr_assert_eq(status_of(rig, 0).probes.state, XLAGG_PROBES_AWAITED);
	rounds_with(rig, 150, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	round_with(rig, 3, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_probe, time_out_of_service_is_no_silence)
{
	struct rig *rig = probing(XLAGG_PROTO_LOADBALANCE, 2, TARGET);

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	rounds_with(rig, 10, 2);
	rig->port[0].admin = 1;
	rig_port_set(rig, 0);
	cr_assert(is_live(rig, 0));
	rounds_with(rig, 3, 2);
	cr_assert(is_live(rig, 0));
	rig_free(rig);
}

Test(core_probe, but_not_where_nobody_is_answered)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rounds_with(rig, 2, 0);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_probe, a_short_loss_within_down_delay_is_none)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rig->conf.down_delay = 100;
	rig_set(rig);
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 0, true);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rounds_with(rig, 5, 3);
	cr_assert_str_eq(rig_active(rig), "eth0");
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_FAILOVER), 0);
	rig_free(rig);
}

Test(core_probe, up_delay_begins_with_the_first_answer)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);
	uint32_t start;

	rig->conf.up_delay = 500;
	rig_set(rig);
	rounds_with(rig, 4, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	round_with(rig, 3, TARGET);
	start = rig->ms;
	while (rig_deadline(rig) < start + 500)
		round_with(rig, 3, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_until(rig, start + 500);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_probe, damping_counts_it_as_a_loss)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);
	struct xlagg_port_status status = {0};

	rig->conf.damping = 1;
	rig->conf.probe_missed = 1;
	rig_set(rig);
	for (uint32_t i = 0; i < 3; i++) {
		rounds_with(rig, 2, 2);
		cr_assert_str_eq(rig_active(rig), "eth1");
		round_with(rig, 3, TARGET);
	}
	cr_assert_str_eq(rig_active(rig), "eth1", "by now it is held back");
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.stats.link_failures, 3);
	rig_free(rig);
}

/* --- which answers count --- */

/* Whether such an answer keeps slot 0 in use. */
static bool counts(enum xlagg_proto proto, uint32_t slot, uint32_t prober, const char *target, const uint8_t *source)
{
	struct rig *rig = probing(proto, 3, TARGET);
	bool live;

	for (uint32_t i = 0; i < 5; i++) {
		round_with(rig, 6, TARGET);
		rig_answer(rig, slot, prober, target, source);
	}
	live = is_live(rig, 0);
	rig_free(rig);
	return live;
}

Test(core_probe, whose_answer_counts)
{
	cr_assert(counts(XLAGG_PROTO_FAILOVER, 0, 0, TARGET, far_end));
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 0, 0, "10.0.0.8", far_end), "another's");
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 0, 0, "a00:9::", far_end), "the same octets, another version");
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 0, 1, TARGET, far_end), "to another port's probe");
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 0, 0, TARGET, lagg_mac), "our own lagg's, looped back");
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 0, 0, TARGET, (uint8_t[]){2, 0, 0, 0, 0, 1}),
		      "our own port's, looped back");
	cr_assert_not(counts(XLAGG_PROTO_FAILOVER, 1, 0, TARGET, far_end), "failover: it came by another way");
	cr_assert(counts(XLAGG_PROTO_LOADBALANCE, 1, 0, TARGET, far_end), "the far end chooses the way");
}

Test(core_probe, nothing_counts_where_nothing_was_asked)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rig_carrier(rig, 0, false);
	rig_answer(rig, 0, 0, TARGET, far_end);
	rig_carrier(rig, 0, true);
	rig_answer(rig, 0, 0, TARGET, far_end);
	cr_assert_str_eq(rig_active(rig), "eth1", "that was to a probe before the loss");
	rig_free(rig);
}

/* --- several targets --- */

Test(core_probe, any_of_them_will_do)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, BOTH);

	for (uint32_t i = 0; i < 10; i++) {
		round_with(rig, 2, TARGET);
		rig_answer(rig, 0, 0, OTHER, far_end);
	}
	cr_assert_str_eq(rig_active(rig), "eth0");
	rounds_with(rig, 4, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_str_eq(rig_reason(rig, 0), "no answer from " TARGET " or another target to 3 probes");
	rig_free(rig);
}

Test(core_probe, all_of_them_but_the_dead)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, BOTH);

	rig->conf.probe_targets = XLAGG_PROBE_ALL;
	rig_set(rig);
	rounds_with(rig, 10, 3);
	cr_assert_str_eq(rig_active(rig), "eth0", "the other answers nobody");
	for (uint32_t i = 0; i < 2; i++) {
		round_with(rig, 3, TARGET);
		rig_answer(rig, 1, 1, OTHER, far_end);
	}
	cr_assert_str_eq(rig_active(rig), "eth1", "now it answers one");
	cr_assert_str_eq(rig_reason(rig, 0), "no answer from " OTHER " to 3 probes");
	round_with(rig, 3, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rig_answer(rig, 0, 0, OTHER, far_end);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(rig);
}

Test(core_probe, targets_as_the_option_says)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, "10.0.0.9,2001:db8::1,192.0.2.255");
	const struct core_target *target;

	cr_assert_eq(core_probe_targets(rig->core, &target), 3);
	cr_assert_eq(target[0].version, 4);
	cr_assert_arr_eq(target[0].address, ((uint8_t[16]){10, 0, 0, 9}), 16);
	cr_assert_eq(target[1].version, 6);
	cr_assert_arr_eq(target[1].address, ((uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = 1}), 16);
	cr_assert_arr_eq(target[2].address, ((uint8_t[16]){192, 0, 2, 255}), 16);
	rig_free(rig);
}

/* --- changes while probes run --- */

Test(core_probe, other_targets_begin_anew)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rounds_with(rig, 4, 2);
	cr_assert_not(is_live(rig, 0));
	strcpy(rig->conf.probe, OTHER);
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth0", "of these nothing is known");
	for (uint32_t i = 0; i < 4; i++)
		round_with(rig, 2, OTHER);
	cr_assert_str_eq(rig_active(rig), "eth1");
	strcpy(rig->conf.probe, "none");
	rig_set(rig);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_forget(rig);
	rig_settle(rig);
	cr_assert_eq(rig_count(rig, CORE_PROBE), 0);
	rig_free(rig);
}

Test(core_probe, another_proto_keeps_what_is_known)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);

	rounds_with(rig, 4, 2);
	rig->conf.proto = XLAGG_PROTO_LOADBALANCE;
	rig_set(rig);
	cr_assert_not(is_live(rig, 0));
	rig->conf.proto = XLAGG_PROTO_BROADCAST;
	rig_set(rig);
	cr_assert(is_live(rig, 0), "there nothing is probed");
	rig_free(rig);
}

Test(core_probe, shown)
{
	struct rig *rig = probing(XLAGG_PROTO_FAILOVER, 2, TARGET);
	struct xlagg_port_status status = {0};

	rounds_with(rig, 3, 2);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.probe.running, 1);
	cr_assert_eq(status.probe.missed, 2);
	cr_assert_eq(status.probe.answered_ns, (RIG_START + rig->ms - 3 * INTERVAL) * RIG_MS);
	rig_carrier(rig, 0, false);
	core_port_status(rig->core, 0, &status);
	cr_assert_eq(status.probe.running, 0);
	rig_free(rig);
}

/* All that a new agent knows of a silent port is that it was not in use. */
Test(core_probe, the_next_agent_waits_for_an_answer)
{
	struct rig *before = probing(XLAGG_PROTO_FAILOVER, 2, TARGET), *rig = rig_new_with(&before->conf);
	uint64_t now;

	rounds_with(before, 4, 2);
	now = (RIG_START + before->ms) * RIG_MS;
	rig->ms = before->ms;
	core_hold(rig->core);
	core_adopt(rig->core, &core_output(before->core)->table);
	for (uint32_t slot = 0; slot < 2; slot++) {
		rig->used[slot] = true;
		rig->port[slot] = before->port[slot];
		rig->link[slot] = before->link[slot];
		core_port_add(rig->core, now, slot, slot ? "eth1" : "eth0", slot, &rig->port[slot], &rig->fx);
		core_link_changed(rig->core, now, slot, &rig->link[slot], &rig->fx);
	}
	core_release(rig->core, now, &rig->fx);
	rig->fx.count = 0;
	rig->last = *core_output(rig->core);
	cr_assert_str_eq(rig_active(rig), "eth1");
	rounds_with(rig, 5, 2);
	cr_assert_str_eq(rig_active(rig), "eth1");
	round_with(rig, 3, TARGET);
	cr_assert_str_eq(rig_active(rig), "eth0");
	rig_free(before);
	rig_free(rig);
}
