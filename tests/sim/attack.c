/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * LACP under attack: two systems carry traffic, and somebody on their links sends LACPDUs of other systems, or in the
 * name of a port's partner with Sync that comes and goes. As long as a system is protected from other systems, and
 * nobody speaks in its partner's name, none of its ports leaves.
 */
#include <stdio.h>
#include <string.h>

#include "core/lacp/pdu.h"
#include "sim/sim.h"

static bool chance(struct sim *sim, uint32_t percent)
{
	return sim_percent(&sim->random, percent);
}

static bool is_protected(const struct sim_system *s)
{
	return s->conf.partner_guard || strcmp(s->conf.partner_system, "any") != 0;
}

void sim_protect(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->systems; i++) {
		struct xlagg_lagg_conf *conf = &sim->system[i].conf;
		const uint8_t *mac = sim->system[1 - i].mac;

		conf->lacp_mode = XLAGG_LACP_ACTIVE;
		conf->partner_guard = chance(sim, 50);
		conf->damping = chance(sim, 50);
		if (chance(sim, 30))
			snprintf(conf->partner_system, sizeof(conf->partner_system), "%02x:%02x:%02x:%02x:%02x:%02x",
				 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
}

static bool carries(const struct sim *sim, uint32_t system, uint32_t port)
{
	return sim_lacp(sim, system, port) && sim_flags(sim, system, port) & XLAGG_FLAG_DISTRIBUTING;
}

/* Another system, which may pretend to have agreed with the port. */
static struct xlagg_lacp_end draw_foreigner(struct sim *sim)
{
	struct xlagg_lacp_end end = {
	    .system_prio = (uint16_t)sim_below(&sim->random, UINT16_MAX),
	    .system = {6, 0, 0, 0, 0, (uint8_t)sim_below(&sim->random, 4)},
	    .key = (uint16_t)sim_below(&sim->random, 8),
	    .port_prio = (uint16_t)sim_below(&sim->random, UINT16_MAX),
	    .port = (uint16_t)sim_below(&sim->random, 8),
	    .state = (uint8_t)sim_below(&sim->random, 256),
	};

	return end;
}

/* The port's partner, whose Sync, Collecting and Distributing come and go. */
static struct xlagg_lacp_end draw_partner(struct sim *sim, const struct lacp_port *p)
{
	struct xlagg_lacp_end end = p->partner;

	end.state = (uint8_t)(end.state & ~(XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING));
	if (chance(sim, 50))
		end.state |= XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING;
	return end;
}

/* One LACPDU arrives on a port as if its link had carried it. */
static void forge(struct sim *sim, uint32_t system, uint32_t port, bool in_partners_name)
{
	static const uint8_t mac[6] = {6, 1, 0, 0, 0, 0};
	const struct lacp_port *p = sim_lacp(sim, system, port);
	struct xlagg_lacp_end actor, view;
	uint8_t frame[CORE_FRAME_LEN];

	if (!p)
		return;
	actor = in_partners_name ? draw_partner(sim, p) : draw_foreigner(sim);
	view = chance(sim, 70) ? p->actor : draw_foreigner(sim);
	pdu_encode_lacp(frame, mac, &actor, &view);
	sim_log(sim, "system %u eth%u: an attack in the name of %02x%02x, %02x", system, port, actor.system[0],
		actor.system[5], actor.state);
	sim_receive(sim, system, port, frame);
}

/* Says whether ports that carry traffic have to go on with it. */
static void expect_steady(struct sim *sim, bool steady)
{
	for (uint32_t i = 0; i < sim->systems; i++)
		for (uint32_t port = 0; port < SIM_PORTS; port++)
			sim->system[i].port[port].watch.steady = steady && carries(sim, i, port);
}

static void wait_for_traffic(struct sim *sim)
{
	uint64_t end = sim->now + 200 * SIM_SECOND;
	char what[SIM_WHAT];

	do
		sim_pass(sim, sim->now + 8 * SIM_SECOND);
	while (!sim->broken && sim->now < end && !sim_agree(sim, what));
	if (!sim->broken && !sim_agree(sim, what))
		sim_broken(sim, SIM_NONE, SIM_NONE, "before the attack: %s", what);
}

void sim_attack(struct sim *sim)
{
	bool in_partners_name = chance(sim, 30), both = chance(sim, 30), safe;
	uint64_t interval = (50 + sim_below(&sim->random, 950)) * SIM_MS, end;
	uint32_t victims[SIM_SYSTEMS] = {0}; /* ports, as bits */

	wait_for_traffic(sim);
	safe = !in_partners_name && is_protected(&sim->system[0]) && (!both || is_protected(&sim->system[1]));
	for (uint32_t i = 0; i < (both ? 2 : 1); i++)
		for (uint32_t port = 0; port < SIM_PORTS; port++)
			victims[i] |= carries(sim, i, port) && chance(sim, 70) ? 1u << port : 0;
	expect_steady(sim, safe);
	end = sim->now + (chance(sim, 10) ? 200 : 5 + sim_below(&sim->random, 30)) * SIM_SECOND;
	while (!sim->broken && sim->now < end) {
		for (uint32_t i = 0; i < sim->systems; i++)
			for (uint32_t port = 0; port < SIM_PORTS && !sim->broken; port++)
				if (victims[i] & 1u << port)
					forge(sim, i, port, in_partners_name);
		sim_pass(sim, sim->now + interval);
	}
	expect_steady(sim, false);
}
