/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control language, shared by xlagg and xlaggd: one command as words, as a message, and as a change of the
 * configuration. No I/O and no globals here. A function that refuses something returns -errno and writes one sentence
 * that says what it refused, why, and what would work.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "xlagg/ctl.h"
#include "xlagg/mac.h"

/* One command, read from words or from a message. Only the options whose `has` bits are set were given. */
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

/* A whole configuration. */
struct ctl_model {
	uint32_t laggs;
	struct xlagg_model lagg[XLAGG_MAX_LAGGS];
};

/* --- word.c: what all parts of the language need for words --- */
/* Writes the sentence, unless `sentence` is NULL, and returns `r`. */
int ctl_refuse(char sentence[XLAGG_SENTENCE_MAX], int r, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Returns the word of `words` (ended by NULL) with the least edit distance, NULL if none is near. */
const char *ctl_nearest(const char *word, const char *const *words);

/* --- text.c: options whose value is a text --- */
/* Checks the name of a device as Linux does. In the sentence, `what` says whose name it is. */
int ctl_check_name(const char *name, const char *what, char sentence[XLAGG_SENTENCE_MAX]);
/* The same where a permanent MAC may stand for the device (xlagg_mac_to_name()). */
int ctl_check_device(const char *name, const char *what, char sentence[XLAGG_SENTENCE_MAX]);
/* Reads how a user names a device: by its name, an alternative name, or its permanent MAC with colons. */
int ctl_read_device(const char *word, const char *what, char ret[XLAGG_NAME_MAX], char sentence[XLAGG_SENTENCE_MAX]);
/* Returns the device as a user names it: `name`, or a permanent MAC in `ret`. */
const char *ctl_device_word(const char *name, char ret[XLAGG_MAC_TEXT]);
/* Checks the name that somebody types for a new lagg: in ASCII, so that everybody can type it again. */
int ctl_check_new_name(const char *name, char sentence[XLAGG_SENTENCE_MAX]);
/* The same as xlagg_parse_mac. */
static inline int ctl_parse_mac(const char *word, uint8_t ret[6])
{
	return xlagg_parse_mac(word, ret);
}
/* Reads "ADDRESS/PREFIX", an IPv4 or IPv6 address that a device can have, and writes its canonical form. */
int ctl_parse_address(const char *word, char ret[XLAGG_ADDRESS_MAX], char sentence[XLAGG_SENTENCE_MAX]);
/* Reads the value of option port-ethertypes into `ret`, in host byte order. Returns their number, or -errno. */
int ctl_parse_ethertypes(const char *text, uint16_t ret[XLAGG_PORT_ETHERTYPES], char sentence[XLAGG_SENTENCE_MAX]);

/* --- quote.c: names and texts where not every octet can be written as it is --- */
/* Octets that suffice for a name that is quoted, and for that of a folder: four for each octet, and the NUL. */
#define CTL_QUOTED_MAX 64
#define CTL_FOLDER_MAX 64
/* Writes a word as ctl_split and a shell read it: as it is, in single quotes, or as $'...' if it contains anything but
 * printable UTF-8. Each octet takes four at most, and the quotes three. A result that does not fit is cut. Returns
 * ret. */
const char *ctl_quote(const char *word, char *ret, size_t size);
/* Writes a text for people, with \xNN for each octet that is not part of printable UTF-8. A result that does not fit is
 * cut. Returns ret. */
const char *ctl_printable(const char *text, char *ret, size_t size);
/* Writes the name of the folder in which a lagg's pins are. bpffs allows no dot in it: it becomes %. Blanks, slashes
 * and octets that are not ASCII become %=NN. */
void ctl_folder_of(const char *name, char ret[CTL_FOLDER_MAX]);
/* Writes the name of the lagg whose pins are in the folder of this name. Returns 0, or -ENAMETOOLONG: it belongs to no
 * lagg. */
int ctl_name_of(const char *folder, char ret[XLAGG_NAME_MAX]);

/* --- option.c: values and words --- */
void ctl_defaults(struct xlagg_lagg_conf *conf);
void ctl_port_defaults(struct xlagg_port_conf *conf);
/* Finds an option by its word, lagg(4)'s word or an unambiguous abbreviation of either. Returns its index, -ENOENT (the
 * sentence names the nearest word) or -EINVAL (ambiguous). `port`: search the port options. */
int ctl_find_option(bool port, const char *word, char sentence[XLAGG_SENTENCE_MAX]);
/* Parses the word of a value into the conf struct. Values that are words may be abbreviated; booleans also take 1 and
 * 0. */
int ctl_parse_value(const struct xlagg_option *option, const char *word, void *conf, char sentence[XLAGG_SENTENCE_MAX]);
/* Checks a value that came in a message, as a number or a text: its range, and that it is in canonical form. */
int ctl_check_value(const struct xlagg_option *option, const void *conf, char sentence[XLAGG_SENTENCE_MAX]);
/* Writes a value in full, as `save` prints it: "l2,l3,l4", "auto", "from wlan0". */
void ctl_print_value(const struct xlagg_option *option, const void *conf, char *ret, size_t size);
bool ctl_same_value(const struct xlagg_option *option, const void *a, const void *b);
bool ctl_is_default(const struct xlagg_option *option, const void *conf);
/* Writes which values an option takes, for help and sentences: "0..900 s", "auto, netkit or veth". */
void ctl_print_values(const struct xlagg_option *option, char *ret, size_t size);

/* --- query.c: requests that change nothing --- */
struct ctl_query {
	char name[XLAGG_NAME_MAX]; /* the lagg; empty: all of them */
	const void *frame;	   /* EXPLAIN: the frame; points into the message */
	uint32_t frame_len;	   /* octets */
	uint32_t snaplen;	   /* CAPTURE: octets of each frame that are captured, 0: all of them */
	uint32_t ports;		   /* CAPTURE, NAME_GET: entries of `port` */
	/* CAPTURE: ports of which it captures; none: of all. NAME_GET: the name, the only one */
	char port[XLAGG_MAX_PORTS][XLAGG_NAME_MAX];
	uint32_t moves; /* EXPLAIN: how often the socket that sends it has moved (option repath) */
};
/* Checks and reads a GET (also NAME_GET), EXPLAIN, SUBSCRIBE or CAPTURE message of `len` octets, which may hold
 * anything. Returns 0 or -errno; -ENOTSUP: the message is a changing command, or no command at all. */
int ctl_decode_query(const void *buf, size_t len, struct ctl_query *ret, char sentence[XLAGG_SENTENCE_MAX]);

/* --- codec.c: commands and messages --- */
/* Writes the command as one message into buf, with NLM_F_* `flags`. Returns its length in octets, or -EMSGSIZE. */
int ctl_encode(const struct ctl_command *command, uint16_t flags, uint32_t seq, void *buf, size_t size);
/* Checks and reads a changing command, COMMIT or RELOAD, of `len` octets, which may hold anything; buf is aligned as
 * struct nlmsghdr is. Afterwards lengths, ranges and names are known to be valid; ctl_apply checks whether the command
 * fits the configuration. */
int ctl_decode(const void *buf, size_t len, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Writes the command that makes this lagg, for records and for `save`. It has only the options that differ from their
 * defaults. */
void ctl_model_to_command(const struct xlagg_model *lagg, struct ctl_command *ret);
/* Append OPTIONS or PORT_OPTIONS with every option of conf, as replies have them. */
struct nlmsghdr;
void ctl_put_options(struct nlmsghdr *nlh, const struct xlagg_lagg_conf *conf);
void ctl_put_port_options(struct nlmsghdr *nlh, const struct xlagg_port_conf *conf);

/* --- command.c: the first words of a command line --- */
/* One command of the CLI. */
struct ctl_usage {
	const char *object; /* its first word */
	const char *verb;   /* its second word, NULL if it has only one */
	uint16_t cmd;	    /* enum xlagg_cmd that ctl_parse makes of it; 0: it changes no configuration by itself */
	const char *usage;  /* synopsis of the words that follow */
	const char *help;   /* one line */
};
extern const struct ctl_usage ctl_commands[]; /* the last entry has no object */
/* Finds the command by its words, full or abbreviated ("lagg create", "po a lagg0"); an object without a verb means its
 * `show`. Returns its index in ctl_commands, and in *used how many words name it, or -EINVAL and a sentence with the
 * nearest right word. */
int ctl_find_command(int argc, char *const argv[], int *used, char sentence[XLAGG_SENTENCE_MAX]);

/* --- grammar.c, split.c: words to commands --- */
#define CTL_MAX_WORDS 1024 /* more than the longest command has */
/* Parses the words of one changing command ("lagg", "add", "lagg0", ...; full or abbreviated, lagg(4)'s words too).
 * Returns 0 or -errno; -EINVAL: wrong usage. `from_file` is copied into the command. After `lagg create` without a
 * name, the name is empty. */
int ctl_parse(int argc, char *const argv[], bool from_file, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Splits the next command of a file's text into words, in place, with comments, quotes as in a shell, and `\` at the
 * end of a line. Returns the number of its words, 0 at the end of the text, -EINVAL or -E2BIG; *text moves behind the
 * command, also after an error, so that the caller may go on. *line becomes the line on which the command begins; the
 * caller sets it to 0 before the first call and does not change it afterwards. */
int ctl_split(char **text, char *words[], int max, int *line, char sentence[XLAGG_SENTENCE_MAX]);

/* --- write.c: commands to words --- */
/* Prints the command in the words that ctl_parse reads, without a newline. */
void ctl_print_command(FILE *out, const struct ctl_command *command);
/* Closes a stream that open_memstream() made of *text. Returns 0, or -ENOMEM, and then *text is NULL. */
int ctl_end_text(FILE *out, char **text);
/* Prints the `lagg add` that makes this lagg, with its ports on continued lines, and a newline. */
void ctl_print_lagg(FILE *out, const struct xlagg_model *lagg);
/* Prints a configuration as `save` does: one `lagg add` per lagg, with its ports on continued lines. */
void ctl_print_model(FILE *out, const struct ctl_model *model);

/* --- model.c: commands as changes of a configuration --- */
/* Applies the command to the model. If that is refused, the model stays as it was and the sentence says why. This
 * checks everything that can be checked without the kernel: names, duplicates, numbers of ports and laggs, options that
 * exclude each other. */
int ctl_apply(struct ctl_model *model, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX]);
/* Applies the next command of a text, which ctl_split takes apart: *text is set behind it, and *line counts on. Returns
 * 1, 0 at the end of the text, or -errno with a sentence. */
int ctl_apply_next(struct ctl_model *model, char **text, int *line, char sentence[XLAGG_SENTENCE_MAX]);
struct xlagg_model *ctl_find(struct ctl_model *model, const char *name);
int ctl_find_port(const struct xlagg_model *lagg, const char *name); /* index or -ENOENT */
/* Whether two configurations of a lagg are the same, whatever its name. */
bool ctl_same_lagg(const struct xlagg_model *a, const struct xlagg_model *b);

/* --- diff.c --- */
/* Called for each command that leads from `from` to `to`, in an order in which each command is valid. A result other
 * than 0 ends the walk. */
typedef int (*ctl_command_fn)(void *context, const struct ctl_command *command);
/* `to` must be a model that ctl_apply made. The order of ports matters, that of laggs and addresses does not. Returns
 * 0, -ENOMEM, or the result of fn that ended the walk. */
int ctl_diff(const struct ctl_model *from, const struct ctl_model *to, ctl_command_fn fn, void *context);

#endif
