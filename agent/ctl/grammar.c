/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Parses the words of a changing command. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/option.h"

/* Codes of the words that can stand where an option can. Smaller codes are options of the lagg. */
enum {
	PORT_OPTION = 1 << 8, /* from here on: options of a port */
	KEYWORD_PORT = 1 << 9,
	KEYWORD_UP,
	KEYWORD_DOWN,
};

static const struct ctl_word keywords[] = {
    {"port", KEYWORD_PORT},
    {"laggport", KEYWORD_PORT},
    {"up", KEYWORD_UP},
    {"down", KEYWORD_DOWN},
};
#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

/* The words of a command, and the parser's position in them. */
struct cursor {
	int argc;
	char *const *argv;
	int at;
};

static const char *peek(const struct cursor *cursor)
{
	return cursor->at < cursor->argc ? cursor->argv[cursor->at] : NULL;
}

static const char *next(struct cursor *cursor)
{
	const char *word = peek(cursor);

	cursor->at += word != NULL;
	return word;
}

/* Every address has one of these characters, and no word of the language does. */
static bool looks_like_address(const char *word)
{
	return strpbrk(word, "/:.");
}

static size_t lagg_words(struct ctl_word ret[OPTION_WORDS_MAX + KEYWORDS])
{
	size_t count = option_words(false, ret);

	memcpy(&ret[count], keywords, sizeof(keywords));
	return count + KEYWORDS;
}

static size_t port_words(struct ctl_word ret[OPTION_WORDS_MAX])
{
	size_t count = option_words(true, ret);

	for (size_t i = 0; i < count; i++)
		ret[i].code += PORT_OPTION;
	return count;
}

/* Finds a word before the first `port DEV`. */
static int find_lagg_word(const char *word, char *sentence)
{
	struct ctl_word words[OPTION_WORDS_MAX + KEYWORDS], port[OPTION_WORDS_MAX];
	size_t count = lagg_words(words);
	int code = ctl_match_part(word, words, count);

	if (code == -ENOENT && ctl_match_full(word, port, port_words(port)) >= 0)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s is an option of a port: it goes after `port DEV`, or in `xlagg port set NAME DEV`", word);
	return ctl_match(word, words, count, "lagg option", sentence);
}

/* Finds a word after `port DEV`: an option of that port, or whatever may follow the port. A full word takes precedence
 * over an abbreviation, and a port's option over a lagg's. */
static int find_word_after_port(const char *word, char *sentence)
{
	struct ctl_word words[OPTION_WORDS_MAX + OPTION_WORDS_MAX + KEYWORDS];
	size_t ports = port_words(words), laggs = lagg_words(words + ports);
	int code = ctl_match_full(word, words, ports + laggs);

	if (code >= 0)
		return code;
	if (ctl_match_part(word, words, ports) != -ENOENT)
		laggs = 0;
	return ctl_match(word, words, ports + laggs, "port or lagg option", sentence);
}

/* Finds a word where only options of a port may stand. */
static int find_port_option(const char *word, char *sentence)
{
	struct ctl_word words[OPTION_WORDS_MAX], lagg[OPTION_WORDS_MAX];
	size_t count = port_words(words);

	if (ctl_match_part(word, words, count) == -ENOENT && ctl_match_full(word, lagg, option_words(false, lagg)) >= 0)
		return ctl_refuse(sentence, -EINVAL, "%s is an option of the lagg; use `xlagg lagg set NAME %s VALUE`",
				  word, word);
	return ctl_match(word, words, count, "port option", sentence);
}

/* Reads the value of an option whose word was read just now: one word, or "from DEV". */
static int read_value(struct cursor *cursor, const struct xlagg_option *option, uint64_t bit, uint64_t *has, void *conf,
		      char *sentence)
{
	const char *word = next(cursor), *device;
	char values[128], from[64];
	int r;

	if (*has & bit)
		return ctl_refuse(sentence, -EINVAL, "%s is given twice; leave one out", option->name);
	if (!word) {
		ctl_print_values(option, values, sizeof(values));
		return ctl_refuse(sentence, -EINVAL, "%s needs a value: %s", option->name, values);
	}
	if (option->kind == XLAGG_KIND_LAGG_MAC && strcmp(word, "from") == 0) {
		device = next(cursor);
		if (!device)
			return ctl_refuse(sentence, -EINVAL, "%s from needs the name of a device", option->name);
		snprintf(from, sizeof(from), "from %s", device);
		word = from;
	}
	r = ctl_parse_value(option, word, conf, sentence);
	if (!r)
		*has |= bit;
	return r;
}

static int read_lagg_option(struct cursor *cursor, int index, struct ctl_command *command, char *sentence)
{
	return read_value(cursor, &xlagg_lagg_options[index], 1ull << index, &command->has, &command->conf, sentence);
}

static int read_port_option(struct cursor *cursor, int index, struct ctl_port *port, char *sentence)
{
	return read_value(cursor, &xlagg_port_options[index], 1ull << index, &port->has, &port->conf, sentence);
}

static int read_name(struct cursor *cursor, const char *what, char name[XLAGG_NAME_MAX], char *sentence)
{
	const char *word = next(cursor);
	int r;

	if (!word)
		return ctl_refuse(sentence, -EINVAL, "the name of %s is missing", what);
	r = ctl_check_name(word, what, sentence);
	if (!r)
		snprintf(name, XLAGG_NAME_MAX, "%s", word);
	return r;
}

static int read_device(struct cursor *cursor, char name[XLAGG_NAME_MAX], char *sentence)
{
	const char *word = next(cursor);

	return word ? ctl_read_device(word, "a port", name, sentence)
		    : ctl_refuse(sentence, -EINVAL, "the name of a port is missing");
}

static int read_port(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	struct ctl_port *port = &command->port[command->ports];

	if (command->ports == XLAGG_MAX_PORTS)
		return ctl_refuse(sentence, -E2BIG, "more than %d ports; a lagg can have no more", XLAGG_MAX_PORTS);
	command->ports++;
	ctl_port_defaults(&port->conf);
	return read_device(cursor, port->name, sentence);
}

static int read_admin(bool up, struct ctl_command *command, char *sentence)
{
	if (command->has_admin)
		return ctl_refuse(sentence, -EINVAL, "up or down is given twice; leave one out");
	command->has_admin = true;
	command->conf.admin = up;
	return 0;
}

static int read_address(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	if (command->addresses == XLAGG_MAX_ADDRESSES)
		return ctl_refuse(sentence, -E2BIG, "more than %d addresses; add further ones with `ip address`",
				  XLAGG_MAX_ADDRESSES);
	return ctl_parse_address(next(cursor), command->address[command->addresses++], sentence);
}

/* Reads one clause of `lagg add`, `lagg take` or `lagg set`: an option, a port, an option of that port, an address, up
 * or down. */
static int read_clause(struct cursor *cursor, struct ctl_command *command, bool *in_port, char *sentence)
{
	bool add = command->cmd != XLAGG_CMD_LAGG_SET;
	const char *word = peek(cursor);
	int code;

	if (looks_like_address(word) && !add)
		return ctl_refuse(sentence, -EINVAL, "%.40s does not belong here; use `xlagg address add %s %.40s`",
				  word, command->name, word);
	if (looks_like_address(word)) {
		*in_port = false;
		return read_address(cursor, command, sentence);
	}
	code = *in_port ? find_word_after_port(word, sentence) : find_lagg_word(word, sentence);
	if (code < 0)
		return code;
	next(cursor);
	if (code >= PORT_OPTION && code < KEYWORD_PORT)
		return read_port_option(cursor, code - PORT_OPTION, &command->port[command->ports - 1], sentence);
	*in_port = code == KEYWORD_PORT;
	if (code < PORT_OPTION)
		return read_lagg_option(cursor, code, command, sentence);
	if (code != KEYWORD_PORT)
		return read_admin(code == KEYWORD_UP, command, sentence);
	if (!add)
		return ctl_refuse(sentence, -EINVAL,
				  "lagg set changes no ports; use `xlagg port add`, port set or port del");
	return read_port(cursor, command, sentence);
}

/* `lagg create` without a name takes the first free one. The name is missing where a word of the language follows at
 * once, or nothing. */
static bool is_unnamed(const char *verb, const char *word)
{
	struct ctl_word words[OPTION_WORDS_MAX + KEYWORDS];

	if (strncmp("create", verb, strlen(verb)) != 0)
		return false;
	return !word || looks_like_address(word) || ctl_match_full(word, words, lagg_words(words)) >= 0;
}

static int parse_lagg(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	bool unnamed = is_unnamed(cursor->argv[1], peek(cursor)), in_port = false;
	int r = unnamed ? 0 : read_name(cursor, "a lagg", command->name, sentence);

	/* A file may hold a lagg that was renamed since it was made. */
	if (r == 0 && !unnamed && command->cmd == XLAGG_CMD_LAGG_ADD && !command->from_file)
		r = ctl_check_new_name(command->name, sentence);
	if (!r && command->cmd == XLAGG_CMD_LAGG_SET && !peek(cursor))
		return ctl_refuse(sentence, -EINVAL, "lagg set %s has nothing to change; give an option and its value",
				  command->name);
	while (!r && peek(cursor))
		r = read_clause(cursor, command, &in_port, sentence);
	return r;
}

/* `check` stands behind the name and nowhere else, so that it is no option's word. */
static int parse_take(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	bool in_port = false;
	int r = read_name(cursor, "a bond", command->name, sentence);

	if (!r && peek(cursor) && strcmp(peek(cursor), "check") == 0)
		command->check = next(cursor) != NULL;
	if (command->check && command->from_file)
		return ctl_refuse(sentence, -EINVAL, "check does not belong into a file; leave it out");
	while (!r && peek(cursor))
		r = read_clause(cursor, command, &in_port, sentence);
	return r;
}

static int parse_port(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	bool options = command->cmd == XLAGG_CMD_PORT_ADD || command->cmd == XLAGG_CMD_PORT_SET;
	int r = read_name(cursor, "a lagg", command->name, sentence);

	if (!r)
		r = read_port(cursor, command, sentence);
	if (!r && command->cmd == XLAGG_CMD_PORT_SET && !peek(cursor))
		return ctl_refuse(sentence, -EINVAL,
				  "port set %s %s has nothing to change; give an option and its value", command->name,
				  command->port[0].name);
	while (!r && options && peek(cursor)) {
		int code = find_port_option(next(cursor), sentence);

		r = code < 0 ? code : read_port_option(cursor, code - PORT_OPTION, &command->port[0], sentence);
	}
	return r;
}

static int parse_addresses(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	int r = read_name(cursor, "a lagg", command->name, sentence);

	if (!r && !peek(cursor))
		return ctl_refuse(sentence, -EINVAL,
				  "an address is missing; write it as 10.0.0.1/24 or 2001:db8::1/64");
	while (!r && peek(cursor))
		r = read_address(cursor, command, sentence);
	return r;
}

static int parse_rest(struct cursor *cursor, struct ctl_command *command, char *sentence)
{
	switch (command->cmd) {
	case XLAGG_CMD_LAGG_ADD:
	case XLAGG_CMD_LAGG_SET:
		return parse_lagg(cursor, command, sentence);
	case XLAGG_CMD_LAGG_TAKE:
		return parse_take(cursor, command, sentence);
	case XLAGG_CMD_LAGG_DEL:
	case XLAGG_CMD_LAGG_BALANCE:
	case XLAGG_CMD_LAGG_GIVE:
		return read_name(cursor, "a lagg", command->name, sentence);
	case XLAGG_CMD_ADDRESS_ADD:
	case XLAGG_CMD_ADDRESS_DEL:
		return parse_addresses(cursor, command, sentence);
	case XLAGG_CMD_FLUSH:
		return 0;
	default:
		return parse_port(cursor, command, sentence);
	}
}

int ctl_parse(int argc, char *const argv[], bool from_file, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct cursor cursor = {.argc = argc, .argv = argv};
	struct ctl_command command = {.from_file = from_file};
	int index = ctl_find_command(argc, argv, &cursor.at, sentence), r;

	if (index < 0)
		return -EINVAL;
	command.cmd = ctl_commands[index].cmd;
	if (!command.cmd)
		return ctl_refuse(sentence, -EINVAL, "%s%s%s changes no configuration and cannot stand here",
				  ctl_commands[index].object, ctl_commands[index].verb ? " " : "",
				  ctl_commands[index].verb ?: "");
	ctl_defaults(&command.conf);
	r = parse_rest(&cursor, &command, sentence);
	if (r)
		return r == -ENOENT ? -EINVAL : r;
	if (peek(&cursor))
		return ctl_refuse(sentence, -EINVAL, "%.40s is one word too many; leave it out", peek(&cursor));
	*ret = command;
	return 0;
}
