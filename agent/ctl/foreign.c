/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Words of other link aggregation, for whoever comes from there: what to write instead. */
#include <string.h>

#include "ctl/word.h"

/* What a word can be: the end of what ctl_match calls it. */
#define OPTION "option"
#define PROTO "value of proto"
#define HASH "field of hash"
#define COMMAND "command"

static const struct {
	const char *word, *what, *hint;
} foreign[] = {
    /* bonding; ifenslave has the same words with bond- before them */
    {"mode", OPTION, "use proto, with lacp for 802.3ad, failover for active-backup, loadbalance for balance-xor"},
    {"miimon", OPTION, "leave it out, the kernel says when a link is lost"},
    {"use-carrier", OPTION, "leave it out, the kernel says when a link is lost"},
    {"updelay", OPTION, "use up-delay"},
    {"downdelay", OPTION, "use down-delay"},
    {"xmit-hash-policy", OPTION, "use hash, with l3,l4 for layer3+4, l2,l3 for layer2+3, l2 for layer2"},
    {"fail-over-mac", OPTION, "use mac active for fail_over_mac active; the default is as with none"},
    {"ad-select", OPTION, "use select"},
    {"ad-actor-sys-prio", OPTION, "use system-prio"},
    {"ad-actor-system", OPTION, "use system-mac"},
    {"ad-user-port-key", OPTION, "use key"},
    {"lacp-active", OPTION, "use lacp-mode active or passive"},
    {"primary-reselect", OPTION, "use reselect"},
    {"arp-interval", OPTION, "use probe-interval, with addresses in probe"},
    {"arp-ip-target", OPTION, "use probe, with the same addresses"},
    {"ns-ip6-target", OPTION, "use probe, with the same addresses"},
    {"arp-validate", OPTION, "leave it out, answers to probes are always checked"},
    {"arp-all-targets", OPTION, "use probe-targets"},
    {"arp-missed-max", OPTION, "use probe-missed"},
    {"num-grat-arp", OPTION, "use peer-notify"},
    {"num-unsol-na", OPTION, "use peer-notify"},
    {"peer-notif-delay", OPTION, "use peer-notify-delay"},
    {"resend-igmp", OPTION, "use mcast-rejoin"},
    {"packets-per-slave", OPTION, "use rr-limit"},
    {"all-slaves-active", OPTION, "use rx-all"},
    {"active-slave", OPTION, "use `xlagg port activate NAME DEV`"},
    {"coupled-control", OPTION, "use lacp-mux coupled or independent"},
    {"tlb-dynamic-lb", OPTION, "leave it out, flows keep the port that their hash gives"},
    {"queue-id", OPTION, "leave it out, pin flows with hash or a filter of tc"},
    {"slaves", OPTION, "use port DEV for each"},
    {"slave", OPTION, "use port DEV"},
    {"master", OPTION, "use `xlagg port add NAME DEV`"},
    {"802.3ad", PROTO, "use lacp"},
    {"active-backup", PROTO, "use failover"},
    {"balance-xor", PROTO, "use loadbalance"},
    {"balance-rr", PROTO, "use roundrobin"},
    {"balance-tlb", PROTO, "use failover, or loadbalance where the switch takes its ports for one link"},
    {"balance-alb", PROTO, "use failover, or loadbalance where the switch takes its ports for one link"},
    {"layer2", HASH, "use l2"},
    {"layer3", HASH, "use l3"},
    {"layer4", HASH, "use l4"},
    {"layer2+3", HASH, "use l2,l3"},
    {"layer3+4", HASH, "use l3,l4"},
    {"encap2+3", HASH, "use l2,l3,inner"},
    {"encap3+4", HASH, "use l3,l4,inner"},
    {"vlan+srcmac", HASH, "use vlan,src-mac"},
    /* teamd */
    {"runner", OPTION, "use proto, with failover for activebackup"},
    {"activebackup", PROTO, "use failover"},
    {"tx-hash", OPTION, "use hash, with l2 for eth, l3 for ip, l4 for tcp and udp"},
    {"eth", HASH, "use l2"},
    {"ip", HASH, "use l3"},
    {"ipv4", HASH, "use l3"},
    {"ipv6", HASH, "use l3"},
    {"link-watch", OPTION, "use probe for arp_ping and nsna_ping, up-delay and down-delay for ethtool"},
    {"hwaddr-policy", OPTION, "use mac active for by_active; the default is as with same_all"},
    {"fast-rate", OPTION, "use lacp-rate fast"},
    {"min-ports", OPTION, "use min-links"},
    {"sys-prio", OPTION, "use system-prio"},
    {"agg-select-policy", OPTION, "use select"},
    {"sticky", OPTION, "use reselect failure"},
    {"lacp-prio", OPTION, "use prio, an option of the port"},
    {"lacp-key", OPTION, "use key, an option of the port"},
    {"hwaddr", OPTION, "use mac"},
    {"notify-peers", OPTION, "use peer-notify and peer-notify-delay"},
    {"tx-balancer", OPTION, "use balance, with adaptive for basic"},
    /* switches, and systems of other makers */
    {"channel-group", OPTION, "use proto lacp for mode active, proto loadbalance for mode on"},
    {"channel-protocol", OPTION, "use proto lacp"},
    {"port-channel", OPTION, "use `xlagg lagg add NAME`"},
    {"etherchannel", OPTION, "use proto loadbalance, or proto lacp where the switch speaks it"},
    {"max-bundle", OPTION, "use max-links"},
    {"minimum-links", OPTION, "use min-links"},
    {"system-priority", OPTION, "use system-prio"},
    {"port-priority", OPTION, "use prio, an option of the port"},
    {"trunkport", OPTION, "use port DEV"},
    {"static", PROTO, "use loadbalance"},
    {"on", PROTO, "use loadbalance, for a group without a protocol"},
    {"active", PROTO, "use lacp with lacp-mode active"},
    {"passive", PROTO, "use lacp with lacp-mode passive"},
    {"fec", PROTO, "use loadbalance"},
    {"pagp", PROTO, "use lacp, since PAgP is Cisco's own"},
    {"bond", COMMAND, "use lagg"},
    {"team", COMMAND, "use lagg"},
    {"trunk", COMMAND, "use lagg"},
    {"port-channel", COMMAND, "use lagg"},
    {"show", COMMAND, "use lagg show, port show or agent show"},
    {"status", COMMAND, "use lagg show"},
    {"del", COMMAND, "use lagg del or port del"},
    {"set", COMMAND, "use lagg set or port set"},
    {"link", COMMAND, "use lagg, or port; other devices are ip's"},
};

static int fold(char c)
{
	return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool same(const char *word, const char *other)
{
	while (*word && fold(*word) == *other)
		word++, other++;
	return !*word && !*other;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

const char *ctl_foreign(const char *word, const char *what)
{
	if (strncmp(word, "bond-", 5) == 0 || strncmp(word, "bond_", 5) == 0)
		word += 5;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (ends_with(what, foreign[i].what) && same(word, foreign[i].word))
			return foreign[i].hint;
	return NULL;
}
