/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* IP addresses of devices, and the MACs that bridges know. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "netlink_request.h"

/* Reads "ADDRESS/PREFIX" or "ADDRESS". */
static int parse_address(const char *text, struct netlink_address *ret)
{
	char address[INET6_ADDRSTRLEN];
	struct netlink_address parsed = {};
	size_t len = strcspn(text, "/");
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	parsed.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(parsed.family, address, parsed.address) != 1)
		return -EINVAL;
	unsigned long widest = parsed.family == AF_INET6 ? 128 : 32;
	unsigned long prefix = widest;
	if (text[len] == '/') {
		const char *digits = text + len + 1;
		char *end;
		if (digits[strspn(digits, "0123456789")] != '\0' || *digits == '\0')
			return -EINVAL;
		prefix = strtoul(digits, &end, 10);
		if (prefix > widest)
			return -EINVAL;
	}
	parsed.prefix = (uint8_t)prefix;
	*ret = parsed;
	return 0;
}

static int change_address(struct netlink *nl, uint16_t type, uint16_t flags, int ifindex, const char *text)
{
	struct netlink_request request;
	struct netlink_address address;
	int r = parse_address(text, &address);
	if (r < 0)
		return r;
	struct nlmsghdr *nlh = netlink_begin(&request, type, flags, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	info->ifa_family = address.family;
	info->ifa_prefixlen = address.prefix;
	info->ifa_index = (uint32_t)ifindex;
	size_t len = address.family == AF_INET6 ? 16 : 4;
	mnl_attr_put(nlh, IFA_LOCAL, len, address.address);
	mnl_attr_put(nlh, IFA_ADDRESS, len, address.address);
	/* RFC 3021: a /31 has no broadcast address. */
	if (type == RTM_NEWADDR && address.family == AF_INET && address.prefix < 31) {
		uint32_t broadcast;
		memcpy(&broadcast, address.address, sizeof(broadcast));
		broadcast |= htonl((uint32_t)(0xffffffffull >> address.prefix));
		mnl_attr_put(nlh, IFA_BROADCAST, sizeof(broadcast), &broadcast);
	}
	return netlink_talk(nl, nlh, NULL);
}

int netlink_add_address(struct netlink *nl, int ifindex, const char *address_prefix)
{
	return change_address(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, address_prefix);
}

int netlink_del_address(struct netlink *nl, int ifindex, const char *address_prefix)
{
	return change_address(nl, RTM_DELADDR, 0, ifindex, address_prefix);
}

static bool read_address(const struct nlmsghdr *nlh, struct netlink_address *ret)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return false;
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return false;
	size_t len = info->ifa_family == AF_INET6 ? 16 : 4;
	bool local = false;
	bool found = false;
	const struct nlattr *attr;
	*ret = (struct netlink_address){.ifindex = (int)info->ifa_index,
					.family = info->ifa_family,
					.prefix = info->ifa_prefixlen,
					.scope = info->ifa_scope,
					.flags = info->ifa_flags};
	struct netlink_attrs attrs = netlink_attrs(nlh, sizeof(*info));
	while ((attr = netlink_attr(&attrs))) {
		uint16_t type = mnl_attr_get_type(attr);
		if (type == IFA_FLAGS && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
			ret->flags = mnl_attr_get_u32(attr);
		/* With a point-to-point address IFA_ADDRESS is the far end's and IFA_LOCAL is ours. */
		if ((type != IFA_LOCAL && (type != IFA_ADDRESS || local)) || mnl_attr_get_payload_len(attr) != len)
			continue;
		memcpy(ret->address, mnl_attr_get_payload(attr), len);
		local = type == IFA_LOCAL;
		found = true;
	}
	return found;
}

int netlink_list_addresses(struct netlink *nl, int ifindex, netlink_address_fn fn, void *context)
{
	struct netlink_request request;
	_cleanup_answer_ struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	for (const struct nlmsghdr *nlh = netlink_next(&answer, NULL); nlh; nlh = netlink_next(&answer, nlh)) {
		struct netlink_address address;
		if (read_address(nlh, &address) && (ifindex == 0 || ifindex == address.ifindex))
			fn(context, &address);
	}
	return 0;
}

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

static int search_vlan(const struct nlattr *bridge_port, uint16_t vlan, bool *tagged)
{
	const struct nlattr *attr;
	struct netlink_attrs attrs = netlink_nested(bridge_port);
	while ((attr = netlink_attr(&attrs))) {
		struct bridge_vlan_info info;
		if (mnl_attr_get_type(attr) != IFLA_BRIDGE_VLAN_INFO || mnl_attr_get_payload_len(attr) < sizeof(info))
			continue;
		memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
		if (info.vid != vlan)
			continue;
		*tagged = !(info.flags & BRIDGE_VLAN_INFO_UNTAGGED);
		return 0;
	}
	return -ENOENT;
}

int netlink_port_vlan(struct netlink *nl, int port, uint16_t vlan, bool *tagged)
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
		const struct nlattr *attr;
		if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
		    info->ifi_index != port)
			continue;
		struct netlink_attrs attrs = netlink_attrs(nlh, sizeof(*info));
		while ((attr = netlink_attr(&attrs)))
			if (mnl_attr_get_type(attr) == IFLA_AF_SPEC)
				return search_vlan(attr, vlan, tagged);
	}
	return -ENOENT;
}
