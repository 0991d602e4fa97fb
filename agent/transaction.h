/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Commands for the running laggs. */
#ifndef AGENT_TRANSACTION_H
#define AGENT_TRANSACTION_H

#include "agent.h"

/* Does all commands or none. With `check` it does none, and says whether it could. *failed is the index of the command
 * that was refused. Names of devices in them are replaced by those under which the kernel lists them. */
int transaction_run(struct agent *agent, struct ctl_command *commands, uint32_t count, bool check, uint32_t *failed,
		    char sentence[XLAGG_SENTENCE_MAX]);

#endif
