/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Netlink messages that somebody in the namespace sends in the kernel's place change nothing. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "sys/fd.h"
#include "sys/netlink/request.h"

/* The message of a forger: it says that `device` is gone, or is so, and that it has `len` octets. */
struct forged {
	struct nlmsghdr head;
	struct ifinfomsg info;
	struct nlattr name_head;
	char name[16];
};

static struct forged forge(uint16_t type, uint32_t len, const struct device *device)
{
	struct forged forged = {
	    .head = {.nlmsg_len = len, .nlmsg_type = type},
	    .info = {.ifi_index = device->ifindex, .ifi_type = device->type},
	    .name_head = {.nla_len = sizeof(struct nlattr) + sizeof(forged.name), .nla_type = IFLA_IFNAME},
	};
	memcpy(forged.name, device->name, sizeof(forged.name));
	return forged;
}

/* Sends it to a port or to groups. 0 or -errno. */
static int send_forged(const struct forged *forged, uint32_t port, uint32_t groups)
{
	__attribute__((cleanup(close_fd))) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};
	cr_assert_geq(fd, 0);
	return sendto(fd, forged, sizeof(*forged), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static void no_event(void *context, const struct device *device, bool gone)
{
	(void)context;
	cr_assert_fail("%s is told%s", device->name, gone ? " to be gone" : "");
}

static void note_mtu(void *context, const struct device *device, bool gone)
{
	if (strcmp(device->name, "p0") == 0 && !gone)
		*(uint32_t *)context = device->mtu;
}

/* A pair of devices of which all events were read. */
static struct device quiet_pair(struct netlink *nl)
{
	uint32_t mtu = 0;
	make_pair("p0", "p1");
	cr_assert_eq(netlink_read_events(nl, note_mtu, NULL, &mtu), 0);
	cr_assert_eq(mtu, 1500);
	return device_of(nl, "p0");
}

NETNS_TEST(sender, what_others_send_to_the_group_is_dropped)
{
	struct device device = quiet_pair(nl);
	const uint16_t types[] = {RTM_DELLINK, RTM_NEWLINK};
	/* The last two are no lengths of this message: one is negative as an int, the other ends behind 2 GiB. */
	const uint32_t lengths[] = {sizeof(struct forged), 0xffffffff, 0x8000001c};
	uint32_t sent = 0, mtu = 0;
	for (int type = 0; type < 2; type++) {
		for (int i = 0; i < 3; i++, sent++) {
			struct forged forged = forge(types[type], lengths[i], &device);
			cr_assert_eq(send_forged(&forged, 0, RTMGRP_LINK), 0);
		}
	}
	cr_assert_eq(netlink_read_events(nl, no_event, NULL, NULL), 0);
	cr_assert_eq(netlink_foreign(nl), sent);
	/* The kernel is still heard. */
	shell("ip link set p0 mtu 1400");
	cr_assert_eq(netlink_read_events(nl, note_mtu, NULL, &mtu), 0);
	cr_assert_eq(mtu, 1400);
	cr_assert_eq(netlink_foreign(nl), sent);
}

NETNS_TEST(sender, the_kernel_refuses_what_others_send_to_a_socket)
{
	struct device device = quiet_pair(nl);
	struct forged forged = forge(RTM_DELLINK, sizeof(forged), &device);
	cr_assert_eq(send_forged(&forged, mnl_socket_get_portid(nl->events), 0), -ECONNREFUSED);
	cr_assert_eq(netlink_read_events(nl, no_event, NULL, NULL), 0);
	/* In the place of the answer to the next request. */
	forged = forge(RTM_NEWLINK, sizeof(forged), &device);
	forged.head.nlmsg_seq = nl->seq + 1;
	strcpy(forged.name, "q0");
	cr_assert_eq(send_forged(&forged, mnl_socket_get_portid(nl->requests), 0), -ECONNREFUSED);
	cr_assert_eq(netlink_get(nl, device.ifindex, &device), 0);
	cr_assert_str_eq(device.name, "p0");
}

/* Were the kernel to let such a message through to the socket, it would not be read. */
NETNS_TEST(sender, what_reaches_a_socket_is_read_only_from_the_kernel)
{
	_Alignas(struct nlmsghdr) char octets[4096];
	struct mnl_socket *open = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	cr_assert_not_null(open);
	cr_assert_eq(mnl_socket_bind(open, 0, MNL_SOCKET_AUTOPID), 0);
	struct device device = quiet_pair(nl);
	struct forged forged = forge(RTM_NEWLINK, sizeof(forged), &device);
	cr_assert_eq(send_forged(&forged, mnl_socket_get_portid(open), 0), 0);
	cr_assert_eq(netlink_receive(nl, open, octets, sizeof(octets)), 0);
	cr_assert_eq(netlink_foreign(nl), 1);
	cr_assert_eq(netlink_receive(nl, open, octets, sizeof(octets)), -EAGAIN);
	struct netlink_request request;
	struct nlmsghdr *get = netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(get))->ifi_index = device.ifindex;
	cr_assert_eq(netlink_send(open, get), 0);
	cr_assert_gt(netlink_receive(nl, open, octets, sizeof(octets)), 0);
	cr_assert_eq(((struct nlmsghdr *)octets)->nlmsg_type, RTM_NEWLINK);
	/* A message that does not fit is lost, and is not taken for a whole one. */
	cr_assert_eq(netlink_send(open, get), 0);
	cr_assert_eq(netlink_receive(nl, open, octets, 64), -ENOBUFS);
	mnl_socket_close(open);
}

struct told {
	int gone, present;
	struct device device;
};

static void note(void *context, const struct device *device, bool gone)
{
	struct told *told = context;
	if (strcmp(device->name, "p0") != 0)
		return;
	told->gone += gone;
	told->present += !gone;
	told->device = *device;
}

/* The number is another device's by the time that the removal is read: whoever hears of it has to look. */
NETNS_TEST(sender, a_removal_counts_when_the_kernel_has_the_device_no_longer)
{
	struct device device = quiet_pair(nl);
	struct told told = {};
	shell("ip link del p0");
	cr_assert_eq(netlink_read_events(nl, note, NULL, &told), 0);
	cr_assert(told.gone == 1 && told.present == 0);
	shell("ip link add p0 index %d type veth peer name p1", device.ifindex);
	cr_assert_eq(netlink_read_events(nl, note, NULL, &told), 0);
	told = (struct told){};
	shell("ip link del p0 && ip link add p0 index %d mtu 1300 type veth peer name p1", device.ifindex);
	cr_assert_eq(netlink_read_events(nl, note, NULL, &told), 0);
	cr_assert(told.gone == 0 && told.present > 0, "the present one is of the same number and kind");
	cr_assert_eq(told.device.mtu, 1300);
}
