/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control language, shared by xlagg and xlaggd: one command as words, as a message, and as a change of the
 * configuration. No I/O and no globals here; every function that can refuse gives -errno and one sentence that says
 * what, why, and what would work.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "xlagg/ctl.h"

/* One command, as words or a message said it. Only what its `has` bits name was given. */
struct ctl_command {
	uint16_t cmd;		   /* enum xlagg_cmd */
	char name[XLAGG_NAME_MAX]; /* the lagg */
	uint64_t has;		   /* bit i: option i of xlagg_lagg_options is in `conf` */
	struct xlagg_lagg_conf conf;
	bool has_admin;	    /* conf.admin was given */
	bool from_file;	    /* ports may be absent */
	bool check;	    /* COMMIT: validate only */
	uint32_t ports;	    /* entries of `port` */
	uint32_t addresses; /* entries of `address` */
	struct ctl_port {
		char name[XLAGG_NAME_MAX];
		uint64_t has; /* bit i: option i of xlagg_port_options is in `conf` */
		struct xlagg_port_conf conf;
	} port[XLAGG_MAX_PORTS];
	char address[XLAGG_MAX_ADDRESSES][XLAGG_ADDRESS_MAX];
};

/* The whole configuration. */
struct ctl_model {
	uint32_t laggs;
	struct xlagg_model lagg[XLAGG_MAX_LAGGS];
};

/* --- word.c: what every part of the language does with words --- */
/* Writes the sentence (which may be NULL) and gives `error`. */
int ctl_refuse(char sentence[XLAGG_SENTENCE_MAX], int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Nearest of `words` (ended by NULL) by edit distance, NULL if none is near. */
const char *ctl_nearest(const char *word, const char *const *words);

/* --- text.c: values that are texts --- */
/* Checks a device's name as the kernel does, and that it prints. `what` says in the sentence whose name it is. */
int ctl_check_name(const char *name, const char *what, char sentence[XLAGG_SENTENCE_MAX]);
/* Reads six octets in hexadecimal, with colons or dashes. 0 or -EINVAL. */
int ctl_parse_mac(const char *word, uint8_t ret[6]);
/* Reads "ADDRESS/PREFIX", IPv4 or IPv6, that a device can have, and gives it in its canonical form. */
int ctl_parse_address(const char *word, char ret[XLAGG_ADDRESS_MAX], char sentence[XLAGG_SENTENCE_MAX]);
/* Reads option port-ethertypes. Gives their number (host byte order), or -EINVAL. */
int ctl_parse_ethertypes(const char *text, uint16_t ret[XLAGG_PORT_ETHERTYPES], char sentence[XLAGG_SENTENCE_MAX]);

/* --- option.c: values and words --- */
void ctl_defaults(struct xlagg_lagg_conf *conf);
void ctl_port_defaults(struct xlagg_port_conf *conf);
/* Finds an option by its word, lagg(4)'s word or an unambiguous abbreviation. Gives its index, -ENOENT (the sentence
 * names the nearest word) or -EINVAL (ambiguous). `port`: search the port options. */
int ctl_find_option(bool port, const char *word, char sentence[XLAGG_SENTENCE_MAX]);
/* Parses one value word into the conf struct. Word kinds also accept abbreviations and, for booleans, on/off/1/0. */
int ctl_parse_value(const struct xlagg_option *option, const char *word, void *conf, char sentence[XLAGG_SENTENCE_MAX]);
/* Checks a value that came as a number or a text (from a message): range, words, form. */
int ctl_check_value(const struct xlagg_option *option, const void *conf, char sentence[XLAGG_SENTENCE_MAX]);
/* Writes a value as the full word ("l2,l3,l4", "auto", "from wlan0"), as `save` prints it. */
void ctl_print_value(const struct xlagg_option *option, const void *conf, char *ret, size_t size);
bool ctl_same_value(const struct xlagg_option *option, const void *a, const void *b);
bool ctl_is_default(const struct xlagg_option *option, const void *conf);
/* Writes the values that an option takes, for help and sentences: "0..900 s", "auto, netkit or veth". */
void ctl_print_values(const struct xlagg_option *option, char *ret, size_t size);

/* --- query.c: what is only asked for --- */
struct ctl_query {
	char name[XLAGG_NAME_MAX]; /* the lagg, empty: all */
	const void *frame;	   /* EXPLAIN: the frame, within the message */
	uint32_t frame_len;	   /* octets */
};
/* Checks and reads a GET, EXPLAIN or SUBSCRIBE message of `len` octets that may hold anything. -ENOTSUP: it is a
 * changing command, or none at all. */
int ctl_decode_query(const void *buf, size_t len, struct ctl_query *ret, char sentence[XLAGG_SENTENCE_MAX]);

/* --- codec.c: commands and messages --- */
/* Writes the command as one message into buf; gives its length, or -EMSGSIZE. flags: NLM_F_*. */
int ctl_encode(const struct ctl_command *command, uint16_t flags, uint32_t seq, void *buf, size_t size);
/* Checks and reads a changing command, COMMIT or RELOAD, of `len` octets that may hold anything; buf is aligned as
 * struct nlmsghdr is. What comes out is sound by itself (lengths, ranges, names); whether it fits the configuration is
 * ctl_apply's to say. */
int ctl_decode(const void *buf, size_t len, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* The command that makes this lagg, and back (saved configuration, replies). Only options that differ from their
 * default are in it. */
void ctl_model_to_command(const struct xlagg_model *lagg, struct ctl_command *ret);
/* Appends OPTIONS with every option of conf (replies), or PORT_OPTIONS. */
struct nlmsghdr;
void ctl_put_options(struct nlmsghdr *nlh, const struct xlagg_lagg_conf *conf);
void ctl_put_port_options(struct nlmsghdr *nlh, const struct xlagg_port_conf *conf);

/* --- command.c: the first words of a command line --- */
/* One command of the CLI. */
struct ctl_usage {
	const char *object; /* its first word */
	const char *verb;   /* its second word, or NULL where the object is all */
	uint16_t cmd;	    /* enum xlagg_cmd of what ctl_parse reads, 0: it changes no configuration by itself */
	const char *usage;  /* what follows these words */
	const char *help;   /* one line */
};
extern const struct ctl_usage ctl_commands[]; /* ends with an entry that has no object */
/* Finds the command by its words, full or abbreviated ("lagg create", "po a lagg0"); an object without a verb is shown.
 * Gives its index in ctl_commands and the number of words that name it in *used, or -EINVAL and a sentence with the
 * nearest right word. */
int ctl_find_command(int argc, char *const argv[], int *used, char sentence[XLAGG_SENTENCE_MAX]);

/* --- grammar.c, split.c: words to commands --- */
#define CTL_MAX_WORDS 1024 /* more than the longest command has */
/* Parses the words of one changing command ("lagg", "add", "lagg0", ...; full or abbreviated, lagg(4)'s words too).
 * -EINVAL: wrong usage. `from_file` is copied into the command. `lagg create` without a name leaves it empty. */
int ctl_parse(int argc, char *const argv[], bool from_file, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Splits a file's text into words in place: comments, quotes as in a shell, and `\` at the end of a line. Gives the
 * number of words of the next command (0 at the end), -EINVAL or -E2BIG (*text is then behind it: one may go on); moves
 * *text on; *line is the line it begins on (the caller sets it to 0 before the first call and then leaves it alone). */
int ctl_split(char **text, char *words[], int max, int *line, char sentence[XLAGG_SENTENCE_MAX]);

/* --- write.c: commands to words --- */
/* Prints the command as the grammar reads it, without a newline. */
void ctl_print_command(FILE *out, const struct ctl_command *command);
/* Prints a configuration as `save` does: one `lagg add` per lagg, its ports on continued lines. */
void ctl_print_model(FILE *out, const struct ctl_model *model);

/* --- model.c: commands as changes of a configuration --- */
/* Applies the command to the model, or leaves it as it was and says why not. Checks all that needs no kernel: names,
 * duplicates, numbers of ports and laggs, options that exclude each other. */
int ctl_apply(struct ctl_model *model, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX]);
struct xlagg_model *ctl_find(struct ctl_model *model, const char *name);
int ctl_find_port(const struct xlagg_model *lagg, const char *name); /* index or -ENOENT */

/* --- diff.c --- */
/* Called for each command that leads from `from` to `to`, in an order in which each is valid. Non-zero stops it. */
typedef int (*ctl_command_fn)(void *context, const struct ctl_command *command);
/* `to` must be one that ctl_apply made. Addresses and laggs are sets, the order of ports counts. 0, -ENOMEM, or what fn
 * gave. */
int ctl_diff(const struct ctl_model *from, const struct ctl_model *to, ctl_command_fn fn, void *context);

#endif
