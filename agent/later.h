/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Bonds that are to be taken when their makers have made them. Their laggs are part of the configuration. */
#ifndef AGENT_LATER_H
#define AGENT_LATER_H

#include "agent.h"

/* A lagg that waits for its bond. */
struct later {
	struct later *next;
	struct xlagg_model model;
	char why[XLAGG_SENTENCE_MAX]; /* why its bond, which is there, could not be taken; empty: it is not there */
	uint64_t retry_ns;	      /* monotonic time of the next try */
	bool now;		      /* a command takes it: if that fails, so does the command */
};

/* Those that waited for their bonds when an earlier agent ended go on waiting. */
void later_load(struct agent *agent);
/* Returns the lagg of that name that waits for its bond, or NULL. */
struct later *later_find(const struct agent *agent, const char *name);
/* The lagg waits for its bond from now on. `why`: why the bond cannot be taken as it is; empty: there is none. */
void later_add(struct agent *agent, const struct xlagg_model *model, const char *why);
/* The lagg no longer waits, because it runs or is not wanted any longer. Without such a lagg nothing happens. */
void later_drop(struct agent *agent, const char *name);
/* None of the laggs waits any longer that are not in `wanted`. */
void later_keep(struct agent *agent, struct ctl_model *wanted);
/* Frees the list; the next agent finds it. */
void later_free(struct agent *agent);
/* A command takes this one now, if it waits at all; and: the command is over. */
void later_demand(struct agent *agent, const char *name);
void later_demand_none(struct agent *agent);
/* Adds the laggs that wait to a configuration. */
void later_list(const struct agent *agent, struct ctl_model *model);
/* A device that no lagg has appeared or changed: it may be a bond that is waited for. */
void later_try(struct agent *agent, const struct device *bond);
/* Tries again to take them, each every few seconds. */
void later_retry(struct agent *agent, uint64_t now);
/* Says what a lagg waits for. */
void later_why(const struct later *later, char ret[XLAGG_SENTENCE_MAX]);

#endif
