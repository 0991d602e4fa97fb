/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options: their words, their values, and what is said about wrong ones. */
#include <errno.h>
#include <string.h>

#include "unit/ctl_kit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct xlagg_option *lagg_option(const char *word)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int index = ctl_find_option(false, word, sentence);

	cr_assert_geq(index, 0, "%s: %s", word, sentence);
	return &xlagg_lagg_options[index];
}

/* Every word of a table finds its option, in full, with underscores, and by each abbreviation that is not ambiguous. */
static void check_words(bool port, const struct xlagg_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *const words[] = {options[i].name, options[i].alias};

		for (size_t w = 0; w < COUNT(words) && words[w]; w++) {
			char word[32], sentence[XLAGG_SENTENCE_MAX] = "";

			snprintf(word, sizeof(word), "%s", words[w]);
			cr_expect_eq(ctl_find_option(port, word, sentence), i, "%s: %s", word, sentence);
			for (char *c = word; *c; c++)
				*c = *c == '-' ? '_' : *c;
			cr_expect_eq(ctl_find_option(port, word, sentence), i, "%s: %s", word, sentence);
			for (size_t len = strlen(word); len-- > 1;) {
				int index;

				word[len] = '\0';
				index = ctl_find_option(port, word, sentence);
				cr_expect(index == -EINVAL || strncmp(options[index].name, words[w], len) == 0 ||
					      strncmp(options[index].alias ?: "", words[w], len) == 0,
					  "%s gives %d", word, index);
			}
		}
	}
}

Test(ctl_option, every_word_finds_its_option)
{
	check_words(false, xlagg_lagg_options, XLAGG_LAGG_OPTIONS);
	check_words(true, xlagg_port_options, XLAGG_PORT_OPTIONS);
}

Test(ctl_option, abbreviations)
{
	char sentence[XLAGG_SENTENCE_MAX];

	cr_expect_str_eq(lagg_option("lacp-mo")->name, "lacp-mode");
	cr_expect_str_eq(lagg_option("use")->name, "flowid");
	cr_expect_str_eq(lagg_option("hash")->name, "hash", "a full word, although hash-seed begins with it");
	cr_expect_str_eq(lagg_option("rr")->name, "rr-limit", "name and alias of one option are not ambiguous");
	cr_assert_eq(ctl_find_option(false, "lacp-m", sentence), -EINVAL);
	cr_assert_str_eq(sentence, "lacp-m is ambiguous as a lagg option: lacp-mode, lacp-mux");
	cr_assert_eq(ctl_find_option(true, "a", sentence), -EINVAL);
	cr_assert_str_eq(sentence, "a is ambiguous as a port option: absent, admin");
}

Test(ctl_option, wrong_words)
{
	char sentence[XLAGG_SENTENCE_MAX];

	cr_assert_eq(ctl_find_option(false, "min-lniks", sentence), -ENOENT);
	cr_assert_str_eq(sentence, "min-lniks is not a lagg option; did you mean min-links?");
	cr_assert_eq(ctl_find_option(true, "wieght", sentence), -ENOENT);
	cr_assert_str_eq(sentence, "wieght is not a port option; did you mean weight?");
	cr_assert_eq(ctl_find_option(true, "zzz", sentence), -ENOENT);
	cr_assert_str_eq(sentence, "zzz is not a port option; there are prio, pri, number, weight, key, absent, admin");
	cr_assert_eq(ctl_find_option(false, "zzzzzz", sentence), -ENOENT);
	cr_assert_str_eq(sentence, "zzzzzz is not a lagg option; `xlagg help` lists them");
	cr_assert_eq(ctl_find_option(false, "", sentence), -ENOENT);
	cr_assert_str_eq(sentence, "an empty word is not a lagg option; leave it out");
	cr_assert_eq(ctl_find_option(false, "\033[2Jmtu", sentence), -ENOENT);
	cr_assert_null(strchr(sentence, '\033'), "what was typed does not reach the terminal as it is");
	cr_assert_eq(ctl_find_option(false, "xyz", NULL), -ENOENT);
}

Test(ctl_option, nearest)
{
	static const char *const words[] = {"failover", "lacp", NULL};

	cr_assert_str_eq(ctl_nearest("falover", words), "failover");
	cr_assert_str_eq(ctl_nearest("lcap", words), "lacp", "a swap is one mistake");
	cr_assert_str_eq(ctl_nearest("fail_over", words), "failover");
	cr_assert_null(ctl_nearest("trunk", words));
	cr_assert_null(ctl_nearest("x", words));
	cr_assert_null(ctl_nearest("", words));
	cr_assert_null(ctl_nearest("a-word-that-is-much-longer-than-any-of-the-language-may-be", words));
}

Test(ctl_option, defaults)
{
	struct xlagg_lagg_conf conf;
	struct xlagg_port_conf port;

	memset(&conf, 0xff, sizeof(conf));
	ctl_defaults(&conf);
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		cr_expect(ctl_is_default(&xlagg_lagg_options[i], &conf));
		cr_expect_eq(ctl_check_value(&xlagg_lagg_options[i], &conf, NULL), 0, "%s", xlagg_lagg_options[i].name);
	}
	cr_assert_eq(conf.proto, XLAGG_PROTO_FAILOVER);
	cr_assert_eq(conf.hash, XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4);
	cr_assert_str_eq(conf.mac, "auto");
	cr_assert_eq(conf.mtu, XLAGG_AUTO);
	cr_assert_eq(conf.admin, 1);
	ctl_port_defaults(&port);
	for (size_t i = 0; i < XLAGG_PORT_OPTIONS; i++)
		cr_expect(ctl_is_default(&xlagg_port_options[i], &port));
	cr_assert_eq(port.prio, 32768);
	cr_assert_eq(port.admin, 1);
}

/* Random values of each option come back from the words that they are printed as. */
static void check_round_trip(const struct xlagg_option *options, size_t count, void *conf, void *again)
{
	uint64_t state = 1;

	for (size_t i = 0; i < count; i++)
		for (int round = 0; round < 200; round++) {
			char word[XLAGG_TEXT_MAX], sentence[XLAGG_SENTENCE_MAX] = "";

			kit_random_value(&state, &options[i], conf);
			cr_assert_eq(ctl_check_value(&options[i], conf, sentence), 0, "%s", sentence);
			ctl_print_value(&options[i], conf, word, sizeof(word));
			cr_assert_eq(ctl_parse_value(&options[i], word, again, sentence), 0, "%s: %s", word, sentence);
			cr_assert(ctl_same_value(&options[i], conf, again), "%s %s", options[i].name, word);
		}
}

Test(ctl_option, values_come_back_from_their_words)
{
	struct xlagg_lagg_conf conf, again;
	struct xlagg_port_conf port, port_again;

	ctl_defaults(&conf);
	ctl_defaults(&again);
	check_round_trip(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &conf, &again);
	ctl_port_defaults(&port);
	ctl_port_defaults(&port_again);
	check_round_trip(xlagg_port_options, XLAGG_PORT_OPTIONS, &port, &port_again);
}

Test(ctl_option, values_and_how_they_are_kept)
{
	static const struct {
		const char *option, *word, *kept;
	} cases[] = {
	    {"proto", "lacp", "lacp"},
	    {"proto", "lo", "loadbalance"},
	    {"flowid", "1", "on"},
	    {"flowid", "0", "off"},
	    {"lacp-rate", "on", "fast"},
	    {"lacp_fast_timeout", "off", "slow"},
	    {"lacp-rate", "f", "fast"},
	    {"lacp_strict", "of", "off"},
	    {"hash", "l4,l2,l3", "l2,l3,l4"},
	    {"hash", "dport,sport", "sport,dport"},
	    {"hash", "src-ip,dst-ip", "l3"},
	    {"hash", "l4,sport,sym,in", "l4,inner,symmetric"},
	    {"hash", "src_mac,vlan", "src-mac,vlan"},
	    {"hash-seed", "0xDEADBEEF", "3735928559"},
	    {"hash-seed", "auto", "auto"},
	    {"hash-seed", "4294967294", "4294967294"},
	    {"min-links", "007", "7"},
	    {"up-delay", "3s", "3000"},
	    {"up-delay", "100ms", "100"},
	    {"fallback-delay", "2000ms", "2"},
	    {"fallback-delay", "900", "900"},
	    {"mtu", "auto", "auto"},
	    {"mac", "0A-1b:2C:3d:4e:5F", "0a:1b:2c:3d:4e:5f"},
	    {"ether", "from wlan0", "from wlan0"},
	    {"mac", "active", "active"},
	    {"primary", "eth0", "eth0"},
	    {"probe", "10.0.0.1,FE80:0::1", "10.0.0.1,fe80::1"},
	    {"probe", "none", "none"},
	    {"port-ethertypes", "0x88CC,800", "88cc,0800"},
	    {"port-ethertypes", "601,602,603,604,605,606,607,608", "0601,0602,0603,0604,0605,0606,0607,0608"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct xlagg_option *option = lagg_option(cases[i].option);
		char sentence[XLAGG_SENTENCE_MAX] = "", kept[XLAGG_TEXT_MAX];
		struct xlagg_lagg_conf conf = {};

		cr_expect_eq(ctl_parse_value(option, cases[i].word, &conf, sentence), 0, "%s %s: %s", cases[i].option,
			     cases[i].word, sentence);
		ctl_print_value(option, &conf, kept, sizeof(kept));
		cr_expect_str_eq(kept, cases[i].kept);
	}
}

Test(ctl_option, wrong_values)
{
	static const struct {
		const char *option, *word, *sentence;
	} cases[] = {
	    {"proto", "lapc", "lapc is not a value of proto; did you mean lacp?"},
	    {"proto", "trunking",
	     "trunking is not a value of proto; there are failover, loadbalance, lacp, roundrobin, broadcast, none"},
	    {"proto", "l", "l is ambiguous as a value of proto: loadbalance, lacp"},
	    {"flowid", "o", "o is ambiguous as a value of flowid: off, on"},
	    {"flowid", "2", "2 is not a value of flowid; there are off, on"},
	    {"min-links", "0", "0 is out of range for min-links; it takes 1..32"},
	    {"min-links", "33", "33 is out of range for min-links; it takes 1..32"},
	    {"min-links", "-1", "-1 is not a value of min-links; it takes 1..32"},
	    {"min-links", "two", "two is not a value of min-links; it takes 1..32"},
	    {"min-links", "1s", "1s is not a value of min-links; it takes 1..32"},
	    {"min-links", "", " is not a value of min-links; it takes 1..32"},
	    {"min-links", "0x", "0x is not a value of min-links; it takes 1..32"},
	    {"min-links", "auto", "auto is not a value of min-links; it takes 1..32"},
	    {"min-links", "4294967297", "4294967297 is out of range for min-links; it takes 1..32"},
	    {"min-links", "99999999999999999999999",
	     "99999999999999999999999 is out of range for min-links; it takes 1..32"},
	    {"mtu", "67", "67 is out of range for mtu; it takes 68..65521 or auto"},
	    {"fallback-delay", "901", "901 is out of range for fallback-delay; it takes 0..900 s"},
	    {"fallback-delay", "1500ms", "1500ms is not a value of fallback-delay; it takes 0..900 s"},
	    {"up-delay", "1h", "1h is not a value of up-delay; it takes 0..3600000 ms"},
	    {"up-delay", "99999999999s", "99999999999s is out of range for up-delay; it takes 0..3600000 ms"},
	    {"hash-seed", "4294967295", "4294967295 is out of range for hash-seed; it takes 0..4294967294 or auto"},
	    {"hash", "l3,l4,ports", "ports is not a field of hash; did you mean sport?"},
	    {"hash", "l3,,l4", "an empty word is not a field of hash; leave it out"},
	    {"hash", "l3,", "an empty word is not a field of hash; leave it out"},
	    {"hash", "", "an empty word is not a field of hash; leave it out"},
	    {"hash", "inner,symmetric", "hash covers no header field; give it at least one, such as l3"},
	    {"system-mac", "active", "active is not a value of system-mac; it takes auto or a MAC"},
	    {"system-mac", "01:00:00:00:00:01",
	     "01:00:00:00:00:01 is a group address and cannot be the system-mac; its first octet must be even"},
	    {"partner-system", "auto", "auto is not a value of partner-system; it takes any or a MAC"},
	    {"partner-system", "01:80:c2:00:00:02",
	     "01:80:c2:00:00:02 is a group address and cannot be the partner-system; its first octet must be even"},
	    {"mac", "00:00:00:00:00:00", "00:00:00:00:00:00 cannot be the mac; choose a MAC that is not zero"},
	    {"mac", "02:00:00:00:00", "02:00:00:00:00 is not a value of mac; it takes auto, a MAC, from DEV or active"},
	    {"mac", "02:00:00:00:00:01:02",
	     "02:00:00:00:00:01:02 is not a value of mac; it takes auto, a MAC, from DEV or active"},
	    {"mac", "02:00:00:00:00:0g",
	     "02:00:00:00:00:0g is not a value of mac; it takes auto, a MAC, from DEV or active"},
	    {"mac", "from ", "the device that mac is from has no name; give it one of 1 to 15 characters"},
	    {"primary", "eth/0", "eth/0 cannot be the name of a port: Linux allows no blanks, /, : or % in it"},
	    {"primary", "abcdefghijklmnop",
	     "abcdefghijklmnop is too long for the name of a port: 16 characters; 15 fit, also of an alternative name"},
	    {"primary", "01:00:00:00:00:01", "01:00:00:00:00:01 is no device's permanent MAC; see ip -d link"},
	    {"primary", ":0200000000",
	     ":0200000000 cannot be the name of a port: Linux allows no blanks, /, : or % in it"},
	    {"probe", "10.0.0.1,10.0.0",
	     "10.0.0 is not an address for probe; it takes none, or IPv4 and IPv6 addresses with commas"},
	    {"probe", "",
	     "an empty item is not an address for probe; it takes none, or IPv4 and IPv6 addresses with commas"},
	    {"probe", "10.0.0.1,none",
	     "none is not an address for probe; it takes none, or IPv4 and IPv6 addresses with commas"},
	    {"probe", "fe80::1,FE80:0::1", "fe80::1 is twice in probe; leave one out"},
	    {"probe", "224.0.0.1", "224.0.0.1 cannot be a target of probe: it is a multicast address"},
	    {"probe", "ff02::1", "ff02::1 cannot be a target of probe: it is a multicast address"},
	    {"probe", "0.0.0.0", "0.0.0.0 cannot be a target of probe: it is the unspecified address"},
	    {"probe", "255.255.255.255", "255.255.255.255 cannot be a target of probe: it is the broadcast address"},
	    {"port-ethertypes", "88cc,5ff",
	     "5ff is not an EtherType; write hexadecimal ones from 0600 to ffff with commas, such as 88cc,888e"},
	    {"port-ethertypes", "88ccc",
	     "88ccc is not an EtherType; write hexadecimal ones from 0600 to ffff with commas, such as 88cc,888e"},
	    {"port-ethertypes", "lldp",
	     "lldp is not an EtherType; write hexadecimal ones from 0600 to ffff with commas, such as 88cc,888e"},
	    {"port-ethertypes", "",
	     "an empty item is not an EtherType; write hexadecimal ones from 0600 to ffff with commas, such as "
	     "88cc,888e"},
	    {"port-ethertypes", "88cc,0x88CC", "88cc is twice in port-ethertypes; leave one out"},
	    {"port-ethertypes", "601,602,603,604,605,606,607,608,609", "more than 8 EtherTypes; leave some out"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct xlagg_option *option = lagg_option(cases[i].option);
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct xlagg_lagg_conf conf, before;

		ctl_defaults(&conf);
		before = conf;
		cr_expect_lt(ctl_parse_value(option, cases[i].word, &conf, sentence), 0, "%s", cases[i].word);
		cr_expect_str_eq(sentence, cases[i].sentence);
		cr_expect_arr_eq(&conf, &before, sizeof(conf), "%s changed something", cases[i].word);
	}
}

Test(ctl_option, too_many_probe_addresses)
{
	char list[XLAGG_TEXT_MAX + 64] = "", sentence[XLAGG_SENTENCE_MAX] = "";
	const struct xlagg_option *option = lagg_option("probe");
	struct xlagg_lagg_conf conf = {};

	for (int i = 0; i < 10; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s2001:db8:1111:2222::%d", i ? "," : "",
			 i + 1);
	cr_assert_eq(ctl_parse_value(option, list, &conf, sentence), 0, "%s", sentence);
	cr_assert_str_eq(conf.probe, list);
	for (int i = 10; i < 13; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",2001:db8:1111:2222::%d", i + 1);
	cr_assert_eq(ctl_parse_value(option, list, &conf, sentence), -E2BIG);
	cr_assert_str_eq(sentence, "probe has more addresses than fit in 255 characters; give fewer");
}

/* Values that did not come through words. */
Test(ctl_option, values_from_a_message)
{
	char sentence[XLAGG_SENTENCE_MAX];
	struct xlagg_lagg_conf conf;

#define REFUSED(option, field, value, said)                                                                            \
	do {                                                                                                           \
		ctl_defaults(&conf);                                                                                   \
		conf.field = value;                                                                                    \
		cr_expect_lt(ctl_check_value(lagg_option(option), &conf, sentence), 0);                                \
		cr_expect_str_eq(sentence, said);                                                                      \
	} while (0)
	REFUSED("proto", proto, XLAGG_PROTO_MAX, "6 is not a value of proto, which has 6");
	REFUSED("flowid", flowid, 2, "2 is not a value of flowid, which has 2");
	REFUSED("min-links", min_links, XLAGG_AUTO, "4294967295 is out of range for min-links; it takes 1..32");
	REFUSED("mtu", mtu, 0, "0 is out of range for mtu; it takes 68..65521 or auto");
	REFUSED("hash", hash, 0, "0 is not a set of header fields for hash");
	REFUSED("hash", hash, XLAGG_HASH_INNER, "0x200 is not a set of header fields for hash");
	REFUSED("hash", hash, XLAGG_HASH_L3 | XLAGG_HASH_FLOWLABEL, "0x118 is not a set of header fields for hash");
	REFUSED("hash", hash, 1 << 11 | XLAGG_HASH_L3, "0x818 is not a set of header fields for hash");
#undef REFUSED
	ctl_defaults(&conf);
	strcpy(conf.mac, "0A:00:00:00:00:01");
	cr_assert_eq(ctl_check_value(lagg_option("mac"), &conf, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "0A:00:00:00:00:01 is not in the form that mac is kept in; write 0a:00:00:00:00:01");
	memset(conf.mac, 'a', sizeof(conf.mac));
	cr_assert_eq(ctl_check_value(lagg_option("mac"), &conf, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "the value of mac is longer than 23 characters; shorten it");
	strcpy(conf.primary, "a b");
	cr_assert_eq(ctl_check_value(lagg_option("primary"), &conf, NULL), -EINVAL);
	conf.mtu = XLAGG_AUTO;
	cr_assert_eq(ctl_check_value(lagg_option("mtu"), &conf, NULL), 0);
}

Test(ctl_option, print_values)
{
	char values[128];

	ctl_print_values(lagg_option("device"), values, sizeof(values));
	cr_assert_str_eq(values, "auto, netkit, veth or bond");
	ctl_print_values(lagg_option("carrier-poll"), values, sizeof(values));
	cr_assert_str_eq(values, "0..60000 ms");
	ctl_print_values(lagg_option("system-mac"), values, sizeof(values));
	cr_assert_str_eq(values, "auto or a MAC");
	ctl_print_values(lagg_option("partner-system"), values, sizeof(values));
	cr_assert_str_eq(values, "any or a MAC");
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		ctl_print_values(&xlagg_lagg_options[i], values, sizeof(values));
		cr_assert_lt(strlen(values), sizeof(values) - 1, "%s", xlagg_lagg_options[i].name);
		ctl_print_values(&xlagg_lagg_options[i], values, 4);
		cr_assert_eq(strlen(values), 3, "is cut where there is no room");
	}
}

Test(ctl_option, print_of_a_value_that_is_none)
{
	struct xlagg_lagg_conf conf;
	char text[8];

	ctl_defaults(&conf);
	conf.proto = 77;
	ctl_print_value(lagg_option("proto"), &conf, text, sizeof(text));
	cr_assert_str_eq(text, "77");
	memset(conf.mac, 'x', sizeof(conf.mac));
	ctl_print_value(lagg_option("mac"), &conf, text, sizeof(text));
	cr_assert_str_eq(text, "xxxxxxx", "a text without NUL is not read beyond its end");
}

Test(ctl_option, names)
{
	static const char *const wrong[] = {
	    "", "abcdefghijklmnop", ".", "..", "all", "default", "a/b", "a b", "a:b", "a%d", "a\n", "a\r", "\f"};
	static const char *const right[] = {
	    "a",    "abcdefghijklmno", "...",  "eth0.5",   "-x", "it's", "a#b", "lagg0", "\\",
	    "\x7f", "\xc3\xa9",	       "\xff", "\x1b[31m", "\""};
	static const char *const wrong_if_new[] = {"",	    "a b",  "b\xc3\xbcro",     "\x7f",
						   "a\x1b", "\xff", "abcdefghijklmnop"};
	char sentence[XLAGG_SENTENCE_MAX];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		*sentence = '\0';
		cr_expect_lt(ctl_check_name(wrong[i], "a lagg", sentence), 0, "%s", wrong[i]);
		cr_expect(*sentence);
	}
	for (size_t i = 0; i < COUNT(right); i++)
		cr_expect_eq(ctl_check_name(right[i], "a lagg", sentence), 0, "%s: %s", right[i], sentence);
	for (size_t i = 0; i < COUNT(wrong_if_new); i++)
		cr_expect_lt(ctl_check_new_name(wrong_if_new[i], sentence), 0, "%s", wrong_if_new[i]);
	cr_expect_eq(ctl_check_new_name("it's#1", sentence), 0, "%s", sentence);
}

Test(ctl_option, addresses)
{
	static const struct {
		const char *word, *kept; /* or the sentence */
	} cases[] = {
	    {"10.0.0.1/24", "10.0.0.1/24"},
	    {"10.0.0.1/08", "10.0.0.1/8"},
	    {"2001:DB8:0::1/64", "2001:db8::1/64"},
	    {"::ffff:10.0.0.1/128", "::ffff:10.0.0.1/128"},
	    {"10.0.0.1", "10.0.0.1 has no prefix length; write 10.0.0.1/24"},
	    {"fe80::1", "fe80::1 has no prefix length; write fe80::1/64"},
	    {"10.0.0.1/33", "10.0.0.1/33 has a wrong prefix length; it is 0..32"},
	    {"::1/129", "::1/129 has a wrong prefix length; it is 0..128"},
	    {"10.0.0.1/", "10.0.0.1/ has a wrong prefix length; it is 0..32"},
	    {"10.0.0.1/-1", "10.0.0.1/-1 has a wrong prefix length; it is 0..32"},
	    {"10.0.0.1/ 1", "10.0.0.1/ 1 has a wrong prefix length; it is 0..32"},
	    {"10.0.0.1/24x", "10.0.0.1/24x has a wrong prefix length; it is 0..32"},
	    {"10.0.0.1/18446744073709551617", "10.0.0.1/18446744073709551617 has a wrong prefix length; it is 0..32"},
	    {"10.0.0/24", "10.0.0/24 is not an address; write it as 10.0.0.1/24 or 2001:db8::1/64"},
	    {"/24", "/24 is not an address; write it as 10.0.0.1/24 or 2001:db8::1/64"},
	    {"10.0.0.1000000000000000000000000000000000000000000000/24",
	     "10.0.0.1000000000000000000000000000000000000000000 is not an address; write it as 10.0.0.1/24 or "
	     "2001:db8::1/64"},
	    {"0.0.0.0/0", "0.0.0.0 is the unspecified address; give one that a host can have"},
	    {"::/0", ":: is the unspecified address; give one that a host can have"},
	    {"239.1.1.1/24", "239.1.1.1 is a multicast address; give one that a host can have"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char kept[XLAGG_ADDRESS_MAX] = "untouched", sentence[XLAGG_SENTENCE_MAX] = "";
		int r = ctl_parse_address(cases[i].word, kept, sentence);

		cr_expect_str_eq(r ? sentence : kept, cases[i].kept);
		cr_expect(!r || strcmp(kept, "untouched") == 0);
	}
}
