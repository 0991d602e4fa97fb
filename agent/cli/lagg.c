/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Objects `lagg`, `port` and `agent`, and the commands that change all laggs at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* A changing command in the words of the control language; `object` is put before them. */
static int change(struct cli *cli, const char *object, int argc, char *argv[])
{
	char *words[CLI_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command;
	int ret;

	if (argc + 1 > CLI_MAX_WORDS)
		return cli_usage(cli, "more than %d words", CLI_MAX_WORDS - 1);
	words[0] = (char *)object;
	memcpy(&words[1], argv, (size_t)argc * sizeof(argv[0]));
	ret = ctl_parse(argc + 1, words, cli->batch != NULL, &command, sentence);
	if (ret == -EINVAL)
		return cli_usage(cli, "%s", sentence);
	if (ret < 0)
		return cli_refuse(cli, "%s", sentence);
	return cli_change(cli, &command) < 0 ? cli_failed(cli) : CLI_DONE;
}

/* One record of text from a writer, on stdout. */
static int print_lagg(struct cli *cli, const struct view_lagg *lagg, int port)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return cli_refuse(cli, "out of memory");
	if (port < 0)
		show_text_lagg(out, lagg, show_how(cli));
	else
		show_text_port(out, lagg, (uint32_t)port, show_how(cli));
	fclose(out);
	show_record(cli, text);
	free(text);
	return CLI_DONE;
}

static int lagg_show(struct cli *cli, int argc, char *argv[])
{
	VIEW_AUTO view = {0};
	json_t *json;

	if (argc > 1)
		return cli_usage(cli, "lagg show takes one NAME or none, not \"%s\"", argv[1]);
	if (view_get(cli, argc ? argv[0] : NULL, &view) < 0)
		return cli_failed(cli);
	if (cli->json) {
		json = json_array();
		for (uint32_t i = 0; i < view.laggs; i++)
			json_array_append_new(json, show_json_lagg(&view.lagg[i], cli->details, cli->stats));
		return show_json(cli, json);
	}
	for (uint32_t i = 0; i < view.laggs; i++)
		if (print_lagg(cli, &view.lagg[i], -1) != CLI_DONE)
			return CLI_REFUSED;
	return CLI_DONE;
}

static int port_show(struct cli *cli, int argc, char *argv[])
{
	const char *device = argc > 1 ? argv[1] : NULL;
	VIEW_AUTO view = {0};
	json_t *json = NULL;

	if (argc > 2)
		return cli_usage(cli, "port show takes [NAME [DEV]], not \"%s\"", argv[2]);
	if (view_get(cli, argc ? argv[0] : NULL, &view) < 0)
		return cli_failed(cli);
	if (device && ctl_find_port(&view.lagg[0].model, device) < 0)
		return cli_refuse(cli, "%s is no port of %s: `xlagg port show %s` lists its ports", device, argv[0],
				  argv[0]);
	if (cli->json)
		json = json_array();
	for (uint32_t i = 0; i < view.laggs; i++) {
		const struct view_lagg *lagg = &view.lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			if (device && strcmp(device, lagg->model.port[port].name) != 0)
				continue;
			if (json)
				json_array_append_new(json, show_json_port(lagg, port, cli->details, cli->stats));
			else if (print_lagg(cli, lagg, (int)port) != CLI_DONE)
				return CLI_REFUSED;
		}
	}
	return json ? show_json(cli, json) : CLI_DONE;
}

static int agent_show(struct cli *cli, int argc, char *argv[])
{
	struct xlagg_agent_status agent;
	json_t *json;

	if (argc)
		return cli_usage(cli, "agent show takes no word, not \"%s\"", argv[0]);
	if (view_get_agent(cli, &agent) < 0)
		return cli_failed(cli);
	if (cli->json) {
		json = json_array();
		json_array_append_new(json, show_json_agent(&agent));
		return show_json(cli, json);
	}
	show_text_agent(stdout, &agent);
	return CLI_DONE;
}

/* Words that the control language knows: `change` parses them again, with the object. */
static int change_lagg(struct cli *cli, int argc, char *argv[])
{
	return change(cli, "lagg", argc, argv);
}

static int change_port(struct cli *cli, int argc, char *argv[])
{
	return change(cli, "port", argc, argv);
}

static const struct cli_word lagg_words[] = {
    {"add", change_lagg, NULL},	   {"set", change_lagg, NULL}, {"del", change_lagg, NULL},
    {"delete", change_lagg, NULL}, {"show", lagg_show, NULL},  {"list", lagg_show, NULL},
    {"lst", lagg_show, NULL},	   {"ls", lagg_show, NULL},    {NULL, NULL, NULL},
};
static const struct cli_word port_words[] = {
    {"add", change_port, NULL}, {"set", change_port, NULL},    {"activate", change_port, NULL},
    {"del", change_port, NULL}, {"delete", change_port, NULL}, {"show", port_show, NULL},
    {"list", port_show, NULL},	{"ls", port_show, NULL},       {NULL, NULL, NULL},
};
static const struct cli_word agent_words[] = {{"show", agent_show, NULL}, {NULL, NULL, NULL}};

/* Runs the word's function: `show` after its word, a change with its word, which the control language reads. */
static int run(struct cli *cli, const struct cli_word *table, cli_fn show, int argc, char *argv[])
{
	const struct cli_word *word;

	if (argc == 0)
		return show(cli, 0, argv);
	word = cli_find(cli, table, argv[0]);
	if (!word)
		return CLI_USAGE;
	return word->fn == show ? show(cli, argc - 1, argv + 1) : word->fn(cli, argc, argv);
}

int cmd_lagg(struct cli *cli, int argc, char *argv[])
{
	return run(cli, lagg_words, lagg_show, argc, argv);
}

int cmd_port(struct cli *cli, int argc, char *argv[])
{
	return run(cli, port_words, port_show, argc, argv);
}

int cmd_agent(struct cli *cli, int argc, char *argv[])
{
	return run(cli, agent_words, agent_show, argc, argv);
}

static int simple(struct cli *cli, uint16_t cmd, const char *word, int argc, char *argv[])
{
	struct ctl_command command = {.cmd = cmd};

	if (argc)
		return cli_usage(cli, "%s takes no word, not \"%s\"", word, argv[0]);
	return cli_change(cli, &command) < 0 ? cli_failed(cli) : CLI_DONE;
}

int cmd_reload(struct cli *cli, int argc, char *argv[])
{
	return simple(cli, XLAGG_CMD_RELOAD, "reload", argc, argv);
}

int cmd_flush(struct cli *cli, int argc, char *argv[])
{
	return simple(cli, XLAGG_CMD_FLUSH, "flush", argc, argv);
}
