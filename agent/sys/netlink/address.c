/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Adds, removes and lists IP addresses of devices. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "sys/netlink/request.h"

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
	/* A /31 network has no broadcast address (RFC 3021). */
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
	struct walk attrs = walk_attrs(nlh, sizeof(*info));
	while ((attr = walk_next_attr(&attrs))) {
		uint16_t type = mnl_attr_get_type(attr);
		if (type == IFA_FLAGS && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
			ret->flags = mnl_attr_get_u32(attr);
		if (type == IFA_PROTO && mnl_attr_get_payload_len(attr) >= 1)
			ret->origin = mnl_attr_get_u8(attr);
		/* IFA_LOCAL is the device's address. IFA_ADDRESS may be that of the other end of a point-to-point link.
		 */
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
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	/* The kernel leaves out the others' addresses, unless it is an old one. */
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(dump))->ifa_index = (uint32_t)ifindex;
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return ifindex && r == -ENODEV ? 0 : r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWADDR, sizeof(struct ifaddrmsg)))) {
		struct netlink_address address;
		if (read_address(nlh, &address) && (ifindex == 0 || ifindex == address.ifindex))
			fn(context, &address);
	}
	return 0;
}
