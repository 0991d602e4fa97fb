/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Whole configurations. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "view.h"

struct ctl_model *config_running(struct cli *cli)
{
	struct ctl_model *model;
	VIEW_AUTO view = {0};

	if (view_get(cli, NULL, &view) < 0) {
		cli_failed(cli);
		return NULL;
	}
	model = calloc(1, sizeof(*model));
	if (!model || view.laggs > XLAGG_MAX_LAGGS) {
		free(model);
		cli_refuse(cli, model ? "the agent told of more than %d laggs" : "out of memory", XLAGG_MAX_LAGGS);
		return NULL;
	}
	for (uint32_t i = 0; i < view.laggs; i++)
		model->lagg[i] = view.lagg[i].model;
	model->laggs = view.laggs;
	return model;
}

char *config_slurp(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	if (!in)
		return NULL;
	errno = 0;
	len = getdelim(&text, &size, '\0', in);
	if (len < 0 && errno == 0 && !ferror(in)) { /* an empty file */
		free(text);
		text = calloc(1, 1);
	} else if (len < 0 || strlen(text) < (size_t)len) { /* a NUL: no text */
		int err = len < 0 ? errno : EILSEQ;

		free(text);
		text = NULL;
		errno = err;
	}
	if (in != stdin) {
		int err = errno;

		fclose(in);
		errno = err;
	}
	return text;
}

/* Applies every command of the text to the model. */
static int apply_text(struct cli *cli, char *text, struct ctl_model *model)
{
	char *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command command;

	for (;;) {
		int count = ctl_split(&text, words, CTL_MAX_WORDS, &cli->line, sentence);

		if (count == 0)
			return 0;
		if (count < 0 || ctl_parse(count, words, true, &command, sentence) < 0 ||
		    ctl_apply(model, &command, sentence) < 0) {
			cli_refuse(cli, "%s", sentence);
			return -EINVAL;
		}
	}
}

struct ctl_model *config_file(struct cli *cli, const char *path)
{
	const char *batch = cli->batch;
	CONFIG_AUTO char *text = config_slurp(path);
	struct ctl_model *model;
	int line = cli->line, ret;

	if (!text) {
		cli_refuse(cli, "%s: %s", path, strerror(errno));
		return NULL;
	}
	model = calloc(1, sizeof(*model));
	if (!model) {
		cli_refuse(cli, "out of memory");
		return NULL;
	}
	cli->batch = path;
	cli->line = 0;
	ret = apply_text(cli, text, model);
	cli->batch = batch;
	cli->line = line;
	if (ret == 0)
		return model;
	free(model);
	return NULL;
}

/* The new file has the old one's permissions, or 0644 less umask. */
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

/* Writes, and makes sure that it is on the disk before the name points to it. */
static int write_all(int fd, const struct ctl_model *model, mode_t mode)
{
	FILE *out = fdopen(fd, "w");
	int err = 0;

	if (!out) {
		err = errno;
		close(fd);
		return -err;
	}
	ctl_print_model(out, model);
	if (fflush(out) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		err = errno;
	if (fclose(out) != 0 && !err)
		err = errno;
	return -err;
}

int config_write(const char *path, const struct ctl_model *model)
{
	char target[PATH_MAX], temporary[PATH_MAX];
	int fd, ret;

	/* A link stays a link: what it points to is replaced. */
	if (!realpath(path, target) && snprintf(target, sizeof(target), "%s", path) >= (int)sizeof(target))
		return -ENAMETOOLONG;
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", target) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, model, mode_of(target));
	if (ret == 0 && rename(temporary, target) != 0)
		ret = -errno;
	if (ret < 0)
		unlink(temporary);
	return ret;
}
