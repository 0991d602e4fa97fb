/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Moves without reordering. A bucket that gets another port while its old one is live stays there until its next frame
 * cannot overtake one that is in flight. When that is, the programs see (bpf/moving.h). Here is decided what they look
 * for: how long the bucket must have been idle, and until when it waits. The idle time is the greatest difference of
 * the paths that was measured, and a margin.
 */
#include <string.h>

#include "core/internal.h"

/* For what changes between measurement and move, beside a quarter of what was measured. */
#define MARGIN_NS NSEC_PER_MSEC
#define UNMEASURED_NS (5 * NSEC_PER_MSEC)    /* idle time where nothing was measured */
#define BOUND_NS NSEC_PER_SEC		     /* a bucket waits no longer */
#define MARKER_WAIT_NS (300 * NSEC_PER_MSEC) /* an answer to a marker is awaited no longer */
#define POLL_NS (50 * NSEC_PER_MSEC)	     /* how often it is asked how far the moves are */

/* By how much a frame on path `old` may come later than one that is sent on `new` at the same time, ns. Where `new` was
 * not measured, it may be as short as it likes. */
static uint64_t difference(const struct delay *old, const struct delay *new)
{
	return old->slow > new->fast ? old->slow - new->fast : 0;
}

/* What is taken where nothing was measured. With LACP the first marker of the move is going to tell. */
static uint64_t unmeasured(const struct core *core)
{
	return core->conf.proto == XLAGG_PROTO_LACP ? BOUND_NS : UNMEASURED_NS;
}

/* Returns the idle time after which nothing on `from` is overtaken on `to`, us. `unknown`: if it was not measured, ns.
 */
static uint32_t pause_of(const struct core *core, uint32_t from, uint32_t to, uint64_t unknown)
{
	const struct delay *old = lacp_delay(&core->lacp, from), *new = lacp_delay(&core->lacp, to);
	uint64_t most = difference(old, new), pause;
	bool known = old->slow != 0;

	for (uint32_t i = 0; i < core->probing.targets; i++) {
		old = &core->port[from].probe.delay[i];
		new = &core->port[to].probe.delay[i];
		known |= old->slow != 0;
		if (difference(old, new) > most)
			most = difference(old, new);
	}
	pause = known ? most + most / 4 + MARGIN_NS : unknown;
	return (uint32_t)((pause < BOUND_NS ? pause : BOUND_NS) / 1000);
}

/* The same from whatever port. */
static uint32_t longest_pause_to(const struct core *core, uint32_t to, uint64_t unknown)
{
	uint32_t most = 0;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->out.live[slot] && pause_of(core, slot, to, unknown) > most)
			most = pause_of(core, slot, to, unknown);
	return most;
}

bool moves_waits(const struct core *core, uint32_t bucket)
{
	return core->out.move[bucket].until_ns != 0;
}

/* Returns the ports, as bits, that buckets wait to leave, as far as is known here. */
static uint32_t left_ports(const struct core *core)
{
	uint32_t slots = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS && core->moves.waiting; i++)
		if (moves_waits(core, i))
			slots |= 1u << core->out.move[i].at;
	return slots;
}

static bool is_left(const struct core *core, uint32_t slot)
{
	return left_ports(core) & 1u << slot;
}

/* The port was taken out of service by command, and its link is as good as before: buckets may wait on it. With LACP
 * the partner accepts its frames until the drain is over. */
static bool may_be_left(const struct core *core, uint32_t slot)
{
	const struct port *port = &core->port[slot];

	return core->out.live[slot] && core->conf.admin && port->used && !port->conf.admin && port->state == PORT_UP &&
	       (core->conf.proto == XLAGG_PROTO_LOADBALANCE ||
		(core->conf.proto == XLAGG_PROTO_LACP && lacp_draining(&core->lacp, slot)));
}

bool moves_live(const struct core *core, uint32_t slot)
{
	return core->role[slot].live || (may_be_left(core, slot) && is_left(core, slot));
}

static void begin(struct core *core, uint64_t now, uint32_t bucket, uint32_t from, uint32_t to, bool patient)
{
	core->out.move[bucket] = (struct xlagg_move){
	    .until_ns = now + BOUND_NS,
	    .pause_us = pause_of(core, from, to, unmeasured(core)),
	    .at = from,
	    .patient = patient,
	    .number = ++core->moves.number,
	};
	core->moves.pause_us = core->out.move[bucket].pause_us;
	if (core->moves.waiting++ == 0)
		core->moves.next = now + POLL_NS;
}

/* The bucket is on its way, and the programs alone know how far: it waits anew, wherever it is. */
static void redirect(struct core *core, uint64_t now, uint32_t bucket, uint32_t to, bool patient)
{
	struct xlagg_move *move = &core->out.move[bucket];

	move->until_ns = now + BOUND_NS;
	move->pause_us = longest_pause_to(core, to, unmeasured(core));
	move->patient = patient;
}

static void end(struct core *core, uint32_t bucket)
{
	core->out.move[bucket].until_ns = 0;
	core->moves.waiting--;
}

static void begin_one(struct core *core, uint64_t now, uint32_t bucket, uint32_t from, bool patient)
{
	uint32_t to = table_port(&core->out.table, bucket);
	bool waits = moves_waits(core, bucket);

	if (waits && (to == XLAGG_NO_PORT || !xlagg_goes_by_flow(core->conf.proto)))
		end(core, bucket);
	else if (from == to || to == XLAGG_NO_PORT || from >= XLAGG_MAX_PORTS)
		return;
	else if (waits)
		redirect(core, now, bucket, to, patient);
	else if (!core->role[from].live && !may_be_left(core, from))
		core->moves.ended[XLAGG_MOVE_LOST]++;
	else
		begin(core, now, bucket, from, to, patient);
}

void moves_begin(struct core *core, uint64_t now, const struct xlagg_table *before, bool patient)
{
	if (core->moves.waiting == 0 && !xlagg_goes_by_flow(core->conf.proto))
		return;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		begin_one(core, now, i, table_port(before, i), patient);
	/* The drain goes on until all have left, see let_go(). */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (may_be_left(core, slot) && is_left(core, slot))
			lacp_drain(&core->lacp, slot, now + BOUND_NS + LACP_DRAIN_TIME);
}

/*
 * Sends a marker behind what the buckets have sent (802.1AX-2014 6.5.1). The first one leaves a POLL_NS after the marks
 * were published: by then no program runs that has not seen them.
 */
static void send_markers(struct core *core, uint64_t now, struct core_effects *fx)
{
	uint32_t slots = core->conf.proto == XLAGG_PROTO_LACP ? left_ports(core) : 0;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (slots & 1u << slot)
			lacp_mark(&core->lacp, now, slot, fx);
}

void moves_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	if (core->moves.waiting == 0 || now < core->moves.next)
		return;
	core->moves.next = now + POLL_NS;
	send_markers(core, now, fx);
	core_effect(fx, CORE_MOVES, 0);
}

void moves_learn(struct core *core, uint64_t now)
{
	core->moves.proof = true;
	if (core->moves.next > now)
		core->moves.next = now;
}

uint64_t moves_deadline(const struct core *core)
{
	return core->moves.waiting ? core->moves.next : CORE_NEVER;
}

/* A marker has shown what has arrived by now, and how long a path is. Returns whether the programs must be told. */
static bool learn(struct core *core, uint32_t bucket)
{
	struct xlagg_move *move = &core->out.move[bucket], before = *move;

	move->proved_ns = lacp_proved(&core->lacp, move->at);
	move->pause_us = pause_of(core, move->at, table_port(&core->out.table, bucket), unmeasured(core));
	return memcmp(move, &before, sizeof(before)) != 0;
}

/* The partner has answered no marker: what is known without them has to do. Returns whether the programs must be told.
 */
static bool forgo_marker(struct core *core, uint64_t now, uint32_t bucket)
{
	struct xlagg_move *move = &core->out.move[bucket];

	if (move->pause_us < BOUND_NS / 1000 || now + BOUND_NS < move->until_ns + MARKER_WAIT_NS)
		return false;
	move->pause_us = longest_pause_to(core, table_port(&core->out.table, bucket), UNMEASURED_NS);
	return true;
}

/* How the move ends, as end_of() in bpf/moving.h decides for the next frame. `found`: the bucket's entry of the map. */
static enum xlagg_move_end end_of(const struct core *core, uint64_t now, uint32_t bucket,
				  const struct xlagg_move *found)
{
	const struct xlagg_move *move = &core->out.move[bucket];
	bool over = now >= move->until_ns;

	if (found->number != move->number)
		return over ? XLAGG_MOVE_BOUND : XLAGG_MOVE_WAITS; /* not written yet, or scribbled over */
	if (found->at >= XLAGG_MAX_PORTS || !core->out.live[found->at])
		return XLAGG_MOVE_LOST;
	if (found->last_ns && found->last_ns < now && now - found->last_ns > move->pause_us * 1000ull)
		return XLAGG_MOVE_IDLE;
	if (found->last_ns && found->last_ns < move->proved_ns)
		return XLAGG_MOVE_MARKER;
	if (over)
		return move->patient ? XLAGG_MOVE_CANCELLED : XLAGG_MOVE_BOUND;
	return XLAGG_MOVE_WAITS;
}

/* Whether the bucket is where it belongs. Then *ret is how it came there. */
static bool has_moved(const struct core *core, uint32_t bucket, const struct xlagg_move *found,
		      enum xlagg_move_end *ret)
{
	if (found->number != core->out.move[bucket].number || found->at != table_port(&core->out.table, bucket))
		return false;
	*ret = found->end < XLAGG_MOVE_END_MAX ? found->end : XLAGG_MOVE_WAITS;
	return true;
}

/* The buckets whose moves were cancelled stay on the ports `owner`. The programs may have moved one meanwhile: it is on
 * its way back, and may not overtake anything either. */
static void cancel(struct core *core, uint64_t now, const uint8_t owner[XLAGG_BUCKETS])
{
	const struct xlagg_table before = core->out.table;

	table_move(&core->out.table, &core->plan, owner, core->home);
	moves_begin(core, now, &before, false);
}

/* Ports that were live for buckets that waited there, and are not any more. With LACP the drain can end now. */
static void let_go(struct core *core, uint64_t now)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!core->out.live[slot] || moves_live(core, slot))
			continue;
		core->out.live[slot] = false;
		lacp_drain(&core->lacp, slot, now + LACP_DRAIN_TIME);
	}
}

/* Cancelled moves are for ports that balance the load: others have a plan that the table must follow. */
static bool may_cancel(const struct core *core, uint32_t slot)
{
	return core->plan.by_load && core->role[slot].place;
}

/* Looks after one bucket on its way. Returns whether its move is over; `*owner` becomes the port to which it goes back.
 */
static bool look_after(struct core *core, uint64_t now, uint32_t bucket, const struct xlagg_move *found, uint8_t *owner)
{
	enum xlagg_move_end how;

	if (!has_moved(core, bucket, found, &how)) {
		how = end_of(core, now, bucket, found);
		if (how == XLAGG_MOVE_WAITS)
			return false;
	}
	if (how == XLAGG_MOVE_CANCELLED && !may_cancel(core, found->at))
		how = XLAGG_MOVE_BOUND;
	core->moves.ended[how]++;
	if (how == XLAGG_MOVE_CANCELLED)
		*owner = (uint8_t)found->at;
	else
		end(core, bucket);
	return true;
}

bool core_is_left(const struct core *core, uint32_t slot)
{
	return core->out.live[slot] && !core->role[slot].live;
}

void core_moves(struct core *core, uint64_t now, const struct xlagg_move move[XLAGG_BUCKETS], struct core_effects *fx)
{
	uint8_t owner[XLAGG_BUCKETS];
	uint32_t over = 0;
	bool back = false, learned = false;

	if (core->held || core->moves.waiting == 0)
		return;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		owner[i] = table_port(&core->out.table, i);
		if (!moves_waits(core, i))
			continue;
		if (core->moves.proof && move[i].at == core->out.move[i].at)
			learned |= learn(core, i);
		learned |= forgo_marker(core, now, i);
		over += look_after(core, now, i, &move[i], &owner[i]);
		back |= owner[i] != table_port(&core->out.table, i);
	}
	core->moves.proof = false;
	if (back)
		cancel(core, now, owner);
	if (over == 0 && !learned)
		return;
	let_go(core, now);
	core->out.table.generation++;
	core_effect(fx, CORE_PUBLISH, 0);
}
