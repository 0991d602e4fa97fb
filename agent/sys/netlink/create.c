/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's own device: a veth or netkit pair, made and removed. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sys/netlink/request.h"

/* linux/if_link.h of 6.7 and later. */
enum {
	NETKIT_PEER_INFO = 1,
	NETKIT_POLICY = 3,
	NETKIT_PEER_POLICY = 4,
	NETKIT_MODE = 5,
};
enum { NETKIT_MODE_L2 = 0, NETKIT_POLICY_PASS = 0 };

/* One pair: what is the same for both kinds. */
struct pair {
	const char *kind;
	const char *name, *lower;
	const uint8_t *mac; /* of NAME */
	uint32_t mtu;
	uint32_t queues; /* 0: as the kernel likes */
};

/* A random MAC, locally administered, to one receiver. */
static int draw_mac(uint8_t ret[6])
{
	if (getrandom(ret, 6, 0) != 6)
		return -EIO;
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02);
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

static void put_peer(struct nlmsghdr *nlh, uint16_t type, const struct pair *pair, const uint8_t mac[6])
{
	struct nlattr *peer = mnl_attr_nest_start(nlh, type);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	put_end(nlh, pair, pair->lower, mac);
	mnl_attr_nest_end(nlh, peer);
}

static int create(struct netlink *nl, const struct pair *pair)
{
	struct netlink_request request;
	uint8_t lower_mac[6];
	int r = draw_mac(lower_mac);
	if (r < 0)
		return r;
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
		put_peer(nlh, NETKIT_PEER_INFO, pair, lower_mac);
	} else {
		put_peer(nlh, VETH_INFO_PEER, pair, lower_mac);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, linkinfo);
	return netlink_talk(nl, nlh, NULL);
}

/* The lower end is the agent's own: it says so, and its stack makes no IPv6 addresses. */
static int mark_lower(struct netlink *nl, const struct pair *pair)
{
	struct netlink_request request;
	struct device lower;
	char alias[64];
	int r = netlink_get_by_name(nl, pair->lower, &lower);
	if (r < 0)
		return r;
	snprintf(alias, sizeof(alias), "xlagg: lower end of %s", pair->name);
	r = netlink_set_alias(nl, lower.ifindex, alias);
	if (r < 0)
		return r;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = lower.ifindex;
	struct nlattr *families = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, families);
	r = netlink_talk(nl, nlh, NULL);
	/* A kernel without IPv6, or a device on which it is off, has nothing to switch off. */
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static int add_pair(struct netlink *nl, const struct pair *pair)
{
	if (strlen(pair->name) >= IFNAMSIZ || strlen(pair->lower) >= IFNAMSIZ)
		return -EINVAL;
	int r = create(nl, pair);
	if (r < 0)
		return r;
	r = mark_lower(nl, pair);
	struct device made;
	if (r < 0 && netlink_get_by_name(nl, pair->name, &made) == 0)
		netlink_del(nl, made.ifindex);
	return r;
}

int netlink_add_veth(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6], uint32_t mtu,
		     uint32_t queues)
{
	return add_pair(nl, &(struct pair){"veth", name, lower, mac, mtu, queues});
}

int netlink_add_netkit(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6], uint32_t mtu)
{
	return add_pair(nl, &(struct pair){"netkit", name, lower, mac, mtu, 0});
}

int netlink_del(struct netlink *nl, int ifindex)
{
	struct netlink_request request;
	/* Without an index the kernel would go by other attributes. */
	if (ifindex <= 0)
		return -ENODEV;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	return netlink_talk(nl, nlh, NULL);
}
