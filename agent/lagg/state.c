/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads and writes the files of the state folder. A file is replaced as a whole, and a symbolic link in its place is
 * never followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "lagg/state.h"
#include "sys/again.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "xlagg/mac.h"

#define PATH_MAX_HERE 512
#define FRESH ".new"	  /* appended to the name of a file that is being written */
#define WAITING "waiting" /* the file of the laggs that wait for their bonds */
/* The machine's ID is hashed with this, so that the result identifies the machine to nobody else. */
#define APPLICATION SD_ID128_MAKE(5e, 0b, 9c, 1d, 7a, 52, 4f, 0e, 8a, 0d, 6b, 19, c2, 44, 31, f7)

static void free_text(char **text)
{
	free(*text);
}

static void path_of(const struct lagg_host *host, const char *lagg, const char *suffix, char ret[PATH_MAX_HERE])
{
	snprintf(ret, PATH_MAX_HERE, "%s/%s.state%s", host->state, lagg, suffix);
}

void state_machine(char ret[STATE_MACHINE_MAX])
{
	sd_id128_t id;
	ret[0] = 0;
	if (sd_id128_get_machine_app_specific(APPLICATION, &id) >= 0)
		sd_id128_to_string(id, ret);
}

void state_life(const struct lagg_host *host, char ret[STATE_LIFE_MAX])
{
	sd_id128_t boot;
	ret[0] = 0;
	if (host->netns && sd_id128_get_boot(&boot) >= 0)
		snprintf(ret, STATE_LIFE_MAX, SD_ID128_FORMAT_STR "-%llu", SD_ID128_FORMAT_VAL(boot),
			 (unsigned long long)host->netns);
}

/* --- reading --- */

static bool read_number(const char *text, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	if (end == text || *end || number > max)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static void read_line(const char *line, struct state *ret)
{
	char text[STATE_MACHINE_MAX];
	struct xlagg_kept *kept = &ret->kept;
	if (sscanf(line, "life %63s", ret->life) == 1)
		return;
	if (sscanf(line, "mac %32s", text) == 1 && xlagg_parse_mac(text, kept->mac) == 0)
		kept->has |= XLAGG_KEPT_MAC;
	else if (sscanf(line, "seed %32s", text) == 1 && read_number(text, XLAGG_AUTO - 1, &kept->seed))
		kept->has |= XLAGG_KEPT_SEED;
	else if (sscanf(line, "number %32s", text) == 1 && read_number(text, STATE_NUMBER_MAX, &kept->number))
		kept->has |= XLAGG_KEPT_NUMBER;
	else if (sscanf(line, "machine %32s", text) == 1)
		memcpy(ret->machine, text, sizeof(text));
	else if (sscanf(line, "port %32s", text) == 1 && ret->ports < XLAGG_MAX_PORTS &&
		 xlagg_parse_mac(text, ret->port[ret->ports]) == 0)
		ret->ports++;
}

/* Returns NULL with errno on failure. Opens without blocking, since a device or a pipe may be in the file's place. */
static FILE *open_to_read(const char *path)
{
	struct stat st;
	__attribute__((cleanup(close_fd))) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	FILE *file = fdopen(fd, "r");
	if (file)
		take_fd(&fd);
	return file;
}

static int read_file(const char *path, struct state *ret)
{
	char line[128];
	struct state state = {0};
	__attribute__((cleanup(close_file))) FILE *file = open_to_read(path);
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		read_line(line, &state);
	if (ferror(file))
		return -EIO;
	*ret = state;
	return 0;
}

int state_read(const struct lagg_host *host, const char *lagg, struct state *ret)
{
	char path[PATH_MAX_HERE];
	uint32_t tries = 0;
	int r;
	path_of(host, lagg, "", path);
	/* Without it the lagg gets another MAC, seed and number, and these are kept in its place. */
	do
		r = read_file(path, ret);
	while (again(&tries, r < 0 && r != -ENOENT));
	if (r < 0 && r != -ENOENT)
		log_about(LOG_LEVEL_WARNING, lagg, NULL, "%s cannot be read: %s", path, strerror(-r));
	return r;
}

/* --- writing --- */

static void write_mac(FILE *file, const char *word, const uint8_t mac[6])
{
	char text[XLAGG_MAC_TEXT];
	xlagg_print_mac(mac, text);
	fprintf(file, "%s %s\n", word, text);
}

static void write_lines(FILE *file, const void *content)
{
	const struct state *state = content;
	const struct xlagg_kept *kept = &state->kept;
	if (kept->has & XLAGG_KEPT_MAC)
		write_mac(file, "mac", kept->mac);
	if (kept->has & XLAGG_KEPT_SEED)
		fprintf(file, "seed %u\n", kept->seed);
	if (kept->has & XLAGG_KEPT_NUMBER)
		fprintf(file, "number %u\n", kept->number);
	if (state->machine[0])
		fprintf(file, "machine %s\n", state->machine);
	if (state->life[0])
		fprintf(file, "life %s\n", state->life);
	for (uint32_t i = 0; i < state->ports; i++)
		write_mac(file, "port", state->port[i]);
}

/* Writes a new file, after deleting whatever has its name. */
static int write_new(const char *path, void (*write)(FILE *file, const void *content), const void *content)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	__attribute__((cleanup(close_fd))) int fd =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	__attribute__((cleanup(close_file))) FILE *file = fdopen(fd, "w");
	if (!file)
		return -errno;
	take_fd(&fd);
	write(file, content);
	return fflush(file) != 0 || fsync(fileno(file)) < 0 ? -errno : 0;
}

/* Makes sure that the new name in the folder is on the disk, too. */
static int sync_folder(const char *path)
{
	__attribute__((cleanup(close_fd))) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Replaces a file as a whole. */
static int replace(const struct lagg_host *host, const char *path, const char *fresh,
		   void (*write)(FILE *file, const void *content), const void *content)
{
	int r = write_new(fresh, write, content);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(fresh);
	return r < 0 ? r : sync_folder(host->state);
}

int state_write(const struct lagg_host *host, const char *lagg, const struct state *state)
{
	char path[PATH_MAX_HERE], fresh[PATH_MAX_HERE];
	path_of(host, lagg, "", path);
	path_of(host, lagg, FRESH, fresh);
	return replace(host, path, fresh, write_lines, state);
}

/* --- laggs that wait --- */

static void waiting_path(const struct lagg_host *host, const char *suffix, char ret[PATH_MAX_HERE])
{
	snprintf(ret, PATH_MAX_HERE, "%s/" WAITING "%s", host->state, suffix);
}

static void write_text(FILE *file, const void *content)
{
	fputs(content, file);
}

/* A life that cannot be told now is not one that cannot be told at all. */
static int no_life(const struct lagg_host *host)
{
	return host->netns ? -EAGAIN : -ENOENT;
}

int state_write_waiting(const struct lagg_host *host, const char *commands)
{
	char path[PATH_MAX_HERE], fresh[PATH_MAX_HERE], life[STATE_LIFE_MAX];
	__attribute__((cleanup(free_text))) char *text = NULL;
	waiting_path(host, "", path);
	waiting_path(host, FRESH, fresh);
	state_life(host, life);
	if (commands[0] && !life[0] && no_life(host) == -EAGAIN)
		return -EAGAIN;
	if (!commands[0] || !life[0])
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	if (asprintf(&text, "%s\n%s", life, commands) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return replace(host, path, fresh, write_text, text);
}

/* Where nothing can be read. */
static int none_or_failed(FILE *file, int errnum)
{
	return ferror(file) ? -EIO : errnum ? -errnum : -ENOENT;
}

int state_read_waiting(const struct lagg_host *host, char **ret)
{
	char path[PATH_MAX_HERE], line[STATE_LIFE_MAX + 1], life[STATE_LIFE_MAX];
	__attribute__((cleanup(free_text))) char *text = NULL;
	size_t size = 0;
	waiting_path(host, "", path);
	state_life(host, life);
	__attribute__((cleanup(close_file))) FILE *file = open_to_read(path);
	if (!file)
		return -errno;
	if (!life[0])
		return no_life(host);
	errno = 0;
	if (!fgets(line, sizeof(line), file))
		return none_or_failed(file, errno);
	if (strcspn(line, "\n") != strlen(life) || strncmp(line, life, strlen(life)) != 0)
		return -ENOENT;
	errno = 0; /* it alone tells a want of memory from the end */
	if (getdelim(&text, &size, 0, file) < 0)
		return none_or_failed(file, errno);
	*ret = text;
	text = NULL;
	return 0;
}

int state_remove(const struct lagg_host *host, const char *lagg)
{
	char path[PATH_MAX_HERE];
	path_of(host, lagg, "", path);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), rest = strlen(end);
	return len > rest && strcmp(name + len - rest, end) == 0;
}

/* Deletes the files whose names end like that. */
static void clean(const struct lagg_host *host, const char *end)
{
	struct dirent *entry;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(host->state);
	while (dir && (entry = readdir(dir)))
		if (ends_with(entry->d_name, end))
			unlinkat(dirfd(dir), entry->d_name, 0);
}

void state_each(const struct lagg_host *host, void (*fn)(void *context, const char *lagg), void *context)
{
	static const char end[] = ".state";
	char lagg[XLAGG_NAME_MAX];
	struct dirent *entry;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(host->state);
	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name) - strlen(end);
		if (!ends_with(entry->d_name, end) || len >= sizeof(lagg))
			continue;
		snprintf(lagg, sizeof(lagg), "%.*s", (int)len, entry->d_name);
		fn(context, lagg);
	}
}

void state_clean(const struct lagg_host *host)
{
	clean(host, ".state" FRESH);
}

void state_remove_all(const struct lagg_host *host)
{
	clean(host, ".state");
	state_write_waiting(host, "");
}
