/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The tables that snmpd is told of, and the rows that they have at present. */
#ifndef AGENTX_TABLES_H
#define AGENTX_TABLES_H

#include "agentx/mib.h"

/* Called before a request is answered: it may call tables_show. */
typedef void (*tables_freshen_fn)(void);
/* Returns dot3adTablesLastChanged: sysUpTime at the last change, hundredths of a second. */
typedef unsigned long (*tables_changed_fn)(void);

/* Registers the tables, which are empty. Returns 0 or -ENOMEM. */
int tables_register(tables_freshen_fn freshen, tables_changed_fn changed);
/* Makes these values the tables' rows. They must stay where they are until the next call. Returns 0, or -ENOMEM: then
 * the tables are empty. */
int tables_show(const struct mib *mib);

#endif
