/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control socket. Whoever can connect may read; changing needs uid 0 or the group xlagg-admin. A client that does
 * not read its answers or events is dropped rather than waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "request.h"
#include "server.h"

/* Clients that may not change anything: fewer than MAX_CLIENTS, so that they cannot keep administrators out. */
#define MAX_READERS 48
#define SEND_BUFFER (4 << 20)		  /* octets: a dump of all laggs fits, since the agent never waits */
#define SEND_BUFFER_EVENTS (512 << 10)	  /* of a client that subscribed */
#define STUCK_NS (30 * NS_PER_S)	  /* a client that has read nothing for so long is disconnected */
#define LOOK_NS (5 * NS_PER_S)		  /* between two looks at who reads */
#define ACCEPT_PAUSE_NS (500 * NS_PER_MS) /* after there was no descriptor for a client */
#define COMPLAIN_NS (60 * NS_PER_S)	  /* between two complaints about that */
#define PRIORITY_READER (SD_EVENT_PRIORITY_NORMAL + 10) /* those who may change something go before */
#define MAX_PASSED 4					/* descriptors that one message passes */
#define LOCK_TRIES 200
#define LOCK_PAUSE_NS 10000000

static void client_close(struct client *client)
{
	struct server *server = client->agent->server;
	capture_end(client);
	for (uint32_t i = 0; i < MAX_CLIENTS + MAX_REFUSED; i++)
		if (server->client[i] == client)
			server->client[i] = NULL;
	sd_event_source_unref(client->source);
	close(client->fd);
	free(client->pending);
	free(client->pending_seq);
	free(client);
}

bool client_send(struct client *client, const void *message, size_t len)
{
	return send(client->fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

bool client_pass(struct client *client, const void *message, size_t len, const int *fds, uint32_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAX_PASSED)] = {0};
	struct iovec content = {.iov_base = (void *)message, .iov_len = len};
	struct msghdr header = {.msg_iov = &content, .msg_iovlen = 1, .msg_control = control};
	if (count > MAX_PASSED)
		return false;
	header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
	return sendmsg(client->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* --- rights --- */

static bool in_group(int fd, gid_t wanted, const struct ucred *peer)
{
	gid_t groups[NGROUPS_MAX];
	socklen_t len = sizeof(groups);
	if (peer->gid == wanted)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

static bool peer_may_change(const struct server *server, int fd, const struct ucred *peer)
{
	return peer->uid == 0 || (server->has_admins && in_group(fd, server->admins, peer));
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
		alive =
		    request_refuse(client, (struct nlmsghdr *)server->buffer, -EMSGSIZE, "this message is too long");
	else if (len > 0)
		alive = request_handle(client, server->buffer, (size_t)len);
	if (!alive)
		client_close(client);
	return 0;
}

/* Returns a free index: below MAX_CLIENTS, or from there on for a client that will be refused. -EUSERS: no index is
 * free. */
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

/* The connection that cannot be accepted stays, and would wake the event loop again at once. */
static void pause_accepting(struct server *server, int errnum)
{
	uint64_t now = clock_now();
	if (now >= server->complain_ns)
		log_warning("no client can be served for now: %s (%s)", strerror(errnum),
			    "raise LimitNOFILE= in the unit, or the limit of open files");
	server->complain_ns = now + COMPLAIN_NS;
	sd_event_source_set_enabled(server->listening, SD_EVENT_OFF);
	clock_again_in(server->again, ACCEPT_PAUSE_NS);
}

static int on_again(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source, (void)usec;
	struct server *server = context;
	return sd_event_source_set_enabled(server->listening, SD_EVENT_ON);
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)revents;
	struct agent *agent = context;
	struct server *server = agent->server;
	int buffer = SEND_BUFFER;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (connection < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accepting(server, errno);
		return 0;
	}
	struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t len = sizeof(peer);
	bool may_change = getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
			  peer_may_change(server, connection, &peer);
	int place = find_place(server, may_change);
	struct client *client = place < 0 ? NULL : calloc(1, sizeof(*client));
	if (!client) {
		close(connection);
		return 0;
	}
	client->agent = agent;
	client->fd = connection;
	client->may_change = may_change;
	client->peer = peer;
	client->read_ns = clock_now();
	client->refused_all = place >= MAX_CLIENTS;
	setsockopt(connection, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	server->client[place] = client;
	if (sd_event_add_io(agent->host.event, &client->source, connection, EPOLLIN, on_readable, client) < 0)
		client_close(client);
	else if (!may_change)
		sd_event_source_set_priority(client->source, PRIORITY_READER);
	return 0;
}

/* --- those who do not read --- */

void client_subscribed(struct client *client)
{
	int buffer = SEND_BUFFER_EVENTS;
	client->subscribed = true;
	setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
}

int client_unread(const struct client *client)
{
	int octets = 0;
	return ioctl(client->fd, SIOCOUTQ, &octets) == 0 ? octets : 0;
}

/* Whether the client has left something unread for too long. What it gets meanwhile does not count as reading. */
static bool is_stuck(struct client *client, uint64_t now)
{
	int unread = client_unread(client);
	if (!unread || unread < client->unread)
		client->read_ns = now;
	client->unread = unread;
	return now - client->read_ns > STUCK_NS;
}

static int on_look(sd_event_source *source, uint64_t usec, void *context)
{
	(void)usec;
	struct server *server = context;
	uint64_t now = clock_now();
	for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = server->client[i];
		if (!client || !is_stuck(client, now))
			continue;
		log_info("uid %u, pid %d: disconnected: it has not read for %llu s", client->peer.uid, client->peer.pid,
			 STUCK_NS / NS_PER_S);
		client_close(client);
	}
	return clock_again_in(source, LOOK_NS);
}

/* --- start and end --- */

static void make_parents(const char *path)
{
	char folder[512];
	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(folder, 0755) && errno != EEXIST)
			return; /* bind() will say what is missing */
		*slash = '/';
	}
}

/* A child process of an agent that was just killed holds the lock, too, and ends a moment later. */
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

static bool names_file(const char *path, int fd)
{
	struct stat named, opened;
	return stat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev &&
	       named.st_ino == opened.st_ino;
}

/* Takes the lock lock->path. The lock, not the socket's file, tells whether another agent runs: then -EBUSY. */
static int lock_take(struct lock *lock)
{
	for (;;) {
		int fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		int r = lock_patiently(fd);
		if (r == 0 && names_file(lock->path, fd)) {
			lock->fd = fd;
			return 0;
		}
		close(fd);
		if (r < 0)
			return r;
		/* The agent that held the lock while we waited has removed this file. */
	}
}

static void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	unlink(lock->path);
	close(lock->fd);
}

/* Allows one agent in a namespace, wherever its socket is. */
static int lock_namespace(struct lock *lock)
{
	struct stat net;
	if (stat("/proc/thread-self/ns/net", &net))
		return -errno;
	snprintf(lock->path, sizeof(lock->path), "/run/xlagg/.namespace-%lu.lock", (unsigned long)net.st_ino);
	make_parents(lock->path);
	int r = lock_take(lock);
	/* Only where nobody can write there it goes without. Any other failure may pass: the next start will tell. */
	if (r != -EACCES && r != -EPERM && r != -EROFS && r != -ENOENT && r != -ENOTDIR && r != -ENOSPC)
		return r;
	log_warning("cannot make sure that this is the only agent here: %s: %s", lock->path, strerror(-r));
	return 0;
}

int server_lock(struct agent *agent)
{
	struct server *server = agent->server = calloc(1, sizeof(*agent->server));
	if (!server)
		return -ENOMEM;
	server->fd = server->socket_lock.fd = server->namespace_lock.fd = -1;
	make_parents(agent->socket);
	snprintf(server->socket_lock.path, sizeof(server->socket_lock.path), "%s.lock", agent->socket);
	int r = lock_take(&server->socket_lock);
	return r < 0 ? r : lock_namespace(&server->namespace_lock);
}

/* Binds the socket. Its file has its mode from its birth on: another process may have it open before it is changed. */
static int bind_socket(struct server *server, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	server->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0)
		return -errno;
	unlink(path); /* we have the lock, so it was left by an agent that died */
	mode_t before = umask(0117);
	int r = bind(server->fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(before);
	if (r < 0) {
		close(server->fd);
		server->fd = -1;
	}
	return r;
}

/* NULL: there is no such group, or it could not be looked up, which is logged. */
static const struct group *look_up(const char *name)
{
	errno = 0;
	const struct group *group = getgrnam(name);
	if (!group && (errno == ENOMEM || errno == EMFILE || errno == ENFILE || errno == EIO || errno == EINTR))
		log_warning("cannot look up the group %s: %s: it has no rights until xlaggd starts again", name,
			    strerror(errno));
	return group;
}

/* Groups are looked up here and never again: whoever answers, perhaps over the network, must not keep the event loop
 * waiting, and the agent gives up the right to change a file's group. */
static void find_groups(struct server *server, const char *path)
{
	const struct group *group = look_up("xlagg");
	if (group && chown(path, 0, group->gr_gid))
		log_warning("cannot give %s to the group xlagg: %s: systemd-tmpfiles --create gives its folder to it",
			    path, strerror(errno));
	group = look_up("xlagg-admin");
	server->has_admins = group;
	server->admins = group ? group->gr_gid : 0;
}

int server_open(struct agent *agent)
{
	int r = bind_socket(agent->server, agent->socket);
	if (r == 0)
		find_groups(agent->server, agent->socket);
	return r;
}

int server_start(struct agent *agent)
{
	struct server *server = agent->server;
	if (listen(server->fd, MAX_CLIENTS))
		return -errno;
	sd_event *event = agent->host.event;
	uint64_t now = clock_now() / 1000;
	int r = sd_event_add_io(event, &server->listening, server->fd, EPOLLIN, on_connect, agent);
	if (r >= 0)
		r = sd_event_add_time(event, &server->again, CLOCK_MONOTONIC, now, 1000, on_again, server);
	if (r >= 0)
		r = sd_event_add_time(event, &server->look, CLOCK_MONOTONIC, now, NS_PER_S / 1000, on_look, server);
	return r < 0 ? r : 0;
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
	sd_event_source_unref(server->listening);
	sd_event_source_unref(server->again);
	sd_event_source_unref(server->look);
	lock_release(&server->socket_lock);
	lock_release(&server->namespace_lock);
	free(server);
	agent->server = NULL;
}
