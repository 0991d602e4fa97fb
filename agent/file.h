/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The configuration file. */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include "agent.h"

/* Makes the file's configuration the running one. Returns 0, or -errno with a sentence. */
int file_reload(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);
/* At start: creates the laggs of the file that are not running yet. */
int file_start(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX]);

#endif
