/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The writers, which print a view as text for people, as JSON or as OpenMetrics. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>

#include "view.h"

/* How to write a text. */
struct show_how {
	bool details; /* options, LACP and datapath too */
	bool stats;   /* counters too */
	bool brief;   /* one short line, and nothing else */
	bool colour;
};

/* --- show_text.c --- */
void show_text_lagg(FILE *out, const struct view_lagg *lagg, struct show_how how);
/* Writes one port by itself (`port show`). `port` is its index in the lagg. */
void show_text_port(FILE *out, const struct view_lagg *lagg, uint32_t port, struct show_how how);
void show_text_agent(FILE *out, const struct xlagg_agent_status *agent);
/* Writes a failover in one line: both ports, who noticed first, how long nothing was sent, and the cause. */
#define SHOW_FAILOVER_SIZE (4 * XLAGG_SENTENCE_MAX + 300)
void show_text_failover(const struct xlagg_event *event, char *ret, size_t size);
void show_text_event(FILE *out, const struct xlagg_event *event, bool colour);

/* --- show_json.c: each function returns a new reference, NULL if memory is short --- */
json_t *show_json_lagg(const struct view_lagg *lagg, bool details, bool stats);
json_t *show_json_port(const struct view_lagg *lagg, uint32_t port, bool details, bool stats);
json_t *show_json_agent(const struct xlagg_agent_status *agent);
json_t *show_json_event(const struct xlagg_event *event);

/* --- metrics_text.c --- */
/* Prometheus reads two kinds of text. What is printed once may go to readers of either, so it is both. */
enum show_metrics_format { METRICS_OPENMETRICS, METRICS_TEXT, METRICS_BOTH };
/* Prints text for Prometheus. `agent` is NULL if none answered, which is a metric too. */
void show_metrics(FILE *out, enum show_metrics_format format, const struct xlagg_agent_status *agent,
		  const struct view *view);

/* --- output.c: printing on stdout, as -j, -p and -o ask --- */
/* Prints one JSON value and drops the reference. Returns an exit status. */
int show_json(const struct cli *cli, json_t *json);
/* Prints one record of text; with -o its lines are joined by "\". */
void show_record(const struct cli *cli, const char *text);
struct show_how show_how(const struct cli *cli);

#endif
