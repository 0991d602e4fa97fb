/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control socket. Whoever can connect may read; changing needs uid 0 or the group xlagg-admin. A client that does
 * not read its answers or events is dropped rather than waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define MAX_CLIENTS 64
#define MAX_READERS 48	     /* of them without the right to change: they cannot lock the others out */
#define MAX_REFUSED 8	     /* clients more than that, who are told so */
#define MAX_TRANSACTION 4096 /* commands */
#define SEND_BUFFER (4 << 20)
#define LOCK_TRIES 50
#define LOCK_PAUSE_NS 10000000

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

struct server {
	int fd, lock, namespace_lock;
	struct client *client[MAX_CLIENTS + MAX_REFUSED];
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_CTL_MAX]; /* of the message being read */
	_Alignas(NLMSG_ALIGNTO) uint8_t reply[XLAGG_CTL_MAX];
};

static void client_close(struct client *client)
{
	struct server *server = client->agent->server;
	for (uint32_t i = 0; i < MAX_CLIENTS + MAX_REFUSED; i++)
		if (server->client[i] == client)
			server->client[i] = NULL;
	sd_event_source_unref(client->source);
	close(client->fd);
	free(client->pending);
	free(client->pending_seq);
	free(client);
}

/* --- rights --- */

static bool in_group(int fd, gid_t wanted)
{
	gid_t groups[NGROUPS_MAX];
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.gid == wanted)
		return true;
	len = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

static bool peer_may_change(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0)
		return true;
	const struct group *admins = getgrnam("xlagg-admin");
	return admins && in_group(fd, admins->gr_gid);
}

/* --- answers --- */

static bool send_message(struct client *client, const void *message, size_t len)
{
	return send(client->fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* NLMSG_ERROR with the request's header; error 0 is an ack. False: the client is gone or does not read. */
static bool answer(struct client *client, const struct nlmsghdr *request, uint32_t seq, int error, const char *sentence)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = request->nlmsg_seq;
	struct nlmsgerr *body = mnl_nlmsg_put_extra_header(nlh, sizeof(*body));
	body->error = error;
	body->msg = *request;
	body->msg.nlmsg_seq = seq;
	if (error && sentence[0])
		mnl_attr_put_strz(nlh, XLAGG_A_ERROR, sentence);
	return send_message(client, buffer, nlh->nlmsg_len);
}

static bool send_done(struct client *client, const struct nlmsghdr *request)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return send_message(client, buffer, nlh->nlmsg_len);
}

static struct nlmsghdr *start_reply(struct client *client, const struct nlmsghdr *request, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(client->agent->server->reply);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return nlh;
}

/* --- GET commands; what they are asked with was checked by ctl_decode_query --- */

static bool no_such_lagg(struct client *client, const struct nlmsghdr *request, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX];
	snprintf(sentence, sizeof(sentence), "there is no lagg %s: see xlagg lagg show", name);
	return answer(client, request, request->nlmsg_seq, -ENODEV, sentence);
}

static bool get_laggs(struct client *client, const struct nlmsghdr *request, const char *name)
{
	struct agent *agent = client->agent;
	if (name[0] && !lagg_find(agent, name))
		return no_such_lagg(client, request, name);
	for (uint32_t i = 0; i < agent->model.laggs; i++) {
		struct lagg *lagg = lagg_find(agent, agent->model.lagg[i].name);
		if (!lagg || (name[0] && strcmp(name, lagg->model.name) != 0))
			continue;
		struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_LAGG);
		status_lagg(lagg, nlh);
		if (!send_message(client, nlh, nlh->nlmsg_len))
			return false;
	}
	return send_done(client, request);
}

static bool get_agent(struct client *client, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_AGENT);
	status_agent(client->agent, nlh);
	return send_message(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

static bool explain(struct client *client, const struct nlmsghdr *request, const char *name, const void *frame,
		    uint32_t len)
{
	struct lagg *lagg = lagg_find(client->agent, name);
	struct xlagg_probe probe;
	if (!lagg)
		return no_such_lagg(client, request, name);
	int r = datapath_explain(lagg->dp, frame, len, &probe);
	if (r < 0)
		return answer(client, request, request->nlmsg_seq, r, "the kernel does not run the probe program");
	const struct lagg_port *port = probe.slot < XLAGG_MAX_PORTS ? &lagg->port[probe.slot] : NULL;
	struct nlmsghdr *nlh = start_reply(client, request, XLAGG_MSG_EXPLAIN);
	mnl_attr_put(nlh, XLAGG_A_PROBE, sizeof(probe), &probe);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, port && port->used ? port->name : "");
	return send_message(client, nlh, nlh->nlmsg_len) && send_done(client, request);
}

/* --- changing commands --- */

/* 0, -E2BIG or -ENOMEM. */
static int queue(struct client *client, const struct ctl_command *command, uint32_t seq)
{
	if (client->pendings == MAX_TRANSACTION)
		return -E2BIG;
	if (!(client->pendings & (client->pendings - 1)) || !client->pending) {
		uint32_t size = client->pendings ? client->pendings * 2 : 1;
		void *bigger = realloc(client->pending, size * sizeof(*client->pending));
		if (!bigger)
			return -ENOMEM;
		client->pending = bigger;
		bigger = realloc(client->pending_seq, size * sizeof(*client->pending_seq));
		if (!bigger)
			return -ENOMEM;
		client->pending_seq = bigger;
	}
	client->pending[client->pendings] = *command;
	client->pending_seq[client->pendings++] = seq;
	return 0;
}

static bool commit(struct client *client, const struct nlmsghdr *request, bool check)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed = 0, seq = request->nlmsg_seq;
	int r = client->refusal;
	if (r < 0) {
		snprintf(sentence, sizeof(sentence), "%s", client->refused);
		seq = client->refused_seq;
	} else {
		r = transaction_run(client->agent, client->pending, client->pendings, check, &failed, sentence);
		if (r < 0 && failed < client->pendings)
			seq = client->pending_seq[failed];
	}
	client->pendings = 0;
	client->refusal = 0;
	return answer(client, request, seq, r, sentence);
}

/* A message that cannot be decoded: answered at once, or, within a transaction, by its commit. */
static bool refuse(struct client *client, const struct nlmsghdr *request, int error, const char *sentence)
{
	if (!(request->nlmsg_flags & NLM_F_MULTI))
		return answer(client, request, request->nlmsg_seq, error, sentence);
	if (!client->refusal) {
		client->refusal = error;
		client->refused_seq = request->nlmsg_seq;
		snprintf(client->refused, sizeof(client->refused), "%s", sentence);
	}
	return true;
}

static bool change(struct client *client, const struct nlmsghdr *request, struct ctl_command *command)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed;
	int r = 0;
	if (command->cmd == XLAGG_CMD_COMMIT)
		return commit(client, request, command->check);
	if (command->cmd != XLAGG_CMD_RELOAD && request->nlmsg_flags & NLM_F_MULTI) {
		r = queue(client, command, request->nlmsg_seq);
		return r < 0 ? refuse(client, request, r, "the transaction has more than 4096 commands: split it")
			     : true;
	}
	if (command->cmd == XLAGG_CMD_RELOAD)
		r = reload_file(client->agent, sentence);
	else
		r = transaction_run(client->agent, command, 1, false, &failed, sentence);
	return answer(client, request, request->nlmsg_seq, r, sentence);
}

static bool handle(struct client *client, const void *message, size_t len)
{
	static const struct nlmsghdr nothing;
	const struct nlmsghdr *request = message;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_query query;
	struct ctl_command *command;
	if (len < sizeof(*request) || request->nlmsg_len != len)
		return answer(client, &nothing, 0, -EBADMSG, "this message is truncated");
	if (client->refused_all) {
		answer(client, request, request->nlmsg_seq, -EUSERS,
		       "the agent has as many clients as it takes: end one of them, a monitor for example");
		return false;
	}
	int r = ctl_decode_query(message, len, &query, sentence);
	if (r == 0) {
		switch (request->nlmsg_type) {
		case XLAGG_CMD_LAGG_GET:
			return get_laggs(client, request, query.name);
		case XLAGG_CMD_AGENT_GET:
			return get_agent(client, request);
		case XLAGG_CMD_EXPLAIN:
			return explain(client, request, query.name, query.frame, query.frame_len);
		default: /* XLAGG_CMD_SUBSCRIBE */
			client->subscribed = true;
			memcpy(client->subscribed_to, query.name, sizeof(query.name));
			return answer(client, request, request->nlmsg_seq, 0, "");
		}
	}
	if (r != -ENOTSUP) /* a query, but a wrong one */
		return answer(client, request, request->nlmsg_seq, r, sentence);
	if (!client->may_change)
		return answer(client, request, request->nlmsg_seq, -EPERM,
			      "only root and the group xlagg-admin may change a lagg");
	command = malloc(sizeof(*command));
	if (!command)
		return false;
	sentence[0] = 0;
	r = ctl_decode(message, len, command, sentence);
	bool alive = r < 0 ? refuse(client, request, r, sentence) : change(client, request, command);
	free(command);
	return alive;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)revents;
	struct client *client = context;
	struct server *server = client->agent->server;
	ssize_t len = recv(fd, server->buffer, sizeof(server->buffer), MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	bool alive = len > 0;
	if (len > (ssize_t)sizeof(server->buffer))
		alive = refuse(client, (struct nlmsghdr *)server->buffer, -EMSGSIZE, "this message is too long");
	else if (len > 0)
		alive = handle(client, server->buffer, (size_t)len);
	if (!alive)
		client_close(client);
	return 0;
}

/* A free place: below MAX_CLIENTS, or, for one too many, above. -EUSERS: not even that. */
static int find_place(const struct server *server, bool may_change)
{
	uint32_t readers = 0, i = 0;
	for (uint32_t j = 0; j < MAX_CLIENTS; j++)
		readers += server->client[j] && !server->client[j]->may_change;
	if (!may_change && readers >= MAX_READERS)
		i = MAX_CLIENTS;
	while (i < MAX_CLIENTS + MAX_REFUSED && server->client[i])
		i++;
	return i < MAX_CLIENTS + MAX_REFUSED ? (int)i : -EUSERS;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)revents;
	struct agent *agent = context;
	struct server *server = agent->server;
	int buffer = SEND_BUFFER;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (connection < 0)
		return 0;
	bool may_change = peer_may_change(connection);
	int place = find_place(server, may_change);
	struct client *client = place < 0 ? NULL : calloc(1, sizeof(*client));
	if (!client) {
		close(connection);
		return 0;
	}
	client->agent = agent;
	client->fd = connection;
	client->may_change = may_change;
	client->refused_all = place >= MAX_CLIENTS;
	/* A dump of many laggs is written at once; the agent does not wait for a reader. */
	setsockopt(connection, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	server->client[place] = client;
	if (sd_event_add_io(agent->event, &client->source, connection, EPOLLIN, on_readable, client) < 0)
		client_close(client);
	return 0;
}

void server_publish(struct agent *agent, const struct xlagg_event *event)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[sizeof(*event) + 64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
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
		if (!send_message(client, nlh, nlh->nlmsg_len)) {
			/* It may be the one whose command is being done: the loop closes it at its end of file. */
			client->subscribed = false;
			shutdown(client->fd, SHUT_RDWR);
		}
	}
}

/* --- start and end --- */

static void make_parents(const char *path)
{
	char folder[512];
	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(folder, 0755) && errno != EEXIST)
			return; /* bind() says what is missing */
		*slash = '/';
	}
}

/* A child of an agent that was just killed holds its lock, too, and ends with it, but not at once. */
static int lock_patiently(int fd)
{
	static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int r = 0;
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		r = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
		if (r != -EWOULDBLOCK)
			return r;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* The lock, not the socket's file, says whether another agent lives. */
static int take_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = lock_patiently(fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* One agent a namespace, wherever their sockets are. */
static int lock_namespace(struct server *server)
{
	char path[64];
	struct stat net;
	if (stat("/proc/thread-self/ns/net", &net))
		return -errno;
	snprintf(path, sizeof(path), "/run/xlagg/.namespace-%lu.lock", (unsigned long)net.st_ino);
	make_parents(path);
	int fd = take_lock(path);
	if (fd < 0 && fd != -EBUSY) {
		log_warning("cannot make sure that this is the only agent here: %s: %s", path, strerror(-fd));
		return 0;
	}
	server->namespace_lock = fd;
	return fd < 0 ? fd : 0;
}

int server_lock(struct agent *agent)
{
	char path[520];
	struct server *server = agent->server = calloc(1, sizeof(*agent->server));
	if (!server)
		return -ENOMEM;
	server->fd = server->lock = server->namespace_lock = -1;
	make_parents(agent->socket);
	snprintf(path, sizeof(path), "%s.lock", agent->socket);
	server->lock = take_lock(path);
	return server->lock < 0 ? server->lock : lock_namespace(server);
}

int server_start(struct agent *agent)
{
	struct server *server = agent->server;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(agent->socket) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, agent->socket, strlen(agent->socket) + 1);
	server->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0)
		return -errno;
	unlink(agent->socket); /* an agent that died left it: the lock is ours */
	if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) || chmod(agent->socket, 0660))
		return -errno;
	const struct group *readers = getgrnam("xlagg");
	if (readers && chown(agent->socket, 0, readers->gr_gid))
		log_warning("cannot give %s to the group xlagg: %s", agent->socket, strerror(errno));
	if (listen(server->fd, MAX_CLIENTS))
		return -errno;
	return sd_event_add_io(agent->event, NULL, server->fd, EPOLLIN, on_connect, agent);
}

void server_stop(struct agent *agent)
{
	struct server *server = agent->server;
	if (!server)
		return;
	for (uint32_t i = 0; i < MAX_CLIENTS + MAX_REFUSED; i++)
		if (server->client[i])
			client_close(server->client[i]);
	if (server->fd >= 0) {
		unlink(agent->socket);
		close(server->fd);
	}
	if (server->lock >= 0)
		close(server->lock);
	if (server->namespace_lock >= 0)
		close(server->namespace_lock);
	free(server);
	agent->server = NULL;
}
