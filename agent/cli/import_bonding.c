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
#include "ctl/bonding.h"
#include "import.h"
#include "link.h"

#define BLANKS " \t\n\v\f\r"
#define OPTIONS_MAX 64 /* options of bonding that are looked through for the nearest one */
#define VALUE_MAX 1024 /* octets of the longest value that is read, and its NUL */

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
	char sentence[XLAGG_SENTENCE_MAX];
	struct bonding_meaning meaning;
	int r;

	value += strspn(value, BLANKS);
	if (*value && (bonding_is(name, "slaves") || bonding_is(name, "slave")))
		return take_words(import, lagg, value, take_slave);
	if (*value && (bonding_is(name, "arp_ip_target") || bonding_is(name, "ns_ip6_target")))
		return take_words(import, lagg, value, import_target);
	if (!*value)
		return 0;
	r = bonding_look_up(name, value, &meaning, sentence);
	if (r == -EINVAL)
		return import_refuse(import, "%s", sentence);
	if (r < 0)
		return r;
	if (*meaning.note)
		import_note(import, lagg, "%s", meaning.note);
	return meaning.option ? import_set(import, lagg, meaning.option, meaning.value) : 0;
}

int import_bond_unknown(struct import *import, const char *name)
{
	const char *words[OPTIONS_MAX + 4] = {"slaves", "arp_ip_target", "ns_ip6_target"}, *nearest, *option;
	size_t count = 3;

	for (size_t i = 0; i < OPTIONS_MAX && (option = bonding_option(i)); i++)
		words[count++] = option;
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
	const char *option;

	for (size_t i = 0; !r && (option = bonding_option(i)); i++)
		r = take_file(import, lagg, folder, option);
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
