/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints errors. */
#include <stdarg.h>

#include "cli.h"

#define SENTENCE_MAX 2048 /* octets of the longest sentence */

static void say(const struct cli *cli, const char *sentence)
{
	char printable[2 * SENTENCE_MAX];

	ctl_printable(sentence, printable, sizeof(printable));
	fflush(stdout); /* keeps the order of output and errors if both go to one file */
	if (cli->batch)
		fprintf(stderr, "xlagg: %s:%d: %s\n", cli->batch, cli->line, printable);
	else
		fprintf(stderr, "xlagg: %s\n", printable);
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	say(cli, sentence);
}

int cli_refuse(const struct cli *cli, const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	say(cli, sentence);
	return CLI_REFUSED;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	say(cli, sentence);
	return CLI_USAGE;
}
