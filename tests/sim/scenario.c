/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What happens in a scenario: it is drawn from the seed, within the family that the seed belongs to. */
#include <string.h>

#include "sim/sim.h"

enum trait {
	NOISE = 1 << 0,	   /* loss, delay, duplication, reordering, one-way links */
	FLAPS = 1 << 1,	   /* carrier comes and goes */
	RESTARTS = 1 << 2, /* agents die, stop and come back */
	CONFIG = 1 << 3,   /* options change */
	MANY = 1 << 4,	   /* more than two systems */
	MOVES = 1 << 5,	   /* cables are replugged */
	LOOSE = 1 << 6,	   /* lacp-strict off */
	LOOPS = 1 << 7,	   /* cables from a system to itself, and two systems with one MAC */
	MIXED = 1 << 8,	   /* speeds, duplex and keys differ */
	LIMITS = 1 << 9,   /* min-links, max-links */
	FAILS = 1 << 10,   /* calls of the agents' adapters fail */
	ATTACK = 1 << 11,  /* somebody forges LACPDUs */
};

const char *const sim_family_name[SIM_FAMILIES] = {
    "a pair of systems",
    "noise: loss, delay, duplication, reordering, one-way links",
    "carrier flaps",
    "agent restarts",
    "configuration changes",
    "several systems, moved links, loops",
    "lacp-strict off, limits, mixed speeds",
    "all at once",
    "calls of the adapters fail",
    "LACP under attack: foreign and forged LACPDUs",
};

static const uint32_t family_traits[SIM_FAMILIES] = {
    0,
    NOISE,
    FLAPS | NOISE,
    RESTARTS | NOISE,
    CONFIG | LIMITS,
    MANY | MOVES | LOOPS,
    LOOSE | LIMITS | MIXED | FLAPS,
    NOISE | FLAPS | RESTARTS | CONFIG | MANY | MOVES | LOOSE | LOOPS | MIXED | LIMITS,
    FAILS | FLAPS | RESTARTS | CONFIG | LIMITS,
    ATTACK,
};

uint32_t sim_family(uint64_t seed)
{
	return (uint32_t)(seed % SIM_FAMILIES);
}

static uint32_t between(struct sim *sim, uint32_t least, uint32_t most)
{
	return least + sim_below(&sim->random, most - least + 1);
}

static bool chance(struct sim *sim, uint32_t percent)
{
	return sim_percent(&sim->random, percent);
}

/* --- options --- */

static void draw_option(struct sim *sim, uint32_t traits, struct xlagg_lagg_conf *conf)
{
	switch (between(sim, 0, traits & LIMITS ? 10 : 7)) {
	case 0:
		conf->lacp_rate = between(sim, XLAGG_RATE_SLOW, XLAGG_RATE_MATCH);
		break;
	case 1:
		conf->lacp_mode = chance(sim, 30) ? XLAGG_LACP_PASSIVE : XLAGG_LACP_ACTIVE;
		break;
	case 2:
		conf->lacp_mux = between(sim, XLAGG_MUX_INDEPENDENT, XLAGG_MUX_COUPLED);
		break;
	case 3:
		conf->system_prio = between(sim, 0, 3);
		break;
	case 4:
		conf->key = chance(sim, 50) ? XLAGG_AUTO : between(sim, 1, 3);
		break;
	case 5:
		conf->lacp_strict = !(traits & LOOSE) || chance(sim, 50);
		conf->fallback_delay = between(sim, 0, 5);
		break;
	case 6:
		conf->select = between(sim, XLAGG_SELECT_BANDWIDTH, XLAGG_SELECT_PRIO);
		break;
	case 7:
		conf->mixed_speed = traits & MIXED && chance(sim, 50);
		break;
	case 8:
		conf->min_links = between(sim, 1, 3);
		conf->max_links = 0;
		break;
	case 9:
		conf->max_links = between(sim, 1, 3);
		conf->min_links = 1;
		break;
	case 10:
		conf->min_links = 1;
		conf->max_links = 0;
		break;
	}
}

static void draw_port_option(struct sim *sim, uint32_t traits, struct xlagg_port_conf *conf)
{
	switch (between(sim, 0, traits & MIXED ? 3 : 2)) {
	case 0:
		conf->prio = between(sim, 1, 4);
		break;
	case 1:
		conf->weight = between(sim, 1, 4);
		break;
	case 2:
		conf->admin = chance(sim, 70);
		break;
	case 3:
		conf->key = chance(sim, 60) ? XLAGG_AUTO : between(sim, 1, 2);
		break;
	}
}

static struct xlagg_lagg_conf draw_lagg(struct sim *sim, uint32_t traits)
{
	struct xlagg_lagg_conf conf = {
	    .proto = XLAGG_PROTO_LACP,
	    .lacp_rate = chance(sim, 50) ? XLAGG_RATE_FAST : XLAGG_RATE_SLOW,
	    .lacp_strict = !(traits & LOOSE) || chance(sim, 20),
	    .fallback_delay = 3,
	    .system_prio = 32768,
	    .system_mac = "auto",
	    .partner_system = "any",
	    .key = XLAGG_AUTO,
	    .min_links = 1,
	    .primary = "auto",
	    .mac = "auto",
	    .admin = 1,
	};

	for (uint32_t i = between(sim, 0, 4); i > 0; i--)
		draw_option(sim, traits, &conf);
	return conf;
}

static const struct xlagg_port_conf plain_port = {
    .prio = 32768, .number = XLAGG_AUTO, .weight = 1, .key = XLAGG_AUTO, .admin = 1};

/* --- the topology --- */

static uint32_t free_port(const struct sim *sim, uint32_t system)
{
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		if (sim_link_at(sim, system, i, NULL) == SIM_NONE)
			return i;
	}
	return SIM_NONE;
}

static void draw_link(struct sim *sim, uint32_t traits)
{
	static const uint32_t speeds[] = {1000, 10000, 0, 25000};
	uint32_t a = sim_below(&sim->random, sim->systems);
	uint32_t b = traits & LOOPS && chance(sim, 5) ? a : (a + between(sim, 1, sim->systems - 1)) % sim->systems;
	uint32_t a_port = free_port(sim, a), b_port, link;

	if (a_port == SIM_NONE)
		return;
	link = sim_add_link(sim, a, a_port, SIM_NONE, SIM_NONE);
	b_port = free_port(sim, b);
	if (b_port == SIM_NONE) {
		sim->links--;
		return;
	}
	sim->link[link].end[1].system = b;
	sim->link[link].end[1].port = b_port;
	if (traits & MIXED) {
		sim->link[link].speed = speeds[chance(sim, 60) ? 1 : between(sim, 0, 3)];
		sim->link[link].duplex = between(sim, XLAGG_DUPLEX_UNKNOWN, XLAGG_DUPLEX_FULL);
		if (chance(sim, 80))
			sim->link[link].duplex = XLAGG_DUPLEX_FULL;
	}
	for (uint32_t e = 0; e < 2; e++) {
		struct xlagg_port_conf conf = plain_port;

		if (chance(sim, 30))
			draw_port_option(sim, traits, &conf);
		sim_add_port(sim, sim->link[link].end[e].system, sim->link[link].end[e].port, &conf);
	}
}

static void draw_topology(struct sim *sim, uint32_t traits)
{
	uint32_t systems = traits & MANY ? between(sim, 2, SIM_SYSTEMS) : 2;
	uint32_t links = traits & MANY ? between(sim, 1, 8) : between(sim, 1, 4);

	for (uint32_t i = 0; i < systems; i++) {
		struct xlagg_lagg_conf conf = draw_lagg(sim, traits);

		sim_add_system(sim, &conf);
		sim->system[i].jitter = chance(sim, 30) ? 20 * SIM_MS : 0;
		sim->system[i].start_at =
		    sim->now + (chance(sim, 50) ? 0 : sim_random(&sim->random) % (5 * SIM_SECOND));
	}
	if (traits & LOOPS && chance(sim, 5)) /* two systems with one MAC */
		memcpy(sim->system[1].mac, sim->system[0].mac, sizeof(sim->system[0].mac));
	for (uint32_t i = 0; i < links; i++)
		draw_link(sim, traits);
}

/* --- faults --- */

static void make_noise(struct sim *sim, struct sim_link *link)
{
	struct sim_way *way = &link->way[between(sim, 0, 1)];

	switch (between(sim, 0, 4)) {
	case 0:
		way->loss = between(sim, 0, 60);
		break;
	case 1:
		way->duplicate = between(sim, 0, 50);
		break;
	case 2: /* frames are reordered too */
		way->delay_min = between(sim, 0, 50) * SIM_MS;
		way->delay_max = way->delay_min + between(sim, 1, 2000) * SIM_MS;
		break;
	case 3:
		way->blocked = !way->blocked;
		break;
	case 4:
		*way = (struct sim_way){.delay_min = SIM_MS / 10, .delay_max = SIM_MS};
		break;
	}
	sim_log(sim, "link %u: loss %u %u, delay %u %u ms, blocked %d %d", (uint32_t)(link - sim->link),
		link->way[0].loss, link->way[1].loss, (uint32_t)(link->way[0].delay_max / SIM_MS),
		(uint32_t)(link->way[1].delay_max / SIM_MS), link->way[0].blocked, link->way[1].blocked);
}

static void flap(struct sim *sim, uint32_t i)
{
	struct sim_link *link = &sim->link[i];
	uint32_t end = between(sim, 0, 1);

	if (chance(sim, 80)) {
		link->intact = !link->intact;
	} else if (link->end[end].system != SIM_NONE) {
		struct sim_port *port = &sim->system[link->end[end].system].port[link->end[end].port];

		port->up = !port->up;
	}
	sim_tell_link(sim, i, 300 * SIM_MS);
}

/* Two cables change places at one end. */
static void move(struct sim *sim, uint32_t i)
{
	struct sim_link *one = &sim->link[i], *two = &sim->link[sim_below(&sim->random, sim->links)];
	uint32_t e1 = between(sim, 0, 1), e2 = between(sim, 0, 1);
	uint32_t system = one->end[e1].system, port = one->end[e1].port;

	if (one == two)
		return;
	one->end[e1].system = two->end[e2].system;
	one->end[e1].port = two->end[e2].port;
	two->end[e2].system = system;
	two->end[e2].port = port;
	one->epoch++;
	two->epoch++;
	sim_log(sim, "links %u and %u change places", i, (uint32_t)(two - sim->link));
	sim_tell_link(sim, i, 0);
	sim_tell_link(sim, (uint32_t)(two - sim->link), 0);
}

static void configure(struct sim *sim, uint32_t traits, uint32_t system)
{
	struct xlagg_lagg_conf conf = sim->system[system].conf;
	uint32_t port = sim_below(&sim->random, SIM_PORTS);
	struct sim_port *p = &sim->system[system].port[port];
	struct xlagg_port_conf port_conf = p->conf;

	if (!p->used || chance(sim, 50)) {
		draw_option(sim, traits, &conf);
		conf.admin = chance(sim, 95);
		sim_log(sim,
			"system %u: lacp-rate %u lacp-mode %u system-prio %u key %u min-links %u max-links %u admin %u",
			system, conf.lacp_rate, conf.lacp_mode, conf.system_prio, conf.key, conf.min_links,
			conf.max_links, conf.admin);
		sim_set(sim, system, &conf);
	} else if (chance(sim, 80)) {
		draw_port_option(sim, traits, &port_conf);
		sim_log(sim, "system %u %s: prio %u admin %u key %u", system, p->name, port_conf.prio, port_conf.admin,
			port_conf.key);
		sim_set_port(sim, system, port, &port_conf);
	} else {
		sim_log(sim, "system %u %s: deleted and added", system, p->name);
		sim_del_port(sim, system, port);
		sim_add_port(sim, system, port, &port_conf);
	}
}

/* One call in a while, many, or all of them. */
static void let_fail(struct sim *sim, uint32_t system)
{
	static const uint32_t percent[] = {0, 0, 3, 30, 100};

	sim->system[system].adapters.failing = percent[between(sim, 0, 4)];
	sim_log(sim, "system %u: %u %% of its calls fail", system, sim->system[system].adapters.failing);
}

static void disturb(struct sim *sim, uint32_t traits)
{
	uint32_t link = sim_below(&sim->random, sim->links);
	uint32_t system = sim_below(&sim->random, sim->systems);

	if (traits & NOISE && chance(sim, 50))
		make_noise(sim, &sim->link[link]);
	if (traits & FAILS && chance(sim, 60))
		let_fail(sim, system);
	if (traits & FLAPS && chance(sim, 50))
		flap(sim, link);
	if (traits & RESTARTS && chance(sim, 20)) {
		uint64_t away = between(sim, 0, chance(sim, 20) ? 100000 : 4000) * SIM_MS;

		if (chance(sim, 50))
			sim_kill(sim, system, away, chance(sim, 60));
		else
			sim_stop(sim, system, away);
	}
	if (traits & CONFIG && chance(sim, 40))
		configure(sim, traits, system);
	if (traits & MOVES && chance(sim, 20))
		move(sim, link);
	if (traits & MIXED && chance(sim, 10)) {
		sim->link[link].speed = chance(sim, 50) ? 1000 : 10000;
		sim_tell_link(sim, link, 0);
	}
}

/* --- peace --- */

/* The faults stop: every agent runs, every cable works, and every core knows it. What is under way arrives now. */
static void make_peace(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->flights; i++)
		sim->flight[i].at = sim->now;
	sim_pass(sim, sim->now);
	for (uint32_t i = 0; i < sim->systems && !sim->broken; i++) {
		sim->system[i].conf.admin = 1;
		sim_set(sim, i, &sim->system[i].conf);
		if (!sim->system[i].running)
			sim_start(sim, i);
		for (uint32_t k = 0; k < SIM_PORTS; k++)
			sim->system[i].port[k].up = true;
	}
	for (uint32_t i = 0; i < sim->links && !sim->broken; i++) {
		sim->link[i].intact = true;
		for (uint32_t e = 0; e < 2; e++)
			sim->link[i].way[e] = (struct sim_way){.delay_min = SIM_MS / 10, .delay_max = SIM_MS};
		sim_tell_link(sim, i, 0);
	}
	sim_pass(sim, sim->now);
	/* Last of all: what failed until now is owed in peace. */
	for (uint32_t i = 0; i < sim->systems; i++)
		sim->system[i].adapters.failing = 0;
	sim->peace = sim->now;
	sim_log(sim, "peace");
}

static bool any_slow(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->systems; i++) {
		if (sim->system[i].conf.lacp_rate != XLAGG_RATE_FAST)
			return true;
	}
	return false;
}

static bool any_damping(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->systems; i++) {
		if (sim->system[i].conf.damping)
			return true;
	}
	return false;
}

/* The greatest number of aggregators that a system could choose from. */
static uint32_t choices(const struct sim *sim)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < sim->systems; i++) {
		uint32_t used = 0;

		for (uint32_t k = 0; k < SIM_PORTS; k++) {
			const struct lacp_port *p = sim_lacp(sim, i, k);

			if (p && p->rx == XLAGG_RX_CURRENT && p->aggregator != LACP_NO_SLOT)
				used |= 1u << p->aggregator;
		}
		if ((uint32_t)__builtin_popcount(used) > most)
			most = (uint32_t)__builtin_popcount(used);
	}
	return most;
}

/*
 * Ends that talk agree within the partner's timeout + 3 s in EXPIRED + Aggregate_Wait_Time + one period of the slower
 * end. Of several aggregators all but one may be refused before there is one that both ends want.
 */
static uint64_t talking_bound(const struct sim *sim, uint64_t timeout, uint64_t period)
{
	return timeout + 3 * SIM_SECOND + LACP_AGGREGATE_WAIT_TIME + period + (choices(sim) - 1) * LACP_REFUSED_TIME;
}

/*
 * Ends that are both passive fall silent one after the other. One whose partner was active when it last heard it goes
 * on sending until its record has timed out, as 6.4.13 asks. Only then does time run out for the other end, which heard
 * it all the while. With lacp-strict off the port then waits for fallback-delay, and to be attached, before it carries
 * traffic alone.
 */
static uint64_t silent_bound(const struct sim *sim, uint64_t timeout)
{
	uint64_t longest = 0;
	bool loose = false;

	for (uint32_t i = 0; i < sim->systems; i++) {
		const struct xlagg_lagg_conf *conf = &sim->system[i].conf;
		uint64_t delay = conf->fallback_delay * SIM_SECOND;

		loose |= !conf->lacp_strict;
		longest = !conf->lacp_strict && delay > longest ? delay : longest;
	}
	return loose ? 2 * (timeout + 3 * SIM_SECOND) + longest + LACP_AGGREGATE_WAIT_TIME : 0;
}

/*
 * How long after the faults stopped ports may still change. Whoever was slow at any time may still be taken for slow.
 * The last second is for agents that run late, and another for those that have something to do again. A port that is
 * damped is held back for up to 20 s.
 */
static uint64_t bound_of(const struct sim *sim, bool ever_slow)
{
	uint64_t timeout = ever_slow ? LACP_LONG_TIMEOUT_TIME : LACP_SHORT_TIMEOUT_TIME;
	uint64_t period = ever_slow ? LACP_SLOW_PERIODIC_TIME : LACP_FAST_PERIODIC_TIME;
	uint64_t talking = talking_bound(sim, timeout, period), silent = silent_bound(sim, timeout);

	return (talking > silent ? talking : silent) + SIM_SECOND + sim->adapters_fail * SIM_SECOND +
	       any_damping(sim) * (20 * SIM_SECOND + LACP_AGGREGATE_WAIT_TIME + period);
}

/*
 * Within the bound all systems agree, and nothing changes after that. Most scenarios end once it has been quiet for a
 * while; one in sixteen runs on to the bound.
 */
static void come_to_agree(struct sim *sim, bool slow)
{
	bool thorough = sim->seed / SIM_FAMILIES % 16 == 0;
	char what[SIM_WHAT];

	while (!sim->broken && sim->now < sim->peace + bound_of(sim, slow)) {
		uint64_t since = sim->last_change > sim->peace ? sim->last_change : sim->peace;

		sim_pass(sim, sim->now + SIM_SECOND);
		if (!thorough && sim->now >= since + 8 * SIM_SECOND && sim_agree(sim, what))
			return;
	}
	if (!sim->broken && !sim_agree(sim, what))
		sim_broken(sim, SIM_NONE, SIM_NONE, "%s", what);
	sim->last_change = 0;
	sim_pass(sim, sim->now + (slow && thorough ? 35 : 8) * SIM_SECOND);
	if (sim->last_change)
		sim_broken(sim, SIM_NONE, SIM_NONE, "ports still change although nothing happens");
}

void sim_scenario(struct sim *sim, uint64_t seed, bool trace)
{
	uint32_t traits = family_traits[sim_family(seed)];
	uint64_t end;
	bool slow;

	sim_init(sim, seed, trace);
	sim->adapters_fail = traits & FAILS;
	draw_topology(sim, traits);
	if (traits & ATTACK) {
		sim_protect(sim);
		sim_attack(sim);
		if (sim->broken)
			return;
	}
	slow = any_slow(sim);
	end = sim->now + between(sim, 2, chance(sim, 10) ? 120 : 20) * SIM_SECOND;
	while (traits & ~ATTACK && sim->now < end && !sim->broken) {
		sim_pass(sim, sim->now + between(sim, 1, 3000) * SIM_MS);
		if (sim->broken)
			return;
		disturb(sim, traits);
		slow |= any_slow(sim);
	}
	make_peace(sim);
	come_to_agree(sim, slow);
}
