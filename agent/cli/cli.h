/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * xlagg, the command line: what its commands share. A command prints its result on stdout, or one sentence on stderr,
 * and returns an exit status.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "progress.h"

/* Exit statuses of xlagg. */
enum cli_status { CLI_DONE, CLI_REFUSED, CLI_USAGE };

/* The options before OBJECT, the connection, and the place in a batch file. */
struct cli {
	bool json;	     /* -j */
	bool pretty;	     /* -p: indented JSON */
	bool stats;	     /* -s: counters too */
	bool details;	     /* -d: options, LACP and datapath too */
	bool oneline;	     /* -o: one line a record */
	bool brief;	     /* -br: one short line a record */
	bool force;	     /* -force: a batch goes on after a refusal */
	bool colour;	     /* colours are wanted: stdout is a terminal */
	const char *netns;   /* -n: talk to the agent of that namespace; NULL: to the default one */
	const char *socket;  /* --socket: where the agent listens; NULL: the default */
	int patience_ms;     /* how long the agent may take to answer, 0: as long as a change takes */
	int fd;		     /* connection to the agent, -1: not connected */
	uint32_t passed_fds; /* entries of `passed` */
	int passed[2]; /* descriptors that came with the message received last; who takes them sets passed_fds 0 */
	uint32_t seq;  /* of the last request */
	uint32_t refused_seq; /* sequence number of the command that was refused last */
	char sentence[1024];  /* why the last request failed */
	const char *batch;    /* file that the current command stands in; NULL: it was typed */
	int line;	      /* line of the command in that file */
	struct cli_progress progress;
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_CTL_MAX]; /* the message received last */
};

/* --- say.c: errors and words --- */
/* Print "xlagg: [FILE:LINE: ]sentence" on stderr. cli_refuse returns CLI_REFUSED, cli_usage CLI_USAGE. */
void cli_warn(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_refuse(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- client.c: the connection to the agent --- */
/* Called for each message of a reply. A negative result ends the request and becomes its result. */
typedef int (*cli_reply_fn)(const struct nlmsghdr *nlh, void *context);
/* Connects to the agent unless connected. Returns 0 or -errno, with cli->sentence. */
int cli_connect(struct cli *cli);
void cli_disconnect(struct cli *cli);
/* Sends a message with the next sequence number. Returns 0 or -errno, with cli->sentence. */
int cli_send(struct cli *cli, struct nlmsghdr *nlh);
/* Receives one message into cli->buffer, waiting at most timeout_ms (-1: for ever). Returns 0, -EAGAIN if none came in
 * time, or -errno with cli->sentence. */
int cli_receive(struct cli *cli, int timeout_ms, const struct nlmsghdr **ret);
/* Reads an NLMSG_ERROR: 0 or -errno, with cli->sentence. */
int cli_read_answer(struct cli *cli, const struct nlmsghdr *nlh);
/* Sends a request and calls fn, which may be NULL, for each message of its reply. Returns 0 or -errno, with
 * cli->sentence. */
int cli_ask(struct cli *cli, struct nlmsghdr *request, cli_reply_fn fn, void *context);
/* Sends a changing command and waits for its answer. Returns 0 or -errno, with cli->sentence. */
int cli_change(struct cli *cli, const struct ctl_command *command);
/* Adds a changing command to the transaction. Returns 0 or -errno, with cli->sentence. */
int cli_join(struct cli *cli, const struct ctl_command *command);
/* Ends the transaction; `check`: only validates it. Returns 0 or -errno, with cli->sentence and cli->refused_seq. */
int cli_commit(struct cli *cli, bool check);
/* Subscribes to the events of one lagg, or of all (name NULL). Returns 0 or -errno, with cli->sentence. */
int cli_subscribe(struct cli *cli, const char *name);
/* Prints why the last request failed. Returns CLI_REFUSED. */
int cli_failed(const struct cli *cli);
/* Finds the first laggN that is neither a lagg nor a device. Returns an exit status. */
int cli_free_name(struct cli *cli, char ret[XLAGG_NAME_MAX]);
/* Writes the default path of the agent's socket, or of its pins, for namespace `netns` (NULL: the default one). */
void cli_socket_path(const char *netns, char *ret, size_t size);
void cli_pins_path(const char *netns, char *ret, size_t size);
/* Writes the names of the laggs pinned in folder `pins`: "lagg0, lagg1 and lagg2". Returns how many there are. */
unsigned int cli_pinned_laggs(const char *pins, char *ret, size_t size);

/* --- commands.c --- */
/* Runs one command, given by its words. Returns an exit status. */
int cli_dispatch(struct cli *cli, int argc, char *argv[]);
/* --- batch.c --- */
/* Runs the commands of a file ("-": stdin) until one is refused, or, with -force, all of them. Returns an exit status.
 */
int cli_batch(struct cli *cli, const char *path);

/* --- the commands, each in the file of its name. argv[0] is the first word after the command's own. Return an exit
 * status. --- */
int cmd_lagg_show(struct cli *cli, int argc, char *argv[]);
int cmd_lagg_take(struct cli *cli, int argc, char *argv[]);
int cmd_port_show(struct cli *cli, int argc, char *argv[]);
int cmd_agent_show(struct cli *cli, int argc, char *argv[]);
int cmd_monitor(struct cli *cli, int argc, char *argv[]);
int cmd_top(struct cli *cli, int argc, char *argv[]);
int cmd_explain(struct cli *cli, int argc, char *argv[]);
int cmd_metrics(struct cli *cli, int argc, char *argv[]);
int cmd_exporter(struct cli *cli, int argc, char *argv[]);
int cmd_save(struct cli *cli, int argc, char *argv[]);
int cmd_check(struct cli *cli, int argc, char *argv[]);
int cmd_diff(struct cli *cli, int argc, char *argv[]);
int cmd_restore(struct cli *cli, int argc, char *argv[]);
int cmd_reload(struct cli *cli, int argc, char *argv[]);
int cmd_capture(struct cli *cli, int argc, char *argv[]);
int cmd_import(struct cli *cli, int argc, char *argv[]);
int cmd_debug_bundle(struct cli *cli, int argc, char *argv[]);
int cmd_ifconfig(struct cli *cli, int argc, char *argv[]);
int cmd_help(struct cli *cli, int argc, char *argv[]);

#endif
