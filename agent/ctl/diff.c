/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The commands that lead from one configuration to another. Every command is applied to a working copy before it is
 * handed out, so that each step sees the result of those before it, and no command comes out that would be refused.
 *
 * Laggs and ports that are not wanted are removed first, in all laggs, since others may need their devices and names.
 * Options change next; those that need ports change once the ports have been added. A port can only be added at the
 * end, so ports that are out of order are removed and added again one by one, while the others carry traffic.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

struct diff {
	struct ctl_model *now; /* `from`, with the commands so far applied */
	const struct ctl_model *to;
	ctl_command_fn fn;
	void *context;
};

static const struct xlagg_model *wanted(const struct diff *diff, const char *name)
{
	return ctl_find((struct ctl_model *)diff->to, name); /* ctl_find does not change the model */
}

static int emit(struct diff *diff, const struct ctl_command *command)
{
	int r = ctl_apply(diff->now, command, NULL);

	return r ? r : diff->fn(diff->context, command);
}

static struct ctl_command command_on(uint16_t cmd, const char *lagg)
{
	struct ctl_command command = {.cmd = cmd};

	memcpy(command.name, lagg, sizeof(command.name));
	return command;
}

/* Returns which options of a port differ from those of `now`, or from the defaults if that is NULL. */
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

/* Sets the options that differ, except those in `later`. */
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

/* Returns the options that would be refused, or take the carrier away, before the new ports have been added. */
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
	int r = 0;

	for (uint32_t i = now->ports; i-- && !r;) {
		struct xlagg_port_model port = now->port[i];

		if (ctl_find_port(want, port.name) < 0)
			r = emit_port(diff, XLAGG_CMD_PORT_DEL, now->name, &port, 0);
	}
	return r;
}

/* Frees the port numbers that other ports will get, so that the order in which they get them does not matter. */
static int release_numbers(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	const uint64_t number = bit_of(true, "number");
	int r = 0;

	for (uint32_t i = 0; i < now->ports && !r; i++) {
		struct xlagg_port_model port = now->port[i];
		bool taken = false;

		for (uint32_t w = 0; w < want->ports; w++)
			taken |=
			    want->port[w].conf.number == port.conf.number && strcmp(want->port[w].name, port.name) != 0;
		if (!taken || port.conf.number == XLAGG_AUTO)
			continue;
		port.conf.number = XLAGG_AUTO;
		r = emit_port(diff, XLAGG_CMD_PORT_SET, now->name, &port, number);
	}
	return r;
}

/* Returns how many of the wanted ports, counted from the first, are there already and in the wanted order. */
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
	int r = 0;

	for (uint32_t i = 0; i < want->ports && !r; i++) {
		const struct xlagg_port_model *port = &want->port[i];
		int index = ctl_find_port(now, port->name);
		uint64_t has = port_options(port, i < kept ? &now->port[index] : NULL);

		if (i < kept) {
			r = has ? emit_port(diff, XLAGG_CMD_PORT_SET, now->name, port, has) : 0;
			continue;
		}
		if (index >= 0)
			r = emit_port(diff, XLAGG_CMD_PORT_DEL, now->name, port, 0);
		if (!r)
			r = emit_port(diff, XLAGG_CMD_PORT_ADD, now->name, port, has);
	}
	return r;
}

static bool has_address(const struct xlagg_model *lagg, const char *address)
{
	for (uint32_t i = 0; i < lagg->addresses; i++)
		if (strcmp(lagg->address[i], address) == 0)
			return true;
	return false;
}

/* Emits one command for the addresses of `all` that `other` does not have. */
static int emit_addresses(struct diff *diff, uint16_t cmd, const struct xlagg_model *all,
			  const struct xlagg_model *other)
{
	struct ctl_command command = command_on(cmd, all->name);

	for (uint32_t i = 0; i < all->addresses; i++)
		if (!has_address(other, all->address[i]))
			memcpy(command.address[command.addresses++], all->address[i], XLAGG_ADDRESS_MAX);
	return command.addresses ? emit(diff, &command) : 0;
}

/* Deletes the laggs that are not wanted, and those that must be made anew because their device changes. */
static int del_laggs(struct diff *diff)
{
	int r = 0;

	for (uint32_t i = diff->now->laggs; i-- && !r;) {
		const struct xlagg_model *now = &diff->now->lagg[i], *want = wanted(diff, now->name);
		struct ctl_command command = command_on(XLAGG_CMD_LAGG_DEL, now->name);

		if (!want || want->conf.device != now->conf.device || want->conf.taken != now->conf.taken)
			r = emit(diff, &command);
	}
	return r;
}

static int make_room(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	int r = set_lagg(diff, now, want, needs_ports(now, want));

	return r ? r : del_ports(diff, now, want);
}

static int fill(struct diff *diff, struct xlagg_model *now, const struct xlagg_model *want)
{
	int r = release_numbers(diff, now, want);

	if (!r)
		r = place_ports(diff, now, want);
	if (!r)
		r = set_lagg(diff, now, want, 0);
	/* Old addresses go first: when the kernel removes one, it may remove secondary addresses of the same network
	 * with it. */
	if (!r)
		r = emit_addresses(diff, XLAGG_CMD_ADDRESS_DEL, now, want);
	return r ? r : emit_addresses(diff, XLAGG_CMD_ADDRESS_ADD, want, now);
}

static int add_laggs(struct diff *diff)
{
	int r = 0;

	for (uint32_t i = 0; i < diff->to->laggs && !r; i++) {
		struct ctl_command command;

		if (ctl_find(diff->now, diff->to->lagg[i].name))
			continue;
		ctl_model_to_command(&diff->to->lagg[i], &command);
		r = emit(diff, &command);
	}
	return r;
}

static int run(struct diff *diff)
{
	struct ctl_model *now = diff->now;
	int r = del_laggs(diff);

	for (uint32_t i = 0; i < now->laggs && !r; i++)
		r = make_room(diff, &now->lagg[i], wanted(diff, now->lagg[i].name));
	for (uint32_t i = 0; i < now->laggs && !r; i++)
		r = fill(diff, &now->lagg[i], wanted(diff, now->lagg[i].name));
	return r ? r : add_laggs(diff);
}

int ctl_diff(const struct ctl_model *from, const struct ctl_model *to, ctl_command_fn fn, void *context)
{
	struct diff diff = {.now = malloc(sizeof(*from)), .to = to, .fn = fn, .context = context};
	int r;

	if (!diff.now)
		return -ENOMEM;
	*diff.now = *from;
	r = run(&diff);
	free(diff.now);
	return r;
}
