/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads and writes whole configurations: the running one, and those of files. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdlib.h>

#include "cli.h"

/* Both return a new model, which the caller frees, or NULL after saying why. Where `wanted`, which may be NULL, names a
 * device by its permanent MAC or an alternative name, it gets the name that the agent has for it. */
struct ctl_model *config_running(struct cli *cli, struct ctl_model *wanted);
struct ctl_model *config_file(struct cli *cli, const char *path);

/* Reads a whole file ("-": stdin). Returns its text, which the caller frees, or NULL with errno. */
char *config_slurp(const char *path);

/* Copies a text. Returns the copy, which the caller frees, or NULL if memory is short. */
char *config_copy(const char *text);

/* Writes the model to `path` as `save` does. The old file stays until the new one is complete. Returns 0 or -errno. */
int config_write(const char *path, const struct ctl_model *model);

static inline void config_free(void *pointer)
{
	free(*(void **)pointer);
}

#endif
