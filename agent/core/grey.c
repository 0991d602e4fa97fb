/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Option grey-detect: finds the port whose link has carrier, answers LACP and probes, and still loses or damages
 * frames. Once a second each port's losses are compared with those of the other ports. Only what a port loses beyond
 * them counts: when the whole path loses frames, or a far end does that all ports lead to, no port is grey.
 *
 * With `out` such a port is taken out of use for a time that doubles each time that it is as bad again soon after. It
 * is never taken out if too few ports would be left.
 */
#include <stdio.h>
#include <string.h>

#include "core/internal.h"

#define LOOK_NS NSEC_PER_SEC
#define ONE 256 /* counts are in 1/256 */
#define MILLION 1000000u
#define MOST (1ll << 32) /* more of anything in one interval is a counter that jumped */
#define WORSE_TIMES 4	 /* than the others, at least, to become grey; half of that to stay so */
#define STREAK 2	 /* looks in a row that make a port grey */
#define CALM 5		 /* looks in a row that end it */
#define HOLD_NS (5 * NSEC_PER_SEC)
#define HOLD_MAX_NS (900 * NSEC_PER_SEC)
#define STEADY_NS (600 * NSEC_PER_SEC) /* a port that was good for so long is as one that never was bad */

/* How a signal is judged. */
struct kind {
	uint32_t shift;	  /* an interval counts less by 1/2^shift with each that follows */
	uint32_t total;	  /* so much must have been seen of a port that another is compared with */
	uint32_t bad;	  /* so much of it must have been bad */
	uint32_t sources; /* and so many sockets must have seen that */
	uint32_t share;	  /* of a million: the least that makes a port grey; half of it ends that */
	uint32_t enough;  /* a look at which so much was seen and was good ends a streak */
	const char *what; /* after "1.0 % of" */
};

static const struct kind kinds[GREY_SIGNALS] = {
    [GREY_SEGMENTS] = {3, 50, 5, 3, 10000, 50, "its TCP segments had to be sent again"},
    [GREY_FRAMES] = {3, 1000, 5, 0, 1000, 1000, "its frames were damaged"},
    [GREY_PROBES] = {5, 20, 4, 0, 50000, 1, "its link probes were not answered"},
    [GREY_LACPDUS] = {5, 10, 3, 0, 100000, 0, "its partner's LACPDUs did not come"},
};

/* --- what was seen --- */

/* What a counter has grown by. One that went back was begun anew. */
static int64_t grown(uint64_t now, uint64_t before)
{
	uint64_t by = now >= before ? now - before : 0;

	return by < MOST ? (int64_t)by * ONE : 0;
}

static void fade(int64_t *late, int64_t last, uint32_t shift)
{
	*late += last - *late / (1ll << shift);
}

static void learn(struct port_grey *grey, enum grey_signal signal, struct grey_count last)
{
	struct grey_evidence *evidence = &grey->evidence[signal];
	uint32_t shift = kinds[signal].shift;

	evidence->last = last;
	fade(&evidence->late.total, last.total, shift);
	fade(&evidence->late.bad, last.bad, shift);
	fade(&evidence->late.sources, last.sources, shift);
}

/* A partner that was asked for short timeouts sends a LACPDU a second. One that comes late makes up for itself at the
 * next look, but many that a change caused do not make up for those that are lost later. */
static void learn_lacpdus(struct core *core, uint32_t slot, uint64_t elapsed)
{
	const struct lacp_port *lacp = &core->lacp.port[slot];
	struct port_grey *grey = &core->port[slot].grey;
	struct grey_count last = {0};

	if (core->lacp.running && lacp->rx == XLAGG_RX_CURRENT && lacp->actor.state & XLAGG_STATE_TIMEOUT) {
		last.total = (int64_t)(elapsed / (LACP_FAST_PERIODIC_TIME / ONE));
		last.bad = last.total - grown(lacp->counters.lacpdu_rx, grey->lacpdus);
		if (last.bad < -ONE)
			last.bad = -ONE;
	}
	learn(grey, GREY_LACPDUS, last);
}

static void learn_port(struct core *core, uint32_t slot, const struct core_sample *sample, uint64_t elapsed)
{
	struct port *port = &core->port[slot];
	struct port_grey *grey = &port->grey;
	const struct core_sample *before = &grey->sample;
	int64_t lost = grown(port->probes.lost, grey->lost);

	learn(grey, GREY_SEGMENTS,
	      (struct grey_count){.total = grown(sample->segments, before->segments),
				  .bad = grown(sample->retransmitted, before->retransmitted),
				  .sources = grown(sample->sockets, before->sockets)});
	learn(grey, GREY_FRAMES,
	      (struct grey_count){.total = grown(sample->frames, before->frames),
				  .bad = grown(sample->errors, before->errors)});
	learn(grey, GREY_PROBES,
	      (struct grey_count){.total = lost + grown(port->probes.answered, grey->answered), .bad = lost});
	learn_lacpdus(core, slot, elapsed);
}

static void learn_all(struct core *core, const struct core_sample sample[XLAGG_MAX_PORTS], uint64_t elapsed)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (!port->used || !sample[slot].known)
			continue;
		if (port->grey.known)
			learn_port(core, slot, &sample[slot], elapsed);
		port->grey.known = true;
		port->grey.sample = sample[slot];
		port->grey.answered = port->probes.answered;
		port->grey.lost = port->probes.lost;
		port->grey.lacpdus = core->lacp.port[slot].counters.lacpdu_rx;
	}
}

/* --- what follows from it --- */

static bool in_use(const struct core *core, uint32_t slot)
{
	return port_usable(&core->port[slot]) &&
	       (core->conf.proto != XLAGG_PROTO_LACP || lacp_distributing(&core->lacp, slot));
}

/* How many of a million were bad. */
static uint32_t share_of(const struct grey_count *count)
{
	int64_t bad = count->bad > 0 ? count->bad : 0, total = count->total > bad ? count->total : bad;

	return total > 0 ? (uint32_t)(bad * MILLION / total) : 0;
}

static const struct grey_count *count_of(const struct core *core, uint32_t slot, enum grey_signal signal, bool late)
{
	const struct grey_evidence *evidence = &core->port[slot].grey.evidence[signal];

	return late ? &evidence->late : &evidence->last;
}

/* The median of the shares of the other ports in use of which enough was seen; of two in the middle the lower one.
 * Returns false if there is no such port. */
static bool median_elsewhere(const struct core *core, uint32_t slot, enum grey_signal signal, bool late, uint32_t *ret)
{
	uint32_t share[XLAGG_MAX_PORTS], count = 0;

	for (uint32_t other = 0; other < XLAGG_MAX_PORTS; other++) {
		const struct grey_count *seen = count_of(core, other, signal, late);
		uint32_t at = count, s = share_of(seen);

		if (other == slot || !in_use(core, other) || seen->total < (int64_t)kinds[signal].total * ONE)
			continue;
		for (; at > 0 && share[at - 1] > s; at--)
			share[at] = share[at - 1];
		share[at] = s;
		count++;
	}
	if (count == 0)
		return false;
	*ret = share[(count - 1) / 2];
	return true;
}

/* Whether the port is worse than the others by what was seen in the last interval, or of late. What makes a port stay
 * grey is half of what makes it so. */
static bool is_worse_by(const struct core *core, uint32_t slot, enum grey_signal signal, bool late, uint32_t *share,
			uint32_t *elsewhere)
{
	const struct grey_count *seen = count_of(core, slot, signal, late);
	const struct kind *kind = &kinds[signal];
	uint32_t half = core->port[slot].grey.grey ? 2 : 1, s = share_of(seen), median;

	if (seen->bad < (int64_t)kind->bad * ONE || seen->sources < (int64_t)kind->sources * ONE ||
	    s < kind->share / half || !median_elsewhere(core, slot, signal, late, &median) ||
	    s / (WORSE_TIMES / half) < median)
		return false;
	*share = s;
	*elsewhere = median;
	return true;
}

static bool is_worse(const struct core *core, uint32_t slot, enum grey_signal signal, uint32_t *share,
		     uint32_t *elsewhere)
{
	return is_worse_by(core, slot, signal, false, share, elsewhere) ||
	       is_worse_by(core, slot, signal, true, share, elsewhere);
}

static void tell(const struct core *core, uint32_t slot, struct core_effects *fx)
{
	const struct port *port = &core->port[slot];
	struct xlagg_event *event = core_event(fx, XLAGG_EVENT_GREY, port->name);

	if (port->grey.grey)
		grey_reason(port, event->text);
	else
		snprintf(event->text, sizeof(event->text), "no longer loses more than the other ports");
}

/* A port that loses everything sends little. So a look at which little was seen says nothing, and ends no streak. */
static void judge_signal(struct core *core, uint32_t slot, enum grey_signal signal, struct core_effects *fx)
{
	struct port_grey *grey = &core->port[slot].grey;
	struct grey_evidence *evidence = &grey->evidence[signal];
	uint32_t share, elsewhere;

	if (is_worse(core, slot, signal, &share, &elsewhere)) {
		grey->calm = grey->grey && grey->signal == signal ? 0 : grey->calm;
		if (++evidence->streak < STREAK || grey->grey)
			return;
		grey->grey = true;
		grey->signal = signal;
		grey->share = share;
		grey->elsewhere = elsewhere;
		grey->calm = 0;
		tell(core, slot, fx);
	} else if (evidence->last.total >= (int64_t)kinds[signal].enough * ONE) {
		evidence->streak = 0;
	}
}

/* A grey port ends to be one when enough was seen of it by the same signal, and it was good, for a while. */
static void judge_grey(struct core *core, uint32_t slot, struct core_effects *fx)
{
	struct port_grey *grey = &core->port[slot].grey;
	const struct grey_evidence *evidence = &grey->evidence[grey->signal];

	if (!grey->grey || evidence->streak > 0 || evidence->late.total < (int64_t)kinds[grey->signal].total * ONE ||
	    ++grey->calm < CALM)
		return;
	grey->grey = false;
	tell(core, slot, fx);
}

/* --- a port out of use --- */

static uint32_t ports_in_use(const struct core *core)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		count += in_use(core, slot);
	return count;
}

static bool may_leave(const struct core *core)
{
	uint32_t count = ports_in_use(core);

	return core->conf.grey_detect == XLAGG_GREY_OUT && count > 1 && count > core->conf.min_links;
}

static uint64_t hold_time(const struct port_grey *grey)
{
	uint64_t hold = HOLD_NS;

	for (uint32_t i = 1; i < grey->times && hold < HOLD_MAX_NS; i++)
		hold *= 2;
	return hold < HOLD_MAX_NS ? hold : HOLD_MAX_NS;
}

static void take_out(struct port *port, uint64_t now)
{
	struct port_grey *grey = &port->grey;

	if (now - grey->back > STEADY_NS)
		grey->times = 0;
	grey->times++;
	grey->outs++;
	grey->retry = now + hold_time(grey);
	port->state = PORT_GREY;
	port->detected = XLAGG_DETECTED_GREY;
	port_failed(port, now);
}

void grey_forget(struct port *port, uint64_t now)
{
	struct port_grey *grey = &port->grey;

	memset(grey->evidence, 0, sizeof(grey->evidence));
	grey->grey = false;
	grey->calm = 0;
	if (port->state != PORT_GREY)
		return;
	port->state = PORT_RISING;
	port->since = grey->back = now;
	port->detected = XLAGG_DETECTED_GREY;
}

/* What can be seen of a port without traffic is still bad: it is not tried again yet. */
static void put_off(struct core *core, uint64_t now, uint32_t slot)
{
	struct port_grey *grey = &core->port[slot].grey;
	uint32_t share, elsewhere;

	if (is_worse_by(core, slot, GREY_FRAMES, false, &share, &elsewhere) ||
	    is_worse_by(core, slot, GREY_PROBES, true, &share, &elsewhere))
		grey->retry = now + hold_time(grey);
}

/* One port leaves at a look, so that the others are seen without it before another one does. */
static void judge(struct core *core, uint64_t now, struct core_effects *fx)
{
	bool left = false;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (port->used && port->state == PORT_GREY)
			put_off(core, now, slot);
		if (!port->used || !in_use(core, slot))
			continue;
		for (uint32_t signal = 0; signal < GREY_SIGNALS; signal++)
			judge_signal(core, slot, signal, fx);
		judge_grey(core, slot, fx);
		if (port->grey.grey && !left && may_leave(core)) {
			take_out(port, now);
			left = true;
		}
	}
}

void core_sample(struct core *core, uint64_t now, const struct core_sample sample[XLAGG_MAX_PORTS],
		 struct core_effects *fx)
{
	struct greying *greying = &core->greying;

	if (!greying->running || core->held)
		return;
	learn_all(core, sample, now - greying->read_at);
	greying->read_at = now;
	judge(core, now, fx);
	core_run(core, now, fx);
}

/* --- when --- */

static bool wanted(const struct core *core)
{
	return core->conf.grey_detect != XLAGG_GREY_OFF && core->conf.admin && core->conf.proto != XLAGG_PROTO_NONE;
}

static void stop(struct core *core, uint64_t now)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		grey_forget(&core->port[slot], now);
		core->port[slot].grey.known = false;
	}
	core->greying.running = false;
}

void grey_run(struct core *core, uint64_t now)
{
	bool out = core->conf.grey_detect == XLAGG_GREY_OUT;

	if (!wanted(core)) {
		if (core->greying.running)
			stop(core, now);
		return;
	}
	if (!core->greying.running)
		core->greying = (struct greying){.running = true, .next = now, .read_at = now};
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		if (port->used && port->state == PORT_GREY && (!out || now >= port->grey.retry))
			grey_forget(port, now);
	}
}

static uint32_t best_grey(const struct core *core)
{
	uint32_t best = XLAGG_NO_PORT;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (port->used && port->conf.admin && port->state == PORT_GREY &&
		    (best == XLAGG_NO_PORT || port_before(port, &core->port[best])))
			best = slot;
	}
	return best;
}

/* The port stays marked as grey, and leaves again when another one has come. */
void grey_settle(struct core *core)
{
	uint32_t least = core->conf.min_links > 1 ? core->conf.min_links : 1, best;

	while (ports_in_use(core) < least && (best = best_grey(core)) != XLAGG_NO_PORT) {
		core->port[best].state = PORT_UP;
		if (core->conf.proto == XLAGG_PROTO_LACP)
			return; /* it is in use only when the partner agrees */
	}
}

void grey_ask(struct core *core, uint64_t now, struct core_effects *fx)
{
	if (!core->greying.running || now < core->greying.next)
		return;
	core->greying.next = now + LOOK_NS;
	core_effect(fx, CORE_SAMPLE, 0);
}

uint64_t grey_deadline(const struct core *core)
{
	uint64_t deadline = core->greying.running ? core->greying.next : CORE_NEVER;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct port *port = &core->port[slot];

		if (port->used && port->state == PORT_GREY && port->grey.retry < deadline)
			deadline = port->grey.retry;
	}
	return deadline;
}

/* --- what is shown --- */

void grey_reason(const struct port *port, char ret[XLAGG_SENTENCE_MAX])
{
	const struct port_grey *grey = &port->grey;

	snprintf(ret, XLAGG_SENTENCE_MAX, "loses more than the other ports: %u.%u %% of %s, elsewhere %u.%u %%",
		 grey->share / 10000, grey->share / 1000 % 10, kinds[grey->signal].what, grey->elsewhere / 10000,
		 grey->elsewhere / 1000 % 10);
}

static enum xlagg_grey_state state_of(const struct core *core, const struct port *port)
{
	if (!core->greying.running)
		return XLAGG_GREY_STATE_OFF;
	if (port->state == PORT_GREY)
		return XLAGG_GREY_STATE_GONE;
	return port->grey.grey ? XLAGG_GREY_STATE_TOLD : XLAGG_GREY_STATE_GOOD;
}

void grey_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status)
{
	const struct port *port = &core->port[slot];

	status->grey.state = state_of(core, port);
	if (status->grey.state == XLAGG_GREY_STATE_OFF)
		return;
	status->grey.segments = port->grey.sample.segments;
	status->grey.retransmitted = port->grey.sample.retransmitted;
	status->grey.errors = port->grey.sample.errors;
	status->grey.outs = port->grey.outs;
	if (status->grey.state == XLAGG_GREY_STATE_TOLD && !status->notice[0])
		grey_reason(port, status->notice);
}
