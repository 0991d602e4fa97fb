/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Whole configurations: the running one, a file's, and the way from one to the other. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdlib.h>

#include "cli.h"

/* Both give a new model, to be freed, or NULL after saying why. */
struct ctl_model *config_running(struct cli *cli);
struct ctl_model *config_file(struct cli *cli, const char *path);

/* Reads a whole file ("-": stdin) as text ended by NUL, to be freed. NULL with errno. */
char *config_slurp(const char *path);

/* Writes the model to `path` as `save` does: the old file stays until the new one is complete. 0 or -errno. */
int config_write(const char *path, const struct ctl_model *model);

static inline void config_free(void *pointer)
{
	free(*(void **)pointer);
}

#endif
