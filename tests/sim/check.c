/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The invariants: what must hold whatever happens to links, partners and options. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/lacp/machine.h"
#include "sim/sim.h"

void sim_broken(struct sim *sim, uint32_t system, uint32_t port, const char *format, ...)
{
	va_list args;
	int len;

	if (sim->broken)
		return;
	sim->broken = true;
	len = snprintf(sim->what, sizeof(sim->what), "at %.6f s", (double)sim->now / 1e9);
	if (system != SIM_NONE)
		len += snprintf(sim->what + len, sizeof(sim->what) - (size_t)len, ", system %u", system);
	if (port != SIM_NONE)
		len += snprintf(sim->what + len, sizeof(sim->what) - (size_t)len, " eth%u", port);
	len += snprintf(sim->what + len, sizeof(sim->what) - (size_t)len, ": ");
	va_start(args, format);
	vsnprintf(sim->what + len, sizeof(sim->what) - (size_t)len, format, args);
	va_end(args);
	sim_log(sim, "BROKEN %s", sim->what);
}

/* --- frames --- */

static uint16_t number_at(const uint8_t *octets)
{
	return (uint16_t)(octets[0] * 256 + octets[1]);
}

static struct xlagg_lacp_end end_at(const uint8_t *octets)
{
	struct xlagg_lacp_end end = {
	    .system_prio = number_at(octets),
	    .key = number_at(octets + 8),
	    .port_prio = number_at(octets + 10),
	    .port = number_at(octets + 12),
	    .state = octets[14],
	};

	memcpy(end.system, octets + 2, 6);
	return end;
}

void sim_read_pdu(const uint8_t *frame, struct sim_pdu *pdu)
{
	pdu->actor = end_at(frame + 14 + 4);
	pdu->partner = end_at(frame + 14 + 24);
}

static bool same_identity(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b)
{
	return a->system_prio == b->system_prio && memcmp(a->system, b->system, 6) == 0 && a->key == b->key &&
	       a->port_prio == b->port_prio && a->port == b->port;
}

static bool same_partner(const struct xlagg_lacp_end *a, const struct xlagg_lacp_end *b)
{
	return a->system_prio == b->system_prio && memcmp(a->system, b->system, 6) == 0 && a->key == b->key;
}

void sim_check_received(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame)
{
	const struct xlagg_lacp_end *us = &sim_lacp(sim, system, port)->actor;
	struct sim_watch *watch = &sim->system[system].port[port].watch;
	struct sim_pdu pdu;

	if (frame[14] != XLAGG_SLOW_LACP)
		return; /* a marker says nothing of the partner */
	sim_read_pdu(frame, &pdu);
	sim_log(sim, "system %u eth%u: hears %02x%02x key %u port %u %02x, who sees %02x%02x key %u port %u %02x",
		system, port, pdu.actor.system[0], pdu.actor.system[5], pdu.actor.key, pdu.actor.port, pdu.actor.state,
		pdu.partner.system[0], pdu.partner.system[5], pdu.partner.key, pdu.partner.port, pdu.partner.state);
	if (memcmp(pdu.actor.system, us->system, 6) == 0)
		return; /* its own system */
	watch->heard = true;
	watch->heard_at = sim->now;
	watch->pdu = pdu;
	pdu.partner.port_prio = us->port_prio; /* for a while the partner may still have the old one */
	watch->matched = same_identity(&pdu.partner, us) && pdu.partner.state & XLAGG_STATE_AGGREGATION;
}

static const uint8_t header[] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

/* Whether the frame is a slow protocol's from that port. */
static bool is_own(uint32_t system, uint32_t port, const uint8_t *frame)
{
	const uint8_t mac[6] = {2, 1, 0, 0, (uint8_t)system, (uint8_t)port};

	return memcmp(frame, header, 6) == 0 && memcmp(frame + 6, mac, 6) == 0 && number_at(frame + 12) == 0x8809 &&
	       frame[15] == 1;
}

void sim_check_sent(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame)
{
	struct sim_watch *watch = &sim->system[system].port[port].watch;
	struct sim_pdu pdu;

	if (!is_own(system, port, frame) || (frame[14] != XLAGG_SLOW_LACP && frame[14] != XLAGG_SLOW_MARKER))
		sim_broken(sim, system, port, "what it sends is no LACPDU or marker of its own");
	if (frame[14] == XLAGG_SLOW_MARKER)
		return;
	sim_read_pdu(frame, &pdu);
	sim_log(sim, "system %u eth%u: sends %02x, sees %02x%02x key %u port %u %02x", system, port, pdu.actor.state,
		pdu.partner.system[0], pdu.partner.system[5], pdu.partner.key, pdu.partner.port, pdu.partner.state);
	if (watch->sent[2] && sim->now - watch->sent[2] < SIM_SECOND) {
		if (!watch->last_pdus || pdu.actor.state & (XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING))
			sim_broken(sim, system, port, "a fourth LACPDU within a second");
		else
			watch->last_pdus--;
	}
	memmove(watch->sent + 1, watch->sent, sizeof(watch->sent) - sizeof(watch->sent[0]));
	watch->sent[0] = sim->now;
}

/* --- ports --- */

/* In its last LACPDU the partner said that it accepts frames. */
static bool invited(const struct sim_system *s, const struct sim_watch *watch)
{
	uint8_t state = watch->pdu.actor.state;

	if (!watch->heard || !(state & XLAGG_STATE_SYNC))
		return false;
	if (!watch->matched && state & XLAGG_STATE_AGGREGATION)
		return false;
	return s->conf.lacp_mux == XLAGG_MUX_COUPLED || state & XLAGG_STATE_COLLECTING;
}

static void note_change(struct sim *sim, uint32_t system, uint32_t port, uint32_t flags, const char *reason)
{
	static const char *const selected[] = {"UNSELECTED", "SELECTED", "STANDBY"};
	const struct lacp_port *p = sim_lacp(sim, system, port);
	struct sim_watch *watch = &sim->system[system].port[port].watch;

	if (watch->steady && !(flags & XLAGG_FLAG_DISTRIBUTING))
		sim_broken(sim, system, port, "leaves although its partner goes on speaking: %s", reason);
	if (flags != watch->flags) {
		if ((flags ^ watch->flags) & XLAGG_FLAG_DISTRIBUTING)
			sim->last_change = sim->now;
		sim_log(sim, "system %u eth%u: flags %02x to %02x (%s)", system, port, watch->flags, flags, reason);
		watch->flags = flags;
	}
	if (p->aggregator != watch->aggregator || p->selected != watch->selected) {
		sim_log(sim, "system %u eth%u: aggregator %u, %s", system, port, p->aggregator, selected[p->selected]);
		watch->aggregator = p->aggregator;
		watch->selected = p->selected;
	}
}

static void check_port(struct sim *sim, uint32_t system, uint32_t port)
{
	const struct sim_system *s = &sim->system[system];
	const struct lacp_port *p = sim_lacp(sim, system, port);
	const char *reason = s->core->port[port].told_reason;
	uint32_t flags = sim_flags(sim, system, port);
	bool distributing = flags & XLAGG_FLAG_DISTRIBUTING;

	note_change(sim, system, port, flags, reason);
	if (distributing != !reason[0])
		sim_broken(sim, system, port, "flags %02x, but the reason is '%s'", flags, reason);
	if (p->rx == XLAGG_RX_CURRENT && lacp_excluded(&s->core->lacp, p->partner.system))
		sim_broken(sim, system, port, "its partner is another system than partner-system");
	if (distributing && !s->port[port].told.carrier)
		sim_broken(sim, system, port, "distributes without carrier");
	if (distributing && !(flags & XLAGG_FLAG_COLLECTING))
		sim_broken(sim, system, port, "distributes without collecting");
	if (distributing && !(p->actor.state & XLAGG_STATE_DEFAULTED) &&
	    sim->now - s->port[port].watch.heard_at > 91 * SIM_SECOND)
		sim_broken(sim, system, port, "distributes although the partner has been silent for longer than 90 s");
}

/* All ports that distribute lead to one partner: these two do. */
static void check_one_lag(struct sim *sim, uint32_t system, uint32_t first, uint32_t port)
{
	const struct lacp_port *one = sim_lacp(sim, system, first), *two = sim_lacp(sim, system, port);
	const struct sim_system *s = &sim->system[system];

	if (one->aggregator != two->aggregator || one->actor.key != two->actor.key ||
	    !same_partner(&one->partner, &two->partner))
		sim_broken(sim, system, port, "a second aggregator carries traffic");
	if (!(one->partner.state & two->partner.state & XLAGG_STATE_AGGREGATION))
		sim_broken(sim, system, port, "an individual link shares an aggregator");
	if (!s->conf.mixed_speed && s->port[first].told.speed != s->port[port].told.speed)
		sim_broken(sim, system, port, "ports of %u and %u Mb/s carry traffic", s->port[first].told.speed,
			   s->port[port].told.speed);
}

void sim_check_system(struct sim *sim, uint32_t system)
{
	const struct sim_system *s = &sim->system[system];
	uint32_t first = SIM_NONE;
	uint32_t count = 0, uninvited = 0;
	bool hears = false;

	sim_check_adapters(sim, system);
	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		const struct lacp_port *p = sim_lacp(sim, system, i);

		if (!p)
			continue;
		check_port(sim, system, i);
		hears |= p->rx == XLAGG_RX_CURRENT;
		if (!(sim_flags(sim, system, i) & XLAGG_FLAG_DISTRIBUTING))
			continue;
		count++;
		if (!invited(s, &s->port[i].watch)) {
			uninvited++;
			if (s->conf.lacp_strict)
				sim_broken(sim, system, i, "distributes, but its partner did not say so");
		}
		if (first == SIM_NONE)
			first = i;
		else
			check_one_lag(sim, system, first, i);
	}
	if (uninvited > 1)
		sim_broken(sim, system, SIM_NONE, "%u ports carry traffic without a partner", uninvited);
	if (uninvited && (hears || count > uninvited))
		sim_broken(sim, system, SIM_NONE, "a port carries traffic without a partner, and another hears one");
	if (s->conf.max_links && count > s->conf.max_links)
		sim_broken(sim, system, SIM_NONE, "%u ports carry traffic, max-links is %u", count, s->conf.max_links);
	if (count && !s->conf.admin)
		sim_broken(sim, system, SIM_NONE, "a lagg that is down carries traffic");
	if (core_output(s->core)->carrier != (count > 0))
		sim_broken(sim, system, SIM_NONE, "carrier is %d with %u distributing ports",
			   core_output(s->core)->carrier, count);
}

/* --- agreement --- */

static bool distributes(const struct sim *sim, const struct sim_link *link, uint32_t end)
{
	uint32_t system = link->end[end].system, port = link->end[end].port;

	return system != SIM_NONE && sim_lacp(sim, system, port) &&
	       sim_flags(sim, system, port) & XLAGG_FLAG_DISTRIBUTING;
}

/* The port carries traffic because nobody talks to it: there is no other end that could agree. */
static bool stands_in(const struct sim *sim, const struct sim_link *link, uint32_t end)
{
	return distributes(sim, link, end) &&
	       sim_lacp(sim, link->end[end].system, link->end[end].port)->actor.state & XLAGG_STATE_DEFAULTED;
}

/* LACP runs over this link: both ends are in service, and at least one of them starts talking. */
static bool talks(const struct sim *sim, const struct sim_link *link)
{
	const struct sim_system *a, *b;

	if (link->end[0].system == SIM_NONE || link->end[1].system == SIM_NONE || link->duplex == XLAGG_DUPLEX_HALF)
		return false;
	a = &sim->system[link->end[0].system];
	b = &sim->system[link->end[1].system];
	if (memcmp(a->mac, b->mac, sizeof(a->mac)) == 0)
		return false;
	if (!a->conf.admin || !b->conf.admin || !a->port[link->end[0].port].used || !b->port[link->end[1].port].used ||
	    !a->port[link->end[0].port].conf.admin || !b->port[link->end[1].port].conf.admin)
		return false;
	return a->conf.lacp_mode == XLAGG_LACP_ACTIVE || b->conf.lacp_mode == XLAGG_LACP_ACTIVE;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t limit_of(const struct sim_system *s)
{
	return s->conf.max_links ? s->conf.max_links : SIM_PORTS;
}

/* Of two systems whose links all have the same keys, how many links must carry traffic; SIM_NONE: that is not known. */
static uint32_t expected_of_pair(const struct sim *sim, uint32_t talking)
{
	const struct sim_system *a = &sim->system[0], *b = &sim->system[1];
	uint32_t key[2] = {0, 0};

	for (uint32_t i = 0; i < sim->links; i++) {
		for (uint32_t e = 0; e < 2 && talks(sim, &sim->link[i]); e++) {
			uint32_t system = sim->link[i].end[e].system;
			const struct lacp_port *p = sim_lacp(sim, system, sim->link[i].end[e].port);

			if (key[system] && key[system] != p->actor.key)
				return SIM_NONE;
			key[system] = p->actor.key;
			if (sim->link[i].speed != sim->link[0].speed)
				return SIM_NONE;
		}
	}
	if (talking < a->conf.min_links || talking < b->conf.min_links)
		return 0;
	return least(talking, least(limit_of(a), limit_of(b)));
}

static bool disagree(char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool disagree(char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(what, SIM_WHAT, format, args);
	va_end(args);
	return false;
}

static bool knows_its_links(const struct sim *sim, uint32_t system)
{
	const struct sim_system *s = &sim->system[system];

	for (uint32_t i = 0; i < SIM_PORTS; i++) {
		if (s->port[i].used && s->port[i].told.carrier != sim_carrier(sim, system, i))
			return false;
	}
	return true;
}

bool sim_agree(const struct sim *sim, char what[SIM_WHAT])
{
	uint32_t talking = 0, carrying = 0, min_links = 1;
	uint32_t expected;

	for (uint32_t i = 0; i < sim->systems; i++) {
		if (sim->system[i].adapters.check_at != CORE_NEVER)
			return disagree(what, "system %u still has something to do again", i);
		if (!knows_its_links(sim, i))
			return disagree(what, "system %u does not know the state of a link", i);
	}
	for (uint32_t i = 0; i < sim->links; i++) {
		const struct sim_link *link = &sim->link[i];
		bool near = distributes(sim, link, 0), far = distributes(sim, link, 1);

		talking += talks(sim, link);
		if (stands_in(sim, link, 0) || stands_in(sim, link, 1))
			continue;
		carrying += near && far;
		if (near != far)
			return disagree(what, "system %u eth%u distributes on link %u and the other end does not",
					link->end[near ? 0 : 1].system, link->end[near ? 0 : 1].port, i);
	}
	for (uint32_t i = 0; i < sim->systems; i++)
		min_links = sim->system[i].conf.min_links > min_links ? sim->system[i].conf.min_links : min_links;
	if (talking && !carrying && min_links == 1)
		return disagree(what, "no link carries traffic although %u could", talking);
	expected = sim->systems == 2 ? expected_of_pair(sim, talking) : SIM_NONE;
	if (expected != SIM_NONE && carrying != expected)
		return disagree(what, "%u links carry traffic where %u could", carrying, expected);
	return true;
}
