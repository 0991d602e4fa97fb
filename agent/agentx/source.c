/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Asks the agent for its laggs, and follows its events, so that a change is noticed before somebody asks for it. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <time.h>

#include "agentx/source.h"
#include "agentx/tables.h"

#define FRESH_MS 1000	/* rows are that old at most when they are read */
#define PATIENCE_MS 500 /* snmpd waits for a second: an agent that does not answer must not stop it */

static struct cli ask = {.fd = -1, .patience_ms = PATIENCE_MS};
static struct cli events = {.fd = -1, .patience_ms = PATIENCE_MS};
static struct mib shown;	     /* what the tables have */
static int answers = -1;	     /* boolean: the agent answered when it was last asked; -1: not asked yet */
static bool stale = true;	     /* something may have changed since */
static int64_t asked_ms = -FRESH_MS; /* when it was asked, CLOCK_MONOTONIC */
static unsigned long changed_uptime; /* when `shown` changed, hundredths of a second of sysUpTime */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void source_open(const char *netns, const char *socket)
{
	ask.netns = events.netns = netns;
	ask.socket = events.socket = socket;
}

/* Takes over the values. */
static void show(struct mib *mib)
{
	if (!mib_same(mib, &shown))
		changed_uptime = netsnmp_get_agent_uptime();
	if (tables_show(mib) < 0)
		snmp_log(LOG_ERR, "out of memory: the tables are empty\n");
	mib_free(&shown);
	shown = *mib;
}

/* Reports that the agent went away or came back. */
static void report(bool now)
{
	if (now != answers)
		snmp_log(LOG_NOTICE, "%s\n", now ? "the agent answers" : ask.sentence);
	answers = now;
}

static void look(void)
{
	__attribute__((cleanup(view_free))) struct view view = {0};
	struct mib mib = {0};
	bool up = view_get(&ask, NULL, &view) == 0;

	cli_disconnect(&ask); /* the next time it may be another agent */
	report(up);
	if (up && mib_read(&view, &mib) < 0)
		snmp_log(LOG_ERR, "out of memory: the tables are empty\n");
	show(&mib);
	stale = false;
	asked_ms = now_ms();
}

void source_freshen(void)
{
	if (stale || now_ms() - asked_ms >= FRESH_MS)
		look();
}

/* The end of the connection is an event, too: whatever was shown is gone, or will be another agent's. */
static void on_event(int fd, void *context)
{
	const struct nlmsghdr *nlh;
	int r;

	(void)context;
	do
		r = cli_receive(&events, 0, &nlh);
	while (r == 0);
	if (events.fd < 0)
		unregister_readfd(fd);
	stale = true;
}

/* Follows the events, from now on. */
static void follow(void)
{
	if (cli_subscribe(&events, NULL) < 0) {
		cli_disconnect(&events);
		return;
	}
	register_readfd(events.fd, on_event, NULL);
	stale = true;
}

void source_tick(void)
{
	if (events.fd < 0)
		follow();
	if (stale)
		look();
}

unsigned long source_last_changed(void)
{
	return changed_uptime;
}

void source_close(void)
{
	struct mib none = {0};

	show(&none);
	cli_disconnect(&events);
}
