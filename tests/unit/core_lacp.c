/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* LACP within the lagg: two cores connected port to port. The machines themselves are tested in lacp_*.c. */
#include <string.h>

#include "unit/core_rig.h"
#include "xlagg/wire.h"

#define ACTIVE XLAGG_FLAG_ACTIVE
#define COLLECTING XLAGG_FLAG_COLLECTING
#define DISTRIBUTING XLAGG_FLAG_DISTRIBUTING

/* Two laggs and the cables between them. */
struct pair {
	struct rig *end[2];
	uint32_t delivered[2]; /* how many entries of each end's log have been read */
};

static void deliver(struct pair *pair)
{
	for (uint32_t from = 0; from < 2; from++) {
		struct rig *a = pair->end[from], *b = pair->end[!from];

		while (pair->delivered[from] < a->entries) {
			const struct core_effect *effect = &a->log[pair->delivered[from]++].effect;
			uint32_t slot = effect->slot;

			if (effect->kind == CORE_SEND && a->link[slot].carrier && b->link[slot].carrier)
				rig_frame(b, slot, effect->frame);
		}
	}
	if (pair->delivered[0] < pair->end[0]->entries || pair->delivered[1] < pair->end[1]->entries)
		deliver(pair);
}

static void pair_until(struct pair *pair, uint32_t ms)
{
	struct rig *a = pair->end[0], *b = pair->end[1];

	deliver(pair);
	for (;;) {
		uint32_t next = rig_deadline(a) < rig_deadline(b) ? rig_deadline(a) : rig_deadline(b);

		next = next < ms ? next : ms;
		rig_until(a, next);
		rig_until(b, next);
		deliver(pair);
		if (next == ms)
			break;
	}
}

static void pass_time(struct pair *pair, uint32_t ms)
{
	pair_until(pair, pair->end[0]->ms + ms);
}

static void forget(struct pair *pair)
{
	for (uint32_t i = 0; i < 2; i++) {
		rig_forget(pair->end[i]);
		pair->delivered[i] = 0;
	}
}

/* A cable is plugged in or pulled. */
static void cable(struct pair *pair, uint32_t slot, bool carrier)
{
	rig_carrier(pair->end[0], slot, carrier);
	rig_carrier(pair->end[1], slot, carrier);
	deliver(pair);
}

static struct pair pair_new(const struct xlagg_lagg_conf *conf, uint32_t ports)
{
	struct pair pair = {0};

	for (uint32_t i = 0; i < 2; i++) {
		struct rig *rig = rig_new_with(conf);

		core_set_mac(rig->core, RIG_START * RIG_MS, (uint8_t[6]){2, 0, 0, 0, 1, (uint8_t)i}, &rig->fx);
		pair.end[i] = rig;
		for (uint32_t slot = 0; slot < ports; slot++)
			rig_add(rig, slot);
	}
	for (uint32_t slot = 0; slot < ports; slot++)
		cable(&pair, slot, true);
	return pair;
}

static struct xlagg_lagg_conf lacp_conf(void)
{
	struct xlagg_lagg_conf conf = rig_defaults();

	conf.proto = XLAGG_PROTO_LACP;
	conf.lacp_rate = XLAGG_RATE_FAST;
	return conf;
}

static struct pair pair_up(const struct xlagg_lagg_conf *conf, uint32_t ports)
{
	struct pair pair = pair_new(conf, ports);

	pass_time(&pair, 5000);
	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t slot = 0; slot < ports; slot++)
			cr_assert_eq(rig_flags(pair.end[i], slot), ACTIVE | COLLECTING | DISTRIBUTING, "%s",
				     rig_reason(pair.end[i], slot));
	forget(&pair);
	return pair;
}

static void pair_free(struct pair *pair)
{
	rig_free(pair->end[0]);
	rig_free(pair->end[1]);
}

Test(core_lacp, negotiates_and_carries)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_new(&conf, 2);
	const struct core_output *out = core_output(pair.end[0]->core);
	struct xlagg_lagg_status status = {0};
	struct xlagg_port_status port = {0};

	cr_assert_not(out->carrier);
	cr_assert_neq(rig_lagg_reason(pair.end[0])[0], '\0');
	pass_time(&pair, 5000);
	cr_assert(out->carrier && out->live[0] && out->live[1]);
	cr_assert_eq(out->flags[0], XLAGG_PORT_COLLECTING, "the kernel alone may not bring it back");
	cr_assert_eq(rig_buckets(pair.end[0], 0), XLAGG_BUCKETS / 2);
	core_status(pair.end[0]->core, &status);
	cr_assert_eq(status.active_ports, 2);
	cr_assert_eq(status.speed, 2000);
	cr_assert_eq(status.has_lag_id, 1);
	cr_assert_arr_eq(status.actor.system, ((uint8_t[6]){2, 0, 0, 0, 1, 0}), 6, "system-mac auto is the lagg's");
	cr_assert_arr_eq(status.partner.system, ((uint8_t[6]){2, 0, 0, 0, 1, 1}), 6);
	core_port_status(pair.end[0]->core, 1, &port);
	cr_assert_eq(port.number, 2);
	cr_assert_eq(port.lacp.rx, XLAGG_RX_CURRENT);
	cr_assert_eq(rig_count(pair.end[0], CORE_ANNOUNCE), 0);
	pair_free(&pair);
}

#define ACTOR_STATE (14 + 18) /* offset of Actor_State in a LACPDU's frame */

/* eth0 of the first end hears what the other end said last, but with these state bits cleared. */
static void forge(struct pair *pair, uint8_t cleared)
{
	uint8_t frame[CORE_FRAME_LEN] = {0};
	const struct rig *b = pair->end[1];

	for (uint32_t i = 0; i < b->entries; i++)
		if (b->log[i].effect.kind == CORE_SEND && b->log[i].effect.slot == 0)
			memcpy(frame, b->log[i].effect.frame, sizeof(frame));
	cr_assert(frame[ACTOR_STATE] & XLAGG_STATE_AGGREGATION, "the other end has said something");
	frame[ACTOR_STATE] &= (uint8_t)~cleared;
	rig_frame(pair->end[0], 0, frame);
	deliver(pair);
}

/* Sync of eth0's partner seems to go for 20 s, ten times a second. Returns how often a table was made for that. */
static uint32_t flap_sync(struct pair *pair)
{
	uint32_t tables;

	pass_time(pair, 1500);
	for (uint32_t i = 0; i < 200; i++) {
		forge(pair, XLAGG_STATE_SYNC);
		pass_time(pair, 50);
		forge(pair, 0);
		pass_time(pair, 50);
	}
	tables = rig_events(pair->end[0], XLAGG_EVENT_TABLE);
	forget(pair);
	return tables;
}

Test(core_lacp, a_partner_that_flaps_moves_flows_each_time)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	uint32_t tables = flap_sync(&pair);

	cr_assert_gt(tables, 100, "%u", tables);
	pair_free(&pair);
}

Test(core_lacp, a_partner_that_flaps_is_damped)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.damping = 1;
	struct pair pair = pair_up(&conf, 2);
	struct xlagg_port_status status = {0};
	struct rig *rig = pair.end[0];
	uint32_t tables = flap_sync(&pair);

	cr_assert_leq(tables, 6, "%u", tables);
	cr_assert(strstr(rig_reason(rig, 0), "held back by damping: its partner"), "%s", rig_reason(rig, 0));
	core_port_timers(rig->core, (RIG_START + rig->ms) * RIG_MS, 0, &status);
	cr_assert(status.damping.suppressed && status.damping.reuse_ms > 15000 && status.damping.reuse_ms <= 20500,
		  "%u %u", status.damping.penalty, status.damping.reuse_ms);
	cr_assert_eq(rig_flags(pair.end[1], 0) & DISTRIBUTING, 0, "the partner has stopped sending on it");
	cr_assert(core_output(rig->core)->carrier && core_output(rig->core)->live[1]);
	pass_time(&pair, 25000);
	cr_assert_eq(rig_flags(rig, 0), ACTIVE | COLLECTING | DISTRIBUTING, "%s", rig_reason(rig, 0));
	cr_assert_eq(rig_flags(pair.end[1], 0), ACTIVE | COLLECTING | DISTRIBUTING);
	pair_free(&pair);
}

Test(core_lacp, loss_of_a_cable)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	const struct core_output *out = core_output(pair.end[0]->core);

	cable(&pair, 0, false);
	cr_assert_not(out->live[0]);
	cr_assert_eq(rig_buckets(pair.end[0], 1), XLAGG_BUCKETS);
	cr_assert_str_eq(rig_reason(pair.end[0], 0), "no carrier");
	cr_assert(out->carrier);
	cable(&pair, 1, false);
	cr_assert_not(out->carrier);
	cable(&pair, 0, true);
	pass_time(&pair, 5000);
	cr_assert(out->carrier && out->live[0]);
	pair_free(&pair);
}

Test(core_lacp, down_delay_keeps_the_aggregator)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.down_delay = 500;
	struct pair pair = pair_up(&conf, 2);
	const struct core_output *out = core_output(pair.end[0]->core);
	struct xlagg_lagg_status status = {0};

	pair.end[0]->link[0].speed = 0;
	cable(&pair, 0, false);
	cr_assert_not(out->live[0], "not sent to from the first moment");
	cr_assert_eq(rig_buckets(pair.end[0], 0), XLAGG_BUCKETS / 2);
	cr_assert_eq(rig_flags(pair.end[0], 0), ACTIVE | COLLECTING);
	core_status(pair.end[0]->core, &status);
	cr_assert_eq(status.speed, 1000, "of the ports that carry traffic");
	pass_time(&pair, 400);
	cable(&pair, 0, true);
	cr_assert(out->live[0], "at once, without negotiation");
	forget(&pair);
	cable(&pair, 0, false);
	pass_time(&pair, 500);
	cr_assert_eq(rig_buckets(pair.end[0], 0), 0);
	pair_free(&pair);
}

Test(core_lacp, up_delay_holds_the_port_back)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.up_delay = 3000;
	struct pair pair = pair_new(&conf, 2);
	struct rig *rig = pair.end[0];

	pass_time(&pair, 2900);
	cr_assert(core_output(rig->core)->live[0], "the first is not held back");
	cr_assert_str_eq(rig_reason(rig, 1), "carrier has not yet held for up-delay 3000 ms");
	pass_time(&pair, 5000);
	cr_assert(core_output(rig->core)->live[1]);
	pair_free(&pair);
}

Test(core_lacp, min_links)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.min_links = 2;
	struct pair pair = pair_up(&conf, 2);

	cable(&pair, 0, false);
	pass_time(&pair, 1000);
	cr_assert_not(core_output(pair.end[0]->core)->carrier);
	cr_assert_eq(core_output(pair.end[0]->core)->table.count, 0);
	cr_assert_not(core_output(pair.end[1]->core)->carrier);
	pair_free(&pair);
}

Test(core_lacp, out_of_service_and_back)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];
	const struct core_output *out = core_output(rig->core);

	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	cr_assert(out->live[0], "flows leave it when none of their frames is overtaken");
	cr_assert(out->flags[0] & XLAGG_PORT_COLLECTING, "the partner does not know yet");
	cr_assert_str_eq(rig_reason(rig, 0), "taken out of service (admin down)");
	pass_time(&pair, 1000);
	cr_assert_not(out->live[0]);
	cr_assert_not(out->flags[0] & XLAGG_PORT_COLLECTING);
	cr_assert_not(core_output(pair.end[1]->core)->live[0], "it was told");
	rig->port[0].admin = 1;
	rig_port_set(rig, 0);
	pass_time(&pair, 6000);
	cr_assert(out->live[0] && core_output(pair.end[1]->core)->live[0]);
	pair_free(&pair);
}

/* As long as a bucket waits, the partner has to accept its frames. */
Test(core_lacp, out_of_service_when_the_last_flow_has_left)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];
	const struct core_output *out = core_output(rig->core);

	rig->moves_by_hand = true;
	rig->port[0].admin = 0;
	rig_port_set(rig, 0);
	pass_time(&pair, 500);
	cr_assert(out->live[0] && out->flags[0] & XLAGG_PORT_COLLECTING);
	cr_assert(core_output(pair.end[1]->core)->flags[0] & XLAGG_PORT_COLLECTING);
	rig->moves_by_hand = false;
	pass_time(&pair, 60);
	cr_assert_not(out->live[0]);
	pass_time(&pair, 1000);
	cr_assert_not(out->flags[0] & XLAGG_PORT_COLLECTING);
	cr_assert_not(core_output(pair.end[1]->core)->live[0]);
	pair_free(&pair);
}

/* Buckets that have sent nothing since the marker move when it is answered, and the others do not. */
Test(core_lacp, a_marker_shows_what_has_arrived)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];
	struct xlagg_lagg_status status = {0};
	struct xlagg_move move[XLAGG_BUCKETS];
	uint64_t before;

	for (uint32_t slot = 0; slot < 2; slot++) {
		rig->link[slot].fifo = true;
		rig_carrier(rig, slot, true);
	}
	rig->moves_by_hand = true;
	rig->port[1].weight = 3;
	rig_port_set(rig, 1);
	pass_time(&pair, 52); /* the marker left after 50 */
	before = (RIG_START + rig->ms - 3) * RIG_MS;
	memcpy(move, core_output(rig->core)->move, sizeof(move));
	for (uint32_t i = 0, n = 0; i < XLAGG_BUCKETS; i++)
		if (move[i].until_ns)
			move[i].last_ns = n++ % 2 ? before : (RIG_START + rig->ms) * RIG_MS;
	core_moves(rig->core, (RIG_START + rig->ms) * RIG_MS, move, &rig->fx);
	rig_log(rig);
	core_status(rig->core, &status);
	cr_assert_eq(status.moves.marker, XLAGG_BUCKETS / 8, "%lu moved", status.moves.marker);
	cr_assert_eq(status.moves.waiting, XLAGG_BUCKETS / 8);
	pair_free(&pair);
}

Test(core_lacp, proto_changes_while_running)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];
	const struct core_output *out = core_output(rig->core);

	rig->conf.proto = XLAGG_PROTO_LOADBALANCE;
	rig_set(rig);
	cr_assert(out->carrier && out->live[0] && out->live[1]);
	cr_assert_eq(rig_count(rig, CORE_SEND), 2, "the last word on each port");
	cr_assert_eq(rig_flags(rig, 0), ACTIVE);
	pass_time(&pair, 1000);
	cr_assert_not(core_output(pair.end[1]->core)->live[0]);
	rig->conf.proto = XLAGG_PROTO_LACP;
	rig_set(rig);
	cr_assert_not(out->live[0]);
	pass_time(&pair, 6000);
	cr_assert(out->live[0] && out->live[1]);
	pair_free(&pair);
}

Test(core_lacp, stop_says_so)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);

	rig_stop(pair.end[0]);
	cr_assert_eq(rig_count(pair.end[0], CORE_SEND), 2);
	deliver(&pair);
	cr_assert_not(core_output(pair.end[1]->core)->live[0]);
	pair_free(&pair);
}

Test(core_lacp, removed_port_says_so)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];

	rig_del(rig, 1);
	uint32_t sent = 0;
	for (uint32_t i = 0; i < rig->entries; i++)
		sent += rig->log[i].effect.kind == CORE_SEND && rig->log[i].effect.slot == 1;
	cr_assert_eq(sent, 1);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS);
	pair_free(&pair);
}

Test(core_lacp, lagg_put_down)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 2);
	struct rig *rig = pair.end[0];

	rig->conf.admin = 0;
	rig_set(rig);
	deliver(&pair);
	cr_assert_not(core_output(rig->core)->carrier);
	cr_assert_eq(core_output(rig->core)->flags[0], 0);
	cr_assert_str_eq(rig_reason(rig, 0), "the lagg is administratively down");
	cr_assert_not(core_output(pair.end[1]->core)->live[0], "Sync is 0 there at once");
	pair_free(&pair);
}

Test(core_lacp, mixed_speed_weighs)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.mixed_speed = 1;
	struct pair pair = pair_new(&conf, 2);

	for (uint32_t i = 0; i < 2; i++) {
		pair.end[i]->link[0].speed = 3000;
		rig_carrier(pair.end[i], 0, true);
	}
	pass_time(&pair, 8000);
	cr_assert_eq(rig_buckets(pair.end[0], 0), 768, "%s", rig_reason(pair.end[0], 0));
	cr_assert_eq(rig_buckets(pair.end[0], 1), 256, "%s", rig_reason(pair.end[0], 1));
	pair_free(&pair);
}

Test(core_lacp, another_partner_has_to_be_announced)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	struct pair pair = pair_up(&conf, 1), other;
	struct rig *rig = pair.end[0];

	pass_time(&pair, 10000);
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 0);
	cable(&pair, 0, false);
	other = pair_new(&conf, 0);
	rig_free(other.end[0]);
	other.end[0] = rig;
	core_set_mac(other.end[1]->core, RIG_START * RIG_MS, (uint8_t[6]){2, 0, 0, 0, 9, 9}, &other.end[1]->fx);
	rig_add(other.end[1], 0);
	other.end[1]->ms = rig->ms;
	rig_forget(rig);
	cable(&other, 0, true);
	pass_time(&other, 8000);
	cr_assert(core_output(rig->core)->live[0], "%s", rig_reason(rig, 0));
	cr_assert_eq(rig_count(rig, CORE_ANNOUNCE), 3);
	rig_free(other.end[1]);
	pair_free(&pair);
}

Test(core_lacp, one_port_falls_back_when_nobody_speaks)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.lacp_strict = 0;
	conf.min_links = 2;
	struct rig *rig = rig_new_with(&conf);
	const struct core_output *out = core_output(rig->core);

	for (uint32_t slot = 0; slot < 2; slot++) {
		rig_add(rig, slot);
		rig_carrier(rig, slot, true);
	}
	cr_assert_not(out->carrier);
	rig_until(rig, 30000);
	cr_assert(out->carrier, "%s", rig_lagg_reason(rig));
	cr_assert(out->live[0] && !out->live[1]);
	cr_assert_eq(rig_buckets(rig, 0), XLAGG_BUCKETS);
	rig_free(rig);
}

/*
 * Both ends are passive, but one still knows an active partner: it sends until that has timed out, and only then does
 * time run out for the other. With lacp-strict off each then carries traffic alone, one long after the other.
 */
Test(core_lacp, passive_ends_fall_silent_one_after_the_other)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.lacp_strict = 0;
	conf.fallback_delay = 3;
	struct pair pair = pair_up(&conf, 1);
	uint32_t start;

	cable(&pair, 0, false);
	rig_del(pair.end[1], 0);
	rig_add(pair.end[1], 0);
	for (uint32_t i = 0; i < 2; i++) {
		pair.end[i]->conf.lacp_mode = XLAGG_LACP_PASSIVE;
		rig_set(pair.end[i]);
	}
	forget(&pair);
	start = pair.end[0]->ms;
	cable(&pair, 0, true);
	pair_until(&pair, start + 6100);
	cr_assert(core_output(pair.end[0]->core)->carrier, "silence for 3 s, and fallback-delay");
	cr_assert_not(core_output(pair.end[1]->core)->carrier);
	pair_until(&pair, start + 10900);
	cr_assert_not(core_output(pair.end[1]->core)->carrier, "it was spoken to for 2 s");
	pair_until(&pair, start + 2 * (3000 + 3000) + 3000 + 2000);
	cr_assert(core_output(pair.end[1]->core)->carrier, "%s", rig_lagg_reason(pair.end[1]));
	cr_assert_eq(rig_count(pair.end[1], CORE_SEND), 0, "a passive end that knows of no active one is silent");
	forget(&pair);
	pass_time(&pair, 300000);
	cr_assert_eq(pair.end[0]->entries + pair.end[1]->entries, 0, "and so it stays");
	pair_free(&pair);
}

Test(core_lacp, goes_on_in_another_agent)
{
	struct xlagg_lagg_conf conf = lacp_conf();
	conf.max_links = 1;
	conf.up_delay = 2000;
	struct pair pair = pair_new(&conf, 2);
	struct rig *old = pair.end[0], *rig = rig_new_with(&conf);
	const struct core_output *out = core_output(rig->core);
	uint64_t now = (RIG_START + 20000) * RIG_MS;

	pass_time(&pair, 20000);
	cr_assert(core_output(old->core)->live[0] && rig_standby(old, 1), "%s", rig_reason(old, 1));
	core_set_mac(rig->core, now, (uint8_t[6]){2, 0, 0, 0, 1, 0}, &rig->fx);
	rig->ms = old->ms;
	core_hold(rig->core);
	core_adopt(rig->core, &core_output(old->core)->table);
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct xlagg_lacp left = {0}, kept;

		cr_assert(core_save_lacp(old->core, slot, &left));
		rig->used[slot] = true;
		rig->port[slot] = old->port[slot];
		rig->link[slot] = old->link[slot];
		core_port_add(rig->core, now, slot, slot ? "eth1" : "eth0", slot, &rig->port[slot], &rig->fx);
		core_adopt_lacp(rig->core, slot, &left);
		core_link_changed(rig->core, now, slot, &rig->link[slot], &rig->fx);
		kept = left;
		cr_assert_not(core_save_lacp(rig->core, slot, &kept),
			      "an agent that dies now must not have changed it");
		cr_assert_arr_eq((uint8_t *)&kept, (uint8_t *)&left, sizeof(left));
	}
	core_release(rig->core, now, &rig->fx);
	cr_assert(out->live[0] && out->carrier);
	cr_assert_arr_eq(out->table.bucket, core_output(old->core)->table.bucket, sizeof(out->table.bucket));
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct xlagg_port_status before = {0}, after = {0};

		core_port_status(old->core, slot, &before);
		core_port_status(rig->core, slot, &after);
		cr_assert_eq(after.lacp.rx, XLAGG_RX_CURRENT, "slot %u: %s", slot, after.reason);
		cr_assert_eq(after.lacp.mux, before.lacp.mux);
		cr_assert_eq(after.lacp.selected, before.lacp.selected);
		cr_assert_str_eq(after.reason, before.reason);
	}
	rig_free(rig);
	pair_free(&pair);
}

Test(core_lacp, slow_frames_are_none_of_the_static_protos_business)
{
	struct rig *rig = rig_new(XLAGG_PROTO_LOADBALANCE, 2);
	uint8_t frame[CORE_FRAME_LEN] = {0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 1, 1, 0x88, 0x09, 1, 1};

	rig_frame(rig, 0, frame);
	rig_frame(rig, 9, frame);
	rig_frame(rig, 99, frame);
	cr_assert_eq(rig->entries, 0);
	rig_free(rig);
}
