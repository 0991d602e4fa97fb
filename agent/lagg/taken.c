/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A bond that somebody else made: taken over and given back while it carries traffic, and its slaves meanwhile. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bonding.h"
#include "lagg/effects.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/shell.h"
#include "lagg/taken.h"
#include "xlagg/wire.h"

#define MIIMON_MS 100 /* how often bonding looks at its slaves' carrier, where it did not */
/* How long after a slave was taken out of a bond that is deleted it may still have been for that. */
#define DISMANTLING_NS (30 * NS_PER_S)
#define SLAVE_RETRY_NS (2 * NS_PER_S) /* after which slaves are tried again when one could not be a port */

int taken_find(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device bond;
	int r = netlink_get_by_name(lagg->host->nl, model->name, &bond);
	if (r == 0 && strcmp(bond.kind, "bond") != 0)
		r = -EINVAL;
	if (r < 0)
		return ctl_refuse(sentence, r, "%s cannot be taken: %s", model->name,
				  r == -EINVAL ? "it is no bond" : strerror(-r));
	lagg->device = XLAGG_DEVICE_BOND;
	lagg->idle = true;
	lagg->ifindex = bond.ifindex;
	lagg->bond_mode = bond.bond_mode;
	lagg->bond_policy = bond.bond_policy;
	lagg->looks.mtu = bond.mtu;
	lagg->promisc = bond.promiscuity > 0;
	memcpy(lagg->looks.mac, bond.mac, 6);
	identity_keep_mac(lagg, bond.mac);
	lagg->saved.bond = (struct xlagg_taken){.taken = 1,
						.miimon = bond.bond_miimon,
						.arp_interval = bond.bond_arp_interval,
						.all_slaves_active = bond.bond_all_active};
	memcpy(lagg->saved.bond.mac, bond.mac, 6);
	return 0;
}

/* --- LACP --- */

bool taken_speaks_lacp(const struct lagg *lagg)
{
	return lagg->saved.bond.taken && lagg->bond_mode == BOND_MODE_8023AD &&
	       lagg->model.conf.proto == XLAGG_PROTO_LACP;
}

static bool adopts_lacp(const struct lagg *lagg)
{
	return lagg->idle && !lagg->ending && taken_speaks_lacp(lagg);
}

void taken_begin(struct lagg *lagg)
{
	if (adopts_lacp(lagg))
		core_hold(lagg->core);
}

void taken_begun(struct lagg *lagg)
{
	static const struct xlagg_history none;
	if (adopts_lacp(lagg))
		input_adopted(lagg, &none);
}

static const struct netlink_bond_lacp *find_lacp(const struct netlink_bond_lacp *list, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* The lowest slot whose port is in bonding's aggregator of that number. */
static uint8_t aggregator_of(const struct lagg *lagg, const struct netlink_bond_lacp *list, uint32_t count,
			     uint32_t number)
{
	for (uint8_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		const struct netlink_bond_lacp *lacp =
		    lagg->port[slot].used ? find_lacp(list, count, lagg->port[slot].name) : NULL;
		if (lacp && lacp->aggregator == number)
			return slot;
	}
	return 0;
}

/* Bonding's states of collecting and distributing, as a state of the Mux machine. */
static uint8_t mux_of(const struct lagg *lagg, uint8_t state)
{
	if (state & XLAGG_STATE_DISTRIBUTING)
		return lagg->model.conf.lacp_mux == XLAGG_MUX_COUPLED ? XLAGG_MUX_COLLECTING_DISTRIBUTING
								      : XLAGG_MUX_DISTRIBUTING;
	return state & XLAGG_STATE_COLLECTING ? XLAGG_MUX_COLLECTING : XLAGG_MUX_ATTACHED;
}

void taken_adopt_lacp(struct lagg *lagg, uint32_t slot)
{
	struct netlink_bond_lacp list[XLAGG_MAX_PORTS];
	uint32_t count = 0;
	if (!adopts_lacp(lagg) || netlink_read_bond_lacp(lagg->model.name, list, XLAGG_MAX_PORTS, &count) < 0)
		return;
	const struct netlink_bond_lacp *lacp = find_lacp(list, count, lagg->port[slot].name);
	if (!lacp)
		return;
	/* A port that does not carry traffic starts anew. */
	bool goes_on = lacp->active && lacp->actor.state & XLAGG_STATE_SYNC &&
		       !(lacp->actor.state & (XLAGG_STATE_DEFAULTED | XLAGG_STATE_EXPIRED));
	const struct xlagg_lacp left = {.partner_known = goes_on,
					.actor = lacp->actor,
					.partner_oper = lacp->partner,
					.view = lacp->actor,
					.mux = mux_of(lagg, lacp->actor.state),
					.selected = XLAGG_SELECTED,
					.aggregator = aggregator_of(lagg, list, count, lacp->aggregator),
					.active = 1,
					.matched = 1,
					.view_known = 1};
	core_adopt_lacp(lagg->core, slot, &left);
}

/* --- taking and giving --- */

/* Bonding's active slave is the lagg's active port: nobody notices who chooses it from now on. */
static void keep_active(struct lagg *lagg)
{
	struct device bond;
	if (lagg->model.conf.proto != XLAGG_PROTO_FAILOVER || lagg->bond_mode != BOND_MODE_ACTIVEBACKUP ||
	    netlink_get(lagg->host->nl, lagg->ifindex, &bond) < 0)
		return;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (bond.bond_active && lagg->port[slot].ifindex == bond.bond_active &&
		    bond.bond_active != shell_active_port(lagg))
			input_activate(lagg, slot);
}

static bool is_gone(struct lagg *lagg)
{
	struct device bond;
	return netlink_get(lagg->host->nl, lagg->ifindex, &bond) == -ENODEV;
}

/* Frames are received on every slave while programs come and go, and bonding looks at carrier. */
static int prepare(struct lagg *lagg)
{
	struct netlink *nl = lagg->host->nl;
	int r = record_save(lagg);
	if (r == 0 && !lagg->saved.bond.all_slaves_active)
		r = netlink_set_bond_u8(nl, lagg->ifindex, IFLA_BOND_ALL_SLAVES_ACTIVE, 1);
	/* This ends bonding's own probes by ARP: the lagg sends them now. */
	if (r == 0 && !lagg->saved.bond.miimon)
		r = netlink_set_bond_u32(nl, lagg->ifindex, IFLA_BOND_MIIMON, MIIMON_MS);
	return r;
}

/* Attaches the programs, or detaches them. */
static int set_idle(struct lagg *lagg, bool idle, char sentence[XLAGG_SENTENCE_MAX])
{
	struct datapath_setup setup;
	lagg->idle = idle;
	lagg_setup(lagg, &setup);
	int r = datapath_change(lagg->dp, &setup, sentence);
	if (r < 0)
		lagg->idle = !idle;
	return r;
}

int taken_take(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	keep_active(lagg);
	int r = prepare(lagg);
	if (r < 0)
		return ctl_refuse(sentence, r, "%s cannot be taken: %s", lagg->model.name, strerror(-r));
	r = set_idle(lagg, false, sentence);
	if (r == 0) {
		shell_assert_carrier(lagg);
		shell_follow_active(lagg);
	}
	/* The partners were heard meanwhile, by bonding. */
	if (r == 0 && taken_speaks_lacp(lagg))
		headless_catch_up(lagg);
	return r;
}

int taken_check_sends(const struct xlagg_saved *saved, const char *folder, int ifindex, char why[XLAGG_SENTENCE_MAX])
{
	if (!saved->bond.taken || datapath_has_bond(folder, ifindex))
		return 0;
	snprintf(why, XLAGG_SENTENCE_MAX, "bonding sends on it again");
	return -EAGAIN;
}

int taken_restore(struct netlink *nl, const struct xlagg_taken *before, int ifindex)
{
	struct device bond;
	int r = netlink_get(nl, ifindex, &bond);
	if (r == 0 && bond.link_mode != IF_LINK_MODE_DEFAULT)
		r = netlink_set_dormant(nl, ifindex, false);
	if (r == 0 && bond.bond_miimon != before->miimon)
		r = netlink_set_bond_u32(nl, ifindex, IFLA_BOND_MIIMON, before->miimon);
	if (r == 0 && before->arp_interval && bond.bond_arp_interval != before->arp_interval)
		r = netlink_set_bond_u32(nl, ifindex, IFLA_BOND_ARP_INTERVAL, before->arp_interval);
	if (r == 0 && bond.bond_all_active != before->all_slaves_active)
		r = netlink_set_bond_u8(nl, ifindex, IFLA_BOND_ALL_SLAVES_ACTIVE, before->all_slaves_active);
	return r == -ENODEV ? 0 : r;
}

void taken_give(struct lagg *lagg)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (!lagg->saved.bond.taken)
		return;
	shell_follow_active(lagg);
	int r = lagg->idle ? 0 : set_idle(lagg, true, sentence);
	if (r < 0 && !is_gone(lagg))
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its programs are not detached from it yet: %s",
			  sentence);
	lagg->idle = true;
	r = taken_restore(lagg->host->nl, &lagg->saved.bond, lagg->ifindex);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its options cannot be put back yet: %s",
			  strerror(-r));
}

void taken_keep_slave(struct xlagg_undo *undo)
{
	undo->changed &= ~(uint32_t)(XLAGG_UNDO_MASTER | XLAGG_UNDO_MAC | XLAGG_UNDO_MTU | XLAGG_UNDO_UP);
}

/* --- its options --- */

/* A bond's options, one "NAME VALUE" a line. */
struct options {
	char text[TAKEN_OPTIONS_MAX];
	size_t len;
};

/* Those that are put back are not among them. */
static int note_option(void *context, const char *name, const char *value)
{
	struct options *options = context;
	size_t room = sizeof(options->text) - options->len;
	if (strcmp(name, "all_slaves_active") == 0 || strcmp(name, "miimon") == 0 || strcmp(name, "arp_interval") == 0)
		return 0;
	int len = snprintf(options->text + options->len, room, "%s %s\n", name, value);
	if (len < 0 || (size_t)len >= room)
		return -E2BIG;
	options->len += (size_t)len;
	return 0;
}

/* Says what the change of one option would be here. `line`: "NAME VALUE". */
static void say_changed(struct lagg *lagg, char *line)
{
	struct bonding_meaning meaning = {0};
	char text[XLAGG_SENTENCE_MAX], *value = strchr(line, ' ');
	if (!value)
		return;
	*value++ = 0;
	bool known = bonding_look_up(line, value, &meaning, text) == 0 && meaning.option;
	snprintf(text, sizeof(text), "someone else set bonding's %.20s to %.30s, which changes nothing here%s%s%s%.30s",
		 line, value, known ? ": xlagg lagg set does, with " : "", known ? meaning.option : "",
		 known ? " " : "", meaning.value);
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "%s", text);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, text);
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	for (; *text; text += strcspn(text, "\n") + 1)
		if (strncmp(text, line, len) == 0 && text[len] == '\n')
			return true;
	return false;
}

static void say_changes(struct lagg *lagg, const struct options *now)
{
	char copy[TAKEN_OPTIONS_MAX], *rest = copy, *line;
	memcpy(copy, now->text, sizeof(copy));
	while ((line = strsep(&rest, "\n")))
		if (*line && !has_line(lagg->bond_options, line))
			say_changed(lagg, line);
}

static int follow_options(struct lagg *lagg)
{
	struct options now = {0};
	int r = netlink_read_bond(lagg->host->nl, lagg->ifindex, note_option, &now);
	if (r < 0)
		return r;
	if (lagg->bond_options[0] && strcmp(lagg->bond_options, now.text) != 0)
		say_changes(lagg, &now);
	memcpy(lagg->bond_options, now.text, sizeof(now.text));
	return 0;
}

int taken_keep(struct lagg *lagg)
{
	struct netlink *nl = lagg->host->nl;
	struct device bond;
	if (!lagg->saved.bond.taken || lagg->idle)
		return 0;
	int r = netlink_get(nl, lagg->ifindex, &bond);
	if (r == 0 && !bond.bond_all_active)
		r = netlink_set_bond_u8(nl, lagg->ifindex, IFLA_BOND_ALL_SLAVES_ACTIVE, 1);
	if (r == 0 && !bond.bond_miimon)
		r = netlink_set_bond_u32(nl, lagg->ifindex, IFLA_BOND_MIIMON, MIIMON_MS);
	return r < 0 ? r : follow_options(lagg);
}

/* --- its slaves --- */

void taken_port_leaves(struct lagg *lagg, uint32_t slot)
{
	struct xlagg_undo *undo = &lagg->saved.undo[slot];
	if (!lagg->saved.bond.taken)
		return;
	taken_keep_slave(undo);
	/* A take that is refused leaves the slaves where they were. */
	if (!lagg->ending && !lagg->idle && undo->ifindex && lagg->port[slot].device.master == lagg->ifindex)
		undo->changed |= XLAGG_UNDO_MASTER;
}

/* Whoever deletes a bond may take out its slaves first, and with them goes what was said of them. */
static void note_whole(struct lagg *lagg)
{
	uint64_t now = clock_now(), before = lagg->whole_ns;
	lagg->whole_ns = now;
	if (lagg->whole && now - before < DISMANTLING_NS)
		return;
	if (!lagg->whole)
		lagg->whole = malloc(sizeof(*lagg->whole));
	if (lagg->whole)
		*lagg->whole = lagg->model;
}

void taken_model(const struct lagg *lagg, struct xlagg_model *ret)
{
	*ret = lagg->model;
	/* That it was set down first says nothing of the next one. */
	ret->conf.admin = 1;
	if (!lagg->whole || clock_now() - lagg->whole_ns >= DISMANTLING_NS)
		return;
	ret->ports = lagg->whole->ports;
	memcpy(ret->port, lagg->whole->port, sizeof(ret->port));
	memcpy(ret->conf.primary, lagg->whole->conf.primary, sizeof(ret->conf.primary));
}

/* As after `port del`: a primary that is no port is none. */
static void drop_primary(struct lagg *lagg, const char *name)
{
	char *primary = lagg->model.conf.primary;
	if (strcmp(primary, name) != 0)
		return;
	memset(primary, 0, sizeof(lagg->model.conf.primary));
	memcpy(primary, "auto", sizeof("auto"));
	input_options(lagg, &lagg->model.conf);
}

bool taken_slave_left(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct device device;
	if (!lagg->saved.bond.taken || netlink_get(lagg->host->nl, port->ifindex, &device) < 0 ||
	    device.master == lagg->ifindex)
		return false;
	/* A bond that was deleted has put its slaves back, and with it the lagg ends. */
	if (is_gone(lagg))
		return true;
	note_whole(lagg);
	log_about(LOG_LEVEL_INFO, lagg->model.name, port->name, "was taken out of the bond: it is no longer a port");
	port->device = device;
	drop_primary(lagg, port->name);
	lagg_port_del(lagg, slot);
	return true;
}

static int add_slave(struct lagg *lagg, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_port_model model = {0};
	memcpy(model.name, device->name, sizeof(model.name));
	ctl_port_defaults(&model.conf);
	return lagg_port_add(lagg, &model, sentence);
}

/* Otherwise what the bond sends would find no port. */
int taken_add_slaves(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device bond, slaves[XLAGG_MAX_PORTS];
	uint32_t count = 0;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &bond);
	if (r == 0)
		r = netlink_list_slaves(lagg->host->nl, &bond, slaves, XLAGG_MAX_PORTS, &count);
	for (uint32_t i = 0; i < count && r == 0; i++)
		if (lagg_port_find(lagg, slaves[i].name) < 0)
			r = add_slave(lagg, &slaves[i], sentence);
	if (r < 0 && !sentence[0])
		ctl_refuse(sentence, r, "the slaves of %s cannot become its ports: %s", lagg->model.name, strerror(-r));
	return r;
}

void taken_slave_added(struct lagg *lagg, const struct device *device)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (!lagg->saved.bond.taken || lagg->idle || device->master != lagg->ifindex ||
	    lagg_port_find(lagg, device->name) >= 0 || clock_now() < lagg->slave_retry_ns)
		return;
	int r = add_slave(lagg, device, sentence);
	if (r == 0)
		r = record_save(lagg);
	if (r == 0) {
		log_about(LOG_LEVEL_INFO, lagg->model.name, device->name, "was put into the bond: it is a port now");
		return;
	}
	lagg->slave_retry_ns = clock_now() + SLAVE_RETRY_NS;
	log_about(LOG_LEVEL_WARNING, lagg->model.name, device->name, "was put into the bond and cannot be a port: %s",
		  sentence[0] ? sentence : strerror(-r));
}
