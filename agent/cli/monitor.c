/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* monitor: prints events as they happen, also across restarts of the agent. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <time.h>

#include "show.h"

#define RETRY_MS 100 /* between two attempts to reach an agent that went away */

static void print_event(const struct cli *cli, const struct xlagg_event *event)
{
	json_t *json;

	if (!cli->json) {
		show_text_event(stdout, event, cli->colour);
		return;
	}
	json = show_json_event(event);
	if (json)
		json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

/* Waits for the next agent, and prints the event of its start, which happened before anyone could subscribe. */
static int come_back(struct cli *cli, const char *name)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	struct xlagg_event event = {.type = XLAGG_EVENT_AGENT_START, .gap_ns = XLAGG_GAP_UNKNOWN};
	struct xlagg_agent_status agent;

	while (view_get_agent(cli, &agent) < 0) {
		cli_disconnect(cli);
		nanosleep(&pause, NULL);
	}
	event.time_ns = agent.start_ns;
	snprintf(event.text, sizeof(event.text), "%s", agent.adopted ? "adopted" : "fresh");
	if (cli_subscribe(cli, name) < 0)
		return -ECONNRESET;
	print_event(cli, &event);
	return 0;
}

int cmd_monitor(struct cli *cli, int argc, char *argv[])
{
	const char *name = argc ? argv[0] : NULL;
	bool again = false;

	if (argc > 1)
		return cli_usage(cli, "monitor takes one NAME or none, not \"%s\"", argv[1]);
	if (name && strlen(name) >= XLAGG_NAME_MAX)
		return cli_usage(cli, "a lagg's name has at most %d characters", XLAGG_NAME_MAX - 1);
	if (cli_subscribe(cli, name) < 0)
		return cli_failed(cli);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	for (;;) {
		const struct nlmsghdr *nlh;
		struct xlagg_event event;
		int r = cli_receive(cli, -1, &nlh);

		if (r < 0 && r != -EAGAIN) {
			cli_warn(cli, "the agent went away; waiting for the next one");
			while (come_back(cli, name) < 0)
				continue;
			again = true;
		}
		if (r < 0 || view_read_event(nlh, &event) < 0)
			continue;
		if (!again || event.type != XLAGG_EVENT_AGENT_START)
			print_event(cli, &event);
		if (ferror(stdout))
			return cli_refuse(cli, "cannot write the events");
	}
}
