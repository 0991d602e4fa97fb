/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the words that FreeBSD's ifconfig(8) takes for a lagg. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/word.h"
#include "ifconfig.h"

/* Words that set an option. Where `on` is NULL the next word is the value; otherwise WORD means `on`, and -WORD `off`.
 */
static const struct {
	const char *word, *option, *on, *off;
} option_words[] = {
    {"laggproto", "proto", NULL, NULL},
    {"lagghash", "hash", NULL, NULL},
    {"use_flowid", "flowid", "on", "off"},
    {"flowid_shift", "flowid-shift", NULL, NULL},
    {"rr_limit", "rr-limit", NULL, NULL},
    {"lacp_strict", "lacp-strict", "on", "off"},
    {"lacp_fast_timeout", "lacp-rate", "fast", "slow"},
    {"failover_rx_all", "rx-all", "on", "off"},
    {"ether", "mac", NULL, NULL},
    {"lladdr", "mac", NULL, NULL},
    {"link", "mac", NULL, NULL},
    {"mtu", "mtu", NULL, NULL},
};
#define OPTION_WORDS (sizeof(option_words) / sizeof(option_words[0]))

/* The words that are still to be read. */
struct cursor {
	int argc;
	char **argv;
	struct ifconfig *ret;
	char *sentence;
};

static const char *next(struct cursor *cursor)
{
	if (cursor->argc == 0)
		return NULL;
	cursor->argc--;
	return *cursor->argv++;
}

static bool next_is(const struct cursor *cursor, const char *word)
{
	return cursor->argc > 0 && strcmp(cursor->argv[0], word) == 0;
}

static int set_option(struct cursor *cursor, const char *name, const char *value)
{
	struct ctl_command *command = &cursor->ret->options;
	int index = ctl_find_option(false, name, cursor->sentence), r;

	if (index < 0)
		return -EINVAL;
	r = ctl_parse_value(&xlagg_lagg_options[index], value, &command->conf, cursor->sentence);
	if (r == 0)
		command->has |= 1ull << index;
	return r ? -EINVAL : 0;
}

/* Sets the option that `word` names. Returns 0, -EINVAL, or 1 if `word` is not in the table. */
static int read_option(struct cursor *cursor, const char *word)
{
	bool minus = word[0] == '-';

	for (size_t i = 0; i < OPTION_WORDS; i++) {
		const char *value = minus ? option_words[i].off : option_words[i].on;

		if (strcmp(word + minus, option_words[i].word) != 0 || (minus && !value))
			continue;
		if (!value)
			value = next(cursor);
		if (!value)
			return ctl_refuse(cursor->sentence, -EINVAL, "%s needs a value", word);
		if (strcmp(word, "laggproto") == 0 && strcmp(value, "default") == 0)
			value = "failover";
		return set_option(cursor, option_words[i].option, value);
	}
	return 1;
}

static int add_step(struct cursor *cursor, uint16_t cmd, const char *text)
{
	struct ifconfig *ret = cursor->ret;

	if (ret->steps == IFCONFIG_MAX_STEPS)
		return ctl_refuse(cursor->sentence, -EINVAL, "more than %d ports and addresses in one command",
				  IFCONFIG_MAX_STEPS);
	ret->step[ret->steps].cmd = cmd;
	snprintf(ret->step[ret->steps].text, sizeof(ret->step[0].text), "%s", text);
	ret->steps++;
	return 0;
}

static int read_port(struct cursor *cursor, const char *word)
{
	const char *device = next(cursor);
	char name[XLAGG_NAME_MAX];

	if (!device)
		return ctl_refuse(cursor->sentence, -EINVAL, "%s needs the name of a device", word);
	if (ctl_read_device(device, "a port", name, cursor->sentence) < 0)
		return -EINVAL;
	return add_step(cursor, word[0] == '-' ? XLAGG_CMD_PORT_DEL : XLAGG_CMD_PORT_ADD, name);
}

int ifconfig_netmask(const char *word)
{
	struct in_addr address;
	uint32_t mask;
	char *end;

	if (strncmp(word, "0x", 2) == 0) {
		unsigned long number = strtoul(word, &end, 16);

		if (*end || !word[2] || number > UINT32_MAX)
			return -EINVAL;
		mask = (uint32_t)number;
	} else if (inet_pton(AF_INET, word, &address) == 1) {
		mask = ntohl(address.s_addr);
	} else {
		return -EINVAL;
	}
	/* A mask is ones, then zeros, so its complement plus one is a power of two. */
	if (~mask & (~mask + 1))
		return -EINVAL;
	return __builtin_popcount(mask);
}

/* Reads ADDRESS[/PREFIX] [netmask M | prefixlen N] [alias | -alias | delete | remove]. */
static int read_address(struct cursor *cursor, const char *word)
{
	char text[XLAGG_ADDRESS_MAX + 8], address[XLAGG_ADDRESS_MAX];
	uint16_t cmd = XLAGG_CMD_ADDRESS_ADD;

	snprintf(text, sizeof(text), "%s", word);
	if (next_is(cursor, "netmask")) {
		int prefix = cursor->argc > 1 ? ifconfig_netmask(cursor->argv[1]) : -EINVAL;

		if (prefix < 0)
			return ctl_refuse(cursor->sentence, -EINVAL,
					  "netmask needs a mask, as 255.255.255.0 or 0xffffff00");
		snprintf(text, sizeof(text), "%.63s/%u", word, (unsigned int)prefix & 63);
		next(cursor);
		next(cursor);
	} else if (next_is(cursor, "prefixlen") && cursor->argc > 1) {
		snprintf(text, sizeof(text), "%.63s/%.4s", word, cursor->argv[1]);
		next(cursor);
		next(cursor);
	}
	if (ctl_parse_address(text, address, cursor->sentence) < 0)
		return -EINVAL;
	if (next_is(cursor, "-alias") || next_is(cursor, "delete") || next_is(cursor, "remove")) {
		cmd = XLAGG_CMD_ADDRESS_DEL;
		next(cursor);
	} else if (next_is(cursor, "alias") || next_is(cursor, "add")) {
		next(cursor);
	}
	return add_step(cursor, cmd, address);
}

static int unknown_word(struct cursor *cursor, const char *word)
{
	const char *words[OPTION_WORDS + 12] = {"create", "destroy", "up",    "down",	 "laggport",
						"inet",	  "inet6",   "alias", "netmask", "laggtype"};
	size_t count = 0;
	const char *nearest, *hint = ctl_foreign(word, "lagg option");

	if (hint)
		return ctl_refuse(cursor->sentence, -EINVAL, "unknown word \"%.40s\": %s", word, hint);
	while (words[count])
		count++;
	for (size_t i = 0; i < OPTION_WORDS; i++)
		words[count++] = option_words[i].word;
	nearest = ctl_nearest(word, words);
	if (nearest)
		return ctl_refuse(cursor->sentence, -EINVAL, "unknown word \"%.40s\": did you mean \"%s\"?", word,
				  nearest);
	return ctl_refuse(cursor->sentence, -EINVAL,
			  "unknown word \"%.40s\": lagg(4)'s words are in xlagg(8), all others in `xlagg help lagg`",
			  word);
}

static int read_word(struct cursor *cursor, const char *word)
{
	struct ifconfig *ret = cursor->ret;
	int done = read_option(cursor, word);

	if (done <= 0)
		return done;
	if (strcmp(word, "create") == 0) {
		ret->create = true;
	} else if (strcmp(word, "destroy") == 0) {
		ret->destroy = true;
	} else if (strcmp(word, "up") == 0 || strcmp(word, "down") == 0) {
		ret->options.has_admin = true;
		ret->options.conf.admin = strcmp(word, "up") == 0;
	} else if (strcmp(word, "laggport") == 0 || strcmp(word, "-laggport") == 0) {
		return read_port(cursor, word);
	} else if (strcmp(word, "laggtype") == 0) {
		const char *type = next(cursor);

		if (!type || strcmp(type, "ethernet") != 0)
			return ctl_refuse(cursor->sentence, -EINVAL, "laggtype can only be ethernet");
	} else if (strcmp(word, "inet") == 0 || strcmp(word, "inet6") == 0) {
		const char *address = next(cursor);

		if (!address)
			return ctl_refuse(cursor->sentence, -EINVAL, "%s needs an address", word);
		return read_address(cursor, address);
	} else if (strpbrk(word, "/:.")) {
		return read_address(cursor, word);
	} else {
		return unknown_word(cursor, word);
	}
	return 0;
}

int ifconfig_parse(int argc, char *argv[], struct ifconfig *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct cursor cursor = {.argc = argc, .argv = argv, .ret = ret, .sentence = sentence};
	const char *word;

	*ret = (struct ifconfig){0};
	ctl_defaults(&ret->options.conf);
	while ((word = next(&cursor)))
		if (read_word(&cursor, word) < 0)
			return -EINVAL;
	return 0;
}
