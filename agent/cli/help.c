/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* help: prints the tables of commands and options. */
#include <string.h>

#include "cli.h"

static void print_command(const struct ctl_usage *command)
{
	printf("xlagg %s%s%s%s%s\n        %s\n", command->object, command->verb ? " " : "",
	       command->verb ? command->verb : "", command->usage[0] ? " " : "", command->usage, command->help);
}

static void print_options(const char *title, const struct xlagg_option *options, size_t count)
{
	puts(title);
	for (size_t i = 0; i < count; i++) {
		char values[XLAGG_TEXT_MAX], fallback[XLAGG_TEXT_MAX];
		struct xlagg_lagg_conf lagg;
		struct xlagg_port_conf port;

		ctl_defaults(&lagg);
		ctl_port_defaults(&port);
		ctl_print_values(&options[i], values, sizeof(values));
		ctl_print_value(&options[i], options == xlagg_port_options ? (void *)&port : (void *)&lagg, fallback,
				sizeof(fallback));
		printf("  %-18s %s\n  %-18s %s; default %s%s%s\n", options[i].name, options[i].help, "", values,
		       fallback, options[i].alias ? "; also " : "", options[i].alias ? options[i].alias : "");
	}
}

static int help_object(struct cli *cli, const char *word)
{
	char *words[] = {(char *)word}, sentence[XLAGG_SENTENCE_MAX];
	const struct ctl_usage *found = NULL;
	int used, index;

	/* An object whose commands have to be named has no command by itself: its word is then whole. */
	for (const struct ctl_usage *command = ctl_commands; command->object && !found; command++)
		if (strcmp(command->object, word) == 0)
			found = command;
	index = found ? 0 : ctl_find_command(1, words, &used, sentence);
	if (index < 0)
		return cli_usage(cli, "%s", sentence);
	if (!found)
		found = &ctl_commands[index];
	for (const struct ctl_usage *command = ctl_commands; command->object; command++)
		if (strcmp(command->object, found->object) == 0)
			print_command(command);
	if (strcmp(found->object, "lagg") == 0)
		print_options("\nOPTION:", xlagg_lagg_options, XLAGG_LAGG_OPTIONS);
	if (strcmp(found->object, "lagg") == 0 || strcmp(found->object, "port") == 0)
		print_options("\nPORT-OPTION:", xlagg_port_options, XLAGG_PORT_OPTIONS);
	return CLI_DONE;
}

int cmd_help(struct cli *cli, int argc, char *argv[])
{
	if (argc > 1)
		return cli_usage(cli, "help takes one OBJECT or none, not \"%s\"", argv[1]);
	if (argc)
		return help_object(cli, argv[0]);
	puts(
	    "xlagg [-j] [-p] [-s] [-d] [-o] [-br] [-n NETNS] [--socket PATH] [-b FILE [-force]] [-V] OBJECT COMMAND\n");
	for (const struct ctl_usage *command = ctl_commands; command->object; command++)
		print_command(command);
	puts("\n`xlagg help lagg` lists the options; xlagg(8) explains them.");
	return CLI_DONE;
}
