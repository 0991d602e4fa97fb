/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Laggs as an agent would tell of them, and what the writers make of them. */
#ifndef UNIT_CLI_KIT_H
#define UNIT_CLI_KIT_H

#include <criterion/criterion.h>
#include <libmnl/libmnl.h>

#include "cli/show.h"

/* 2026-01-31T12:00:00.123456Z */
#define KIT_TIME_NS 1769860800123456789ull

/* A lagg "lagg0" of that proto with ports eth1 (in use) and eth2 (not, with a reason). */
void kit_lagg(enum xlagg_proto proto, struct view_lagg *ret);
/* Writes XLAGG_MSG_LAGG as the agent does. `status_size` octets of the lagg's status are sent, `port_size` of a port's.
 */
struct nlmsghdr *kit_message(const struct view_lagg *lagg, size_t status_size, size_t port_size);
/* What show_text_lagg writes; to be freed. */
char *kit_text(const struct view_lagg *lagg, bool details, bool stats);

#endif
