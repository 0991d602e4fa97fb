/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: bonds of systemd-networkd, from a .netdev and the .network files beside it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "import.h"

#define BLANKS " \t\r"
#define MATCH_MAX 512 /* octets of the longest [Match] Name= that is read, and its NUL */

/* networkd's keys in [Bond], and bonding's options that they are. */
static const struct {
	const char *key, *option;
	bool time; /* the value is a time, and bonding's in ms */
} bond_keys[] = {
    {"Mode", "mode", false},
    {"TransmitHashPolicy", "xmit_hash_policy", false},
    {"LACPTransmitRate", "lacp_rate", false},
    {"MIIMonitorSec", "miimon", true},
    {"UpDelaySec", "updelay", true},
    {"DownDelaySec", "downdelay", true},
    {"LearnPacketIntervalSec", "lp_interval", false},
    {"AdSelect", "ad_select", false},
    {"AdActorSystemPriority", "ad_actor_sys_prio", false},
    {"AdUserPortKey", "ad_user_port_key", false},
    {"AdActorSystem", "ad_actor_system", false},
    {"FailOverMACPolicy", "fail_over_mac", false},
    {"ARPValidate", "arp_validate", false},
    {"ARPIntervalSec", "arp_interval", true},
    {"ARPIPTargets", "arp_ip_target", false},
    {"ARPAllTargets", "arp_all_targets", false},
    {"ARPMissedMax", "arp_missed_max", false},
    {"PrimaryReselectPolicy", "primary_reselect", false},
    {"ResendIGMP", "resend_igmp", false},
    {"PacketsPerSlave", "packets_per_slave", false},
    {"GratuitousARP", "num_grat_arp", false},
    {"PeerNotifyDelaySec", "peer_notif_delay", true},
    {"AllSlavesActive", "all_slaves_active", false},
    {"DynamicTransmitLoadBalancing", "tlb_dynamic_lb", false},
    {"MinLinks", "min_links", false},
};
#define BOND_KEYS (sizeof(bond_keys) / sizeof(bond_keys[0]))

/* A line KEY=VALUE. */
struct entry {
	const char *section, *key, *value;
	int line;
};

struct ini {
	const char *path;
	char *text; /* what the entries point into */
	struct entry *entry;
	size_t count;
};

static void free_ini(struct ini *ini)
{
	free(ini->text);
	free(ini->entry);
}

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int add_entry(struct import *import, struct ini *ini, const char *section, char *line)
{
	struct entry *grown = reallocarray(ini->entry, ini->count + 1, sizeof(*grown));
	char *value = strchr(line, '=');

	if (!grown)
		return import_refuse(import, "out of memory");
	ini->entry = grown;
	if (!value)
		return import_refuse(import, "\"%.80s\" is neither [SECTION] nor KEY=VALUE; see systemd.syntax(7)",
				     line);
	*value++ = '\0';
	ini->entry[ini->count++] = (struct entry){section, trim(line), trim(value), import->line};
	return 0;
}

static int read_ini(struct import *import, const char *path, struct ini *ini)
{
	char *rest, *line;
	const char *section = "";
	int lines = 0, r = 0;

	ini->path = import->path = path;
	import->line = 0;
	rest = ini->text = import_slurp(import);
	if (!rest)
		return -EINVAL;
	while (!r && (line = import_line(import, &rest, &lines))) {
		line = trim(line);
		if (!*line || *line == '#' || *line == ';')
			continue;
		if (*line == '[' && line[strlen(line) - 1] == ']') {
			line[strlen(line) - 1] = '\0';
			section = line + 1;
		} else {
			r = add_entry(import, ini, section, line);
		}
	}
	import->line = 0;
	return r;
}

/* Returns the last value of a key, NULL if there is none. */
static const char *value_of(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = ini->count; i > 0; i--)
		if (strcmp(ini->entry[i - 1].section, section) == 0 && strcmp(ini->entry[i - 1].key, key) == 0)
			return ini->entry[i - 1].value;
	return NULL;
}

/* Reads a time such as "100ms", "1", "0.5s" or "1min 30s" in ms. Returns -EINVAL if it is none. */
static int milliseconds(const char *text)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"", 1000},  {"s", 1000},	 {"sec", 1000},	 {"ms", 1},
		     {"msec", 1}, {"us", 0.001}, {"min", 60000}, {"m", 60000}};
	double sum = 0;

	while (*text) {
		char *unit;
		double number = strtod(text, &unit), ms = -1;
		size_t len;

		if (unit == text || !isdigit((unsigned char)*text))
			return -EINVAL;
		unit += strspn(unit, " ");
		len = strspn(unit, "abcdefghijklmnopqrstuvwxyz");
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == len && strncmp(unit, units[i].unit, len) == 0)
				ms = units[i].ms;
		sum += number * ms;
		if (ms < 0 || sum > INT_MAX / 2)
			return -EINVAL;
		text = unit + len + strspn(unit + len, " ");
	}
	return (int)(sum + 0.5);
}

static bool is_yes(const char *value)
{
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0;
}

static bool is_no(const char *value)
{
	return strcasecmp(value, "no") == 0 || strcasecmp(value, "false") == 0 || strcasecmp(value, "off") == 0;
}

static int take_time(struct import *import, struct import_lagg *lagg, const struct entry *entry, const char *option)
{
	char text[32];
	int ms = milliseconds(entry->value);

	if (ms < 0)
		return import_refuse(import, "%s is no time for %s; write it as 100ms or 1s", entry->value, entry->key);
	snprintf(text, sizeof(text), "%d", ms);
	return import_bond_option(import, lagg, option, text);
}

static int take_bond_key(struct import *import, struct import_lagg *lagg, const struct entry *entry)
{
	const char *names[BOND_KEYS + 1] = {NULL}, *nearest;

	import->line = entry->line;
	for (size_t i = 0; i < BOND_KEYS; i++) {
		const char *value = is_yes(entry->value) ? "1" : is_no(entry->value) ? "0" : entry->value;

		names[i] = bond_keys[i].key;
		if (strcmp(entry->key, names[i]) != 0)
			continue;
		return bond_keys[i].time ? take_time(import, lagg, entry, bond_keys[i].option)
					 : import_bond_option(import, lagg, bond_keys[i].option, value);
	}
	nearest = ctl_nearest(entry->key, names);
	if (nearest)
		return import_refuse(import, "%s is not a key of [Bond]; did you mean %s?", entry->key, nearest);
	import_note(import, lagg, "%s=%s: no equivalent", entry->key, entry->value);
	return 0;
}

/* Takes a .netdev. Those of other kinds are left out. */
static int take_netdev(struct import *import, const struct ini *ini)
{
	const char *kind = value_of(ini, "NetDev", "Kind"), *name = value_of(ini, "NetDev", "Name");
	const char *mtu = value_of(ini, "NetDev", "MTUBytes"), *mac = value_of(ini, "NetDev", "MACAddress");
	struct import_lagg *lagg;
	int r = 0;

	import->path = ini->path;
	if (!kind || strcmp(kind, "bond") != 0)
		return 0;
	if (!name)
		return import_refuse(import, "[NetDev] has no Name=; add the name of the bond");
	if (import->only && strcmp(name, import->only) != 0)
		return 0;
	lagg = import_lagg(import, name);
	if (!lagg)
		return -EINVAL;
	for (size_t i = 0; !r && i < ini->count; i++)
		if (strcmp(ini->entry[i].section, "Bond") == 0)
			r = take_bond_key(import, lagg, &ini->entry[i]);
	import->line = 0;
	if (!r && mtu)
		r = import_set(import, lagg, "mtu", mtu);
	if (!r && mac && strcmp(mac, "none") != 0)
		r = import_set(import, lagg, "mac", mac);
	return r ?: import_bond_defaults(import, lagg);
}

/* --- .network --- */

static int take_port(struct import *import, struct import_lagg *lagg, const char *device, const struct ini *ini)
{
	const char *primary = value_of(ini, "Network", "PrimarySlave");

	if (strpbrk(device, "*?[!")) {
		import_note(import, lagg, "Name=%s in %s is a pattern: add `port DEV` for each device that it means",
			    device, ini->path);
		return 0;
	}
	if (!import_port(import, lagg, device))
		return -EINVAL;
	return primary && is_yes(primary) ? import_set(import, lagg, "primary", device) : 0;
}

/* Takes a .network that makes the devices it matches ports. */
static int take_ports(struct import *import, struct import_lagg *lagg, const struct ini *ini)
{
	const char *match = value_of(ini, "Match", "Name");
	char copy[MATCH_MAX], *rest = copy;
	int r = 0;

	if (!match) {
		import_note(import, lagg, "%s matches devices by something other than Name=: add `port DEV` for each",
			    ini->path);
		return 0;
	}
	if (snprintf(copy, sizeof(copy), "%s", match) >= (int)sizeof(copy))
		return import_refuse(import, "[Match] Name= is longer than %d octets; shorten it", MATCH_MAX - 1);
	for (char *word; !r && (word = strsep(&rest, BLANKS));)
		if (*word)
			r = take_port(import, lagg, word, ini);
	return r;
}

/* Takes a line of the .network of the bond itself. */
static int take_network_key(struct import *import, struct import_lagg *lagg, const struct entry *entry)
{
	bool network = strcmp(entry->section, "Network") == 0;

	import->line = entry->line;
	if (strcmp(entry->key, "Address") == 0 && (network || strcmp(entry->section, "Address") == 0))
		return import_address(import, lagg, entry->value);
	if (strcmp(entry->section, "Link") == 0 && strcmp(entry->key, "MTUBytes") == 0)
		return import_set(import, lagg, "mtu", entry->value);
	if (strcmp(entry->section, "Link") == 0 && strcmp(entry->key, "MACAddress") == 0)
		return import_set(import, lagg, "mac", entry->value);
	if (strcmp(entry->section, "Match") != 0)
		import_note(import, lagg, "[%s] %s=%s: networkd's, it stays in %s", entry->section, entry->key,
			    entry->value, import->path);
	return 0;
}

static int take_network(struct import *import, const struct ini *ini)
{
	const char *bond = value_of(ini, "Network", "Bond"), *match = value_of(ini, "Match", "Name");
	struct import_lagg *lagg = bond ? import_find(import, bond) : NULL,
			   *self = match ? import_find(import, match) : NULL;
	int r = 0;

	import->path = ini->path;
	if (lagg)
		r = take_ports(import, lagg, ini);
	for (size_t i = 0; !r && self && i < ini->count; i++)
		r = take_network_key(import, self, &ini->entry[i]);
	import->line = 0;
	return r;
}

/* --- files --- */

static int take_file(struct import *import, const char *path, int (*take)(struct import *, const struct ini *))
{
	__attribute__((cleanup(free_ini))) struct ini ini = {0};
	int r = read_ini(import, path, &ini);

	return r ?: take(import, &ini);
}

static void free_list(struct dirent ***list)
{
	for (struct dirent **entry = *list; entry && *entry; entry++)
		free(*entry);
	free(*list);
}

/* Takes each file of a folder whose name ends so, in the order of their names, as networkd does. */
static int take_folder(struct import *import, const char *folder, const char *end,
		       int (*take)(struct import *, const struct ini *))
{
	__attribute__((cleanup(free_list))) struct dirent **list = NULL;
	int count = scandir(folder, &list, NULL, alphasort), r = 0;

	if (count < 0) {
		list = NULL;
		return import_refuse(import, "%s: %s", folder, strerror(errno));
	}
	/* free_list looks for the end. */
	struct dirent **grown = reallocarray(list, (size_t)count + 1, sizeof(struct dirent *));

	if (!grown)
		return import_refuse(import, "out of memory");
	list = grown;
	list[count] = NULL;
	for (int i = 0; !r && i < count; i++) {
		size_t len = strlen(list[i]->d_name), end_len = strlen(end);
		char path[PATH_MAX];

		if (len <= end_len || strcmp(list[i]->d_name + len - end_len, end) != 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name) < (int)sizeof(path))
			r = take_file(import, path, take);
	}
	return r;
}

static int none_found(struct import *import, const char *what)
{
	import->path = what;
	import->line = 0;
	return import_refuse(import, "no bond in it; import looks for a .netdev with Kind=bond, and for ports in the "
				     ".network files of the same folder");
}

static int take_from(struct import *import, const char *folder, const char *netdev)
{
	int r = netdev ? take_file(import, netdev, take_netdev) : take_folder(import, folder, ".netdev", take_netdev);

	if (!r && !import->laggs)
		return none_found(import, netdev ?: folder);
	r = r ?: take_folder(import, folder, ".network", take_network);
	import->path = netdev ?: folder;
	return r;
}

/* Looks for a bond of this name where networkd does, and leaves all others out. */
static int take_device(struct import *import, const char *name)
{
	int r = 0;

	static const char *const folders[] = {"/etc/systemd/network", "/run/systemd/network",
					      "/usr/lib/systemd/network", "/lib/systemd/network"};

	import->only = name;
	for (size_t i = 0; !r && !import->laggs && i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (access(folders[i], F_OK) != 0)
			continue;
		r = take_folder(import, folders[i], ".netdev", take_netdev);
		if (!r && import->laggs)
			r = take_folder(import, folders[i], ".network", take_network);
	}
	import->path = name;
	import->line = 0;
	if (r || import->laggs)
		return r;
	return import_refuse(import,
			     "neither a file nor a bond in the folders of networkd; give the path of its .netdev");
}

int import_networkd(struct import *import, const char *what)
{
	char folder[PATH_MAX];
	struct stat st;
	char *slash;

	if (stat(what, &st) != 0)
		return strchr(what, '/') ? import_refuse(import, "%s", strerror(errno)) : take_device(import, what);
	if (S_ISDIR(st.st_mode))
		return take_from(import, what, NULL);
	if (snprintf(folder, sizeof(folder), "%s", what) >= (int)sizeof(folder))
		return import_refuse(import, "its path is too long");
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	return take_from(import, slash ? folder : ".", what);
}
