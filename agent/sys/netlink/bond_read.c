/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the options and slaves of a bond that runs. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "sys/bonding.h"
#include "sys/netlink/request.h"
#include "xlagg/mac.h"

#define VALUE_MAX 64 /* octets of the longest value as a text, and its NUL */

enum form {
	FORM_NUMBER, /* of one, two or four octets */
	FORM_DEVICE, /* ifindex; the value is the device's name */
	FORM_MAC,
	FORM_ADDRESSES, /* a nest of IPv4 or IPv6 addresses; one call for each */
};

/* Modes of bonding, as bits. */
enum {
	RR = 1 << BOND_MODE_ROUNDROBIN,
	BACKUP = 1 << BOND_MODE_ACTIVEBACKUP,
	XOR = 1 << BOND_MODE_XOR,
	CAST = 1 << BOND_MODE_BROADCAST,
	LACP = 1 << BOND_MODE_8023AD,
	PROBED = RR | BACKUP | XOR | CAST,
	ALL = PROBED | LACP,
};

/* The options, as bonding calls them, and the modes in which they have an effect. */
static const struct option {
	uint16_t type; /* IFLA_BOND_* */
	const char *name;
	enum form form;
	uint32_t modes;
} options[] = {
    {IFLA_BOND_MODE, "mode", FORM_NUMBER, ALL},
    {IFLA_BOND_MIIMON, "miimon", FORM_NUMBER, ALL},
    {IFLA_BOND_UPDELAY, "updelay", FORM_NUMBER, ALL},
    {IFLA_BOND_DOWNDELAY, "downdelay", FORM_NUMBER, ALL},
    {IFLA_BOND_ARP_INTERVAL, "arp_interval", FORM_NUMBER, PROBED},
    {IFLA_BOND_ARP_IP_TARGET, "arp_ip_target", FORM_ADDRESSES, PROBED},
    {IFLA_BOND_ARP_ALL_TARGETS, "arp_all_targets", FORM_NUMBER, PROBED},
    {IFLA_BOND_PRIMARY, "primary", FORM_DEVICE, BACKUP},
    {IFLA_BOND_PRIMARY_RESELECT, "primary_reselect", FORM_NUMBER, BACKUP},
    {IFLA_BOND_FAIL_OVER_MAC, "fail_over_mac", FORM_NUMBER, BACKUP},
    {IFLA_BOND_XMIT_HASH_POLICY, "xmit_hash_policy", FORM_NUMBER, XOR | LACP},
    {IFLA_BOND_RESEND_IGMP, "resend_igmp", FORM_NUMBER, BACKUP},
    {IFLA_BOND_NUM_PEER_NOTIF, "num_grat_arp", FORM_NUMBER, BACKUP},
    {IFLA_BOND_PEER_NOTIF_DELAY, "peer_notif_delay", FORM_NUMBER, BACKUP},
    {IFLA_BOND_ALL_SLAVES_ACTIVE, "all_slaves_active", FORM_NUMBER, BACKUP | LACP},
    {IFLA_BOND_MIN_LINKS, "min_links", FORM_NUMBER, LACP},
    {IFLA_BOND_PACKETS_PER_SLAVE, "packets_per_slave", FORM_NUMBER, RR},
    {IFLA_BOND_AD_LACP_RATE, "lacp_rate", FORM_NUMBER, LACP},
    {IFLA_BOND_AD_LACP_ACTIVE, "lacp_active", FORM_NUMBER, LACP},
    {IFLA_BOND_AD_SELECT, "ad_select", FORM_NUMBER, LACP},
    {IFLA_BOND_AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio", FORM_NUMBER, LACP},
    {IFLA_BOND_AD_USER_PORT_KEY, "ad_user_port_key", FORM_NUMBER, LACP},
    {IFLA_BOND_AD_ACTOR_SYSTEM, "ad_actor_system", FORM_MAC, LACP},
    {IFLA_BOND_MISSED_MAX, "arp_missed_max", FORM_NUMBER, PROBED},
    {IFLA_BOND_NS_IP6_TARGET, "ns_ip6_target", FORM_ADDRESSES, PROBED},
    {IFLA_BOND_COUPLED_CONTROL, "coupled_control", FORM_NUMBER, LACP},
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static bool read_number(const struct nlattr *attr, uint32_t *ret)
{
	size_t len = mnl_attr_get_payload_len(attr);
	*ret = len == 1	  ? mnl_attr_get_u8(attr)
	       : len == 2 ? mnl_attr_get_u16(attr)
	       : len == 4 ? mnl_attr_get_u32(attr)
			  : 0;
	return len == 1 || len == 2 || len == 4;
}

struct reading {
	struct netlink *nl;
	netlink_bond_fn fn;
	void *context;
};

static int take_number(const struct reading *reading, const char *name, const struct nlattr *attr)
{
	char value[VALUE_MAX];
	uint32_t number;
	if (!read_number(attr, &number))
		return -EPROTO;
	snprintf(value, sizeof(value), "%u", number);
	return reading->fn(reading->context, name, value);
}

static int take_device(const struct reading *reading, const char *name, const struct nlattr *attr)
{
	struct device device;
	uint32_t ifindex;
	if (!read_number(attr, &ifindex))
		return -EPROTO;
	int r = ifindex ? netlink_get(reading->nl, (int)ifindex, &device) : -ENODEV;
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	return reading->fn(reading->context, name, device.name);
}

static int take_mac(const struct reading *reading, const char *name, const struct nlattr *attr)
{
	char value[XLAGG_MAC_TEXT];
	if (mnl_attr_get_payload_len(attr) != 6)
		return -EPROTO;
	xlagg_print_mac(mnl_attr_get_payload(attr), value);
	return reading->fn(reading->context, name, value);
}

static int take_addresses(const struct reading *reading, const char *name, const struct nlattr *nest)
{
	char value[INET6_ADDRSTRLEN];
	struct walk attrs = walk_nest(nest);
	const struct nlattr *attr;
	int r = 0;
	while (r == 0 && (attr = walk_next_attr(&attrs))) {
		size_t len = mnl_attr_get_payload_len(attr);
		if ((len != 4 && len != 16) ||
		    !inet_ntop(len == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(attr), value, sizeof(value)))
			return -EPROTO;
		r = reading->fn(reading->context, name, value);
	}
	return r;
}

static int take_option(const struct reading *reading, const struct option *option, const struct nlattr *attr)
{
	switch (option->form) {
	case FORM_DEVICE:
		return take_device(reading, option->name, attr);
	case FORM_MAC:
		return take_mac(reading, option->name, attr);
	case FORM_ADDRESSES:
		return take_addresses(reading, option->name, attr);
	default:
		return take_number(reading, option->name, attr);
	}
}

/* Finds the attribute of that type, or NULL. */
static const struct nlattr *find(struct walk attrs, uint16_t type)
{
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

int netlink_read_bond(struct netlink *nl, int ifindex, netlink_bond_fn fn, void *context)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	int r = netlink_talk(nl, nlh, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *reply = netlink_next(&messages, RTM_NEWLINK, sizeof(struct ifinfomsg));
	const struct nlattr *info = reply ? find(walk_attrs(reply, sizeof(struct ifinfomsg)), IFLA_LINKINFO) : NULL;
	const struct nlattr *data = info ? find(walk_nest(info), IFLA_INFO_DATA) : NULL;
	const struct reading reading = {nl, fn, context};
	if (!data)
		return -EPROTO;
	const struct nlattr *mode = find(walk_nest(data), IFLA_BOND_MODE);
	uint32_t number = 0;
	if (!mode || !read_number(mode, &number) || number > BOND_MODE_ALB)
		return -EPROTO;
	for (size_t i = 0; i < OPTIONS && r == 0; i++) {
		const struct nlattr *attr =
		    options[i].modes >> number & 1 ? find(walk_nest(data), options[i].type) : NULL;
		r = attr ? take_option(&reading, &options[i], attr) : 0;
	}
	return r;
}

/* --- its slaves --- */

struct slaves {
	int bond;
	struct device *list;
	uint32_t count, max;
	bool more; /* there are more than `max` */
};

static void note_slave(void *context, const struct device *device, bool gone)
{
	struct slaves *slaves = context;
	if (gone || device->master != slaves->bond || strcmp(device->master_kind, "bond") != 0)
		return;
	slaves->more |= slaves->count == slaves->max;
	if (slaves->count < slaves->max)
		slaves->list[slaves->count++] = *device;
}

/* Moves the slave of that name to place `at`, if it stands behind. */
static bool move_to(struct slaves *slaves, uint32_t at, const char *name)
{
	for (uint32_t i = at; i < slaves->count; i++) {
		if (strcmp(slaves->list[i].name, name) != 0)
			continue;
		struct device moved = slaves->list[i];
		memmove(&slaves->list[at + 1], &slaves->list[at], (i - at) * sizeof(moved));
		slaves->list[at] = moved;
		return true;
	}
	return false;
}

/* Netlink lists devices by ifindex. The order in which they were enslaved stands in a file of bonding's only; where
 * that cannot be read, they stay as they are. */
static void order(struct slaves *slaves, const char *bond)
{
	struct bonding_slave joined[BONDING_SLAVES];
	int count = bonding_slaves(bond, joined);
	uint32_t at = 0;
	for (int i = 0; i < count && at < slaves->count; i++)
		at += move_to(slaves, at, joined[i].name);
}

int netlink_list_slaves(struct netlink *nl, const struct device *bond, struct device *ret, uint32_t max,
			uint32_t *count)
{
	struct slaves slaves = {.bond = bond->ifindex, .list = ret, .max = max};
	int r = netlink_list(nl, note_slave, &slaves);
	if (r == 0 && slaves.more)
		r = -E2BIG;
	if (r < 0)
		return r;
	order(&slaves, bond->name);
	*count = slaves.count;
	return 0;
}
