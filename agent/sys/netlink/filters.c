/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Lists what filters a device's frames: the filters of tc, and the chains of nftables. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/netlink/request.h"

#define NFTA_DEVICE_PREFIX 2	   /* Linux 6.18; this build's headers may not know it yet */
#define MISSING_NS (60 * NS_PER_S) /* a kernel without nf_tables is asked again after that time */

/* --- tc --- */

static void report_filter(const struct nlmsghdr *nlh, netlink_filter_fn fn, void *context)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct netlink_filter filter = {.preference = TC_H_MAJ(tc->tcm_info) >> 16};
	struct walk attrs = walk_attrs(nlh, sizeof(*tc));
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == TCA_KIND)
			snprintf(filter.kind, sizeof(filter.kind), "%.*s", (int)mnl_attr_get_payload_len(attr),
				 mnl_attr_get_str(attr));
	/* The kernel lists each preference without a handle, and then the filters that have it. */
	if (!tc->tcm_handle)
		fn(context, &filter);
}

int netlink_list_filters(struct netlink *nl, int ifindex, bool egress, netlink_filter_fn fn, void *context)
{
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct netlink_request request;
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETTFILTER, NLM_F_DUMP, sizeof(struct tcmsg));
	struct tcmsg *tc = mnl_nlmsg_get_payload(dump);
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWTFILTER, sizeof(struct tcmsg))))
		report_filter(nlh, fn, context);
	return 0;
}

/* --- nftables --- */

/* Where frames are to be filtered. */
struct place {
	const char *device;
	bool egress;
};

static bool is_device(const struct nlattr *attr, const char *device)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const char *name = mnl_attr_get_payload(attr);
	if (mnl_attr_get_type(attr) == NFTA_DEVICE_PREFIX)
		return strncmp(device, name, strnlen(name, len)) == 0;
	return strnlen(name, len) == strlen(device) && strncmp(device, name, len) == 0;
}

static bool among(const struct nlattr *devices, const char *device)
{
	struct walk walk = walk_nest(devices);
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&walk)))
		if (is_device(attr, device))
			return true;
	return false;
}

/* Whether the hook of a chain, of family netdev or inet, is at that place. */
static bool is_at(const struct nlattr *hook, uint8_t family, const struct place *place)
{
	uint32_t wanted = family == NFPROTO_INET ? NF_INET_INGRESS
			  : place->egress	 ? NF_NETDEV_EGRESS
						 : NF_NETDEV_INGRESS;
	bool hooked = false, of_device = false;
	struct walk walk = walk_nest(hook);
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&walk)))
		switch (mnl_attr_get_type(attr)) {
		case NFTA_HOOK_HOOKNUM:
			hooked = mnl_attr_get_payload_len(attr) >= 4 && ntohl(mnl_attr_get_u32(attr)) == wanted;
			break;
		case NFTA_HOOK_DEV:
			/* Its type is not that of a prefix: compared as a whole. */
			of_device |= mnl_attr_get_payload_len(attr) == strlen(place->device) + 1 &&
				     strcmp(mnl_attr_get_str(attr), place->device) == 0;
			break;
		case NFTA_HOOK_DEVS:
			of_device |= among(attr, place->device);
			break;
		default:
			break;
		}
	return hooked && of_device;
}

static void copy_name(char ret[NETLINK_NFT_NAME_MAX], const struct nlattr *attr)
{
	snprintf(ret, NETLINK_NFT_NAME_MAX, "%.*s", (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

static void report_chain(const struct nlmsghdr *nlh, const struct place *place, netlink_chain_fn fn, void *context)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	struct netlink_chain chain = {.family = head->nfgen_family == NFPROTO_INET ? "inet" : "netdev"};
	bool here = false;
	struct walk attrs = walk_attrs(nlh, sizeof(*head));
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		switch (mnl_attr_get_type(attr)) {
		case NFTA_CHAIN_TABLE:
			copy_name(chain.table, attr);
			break;
		case NFTA_CHAIN_NAME:
			copy_name(chain.name, attr);
			break;
		case NFTA_CHAIN_HOOK:
			here = is_at(attr, head->nfgen_family, place);
			break;
		default:
			break;
		}
	if (here)
		fn(context, &chain);
}

/* `read_ns` stays 0 where that fails. */
static int read_chains(uint8_t family, struct netlink_chains *ret)
{
	struct netlink nft = {.ioctl_fd = -1};
	struct netlink_request request;
	struct nlmsghdr *dump =
	    netlink_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_DUMP, sizeof(struct nfgenmsg));
	((struct nfgenmsg *)mnl_nlmsg_get_payload(dump))->nfgen_family = family;
	netlink_answer_free(&ret->answer);
	*ret = (struct netlink_chains){};
	uint64_t now = clock_now();
	int r = netlink_open_requests(NETLINK_NETFILTER, &nft.requests);
	if (r == 0)
		r = netlink_talk(&nft, dump, &ret->answer);
	if (nft.requests)
		mnl_socket_close(nft.requests);
	if (r == 0)
		ret->read_ns = now;
	return r;
}

static int list_family(struct netlink_chains *chains, uint8_t family, uint64_t max_age, const struct place *place,
		       netlink_chain_fn fn, void *context)
{
	int r = 0;
	if (!chains->read_ns || clock_now() - chains->read_ns >= max_age)
		r = read_chains(family, chains);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&chains->answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, sizeof(struct nfgenmsg))))
		report_chain(nlh, place, fn, context);
	return 0;
}

int netlink_list_chains(struct netlink *nl, const char *device, bool egress, uint64_t max_age, netlink_chain_fn fn,
			void *context)
{
	uint64_t now = clock_now();
	struct place place = {device, egress};
	if (now < nl->no_nft_until_ns)
		return 0;
	int r = list_family(&nl->chains[0], NFPROTO_NETDEV, max_age, &place, fn, context);
	if (r == 0 && !egress)
		r = list_family(&nl->chains[1], NFPROTO_INET, max_age, &place, fn, context);
	if (r != -EINVAL && r != -EPROTONOSUPPORT && r != -EOPNOTSUPP)
		return r;
	/* Each question makes the kernel look for the module. */
	nl->no_nft_until_ns = now + MISSING_NS;
	return 0;
}
