/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* save, check, diff, restore and reload: from the running configuration to files and back. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "show.h"

int cmd_save(struct cli *cli, int argc, char *argv[])
{
	__attribute__((cleanup(config_free))) struct ctl_model *running = NULL;
	struct stat st;
	int r;

	if (argc > 1)
		return cli_usage(cli, "save takes one FILE or none, not \"%s\"", argv[1]);
	running = config_running(cli, NULL);
	if (!running)
		return CLI_REFUSED;
	/* A pipe or a device cannot be replaced by a new file, only written to. */
	if (argc == 0 || strcmp(argv[0], "-") == 0 || (stat(argv[0], &st) == 0 && !S_ISREG(st.st_mode))) {
		FILE *out = argc == 0 || strcmp(argv[0], "-") == 0 ? stdout : fopen(argv[0], "we");

		if (!out)
			return cli_refuse(cli, "%s: %s", argv[0], strerror(errno));
		ctl_print_model(out, running);
		r = out == stdout ? fflush(out) : fclose(out);
		return r ? cli_refuse(cli, "cannot write: %s", strerror(errno)) : CLI_DONE;
	}
	r = config_write(argv[0], running);
	return r < 0 ? cli_refuse(cli, "%s: %s: nothing was changed", argv[0], strerror(-r)) : CLI_DONE;
}

/* The context of the functions below that ctl_diff calls for each command. */
struct walk {
	struct cli *cli;
	uint32_t commands; /* commands so far */
	uint32_t wanted;   /* find_command: number of the command to find, from 1 */
	json_t *json;	   /* print_command: the list of commands; NULL: print text */
	char *text;	   /* find_command: the command found */
};

static int print_to_text(const struct ctl_command *command, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return -ENOMEM;
	ctl_print_command(out, command);
	return ctl_end_text(out, ret);
}

static int print_command(void *context, const struct ctl_command *command)
{
	struct walk *walk = context;
	__attribute__((cleanup(config_free))) char *text = NULL;

	walk->commands++;
	if (!walk->json) {
		ctl_print_command(stdout, command);
		putchar('\n');
		return 0;
	}
	if (print_to_text(command, &text) < 0)
		return -ENOMEM;
	json_array_append_new(walk->json, json_pack("{s:s}", "command", text));
	return 0;
}

static int send_command(void *context, const struct ctl_command *command)
{
	struct walk *walk = context;
	struct ctl_command from_file = *command;

	/* The devices that a file names may be absent. They join when they appear. */
	from_file.from_file = true;
	walk->commands++;
	return cli_join(walk->cli, &from_file);
}

static int find_command(void *context, const struct ctl_command *command)
{
	struct walk *walk = context;

	if (++walk->commands < walk->wanted)
		return 0;
	print_to_text(command, &walk->text);
	return 1;
}

/* Makes the running configuration `wanted`, as one transaction, or only checks whether that is possible. Returns an
 * exit status. */
static int transact(struct cli *cli, const char *path, const struct ctl_model *running, const struct ctl_model *wanted,
		    bool check)
{
	struct walk send = {.cli = cli}, find = {.cli = cli};
	__attribute__((cleanup(config_free))) char *refused = NULL;
	uint32_t before = cli->seq;
	int r;

	r = ctl_diff(running, wanted, send_command, &send);
	if (r == 0 && send.commands == 0)
		return CLI_DONE;
	cli->refused_seq = 0;
	if (r == 0)
		r = cli_commit(cli, check);
	if (r == 0)
		return CLI_DONE;
	find.wanted = cli->refused_seq - before;
	if (cli->refused_seq > before && find.wanted <= send.commands)
		ctl_diff(running, wanted, find_command, &find);
	refused = find.text;
	if (refused)
		return cli_refuse(cli, "%s: `%s`: %s", path, refused, cli->sentence);
	return cli_refuse(cli, "%s: %s", path, cli->sentence);
}

int cmd_restore(struct cli *cli, int argc, char *argv[])
{
	__attribute__((cleanup(config_free))) struct ctl_model *running = NULL, *wanted = NULL;

	if (argc != 1)
		return cli_usage(cli, "restore takes one FILE");
	wanted = config_file(cli, argv[0]);
	if (!wanted)
		return CLI_REFUSED;
	running = config_running(cli, wanted);
	if (!running)
		return CLI_REFUSED;
	return transact(cli, argv[0], running, wanted, false);
}

int cmd_check(struct cli *cli, int argc, char *argv[])
{
	__attribute__((cleanup(config_free))) struct ctl_model *running = NULL, *wanted = NULL;

	if (argc != 1)
		return cli_usage(cli, "check takes one FILE");
	wanted = config_file(cli, argv[0]);
	if (!wanted)
		return CLI_REFUSED;
	/* Without an agent, as on a machine that is being set up, the words can be checked but not the devices. */
	if (cli_connect(cli) < 0) {
		cli_warn(cli, "%s: the words are right; the devices were not checked: %s", argv[0], cli->sentence);
		return CLI_DONE;
	}
	running = config_running(cli, wanted);
	if (!running)
		return CLI_REFUSED;
	return transact(cli, argv[0], running, wanted, true);
}

/* Exit statuses of diff, as those of diff(1). */
enum diff_status { DIFF_NONE, DIFF_SOME, DIFF_FAILED };

static enum diff_status diff(struct cli *cli, const char *path)
{
	__attribute__((cleanup(config_free))) struct ctl_model *running = NULL, *wanted = NULL;
	struct walk walk = {.cli = cli};

	wanted = config_file(cli, path);
	if (!wanted)
		return DIFF_FAILED;
	running = config_running(cli, wanted);
	if (!running)
		return DIFF_FAILED;
	if (cli->json)
		walk.json = json_array();
	if (ctl_diff(running, wanted, print_command, &walk) < 0) {
		json_decref(walk.json);
		cli_refuse(cli, "out of memory");
		return DIFF_FAILED;
	}
	if (walk.json && show_json(cli, walk.json) != CLI_DONE)
		return DIFF_FAILED;
	return walk.commands ? DIFF_SOME : DIFF_NONE;
}

int cmd_diff(struct cli *cli, int argc, char *argv[])
{
	struct xlagg_agent_status agent = {0};
	const char *path = argc ? argv[0] : agent.file;
	enum diff_status status;

	if (argc > 1)
		return cli_usage(cli, "diff takes one FILE or none, not \"%s\"", argv[1]);
	if (argc == 0 && view_get_agent(cli, &agent) < 0) {
		cli_failed(cli);
		return DIFF_FAILED;
	}
	if (!path[0]) {
		cli_refuse(cli, "the agent was started without a configuration file: give a FILE");
		return DIFF_FAILED;
	}
	status = diff(cli, path);
	/* In a batch a difference is no refusal. */
	return cli->batch && status == DIFF_SOME ? DIFF_NONE : status;
}

int cmd_reload(struct cli *cli, int argc, char *argv[])
{
	struct ctl_command command = {.cmd = XLAGG_CMD_RELOAD};

	if (argc)
		return cli_usage(cli, "reload takes no word, not \"%s\"", argv[0]);
	return cli_change(cli, &command) < 0 ? cli_failed(cli) : CLI_DONE;
}
