/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One line on a terminal that says how a command gets on, while it takes long. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "xlagg/ctl.h"

struct cli_progress {
	bool wanted;	   /* stdout and stderr are a terminal that can delete a line */
	uint64_t since_ns; /* CLOCK_MONOTONIC of the request */
	bool drawn;	   /* the line is on the terminal */
};

void cli_progress_init(struct cli_progress *progress);
/* A request is sent now. */
void cli_progress_begin(struct cli_progress *progress);
/* Draws the line that this XLAGG_MSG_PROGRESS makes, if the command has taken long enough to be worth one. */
void cli_progress_draw(struct cli_progress *progress, const struct nlmsghdr *nlh);
/* Deletes the line. To be called before anything else is printed. */
void cli_progress_clear(struct cli_progress *progress);
/* Writes the line, of at most `size` - 1 octets: "12 of 100 laggs: making lagg12". */
void cli_progress_line(const struct xlagg_progress *now, char *ret, size_t size);

#endif
