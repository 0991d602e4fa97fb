/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The agent's answers in the one form that all writers (text, JSON, metrics) use. Nothing from the agent is trusted:
 * lengths are checked, texts get their NUL, and unknown attributes are skipped.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli.h"

/* One lagg: its configuration and its state. */
struct view_lagg {
	struct xlagg_model model;
	struct xlagg_lagg_status status;
	struct xlagg_port_status port[XLAGG_MAX_PORTS]; /* index as in model.port */
};

/* The laggs that were asked for, in the agent's order. */
struct view {
	uint32_t laggs; /* entries of `lagg` */
	struct view_lagg *lagg;
};

/* Reads one XLAGG_MSG_LAGG. Returns 0, or -EBADMSG if it is another message or a length is wrong. */
int view_read_lagg(const struct nlmsghdr *nlh, struct view_lagg *ret);
/* Read the struct of an XLAGG_MSG_AGENT, and of an XLAGG_MSG_EVENT. Return 0 or -EBADMSG. */
int view_read_agent(const struct nlmsghdr *nlh, struct xlagg_agent_status *ret);
int view_read_event(const struct nlmsghdr *nlh, struct xlagg_event *ret);
/* Reads the struct of an XLAGG_MSG_PROGRESS. Returns 0 or -EBADMSG. */
int view_read_progress(const struct nlmsghdr *nlh, struct xlagg_progress *ret);

/* The answer to `explain`. */
struct view_explain {
	struct xlagg_explanation found;
	char port[XLAGG_NAME_MAX];	  /* that the frame takes; empty: none */
	char bucket_port[XLAGG_NAME_MAX]; /* that the bucket belongs to; empty: none, or an older agent */
	char backup[XLAGG_NAME_MAX];	  /* of the bucket; empty likewise */
	uint32_t moves;			  /* how often the bucket was moved because of the load */
};
int view_read_explain(const struct nlmsghdr *nlh, struct view_explain *ret);

/* Asks the agent for one lagg, or for all (name NULL). Returns 0 or -errno, with cli->sentence; -ENODEV: the agent has
 * no lagg of that name. The caller frees the view with view_free. */
int view_get(struct cli *cli, const char *name, struct view *ret);
int view_get_agent(struct cli *cli, struct xlagg_agent_status *ret);
/* Asks how the configuration calls the device that has this name, alternative name or permanent MAC. Returns 0, or
 * -errno and leaves `ret` untouched: an older agent cannot tell. */
int view_get_name(struct cli *cli, const char *word, char ret[XLAGG_NAME_MAX]);
/* Returns the port of the lagg that `word` means by its name, another name of its device, or its permanent MAC, as an
 * index in its model; -1: none. */
int view_find_port(struct cli *cli, const struct view_lagg *lagg, const char *word);
void view_free(struct view *view);

#endif
