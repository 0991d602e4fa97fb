/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Words of other link aggregation: each gets a hint, and what the hint says to use exists. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/word.h"
#include "unit/ctl_kit.h"

#define OPTION "lagg option"
#define PROTO "value of proto"
#define HASH "field of hash"
#define COMMAND "command"

/* Words as people type them, and how their hint begins. */
static const struct {
	const char *word, *what, *begins;
} words[] = {
    {"mode", OPTION, "use proto"},
    {"miimon", OPTION, "leave it out"},
    {"use_carrier", OPTION, "leave it out"},
    {"updelay", OPTION, "use up-delay"},
    {"downdelay", OPTION, "use down-delay"},
    {"xmit_hash_policy", OPTION, "use hash"},
    {"fail_over_mac", OPTION, "use mac"},
    {"ad_select", OPTION, "use select"},
    {"ad_actor_sys_prio", OPTION, "use system-prio"},
    {"ad_actor_system", OPTION, "use system-mac"},
    {"ad_user_port_key", OPTION, "use key"},
    {"lacp_active", OPTION, "use lacp-mode"},
    {"primary_reselect", OPTION, "use reselect"},
    {"arp_interval", OPTION, "use probe-interval"},
    {"arp_ip_target", OPTION, "use probe"},
    {"ns_ip6_target", OPTION, "use probe"},
    {"arp_validate", OPTION, "leave it out"},
    {"arp_all_targets", OPTION, "use probe-targets"},
    {"arp_missed_max", OPTION, "use probe-missed"},
    {"num_grat_arp", OPTION, "use peer-notify"},
    {"num_unsol_na", OPTION, "use peer-notify"},
    {"peer_notif_delay", OPTION, "use peer-notify-delay"},
    {"resend_igmp", OPTION, "use mcast-rejoin"},
    {"packets_per_slave", OPTION, "use rr-limit"},
    {"all_slaves_active", OPTION, "use rx-all"},
    {"active_slave", OPTION, "use `xlagg port activate NAME DEV`"},
    {"coupled_control", OPTION, "use lacp-mux"},
    {"tlb_dynamic_lb", OPTION, "leave it out"},
    {"queue_id", OPTION, "leave it out"},
    {"slaves", OPTION, "use port"},
    {"slave", OPTION, "use port"},
    {"master", OPTION, "use `xlagg port add NAME DEV`"},
    {"802.3ad", PROTO, "use lacp"},
    {"active-backup", PROTO, "use failover"},
    {"balance-xor", PROTO, "use loadbalance"},
    {"balance-rr", PROTO, "use roundrobin"},
    {"balance-tlb", PROTO, "use failover"},
    {"balance-alb", PROTO, "use failover"},
    {"layer2", HASH, "use l2"},
    {"layer3", HASH, "use l3"},
    {"layer4", HASH, "use l4"},
    {"layer2+3", HASH, "use l2,l3"},
    {"layer3+4", HASH, "use l3,l4"},
    {"encap2+3", HASH, "use l2,l3,inner"},
    {"encap3+4", HASH, "use l3,l4,inner"},
    {"vlan+srcmac", HASH, "use vlan,src-mac"},
    {"runner", OPTION, "use proto"},
    {"activebackup", PROTO, "use failover"},
    {"tx_hash", OPTION, "use hash"},
    {"eth", HASH, "use l2"},
    {"ip", HASH, "use l3"},
    {"ipv4", HASH, "use l3"},
    {"ipv6", HASH, "use l3"},
    {"link_watch", OPTION, "use probe"},
    {"hwaddr_policy", OPTION, "use mac"},
    {"fast_rate", OPTION, "use lacp-rate"},
    {"min_ports", OPTION, "use min-links"},
    {"sys_prio", OPTION, "use system-prio"},
    {"agg_select_policy", OPTION, "use select"},
    {"sticky", OPTION, "use reselect"},
    {"lacp_prio", OPTION, "use prio"},
    {"lacp_key", OPTION, "use key"},
    {"hwaddr", OPTION, "use mac"},
    {"notify_peers", OPTION, "use peer-notify"},
    {"tx_balancer", OPTION, "use balance"},
    {"channel_group", OPTION, "use proto"},
    {"channel_protocol", OPTION, "use proto"},
    {"port_channel", OPTION, "use `xlagg lagg add NAME`"},
    {"etherchannel", OPTION, "use proto"},
    {"max_bundle", OPTION, "use max-links"},
    {"minimum_links", OPTION, "use min-links"},
    {"system_priority", OPTION, "use system-prio"},
    {"port_priority", OPTION, "use prio"},
    {"trunkport", OPTION, "use port"},
    {"static", PROTO, "use loadbalance"},
    {"on", PROTO, "use loadbalance"},
    {"active", PROTO, "use lacp"},
    {"passive", PROTO, "use lacp"},
    {"fec", PROTO, "use loadbalance"},
    {"pagp", PROTO, "use lacp"},
    {"bond", COMMAND, "use lagg"},
    {"team", COMMAND, "use lagg"},
    {"trunk", COMMAND, "use lagg"},
    {"port-channel", COMMAND, "use lagg"},
    {"link", COMMAND, "use lagg"},
};

/* Whether the word may stand where `what` stands. */
static bool exists(const char *what, const char *word)
{
	char sentence[XLAGG_SENTENCE_MAX], *argv[] = {(char *)word}, field[32];
	struct xlagg_lagg_conf conf;
	int option, used;

	if (strcmp(what, COMMAND) == 0)
		return ctl_find_command(1, argv, &used, sentence) >= 0 || strstr(sentence, "needs a command");
	if (strcmp(what, OPTION) == 0)
		return strcmp(word, "port") == 0 || ctl_find_option(false, word, NULL) >= 0 ||
		       ctl_find_option(true, word, NULL) >= 0;
	option = ctl_find_option(false, strcmp(what, PROTO) == 0 ? "proto" : "hash", NULL);
	/* inner alone covers no field. */
	snprintf(field, sizeof(field), "%s", word);
	return ctl_parse_value(&xlagg_lagg_options[option], field, &conf, NULL) == 0;
}

Test(ctl_foreign, every_word_has_a_hint)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *hint = ctl_foreign(words[i].word, words[i].what);

		cr_assert(hint, "%s as %s", words[i].word, words[i].what);
		cr_expect_eq(strncmp(hint, words[i].begins, strlen(words[i].begins)), 0, "%s: %s", words[i].word, hint);
	}
}

Test(ctl_foreign, what_a_hint_names_exists)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *use = words[i].begins;

		if (strncmp(use, "use ", 4) == 0 && isalnum((unsigned char)use[4]))
			cr_expect(exists(words[i].what, use + 4), "%s: %s", words[i].word, use);
	}
}

/* No word of ours is foreign: it would never be reached. */
Test(ctl_foreign, none_is_ours)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].what, OPTION) == 0)
			cr_expect_eq(ctl_find_option(false, words[i].word, NULL), -ENOENT, "%s", words[i].word);
}

Test(ctl_foreign, spellings)
{
	cr_expect_eq(ctl_foreign("bond-miimon", OPTION), ctl_foreign("miimon", OPTION));
	cr_expect_eq(ctl_foreign("bond_xmit_hash_policy", OPTION), ctl_foreign("xmit-hash-policy", OPTION));
	cr_expect_eq(ctl_foreign("LAYER3+4", HASH), ctl_foreign("layer3+4", HASH));
	cr_expect_null(ctl_foreign("miimon", PROTO));
	cr_expect_null(ctl_foreign("miimonn", OPTION));
	cr_expect_null(ctl_foreign("", OPTION));
}
