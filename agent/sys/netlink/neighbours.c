/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Forgets what a device has learned of its neighbours, as the kernel does where carrier is lost. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/netlink/request.h"

#define ADDRESS_MAX 16

/* The IP address of an entry. Returns NULL if it is none that was learned: those that people set are NUD_PERMANENT, and
 * NUD_NOARP follows from the address itself. */
static const struct nlattr *learned(const struct nlmsghdr *nlh, int ifindex)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	if (entry->ndm_ifindex != ifindex || entry->ndm_state & (NUD_PERMANENT | NUD_NOARP) ||
	    (entry->ndm_family != AF_INET && entry->ndm_family != AF_INET6))
		return NULL;
	struct walk attrs = walk_attrs(nlh, sizeof(*entry));
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == NDA_DST && mnl_attr_get_payload_len(attr) <= ADDRESS_MAX)
			return attr;
	return NULL;
}

static int forget(struct netlink *nl, const struct ndmsg *entry, const struct nlattr *address)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_DELNEIGH, 0, sizeof(struct ndmsg));
	*(struct ndmsg *)mnl_nlmsg_get_payload(nlh) =
	    (struct ndmsg){.ndm_family = entry->ndm_family, .ndm_ifindex = entry->ndm_ifindex};
	mnl_attr_put(nlh, NDA_DST, mnl_attr_get_payload_len(address), mnl_attr_get_payload(address));
	int r = netlink_talk(nl, nlh, NULL);
	return r == -ENOENT ? 0 : r;
}

int netlink_forget_neighbours(struct netlink *nl, int ifindex)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	mnl_attr_put_u32(dump, NDA_IFINDEX, (uint32_t)ifindex);
	int r = netlink_talk(nl, dump, &answer);
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while (r == 0 && (nlh = netlink_next(&messages, RTM_NEWNEIGH, sizeof(struct ndmsg)))) {
		const struct nlattr *address = learned(nlh, ifindex);
		if (address)
			r = forget(nl, mnl_nlmsg_get_payload(nlh), address);
	}
	return r;
}
