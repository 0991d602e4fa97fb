/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The systems, the links between them, and time. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

static void mix(struct sim *sim, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		sim->fingerprint = (sim->fingerprint ^ octets[i]) * 0x100000001b3ull; /* FNV-1a */
}

void sim_log(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (!sim->trace)
		return;
	printf("%10.6f  ", (double)sim->now / 1e9);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void sim_init(struct sim *sim, uint64_t seed, bool trace)
{
	struct core *core[SIM_SYSTEMS];

	for (uint32_t i = 0; i < SIM_SYSTEMS; i++)
		core[i] = sim->system[i].core ?: calloc(1, core_size());
	memset(sim, 0, offsetof(struct sim, flight));
	memset(&sim->flights, 0, offsetof(struct sim, fx) - offsetof(struct sim, flights));
	memset(&sim->peace, 0, sizeof(*sim) - offsetof(struct sim, peace));
	sim->fx.count = 0;
	for (uint32_t i = 0; i < SIM_SYSTEMS; i++)
		sim->system[i].core = core[i];
	sim->seed = seed;
	sim->random = seed;
	sim->trace = trace;
	sim->now = SIM_SECOND;
	sim->fingerprint = 0xcbf29ce484222325ull;
}

void sim_free(struct sim *sim)
{
	for (uint32_t i = 0; i < SIM_SYSTEMS; i++)
		free(sim->system[i].core);
}

/* --- links --- */

uint32_t sim_add_link(struct sim *sim, uint32_t a, uint32_t a_port, uint32_t b, uint32_t b_port)
{
	struct sim_link *link = &sim->link[sim->links];

	*link = (struct sim_link){
	    .end = {{a, a_port}, {b, b_port}},
	    .intact = true,
	    .speed = 10000,
	    .duplex = XLAGG_DUPLEX_FULL,
	};
	for (uint32_t i = 0; i < 2; i++)
		link->way[i] = (struct sim_way){.delay_min = SIM_MS / 10, .delay_max = SIM_MS};
	return sim->links++;
}

uint32_t sim_link_at(const struct sim *sim, uint32_t system, uint32_t port, uint32_t *end)
{
	for (uint32_t i = 0; i < sim->links; i++) {
		for (uint32_t e = 0; e < 2; e++) {
			if (sim->link[i].end[e].system != system || sim->link[i].end[e].port != port)
				continue;
			if (end)
				*end = e;
			return i;
		}
	}
	return SIM_NONE;
}

static bool end_up(const struct sim *sim, const struct sim_link *link, uint32_t end)
{
	uint32_t system = link->end[end].system;

	return system != SIM_NONE && sim->system[system].port[link->end[end].port].up;
}

bool sim_carrier(const struct sim *sim, uint32_t system, uint32_t port)
{
	uint32_t i = sim_link_at(sim, system, port, NULL);

	return i != SIM_NONE && sim->link[i].intact && end_up(sim, &sim->link[i], 0) && end_up(sim, &sim->link[i], 1);
}

static struct sim_flight *depart(struct sim *sim, uint64_t at)
{
	struct sim_flight *flight;

	if (sim->flights == SIM_FLIGHTS) {
		sim_log(sim, "too much under way: lost");
		return NULL;
	}
	flight = &sim->flight[sim->flights++];
	*flight = (struct sim_flight){.at = at, .number = sim->departures++};
	return flight;
}

void sim_tell_port(struct sim *sim, uint32_t system, uint32_t port, uint64_t latency)
{
	struct sim_flight *flight = depart(sim, sim->now + (latency ? sim_random(&sim->random) % latency : 0));

	assert(flight);
	flight->kind = SIM_NEWS;
	flight->system = system;
	flight->port = port;
}

void sim_tell_link(struct sim *sim, uint32_t link, uint64_t latency)
{
	for (uint32_t e = 0; e < 2; e++) {
		if (sim->link[link].end[e].system != SIM_NONE)
			sim_tell_port(sim, sim->link[link].end[e].system, sim->link[link].end[e].port, latency);
	}
}

static void send_one(struct sim *sim, uint32_t i, uint32_t end, const uint8_t *frame)
{
	const struct sim_way *way = &sim->link[i].way[end];
	uint64_t spread = way->delay_max - way->delay_min;
	struct sim_flight *flight;

	if (way->blocked || sim_percent(&sim->random, way->loss))
		return;
	flight = depart(sim, sim->now + way->delay_min + (spread ? sim_random(&sim->random) % spread : 0));
	if (!flight)
		return;
	flight->kind = SIM_FRAME;
	flight->link = i;
	flight->end = end;
	flight->epoch = sim->link[i].epoch;
	memcpy(flight->frame, frame, sizeof(flight->frame));
}

static void send_frame(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame)
{
	uint32_t end;
	uint32_t i = sim_link_at(sim, system, port, &end);

	if (i == SIM_NONE || !sim_carrier(sim, system, port))
		return;
	send_one(sim, i, end, frame);
	if (sim_percent(&sim->random, sim->link[i].way[end].duplicate))
		send_one(sim, i, end, frame);
}

/* --- systems --- */

/* No frames are sent through the tables: every bucket on its way has long been idle. */
static void answer_moves(const struct sim *sim, struct core *core, struct core_effects *fx)
{
	struct xlagg_move move[XLAGG_BUCKETS];

	memcpy(move, core_output(core)->move, sizeof(move));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		move[i].last_ns = 1;
	core_moves(core, sim->now, move, fx);
}

/* Executes the effects of a core and checks its new state. */
static void step(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];
	bool asked = false;
	uint64_t deadline;

	sim->steps++;
	for (uint32_t i = 0; i < sim->fx.count; i++) {
		const struct core_effect *effect = &sim->fx.list[i];

		sim_carry_out(sim, system, effect);
		asked |= effect->kind == CORE_MOVES;
		if (effect->kind != CORE_SEND)
			continue;
		mix(sim, &sim->now, sizeof(sim->now));
		mix(sim, effect->frame, sizeof(effect->frame));
		if (sim_call_fails(sim, system)) {
			if (effect->frame[14] == XLAGG_SLOW_LACP)
				core_lacp_unsent(s->core, sim->now, effect->slot);
			continue;
		}
		sim_check_sent(sim, system, effect->slot, effect->frame);
		send_frame(sim, system, effect->slot, effect->frame);
	}
	if (sim->fx.count == CORE_MAX_EFFECTS)
		sim_broken(sim, system, SIM_NONE, "the effects of one input do not fit");
	sim->fx.count = 0;
	if (asked) {
		answer_moves(sim, s->core, &sim->fx);
		step(sim, system);
		return;
	}
	if (!s->running)
		return;
	if (sim->adapters_fail)
		sim_pin(sim, system);
	sim_check_system(sim, system);
	deadline = core_deadline(s->core);
	if (deadline <= sim->now)
		sim_broken(sim, system, SIM_NONE, "the deadline is not in the future");
	s->wake_at = deadline;
	if (deadline != CORE_NEVER && s->jitter)
		s->wake_at += sim_random(&sim->random) % s->jitter;
}

static struct core_link link_of(const struct sim *sim, uint32_t system, uint32_t port)
{
	uint32_t i = sim_link_at(sim, system, port, NULL);
	struct core_link link = {
	    .present = true,
	    .admin_up = sim->system[system].port[port].up,
	    .carrier = sim_carrier(sim, system, port),
	    .mac = {2, 1, 0, 0, (uint8_t)system, (uint8_t)port},
	};

	if (link.carrier) {
		link.speed = sim->link[i].speed;
		link.duplex = sim->link[i].duplex;
	}
	return link;
}

static void tell(struct sim *sim, uint32_t system, uint32_t port)
{
	struct sim_system *s = &sim->system[system];
	struct sim_port *p = &s->port[port];
	struct core_link link = link_of(sim, system, port);

	if (!s->running || !p->used)
		return;
	if (sim_call_fails(sim, system)) {
		sim_owe_news(sim, system, port);
		return;
	}
	if (!link.carrier)
		p->watch.heard = false;
	if (link.carrier != p->told.carrier)
		sim_log(sim, "system %u %s: carrier %s", system, p->name, link.carrier ? "comes" : "goes");
	p->told = link;
	core_link_changed(s->core, sim->now, port, &link, &sim->fx);
	step(sim, system);
}

uint32_t sim_add_system(struct sim *sim, const struct xlagg_lagg_conf *conf)
{
	struct sim_system *s = &sim->system[sim->systems];

	s->conf = *conf;
	s->wake_at = CORE_NEVER;
	s->start_at = CORE_NEVER;
	s->adapters.check_at = CORE_NEVER;
	memcpy(s->mac, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)(sim->systems + 1)}, sizeof(s->mac));
	return sim->systems++;
}

static void introduce(struct sim *sim, uint32_t system, uint32_t port)
{
	struct sim_system *s = &sim->system[system];
	struct sim_port *p = &s->port[port];

	p->watch = (struct sim_watch){0};
	core_port_add(s->core, sim->now, port, p->name, p->order, &p->conf, &sim->fx);
	step(sim, system);
	tell(sim, system, port);
}

static void start_anew(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	core_init(s->core, &s->conf, system);
	s->adapters.done = *core_output(s->core); /* a new device with an empty table */
	core_set_mac(s->core, sim->now, s->mac, &sim->fx);
	step(sim, system);
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		if (s->port[i].used)
			introduce(sim, system, i);
	}
}

/* A new agent goes on from the records: the ports stay in the state that they were left in. */
static void take_over(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	core_init(s->core, &s->conf, system);
	core_hold(s->core);
	core_set_mac(s->core, sim->now, s->mac, &sim->fx);
	core_adopt(s->core, &s->left_table);
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		struct sim_port *p = &s->port[i];

		if (!p->used)
			continue;
		p->told = link_of(sim, system, i);
		if (!p->told.carrier)
			p->watch.heard = false;
		p->watch.heard_at = sim->now; /* the partner gets its full time */
		core_port_add(s->core, sim->now, i, p->name, p->order, &p->conf, &sim->fx);
		core_adopt_lacp(s->core, i, &s->left[i]);
		core_link_changed(s->core, sim->now, i, &p->told, &sim->fx);
	}
	core_release(s->core, sim->now, &sim->fx);
	step(sim, system);
}

void sim_start(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	sim_log(sim, "system %u: agent starts, %s", system, s->adopts ? "goes on" : "anew");
	s->running = true;
	s->start_at = CORE_NEVER;
	sim_owe_nothing(sim, system);
	if (s->adopts)
		take_over(sim, system);
	else
		start_anew(sim, system);
}

/* The next agent knows of the partner what was pinned, and not what came later. */
static void leave_watch(struct sim_watch *watch, const struct sim_watch *pinned)
{
	memcpy(watch->sent, pinned->sent, sizeof(watch->sent));
	watch->heard = pinned->heard;
	watch->matched = pinned->matched;
	watch->pdu = pinned->pdu;
}

/* Keeps what an agent leaves pinned for the next one. */
static void leave_state(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	s->left_table = s->adapters.done.table;
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		s->left[i] = (struct xlagg_lacp){.pdu_tx_ns = s->port[i].watch.sent[0]};
		if (sim->adapters_fail) {
			s->left[i] = s->adapters.pinned[i];
			leave_watch(&s->port[i].watch, &s->adapters.then[i]);
		} else if (s->port[i].used) {
			core_save_lacp(s->core, i, &s->left[i]);
		}
	}
}

void sim_kill(struct sim *sim, uint32_t system, uint64_t away, bool adopt)
{
	struct sim_system *s = &sim->system[system];

	if (!s->running)
		return;
	sim_log(sim, "system %u: agent is gone", system);
	s->adopts = adopt;
	if (adopt)
		leave_state(sim, system);
	s->running = false;
	s->wake_at = CORE_NEVER;
	s->start_at = sim->now + away;
}

void sim_stop(struct sim *sim, uint32_t system, uint64_t away)
{
	struct sim_system *s = &sim->system[system];

	if (!s->running)
		return;
	for (uint32_t i = 0; i < SIM_PORTS; i++)
		s->port[i].watch.last_pdus++;
	core_stop(s->core, sim->now, &sim->fx);
	sim_kill(sim, system, away, false);
	step(sim, system);
}

void sim_set(struct sim *sim, uint32_t system, const struct xlagg_lagg_conf *conf)
{
	struct sim_system *s = &sim->system[system];

	if (s->conf.admin && !conf->admin) {
		for (uint32_t i = 0; i < SIM_PORTS; i++)
			s->port[i].watch.last_pdus++;
	}
	s->conf = *conf;
	if (!s->running)
		return;
	core_set(s->core, sim->now, conf, &sim->fx);
	step(sim, system);
}

void sim_add_port(struct sim *sim, uint32_t system, uint32_t port, const struct xlagg_port_conf *conf)
{
	struct sim_system *s = &sim->system[system];
	struct sim_port *p = &s->port[port];

	*p = (struct sim_port){.used = true, .conf = *conf, .order = s->orders++, .up = true};
	snprintf(p->name, sizeof(p->name), "eth%u", port);
	if (s->running)
		introduce(sim, system, port);
}

void sim_set_port(struct sim *sim, uint32_t system, uint32_t port, const struct xlagg_port_conf *conf)
{
	struct sim_system *s = &sim->system[system];
	struct sim_port *p = &s->port[port];

	if (p->conf.admin && !conf->admin)
		p->watch.last_pdus++;
	p->conf = *conf;
	if (!s->running)
		return;
	core_port_set(s->core, sim->now, port, conf, &sim->fx);
	step(sim, system);
}

void sim_del_port(struct sim *sim, uint32_t system, uint32_t port)
{
	struct sim_system *s = &sim->system[system];

	s->port[port].watch.last_pdus++;
	s->port[port].used = false;
	memset(&s->left[port], 0, sizeof(s->left[port]));
	if (!s->running)
		return;
	core_port_del(s->core, sim->now, port, &sim->fx);
	step(sim, system);
}

const struct lacp_port *sim_lacp(const struct sim *sim, uint32_t system, uint32_t port)
{
	const struct sim_system *s = &sim->system[system];

	return s->running && s->core->lacp.port[port].used ? &s->core->lacp.port[port] : NULL;
}

uint32_t sim_flags(const struct sim *sim, uint32_t system, uint32_t port)
{
	return sim->system[system].core->role[port].shown;
}

/* --- time --- */

void sim_receive(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame)
{
	struct core *core = sim->system[system].core;
	const struct lacp_counters *counters = &core->lacp.port[port].counters;
	uint64_t foreign = counters->foreign_rx;

	mix(sim, &sim->now, sizeof(sim->now));
	core_slow_frame(core, sim->now, port, frame, CORE_FRAME_LEN, &sim->fx);
	if (counters->foreign_rx == foreign)
		sim_check_received(sim, system, port, frame);
	step(sim, system);
}

static void arrive(struct sim *sim, const struct sim_flight *flight)
{
	const struct sim_link *link = &sim->link[flight->link];
	uint32_t system, port;

	if (flight->kind == SIM_NEWS) {
		tell(sim, flight->system, flight->port);
		return;
	}
	system = link->end[1 - flight->end].system;
	port = link->end[1 - flight->end].port;
	if (link->epoch != flight->epoch || system == SIM_NONE || !sim_carrier(sim, system, port) ||
	    !sim->system[system].running || !sim->system[system].port[port].used)
		return;
	sim_receive(sim, system, port, flight->frame);
}

/* Returns the flight that arrives first, SIM_NONE: none is under way. */
static uint32_t first_flight(const struct sim *sim)
{
	uint32_t first = SIM_NONE;

	for (uint32_t i = 0; i < sim->flights; i++) {
		const struct sim_flight *a = &sim->flight[i], *b = first == SIM_NONE ? a : &sim->flight[first];

		if (a == b || a->at < b->at || (a->at == b->at && a->number < b->number))
			first = i;
	}
	return first;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Lets the next thing happen, if that is not after `until`. Returns whether something happened. */
static bool next(struct sim *sim, uint64_t until)
{
	uint32_t flight = first_flight(sim);
	uint64_t at = flight == SIM_NONE ? CORE_NEVER : sim->flight[flight].at;
	uint32_t system = SIM_NONE;
	struct sim_flight arrived;

	for (uint32_t i = 0; i < sim->systems; i++) {
		const struct sim_system *s = &sim->system[i];
		uint64_t mine = s->running ? earlier(s->wake_at, s->adapters.check_at) : s->start_at;

		if (mine < at) {
			at = mine;
			system = i;
		}
	}
	if (at > until)
		return false;
	sim->now = at > sim->now ? at : sim->now;
	if (system == SIM_NONE) {
		arrived = sim->flight[flight];
		sim->flight[flight] = sim->flight[--sim->flights];
		arrive(sim, &arrived);
	} else if (!sim->system[system].running) {
		sim_start(sim, system);
	} else if (sim->system[system].adapters.check_at <= sim->now) {
		sim_do_again(sim, system);
		sim_check_system(sim, system);
	} else {
		core_run(sim->system[system].core, sim->now, &sim->fx);
		step(sim, system);
	}
	return true;
}

void sim_pass(struct sim *sim, uint64_t until)
{
	while (!sim->broken && next(sim, until))
		;
	if (!sim->broken)
		sim->now = until;
}
