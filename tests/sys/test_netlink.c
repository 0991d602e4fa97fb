/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finding and listing devices, and events when they change. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "sys/netlink/request.h"

/* An event that is awaited, and whether it came. */
struct expected {
	struct netlink *nl;
	const char *name;
	bool gone;
	uint32_t mtu; /* 0: any */
	bool (*also)(const struct device *device);
	bool seen;
	bool seen_gone; /* an event said that a device is gone */
	struct device device;
};

static void look(void *context, const struct device *device, bool gone)
{
	struct expected *expected = context;
	expected->seen_gone |= gone;
	if (strcmp(device->name, expected->name) != 0 || gone != expected->gone)
		return;
	if (!gone && expected->mtu && device->mtu != expected->mtu)
		return;
	if (expected->also && !expected->also(device))
		return;
	expected->seen = true;
	expected->device = *device;
}

static bool read_and_look(void *context)
{
	struct expected *expected = context;
	cr_assert_eq(netlink_read_events(expected->nl, look, NULL, expected), 0);
	return expected->seen;
}

static void expect_event(struct expected *expected)
{
	cr_assert(wait_until(read_and_look, expected), "no event about %s came", expected->name);
}

static bool is_up_with_carrier(const struct device *device)
{
	return (device->flags & IFF_UP) && device->carrier;
}

static bool is_up_without_carrier(const struct device *device)
{
	return (device->flags & IFF_UP) && !device->carrier;
}

NETNS_TEST(netlink_events, creation_change_rename_and_removal_are_told)
{
	make_pair("p0", "p1");
	expect_event(&(struct expected){.nl = nl, .name = "p0"});
	shell("ip link set p0 mtu 1400");
	expect_event(&(struct expected){.nl = nl, .name = "p0", .mtu = 1400});
	shell("ip link set p0 up && ip link set p1 up");
	expect_event(&(struct expected){.nl = nl, .name = "p0", .also = is_up_with_carrier});
	shell("ip link set p1 down");
	expect_event(&(struct expected){.nl = nl, .name = "p0", .also = is_up_without_carrier});
	int ifindex = device_of(nl, "p0").ifindex;
	shell("ip link set p0 down && ip link set p0 name q0");
	struct expected renamed = {.nl = nl, .name = "q0"};
	expect_event(&renamed);
	cr_assert_eq(renamed.device.ifindex, ifindex);
	shell("ip link del q0");
	struct expected gone = {.nl = nl, .name = "q0", .gone = true};
	expect_event(&gone);
	cr_assert_eq(gone.device.ifindex, ifindex);
}

NETNS_TEST(netlink_events, descriptor_becomes_readable)
{
	struct pollfd ready = {.fd = netlink_event_fd(nl), .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, 0), 0, "an event before anything happened");
	make_pair("p0", "p1");
	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
}

/* A bridge that releases a port sends RTM_DELLINK, which does not mean that the device is gone. */
NETNS_TEST(netlink_events, leaving_a_bridge_is_no_removal)
{
	make_pair("p0", "p1");
	shell("ip link add br0 type bridge && ip link set p0 master br0 && ip link set p0 nomaster");
	shell("ip link set p0 mtu 1300");
	struct expected expected = {.nl = nl, .name = "p0", .mtu = 1300};
	expect_event(&expected);
	cr_assert(!expected.seen_gone);
}

NETNS_TEST(netlink_events, moving_to_another_namespace_is_a_removal)
{
	make_pair("p0", "p1");
	expect_event(&(struct expected){.nl = nl, .name = "p1"});
	int ready[2];
	int end[2];
	char octet;
	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(pipe(end), 0);
	pid_t child = fork();
	if (child == 0) {
		close(end[1]);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1 && read(end[0], &octet, 1) <= 0)
			_exit(0);
		_exit(1);
	}
	close(end[0]);
	cr_assert_eq(read(ready[0], &octet, 1), 1);
	shell("ip link set p1 netns %d", (int)child);
	expect_event(&(struct expected){.nl = nl, .name = "p1", .gone = true});
	/* The peer is in another namespace, where its ifindex means another device than here. */
	cr_assert_eq(device_of(nl, "p0").link, 0);
	close(end[1]);
	close(ready[0]);
	close(ready[1]);
}

static void count(void *context, const struct device *device, bool gone)
{
	(void)device;
	cr_assert(!gone);
	++*(int *)context;
}

NETNS_TEST(netlink_events, overrun_is_told_and_a_list_makes_up_for_it)
{
	int small = 1;
	cr_assert_eq(setsockopt(netlink_event_fd(nl), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	make_pair("p0", "p1");
	struct device p0 = device_of(nl, "p0");
	for (uint32_t mtu = 1000; mtu < 1100; mtu++)
		cr_assert_eq(netlink_set_mtu(nl, p0.ifindex, mtu), 0);
	struct expected expected = {.name = "p0", .mtu = 1099};
	int r = 0;
	for (int i = 0; i < 10 && r == 0; i++)
		r = netlink_read_events(nl, look, NULL, &expected);
	cr_assert_eq(r, -ENOBUFS);
	expected.seen = false;
	cr_assert_eq(netlink_list(nl, look, &expected), 0);
	cr_assert(expected.seen);
	/* The socket still works. */
	for (r = -ENOBUFS; r == -ENOBUFS;)
		r = netlink_read_events(nl, look, NULL, &expected);
	expected = (struct expected){.nl = nl, .name = "p0", .mtu = 1200};
	shell("ip link set p0 mtu 1200");
	expect_event(&expected);
}

/* --- a bond's slave, in a message such as the kernel writes: not every kernel has bonding --- */

static const uint8_t bonds_mac[6] = {2, 0, 0, 0, 0, 1}, slaves_mac[6] = {2, 0, 0, 0, 0, 2},
		     permanent_mac[6] = {2, 0, 0, 0, 0, 3};

/* `own` has `size` octets. Without `permanent` the driver reports none. */
static struct device slave_of(const char *master_kind, const uint8_t *own, size_t size, const uint8_t *permanent)
{
	char buffer[512] = "";
	struct device device;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(bonds_mac), bonds_mac);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, master_kind);
	struct nlattr *slave = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put(nlh, IFLA_BOND_SLAVE_PERM_HWADDR, size, own);
	mnl_attr_put_u16(nlh, IFLA_BOND_SLAVE_QUEUE_ID, 7);
	mnl_attr_nest_end(nlh, slave);
	mnl_attr_nest_end(nlh, info);
	if (permanent)
		mnl_attr_put(nlh, IFLA_PERM_ADDRESS, 6, permanent);
	netlink_parse_device(nlh, &device);
	return device;
}

Test(netlink_devices, own_mac_of_a_slave_is_what_bonding_says)
{
	struct device slave = slave_of("bond", slaves_mac, 6, NULL);
	cr_assert(!slave.has_permaddr);
	cr_assert_arr_eq(slave.permaddr, slaves_mac, 6);
	cr_assert_arr_eq(slave.mac, bonds_mac, 6);
	cr_assert_eq(slave.bond_queue, 7);
}

Test(netlink_devices, own_mac_of_a_slave_is_the_permanent_one_if_there_is_one)
{
	struct device slave = slave_of("bond", slaves_mac, 6, permanent_mac);
	cr_assert(slave.has_permaddr);
	cr_assert_arr_eq(slave.permaddr, permanent_mac, 6);
}

Test(netlink_devices, own_mac_is_the_present_one_where_bonding_says_no_other)
{
	static const uint8_t infiniband[20] = {0x80};
	cr_assert_arr_eq(slave_of("bond", infiniband, sizeof(infiniband), NULL).permaddr, bonds_mac, 6);
	cr_assert_arr_eq(slave_of("bond", slaves_mac, 5, NULL).permaddr, bonds_mac, 6);
	/* Of another kind of master that number means something else. */
	cr_assert_arr_eq(slave_of("bridge", slaves_mac, 6, NULL).permaddr, bonds_mac, 6);
}

NETNS_TEST(netlink_devices, fields_are_those_of_the_device)
{
	shell("ip link add p0 address 02:11:22:33:44:55 mtu 1450 type veth peer name p1");
	shell("ip link set p0 alias 'to the switch'");
	shell("ip link add br0 type bridge && ip link set p0 master br0");
	struct device p0 = device_of(nl, "p0");
	struct device p1 = device_of(nl, "p1");
	struct device br0 = device_of(nl, "br0");
	struct device lo = device_of(nl, "lo");
	static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	cr_assert_str_eq(p0.name, "p0");
	cr_assert_eq(p0.ifindex, (int)if_nametoindex("p0"));
	cr_assert_eq(p0.type, ARPHRD_ETHER);
	cr_assert_arr_eq(p0.mac, mac, 6);
	cr_assert_arr_eq(p0.permaddr, mac, 6);
	cr_assert(!p0.has_permaddr, "a veth tells none");
	cr_assert_eq(p0.mtu, 1450);
	cr_assert_eq(p0.min_mtu, 68);
	cr_assert_eq(p0.max_mtu, 65535);
	cr_assert_str_eq(p0.kind, "veth");
	cr_assert_str_eq(p0.master_kind, "bridge");
	cr_assert_eq(p0.master, br0.ifindex);
	cr_assert_eq(p0.link, p1.ifindex);
	cr_assert_str_eq(p0.alias, "to the switch");
	cr_assert_eq(p0.promiscuity, 1, "a bridge makes its ports promiscuous");
	cr_assert(!(p0.flags & IFF_PROMISC), "but that is not the device's own flag");
	cr_assert_str_eq(p1.master_kind, "");
	cr_assert_eq(p1.master, 0);
	cr_assert_str_eq(br0.kind, "bridge");
	cr_assert_eq(lo.type, ARPHRD_LOOPBACK);
	cr_assert_str_eq(lo.kind, "");
}

NETNS_TEST(netlink_devices, found_by_any_of_its_names)
{
	make_pair("p0", "p1");
	shell("ip link property add dev p0 altname short altname a-name-of-more-than-fifteen-characters");
	struct device p0 = device_of(nl, "p0");
	struct device found;
	cr_assert_eq(netlink_get_by_name(nl, "short", &found), 0);
	cr_assert_eq(found.ifindex, p0.ifindex);
	cr_assert_str_eq(found.name, "p0");
	cr_assert_eq(netlink_get_by_name(nl, "a-name-of-more-than-fifteen-characters", &found), 0);
	cr_assert_eq(found.ifindex, p0.ifindex);
	cr_assert_str_eq(p0.altname[0], "short");
	cr_assert_str_eq(p0.altname[1], "a-name-of-more-than-fifteen-characters");
	cr_assert_str_eq(p0.altname[2], "");
	cr_assert_eq(netlink_get(nl, p0.ifindex, &found), 0);
	cr_assert_str_eq(found.name, "p0");
}

/* Whether frames leave in the order in which they came. */
NETNS_TEST(netlink_devices, order_is_kept_by_one_queue_that_does_not_sort)
{
	shell("ip link add one numtxqueues 1 type veth peer name four numtxqueues 4");
	shell("ip link set one up && ip link set four up");
	cr_assert(device_of(nl, "one").fifo);
	cr_assert_not(device_of(nl, "four").fifo);
	shell("tc qdisc replace dev one root pfifo_fast");
	cr_assert_not(device_of(nl, "one").fifo, "it sorts by priority");
	shell("tc qdisc replace dev one root pfifo");
	cr_assert(device_of(nl, "one").fifo);
	shell("tc qdisc replace dev four root pfifo");
	cr_assert_not(device_of(nl, "four").fifo, "several queues behind one discipline");
}

NETNS_TEST(netlink_devices, missing_ones_are_enodev_and_leave_the_output)
{
	struct device found = {.ifindex = 77};
	cr_assert_eq(netlink_get_by_name(nl, "none", &found), -ENODEV);
	cr_assert_eq(netlink_get_by_name(nl, "", &found), -ENODEV);
	cr_assert_eq(netlink_get_by_name(nl, "none-of-more-than-fifteen-characters", &found), -ENODEV);
	cr_assert_eq(netlink_get(nl, 4711, &found), -ENODEV);
	cr_assert_eq(netlink_get(nl, 0, &found), -ENODEV);
	cr_assert_eq(netlink_get(nl, -1, &found), -ENODEV);
	cr_assert_eq(found.ifindex, 77);
}

NETNS_TEST(netlink_devices, frames_are_counted)
{
	struct netlink_counts before, after;
	make_pair("p0", "p1");
	shell("ip addr add 10.9.9.1/24 dev p0 && ip link set p1 up && ip link set p0 up");
	shell("ip neigh replace 10.9.9.2 lladdr 02:00:00:00:00:02 dev p0");
	int ifindex = device_of(nl, "p0").ifindex;
	cr_assert_eq(netlink_get_counts(nl, ifindex, &before), 0);
	shell("bash -c 'for i in 1 2 3; do echo >/dev/udp/10.9.9.2/9; done'");
	cr_assert_eq(netlink_get_counts(nl, ifindex, &after), 0);
	cr_assert_geq(after.frames, before.frames + 3);
	cr_assert_eq(after.errors, 0);
	cr_assert_eq(netlink_get_counts(nl, 4711, &after), -ENODEV);
	cr_assert_eq(netlink_get_counts(nl, 0, &after), -ENODEV);
}

NETNS_TEST(netlink_devices, all_of_many_are_listed)
{
	for (int i = 0; i < 100; i++)
		shell("ip link add a%d type veth peer name b%d", i, i);
	int devices = 0;
	cr_assert_eq(netlink_list(nl, count, &devices), 0);
	cr_assert_eq(devices, atoi(shell_read("ip -o link | wc -l")));
	cr_assert_geq(devices, 201);
}

static void ask_in_between(void *context, const struct device *device, bool gone)
{
	struct expected *expected = context;
	struct device again;
	(void)gone;
	cr_assert_eq(netlink_get(expected->nl, device->ifindex, &again), 0);
	cr_assert_str_eq(again.name, device->name);
	expected->seen |= strcmp(again.name, expected->name) == 0;
}

NETNS_TEST(netlink_devices, a_request_in_the_middle_of_a_list)
{
	make_pair("p0", "p1");
	make_pair("p2", "p3");
	struct expected expected = {.nl = nl, .name = "p3"};
	cr_assert_eq(netlink_list(nl, ask_in_between, &expected), 0);
	cr_assert(expected.seen);
}

NETNS_TEST(netlink_devices, upper_devices_are_found_and_a_peer_is_none)
{
	char upper[XLAGG_NAME_MAX] = "untouched";
	make_pair("p0", "p1");
	struct device p0 = device_of(nl, "p0");
	cr_assert(!netlink_has_upper(nl, p0.ifindex, upper));
	cr_assert_str_eq(upper, "untouched");
	shell("ip link add link p0 name mv0 type macvlan");
	cr_assert(netlink_has_upper(nl, p0.ifindex, upper));
	cr_assert_str_eq(upper, "mv0");
	cr_assert(!netlink_has_upper(nl, device_of(nl, "p1").ifindex, upper));
	cr_assert(!netlink_has_upper(nl, device_of(nl, "mv0").ifindex, upper));
}

NETNS_TEST(netlink_events, losses_of_carrier_are_counted)
{
	make_pair("p0", "p1");
	shell("ip link set p0 up && ip link set p1 up");
	struct expected up = {.nl = nl, .name = "p0", .also = is_up_with_carrier};
	expect_event(&up);
	uint32_t before = device_of(nl, "p0").losses;
	cr_assert_eq(up.device.losses, before, "an event has the count of its time");
	shell("ip link set p1 down");
	struct expected down = {.nl = nl, .name = "p0", .also = is_up_without_carrier};
	expect_event(&down);
	cr_assert_eq(down.device.losses, before + 1);
	shell("ip link set p1 up && ip link set p1 down && ip link set p1 up");
	cr_assert_eq(device_of(nl, "p0").losses, before + 2, "also where carrier is back when it is looked at");
}

NETNS_TEST(netlink_events, administrative_state_without_rtnl)
{
	bool up = true;
	make_pair("p0", "p1");
	int ifindex = device_of(nl, "p0").ifindex;
	cr_assert_eq(netlink_is_up(nl, ifindex, &up), 0);
	cr_assert_not(up);
	shell("ip link set p0 up");
	cr_assert_eq(netlink_is_up(nl, ifindex, &up), 0);
	cr_assert(up, "without carrier too");
	shell("ip link del p0");
	cr_assert_eq(netlink_is_up(nl, ifindex, &up), -ENODEV);
	cr_assert(up, "untouched");
}
