/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The connection to the agent: requests, replies and transactions (include/xlagg/ctl.h). */
#include <dirent.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "xlagg/walk.h"

#define REPLY_TIMEOUT_MS                                                                                               \
	60000 /* longer than any command takes: one that takes a port out waits for frames in flight                   \
	       */

#define CONNECT_TIMEOUT_S 5

void cli_socket_path(const char *netns, char *ret, size_t size)
{
	snprintf(ret, size, "/run/xlagg/%s%sxlaggd.sock", netns ? netns : "", netns ? "/" : "");
}

void cli_pins_path(const char *netns, char *ret, size_t size)
{
	snprintf(ret, size, "/sys/fs/bpf/xlagg%s%s", netns ? "/" : "", netns ? netns : "");
}

/* Whether a folder of pins belongs to a lagg: then it holds the lagg's maps. The other folders belong to namespaces. */
static bool is_lagg_folder(const char *pins, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return name[0] != '.' && snprintf(path, sizeof(path), "%s/%s/control", pins, name) < (int)sizeof(path) &&
	       stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int select_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

unsigned int cli_pinned_laggs(const char *pins, char *ret, size_t size)
{
	struct dirent **entry;
	unsigned int count = 0, done = 0;
	int entries = scandir(pins, &entry, select_visible, versionsort);
	size_t used = 0;

	ret[0] = '\0';
	for (int i = 0; i < entries; i++)
		count += is_lagg_folder(pins, entry[i]->d_name);
	for (int i = 0; i < entries; i++) {
		if (is_lagg_folder(pins, entry[i]->d_name)) {
			const char *before = done == 0 ? "" : done + 1 == count ? " and " : ", ";
			char name[XLAGG_NAME_MAX] = "?", quoted[CTL_QUOTED_MAX];
			int len;

			ctl_name_of(entry[i]->d_name, name);
			len =
			    snprintf(ret + used, size - used, "%s%s", before, ctl_quote(name, quoted, sizeof(quoted)));

			done++;
			used = len > 0 && used + (size_t)len < size ? used + (size_t)len : used;
			ret[used] = '\0';
		}
		free(entry[i]);
	}
	if (entries >= 0)
		free(entry);
	return count;
}

/* Writes how the agent is started. A unit of systemd is there for this namespace and its own socket alone. */
static void how_to_start(const struct cli *cli, char *ret, size_t size)
{
	bool has_unit = !cli->netns && !cli->socket && access("/run/systemd/system", F_OK) == 0;

	snprintf(ret, size, "%s%s%s", has_unit ? "systemctl start xlaggd" : "xlaggd", cli->netns ? " -n " : "",
		 cli->netns ? cli->netns : "");
}

/* Writes the sentence for a missing agent: how to start it, and which laggs forward without it. */
static void no_agent(struct cli *cli, const char *path, int errnum)
{
	char pins[PATH_MAX], laggs[512], keeps[700] = "", start[NAME_MAX + 32];
	unsigned int count = 0;

	/* An agent with a socket of its own may also have pins of its own, and we do not know where. */
	cli_pins_path(cli->netns, pins, sizeof(pins));
	if (!cli->socket || cli->netns)
		count = cli_pinned_laggs(pins, laggs, sizeof(laggs));
	if (count)
		snprintf(keeps, sizeof(keeps), "; %s keep%s forwarding without it", laggs, count == 1 ? "s" : "");
	how_to_start(cli, start, sizeof(start));
	snprintf(cli->sentence, sizeof(cli->sentence), "no agent answers at %s (%s): start it with `%s`%s", path,
		 strerror(errnum), start, keeps);
}

static void say_connect(struct cli *cli, const char *path, int errnum)
{
	if (errnum == EACCES || errnum == EPERM)
		snprintf(cli->sentence, sizeof(cli->sentence),
			 "%s: permission denied: be root, or a member of the group xlagg", path);
	else
		no_agent(cli, path, errnum);
}

static int patience_ms(const struct cli *cli)
{
	return cli->patience_ms ? cli->patience_ms : REPLY_TIMEOUT_MS;
}

/* How long connect() and send() wait for an agent that reads nothing. */
static void set_patience(int fd, int milliseconds)
{
	struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000L};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* Returns the connected socket or -errno. An agent that is stopped takes no connection: those that wait for it fill a
 * queue, and without a limit one more would wait for ever. */
static int connect_to(const struct cli *cli, const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	set_patience(fd, cli->patience_ms ? cli->patience_ms : CONNECT_TIMEOUT_S * 1000);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
		set_patience(fd, patience_ms(cli));
		return fd;
	}
	r = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return r;
}

int cli_connect(struct cli *cli)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[PATH_MAX];
	int fd;

	if (cli->fd >= 0)
		return 0;
	if (cli->socket)
		snprintf(path, sizeof(path), "%s", cli->socket);
	else
		cli_socket_path(cli->netns, path, sizeof(path));
	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(cli->sentence, sizeof(cli->sentence), "%.200s: a socket's path has at most %zu characters",
			 path, sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = connect_to(cli, &address);
	if (fd < 0) {
		say_connect(cli, path, -fd);
		return fd;
	}
	cli->fd = fd;
	return 0;
}

void cli_disconnect(struct cli *cli)
{
	if (cli->fd >= 0)
		close(cli->fd);
	cli->fd = -1;
}

static int connection_lost(struct cli *cli, int errnum)
{
	errnum = errnum ? errnum : EIO;
	snprintf(cli->sentence, sizeof(cli->sentence),
		 "the connection to the agent broke (%s): see the agent's log, and whether it runs", strerror(errnum));
	cli_disconnect(cli);
	return -errnum;
}

/* The connection is closed, since an answer that comes too late would be taken for that to the next request. */
static int not_answered(struct cli *cli)
{
	snprintf(cli->sentence, sizeof(cli->sentence),
		 "the agent has not answered for %g s: it is busy or stopped, see its log", patience_ms(cli) / 1000.0);
	cli_disconnect(cli);
	return -ETIMEDOUT;
}

int cli_send(struct cli *cli, struct nlmsghdr *nlh)
{
	int r = cli_connect(cli);

	if (r < 0)
		return r;
	nlh->nlmsg_seq = ++cli->seq;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if (send(cli->fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		return connection_lost(cli, errno);
	return 0;
}

/* Closes descriptors that nobody took. */
static void drop_passed(struct cli *cli)
{
	while (cli->passed_fds)
		close(cli->passed[--cli->passed_fds]);
}

/* Receives one message, and the descriptors that come with it. Returns its length, or -1 with errno. */
static ssize_t receive(struct cli *cli)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(cli->passed))];
	struct iovec content = {.iov_base = cli->buffer, .iov_len = sizeof(cli->buffer)};
	struct msghdr header = {
	    .msg_iov = &content, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(cli->fd, &header, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *rights = len < 0 ? NULL : CMSG_FIRSTHDR(&header);

	drop_passed(cli);
	if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
		return len;
	cli->passed_fds = (uint32_t)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(cli->passed, CMSG_DATA(rights), cli->passed_fds * sizeof(int));
	return len;
}

int cli_receive(struct cli *cli, int timeout_ms, const struct nlmsghdr **ret)
{
	struct pollfd wait = {.fd = cli->fd, .events = POLLIN};
	const struct nlmsghdr *nlh = (const void *)cli->buffer;
	ssize_t len;
	int ready = poll(&wait, 1, timeout_ms);

	if (ready <= 0)
		return ready == 0 || errno == EINTR ? -EAGAIN : connection_lost(cli, errno);
	len = receive(cli);
	if (len <= 0)
		return connection_lost(cli, len == 0 ? ECONNRESET : errno);
	if (len > (ssize_t)sizeof(cli->buffer) || nlh->nlmsg_len > (size_t)len || nlh->nlmsg_len < sizeof(*nlh)) {
		connection_lost(cli, EBADMSG);
		return -EBADMSG;
	}
	*ret = nlh;
	return 0;
}

/* The sentence in an NLMSG_ERROR that is an attribute of this type, or NULL. */
static const struct nlattr *find_text(const struct nlmsghdr *nlh, uint16_t type)
{
	struct walk walk = walk_attrs(nlh, sizeof(struct nlmsgerr));
	const struct nlattr *attr;

	while ((attr = walk_next_attr(&walk)))
		if (mnl_attr_get_type(attr) == type && mnl_attr_get_payload_len(attr) > 0)
			break;
	return attr;
}

int cli_read_answer(struct cli *cli, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *text;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*answer))
		return connection_lost(cli, EBADMSG);
	cli_progress_clear(&cli->progress);
	text = find_text(nlh, answer->error ? XLAGG_A_ERROR : XLAGG_A_WARNING);
	if (answer->error == 0) {
		if (text)
			cli_warn(cli, "warning: %.*s", (int)mnl_attr_get_payload_len(text),
				 (const char *)mnl_attr_get_payload(text));
		return 0;
	}
	cli->refused_seq = answer->msg.nlmsg_seq;
	if (text)
		snprintf(cli->sentence, sizeof(cli->sentence), "%.*s", (int)mnl_attr_get_payload_len(text),
			 (const char *)mnl_attr_get_payload(text));
	else
		snprintf(cli->sentence, sizeof(cli->sentence), "the agent refused: %s", strerror(abs(answer->error)));
	return -abs(answer->error);
}

/* Reads messages up to the one that ends the reply. */
static int read_reply(struct cli *cli, cli_reply_fn fn, void *context)
{
	for (;;) {
		const struct nlmsghdr *nlh = NULL;
		int r = cli_receive(cli, patience_ms(cli), &nlh);

		if (r == -EAGAIN)
			return not_answered(cli);
		if (!nlh)
			return r;
		if (nlh->nlmsg_type == XLAGG_MSG_PROGRESS) {
			cli_progress_draw(&cli->progress, nlh);
			continue;
		}
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return cli_read_answer(cli, nlh);
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		r = fn ? fn(nlh, context) : 0;
		if (r < 0)
			return connection_lost(cli, -r);
		if (!(nlh->nlmsg_flags & NLM_F_MULTI))
			return 0;
	}
}

int cli_ask(struct cli *cli, struct nlmsghdr *request, cli_reply_fn fn, void *context)
{
	int r = cli_send(cli, request);

	return r < 0 ? r : read_reply(cli, fn, context);
}

static int send_command(struct cli *cli, const struct ctl_command *command, uint16_t flags)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_SAVED_MAX];
	int len = ctl_encode(command, NLM_F_REQUEST | flags, 0, buffer, sizeof(buffer));

	if (len < 0) {
		snprintf(cli->sentence, sizeof(cli->sentence),
			 "the command is too long: give some of its ports or "
			 "addresses in a second one");
		return len;
	}
	return cli_send(cli, (struct nlmsghdr *)buffer);
}

int cli_change(struct cli *cli, const struct ctl_command *command)
{
	int r = send_command(cli, command, NLM_F_ACK | (cli->progress.wanted ? XLAGG_F_PROGRESS : 0));

	cli_progress_begin(&cli->progress);
	if (r == 0)
		r = read_reply(cli, NULL, NULL);
	cli_progress_clear(&cli->progress);
	return r;
}

int cli_join(struct cli *cli, const struct ctl_command *command)
{
	return send_command(cli, command, NLM_F_MULTI);
}

int cli_commit(struct cli *cli, bool check)
{
	struct ctl_command commit = {.cmd = XLAGG_CMD_COMMIT, .check = check};

	return cli_change(cli, &commit);
}

int cli_subscribe(struct cli *cli, const char *name)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = XLAGG_CMD_SUBSCRIBE;
	if (name)
		mnl_attr_put_strz(nlh, XLAGG_A_NAME, name);
	return cli_ask(cli, nlh, NULL, NULL);
}

int cli_failed(const struct cli *cli)
{
	return cli_refuse(cli, "%s", cli->sentence);
}
