/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Changes settings of devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/netlink/request.h"
#include "sys/sysfs.h"

static struct nlmsghdr *begin_change(struct netlink_request *request, int ifindex)
{
	struct nlmsghdr *nlh = netlink_begin(request, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	return nlh;
}

/* Changes only the bits of `flag`: others may change the rest at the same time. */
static int set_flag(struct netlink *nl, int ifindex, unsigned int flag, bool on)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	info->ifi_change = flag;
	info->ifi_flags = on ? flag : 0;
	return netlink_talk(nl, nlh, NULL);
}

int netlink_set_up(struct netlink *nl, int ifindex, bool up)
{
	return set_flag(nl, ifindex, IFF_UP, up);
}

int netlink_set_promisc(struct netlink *nl, int ifindex, bool on)
{
	return set_flag(nl, ifindex, IFF_PROMISC, on);
}

int netlink_set_allmulti(struct netlink *nl, int ifindex, bool on)
{
	return set_flag(nl, ifindex, IFF_ALLMULTI, on);
}

int netlink_set_mtu(struct netlink *nl, int ifindex, uint32_t mtu)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return netlink_talk(nl, nlh, NULL);
}

static int set_mac(struct netlink *nl, int ifindex, const uint8_t mac[6])
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	return netlink_talk(nl, nlh, NULL);
}

int netlink_set_mac(struct netlink *nl, int ifindex, const uint8_t mac[6])
{
	int r = set_mac(nl, ifindex, mac);
	if (r != -EBUSY)
		return r;
	struct device device;
	int get = netlink_get(nl, ifindex, &device);
	if (get < 0)
		return get;
	if (!(device.flags & IFF_UP))
		return r;
	r = netlink_set_up(nl, ifindex, false);
	if (r < 0)
		return r;
	int set = set_mac(nl, ifindex, mac);
	r = netlink_set_up(nl, ifindex, true);
	return set < 0 ? set : r;
}

int netlink_free_of_master(struct netlink *nl, int ifindex)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MASTER, 0);
	return netlink_talk(nl, nlh, NULL);
}

int netlink_set_addr_gen_mode(struct netlink *nl, int ifindex, uint8_t mode)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	struct nlattr *families = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, mode);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, families);
	return netlink_talk(nl, nlh, NULL);
}

/* The kernel sends no uevent when an alias changes. Where there is no udev, or no sysfs is to be had, nobody misses it.
 */
static void show_udev(struct netlink *nl, int ifindex)
{
	struct ifreq request = {.ifr_ifindex = ifindex};
	if (nl->sysfs < 0)
		nl->sysfs = sysfs_open(true);
	if (nl->sysfs >= 0 && ioctl(nl->ioctl_fd, SIOCGIFNAME, &request) == 0)
		sysfs_send_change(nl->sysfs, request.ifr_name);
}

int netlink_set_alias(struct netlink *nl, int ifindex, const char *alias)
{
	struct netlink_request request;
	size_t len = strlen(alias);
	if (len > 255)
		return -EINVAL;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	/* Without its NUL, so that an empty text removes the alias. */
	mnl_attr_put(nlh, IFLA_IFALIAS, len, alias);
	int r = netlink_talk(nl, nlh, NULL);
	if (r == 0)
		show_udev(nl, ifindex);
	return r;
}

int netlink_set_group(struct netlink *nl, int ifindex, uint32_t group)
{
	struct netlink_request request;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	return netlink_talk(nl, nlh, NULL);
}

int netlink_rename(struct netlink *nl, int ifindex, const char *name)
{
	struct netlink_request request;
	if (strlen(name) >= IFNAMSIZ)
		return -EINVAL;
	struct nlmsghdr *nlh = begin_change(&request, ifindex);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	int r = netlink_talk(nl, nlh, NULL);
	/* Before Linux 6.2 a device had to be down for it. */
	if (r != -EBUSY)
		return r;
	r = netlink_set_up(nl, ifindex, false);
	if (r < 0)
		return r;
	int renamed = netlink_talk(nl, nlh, NULL);
	r = netlink_set_up(nl, ifindex, true);
	return renamed < 0 ? renamed : r;
}

int netlink_group(struct netlink *nl, int ifindex, const uint8_t group[6], bool join)
{
	struct ifreq request = {.ifr_ifindex = ifindex};
	if (ioctl(nl->ioctl_fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	memset(&request.ifr_ifru, 0, sizeof(request.ifr_ifru));
	request.ifr_hwaddr.sa_family = AF_UNSPEC;
	memcpy(request.ifr_hwaddr.sa_data, group, 6);
	bool known = join && nl->groups_ns && memcmp(nl->group, group, 6) == 0;
	int r = ioctl(nl->ioctl_fd, join ? SIOCADDMULTI : SIOCDELMULTI, &request) < 0 ? -errno : 0;
	if (r < 0 || !known || netlink_add_member(nl, ifindex) < 0)
		nl->groups_ns = 0; /* what was read before is stale */
	return r;
}

static int open_disable_ipv6(const char *name, int flags)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//disable_ipv6") + XLAGG_NAME_MAX];
	int len = snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	if (len < 0 || (size_t)len >= sizeof(path) || strchr(name, '/'))
		return -EINVAL;
	int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netlink_ipv6_disabled(const char *name, bool *ret)
{
	__attribute__((cleanup(close_fd))) int fd = open_disable_ipv6(name, O_RDONLY);
	char value;
	if (fd < 0)
		return fd;
	ssize_t n = read(fd, &value, 1);
	if (n != 1)
		return n < 0 ? -errno : -EIO;
	*ret = value != '0';
	return 0;
}

int netlink_disable_ipv6(const char *name, bool disable)
{
	__attribute__((cleanup(close_fd))) int fd = open_disable_ipv6(name, O_WRONLY);
	if (fd < 0)
		return fd;
	return write(fd, disable ? "1" : "0", 1) < 0 ? -errno : 0;
}
