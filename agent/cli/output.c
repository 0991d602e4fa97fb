/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints results on stdout in the way that the options before OBJECT ask for. */
#include <string.h>

#include "show.h"

int show_json(const struct cli *cli, json_t *json)
{
	size_t flags = cli->pretty ? JSON_INDENT(4) : JSON_COMPACT;
	int r;

	if (!json)
		return cli_refuse(cli, "out of memory");
	r = json_dumpf(json, stdout, flags | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(json);
	return r == 0 && fflush(stdout) == 0 ? CLI_DONE : cli_refuse(cli, "cannot write the result");
}

void show_record(const struct cli *cli, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		bool joined = cli->oneline && text[i] == '\n' && i + 1 < len;

		putchar(joined ? '\\' : text[i]);
	}
}

struct show_how show_how(const struct cli *cli)
{
	return (struct show_how){
	    .details = cli->details, .brief = cli->brief, .stats = cli->stats, .colour = cli->colour};
}
