/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control language on any input: messages (ctl_decode, ctl_decode_query) and texts (ctl_split, ctl_parse). A
 *command that is accepted, written as words or as a message and read again, must be the same command, and applying it
 *must be safe. The first octet of the input chooses: even for a message, odd for a text.
 *
 * Built by the fuzz layer, with clang, from this file and those of agent/ctl:
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu17 -D_GNU_SOURCE -Iinclude \
 *		-Iagent tests/fuzz/fuzz_ctl.c agent/ctl/[a-z]*.c -lmnl -o fuzz_ctl
 */
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

static struct ctl_model model;
static _Alignas(NLMSG_ALIGNTO) uint8_t encoded[2][XLAGG_CTL_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Writes the command as words, and splits and parses these again. */
static void parse_again(const struct ctl_command *command, struct ctl_command *ret)
{
	char *text = NULL, *at, *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX];
	int line = 0, count;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ctl_print_command(out, command);
	fclose(out);
	at = text;
	count = ctl_split(&at, words, CTL_MAX_WORDS, &line, sentence);
	must(count > 0 && line == 1);
	/* As in a file: what is typed must not have an odd name for a new lagg. */
	must(ctl_parse(count, words, true, ret, sentence) == 0);
	ret->from_file = command->from_file;
	must(ctl_split(&at, words, CTL_MAX_WORDS, &line, sentence) == 0);
	free(text);
}

static bool has_words(const struct ctl_command *command)
{
	if (command->cmd == XLAGG_CMD_COMMIT || command->cmd == XLAGG_CMD_RELOAD)
		return false;
	/* A message may set nothing, which nobody could type. */
	if (command->cmd == XLAGG_CMD_LAGG_SET)
		return command->has || command->has_admin;
	if (command->cmd == XLAGG_CMD_PORT_SET)
		return command->port[0].has;
	/* A message may contain what these commands ignore. */
	if (command->cmd == XLAGG_CMD_PORT_DEL || command->cmd == XLAGG_CMD_PORT_ACTIVATE)
		return !command->port[0].has;
	return *command->name || command->cmd == XLAGG_CMD_FLUSH;
}

static void check(const struct ctl_command *command)
{
	int len = ctl_encode(command, 0, 0, encoded[0], sizeof(encoded[0]));
	char sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command again;

	must(len > 0);
	if (*command->name || command->cmd == XLAGG_CMD_FLUSH) {
		must(ctl_decode(encoded[0], (size_t)len, &again, sentence) == 0);
		must(ctl_encode(&again, 0, 0, encoded[1], sizeof(encoded[1])) == len);
		must(memcmp(encoded[0], encoded[1], (size_t)len) == 0);
	}
	if (has_words(command)) {
		parse_again(command, &again);
		must(ctl_encode(&again, 0, 0, encoded[1], sizeof(encoded[1])) == len);
		must(memcmp(encoded[0], encoded[1], (size_t)len) == 0);
	}
	ctl_apply(&model, command, sentence);
}

static void check_message(const uint8_t *data, size_t size)
{
	void *message = malloc(size ? size : 1); /* aligned, and no octet larger than it is */
	char sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command command;
	struct ctl_query query;

	memcpy(message, data, size);
	/* Without this, most inputs would be refused for their length alone. */
	if (size >= sizeof(struct nlmsghdr))
		((struct nlmsghdr *)message)->nlmsg_len = (uint32_t)size;
	if (ctl_decode(message, size, &command, sentence) == 0)
		check(&command);
	if (ctl_decode_query(message, size, &query, sentence) == 0)
		must(strnlen(query.name, sizeof(query.name)) < sizeof(query.name));
	free(message);
}

static void check_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text, *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX];
	int line = 0, count;

	memcpy(text, data, size);
	text[size] = '\0';
	while ((count = ctl_split(&at, words, CTL_MAX_WORDS, &line, sentence)) != 0) {
		struct ctl_command command;

		must(at > text && at <= text + size);
		if (count > 0 && ctl_parse(count, words, true, &command, sentence) == 0)
			check(&command);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	model.laggs = 0;
	if (data[0] & 1)
		check_text(data + 1, size - 1);
	else
		check_message(data + 1, size - 1);
	return 0;
}
