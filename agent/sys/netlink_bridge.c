/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Bridges: the MACs that they know, and how they see their ports. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink_request.h"

static bool read_neighbour(const struct nlmsghdr *nlh, int bridge, struct netlink_neighbour *ret)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return false;
	/* NUD_PERMANENT: the bridge's own addresses. NTF_SELF: the filter of a device, not the bridge's table. */
	if (info->ndm_family != AF_BRIDGE || (info->ndm_state & NUD_PERMANENT) || (info->ndm_flags & NTF_SELF))
		return false;
	bool has_mac = false;
	int master = 0;
	const struct nlattr *attr;
	*ret = (struct netlink_neighbour){.port = info->ndm_ifindex};
	struct netlink_attrs attrs = netlink_attrs(nlh, sizeof(*info));
	while ((attr = netlink_attr(&attrs))) {
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
	_cleanup_answer_ struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	((struct ndmsg *)mnl_nlmsg_get_payload(dump))->ndm_family = AF_BRIDGE;
	mnl_attr_put_u32(dump, NDA_MASTER, (uint32_t)bridge);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	for (const struct nlmsghdr *nlh = netlink_next(&answer, NULL); nlh; nlh = netlink_next(&answer, nlh)) {
		struct netlink_neighbour neighbour;
		if (read_neighbour(nlh, bridge, &neighbour))
			fn(context, &neighbour);
	}
	return 0;
}

static void read_vlans(const struct nlattr *filter, struct netlink_bridge_port *ret)
{
	struct netlink_attrs attrs = netlink_nested(filter);
	const struct nlattr *attr;
	while ((attr = netlink_attr(&attrs))) {
		struct bridge_vlan_info info;
		if (mnl_attr_get_type(attr) != IFLA_BRIDGE_VLAN_INFO || mnl_attr_get_payload_len(attr) < sizeof(info))
			continue;
		memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
		if (info.vid < sizeof(ret->vlan))
			ret->vlan[info.vid] =
			    info.flags & BRIDGE_VLAN_INFO_UNTAGGED ? NETLINK_VLAN_UNTAGGED : NETLINK_VLAN_TAGGED;
	}
}

static void read_state(const struct nlattr *port, struct netlink_bridge_port *ret)
{
	struct netlink_attrs attrs = netlink_nested(port);
	const struct nlattr *attr;
	while ((attr = netlink_attr(&attrs)))
		if (mnl_attr_get_type(attr) == IFLA_BRPORT_STATE && mnl_attr_get_payload_len(attr) > 0)
			ret->forwarding = mnl_attr_get_u8(attr) == BR_STATE_FORWARDING;
}

int netlink_get_bridge_port(struct netlink *nl, int port, struct netlink_bridge_port *ret)
{
	struct netlink_request request;
	_cleanup_answer_ struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(dump))->ifi_family = AF_BRIDGE;
	mnl_attr_put_u32(dump, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	for (const struct nlmsghdr *nlh = netlink_next(&answer, NULL); nlh; nlh = netlink_next(&answer, nlh)) {
		const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
		if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
		    info->ifi_index != port)
			continue;
		*ret = (struct netlink_bridge_port){};
		struct netlink_attrs attrs = netlink_attrs(nlh, sizeof(*info));
		const struct nlattr *attr;
		while ((attr = netlink_attr(&attrs))) {
			if (mnl_attr_get_type(attr) == IFLA_AF_SPEC)
				read_vlans(attr, ret);
			else if (mnl_attr_get_type(attr) == IFLA_PROTINFO)
				read_state(attr, ret);
		}
		return 0;
	}
	return -ENOENT;
}
