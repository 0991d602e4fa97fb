/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Requests to rtnetlink and their answers: what the files of netlink*.c share. */
#ifndef SYS_NETLINK_REQUEST_H
#define SYS_NETLINK_REQUEST_H

#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "sys/netlink/netlink.h"

#define NETLINK_REQUEST_MAX 1024 /* octets of the largest request that is made here */

struct netlink {
	struct mnl_socket *events;   /* RTMGRP_LINK, non-blocking */
	struct mnl_socket *requests; /* one request at a time */
	int ioctl_fd;		     /* any socket of the namespace, for the requests that only ioctl knows */
	uint32_t seq;		     /* of the last request */
	char why[128];		     /* extended ack of the last refusal */
};

/* A request under construction. */
struct netlink_request {
	_Alignas(struct nlmsghdr) char octets[NETLINK_REQUEST_MAX];
};

/* All messages that answered one request, in order. */
struct netlink_answer {
	char *octets;
	size_t len;
};

static inline void netlink_answer_free(struct netlink_answer *answer)
{
	free(answer->octets);
}
#define _cleanup_answer_ __attribute__((cleanup(netlink_answer_free)))

/* Begins a request; flags: NLM_F_* beside REQUEST. `extra` octets of the family's header follow it, zeroed. */
struct nlmsghdr *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t extra);
/* Sends the request and waits for its end. `ret`: what came before that; NULL: nothing is expected. 0 or -errno of the
 * socket or of the kernel; netlink_why() then says more. */
int netlink_talk(struct netlink *nl, struct nlmsghdr *request, struct netlink_answer *ret);
/* The message after `last`, the first one for NULL; NULL: there are no more. */
const struct nlmsghdr *netlink_next(const struct netlink_answer *answer, const struct nlmsghdr *last);

/* Attributes that are still to be read. (libmnl's loops over them are macros that do not pass -Wconversion.) */
struct netlink_attrs {
	const char *at, *end;
};

/* Those behind the `header` octets of the family's header. */
static inline struct netlink_attrs netlink_attrs(const struct nlmsghdr *nlh, size_t header)
{
	return (struct netlink_attrs){mnl_nlmsg_get_payload_offset(nlh, header), mnl_nlmsg_get_payload_tail(nlh)};
}

/* Those inside another attribute. */
static inline struct netlink_attrs netlink_nested(const struct nlattr *nest)
{
	const char *payload = mnl_attr_get_payload(nest);
	return (struct netlink_attrs){payload, payload + mnl_attr_get_payload_len(nest)};
}

/* The next one, NULL: there are no more. */
static inline const struct nlattr *netlink_attr(struct netlink_attrs *attrs)
{
	const struct nlattr *attr = (const struct nlattr *)attrs->at;
	if (attrs->at >= attrs->end || !mnl_attr_ok(attr, (int)(attrs->end - attrs->at)))
		return NULL;
	attrs->at += MNL_ALIGN(attr->nla_len);
	return attr;
}

/* Reads RTM_NEWLINK or RTM_DELLINK. */
void netlink_parse_device(const struct nlmsghdr *nlh, struct device *ret);

#endif
