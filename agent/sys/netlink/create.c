/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Creates and removes the lagg's own device: a veth or netkit pair. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sys/again.h"
#include "sys/mark.h"
#include "sys/netlink/request.h"

/* From linux/if_link.h of Linux 6.7 and later. */
enum {
	NETKIT_PEER_INFO = 1,
	NETKIT_POLICY = 3,
	NETKIT_PEER_POLICY = 4,
	NETKIT_MODE = 5,
};
enum { NETKIT_MODE_L2 = 0, NETKIT_POLICY_PASS = 0 };

#define FIND_TRIES 8 /* so often the search for a pair is repeated, each time with tries of its own (sys/again.h) */

/* The pair to be made, of either kind. */
struct pair {
	const char *kind;
	const char *name, *lower;
	const uint8_t *mac, *lower_mac;
	uint32_t mtu;
	uint32_t queues; /* 0: as many as the kernel chooses */
};

int netlink_draw_mac(uint8_t ret[6])
{
	uint8_t mac[6];
	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return -EIO;
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02); /* a unicast MAC that is locally administered */
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

static void put_end(struct nlmsghdr *nlh, const struct pair *pair, const char *name, const uint8_t mac[6])
{
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(nlh, IFLA_MTU, pair->mtu);
	if (pair->queues) {
		mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, pair->queues);
		mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, pair->queues);
	}
}

static void put_peer(struct nlmsghdr *nlh, uint16_t type, const struct pair *pair)
{
	struct nlattr *peer = mnl_attr_nest_start(nlh, type);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	put_end(nlh, pair, pair->lower, pair->lower_mac);
	mnl_attr_nest_end(nlh, peer);
}

static int create(struct netlink *nl, const struct pair *pair)
{
	struct netlink_request request;
	struct nlmsghdr *nlh =
	    netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	put_end(nlh, pair, pair->name, pair->mac);
	struct nlattr *linkinfo = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, pair->kind);
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (strcmp(pair->kind, "netkit") == 0) {
		mnl_attr_put_u32(nlh, NETKIT_MODE, NETKIT_MODE_L2);
		mnl_attr_put_u32(nlh, NETKIT_POLICY, NETKIT_POLICY_PASS);
		mnl_attr_put_u32(nlh, NETKIT_PEER_POLICY, NETKIT_POLICY_PASS);
		put_peer(nlh, NETKIT_PEER_INFO, pair);
	} else {
		put_peer(nlh, VETH_INFO_PEER, pair);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

/* Marks the lower end as the agent's own and tells the kernel to make no IPv6 addresses on it. */
static int mark_lower(struct netlink *nl, const struct pair *pair, int ifindex)
{
	struct netlink_request request;
	char alias[MARK_MAX];
	mark_write(MARK_LOWER, pair->name, alias);
	int r = netlink_set_alias(nl, ifindex, alias);
	if (r < 0)
		return r;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	struct nlattr *families = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, families);
	r = netlink_talk(nl, nlh, NULL);
	/* Without IPv6 in the kernel or on the device there is nothing to switch off. */
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

/* Finds the lower end by the MAC that was drawn for it. -ENODEV: there is none, or its name is another device's. */
static int find_lower(struct netlink *nl, const struct pair *pair, const uint8_t mac[6], struct device *ret)
{
	struct device found;
	uint32_t tries = 0;
	int r;
	do
		r = netlink_get_by_name(nl, pair->lower, &found);
	while (again(&tries, r < 0 && r != -ENODEV));
	if (r < 0)
		return r;
	if (memcmp(found.mac, mac, sizeof(found.mac)) != 0)
		return -ENODEV;
	*ret = found;
	return 0;
}

static int remove_pair(struct netlink *nl, int ifindex)
{
	uint32_t tries = 0;
	int r;
	do
		r = netlink_del(nl, ifindex);
	while (again(&tries, r < 0 && r != -ENODEV));
	return r == -ENODEV ? 0 : r;
}

/* The devices with a MAC that was drawn. */
struct drawn {
	struct netlink *nl;
	const uint8_t *mac;
	int r; /* 0, or the first error */
};

static void remove_drawn(void *context, const struct device *device, bool gone)
{
	struct drawn *drawn = context;
	bool ours = strcmp(device->kind, "veth") == 0 || strcmp(device->kind, "netkit") == 0 ||
		    strcmp(device->kind, "dummy") == 0 || strcmp(device->kind, "bond") == 0;
	if (gone || !ours || memcmp(device->mac, drawn->mac, sizeof(device->mac)) != 0)
		return;
	int r = remove_pair(drawn->nl, device->ifindex);
	drawn->r = drawn->r < 0 ? drawn->r : r;
}

int netlink_del_drawn(struct netlink *nl, const uint8_t mac[6])
{
	struct drawn drawn = {.nl = nl, .mac = mac};
	int r = netlink_list(nl, remove_drawn, &drawn);
	return r < 0 ? r : drawn.r;
}

int netlink_clear_unfinished(struct netlink *nl)
{
	static const uint8_t none[6];
	if (memcmp(nl->unfinished, none, sizeof(none)) == 0)
		return 0;
	int r = netlink_del_drawn(nl, nl->unfinished);
	if (r == 0)
		memset(nl->unfinished, 0, sizeof(nl->unfinished));
	return r;
}

/* Marks the pair that was created, or removes it again. */
static int finish(struct netlink *nl, const struct pair *pair, const struct device *lower, struct netlink_pair *ret)
{
	int r = mark_lower(nl, pair, lower->ifindex);
	if (r == 0) {
		*ret = (struct netlink_pair){.ifindex = lower->link, .lower_ifindex = lower->ifindex};
		return 0;
	}
	if (remove_pair(nl, lower->ifindex) < 0)
		memcpy(nl->unfinished, pair->lower_mac, sizeof(nl->unfinished));
	return r;
}

static int add_pair(struct netlink *nl, const struct pair *pair, struct netlink_pair *ret)
{
	struct device lower;
	if (strlen(pair->name) >= IFNAMSIZ || strlen(pair->lower) >= IFNAMSIZ)
		return -EINVAL;
	int r = netlink_clear_unfinished(nl);
	if (r < 0)
		return r;
	int created = create(nl, pair);
	/* Despite an error the pair may exist: perhaps only the answer was lost. Nobody else knows it for ours then. */
	r = find_lower(nl, pair, pair->lower_mac, &lower);
	for (int i = 1; r == -ENOBUFS && i < FIND_TRIES; i++)
		r = find_lower(nl, pair, pair->lower_mac, &lower);
	if (r == 0)
		return finish(nl, pair, &lower, ret);
	if (r != -ENODEV)
		memcpy(nl->unfinished, pair->lower_mac, sizeof(nl->unfinished));
	return created < 0 ? created : r;
}

int netlink_add_veth(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		     const uint8_t drawn[6], uint32_t mtu, uint32_t queues, struct netlink_pair *ret)
{
	const struct pair pair = {
	    .kind = "veth", .name = name, .lower = lower, .mac = mac, .lower_mac = drawn, .mtu = mtu, .queues = queues};
	return add_pair(nl, &pair, ret);
}

int netlink_add_netkit(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		       const uint8_t drawn[6], uint32_t mtu, struct netlink_pair *ret)
{
	const struct pair pair = {
	    .kind = "netkit", .name = name, .lower = lower, .mac = mac, .lower_mac = drawn, .mtu = mtu};
	return add_pair(nl, &pair, ret);
}

int netlink_del(struct netlink *nl, int ifindex)
{
	struct netlink_request request;
	/* Without an index the kernel would look for other attributes. */
	if (ifindex <= 0)
		return -ENODEV;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	return netlink_talk(nl, nlh, NULL);
}

int netlink_draw_group(uint32_t *ret)
{
	uint32_t group;
	if (getrandom(&group, sizeof(group), 0) != sizeof(group))
		return -EIO;
	/* The kernel takes it for a signed number. */
	*ret = (group | 0x40000000u) & 0x7fffffffu;
	return 0;
}

int netlink_del_group(struct netlink *nl, uint32_t group)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	return netlink_talk(nl, nlh, NULL);
}
