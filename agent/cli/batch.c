/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* -b FILE: runs the commands of a file, each as a transaction of its own. */
#include <errno.h>
#include <string.h>

#include "config.h"

int cli_batch(struct cli *cli, const char *path)
{
	__attribute__((cleanup(config_free))) char *text = config_slurp(path);
	char *words[CTL_MAX_WORDS], *rest = text, sentence[XLAGG_SENTENCE_MAX];
	int status = CLI_DONE;

	if (!text)
		return cli_refuse(cli, "%s: %s", path, strerror(errno));
	cli->batch = path;
	cli->line = 0;
	for (;;) {
		int count = ctl_split(&rest, words, CTL_MAX_WORDS, &cli->line, sentence), done;

		if (count == 0)
			return status;
		if (count < 0)
			return cli_refuse(cli, "%s", sentence);
		done = cli_dispatch(cli, count, words);
		if (done != CLI_DONE)
			status = CLI_REFUSED;
		if (done != CLI_DONE && !cli->force)
			return status;
	}
}
