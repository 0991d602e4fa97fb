/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The table of commands, and finding one by its first words. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/word.h"

#define PORT_OPTIONS "[PORT-OPTION VALUE]..."

/* clang-format off */
const struct ctl_usage ctl_commands[] = {
	{"lagg", "add", XLAGG_CMD_LAGG_ADD,
	 "NAME [OPTION VALUE]... [port DEV " PORT_OPTIONS "]... [ADDRESS/PREFIX]... [up|down]", "makes a lagg"},
	{"lagg", "set", XLAGG_CMD_LAGG_SET, "NAME [OPTION VALUE]... [up|down]", "changes options of a lagg"},
	{"lagg", "del", XLAGG_CMD_LAGG_DEL, "NAME", "removes a lagg and puts its ports back as they were"},
	{"lagg", "balance", XLAGG_CMD_LAGG_BALANCE, "NAME",
	 "moves flows now if the ports are not evenly loaded (balance adaptive)"},
	{"lagg", "show", 0, "[NAME]", "shows laggs and their ports"},
	{"lagg", "take", XLAGG_CMD_LAGG_TAKE,
	 "BOND [check] [OPTION VALUE]... [port DEV " PORT_OPTIONS "]... [ADDRESS/PREFIX]... [up|down]",
	 "makes a lagg of a bond that somebody else made, as it runs"},
	{"lagg", "give", XLAGG_CMD_LAGG_GIVE, "BOND", "hands a bond that was taken back to the kernel's bonding"},
	{"port", "add", XLAGG_CMD_PORT_ADD, "NAME DEV " PORT_OPTIONS, "makes a device a port of a lagg"},
	{"port", "set", XLAGG_CMD_PORT_SET, "NAME DEV " PORT_OPTIONS, "changes options of a port"},
	{"port", "del", XLAGG_CMD_PORT_DEL, "NAME DEV", "takes a port out of a lagg and forgets it"},
	{"port", "show", 0, "[NAME [DEV]]", "shows ports"},
	{"port", "activate", XLAGG_CMD_PORT_ACTIVATE, "NAME DEV", "makes a port the active one now (failover)"},
	{"address", "add", XLAGG_CMD_ADDRESS_ADD, "NAME ADDRESS/PREFIX...", "gives addresses to a lagg"},
	{"address", "del", XLAGG_CMD_ADDRESS_DEL, "NAME ADDRESS/PREFIX...", "takes addresses that xlagg gave"},
	{"agent", "show", 0, "", "shows the agent: version, uptime, kernel features, what it adopted"},
	{"monitor", NULL, 0, "[NAME]", "prints events as they happen"},
	{"top", NULL, 0, "[NAME]", "live view of rates and states"},
	{"explain", NULL, 0,
	 "NAME [src-mac M] [dst-mac M] [vlan N] [src IP] [dst IP] [proto N|tcp|udp|sctp] [sport N] [dport N] [flowlabel N] [moves N]",
	 "says which port a flow takes, and why"},
	{"capture", NULL, 0, "NAME [-w FILE|-] [-c COUNT] [-s SNAPLEN] [port DEV]... [FILTER]",
	 "writes what a lagg sends and receives, and why, as pcapng"},
	{"metrics", NULL, 0, "", "prints OpenMetrics text, once"},
	{"exporter", NULL, 0, "[--listen ADDR:PORT]", "serves OpenMetrics text over HTTP"},
	{"save", NULL, 0, "[FILE]", "prints or writes the running configuration, as commands"},
	{"check", NULL, 0, "FILE", "checks a configuration file and changes nothing"},
	{"diff", NULL, 0, "[FILE]", "prints the commands that would make the running configuration the file's"},
	{"restore", NULL, 0, "FILE", "makes the running configuration the file's: all of it or nothing"},
	{"reload", NULL, 0, "", "restores the agent's own file"},
	{"import", NULL, 0, "bonding|teamd|networkd|rc.conf FILE|DEV",
	 "prints the commands that are equivalent to another configuration"},
	{"debug", "bundle", 0, "[FILE]", "writes state, maps, programs and log into one tar, for a report"},
	{"flush", NULL, XLAGG_CMD_FLUSH, "", "removes every lagg and puts the ports back as they were"},
	{"ifconfig", NULL, 0, "[-v] [NAME [WORD]...]", "understands lagg(4)'s own command lines"},
	{"help", NULL, 0, "[OBJECT]", "prints commands and options"},
	{NULL, NULL, 0, NULL, NULL},
};
/* clang-format on */

#define COMMANDS (sizeof(ctl_commands) / sizeof(ctl_commands[0]) - 1)

/* Synonyms of verbs, from lagg(4) and from ip. */
static const struct {
	const char *word, *verb;
} verb_synonyms[] = {{"create", "add"}, {"delete", "del"}, {"destroy", "del"}, {"list", "show"}};
#define SYNONYMS (sizeof(verb_synonyms) / sizeof(verb_synonyms[0]))

/* Finds the object. Returns the index of its first command. */
static int find_object(const char *word, char *sentence)
{
	struct ctl_word words[COMMANDS];
	size_t count = 0;

	for (size_t i = 0; i < COMMANDS; i++)
		if (!i || strcmp(ctl_commands[i].object, ctl_commands[i - 1].object) != 0)
			words[count++] = (struct ctl_word){ctl_commands[i].object, (int)i};
	return ctl_match(word, words, count, "command", sentence);
}

/* Collects the verbs of the object whose first command is `first`, and their synonyms. Returns how many there are. */
static size_t verbs_of(int first, struct ctl_word words[COMMANDS + SYNONYMS])
{
	size_t count = 0;

	for (int i = first; i < (int)COMMANDS && strcmp(ctl_commands[i].object, ctl_commands[first].object) == 0; i++) {
		words[count++] = (struct ctl_word){ctl_commands[i].verb, i};
		for (size_t s = 0; s < SYNONYMS; s++)
			if (strcmp(verb_synonyms[s].verb, ctl_commands[i].verb) == 0)
				words[count++] = (struct ctl_word){verb_synonyms[s].word, i};
	}
	return count;
}

int ctl_find_command(int argc, char *const argv[], int *used, char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_word words[COMMANDS + SYNONYMS];
	int object, verb;
	char what[32];
	size_t count;

	if (argc < 1)
		return ctl_refuse(sentence, -EINVAL, "there is not a command; `xlagg help` lists them");
	object = find_object(argv[0], sentence);
	if (object < 0)
		return -EINVAL;
	*used = 1;
	if (!ctl_commands[object].verb)
		return object;
	count = verbs_of(object, words);
	snprintf(what, sizeof(what), "command of %s", ctl_commands[object].object);
	verb = argc > 1 ? ctl_match(argv[1], words, count, what, sentence) : ctl_match_full("show", words, count);
	if (verb < 0)
		return argc > 1 ? -EINVAL
				: ctl_refuse(sentence, -EINVAL, "%s needs a command; see `xlagg help %s`",
					     ctl_commands[object].object, ctl_commands[object].object);
	*used = argc > 1 ? 2 : 1;
	return verb;
}
