/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * From one configuration to another. Every command is applied to a working copy before it is handed out, so that each
 * step sees what the steps before it did, and none comes out that would be refused.
 *
 * Laggs and ports that go make room first, in all laggs. Then options change, those that need ports after the ports
 * came. Ports are added at the end only, so those that are out of order are taken out and added again, one after the
 * other: the rest goes on carrying traffic.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

struct diff {
	struct ctl_model *now; /* `from` with the commands so far */
	const struct ctl_model *to;
	ctl_command_fn fn;
	void *context;
};

static const struct xlagg_model *wanted(const struct diff *diff, const char *name)
{
	return ctl_find((struct ctl_model *)diff->to, name); /* which does not change it */
}

static int emit(struct diff *diff, const struct ctl_command *command)
{
	int error = ctl_apply(diff->now, command, NULL);

	return error ? error : diff->fn(diff->context, command);
}

static struct ctl_command command_on(uint16_t cmd, const char *lagg)
{
	struct ctl_command command = {.cmd = cmd};

	memcpy(command.name, lagg, sizeof(command.name));
	return command;
}

/* The options of a port that differ from those in `now`, NULL: from the defaults. */
static uint64_t port_options(const struct xlagg_port_model *port, const struct xlagg_port_model *now)
{
	uint64_t has = 0;

	for (size_t i = 0; i < XLAGG_PORT_OPTIONS; i++) {
		const struct xlagg_option *option = &xlagg_port_options[i];
		bool same = now ? ctl_same_value(option, &now->conf, &port->conf) : ctl_is_default(option, &port->conf);

		has |= (uint64_t)!same << i;
	}
	return has;
}

static int emit_port(struct diff *diff, uint16_t cmd, const char *lagg, const struct xlagg_port_model *port,
		     uint64_t has)
{
	struct ctl_command command = command_on(cmd, lagg);

	command.ports = 1;
	command.port[0].has = has;
	command.port[0].conf = port->conf;
	memcpy(command.port[0].name, port->name, sizeof(port->name));
	return emit(diff, &command);
}

static uint64_t bit_of(bool port, const char *name)
{
	return 1ull << ctl_find_option(port, name, NULL);
}

/* Sets what differs, except for the options in `later`. */
static int set_lagg(struct diff *diff, const struct xlagg_model *now, const struct xlagg_model *want, uint64_t later)
{
	struct ctl_command command = command_on(XLAGG_CMD_LAGG_SET, want->name);

	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++)
		if (!ctl_same_value(&xlagg_lagg_options[i], &now->conf, &want->conf))
			command.has |= 1ull << i;
	command.has &= ~later;
	command.conf = want->conf;
	command.has_admin = now->conf.admin != want->conf.admin;
	return command.has || command.has_admin ? emit(diff, &command) : 0;
}

/* Options that would do harm or be refused until the new ports are there. */
static uint64_t needs_ports(const struct xlagg_model *now, const struct xlagg_model *want)
{
	uint64_t later = 0;

	if (want->conf.min_links > now->conf.min_links)
		later |= bit_of(false, "min-links");
	if (strcmp(want->conf.primary, "auto") != 0 && ctl_find_port(now, want->conf.primary) < 0)
		later |= bit_of(false, "primary");
	return later;
}

static int del_ports(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	int error = 0;

	for (uint32_t i = now->ports; i-- && !error;) {
		struct xlagg_port_model port = now->port[i];

		if (ctl_find_port(want, port.name) < 0)
			error = emit_port(diff, XLAGG_CMD_PORT_DEL, now->name, &port, 0);
	}
	return error;
}

/* Gives up numbers that another port is to have, so that the order of what follows does not matter. */
static int release_numbers(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	const uint64_t number = bit_of(true, "number");
	int error = 0;

	for (uint32_t i = 0; i < now->ports && !error; i++) {
		struct xlagg_port_model port = now->port[i];
		bool taken = false;

		for (uint32_t w = 0; w < want->ports; w++)
			taken |=
			    want->port[w].conf.number == port.conf.number && strcmp(want->port[w].name, port.name) != 0;
		if (!taken || port.conf.number == XLAGG_AUTO)
			continue;
		port.conf.number = XLAGG_AUTO;
		error = emit_port(diff, XLAGG_CMD_PORT_SET, now->name, &port, number);
	}
	return error;
}

/* How many of the wanted ports, from the first on, already stand in the wanted order. */
static uint32_t in_order(const struct xlagg_model *now, const struct xlagg_model *want)
{
	int last = -1;
	uint32_t kept;

	for (kept = 0; kept < want->ports; kept++) {
		int index = ctl_find_port(now, want->port[kept].name);

		if (index <= last)
			break;
		last = index;
	}
	return kept;
}

static int place_ports(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	uint32_t kept = in_order(now, want);
	int error = 0;

	for (uint32_t i = 0; i < want->ports && !error; i++) {
		const struct xlagg_port_model *port = &want->port[i];
		int index = ctl_find_port(now, port->name);
		uint64_t has = port_options(port, i < kept ? &now->port[index] : NULL);

		if (i < kept) {
			error = has ? emit_port(diff, XLAGG_CMD_PORT_SET, now->name, port, has) : 0;
			continue;
		}
		if (index >= 0)
			error = emit_port(diff, XLAGG_CMD_PORT_DEL, now->name, port, 0);
		if (!error)
			error = emit_port(diff, XLAGG_CMD_PORT_ADD, now->name, port, has);
	}
	return error;
}

static bool has_address(const struct xlagg_model *lagg, const char *address)
{
	for (uint32_t i = 0; i < lagg->addresses; i++)
		if (!strcmp(lagg->address[i], address))
			return true;
	return false;
}

/* One command for the addresses of `all` that `other` has not. */
static int emit_addresses(struct diff *diff, uint16_t cmd, const struct xlagg_model *all,
			  const struct xlagg_model *other)
{
	struct ctl_command command = command_on(cmd, all->name);

	for (uint32_t i = 0; i < all->addresses; i++)
		if (!has_address(other, all->address[i]))
			memcpy(command.address[command.addresses++], all->address[i], XLAGG_ADDRESS_MAX);
	return command.addresses ? emit(diff, &command) : 0;
}

/* Laggs that go, and those that only a new start can change. */
static int del_laggs(struct diff *diff)
{
	int error = 0;

	for (uint32_t i = diff->now->laggs; i-- && !error;) {
		const struct xlagg_model *now = &diff->now->lagg[i], *want = wanted(diff, now->name);
		struct ctl_command command = command_on(XLAGG_CMD_LAGG_DEL, now->name);

		if (!want || want->conf.device != now->conf.device)
			error = emit(diff, &command);
	}
	return error;
}

static int make_room(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	int error = set_lagg(diff, now, want, needs_ports(now, want));

	return error ? error : del_ports(diff, now, want);
}

static int fill(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	int error = release_numbers(diff, now, want);

	if (!error)
		error = place_ports(diff, now, want);
	if (!error)
		error = set_lagg(diff, now, want, 0);
	/* The old first: with them the kernel may take new ones of the same network, too. */
	if (!error)
		error = emit_addresses(diff, XLAGG_CMD_ADDRESS_DEL, now, want);
	return error ? error : emit_addresses(diff, XLAGG_CMD_ADDRESS_ADD, want, now);
}

static int add_laggs(struct diff *diff)
{
	int error = 0;

	for (uint32_t i = 0; i < diff->to->laggs && !error; i++) {
		struct ctl_command command;

		if (ctl_find(diff->now, diff->to->lagg[i].name))
			continue;
		ctl_model_to_command(&diff->to->lagg[i], &command);
		error = emit(diff, &command);
	}
	return error;
}

static int run(struct diff *diff)
{
	struct ctl_model *now = diff->now;
	int error = del_laggs(diff);

	for (uint32_t i = 0; i < now->laggs && !error; i++)
		error = make_room(diff, &now->lagg[i], wanted(diff, now->lagg[i].name));
	for (uint32_t i = 0; i < now->laggs && !error; i++)
		error = fill(diff, &now->lagg[i], wanted(diff, now->lagg[i].name));
	return error ? error : add_laggs(diff);
}

int ctl_diff(const struct ctl_model *from, const struct ctl_model *to, ctl_command_fn fn, void *context)
{
	struct diff diff = {.now = malloc(sizeof(*from)), .to = to, .fn = fn, .context = context};
	int error;

	if (!diff.now)
		return -ENOMEM;
	*diff.now = *from;
	error = run(&diff);
	free(diff.now);
	return error;
}
