/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads a device's own counters (RTM_GETSTATS). */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/netlink/request.h"

/* Some drivers count bad frames only by their kind, others only all of them together. */
static uint64_t errors_of(const struct rtnl_link_stats64 *stats)
{
	uint64_t kinds = stats->rx_crc_errors + stats->rx_frame_errors;
	return (stats->rx_errors > kinds ? stats->rx_errors : kinds) + stats->tx_errors;
}

static int read_counts(const struct nlmsghdr *nlh, struct netlink_counts *ret)
{
	struct walk attrs = walk_attrs(nlh, sizeof(struct if_stats_msg));
	const struct nlattr *attr;
	struct rtnl_link_stats64 stats = {0};
	while ((attr = walk_next_attr(&attrs))) {
		size_t len = mnl_attr_get_payload_len(attr);
		if (mnl_attr_get_type(attr) != IFLA_STATS_LINK_64)
			continue;
		memcpy(&stats, mnl_attr_get_payload(attr), len < sizeof(stats) ? len : sizeof(stats));
		ret->errors = errors_of(&stats);
		ret->frames = stats.rx_packets + stats.tx_packets + ret->errors;
		return 0;
	}
	return -EPROTO;
}

int netlink_get_counts(struct netlink *nl, int ifindex, struct netlink_counts *ret)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	if (ifindex <= 0)
		return -ENODEV;
	struct nlmsghdr *get = netlink_begin(&request, RTM_GETSTATS, 0, sizeof(struct if_stats_msg));
	*(struct if_stats_msg *)mnl_nlmsg_get_payload(get) = (struct if_stats_msg){
	    .ifindex = (uint32_t)ifindex, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	int r = netlink_talk(nl, get, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh = netlink_next(&messages, RTM_NEWSTATS, sizeof(struct if_stats_msg));
	return nlh ? read_counts(nlh, ret) : -EPROTO;
}
