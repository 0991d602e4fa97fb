/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* lagg show, port show, agent show: print what the agent reports. */
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* Prints one record of text: the lagg, or, unless `port` is negative, one of its ports. Returns an exit status. */
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
	if (ctl_end_text(out, &text) < 0)
		return cli_refuse(cli, "out of memory");
	show_record(cli, text);
	free(text);
	return CLI_DONE;
}

int cmd_lagg_show(struct cli *cli, int argc, char *argv[])
{
	__attribute__((cleanup(view_free))) struct view view = {0};
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

int cmd_port_show(struct cli *cli, int argc, char *argv[])
{
	const char *device = argc > 1 ? argv[1] : NULL;
	__attribute__((cleanup(view_free))) struct view view = {0};
	json_t *json = NULL;
	int meant;

	if (argc > 2)
		return cli_usage(cli, "port show takes [NAME [DEV]], not \"%s\"", argv[2]);
	if (view_get(cli, argc ? argv[0] : NULL, &view) < 0)
		return cli_failed(cli);
	meant = device ? view_find_port(cli, &view.lagg[0], device) : -1;
	if (device && meant < 0)
		return cli_refuse(cli, "%s is not a port of %s: `xlagg port show %s` lists its ports", device, argv[0],
				  argv[0]);
	if (cli->json)
		json = json_array();
	for (uint32_t i = 0; i < view.laggs; i++) {
		const struct view_lagg *lagg = &view.lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			if (device && port != (uint32_t)meant)
				continue;
			if (json)
				json_array_append_new(json, show_json_port(lagg, port, cli->details, cli->stats));
			else if (print_lagg(cli, lagg, (int)port) != CLI_DONE)
				return CLI_REFUSED;
		}
	}
	return json ? show_json(cli, json) : CLI_DONE;
}

int cmd_agent_show(struct cli *cli, int argc, char *argv[])
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
