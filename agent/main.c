/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* xlaggd: options, start, event loop, end. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "adopt.h"
#include "capture.h"
#include "devices.h"
#include "events.h"
#include "file.h"
#include "forget.h"
#include "heartbeat.h"
#include "laggs.h"
#include "later.h"
#include "rests.h"
#include "server.h"
#include "sys/confine.h"
#include "sys/frames/frames.h"
#include "sys/netns.h"

#define CHECK_NS NS_PER_S
#define CHECK_REST_NS                                                                                                  \
	NS_PER_MS	/* when the rest of a check goes on, which was interrupted to let others have their turn */
#define FAILURES_MAX 10 /* how many rounds of the event loop may fail within a second */
#define NICE (-15)

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source, (void)usec;
	laggs_run(context);
	return 0;
}

static int on_check(sd_event_source *source, uint64_t usec, void *context)
{
	(void)usec;
	return clock_again_in(source, devices_check(context) ? CHECK_NS : CHECK_REST_NS);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	(void)info, (void)context;
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	(void)source, (void)info;
	struct agent *agent = context;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = file_reload(agent, sentence);
	if (r < 0)
		log_error("reload: %s", sentence[0] ? sentence : strerror(-r));
	else
		log_info("reloaded %s", agent->file);
	return 0;
}

static int start_events(struct agent *agent)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* The process that reads our log may exit. Without this, SIGPIPE would then end the agent. */
	signal(SIGPIPE, SIG_IGN);
	uint64_t now = clock_now() / 1000;
	int r = sd_event_new(&agent->host.event);
	if (r >= 0)
		r = sd_event_add_time(agent->host.event, &agent->timer, CLOCK_MONOTONIC, now, 1, on_timer, agent);
	if (r >= 0)
		r = heartbeat_start(agent);
	if (r >= 0)
		r = sd_event_add_time(agent->host.event, &agent->check, CLOCK_MONOTONIC, now, 1000, on_check, agent);
	if (r >= 0)
		r = sd_event_add_signal(agent->host.event, NULL, SIGTERM, on_end, agent);
	if (r >= 0)
		r = sd_event_add_signal(agent->host.event, NULL, SIGINT, on_end, agent);
	if (r >= 0)
		r = sd_event_add_signal(agent->host.event, NULL, SIGHUP, on_reload, agent);
	if (r >= 0)
		r = sd_event_set_watchdog(agent->host.event, true);
	return r < 0 ? r : 0;
}

/* --- options --- */

struct options {
	const char *netns, *file, *socket, *pins, *state;
	bool flush, no_adopt, no_tracing;
	int verbose;
};

static const char usage[] = "usage: xlaggd [-f FILE] [-n NAME] [--socket PATH] [--bpffs DIR] [--state DIR]\n"
			    "              [--no-adopt] [--no-tracing] [--flush] [-v]... [-V]\n";

enum { OPT_SOCKET = 256, OPT_BPFFS, OPT_STATE, OPT_NO_ADOPT, OPT_NO_TRACING, OPT_FLUSH };

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"bpffs", required_argument, NULL, OPT_BPFFS},
    {"state", required_argument, NULL, OPT_STATE},
    {"no-adopt", no_argument, NULL, OPT_NO_ADOPT},
    {"no-tracing", no_argument, NULL, OPT_NO_TRACING},
    {"flush", no_argument, NULL, OPT_FLUSH},
    {"netns", required_argument, NULL, 'n'},
    {"file", required_argument, NULL, 'f'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static void parse_options(int argc, char **argv, struct options *ret)
{
	int c;
	while ((c = getopt_long(argc, argv, "f:n:vVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			ret->file = optarg;
			break;
		case 'n':
			ret->netns = optarg;
			break;
		case 'v':
			ret->verbose++;
			break;
		case 'V':
			puts("xlaggd " XLAGG_VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case OPT_SOCKET:
			ret->socket = optarg;
			break;
		case OPT_BPFFS:
			ret->pins = optarg;
			break;
		case OPT_STATE:
			ret->state = optarg;
			break;
		case OPT_NO_ADOPT:
			ret->no_adopt = true;
			break;
		case OPT_NO_TRACING:
			ret->no_tracing = true;
			break;
		case OPT_FLUSH:
			ret->flush = true;
			break;
		default:
			fputs(usage, stderr);
			exit(1);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "xlaggd: '%s' is no option\n%s", argv[optind], usage);
		exit(1);
	}
}

/* Enters the network namespace but no mount namespace: bpffs and /run stay those of the caller. */
static int enter_netns(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (r < 0)
		fprintf(stderr, "xlaggd: cannot enter network namespace %s: %s: see ip netns list\n", name,
			strerror(-r));
	return r;
}

/* Returns the path that was given or, without one, FOLDER/FILE, or FOLDER/NETNS/FILE in a named namespace. To be freed
 * by the caller; NULL: no memory. */
static char *default_path(const char *given, const char *folder, const char *netns, const char *file)
{
	char *path;
	if (given)
		return strdup(given);
	return asprintf(&path, "%s%s%s%s%s", folder, netns ? "/" : "", netns ? netns : "", file[0] ? "/" : "", file) < 0
		   ? NULL
		   : path;
}

static int make_folder(const char *path)
{
	char copy[512];
	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = 0;
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		if (!slash)
			return 0;
		*slash = '/';
	}
}

/* --- start --- */

static int fail(int r, const char *what, const char *way_out)
{
	fprintf(stderr, "xlaggd: %s: %s%s%s\n", what, strerror(-r), way_out[0] ? ": " : "", way_out);
	return r;
}

static int fail_to_mount(int r, const char *pins)
{
	/* Where a folder in bpffs is to get a name with a dot, the kernel only says that this is not permitted. */
	bool dotted = r == -EPERM && strchr(pins, '.');
	return fail(r, pins,
		    dotted ? "a bpffs takes no name with a dot: give a folder without one with --bpffs"
			   : "give a folder on a bpffs with --bpffs");
}

static int open_adapters(struct agent *agent)
{
	if (geteuid())
		return fail(-EPERM, "it changes network devices and loads BPF programs", "run it as root");
	int r = server_lock(agent);
	if (r == -EBUSY) {
		fprintf(stderr,
			"xlaggd: another agent runs in this network namespace or serves %s: stop that one first\n",
			agent->socket);
		return r;
	}
	if (r < 0)
		return fail(r, agent->socket, "its folder must be writable");
	r = make_folder(agent->host.state);
	if (r < 0)
		return fail(r, agent->host.state, "give a writable folder with --state");
	state_clean(&agent->host);
	r = datapath_mount(agent->host.pins);
	if (r < 0)
		return fail_to_mount(r, agent->host.pins);
	r = netns_cookie(&agent->host.netns);
	if (r < 0)
		log_warning("cannot tell network namespaces apart: %s", strerror(-r));
	r = netlink_open(&agent->host.nl);
	if (r < 0)
		return fail(r, "rtnetlink", "");
	r = frames_open(&agent->host.packet_fd);
	if (r < 0)
		return fail(r, "packet socket", "");
	return 0;
}

/* Before anything that others wrote is read: pins, the file, frames, messages. */
static void give_up_rights(void)
{
	int r = confine();
	if (r < 0)
		log_warning("it runs with more rights than it needs: they cannot be given up: %s", strerror(-r));
}

/* Raises the priority, so that a lost link is noticed at once on a busy machine, too. */
static void go_first(void)
{
	if (setpriority(PRIO_PROCESS, 0, NICE))
		log_debug("cannot raise its priority: %s", strerror(errno));
}

/* Starts the programs that watch carrier in the kernel where tracing is allowed. Where it is not, those that an earlier
 * agent left pinned are removed. */
static void start_watch(struct agent *agent)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = -EPERM;
	if (agent->host.features.fentry && !agent->no_tracing)
		r = watch_open(&agent->host.watch, agent->host.pins, sentence);
	agent->host.features.fentry = r == 0;
	if (r < 0 && sentence[0])
		log_info("carrier is polled: %s", sentence);
	if (r < 0)
		watch_remove(agent->host.pins);
}

static int start(struct agent *agent)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	go_first();
	int r = server_open(agent);
	if (r < 0)
		return fail(r, agent->socket, "its folder must be writable");
	give_up_rights();
	r = datapath_find_features(&agent->host.features);
	if (r == 0)
		r = datapath_try_to_load();
	if (r < 0)
		/* One call that failed may be the reason, and libbpf hides which error it had. */
		return fail(r, "the programs cannot be loaded",
			    "start it again; if that does not help, Linux 6.1 or later with BPF is needed");
	start_watch(agent);
	r = start_events(agent);
	if (r < 0)
		return fail(r, "event loop", "");
	r = devices_start(agent);
	if (r < 0)
		return fail(r, "device events", "");
	r = agent->no_adopt ? adopt_flush(agent) : adopt_all(agent);
	if (r < 0 && !agent->no_adopt)
		return fail(r, agent->host.pins, "its laggs go on without an agent: start it again");
	later_load(agent);
	r = file_start(agent, sentence);
	if (r < 0) {
		fprintf(stderr, "xlaggd: %s\n", sentence[0] ? sentence : strerror(-r));
		return r;
	}
	forget_stale(agent);
	r = agent->host.watch ? 0 : devices_start_poll(agent);
	if (r < 0)
		return fail(r, "carrier poll", "");
	r = server_start(agent);
	if (r < 0)
		return fail(r, agent->socket, "its folder must be writable");
	return 0;
}

static void tell_start(struct agent *agent)
{
	struct xlagg_event event = {.type = XLAGG_EVENT_AGENT_START, .time_ns = clock_realtime()};
	event.gap_ns = XLAGG_GAP_UNKNOWN;
	snprintf(event.text, sizeof(event.text), "%s", agent->adopted ? "adopted" : "fresh");
	events_publish(agent, &event);
	log_info("ready: %u laggs adopted, %u made; tcx %s, netkit %s, tracing %s, XDP dispatcher %s", agent->adopted,
		 agent->fresh, agent->host.features.tcx ? "yes" : "no", agent->host.features.netkit ? "yes" : "no",
		 agent->host.features.fentry ? "yes" : "no", agent->host.features.dispatcher ? "yes" : "no");
	sd_notify(0, "READY=1");
}

/* The agent goes on when a round of the event loop fails, unless many fail within a second. */
static int run_loop(sd_event *event)
{
	uint64_t begin = 0;
	for (uint32_t failures = 1;; failures++) {
		int r = sd_event_loop(event);
		if (r >= 0)
			return r;
		if (clock_now() - begin > NS_PER_S) {
			begin = clock_now();
			failures = 1;
		}
		log_error("event loop: %s", strerror(-r));
		if (failures == FAILURES_MAX)
			return r;
	}
}

static int serve(struct agent *agent)
{
	int r = start(agent);
	if (r < 0)
		return r;
	tell_start(agent);
	r = run_loop(agent->host.event);
	sd_notify(0, "STOPPING=1");
	return r;
}

/* Frees everything. The laggs go on forwarding by what is pinned. */
static void close_all(struct agent *agent)
{
	carrier_poll_close(&agent->host.poll);
	capture_end_all(agent);
	while (agent->laggs)
		laggs_release(agent, agent->lagg[agent->laggs - 1]);
	rests_free(agent);
	later_free(agent);
	forget_free(agent);
	server_stop(agent);
	watch_close(&agent->host.watch);
	netlink_close(&agent->host.nl);
	if (agent->host.packet_fd >= 0)
		close(agent->host.packet_fd);
	sd_event_source_unref(agent->timer);
	sd_event_source_unref(agent->heartbeat);
	sd_event_source_unref(agent->check);
	sd_event_unref(agent->host.event);
	free(agent->socket);
	free(agent->host.pins);
	free(agent->host.state);
}

static int flush_all(struct agent *agent)
{
	give_up_rights();
	int r = adopt_flush(agent), watch = watch_remove(agent->host.pins);
	return r < 0 ? r : watch;
}

int main(int argc, char **argv)
{
	static struct agent agent = {.host = {.calls = &laggs_calls, .packet_fd = -1}};
	struct options options = {0};
	parse_options(argc, argv, &options);
	log_set_level(LOG_LEVEL_INFO + (enum log_level)options.verbose);
	if (options.netns && enter_netns(options.netns) < 0)
		return 1;
	char *file = NULL;
	if (options.netns && !options.file && asprintf(&file, "/etc/xlagg/%s.conf", options.netns) < 0) {
		fail(-ENOMEM, "start", "");
		return 1;
	}
	agent.file = options.file ? options.file : file ? file : "/etc/xlagg/xlagg.conf";
	agent.file_must_exist = options.file != NULL;
	agent.socket = default_path(options.socket, "/run/xlagg", options.netns, "xlaggd.sock");
	agent.host.pins = default_path(options.pins, "/sys/fs/bpf/xlagg", options.netns, "");
	agent.host.state = default_path(options.state, "/var/lib/xlagg", options.netns, "");
	agent.no_adopt = options.no_adopt;
	agent.no_tracing = options.no_tracing;
	agent.start_realtime = clock_realtime();
	bool named = agent.socket && agent.host.pins && agent.host.state;
	int r = named ? open_adapters(&agent) : fail(-ENOMEM, "start", "");
	if (r == 0)
		r = options.flush ? flush_all(&agent) : serve(&agent);
	close_all(&agent);
	free(file);
	return r < 0;
}
