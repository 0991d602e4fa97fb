/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Looks up and changes network devices through rtnetlink. */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (32 << 10) /* octets; no packet of a dump is longer */

static int enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int link_enter(struct cli *cli)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer = {0};
	char path[PATH_MAX];
	int r;

	if (cli->netns) {
		snprintf(path, sizeof(path), "/run/netns/%s", cli->netns);
		r = enter(path);
		if (r < 0)
			snprintf(cli->sentence, sizeof(cli->sentence), "cannot enter the network namespace %s: %s",
				 cli->netns, strerror(-r));
		return r;
	}
	/* The laggs are in the agent's namespace. If we may not enter that, we use our own, which usually is the same.
	 */
	if (cli->fd >= 0 && getsockopt(cli->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", peer.pid);
		enter(path);
	}
	return 0;
}

/* Sends a request and calls fn for its replies. Returns 0 or -errno. */
static int talk(struct nlmsghdr *nlh, mnl_cb_t fn, void *context)
{
	static _Alignas(NLMSG_ALIGNTO) uint8_t buffer[BUFFER_SIZE];
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int more = MNL_CB_OK, r = 0;

	if (!socket)
		return -errno;
	nlh->nlmsg_seq = 1;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		r = -errno;
	while (r == 0 && more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (len < 0) {
			r = -errno;
			break;
		}
		more = mnl_cb_run(buffer, (size_t)len, 1, mnl_socket_get_portid(socket), fn, context);
		if (more < 0)
			r = -errno;
		/* A request that is not a dump gets one message as its answer. */
		if (!(nlh->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)))
			break;
	}
	mnl_socket_close(socket);
	return r;
}

static int take_link_attr(const struct nlattr *attr, void *context)
{
	struct link *link = context;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *nlh, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct link link = {
	    .ifindex = info->ifi_index,
	    .flags = info->ifi_flags,
	    .ether = info->ifi_type == ARPHRD_ETHER,
	};

	mnl_attr_parse(nlh, sizeof(*info), take_link_attr, &link);
	*(struct link *)context = link;
	return MNL_CB_OK;
}

static struct nlmsghdr *link_request(void *buffer, uint16_t type, int ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	nlh->nlmsg_type = type;
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = ifindex;
	return nlh;
}

int link_get(const char *name, struct link *ret)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct link link = {0};
	struct nlmsghdr *nlh = link_request(buffer, RTM_GETLINK, 0);
	int r;

	if (strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	r = talk(nlh, take_link, &link);
	if (r < 0)
		return r;
	*ret = link;
	return 0;
}

static int change(int ifindex, const struct link_change *change)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct nlmsghdr *nlh = link_request(buffer, RTM_NEWLINK, ifindex);
	struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (change->has_admin) {
		info->ifi_change = IFF_UP;
		info->ifi_flags = change->up ? IFF_UP : 0;
	}
	if (change->has_mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, change->mtu);
	if (change->has_mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(change->mac), change->mac);
	return talk(nlh, NULL, NULL);
}

int link_set(const struct link *link, const struct link_change *wanted)
{
	struct link_change down = {.has_admin = true}, up = {.has_admin = true, .up = true};
	int r = change(link->ifindex, wanted);

	if (r != -EBUSY || !wanted->has_mac || !(link->flags & IFF_UP))
		return r;
	r = change(link->ifindex, &down);
	if (r == 0)
		r = change(link->ifindex, wanted);
	if (!wanted->has_admin || wanted->up) {
		int again = change(link->ifindex, &up);

		r = r ? r : again;
	}
	return r;
}

struct address_walk {
	const struct link *link;
	link_address_fn fn;
	void *context;
	struct link_address *address; /* the address that the current message describes */
};

static int take_address_attr(const struct nlattr *attr, void *context)
{
	struct address_walk *walk = context;
	struct link_address *address = walk->address;
	size_t len = mnl_attr_get_payload_len(attr);
	uint16_t type = mnl_attr_get_type(attr);

	if (len != (address->family == AF_INET ? 4 : 16))
		return MNL_CB_OK;
	/* IPv4 addresses have both attributes, and IFA_ADDRESS may be the other end of a point-to-point link. */
	if (type == (address->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS))
		memcpy(address->address, mnl_attr_get_payload(attr), len);
	if (type == IFA_BROADCAST && address->family == AF_INET) {
		memcpy(address->broadcast, mnl_attr_get_payload(attr), sizeof(address->broadcast));
		address->has_broadcast = true;
	}
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *nlh, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	struct address_walk *walk = context;
	struct link_address address = {
	    .family = info->ifa_family,
	    .prefix = info->ifa_prefixlen,
	    .link_local = info->ifa_scope == RT_SCOPE_LINK,
	};

	if ((int)info->ifa_index != walk->link->ifindex || (address.family != AF_INET && address.family != AF_INET6))
		return MNL_CB_OK;
	walk->address = &address;
	mnl_attr_parse(nlh, sizeof(*info), take_address_attr, walk);
	walk->fn(&address, walk->context);
	return MNL_CB_OK;
}

int link_addresses(const struct link *link, link_address_fn fn, void *context)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct address_walk walk = {.link = link, .fn = fn, .context = context};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	info->ifa_family = AF_UNSPEC;
	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags |= NLM_F_DUMP;
	return talk(nlh, take_address, &walk);
}
