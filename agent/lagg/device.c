/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's own device (lagg0) and its lower end: created, removed, and kept as xlagg needs them. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/making.h"
#include "lagg/ports.h"
#include "lagg/shell.h"
#include "lagg/taken.h"
#include "sys/again.h"
#include "sys/mark.h"

#define LOWER_NAME_FITS 12 /* longest name to which "-dp" can be added */
#define DEFAULT_MTU 1500
#define LOWER_NUMBERED "xlagg-dp%d" /* with its ifindex, if the lagg's name is too long or the other name is taken */

/* Returns the MTU that the first port had before it became one or, if it is not one yet, has. */
static uint32_t first_mtu(const struct lagg *lagg, const struct xlagg_model *model)
{
	struct device device;
	for (uint32_t i = 0; i < model->ports; i++) {
		int slot = lagg_port_find(lagg, model->port[i].name);
		if (slot >= 0 && lagg->port[slot].ifindex && lagg->saved.undo[slot].changed & XLAGG_UNDO_MTU)
			return lagg->saved.undo[slot].mtu;
		if (lagg_port_device(lagg, &model->port[i], &device) == 0)
			return device.mtu;
	}
	return lagg->looks.mtu ? lagg->looks.mtu : DEFAULT_MTU;
}

uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model)
{
	if (model->conf.mtu != XLAGG_AUTO)
		return model->conf.mtu;
	if (model->conf.taken)
		return lagg->looks.mtu;
	/* The first port that was added has determined it. Later ports do not change it. */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex && lagg->model.conf.mtu == XLAGG_AUTO)
			return lagg->looks.mtu;
	return first_mtu(lagg, model);
}

static void name_lower(const struct lagg *lagg, const char *name, char ret[XLAGG_NAME_MAX])
{
	if (strlen(name) <= LOWER_NAME_FITS)
		snprintf(ret, XLAGG_NAME_MAX, "%.12s-dp", name);
	else
		snprintf(ret, XLAGG_NAME_MAX, LOWER_NUMBERED, lagg->lower_ifindex);
}

bool device_is_of_ours(const struct device *device)
{
	return strcmp(device->kind, "veth") == 0 || strcmp(device->kind, "netkit") == 0 ||
	       strcmp(device->kind, "dummy") == 0;
}

int device_name_lower(struct lagg *lagg)
{
	char lower[XLAGG_NAME_MAX], mark[MARK_MAX];
	name_lower(lagg, lagg->model.name, lower);
	mark_write(MARK_LOWER, lagg->model.name, mark);
	int r = netlink_rename(lagg->host->nl, lagg->lower_ifindex, lower);
	int marked = netlink_set_alias(lagg->host->nl, lagg->lower_ifindex, mark);
	int bond = shell_mark(lagg);
	return r < 0 ? r : marked < 0 ? marked : bond;
}

int device_name_lower_aside(struct lagg *lagg)
{
	char lower[XLAGG_NAME_MAX];
	snprintf(lower, sizeof(lower), LOWER_NUMBERED, lagg->lower_ifindex);
	return netlink_rename(lagg->host->nl, lagg->lower_ifindex, lower);
}

/* Without this, the kernel removes all addresses of a subnet when the first one is removed. */
static void keep_secondary_addresses(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/promote_secondaries", name);
	FILE *file = fopen(path, "we");
	bool failed = !file || fputs("1", file) < 0;
	if (file && fclose(file))
		failed = true;
	if (failed)
		log_about(LOG_LEVEL_WARNING, name, NULL, "cannot set %s: %s", path, strerror(errno));
}

static int explain_making(const char *name, const char *lower, enum xlagg_device kind, int r,
			  char sentence[XLAGG_SENTENCE_MAX])
{
	if (r == -EEXIST)
		snprintf(
		    sentence, XLAGG_SENTENCE_MAX,
		    "%s: a device named %s or %s exists already: choose another name, or remove it with ip link del",
		    name, name, lower);
	else if (r == -EOPNOTSUPP && kind == XLAGG_DEVICE_NETKIT)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: this kernel has no netkit (6.7 and later): use device veth",
			 name);
	else if (r == -EOPNOTSUPP && kind == XLAGG_DEVICE_BOND)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: this kernel makes no bond (modules bonding and dummy): use device veth", name);
	else if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot make its device: %s", name, strerror(-r));
	return r;
}

/* What the lagg's device becomes. */
static enum xlagg_device choose_kind(const struct lagg *lagg, const struct xlagg_lagg_conf *conf)
{
	if (conf->device != XLAGG_DEVICE_AUTO)
		return conf->device;
	return lagg->host->features.netkit && conf->datapath == XLAGG_DATAPATH_TC && conf->tx_path == XLAGG_TX_AUTO
		   ? XLAGG_DEVICE_NETKIT
		   : XLAGG_DEVICE_VETH;
}

static int make(struct lagg *lagg, const struct xlagg_model *model, const char *lower, struct netlink_pair *pair)
{
	struct netlink *nl = lagg->host->nl;
	const struct looks *looks = &lagg->looks;
	uint8_t drawn[6];
	int r = netlink_draw_mac(drawn);
	if (r == 0)
		r = making_note(lagg->folder, drawn);
	if (r < 0)
		return r;
	if (model->conf.taken) {
		pair->ifindex = lagg->ifindex;
		return netlink_add_bond_lower(nl, lower, model->name, drawn, looks->mtu, &pair->lower_ifindex);
	}
	switch (lagg->device) {
	case XLAGG_DEVICE_BOND:
		shell_choose_mode(lagg, model->conf.proto);
		return netlink_add_bond(nl, model->name, lower, looks->mac, drawn, looks->mtu, lagg->bond_mode, pair);
	case XLAGG_DEVICE_NETKIT:
		return netlink_add_netkit(nl, model->name, lower, looks->mac, drawn, looks->mtu, pair);
	default:
		return netlink_add_veth(nl, model->name, lower, looks->mac, drawn, looks->mtu,
					(uint32_t)sysconf(_SC_NPROCESSORS_ONLN), pair);
	}
}

/* Where that fails now, upkeep does it. */
static void no_ipv6(struct lagg *lagg, const char *name, const char *lower)
{
	int r = netlink_disable_ipv6(lower, true);
	if (r == 0 || r == -ENOENT)
		return;
	log_about(LOG_LEVEL_WARNING, name, NULL, "cannot switch IPv6 off on %s: %s", lower, strerror(-r));
	fight_excuse(lagg, clock_now());
}

int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct netlink *nl = lagg->host->nl;
	const char *name = model->name;
	char lower[XLAGG_NAME_MAX], final[XLAGG_NAME_MAX];
	struct netlink_pair pair;
	struct device device;
	name_lower(lagg, name, lower); /* a name with the ifindex in it is set below, when that is known */
	lagg->device = choose_kind(lagg, &model->conf);
	int r = explain_making(name, lower, lagg->device, make(lagg, model, lower, &pair), sentence);
	if (r < 0)
		return r;
	lagg->ifindex = pair.ifindex;
	lagg->lower_ifindex = pair.lower_ifindex;
	if (netlink_get(nl, lagg->lower_ifindex, &device) == 0)
		device_know_lower(lagg, &device);
	if (!model->conf.taken)
		keep_secondary_addresses(name);
	no_ipv6(lagg, name, lower);
	name_lower(lagg, name, final);
	return strcmp(lower, final) != 0 ? device_name_lower(lagg) : 0;
}

static void note_mac(void *context, const uint8_t mac[6])
{
	(void)mac;
	*(int *)context = 1;
}

int device_has_macs_above(const struct lagg *lagg)
{
	int found = 0;
	int r = netlink_list_unicast(lagg->host->nl, lagg->ifindex, note_mac, &found);
	return r < 0 ? r : found;
}

struct vlan_search {
	int ifindex;
	bool found;
};

static void search_vlan(void *context, const struct device *device, bool gone)
{
	struct vlan_search *search = context;
	search->found |= !gone && device->link == search->ifindex && strcmp(device->kind, "vlan") == 0;
}

bool device_has_vlans(const struct lagg *lagg)
{
	struct vlan_search search = {.ifindex = lagg->ifindex};
	int r = netlink_list(lagg->host->nl, search_vlan, &search);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "cannot find out whether there are VLANs on it: %s", strerror(-r));
	return search.found;
}

/* A veth drops frames that XDP redirects to it unless GRO is on. With the other offloads off, the frames that it sends
 * carry finished checksums and their VLAN tags when an XDP program sees them. */
void device_assert_features(struct lagg *lagg)
{
	if (lagg->model.conf.datapath != XLAGG_DATAPATH_XDP)
		return;
	const char *name = lagg->model.name;
	int r = ethtool_set_features(name, XLAGG_FEATURE_GRO, true);
	if (r == 0)
		r = ethtool_set_features(name, XLAGG_FEATURE_TX_CSUM | XLAGG_FEATURE_TX_VLAN | XLAGG_FEATURE_TX_STAG,
					 false);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, name, NULL, "cannot set the offloads that the xdp profile needs: %s",
			  strerror(-r));
}

void device_release_features(struct lagg *lagg)
{
	int r = ethtool_set_features(lagg->model.name,
				     XLAGG_FEATURE_TX_CSUM | XLAGG_FEATURE_TX_VLAN | XLAGG_FEATURE_TX_STAG, true);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot switch its offloads on: %s", strerror(-r));
}

/* Adds or removes an address. If only the answer was lost, the second try finds it done. */
static int change_address(struct lagg *lagg, const char *address, bool add)
{
	int r, done = add ? -EEXIST : -EADDRNOTAVAIL;
	uint32_t tries = 0;
	do
		r = add ? netlink_add_address(lagg->host->nl, lagg->ifindex, address)
			: netlink_del_address(lagg->host->nl, lagg->ifindex, address);
	while (again(&tries, r < 0 && r != done && r != -ENODEV));
	return r == done ? 0 : r;
}

int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model *now = &lagg->model;
	for (uint32_t i = 0; i < now->addresses;) {
		bool keep = false;
		for (uint32_t j = 0; j < to->addresses; j++)
			keep |= strcmp(now->address[i], to->address[j]) == 0;
		if (keep) {
			i++;
			continue;
		}
		int r = change_address(lagg, now->address[i], false);
		if (r < 0 && r != -ENODEV) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot remove address %s: %s", now->name,
				 now->address[i], strerror(-r));
			return r;
		}
		now->addresses--;
		memmove(now->address[i], now->address[i + 1], (now->addresses - i) * sizeof(now->address[0]));
	}
	for (uint32_t j = 0; j < to->addresses; j++) {
		bool have = false;
		for (uint32_t i = 0; i < now->addresses; i++)
			have |= strcmp(now->address[i], to->address[j]) == 0;
		if (have)
			continue;
		int r = change_address(lagg, to->address[j], true);
		if (r < 0) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot add address %s: %s", now->name,
				 to->address[j], strerror(-r));
			return r;
		}
		memcpy(now->address[now->addresses++], to->address[j], sizeof(now->address[0]));
	}
	return 0;
}

void device_drop_addresses(struct lagg *lagg, const char (*address)[XLAGG_ADDRESS_MAX], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int r = change_address(lagg, address[i], false);
		if (r < 0 && r != -ENODEV)
			log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot remove its address %s: %s",
				  address[i], strerror(-r));
	}
}

bool device_is_lower(const struct device *device, const struct xlagg_device_id *id, const char *folder)
{
	static const uint8_t none[6];
	if (!device_is_of_ours(device))
		return false;
	return mark_read(device->alias, NULL) == MARK_LOWER ||
	       (memcmp(id->mac, none, 6) != 0 && memcmp(id->mac, device->mac, 6) == 0) ||
	       datapath_is_attached_lower(folder, device->ifindex);
}

static bool is_own_lower(const struct lagg *lagg, const struct device *lower)
{
	return device_is_lower(lower, &lagg->saved.lower, lagg->folder);
}

void device_know_lower(struct lagg *lagg, const struct device *lower)
{
	lagg->saved.lower = (struct xlagg_device_id){.ifindex = (uint32_t)lower->ifindex};
	memcpy(lagg->saved.lower.mac, lower->mac, 6);
}

bool device_is_another(const struct lagg *lagg, const struct device *device)
{
	struct device lower;
	if (lagg->device == XLAGG_DEVICE_BOND)
		return !shell_is(device, lagg->folder, &lagg->saved);
	int r = netlink_get(lagg->host->nl, lagg->lower_ifindex, &lower);
	return r == -ENODEV || (r == 0 && (lower.link != device->ifindex || !is_own_lower(lagg, &lower)));
}

/* A bond is a device of its own. */
static int remove_bond(struct lagg *lagg)
{
	struct device bond;
	int r = lagg->device == XLAGG_DEVICE_BOND ? netlink_get(lagg->host->nl, lagg->ifindex, &bond) : -ENODEV;
	if (r == 0 && shell_is(&bond, lagg->folder, &lagg->saved))
		r = lagg->saved.bond.taken ? taken_restore(lagg->host->nl, &lagg->saved.bond, bond.ifindex)
					   : netlink_del(lagg->host->nl, bond.ifindex);
	return r == -ENODEV ? 0 : r;
}

int device_join(struct lagg *lagg, uint32_t group)
{
	struct device lower;
	/* A bond goes before its lower end. */
	if (lagg->device == XLAGG_DEVICE_BOND)
		return -EOPNOTSUPP;
	int r = netlink_get(lagg->host->nl, lagg->lower_ifindex, &lower);
	if (r == 0 && !is_own_lower(lagg, &lower))
		r = -ENODEV;
	return r < 0 ? r : netlink_set_group(lagg->host->nl, lower.ifindex, group);
}

int device_remove(struct lagg *lagg)
{
	struct device lower;
	int bond = remove_bond(lagg);
	int r = netlink_get(lagg->host->nl, lagg->lower_ifindex, &lower);
	/* The lagg's device is removed together with its lower end, whichever namespace it is in. */
	if (r == 0 && is_own_lower(lagg, &lower))
		r = netlink_del(lagg->host->nl, lower.ifindex);
	return r == 0 || r == -ENODEV ? bond : r;
}

/* --- changes made by others are put back --- */

/* Adds the addresses that xlagg manages and that were removed, by someone else or by the kernel when the device went
 * down. */
static int keep_addresses(struct lagg *lagg)
{
	int r = 0;
	for (uint32_t i = 0; i < lagg->model.addresses && r == 0; i++) {
		r = netlink_add_address(lagg->host->nl, lagg->ifindex, lagg->model.address[i]);
		if (r == 0 && !fight_excused(lagg, clock_now()))
			log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
				  "someone else removed its address %s: put back (xlagg address del removes it)",
				  lagg->model.address[i]);
		else if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static void remove_address(void *context, const struct netlink_address *address)
{
	struct lagg *lagg = context;
	char text[INET6_ADDRSTRLEN], address_prefix[INET6_ADDRSTRLEN + 8];
	inet_ntop(address->family, address->address, text, sizeof(text));
	snprintf(address_prefix, sizeof(address_prefix), "%s/%u", text, address->prefix);
	int r = netlink_del_address(lagg->host->nl, lagg->lower_ifindex, address_prefix);
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its lower end got the address %s from someone else: %s",
		  address_prefix, r < 0 ? strerror(-r) : "removed");
}

static const char *const lower_words[LOWER_PROPERTIES] = {
    [LOWER_NAME] = "name", [LOWER_ALIAS] = "ifalias",	[LOWER_MASTER] = "master (none)",
    [LOWER_MTU] = "MTU",   [LOWER_IPV6] = "IPv6 (off)",
};

/* Returns the settings of the lower end that are not as they have to be, as bits of enum lower_property. */
static uint32_t lower_differs(const struct lagg *lagg, const struct device *lower)
{
	char name[XLAGG_NAME_MAX], mark[MARK_MAX];
	bool disabled = true;
	name_lower(lagg, lagg->model.name, name);
	mark_write(MARK_LOWER, lagg->model.name, mark);
	uint32_t differs = (uint32_t)(strcmp(lower->name, name) != 0) << LOWER_NAME |
			   (uint32_t)(strcmp(lower->alias, mark) != 0) << LOWER_ALIAS |
			   (uint32_t)(lower->master != 0) << LOWER_MASTER |
			   (uint32_t)(lower->mtu != lagg->looks.mtu) << LOWER_MTU;
	if (netlink_ipv6_disabled(lower->name, &disabled) == 0 && !disabled)
		differs |= 1u << LOWER_IPV6;
	return differs;
}

static int put_lower_back(struct lagg *lagg, const struct device *lower, enum lower_property property)
{
	struct netlink *nl = lagg->host->nl;
	switch (property) {
	case LOWER_NAME:
	case LOWER_ALIAS:
		return device_name_lower(lagg);
	case LOWER_MASTER:
		return netlink_free_of_master(nl, lower->ifindex);
	case LOWER_MTU:
		return netlink_set_mtu(nl, lower->ifindex, lagg->looks.mtu);
	case LOWER_IPV6:
		return netlink_disable_ipv6(lower->name, true);
	default:
		return 0;
	}
}

static void tell_put_back(struct lagg *lagg, enum lower_property property, uint64_t now)
{
	struct upkeep_fight *fight = &lagg->lower_fight[property];
	char text[128];
	if (!fight_note(fight, now))
		return;
	snprintf(text, sizeof(text), "its lower end's %s was changed %s and is put back%s", lower_words[property],
		 fight_by(lagg), fight_pauses(fight, now) ? ", from now on less often" : "");
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "%s", text);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, text);
}

static int keep_lower_settings(struct lagg *lagg, const struct device *lower, uint64_t now)
{
	uint32_t differs = lower_differs(lagg, lower);
	int ret = 0;
	for (enum lower_property property = 0; property < LOWER_PROPERTIES; property++) {
		if (!(differs >> property & 1) || fight_pauses(&lagg->lower_fight[property], now))
			continue;
		int r = put_lower_back(lagg, lower, property);
		if (r == 0 && !fight_excused(lagg, now))
			tell_put_back(lagg, property, now);
		if (r < 0 && r != -EEXIST && ret == 0) /* the name is taken: nobody needs it, and the mark is right */
			ret = r;
	}
	return ret;
}

/* The lower end belongs to xlagg alone, so everything on it is put back. */
static int keep_lower(struct lagg *lagg)
{
	struct device lower;
	int r = netlink_get(lagg->host->nl, lagg->lower_ifindex, &lower);
	if (r < 0)
		return r;
	if (lagg->carrier != !!(lower.flags & IFF_UP))
		lagg_assert_carrier(lagg);
	device_know_lower(lagg, &lower);
	r = keep_lower_settings(lagg, &lower, clock_now());
	int addresses = netlink_list_addresses(lagg->host->nl, lower.ifindex, remove_address, lagg);
	return r < 0 ? r : addresses;
}

const char *device_fought_over(const struct lagg *lagg, uint64_t now)
{
	for (size_t i = 0; i < LOWER_PROPERTIES; i++)
		if (fight_goes_on(&lagg->lower_fight[i], now))
			return lower_words[i];
	return NULL;
}

int device_keep(struct lagg *lagg)
{
	device_assert_features(lagg);
	int addresses = keep_addresses(lagg), shell = shell_keep(lagg), r = keep_lower(lagg);
	return r < 0 ? r : shell < 0 ? shell : addresses;
}
