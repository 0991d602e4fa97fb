/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The agent's adapters, whose calls may fail: what fails is owed, and done again by the check that runs once a second.
 */
#include <string.h>

#include "sim/sim.h"

bool sim_call_fails(struct sim *sim, uint32_t system)
{
	uint32_t failing = sim->system[system].adapters.failing;

	return failing && sim_percent(&sim->random, failing);
}

static void owe(struct sim *sim, uint32_t system)
{
	struct sim_adapters *adapters = &sim->system[system].adapters;

	if (adapters->check_at == CORE_NEVER)
		adapters->check_at = sim->now + 1 + sim_random(&sim->random) % SIM_SECOND;
}

static void publish(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];
	bool carrier = s->adapters.done.carrier;

	s->adapters.unpublished = sim_call_fails(sim, system);
	if (s->adapters.unpublished) {
		owe(sim, system);
		return;
	}
	s->adapters.done = *core_output(s->core);
	s->adapters.done.carrier = carrier;
}

static void set_carrier(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	s->adapters.carrier_owed = sim_call_fails(sim, system);
	if (s->adapters.carrier_owed)
		owe(sim, system);
	else
		s->adapters.done.carrier = core_output(s->core)->carrier;
}

void sim_carry_out(struct sim *sim, uint32_t system, const struct core_effect *effect)
{
	if (effect->kind == CORE_PUBLISH)
		publish(sim, system);
	else if (effect->kind == CORE_CARRIER)
		set_carrier(sim, system);
}

void sim_owe_news(struct sim *sim, uint32_t system, uint32_t port)
{
	sim->system[system].adapters.news_owed[port] = true;
	owe(sim, system);
}

void sim_do_again(struct sim *sim, uint32_t system)
{
	struct sim_adapters *adapters = &sim->system[system].adapters;

	adapters->check_at = CORE_NEVER;
	if (adapters->unpublished)
		publish(sim, system);
	if (adapters->carrier_owed)
		set_carrier(sim, system);
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		if (!adapters->news_owed[i])
			continue;
		adapters->news_owed[i] = false;
		sim_tell_port(sim, system, i, 0);
	}
}

/* A new agent owes nothing: it reads everything anew, and the core asks for everything again. */
void sim_owe_nothing(struct sim *sim, uint32_t system)
{
	struct sim_adapters *adapters = &sim->system[system].adapters;

	adapters->unpublished = adapters->carrier_owed = false;
	memset(adapters->news_owed, 0, sizeof(adapters->news_owed));
	adapters->check_at = CORE_NEVER;
}

void sim_pin(struct sim *sim, uint32_t system)
{
	struct sim_system *s = &sim->system[system];

	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		struct xlagg_lacp now = {.pdu_tx_ns = s->port[i].watch.sent[0]};

		if (s->port[i].used)
			core_save_lacp(s->core, i, &now);
		if (memcmp(&now, &s->adapters.pinned[i], sizeof(now)) == 0 || sim_call_fails(sim, system))
			continue;
		s->adapters.pinned[i] = now;
		s->adapters.then[i] = s->port[i].watch;
	}
}

void sim_check_adapters(struct sim *sim, uint32_t system)
{
	const struct sim_system *s = &sim->system[system];
	const struct sim_adapters *adapters = &s->adapters;
	const struct core_output *out = core_output(s->core);

	if (!adapters->unpublished && (memcmp(&adapters->done.table, &out->table, sizeof(out->table)) != 0 ||
				       memcmp(adapters->done.live, out->live, sizeof(out->live)) != 0 ||
				       memcmp(adapters->done.flags, out->flags, sizeof(out->flags)) != 0))
		sim_broken(sim, system, SIM_NONE, "what is published is not what the core wants, and nothing is owed");
	if (!adapters->carrier_owed && adapters->done.carrier != out->carrier)
		sim_broken(sim, system, SIM_NONE, "carrier is not what the core wants, and nothing is owed");
}
