/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: bonds in a file of ifupdown, with ifenslave's words, or of options of the bonding module. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "ifconfig.h"
#include "import.h"

#define BLANKS " \t\v\f\r"

/* What is being read: a stanza of ifupdown. */
struct stanza {
	char name[XLAGG_NAME_MAX];
	bool bond;			 /* its device is a bond, because something before said so */
	char address[XLAGG_ADDRESS_MAX]; /* its address without a prefix length, which a line after it gives */
};

static char *word_of(char **rest)
{
	char *word;

	do
		word = strsep(rest, BLANKS);
	while (word && !*word);
	return word;
}

/* The option of bonding in a word of ifenslave, NULL if it is no such word. */
static const char *bond_word(const char *word)
{
	if (strncmp(word, "bond-", 5) == 0 || strncmp(word, "bond_", 5) == 0)
		return word + 5;
	return strcmp(word, "slaves") == 0 ? word : NULL;
}

static int take_bond_word(struct import *import, const char *device, const char *word, const char *value)
{
	struct import_lagg *lagg;
	int r;

	if (strcmp(word, "master") == 0) {
		lagg = import_lagg(import, value);
		return lagg && import_port(import, lagg, device) ? 0 : -EINVAL;
	}
	if (strcmp(word, "give-a-chance") == 0 || strcmp(word, "give_a_chance") == 0)
		return 0;
	lagg = import_lagg(import, device);
	if (!lagg)
		return -EINVAL;
	r = import_bond_option(import, lagg, word, value);
	return r == -ENOENT ? import_bond_unknown(import, word) : r;
}

/* First pass: what makes a device a bond. */
static int take_bonds(struct import *import, char *text)
{
	char device[XLAGG_NAME_MAX] = "", *line;
	int lines = 0, r = 0;

	while (!r && (line = import_line(import, &text, &lines))) {
		char *word = word_of(&line);
		const char *option;

		if (!word || *word == '#')
			continue;
		option = bond_word(word);
		if (strcmp(word, "iface") == 0)
			snprintf(device, sizeof(device), "%s", word_of(&line) ?: "");
		else if (option && *device)
			r = take_bond_word(import, device, option, line ? line + strspn(line, BLANKS) : "");
	}
	return r;
}

static int add_address(struct import *import, struct stanza *stanza, const char *prefix)
{
	char text[XLAGG_ADDRESS_MAX + 8];
	int length = ifconfig_netmask(prefix);

	if (length >= 0)
		snprintf(text, sizeof(text), "%s/%d", stanza->address, length);
	else
		snprintf(text, sizeof(text), "%s/%.4s", stanza->address, prefix);
	*stanza->address = '\0';
	return import_address(import, import_find(import, stanza->name), text);
}

static int take_line(struct import *import, struct stanza *stanza, const char *word, const char *value)
{
	struct import_lagg *lagg = import_find(import, stanza->name);

	if (strcmp(word, "address") == 0 && strchr(value, '/'))
		return import_address(import, lagg, value);
	if (strcmp(word, "address") == 0) {
		snprintf(stanza->address, sizeof(stanza->address), "%s", value);
		return 0;
	}
	if (strcmp(word, "netmask") == 0 && *stanza->address)
		return add_address(import, stanza, value);
	if (strcmp(word, "mtu") == 0)
		return import_set(import, lagg, "mtu", value);
	if (strcmp(word, "hwaddress") == 0)
		return import_set(import, lagg, "mac", strncmp(value, "ether ", 6) == 0 ? value + 6 : value);
	import_note(import, lagg, "%s %s: not xlagg's, it stays where it is", word, value);
	return 0;
}

/* An address whose prefix length no line gave. */
static int end_stanza(struct import *import, struct stanza *stanza)
{
	char address[XLAGG_ADDRESS_MAX];

	if (!*stanza->address)
		return 0;
	memcpy(address, stanza->address, sizeof(address));
	*stanza->address = '\0';
	return import_refuse(import, "address %s of %s has no netmask; write it as %s/24", address, stanza->name,
			     address);
}

static int begin_stanza(struct import *import, struct stanza *stanza, char *rest)
{
	const char *name = word_of(&rest), *family = word_of(&rest), *method = word_of(&rest);
	struct import_lagg *lagg = import_find(import, name ?: "");

	*stanza = (struct stanza){.bond = lagg != NULL};
	if (!name || !family || !method)
		return import_refuse(import, "iface needs a name, a family and a method, as in `iface eth0 inet dhcp`");
	snprintf(stanza->name, sizeof(stanza->name), "%s", name);
	if (lagg && (strcmp(method, "dhcp") == 0 || strcmp(method, "auto") == 0))
		import_note(import, lagg, "%s %s: let the manager of addresses do that on %s", family, method, name);
	return 0;
}

static bool begins_stanza(const char *word)
{
	static const char *const words[] = {"auto",	    "mapping",	  "source",   "source-directory",
					    "no-auto-down", "no-scripts", "template", "rename"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return strncmp(word, "allow-", strlen("allow-")) == 0;
}

/* Second pass: everything else of the devices that the first one found to be bonds. */
static int take_stanzas(struct import *import, char *text)
{
	struct stanza stanza = {0};
	int lines = 0, r = 0;
	char *line;

	while (!r && (line = import_line(import, &text, &lines))) {
		char *word = word_of(&line);

		if (!word || *word == '#')
			continue;
		if (strcmp(word, "iface") == 0) {
			r = end_stanza(import, &stanza) ?: begin_stanza(import, &stanza, line ?: (char[]){""});
		} else if (begins_stanza(word)) {
			r = end_stanza(import, &stanza);
			stanza.bond = false;
			if (strncmp(word, "source", strlen("source")) == 0)
				import_note(import, NULL, "%s %s: import that file too", word, line ?: "");
		} else if (stanza.bond && !bond_word(word)) {
			r = take_line(import, &stanza, word, line ? line + strspn(line, BLANKS) : "");
		}
	}
	return r ?: end_stanza(import, &stanza);
}

/* Takes `options bonding NAME=VALUE ...` of modprobe.d; -o NAME names the bond. */
static int take_module_line(struct import *import, char *rest)
{
	const char *name = "bond0";
	struct import_lagg *lagg = NULL;
	int r = 0;

	for (char *word; !r && (word = word_of(&rest));) {
		char *value = strchr(word, '=');

		if (strcmp(word, "-o") == 0) {
			name = word_of(&rest) ?: "";
			continue;
		}
		if (!value)
			return import_refuse(import, "%s has no value; write it as %s=VALUE", word, word);
		*value++ = '\0';
		lagg = import_lagg(import, name);
		r = lagg ? import_bond_option(import, lagg, word, value) : -EINVAL;
		if (r == -ENOENT)
			r = import_bond_unknown(import, word);
	}
	return r;
}

static int take_module_options(struct import *import, char *text)
{
	int lines = 0, r = 0;
	char *line;

	while (!r && (line = import_line(import, &text, &lines))) {
		char *word = word_of(&line);

		if (!word || strcmp(word, "options") != 0)
			continue;
		word = word_of(&line);
		if (word && strcmp(word, "bonding") == 0)
			r = take_module_line(import, line);
	}
	return r;
}

static int finish(struct import *import)
{
	int r = 0;

	import->line = 0;
	if (!import->laggs)
		return import_refuse(import, "no bond in it; import reads stanzas of ifupdown with bond-* words, and "
					     "lines `options bonding ...`; a bond that runs is given by its name");
	for (uint32_t i = 0; !r && i < import->laggs; i++) {
		import->line = import->lagg[i].line;
		r = import_bond_defaults(import, &import->lagg[i]);
		if (!import->lagg[i].command.ports)
			import_note(import, &import->lagg[i], "no ports are named here: add `port DEV` for each");
	}
	return r;
}

/* Each pass takes the text apart. */
static int pass(struct import *import, const char *text, int (*take)(struct import *import, char *text))
{
	__attribute__((cleanup(config_free))) char *copy = config_copy(text);

	return copy ? take(import, copy) : import_refuse(import, "out of memory");
}

int import_ifupdown(struct import *import)
{
	__attribute__((cleanup(config_free))) char *text = import_slurp(import);
	int r;

	if (!text)
		return -EINVAL;
	r = pass(import, text, take_bonds);
	r = r ?: pass(import, text, take_module_options);
	r = r ?: pass(import, text, take_stanzas);
	return r ?: finish(import);
}
