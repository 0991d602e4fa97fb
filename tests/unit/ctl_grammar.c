/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Commands from words: what is understood, and what is said about the rest. */
#include <errno.h>
#include <string.h>

#include "unit/ctl_kit.h"

/* What a line means, in full words: read, and written again. */
static void expect(const char *line, const char *full)
{
	char text[4096] = "", sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command = {};
	FILE *out;

	cr_expect_eq(kit_parse(line, &command, sentence), 0, "%s: %s", line, sentence);
	out = fmemopen(text, sizeof(text), "w");
	ctl_print_command(out, &command);
	fclose(out);
	cr_expect_str_eq(text, full, "%s: `%s` instead of `%s`", line, text, full);
}

static void expect_refused(const char *line, int r, const char *said)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command, before;

	memset(&command, 0x5a, sizeof(command));
	before = command;
	cr_expect_eq(kit_parse(line, &command, sentence), r, "%s", line);
	cr_expect_str_eq(sentence, said, "%s: `%s` instead of `%s`", line, sentence, said);
	cr_expect(memcmp(&command, &before, sizeof(command)) == 0, "%s left something behind", line);
}

Test(ctl_grammar, commands)
{
	expect("lagg add lagg0", "lagg add lagg0");
	expect("lagg set lagg0 mtu 9000", "lagg set lagg0 mtu 9000");
	expect("lagg del lagg0", "lagg del lagg0");
	expect("lagg balance lagg0", "lagg balance lagg0");
	expect("lagg take bond0", "lagg take bond0");
	expect("lagg take bond0 check", "lagg take bond0 check");
	expect("lagg take bond0 check hash l3 port eth1 weight 2", "lagg take bond0 check hash l3 port eth1 weight 2");
	expect("lagg take bond0 primary check", "lagg take bond0 primary check");
	expect("lagg give bond0", "lagg give bond0");
	expect("port add lagg0 eth1", "port add lagg0 eth1");
	expect("port set lagg0 eth1 prio 1", "port set lagg0 eth1 prio 1");
	expect("port del lagg0 eth1", "port del lagg0 eth1");
	expect("port activate lagg0 eth1", "port activate lagg0 eth1");
	expect("address add lagg0 10.0.0.1/8 ::1/128", "address add lagg0 10.0.0.1/8 ::1/128");
	expect("address del lagg0 10.0.0.1/8", "address del lagg0 10.0.0.1/8");
	expect("flush", "flush");
}

Test(ctl_grammar, abbreviations_and_synonyms)
{
	expect("l a lagg0", "lagg add lagg0");
	expect("la t bond0", "lagg take bond0");
	expect("la g bond0", "lagg give bond0");
	expect("la del lagg0", "lagg del lagg0");
	expect("lagg delete lagg0", "lagg del lagg0");
	expect("lagg destroy lagg0", "lagg del lagg0");
	expect("lagg d lagg0", "lagg del lagg0");
	expect("lagg create lagg0", "lagg add lagg0");
	expect("lagg c lagg0 proto lac hash l3", "lagg add lagg0 proto lacp hash l3");
	expect("p set lagg0 eth1 w 3 pr 7", "port set lagg0 eth1 prio 7 weight 3");
	expect("port ac lagg0 eth1", "port activate lagg0 eth1");
	expect("po d lagg0 eth1", "port del lagg0 eth1");
	expect("f", "flush");
}

Test(ctl_grammar, the_words_of_lagg4)
{
	expect("lagg add lagg0 laggproto lacp lagghash l2,l4 use_flowid 1 flowid_shift 8 lacp_strict 0 "
	       "lacp_fast_timeout 1 failover_rx_all on rr_limit 3 ether 02:00:00:00:00:01 laggport eth1 laggport eth2",
	       "lagg add lagg0 proto lacp hash l2,l4 flowid on flowid-shift 8 lacp-rate fast lacp-strict off rx-all on "
	       "rr-limit 3 mac 02:00:00:00:00:01 port eth1 port eth2");
	expect("lagg set lagg0 lacp_fast_timeout off", "lagg set lagg0 lacp-rate slow");
	expect("port set lagg0 eth1 pri 3", "port set lagg0 eth1 prio 3");
}

Test(ctl_grammar, order_does_not_matter)
{
	expect("lagg add lagg0 10.0.0.1/24 port eth1 prio 3 mtu 9000 up ::1/64 port eth2 hash l3",
	       "lagg add lagg0 hash l3 mtu 9000 up port eth1 prio 3 port eth2 10.0.0.1/24 ::1/64");
	expect("lagg add lagg0 down proto lacp", "lagg add lagg0 proto lacp down");
	expect("lagg set lagg0 down", "lagg set lagg0 down");
}

Test(ctl_grammar, after_port_every_word_is_a_port_option_until_one_that_is_not)
{
	expect("lagg add a key 5 port p key 6 mtu 9000", "lagg add a key 5 mtu 9000 port p key 6");
	expect("lagg add a port p key 6 mtu 9000 key 5", "lagg add a key 5 mtu 9000 port p key 6");
	expect("lagg add a port p key 6 10.0.0.1/8 key 5", "lagg add a key 5 port p key 6 10.0.0.1/8");
	expect("lagg add a port p key 6 up key 5", "lagg add a key 5 up port p key 6");
	expect("lagg add a port p pri 5 primary p", "lagg add a primary p port p prio 5");
	expect("lagg add a port p pr 5", "lagg add a port p prio 5");
	expect("lagg add a port p k 5 port q k 6", "lagg add a port p key 5 port q key 6");
	expect("lagg add a port p absent ok admin down number 3 weight 2 proto lacp",
	       "lagg add a proto lacp port p number 3 weight 2 absent ok admin down");
	expect_refused("lagg add a port p a ok", -EINVAL, "a is ambiguous as a port or lagg option: absent, admin");
	expect_refused("lagg add a port p po q", -EINVAL,
		       "po is ambiguous as a port or lagg option: port-ethertypes, port");
	expect_refused("lagg add a port p wieght 3", -EINVAL,
		       "wieght is not a port or lagg option; did you mean weight?");
	expect_refused("lagg add a port p prtoo 3", -EINVAL, "prtoo is not a port or lagg option; did you mean proto?");
}

Test(ctl_grammar, names_may_be_words)
{
	expect("lagg add add port port port prio prio 3 port mtu", "lagg add add port port port prio prio 3 port mtu");
	expect("lagg create lagg port up", "lagg add lagg port up");
	expect("port add port port", "port add port port");
	expect("lagg add 'a#b' port 'c;d' mac from \"e'f\" port -x",
	       "lagg add 'a#b' mac from 'e'\\''f' port 'c;d' port -x");
}

Test(ctl_grammar, create_may_leave_the_name_out)
{
	expect("lagg create", "lagg add");
	expect("lagg c laggproto lacp laggport eth1", "lagg add proto lacp port eth1");
	expect("lagg create 10.0.0.1/24", "lagg add 10.0.0.1/24");
	expect("lagg create up", "lagg add up");
	expect("lagg create lagg7 up", "lagg add lagg7 up");
	expect_refused("lagg add", -EINVAL, "the name of a lagg is missing");
}

Test(ctl_grammar, mac_from)
{
	expect("lagg set a mac from wlan0 mtu 1500", "lagg set a mac from wlan0 mtu 1500");
	expect("lagg set a mac 'from wlan0'", "lagg set a mac from wlan0");
	expect_refused("lagg set a mac from", -EINVAL, "mac from needs the name of a device");
	expect_refused("lagg set a mac from abcdefghijklmnop", -ENAMETOOLONG,
		       "abcdefghijklmnop is too long for the name of the device that mac is from: 16 characters; 15 "
		       "fit, also of an alternative name");
	expect_refused("lagg set a mac form wlan0", -EINVAL,
		       "form is not a value of mac; it takes auto, a MAC, from DEV or active");
}

Test(ctl_grammar, from_file_is_kept)
{
	char *words[] = {"flush"};
	struct ctl_command command;

	cr_assert_eq(ctl_parse(1, words, true, &command, NULL), 0);
	cr_assert(command.from_file);
	cr_assert_eq(ctl_parse(1, words, false, &command, NULL), 0);
	cr_assert_not(command.from_file);
}

Test(ctl_grammar, wrong_commands)
{
	expect_refused("", -EINVAL, "there is not a command; `xlagg help` lists them");
	expect_refused("lgag add lagg0", -EINVAL, "lgag is not a command; did you mean lagg?");
	expect_refused("frobnicate", -EINVAL, "frobnicate is not a command; `xlagg help` lists them");
	expect_refused("a add lagg0", -EINVAL, "a is ambiguous as a command: address, agent");
	expect_refused("lagg sett lagg0", -EINVAL, "sett is not a command of lagg; did you mean set?");
	expect_refused("lagg s lagg0", -EINVAL, "s is ambiguous as a command of lagg: set, show");
	expect_refused("port a lagg0 eth1", -EINVAL, "a is ambiguous as a command of port: add, activate");
	expect_refused("address", -EINVAL, "address needs a command; see `xlagg help address`");
	expect_refused("lagg", -EINVAL, "lagg show changes no configuration and cannot stand here");
	expect_refused("lagg show lagg0", -EINVAL, "lagg show changes no configuration and cannot stand here");
	expect_refused("save x", -EINVAL, "save changes no configuration and cannot stand here");
}

Test(ctl_grammar, wrong_words)
{
	expect_refused("lagg add lagg0 laggprto lacp", -EINVAL,
		       "laggprto is not a lagg option; did you mean laggproto?");
	expect_refused("lagg add lagg0 proto", -EINVAL,
		       "proto needs a value: failover, loadbalance, lacp, roundrobin, broadcast or none");
	expect_refused("port add lagg0 eth1 prio", -EINVAL, "prio needs a value: 0..65535");
	expect_refused("lagg add lagg0 hash l9", -EINVAL, "l9 is not a field of hash; did you mean l2?");
	expect_refused("lagg add lagg0 mtu 9", -ERANGE, "9 is out of range for mtu; it takes 68..65521 or auto");
	expect_refused("lagg set lagg0 mtu 1500 hash l3 mtu 9000", -EINVAL, "mtu is given twice; leave one out");
	expect_refused("lagg add a laggproto lacp proto lacp", -EINVAL, "proto is given twice; leave one out");
	expect_refused("lagg add a port p prio 1 prio 2", -EINVAL, "prio is given twice; leave one out");
	expect_refused("lagg set a up down", -EINVAL, "up or down is given twice; leave one out");
	expect_refused("lagg set lagg0", -EINVAL, "lagg set lagg0 has nothing to change; give an option and its value");
	expect_refused("port set lagg0 eth1", -EINVAL,
		       "port set lagg0 eth1 has nothing to change; give an option and its value");
	expect_refused("lagg set", -EINVAL, "the name of a lagg is missing");
	expect_refused("lagg del", -EINVAL, "the name of a lagg is missing");
	expect_refused("lagg take", -EINVAL, "the name of a bond is missing");
	expect_refused("lagg give", -EINVAL, "the name of a lagg is missing");
	expect_refused("lagg give bond0 check", -EINVAL, "check is one word too many; leave it out");
	expect_refused("port add", -EINVAL, "the name of a lagg is missing");
	expect_refused("port add lagg0", -EINVAL, "the name of a port is missing");
	expect_refused("lagg add lagg0 port", -EINVAL, "the name of a port is missing");
	expect_refused("address add lagg0", -EINVAL,
		       "an address is missing; write it as 10.0.0.1/24 or 2001:db8::1/64");
	expect_refused("lagg del lagg0 lagg1", -EINVAL, "lagg1 is one word too many; leave it out");
	expect_refused("port del lagg0 eth1 prio", -EINVAL, "prio is one word too many; leave it out");
	expect_refused("flush now", -EINVAL, "now is one word too many; leave it out");
	expect_refused("lagg add lagg0 ''", -EINVAL, "an empty word is not a lagg option; leave it out");
	expect_refused("lagg add ''", -EINVAL, "a lagg has no name; give it one of 1 to 15 characters");
	expect_refused("lagg add a/b", -EINVAL,
		       "a/b cannot be the name of a lagg: Linux allows no blanks, /, : or % in it");
	expect_refused("lagg add a port ..", -EINVAL, ".. is not allowed as the name of a port; choose another");
}

Test(ctl_grammar, words_in_the_wrong_place)
{
	expect_refused("lagg set lagg0 prio 3", -EINVAL,
		       "prio is an option of a port: it goes after `port DEV`, or in `xlagg port set NAME DEV`");
	expect_refused("lagg add lagg0 weight 3 port eth1", -EINVAL,
		       "weight is an option of a port: it goes after `port DEV`, or in `xlagg port set NAME DEV`");
	expect_refused("port add lagg0 eth1 mtu 9000", -EINVAL,
		       "mtu is an option of the lagg; use `xlagg lagg set NAME mtu VALUE`");
	expect_refused("lagg set lagg0 port eth1", -EINVAL,
		       "lagg set changes no ports; use `xlagg port add`, port set or port del");
	expect_refused("lagg set lagg0 10.0.0.1/8", -EINVAL,
		       "10.0.0.1/8 does not belong here; use `xlagg address add lagg0 10.0.0.1/8`");
	expect_refused("port add lagg0 eth1 eth2", -EINVAL,
		       "eth2 is not a port option; there are prio, pri, number, weight, key, absent, admin");
	expect_refused("lagg add lagg0 10.0.0.1", -EINVAL, "10.0.0.1 has no prefix length; write 10.0.0.1/24");
	expect_refused("lagg add lagg0 10.0.0.1/240", -EINVAL, "10.0.0.1/240 has a wrong prefix length; it is 0..32");
}

Test(ctl_grammar, too_much)
{
	char line[4096] = "lagg add lagg0";

	for (int i = 0; i < XLAGG_MAX_PORTS; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " port eth%d", i);
	expect(line, line);
	strcat(line, " port one-more");
	expect_refused(line, -E2BIG, "more than 32 ports; a lagg can have no more");
	strcpy(line, "address add lagg0");
	for (int i = 0; i < XLAGG_MAX_ADDRESSES; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " 10.0.0.%d/24", i + 1);
	expect(line, line);
	strcat(line, " 10.0.1.1/24");
	expect_refused(line, -E2BIG, "more than 32 addresses; add further ones with `ip address`");
}

Test(ctl_grammar, every_option_with_every_way_to_say_it)
{
	uint64_t state = 3;

	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		const struct xlagg_option *option = &xlagg_lagg_options[i];
		struct xlagg_lagg_conf conf;
		char value[XLAGG_TEXT_MAX], line[512], full[512];

		kit_random_value(&state, option, &conf);
		ctl_print_value(option, &conf, value, sizeof(value));
		if (strchr(value, '\''))
			continue;
		snprintf(full, sizeof(full), "lagg set a %s %s", option->name, value);
		expect(full, full);
		snprintf(line, sizeof(line), "lagg set a %s %s", option->alias ?: option->name, value);
		expect(line, full);
	}
}

Test(ctl_grammar, find_command)
{
	char *words[] = {"lagg", "add"}, sentence[XLAGG_SENTENCE_MAX];
	int used = 0, index = ctl_find_command(2, words, &used, sentence);

	cr_assert_geq(index, 0);
	cr_assert_eq(ctl_commands[index].cmd, XLAGG_CMD_LAGG_ADD);
	cr_assert_eq(used, 2);
	index = ctl_find_command(1, words, &used, sentence);
	cr_assert_str_eq(ctl_commands[index].verb, "show");
	cr_assert_eq(used, 1);
	words[0] = "mon";
	index = ctl_find_command(2, words, &used, sentence);
	cr_assert_str_eq(ctl_commands[index].object, "monitor");
	cr_assert_eq(used, 1);
	for (const struct ctl_usage *usage = ctl_commands; usage->object; usage++) {
		char *full[] = {(char *)usage->object, (char *)usage->verb};

		index = ctl_find_command(usage->verb ? 2 : 1, full, &used, sentence);
		cr_assert_eq(&ctl_commands[index], usage, "%s", sentence);
		cr_assert(usage->usage && *usage->help);
	}
}

Test(ctl_grammar, hints_for_words_from_elsewhere)
{
	static const struct {
		const char *line, *sentence;
	} cases[] = {
	    {"lagg add a bond_mode 4", "bond_mode is not a lagg option: use proto, with lacp for 802.3ad, failover for "
				       "active-backup, loadbalance for balance-xor"},
	    {"lagg add a proto balance-rr", "balance-rr is not a value of proto: use roundrobin"},
	    {"lagg add a hash l3,layer4", "layer4 is not a field of hash: use l4"},
	    {"lagg add a bond-min-links 2", "bond-min-links is not a lagg option; did you mean min-links?"},
	    {"lagg add a port p sticky true", "sticky is not a port or lagg option: use reselect failure"},
	    {"trunk add a", "trunk is not a command: use lagg"},
	    {"show", "show is not a command: use lagg show, port show or agent show"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refused(cases[i].line, -EINVAL, cases[i].sentence);
}
