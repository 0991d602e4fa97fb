/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * debug bundle: what whoever looks for a fault wants to see, in one tar. Each file is what one command prints; one that
 * is not there, fails or takes too long costs its file only, and the file says so. The seed of the hash is left out:
 * who knows it can choose flows that all take one port.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "show.h"

#define ITEM_MS 10000 /* how long one command may take */
#define WORDS_MAX 12  /* of one command, with the NULL */

extern char **environ;

/* What is gathered. Words beginning with '@' stand for something else, see replace(). */
static const struct item {
	const char *file;
	const char *word[WORDS_MAX];
} items[] = {
    {"version.txt", {"@xlagg", "-V"}},
    {"kernel.txt", {"uname", "-a"}},
    {"laggs.txt", {"@xlagg", "@agent", "-d", "-s", "lagg", "show"}},
    {"agent.json", {"@xlagg", "@agent", "-j", "-p", "agent", "show"}},
    {"metrics.txt", {"@xlagg", "@agent", "metrics"}},
    {"difference.conf", {"@xlagg", "@agent", "diff"}},
    {"links.json", {"ip", "@netns", "-j", "-p", "-d", "-s", "-s", "link", "show"}},
    {"addresses.txt", {"ip", "@netns", "address", "show"}},
    {"queues.txt", {"tc", "@netns", "-s", "qdisc", "show"}},
    {"hooks.txt", {"bpftool", "net", "show"}},
    {"programs.txt", {"bpftool", "prog", "show"}},
    {"maps.txt", {"bpftool", "map", "show"}},
    {"bpf-links.txt", {"bpftool", "link", "show"}},
    {"journal.txt",
     {"journalctl", "--no-pager", "-o", "short-iso-precise", "-n", "5000", "-u", "xlaggd", "-u", "xlagg-exporter"}},
    {"kernel-log.txt", {"dmesg", "--time-format", "iso"}},
};

/* Maps of a lagg that are worth a look: bpftool prints their values by name. */
static const char *const maps[] = {"control", "ports", "tables", "port_stats", "lagg_stats", "lacp", "headless"};

struct bundle {
	struct cli *cli;
	const char *agent_option; /* "-n", "--socket", or NULL: the default agent */
	const char *agent_value;
	char folder[64]; /* a temporary one: the tar is made from it */
	char name[64];	 /* of the folder in the tar, and of the tar without a FILE */
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Writes a path in the bundle. */
static void path_of(const struct bundle *bundle, const char *file, char ret[256])
{
	snprintf(ret, 256, "%s/%s/%s", bundle->folder, bundle->name, file);
}

/* Appends what a word stands for. Returns how many words there are now. */
static size_t replace(const struct bundle *bundle, const char *word, const char *to[], size_t count)
{
	if (strcmp(word, "@xlagg") == 0) {
		to[count++] = "/proc/self/exe";
	} else if (strcmp(word, "@agent") == 0) {
		if (bundle->agent_option) {
			to[count++] = bundle->agent_option;
			to[count++] = bundle->agent_value;
		}
	} else if (strcmp(word, "@netns") == 0) {
		if (bundle->cli->netns) {
			to[count++] = "-n";
			to[count++] = bundle->cli->netns;
		}
	} else {
		to[count++] = word;
	}
	return count;
}

/* Waits until the process has ended, and ends it when its time is over. Returns its wait status, or -errno. */
static int await(pid_t pid)
{
	int status;
	__attribute__((cleanup(close_fd))) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = {.fd = fd, .events = POLLIN};
	bool late = fd >= 0 && poll(&end, 1, ITEM_MS) == 0;

	if (late)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return late ? -ETIMEDOUT : status;
}

/* Runs a command whose output goes to the file. Returns its wait status, or -errno. */
static int run(const char *const word[], int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r = word[0] ? posix_spawn_file_actions_init(&actions) : EINVAL;

	if (r)
		return -r;
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	r = posix_spawnp(&pid, word[0], &actions, NULL, (char *const *)word, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -r : await(pid);
}

/* Puts stars in place of each seed that a command line in the file names. */
static void hide_seeds(int fd)
{
	static const char option[] = "hash-seed ";
	struct stat st;
	char *text, *at;

	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		return;
	for (at = text; (at = memmem(at, (size_t)(text + st.st_size - at), option, sizeof(option) - 1));)
		for (at += sizeof(option) - 1; at < text + st.st_size && isdigit((unsigned char)*at); at++)
			*at = '*';
	munmap(text, (size_t)st.st_size);
}

/* Adds the file with what a command prints, and behind it how the command ended if that was not well. */
static int add_command(const struct bundle *bundle, const char *file, const char *const words[])
{
	const char *word[2 * WORDS_MAX] = {NULL};
	char path[256];
	size_t count = 0;

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		count = replace(bundle, words[i], word, count);
	path_of(bundle, file, path);
	__attribute__((cleanup(close_fd))) int out = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	int status = run(word, out);
	hide_seeds(out);
	if (status < 0)
		dprintf(out, "\n(%s: %s)\n", count && word[0][0] != '/' ? word[0] : "xlagg", strerror(-status));
	else if (status != 0)
		dprintf(out, "\n(wait status %#x)\n", (unsigned int)status);
	return 0;
}

static int add_text(const struct bundle *bundle, const char *file, const char *text)
{
	char path[256];
	FILE *out;

	path_of(bundle, file, path);
	out = fopen(path, "wxe");
	if (!out)
		return -errno;
	fputs(text, out);
	return fclose(out) == 0 ? 0 : -errno;
}

/* --- with the agent's answers --- */

static int add_configuration(const struct bundle *bundle, const struct view *view)
{
	__attribute__((cleanup(config_free))) char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < view->laggs; i++) {
		struct xlagg_model lagg = view->lagg[i].model;

		lagg.conf.hash_seed = XLAGG_AUTO;
		ctl_print_lagg(out, &lagg);
	}
	return fclose(out) == 0 ? add_text(bundle, "configuration.conf", text) : -ENOMEM;
}

static int add_state(const struct bundle *bundle, struct view *view)
{
	json_t *json = json_array();
	char *text;
	int r;

	for (uint32_t i = 0; i < view->laggs; i++) {
		view->lagg[i].model.conf.hash_seed = XLAGG_AUTO;
		json_array_append_new(json, show_json_lagg(&view->lagg[i], true, true));
	}
	text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	r = text ? add_text(bundle, "laggs.json", text) : -ENOMEM;
	free(text);
	return r;
}

static int add_maps(const struct bundle *bundle, const struct xlagg_agent_status *agent, const struct view *view)
{
	int r = 0;

	for (uint32_t i = 0; i < view->laggs && r == 0; i++)
		for (size_t map = 0; map < sizeof(maps) / sizeof(maps[0]) && r == 0; map++) {
			char folder[CTL_FOLDER_MAX], file[CTL_FOLDER_MAX + 32], path[512];

			ctl_folder_of(view->lagg[i].model.name, folder);
			snprintf(file, sizeof(file), "map-%s-%s.txt", folder, maps[map]);
			snprintf(path, sizeof(path), "%s/%s/%s", agent->pins, folder, maps[map]);
			r = add_command(bundle, file,
					(const char *const[WORDS_MAX]){"bpftool", "map", "dump", "pinned", path});
		}
	return r;
}

/* Adds what needs the agent. Without one its absence is told in place of that. */
static int add_agent(const struct bundle *bundle)
{
	struct xlagg_agent_status agent = {0};
	__attribute__((cleanup(view_free))) struct view view = {0};
	int r;

	if (view_get_agent(bundle->cli, &agent) < 0 || view_get(bundle->cli, NULL, &view) < 0)
		return add_text(bundle, "no-agent.txt", bundle->cli->sentence);
	r = add_configuration(bundle, &view);
	if (r == 0)
		r = add_state(bundle, &view);
	return r == 0 ? add_maps(bundle, &agent, &view) : r;
}

/* --- the tar --- */

static int gather(const struct bundle *bundle)
{
	int r = add_agent(bundle);

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]) && r == 0; i++)
		r = add_command(bundle, items[i].file, items[i].word);
	return r;
}

static int pack(const struct bundle *bundle, int out)
{
	int status = run((const char *const[]){"tar", "-cf", "-", "--owner=0", "--group=0", "-C", bundle->folder,
					       bundle->name, NULL},
			 out);

	return status > 0 ? -EIO : status;
}

static int begin(struct bundle *bundle)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(bundle->name, sizeof(bundle->name), "xlagg-debug-%Y%m%d-%H%M%S", &utc);
	if ((size_t)snprintf(bundle->folder, sizeof(bundle->folder), "%s/xlagg-debug-XXXXXX", tmp ? tmp : "/tmp") >=
	    sizeof(bundle->folder))
		return -ENAMETOOLONG;
	if (!mkdtemp(bundle->folder)) {
		int r = -errno;
		bundle->folder[0] = 0;
		return r;
	}
	path_of(bundle, "", path);
	return mkdir(path, 0700) == 0 ? 0 : -errno;
}

static void end(const struct bundle *bundle)
{
	__attribute__((cleanup(close_fd))) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (bundle->folder[0])
		run((const char *const[]){"rm", "-rf", "--", bundle->folder, NULL}, null);
}

/* Opens the tar that is written, "-": stdout. It may hold addresses that are nobody else's business. */
static int open_tar(const char *path)
{
	int fd =
	    strcmp(path, "-") == 0 ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int cmd_debug_bundle(struct cli *cli, int argc, char *argv[])
{
	__attribute__((cleanup(end))) struct bundle bundle = {.cli = cli};
	char own[80];
	int r;

	if (argc > 1)
		return cli_usage(cli, "debug bundle takes one FILE or none, not \"%s\"", argv[1]);
	bundle.agent_option = cli->socket ? "--socket" : cli->netns ? "-n" : NULL;
	bundle.agent_value = cli->socket ? cli->socket : cli->netns;
	r = begin(&bundle);
	if (r < 0)
		return cli_refuse(cli, "no temporary folder: %s: say another in TMPDIR", strerror(-r));
	snprintf(own, sizeof(own), "%s.tar", bundle.name);
	const char *path = argc ? argv[0] : own;
	__attribute__((cleanup(close_fd))) int out = open_tar(path);
	if (out < 0)
		return cli_refuse(cli, "%s: %s: name another FILE", path, strerror(-out));
	r = gather(&bundle);
	if (r == 0)
		r = pack(&bundle, out);
	if (r < 0)
		return cli_refuse(cli, "%s: cannot be written: %s", path, strerror(-r));
	if (!argc)
		puts(path);
	return CLI_DONE;
}
