/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Who changed what, for the log. */
#ifndef AGENT_AUDIT_H
#define AGENT_AUDIT_H

#include "server.h"

/* Logs the commands of one transaction of a client, and whether they were carried out (`r` 0) or refused (-errno). */
void audit(const struct client *client, const struct ctl_command *command, uint32_t count, int r);

#endif
