/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The configuration file: read at start and at reload. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "laggs.h"
#include "later.h"
#include "sys/fd.h"
#include "transaction.h"

#define PATH_FITS 40 /* characters of a path in a sentence */

static void free_model(struct ctl_model **model)
{
	free(*model);
}

static void free_text(char **text)
{
	free(*text);
}

/* Reads the whole file as one text, to be freed by the caller. -ENOENT: there is no file. */
static int read_file(const struct agent *agent, char **ret, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(close_file))) FILE *file = fopen(agent->file, "re");
	__attribute__((cleanup(free_text))) char *text = NULL;
	size_t size = 0;
	ssize_t len = file ? getdelim(&text, &size, 0, file) : -1;
	if (!file || ferror(file)) {
		int r = errno ? -errno : -EIO;
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "cannot read %.90s: %s: write it, or start xlaggd with another -f", agent->file, strerror(-r));
		return r;
	}
	if (len < 0 && !text)
		return -ENOMEM;
	if (len > 0 && !text[len - 1]) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%.120s is not a text file: there is a NUL in it", agent->file);
		return -EINVAL;
	}
	if (len < 0)
		text[0] = 0; /* an empty file */
	*ret = text;
	text = NULL;
	return 0;
}

/* Returns the end of the path, as much of it as fits into a sentence. */
static const char *short_path(const char *path)
{
	size_t len = strlen(path);
	return len > PATH_FITS ? path + len - PATH_FITS : path;
}

/* Applies the next command of the file to `model`. Returns 1, 0 at the end of the file, or -errno with a sentence. */
static int load_command(const struct agent *agent, char **at, int *line, struct ctl_model *model,
			char sentence[XLAGG_SENTENCE_MAX])
{
	char why[XLAGG_SENTENCE_MAX] = "";
	int r = ctl_apply_next(model, at, line, why);
	if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s:%d: %.140s", short_path(agent->file), *line, why);
	return r;
}

struct command_list {
	struct ctl_command *command;
	uint32_t count, size;
};

static void free_list(struct command_list *list)
{
	free(list->command);
}

static int append_command(void *context, const struct ctl_command *command)
{
	struct command_list *list = context;
	if (list->count == list->size) {
		uint32_t size = list->size ? list->size * 2 : 16;
		void *bigger = realloc(list->command, size * sizeof(*list->command));
		if (!bigger)
			return -ENOMEM;
		list->command = bigger;
		list->size = size;
	}
	list->command[list->count++] = *command;
	return 0;
}

/* Finds the commands that turn the running configuration into `wanted`. */
static int find_difference(const struct agent *agent, const struct ctl_model *wanted, struct command_list *ret)
{
	__attribute__((cleanup(free_model))) struct ctl_model *running = laggs_model(agent);
	int r = running ? ctl_diff(running, wanted, append_command, ret) : -ENOMEM;
	for (uint32_t i = 0; i < ret->count; i++)
		ret->command[i].from_file = true;
	return r;
}

/* `wanted` is empty: it is filled with the file's configuration. */
static int reload(struct agent *agent, struct ctl_model *wanted, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_list))) struct command_list list = {0};
	__attribute__((cleanup(free_text))) char *text = NULL;
	uint32_t failed;
	int line = 0;
	/* A missing file is an error. It does not mean that all laggs should go. */
	int r = read_file(agent, &text, sentence);
	char *at = text;
	if (r == 0)
		do
			r = load_command(agent, &at, &line, wanted, sentence);
		while (r > 0);
	if (r == 0) {
		transaction_resolve(agent, wanted);
		r = find_difference(agent, wanted, &list);
	}
	if (r == 0)
		r = transaction_run(agent, list.command, list.count, false, &failed, sentence);
	return r;
}

int file_reload(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_model *wanted = calloc(1, sizeof(*wanted));
	int r = wanted ? reload(agent, wanted, sentence) : -ENOMEM;
	free(wanted);
	return r;
}

/* Reads the file at start. A wrong command is logged and left out, so that the other laggs still work. Returns 1, 0 if
 * there is no file and none was asked for, or -errno with a sentence. */
static int load_for_start(struct agent *agent, struct ctl_model *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_text))) char *text = NULL;
	int line = 0;
	int r = read_file(agent, &text, sentence);
	if (r == -ENOENT && !agent->file_must_exist)
		return 0;
	if (r < 0)
		return r;
	char *at = text;
	do {
		r = load_command(agent, &at, &line, ret, sentence);
		agent->left_out |= r < 0;
		if (r < 0)
			log_error("%s: this command is left out", sentence);
	} while (r != 0);
	sentence[0] = 0;
	return 1;
}

static void add_lagg(struct agent *agent, const struct xlagg_model *model)
{
	struct ctl_command command;
	char why[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed;
	if (laggs_find(agent, model->name) || later_find(agent, model->name))
		return;
	ctl_model_to_command(model, &command);
	command.from_file = true;
	int r = transaction_run(agent, &command, 1, false, &failed, why);
	agent->left_out |= r < 0;
	if (r < 0 && model->conf.taken)
		later_add(agent, model, why[0] ? why : strerror(-r));
	else if (r < 0)
		log_error("%s is left out: %s", model->name, why[0] ? why : strerror(-r));
}

/* `wanted` is empty: it is filled with the file's configuration. */
static int start(struct agent *agent, struct ctl_model *wanted, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_list))) struct command_list differing = {0};
	int r = load_for_start(agent, wanted, sentence);
	/* Adopted laggs go on, even if the file has become unreadable. */
	agent->left_out |= r < 0;
	if (r < 0 && agent->laggs) {
		log_error("%s: the adopted laggs go on, and no other lagg is made",
			  sentence[0] ? sentence : strerror(-r));
		return 0;
	}
	if (r <= 0)
		return r;
	agent->host.starting = true;
	bool hurry = laggs_hurry(agent, wanted); /* decided by the whole file, since its laggs are created one by one */
	for (uint32_t i = 0; i < wanted->laggs; i++)
		add_lagg(agent, &wanted->lagg[i]);
	if (hurry)
		laggs_hurry_no_longer(agent);
	agent->host.starting = false;
	if (!agent->adopted)
		return 0;
	transaction_resolve(agent, wanted);
	if (find_difference(agent, wanted, &differing) == 0 && differing.count)
		log_info("the running configuration was adopted and differs from %s: see xlagg diff, or xlagg reload",
			 agent->file);
	return 0;
}

int file_start(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_model *wanted = calloc(1, sizeof(*wanted));
	int r = wanted ? start(agent, wanted, sentence) : -ENOMEM;
	free(wanted);
	return r;
}
