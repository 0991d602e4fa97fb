/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Errors, and the words of a table of commands. */
#include <stdarg.h>
#include <string.h>

#include "cli.h"

#define MAX_OBJECTS 32 /* words of the largest table of commands */

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

static void say_unknown(const struct cli *cli, const struct cli_word *table, const char *word)
{
	const char *words[MAX_OBJECTS + 1] = {NULL}, *nearest;

	for (size_t i = 0; table[i].word && i < MAX_OBJECTS; i++)
		words[i] = table[i].word;
	nearest = ctl_nearest(word, words);
	if (nearest)
		cli_usage(cli, "unknown command \"%s\": did you mean \"%s\"?", word, nearest);
	else
		cli_usage(cli, "unknown command \"%s\": see `xlagg help`", word);
}

const struct cli_word *cli_find(const struct cli *cli, const struct cli_word *table, const char *word)
{
	const struct cli_word *found = NULL;
	size_t len = strlen(word);

	for (const struct cli_word *entry = table; entry->word && len; entry++) {
		if (strncmp(entry->word, word, len) != 0)
			continue;
		if (!entry->word[len])
			return entry;
		if (found && found->fn != entry->fn) {
			cli_usage(cli, "\"%s\" is ambiguous: \"%s\" or \"%s\"?", word, found->word, entry->word);
			return NULL;
		}
		found = entry;
	}
	if (!found)
		say_unknown(cli, table, word);
	return found;
}
