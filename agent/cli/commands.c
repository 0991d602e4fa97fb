/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds the function that runs a command, by the command's first words. */
#include <errno.h>
#include <string.h>

#include "cli.h"

/* Commands that are more than one change of the configuration. `argv` begins after the words that name the command. */
static const struct {
	const char *object, *verb;
	int (*run)(struct cli *cli, int argc, char *argv[]);
} commands[] = {
    {"lagg", "show", cmd_lagg_show}, {"port", "show", cmd_port_show},  {"agent", "show", cmd_agent_show},
    {"monitor", NULL, cmd_monitor},  {"top", NULL, cmd_top},	       {"explain", NULL, cmd_explain},
    {"metrics", NULL, cmd_metrics},  {"exporter", NULL, cmd_exporter}, {"save", NULL, cmd_save},
    {"check", NULL, cmd_check},	     {"diff", NULL, cmd_diff},	       {"restore", NULL, cmd_restore},
    {"reload", NULL, cmd_reload},    {"ifconfig", NULL, cmd_ifconfig}, {"help", NULL, cmd_help},
    {"capture", NULL, cmd_capture},  {"import", NULL, cmd_import},     {"debug", "bundle", cmd_debug_bundle},
    {"lagg", "take", cmd_lagg_take},
};

/* Runs a changing command, which is a transaction by itself. */
static int change(struct cli *cli, int argc, char *argv[])
{
	char sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command command;
	bool unnamed;

	if (ctl_parse(argc, argv, cli->batch != NULL, &command, sentence) < 0)
		return cli_usage(cli, "%s", sentence);
	/* `lagg create` without a name takes the first free one, and prints it. */
	unnamed = command.cmd == XLAGG_CMD_LAGG_ADD && !command.name[0];
	if (unnamed && cli_free_name(cli, command.name) != CLI_DONE)
		return CLI_REFUSED;
	if (cli_change(cli, &command) < 0)
		return cli_failed(cli);
	if (unnamed)
		puts(command.name);
	return CLI_DONE;
}

int cli_dispatch(struct cli *cli, int argc, char *argv[])
{
	char sentence[XLAGG_SENTENCE_MAX];
	int used, index = ctl_find_command(argc, argv, &used, sentence);
	const struct ctl_usage *usage;

	if (argc == 2 && strcmp(argv[1], "help") == 0)
		return cmd_help(cli, 1, argv);
	if (index < 0)
		return cli_usage(cli, "%s", sentence);
	usage = &ctl_commands[index];
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		bool verb = commands[i].verb && usage->verb ? strcmp(commands[i].verb, usage->verb) == 0
							    : commands[i].verb == usage->verb;

		if (verb && strcmp(commands[i].object, usage->object) == 0)
			return commands[i].run(cli, argc - used, argv + used);
	}
	return change(cli, argc, argv);
}
