/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* exporter: serves text for Prometheus over HTTP. The agent is asked again for each request. */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "show.h"

#define DEFAULT_LISTEN "127.0.0.1:9477"
#define PLAIN "text/plain; charset=utf-8"
#define MAX_CONNECTIONS 4096
#define CONNECTION_MEMORY 4096 /* octets of a request's head, so all connections together take 16 MiB at most */
#define SPARE_FILES 32	       /* descriptors for what is no connection */
#define IDLE_S 10	       /* after so many seconds of silence a client is dropped */
#define PATIENCE_MS 500	       /* a scrape asks the agent twice, and has to end before its reader gives up */

static const char *type_of(enum show_metrics_format format)
{
	return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					     : "text/plain; version=0.0.4; charset=utf-8";
}

/* Returns the text to serve, or NULL with cli->sentence. */
static char *scrape(struct cli *cli, enum show_metrics_format format, size_t *size)
{
	struct xlagg_agent_status agent;
	__attribute__((cleanup(view_free))) struct view view = {0};
	char *text = NULL;
	bool up = view_get_agent(cli, &agent) == 0 && view_get(cli, NULL, &view) == 0;
	FILE *out;

	cli_disconnect(cli); /* the next scrape may find another agent */
	if (!up)
		return NULL;
	snprintf(cli->sentence, sizeof(cli->sentence), "out of memory");
	out = open_memstream(&text, size);
	if (!out)
		return NULL;
	show_metrics(out, format, &agent, &view);
	ctl_end_text(out, &text);
	return text;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status, const char *type, char *text,
			       size_t size)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result ret;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	ret = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result respond_plain(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	char *copy = strdup(text);

	return copy ? respond(connection, status, PLAIN, copy, strlen(copy)) : MHD_NO;
}

/* The reader says in Accept whether it takes OpenMetrics; others get the text that all take. */
static enum MHD_Result respond_metrics(struct cli *cli, struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool open = accept && strstr(accept, "application/openmetrics-text");
	enum show_metrics_format format = open ? METRICS_OPENMETRICS : METRICS_TEXT;
	char sentence[sizeof(cli->sentence) + 2], *text;
	size_t size = 0;

	text = scrape(cli, format, &size);
	if (text)
		return respond(connection, MHD_HTTP_OK, type_of(format), text, size);
	snprintf(sentence, sizeof(sentence), "%s\n", cli->sentence);
	return respond_plain(connection, MHD_HTTP_SERVICE_UNAVAILABLE, sentence);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	(void)version, (void)upload, (void)upload_size, (void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond_plain(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/") == 0)
		return respond_plain(connection, MHD_HTTP_OK, "xlagg exporter: see /metrics\n");
	if (strcmp(url, "/metrics") != 0)
		return respond_plain(connection, MHD_HTTP_NOT_FOUND, "only /metrics\n");
	return respond_metrics(context, connection);
}

/* The resolver takes the lowest 16 bits of a number that is too large. */
static bool is_port(const char *word)
{
	char *end;

	return word[0] >= '0' && word[0] <= '9' && strtoul(word, &end, 10) <= 65535 && !*end;
}

/* Splits "ADDR:PORT", "[ADDR]:PORT" or ":PORT". */
static int split_listen(const char *listen, char host[64], char port[16])
{
	const char *colon = strrchr(listen, ':');
	size_t len = colon ? (size_t)(colon - listen) : 0;

	if (!colon || strlen(colon + 1) >= 16 || !is_port(colon + 1))
		return -EINVAL;
	if (len >= 2 && listen[0] == '[' && colon[-1] == ']') {
		listen++;
		len -= 2;
	}
	if (len >= 64)
		return -EINVAL;
	memcpy(host, listen, len);
	host[len] = '\0';
	snprintf(port, 16, "%s", colon + 1);
	return 0;
}

static int open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, r;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	r = errno;
	close(fd);
	return -r;
}

/* Returns a listening socket, or, after saying why, -CLI_REFUSED or -CLI_USAGE. */
static int listen_on(struct cli *cli, const char *where)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST};
	struct addrinfo *info;
	char host[64], port[16];
	int fd;

	if (split_listen(where, host, port) < 0 || getaddrinfo(host[0] ? host : NULL, port, &hints, &info) != 0)
		return -cli_usage(cli, "--listen takes ADDR:PORT, as 127.0.0.1:9477 or [::1]:9477, not \"%s\"", where);
	fd = open_socket(info);
	freeaddrinfo(info);
	return fd < 0 ? -cli_refuse(cli, "cannot listen on %s: %s", where, strerror(-fd)) : fd;
}

/* Prints where it listens, since the kernel may have chosen the port. */
static void say_listening(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64], port[16];

	if (getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		printf(strchr(host, ':') ? "http://[%s]:%s/metrics\n" : "http://%s:%s/metrics\n", host, port);
	fflush(stdout);
}

/* Returns how many connections may be open at a time: as many as there are descriptors for. */
static unsigned int connection_limit(void)
{
	const rlim_t wanted = MAX_CONNECTIONS + SPARE_FILES;
	struct rlimit limit = {SPARE_FILES, SPARE_FILES}, raised;

	getrlimit(RLIMIT_NOFILE, &limit);
	raised = limit;
	raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (limit.rlim_cur < raised.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0)
		limit = raised;
	if (limit.rlim_cur > wanted)
		return MAX_CONNECTIONS;
	return limit.rlim_cur > SPARE_FILES ? (unsigned int)limit.rlim_cur - SPARE_FILES : 1;
}

int cmd_exporter(struct cli *cli, int argc, char *argv[])
{
	const char *where = DEFAULT_LISTEN;
	struct MHD_Daemon *server;
	sigset_t ends;
	int fd, got;

	if (argc == 2 && (strcmp(argv[0], "--listen") == 0 || strcmp(argv[0], "listen") == 0))
		where = argv[1];
	else if (argc)
		return cli_usage(cli, "exporter takes --listen ADDR:PORT, not \"%s\"", argv[0]);
	fd = listen_on(cli, where);
	if (fd < 0)
		return -fd;
	/* Block them before the server's thread starts: it inherits the mask, so that only the wait below gets them. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	cli->patience_ms = PATIENCE_MS;
	server =
	    MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, cli, MHD_OPTION_LISTEN_SOCKET,
			     fd, MHD_OPTION_CONNECTION_LIMIT, connection_limit(), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
			     (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
	if (!server) {
		close(fd);
		return cli_refuse(cli, "the HTTP server does not start");
	}
	say_listening(fd);
	sigwait(&ends, &got);
	MHD_stop_daemon(server);
	return CLI_DONE;
}
