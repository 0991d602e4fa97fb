/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The options of the kernel's bonding, and what of ours they correspond to. */
#include "ctl/bonding.h"

#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"

#define BLANKS " \t\n\v\f\r"

/* Options that take one of a few words, each of which also has a number. */
static const struct choice {
	const char *name, *word, *number;
	const char *option, *value; /* of ours; NULL: nothing to set */
	const char *note;	    /* NULL: nothing to say */
} choices[] = {
    {"mode", "balance-rr", "0", "proto", "roundrobin", NULL},
    {"mode", "active-backup", "1", "proto", "failover", NULL},
    {"mode", "balance-xor", "2", "proto", "loadbalance", NULL},
    {"mode", "broadcast", "3", "proto", "broadcast", NULL},
    {"mode", "802.3ad", "4", "proto", "lacp", NULL},
    {"mode", "balance-tlb", "5", "proto", "failover",
     "mode balance-tlb has no equivalent: failover needs as little of the switch, and uses one port at a time"},
    {"mode", "balance-alb", "6", "proto", "failover",
     "mode balance-alb has no equivalent: failover needs as little of the switch, and uses one port at a time"},
    {"xmit_hash_policy", "layer2", "0", "hash", "l2", NULL},
    {"xmit_hash_policy", "layer3+4", "1", "hash", "l3,l4", NULL},
    {"xmit_hash_policy", "layer2+3", "2", "hash", "l2,l3", NULL},
    {"xmit_hash_policy", "encap2+3", "3", "hash", "l2,l3,inner", NULL},
    {"xmit_hash_policy", "encap3+4", "4", "hash", "l3,l4,inner", NULL},
    {"xmit_hash_policy", "vlan+srcmac", "5", "hash", "vlan,src-mac", NULL},
    {"lacp_rate", "slow", "0", "lacp-rate", "slow", NULL},
    {"lacp_rate", "fast", "1", "lacp-rate", "fast", NULL},
    {"lacp_active", "off", "0", "lacp-mode", "passive", NULL},
    {"lacp_active", "on", "1", "lacp-mode", "active", NULL},
    {"lacp_strict", "off", "0", "lacp-strict", "off", NULL},
    {"lacp_strict", "on", "1", "lacp-strict", "on", NULL},
    {"coupled_control", "off", "0", "lacp-mux", "independent", NULL},
    {"coupled_control", "on", "1", "lacp-mux", "coupled", NULL},
    {"ad_select", "stable", "0", "select", "stable", NULL},
    {"ad_select", "bandwidth", "1", "select", "bandwidth", NULL},
    {"ad_select", "count", "2", "select", "count", NULL},
    {"ad_select", "actor_port_prio", "3", "select", "prio", NULL},
    {"fail_over_mac", "none", "0", "mac", "auto", NULL},
    {"fail_over_mac", "active", "1", "mac", "active", NULL},
    {"fail_over_mac", "follow", "2", NULL, NULL,
     "fail_over_mac follow has no equivalent: every port has the lagg's MAC; mac active gives the lagg that of the "
     "active port"},
    {"primary_reselect", "always", "0", "reselect", "always", NULL},
    {"primary_reselect", "better", "1", "reselect", "better", NULL},
    {"primary_reselect", "failure", "2", "reselect", "failure", NULL},
    {"arp_all_targets", "any", "0", "probe-targets", "any", NULL},
    {"arp_all_targets", "all", "1", "probe-targets", "all", NULL},
    {"all_slaves_active", "0", "off", "rx-all", "off", NULL},
    {"all_slaves_active", "1", "on", "rx-all", "on", NULL},
};
#define CHOICES (sizeof(choices) / sizeof(choices[0]))

/* All other options. */
static const struct plain {
	const char *name;
	const char *option; /* of ours, which takes the same value; NULL: none */
	const char *skip;   /* value that means that nothing was set, besides the empty one */
	const char *note;   /* the rest of a sentence that begins with the option and its value */
} plain[] = {
    {"updelay", "up-delay", NULL, NULL},
    {"downdelay", "down-delay", NULL, NULL},
    {"primary", "primary", NULL, NULL},
    {"min_links", "min-links", "0", NULL},
    {"ad_actor_sys_prio", "system-prio", NULL, NULL},
    {"ad_actor_system", "system-mac", "00:00:00:00:00:00", NULL},
    {"ad_user_port_key", "key", "0", "bonding adds speed and duplex to the key, xlagg sends it as it is"},
    {"arp_interval", "probe-interval", "0", NULL},
    {"arp_missed_max", "probe-missed", NULL, NULL},
    {"num_grat_arp", "peer-notify", NULL, NULL},
    {"num_unsol_na", "peer-notify", NULL, NULL},
    {"peer_notif_delay", "peer-notify-delay", "0", NULL},
    {"resend_igmp", "mcast-rejoin", NULL, NULL},
    {"packets_per_slave", "rr-limit", "0", NULL},
    {"miimon", NULL, "0", "not needed: the kernel says when a link is lost"},
    {"use_carrier", NULL, "1", "not needed: the kernel says when a link is lost"},
    {"arp_validate", NULL, "none", "not needed: answers to probes are always checked"},
    {"tlb_dynamic_lb", NULL, "1", "no equivalent"},
    {"lp_interval", NULL, "1", "no equivalent"},
    {"active_slave", NULL, NULL, "no option but a state: `xlagg port activate` changes it"},
    {"queue_id", NULL, "0", "no equivalent: pin flows with hash or a filter of tc"},
    {"max_bonds", NULL, NULL, "not needed: laggs are made one by one"},
    {"tx_queues", NULL, NULL, "not needed: the device has a queue for each CPU"},
};
#define PLAIN (sizeof(plain) / sizeof(plain[0]))

static bool same(const char *name, const char *other)
{
	while (*name && (*name == '-' ? '_' : *name) == *other)
		name++, other++;
	return !*name && !*other;
}

static bool is_word(const char *value, size_t len, const char *word)
{
	return strncmp(value, word, len) == 0 && !word[len];
}

static int wrong_choice(const char *name, const char *value, char *sentence)
{
	char words[256] = "";

	for (size_t i = 0; i < CHOICES; i++)
		if (strcmp(choices[i].name, name) == 0)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", *words ? ", " : "",
				 choices[i].word);
	return ctl_refuse(sentence, -EINVAL, "%.40s is not a value of %s; it takes %s", value, name, words);
}

/* sysfs writes the number behind the word. */
static int find_choice(const char *name, const char *value, struct bonding_meaning *ret, char *sentence)
{
	size_t len = strcspn(value, BLANKS);
	const char *known = NULL;

	for (size_t i = 0; i < CHOICES; i++) {
		const struct choice *choice = &choices[i];

		if (!same(name, choice->name))
			continue;
		known = choice->name;
		if (!is_word(value, len, choice->word) && !is_word(value, len, choice->number))
			continue;
		ret->option = choice->option;
		snprintf(ret->value, sizeof(ret->value), "%s", choice->value ?: "");
		snprintf(ret->note, sizeof(ret->note), "%s", choice->note ?: "");
		return 0;
	}
	return known ? wrong_choice(known, value, sentence) : -ENOENT;
}

static int find_plain(const char *name, const char *value, struct bonding_meaning *ret)
{
	for (size_t i = 0; i < PLAIN; i++) {
		const struct plain *row = &plain[i];

		if (!same(name, row->name))
			continue;
		if (row->skip && strcmp(value, row->skip) == 0)
			return 0;
		ret->option = row->option;
		snprintf(ret->value, sizeof(ret->value), "%.*s", (int)strcspn(value, BLANKS), value);
		if (row->note)
			snprintf(ret->note, sizeof(ret->note), "%s %.100s: %s", row->name, value, row->note);
		return 0;
	}
	return -ENOENT;
}

int bonding_look_up(const char *name, const char *value, struct bonding_meaning *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct bonding_meaning meaning = {0};
	int r;

	if (same(name, "packets_per_slave") && strcmp(value, "0") == 0)
		snprintf(meaning.note, sizeof(meaning.note),
			 "packets_per_slave 0: no equivalent, ports take turns and not chances");
	r = *value ? find_choice(name, value, &meaning, sentence) : 0;
	if (r == -ENOENT)
		r = find_plain(name, value, &meaning);
	if (r == 0)
		*ret = meaning;
	return r;
}

bool bonding_is(const char *name, const char *option)
{
	return same(name, option);
}

const char *bonding_option(size_t index)
{
	size_t count = 0;

	for (size_t i = 0; i < CHOICES; i++)
		if ((!i || strcmp(choices[i].name, choices[i - 1].name) != 0) && count++ == index)
			return choices[i].name;
	index -= count;
	return index < PLAIN ? plain[index].name : NULL;
}
