/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: the options of bonding, and a bond that runs, as sysfs shows it. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "import.h"
#include "link.h"

#define BLANKS " \t\n\v\f\r"
#define VALUE_MAX 1024 /* octets of the longest value that is read, and its NUL */

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

static int take_choice(struct import *import, struct import_lagg *lagg, const struct choice *choice)
{
	if (choice->note)
		import_note(import, lagg, "%s", choice->note);
	return choice->option ? import_set(import, lagg, choice->option, choice->value) : 0;
}

static int wrong_choice(struct import *import, const char *name, const char *value)
{
	char words[256] = "";

	for (size_t i = 0; i < CHOICES; i++)
		if (strcmp(choices[i].name, name) == 0)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", *words ? ", " : "",
				 choices[i].word);
	return import_refuse(import, "%s is not a value of %s; it takes %s", value, name, words);
}

/* sysfs writes the number behind the word. */
static int find_choice(struct import *import, struct import_lagg *lagg, const char *name, const char *value)
{
	size_t len = strcspn(value, BLANKS);
	const char *known = NULL;

	for (size_t i = 0; i < CHOICES; i++) {
		if (!same(name, choices[i].name))
			continue;
		known = choices[i].name;
		if ((strncmp(value, choices[i].word, len) == 0 && !choices[i].word[len]) ||
		    (strncmp(value, choices[i].number, len) == 0 && !choices[i].number[len]))
			return take_choice(import, lagg, &choices[i]);
	}
	return known ? wrong_choice(import, known, value) : -ENOENT;
}

static int take_plain(struct import *import, struct import_lagg *lagg, const struct plain *row, const char *value)
{
	char word[64];

	if (row->skip && strcmp(value, row->skip) == 0)
		return 0;
	if (row->note)
		import_note(import, lagg, "%s %s: %s", row->name, value, row->note);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(value, BLANKS), value);
	return row->option ? import_set(import, lagg, row->option, word) : 0;
}

static int take_words(struct import *import, struct import_lagg *lagg, const char *value,
		      int (*take)(struct import *import, struct import_lagg *lagg, const char *word))
{
	char copy[VALUE_MAX], *rest = copy;
	int r = 0;

	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return import_refuse(import, "a list is longer than %d octets; shorten it", VALUE_MAX - 1);
	for (char *word; !r && (word = strsep(&rest, BLANKS ","));)
		if (*word)
			r = take(import, lagg, word);
	return r;
}

static int take_slave(struct import *import, struct import_lagg *lagg, const char *word)
{
	if (strcmp(word, "none") == 0)
		return 0;
	return import_port(import, lagg, word) ? 0 : -EINVAL;
}

int import_bond_option(struct import *import, struct import_lagg *lagg, const char *name, const char *value)
{
	int r;

	value += strspn(value, BLANKS);
	if (same(name, "packets_per_slave") && strcmp(value, "0") == 0)
		import_note(import, lagg, "packets_per_slave 0: no equivalent, ports take turns and not chances");
	if (!*value)
		return 0;
	if (same(name, "slaves") || same(name, "slave"))
		return take_words(import, lagg, value, take_slave);
	if (same(name, "arp_ip_target") || same(name, "ns_ip6_target"))
		return take_words(import, lagg, value, import_target);
	r = find_choice(import, lagg, name, value);
	for (size_t i = 0; r == -ENOENT && i < PLAIN; i++)
		if (same(name, plain[i].name))
			r = take_plain(import, lagg, &plain[i], value);
	return r;
}

int import_bond_unknown(struct import *import, const char *name)
{
	const char *words[CHOICES + PLAIN + 4] = {"slaves", "arp_ip_target", "ns_ip6_target"}, *nearest;
	size_t count = 3;

	for (size_t i = 0; i < CHOICES; i++)
		words[count++] = choices[i].name;
	for (size_t i = 0; i < PLAIN; i++)
		words[count++] = plain[i].name;
	words[count] = NULL;
	nearest = ctl_nearest(name, words);
	if (nearest)
		return import_refuse(import, "%s is not an option of bonding; did you mean %s?", name, nearest);
	return import_refuse(import, "%s is not an option of bonding; leave it out", name);
}

/* Probes need targets, and without one these options are no more than defaults that sysfs shows. */
static void drop_probe(struct import_lagg *lagg)
{
	import_unset(lagg, "probe-interval");
	import_unset(lagg, "probe-missed");
	import_unset(lagg, "probe-targets");
}

int import_bond_defaults(struct import *import, struct import_lagg *lagg)
{
	const struct xlagg_lagg_conf *conf = &lagg->command.conf;
	int r = 0;

	if (!import_has(lagg, "probe"))
		drop_probe(lagg);
	if (!import_has(lagg, "proto")) {
		import_note(import, lagg, "no mode was given: bonding's is then balance-rr");
		r = import_set(import, lagg, "proto", "roundrobin");
	}
	if ((conf->proto == XLAGG_PROTO_LACP || conf->proto == XLAGG_PROTO_LOADBALANCE) && !import_has(lagg, "hash")) {
		import_note(import, lagg, "hash l2 is bonding's default; l2,l3,l4 spreads better");
		r = r ?: import_set(import, lagg, "hash", "l2");
	}
	if (conf->proto != XLAGG_PROTO_LACP)
		return r;
	if (!import_has(lagg, "select"))
		r = r ?: import_set(import, lagg, "select", "stable");
	if (!import_has(lagg, "lacp-strict")) {
		import_note(import, lagg,
			    "lacp-strict off: as with bonding, one port carries traffic without a partner");
		r = r ?: import_set(import, lagg, "lacp-strict", "off");
	}
	return r;
}

/* --- a bond that runs --- */

/* Reads FOLDER/NAME without the newline at its end. Returns 0, or -ENOENT where there is none: kernels differ in what
 * they show, and show some of it to root only. */
static int read_value(const char *folder, const char *name, char ret[VALUE_MAX])
{
	char path[PATH_MAX];
	FILE *in;
	size_t len;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENOENT;
	in = fopen(path, "re");
	if (!in)
		return -ENOENT;
	len = fread(ret, 1, VALUE_MAX - 1, in);
	fclose(in);
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

static int take_file(struct import *import, struct import_lagg *lagg, const char *folder, const char *name)
{
	char value[VALUE_MAX];

	if (read_value(folder, name, value) < 0 || strcmp(name, "active_slave") == 0)
		return 0;
	return import_bond_option(import, lagg, name, value);
}

static int take_options(struct import *import, struct import_lagg *lagg, const char *folder)
{
	int r = take_file(import, lagg, folder, "slaves");

	for (size_t i = 0; !r && i < CHOICES; i++)
		if (!i || strcmp(choices[i].name, choices[i - 1].name) != 0)
			r = take_file(import, lagg, folder, choices[i].name);
	for (size_t i = 0; !r && i < PLAIN; i++)
		r = take_file(import, lagg, folder, plain[i].name);
	r = r ?: take_file(import, lagg, folder, "arp_ip_target");
	return r ?: take_file(import, lagg, folder, "ns_ip6_target");
}

/* MTU and MAC, where somebody set them. */
static int take_looks(struct import *import, struct import_lagg *lagg, const char *device)
{
	char value[VALUE_MAX], mac[VALUE_MAX];
	int r = 0;

	if (read_value(device, "mtu", value) == 0 && strcmp(value, "1500") != 0)
		r = import_set(import, lagg, "mtu", value);
	/* 3: set by somebody, and not taken from a port */
	if (!r && !import_has(lagg, "mac") && read_value(device, "addr_assign_type", value) == 0 &&
	    strcmp(value, "3") == 0 && read_value(device, "address", mac) == 0)
		r = import_set(import, lagg, "mac", mac);
	return r;
}

struct addresses {
	struct import *import;
	struct import_lagg *lagg;
	int r;
};

static void take_address(const struct link_address *address, void *context)
{
	struct addresses *addresses = context;
	char text[INET6_ADDRSTRLEN], full[XLAGG_ADDRESS_MAX];

	if (address->link_local || addresses->r)
		return;
	inet_ntop(address->family, address->address, text, sizeof(text));
	snprintf(full, sizeof(full), "%s/%u", text, address->prefix);
	addresses->r = import_address(addresses->import, addresses->lagg, full);
}

static int take_addresses(struct import *import, struct import_lagg *lagg)
{
	struct addresses addresses = {import, lagg, 0};
	struct link link;

	if (link_get(lagg->command.name, &link) == 0)
		link_addresses(&link, take_address, &addresses);
	if (!addresses.r && lagg->command.addresses)
		import_note(import, lagg, "addresses as they are now: leave out what DHCP or a router gave");
	return addresses.r;
}

/* `folder` is that of the device, with a folder `bonding` in it; its last part is the bond's name. */
static int take_bond(struct import *import, const char *folder)
{
	char options[PATH_MAX];
	const char *slash = strrchr(folder, '/');
	struct import_lagg *lagg = import_lagg(import, slash ? slash + 1 : folder);
	int r;

	if (!lagg)
		return -EINVAL;
	snprintf(options, sizeof(options), "%.4000s/bonding", folder);
	import_note(import, lagg, "the bond %s, as it runs: it has to be gone before these commands take its name",
		    lagg->command.name);
	r = take_options(import, lagg, options);
	/* mac is auto unless said otherwise, which says less than a MAC that somebody gave the bond. */
	if (!r && strcmp(lagg->command.conf.mac, "auto") == 0)
		import_unset(lagg, "mac");
	r = r ?: take_looks(import, lagg, folder);
	return r ?: import_bond_defaults(import, lagg);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int take_device(struct import *import, const char *name)
{
	char folder[PATH_MAX], options[PATH_MAX];
	int r;

	snprintf(folder, sizeof(folder), "/sys/class/net/%.64s", name);
	if (!is_folder(folder))
		return import_refuse(import, "neither a device nor a file; give the name of a bond, or the path of a "
					     "file of ifupdown or of module options");
	snprintf(options, sizeof(options), "%.100s/bonding", folder);
	if (!is_folder(options))
		return import_refuse(import, "this device is not a bond; /proc/net/bonding lists those that run");
	r = take_bond(import, folder);
	return r ?: take_addresses(import, &import->lagg[0]);
}

int import_bonding(struct import *import, const char *what)
{
	char folder[PATH_MAX];
	const char *end = strstr(what, "/bonding");

	/* The folder that bonding shows its options in, in sysfs or a copy of it. */
	if (is_folder(what) && end && strspn(end + strlen("/bonding"), "/") == strlen(end + strlen("/bonding"))) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(end - what), what);
		return take_bond(import, folder);
	}
	if (strcmp(what, "-") != 0 && !strchr(what, '/') && access(what, F_OK) != 0)
		return take_device(import, what);
	return import_ifupdown(import);
}
