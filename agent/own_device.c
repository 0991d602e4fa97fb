/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's own device: making it, its lower end, its offloads and its addresses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define LOWER_NAME_FITS 12 /* longest name to which "-dp" can be added */

uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model)
{
	struct device device;
	if (model->conf.mtu != XLAGG_AUTO)
		return model->conf.mtu;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			return lagg->mtu;
	for (uint32_t i = 0; i < model->ports; i++)
		if (netlink_get_by_name(lagg->agent->nl, model->port[i].name, &device) == 0)
			return device.mtu;
	return lagg->mtu ? lagg->mtu : 1500;
}

/* Makes the device: netkit where it is offered and wanted, else a veth pair. */
int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct netlink *nl = lagg->agent->nl;
	const char *name = model->name;
	char lower[XLAGG_NAME_MAX], alias[64];
	struct device device;
	bool fits = strlen(name) <= LOWER_NAME_FITS;
	snprintf(lower, sizeof(lower), fits ? "%.12s-dp" : "xlagg-dp-new", name);
	bool netkit = model->conf.device == XLAGG_DEVICE_NETKIT ||
		      (model->conf.device == XLAGG_DEVICE_AUTO && lagg->agent->features.netkit &&
		       model->conf.datapath == XLAGG_DATAPATH_TC && model->conf.tx_path == XLAGG_TX_AUTO);
	int r = netkit
		    ? netlink_add_netkit(nl, name, lower, lagg->mac, lagg->mtu)
		    : netlink_add_veth(nl, name, lower, lagg->mac, lagg->mtu, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
	if (r == -EEXIST)
		snprintf(
		    sentence, XLAGG_SENTENCE_MAX,
		    "%s: a device named %s or %s exists already: choose another name, or remove it with ip link del",
		    name, name, lower);
	else if (r == -EOPNOTSUPP && netkit)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: this kernel has no netkit (6.7 and later): use device veth",
			 name);
	else if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot make its device: %s", name, strerror(-r));
	if (r < 0)
		return r;
	lagg->device = netkit ? XLAGG_DEVICE_NETKIT : XLAGG_DEVICE_VETH;
	r = netlink_get_by_name(nl, name, &device);
	if (r < 0)
		return r;
	lagg->ifindex = device.ifindex;
	r = netlink_get_by_name(nl, lower, &device);
	if (r < 0)
		return r;
	lagg->lower_ifindex = device.ifindex;
	if (!fits) {
		snprintf(lower, sizeof(lower), "xlagg-dp%d", lagg->lower_ifindex);
		r = netlink_rename(nl, lagg->lower_ifindex, lower);
		if (r < 0)
			return r;
	}
	r = netlink_disable_ipv6(lower, true);
	if (r < 0 && r != -ENOENT)
		log_warning("%s: cannot switch IPv6 off on %s: %s", name, lower, strerror(-r));
	snprintf(alias, sizeof(alias), "xlagg: lower end of %s", name);
	return netlink_set_alias(nl, lagg->lower_ifindex, alias);
}

/* What a veth needs so that XDP's redirected frames arrive and its own are whole. Also re-asserted when it changed. */
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
		log_warning("%s: cannot set the offloads that the xdp profile needs: %s", name, strerror(-r));
}

/* Gives back what the tc profile may use. */
void device_release_features(struct lagg *lagg)
{
	int r = ethtool_set_features(lagg->model.name,
				     XLAGG_FEATURE_TX_CSUM | XLAGG_FEATURE_TX_VLAN | XLAGG_FEATURE_TX_STAG, true);
	if (r < 0)
		log_warning("%s: cannot switch its offloads on: %s", lagg->model.name, strerror(-r));
}

int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model *now = &lagg->model;
	for (uint32_t i = 0; i < now->addresses;) {
		bool keep = false;
		for (uint32_t j = 0; j < to->addresses; j++)
			keep |= !strcmp(now->address[i], to->address[j]);
		if (keep) {
			i++;
			continue;
		}
		int r = netlink_del_address(lagg->agent->nl, lagg->ifindex, now->address[i]);
		if (r < 0 && r != -EADDRNOTAVAIL)
			log_warning("%s: cannot remove address %s: %s", now->name, now->address[i], strerror(-r));
		now->addresses--;
		memmove(now->address[i], now->address[i + 1], (now->addresses - i) * sizeof(now->address[0]));
	}
	for (uint32_t j = 0; j < to->addresses; j++) {
		bool have = false;
		for (uint32_t i = 0; i < now->addresses; i++)
			have |= !strcmp(now->address[i], to->address[j]);
		if (have)
			continue;
		int r = netlink_add_address(lagg->agent->nl, lagg->ifindex, to->address[j]);
		if (r < 0 && r != -EEXIST) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot add address %s: %s", now->name,
				 to->address[j], strerror(-r));
			return r;
		}
		memcpy(now->address[now->addresses++], to->address[j], sizeof(now->address[0]));
	}
	return 0;
}
