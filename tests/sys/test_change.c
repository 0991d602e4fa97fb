/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Changes to devices, checked with ip(8) and /proc. */
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

static const uint8_t slow_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

/* Returns one member of what `ip -d -j link` prints. */
static const char *link_says(const char *name, const char *filter)
{
	return shell_read("ip -d -j link show dev %s | jq -r '.[0] | %s'", name, filter);
}

NETNS_TEST(netlink_change, up_mtu_mac_alias_and_name)
{
	static const uint8_t mac[6] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	cr_assert_eq(netlink_set_up(nl, p0, true), 0);
	cr_assert_str_eq(link_says("p0", ".flags | index(\"UP\") != null"), "true");
	cr_assert_eq(netlink_set_up(nl, p0, false), 0);
	cr_assert_str_eq(link_says("p0", ".flags | index(\"UP\") != null"), "false");
	cr_assert_eq(netlink_set_mtu(nl, p0, 9000), 0);
	cr_assert_str_eq(link_says("p0", ".mtu"), "9000");
	cr_assert_eq(netlink_set_mac(nl, p0, mac), 0);
	cr_assert_str_eq(link_says("p0", ".address"), "02:aa:bb:cc:dd:ee");
	cr_assert_eq(netlink_set_alias(nl, p0, "port of lagg0 (xlagg)"), 0);
	cr_assert_str_eq(link_says("p0", ".ifalias"), "port of lagg0 (xlagg)");
	cr_assert_eq(netlink_set_alias(nl, p0, ""), 0);
	cr_assert_str_eq(link_says("p0", ".ifalias"), "null");
	cr_assert_eq(netlink_rename(nl, p0, "q0"), 0);
	cr_assert_eq(atoi(link_says("q0", ".ifindex")), p0);
}

/* Listens to the kernel's uevents in this namespace. */
static int open_uevents(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s", strerror(errno));
	return fd;
}

/* Counts the uevents that came and begin like this. */
static int count_uevents(int fd, const char *beginning)
{
	char text[4096];
	int count = 0;
	for (;;) {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return count;
		text[n] = '\0';
		count += strncmp(text, beginning, strlen(beginning)) == 0 && strstr(text, "/net/p0") != NULL;
	}
}

NETNS_TEST(netlink_change, udev_sees_that_an_alias_has_changed)
{
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex, fd = open_uevents();
	cr_assert_eq(netlink_set_mtu(nl, p0, 9000), 0);
	cr_assert_eq(count_uevents(fd, "change@"), 0);
	cr_assert_eq(netlink_set_alias(nl, p0, "port of lagg0 (xlagg)"), 0);
	cr_assert_eq(count_uevents(fd, "change@"), 1);
	cr_assert_eq(netlink_set_alias(nl, p0, ""), 0);
	cr_assert_eq(count_uevents(fd, "change@"), 1);
	cr_assert_eq(netlink_set_alias(nl, p0 + 1000, "a"), -ENODEV);
	cr_assert_eq(count_uevents(fd, "change@"), 0);
	close(fd);
}

NETNS_TEST(netlink_change, the_longest_alias_fits_and_a_longer_one_is_refused)
{
	char alias[257];
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	memset(alias, 'a', sizeof(alias));
	alias[256] = '\0';
	cr_assert_eq(netlink_set_alias(nl, p0, alias), -EINVAL);
	alias[255] = '\0';
	cr_assert_eq(netlink_set_alias(nl, p0, alias), 0);
	cr_assert_str_eq(device_of(nl, "p0").alias, alias);
}

/* With one end of each pair in the group the other end goes, too, and nothing else. */
NETNS_TEST(netlink_change, a_group_of_devices_is_removed_at_once)
{
	struct device found;
	uint32_t group, another;
	make_pair("p0", "p1");
	make_pair("p2", "p3");
	make_pair("p4", "p5");
	cr_assert_eq(netlink_draw_group(&group), 0);
	cr_assert_eq(netlink_draw_group(&another), 0);
	cr_assert_neq(group, another);
	cr_assert_eq(netlink_set_group(nl, device_of(nl, "p0").ifindex, group), 0);
	cr_assert_eq(netlink_set_group(nl, device_of(nl, "p3").ifindex, group), 0);
	cr_assert_eq(netlink_set_group(nl, device_of(nl, "p4").ifindex, another), 0);
	cr_assert_eq(netlink_del_group(nl, group), 0);
	cr_assert_eq(netlink_get_by_name(nl, "p1", &found), -ENODEV);
	cr_assert_eq(netlink_get_by_name(nl, "p2", &found), -ENODEV);
	device_of(nl, "p4");
	device_of(nl, "p5");
	cr_assert_eq(netlink_del_group(nl, group), -ENODEV, "of a group without devices");
}

NETNS_TEST(netlink_change, a_refusal_is_told_with_the_kernels_words)
{
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	cr_assert_eq(netlink_set_mtu(nl, p0, 70000), -EINVAL);
	cr_assert_str_eq(netlink_why(nl), "mtu greater than device maximum");
	cr_assert_eq(netlink_set_mtu(nl, p0, 1400), 0);
	cr_assert_str_eq(netlink_why(nl), "", "of a request that was refused before");
	cr_assert_eq(netlink_set_up(nl, 4711, true), -ENODEV);
	cr_assert_eq(netlink_rename(nl, p0, "p1"), -EEXIST);
	cr_assert_eq(netlink_rename(nl, p0, "a-name-too-long-for-it"), -EINVAL);
	cr_assert_eq(netlink_del(nl, 0), -ENODEV);
	cr_assert_eq(netlink_del(nl, 4711), -ENODEV);
}

NETNS_TEST(netlink_change, a_device_without_a_settable_mac_refuses)
{
	static const uint8_t mac[6] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
	shell("ip link add ifb9 type ifb && ip link set ifb9 up");
	struct device before = device_of(nl, "ifb9");
	cr_assert_eq(netlink_set_mac(nl, before.ifindex, mac), -EOPNOTSUPP);
	struct device after = device_of(nl, "ifb9");
	cr_assert_arr_eq(after.mac, before.mac, 6);
	cr_assert(after.flags & IFF_UP);
}

/* The flags are the device's own: they stay when the socket that set them is closed. */
NETNS_TEST(netlink_change, promisc_and_allmulti_outlive_the_socket)
{
	struct netlink *other;
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	cr_assert_eq(netlink_set_up(nl, p0, true), 0);
	cr_assert_eq(netlink_open(&other), 0);
	cr_assert_eq(netlink_set_promisc(other, p0, true), 0);
	cr_assert_eq(netlink_set_allmulti(other, p0, true), 0);
	netlink_close(&other);
	cr_assert_null(other);
	cr_assert_str_eq(link_says("p0", "[.promiscuity, .allmulti] | @csv"), "1,1");
	struct device device = device_of(nl, "p0");
	cr_assert(device.flags & IFF_PROMISC);
	cr_assert(device.flags & IFF_ALLMULTI);
	cr_assert(device.flags & IFF_UP, "no other flag changes");
	cr_assert_eq(device.promiscuity, 1);
	/* Asking twice is the same as asking once. */
	cr_assert_eq(netlink_set_promisc(nl, p0, true), 0);
	cr_assert_eq(netlink_set_promisc(nl, p0, false), 0);
	cr_assert_eq(netlink_set_allmulti(nl, p0, false), 0);
	cr_assert_str_eq(link_says("p0", "[.promiscuity, .allmulti] | @csv"), "0,0");
}

NETNS_TEST(netlink_change, a_group_outlives_the_socket)
{
	struct netlink *other;
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	cr_assert(!netlink_has_group(nl, p0, slow_group, 0));
	/* A membership that somebody's socket holds ends with that socket, so it does not count. */
	struct packet_mreq membership = {.mr_ifindex = p0, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
	memcpy(membership.mr_address, slow_group, 6);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)), 0);
	cr_assert(!netlink_has_group(nl, p0, slow_group, 0));
	close(fd);
	cr_assert_eq(netlink_open(&other), 0);
	cr_assert_eq(netlink_group(other, p0, slow_group, true), 0);
	cr_assert_eq(netlink_group(other, p0, slow_group, true), 0, "joining twice is no error");
	netlink_close(&other);
	cr_assert(netlink_has_group(nl, p0, slow_group, 0));
	cr_assert(!netlink_has_group(nl, device_of(nl, "p1").ifindex, slow_group, 0));
	cr_assert(shell_ok("ip maddress show dev p0 | grep -q 'link  01:80:c2:00:00:02'"));
	cr_assert_eq(netlink_group(nl, p0, slow_group, false), 0);
	cr_assert(!netlink_has_group(nl, p0, slow_group, 0));
	cr_assert_eq(netlink_group(nl, p0, slow_group, false), -ENOENT);
	cr_assert_eq(netlink_group(nl, 4711, slow_group, true), -ENODEV);
}

NETNS_TEST(netlink_change, ipv6_is_switched_in_this_namespace)
{
	bool disabled = true;
	make_pair("p0", "p1");
	shell("ip link set p0 up && ip link set p1 up");
	cr_assert_eq(netlink_ipv6_disabled("p0", &disabled), 0);
	cr_assert(!disabled);
	cr_assert_eq(netlink_disable_ipv6("p0", true), 0);
	cr_assert_eq(netlink_ipv6_disabled("p0", &disabled), 0);
	cr_assert(disabled);
	cr_assert_str_eq(shell_read("ip -6 address show dev p0"), "");
	cr_assert_eq(netlink_disable_ipv6("p0", false), 0);
	cr_assert_eq(netlink_ipv6_disabled("p0", &disabled), 0);
	cr_assert(!disabled);
	cr_assert_eq(netlink_ipv6_disabled("none", &disabled), -ENOENT);
	cr_assert_eq(netlink_disable_ipv6("none", true), -ENOENT);
	cr_assert_eq(netlink_disable_ipv6("../all", true), -EINVAL);
	cr_assert_eq(netlink_disable_ipv6("a-name-too-long-for-it", true), -EINVAL);
}

static const uint8_t lagg_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02};

static int no_devices_but_lo(void)
{
	return shell_ok("[ $(ip -o link | wc -l) = 1 ]");
}

NETNS_TEST(netlink_create, a_veth_pair_is_made_as_asked)
{
	struct netlink_pair pair;
	cr_assert_eq(netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1400, 2, &pair), 0);
	struct device lagg = device_of(nl, "lagg0");
	struct device lower = device_of(nl, "lagg0-dp");
	cr_assert_eq(pair.ifindex, lagg.ifindex);
	cr_assert_eq(pair.lower_ifindex, lower.ifindex);
	cr_assert_arr_eq(lagg.mac, lagg_mac, 6);
	cr_assert_arr_neq(lower.mac, lagg_mac, 6);
	cr_assert_eq(lower.mac[0] & 0x03, 0x02, "a local address of one receiver");
	cr_assert_eq(lagg.mtu, 1400);
	cr_assert_eq(lower.mtu, 1400);
	cr_assert_eq(lagg.link, lower.ifindex);
	cr_assert(!(lagg.flags & IFF_UP));
	cr_assert(!(lower.flags & IFF_UP));
	cr_assert_str_eq(lower.alias, "xlagg: lower end of lagg0");
	cr_assert_str_eq(lagg.alias, "");
	cr_assert_str_eq(link_says("lagg0", "[.num_tx_queues, .num_rx_queues] | @csv"), "2,2");
	cr_assert_str_eq(link_says("lagg0-dp", "[.num_tx_queues, .num_rx_queues] | @csv"), "2,2");
	cr_assert_str_eq(link_says("lagg0-dp", ".inet6_addr_gen_mode"), "none");
	cr_assert_str_eq(link_says("lagg0", ".inet6_addr_gen_mode"), "eui64");
	shell("ip link set lagg0 up && ip link set lagg0-dp up");
	cr_assert(shell_ok("ip -6 address show dev lagg0 | grep -q 'inet6 fe80::42:acff:fe11:2/64'"));
	cr_assert_str_eq(shell_read("ip -6 address show dev lagg0-dp"), "");
	cr_assert_eq(netlink_del(nl, lagg.ifindex), 0);
	cr_assert(no_devices_but_lo());
}

NETNS_TEST(netlink_create, a_name_in_use_leaves_nothing_behind)
{
	struct netlink_pair pair;
	make_pair("p0", "p1");
	cr_assert_eq(netlink_add_veth(nl, "p0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, 1, &pair), -EEXIST);
	cr_assert_eq(netlink_add_veth(nl, "lagg0", "p1", lagg_mac, drawn_mac(), 1500, 1, &pair), -EEXIST);
	cr_assert_eq(netlink_add_veth(nl, "lagg0", "a-name-too-long-for-it", lagg_mac, drawn_mac(), 1500, 1, &pair),
		     -EINVAL);
	cr_assert_eq(netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 10, 1, &pair), -EINVAL);
	cr_assert_str_eq(shell_read("ip -j link | jq -r '[.[].ifname] | sort | join(\" \")'"), "lo p0 p1");
}

NETNS_TEST(netlink_create, netkit_or_eopnotsupp)
{
	struct netlink_pair pair;
	int r = netlink_add_netkit(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, &pair);
	if (r == -EOPNOTSUPP) {
		/* iproute2 says the same, where it knows this kind of device. */
		cr_assert(no_devices_but_lo());
		cr_assert(!shell_ok("ip link add nk0 type netkit 2>/dev/null"));
		return;
	}
	cr_assert_eq(r, 0);
	struct device lagg = device_of(nl, "lagg0");
	struct device lower = device_of(nl, "lagg0-dp");
	cr_assert_eq(pair.ifindex, lagg.ifindex);
	cr_assert_eq(pair.lower_ifindex, lower.ifindex);
	cr_assert_str_eq(lagg.kind, "netkit");
	cr_assert_arr_eq(lagg.mac, lagg_mac, 6);
	cr_assert_eq(lagg.link, lower.ifindex);
	cr_assert_str_eq(lower.alias, "xlagg: lower end of lagg0");
	/* Without a program frames pass from both ends. */
	shell("ip link set lagg0 up && ip link set lagg0-dp up");
	int there = capture_open("lagg0-dp");
	int here = capture_open("lagg0");
	uint8_t frame[2048];
	shell("ip address add 10.9.0.1/24 dev lagg0 && ip address add 10.9.1.1/24 dev lagg0-dp");
	shell_ok("ping -c 1 -W 1 -I lagg0 10.9.0.2 >/dev/null; ping -c 1 -W 1 -I lagg0-dp 10.9.1.2 >/dev/null");
	cr_assert_gt(capture_next(there, frame, sizeof(frame), now_ms() + PATIENCE_MS), 0);
	cr_assert_gt(capture_next(here, frame, sizeof(frame), now_ms() + PATIENCE_MS), 0);
	close(there);
	close(here);
	cr_assert_eq(netlink_del(nl, lagg.ifindex), 0);
	cr_assert(no_devices_but_lo());
}

struct found {
	int count;
	struct netlink_address last;
};

static void find(void *context, const struct netlink_address *address)
{
	struct found *found = context;
	found->count++;
	found->last = *address;
}

NETNS_TEST(netlink_address, added_listed_and_removed)
{
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	struct found found = {};
	static const uint8_t ipv4[4] = {10, 0, 0, 15};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	cr_assert_eq(netlink_add_address(nl, p0, "10.0.0.15/24"), 0);
	cr_assert_eq(netlink_list_addresses(nl, p0, find, &found), 0);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(found.last.ifindex, p0);
	cr_assert_eq(found.last.family, AF_INET);
	cr_assert_eq(found.last.prefix, 24);
	cr_assert_arr_eq(found.last.address, ipv4, 4);
	cr_assert_str_eq(shell_read("ip -j address show dev p0 | jq -r '.[0].addr_info[0].broadcast'"), "10.0.0.255");
	cr_assert_eq(netlink_add_address(nl, p0, "10.0.0.15/24"), -EEXIST);
	cr_assert_eq(netlink_del_address(nl, p0, "10.0.0.15/24"), 0);
	cr_assert_eq(netlink_del_address(nl, p0, "10.0.0.15/24"), -EADDRNOTAVAIL);
	cr_assert_eq(netlink_add_address(nl, p0, "2001:db8::1/64"), 0);
	found.count = 0;
	cr_assert_eq(netlink_list_addresses(nl, 0, find, &found), 0);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(found.last.family, AF_INET6);
	cr_assert_eq(found.last.prefix, 64);
	cr_assert_arr_eq(found.last.address, ipv6, 16);
	cr_assert_eq(netlink_del_address(nl, p0, "2001:db8::1/64"), 0);
	found.count = 0;
	cr_assert_eq(netlink_list_addresses(nl, p0, find, &found), 0);
	cr_assert_eq(found.count, 0);
}

NETNS_TEST(netlink_neighbours, those_learned_by_one_device_are_forgotten)
{
	make_pair("p0", "p1");
	shell("ip link set p0 up && ip link set p1 up && ip address add 10.0.0.1/24 dev p0 && ip address add "
	      "10.0.1.1/24 dev p1");
	shell("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 nud reachable dev p0 && "
	      "ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 nud permanent dev p0 && "
	      "ip neigh add fd00::2 lladdr 02:00:00:00:00:02 nud stale dev p0 && "
	      "ip neigh add 10.0.1.2 lladdr 02:00:00:00:00:02 nud reachable dev p1");
	cr_assert_eq(netlink_forget_neighbours(nl, device_of(nl, "p0").ifindex), 0);
	cr_assert_str_eq(shell_read("ip -j neigh show dev p0 | jq -r '[.[] | select(.lladdr) | .dst] | join(\" \")'"),
			 "10.0.0.3");
	cr_assert(shell_ok("ip neigh show dev p1 | grep -q 10.0.1.2"));
	cr_assert_eq(netlink_forget_neighbours(nl, 1000000), 0);
}

NETNS_TEST(netlink_address, prefixes_at_the_ends)
{
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	static const char *const addresses[] = {"10.1.0.1", "10.2.0.1/32", "10.3.0.1/31", "10.4.0.1/30", "2001:db8::2"};
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		cr_assert_eq(netlink_add_address(nl, p0, addresses[i]), 0, "%s", addresses[i]);
	cr_assert_str_eq(shell_read("ip -j address show dev p0 | jq -r '.[0].addr_info[] |"
				    " \"\\(.local)/\\(.prefixlen) \\(.broadcast)\"'"),
			 "10.1.0.1/32 null\n10.2.0.1/32 null\n10.3.0.1/31 null\n10.4.0.1/30 10.4.0.3\n"
			 "2001:db8::2/128 null");
}

NETNS_TEST(netlink_address, malformed_ones_are_refused)
{
	make_pair("p0", "p1");
	int p0 = device_of(nl, "p0").ifindex;
	static const char *const wrong[] = {"",
					    "/",
					    "/24",
					    "10.0.0.1/",
					    "10.0.0.1/33",
					    "10.0.0.1/-1",
					    "10.0.0.1/ 24",
					    "10.0.0",
					    "10.0.0.256",
					    "10.0.0.1/2x",
					    "2001:db8::1/129",
					    "2001:db8::1::",
					    "eth0",
					    "10.0.0.1/99999999999999999999",
					    "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222/64"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(netlink_add_address(nl, p0, wrong[i]), -EINVAL, "%s", wrong[i]);
	cr_assert_eq(netlink_add_address(nl, 4711, "10.0.0.1/24"), -ENODEV);
	cr_assert_str_eq(shell_read("ip address show dev p0 | grep inet; true"), "");
}

/* On a point-to-point link our own address counts, not the peer's. */
NETNS_TEST(netlink_address, the_local_one_of_a_point_to_point_link)
{
	struct found found = {};
	static const uint8_t local[4] = {10, 5, 0, 1};
	make_pair("p0", "p1");
	shell("ip address add 10.5.0.1 peer 10.5.0.2/32 dev p0");
	cr_assert_eq(netlink_list_addresses(nl, 0, find, &found), 0);
	cr_assert_eq(found.count, 1);
	cr_assert_arr_eq(found.last.address, local, 4);
	static const uint8_t local6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	shell("ip address flush dev p0 && ip address add 2001:db8::1 peer 2001:db8::2/128 dev p0");
	found.count = 0;
	cr_assert_eq(netlink_list_addresses(nl, 0, find, &found), 0);
	cr_assert_eq(found.count, 1);
	cr_assert_arr_eq(found.last.address, local6, 16);
}
