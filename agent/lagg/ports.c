/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The ports of a running lagg: added and removed, attached to their devices, and their links as the core is told of
 * them. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/filters.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "lagg/shell.h"
#include "lagg/taken.h"
#include "lagg/upkeep.h"
#include "sys/again.h"
#include "sys/mark.h"
#include "sys/port.h"

#define RETRY_NS (2 * NS_PER_S) /* after which a refused device is tried again */
#define RETRY_DOUBLED 5		/* how often that is doubled at most, if the device refused a change */
/* For this long after the agent changed the device, the driver may reset the link, and the link may bounce. */
#define SETTLE_NS (5 * NS_PER_S)

int lagg_port_find(const struct lagg *lagg, const char *name)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && strcmp(lagg->port[slot].name, name) == 0)
			return slot;
	return -ENOENT;
}

int lagg_ask_device(const struct lagg *lagg, int ifindex, const char *name, struct device *ret)
{
	uint32_t tries = 0;
	int r;
	/* The lagg's MAC and MTU depend on which devices there are. */
	do
		r = ifindex ? netlink_get(lagg->host->nl, ifindex, ret)
			    : netlink_get_by_name(lagg->host->nl, name, ret);
	while (again(&tries, r < 0 && r != -ENODEV));
	return r;
}

int lagg_port_device(const struct lagg *lagg, const struct xlagg_port_model *model, struct device *ret)
{
	int slot = lagg_port_find(lagg, model->name);
	return lagg_ask_device(lagg, slot < 0 ? 0 : lagg->port[slot].ifindex, model->name, ret);
}

struct xlagg_port_model *lagg_port_model(struct lagg *lagg, uint32_t slot)
{
	int i = ctl_find_port(&lagg->model, lagg->port[slot].name);
	return i < 0 ? NULL : &lagg->model.port[i];
}

/* The lagg and slot that an undo record belongs to. */
struct place {
	struct lagg *lagg;
	uint32_t slot;
};

static int record_undo(void *context, const struct xlagg_undo *undo)
{
	struct place *place = context;
	struct lagg *lagg = place->lagg;
	lagg->saved.undo[place->slot] = *undo;
	memcpy(lagg->saved.undo[place->slot].name, lagg->port[place->slot].name, XLAGG_NAME_MAX);
	return record_save(lagg);
}

/* Whether the device filters VLANs. Such a filter knows VLANs on the port, but not those on the lagg. */
static bool filters_vlans(const struct device *device)
{
	uint64_t on;
	return ethtool_features(device->name, XLAGG_FEATURE_RX_VLAN_FILTER, &on) == 0 && on;
}

static void port_setup_of(const struct lagg *lagg, uint32_t slot, const struct device *device, struct port_setup *ret)
{
	*ret = (struct port_setup){
	    .lagg = lagg->model.name,
	    .taken = lagg->saved.bond.taken,
	    .mtu = lagg->looks.mtu,
	    .set_mac = !lagg->looks.own_macs,
	    /* Link probes come from a MAC that the device does not have, and the answers go to that MAC. */
	    .promisc = lagg->promisc || (lagg->vlans && filters_vlans(device)) || probes_wanted(&lagg->model.conf),
	    .xdp = lagg->model.conf.datapath == XLAGG_DATAPATH_XDP,
	    .bond = lagg->device == XLAGG_DEVICE_BOND ? lagg->ifindex : 0,
	    /* A bond that was taken keeps those that it has. */
	    .queue = lagg->saved.bond.taken ? device->bond_queue : (uint16_t)(slot + 1),
	    /* Whoever made that bond may take slaves out of it. */
	    .leave = lagg->saved.bond.taken ? PORT_MASTER : 0,
	};
	memcpy(ret->mac, lagg->looks.mac, 6);
}

static int free_slot(const struct lagg *lagg)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (!lagg->port[slot].used && !rest_is(lagg, (uint32_t)slot))
			return slot;
	return -ENOSPC;
}

/* mac auto: the lagg takes the MAC of a port that cannot change it, if all its other ports can. */
static int take_fixed_mac(struct lagg *lagg, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	char why[XLAGG_SENTENCE_MAX] = "";
	struct looks looks = lagg->looks;
	if (lagg->host->calls->mac_in_use(lagg->host, device->mac, lagg)) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s cannot change its MAC, and another lagg has that MAC: give that one another (xlagg lagg "
			 "set NAME mac ...)",
			 device->name);
		return -EADDRINUSE;
	}
	memcpy(looks.mac, device->mac, 6);
	int r = looks_apply(lagg, &looks, why);
	if (r < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s cannot change its MAC, and neither can a port that %s has: take that one out first, or "
			 "leave %s out",
			 device->name, lagg->model.name, device->name);
		return r;
	}
	identity_keep_mac(lagg, looks.mac);
	log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "has the MAC of %s, which cannot change it", device->name);
	return 0;
}

static int prepare(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct netlink *nl = lagg->host->nl;
	struct place place = {lagg, slot};
	struct port_setup setup;
	bool mac_refused = false;
	port_setup_of(lagg, slot, device, &setup);
	setup.leave = 0;
	setup.mac_refused = &mac_refused;
	int r = port_prepare(nl, device, &setup, &lagg->saved.undo[slot], record_undo, &place, sentence);
	if (r == 0 || !mac_refused || strcmp(lagg->model.conf.mac, "auto") != 0)
		return r;
	r = take_fixed_mac(lagg, device, sentence);
	if (r < 0)
		return r;
	port_setup_of(lagg, slot, device, &setup);
	setup.leave = 0;
	return port_prepare(nl, device, &setup, &lagg->saved.undo[slot], record_undo, &place, sentence);
}

/* Turns a device that was found fit into a port. */
static int join(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct looks looks;
	uint32_t seed;
	int r = looks_choose(lagg, &lagg->model, &looks, &seed, sentence);
	if (r == 0)
		r = looks_apply(lagg, &looks, sentence);
	if (r == 0)
		r = prepare(lagg, slot, device, sentence);
	if (r < 0)
		return r;
	r = datapath_port_add(lagg->dp, slot, device->ifindex, sentence);
	if (r < 0)
		rest_put_back(lagg, slot);
	return r;
}

/* Notes why a device could not be attached. A device that refused a change is left alone for a while: our own changes
 * come back as events, on which the agent would otherwise try again for ever. */
static void refuse(struct lagg *lagg, uint32_t slot, const struct device *device, bool tried, const char *sentence)
{
	struct lagg_port *port = &lagg->port[slot];
	port->candidate = device->ifindex;
	port->refusals = tried ? port->refusals + 1 : 0;
	port->retry_ns = clock_now() + clock_doubled(RETRY_NS, port->refusals, RETRY_DOUBLED);
	snprintf(port->refused, sizeof(port->refused), "%s",
		 sentence[0] ? sentence : "its device cannot be set up as a port");
	/* What could not be put back stays in the undo record. */
	if (!rest_is(lagg, slot))
		lagg->saved.undo[slot] = (struct xlagg_undo){0};
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
}

void lagg_port_unsettle(struct lagg *lagg, uint32_t slot)
{
	lagg->port[slot].settled_ns = clock_now() + SETTLE_NS;
}

/* Checks that the device is not yet a port. It can be only one port of one lagg, even under another name. */
static int check_taken(const struct lagg *lagg, uint32_t slot, const struct device *device,
		       char sentence[XLAGG_SENTENCE_MAX])
{
	const char *owner = lagg->host->calls->lagg_of_device(lagg->host, device->ifindex);
	if (!owner)
		return 0;
	if (strcmp(lagg->port[slot].name, device->name) == 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s belongs to %s already", device->name, owner);
	else
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s is another name of %s, which belongs to %s already",
			 lagg->port[slot].name, device->name, owner);
	return -EEXIST;
}

/* A slave of a bond that was taken belongs to nobody else. */
static int check_fit(const struct lagg *lagg, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device checked = *device;
	if (lagg->saved.bond.taken && device->master == lagg->ifindex)
		checked.master = 0;
	return port_check(lagg->host->nl, &checked, lagg->model.name, sentence);
}

int lagg_port_attach(struct lagg *lagg, uint32_t slot, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg_host *host = lagg->host;
	struct lagg_port *port = &lagg->port[slot];
	struct device settled;
	int r = check_taken(lagg, slot, device, sentence);
	/* A device that was a port before must first be as it was then, or it would later be put back to the present
	 * state. */
	if (r == 0)
		r = host->calls->settle(host, device->ifindex, sentence);
	/* The slot's undo record will be this device's. */
	if (r == 0 && lagg->rest[slot].away)
		r = rest_put_back(lagg, slot) == 0;
	if (r > 0) {
		r = netlink_get(host->nl, device->ifindex, &settled);
		device = &settled;
	}
	if (r == 0)
		r = check_fit(lagg, device, sentence);
	bool fit = r == 0;
	if (fit) {
		if (lagg->rest[slot].away)
			rest_give_up(lagg, slot);
		identity_of_port(lagg, slot, device);
		r = join(lagg, slot, device, sentence);
	}
	if (r < 0) {
		refuse(lagg, slot, device, fit, sentence);
		return r;
	}
	port->refused[0] = 0;
	port->refusals = 0;
	port->candidate = 0;
	port->ifindex = device->ifindex;
	port->device = *device;
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	/* The changes may have interrupted the link. A loss that happened already is not counted, since it was no port
	 * then. */
	if (lagg->saved.undo[slot].changed & (XLAGG_UNDO_UP | XLAGG_UNDO_MTU))
		lagg_port_unsettle(lagg, slot);
	filters_warn(lagg, slot);
	lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NONE);
	host->calls->ports(host);
	return 0;
}

void lagg_port_own_mac(const struct lagg *lagg, uint32_t slot, uint8_t mac[6])
{
	static const uint8_t none[6];
	const struct device *device = &lagg->port[slot].device;
	const struct xlagg_undo *undo = &lagg->saved.undo[slot];
	const uint8_t *own = lagg->saved.port[slot].mac;
	/* An older agent did not record it, but recorded the MAC that it changed. */
	if (memcmp(own, none, 6) == 0)
		own = !device->has_permaddr && undo->changed & XLAGG_UNDO_MAC ? undo->mac : device->permaddr;
	memcpy(mac, own, 6);
}

/* If the port is used elsewhere in the same network, the MAC will be there twice. */
static void warn_of_mac(const struct lagg *lagg, uint32_t slot)
{
	uint8_t mac[6];
	lagg_port_own_mac(lagg, slot, mac);
	if (memcmp(mac, lagg->looks.mac, 6) == 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, lagg->port[slot].name,
			  "%s leaves with the MAC that %s keeps: before it is used in the same network, give one "
			  "of them another (xlagg lagg set %s mac ...)",
			  lagg->port[slot].name, lagg->model.name, lagg->model.name);
}

static void leave(struct lagg *lagg, uint32_t slot)
{
	struct lagg_host *host = lagg->host;
	struct lagg_port *port = &lagg->port[slot];
	char name[XLAGG_NAME_MAX];
	memcpy(name, port->name, sizeof(name));
	/* First the core stops sending on it, then it is detached. */
	input_port_del(lagg, slot);
	if (port->ifindex && !lagg->ending)
		warn_of_mac(lagg, slot);
	bool was_port = port->ifindex || rest_is(lagg, slot);
	taken_port_leaves(lagg, slot);
	*port = (struct lagg_port){0};
	if (was_port) {
		rest_put_back(lagg, slot);
	} else {
		lagg->saved.undo[slot] = (struct xlagg_undo){0};
		identity_forget_port(lagg, slot);
	}
	probes_forget(lagg, slot);
	int i = ctl_find_port(&lagg->model, name);
	if (i >= 0) {
		lagg->model.ports--;
		memmove(&lagg->model.port[i], &lagg->model.port[i + 1],
			(lagg->model.ports - (uint32_t)i) * sizeof(lagg->model.port[0]));
	}
	record_save(lagg);
	host->calls->ports(host);
}

/* Attaches a device. If it is already a port under another name, the new port waits until it no longer is. At the
 * agent's start, and where a refused change is changed back, any refusal only leaves the port without its device. */
static int try_to_attach(struct lagg *lagg, uint32_t slot, const struct device *device,
			 char sentence[XLAGG_SENTENCE_MAX])
{
	int r = lagg_port_attach(lagg, slot, device, sentence);
	if (r != -EEXIST && !lagg->host->starting && !lagg->returning)
		return r;
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, lagg->port[slot].name, "%s", lagg->port[slot].refused);
	sentence[0] = 0;
	return 0;
}

int lagg_port_add(struct lagg *lagg, const struct xlagg_port_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	int slot = free_slot(lagg);
	struct device device;
	if (slot < 0)
		return slot;
	struct lagg_port *port = &lagg->port[slot];
	*port = (struct lagg_port){.used = true};
	snprintf(port->name, sizeof(port->name), "%s", model->name);
	lagg->model.port[lagg->model.ports++] = *model;
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	snprintf(lagg->saved.undo[slot].name, sizeof(lagg->saved.undo[slot].name), "%s", model->name);
	datapath_port_reset(lagg->dp, (uint32_t)slot);
	/* The core is told of port and link together, so that it sees a port that works at once. */
	input_begin(lagg);
	input_port_add(lagg, (uint32_t)slot, &model->conf);
	taken_adopt_lacp(lagg, (uint32_t)slot);
	/* Without a device the port waits for it. Whether that is wanted was checked before (transaction.c). */
	int r = netlink_get_by_name(lagg->host->nl, model->name, &device);
	/* What a file says of a bond may no longer be so. */
	if (r == 0 && lagg->idle && device.master != lagg->ifindex)
		r = -ENODEV;
	if (r == 0)
		r = try_to_attach(lagg, (uint32_t)slot, &device, sentence);
	else if (r == -ENODEV || lagg->returning)
		r = 0;
	input_end(lagg);
	if (r < 0) {
		leave(lagg, (uint32_t)slot);
		return r;
	}
	lagg_tell(lagg, XLAGG_EVENT_PORT_ADD, port->name, NULL);
	return 0;
}

bool lagg_port_retire(struct lagg *lagg, uint32_t slot)
{
	const struct xlagg_port_model *model = lagg_port_model(lagg, slot);
	if (!model || !core_output(lagg->core)->live[slot])
		return false;
	struct xlagg_port_conf conf = model->conf;
	conf.admin = 0;
	input_port_set(lagg, slot, &conf);
	return true;
}

void lagg_port_del(struct lagg *lagg, uint32_t slot)
{
	char name[XLAGG_NAME_MAX];
	memcpy(name, lagg->port[slot].name, sizeof(name));
	leave(lagg, slot);
	lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, name, NULL);
}

/* Returns who counts losses in the datapath. */
static enum xlagg_detected counted_by(const struct lagg *lagg)
{
	return lagg->host->watch ? XLAGG_DETECTED_FENTRY : XLAGG_DETECTED_POLL;
}

/* Whether the datapath has counted a loss that the core does not know of. */
static bool has_lost(const struct lagg *lagg, uint32_t slot)
{
	uint32_t lost[XLAGG_MAX_PORTS];
	datapath_lost(lagg->dp, lost);
	return lost[slot] != lagg->port[slot].lost;
}

/* Returns who detected the loss first: whoever counted it in the datapath, else the caller. */
static enum xlagg_detected first_to_see(const struct lagg *lagg, uint32_t slot, enum xlagg_detected caller)
{
	return has_lost(lagg, slot) ? counted_by(lagg) : caller;
}

void lagg_port_absent(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct core_link gone = {
	    .detected = first_to_see(lagg, slot, XLAGG_DETECTED_NETLINK),
	};
	input_link(lagg, slot, &gone);
	/* What cannot be detached or unpinned now is tried again (rest.c). */
	lagg->rest[slot] = (struct lagg_rest){.attached = datapath_port_del(lagg->dp, slot) < 0};
	port->ifindex = 0;
	lagg->saved.port[slot].ifindex = 0; /* by its MAC the device is recognised when it comes back */
	port->link = gone;
	port->refused[0] = 0;
	port->notice[0] = 0; /* it was about the device */
	port->bypassed[0] = 0;
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	record_save(lagg);
	lagg->host->calls->ports(lagg->host);
}

void lagg_port_gone(struct lagg *lagg, uint32_t slot)
{
	lagg_port_absent(lagg, slot);
	lagg_tell(lagg, XLAGG_EVENT_PORT_DEL, lagg->port[slot].name, "its device is gone");
}

static bool has_program(const struct lagg *lagg, uint32_t slot)
{
	struct datapath_faults faults;
	return datapath_check(lagg->dp, true, &faults) || !(faults.port[slot] & DATAPATH_TC);
}

/* Someone else may undo one of the things that make it a port, but hardly all of them at once. */
bool lagg_port_is_another(const struct lagg *lagg, uint32_t slot, const struct device *device)
{
	const struct xlagg_device_id *id = &lagg->saved.port[slot];
	if (!device_may_be(device, id))
		return true;
	return !device_is(device, id) && !mark_is_of_port(device->alias, NULL) && !(device->flags & IFF_ALLMULTI) &&
	       !has_program(lagg, slot);
}

int lagg_port_mend(struct lagg *lagg, uint32_t slot, uint32_t leave, uint32_t *differed,
		   char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg_port *port = &lagg->port[slot];
	struct place place = {lagg, slot};
	struct port_setup setup;
	int r = netlink_get(lagg->host->nl, port->ifindex, &port->device);
	if (r < 0)
		return r;
	if (lagg_port_is_another(lagg, slot, &port->device))
		return -ENODEV;
	port_setup_of(lagg, slot, &port->device, &setup);
	uint32_t changed = 0, ours = lagg->saved.undo[slot].changed;
	setup.leave |= leave;
	setup.differed = &changed;
	r = port_adjust(lagg->host->nl, &port->device, &setup, &lagg->saved.undo[slot], record_undo, &place, sentence);
	if (changed & XLAGG_UNDO_MTU)
		lagg_port_unsettle(lagg, slot);
	/* An agent of an earlier version lets the kernel make addresses: nobody else has changed that. */
	if (!(ours & XLAGG_UNDO_ADDR_GEN))
		changed &= ~(uint32_t)XLAGG_UNDO_ADDR_GEN;
	if (differed)
		*differed |= changed;
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	return r;
}

int lagg_port_adjust(struct lagg *lagg, uint32_t slot, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = lagg_port_mend(lagg, slot, 0, NULL, sentence);
	return r == -ENODEV ? 0 : r; /* an event of its own reports the removal */
}

int lagg_adjust_ports(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS && r == 0; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			r = lagg_port_adjust(lagg, slot, sentence);
	return r;
}

/* A port's carrier changed: polls more often for a while, since the kernel may report a next change late. */
static void poll_hurry(const struct lagg *lagg)
{
	if (lagg->host->poll)
		carrier_poll_hurry(lagg->host->poll, clock_now());
}

/* Counts the port's losses up to now, so that what is read next is not older than they are. */
static void poll_now(const struct lagg *lagg, uint32_t slot)
{
	if (lagg->host->poll)
		carrier_poll_now(lagg->host->poll, lagg->dp, slot, lagg->port[slot].ifindex);
}

/* Tells the core of a loss of carrier, even if carrier is back by now: policy has to count it. */
static void tell_loss(struct lagg *lagg, uint32_t slot, bool admin_up, enum xlagg_detected detected)
{
	struct lagg_port *port = &lagg->port[slot];
	port->link.admin_up = admin_up;
	port->link.carrier = false;
	port->link.ordered = clock_now() < port->settled_ns;
	port->link.detected = detected;
	poll_hurry(lagg);
	input_link(lagg, slot, &port->link);
}

void lagg_port_lost(struct lagg *lagg, uint32_t slot, bool admin_up, enum xlagg_detected detected)
{
	if (!lagg->port[slot].link.carrier)
		return;
	/* The poll first counts a loss and then reports it. By then the core may know of it from elsewhere. */
	if (detected == XLAGG_DETECTED_POLL && !has_lost(lagg, slot))
		return;
	tell_loss(lagg, slot, admin_up, first_to_see(lagg, slot, detected));
}

/* Reads speed and duplex. If they cannot be read now, they stay as they were known, since another speed would make LACP
 * renegotiate. The next check reads them again. */
static void read_speed(const struct lagg_port *port, struct core_link *link)
{
	link->speed = port->link.speed;
	link->duplex = port->link.duplex;
	ethtool_link(port->ifindex, port->device.name, &link->speed, &link->duplex);
}

void lagg_port_refresh(struct lagg *lagg, uint32_t slot, enum xlagg_detected detected)
{
	struct lagg_port *port = &lagg->port[slot];
	struct core_link link = {.present = true, .detected = detected};
	uint32_t now_lost[XLAGG_MAX_PORTS];
	poll_now(lagg, slot);
	/* The counters are read before carrier: a loss in between then counts as one that the core does not know of. */
	datapath_lost(lagg->dp, now_lost);
	int r = netlink_get(lagg->host->nl, port->ifindex, &port->device);
	/* -ENODEV means that the device is gone, which an event of its own reports. Any other failure says nothing
	 * about the link: it is read again later. */
	if (r < 0) {
		if (r != -ENODEV)
			upkeep_mark_port(lagg, slot);
		return;
	}
	link.admin_up = port->device.flags & IFF_UP;
	link.carrier = port->device.carrier;
	link.fifo = port->device.fifo;
	link.detached = lagg->detached || port->detached;
	ethtool_carrier(port->device.name, &link.carrier);
	read_speed(port, &link);
	lagg_port_own_mac(lagg, slot, link.mac);
	/* Some of the losses may have been counted because LACP took the port out. They are not losses of the link. */
	input_begin(lagg);
	uint32_t losses = now_lost[slot] - port->lost, outs = headless_outs(lagg, slot);
	bool blip = port->device.losses != port->losses;
	if (port->link.carrier && (!link.carrier || losses != outs || blip))
		tell_loss(lagg, slot, link.admin_up, losses != outs ? counted_by(lagg) : detected);
	if (link.carrier && !port->link.carrier)
		poll_hurry(lagg);
	port->link = link;
	port->lost = now_lost[slot];
	port->losses = port->device.losses;
	input_link(lagg, slot, &link);
	input_end(lagg);
	shell_count(lagg);
}

void lagg_port_changed(struct lagg *lagg, uint32_t slot)
{
	lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NETLINK);
	upkeep_port(lagg, slot);
}
