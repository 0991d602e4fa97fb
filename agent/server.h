/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The control socket and its clients: what server.c, request.c and events.c share. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "agent.h"

#define MAX_CLIENTS 64
#define MAX_REFUSED 8 /* further clients, which are told that there are too many and then closed */

struct client {
	struct agent *agent;
	int fd;
	sd_event_source *source;
	struct ucred peer; /* who connected */
	bool may_change;
	bool refused_all; /* it is one of these */
	int unread;	  /* octets that it had not read at the last look */
	uint64_t read_ns; /* monotonic time of the last look at which it had read something, or had nothing to read */
	struct lagg *captures; /* the lagg that it captures, or NULL */
	bool subscribed;
	char subscribed_to[XLAGG_NAME_MAX]; /* empty: every lagg */
	struct ctl_command *pending;	    /* the commands of the transaction so far */
	uint32_t *pending_seq;		    /* their sequence numbers */
	uint32_t pendings;
	char refused[XLAGG_SENTENCE_MAX]; /* why a command of the transaction could not be decoded */
	int refusal;			  /* its error, 0: none yet */
	uint32_t refused_seq;		  /* its sequence number */
};

/* A lock that one agent holds. Its file is removed when the lock is released. */
struct lock {
	int fd; /* -1: not held */
	char path[520];
};

struct server {
	int fd;
	struct lock socket_lock, namespace_lock;
	sd_event_source *listening, *again, *look;
	uint64_t complain_ns; /* monotonic time from which on a lack of descriptors is logged again */
	bool has_admins;
	gid_t admins; /* the group xlagg-admin, if there is one */
	struct client *client[MAX_CLIENTS + MAX_REFUSED];
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_CTL_MAX]; /* the message that is being read */
	_Alignas(NLMSG_ALIGNTO) uint8_t reply[XLAGG_CTL_MAX];
};

/* Makes sure that this is the only agent for this socket and this namespace (-EBUSY: it is not). To be called before
 * anything is changed. */
int server_lock(struct agent *agent);
/* Makes the socket, which nobody can connect to yet. To be called before the agent gives up its rights. */
int server_open(struct agent *agent);
/* Serves clients from now on. */
int server_start(struct agent *agent);
/* Disconnects all clients and releases the locks. */
void server_stop(struct agent *agent);
/* Sends a message without waiting. Returns false if the client is gone or does not read. */
bool client_send(struct client *client, const void *message, size_t len);
/* The same, and passes it these descriptors. */
bool client_pass(struct client *client, const void *message, size_t len, const int *fds, uint32_t count);
/* From now on the client gets events, of which fewer can wait for it than of answers. */
void client_subscribed(struct client *client);
/* Octets of the kernel's memory that what the client has not read yet takes. */
int client_unread(const struct client *client);

#endif
