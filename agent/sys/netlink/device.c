/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads, finds and lists devices (RTM_NEWLINK). */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "sys/mark.h"
#include "sys/netlink/request.h"
#include "xlagg/mac.h"

/* How often, and for how long, the kernel is asked again when it does not answer. */
#define PATIENT_TRIES 20
#define PATIENCE_NS 2000000000L

static void read_text(const struct nlattr *attr, char *ret, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);
	if (len >= size)
		len = size - 1;
	memcpy(ret, mnl_attr_get_payload(attr), len);
	ret[len] = '\0';
}

static uint32_t read_u32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) < sizeof(uint32_t) ? 0 : mnl_attr_get_u32(attr);
}

static bool read_mac(const struct nlattr *attr, uint8_t ret[6])
{
	if (mnl_attr_get_payload_len(attr) != 6)
		return false;
	memcpy(ret, mnl_attr_get_payload(attr), 6);
	return true;
}

static uint8_t read_u8(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) < sizeof(uint8_t) ? 0 : mnl_attr_get_u8(attr);
}

static void read_bond(struct walk attrs, struct device *ret)
{
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == IFLA_BOND_MODE)
			ret->bond_mode = read_u8(attr);
		else if (mnl_attr_get_type(attr) == IFLA_BOND_XMIT_HASH_POLICY)
			ret->bond_policy = read_u8(attr);
		else if (mnl_attr_get_type(attr) == IFLA_BOND_ACTIVE_SLAVE)
			ret->bond_active = (int)read_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_BOND_ALL_SLAVES_ACTIVE)
			ret->bond_all_active = read_u8(attr) != 0;
		else if (mnl_attr_get_type(attr) == IFLA_BOND_MIIMON)
			ret->bond_miimon = read_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_BOND_ARP_INTERVAL)
			ret->bond_arp_interval = read_u32(attr);
}

static void read_bond_slave(struct walk attrs, struct device *ret)
{
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == IFLA_BOND_SLAVE_QUEUE_ID && mnl_attr_get_payload_len(attr) >= 2)
			ret->bond_queue = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == IFLA_BOND_SLAVE_PERM_HWADDR)
			ret->has_bond_own = read_mac(attr, ret->bond_own);
}

/* Where the driver reports no permanent MAC, the present one stands in for it. A slave has its bond's MAC at present,
 * and bonding knows which one it had. */
static void stand_in(struct device *ret)
{
	if (!ret->has_permaddr)
		memcpy(ret->permaddr, ret->has_bond_own ? ret->bond_own : ret->mac, sizeof(ret->permaddr));
}

/* The kernel writes a kind before what is known of devices of that kind. */
static void read_kinds(const struct nlattr *linkinfo, struct device *ret)
{
	const struct nlattr *attr;
	struct walk attrs = walk_nest(linkinfo);
	while ((attr = walk_next_attr(&attrs))) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			read_text(attr, ret->kind, sizeof(ret->kind));
		else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
			read_text(attr, ret->master_kind, sizeof(ret->master_kind));
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && strcmp(ret->kind, "bond") == 0)
			read_bond(walk_nest(attr), ret);
		else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_DATA && strcmp(ret->master_kind, "bond") == 0)
			read_bond_slave(walk_nest(attr), ret);
	}
}

static void read_xdp(const struct nlattr *xdp, struct device *ret)
{
	const struct nlattr *attr;
	struct walk attrs = walk_nest(xdp);
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == IFLA_XDP_SKB_PROG_ID)
			ret->generic_xdp = read_u32(attr) != 0;
}

static void read_altnames(const struct nlattr *properties, struct device *ret)
{
	const size_t room = sizeof(ret->altname) / sizeof(ret->altname[0]);
	size_t n = 0;
	const struct nlattr *attr;
	struct walk attrs = walk_nest(properties);
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == IFLA_ALT_IFNAME && n < room)
			read_text(attr, ret->altname[n++], sizeof(ret->altname[0]));
}

/* Reads the IPv6 settings of the device. */
static void read_inet6(struct walk inet6, struct device *ret)
{
	const struct nlattr *attr;
	ret->has_ipv6 = true;
	while ((attr = walk_next_attr(&inet6)))
		if (mnl_attr_get_type(attr) == IFLA_INET6_ADDR_GEN_MODE && mnl_attr_get_payload_len(attr) > 0)
			ret->addr_gen_mode = mnl_attr_get_u8(attr);
}

static void read_families(const struct nlattr *families, struct device *ret)
{
	const struct nlattr *attr;
	struct walk attrs = walk_nest(families);
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == AF_INET6)
			read_inet6(walk_nest(attr), ret);
}

/* Whether that queueing discipline sends frames in the order in which they came. */
static bool keeps_order(const struct nlattr *attr)
{
	char name[16] = "";
	read_text(attr, name, sizeof(name));
	return strcmp(name, "noqueue") == 0 || strcmp(name, "pfifo") == 0 || strcmp(name, "bfifo") == 0;
}

void netlink_parse_device(const struct nlmsghdr *nlh, struct device *ret)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool link_elsewhere = false, ordered = false;
	uint32_t queues = 0;
	*ret = (struct device){
	    .ifindex = info->ifi_index, .type = info->ifi_type, .flags = info->ifi_flags, .new_netnsid = -1};
	struct walk attrs = walk_attrs(nlh, sizeof(*info));
	while ((attr = walk_next_attr(&attrs))) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			read_text(attr, ret->name, sizeof(ret->name));
			break;
		case IFLA_CARRIER:
			ret->carrier = mnl_attr_get_payload_len(attr) > 0 && mnl_attr_get_u8(attr);
			break;
		case IFLA_CARRIER_DOWN_COUNT:
			ret->losses = read_u32(attr);
			break;
		case IFLA_NUM_TX_QUEUES:
			queues = read_u32(attr);
			break;
		case IFLA_QDISC:
			ordered = keeps_order(attr);
			break;
		case IFLA_MTU:
			ret->mtu = read_u32(attr);
			break;
		case IFLA_MIN_MTU:
			ret->min_mtu = read_u32(attr);
			break;
		case IFLA_MAX_MTU:
			ret->max_mtu = read_u32(attr);
			break;
		case IFLA_ADDRESS:
			read_mac(attr, ret->mac);
			break;
		case IFLA_PERM_ADDRESS:
			ret->has_permaddr = read_mac(attr, ret->permaddr);
			break;
		case IFLA_MASTER:
			ret->master = (int)read_u32(attr);
			break;
		case IFLA_LINK:
			ret->link = (int)read_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			link_elsewhere = true;
			break;
		case IFLA_LINKINFO:
			read_kinds(attr, ret);
			break;
		case IFLA_PROP_LIST:
			read_altnames(attr, ret);
			break;
		case IFLA_IFALIAS:
			read_text(attr, ret->alias, sizeof(ret->alias));
			break;
		case IFLA_PROMISCUITY:
			ret->promiscuity = read_u32(attr);
			break;
		case IFLA_NEW_NETNSID:
			ret->new_netnsid = (int)read_u32(attr);
			break;
		case IFLA_NEW_IFINDEX:
			ret->new_ifindex = (int)read_u32(attr);
			break;
		case IFLA_AF_SPEC:
			read_families(attr, ret);
			break;
		case IFLA_LINKMODE:
			ret->link_mode = read_u8(attr);
			break;
		case IFLA_XDP:
			read_xdp(attr, ret);
			break;
		case IFLA_ALLMULTI:
			ret->allmulti = read_u32(attr);
			break;
		default:
			break;
		}
	}
	stand_in(ret);
	ret->fifo = queues == 1 && ordered;
	/* In this namespace that ifindex would be another device. */
	if (link_elsewhere)
		ret->link = 0;
}

bool device_may_be(const struct device *device, const struct xlagg_device_id *id)
{
	return !id->permanent || !device->has_permaddr || memcmp(id->mac, device->permaddr, sizeof(id->mac)) == 0;
}

bool device_is(const struct device *device, const struct xlagg_device_id *id)
{
	return id->permanent && device->has_permaddr && memcmp(id->mac, device->permaddr, sizeof(id->mac)) == 0;
}

bool device_has_mac(const struct device *device, const uint8_t mac[6])
{
	static const char *const above[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "bridge", "bond", "team"};
	if (memcmp(device->permaddr, mac, sizeof(device->permaddr)) != 0)
		return false;
	/* A virtual device may report the permanent MAC of the one below, too. */
	if (device->has_permaddr)
		return !device->kind[0];
	for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++)
		if (strcmp(device->kind, above[i]) == 0)
			return false;
	return mark_read(device->alias, NULL) == MARK_NONE;
}

bool device_has_other_name(const struct device *device, const char *name)
{
	uint8_t mac[6];
	if (xlagg_name_to_mac(name, mac) == 0)
		return device_has_mac(device, mac);
	for (size_t i = 0; i < sizeof(device->altname) / sizeof(device->altname[0]); i++)
		if (device->altname[i][0] && strcmp(device->altname[i], name) == 0)
			return true;
	return false;
}

/* Statistics would be most of a message, and nobody needs them. */
static void without_stats(struct nlmsghdr *nlh)
{
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static int get(struct netlink *nl, struct nlmsghdr *request, struct device *ret)
{
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	int r = netlink_talk(nl, request, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh = netlink_next(&messages, RTM_NEWLINK, sizeof(struct ifinfomsg));
	if (!nlh)
		return -EPROTO;
	netlink_parse_device(nlh, ret);
	return 0;
}

int netlink_get(struct netlink *nl, int ifindex, struct device *ret)
{
	struct netlink_request request;
	/* For the kernel 0 means "not given" and not "no such device". */
	if (ifindex <= 0)
		return -ENODEV;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = ifindex;
	without_stats(nlh);
	return get(nl, nlh, ret);
}

int netlink_is_up(struct netlink *nl, int ifindex, bool *ret)
{
	struct ifreq request = {.ifr_ifindex = ifindex};
	if (ioctl(nl->ioctl_fd, SIOCGIFNAME, &request) < 0 || ioctl(nl->ioctl_fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	*ret = request.ifr_flags & IFF_UP;
	return 0;
}

int netlink_get_patiently(struct netlink *nl, int ifindex, struct device *ret)
{
	static const struct timespec pause = {.tv_nsec = PATIENCE_NS / PATIENT_TRIES};
	int r = netlink_get(nl, ifindex, ret);
	for (int i = 1; i < PATIENT_TRIES && r < 0 && r != -ENODEV; i++) {
		nanosleep(&pause, NULL);
		r = netlink_get(nl, ifindex, ret);
	}
	return r;
}

/* The devices that have a permanent MAC: lagg0 may have that of a port that is not there. */
struct search {
	const uint8_t *mac;
	struct device found[4];
	size_t count;
};

static void compare_mac(void *context, const struct device *device, bool gone)
{
	struct search *search = context;
	if (!gone && search->count < sizeof(search->found) / sizeof(search->found[0]) &&
	    device_has_mac(device, search->mac))
		search->found[search->count++] = *device;
}

/* Whether it is one end of a lagg's pair of devices. */
static bool is_of_lagg(struct netlink *nl, const struct device *device)
{
	struct device other;
	return device->link && !device->has_permaddr && netlink_get(nl, device->link, &other) == 0 &&
	       mark_read(other.alias, NULL) == MARK_LOWER;
}

static int get_by_mac(struct netlink *nl, const uint8_t mac[6], struct device *ret)
{
	struct search search = {.mac = mac};
	int r = netlink_list(nl, compare_mac, &search);
	if (r < 0)
		return r;
	for (size_t i = 0; i < search.count; i++) {
		if (is_of_lagg(nl, &search.found[i]))
			continue;
		*ret = search.found[i];
		return 0;
	}
	return -ENODEV;
}

int netlink_get_by_name(struct netlink *nl, const char *name, struct device *ret)
{
	struct netlink_request request;
	size_t len = strlen(name);
	uint8_t mac[6];
	if (xlagg_name_to_mac(name, mac) == 0)
		return get_by_mac(nl, mac, ret);
	if (len == 0 || len >= sizeof(ret->altname[0]))
		return -ENODEV;
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	/* With IFLA_IFNAME the kernel finds alternative names as well, but only short ones. */
	mnl_attr_put_strz(nlh, len < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	without_stats(nlh);
	return get(nl, nlh, ret);
}

int netlink_list(struct netlink *nl, netlink_device_fn fn, void *context)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *dump = netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	without_stats(dump);
	int r = netlink_talk(nl, dump, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *nlh;
	while ((nlh = netlink_next(&messages, RTM_NEWLINK, sizeof(struct ifinfomsg)))) {
		struct device device;
		netlink_parse_device(nlh, &device);
		fn(context, &device, false);
	}
	return 0;
}

int netlink_netnsid(struct netlink *nl, int netns, int *ret)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	const struct nlattr *attr;
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)netns);
	int r = netlink_talk(nl, nlh, &answer);
	if (r < 0)
		return r;
	struct walk messages = netlink_messages(&answer);
	const struct nlmsghdr *reply = netlink_next(&messages, RTM_NEWNSID, sizeof(struct rtgenmsg));
	struct walk attrs = reply ? walk_attrs(reply, sizeof(struct rtgenmsg)) : (struct walk){0};
	while ((attr = walk_next_attr(&attrs)))
		if (mnl_attr_get_type(attr) == NETNSA_NSID && (int)read_u32(attr) >= 0) {
			*ret = (int)read_u32(attr);
			return 0;
		}
	return -ENOENT;
}

int netlink_has_netnsid(struct netlink *nl, int netnsid)
{
	struct netlink_request request;
	__attribute__((cleanup(netlink_answer_free))) struct netlink_answer answer = {};
	struct nlmsghdr *nlh = netlink_begin(&request, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)netnsid);
	int r = netlink_talk(nl, nlh, &answer);
	return r < 0 ? (r == -ENOENT ? 0 : r) : 1;
}
