/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The bench of the core: inputs, the log of effects, and the checks after each input. */
#include "unit/core_rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now(const struct rig *rig)
{
	return (RIG_START + (uint64_t)rig->ms) * RIG_MS;
}

struct xlagg_lagg_conf rig_defaults(void)
{
	struct xlagg_lagg_conf conf = {.admin = 1};

	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		const struct xlagg_option *option = &xlagg_lagg_options[i];
		char *value = (char *)&conf + option->offset;

		if (option->text)
			strcpy(value, option->text);
		else
			memcpy(value, &option->fallback, sizeof(option->fallback));
	}
	return conf;
}

static struct xlagg_port_conf port_defaults(void)
{
	return (struct xlagg_port_conf){
	    .prio = 32768, .number = XLAGG_AUTO, .weight = 1, .key = XLAGG_AUTO, .absent = 0, .admin = 1};
}

static bool link_up(const struct rig *rig, uint32_t slot)
{
	const struct core_link *link = &rig->link[slot];

	return rig->used[slot] && link->present && link->admin_up && link->carrier && !link->detached;
}

static bool in_order(const struct core_output *out, uint32_t slot)
{
	for (uint32_t i = 0; i < out->table.count; i++)
		if (out->table.order[i] == slot)
			return true;
	return false;
}

static void check_table(const struct rig *rig, const struct core_output *out)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < out->table.count; i++) {
		cr_assert(rig->used[out->table.order[i]], "slot %u is in order, but free", out->table.order[i]);
		cr_assert(rig->port[out->table.order[i]].admin, "slot %u is in order, but out of service",
			  out->table.order[i]);
		live += out->live[out->table.order[i]];
	}
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t port = out->table.bucket[i] & 0xff, backup = out->table.bucket[i] >> 8;

		if (out->table.count == 0) {
			cr_assert_eq(out->table.bucket[i], 0xffff);
			continue;
		}
		cr_assert(in_order(out, port), "bucket %u leads to slot %u, which is not in order", i, port);
		if (out->table.count == 1) {
			cr_assert_eq(backup, XLAGG_NO_PORT);
			continue;
		}
		cr_assert(in_order(out, backup) && backup != port, "bucket %u: port %u, backup %u", i, port, backup);
		cr_assert(out->live[port] || out->live[backup] || live == 0, "bucket %u leads to no live port", i);
	}
}

/* Failover: the datapath uses the first live port in order. That port is shown as active, and it collects. */
static void check_kernel_agrees(struct rig *rig, const struct core_output *out)
{
	for (uint32_t i = 0; i < out->table.count; i++) {
		uint32_t slot = out->table.order[i];

		if (!out->live[slot])
			continue;
		cr_assert(rig_flags(rig, slot) & XLAGG_FLAG_ACTIVE, "slot %u is used, but not shown as active", slot);
		cr_assert(out->flags[slot] & XLAGG_PORT_COLLECTING);
		return;
	}
}

static void check_ports(struct rig *rig, const struct core_output *out)
{
	struct xlagg_lagg_status status = {0};
	uint32_t carries = rig->conf.proto == XLAGG_PROTO_LACP ? XLAGG_FLAG_DISTRIBUTING : XLAGG_FLAG_ACTIVE;
	uint32_t active = 0;

	core_status(rig->core, &status);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		bool may_send;

		if (!rig->used[slot]) {
			cr_assert(!out->live[slot] && out->flags[slot] == 0 && !in_order(out, slot));
			continue;
		}
		if (out->live[slot])
			cr_assert(link_up(rig, slot) && rig->conf.admin, "slot %u is live without link", slot);
		cr_assert(!out->live[slot] || rig->port[slot].admin || core_is_left(rig->core, slot),
			  "slot %u is live, but out of service", slot);
		cr_assert(!out->live[slot] || in_order(out, slot) || core_is_left(rig->core, slot),
			  "slot %u is live, but not in order", slot);
		may_send = rig_flags(rig, slot) & carries;
		active += (rig_flags(rig, slot) & XLAGG_FLAG_ACTIVE) != 0;
		cr_assert_eq(may_send, rig_reason(rig, slot)[0] == '\0', "slot %u: flags %x, reason '%s'", slot,
			     rig_flags(rig, slot), rig_reason(rig, slot));
		cr_assert(!may_send || out->live[slot]);
		cr_assert(!may_send || !rig_standby(rig, slot));
	}
	cr_assert_eq(status.active_ports, active);
	cr_assert_eq(status.carrier, out->carrier);
	cr_assert_eq(out->carrier, rig_lagg_reason(rig)[0] == '\0');
	if (rig->conf.proto == XLAGG_PROTO_FAILOVER) {
		cr_assert(active <= 1 && (active == 1) == (status.active_port[0] != '\0'));
		check_kernel_agrees(rig, out);
	}
}

/* Of the ports that could carry traffic at least one does, however bad they are. */
static void check_last_resort(const struct rig *rig, const struct core_output *out)
{
	bool could = false, does = false;

	if (!rig->conf.admin ||
	    (rig->conf.proto != XLAGG_PROTO_FAILOVER && rig->conf.proto != XLAGG_PROTO_LOADBALANCE &&
	     rig->conf.proto != XLAGG_PROTO_ROUNDROBIN))
		return;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		could |= link_up(rig, slot) && rig->port[slot].admin;
		does |= out->live[slot];
	}
	/* The reverse does not hold. A port that was taken out of service sends what waits there for another port, for
	 * a second at most, even if that one loses its carrier meanwhile and keeps its place for down-delay. It loses
	 * nothing by that. It is no last resort afterwards either: the command was not to use it. That such a port is
	 * one that buckets wait to leave is asked in check_ports(). */
	cr_assert(does || !could, "a port could carry traffic, and none does");
}

static void check_published(struct rig *rig, const struct core_output *out)
{
	bool published = false, carrier = false;

	for (uint32_t i = 0; i < rig->fx.count; i++) {
		const struct core_effect *effect = &rig->fx.list[i];

		cr_assert(effect->kind != CORE_PUBLISH || !published, "published twice");
		published |= effect->kind == CORE_PUBLISH;
		carrier |= effect->kind == CORE_CARRIER;
	}
	cr_assert_eq(carrier, rig->last.carrier != out->carrier);
	rig->last.carrier = out->carrier;
	if (published) {
		cr_assert_eq(out->table.generation, rig->last.table.generation + 1);
		rig->last.table.generation++;
	}
	cr_assert_eq(published, memcmp(&rig->last, out, sizeof(*out)) != 0,
		     "published: %d, but what is to be published differs: %d", published, !published);
	rig->last = *out;
}

/* Checks what must hold after every input. */
static void rig_check(struct rig *rig)
{
	const struct core_output *out = core_output(rig->core);

	check_table(rig, out);
	check_ports(rig, out);
	check_last_resort(rig, out);
	check_published(rig, out);
	cr_assert(core_deadline(rig->core) > now(rig), "the deadline is not in the future");
}

static void note_probe(struct rig *rig, const struct core_effect *effect)
{
	if (effect->kind != CORE_PROBE)
		return;
	memcpy(rig->probe_mac[effect->slot], effect->mac, sizeof(effect->mac));
	rig->probes[effect->slot]++;
}

/* No frames are sent here: every bucket on its way has long been idle. */
static void answer_moves(struct rig *rig)
{
	struct xlagg_move move[XLAGG_BUCKETS];

	memcpy(move, core_output(rig->core)->move, sizeof(move));
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		move[i].last_ns = 1;
	core_moves(rig->core, now(rig), move, &rig->fx);
}

static void log_effects(struct rig *rig)
{
	bool asked = false;

	rig_check(rig);
	for (uint32_t i = 0; i < rig->fx.count; i++) {
		cr_assert(rig->entries < RIG_LOG, "the log is full");
		rig->log[rig->entries].ms = rig->ms;
		rig->log[rig->entries++].effect = rig->fx.list[i];
		note_probe(rig, &rig->fx.list[i]);
		asked |= rig->fx.list[i].kind == CORE_MOVES;
	}
	rig->fx.count = 0;
	if (asked && !rig->moves_by_hand) {
		answer_moves(rig);
		log_effects(rig);
	}
}

struct rig *rig_new_with(const struct xlagg_lagg_conf *conf)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	cr_assert(rig);
	rig->core = malloc(core_size());
	cr_assert(rig->core);
	memset(rig->core, 0xa5, core_size());
	rig->conf = *conf;
	core_init(rig->core, conf, 0);
	memcpy(&rig->last, core_output(rig->core), sizeof(rig->last));
	return rig;
}

struct rig *rig_new(enum xlagg_proto proto, uint32_t ports)
{
	struct xlagg_lagg_conf conf = rig_defaults();
	struct rig *rig;

	conf.proto = proto;
	rig = rig_new_with(&conf);
	for (uint32_t slot = 0; slot < ports; slot++) {
		rig_add(rig, slot);
		rig_carrier(rig, slot, true);
	}
	rig_settle(rig);
	rig_forget(rig);
	return rig;
}

void rig_free(struct rig *rig)
{
	free(rig->core);
	free(rig);
}

void rig_add(struct rig *rig, uint32_t slot)
{
	char name[XLAGG_NAME_MAX];

	snprintf(name, sizeof(name), "eth%u", slot);
	if (rig->port[slot].weight == 0)
		rig->port[slot] = port_defaults();
	rig->used[slot] = true;
	core_port_add(rig->core, now(rig), slot, name, rig->added++, &rig->port[slot], &rig->fx);
	log_effects(rig);
}

void rig_del(struct rig *rig, uint32_t slot)
{
	rig->used[slot] = false;
	rig->link[slot] = (struct core_link){0};
	core_port_del(rig->core, now(rig), slot, &rig->fx);
	log_effects(rig);
}

void rig_set(struct rig *rig)
{
	core_set(rig->core, now(rig), &rig->conf, &rig->fx);
	log_effects(rig);
}

void rig_port_set(struct rig *rig, uint32_t slot)
{
	core_port_set(rig->core, now(rig), slot, &rig->port[slot], &rig->fx);
	log_effects(rig);
}

void rig_link(struct rig *rig, uint32_t slot, bool present, bool admin_up, bool carrier)
{
	struct core_link *link = &rig->link[slot];

	link->present = present;
	link->admin_up = admin_up;
	link->carrier = carrier;
	if (link->speed == 0)
		link->speed = 1000;
	link->duplex = XLAGG_DUPLEX_FULL;
	memcpy(link->mac, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)slot}, sizeof(link->mac));
	core_link_changed(rig->core, now(rig), slot, link, &rig->fx);
	log_effects(rig);
}

void rig_log(struct rig *rig)
{
	log_effects(rig);
}

void rig_carrier(struct rig *rig, uint32_t slot, bool carrier)
{
	rig_link(rig, slot, true, true, carrier);
}

int rig_activate(struct rig *rig, uint32_t slot)
{
	int r = core_activate(rig->core, now(rig), slot, &rig->fx);

	log_effects(rig);
	return r;
}

void rig_frame(struct rig *rig, uint32_t slot, const uint8_t frame[CORE_FRAME_LEN])
{
	core_slow_frame(rig->core, now(rig), slot, frame, CORE_FRAME_LEN, &rig->fx);
	log_effects(rig);
}

void rig_answer(struct rig *rig, uint32_t slot, uint32_t prober, const char *target, const uint8_t source[6])
{
	struct core_answer answer = {.from.version = strchr(target, ':') ? 6 : 4};
	const uint8_t *mac = rig_probe_mac(rig, prober);

	cr_assert(mac, "slot %u has sent no probe", prober);
	cr_assert_eq(inet_pton(answer.from.version == 6 ? AF_INET6 : AF_INET, target, answer.from.address), 1);
	memcpy(answer.source, source, 6);
	memcpy(answer.to, mac, 6);
	core_probe_answer(rig->core, now(rig), slot, &answer, &rig->fx);
	log_effects(rig);
}

void rig_stop(struct rig *rig)
{
	core_stop(rig->core, now(rig), &rig->fx);
	for (uint32_t i = 0; i < rig->fx.count; i++)
		rig->log[rig->entries++].effect = rig->fx.list[i];
	rig->fx.count = 0;
}

static void run(struct rig *rig)
{
	core_run(rig->core, now(rig), &rig->fx);
	log_effects(rig);
}

uint32_t rig_deadline(const struct rig *rig)
{
	uint64_t deadline = core_deadline(rig->core);

	/* Returns the first whole millisecond that is not before `ns`. */
	return deadline == CORE_NEVER ? UINT32_MAX : (uint32_t)((deadline + RIG_MS - 1) / RIG_MS - RIG_START);
}

void rig_until(struct rig *rig, uint32_t ms)
{
	while (rig_deadline(rig) <= ms) {
		rig->ms = rig_deadline(rig);
		run(rig);
	}
	rig->ms = ms;
}

void rig_settle(struct rig *rig)
{
	while (core_deadline(rig->core) != CORE_NEVER)
		rig_until(rig, rig_deadline(rig));
}

void rig_forget(struct rig *rig)
{
	rig->entries = 0;
}

uint32_t rig_count(const struct rig *rig, enum core_effect_kind kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rig->entries; i++)
		count += rig->log[i].effect.kind == kind;
	return count;
}

static bool is_event(const struct rig_entry *entry, enum xlagg_event_type type)
{
	return entry->effect.kind == CORE_EVENT && entry->effect.event.type == type;
}

uint32_t rig_events(const struct rig *rig, enum xlagg_event_type type)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rig->entries; i++)
		count += is_event(&rig->log[i], type);
	return count;
}

const struct xlagg_event *rig_event(const struct rig *rig, enum xlagg_event_type type, const char *port)
{
	for (uint32_t i = rig->entries; i-- > 0;) {
		const struct rig_entry *entry = &rig->log[i];

		if (is_event(entry, type) && (!port || strcmp(entry->effect.event.port, port) == 0))
			return &entry->effect.event;
	}
	return NULL;
}

const uint8_t *rig_probe_mac(const struct rig *rig, uint32_t slot)
{
	return rig->probes[slot] ? rig->probe_mac[slot] : NULL;
}

uint32_t rig_when(const struct rig *rig, enum core_effect_kind kind, uint32_t n)
{
	for (uint32_t i = 0; i < rig->entries; i++)
		if (rig->log[i].effect.kind == kind && n-- == 0)
			return rig->log[i].ms;
	return UINT32_MAX;
}

static const struct xlagg_port_status *port_status(struct rig *rig, uint32_t slot)
{
	static struct xlagg_port_status status;

	memset(&status, 0, sizeof(status));
	core_port_status(rig->core, slot, &status);
	return &status;
}

const char *rig_reason(struct rig *rig, uint32_t slot)
{
	return port_status(rig, slot)->reason;
}

uint32_t rig_flags(struct rig *rig, uint32_t slot)
{
	return port_status(rig, slot)->flags;
}

bool rig_standby(struct rig *rig, uint32_t slot)
{
	return port_status(rig, slot)->standby;
}

uint32_t rig_buckets(struct rig *rig, uint32_t slot)
{
	return port_status(rig, slot)->buckets;
}

bool rig_in_order(struct rig *rig, uint32_t slot)
{
	return in_order(core_output(rig->core), slot);
}

static const struct xlagg_lagg_status *lagg_status(struct rig *rig)
{
	static struct xlagg_lagg_status status;

	memset(&status, 0, sizeof(status));
	core_status(rig->core, &status);
	return &status;
}

const char *rig_lagg_reason(struct rig *rig)
{
	return lagg_status(rig)->reason;
}

const char *rig_active(struct rig *rig)
{
	return lagg_status(rig)->active_port;
}
