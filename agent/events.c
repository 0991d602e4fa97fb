/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reports events to the clients that subscribed. A client that does not read them is disconnected. */
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "events.h"
#include "server.h"
#include "sys/log.h"

#define WHAT_OCTETS 64 /* of " from X to Y", with the NUL */

/* Writes what the event's type alone does not say. */
static void describe(const struct xlagg_event *event, char ret[WHAT_OCTETS])
{
	ret[0] = '\0';
	if (event->type == XLAGG_EVENT_FAILOVER)
		snprintf(ret, WHAT_OCTETS, " from %s to %s", event->from[0] ? event->from : "none",
			 event->to[0] ? event->to : "none");
	else if (event->type == XLAGG_EVENT_CARRIER)
		snprintf(ret, WHAT_OCTETS, event->new_flags ? " up" : " down");
}

/* Writes an event to the journal, whose fields name lagg and port. On a terminal nothing is written: there `xlagg
 * monitor` shows events. */
static void note(const struct xlagg_event *event)
{
	enum log_level level = event->type == XLAGG_EVENT_TABLE ? LOG_LEVEL_DEBUG
			       : event->type == XLAGG_EVENT_INTRUDER || event->type == XLAGG_EVENT_GREY
				   ? LOG_LEVEL_WARNING
				   : LOG_LEVEL_INFO;
	const char *word = event->type < XLAGG_EVENT_MAX ? xlagg_words_event[event->type] : "event";
	char what[WHAT_OCTETS];
	if (!log_is_journal())
		return;
	describe(event, what);
	log_event(level, event->lagg[0] ? event->lagg : NULL, event->port[0] ? event->port : NULL, word, "%s%s%s%s",
		  word, what, event->text[0] ? ": " : "", event->text);
}

void events_publish(struct agent *agent, const struct xlagg_event *event)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[sizeof(*event) + 64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	note(event);
	if (!agent->server)
		return;
	nlh->nlmsg_type = XLAGG_MSG_EVENT;
	mnl_attr_put(nlh, XLAGG_A_EVENT, sizeof(*event), event);
	for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = agent->server->client[i];
		if (!client || !client->subscribed)
			continue;
		if (client->subscribed_to[0] && event->lagg[0] && strcmp(client->subscribed_to, event->lagg) != 0)
			continue;
		if (!client_send(client, nlh, nlh->nlmsg_len)) {
			/* It cannot be freed here, since it may be the client whose command is being carried out. The
			 * event loop sees the end of file and closes it. */
			client->subscribed = false;
			shutdown(client->fd, SHUT_RDWR);
		}
	}
}

void events_follow(struct agent *agent, const char *before, const char *name)
{
	for (uint32_t i = 0; agent->server && i < MAX_CLIENTS; i++) {
		struct client *client = agent->server->client[i];
		if (client && strcmp(client->subscribed_to, before) == 0)
			snprintf(client->subscribed_to, sizeof(client->subscribed_to), "%s", name);
	}
}
