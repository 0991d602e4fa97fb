/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: laggs in FreeBSD's rc.conf, whose values are the words of its ifconfig. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "ifconfig.h"
#include "import.h"

#define BLANKS " \t\n\v\f\r"
#define VALUE_WORDS 512 /* words of one value */

/* NAME="VALUE", a line of the file. */
struct variable {
	const char *name;
	char *value;
	int line;
};

struct rcconf {
	struct import *import;
	struct variable *variable;
	size_t count;
};

static void free_rcconf(struct rcconf *rc)
{
	free(rc->variable);
}

/* Finds the variable "PREFIX NAME", which is the last of that name as in a shell. */
static const struct variable *find(const struct rcconf *rc, const char *prefix, const char *name)
{
	size_t len = strlen(prefix);

	for (size_t i = rc->count; i > 0; i--) {
		const struct variable *variable = &rc->variable[i - 1];

		if (strncmp(variable->name, prefix, len) == 0 && strcmp(variable->name + len, name) == 0)
			return variable;
	}
	return NULL;
}

/* --- the file --- */

/* Moves *text behind the end of the line. */
static void skip_line(char **text, int *lines)
{
	*text += strcspn(*text, "\n");
	*lines += **text == '\n';
	*text += **text == '\n';
}

/* Takes a value off *text, as a shell reads it: quotes, which may go over lines, and backslashes; what follows it on
 * its line is skipped. Returns it, written over the text, or NULL if its quote does not end. */
static char *read_word(char **text, int *lines)
{
	char *value = *text, *out = value, *in = value, quote = 0;

	for (; *in && (quote || !strchr(BLANKS ";#", *in)); in++) {
		*lines += *in == '\n';
		if (quote ? *in == quote : *in == '"' || *in == '\'')
			quote = quote ? 0 : *in;
		else if (*in == '\\' && quote != '\'' && in[1] == '\n')
			in++, ++*lines, *out++ = ' ';
		else
			*out++ = *in;
	}
	*text = in;
	skip_line(text, lines);
	*out = '\0';
	return quote ? NULL : value;
}

static int add_variable(struct rcconf *rc, const char *name, char *value)
{
	struct variable *grown = reallocarray(rc->variable, rc->count + 1, sizeof(*grown));

	if (!grown)
		return import_refuse(rc->import, "out of memory");
	rc->variable = grown;
	rc->variable[rc->count++] = (struct variable){name, value, rc->import->line};
	return 0;
}

static size_t name_length(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

/* Reads every assignment. Other lines, which a shell would run, have nothing to do with laggs. */
static int read_variables(struct rcconf *rc, char *text)
{
	int lines = 1, r = 0;

	while (!r && *text) {
		char *name = text + strspn(text, " \t"), *value;
		size_t len = name_length(name);

		rc->import->line = lines;
		if (!len || name[len] != '=') {
			skip_line(&text, &lines);
			continue;
		}
		name[len] = '\0';
		text = name + len + 1;
		value = read_word(&text, &lines);
		r = value ? add_variable(rc, name, value)
			  : import_refuse(rc->import, "the quote of %s does not end; add it", name);
	}
	return r;
}

/* --- values --- */

/* Words of ifconfig that say nothing about a lagg, with the number of words after each. A minus before one is part of
 * it. */
static const struct {
	const char *word;
	int values;
} other_words[] = {
    {"NOAUTO", 0},    {"WPA", 0},      {"HOSTAP", 0},  {"description", 1}, {"descr", 1},	{"group", 1},
    {"media", 1},     {"mediaopt", 1}, {"mode", 1},    {"fib", 1},	   {"metric", 1},	{"vhid", 1},
    {"advskew", 1},   {"advbase", 1},  {"pass", 1},    {"broadcast", 1},   {"accept_rtadv", 0}, {"auto_linklocal", 0},
    {"no_dad", 0},    {"rxcsum", 0},   {"txcsum", 0},  {"rxcsum6", 0},	   {"txcsum6", 0},	{"tso", 0},
    {"tso4", 0},      {"tso6", 0},     {"lro", 0},     {"vlanhwtag", 0},   {"vlanmtu", 0},	{"vlanhwfilter", 0},
    {"wol", 0},	      {"polling", 0},  {"promisc", 0}, {"ifdisabled", 0},  {"vlanhwtso", 0},	{"toe", 0},
    {"debug", 0},     {"arp", 0},      {"link0", 0},   {"link1", 0},	   {"link2", 0},	{"vlanhwcsum", 0},
    {"wol_magic", 0},
};

static int other_word(const char *word)
{
	word += *word == '-';
	for (size_t i = 0; i < sizeof(other_words) / sizeof(other_words[0]); i++)
		if (strcmp(word, other_words[i].word) == 0)
			return other_words[i].values;
	return -ENOENT;
}

static bool is_dhcp(const char *word)
{
	return strcmp(word, "DHCP") == 0 || strcmp(word, "SYNCDHCP") == 0 || strcmp(word, "NOSYNCDHCP") == 0;
}

/* Splits a value into words, in a copy. Returns their number, or -EINVAL. */
static int split(struct import *import, char *copy, char *words[VALUE_WORDS])
{
	int count = 0;

	for (char *word; (word = strsep(&copy, BLANKS));) {
		if (!*word)
			continue;
		if (count == VALUE_WORDS)
			return import_refuse(import, "a value has more than %d words; shorten it", VALUE_WORDS);
		words[count++] = word;
	}
	return count;
}

/* Keeps the words that ifconfig_parse knows, and turns the others into comments. Returns how many are left. */
static int sift(struct import *import, struct import_lagg *lagg, char *words[], int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		int values = other_word(words[i]);
		bool family = strcmp(words[i], "inet") == 0 || strcmp(words[i], "inet6") == 0;

		if (is_dhcp(words[i])) {
			import_note(import, lagg, "%s: start a DHCP client on %s, such as dhclient(8)", words[i],
				    lagg->command.name);
		} else if (values >= 0) {
			bool has_value = values && i + 1 < count;

			import_note(import, lagg, "%s%s%s: not xlagg's", words[i], has_value ? " " : "",
				    has_value ? words[i + 1] : "");
			i += has_value;
		} else if (!family || (i + 1 < count && other_word(words[i + 1]) < 0)) {
			words[kept++] = words[i];
		}
	}
	return kept;
}

static int take_step(struct import *import, struct import_lagg *lagg, const struct ifconfig_step *step)
{
	if (step->cmd == XLAGG_CMD_PORT_ADD)
		return import_port(import, lagg, step->text) ? 0 : -EINVAL;
	if (step->cmd == XLAGG_CMD_ADDRESS_ADD)
		return import_address(import, lagg, step->text);
	return import_refuse(import, "%s is taken away, which does not belong in rc.conf; leave it out", step->text);
}

static int take_parsed(struct import *import, struct import_lagg *lagg, const struct ifconfig *parsed)
{
	char value[XLAGG_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; !r && i < XLAGG_LAGG_OPTIONS; i++) {
		if (!(parsed->options.has >> i & 1))
			continue;
		ctl_print_value(&xlagg_lagg_options[i], &parsed->options.conf, value, sizeof(value));
		r = import_set(import, lagg, xlagg_lagg_options[i].name, value);
	}
	if (parsed->options.has_admin) {
		lagg->command.has_admin = true;
		lagg->command.conf.admin = parsed->options.conf.admin;
	}
	for (uint32_t i = 0; !r && i < parsed->steps; i++)
		r = take_step(import, lagg, &parsed->step[i]);
	return r;
}

/* Takes a value whose words are those of ifconfig. */
static int take_value(struct import *import, struct import_lagg *lagg, const struct variable *variable)
{
	__attribute__((cleanup(config_free))) char *copy = config_copy(variable->value);
	char *words[VALUE_WORDS], sentence[XLAGG_SENTENCE_MAX];
	struct ifconfig parsed;
	int count;

	import->line = variable->line;
	if (!copy)
		return import_refuse(import, "out of memory");
	if (strpbrk(copy, "$`"))
		return import_refuse(import, "%s needs a shell to be read; write its value out", variable->name);
	count = split(import, copy, words);
	if (count < 0)
		return count;
	count = sift(import, lagg, words, count);
	if (ifconfig_parse(count, words, &parsed, sentence) < 0)
		return import_refuse(import, "%s: %s", variable->name, sentence);
	return take_parsed(import, lagg, &parsed);
}

/* --- laggs --- */

static int take_named(struct rcconf *rc, struct import_lagg *lagg, const char *prefix, const char *device)
{
	const struct variable *variable = find(rc, prefix, device);

	return variable ? take_value(rc->import, lagg, variable) : 0;
}

/* ifconfig_lagg0_ipv6, ifconfig_lagg0_alias0 and so on. */
static int take_further(struct rcconf *rc, struct import_lagg *lagg, const char *device)
{
	char prefix[64];
	int r = 0;

	snprintf(prefix, sizeof(prefix), "ifconfig_%.30s_", device);
	for (size_t i = 0; !r && i < rc->count; i++) {
		const char *rest = rc->variable[i].name + strlen(prefix);

		if (strncmp(rc->variable[i].name, prefix, strlen(prefix)) != 0)
			continue;
		rc->import->line = rc->variable[i].line;
		if (strcmp(rest, "ipv6") == 0 || strncmp(rest, "alias", strlen("alias")) == 0)
			r = take_value(rc->import, lagg, &rc->variable[i]);
		else if (strcmp(rest, "name") == 0)
			snprintf(lagg->command.name, sizeof(lagg->command.name), "%.15s", rc->variable[i].value);
		else
			import_note(rc->import, lagg, "%s=\"%s\": not xlagg's", rc->variable[i].name,
				    rc->variable[i].value);
	}
	return r;
}

/* What rc.conf says of a port by itself. In lagg(4) the lagg has its first port's MAC, and gives it to all others. */
static int take_port(struct rcconf *rc, struct import_lagg *lagg, const char *device, bool first)
{
	const struct variable *variable = find(rc, "ifconfig_", device), *made = find(rc, "create_args_", device);
	const char *ether = variable ? strstr(variable->value, "ether ") : NULL;
	char mac[32];
	int r = 0;

	if (ether && first && !import_has(lagg, "mac")) {
		ether += strlen("ether ");
		ether += strspn(ether, BLANKS);
		snprintf(mac, sizeof(mac), "%.*s", (int)strcspn(ether, BLANKS), ether);
		rc->import->line = variable->line;
		r = import_set(rc->import, lagg, "mac", mac);
		import_note(rc->import, lagg,
			    "the MAC that %s was given, which is the lagg's and so that of every port", device);
	} else if (variable && strcmp(variable->value, "up") != 0) {
		import_note(rc->import, lagg, "%s=\"%s\": what is %s's own stays with %s", variable->name,
			    variable->value, device, device);
	}
	if (made)
		import_note(rc->import, lagg, "%s=\"%s\": Linux's driver makes %s; it joins when it appears",
			    made->name, made->value, device);
	return r;
}

static void note_vlans(struct rcconf *rc, struct import_lagg *lagg, const char *device)
{
	const struct variable *vlans = find(rc, "vlans_", device);

	if (vlans)
		import_note(rc->import, lagg,
			    "%s=\"%s\": for each, `ip link add link %s name %s.ID type vlan id ID` once the lagg is up",
			    vlans->name, vlans->value, lagg->command.name, lagg->command.name);
}

static int take_lagg(struct rcconf *rc, const char *device)
{
	struct import_lagg *lagg = import_lagg(rc->import, device);
	int r;

	if (!lagg)
		return -EINVAL;
	r = take_named(rc, lagg, "create_args_", device);
	r = r ?: take_named(rc, lagg, "ifconfig_", device);
	r = r ?: take_named(rc, lagg, "ipv4_addrs_", device);
	r = r ?: take_further(rc, lagg, device);
	for (uint32_t i = 0; !r && i < lagg->command.ports; i++)
		r = take_port(rc, lagg, lagg->command.port[i].name, i == 0);
	note_vlans(rc, lagg, device);
	return r;
}

static bool is_lagg(const char *name)
{
	const char *number = name + strlen("lagg");

	return strncmp(name, "lagg", strlen("lagg")) == 0 && *number && strspn(number, "0123456789") == strlen(number);
}

/* The laggs in cloned_interfaces, which may be missing where they are made by hand. */
static int take_cloned(struct rcconf *rc)
{
	const struct variable *cloned = find(rc, "", "cloned_interfaces");
	__attribute__((cleanup(config_free))) char *copy = config_copy(cloned ? cloned->value : "");
	char *rest = copy;
	int r = copy ? 0 : import_refuse(rc->import, "out of memory");

	for (char *word; !r && (word = strsep(&rest, BLANKS));) {
		rc->import->line = cloned ? cloned->line : 0;
		if (is_lagg(word) && !import_find(rc->import, word))
			r = take_lagg(rc, word);
	}
	return r;
}

static int take_configured(struct rcconf *rc)
{
	const size_t len = strlen("ifconfig_");
	int r = 0;

	for (size_t i = 0; !r && i < rc->count; i++) {
		const struct variable *variable = &rc->variable[i];

		rc->import->line = variable->line;
		if (strncmp(variable->name, "ifconfig_", len) == 0 && is_lagg(variable->name + len) &&
		    !import_find(rc->import, variable->name + len))
			r = take_lagg(rc, variable->name + len);
	}
	return r;
}

static int take_all(struct rcconf *rc)
{
	const struct variable *router = find(rc, "", "defaultrouter");
	int r = take_cloned(rc);

	/* A lagg that was renamed has been taken already. */
	if (!r && !rc->import->laggs)
		r = take_configured(rc);
	rc->import->line = 0;
	if (!r && !rc->import->laggs)
		return import_refuse(rc->import, "no lagg in it; import looks for cloned_interfaces=\"lagg0\" and "
						 "ifconfig_lagg0=\"...\"");
	if (router)
		import_note(rc->import, NULL, "defaultrouter=\"%s\": `ip route add default via %s`", router->value,
			    router->value);
	return r;
}

int import_rcconf(struct import *import, const char *what)
{
	__attribute__((cleanup(free_rcconf))) struct rcconf rc = {.import = import};
	__attribute__((cleanup(config_free))) char *text = NULL;
	int r;

	if (strcmp(what, "-") != 0 && !strchr(what, '/') && is_lagg(what) && access(what, F_OK) != 0)
		return import_refuse(import, "rc.conf is read from a file, not from a device; give its path");
	text = import_slurp(import);
	if (!text)
		return -EINVAL;
	r = read_variables(&rc, text);
	return r ?: take_all(&rc);
}
