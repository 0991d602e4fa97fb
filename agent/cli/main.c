/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* xlagg: the options before OBJECT, and whom to hand the rest to. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define USAGE                                                                                                          \
	"usage: xlagg [-j] [-p] [-s] [-d] [-o] [-n NETNS] [--socket PATH] [-b FILE [-force]] [-V] OBJECT COMMAND\n"    \
	"`xlagg help` lists the objects.\n"

/* Reads the options; gives the index of OBJECT, or -1 after a usage error. */
static int read_options(struct cli *cli, int argc, char *argv[], const char **batch)
{
	static const struct {
		const char *word, *synonym;
		size_t flag; /* offset of a bool in struct cli */
	} flags[] = {
	    {"-j", "-json", offsetof(struct cli, json)},       {"-p", "-pretty", offsetof(struct cli, pretty)},
	    {"-s", "-stats", offsetof(struct cli, stats)},     {"-d", "-details", offsetof(struct cli, details)},
	    {"-o", "-oneline", offsetof(struct cli, oneline)}, {"-force", "--force", offsetof(struct cli, force)},
	};
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *word = argv[i] + (strncmp(argv[i], "--", 2) == 0 && argv[i][2] ? 1 : 0);
		const char **value = NULL;
		bool found = false;

		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]) && !found; k++) {
			found = strcmp(word, flags[k].word) == 0 || strcmp(word, flags[k].synonym) == 0;
			if (found)
				*(bool *)((char *)cli + flags[k].flag) = true;
		}
		if (found)
			continue;
		if (strcmp(word, "-n") == 0 || strcmp(word, "-netns") == 0)
			value = &cli->netns;
		else if (strcmp(word, "-socket") == 0)
			value = &cli->socket;
		else if (strcmp(word, "-b") == 0 || strcmp(word, "-batch") == 0)
			value = batch;
		if (!value) {
			cli_usage(cli, "unknown option \"%s\"", argv[i]);
			return -1;
		}
		if (++i == argc) {
			cli_usage(cli, "option %s needs a value", argv[i - 1]);
			return -1;
		}
		*value = argv[i];
	}
	return i;
}

static bool wants_colour(void)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !(no && no[0]);
}

/* A namespace's name is one component of a path. */
static bool good_netns(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int main(int argc, char *argv[])
{
	static struct cli cli = {.fd = -1};
	const char *batch = NULL;
	int first, status;

	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0 ||
		    strcmp(argv[i], "-Version") == 0) {
			puts("xlagg " XLAGG_VERSION);
			return CLI_DONE;
		}
	}
	first = read_options(&cli, argc, argv, &batch);
	if (first < 0)
		return CLI_USAGE;
	if (cli.netns && !good_netns(cli.netns))
		return cli_usage(&cli, "-n takes the name of a network namespace, not \"%s\"", cli.netns);
	cli.colour = wants_colour();
	signal(SIGPIPE, SIG_DFL);
	if (batch && first < argc)
		return cli_usage(&cli, "-b FILE takes its commands from the file, not \"%s\"", argv[first]);
	if (!batch && first == argc) {
		fputs(USAGE, stderr);
		return CLI_USAGE;
	}
	status = batch ? cli_batch(&cli, batch) : cli_dispatch(&cli, argc - first, argv + first);
	cli_disconnect(&cli);
	if (fflush(stdout) != 0 && status == CLI_DONE)
		status = cli_refuse(&cli, "cannot write the result");
	return status;
}
