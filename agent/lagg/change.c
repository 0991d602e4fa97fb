/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Changes the configuration of a running lagg. Only what differs is touched, and on failure it is changed back. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/upkeep.h"
#include "sys/sysfs.h"
#include "xlagg/mac.h"

/* --- programs --- */

/* Whether the two configurations need different programs. */
static bool programs_differ(const struct xlagg_lagg_conf *a, const struct xlagg_lagg_conf *b)
{
	return a->proto != b->proto || a->hash != b->hash || a->hash_seed != b->hash_seed || a->flowid != b->flowid ||
	       a->flowid_shift != b->flowid_shift || a->rr_limit != b->rr_limit || a->rx_all != b->rx_all ||
	       a->datapath != b->datapath || a->tx_path != b->tx_path || a->balance != b->balance ||
	       a->repath != b->repath || (a->grey_detect == XLAGG_GREY_OFF) != (b->grey_detect == XLAGG_GREY_OFF) ||
	       strcmp(a->port_ethertypes, b->port_ethertypes) != 0 || probes_limit_us(a) != probes_limit_us(b);
}

/* Switches off what hides frames from XDP on the ports, before the XDP programs are attached. */
static int prepare_for_xdp(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	/* First it is recorded that the device may have to get them back. */
	int r = record_save(lagg);
	if (r < 0)
		return r;
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
	lagg_setup(lagg, &setup);
	if (lagg->returning) {
		int returned = datapath_return(lagg->dp, &setup, sentence);
		r = r < 0 ? r : returned;
	} else if (r == 0) {
		r = datapath_change(lagg->dp, &setup, sentence);
	}
	bool stays = r < 0 && !lagg->returning;
	if (stays) {
		lagg->model.conf = before;
		lagg->direct = lagg_wants_direct(&before, lagg->device);
	}
	if (xdp != xdp_before && (stays ? xdp : xdp_before))
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

bool lagg_port_is_left(const struct lagg *lagg, const struct xlagg_model *to)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (goes(lagg, slot, to) && core_is_left(lagg->core, slot))
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

/* What a lagg is changed to. */
struct target {
	const struct xlagg_model *model;
	const struct looks *looks;
	uint32_t seed; /* of the flow hash */
	bool ports;    /* link probes begin or end, for which ports are set otherwise */
};

static int step_looks(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	return lagg->returning ? looks_return(lagg, to->looks, sentence) : looks_apply(lagg, to->looks, sentence);
}

static int step_programs(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	bool same = !programs_differ(&lagg->model.conf, &to->model->conf) && to->seed == lagg->seed;
	lagg->seed = to->seed;
	return same && datapath_settled(lagg->dp) ? 0 : change_programs(lagg, &to->model->conf, sentence);
}

static int step_options(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	bool admin = lagg->model.conf.admin;
	lagg->model.conf = to->model->conf;
	lagg->model.conf.admin = admin; /* until step_admin() */
	int r = to->ports ? lagg_adjust_ports(lagg, sentence) : 0;
	if (r == 0 || lagg->returning)
		input_options(lagg, &to->model->conf);
	return r;
}

static int step_ports(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = add_ports(lagg, to->model, sentence);
	if (r == 0)
		change_ports(lagg, to->model);
	return r;
}

static int step_admin(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	(void)sentence;
	bool other = lagg->model.conf.admin != to->model->conf.admin;
	lagg->model.conf.admin = to->model->conf.admin;
	return other ? netlink_set_up(lagg->host->nl, lagg->ifindex, to->model->conf.admin) : 0;
}

/* An address that cannot be put back while the lagg is changed back counts as removed by someone else. */
static int step_addresses(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = device_set_addresses(lagg, to->model, sentence);
	if (r == 0 || !lagg->returning)
		return r;
	r = device_set_addresses(lagg, to->model, sentence);
	lagg->model.addresses = to->model->addresses;
	memcpy(lagg->model.address, to->model->address, sizeof(lagg->model.address));
	return r;
}

/* Stops at the first step that fails, except while the lagg is changed back. */
static int change(struct lagg *lagg, const struct target *to, char sentence[XLAGG_SENTENCE_MAX])
{
	static int (*const steps[])(struct lagg *, const struct target *, char[XLAGG_SENTENCE_MAX]) = {
	    step_looks, step_programs, step_options, step_ports, step_admin, step_addresses};
	int first = 0;
	lagg_remove_ports(lagg, to->model);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && (first == 0 || lagg->returning); i++) {
		char why[XLAGG_SENTENCE_MAX] = "";
		int r = steps[i](lagg, to, why);
		if (first < 0 || r == 0)
			continue;
		first = r;
		memcpy(sentence, why, sizeof(why));
	}
	int r = first == 0 || lagg->returning ? record_save(lagg) : 0;
	return first < 0 ? first : r;
}

static void change_back(struct lagg *lagg, const struct target *before)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	lagg->returning = true;
	lagg->astray |= change(lagg, before, why) < 0;
	lagg->returning = false;
	if (!lagg->astray && datapath_settled(lagg->dp))
		return;
	log_about(LOG_LEVEL_WARNING, before->model->name, NULL,
		  "not all of it is as before the refused change yet%s%s: tried again", why[0] ? ": " : "", why);
	fight_excuse(lagg, clock_now());
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		upkeep_mark_port(lagg, slot);
}

void lagg_settle(struct lagg *lagg)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	if (!lagg->astray && datapath_settled(lagg->dp))
		return;
	int r = datapath_settle(lagg->dp, why), own = lagg->astray ? looks_settle(lagg) : 0;
	if (lagg->astray && own == 0)
		own = netlink_set_up(lagg->host->nl, lagg->ifindex, lagg->model.conf.admin);
	lagg->astray = own < 0;
	if (r == 0 && own == 0)
		log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "all of it is as before the change again");
}

bool lagg_must_be_made_anew(const struct lagg *lagg, const struct xlagg_model *to)
{
	return lagg->model.conf.device != to->conf.device || lagg->model.conf.taken != to->conf.taken;
}

int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model before = lagg->model;
	struct looks looks, looks_before = lagg->looks;
	uint32_t seed = lagg->seed, seed_before = lagg->seed;
	bool ports = probes_wanted(&before.conf) != probes_wanted(&to->conf);
	int r = looks_choose(lagg, to, &looks, &seed, sentence);
	if (r == 0)
		r = change(lagg, &(struct target){to, &looks, seed, ports}, sentence);
	if (r < 0) {
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be changed: %s", to->name, strerror(-r));
		change_back(lagg, &(struct target){&before, &looks_before, seed_before, ports});
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

/* A bond that loses its last slave gets a MAC that the kernel makes up: the lagg keeps its own. Returns whether this is
 * one, or may be one, which is looked at again. */
static bool keeps_its_mac(struct lagg *lagg, const struct device *device)
{
	int r = lagg->device == XLAGG_DEVICE_BOND ? sysfs_mac_is_made_up(device->name) : 0;
	if (r == 0)
		return false;
	if (r > 0)
		r = looks_set_mac(lagg, lagg->looks.mac);
	if (r < 0) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its MAC cannot be put back yet: %s",
			  strerror(-r));
		upkeep_mark(lagg);
	}
	return true;
}

void lagg_device_changed(struct lagg *lagg, const struct device *device)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	lagg_let_in(lagg, device->promiscuity > 0 || lagg->macs_above, lagg->vlans);
	device_assert_features(lagg);
	/* What a refused change has left on it is not what somebody wants. */
	if (lagg->astray)
		return;
	struct xlagg_model to = lagg->model;
	to.conf.admin = !!(device->flags & IFF_UP);
	if (device->mtu != lagg->looks.mtu)
		to.conf.mtu = device->mtu;
	if (memcmp(device->mac, lagg->looks.mac, 6) != 0 && !keeps_its_mac(lagg, device)) {
		memset(to.conf.mac, 0, sizeof(to.conf.mac));
		xlagg_print_mac(device->mac, to.conf.mac);
	}
	if (memcmp(&to.conf, &lagg->model.conf, sizeof(to.conf)) == 0)
		return;
	if (lagg_change(lagg, &to, sentence) < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "a change made with ip is not taken over: %s",
			  sentence);
}
