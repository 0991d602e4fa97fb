/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the MACs that a bridge knows and how it treats its ports. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/netlink/request.h"

static bool read_neighbour(const struct nlmsghdr *nlh, int bridge, struct netlink_neighbour *ret)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
	/* NUD_PERMANENT marks the bridge's own addresses, NTF_SELF entries of a device's filter. */
	if (info->ndm_family != AF_BRIDGE || (info->ndm_state & NUD_PERMANENT) || (info->ndm_flags & NTF_SELF))
		return false;
	bool has_mac = false;
	int master = 0;
	const struct nlattr *attr;
	*ret = (struct netlink_neighbour){.port = info->ndm_ifindex};
	struct walk attrs = walk_attrs(nlh, sizeof(*info));
	while ((attr = walk_next_attr(&attrs))) {
		size_t len = mnl_attr_get_payload_len(attr);
		switch (mnl_attr_get_type(attr)) {
		case NDA_LLADDR:
			has_mac = len == sizeof(ret->mac);
			if (has_mac)
				memcpy(ret->mac, mnl_attr_get_payload(attr), len);
			break;
		case NDA_VLAN:
			ret->vlan = len >= sizeof(uint16_t) ? mnl_attr_get_u16(attr) : 0;
			break;
		case NDA_MASTER:
			master = len >= sizeof(uint32_t) ? (int)mnl_attr_get_u32(attr) : 0;
			break;
		default:
			break;
		}
	}
	return has_mac && master == bridge;
}

int netlink_list_fdb(struct netlink *nl, int bridge, netlink_neighbour_fn fn, void *context)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	((struct ndmsg *)mnl_nlmsg_get_payload(dump))->ndm_family = AF_BRIDGE;
	mnl_attr_put_u32(dump, NDA_MASTER, (uint32_t)bridge);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWNEIGH, sizeof(struct ndmsg)))) {
		struct netlink_neighbour neighbour;
		if (read_neighbour(nlh, bridge, &neighbour))
			fn(context, &neighbour);
	}
	return 0;
}

/* The MAC in an entry of the device's own filter, or NULL where it is another's or a group. */
static const uint8_t *read_unicast(const struct nlmsghdr *nlh, int ifindex)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
	struct walk attrs = walk_attrs(nlh, sizeof(*info));
	const struct nlattr *attr;
	if (info->ndm_family != AF_BRIDGE || info->ndm_ifindex != ifindex || !(info->ndm_flags & NTF_SELF))
		return NULL;
	while ((attr = walk_next_attr(&attrs))) {
		const uint8_t *mac = mnl_attr_get_payload(attr);
		if (mnl_attr_get_type(attr) == NDA_LLADDR && mnl_attr_get_payload_len(attr) == 6 && !(mac[0] & 1))
			return mac;
	}
	return NULL;
}

int netlink_list_unicast(struct netlink *nl, int ifindex, netlink_mac_fn fn, void *context)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	struct ndmsg *info = mnl_nlmsg_get_payload(dump);
	info->ndm_family = AF_BRIDGE;
	info->ndm_ifindex = ifindex;
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWNEIGH, sizeof(struct ndmsg)))) {
		const uint8_t *mac = read_unicast(nlh, ifindex);
		if (mac)
			fn(context, mac);
	}
	return 0;
}

/* Returns the first attribute of that type, or NULL. */
static const struct nlattr *search(struct walk attrs, uint16_t type)
{
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static void read_bridge(const struct nlmsghdr *nlh, struct netlink_bridge *ret)
{
	*ret = (struct netlink_bridge){.vlan_protocol = ETH_P_8021Q};
	const struct nlattr *info = search(walk_attrs(nlh, sizeof(struct ifinfomsg)), IFLA_LINKINFO);
	const struct nlattr *data = info ? search(walk_nest(info), IFLA_INFO_DATA) : NULL;
	const struct nlattr *filtering = data ? search(walk_nest(data), IFLA_BR_VLAN_FILTERING) : NULL;
	const struct nlattr *protocol = data ? search(walk_nest(data), IFLA_BR_VLAN_PROTOCOL) : NULL;
	/* A kernel built without VLAN filtering reports neither. */
	if (filtering && mnl_attr_get_payload_len(filtering) > 0)
		ret->vlan_filtering = mnl_attr_get_u8(filtering) != 0;
	if (protocol && mnl_attr_get_payload_len(protocol) >= sizeof(uint16_t))
		ret->vlan_protocol = ntohs(mnl_attr_get_u16(protocol));
}

int netlink_get_bridge(struct netlink *nl, int ifindex, struct netlink_bridge *ret)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	if (ifindex <= 0)
		return -ENODEV;
	struct nlmsghdr *get = netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(get))->ifi_index = ifindex;
	int r = netlink_talk(nl, get, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh = netlink_next(&messages, RTM_NEWLINK, sizeof(struct ifinfomsg));
	if (!nlh)
		return -EPROTO;
	read_bridge(nlh, ret);
	return 0;
}

static void read_vlans(const struct nlattr *filter, struct netlink_bridge_port *ret)
{
	struct walk attrs = walk_nest(filter);
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs))) {
		struct bridge_vlan_info info;
		if (mnl_attr_get_type(attr) != IFLA_BRIDGE_VLAN_INFO || mnl_attr_get_payload_len(attr) < sizeof(info))
			continue;
		memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
		if (info.vid < sizeof(ret->vlan))
			ret->vlan[info.vid] =
			    info.flags & BRIDGE_VLAN_INFO_UNTAGGED ? NETLINK_VLAN_UNTAGGED : NETLINK_VLAN_TAGGED;
	}
}

int netlink_get_bridge_port(struct netlink *nl, int port, struct netlink_bridge_port *ret)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(dump))->ifi_family = AF_BRIDGE;
	mnl_attr_put_u32(dump, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWLINK, sizeof(struct ifinfomsg)))) {
		const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
		if (info->ifi_index != port)
			continue;
		*ret = (struct netlink_bridge_port){};
		struct walk attrs = walk_attrs(nlh, sizeof(*info));
		const struct nlattr *vlans = search(attrs, IFLA_AF_SPEC);
		const struct nlattr *port_info = search(attrs, IFLA_PROTINFO);
		const struct nlattr *state = port_info ? search(walk_nest(port_info), IFLA_BRPORT_STATE) : NULL;
		if (vlans)
			read_vlans(vlans, ret);
		if (state && mnl_attr_get_payload_len(state) > 0)
			ret->forwarding = mnl_attr_get_u8(state) == BR_STATE_FORWARDING;
		return 0;
	}
	return -ENOENT;
}
