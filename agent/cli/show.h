/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The writers: a view as text for people, as JSON and as OpenMetrics. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>

#include "view.h"

/* What a text writer may do. */
struct show_how {
	bool details; /* options, LACP and datapath too */
	bool stats;   /* counters too */
	bool colour;
};

/* --- show_text.c --- */
void show_text_lagg(FILE *out, const struct view_lagg *lagg, struct show_how how);
/* One port by itself (`port show`): index `port` of the lagg. */
void show_text_port(FILE *out, const struct view_lagg *lagg, uint32_t port, struct show_how how);
void show_text_agent(FILE *out, const struct xlagg_agent_status *agent);
/* Its story in one line: the ports, who noticed, how long nothing was sent, the cause. */
#define SHOW_FAILOVER_SIZE (XLAGG_SENTENCE_MAX + 200)
void show_text_failover(const struct xlagg_event *event, char *ret, size_t size);
void show_text_event(FILE *out, const struct xlagg_event *event, bool colour);

/* --- show_json.c: each gives a new reference, NULL when memory is short --- */
json_t *show_json_lagg(const struct view_lagg *lagg, bool details, bool stats);
json_t *show_json_port(const struct view_lagg *lagg, uint32_t port, bool details, bool stats);
json_t *show_json_agent(const struct xlagg_agent_status *agent);
json_t *show_json_event(const struct xlagg_event *event);
json_t *show_json_explain(const char *lagg, const struct view_explain *explain);

/* --- metrics_text.c --- */
/* OpenMetrics text. agent NULL: none answered, which is itself a metric. */
void show_metrics(FILE *out, const struct xlagg_agent_status *agent, const struct view *view);

/* --- monitor.c --- */
/* Subscribes to the events of one lagg, or of all (name NULL). 0 or -errno with cli->sentence. */
int monitor_subscribe(struct cli *cli, const char *name);

/* --- output.c: on stdout, as -j, -p and -o ask --- */
/* Prints one JSON value and takes its reference. Gives an exit status. */
int show_json(const struct cli *cli, json_t *json);
/* Prints one record of text; with -o its lines are joined by "\". */
void show_record(const struct cli *cli, const char *text);
struct show_how show_how(const struct cli *cli);

#endif
