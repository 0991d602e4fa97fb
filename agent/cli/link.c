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

#include "xlagg/walk.h"

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

typedef void (*reply_fn)(const struct nlmsghdr *nlh, void *context);

/* Opens a socket on which the kernel alone is heard: it refuses what other processes send to a connected one. */
static int open_socket(struct mnl_socket **ret)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    connect(mnl_socket_get_fd(socket), (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int r = -errno;

		mnl_socket_close(socket);
		return r;
	}
	*ret = socket;
	return 0;
}

/* Reads what ends a reply: NLMSG_ERROR, NLMSG_DONE. */
static int read_end(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload_len(nlh) < sizeof(int) ? 0 : *(const int *)mnl_nlmsg_get_payload(nlh);
}

/* Calls fn for the messages of one packet. Returns 0 or -errno; *more: further packets follow. */
static int take_packet(struct walk walk, reply_fn fn, void *context, bool *more)
{
	const struct nlmsghdr *nlh;

	while (*more && (nlh = walk_next_message(&walk))) {
		*more = nlh->nlmsg_type != NLMSG_ERROR && nlh->nlmsg_type != NLMSG_DONE;
		if (!*more)
			return read_end(nlh);
		if (fn)
			fn(nlh, context);
		/* A request that is not a dump gets one message as its answer. */
		*more = nlh->nlmsg_flags & NLM_F_MULTI;
	}
	return 0;
}

/* Sends a request and calls fn for its replies. Returns 0 or -errno. */
static int talk(struct nlmsghdr *nlh, reply_fn fn, void *context)
{
	static _Alignas(NLMSG_ALIGNTO) uint8_t buffer[BUFFER_SIZE];
	struct mnl_socket *socket = NULL;
	int r = open_socket(&socket);

	if (r < 0)
		return r;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		r = -errno;
	for (bool more = r == 0; more && r == 0;) {
		ssize_t len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (len < 0)
			r = -errno;
		else
			r = take_packet((struct walk){(const char *)buffer, (size_t)len}, fn, context, &more);
	}
	mnl_socket_close(socket);
	return r;
}

static void take_link(const struct nlmsghdr *nlh, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct walk walk = walk_attrs(nlh, sizeof(*info));
	const struct nlattr *attr;
	struct link *link = context;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return;
	*link = (struct link){
	    .ifindex = info->ifi_index,
	    .flags = info->ifi_flags,
	    .ether = info->ifi_type == ARPHRD_ETHER,
	};
	while ((attr = walk_next_attr(&walk))) {
		size_t len = mnl_attr_get_payload_len(attr);
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFLA_IFNAME)
			snprintf(link->name, sizeof(link->name), "%.*s", (int)len, mnl_attr_get_str(attr));
		else if (type == IFLA_MTU && len == sizeof(link->mtu))
			link->mtu = mnl_attr_get_u32(attr);
		else if (type == IFLA_ADDRESS && len == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
	}
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

/* Whose addresses are asked for, and who hears of them. */
struct address_search {
	const struct link *link;
	link_address_fn fn;
	void *context;
};

static void take_address_attr(const struct nlattr *attr, struct link_address *address)
{
	size_t len = mnl_attr_get_payload_len(attr);
	uint16_t type = mnl_attr_get_type(attr);

	if (len != (address->family == AF_INET ? 4 : 16))
		return;
	/* IPv4 addresses have both attributes, and IFA_ADDRESS may be the other end of a point-to-point link. */
	if (type == (address->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS))
		memcpy(address->address, mnl_attr_get_payload(attr), len);
	if (type == IFA_BROADCAST && address->family == AF_INET) {
		memcpy(address->broadcast, mnl_attr_get_payload(attr), sizeof(address->broadcast));
		address->has_broadcast = true;
	}
}

static void take_address(const struct nlmsghdr *nlh, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	const struct address_search *search = context;
	struct walk walk = walk_attrs(nlh, sizeof(*info));
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || (int)info->ifa_index != search->link->ifindex ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return;
	struct link_address address = {
	    .family = info->ifa_family,
	    .prefix = info->ifa_prefixlen,
	    .link_local = info->ifa_scope == RT_SCOPE_LINK,
	};
	while ((attr = walk_next_attr(&walk)))
		take_address_attr(attr, &address);
	search->fn(&address, search->context);
}

int link_addresses(const struct link *link, link_address_fn fn, void *context)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct address_search search = {.link = link, .fn = fn, .context = context};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	info->ifa_family = AF_UNSPEC;
	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags |= NLM_F_DUMP;
	return talk(nlh, take_address, &search);
}
