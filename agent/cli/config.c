/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads and writes whole configurations. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "view.h"

static bool is_port(const struct ctl_model *model, const char *name)
{
	for (uint32_t i = 0; i < model->laggs; i++)
		if (ctl_find_port(&model->lagg[i], name) >= 0)
			return true;
	return false;
}

/* Replaces the permanent MAC of a running port, in place of a name, by the port's name. */
static void name_by_mac(const struct view *view, char name[XLAGG_NAME_MAX])
{
	uint8_t mac[6];

	if (xlagg_name_to_mac(name, mac) < 0)
		return;
	for (uint32_t i = 0; i < view->laggs; i++)
		for (uint32_t port = 0; port < view->lagg[i].model.ports; port++) {
			const struct xlagg_port_status *status = &view->lagg[i].port[port];

			if (status->has_permaddr && memcmp(status->permaddr, mac, sizeof(mac)) == 0)
				memcpy(name, view->lagg[i].model.port[port].name, XLAGG_NAME_MAX);
		}
}

/* What a file is compared with. */
struct running {
	struct cli *cli;
	const struct view *view;
	const struct ctl_model *model;
};

/* Replaces the permanent MAC or an alternative name of a device by the name that the configuration has for it. */
static void name_device(const struct running *running, char name[XLAGG_NAME_MAX])
{
	if (is_port(running->model, name))
		return;
	name_by_mac(running->view, name);
	if (!is_port(running->model, name))
		view_get_name(running->cli, name, name);
}

/* A file may name a device twice, in one lagg or in two. Then both names stay, and the agent judges. */
static void name_ports(const struct running *running, const struct ctl_model *wanted, struct xlagg_model *lagg)
{
	char name[XLAGG_NAME_MAX];

	for (uint32_t port = 0; port < lagg->ports; port++) {
		memcpy(name, lagg->port[port].name, sizeof(name));
		name_device(running, name);
		if (strcmp(name, lagg->port[port].name) != 0 && !is_port(wanted, name))
			memcpy(lagg->port[port].name, name, sizeof(name));
	}
	if (strcmp(lagg->conf.primary, "auto") != 0 && ctl_find_port(lagg, lagg->conf.primary) < 0)
		name_device(running, lagg->conf.primary);
	if (strncmp(lagg->conf.mac, "from ", 5) == 0)
		name_device(running, lagg->conf.mac + 5);
}

struct ctl_model *config_running(struct cli *cli, struct ctl_model *wanted)
{
	struct ctl_model *model;
	__attribute__((cleanup(view_free))) struct view view = {0};
	struct running running = {.cli = cli, .view = &view};

	if (view_get(cli, NULL, &view) < 0) {
		cli_failed(cli);
		return NULL;
	}
	model = calloc(1, sizeof(*model));
	if (!model || view.laggs > XLAGG_MAX_LAGGS) {
		free(model);
		cli_refuse(cli, model ? "the agent reports more than %d laggs" : "out of memory", XLAGG_MAX_LAGGS);
		return NULL;
	}
	for (uint32_t i = 0; i < view.laggs; i++)
		model->lagg[i] = view.lagg[i].model;
	model->laggs = view.laggs;
	running.model = model;
	for (uint32_t i = 0; wanted && i < wanted->laggs; i++)
		name_ports(&running, wanted, &wanted->lagg[i]);
	return model;
}

/* Reads a stream up to its end as a text. Returns NULL with errno on failure; EILSEQ: it contains a NUL. */
static char *read_text(FILE *in)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t len = getdelim(&text, &size, '\0', in);
	bool empty = len < 0 && feof(in);
	int errnum = len < 0 ? errno : EILSEQ;

	if (len >= 0 && strlen(text) == (size_t)len)
		return text;
	free(text);
	errno = errnum;
	return empty ? calloc(1, 1) : NULL;
}

char *config_slurp(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text;
	int errnum;

	if (!in)
		return NULL;
	text = read_text(in);
	errnum = errno;
	if (in != stdin)
		fclose(in);
	errno = errnum;
	return text;
}

char *config_copy(const char *text)
{
	return strdup(text);
}

/* Applies every command of the text to the model. */
static int apply_text(struct cli *cli, char *text, struct ctl_model *model)
{
	char sentence[XLAGG_SENTENCE_MAX];
	int r;

	do
		r = ctl_apply_next(model, &text, &cli->line, sentence);
	while (r > 0);
	if (r == 0)
		return 0;
	cli_refuse(cli, "%s", sentence);
	return -EINVAL;
}

/* Returns the model that a file's text describes, or NULL after saying why. Sentences name `path`. */
static struct ctl_model *read_model(struct cli *cli, const char *path, char *text)
{
	struct ctl_model *model = calloc(1, sizeof(*model));
	const char *batch = cli->batch;
	int line = cli->line, r;

	if (!model) {
		cli_refuse(cli, "out of memory");
		return NULL;
	}
	cli->batch = path;
	cli->line = 0;
	r = apply_text(cli, text, model);
	cli->batch = batch;
	cli->line = line;
	if (r == 0)
		return model;
	free(model);
	return NULL;
}

struct ctl_model *config_file(struct cli *cli, const char *path)
{
	struct ctl_model *model = NULL;
	char *text = config_slurp(path);

	if (text)
		model = read_model(cli, path, text);
	else
		cli_refuse(cli, "%s: %s", path, strerror(errno));
	free(text);
	return model;
}

/* Returns the permissions of the old file, or 0644 less the umask if there is none. */
static mode_t mode_of(const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return st.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0644 & ~mask;
}

/* Writes the file and makes sure that it is on the disk, before it gets its name. */
static int write_all(int fd, const struct ctl_model *model, mode_t mode)
{
	FILE *out = fdopen(fd, "w");
	int r = 0;

	if (!out) {
		r = errno;
		close(fd);
		return -r;
	}
	ctl_print_model(out, model);
	if (fflush(out) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		r = errno;
	if (fclose(out) != 0 && !r)
		r = errno;
	return -r;
}

int config_write(const char *path, const struct ctl_model *model)
{
	char target[PATH_MAX], temporary[PATH_MAX];
	int fd, r;

	/* If it is a symbolic link, the file it points to is replaced. */
	if (!realpath(path, target) && snprintf(target, sizeof(target), "%s", path) >= (int)sizeof(target))
		return -ENAMETOOLONG;
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", target) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_all(fd, model, mode_of(target));
	if (r == 0 && rename(temporary, target) != 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}
