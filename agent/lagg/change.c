/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Changes the configuration of a running lagg. Only what differs is touched, and on failure it is changed back. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "xlagg/mac.h"

/* --- programs --- */

/* Whether the two configurations need different programs. */
static bool programs_differ(const struct xlagg_lagg_conf *a, const struct xlagg_lagg_conf *b)
{
	return a->proto != b->proto || a->hash != b->hash || a->hash_seed != b->hash_seed || a->flowid != b->flowid ||
	       a->flowid_shift != b->flowid_shift || a->rr_limit != b->rr_limit || a->rx_all != b->rx_all ||
	       a->datapath != b->datapath || a->tx_path != b->tx_path ||
	       strcmp(a->port_ethertypes, b->port_ethertypes) != 0 || probes_limit_us(a) != probes_limit_us(b);
}

/* Switches off what hides frames from XDP on the ports, before the XDP programs are attached. */
static int prepare_for_xdp(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	device_assert_features(lagg);
	return lagg_adjust_ports(lagg, sentence);
}

static void end_xdp(struct lagg *lagg)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	device_release_features(lagg);
	if (lagg_adjust_ports(lagg, sentence) < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "%s", sentence);
}

static int change_programs(struct lagg *lagg, const struct xlagg_lagg_conf *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct datapath_setup setup;
	struct xlagg_lagg_conf before = lagg->model.conf;
	bool xdp = to->datapath == XLAGG_DATAPATH_XDP, xdp_before = before.datapath == XLAGG_DATAPATH_XDP;
	if (lagg->device == XLAGG_DEVICE_NETKIT && xdp) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: datapath xdp needs a veth, but its device is a netkit: remove the lagg and add it with "
			 "device veth",
			 lagg->model.name);
		return -EOPNOTSUPP;
	}
	lagg->model.conf = *to;
	lagg->model.conf.admin = before.admin;
	lagg->direct = lagg_wants_direct(to, lagg->device);
	int r = xdp && !xdp_before ? prepare_for_xdp(lagg, sentence) : 0;
	if (r == 0) {
		lagg_setup(lagg, &setup);
		r = datapath_change(lagg->dp, &setup, sentence);
	}
	if (r < 0) {
		lagg->model.conf = before;
		lagg->direct = lagg_wants_direct(&before, lagg->device);
	}
	if (xdp != xdp_before && (r < 0 ? xdp : xdp_before))
		end_xdp(lagg);
	/* A driver may reset its device when an XDP program is attached or detached. */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS && xdp != xdp_before; slot++)
		lagg_port_unsettle(lagg, slot);
	return r;
}

/* --- ports --- */

static bool goes(const struct lagg *lagg, uint32_t slot, const struct xlagg_model *to)
{
	return lagg->port[slot].used && ctl_find_port(to, lagg->port[slot].name) < 0;
}

bool lagg_retire_ports(struct lagg *lagg, const struct xlagg_model *to)
{
	bool carried = false;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (goes(lagg, slot, to))
			carried |= lagg_port_retire(lagg, slot);
	return carried && to->conf.admin;
}

bool lagg_partner_lags(const struct lagg *lagg, const struct xlagg_model *to)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS && lagg->model.conf.proto == XLAGG_PROTO_LACP; slot++)
		if (goes(lagg, slot, to) && core_output(lagg->core)->flags[slot] & XLAGG_PORT_LINGERING)
			return true;
	return false;
}

void lagg_remove_ports(struct lagg *lagg, const struct xlagg_model *to)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (goes(lagg, slot, to))
			lagg_port_del(lagg, slot);
}

static int add_ports(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = 0;
	for (uint32_t i = 0; i < to->ports && r == 0; i++) {
		if (lagg_port_find(lagg, to->port[i].name) >= 0)
			continue;
		r = lagg_port_add(lagg, &to->port[i], sentence);
		lagg->host->calls->breathe(lagg->host);
	}
	return r;
}

/* Changes order and options of the ports. All ports of `to` have been added by now. */
static void change_ports(struct lagg *lagg, const struct xlagg_model *to)
{
	bool moved = false;
	for (uint32_t i = 0; i < to->ports; i++) {
		uint32_t slot = (uint32_t)lagg_port_find(lagg, to->port[i].name);
		moved |= strcmp(lagg->model.port[i].name, to->port[i].name) != 0;
		core_port_order(lagg->core, slot, i);
	}
	lagg->next_order = to->ports;
	for (uint32_t i = 0; i < to->ports; i++) {
		uint32_t slot = (uint32_t)lagg_port_find(lagg, to->port[i].name);
		struct xlagg_port_model *port = lagg_port_model(lagg, slot);
		if (memcmp(&port->conf, &to->port[i].conf, sizeof(port->conf)) == 0)
			continue;
		port->conf = to->port[i].conf;
		input_port_set(lagg, slot, &port->conf);
	}
	memcpy(lagg->model.port, to->port, sizeof(lagg->model.port));
	if (!moved)
		return;
	input_run(lagg);
}

/* --- all of it --- */

static int change(struct lagg *lagg, const struct xlagg_model *to, const struct looks *looks, uint32_t seed,
		  char sentence[XLAGG_SENTENCE_MAX])
{
	bool admin = lagg->model.conf.admin, probing = probes_wanted(&lagg->model.conf);
	lagg_remove_ports(lagg, to);
	int r = looks_apply(lagg, looks, sentence);
	if (r < 0)
		return r;
	bool other_programs = programs_differ(&lagg->model.conf, &to->conf) || seed != lagg->seed;
	lagg->seed = seed;
	if (other_programs)
		r = change_programs(lagg, &to->conf, sentence);
	if (r < 0)
		return r;
	lagg->model.conf = to->conf;
	if (probing != probes_wanted(&to->conf))
		r = lagg_adjust_ports(lagg, sentence);
	if (r < 0)
		return r;
	input_options(lagg, &to->conf);
	r = add_ports(lagg, to, sentence);
	if (r < 0)
		return r;
	change_ports(lagg, to);
	if (admin != (bool)to->conf.admin)
		r = netlink_set_up(lagg->host->nl, lagg->ifindex, to->conf.admin);
	if (r == 0)
		r = device_set_addresses(lagg, to, sentence);
	return r < 0 ? r : record_save(lagg);
}

int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model before = lagg->model;
	struct looks looks, looks_before = lagg->looks;
	uint32_t seed = lagg->seed, seed_before = lagg->seed;
	int r = looks_choose(lagg, to, &looks, &seed, sentence);
	if (r == 0)
		r = change(lagg, to, &looks, seed, sentence);
	if (r < 0) {
		char again[XLAGG_SENTENCE_MAX] = "";
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be changed: %s", to->name, strerror(-r));
		if (change(lagg, &before, &looks_before, seed_before, again) < 0)
			log_about(LOG_LEVEL_ERROR, before.name, NULL, "cannot be changed back: %s", again);
	}
	lagg->host->calls->ports(lagg->host);
	identity_find_mac_from(lagg);
	if (r == 0)
		lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, NULL);
	return r;
}

/* --- changes made by others --- */

void lagg_let_in(struct lagg *lagg, bool promisc, bool vlans)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (promisc == lagg->promisc && vlans == lagg->vlans)
		return;
	lagg->promisc = promisc;
	lagg->vlans = vlans;
	if (lagg_adjust_ports(lagg, sentence) < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "%s", sentence);
}

void lagg_device_changed(struct lagg *lagg, const struct device *device)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	lagg_let_in(lagg, device->promiscuity > 0 || lagg->macs_above, lagg->vlans);
	device_assert_features(lagg);
	struct xlagg_model to = lagg->model;
	to.conf.admin = !!(device->flags & IFF_UP);
	if (device->mtu != lagg->looks.mtu)
		to.conf.mtu = device->mtu;
	if (memcmp(device->mac, lagg->looks.mac, 6) != 0) {
		memset(to.conf.mac, 0, sizeof(to.conf.mac));
		xlagg_print_mac(device->mac, to.conf.mac);
	}
	if (memcmp(&to.conf, &lagg->model.conf, sizeof(to.conf)) == 0)
		return;
	if (lagg_change(lagg, &to, sentence) < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "a change made with ip is not taken over: %s",
			  sentence);
}
