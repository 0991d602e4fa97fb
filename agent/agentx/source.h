/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Where the values come from: the agent, which may be away. Then there are no rows. */
#ifndef AGENTX_SOURCE_H
#define AGENTX_SOURCE_H

#include <stdbool.h>

/* Says whose values: the agent of a network namespace (NULL: the default one), or of a socket (NULL: its default). */
void source_open(const char *netns, const char *socket);
/* To be called once a second: comes back to an agent that was away, and notices what changed. */
void source_tick(void);
/* Makes the tables' rows those of the last second: asks the agent, unless that was done within it. */
void source_freshen(void);
/* Returns sysUpTime when a row last changed, came or went, hundredths of a second. */
unsigned long source_last_changed(void);
void source_close(void);

#endif
