/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The ifaliases by which a lagg's devices are known to people, to agents that find no record of them, and to agents of
 * other versions: "port of lagg0 (xlagg)", "xlagg: lower end of lagg0", "xlagg: bond of lagg0", "xlagg: slave of
 * bond0".
 */
#ifndef SYS_MARK_H
#define SYS_MARK_H

#include <stdbool.h>

#include "xlagg/ctl.h"

#define MARK_MAX 64 /* octets of a mark, with its NUL */

/* MARK_SLAVE: a port of a bond that was taken. Network managers do not leave it alone, unlike one with MARK_PORT, since
 * one of them may have made the bond and goes on managing it. */
enum mark { MARK_NONE, MARK_PORT, MARK_LOWER, MARK_BOND, MARK_SLAVE };

/* Returns the mark that a port of a lagg bears. `taken`: the lagg is a bond that was taken. */
enum mark mark_of_port(bool taken);
/* Writes the mark (not MARK_NONE) of a device of that lagg. */
void mark_write(enum mark mark, const char *lagg, char ret[MARK_MAX]);
/* Returns which mark an ifalias is, and if it is one, copies the name of the lagg to `lagg`, which may be NULL. */
enum mark mark_read(const char *alias, char lagg[XLAGG_NAME_MAX]);
/* Whether an ifalias is the mark of a port; if so, the name of the lagg is copied as by mark_read(). */
bool mark_is_of_port(const char *alias, char lagg[XLAGG_NAME_MAX]);
/* Whether an ifalias is this mark of that lagg. */
bool mark_is(const char *alias, enum mark mark, const char *lagg);

#endif
