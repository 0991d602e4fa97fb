/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A bond that somebody else made, as a command: its options and slaves in our words, and whether it can be taken. */
#include "take.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bonding.h"
#include "laggs.h"
#include "sys/mark.h"
#include "xlagg/mac.h"

/* --- refusals --- */

/* A running lagg is either a bond that was taken already, or xlagg's own, which would have to be removed to make room
 * for a bond that nobody has made yet. */
int take_check_lagg(const struct agent *agent, const char *name, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct lagg *lagg = laggs_find(agent, name);
	if (!lagg)
		return 0;
	if (lagg->model.conf.taken)
		return ctl_refuse(sentence, -EBUSY, "%s was taken already; `xlagg lagg set %s` changes its options",
				  name, name);
	return ctl_refuse(sentence, -EBUSY,
			  "%s is a lagg that xlagg made, and no bond of somebody else's; if it is to be one, first "
			  "`xlagg lagg del %s`",
			  name, name);
}

static int refuse_kind(const struct agent *agent, const struct device *device, const char *name,
		       char sentence[XLAGG_SENTENCE_MAX])
{
	const char *owner = agent->host.calls->lagg_of_device(&agent->host, device->ifindex);
	if (owner)
		return ctl_refuse(sentence, -EINVAL,
				  "%s is not a bond, and belongs to %s; `ip link show type bond` lists the bonds that "
				  "there are",
				  name, owner);
	return ctl_refuse(sentence, -EINVAL, "%s is not a bond; `xlagg lagg add` makes a lagg of other devices", name);
}

static int find_bond(struct agent *agent, const char *name, struct device *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device found;
	int r = take_check_lagg(agent, name, sentence);
	if (r < 0)
		return r;
	r = netlink_get_by_name(agent->host.nl, name, &found);
	if (r == -ENODEV)
		return ctl_refuse(sentence, r,
				  "there is no bond %s in this network namespace; `ip link show type bond` lists those "
				  "that there are",
				  name);
	if (r < 0)
		return ctl_refuse(sentence, r, "the bond %s cannot be read: %s", name, strerror(-r));
	if (strcmp(found.kind, "bond") != 0)
		return refuse_kind(agent, &found, name, sentence);
	if (strcmp(found.name, name) != 0)
		return ctl_refuse(sentence, -EINVAL, "%s is another name of the bond %s; say `xlagg lagg take %s`",
				  name, found.name, found.name);
	*ret = found;
	return 0;
}

/* Whether its mode, and what else cannot be changed while it carries traffic, allow it to be taken. */
static int check_mode(const struct device *bond, char sentence[XLAGG_SENTENCE_MAX])
{
	switch (bond->bond_mode) {
	case BOND_MODE_TLB:
	case BOND_MODE_ALB:
		return ctl_refuse(
		    sentence, -EOPNOTSUPP,
		    "%s has mode balance-%s, whose learning frames and filters cannot be changed while it "
		    "runs; give it another mode first",
		    bond->name, bond->bond_mode == BOND_MODE_TLB ? "tlb" : "alb");
	default:
		return 0;
	}
}

static int check_slave(struct agent *agent, const struct device *bond, const struct device *slave,
		       char sentence[XLAGG_SENTENCE_MAX])
{
	char other[XLAGG_NAME_MAX];
	const char *owner = agent->host.calls->lagg_of_device(&agent->host, slave->ifindex);
	if (owner)
		return ctl_refuse(sentence, -EBUSY,
				  "%s, a slave of %s, is a port of %s already; first `xlagg port del %s %s`",
				  slave->name, bond->name, owner, owner, slave->name);
	if (mark_is_of_port(slave->alias, other))
		return ctl_refuse(
		    sentence, -EBUSY,
		    "%s, a slave of %s, is a port of %s of another agent (by its ifalias); take it out there "
		    "first",
		    slave->name, bond->name, other);
	return 0;
}

static int check_owner(struct agent *agent, const struct device *bond, char sentence[XLAGG_SENTENCE_MAX])
{
	char other[XLAGG_NAME_MAX];
	const char *owner = agent->host.calls->lagg_of_device(&agent->host, bond->ifindex);
	struct lagg *lagg;
	uint32_t slot;
	if (laggs_port_of_device(agent, bond->ifindex, &lagg, &slot))
		return ctl_refuse(sentence, -EBUSY, "%s is a port of %s; first `xlagg port del %s %s`", bond->name,
				  owner, owner, lagg->port[slot].name);
	if (!owner && mark_read(bond->alias, other) == MARK_BOND)
		owner = other;
	if (!owner)
		return 0;
	return ctl_refuse(sentence, -EBUSY, "%s is the device of the lagg %s already; nothing has to be taken",
			  bond->name, owner);
}

static int list_slaves(struct agent *agent, const struct device *bond, struct device ret[XLAGG_MAX_PORTS],
		       uint32_t *count, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = netlink_list_slaves(agent->host.nl, bond, ret, XLAGG_MAX_PORTS, count);
	if (r == -E2BIG)
		return ctl_refuse(sentence, r, "%s has more than %d slaves, and a lagg can have no more ports",
				  bond->name, XLAGG_MAX_PORTS);
	return r < 0 ? ctl_refuse(sentence, r, "the slaves of %s cannot be listed: %s", bond->name, strerror(-r)) : 0;
}

static int check_bond(struct agent *agent, const struct device *bond, const struct device *slaves, uint32_t count,
		      char sentence[XLAGG_SENTENCE_MAX])
{
	int r = check_owner(agent, bond, sentence);
	if (r == 0)
		r = check_mode(bond, sentence);
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = check_slave(agent, bond, &slaves[i], sentence);
	return r;
}

int take_check(struct agent *agent, const char *name, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device bond = {0}, slaves[XLAGG_MAX_PORTS];
	uint32_t count = 0;
	int r = find_bond(agent, name, &bond, sentence);
	if (r == 0)
		r = list_slaves(agent, &bond, slaves, &count, sentence);
	return r < 0 ? r : check_bond(agent, &bond, slaves, count, sentence);
}

/* --- what it is in our words --- */

/* A bond that is being read into a command. */
struct taking {
	struct ctl_command *command;
	struct take_notes *notes;
	uint8_t mode;	/* BOND_MODE_* */
	char *sentence; /* XLAGG_SENTENCE_MAX */
};

static void note(const struct taking *taking, const char *text)
{
	struct take_notes *notes = taking->notes;
	if (notes && *text && notes->count < TAKE_NOTES)
		snprintf(notes->text[notes->count++], TAKE_NOTE_MAX, "%s", text);
}

static bool says(const struct ctl_command *command, int option)
{
	return command->has >> option & 1;
}

static int option_of(const char *name)
{
	return ctl_find_option(false, name, NULL);
}

/* Sets an option, unless the user did. */
static int set(const struct taking *taking, const char *name, const char *value)
{
	struct ctl_command *command = taking->command;
	int option = option_of(name);
	if (says(command, option))
		return 0;
	int r = ctl_parse_value(&xlagg_lagg_options[option], value, &command->conf, taking->sentence);
	if (r == 0)
		command->has |= 1ull << option;
	return r;
}

static void unset(const struct taking *taking, const char *name)
{
	struct xlagg_lagg_conf defaults;
	int option = option_of(name);
	const struct xlagg_option *row = &xlagg_lagg_options[option];
	ctl_defaults(&defaults);
	memcpy((char *)&taking->command->conf + row->offset, (char *)&defaults + row->offset, row->size);
	taking->command->has &= ~(1ull << option);
}

/* The targets come one by one and make one list. */
static int add_target(const struct taking *taking, const char *address)
{
	struct ctl_command *command = taking->command;
	char list[XLAGG_TEXT_MAX + 80];
	int option = option_of("probe");
	bool more = says(command, option);
	snprintf(list, sizeof(list), "%s%s%.64s", more ? command->conf.probe : "", more ? "," : "", address);
	command->has &= ~(1ull << option);
	return set(taking, "probe", list);
}

static int note_idle(const struct taking *taking, const char *name, const char *value)
{
	char text[TAKE_NOTE_MAX];
	snprintf(text, sizeof(text), "%s %.64s: no equivalent, proto broadcast has no link probes", name, value);
	note(taking, text);
	return 0;
}

static bool is_target(const char *name)
{
	return strcmp(name, "arp_ip_target") == 0 || strcmp(name, "ns_ip6_target") == 0;
}

static int take_option(void *context, const char *name, const char *value)
{
	const struct taking *taking = context;
	struct bonding_meaning meaning;
	if (is_target(name) && taking->mode == BOND_MODE_BROADCAST)
		return note_idle(taking, name, value);
	if (is_target(name))
		return add_target(taking, value);
	if (strcmp(name, "fail_over_mac") == 0 && strcmp(value, "2") == 0)
		return ctl_refuse(
		    taking->sentence, -EOPNOTSUPP,
		    "%s has fail_over_mac follow, with which ports exchange their MACs; set it to active or none "
		    "first",
		    taking->command->name);
	int r = bonding_look_up(name, value, &meaning, taking->sentence);
	if (r < 0) /* a word of a newer kernel */
		return r == -ENOENT ? 0 : r;
	note(taking, meaning.note);
	return meaning.option ? set(taking, meaning.option, meaning.value) : 0;
}

/* Targets that the user named replace the bond's. */
static int take_options(struct agent *agent, const struct device *bond, const struct taking *taking)
{
	struct ctl_command *command = taking->command;
	int probe = option_of("probe");
	bool said = says(command, probe);
	char targets[XLAGG_TEXT_MAX];
	memcpy(targets, command->conf.probe, sizeof(targets));
	if (said)
		unset(taking, "probe");
	int r = netlink_read_bond(agent->host.nl, bond->ifindex, take_option, (void *)taking);
	if (said) {
		memcpy(command->conf.probe, targets, sizeof(targets));
		command->has |= 1ull << probe;
	}
	if (r < 0 && !taking->sentence[0])
		return ctl_refuse(taking->sentence, r, "the options of %s cannot be read: %s", bond->name,
				  strerror(-r));
	return r;
}

/* Probes need targets. Without one these are no more than defaults. */
static void drop_idle(const struct taking *taking)
{
	if (says(taking->command, option_of("probe")))
		return;
	unset(taking, "probe-interval");
	unset(taking, "probe-missed");
	unset(taking, "probe-targets");
}

/* Whether a slave has this MAC as its own, so that mac auto means it. */
static bool is_of_slave(const struct device *slaves, uint32_t count, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < count; i++)
		if (memcmp(slaves[i].permaddr, mac, 6) == 0)
			return true;
	return false;
}

static int take_mac(const struct taking *taking, const struct device *bond, const struct device *slaves, uint32_t count)
{
	char mac[XLAGG_MAC_TEXT];
	if (strcmp(taking->command->conf.mac, "active") == 0)
		return 0;
	unset(taking, "mac");
	if (is_of_slave(slaves, count, bond->mac))
		return 0;
	xlagg_print_mac(bond->mac, mac);
	return set(taking, "mac", mac);
}

static struct ctl_port *find_port(struct ctl_command *command, const char *name)
{
	for (uint32_t i = 0; i < command->ports; i++)
		if (strcmp(command->port[i].name, name) == 0)
			return &command->port[i];
	return NULL;
}

/* The slaves become the ports, in their order and with the options that the user gave them. */
static int take_ports(const struct taking *taking, const struct device *slaves, uint32_t count)
{
	struct ctl_command *command = taking->command;
	struct ctl_port ports[XLAGG_MAX_PORTS];
	uint32_t found = 0;
	memset(ports, 0, sizeof(ports));
	for (uint32_t i = 0; i < count; i++) {
		const struct ctl_port *said = find_port(command, slaves[i].name);
		ctl_port_defaults(&ports[i].conf);
		if (said)
			ports[i] = *said;
		memcpy(ports[i].name, slaves[i].name, sizeof(ports[i].name));
		found += said != NULL;
	}
	if (found < command->ports)
		return ctl_refuse(
		    taking->sentence, -EINVAL,
		    "not every port that was named is a slave of %s; name slaves only, or none: they all become "
		    "ports",
		    command->name);
	memcpy(command->port, ports, sizeof(ports));
	command->ports = count;
	return 0;
}

/* Sets an option of a port, unless the user did. */
static void set_port_number(struct ctl_port *port, const char *name, uint32_t value)
{
	int option = ctl_find_option(true, name, NULL);
	if (port->has >> option & 1)
		return;
	memcpy((char *)&port->conf + xlagg_port_options[option].offset, &value, sizeof(value));
	port->has |= 1ull << option;
}

/* `key`: the lagg's. */
static void set_port(struct ctl_port *port, const struct netlink_bond_lacp *lacp, uint32_t key)
{
	set_port_number(port, "number", lacp->actor.port);
	set_port_number(port, "prio", lacp->actor.port_prio);
	if (lacp->actor.key != key)
		set_port_number(port, "key", lacp->actor.key);
}

static int set_number(const struct taking *taking, const char *name, uint32_t value)
{
	char text[16];
	snprintf(text, sizeof(text), "%u", value);
	return set(taking, name, text);
}

/* The system that the partner knows, and the key of the first port. */
static int set_system(const struct taking *taking, const struct xlagg_lacp_end *actor)
{
	char mac[XLAGG_MAC_TEXT];
	xlagg_print_mac(actor->system, mac);
	int r = set(taking, "system-mac", mac);
	if (r == 0)
		r = set_number(taking, "system-prio", actor->system_prio);
	return r < 0 ? r : set_number(taking, "key", actor->key);
}

/* The identity that the partner knows: system, and number, priority and key of each port. `key_said`: by the user. */
static int take_lacp(const struct taking *taking, const struct device *bond, bool key_said)
{
	struct ctl_command *command = taking->command;
	struct netlink_bond_lacp list[XLAGG_MAX_PORTS];
	uint32_t count = 0;
	int r = netlink_read_bond_lacp(bond->name, list, XLAGG_MAX_PORTS, &count);
	if (r < 0)
		return ctl_refuse(taking->sentence, r,
				  "what %s knows of LACP cannot be read from /proc/net/bonding: %s", bond->name,
				  strerror(-r));
	if (!key_said)
		unset(taking, "key");
	for (uint32_t i = 0; i < count && r == 0; i++) {
		struct ctl_port *port = find_port(command, list[i].name);
		r = set_system(taking, &list[i].actor);
		if (port)
			set_port(port, &list[i], command->conf.key);
	}
	return r;
}

static int fill(struct agent *agent, const struct taking *taking, const struct device *bond,
		const struct device *slaves, uint32_t count)
{
	struct ctl_command *command = taking->command;
	bool mac_said = says(command, option_of("mac")), key_said = says(command, option_of("key"));
	int r = take_options(agent, bond, taking);
	if (r < 0)
		return r;
	drop_idle(taking);
	r = mac_said ? 0 : take_mac(taking, bond, slaves, count);
	/* As bonding does, where nothing else is said: one port carries traffic without a partner. */
	if (r == 0 && taking->mode == BOND_MODE_8023AD)
		r = set(taking, "lacp-strict", "off");
	/* Kernels before 6.9 have nothing else. */
	if (r == 0 && taking->mode == BOND_MODE_8023AD)
		r = set(taking, "lacp-mux", "coupled");
	if (!command->has_admin && !(bond->flags & IFF_UP)) {
		command->has_admin = true;
		command->conf.admin = 0;
	}
	if (r == 0)
		r = take_ports(taking, slaves, count);
	return r < 0 || taking->mode != BOND_MODE_8023AD ? r : take_lacp(taking, bond, key_said);
}

int take_fill(struct agent *agent, struct ctl_command *command, struct take_notes *notes,
	      char sentence[XLAGG_SENTENCE_MAX])
{
	struct device bond = {0}, slaves[XLAGG_MAX_PORTS];
	uint32_t count = 0;
	int r = find_bond(agent, command->name, &bond, sentence);
	if (r == 0)
		r = list_slaves(agent, &bond, slaves, &count, sentence);
	if (r == 0)
		r = check_bond(agent, &bond, slaves, count, sentence);
	const struct taking taking = {command, notes, bond.bond_mode, sentence};
	return r < 0 ? r : fill(agent, &taking, &bond, slaves, count);
}

int take_check_name(struct agent *agent, const char *name, bool check, int *leaving, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device found;
	if (netlink_get_by_name(agent->host.nl, name, &found) < 0)
		return 0;
	if (strcmp(found.kind, "bond") != 0)
		return ctl_refuse(sentence, -EEXIST,
				  "%s: a device of that name exists already: choose another name, or remove it with ip "
				  "link del",
				  name);
	ctl_refuse(sentence, -EEXIST,
		   "%s: a bond of that name exists: remove it with ip link del, or make a lagg of it as it runs with "
		   "`xlagg lagg take`",
		   name);
	if (!check)
		return -EEXIST;
	*leaving = found.ifindex;
	if (!agent->host.warning[0])
		memcpy(agent->host.warning, sentence, sizeof(agent->host.warning));
	sentence[0] = 0;
	return 0;
}
