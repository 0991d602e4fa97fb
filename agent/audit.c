/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Logs who changed what: user, process, its program and the command in the words of the CLI. */
#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/fd.h"
#include "sys/log.h"

#define MANY 16	       /* commands of one transaction of which each is logged */
#define COMM_OCTETS 16 /* TASK_COMM_LEN */

/* The name of the process's program, or "?" when it has ended. */
static void program_of(pid_t pid, char ret[COMM_OCTETS])
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	if (!file || !fgets(ret, COMM_OCTETS, file))
		snprintf(ret, COMM_OCTETS, "?");
	ret[strcspn(ret, "\n")] = 0;
}

/* The command as the CLI takes it; NULL: no memory. To be freed by the caller. */
static char *words_of(const struct ctl_command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	ctl_print_command(out, command);
	if (ctl_end_text(out, &text) < 0)
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return text;
}

static void note(const struct client *client, const char *program, const char *what, int r)
{
	/* -EINPROGRESS: it was done, but a device that is now free is not yet as it was before. */
	bool refused = r < 0 && r != -EINPROGRESS;
	log_info("uid %u, pid %d (%s): %s%s%s", client->peer.uid, client->peer.pid, program, what,
		 refused ? ": refused: " : "", refused ? strerror(-r) : "");
}

void audit(const struct client *client, const struct ctl_command *command, uint32_t count, int r)
{
	char program[COMM_OCTETS], more[40];
	program_of(client->peer.pid, program);
	for (uint32_t i = 0; i < count && i < MANY; i++) {
		char *words = words_of(&command[i]);
		note(client, program, words ? words : "a command", r);
		free(words);
	}
	if (count <= MANY)
		return;
	snprintf(more, sizeof(more), "and %u more commands", count - MANY);
	note(client, program, more, r);
}
