/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the options of bonding mean for a lagg. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ctl/bonding.h"
#include "ctl/ctl.h"

/* `option` NULL: nothing is set; `note`: a part of what is said, NULL: nothing is said. */
static void expect(const char *name, const char *value, const char *option, const char *wanted, const char *note)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct bonding_meaning meaning;

	cr_assert_eq(bonding_look_up(name, value, &meaning, sentence), 0, "%s %s: %s", name, value, sentence);
	if (option) {
		cr_assert(meaning.option, "%s %s sets nothing", name, value);
		cr_expect_str_eq(meaning.option, option);
		cr_expect_str_eq(meaning.value, wanted);
	} else {
		cr_expect_null(meaning.option, "%s %s sets %s", name, value, meaning.option);
	}
	if (note)
		cr_expect(strstr(meaning.note, note), "%s %s says: %s", name, value, meaning.note);
	else
		cr_expect_str_empty(meaning.note);
}

Test(ctl_bonding, words_and_numbers)
{
	expect("mode", "active-backup", "proto", "failover", NULL);
	expect("mode", "1", "proto", "failover", NULL);
	expect("mode", "active-backup 1", "proto", "failover", NULL);
	expect("mode", "5", "proto", "failover", "balance-tlb has no equivalent");
	expect("xmit_hash_policy", "1", "hash", "l3,l4", NULL);
	expect("xmit-hash-policy", "layer2+3", "hash", "l2,l3", NULL);
	expect("lacp_rate", "1", "lacp-rate", "fast", NULL);
	expect("all_slaves_active", "0", "rx-all", "off", NULL);
}

Test(ctl_bonding, plain_values)
{
	expect("updelay", "200", "up-delay", "200", NULL);
	expect("ad_user_port_key", "7", "key", "7", "adds speed and duplex");
	expect("ad_user_port_key", "0", NULL, NULL, NULL);
	expect("miimon", "0", NULL, NULL, NULL);
	expect("miimon", "100", NULL, NULL, "miimon 100: not needed");
	expect("packets_per_slave", "4", "rr-limit", "4", NULL);
	expect("packets_per_slave", "0", NULL, NULL, "not chances");
	expect("primary", "", NULL, NULL, NULL);
}

Test(ctl_bonding, refusals)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct bonding_meaning meaning, before;

	memset(&meaning, 0x5a, sizeof(meaning));
	before = meaning;
	cr_expect_eq(bonding_look_up("mimon", "100", &meaning, sentence), -ENOENT);
	cr_expect_eq(bonding_look_up("lacp_rate", "often", &meaning, sentence), -EINVAL);
	cr_expect_str_eq(sentence, "often is not a value of lacp_rate; it takes slow, fast");
	cr_expect(memcmp(&meaning, &before, sizeof(meaning)) == 0);
}

/* Each is named once, and each is an option of bonding. */
Test(ctl_bonding, names)
{
	const char *name;
	size_t count = 0;

	for (; (name = bonding_option(count)); count++)
		for (size_t i = 0; i < count; i++)
			cr_expect_str_neq(bonding_option(i), name);
	cr_expect_geq(count, 30);
}
