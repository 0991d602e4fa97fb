/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Option grey-detect: which port is found to lose more than the others, and what becomes of it. */
#include <string.h>

#include "unit/core_rig.h"

#define LOOK 1000     /* ms */
#define SEGMENTS 1000 /* that a port sends between two looks */

static struct core_sample sample[XLAGG_MAX_PORTS];

/* A lagg that looks, and has looked once, so that it knows where the counters stand. */
static struct rig *looking(enum xlagg_proto proto, uint32_t ports, enum xlagg_grey_detect how)
{
	struct rig *rig = rig_new(proto, ports);

	for (uint32_t slot = 0; slot < ports; slot++)
		sample[slot] = (struct core_sample){.known = true};
	rig->conf.grey_detect = how;
	rig_set(rig);
	core_sample(rig->core, (RIG_START + rig->ms) * RIG_MS, sample, &rig->fx);
	rig_log(rig);
	return rig;
}

static void look(struct rig *rig)
{
	rig_until(rig, rig->ms + LOOK);
	core_sample(rig->core, (RIG_START + rig->ms) * RIG_MS, sample, &rig->fx);
	rig_log(rig);
}

/* A port sends, and loses so many of a thousand segments, of 10 sockets. */
static void traffic(uint32_t slot, uint32_t segments, uint32_t per_mille)
{
	uint32_t lost = segments * per_mille / 1000;

	sample[slot].segments += segments;
	sample[slot].retransmitted += lost;
	sample[slot].sockets += lost < 10 ? lost : 10;
}

/* The first ports send for so many looks; that of slot 1 loses some of it. */
static void seconds(struct rig *rig, uint32_t looks, uint32_t ports, uint32_t per_mille)
{
	while (looks-- > 0) {
		for (uint32_t slot = 0; slot < ports; slot++)
			traffic(slot, SEGMENTS, slot == 1 ? per_mille : 0);
		look(rig);
	}
}

static struct xlagg_port_status status_of(struct rig *rig, uint32_t slot)
{
	struct xlagg_port_status status = {0};

	core_port_status(rig->core, slot, &status);
	core_port_timers(rig->core, (RIG_START + rig->ms) * RIG_MS, slot, &status);
	return status;
}

static bool is_live(struct rig *rig, uint32_t slot)
{
	return core_output(rig->core)->live[slot];
}

Test(core_grey, nobody_looks_unless_told_to)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 4);

	cr_assert_eq(core_deadline(rig->core), CORE_NEVER);
	cr_assert_eq(status_of(rig, 0).grey.state, XLAGG_GREY_STATE_OFF);
	rig->conf.grey_detect = XLAGG_GREY_TELL;
	rig_set(rig);
	rig_until(rig, rig->ms + 10 * LOOK);
	cr_assert_eq(rig_count(rig, CORE_SAMPLE), 11, "once a second");
	rig->conf.grey_detect = XLAGG_GREY_OFF;
	rig_set(rig);
	cr_assert_eq(core_deadline(rig->core), CORE_NEVER);
	rig_free(rig);
}

Test(core_grey, a_port_that_loses_more_is_told_once)
{
	static const uint32_t losses[] = {12, 50, 300, 1000};

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_TELL);

		seconds(rig, 10, 4, 0);
		cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
		seconds(rig, 10, 4, losses[i]);
		cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 1, "%u of a thousand", losses[i]);
		cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_GREY, NULL)->port, "eth1");
		cr_assert_eq(status_of(rig, 1).grey.state, XLAGG_GREY_STATE_TOLD);
		cr_assert_str_eq(status_of(rig, 1).notice, rig_event(rig, XLAGG_EVENT_GREY, NULL)->text);
		cr_assert(is_live(rig, 1), "tell changes nothing");
		cr_assert_str_eq(rig_reason(rig, 1), "");
		rig_free(rig);
	}
}

Test(core_grey, the_event_says_what_was_lost)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_TELL);

	seconds(rig, 2, 4, 305);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_GREY, "eth1")->text,
			 "loses more than the other ports: 30.5 % of its TCP segments had to be sent again, "
			 "elsewhere 0.0 %");
	rig_free(rig);
}

Test(core_grey, a_few_losses_are_none)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	seconds(rig, 60, 4, 4);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
	for (int i = 0; i < 60; i++) { /* little is sent, and every tenth second one segment of it is lost */
		for (uint32_t slot = 0; slot < 4; slot++)
			traffic(slot, 10, slot == 1 && i % 10 == 0 ? 100 : 0);
		look(rig);
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
	rig_free(rig);
}

Test(core_grey, one_bad_connection_makes_no_port_grey)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	for (int i = 0; i < 60; i++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			traffic(slot, SEGMENTS, 0);
		sample[1].retransmitted += 200;
		sample[1].sockets += i % 4 == 0;
		look(rig);
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
	rig_free(rig);
}

Test(core_grey, loss_of_the_whole_path_makes_no_port_grey)
{
	static const uint32_t losses[] = {20, 300, 1000};

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

		seconds(rig, 10, 4, 0);
		for (uint32_t n = 0; n < 20; n++) {
			for (uint32_t slot = 0; slot < 4; slot++)
				traffic(slot, losses[i] == 1000 ? 40 + 20 * slot : SEGMENTS,
					losses[i] * (10 + slot) / 13);
			look(rig);
		}
		cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0, "%u of a thousand on each", losses[i]);
		rig_free(rig);
	}
}

/* What a port that suddenly loses everything still sends: retransmissions, at ever longer intervals. */
Test(core_grey, a_port_that_loses_everything_is_found_in_seconds)
{
	static const uint32_t again[] = {50, 25, 0, 25, 0, 0, 25};
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);
	uint32_t n = 0;

	for (uint32_t i = 0; i < 30; i++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			traffic(slot, 10000, 0);
		look(rig);
	}
	for (; n < 7 && is_live(rig, 1); n++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			if (slot != 1)
				traffic(slot, 10000, 0);
		traffic(1, again[n], 1000);
		look(rig);
	}
	cr_assert_leq(n, 4);
	cr_assert(!is_live(rig, 1));
	rig_free(rig);
}

Test(core_grey, without_another_port_to_compare_with_nothing_is_found)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	for (int i = 0; i < 20; i++) {
		traffic(1, SEGMENTS, 300);
		look(rig);
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
	rig_free(rig);
}

Test(core_grey, of_four_ports_two_may_be_grey)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	for (int i = 0; i < 4; i++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			traffic(slot, SEGMENTS, slot < 2 ? 300 : 0);
		look(rig);
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 2);
	cr_assert(!is_live(rig, 0) && !is_live(rig, 1) && is_live(rig, 2) && is_live(rig, 3));
	rig_free(rig);
}

Test(core_grey, a_port_that_loses_no_more_is_told_again)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_TELL);

	seconds(rig, 3, 4, 300);
	rig_forget(rig);
	seconds(rig, 60, 4, 0);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 1);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_GREY, "eth1")->text, "no longer loses more than the other ports");
	cr_assert_eq(status_of(rig, 1).grey.state, XLAGG_GREY_STATE_GOOD);
	cr_assert_str_eq(status_of(rig, 1).notice, "");
	rig_free(rig);
}

/* A loss about the limit: the port must not become grey and good by turns. */
Test(core_grey, a_loss_about_the_limit_is_told_once)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_TELL);

	for (uint32_t i = 0; i < 300; i++)
		seconds(rig, 1, 4, i / 2 % 2 ? 8 : 13);
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 1);
	rig_free(rig);
}

Test(core_grey, out_leaves_as_if_its_link_were_lost)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);
	struct xlagg_port_status status;

	seconds(rig, 2, 4, 300);
	status = status_of(rig, 1);
	cr_assert(!is_live(rig, 1));
	cr_assert_eq(rig_buckets(rig, 1), 0);
	cr_assert_eq(status.flags, 0);
	cr_assert_eq(status.grey.state, XLAGG_GREY_STATE_GONE);
	cr_assert_eq(status.grey.outs, 1);
	cr_assert_eq(status.grey.retry_ms, 5000);
	cr_assert_eq(status.stats.link_failures, 1);
	cr_assert_str_eq(status.reason, rig_event(rig, XLAGG_EVENT_GREY, "eth1")->text);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_PORT_STATE, "eth1")->text, status.reason);
	cr_assert_eq(rig_buckets(rig, 0) + rig_buckets(rig, 2) + rig_buckets(rig, 3), XLAGG_BUCKETS);
	rig_free(rig);
}

/* Until it is live, or no longer. Returns the milliseconds that this took. */
static uint32_t until(struct rig *rig, bool live, uint32_t per_mille)
{
	uint32_t start = rig->ms;

	while (is_live(rig, 1) != live && rig->ms - start < 2000 * LOOK)
		seconds(rig, 1, 4, is_live(rig, 1) ? per_mille : 0);
	return rig->ms - start;
}

Test(core_grey, it_is_tried_again_later_and_later)
{
	static const uint32_t hold[] = {5, 10, 20, 40, 80, 160, 320, 640, 900, 900};
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	for (uint32_t i = 0; i < sizeof(hold) / sizeof(hold[0]); i++) {
		cr_assert_leq(until(rig, false, 300), 3 * LOOK);
		cr_assert_eq(until(rig, true, 300), hold[i] * LOOK, "for the %uth time", i + 1);
		rig_forget(rig);
	}
	seconds(rig, 700, 4, 0); /* good for long: as if nothing had been */
	until(rig, false, 300);
	cr_assert_eq(until(rig, true, 300), 5 * LOOK);
	rig_free(rig);
}

Test(core_grey, never_the_last_port)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	seconds(rig, 2, 4, 300);
	cr_assert(!is_live(rig, 1));
	rig_carrier(rig, 0, false);
	rig_carrier(rig, 2, false);
	cr_assert(!is_live(rig, 1));
	rig_carrier(rig, 3, false);
	cr_assert(is_live(rig, 1), "better than none");
	rig_carrier(rig, 3, true);
	seconds(rig, 1, 4, 300);
	cr_assert(!is_live(rig, 1), "there is another one again");
	rig_free(rig);
}

Test(core_grey, never_so_many_that_min_links_takes_the_carrier)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 3, XLAGG_GREY_OUT);

	rig->conf.min_links = 3;
	rig_set(rig);
	seconds(rig, 10, 3, 300);
	cr_assert(is_live(rig, 1) && core_output(rig->core)->carrier);
	cr_assert_eq(status_of(rig, 1).grey.state, XLAGG_GREY_STATE_TOLD);
	rig->conf.min_links = 2;
	rig_set(rig);
	seconds(rig, 1, 3, 300);
	cr_assert(!is_live(rig, 1) && core_output(rig->core)->carrier);
	rig_carrier(rig, 0, false);
	cr_assert(is_live(rig, 1) && core_output(rig->core)->carrier, "it is needed");
	rig_free(rig);
}

Test(core_grey, a_link_that_was_lost_begins_anew)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	seconds(rig, 2, 4, 300);
	cr_assert(!is_live(rig, 1));
	rig_carrier(rig, 1, false);
	cr_assert_eq(status_of(rig, 1).stats.link_failures, 1, "it was lost already");
	cr_assert_str_eq(rig_reason(rig, 1), "no carrier");
	rig_carrier(rig, 1, true);
	cr_assert(is_live(rig, 1), "another cable, perhaps");
	rig_free(rig);
}

Test(core_grey, an_administrator_brings_it_back)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	seconds(rig, 2, 4, 300);
	rig->port[1].admin = 0;
	rig_port_set(rig, 1);
	cr_assert(!is_live(rig, 1));
	rig->port[1].admin = 1;
	rig_port_set(rig, 1);
	cr_assert(is_live(rig, 1));
	seconds(rig, 2, 4, 300);
	cr_assert(!is_live(rig, 1));
	rig->conf.grey_detect = XLAGG_GREY_TELL;
	rig_set(rig);
	cr_assert(is_live(rig, 1));
	rig_free(rig);
}

Test(core_grey, up_delay_holds_it_back_as_after_a_loss)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	rig->conf.up_delay = 3000;
	rig_set(rig);
	seconds(rig, 2, 4, 300);
	cr_assert_eq(until(rig, true, 0), 8 * LOOK);
	rig_free(rig);
}

Test(core_grey, damaged_frames)
{
	struct rig *rig = looking(XLAGG_PROTO_FAILOVER, 2, XLAGG_GREY_OUT);

	for (int i = 0; i < 5; i++) {
		sample[0].frames += 5000;
		sample[0].errors += 50;
		sample[1].frames += 5000;
		look(rig);
	}
	cr_assert_str_eq(rig_active(rig), "eth1");
	cr_assert_str_eq(rig_reason(rig, 0), "loses more than the other ports: 1.0 % of its frames were damaged, "
					     "elsewhere 0.0 %");
	cr_assert_eq(rig_event(rig, XLAGG_EVENT_FAILOVER, NULL)->detected, XLAGG_DETECTED_GREY);
	for (int i = 0; i < 10; i++) { /* what can be seen without traffic is no better */
		sample[0].frames += 5000;
		sample[0].errors += 50;
		sample[1].frames += 5000;
		look(rig);
		cr_assert(!is_live(rig, 0));
	}
	rig_free(rig);
}

Test(core_grey, probes)
{
	static const uint8_t far_end[6] = {2, 9, 9, 9, 9, 9};
	struct rig *rig = looking(XLAGG_PROTO_FAILOVER, 3, XLAGG_GREY_TELL);

	strcpy(rig->conf.probe, "10.0.0.9");
	rig_set(rig);
	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t slot = 0; slot < 3; slot++)
			if (rig_probe_mac(rig, slot) && (slot != 0 || round % 4))
				rig_answer(rig, slot, slot, "10.0.0.9", far_end);
		rig_until(rig, rig->ms + 200);
		if (round % 5 == 4) {
			core_sample(rig->core, (RIG_START + rig->ms) * RIG_MS, sample, &rig->fx);
			rig_log(rig);
		}
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 1);
	cr_assert_str_eq(rig_event(rig, XLAGG_EVENT_GREY, NULL)->port, "eth0");
	cr_assert(strstr(rig_event(rig, XLAGG_EVENT_GREY, NULL)->text, "of its link probes were not answered"));
	rig_free(rig);
}

Test(core_grey, counters_that_jump_are_believed_by_nobody)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			traffic(slot, SEGMENTS, 0);
		sample[1].retransmitted = i % 2 ? 0 : UINT64_MAX - 1;
		sample[1].sockets = i % 2 ? 0 : UINT64_MAX - 1;
		sample[2].known = i % 3 > 0;
		look(rig);
	}
	cr_assert_eq(rig_events(rig, XLAGG_EVENT_GREY), 0);
	rig_free(rig);
}

Test(core_grey, a_new_port_in_the_slot_is_another_one)
{
	struct rig *rig = looking(XLAGG_PROTO_LOADBALANCE, 4, XLAGG_GREY_OUT);

	seconds(rig, 2, 4, 300);
	cr_assert(!is_live(rig, 1));
	rig_del(rig, 1);
	rig_add(rig, 1);
	rig_carrier(rig, 1, true);
	cr_assert(is_live(rig, 1));
	cr_assert_eq(status_of(rig, 1).grey.outs, 0);
	sample[1] = (struct core_sample){.known = true};
	seconds(rig, 10, 4, 0);
	cr_assert(is_live(rig, 1));
	rig_free(rig);
}
