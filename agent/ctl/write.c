/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints commands and configurations as words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/option.h"

#define NEXT_LINE " \\\n    "

/* Returns the verb of a command, or NULL, and writes its object. */
static const char *verb_of(uint16_t cmd, const char **object)
{
	for (const struct ctl_usage *usage = ctl_commands; usage->object; usage++)
		if (cmd && usage->cmd == cmd) {
			*object = usage->object;
			return usage->verb;
		}
	*object = "";
	return NULL;
}

static void print_word(FILE *out, const char *word)
{
	char quoted[4 * XLAGG_TEXT_MAX];

	fputs(ctl_quote(word, quoted, sizeof(quoted)), out);
}

static void print_values(FILE *out, const struct xlagg_option *options, size_t count, uint64_t has, const void *conf)
{
	char value[XLAGG_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (!(has >> i & 1))
			continue;
		ctl_print_value(&options[i], conf, value, sizeof(value));
		fprintf(out, " %s ", options[i].name);
		if (options[i].kind == XLAGG_KIND_LAGG_MAC && strncmp(value, "from ", 5) == 0) {
			fputs("from ", out);
			print_word(out, value + 5);
		} else {
			print_word(out, value);
		}
	}
}

/* Writes a command, with `before` in front of each port and address of `lagg add`. */
static void print(FILE *out, const struct ctl_command *command, const char *before)
{
	bool clause = command->cmd == XLAGG_CMD_LAGG_ADD || command->cmd == XLAGG_CMD_LAGG_TAKE;
	const char *object, *verb = verb_of(command->cmd, &object);

	fprintf(out, "%s%s%s", object, verb ? " " : "", verb ?: "");
	if (*command->name) {
		fputc(' ', out);
		print_word(out, command->name);
	}
	if (command->check)
		fputs(" check", out);
	print_values(out, xlagg_lagg_options, XLAGG_LAGG_OPTIONS, command->has, &command->conf);
	if (command->has_admin)
		fputs(command->conf.admin ? " up" : " down", out);
	for (uint32_t i = 0; i < command->ports; i++) {
		fprintf(out, "%s", clause ? before : " ");
		fputs(clause ? "port " : "", out);
		print_word(out, command->port[i].name);
		print_values(out, xlagg_port_options, XLAGG_PORT_OPTIONS, command->port[i].has, &command->port[i].conf);
	}
	for (uint32_t i = 0; i < command->addresses; i++)
		fprintf(out, "%s%s", clause ? before : " ", command->address[i]);
}

void ctl_print_command(FILE *out, const struct ctl_command *command)
{
	print(out, command, " ");
}

int ctl_end_text(FILE *out, char **text)
{
	bool failed = ferror(out) != 0;
	failed |= fclose(out) != 0;
	/* fclose() may succeed and leave no text: glibc does not report that its last allocation failed. */
	if (!failed && *text)
		return 0;
	free(*text);
	*text = NULL;
	return -ENOMEM;
}

void ctl_print_lagg(FILE *out, const struct xlagg_model *lagg)
{
	struct ctl_command command;

	ctl_model_to_command(lagg, &command);
	print(out, &command, NEXT_LINE);
	fputc('\n', out);
}

void ctl_print_model(FILE *out, const struct ctl_model *model)
{
	for (uint32_t i = 0; i < model->laggs; i++)
		ctl_print_lagg(out, &model->lagg[i]);
}
