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
	bool by_rate; /* the busiest port first, instead of the order of addition */
	int first;    /* lines that are scrolled away above */
	int lines;    /* of the last picture, without its heading */
};

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
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

	if (top->events.fd < 0 && cli_subscribe(&top->events, top->name) < 0)
		return;
	while (cli_receive(&top->events, 0, &nlh) == 0)
		if (view_read_event(nlh, &event) == 0 && event.type == XLAGG_EVENT_FAILOVER)
			remember(top, &event);
}

#define HEADING 2 /* rows that do not scroll */

static void print(int row, int attribute, const char *text)
{
	attrset(attribute);
	mvaddnstr(row, 0, text, COLS);
	attrset(A_NORMAL);
}

/* Prints the next line, unless it is scrolled away. */
static void line(struct top *top, int attribute, const char *text)
{
	int row = HEADING + top->lines++ - top->first;

	if (row >= HEADING && row < LINES)
		print(row, attribute, text);
}

/* Prints a sentence over as many lines as it needs: it says what is wrong. */
static void sentence(struct top *top, int attribute, const char *text)
{
	char part[TOP_LINE_MAX];
	size_t width = COLS > 20 && COLS < TOP_LINE_MAX ? (size_t)COLS : TOP_LINE_MAX - 1;

	for (size_t indent = strspn(text, " ") < 8 ? strspn(text, " ") : 8, hang = 0; text += strspn(text, " "), *text;
	     hang = 2) {
		int len = top_fit(text, width - indent - hang);

		snprintf(part, sizeof(part), "%*s%.*s", (int)(indent + hang), "", len, text);
		line(top, attribute, part);
		text += len;
	}
}

/* Writes the order in which the ports are shown. */
static void order_ports(const struct top *top, const struct view_lagg *lagg, const struct view_lagg *before,
			double seconds, uint32_t order[XLAGG_MAX_PORTS])
{
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		double rate = top_port_rate(lagg, i, before, seconds);
		uint32_t at = i;

		for (; top->by_rate && at && top_port_rate(lagg, order[at - 1], before, seconds) < rate; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static void draw_ports(struct top *top, const struct view_lagg *lagg, const struct view_lagg *before, double seconds)
{
	char text[TOP_LINE_MAX + XLAGG_SENTENCE_MAX];
	uint32_t order[XLAGG_MAX_PORTS];

	if (!lagg->model.ports)
		return;
	top_port_heading(text, sizeof(text));
	line(top, A_UNDERLINE, text);
	order_ports(top, lagg, before, seconds, order);
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		const struct xlagg_port_status *status = &lagg->port[order[i]];

		top_port_line(lagg, order[i], before, seconds, text, sizeof(text));
		line(top, status->reason[0] ? A_DIM : A_NORMAL, text);
		top_reason_line(status->reason, text, sizeof(text));
		sentence(top, A_NORMAL, text);
		top_reason_line(status->notice, text, sizeof(text));
		sentence(top, A_NORMAL, text);
	}
}

static void draw_lagg(struct top *top, const struct view_lagg *lagg, double seconds)
{
	const struct view_lagg *before = find(&top->before, lagg->model.name);
	const struct xlagg_event *failover = last_failover(top, lagg->model.name);
	char text[SHOW_FAILOVER_SIZE + TOP_LINE_MAX], story[SHOW_FAILOVER_SIZE], age[TOP_AGE_SIZE];

	top_lagg_line(lagg, text, sizeof(text));
	line(top, A_BOLD, text);
	top_reason_line(lagg->status.reason, text, sizeof(text));
	sentence(top, A_BOLD, text);
	top_rates_line(lagg, before, seconds, text, sizeof(text));
	line(top, A_NORMAL, text);
	if (failover) {
		top_age(failover->time_ns, read_clock(CLOCK_REALTIME), age);
		show_text_failover(failover, story, sizeof(story));
		snprintf(text, sizeof(text), "  last failover %s ago %s", age, story);
		sentence(top, A_NORMAL, text);
	}
	draw_ports(top, lagg, before, seconds);
	line(top, A_NORMAL, "");
}

/* Prints the heading. On its right stands which lines are shown, if they are not all. */
static void draw_heading(const struct top *top, uint32_t laggs)
{
	char text[TOP_LINE_MAX], keys[TOP_LINE_MAX], where[40] = "";
	int shown = LINES - HEADING;
	int last = top->first + shown < top->lines ? top->first + shown : top->lines;

	snprintf(keys, sizeof(keys), "xlagg top  %u lagg%s  q: quit  s: sort by %s  arrows, pages: scroll", laggs,
		 laggs == 1 ? "" : "s", top->by_rate ? "order" : "rate");
	if (top->lines > shown)
		snprintf(where, sizeof(where), " %d-%d/%d", top->first + 1, last, top->lines);
	snprintf(text, sizeof(text), "%-*.*s%s", COLS - (int)strlen(where), COLS - (int)strlen(where), keys, where);
	print(0, A_REVERSE, text);
}

static void draw_view(struct top *top, const struct view *view, double seconds)
{
	erase();
	top->lines = 0;
	for (uint32_t i = 0; i < view->laggs; i++)
		draw_lagg(top, &view->lagg[i], seconds);
	draw_heading(top, view->laggs);
	refresh();
}

static void draw(struct top *top)
{
	struct view view = {0};
	double now = (double)read_clock(CLOCK_MONOTONIC) / 1e9;

	if (view_get(top->cli, top->name, &view) < 0) {
		erase();
		top->lines = top->first = 0;
		draw_heading(top, 0);
		sentence(top, A_NORMAL, top->cli->sentence);
		refresh();
		return;
	}
	take_events(top);
	draw_view(top, &view, now - top->before_s);
	view_free(&top->before);
	top->before = view;
	top->before_s = now;
}

/* Does what the key asks for. Returns false for the one that ends. */
static bool take_key(struct top *top, int key)
{
	int page = LINES > HEADING ? LINES - HEADING : 1, last = top->lines > page ? top->lines - page : 0;

	if (key == 's')
		top->by_rate = !top->by_rate;
	else if (key == KEY_DOWN || key == 'j')
		top->first++;
	else if (key == KEY_UP || key == 'k')
		top->first--;
	else if (key == KEY_NPAGE || key == ' ')
		top->first += page;
	else if (key == KEY_PPAGE || key == 'b')
		top->first -= page;
	else if (key == KEY_HOME)
		top->first = 0;
	else if (key == KEY_END)
		top->first = last;
	top->first = top->first > last ? last : top->first < 0 ? 0 : top->first;
	return key != 'q';
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
	keypad(stdscr, TRUE);
	timeout(REFRESH_MS);
	do
		draw(&top);
	while (take_key(&top, getch()));
	endwin();
	view_free(&top.before);
	cli_disconnect(&top.events);
	return CLI_DONE;
}
