/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* LACP while the agent is away: what the kernel answers, what it sends by the clock, and what takes a port out. */
#include <string.h>
#include <time.h>

#include "bpf/wire.h"
#include "xlagg/wire.h"

#define SHOT TC_ACT_SHOT
#define REDIRECT TC_ACT_REDIRECT
#define SECOND 1000000000ull
#define ACTOR 18 /* offsets in a LACPDU's frame */
#define VIEW 38
#define SYSTEM 2 /* offsets in an end */
#define STATE 14
#define CARRIES (XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION | XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* The Actor fields of a port of system 02-00-<system>. */
static void put_end(uint8_t *at, uint32_t system, uint8_t port, uint8_t state)
{
	const uint8_t end[] = {0x80,
			       0,
			       2,
			       0,
			       (uint8_t)(system >> 24),
			       (uint8_t)(system >> 16),
			       (uint8_t)(system >> 8),
			       (uint8_t)system,
			       0,
			       5,
			       0x80,
			       1,
			       0,
			       port,
			       state};

	memcpy(at, end, sizeof(end));
}

/* Makes a LACPDU. Its octets without a meaning depend on `actor`, so that no LACPDU can be mistaken for another's. */
static struct frame lacpdu(uint32_t actor, uint8_t state, uint32_t partner, uint8_t partner_state)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, (uint8_t)actor, 0x88, 0x09}, 14);
	frame_put(&f, (uint8_t[]){XLAGG_SLOW_LACP, 1, 1, 20}, 4);
	for (uint32_t i = f.len; i < FRAME_MAX; i++)
		f.data[i] = (uint8_t)(i * 7 + actor);
	put_end(f.data + ACTOR, actor, 1, state);
	f.data[36] = 2, f.data[37] = 20;
	put_end(f.data + VIEW, partner, 2, partner_state);
	f.len = 124;
	return f;
}

enum { US = 9, THEM = 7 };

static struct frame ours(void)
{
	struct frame f = lacpdu(US, CARRIES, THEM, CARRIES);
	/* the ports as in theirs(): our number is 2, theirs is 1 */
	f.data[ACTOR + 13] = 2, f.data[VIEW + 13] = 1;
	return f;
}

static struct frame theirs(uint8_t state)
{
	return lacpdu(THEM, state, US, CARRIES);
}

/* Writes the record of an agent that heard theirs(state) and sent ours() `age` ago. */
static struct xlagg_lacp record_of(uint8_t state, uint64_t age)
{
	struct frame us = ours(), them = theirs(state);
	struct xlagg_lacp lacp = {
	    .partner_known = 1,
	    .pdu_len = 124,
	    .pdu_tx_ns = now_ns() - age,
	    .timeout_ns = 3 * SECOND,
	    .deadline_ns = now_ns() + 3 * SECOND - age,
	};

	memcpy(lacp.pdu, us.data, sizeof(lacp.pdu));
	memcpy(lacp.partner, them.data + ACTOR, 15);
	return lacp;
}

/* Waits until the machine has been up for so long: nothing can have been sent before its boot. */
static void up_for(uint64_t least)
{
	const struct timespec until = {.tv_sec = (time_t)(least / SECOND)};

	cr_assert_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
}

static void put_record(struct rig *rig, uint32_t slot, const struct xlagg_lacp *lacp)
{
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lacp"), &slot, lacp, BPF_ANY), 0);
}

static struct xlagg_headless did(struct rig *rig, uint32_t slot)
{
	struct xlagg_headless did;

	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "headless"), &slot, &did), 0);
	return did;
}

static void put_did(struct rig *rig, uint32_t slot, const struct xlagg_headless *did)
{
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "headless"), &slot, did, BPF_ANY), 0);
}

/* Sets how long ago the agent's last heartbeat was. */
static void away_for(struct rig *rig, uint64_t age)
{
	rig->control->heartbeat_ns = now_ns() - age;
}

/* Makes two live ports with the partner on port 0; the agent is away. */
static struct rig *rig_headless(const char *programs, uint8_t state)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LACP, 2, programs);
	struct xlagg_lacp lacp = record_of(state, 2 * SECOND);

	put_record(rig, 0, &lacp);
	away_for(rig, 2 * SECOND);
	return rig;
}

/* Keeps the rate limits out of a test: all that was granted and sent was long ago. */
static void forget_times(struct rig *rig)
{
	struct xlagg_headless h = did(rig, 0);

	h.tx_ns = 0;
	put_did(rig, 0, &h);
	rig_limit_due(rig, 0, 0);
}

static bool answered(struct rig *rig, const struct frame *f)
{
	uint64_t before = rig_port_stats(rig, 0).headless_tx;
	uint32_t verdict = rig_run(rig, "rx", f);

	cr_assert(verdict == REDIRECT || verdict == SHOT);
	cr_assert_eq(rig_port_stats(rig, 0).headless_tx - before, verdict == REDIRECT);
	return verdict == REDIRECT;
}

/* The port is live: a frame of port 0's bucket takes it. */
static bool is_live(struct rig *rig)
{
	struct frame data = frame_udp(1, 2, 3, 4);

	return rig_explain(rig, &data).slot == 0;
}

/* Whether the frame that was sent is our LACPDU of a port that is out, where the partner is as in `partner_state`. */
static void expect_sent_out(struct rig *rig, uint8_t partner_state)
{
	struct frame us = ours();

	us.data[ACTOR + STATE] = (uint8_t)(us.data[ACTOR + STATE] & ~XLAGG_STATE_DISTRIBUTING);
	us.data[VIEW + STATE] = partner_state;
	cr_assert_eq(rig->out_len, 124);
	cr_assert_arr_eq(rig->out, us.data, 124);
}

/* Makes two ports of which port 0 is the one that frames prefer. */
static struct rig *rig_preferring_port_0(uint8_t recorded)
{
	struct rig *rig = rig_headless("rx lower_guard explain", recorded);

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		rig->tables[0].bucket[i] = 1 << 8 | 0;
	cr_assert(is_live(rig));
	return rig;
}

Test(headless, the_answer_is_the_last_lacpdu_octet_by_octet)
{
	struct rig *rig = rig_headless("rx", CARRIES);
	static const uint32_t lengths[] = {124, 125, 128, 256, 1000, 1514};
	struct xlagg_agent_frame event;

	for (uint32_t i = 0; i < 6; i++) {
		struct frame f = theirs(CARRIES), us = ours();

		f.len = lengths[i];
		cr_assert(answered(rig, &f), "%u octets", f.len);
		cr_assert_eq(rig->out_len, 124, "%u octets", rig->out_len);
		cr_assert_arr_eq(rig->out, us.data, 124);
		cr_assert_eq(rig_agent_frames(rig, &event, 1), 1, "the agent gets it as well");
		cr_assert_arr_eq(event.frame, f.data, f.len < 256 ? f.len : 256, "as it came");
		forget_times(rig);
	}
	cr_assert_eq(rig->ports[0].lost, 0);
	rig_close(rig);
}

Test(headless, one_a_second_together_with_the_agents_own)
{
	struct rig *rig = rig_headless("rx", CARRIES);
	struct xlagg_lacp lacp = record_of(CARRIES, 9 * SECOND / 10);
	struct frame f = theirs(CARRIES);
	struct xlagg_headless h;

	cr_assert(answered(rig, &f));
	for (uint32_t i = 0; i < 5; i++)
		cr_assert(!answered(rig, &f), "again within the second");
	h = did(rig, 0);
	cr_assert_leq(h.tx_ns, now_ns());
	h.tx_ns -= SECOND;
	put_did(rig, 0, &h);
	cr_assert(answered(rig, &f), "a second later");

	forget_times(rig);
	put_record(rig, 0, &lacp);
	cr_assert(!answered(rig, &f), "the agent sent 0.9 s ago");
	lacp.pdu_tx_ns -= SECOND / 10;
	put_record(rig, 0, &lacp);
	cr_assert(answered(rig, &f), "the agent sent 1 s ago");
	rig_close(rig);
}

Test(headless, an_agent_that_is_there_answers_itself)
{
	struct rig *rig = rig_headless("rx", CARRIES);
	struct frame f = theirs(CARRIES), changed = lacpdu(THEM + 1, CARRIES, US, CARRIES);

	away_for(rig, 9 * SECOND / 10);
	cr_assert(!answered(rig, &f));
	cr_assert(!answered(rig, &changed));
	rig->control->heartbeat_ns = now_ns() + SECOND; /* it beat after the time was read */
	cr_assert(!answered(rig, &f));
	cr_assert(!answered(rig, &changed));
	cr_assert_eq(rig->ports[0].lost, 0, "what a LACPDU means is for it to say");
	cr_assert_eq(did(rig, 0).outs, 0);
	cr_assert_gt(did(rig, 0).rx_ns, now_ns() - SECOND, "the partner was heard");
	rig_close(rig);
}

/* The LACPDU takes the port out, once, and the next one as recorded takes it back. `view`: what we say of the partner's
 * state while it is out. */
static void expect_out(const struct frame *f, uint8_t recorded, uint8_t view, const char *what, uint32_t number)
{
	struct rig *rig = rig_preferring_port_0(recorded);
	struct frame good = theirs(recorded), us = ours();

	cr_assert(answered(rig, f), "%s %u", what, number);
	expect_sent_out(rig, view);
	cr_assert_eq(rig->ports[0].lost, 1, "%s %u", what, number);
	cr_assert_eq(did(rig, 0).outs, 1, "%s %u", what, number);
	cr_assert(!is_live(rig), "the next frame takes the other port");
	cr_assert_eq(rig->ports[1].lost, 0);
	forget_times(rig);
	cr_assert(answered(rig, f), "%s %u", what, number);
	cr_assert_eq(rig->ports[0].lost, 1, "once");
	forget_times(rig);
	cr_assert(answered(rig, &good), "%s %u", what, number);
	cr_assert_arr_eq(rig->out, us.data, 124);
	cr_assert(is_live(rig), "%s %u: taken back", what, number);
	cr_assert_eq(did(rig, 0).outs, 1);
	cr_assert_eq(did(rig, 0).back, 1);
	cr_assert_eq(did(rig, 0).busy, 0);
	forget_times(rig);
	cr_assert(answered(rig, f), "%s %u", what, number);
	cr_assert(!is_live(rig), "again");
	cr_assert_eq(did(rig, 0).outs, 2);
	cr_assert_eq(rig->ports[0].lost, 2);
	cr_assert_eq(did(rig, 0).foreign, 0);
	rig_close(rig);
}

Test(headless, another_partner_takes_the_port_out)
{
	for (uint32_t i = 0; i < STATE; i++) {
		struct frame f = theirs(CARRIES);

		if (i >= SYSTEM && i < SYSTEM + 6)
			continue;
		f.data[ACTOR + i] ^= 1;
		expect_out(&f, CARRIES, 0, "octet of the Actor", i);
	}
}

/* A LACPDU of another system than the partner's is counted, and nothing else. */
Test(headless, another_system_is_ignored)
{
	struct rig *rig = rig_preferring_port_0(CARRIES);
	struct frame good = theirs(CARRIES), loop = ours();
	struct xlagg_headless before = did(rig, 0);
	uint64_t count = 0;

	for (uint32_t i = SYSTEM; i < SYSTEM + 6; i++) {
		struct frame f = theirs(0);

		f.data[ACTOR + i] ^= 1;
		cr_assert(!answered(rig, &f), "octet %u", i);
		cr_assert_eq(did(rig, 0).foreign, ++count, "octet %u", i);
		cr_assert_arr_eq(did(rig, 0).foreign_system, f.data + ACTOR + SYSTEM, 6);
		cr_assert_eq(did(rig, 0).rx_ns, before.rx_ns, "the partner was not heard");
		forget_times(rig);
	}
	cr_assert(is_live(rig));
	cr_assert_eq(rig->ports[0].lost, 0);
	cr_assert_eq(did(rig, 0).outs, 0);
	cr_assert(!answered(rig, &loop));
	cr_assert_eq(did(rig, 0).foreign, count, "our own is not foreign");
	forget_times(rig);
	cr_assert(answered(rig, &good), "the partner is answered as before");
	away_for(rig, SECOND / 2);
	good.data[ACTOR + SYSTEM] ^= 1;
	cr_assert(!answered(rig, &good));
	cr_assert_eq(did(rig, 0).foreign, count, "an agent that is there judges itself");
	rig_close(rig);
}

/* An agent that was there has noted that the port was out: what the record says now is right again. */
Test(headless, an_agent_may_have_noted_that_the_port_was_out)
{
	struct rig *rig = rig_preferring_port_0(CARRIES);
	struct frame bad = theirs(0), good = theirs(CARRIES), us = ours();
	struct xlagg_lacp lacp = record_of(CARRIES, 2 * SECOND);

	cr_assert(answered(rig, &bad));
	lacp.outs = 1;
	put_record(rig, 0, &lacp);
	forget_times(rig);
	cr_assert(answered(rig, &good));
	cr_assert_arr_eq(rig->out, us.data, 124);
	cr_assert_eq(did(rig, 0).back, 0, "there was nothing to take back");
	cr_assert(!is_live(rig), "what the agent made of it stays");
	rig_close(rig);
}

/* Only a port that was live when it was taken out becomes live again, and only if its link was not lost meanwhile. */
static bool live_after(uint32_t enabled, uint32_t lost_meanwhile)
{
	struct rig *rig = rig_preferring_port_0(CARRIES);
	struct frame bad = theirs(0), good = theirs(CARRIES);
	bool live;

	rig->ports[0].lost = 7;
	rig->ports[0].enabled = enabled;
	cr_assert(answered(rig, &bad));
	cr_assert_eq(rig->ports[0].lost, 8);
	cr_assert(!is_live(rig));
	rig->ports[0].lost += lost_meanwhile;
	forget_times(rig);
	cr_assert(answered(rig, &good));
	live = is_live(rig);
	cr_assert_eq(rig->ports[0].lost, 8 + lost_meanwhile);
	rig_close(rig);
	return live;
}

Test(headless, what_was_not_live_is_not_made_live)
{
	cr_assert(live_after(7, 0));
	cr_assert(!live_after(7, 1), "carrier was lost while it was out");
	cr_assert(!live_after(6, 0), "carrier was lost before");
	cr_assert(!live_after(XLAGG_PORT_OUT, 0), "a standby port");
}

/* The same on a port that is about to be taken out or back by another CPU: nothing is done twice. */
Test(headless, one_cpu_at_a_time)
{
	struct rig *rig = rig_preferring_port_0(CARRIES);
	struct frame bad = theirs(0);
	struct xlagg_headless h = did(rig, 0);

	h.busy = 1;
	put_did(rig, 0, &h);
	answered(rig, &bad);
	cr_assert_eq(rig->ports[0].lost, 0);
	cr_assert_eq(did(rig, 0).outs, 0);
	cr_assert_eq(did(rig, 0).busy, 1);
	rig_close(rig);
}

Test(headless, a_partner_that_sees_us_no_more_takes_the_port_out)
{
	for (uint32_t i = 0; i < STATE; i++) {
		struct frame f = theirs(CARRIES);

		f.data[VIEW + i] ^= 1;
		expect_out(&f, CARRIES, CARRIES & ~XLAGG_STATE_SYNC, "octet of the Partner", i);
	}
}

Test(headless, what_the_partner_gives_up)
{
	for (uint32_t bit = 0; bit < 8; bit++) {
		struct frame before = theirs(0xff), after = theirs((uint8_t) ~(1u << bit)), gained = theirs(1u << bit);
		bool carries = (1u << bit) & (XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING | XLAGG_STATE_AGGREGATION);

		if (carries) {
			expect_out(&after, 0xff, (uint8_t) ~(1u << bit), "state bit", bit);
		} else {
			struct rig *rig = rig_headless("rx", 0xff);

			cr_assert(answered(rig, &after), "state bit %u", bit);
			forget_times(rig);
			cr_assert(answered(rig, &before), "state bit %u", bit);
			cr_assert_eq(rig->ports[0].lost, 0);
			rig_close(rig);
		}
		/* A port that never distributed is not taken out: a standby port is kept alive as well. */
		struct rig *rig = rig_headless("rx", 0);
		cr_assert(answered(rig, &gained), "state bit %u", bit);
		cr_assert_eq(rig->ports[0].lost, 0);
		rig_close(rig);
	}
}

/* 6.4.9 recordPDU: an individual partner does not have to see us. */
Test(headless, an_individual_partner_sees_whom_it_likes)
{
	uint8_t state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING;
	struct rig *rig = rig_headless("rx", state);
	struct frame f = lacpdu(THEM, state, 0x12345678, 0);

	cr_assert(answered(rig, &f));
	cr_assert_eq(rig->ports[0].lost, 0);
	rig_close(rig);
}

Test(headless, nothing_is_made_of_what_is_not_known)
{
	struct frame f = theirs(CARRIES), loop = ours(), marker = theirs(CARRIES);
	struct rig *rig = rig_headless("rx", CARRIES);
	struct xlagg_lacp lacp = record_of(CARRIES, 2 * SECOND);

	cr_assert(!answered(rig, &loop), "our own, looped back");
	marker.data[14] = XLAGG_SLOW_MARKER;
	cr_assert(!answered(rig, &marker));
	lacp.partner_known = 0;
	put_record(rig, 0, &lacp);
	cr_assert(!answered(rig, &f), "no partner was recorded");
	lacp.partner_known = 1;
	for (uint32_t len = 0; len < 256; len++) {
		if (len == 124)
			continue;
		lacp.pdu_len = (uint8_t)len;
		put_record(rig, 0, &lacp);
		cr_assert(!answered(rig, &f), "a LACPDU of %u octets", len);
		forget_times(rig);
	}
	cr_assert_eq(rig->ports[0].lost, 0);
	cr_assert_eq(did(rig, 0).outs, 0);
	rig_close(rig);
}

/* Nobody reads the ring buffer. */
Test(headless, answers_go_on_when_the_ring_is_full)
{
	struct rig *rig = rig_headless("rx", CARRIES);
	struct frame f = theirs(CARRIES);

	for (uint32_t i = 0; i < 400; i++) {
		forget_times(rig);
		cr_assert(answered(rig, &f), "LACPDU %u", i);
	}
	cr_assert_gt(rig_port_stats(rig, 0).slow_limited, 100, "the ring never was full");
	rig_close(rig);
}

/* --- the clock --- */

/* The request that the lower end's stack sends for that neighbour. */
static struct frame tick(uint32_t address)
{
	struct frame f = {0};

	frame_put(&f, (uint8_t[]){255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 3, 8, 6}, 14);
	frame_put(&f, (uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 24);
	frame_put32(&f, address);
	return f;
}

static void run_tick(struct rig *rig)
{
	struct frame f = tick(XLAGG_CLOCK_ADDRESS);

	cr_assert_eq(rig_run(rig, "lower_guard", &f), SHOT);
}

Test(headless, a_tick_is_no_frame_and_nothing_else_is_a_tick)
{
	struct frame other = tick(XLAGG_CLOCK_ADDRESS + 1), udp = frame_udp(1, 2, 3, 4);

	for (uint32_t proto = 0; proto < XLAGG_PROTO_MAX; proto++) {
		struct rig *rig = rig_with_ports(proto, 2, "lower_guard");

		run_tick(rig);
		cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_OWN_STACK], 0);
		cr_assert_eq(rig_run(rig, "lower_guard", &other), SHOT);
		cr_assert_eq(rig_run(rig, "lower_guard", &udp), SHOT);
		cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_OWN_STACK], 2);
		rig_close(rig);
	}
}

/* Makes a partner that kernel and agent heard `age` ago and that may be silent for 3 s. */
static bool silent_after(uint64_t kernel_age, uint64_t agent_age, uint64_t away)
{
	struct rig *rig = rig_headless("lower_guard", CARRIES);
	struct xlagg_lacp lacp = record_of(CARRIES, agent_age);
	struct xlagg_headless h = {.rx_ns = now_ns() - kernel_age};
	bool out;

	/* on a device that cannot be sent to */
	put_record(rig, 0, &lacp);
	put_did(rig, 0, &h);
	away_for(rig, away);
	run_tick(rig);
	out = rig->ports[0].lost;
	cr_assert_eq(did(rig, 0).outs, out);
	run_tick(rig);
	cr_assert_eq(rig->ports[0].lost, out, "once");
	cr_assert_eq(rig->ports[1].lost, 0, "nobody was expected there");
	rig_close(rig);
	return out;
}

Test(headless, silence_takes_the_port_out)
{
	cr_assert(silent_after(31 * SECOND / 10, 31 * SECOND / 10, 2 * SECOND));
	cr_assert(!silent_after(29 * SECOND / 10, 31 * SECOND / 10, 2 * SECOND), "the kernel heard it");
	cr_assert(!silent_after(31 * SECOND / 10, 29 * SECOND / 10, 2 * SECOND), "the agent gave it that time");
	cr_assert(!silent_after(100 * SECOND, 100 * SECOND, SECOND / 2), "the agent is there");
}

Test(headless, the_clock_sends_at_the_rate_that_the_partner_asks_for)
{
	static const struct {
		uint8_t state;
		uint64_t age;
		bool due;
	} cases[] = {
	    {CARRIES | XLAGG_STATE_TIMEOUT, SECOND, true},
	    {CARRIES | XLAGG_STATE_TIMEOUT, SECOND / 2, false},
	    {CARRIES, 30 * SECOND, true},
	    {CARRIES, 29 * SECOND, false},
	};
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP};
	struct frame us = ours(), other = ours(), end = frame_udp(1, 2, 3, 4);
	struct wire wire;

	up_for(31 * SECOND);
	wire_open(&wire, &params, false);
	away_for(wire.rig, 2 * SECOND);
	for (uint32_t i = 0; i < 4; i++) {
		struct xlagg_lacp lacp = record_of(cases[i].state, cases[i].age);
		struct xlagg_headless none = {0};

		lacp.timeout_ns = 90 * SECOND, lacp.deadline_ns = now_ns() + SECOND;
		put_record(wire.rig, 0, &lacp);
		put_did(wire.rig, 0, &none);
		lacp.pdu[123] = other.data[123] = 0x77; /* each port has its own */
		put_record(wire.rig, 1, &lacp);
		put_did(wire.rig, 1, &none);
		run_tick(wire.rig);
		run_tick(wire.rig);
		if (cases[i].due) {
			wire_hears(wire.far[0], &us);
			wire_hears(wire.far[1], &other);
		}
		cr_assert_eq(rig_port_stats(wire.rig, 0).headless_tx, i < 2 ? 1 : 2);
		cr_assert_eq(rig_port_stats(wire.rig, 1).headless_tx, i < 2 ? 1 : 2);
		cr_assert_eq(rig_port_stats(wire.rig, 2).headless_tx, 0);
		/* Nothing else was sent before this, and nothing on the port without a partner. */
		wire.rig->control->carrier = 1;
		for (uint32_t port = 0; port < WIRE_PORTS; port++) {
			for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
				wire.rig->tables[0].bucket[b] = (uint16_t)(XLAGG_NO_PORT << 8 | port);
			wire_send(wire.lagg, &end);
			wire_hears(wire.far[port], &end);
		}
	}
	wire_close(&wire);
}

/* A port whose partner is silent is out, and asks for LACPDUs once a second, even of a partner that wants few. */
Test(headless, the_clock_asks_a_silent_partner)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP};
	struct frame us = ours(), asking = ours(), good = theirs(CARRIES);
	struct xlagg_lacp lacp = record_of(CARRIES, 4 * SECOND);
	struct wire wire;

	asking.data[VIEW + STATE] = CARRIES & ~XLAGG_STATE_SYNC;
	wire_open(&wire, &params, false);
	put_record(wire.rig, 0, &lacp);
	away_for(wire.rig, 2 * SECOND);
	for (uint32_t i = 1; i <= 3; i++) {
		run_tick(wire.rig);
		run_tick(wire.rig);
		wire_hears(wire.far[0], &asking);
		cr_assert_eq(rig_port_stats(wire.rig, 0).headless_tx, i, "once a second");
		forget_times(wire.rig);
	}
	cr_assert_eq(did(wire.rig, 0).outs, 1);
	wire_send(wire.far[0], &good);
	wire_hears(wire.far[0], &us);
	cr_assert_eq(did(wire.rig, 0).back, 1);
	cr_assert_eq(wire.rig->ports[0].enabled, wire.rig->ports[0].lost);
	run_tick(wire.rig);
	cr_assert_eq(did(wire.rig, 0).outs, 1, "it was heard");
	wire_close(&wire);
}

/* Nothing is said nor judged of a partner where bonding speaks. */
Test(headless, the_clock_stands_where_bonding_speaks)
{
	struct rig *rig = rig_headless("lower_guard", CARRIES);
	struct xlagg_lacp lacp = record_of(CARRIES, 4 * SECOND);
	struct frame f = tick(XLAGG_CLOCK_ADDRESS);
	uint32_t zero = 0;

	put_record(rig, 0, &lacp);
	away_for(rig, 2 * SECOND);
	cr_assert_eq(bpf_map_delete_elem(rig_map(rig, "lower_alive"), &zero), 0);
	cr_assert_eq(rig_run(rig, "lower_guard", &f), UNSPEC);
	cr_assert_eq(did(rig, 0).outs, 0);
	cr_assert_eq(rig_port_stats(rig, 0).headless_tx, 0);
	rig_close(rig);
}

/* An agent took over just now. `sent`: it has sent on the port. Returns whether the kernel sends on a tick. */
static bool sends_beside(struct wire *wire, bool sent, uint64_t age, uint8_t state, uint64_t away)
{
	struct xlagg_lacp lacp = record_of(CARRIES | XLAGG_STATE_TIMEOUT, age);
	uint64_t before = rig_port_stats(wire->rig, 0).headless_tx;
	struct xlagg_headless none = {0};
	struct frame us = ours();

	wire->rig->control->life = 7;
	lacp.life = sent ? 7 : 6;
	us.data[ACTOR + STATE] = lacp.pdu[ACTOR + STATE] = state;
	lacp.partner[STATE] = (uint8_t)((lacp.partner[STATE] & ~XLAGG_STATE_ACTIVITY) | (state & XLAGG_STATE_ACTIVITY));
	put_record(wire->rig, 0, &lacp);
	put_did(wire->rig, 0, &none);
	away_for(wire->rig, away);
	run_tick(wire->rig);
	if (rig_port_stats(wire->rig, 0).headless_tx == before)
		return false;
	wire_hears(wire->far[0], &us);
	return true;
}

Test(headless, an_agent_that_took_over_is_stood_in_for_until_it_has_sent)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP};
	struct wire wire;

	wire_open(&wire, &params, false);
	cr_assert(sends_beside(&wire, false, 16 * SECOND / 10, CARRIES, 0), "overdue");
	cr_assert(!sends_beside(&wire, false, 13 * SECOND / 10, CARRIES, 0), "the agent's turn");
	cr_assert(!sends_beside(&wire, true, 16 * SECOND / 10, CARRIES, 0), "the agent has sent");
	cr_assert(sends_beside(&wire, true, 16 * SECOND / 10, CARRIES, 2 * SECOND), "the agent is away");
	cr_assert(!sends_beside(&wire, false, 16 * SECOND / 10, CARRIES & ~XLAGG_STATE_ACTIVITY, 0),
		  "both are passive");
	cr_assert(sends_beside(&wire, false, 4 * SECOND, CARRIES, 0));
	cr_assert_eq(wire.rig->ports[0].lost, 0, "the agent judges the partner's silence");
	wire_close(&wire);
}

Test(headless, an_agent_that_took_over_answers_itself)
{
	struct rig *rig = rig_headless("rx", CARRIES);
	struct frame good = theirs(CARRIES);

	rig->control->life = 1;
	away_for(rig, 0);
	cr_assert(!answered(rig, &good));
	rig_close(rig);
}

/* The answer to a priority-tagged LACPDU has no tag and leaves by the port on which the LACPDU came. */
Test(headless, the_answer_on_the_wire)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LACP};
	struct frame us = ours(), plain = theirs(CARRIES), tagged = {0};
	struct xlagg_lacp lacp = record_of(CARRIES, 2 * SECOND);
	struct wire wire;

	wire_open(&wire, &params, false);
	put_record(wire.rig, 0, &lacp);
	away_for(wire.rig, 2 * SECOND);
	wire_send(wire.far[0], &plain);
	wire_hears(wire.far[0], &us);
	forget_times(wire.rig);
	frame_put(&tagged, plain.data, 12);
	frame_tag(&tagged, 0x8100, 0xe000);
	frame_put(&tagged, plain.data + 12, 124 - 12);
	wire_send(wire.far[0], &tagged);
	wire_hears(wire.far[0], &us);
	cr_assert_eq(rig_port_stats(wire.rig, 0).headless_tx, 2);
	wire_close(&wire);
}
