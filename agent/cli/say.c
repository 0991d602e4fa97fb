/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Errors. */
#include <stdarg.h>

#include "cli.h"

static void say(const struct cli *cli, const char *format, va_list args)
{
	fflush(stdout); /* what was printed before the error stands before it, also in a log */
	fputs("xlagg: ", stderr);
	if (cli->batch)
		fprintf(stderr, "%s:%d: ", cli->batch, cli->line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(cli, format, args);
	va_end(args);
}

int cli_refuse(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(cli, format, args);
	va_end(args);
	return CLI_REFUSED;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(cli, format, args);
	va_end(args);
	return CLI_USAGE;
}
