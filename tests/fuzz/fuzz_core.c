/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The whole core: the octets choose a sequence of inputs of every kind, in any order, with frames of any content and
 * records of an earlier agent that may be damaged. After each input the core must be settled and consistent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"
#include "core/lacp/pdu.h"

#define PORTS 6
#define RUNS_MAX 400 /* deadlines that one step of time may pass */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct core core;
static struct core_effects fx;
static struct xlagg_lagg_conf conf;
static struct xlagg_port_conf port_conf[XLAGG_MAX_PORTS];
static bool used[XLAGG_MAX_PORTS];
static uint32_t orders;
static bool mute;	 /* LACPDUs cannot be sent */
static uint32_t checked; /* generation of the table that was looked at last */
static uint64_t now;
static const uint8_t *input;
static size_t left;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "at %.3f s, this does not hold: %s\n", (double)now / 1e9, what);
	abort();
}

/* Reads zeros beyond the end of the input. */
static uint8_t octet(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

static uint16_t number(void)
{
	uint8_t high = octet();

	return (uint16_t)(high << 8 | octet());
}

/* --- what must hold after each input --- */

static void check_effects(void)
{
	must(fx.count < CORE_MAX_EFFECTS, "the effects fit");
	for (uint32_t i = 0; i < fx.count; i++) {
		const struct core_effect *effect = &fx.list[i];
		struct pdu pdu;

		if (effect->kind == CORE_SEND) {
			pdu_decode(effect->frame, CORE_FRAME_LEN, &pdu);
			must(pdu.kind == PDU_LACP || pdu.kind == PDU_MARKER || pdu.kind == PDU_MARKER_RESPONSE,
			     "what is sent is a PDU");
			must(effect->slot < XLAGG_MAX_PORTS, "it is sent on a port");
			if (mute && pdu.kind == PDU_LACP)
				core_lacp_unsent(&core, now, effect->slot);
		} else if (effect->kind == CORE_EVENT) {
			must(memchr(effect->event.text, 0, sizeof(effect->event.text)), "the text of an event ends");
			must(memchr(effect->event.port, 0, sizeof(effect->event.port)), "the port of an event ends");
		}
	}
	fx.count = 0;
}

/* The partner's silence never takes out all ports. */
static void check_silent(void)
{
	bool silent = false, usable = false;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		silent |= core.port[i].state == PORT_SILENT && core.port[i].conf.admin;
		usable |= port_usable(&core.port[i]);
	}
	must(!silent || usable || core.conf.proto == XLAGG_PROTO_LACP, "of silent ports one is used");
}

static void check_moves(void)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		waiting += moves_waits(&core, i);
	must(waiting == core.moves.waiting, "the buckets on their way are counted");
}

/* Checked once for each generation, since it is long. */
static void check_table(void)
{
	const struct xlagg_table *table = &core_output(&core)->table;

	if (table->generation == checked)
		return;
	checked = table->generation;
	check_moves();
	must(table->count <= XLAGG_MAX_PORTS, "the table has room for its ports");
	for (uint32_t i = 0; i < table->count; i++)
		must(table->order[i] < XLAGG_MAX_PORTS && used[table->order[i]], "the table names ports");
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t slot = table->bucket[i] & 0xff;

		must(slot == XLAGG_NO_PORT || (slot < XLAGG_MAX_PORTS && used[slot]), "a bucket leads to a port");
	}
}

static void check_ports(void)
{
	uint32_t aggregator = 0, distributing = 0;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		bool distributes = core.role[i].shown & XLAGG_FLAG_DISTRIBUTING;

		if (!used[i])
			continue;
		must(core.conf.proto == XLAGG_PROTO_LACP || !distributes, "only LACP distributes");
		if (core.conf.proto != XLAGG_PROTO_LACP)
			continue;
		must(distributes == !core.port[i].told_reason[0],
		     "the reason is empty exactly when a port distributes");
		if (!distributes)
			continue;
		must(!distributing++ || aggregator == core.lacp.port[i].aggregator, "one aggregator carries traffic");
		aggregator = core.lacp.port[i].aggregator;
	}
	must(!core.conf.max_links || core.conf.proto != XLAGG_PROTO_LACP || distributing <= core.conf.max_links,
	     "max-links");
}

static void check_status(void)
{
	struct xlagg_lagg_status lagg = {0};

	core_status(&core, &lagg);
	must(memchr(lagg.reason, 0, sizeof(lagg.reason)), "the reason of the lagg ends");
	must(core.conf.proto != XLAGG_PROTO_LACP || lagg.carrier == !lagg.reason[0],
	     "the reason of the lagg is empty exactly when it has carrier");
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		struct xlagg_port_status status = {0};

		if (!used[i])
			continue;
		core_port_status(&core, i, &status);
		must(status.flags == core.role[i].shown, "flags are what was told");
		must(strcmp(status.reason, core.port[i].told_reason) == 0, "the reason is what was told");
	}
}

static void check(void)
{
	check_effects();
	must(core_deadline(&core) > now, "the deadline is in the future");
	check_table();
	check_ports();
	check_silent();
}

/* --- inputs --- */

static void set_defaults(const struct xlagg_option *options, uint32_t count, void *ret)
{
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *value = (uint8_t *)ret + options[i].offset;

		if (options[i].text)
			snprintf((char *)value, options[i].size, "%s", options[i].text);
		else
			memcpy(value, &options[i].fallback, sizeof(uint32_t));
	}
}

static const char *draw_text(const struct xlagg_option *option)
{
	static const char *const macs[] = {"auto", "02:00:00:00:00:01", "02:00:00:00:00:bb", "06:01:02:03:04:05"};
	static const char *const lagg_macs[] = {"auto", "active", "02:00:00:00:00:01", "from eth1"};
	static const char *const ports[] = {"auto", "eth0", "eth1", "eth9"};
	static const char *const targets[] = {"none", "10.0.0.9", "fd00::9", "10.0.0.9,fd00::9"};

	const char *mac;

	switch (option->kind) {
	case XLAGG_KIND_MAC:
		mac = macs[octet() % 4];
		return strcmp(mac, "auto") == 0 ? option->text : mac;
	case XLAGG_KIND_LAGG_MAC:
		return lagg_macs[octet() % 4];
	case XLAGG_KIND_PORT:
		return ports[octet() % 4];
	case XLAGG_KIND_ADDRESSES:
		return targets[octet() % 4];
	default:
		return NULL;
	}
}

/* Sets one option to another value of its range. */
static void draw_option(const struct xlagg_option *options, uint32_t count, void *ret)
{
	const struct xlagg_option *option = &options[octet() % count];
	uint8_t *value = (uint8_t *)ret + option->offset;
	uint32_t words = 0, drawn = 0;
	const char *text;

	switch (option->kind) {
	case XLAGG_KIND_WORD:
		while (option->word[words])
			words++;
		drawn = octet() % words;
		break;
	case XLAGG_KIND_NUMBER:
		drawn = octet();
		if (drawn == 255 && option->word)
			drawn = XLAGG_AUTO;
		else
			drawn = option->min + (drawn > 200 ? number() : drawn) % (option->max - option->min + 1);
		break;
	case XLAGG_KIND_HASH:
		drawn = number() | 1;
		break;
	default:
		text = draw_text(option);
		if (text)
			snprintf((char *)value, option->size, "%s", text);
		return;
	}
	memcpy(value, &drawn, sizeof(drawn));
}

static void set_lagg(void)
{
	struct xlagg_lagg_conf changed = conf;

	draw_option(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &changed);
	if (octet() % 16 == 0)
		changed.admin = !changed.admin;
	if (changed.max_links && changed.min_links > changed.max_links)
		return; /* such options do not reach the core */
	conf = changed;
	core_set(&core, now, &conf, &fx);
}

static void add_port(uint32_t slot)
{
	char name[XLAGG_NAME_MAX];

	if (used[slot])
		return;
	snprintf(name, sizeof(name), "eth%u", slot);
	used[slot] = true;
	set_defaults(xlagg_port_options, XLAGG_PORT_OPTIONS, &port_conf[slot]);
	core_port_add(&core, now, slot, name, orders++, &port_conf[slot], &fx);
}

static void set_port(uint32_t slot)
{
	if (!used[slot])
		return;
	draw_option(xlagg_port_options, XLAGG_PORT_OPTIONS, &port_conf[slot]);
	core_port_set(&core, now, slot, &port_conf[slot], &fx);
}

static void rename_port(uint32_t slot)
{
	static const char *const names[] = {"eth0", "a", "abcdefghijklmno", "lagg0"};

	if (used[slot])
		core_port_rename(&core, slot, names[octet() % 4]);
}

static void del_port(uint32_t slot)
{
	if (!used[slot])
		return;
	used[slot] = false;
	core_port_del(&core, now, slot, &fx);
}

static void set_link(uint32_t slot)
{
	static const uint32_t speeds[] = {10000, 1000, 0, 25000, 123, 400000, UINT32_MAX, 10};
	uint8_t bits = octet(), more = octet();
	struct core_link link = {
	    .present = bits % 8 != 1,
	    .admin_up = bits % 8 != 2,
	    .carrier = bits % 8 > 2,
	    .speed = speeds[more % 8],
	    .duplex = more / 8 % 8 > 2 ? XLAGG_DUPLEX_FULL : more / 8 % 8,
	    .mac = {2, 1, 0, 0, 0, (uint8_t)slot},
	};

	if (used[slot])
		core_link_changed(&core, now, slot, &link, &fx);
}

/* An answer from a target or from somebody else, to a port's probe or to something else. */
static void answer(uint32_t slot)
{
	uint8_t who = octet(), how = octet();
	struct core_answer answer = {.from = core.probing.target[who % XLAGG_MAX_TARGETS], .source = {2, 9}};

	memcpy(answer.to, core.port[who / 16 % PORTS].probe.mac, sizeof(answer.to));
	if (how < 16)
		((uint8_t *)&answer)[octet() % sizeof(answer)] ^= how;
	core_probe_answer(&core, now, slot, &answer, &fx);
}

static void raw_frame(uint32_t slot)
{
	uint32_t len = octet();
	uint8_t *frame;

	if (len == 255) {
		answer(slot);
		return;
	}
	if (len > left)
		len = (uint32_t)left;
	frame = malloc(len ? len : 1); /* memory of its own, so that a read beyond it is detected */
	memcpy(frame, input, len);
	input += len;
	left -= len;
	core_slow_frame(&core, now, slot, frame, len, &fx);
	free(frame);
}

/* A partner whose view of the port is right, or not quite. */
static void lacpdu(uint32_t slot)
{
	static const uint8_t mac[6] = {2, 2, 0, 0, 0, 0};
	struct xlagg_lacp_end partner = core.lacp.port[slot].actor;
	uint8_t who = octet(), how = octet();
	uint8_t frame[CORE_FRAME_LEN];
	struct xlagg_lacp_end actor = {
	    .system_prio = (uint16_t)(who & 8 ? 1 : 40000),
	    .system = {2, 0, 0, 0, 0, (uint8_t)(who % 8 ? 0xb0 + who % 8 : 1)},
	    .key = (uint16_t)(1 + who / 16 % 4),
	    .port_prio = (uint16_t)(who >> 6),
	    .port = (uint16_t)(slot + 1),
	    .state = octet(),
	};

	if (how < 32)
		((uint8_t *)&partner)[how % 15] ^= (uint8_t)(1 + how / 15);
	pdu_encode_lacp(frame, mac, &actor, &partner);
	core_slow_frame(&core, now, slot, frame, sizeof(frame), &fx);
}

/* Time passes as the core asks for it. */
static void pass(void)
{
	uint64_t until = now + (uint64_t)number() * NSEC_PER_MSEC * (octet() % 4 ? 1 : 10);

	for (uint32_t i = 0; i < RUNS_MAX && core_deadline(&core) <= until; i++) {
		now = core_deadline(&core);
		core_run(&core, now, &fx);
		check();
	}
	if (core_deadline(&core) > until)
		now = until;
	core_run(&core, now, &fx);
}

/* Nobody called the core for a while and the kernel did its work; it may have taken ports out. */
static void late(uint32_t slot)
{
	uint64_t before = now;
	uint8_t out = octet();

	mute = out & 0x40;
	now += (uint64_t)number() * NSEC_PER_MSEC;
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		const struct xlagg_headless did = {.rx_ns = before + octet() * (now - before) / 256,
						   .tx_ns = before + octet() * (now - before) / 256};
		core_lacp_stood_in(&core, i, &did);
	}
	if (out % 4 == 0)
		core_lacp_restart(&core, now, slot, &fx);
	core_run(&core, now, &fx);
}

/* Another agent takes over, from records that may be damaged. */
static void adopt(void)
{
	static struct xlagg_lacp saved[XLAGG_MAX_PORTS];
	static struct core_link link[XLAGG_MAX_PORTS];
	static struct xlagg_table table;
	char name[XLAGG_NAME_MAX];
	uint8_t damage = octet();

	memset(saved, 0, sizeof(saved));
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		link[i] = core.port[i].link;
		if (used[i])
			core_save_lacp(&core, i, &saved[i]);
	}
	table = core_output(&core)->table;
	for (uint32_t i = 0; i < damage % 8u; i++) {
		((uint8_t *)saved)[number() % (PORTS * sizeof(saved[0]))] = octet();
		((uint8_t *)&table)[number() % sizeof(table)] = octet();
	}
	core_init(&core, &conf, 0);
	core_hold(&core);
	core_set_mac(&core, now, (const uint8_t[6]){2, 0, 0, 0, 0, 1}, &fx);
	core_adopt(&core, &table);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		if (!used[i])
			continue;
		snprintf(name, sizeof(name), "eth%u", i);
		core_port_add(&core, now, i, name, i, &port_conf[i], &fx);
		core_adopt_lacp(&core, i, &saved[i]);
		core_link_changed(&core, now, i, &link[i], &fx);
	}
	core_release(&core, now, &fx);
}

static void begin(void)
{
	memset(used, 0, sizeof(used));
	set_defaults(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &conf);
	conf.proto = octet() % 4 ? XLAGG_PROTO_LACP : octet() % XLAGG_PROTO_MAX;
	conf.admin = 1;
	orders = 0;
	mute = false;
	checked = UINT32_MAX;
	now = NSEC_PER_SEC;
	fx.count = 0;
	core_init(&core, &conf, octet());
	core_set_mac(&core, now, (const uint8_t[6]){2, 0, 0, 0, 0, 1}, &fx);
	check();
}

/* Loads of the buckets that nobody sent, and counters that go back. */
static void balance(void)
{
	static uint64_t bytes[XLAGG_BUCKETS];
	uint32_t first = octet() * 4u, step = 1u + octet() % 16, size = octet() % 64;

	for (uint32_t i = first; i < XLAGG_BUCKETS; i += step)
		bytes[i] += (1ull << size) - (size > 60);
	core_balance(&core, now, &fx);
	core_loads(&core, now, bytes, &fx);
}

/* A map of moves as the programs leave it, and as nobody does. */
static void moves(void)
{
	static struct xlagg_move move[XLAGG_BUCKETS];
	uint32_t first = octet() * 4u, step = 1u + octet() % 16, what = octet();

	memcpy(move, core_output(&core)->move, sizeof(move));
	for (uint32_t i = first; i < XLAGG_BUCKETS; i += step) {
		move[i].last_ns = what & 1 ? now - what * NSEC_PER_MSEC : 0;
		move[i].at = what & 2 ? table_port(&core_output(&core)->table, i) : what / 4;
		move[i].end = what & 64 ? what : what % XLAGG_MOVE_END_MAX;
		move[i].number += what & 128 ? what : 0;
	}
	core_moves(&core, now, move, &fx);
}

/* Samples of ports that nobody has, and counters that go back. */
static void samples(void)
{
	static struct core_sample sample[XLAGG_MAX_PORTS];
	uint32_t size = octet() % 64;

	for (uint32_t slot = 0; slot < PORTS; slot++) {
		uint64_t *counter[] = {&sample[slot].segments, &sample[slot].retransmitted, &sample[slot].sockets,
				       &sample[slot].frames, &sample[slot].errors};

		sample[slot].known = octet() % 8 > 0;
		for (size_t i = 0; i < sizeof(counter) / sizeof(counter[0]); i++)
			*counter[i] += (uint64_t)octet() << size;
	}
	core_sample(&core, now, sample, &fx);
}

static void one_input(void)
{
	uint8_t what = octet();
	uint32_t slot = what / 16 % PORTS;

	switch (what % 16) {
	case 0:
	case 1:
		pass();
		break;
	case 2:
		late(slot);
		break;
	case 3:
		add_port(slot);
		break;
	case 4:
	case 5:
		set_link(slot);
		break;
	case 6:
	case 7:
	case 8:
		lacpdu(slot);
		break;
	case 9:
		raw_frame(slot);
		break;
	case 10:
		set_lagg();
		break;
	case 11:
		set_port(slot);
		break;
	case 12:
		del_port(slot);
		break;
	case 13:
		rename_port(slot);
		break;
	case 14:
		if (core_activate(&core, now, slot, &fx) != 0)
			balance();
		moves();
		if (octet() % 4 == 0)
			samples();
		break;
	case 15:
		adopt();
		break;
	}
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	begin();
	for (int i = 0; left && i < 300; i++)
		one_input();
	check_status();
	core_stop(&core, now, &fx);
	check_effects();
	return 0;
}
