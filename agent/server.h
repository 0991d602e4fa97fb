/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The control socket and its clients: what server.c, request.c and events.c share. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include <libmnl/libmnl.h>

#include "agent.h"

#define MAX_CLIENTS 64
#define MAX_REFUSED 8 /* clients more than that, who are told so */

struct client {
	struct agent *agent;
	int fd;
	sd_event_source *source;
	bool may_change;
	bool refused_all; /* there are too many: it is told so, and closed */
	bool subscribed;
	char subscribed_to[XLAGG_NAME_MAX]; /* empty: every lagg */
	struct ctl_command *pending;	    /* the transaction so far */
	uint32_t *pending_seq;
	uint32_t pendings;
	char refused[XLAGG_SENTENCE_MAX]; /* a command of it that could not be decoded */
	int refusal;
	uint32_t refused_seq;
};

/* Held by one agent; the file goes with it. */
struct lock {
	int fd; /* -1: not held */
	char path[520];
};

struct server {
	int fd;
	struct lock socket_lock, namespace_lock;
	struct client *client[MAX_CLIENTS + MAX_REFUSED];
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_CTL_MAX]; /* of the message being read */
	_Alignas(NLMSG_ALIGNTO) uint8_t reply[XLAGG_CTL_MAX];
};

/* Makes sure that no other agent serves this socket or this namespace: -EBUSY. Before anything else is touched. */
int server_lock(struct agent *agent);
int server_start(struct agent *agent);
void server_stop(struct agent *agent);
/* Sends a message without waiting. False: the client is gone or does not read. */
bool client_send(struct client *client, const void *message, size_t len);

#endif
