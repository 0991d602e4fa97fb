/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Requests to rtnetlink and their answers, for the files of this folder and for those that make requests of their own.
 */
#ifndef SYS_NETLINK_REQUEST_H
#define SYS_NETLINK_REQUEST_H

#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "sys/netlink/netlink.h"
#include "xlagg/walk.h"

#define NETLINK_REQUEST_MAX 1024 /* octets of the largest request that is made here */

/* All messages of the answer to one request, in their order. */
struct netlink_answer {
	char *octets;
	size_t len;
};

/* The chains of nftables of one family. */
struct netlink_chains {
	uint64_t read_ns; /* CLOCK_MONOTONIC; 0: they have to be read */
	struct netlink_answer answer;
};

/* A device on top of another one. */
struct netlink_upper {
	int below; /* ifindex of that other one */
	char name[XLAGG_NAME_MAX];
};

struct netlink {
	struct mnl_socket *events;   /* EVENT_GROUPS, non-blocking */
	struct mnl_socket *requests; /* one request at a time */
	int ioctl_fd;		     /* a socket for requests that exist only as ioctl */
	int sysfs;		     /* for netlink_set_alias(); negative: it cannot be had at present */
	uint32_t seq;		     /* of the last request */
	bool given_up;		     /* the last request was given up before its answer ended */
	uint32_t foreign;	     /* messages that did not come from the kernel and were dropped */
	char why[128];		     /* extended ack of the last refusal */
	uint8_t unfinished[6];	     /* MAC of a lower end that may exist although creating it failed; zero: none */
	uint64_t groups_ns;	     /* when `group_member` was read (CLOCK_MONOTONIC); 0: it has to be read */
	uint8_t group[6];	     /* the group of `group_member` */
	uint64_t no_nft_until_ns;    /* the kernel has no nf_tables, and is not asked before then (CLOCK_MONOTONIC) */
	struct netlink_chains chains[2]; /* of the families netdev and inet */
	int *group_member;		 /* ifindexes of the devices that were told to receive the group */
	size_t group_members;
	bool reuse;		     /* lists may be used again (netlink_reuse_lists()) */
	uint64_t uppers_ns;	     /* when `upper` was read (CLOCK_MONOTONIC); 0: it has to be read */
	struct netlink_upper *upper; /* the devices that are on top of others */
	size_t uppers;
};

/* Adds a device to those that are known to receive the group. -ENOMEM. */
int netlink_add_member(struct netlink *nl, int ifindex);

/* A request under construction. */
struct netlink_request {
	_Alignas(struct nlmsghdr) char octets[NETLINK_REQUEST_MAX];
};

static inline void netlink_answer_free(struct netlink_answer *answer)
{
	free(answer->octets);
}

/* Begins a request with the flags NLM_F_REQUEST and `flags`. `extra` zero octets for the family's header follow. */
struct nlmsghdr *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t extra);
/* Sends the request and waits for the end of its answer, which is returned in `ret` (NULL: it is dropped). Returns 0 or
 * -errno, of the socket or of the kernel, which then may give a reason (netlink_why()). -ETIMEDOUT: there is no answer.
 */
int netlink_talk(struct netlink *nl, struct nlmsghdr *request, struct netlink_answer *ret);
/* Takes the next message of this type that has at least `header` octets of its family's header, and skips others.
 * Returns NULL at the end. */
const struct nlmsghdr *netlink_next(struct walk *messages, uint16_t type, size_t header);

static inline struct walk netlink_messages(const struct netlink_answer *answer)
{
	return (struct walk){answer->octets, answer->len};
}

/* The two sockets of struct netlink. */
int netlink_open_events(struct mnl_socket **ret);
/* family: NETLINK_ROUTE or NETLINK_NETFILTER. */
int netlink_open_requests(int family, struct mnl_socket **ret);
int netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh);
/*
 * Reads one datagram from the kernel and returns its number of octets, 0 if it came from somebody else and was dropped,
 * or -errno. -EAGAIN: nothing came in time. -ENOBUFS: messages were lost, because the socket's buffer or `buf` was too
 * small.
 */
ssize_t netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size);

/* Reads RTM_NEWLINK or RTM_DELLINK, which has a whole struct ifinfomsg. */
void netlink_parse_device(const struct nlmsghdr *nlh, struct device *ret);

#endif
