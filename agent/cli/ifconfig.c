/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* ifconfig: changes and prints devices in lagg(4)'s words, laggs through the agent, other devices through rtnetlink. */
#include "ifconfig.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static bool is_lagg_name(const char *name)
{
	const char *number = name + strlen("lagg");

	return strncmp(name, "lagg", strlen("lagg")) == 0 && *number && strspn(number, "0123456789") == strlen(number);
}

int cli_free_name(struct cli *cli, char ret[XLAGG_NAME_MAX])
{
	__attribute__((cleanup(view_free))) struct view view = {0};

	if (view_get(cli, NULL, &view) < 0 || link_enter(cli) < 0)
		return cli_failed(cli);
	for (unsigned int number = 0;; number++) {
		bool taken = false;
		struct link link;
		char name[XLAGG_NAME_MAX];

		snprintf(name, sizeof(name), "lagg%u", number);
		for (uint32_t i = 0; i < view.laggs; i++)
			taken |= strcmp(view.lagg[i].model.name, name) == 0;
		if (taken || link_get(name, &link) == 0)
			continue;
		memcpy(ret, name, sizeof(name));
		return CLI_DONE;
	}
}

/* Returns 1 if the lagg has this port or address already, 0 if not, or -errno. */
static int has(struct cli *cli, const char *lagg, const struct ifconfig_step *step)
{
	__attribute__((cleanup(view_free))) struct view view = {0};
	int r = view_get(cli, lagg, &view);

	if (r < 0)
		return r;
	if (step->cmd == XLAGG_CMD_PORT_ADD)
		return ctl_find_port(&view.lagg[0].model, step->text) >= 0;
	for (uint32_t i = 0; i < view.lagg[0].model.addresses; i++)
		if (strcmp(view.lagg[0].model.address[i], step->text) == 0)
			return 1;
	return 0;
}

/* Adds or removes one port or address. One that is there already is not an error. */
static int do_step(struct cli *cli, const char *lagg, const struct ifconfig_step *step)
{
	struct ctl_command command = {.cmd = step->cmd, .from_file = cli->batch != NULL};
	bool port = step->cmd == XLAGG_CMD_PORT_ADD || step->cmd == XLAGG_CMD_PORT_DEL;
	bool add = step->cmd == XLAGG_CMD_PORT_ADD || step->cmd == XLAGG_CMD_ADDRESS_ADD;
	int there = add ? has(cli, lagg, step) : 0;

	if (there)
		return there < 0 ? there : 0;
	snprintf(command.name, sizeof(command.name), "%s", lagg);
	if (port) {
		command.ports = 1;
		ctl_port_defaults(&command.port[0].conf);
		snprintf(command.port[0].name, sizeof(command.port[0].name), "%.15s", step->text);
	} else {
		command.addresses = 1;
		memcpy(command.address[0], step->text, sizeof(step->text));
	}
	return cli_change(cli, &command);
}

/* As with lagg(4), a port that cannot be added does not keep the lagg from coming up. */
static int do_steps(struct cli *cli, const char *lagg, const struct ifconfig *request)
{
	int status = CLI_DONE;

	for (uint32_t i = 0; i < request->steps; i++) {
		int r = do_step(cli, lagg, &request->step[i]);

		if (r == 0)
			continue;
		status = cli_failed(cli);
		if (request->step[i].cmd != XLAGG_CMD_PORT_ADD || cli->fd < 0)
			return status;
	}
	return status;
}

/* Changes the lagg, or makes it if it does not exist. */
static int change_lagg(struct cli *cli, const char *name, bool exists, struct ifconfig *request)
{
	struct ctl_command *command = &request->options;

	snprintf(command->name, sizeof(command->name), "%s", name);
	command->from_file = cli->batch != NULL;
	if (request->destroy)
		command->cmd = XLAGG_CMD_LAGG_DEL;
	else
		command->cmd = exists ? XLAGG_CMD_LAGG_SET : XLAGG_CMD_LAGG_ADD;
	if (command->cmd != XLAGG_CMD_LAGG_SET || command->has || command->has_admin)
		if (cli_change(cli, command) < 0)
			return cli_failed(cli);
	return do_steps(cli, name, request);
}

/* Changes a device that is not a lagg. Only what every device has can be changed on it. */
static int change_device(struct cli *cli, const struct link *link, const struct ifconfig *request)
{
	const struct ctl_command *options = &request->options;
	struct link_change change = {.has_admin = options->has_admin, .up = options->conf.admin};
	uint64_t known = 0;
	int r;

	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		const char *name = xlagg_lagg_options[i].name;
		bool mac = strcmp(name, "mac") == 0, mtu = strcmp(name, "mtu") == 0;

		if (!(options->has >> i & 1) || (!mac && !mtu))
			continue;
		known |= 1ull << i;
		change.has_mac |= mac;
		change.has_mtu |= mtu;
	}
	if (request->create || request->destroy || request->steps || options->has & ~known)
		return cli_refuse(cli,
				  "%s is not a lagg: up, down, ether and mtu can be set on it; a lagg is made by "
				  "`xlagg ifconfig lagg0 create`",
				  link->name);
	change.mtu = options->conf.mtu;
	if (change.has_mac && xlagg_parse_mac(options->conf.mac, change.mac) < 0)
		return cli_usage(cli, "ether takes a MAC address, not \"%s\"", options->conf.mac);
	if (change.has_mtu && change.mtu == XLAGG_AUTO)
		return cli_usage(cli, "mtu takes a number of octets");
	r = link_set(link, &change);
	return r < 0 ? cli_refuse(cli, "%s: the kernel refused the change: %s", link->name, strerror(-r)) : CLI_DONE;
}

static int print_lagg(struct cli *cli, const struct view_lagg *lagg, bool verbose)
{
	struct link link;

	if (!lagg->status.ifindex)
		return cli_refuse(cli, "%s: %s", lagg->model.name, lagg->status.reason);
	if (link_get(lagg->model.name, &link) < 0)
		return cli_refuse(cli,
				  "%s: the agent has this lagg, the network namespace has no such device: run "
				  "`xlagg -n NAME ifconfig`",
				  lagg->model.name);
	ifconfig_show(stdout, &link, lagg, verbose);
	return CLI_DONE;
}

static int print_all(struct cli *cli, bool verbose)
{
	__attribute__((cleanup(view_free))) struct view view = {0};
	int status = CLI_DONE;

	if (view_get(cli, NULL, &view) < 0 || link_enter(cli) < 0)
		return cli_failed(cli);
	/* One that waits for its bond is no interface. */
	for (uint32_t i = 0; i < view.laggs && status == CLI_DONE; i++)
		if (view.lagg[i].status.ifindex)
			status = print_lagg(cli, &view.lagg[i], verbose);
	return status;
}

/* Handles a NAME that is not a lagg: another device, or a lagg to be made. */
static int other_name(struct cli *cli, const char *name, int argc, bool verbose, struct ifconfig *request)
{
	struct link link;
	int r = link_get(name, &link);

	if (r == 0 && argc == 0) {
		ifconfig_show(stdout, &link, NULL, verbose);
		return CLI_DONE;
	}
	if (r == 0)
		return change_device(cli, &link, request);
	if (argc == 0 || request->destroy || !is_lagg_name(name))
		return cli_refuse(cli, "%s: no such interface%s", name,
				  is_lagg_name(name) ? "; `create` makes it" : "; only laggN is made by its name");
	if (cli_connect(cli) < 0)
		return cli_failed(cli);
	return change_lagg(cli, name, false, request);
}

/* `ifconfig lagg create`: takes the first free name and prints it. */
static int create_any(struct cli *cli, struct ifconfig *request)
{
	char name[XLAGG_NAME_MAX];
	int status = cli_free_name(cli, name);

	if (status != CLI_DONE)
		return status;
	status = change_lagg(cli, name, false, request);
	if (status == CLI_DONE)
		puts(name);
	return status;
}

static int one_name(struct cli *cli, const char *name, int argc, char *argv[], bool verbose)
{
	char sentence[XLAGG_SENTENCE_MAX];
	struct ifconfig request;
	__attribute__((cleanup(view_free))) struct view view = {0};
	int found;

	if (ifconfig_parse(argc, argv, &request, sentence) < 0)
		return cli_usage(cli, "%s", sentence);
	if (strcmp(name, "lagg") == 0 && request.create)
		return create_any(cli, &request);
	found = view_get(cli, name, &view);
	/* Other devices can be shown and changed without an agent. */
	if (found < 0 && found != -ENODEV && (is_lagg_name(name) || cli->fd >= 0))
		return cli_failed(cli);
	if (link_enter(cli) < 0)
		return cli_failed(cli);
	if (found < 0)
		return other_name(cli, name, argc, verbose, &request);
	if (argc == 0)
		return print_lagg(cli, &view.lagg[0], verbose);
	if (request.create)
		return cli_refuse(cli, "%s exists already: leave `create` out to change it", name);
	return change_lagg(cli, name, true, &request);
}

int cmd_ifconfig(struct cli *cli, int argc, char *argv[])
{
	bool verbose = cli->details;

	for (; argc && argv[0][0] == '-'; argc--, argv++) {
		if (strcmp(argv[0], "-v") != 0)
			return cli_usage(cli, "ifconfig has the option -v only, not \"%s\"", argv[0]);
		verbose = true;
	}
	return argc ? one_name(cli, argv[0], argc - 1, argv + 1, verbose) : print_all(cli, verbose);
}
