/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* top: shows a live view of the laggs in a terminal. */
#include "top.h"

#include <curses.h>
#include <locale.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "show.h"
#include "words.h"

#define REFRESH_MS 1000
#define REMEMBERED 32 /* number of laggs whose last failover is kept */

struct top {
	struct cli *cli;    /* connection that asks for the view */
	struct cli events;  /* connection that is subscribed to events */
	const char *name;   /* the lagg, NULL: all */
	struct view before; /* the view that was shown last */
	double before_s;    /* when it was taken, CLOCK_MONOTONIC */
	uint32_t failovers; /* entries of `failover` */
	struct xlagg_event failover[REMEMBERED];
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct view_lagg *find(const struct view *view, const char *name)
{
	for (uint32_t i = 0; i < view->laggs; i++)
		if (strcmp(view->lagg[i].model.name, name) == 0)
			return &view->lagg[i];
	return NULL;
}

static struct xlagg_event *last_failover(struct top *top, const char *lagg)
{
	for (uint32_t i = 0; i < top->failovers; i++)
		if (strcmp(top->failover[i].lagg, lagg) == 0)
			return &top->failover[i];
	return NULL;
}

static void remember(struct top *top, const struct xlagg_event *event)
{
	struct xlagg_event *slot = last_failover(top, event->lagg);

	if (!slot && top->failovers < REMEMBERED)
		slot = &top->failover[top->failovers++];
	if (slot)
		*slot = *event;
}

/* Takes the events that have arrived. Subscribes again if the agent was restarted. */
static void take_events(struct top *top)
{
	const struct nlmsghdr *nlh;
	struct xlagg_event event;

	if (top->events.fd < 0 && monitor_subscribe(&top->events, top->name) < 0)
		return;
	while (cli_receive(&top->events, 0, &nlh) == 0)
		if (view_read_event(nlh, &event) == 0 && event.type == XLAGG_EVENT_FAILOVER)
			remember(top, &event);
}

/* Prints a line if there is still room for it. Returns the next row. */
static int line(int row, int attribute, const char *text)
{
	if (row >= LINES)
		return row;
	attrset(attribute);
	mvaddnstr(row, 0, text, COLS);
	attrset(A_NORMAL);
	return row + 1;
}

static int draw_lagg(struct top *top, const struct view_lagg *lagg, double seconds, int row)
{
	const struct view_lagg *before = find(&top->before, lagg->model.name);
	const struct xlagg_event *failover = last_failover(top, lagg->model.name);
	char text[SHOW_FAILOVER_SIZE + TOP_LINE_MAX], story[SHOW_FAILOVER_SIZE], when[WORDS_TIME_SIZE];

	top_lagg_line(lagg, before, seconds, text, sizeof(text));
	row = line(row, A_BOLD, text);
	if (failover) {
		words_time(failover->time_ns, when);
		show_text_failover(failover, story, sizeof(story));
		snprintf(text, sizeof(text), "  last failover %s %s", when, story);
		row = line(row, A_NORMAL, text);
	}
	top_port_heading(text, sizeof(text));
	row = line(row, A_UNDERLINE, text);
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		top_port_line(lagg, i, before, seconds, text, sizeof(text));
		row = line(row, lagg->port[i].reason[0] ? A_DIM : A_NORMAL, text);
	}
	return row + 1;
}

static void draw(struct top *top)
{
	struct view view = {0};
	double now = now_s();
	char text[TOP_LINE_MAX];
	int row = 0;

	erase();
	if (view_get(top->cli, top->name, &view) < 0) {
		line(line(0, A_BOLD, "xlagg top    q: quit"), A_NORMAL, top->cli->sentence);
		refresh();
		return;
	}
	take_events(top);
	snprintf(text, sizeof(text), "xlagg top    %u lagg%s    q: quit", view.laggs, view.laggs == 1 ? "" : "s");
	row = line(row, A_REVERSE, text) + 1;
	for (uint32_t i = 0; i < view.laggs; i++)
		row = draw_lagg(top, &view.lagg[i], now - top->before_s, row);
	refresh();
	view_free(&top->before);
	top->before = view;
	top->before_s = now;
}

int cmd_top(struct cli *cli, int argc, char *argv[])
{
	static struct top top;
	__attribute__((cleanup(view_free))) struct view view = {0};

	if (argc > 1)
		return cli_usage(cli, "top takes one NAME or none, not \"%s\"", argv[1]);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_refuse(cli, "top needs a terminal: `xlagg -s lagg show` prints the counters once");
	top = (struct top){.cli = cli, .name = argc ? argv[0] : NULL};
	if (view_get(cli, top.name, &view) < 0)
		return cli_failed(cli);
	top.events = (struct cli){.fd = -1, .netns = cli->netns, .socket = cli->socket};
	setlocale(LC_CTYPE, "");
	if (!initscr())
		return cli_refuse(cli, "the terminal cannot be used: see the variable TERM");
	cbreak();
	noecho();
	curs_set(0);
	timeout(REFRESH_MS);
	do
		draw(&top);
	while (getch() != 'q');
	endwin();
	view_free(&top.before);
	cli_disconnect(&top.events);
	return CLI_DONE;
}
