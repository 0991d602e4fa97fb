/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options: their values as words, and as the numbers and texts in which they are kept. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/option.h"
#include "ctl/text.h"

/* Large enough for the value of any text option. */
struct text_value {
	char text[XLAGG_TEXT_MAX];
};

/* Values of hash, in the order in which they are printed: those that mean several fields come first. */
static const struct ctl_word hash_words[] = {
    {"l2", XLAGG_HASH_L2},	     {"l3", XLAGG_HASH_L3},	      {"l4", XLAGG_HASH_L4},
    {"src-mac", XLAGG_HASH_SRC_MAC}, {"dst-mac", XLAGG_HASH_DST_MAC}, {"vlan", XLAGG_HASH_VLAN},
    {"src-ip", XLAGG_HASH_SRC_IP},   {"dst-ip", XLAGG_HASH_DST_IP},   {"sport", XLAGG_HASH_SPORT},
    {"dport", XLAGG_HASH_DPORT},     {"inner", XLAGG_HASH_INNER},     {"symmetric", XLAGG_HASH_SYMMETRIC},
};
#define HASH_WORDS (sizeof(hash_words) / sizeof(hash_words[0]))

/* Other spellings of some values: booleans as numbers, and lagg(4)'s lacp_fast_timeout. */
static const struct {
	const char *const *words;
	struct ctl_word synonym[2];
} synonyms[] = {
    {xlagg_words_onoff, {{"0", 0}, {"1", 1}}},
    {xlagg_words_rate, {{"0", XLAGG_RATE_SLOW}, {"1", XLAGG_RATE_FAST}}},
    {xlagg_words_rate, {{"off", XLAGG_RATE_SLOW}, {"on", XLAGG_RATE_FAST}}},
};
#define SYNONYMS (sizeof(synonyms) / sizeof(synonyms[0]))

static const void *value_of(const struct xlagg_option *option, const void *conf)
{
	return (const char *)conf + option->offset;
}

static uint32_t number_of(const struct xlagg_option *option, const void *conf)
{
	uint32_t value;

	memcpy(&value, value_of(option, conf), sizeof(value));
	return value;
}

bool option_is_text(const struct xlagg_option *option)
{
	return option->kind >= XLAGG_KIND_MAC;
}

static void set_value(const struct xlagg_option *option, void *conf, const void *value)
{
	memcpy((char *)conf + option->offset, value, option->size);
}

static void set_defaults(const struct xlagg_option *options, size_t count, void *conf)
{
	for (size_t i = 0; i < count; i++) {
		struct text_value text = {};

		if (options[i].text)
			snprintf(text.text, sizeof(text.text), "%s", options[i].text);
		set_value(&options[i], conf, options[i].text ? (const void *)&text : &options[i].fallback);
	}
}

void ctl_defaults(struct xlagg_lagg_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	set_defaults(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, conf);
	conf->admin = 1;
}

void ctl_port_defaults(struct xlagg_port_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	set_defaults(xlagg_port_options, XLAGG_PORT_OPTIONS, conf);
}

size_t option_words(bool port, struct ctl_word ret[OPTION_WORDS_MAX])
{
	const struct xlagg_option *options = port ? xlagg_port_options : xlagg_lagg_options;
	size_t count = port ? XLAGG_PORT_OPTIONS : XLAGG_LAGG_OPTIONS, n = 0;

	_Static_assert(2 * XLAGG_LAGG_OPTIONS <= OPTION_WORDS_MAX && 2 * XLAGG_PORT_OPTIONS <= OPTION_WORDS_MAX,
		       "every option has a name and at most one more word");
	for (size_t i = 0; i < count; i++) {
		ret[n++] = (struct ctl_word){options[i].name, (int)i};
		if (options[i].alias)
			ret[n++] = (struct ctl_word){options[i].alias, (int)i};
	}
	return n;
}

int ctl_find_option(bool port, const char *word, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_word words[OPTION_WORDS_MAX];

	return ctl_match(word, words, option_words(port, words), port ? "port option" : "lagg option", sentence);
}

void ctl_print_values(const struct xlagg_option *option, char *ret, size_t size)
{
	static const char *const fixed[] = {
	    [XLAGG_KIND_HASH] = "l2, l3, l4, src-mac, dst-mac, vlan, src-ip, dst-ip, sport, dport, inner, symmetric",
	    [XLAGG_KIND_LAGG_MAC] = "auto, a MAC, from DEV or active",
	    [XLAGG_KIND_PORT] = "auto or a port",
	    [XLAGG_KIND_ADDRESSES] = "none or a list of addresses",
	    [XLAGG_KIND_ETHERTYPES] = "a list of hexadecimal EtherTypes",
	};
	size_t used = 0;

	if (option->kind == XLAGG_KIND_NUMBER) {
		snprintf(ret, size, "%u..%u%s%s%s", option->min, option->max, *option->unit ? " " : "", option->unit,
			 option->word ? " or auto" : "");
	} else if (option->kind == XLAGG_KIND_WORD) {
		for (const char *const *word = option->word; *word && used < size; word++)
			used += (size_t)snprintf(ret + used, size - used, "%s%s",
						 word == option->word ? ""
						 : word[1]	      ? ", "
								      : " or ",
						 *word);
	} else if (option->kind == XLAGG_KIND_MAC) {
		snprintf(ret, size, "%s or a MAC", option->text);
	} else {
		snprintf(ret, size, "%s", fixed[option->kind]);
	}
}

/* Returns the milliseconds in one `unit`, 0 if it is no unit of time. */
static uint64_t milliseconds(const char *unit)
{
	return strcmp(unit, "ms") == 0 ? 1 : strcmp(unit, "s") == 0 ? 1000 : 0;
}

/* Reads digits and an optional unit, and converts them to the option's unit. Returns false for anything else, and if
 * the result would not be a whole number. */
static bool parse_amount(const struct xlagg_option *option, const char *word, uint64_t *ret)
{
	bool hexadecimal = strncasecmp(word, "0x", 2) == 0 && isxdigit((unsigned char)word[2]);
	uint64_t given, wanted = milliseconds(option->unit), value;
	char *unit;

	if (!isdigit((unsigned char)*word))
		return false;
	value = strtoull(word, &unit, hexadecimal ? 16 : 10);
	if (value > UINT32_MAX)
		value = UINT32_MAX; /* beyond every range, which gets a better sentence than "no number" */
	if (*unit) {
		given = milliseconds(unit);
		if (!given || !wanted || value * given % wanted)
			return false;
		value = value * given / wanted;
	}
	*ret = value;
	return true;
}

static int parse_number(const struct xlagg_option *option, const char *word, uint32_t *ret, char *sentence)
{
	char values[64];
	uint64_t value;

	if (option->word && strcmp(word, "auto") == 0) {
		*ret = XLAGG_AUTO;
		return 0;
	}
	ctl_print_values(option, values, sizeof(values));
	if (!parse_amount(option, word, &value))
		return ctl_refuse(sentence, -EINVAL, "%.40s is not a value of %s; it takes %s", word, option->name,
				  values);
	if (value < option->min || value > option->max)
		return ctl_refuse(sentence, -ERANGE, "%.40s is out of range for %s; it takes %s", word, option->name,
				  values);
	*ret = (uint32_t)value;
	return 0;
}

static bool same_words(const char *const *a, const char *const *b)
{
	while (*a && *b && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == *b;
}

static int parse_word(const struct xlagg_option *option, const char *word, uint32_t *ret, char *sentence)
{
	struct ctl_word words[16];
	size_t count = 0;
	char what[40];
	int code;

	for (size_t i = 0; i < SYNONYMS; i++) {
		code = same_words(option->word, synonyms[i].words) ? ctl_match_full(word, synonyms[i].synonym, 2)
								   : -ENOENT;
		if (code >= 0) {
			*ret = (uint32_t)code;
			return 0;
		}
	}
	for (; option->word[count]; count++)
		words[count] = (struct ctl_word){option->word[count], (int)count};
	snprintf(what, sizeof(what), "value of %s", option->name);
	code = ctl_match(word, words, count, what, sentence);
	if (code < 0)
		return -EINVAL;
	*ret = (uint32_t)code;
	return 0;
}

static int parse_hash(const struct xlagg_option *option, const char *word, uint32_t *ret, char *sentence)
{
	const uint32_t fields = XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4;
	char item[TEXT_ITEM_MAX];
	uint32_t hash = 0;

	while (text_item(&word, item)) {
		int code = ctl_match(item, hash_words, HASH_WORDS, "field of hash", sentence);

		if (code < 0)
			return -EINVAL;
		hash |= (uint32_t)code;
	}
	if (!(hash & fields))
		return ctl_refuse(sentence, -EINVAL, "%s covers no header field; give it at least one, such as l3",
				  option->name);
	*ret = hash;
	return 0;
}

static int parse_text(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	switch (option->kind) {
	case XLAGG_KIND_MAC:
		return text_mac(option, word, ret, sentence);
	case XLAGG_KIND_LAGG_MAC:
		return text_lagg_mac(option, word, ret, sentence);
	case XLAGG_KIND_PORT:
		return text_port(option, word, ret, sentence);
	case XLAGG_KIND_ADDRESSES:
		return text_addresses(option, word, ret, sentence);
	default:
		return text_ethertypes(option, word, ret, sentence);
	}
}

int ctl_parse_value(const struct xlagg_option *option, const char *word, void *conf, char sentence[XLAGG_SENTENCE_MAX])
{
	struct text_value text = {};
	uint32_t number = 0;
	int r;

	switch (option->kind) {
	case XLAGG_KIND_NUMBER:
		r = parse_number(option, word, &number, sentence);
		break;
	case XLAGG_KIND_WORD:
		r = parse_word(option, word, &number, sentence);
		break;
	case XLAGG_KIND_HASH:
		r = parse_hash(option, word, &number, sentence);
		break;
	default:
		r = parse_text(option, word, text.text, sentence);
	}
	if (!r)
		set_value(option, conf, option_is_text(option) ? (const void *)&text : &number);
	return r;
}

static size_t count_words(const struct xlagg_option *option)
{
	size_t count = 0;

	while (option->word[count])
		count++;
	return count;
}

/* Whether words can express the set. Some fields of l4 have no word of their own, so they come only with the others. */
static bool hash_is_sayable(uint32_t hash)
{
	uint32_t said = 0;

	for (size_t i = 0; i < HASH_WORDS; i++)
		if ((hash & (uint32_t)hash_words[i].code) == (uint32_t)hash_words[i].code)
			said |= (uint32_t)hash_words[i].code;
	return said == hash && hash & (XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4);
}

static int check_number(const struct xlagg_option *option, uint32_t value, char *sentence)
{
	char values[64];

	if (option->word && value == XLAGG_AUTO)
		return 0;
	if (value >= option->min && value <= option->max)
		return 0;
	ctl_print_values(option, values, sizeof(values));
	return ctl_refuse(sentence, -ERANGE, "%u is out of range for %s; it takes %s", value, option->name, values);
}

static int check_text(const struct xlagg_option *option, const char *text, char *sentence)
{
	struct text_value canonical = {};
	int r;

	if (strnlen(text, option->size) == option->size)
		return ctl_refuse(sentence, -EINVAL, "the value of %s is longer than %u characters; shorten it",
				  option->name, option->size - 1);
	r = parse_text(option, text, canonical.text, sentence);
	if (!r && strcmp(text, canonical.text) != 0)
		return ctl_refuse(sentence, -EINVAL, "%.60s is not in the form that %s is kept in; write %.60s", text,
				  option->name, canonical.text);
	return r;
}

int ctl_check_value(const struct xlagg_option *option, const void *conf, char sentence[XLAGG_SENTENCE_MAX])
{
	if (option_is_text(option))
		return check_text(option, value_of(option, conf), sentence);
	if (option->kind == XLAGG_KIND_NUMBER)
		return check_number(option, number_of(option, conf), sentence);
	if (option->kind == XLAGG_KIND_HASH && !hash_is_sayable(number_of(option, conf)))
		return ctl_refuse(sentence, -ERANGE, "%#x is not a set of header fields for %s",
				  number_of(option, conf), option->name);
	if (option->kind == XLAGG_KIND_WORD && number_of(option, conf) >= count_words(option))
		return ctl_refuse(sentence, -ERANGE, "%u is not a value of %s, which has %zu", number_of(option, conf),
				  option->name, count_words(option));
	return 0;
}

static void print_hash(uint32_t hash, char *ret, size_t size)
{
	uint32_t said = 0;
	size_t used = 0;

	snprintf(ret, size, "%s", "");
	for (size_t i = 0; i < HASH_WORDS && used < size; i++) {
		uint32_t fields = (uint32_t)hash_words[i].code;

		if ((hash & fields) != fields || (said & fields) == fields)
			continue;
		used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? "," : "", hash_words[i].word);
		said |= fields;
	}
}

/* Devices stand in texts as "NAME" and "from NAME". */
static void print_text(const char *value, size_t value_size, char *ret, size_t size)
{
	bool from = strncmp(value, "from ", 5) == 0;
	const char *name = from ? value + 5 : value;
	char word[XLAGG_MAC_TEXT];

	if (*name == ':')
		snprintf(ret, size, "%s%s", from ? "from " : "", ctl_device_word(name, word));
	else
		snprintf(ret, size, "%.*s", (int)value_size - 1, value);
}

void ctl_print_value(const struct xlagg_option *option, const void *conf, char *ret, size_t size)
{
	if (option_is_text(option))
		print_text(value_of(option, conf), option->size, ret, size);
	else if (option->kind == XLAGG_KIND_HASH)
		print_hash(number_of(option, conf), ret, size);
	else if (option->kind == XLAGG_KIND_WORD && number_of(option, conf) < count_words(option))
		snprintf(ret, size, "%s", option->word[number_of(option, conf)]);
	else if (option->word && number_of(option, conf) == XLAGG_AUTO)
		snprintf(ret, size, "auto");
	else
		snprintf(ret, size, "%u", number_of(option, conf));
}

bool ctl_same_value(const struct xlagg_option *option, const void *a, const void *b)
{
	if (option_is_text(option))
		return strncmp(value_of(option, a), value_of(option, b), option->size) == 0;
	return number_of(option, a) == number_of(option, b);
}

bool ctl_is_default(const struct xlagg_option *option, const void *conf)
{
	if (option_is_text(option))
		return strncmp(value_of(option, conf), option->text, option->size) == 0;
	return number_of(option, conf) == option->fallback;
}
