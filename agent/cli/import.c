/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: prints the commands that are equivalent to a configuration of bonding, teamd, networkd or FreeBSD. */
#include "import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define NOTE_MAX 1024 /* octets of the longest comment */

static int say(struct import *import, const char *sentence)
{
	if (!import->line) {
		cli_refuse(import->cli, "%s: %s", import->path, sentence);
		return -EINVAL;
	}
	import->cli->batch = import->path;
	import->cli->line = import->line;
	cli_refuse(import->cli, "%s", sentence);
	import->cli->batch = NULL;
	return -EINVAL;
}

int import_refuse(struct import *import, const char *format, ...)
{
	char sentence[NOTE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return say(import, sentence);
}

void import_note(struct import *import, struct import_lagg *lagg, const char *format, ...)
{
	struct import_notes *notes = lagg ? &lagg->notes : &import->notes;
	char text[NOTE_MAX], printable[4 * NOTE_MAX];
	va_list args;

	if (!notes->out)
		notes->out = open_memstream(&notes->text, &notes->size);
	if (!notes->out)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A line's end in a value would end the comment. */
	fprintf(notes->out, "# %s\n", ctl_printable(text, printable, sizeof(printable)));
}

struct import_lagg *import_find(struct import *import, const char *name)
{
	for (uint32_t i = 0; i < import->laggs; i++)
		if (strcmp(import->lagg[i].command.name, name) == 0)
			return &import->lagg[i];
	return NULL;
}

struct import_lagg *import_lagg(struct import *import, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX];
	struct import_lagg *lagg = import_find(import, name);

	if (lagg)
		return lagg;
	if (ctl_check_new_name(name, sentence) < 0) {
		say(import, sentence);
		return NULL;
	}
	if (import->laggs == XLAGG_MAX_LAGGS) {
		import_refuse(import, "more than %d laggs: an agent can have no more; split the file", XLAGG_MAX_LAGGS);
		return NULL;
	}
	lagg = &import->lagg[import->laggs++];
	lagg->command.cmd = XLAGG_CMD_LAGG_ADD;
	lagg->command.from_file = true;
	lagg->line = import->line;
	ctl_defaults(&lagg->command.conf);
	snprintf(lagg->command.name, sizeof(lagg->command.name), "%s", name);
	return lagg;
}

/* The readers name options of ours only, in full. */
static int option_index(bool port, const char *option)
{
	int index = ctl_find_option(port, option, NULL);

	if (index < 0)
		abort();
	return index;
}

int import_set(struct import *import, struct import_lagg *lagg, const char *option, const char *value)
{
	char sentence[XLAGG_SENTENCE_MAX];
	int index = option_index(false, option);

	if (ctl_parse_value(&xlagg_lagg_options[index], value, &lagg->command.conf, sentence) < 0)
		return say(import, sentence);
	lagg->command.has |= 1ull << index;
	return 0;
}

bool import_has(const struct import_lagg *lagg, const char *option)
{
	return lagg->command.has >> option_index(false, option) & 1;
}

void import_unset(struct import_lagg *lagg, const char *option)
{
	const struct xlagg_option *row = &xlagg_lagg_options[option_index(false, option)];
	struct xlagg_lagg_conf defaults;

	ctl_defaults(&defaults);
	memcpy((char *)&lagg->command.conf + row->offset, (char *)&defaults + row->offset, row->size);
	lagg->command.has &= ~(1ull << (row - xlagg_lagg_options));
}

struct ctl_port *import_port(struct import *import, struct import_lagg *lagg, const char *device)
{
	struct ctl_command *command = &lagg->command;
	char sentence[XLAGG_SENTENCE_MAX];
	struct ctl_port *port;

	for (uint32_t i = 0; i < command->ports; i++)
		if (strcmp(command->port[i].name, device) == 0)
			return &command->port[i];
	if (ctl_check_name(device, "a port", sentence) < 0) {
		say(import, sentence);
		return NULL;
	}
	if (command->ports == XLAGG_MAX_PORTS) {
		import_refuse(import, "%s has more than %d ports: a lagg can have no more; leave some out",
			      command->name, XLAGG_MAX_PORTS);
		return NULL;
	}
	port = &command->port[command->ports++];
	ctl_port_defaults(&port->conf);
	snprintf(port->name, sizeof(port->name), "%s", device);
	return port;
}

int import_port_set(struct import *import, struct ctl_port *port, const char *option, const char *value)
{
	char sentence[XLAGG_SENTENCE_MAX];
	int index = option_index(true, option);

	if (ctl_parse_value(&xlagg_port_options[index], value, &port->conf, sentence) < 0)
		return say(import, sentence);
	port->has |= 1ull << index;
	return 0;
}

int import_address(struct import *import, struct import_lagg *lagg, const char *address)
{
	struct ctl_command *command = &lagg->command;
	char sentence[XLAGG_SENTENCE_MAX], text[XLAGG_ADDRESS_MAX];

	if (ctl_parse_address(address, text, sentence) < 0)
		return say(import, sentence);
	for (uint32_t i = 0; i < command->addresses; i++)
		if (strcmp(command->address[i], text) == 0)
			return 0;
	if (command->addresses == XLAGG_MAX_ADDRESSES)
		return import_refuse(import, "%s has more than %d addresses: add further ones with `ip address`",
				     command->name, XLAGG_MAX_ADDRESSES);
	memcpy(command->address[command->addresses++], text, sizeof(text));
	return 0;
}

int import_target(struct import *import, struct import_lagg *lagg, const char *address)
{
	char list[XLAGG_TEXT_MAX + 80];
	const char *before = import_has(lagg, "probe") ? lagg->command.conf.probe : "";

	snprintf(list, sizeof(list), "%s%s%.64s", before, *before ? "," : "", address);
	return import_set(import, lagg, "probe", list);
}

char *import_slurp(struct import *import)
{
	char *text = config_slurp(import->path);

	if (!text)
		import_refuse(import, "%s", errno == EILSEQ ? "it contains a NUL, so it is no text" : strerror(errno));
	return text;
}

char *import_line(struct import *import, char **text, int *lines)
{
	char *line = *text, *out = line, *in = line;

	if (!*line)
		return NULL;
	import->line = ++*lines;
	for (; *in && *in != '\n'; in++) {
		if (*in == '\r' && (in[1] == '\n' || !in[1]))
			continue;
		if (in[0] == '\\' && in[1] == '\n') {
			++*lines;
			in++;
			*out++ = ' ';
		} else {
			*out++ = *in;
		}
	}
	*text = *in ? in + 1 : in;
	*out = '\0';
	return line;
}

typedef int (*reader)(struct import *import, const char *what);

static const struct {
	const char *word;
	reader read;
} kinds[] = {
    {"bonding", import_bonding},
    {"teamd", import_teamd},
    {"networkd", import_networkd},
    {"rc.conf", import_rcconf},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void print_notes(struct import_notes *notes)
{
	if (!notes->out)
		return;
	if (ctl_end_text(notes->out, &notes->text) == 0)
		fputs(notes->text, stdout);
	else
		fputs("# the notes are missing: out of memory\n", stdout);
	notes->out = NULL;
}

/* Prints everything, unless something in it excludes something else. Returns 0 or -EINVAL. */
static int print_all(struct import *import, struct ctl_model *model)
{
	char sentence[XLAGG_SENTENCE_MAX];

	for (uint32_t i = 0; i < import->laggs; i++) {
		import->line = import->lagg[i].line;
		if (ctl_apply(model, &import->lagg[i].command, sentence) < 0)
			return say(import, sentence);
	}
	print_notes(&import->notes);
	for (uint32_t i = 0; i < import->laggs; i++) {
		print_notes(&import->lagg[i].notes);
		ctl_print_lagg(stdout, &model->lagg[i]);
	}
	return 0;
}

static void free_notes(struct import_notes *notes)
{
	if (notes->out)
		fclose(notes->out);
	free(notes->text);
}

static int read_and_print(struct import *import, struct ctl_model *model, reader read)
{
	if (read(import, import->path) < 0 || print_all(import, model) < 0)
		return CLI_REFUSED;
	return CLI_DONE;
}

static int run(struct cli *cli, reader read, const char *what)
{
	struct import *import = calloc(1, sizeof(*import));
	struct ctl_model *model = calloc(1, sizeof(*model));
	int status = CLI_REFUSED;

	if (import && model) {
		import->cli = cli;
		import->path = what;
		status = read_and_print(import, model, read);
		free_notes(&import->notes);
		for (uint32_t i = 0; i < import->laggs; i++)
			free_notes(&import->lagg[i].notes);
	} else {
		cli_refuse(cli, "out of memory");
	}
	free(import);
	free(model);
	return status;
}

int cmd_import(struct cli *cli, int argc, char *argv[])
{
	const char *words[KINDS + 1] = {NULL}, *nearest;

	if (argc != 2)
		return cli_usage(cli, "import takes bonding, teamd, networkd or rc.conf, and FILE or DEV");
	if (cli->netns)
		return cli_usage(cli,
				 "import reads files and devices from where it runs: use `ip netns exec %s xlagg "
				 "import ...` instead of -n",
				 cli->netns);
	for (size_t i = 0; i < KINDS; i++) {
		words[i] = kinds[i].word;
		if (strcmp(argv[0], words[i]) == 0)
			return run(cli, kinds[i].read, argv[1]);
	}
	nearest = ctl_nearest(argv[0], words);
	if (nearest)
		return cli_usage(cli, "import does not know \"%s\"; did you mean \"%s\"?", argv[0], nearest);
	return cli_usage(cli, "import does not know \"%s\"; it takes bonding, teamd, networkd or rc.conf", argv[0]);
}
