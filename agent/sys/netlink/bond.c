/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A bond as the lagg's own device, with a dummy device as its lower end, and what is set of bonds and their slaves. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/mark.h"
#include "sys/netlink/request.h"

#define MIIMON_MS 100			     /* how often bonding looks at its slaves' carrier */
#define QUEUES (XLAGG_MAX_PORTS + 1)	     /* a queue_id has to be one of the bond's queues, and 0 means none */
#define HASH_POLICY BOND_XMIT_POLICY_ENCAP34 /* spreads the frames of a bond that has lost our programs */

/* What is being created. */
struct part {
	const char *name, *lagg;
	const uint8_t *mac;
	uint32_t mtu;
	enum mark mark;
};

/* A request that creates a device, up to what is special to its kind. */
static struct nlmsghdr *begin_create(struct netlink_request *request, const struct part *part)
{
	struct nlmsghdr *nlh = netlink_begin(request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, part->name);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, part->mac);
	mnl_attr_put_u32(nlh, IFLA_MTU, part->mtu);
	return nlh;
}

static int create_bond(struct netlink *nl, const struct part *part, uint8_t mode)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_create(&request, part);
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, QUEUES);
	struct nlattr *linkinfo = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bond");
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_BOND_MODE, mode);
	mnl_attr_put_u32(nlh, IFLA_BOND_MIIMON, MIIMON_MS);
	if (mode == BOND_MODE_XOR)
		mnl_attr_put_u8(nlh, IFLA_BOND_XMIT_HASH_POLICY, HASH_POLICY);
	mnl_attr_put_u8(nlh, IFLA_BOND_ALL_SLAVES_ACTIVE, 1);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

/* The lower end only asks for the neighbour that is the clock (clock.c), so it must ask by ARP at all. */
static int create_lower(struct netlink *nl, const struct part *part)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_create(&request, part);
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_change = IFF_NOARP;
	struct nlattr *linkinfo = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "dummy");
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

static bool is_part(const struct device *device, const struct part *part)
{
	return strcmp(device->kind, part->mark == MARK_BOND ? "bond" : "dummy") == 0 &&
	       memcmp(device->mac, part->mac, sizeof(device->mac)) == 0;
}

/* Finds the device that was just created and marks it. `r`: what creating it returned. Despite an error it may exist:
 * perhaps only the answer was lost. */
static int mark_created(struct netlink *nl, const struct part *part, int r, int *ifindex)
{
	struct device device;
	char alias[MARK_MAX];
	int found = r == -EEXIST ? r : netlink_get_by_name(nl, part->name, &device);
	if (found < 0 || (r < 0 && !is_part(&device, part)))
		return r < 0 ? r : found;
	*ifindex = device.ifindex;
	mark_write(part->mark, part->lagg, alias);
	return netlink_set_alias(nl, device.ifindex, alias);
}

static int add_lower(struct netlink *nl, const char *name, const char *lagg, const uint8_t drawn[6], uint32_t mtu,
		     int *ifindex)
{
	const struct part part = {.name = name, .lagg = lagg, .mac = drawn, .mtu = mtu, .mark = MARK_LOWER};
	int r = mark_created(nl, &part, create_lower(nl, &part), ifindex);
	if (r < 0)
		return r;
	r = netlink_set_addr_gen_mode(nl, *ifindex, IN6_ADDR_GEN_MODE_NONE);
	/* Without IPv6 in the kernel or on the device there is nothing to switch off. */
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

/* Removes what was created with this MAC, now or when something is created next. */
static void remove_created(struct netlink *nl, const uint8_t drawn[6])
{
	memcpy(nl->unfinished, drawn, sizeof(nl->unfinished));
	netlink_clear_unfinished(nl);
}

int netlink_add_bond_lower(struct netlink *nl, const char *name, const char *lagg, const uint8_t drawn[6], uint32_t mtu,
			   int *ifindex)
{
	int created = 0, r = netlink_clear_unfinished(nl);
	if (r < 0)
		return r;
	r = add_lower(nl, name, lagg, drawn, mtu, &created);
	if (r == 0)
		*ifindex = created;
	else
		remove_created(nl, drawn);
	return r;
}

int netlink_add_bond(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		     const uint8_t drawn[6], uint32_t mtu, uint8_t mode, struct netlink_pair *ret)
{
	struct netlink_pair pair = {0};
	if (strlen(name) >= IFNAMSIZ || strlen(lower) >= IFNAMSIZ)
		return -EINVAL;
	const struct part part = {.name = name, .lagg = name, .mac = drawn, .mtu = mtu, .mark = MARK_BOND};
	int r = netlink_clear_unfinished(nl);
	if (r < 0)
		return r;
	r = mark_created(nl, &part, create_bond(nl, &part, mode), &pair.ifindex);
	if (r == 0)
		r = netlink_set_mac(nl, pair.ifindex, mac);
	if (r == 0)
		r = netlink_set_dormant(nl, pair.ifindex, true);
	if (r == 0)
		r = add_lower(nl, lower, name, drawn, mtu, &pair.lower_ifindex);
	if (r == 0) {
		*ret = pair;
		return 0;
	}
	if (pair.lower_ifindex)
		netlink_del(nl, pair.lower_ifindex);
	if (pair.ifindex)
		netlink_del(nl, pair.ifindex);
	remove_created(nl, drawn);
	return r;
}

/* A request that changes a device that exists, up to IFLA_LINKINFO. */
static struct nlmsghdr *begin_change(struct netlink_request *request, int ifindex)
{
	/* Not RTM_SETLINK, with which the kernel ignores what is special to a kind. */
	struct nlmsghdr *nlh = netlink_begin(request, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	return nlh;
}

int netlink_enslave(struct netlink *nl, int ifindex, int bond)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)bond);
	return netlink_talk(nl, nlh, NULL);
}

int netlink_set_bond_queue(struct netlink *nl, int ifindex, uint16_t queue)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	struct nlattr *linkinfo = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bond");
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u16(nlh, IFLA_BOND_SLAVE_QUEUE_ID, queue);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

/* Sets one option of a bond. */
static int set_option(struct netlink *nl, int bond, uint16_t option, const void *value, size_t len)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, bond);
	struct nlattr *linkinfo = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bond");
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put(nlh, option, len, value);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

int netlink_set_bond_u8(struct netlink *nl, int bond, uint16_t option, uint8_t value)
{
	return set_option(nl, bond, option, &value, sizeof(value));
}

int netlink_set_bond_u32(struct netlink *nl, int bond, uint16_t option, uint32_t value)
{
	return set_option(nl, bond, option, &value, sizeof(value));
}

int netlink_set_bond_active(struct netlink *nl, int bond, int ifindex)
{
	return netlink_set_bond_u32(nl, bond, IFLA_BOND_ACTIVE_SLAVE, (uint32_t)ifindex);
}

int netlink_set_dormant(struct netlink *nl, int ifindex, bool dormant)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	/* The mode decides what a later change of carrier makes of the state, which itself only changes between these
	 * two here: a device without carrier stays down. */
	mnl_attr_put_u8(nlh, IFLA_LINKMODE, dormant ? IF_LINK_MODE_DORMANT : IF_LINK_MODE_DEFAULT);
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, dormant ? IF_OPER_DORMANT : IF_OPER_UP);
	return netlink_talk(nl, nlh, NULL);
}
