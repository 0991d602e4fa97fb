/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Talks to rtnetlink: sends requests, reads answers and events. */
#include "sys/netlink/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys/netlink/request.h"
#include "sys/sysfs.h"

/* What some drivers return in place of EOPNOTSUPP. */
#define ENOTSUP_KERNEL 524

/* Octets of the largest part of a dump. */
#define PART_MAX (64 << 10)
/* So many datagrams of events are read at most before others get their turn. */
#define EVENTS_AT_ONCE 64
/* A dump that the kernel marks as inconsistent is repeated at most so often. */
#define DUMP_TRIES 5

static int open_sockets(struct netlink *nl)
{
	nl->ioctl_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (nl->ioctl_fd < 0)
		return -errno;
	int r = netlink_open_events(&nl->events);
	return r < 0 ? r : netlink_open_requests(NETLINK_ROUTE, &nl->requests);
}

int netlink_open(struct netlink **ret)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	if (!nl)
		return -ENOMEM;
	nl->sysfs = sysfs_open(true);
	int r = open_sockets(nl);
	if (r < 0)
		netlink_close(&nl);
	else
		*ret = nl;
	return r;
}

void netlink_close(struct netlink **nl)
{
	if (!*nl)
		return;
	if ((*nl)->events)
		mnl_socket_close((*nl)->events);
	if ((*nl)->requests)
		mnl_socket_close((*nl)->requests);
	if ((*nl)->ioctl_fd >= 0)
		close((*nl)->ioctl_fd);
	if ((*nl)->sysfs >= 0)
		close((*nl)->sysfs);
	for (size_t i = 0; i < sizeof((*nl)->chains) / sizeof((*nl)->chains[0]); i++)
		netlink_answer_free(&(*nl)->chains[i].answer);
	free((*nl)->group_member);
	free((*nl)->upper);
	free(*nl);
	*nl = NULL;
}

bool netlink_is_refusal(int r)
{
	switch (r) {
	case -EOPNOTSUPP:
	case -ENOTSUP_KERNEL:
	case -EINVAL:
	case -EPERM:
	case -EBUSY:
	case -EADDRNOTAVAIL:
	case -EADDRINUSE:
		return true;
	default:
		return false;
	}
}

const char *netlink_why(const struct netlink *nl)
{
	return nl->why;
}

uint32_t netlink_foreign(const struct netlink *nl)
{
	return nl->foreign;
}

int netlink_event_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->events);
}

/* Whether these are two devices that had the same ifindex one after the other. They can only be told apart if drivers
 * report their permanent MACs. */
static bool is_another(const struct device *a, const struct device *b)
{
	return a->has_permaddr && b->has_permaddr && memcmp(a->permaddr, b->permaddr, sizeof(a->permaddr)) != 0;
}

/* A device was removed if the kernel has none with its ifindex, or a different one by now. */
static int confirm_removal(struct netlink *nl, const struct device *device, netlink_device_fn fn, void *context)
{
	struct device present;
	int r = netlink_get(nl, device->ifindex, &present);
	if (r < 0 && r != -ENODEV)
		return r;
	if (r < 0 || is_another(device, &present))
		fn(context, device, true);
	if (r == 0)
		fn(context, &present, false);
	return 0;
}

/* Returns the device at which something other than its link changed, or 0. */
static int touched_device(const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(nlh);
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(nlh);
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		return len >= sizeof(*link) && link->ifi_family == AF_INET6 ? link->ifi_index : 0;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return len >= sizeof(*address) ? (int)address->ifa_index : 0;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		return len >= sizeof(*tc) ? tc->tcm_ifindex : 0;
	default:
		return 0;
	}
}

static int read_event(struct netlink *nl, const struct nlmsghdr *nlh, netlink_device_fn fn, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	bool gone = nlh->nlmsg_type == RTM_DELLINK;
	if ((!gone && nlh->nlmsg_type != RTM_NEWLINK) || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return 0;
	/* Messages of family AF_BRIDGE are about the port of a bridge and not about the device. */
	if (info->ifi_family != AF_UNSPEC)
		return 0;
	struct device device;
	netlink_parse_device(nlh, &device);
	if (gone)
		return confirm_removal(nl, &device, fn, context);
	fn(context, &device, false);
	return 0;
}

int netlink_read_events(struct netlink *nl, netlink_device_fn fn, netlink_touched_fn touched, void *context)
{
	_Alignas(struct nlmsghdr) char part[PART_MAX];
	bool unsure = false;
	for (int i = 0; i < EVENTS_AT_ONCE; i++) {
		ssize_t n = netlink_receive(nl, nl->events, part, sizeof(part));
		if (n < 0 && n != -EAGAIN && !unsure)
			return (int)n;
		if (n < 0)
			break;
		struct walk messages = {part, (size_t)n};
		const struct nlmsghdr *nlh;
		while ((nlh = walk_next_message(&messages))) {
			int ifindex = touched_device(nlh);
			if (ifindex > 0 && touched)
				touched(context, ifindex);
			unsure |= read_event(nl, nlh, fn, context) < 0;
		}
	}
	return unsure ? -ENOBUFS : 0;
}

struct nlmsghdr *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t extra)
{
	memset(request, 0, sizeof(*request));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request->octets);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	mnl_nlmsg_put_extra_header(nlh, extra);
	return nlh;
}

const struct nlmsghdr *netlink_next(struct walk *messages, uint16_t type, size_t header)
{
	const struct nlmsghdr *nlh;
	while ((nlh = walk_next_message(messages)))
		if (nlh->nlmsg_type == type && mnl_nlmsg_get_payload_len(nlh) >= header)
			return nlh;
	return NULL;
}

static int append(struct netlink_answer *answer, const struct nlmsghdr *nlh)
{
	size_t len = MNL_ALIGN(nlh->nlmsg_len);
	char *grown = realloc(answer->octets, answer->len + len);
	if (!grown)
		return -ENOMEM;
	memset(grown + answer->len, 0, len);
	memcpy(grown + answer->len, nlh, nlh->nlmsg_len);
	answer->octets = grown;
	answer->len += len;
	return 0;
}

/* Returns the result in NLMSG_ERROR or NLMSG_DONE and keeps the kernel's text. */
static int read_end(struct netlink *nl, const struct nlmsghdr *nlh)
{
	bool done = nlh->nlmsg_type == NLMSG_DONE;
	size_t head = done ? sizeof(int) : sizeof(struct nlmsgerr);
	if (mnl_nlmsg_get_payload_len(nlh) < head)
		return done ? 0 : -EPROTO;
	int r = *(const int *)mnl_nlmsg_get_payload(nlh);
	if (r >= 0)
		return 0;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return r;
	struct walk attrs = walk_attrs(nlh, head);
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(nl->why, sizeof(nl->why), "%.*s", (int)mnl_attr_get_payload_len(attr),
				 mnl_attr_get_str(attr));
	return r;
}

/* Takes one part of an answer. *more says whether its end is still to come. */
static int take(struct netlink *nl, struct walk part, struct netlink_answer *ret, bool *more, bool *torn)
{
	const struct nlmsghdr *nlh;
	while ((nlh = walk_next_message(&part))) {
		/* A message of a request that was given up. */
		if (nlh->nlmsg_seq != nl->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*torn = true;
		*more = nlh->nlmsg_type != NLMSG_ERROR && nlh->nlmsg_type != NLMSG_DONE;
		if (!*more)
			return read_end(nl, nlh);
		int r = append(ret, nlh);
		if (r < 0) {
			nl->given_up = true;
			*more = false;
			return r;
		}
	}
	return 0;
}

static int talk_once(struct netlink *nl, struct nlmsghdr *request, struct netlink_answer *ret, bool *torn)
{
	request->nlmsg_seq = ++nl->seq;
	int r = netlink_send(nl->requests, request);
	_Alignas(struct nlmsghdr) char octets[PART_MAX];
	for (bool more = r == 0; more;) {
		ssize_t n = netlink_receive(nl, nl->requests, octets, sizeof(octets));
		if (n < 0) {
			nl->given_up = true;
			return n == -EAGAIN ? -ETIMEDOUT : (int)n;
		}
		r = take(nl, (struct walk){octets, (size_t)n}, ret, &more, torn);
	}
	return r;
}

/* If the last request was given up, takes a new socket: the rest of its answer, perhaps half a list, would get in the
 * way of the next request. */
static int renew_requests(struct netlink *nl)
{
	struct mnl_socket *fresh;
	int r = nl->given_up ? netlink_open_requests(NETLINK_ROUTE, &fresh) : 0;
	if (r < 0 || !nl->given_up)
		return r;
	if (nl->requests)
		mnl_socket_close(nl->requests);
	nl->requests = fresh;
	nl->given_up = false;
	return 0;
}

int netlink_talk(struct netlink *nl, struct nlmsghdr *request, struct netlink_answer *ret)
{
	nl->why[0] = '\0';
	int r = renew_requests(nl);
	if (r < 0)
		return r;
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->nlmsg_flags |= NLM_F_ACK;
	for (int i = 0;; i++) {
		struct netlink_answer answer = {};
		bool torn = false;
		r = talk_once(nl, request, &answer, &torn);
		bool again = r == 0 && torn && i < DUMP_TRIES;
		if (r == 0 && ret && !again)
			*ret = answer;
		else
			netlink_answer_free(&answer);
		if (!again)
			return r;
	}
}
