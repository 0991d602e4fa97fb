/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* xlagg: reads the options before OBJECT, and passes the rest on. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define USAGE                                                                                                          \
	"usage: xlagg [-j] [-p] [-s] [-d] [-o] [-br] [-n NETNS] [--socket PATH] [-b FILE [-force]] [-V] OBJECT "       \
	"COMMAND\n"                                                                                                    \
	"`xlagg help` lists the objects.\n"

/* Whether `word` is the option or an abbreviation of it, with one dash or two. */
static bool is_option(const char *word, const char *option)
{
	word += word[1] == '-';
	return word[1] && strncmp(word, option, strlen(word)) == 0;
}

/* What the options ask for that struct cli does not hold. */
struct start {
	const char *batch; /* -b: the file; NULL: not given */
	bool version;	   /* -V */
	bool help;	   /* -help */
};

/* Sets the flag that `word` stands for. Returns false if it is not an option without a value. */
static bool set_flag(struct cli *cli, struct start *start, const char *word)
{
	const struct {
		const char *option;
		bool *flag;
	} flags[] = {
	    {"-brief", &cli->brief},	   {"-help", &start->help},	  {"-json", &cli->json},
	    {"-pretty", &cli->pretty},	   {"-statistics", &cli->stats},  {"-stats", &cli->stats},
	    {"-details", &cli->details},   {"-oneline", &cli->oneline},	  {"-force", &cli->force},
	    {"-Version", &start->version}, {"-version", &start->version},
	};

	/* -b is -batch, which has a value. */
	for (size_t i = strcmp(word, "-b") == 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (is_option(word, flags[i].option)) {
			*flags[i].flag = true;
			return true;
		}
	}
	return false;
}

/* Reads the options. Returns the index of OBJECT, or -1 after a usage error. */
static int read_options(struct cli *cli, int argc, char *argv[], struct start *start)
{
	const struct {
		const char *option;
		const char **value;
	} values[] = {{"-netns", &cli->netns}, {"-socket", &cli->socket}, {"-batch", &start->batch}};
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char **value = NULL;

		if (set_flag(cli, start, argv[i]))
			continue;
		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++)
			if (is_option(argv[i], values[k].option))
				value = values[k].value;
		if (!value) {
			cli_usage(cli, "unknown option \"%s\"; see `xlagg help`", argv[i]);
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

/* Whether it can be the name of a namespace, which is one component of a path. */
static bool good_netns(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int main(int argc, char *argv[])
{
	static struct cli cli = {.fd = -1};
	struct start start = {0};
	int first, status;

	first = read_options(&cli, argc, argv, &start);
	if (first < 0)
		return CLI_USAGE;
	if (start.version) {
		puts("xlagg " XLAGG_VERSION);
		return CLI_DONE;
	}
	if (start.help)
		return cmd_help(&cli, argc - first, argv + first);
	if (cli.netns && !good_netns(cli.netns))
		return cli_usage(&cli, "-n takes the name of a network namespace, not \"%s\"", cli.netns);
	cli.colour = wants_colour();
	cli_progress_init(&cli.progress);
	signal(SIGPIPE, SIG_DFL);
	if (start.batch && first < argc)
		return cli_usage(&cli, "-b FILE takes its commands from the file, not \"%s\"", argv[first]);
	if (!start.batch && first == argc) {
		fputs(USAGE, stderr);
		return CLI_USAGE;
	}
	status = start.batch ? cli_batch(&cli, start.batch) : cli_dispatch(&cli, argc - first, argv + first);
	cli_disconnect(&cli);
	if (fflush(stdout) != 0 && status == CLI_DONE)
		status = cli_refuse(&cli, "cannot write the result");
	return status;
}
