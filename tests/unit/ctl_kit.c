/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Parses commands and makes random configurations. */
#include "unit/ctl_kit.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

void kit_no_leak(void)
{
#ifdef __SANITIZE_ADDRESS__
	cr_assert_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaked");
#endif
}

int kit_parse(const char *line, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	char *text = strdup(line), *at = text, *words[CTL_MAX_WORDS];
	int number = 0, count = ctl_split(&at, words, CTL_MAX_WORDS, &number, sentence);
	int result = count < 0 ? count : ctl_parse(count, words, false, ret, sentence);

	free(text);
	return result;
}

int kit_apply(struct ctl_model *model, const char *line, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_command command;
	int r = kit_parse(line, &command, sentence);

	return r ? r : ctl_apply(model, &command, sentence);
}

void kit_run(struct ctl_model *model, const char *source)
{
	char *text = strdup(source), *at = text, *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX] = "";
	int line = 0, count;

	while ((count = ctl_split(&at, words, CTL_MAX_WORDS, &line, sentence)) != 0) {
		struct ctl_command command;

		cr_assert_gt(count, 0, "line %d: %s", line, sentence);
		cr_assert_eq(ctl_parse(count, words, false, &command, sentence), 0, "line %d: %s", line, sentence);
		cr_assert_eq(ctl_apply(model, &command, sentence), 0, "line %d: %s", line, sentence);
	}
	free(text);
}

struct ctl_model *kit_model(void)
{
	struct ctl_model *model = calloc(1, sizeof(*model));

	cr_assert(model);
	return model;
}

static bool same_ports(const struct xlagg_model *a, const struct xlagg_model *b)
{
	if (a->ports != b->ports)
		return false;
	for (uint32_t i = 0; i < a->ports; i++)
		if (strcmp(a->port[i].name, b->port[i].name) ||
		    memcmp(&a->port[i].conf, &b->port[i].conf, sizeof(a->port[i].conf)))
			return false;
	return true;
}

static bool same_addresses(const struct xlagg_model *a, const struct xlagg_model *b)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < a->addresses; i++)
		for (uint32_t j = 0; j < b->addresses; j++)
			found += strcmp(a->address[i], b->address[j]) == 0;
	return found == a->addresses && found == b->addresses;
}

bool kit_same(const struct ctl_model *a, const struct ctl_model *b)
{
	for (uint32_t i = 0; i < a->laggs; i++) {
		const struct xlagg_model *one = &a->lagg[i], *other = ctl_find((struct ctl_model *)b, one->name);

		if (!other || memcmp(&one->conf, &other->conf, sizeof(one->conf)) || !same_ports(one, other) ||
		    !same_addresses(one, other))
			return false;
	}
	return a->laggs == b->laggs;
}

uint32_t kit_random(uint64_t *state)
{
	/* SplitMix64. */
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z >> 32);
}

static bool one_in(uint64_t *state, uint32_t n)
{
	return kit_random(state) % n == 0;
}

static const char *pick(uint64_t *state, const char *const *words, size_t count)
{
	return words[kit_random(state) % count];
}

/* A value as a word, of which the option's own parser makes the value. */
static const char *random_text(uint64_t *state, const struct xlagg_option *option)
{
	static const char *const macs[] = {"auto", "02:00:00:00:00:01", "0A-1B-2C-3D-4E-5F"};
	static const char *const lagg_macs[] = {"auto", "active", "from wlan0", "from it's", "02:00:00:00:00:02"};
	static const char *const ports[] = {"auto", "auto", "eth0", "eth1", "eth2"};
	static const char *const addresses[] = {"none", "10.0.0.1", "10.0.0.1,fe80::1,2001:DB8::0:1"};
	static const char *const ethertypes[] = {"88cc,888e", "88CC", "0x800,0x86dd"};
	static const char *const hashes[] = {"l2",
					     "l3",
					     "l4",
					     "l2,l3,l4",
					     "src-mac",
					     "vlan,dst-ip",
					     "l3,l4,inner",
					     "l3,l4,symmetric",
					     "dport,l2,l3",
					     "l4,sport",
					     "src-ip,dst-ip,dst-mac"};

	const char *word;

	switch (option->kind) {
	case XLAGG_KIND_MAC:
		word = pick(state, macs, COUNT(macs));
		return strcmp(word, "auto") == 0 ? option->text : word;
	case XLAGG_KIND_LAGG_MAC:
		return pick(state, lagg_macs, COUNT(lagg_macs));
	case XLAGG_KIND_PORT:
		return pick(state, ports, COUNT(ports));
	case XLAGG_KIND_ADDRESSES:
		return pick(state, addresses, COUNT(addresses));
	case XLAGG_KIND_ETHERTYPES:
		return pick(state, ethertypes, COUNT(ethertypes));
	default:
		return pick(state, hashes, COUNT(hashes));
	}
}

void kit_random_value(uint64_t *state, const struct xlagg_option *option, void *conf)
{
	char word[32], sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t count = 0, span;

	switch (option->kind) {
	case XLAGG_KIND_NUMBER:
		span = option->max - option->min;
		snprintf(word, sizeof(word), "%u",
			 option->min + kit_random(state) % (one_in(state, 4) && span > 4 ? span : 4));
		if (option->word && one_in(state, 3))
			strcpy(word, "auto");
		break;
	case XLAGG_KIND_WORD:
		while (option->word[count])
			count++;
		snprintf(word, sizeof(word), "%s", option->word[kit_random(state) % count]);
		break;
	default:
		snprintf(word, sizeof(word), "%s", random_text(state, option));
	}
	cr_assert_eq(ctl_parse_value(option, word, conf, sentence), 0, "%s %s: %s", option->name, word, sentence);
}

static void random_port(uint64_t *state, struct ctl_port *port)
{
	memset(port, 0, sizeof(*port));
	snprintf(port->name, sizeof(port->name), "eth%u", kit_random(state) % 12);
	ctl_port_defaults(&port->conf);
	for (size_t i = 0; i < XLAGG_PORT_OPTIONS; i++) {
		if (!one_in(state, 4))
			continue;
		kit_random_value(state, &xlagg_port_options[i], &port->conf);
		port->has |= 1ull << i;
	}
}

static void random_addresses(uint64_t *state, struct ctl_command *command)
{
	static const char *const addresses[] = {"10.0.0.1/24", "10.0.0.2/24", "2001:db8::1/64", "192.168.1.1/16"};

	for (size_t i = 0; i < COUNT(addresses); i++)
		if (one_in(state, 4))
			snprintf(command->address[command->addresses++], XLAGG_ADDRESS_MAX, "%s", addresses[i]);
}

static void random_options(uint64_t *state, struct ctl_command *command)
{
	ctl_defaults(&command->conf);
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		if (!one_in(state, 8))
			continue;
		kit_random_value(state, &xlagg_lagg_options[i], &command->conf);
		command->has |= 1ull << i;
	}
	command->has_admin = one_in(state, 4);
	if (command->has_admin)
		command->conf.admin = one_in(state, 2);
}

static void random_command(uint64_t *state, struct ctl_command *ret)
{
	static const uint16_t commands[] = {
	    XLAGG_CMD_LAGG_ADD, XLAGG_CMD_LAGG_ADD, XLAGG_CMD_LAGG_SET,	   XLAGG_CMD_LAGG_SET,	  XLAGG_CMD_LAGG_DEL,
	    XLAGG_CMD_PORT_ADD, XLAGG_CMD_PORT_ADD, XLAGG_CMD_PORT_ADD,	   XLAGG_CMD_PORT_SET,	  XLAGG_CMD_PORT_SET,
	    XLAGG_CMD_PORT_DEL, XLAGG_CMD_PORT_DEL, XLAGG_CMD_ADDRESS_ADD, XLAGG_CMD_ADDRESS_DEL,
	};

	memset(ret, 0, sizeof(*ret));
	ret->cmd = commands[kit_random(state) % COUNT(commands)];
	snprintf(ret->name, sizeof(ret->name), "lagg%u", kit_random(state) % 4);
	if (ret->cmd == XLAGG_CMD_LAGG_ADD || ret->cmd == XLAGG_CMD_LAGG_SET)
		random_options(state, ret);
	if (ret->cmd == XLAGG_CMD_LAGG_ADD)
		ret->ports = kit_random(state) % 5;
	if (ret->cmd >= XLAGG_CMD_PORT_ADD && ret->cmd <= XLAGG_CMD_PORT_DEL)
		ret->ports = 1;
	for (uint32_t i = 0; i < ret->ports; i++)
		random_port(state, &ret->port[i]);
	if (ret->cmd == XLAGG_CMD_LAGG_ADD || ret->cmd >= XLAGG_CMD_ADDRESS_ADD)
		random_addresses(state, ret);
}

void kit_change_model(uint64_t *state, struct ctl_model *model, int commands)
{
	for (int i = 0; i < commands; i++) {
		struct ctl_command command;

		random_command(state, &command);
		ctl_apply(model, &command, NULL);
	}
}

void kit_random_model(uint64_t *state, struct ctl_model *ret)
{
	memset(ret, 0, sizeof(*ret));
	kit_change_model(state, ret, 60);
}
