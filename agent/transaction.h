/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Transactions: commands change the running laggs. */
#ifndef AGENT_TRANSACTION_H
#define AGENT_TRANSACTION_H

#include "agent.h"

/* Carries out all commands or none. With `check` it carries out none, and only says whether it could. Returns 0, or
 * -errno with a sentence and in *failed the index of the refused command; -EINPROGRESS: all is done, but a device could
 * not be put back yet. Alternative names of devices in the commands are replaced by their proper names. */
int transaction_run(struct agent *agent, struct ctl_command *commands, uint32_t count, bool check, uint32_t *failed,
		    char sentence[XLAGG_SENTENCE_MAX]);

/* Returns our name for the device that has the name, alternative name or permanent MAC `word`: that of the port, or the
 * kernel's. Without such a device it is `word` itself. */
void transaction_find_name(struct agent *agent, const char *word, char ret[XLAGG_NAME_MAX]);

/* Replaces alternative names and permanent MACs of devices in a file's configuration by their names. */
void transaction_resolve(struct agent *agent, struct ctl_model *wanted);

#endif
