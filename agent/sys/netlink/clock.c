/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A clock in the kernel: a timer of the kernel asks again and again for a neighbour that never answers. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "sys/netlink/request.h"

/* 15 years at two a second. With a greater number the kernel's sum of all kinds of requests might overflow its int. */
#define REQUESTS_MAX 1000000000u

/* Sets how often, and for how long, the kernel asks for neighbours of this device. */
static int set_pace(struct netlink *nl, int ifindex, uint32_t ms)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_SETNEIGHTBL, 0, sizeof(struct ndtmsg));
	((struct ndtmsg *)mnl_nlmsg_get_payload(nlh))->ndtm_family = AF_INET;
	mnl_attr_put_strz(nlh, NDTA_NAME, "arp_cache");
	struct nlattr *nest = mnl_attr_nest_start(nlh, NDTA_PARMS);
	mnl_attr_put_u32(nlh, NDTPA_IFINDEX, (uint32_t)ifindex);
	mnl_attr_put_u32(nlh, NDTPA_MCAST_PROBES, REQUESTS_MAX);
	mnl_attr_put_u64(nlh, NDTPA_RETRANS_TIME, ms);
	mnl_attr_nest_end(nlh, nest);
	return netlink_talk(nl, nlh, NULL);
}

/* Makes the kernel use the neighbour, so that it asks for it. */
static int ask_for(struct netlink *nl, int ifindex, uint32_t address)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_NEWNEIGH, NLM_F_CREATE, sizeof(struct ndmsg));
	*(struct ndmsg *)mnl_nlmsg_get_payload(nlh) =
	    (struct ndmsg){.ndm_family = AF_INET, .ndm_ifindex = ifindex, .ndm_state = NUD_NONE, .ndm_flags = NTF_USE};
	mnl_attr_put_u32(nlh, NDA_DST, htonl(address));
	return netlink_talk(nl, nlh, NULL);
}

int netlink_run_clock(struct netlink *nl, int ifindex, uint32_t address, uint32_t ms)
{
	int r = set_pace(nl, ifindex, ms);
	return r < 0 ? r : ask_for(nl, ifindex, address);
}
