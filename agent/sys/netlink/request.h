/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Requests to rtnetlink and their answers: what the files of netlink*.c share. */
#ifndef SYS_NETLINK_REQUEST_H
#define SYS_NETLINK_REQUEST_H

#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "sys/netlink/netlink.h"
#include "xlagg/walk.h"

#define NETLINK_REQUEST_MAX 1024 /* octets of the largest request that is made here */

struct netlink {
	struct mnl_socket *events;   /* EVENT_GROUPS, non-blocking */
	struct mnl_socket *requests; /* one request at a time */
	int ioctl_fd;		     /* any socket of the namespace, for the requests that only ioctl knows */
	uint32_t seq;		     /* of the last request */
	bool given_up;		     /* the last request was, before its answer ended */
	uint32_t foreign;	     /* messages that did not come from the kernel and were dropped */
	char why[128];		     /* extended ack of the last refusal */
	uint8_t unfinished[6];	     /* the MAC of a lower end that may exist although it was not made; zero: none */
	uint64_t groups_ns;	     /* when `group_member` was read (CLOCK_MONOTONIC), 0: never, or it is stale */
	uint8_t group[6];	     /* whose members they are */
	int *group_member;	     /* ifindexes of the devices that were told to receive the group */
	size_t group_members;
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
/* Takes the next message of this type that has `header` octets or more of its family's header; skips others. NULL:
 * there are no more. */
const struct nlmsghdr *netlink_next(struct walk *messages, uint16_t type, size_t header);

static inline struct walk netlink_messages(const struct netlink_answer *answer)
{
	return (struct walk){answer->octets, answer->len};
}

/* The two sockets of struct netlink. */
int netlink_open_events(struct mnl_socket **ret);
int netlink_open_requests(struct mnl_socket **ret);
int netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh);
/* Reads what the kernel sent: the number of octets, or -errno: -EAGAIN where nothing came in time, -ENOBUFS where
 * messages were lost, since the socket's buffer or `buf` was too small. 0: somebody else had sent it, and it was
 * dropped. */
ssize_t netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size);

/* Reads RTM_NEWLINK or RTM_DELLINK, which has a whole struct ifinfomsg. */
void netlink_parse_device(const struct nlmsghdr *nlh, struct device *ret);

#endif
