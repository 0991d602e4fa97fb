/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Link probes find failures that carrier does not show. In rounds, one every probe-interval, each port with link asks
 * every target. A target that has not answered by the next round counts as missing.
 *
 * A port is not taken out for silence alone, because the target itself may be gone. It must have been silent for
 * probe-missed rounds, and in the last of them the target must have answered another port that could carry the traffic.
 * So a target that dies takes no port out. A port that is out stays out until it gets an answer again, or until no
 * other port is left.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/internal.h"

#define LOCALLY_ADMINISTERED 2 /* bit of a MAC's first octet */

static bool read_target(const char *text, struct core_target *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->version = strchr(text, ':') ? 6 : 4;
	return inet_pton(ret->version == 6 ? AF_INET6 : AF_INET, text, ret->address) == 1;
}

static void print_target(const struct core_target *target, char ret[INET6_ADDRSTRLEN])
{
	inet_ntop(target->version == 6 ? AF_INET6 : AF_INET, target->address, ret, INET6_ADDRSTRLEN);
}

static void read_targets(struct core *core)
{
	struct probing *probing = &core->probing;
	const char *at = core->conf.probe;
	char text[INET6_ADDRSTRLEN];

	probing->targets = 0;
	while (*at != '\0' && probing->targets < XLAGG_MAX_TARGETS) {
		const char *comma = strchr(at, ',');
		int len = (int)(comma ? (size_t)(comma - at) : strlen(at));

		snprintf(text, sizeof(text), "%.*s", len, at);
		probing->targets += read_target(text, &probing->target[probing->targets]);
		at += comma ? len + 1 : len;
	}
}

/* Forgets all findings, so that nothing is held against a port. */
static void stop(struct core *core)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &core->port[slot];

		memset(&port->probe, 0, sizeof(port->probe));
		if (port->state == PORT_SILENT)
			port->state = PORT_UP;
	}
	core->probing.running = core->probing.unheard = false;
	core->probing.silent = 0;
}

void probe_set(struct core *core)
{
	stop(core);
	read_targets(core);
}

static bool wanted(const struct core *core)
{
	uint32_t proto = core->conf.proto;

	return core->probing.targets > 0 && core->conf.admin &&
	       (proto == XLAGG_PROTO_FAILOVER || proto == XLAGG_PROTO_LOADBALANCE || proto == XLAGG_PROTO_ROUNDROBIN ||
		proto == XLAGG_PROTO_LACP);
}

/* With LACP a port carries only LACPDUs until the partner accepts its frames. */
static bool open_to_probes(const struct core *core, uint32_t slot)
{
	const struct port *port = &core->port[slot];

	return port->used && port->conf.admin && port_link_up(&port->link) &&
	       (core->conf.proto != XLAGG_PROTO_LACP || lacp_distributing(&core->lacp, slot));
}

static bool could_carry(const struct core *core, uint32_t slot)
{
	return port_usable(&core->port[slot]) && open_to_probes(core, slot);
}

/* Returns the targets, as a mask, that answered a port other than `slot` which could carry traffic. */
static uint32_t answered_elsewhere(const struct core *core, uint32_t slot)
{
	uint32_t answered = 0;

	for (uint32_t other = 0; other < XLAGG_MAX_PORTS; other++)
		if (other != slot && could_carry(core, other))
			answered |= core->port[other].probe.answered | core->port[other].probe.before;
	return answered;
}

/* Whether the port gets no answer while others do. *blamed is then a target that it does not hear. */
static bool is_silent(const struct core *core, uint32_t slot, uint32_t *blamed)
{
	const struct port_probe *probe = &core->port[slot].probe;
	bool all = core->conf.probe_targets == XLAGG_PROBE_ALL, found = false;
	uint32_t answered = answered_elsewhere(core, slot);

	for (uint32_t i = 0; i < core->probing.targets; i++) {
		if (probe->missed[i] < core->conf.probe_missed) {
			if (!all)
				return false;
		} else if (answered & 1u << i && !found) {
			*blamed = i;
			found = true;
		}
	}
	return found;
}

/* --- the MACs that probes come from --- */

static bool same_mac(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, 6) == 0;
}

/*
 * The MAC is in use already: it is the lagg's, another port's own, or the one that a port in a lower slot probes from.
 */
static bool is_taken(const struct core *core, uint32_t slot, const uint8_t mac[6])
{
	if (same_mac(mac, core->mac))
		return true;
	for (uint32_t other = 0; other < XLAGG_MAX_PORTS; other++) {
		const struct port *port = &core->port[other];

		if (port->used && other != slot &&
		    (same_mac(mac, port->link.mac) || (other < slot && same_mac(mac, port->probe.mac))))
			return true;
	}
	return false;
}

/*
 * Failover: the port in use probes from the lagg's MAC, because the lagg is there and because the port may be unable to
 * send from another MAC.
 *
 * In all other cases a port probes from its own MAC: by it the answer's port is known, and neither a switch nor the
 * target may ever learn the lagg's MAC from a port that only probes. If that MAC is the lagg's or another port's, one
 * is derived from it.
 */
static void choose_mac(const struct core *core, uint32_t slot, uint8_t ret[6])
{
	static const uint8_t unknown[6];
	const uint8_t *own = core->port[slot].link.mac;
	bool known = !same_mac(own, unknown);

	memcpy(ret, known ? own : core->mac, 6);
	if (core->conf.proto == XLAGG_PROTO_FAILOVER && slot == core->failover.in_use) {
		if (strcmp(core->conf.mac, "active") != 0)
			memcpy(ret, core->mac, 6);
		return; /* with mac active the lagg is about to take this MAC */
	}
	for (uint8_t i = 0; i < 64 && is_taken(core, slot, ret); i++) {
		ret[0] = (uint8_t)((own[0] & 0xfc) | LOCALLY_ADMINISTERED) ^ (uint8_t)(i << 2);
		if (!known)
			ret[5] = (uint8_t)(core->mac[5] + slot);
	}
}

/* --- rounds --- */

static void take_out(struct core *core, uint64_t now, uint32_t slot, uint32_t blamed)
{
	struct port *port = &core->port[slot];

	port->state = PORT_SILENT;
	port->detected = XLAGG_DETECTED_PROBE;
	port->probe.blamed = blamed;
	port_failed(port, now);
}

static void count_missing_of(struct port *port, uint32_t targets)
{
	for (uint32_t i = 0; i < targets; i++) {
		if (port->probe.answered & 1u << i)
			continue;
		port->probes.lost++;
		if (port->probe.missed[i] < UINT8_MAX)
			port->probe.missed[i]++;
	}
}

static void count_missing(struct core *core)
{
	bool asked = false, answered = false;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port_probe *probe = &core->port[slot].probe;

		if (probe->sent)
			count_missing_of(&core->port[slot], core->probing.targets);
		asked |= probe->sent;
		answered |= probe->answered != 0;
		probe->before = probe->answered;
		probe->answered = 0;
		probe->sent = false;
	}
	if (answered)
		core->probing.silent = 0;
	else if (asked && core->probing.silent < UINT8_MAX)
		core->probing.silent++;
}

/* Reports when the probes stop or start to mean something: nothing else shows it. */
static void tell_unheard(struct core *core, struct core_effects *fx)
{
	struct probing *probing = &core->probing;
	bool unheard = probing->silent >= core->conf.probe_missed;
	struct xlagg_event *event;

	if (unheard == probing->unheard)
		return;
	probing->unheard = unheard;
	event = core_event(fx, XLAGG_EVENT_LAGG_CHANGE, "");
	snprintf(event->text, sizeof(event->text),
		 unheard ? "no port gets an answer to its probes: they decide nothing until one does"
			 : "probes are answered again");
}

/* Ports are judged one after the other, so that the last one that could carry traffic stays. */
static void judge(struct core *core, uint64_t now)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		uint32_t blamed;

		if (could_carry(core, slot) && is_silent(core, slot, &blamed))
			take_out(core, now, slot, blamed);
	}
}

void probe_ask(struct core *core, uint64_t now, struct core_effects *fx)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port_probe *probe = &core->port[slot].probe;

		if (!open_to_probes(core, slot))
			continue;
		choose_mac(core, slot, probe->mac);
		probe->sent = true;
		probe->sent_at = now;
		core->port[slot].probes.sent += core->probing.targets;
		memcpy(core_effect(fx, CORE_PROBE, slot)->mac, probe->mac, sizeof(probe->mac));
	}
}

bool probe_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	struct probing *probing = &core->probing;
	uint64_t interval = core->conf.probe_interval * NSEC_PER_MSEC;

	if (!wanted(core)) {
		if (probing->running)
			stop(core);
		return false;
	}
	/* The option may have been shortened meanwhile. */
	if (probing->next > now + interval)
		probing->next = now + interval;
	if (probing->running && now < probing->next)
		return false;
	count_missing(core);
	judge(core, now);
	tell_unheard(core, fx);
	probing->running = true;
	probing->next = now + interval;
	return true;
}

uint64_t probe_deadline(const struct core *core)
{
	return core->probing.running ? core->probing.next : CORE_NEVER;
}

static bool in_table(const struct core *core, uint32_t slot)
{
	for (uint32_t i = 0; i < core->out.table.count; i++)
		if (core->out.table.order[i] == slot)
			return true;
	return false;
}

/*
 * A link that comes up while another port gets answers has to prove itself, because a switch may not forward yet. The
 * same holds for a port that was not in use when this agent took over. With LACP the partner's word is enough.
 */
bool probe_awaited(const struct core *core, uint32_t slot)
{
	if (core->held && core->took_over)
		return wanted(core) && !in_table(core, slot);
	return core->probing.running && core->conf.proto != XLAGG_PROTO_LACP && answered_elsewhere(core, slot) != 0;
}

void probe_begin(struct port *port)
{
	memset(&port->probe, 0, sizeof(port->probe));
	port->probe.fresh = port->state == PORT_SILENT;
	if (port->probe.fresh)
		memset(port->probe.missed, UINT8_MAX, sizeof(port->probe.missed));
}

void probe_settle(struct core *core)
{
	uint32_t best = XLAGG_NO_PORT;

	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (could_carry(core, slot))
			return;
		if (core->port[slot].state == PORT_SILENT && open_to_probes(core, slot) &&
		    (best == XLAGG_NO_PORT || port_before(&core->port[slot], &core->port[best])))
			best = slot;
	}
	if (best != XLAGG_NO_PORT)
		core->port[best].state = PORT_UP;
}

/* --- answers --- */

uint32_t core_probe_targets(const struct core *core, const struct core_target **ret)
{
	*ret = core->probing.target;
	return core->probing.targets;
}

/* Returns the port that is probing from this MAC, or XLAGG_NO_PORT. */
static uint32_t prober(const struct core *core, const uint8_t mac[6])
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->port[slot].used && core->port[slot].probe.sent && same_mac(core->port[slot].probe.mac, mac))
			return slot;
	return XLAGG_NO_PORT;
}

/* The frame is our own and came back: it says nothing about a target. */
static bool is_ours(const struct core *core, const uint8_t mac[6])
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (core->port[slot].used && same_mac(mac, core->port[slot].link.mac))
			return true;
	return same_mac(mac, core->mac) || prober(core, mac) != XLAGG_NO_PORT;
}

static uint32_t find_target(const struct core *core, const struct core_target *wanted_target)
{
	uint32_t i = 0;

	while (i < core->probing.targets &&
	       (core->probing.target[i].version != wanted_target->version ||
		memcmp(core->probing.target[i].address, wanted_target->address, sizeof(wanted_target->address)) != 0))
		i++;
	return i;
}

/*
 * The port got an answer: from here on it counts as one whose link has just come up. With LACP it was never out, so it
 * is usable at once.
 */
static void bring_back(const struct core *core, uint64_t now, struct port *port)
{
	port->state = core->conf.proto == XLAGG_PROTO_LACP ? PORT_UP : PORT_RISING;
	port->detected = XLAGG_DETECTED_PROBE;
	port->since = now;
}

/*
 * Records an answer and returns whether anything may follow from it. In all protos except failover the far end spreads
 * its frames over the links, so the answer may come in on any port: its destination MAC identifies the port that asked.
 */
static bool take_answer(struct core *core, uint64_t now, uint32_t slot, const struct core_answer *answer)
{
	uint32_t asked = prober(core, answer->to), target = find_target(core, &answer->from), blamed;
	struct port *port;

	if (asked == XLAGG_NO_PORT || target == core->probing.targets || is_ours(core, answer->source) ||
	    (core->conf.proto == XLAGG_PROTO_FAILOVER && asked != slot))
		return false;
	port = &core->port[asked];
	/* A second answer to the same probe does not count. */
	if (!(port->probe.answered & 1u << target)) {
		port->probes.answered++;
		delay_learn(&port->probe.delay[target], now - port->probe.sent_at);
	}
	port->probe.answered |= 1u << target;
	port->probe.missed[target] = 0;
	port->probe.answered_at = now;
	port->probe.fresh = false;
	if (port->state != PORT_SILENT)
		return false;
	if (open_to_probes(core, asked) && !is_silent(core, asked, &blamed))
		bring_back(core, now, port);
	return true;
}

void core_probe_answer(struct core *core, uint64_t now, uint32_t slot, const struct core_answer *answer,
		       struct core_effects *fx)
{
	if (core->probing.running && take_answer(core, now, slot, answer))
		core_run(core, now, fx);
}

/* --- what is shown --- */

void probe_reason(const struct core *core, uint32_t slot, char ret[XLAGG_SENTENCE_MAX])
{
	const struct probing *probing = &core->probing;
	const struct port_probe *probe = &core->port[slot].probe;
	bool any = core->conf.probe_targets == XLAGG_PROBE_ANY && probing->targets > 1;
	char target[INET6_ADDRSTRLEN] = "";

	print_target(&probing->target[probe->blamed], target);
	if (probe->fresh)
		snprintf(ret, XLAGG_SENTENCE_MAX, "no answer from %s%s to a probe yet", target,
			 any ? " or another target" : "");
	else
		snprintf(ret, XLAGG_SENTENCE_MAX, "no answer from %s%s to %u probe%s", target,
			 any ? " or another target" : "", core->conf.probe_missed,
			 core->conf.probe_missed == 1 ? "" : "s");
}

static enum xlagg_probe_state state_of(const struct port *port, const struct xlagg_port_status *status)
{
	if (!status->probe.running)
		return XLAGG_PROBES_OFF;
	if (port->state == PORT_SILENT)
		return port->probe.fresh ? XLAGG_PROBES_AWAITED : XLAGG_PROBES_SILENT;
	return status->probe.missed ? XLAGG_PROBES_MISSED : XLAGG_PROBES_ANSWERED;
}

void probe_status(const struct core *core, uint32_t slot, struct xlagg_port_status *status)
{
	const struct port *port = &core->port[slot];
	const struct port_probe *probe = &port->probe;
	bool all = core->conf.probe_targets == XLAGG_PROBE_ALL;

	status->probe.running = core->probing.running && open_to_probes(core, slot);
	status->probe.answered_ns = probe->answered_at;
	status->probe.missed = probe->missed[0];
	for (uint32_t i = 1; i < core->probing.targets; i++)
		if (all ? probe->missed[i] > status->probe.missed : probe->missed[i] < status->probe.missed)
			status->probe.missed = probe->missed[i];
	status->probes.sent = port->probes.sent;
	status->probes.answered = port->probes.answered;
	status->probes.lost = port->probes.lost;
	status->probes.state = state_of(port, status);
}
