/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Announcements, captured at the far end of the wire and checked octet by octet. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/frames/frames.h"
#include "wire.h"

static void read_mac(const char *text, uint8_t ret[6])
{
	unsigned int octet[6];
	cr_assert_eq(sscanf(text, "%x:%x:%x:%x:%x:%x", octet, octet + 1, octet + 2, octet + 3, octet + 4, octet + 5),
		     6);
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)octet[i];
}

/* The expected octets, written down a second time from the standards. */
static uint32_t expect_arp(uint8_t *ret, const char *mac, const char *address)
{
	static const uint8_t fixed[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
	memset(ret, 0, 42);
	memset(ret, 0xff, 6);
	read_mac(mac, ret + 6);
	memcpy(ret + 12, fixed, sizeof(fixed));
	read_mac(mac, ret + 22);
	cr_assert_eq(inet_pton(AF_INET, address, ret + 28), 1);
	cr_assert_eq(inet_pton(AF_INET, address, ret + 38), 1);
	return 42;
}

static uint32_t expect_learning(uint8_t *ret, const char *mac, int vlan)
{
	static const uint8_t fixed[] = {0x80, 0x35, 0, 1, 0x08, 0, 6, 4, 0, 3};
	uint32_t at = 12;
	memset(ret, 0, 46);
	memset(ret, 0xff, 6);
	read_mac(mac, ret + 6);
	if (vlan) {
		const uint8_t tag[] = {0x81, 0x00, (uint8_t)(vlan >> 8), (uint8_t)vlan};
		memcpy(ret + at, tag, sizeof(tag));
		at += 4;
	}
	memcpy(ret + at, fixed, sizeof(fixed));
	read_mac(mac, ret + at + 10);
	read_mac(mac, ret + at + 20);
	return at + 30;
}

static int arp_came(const struct wire *wire, const char *mac, const char *address)
{
	uint8_t octets[64];
	return came(wire, octets, expect_arp(octets, mac, address));
}

static int learning_came(const struct wire *wire, const char *mac, int vlan)
{
	uint8_t octets[64];
	return came(wire, octets, expect_learning(octets, mac, vlan));
}

/* Returns how often an unsolicited NA for that address came, and checks every NA on the wire. */
static int na_came(const struct wire *wire, const char *mac, const char *address, bool router)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	uint8_t ipv6[16];
	uint8_t octets[6];
	int times = 0;
	cr_assert_eq(inet_pton(AF_INET6, address, ipv6), 1);
	read_mac(mac, octets);
	for (int i = 0; i < wire->count; i++) {
		const uint8_t *frame = wire->frame[i].octets;
		if (wire->frame[i].len < 86 || read_16(frame + 12) != ETH_P_IPV6 || frame[54] != 136)
			continue;
		uint32_t icmp = check_ipv6(frame, wire->frame[i].len, false);
		cr_assert_eq(wire->frame[i].len, 86);
		cr_assert_eq(frame[21], 255, "hop limit");
		cr_assert_arr_eq(frame + 38, all_nodes, 16);
		cr_assert_eq(frame[icmp + 1], 0, "code");
		cr_assert_arr_eq(frame + 22, frame + icmp + 8, 16, "source and target");
		cr_assert_eq(frame[icmp + 24], 2, "target link-layer address");
		cr_assert_eq(frame[icmp + 25], 1);
		if (memcmp(frame + 22, ipv6, 16) != 0)
			continue;
		cr_assert_arr_eq(frame + 6, octets, 6);
		cr_assert_arr_eq(frame + icmp + 26, octets, 6);
		cr_assert_eq(frame[icmp + 4], router ? 0xa0 : 0x20, "override, not solicited");
		times++;
	}
	return times;
}

/* The kernel's own MLD reports for a new address's group may come at any time in its first second. */
static void leave_out_mld(struct wire *wire)
{
	int kept = 0;
	for (int i = 0; i < wire->count; i++) {
		const uint8_t *frame = wire->frame[i].octets;
		bool mld = wire->frame[i].len > 62 && read_16(frame + 12) == ETH_P_IPV6 &&
			   frame[20] == IPPROTO_HOPOPTS && frame[62] == 143;
		if (!mld)
			wire->frame[kept++] = wire->frame[i];
	}
	wire->count = kept;
}

static void announce(struct netlink *nl, const char *name, int capture, struct wire *ret)
{
	int fd = -1;
	int ifindex = device_of(nl, name).ifindex;
	cr_assert_eq(frames_open(&fd), 0);
	discard(capture);
	cr_assert_eq(frames_announce(fd, nl, ifindex), 0);
	send_end(fd, ifindex);
	read_wire(capture, ret);
	leave_out_mld(ret);
	close(fd);
}

NETNS_TEST(frames, sent_as_they_are)
{
	int fd = -1;
	struct wire wire;
	int capture = make_wire();
	int p0 = device_of(nl, "p0").ifindex;
	uint8_t frame[124] = {0x01, 0x80, 0xc2, 0, 0, 2, 0x02, 0x42, 0xac, 0x11, 0, 2, 0x88, 0x09, 1, 1};
	for (size_t i = 16; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	cr_assert_eq(frames_open(&fd), 0);
	discard(capture);
	cr_assert_eq(frames_send(fd, p0, frame, sizeof(frame)), 0);
	send_end(fd, p0);
	read_wire(capture, &wire);
	cr_assert_eq(wire.count, 1);
	cr_assert_eq(wire.frame[0].len, sizeof(frame));
	cr_assert_arr_eq(wire.frame[0].octets, frame, sizeof(frame));
	/* The socket receives nothing. */
	uint8_t octet;
	shell("ping -c 1 -W 1 -I p0 10.9.9.9 >/dev/null 2>&1; true");
	cr_assert_eq(recv(fd, &octet, 1, 0), -1);
	cr_assert_eq(errno, EAGAIN);
	cr_assert_eq(frames_send(fd, p0, frame, 13), -EINVAL);
	cr_assert_eq(frames_send(fd, 4711, frame, sizeof(frame)), -ENXIO);
	shell("ip link set p0 down");
	cr_assert_eq(frames_send(fd, p0, frame, sizeof(frame)), -ENETDOWN);
	close(fd);
	close(capture);
}

NETNS_TEST(frames, announce_tells_every_address)
{
	struct wire wire;
	int capture = make_wire();
	shell("ip address add 10.0.0.15/24 dev p0 && ip address add 192.0.2.7/32 dev p0");
	shell("ip address add 2001:db8::15/64 dev p0 nodad && ip address add fe80::15/64 dev p0 nodad");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(arp_came(&wire, "02:42:ac:11:00:02", "10.0.0.15"), 1);
	cr_assert_eq(arp_came(&wire, "02:42:ac:11:00:02", "192.0.2.7"), 1);
	cr_assert_eq(na_came(&wire, "02:42:ac:11:00:02", "2001:db8::15", false), 1);
	cr_assert_eq(na_came(&wire, "02:42:ac:11:00:02", "fe80::15", false), 1);
	cr_assert_eq(wire.count, 4);
	/* If a router's NA said that it is none, its hosts would no longer use it. */
	shell("sysctl -q -w net.ipv6.conf.p0.forwarding=1");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(na_came(&wire, "02:42:ac:11:00:02", "2001:db8::15", true), 1);
	close(capture);
}

NETNS_TEST(frames, announce_claims_no_tentative_address)
{
	struct wire wire;
	int capture = make_wire();
	shell("sysctl -q -w net.ipv6.conf.p0.accept_dad=1 net.ipv6.conf.p0.dad_transmits=1000");
	shell("ip address add 2001:db8::15/64 dev p0 && ip address add 10.0.0.15/24 dev p0");
	cr_assert(shell_ok("ip -6 address show dev p0 | grep -q tentative"));
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(arp_came(&wire, "02:42:ac:11:00:02", "10.0.0.15"), 1);
	cr_assert_eq(na_came(&wire, "02:42:ac:11:00:02", "2001:db8::15", false), 0);
	close(capture);
}

NETNS_TEST(frames, announce_without_address_tells_the_mac)
{
	struct wire wire;
	int capture = make_wire();
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(learning_came(&wire, "02:42:ac:11:00:02", 0), 1);
	cr_assert_eq(wire.count, 1);
	close(capture);
}

NETNS_TEST(frames, announce_speaks_for_macvlans_above)
{
	struct wire wire;
	int capture = make_wire();
	shell("ip link add link p0 name mv0 address 02:00:00:00:00:0a type macvlan mode bridge");
	shell("ip link add link p0 name mv1 address 02:00:00:00:00:0b type macvlan mode bridge");
	shell("ip link add link p0 name mv2 address 02:00:00:00:00:0c type macvlan mode bridge");
	shell("ip link set mv0 addrgenmode none && ip link set mv1 addrgenmode none");
	shell("ip link set mv0 up && ip link set mv1 up");
	shell("ip address add 10.0.0.16/24 dev mv0 && ip address add 10.0.0.17/24 dev mv2");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(arp_came(&wire, "02:00:00:00:00:0a", "10.0.0.16"), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:00:0b", 0), 1, "a MAC without an address");
	cr_assert_eq(arp_came(&wire, "02:00:00:00:00:0c", "10.0.0.17"), 0, "it is down");
	cr_assert_eq(learning_came(&wire, "02:42:ac:11:00:02", 0), 1);
	close(capture);
}

NETNS_TEST(frames, announce_speaks_for_vlans_above)
{
	struct wire wire;
	uint8_t tagged[64];
	uint8_t plain[64];
	int capture = make_wire();
	if (!shell_ok("ip link add link p0 name p0.5 type vlan id 5 2>/dev/null")) {
		close(capture);
		skip("this kernel has no 8021q");
	}
	shell("ip link set p0.5 up && ip address add 10.5.0.1/24 dev p0.5");
	announce(nl, "p0", capture, &wire);
	expect_arp(plain, "02:42:ac:11:00:02", "10.5.0.1");
	memcpy(tagged, plain, 12);
	memcpy(tagged + 12, (const uint8_t[]){0x81, 0x00, 0x00, 0x05}, 4);
	memcpy(tagged + 16, plain + 12, 30);
	cr_assert_eq(came(&wire, tagged, 46), 1);
	cr_assert_eq(came(&wire, plain, 42), 0);
	close(capture);
}

/* A bridge's port forwards once its carrier is known; before that it learns no MAC, not even by command. */
static bool forwards(void *context)
{
	return shell_ok("bridge link show dev %s | grep -q 'state forwarding'", (const char *)context);
}

/* Makes br0 with p0, which stands for the lagg, and q0, behind which there is a host. */
static int make_bridged_wire(const char *options)
{
	int capture = make_wire();
	make_pair("q0", "q1");
	shell("ip link add br0 address 02:00:00:00:00:b0 type bridge stp_state 0 mcast_snooping 0 %s", options);
	shell("for i in br0 q0 q1; do ip link set $i addrgenmode none; done");
	shell("ip link set p0 master br0 && ip link set q0 master br0");
	shell("ip link set br0 up && ip link set q0 up && ip link set q1 up");
	cr_assert(wait_until(forwards, "p0") && wait_until(forwards, "q0"), "the bridge's ports do not forward");
	return capture;
}

NETNS_TEST(frames, announce_speaks_for_a_bridge_and_those_behind_it)
{
	struct wire wire;
	int capture = make_bridged_wire("");
	shell("ip address add 10.0.0.18/24 dev br0");
	shell("bridge fdb add 02:00:00:00:01:01 dev q0 master static");
	shell("bridge fdb add 02:00:00:00:01:02 dev q0 master dynamic");
	shell("bridge fdb add 02:00:00:00:01:03 dev p0 master static");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(arp_came(&wire, "02:00:00:00:00:b0", "10.0.0.18"), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:01", 0), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:02", 0), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:03", 0), 0, "it is behind the lagg itself");
	cr_assert_eq(learning_came(&wire, "02:42:ac:11:00:02", 0), 1);
	cr_assert_eq(wire.count, 4);
	/* The bridge learns a MAC on q0, as from a host there. */
	int fd = -1;
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 1, 4, 0x88, 0xb6};
	cr_assert_eq(frames_open(&fd), 0);
	cr_assert_eq(frames_send(fd, device_of(nl, "q1").ifindex, frame, sizeof(frame)), 0);
	close(fd);
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:04", 0), 1);
	close(capture);
}

NETNS_TEST(frames, announce_keeps_to_a_bridges_vlans)
{
	struct wire wire;
	if (!shell_ok("ip link add br9 type bridge vlan_filtering 1 2>/dev/null"))
		skip("this kernel's bridge filters no VLANs");
	int capture = make_bridged_wire("vlan_filtering 1 vlan_default_pvid 1");
	shell("bridge vlan add vid 7 dev p0 && bridge vlan add vid 8 dev p0 untagged");
	shell("bridge vlan add vid 7 dev q0 && bridge vlan add vid 8 dev q0 && bridge vlan add vid 9 dev q0");
	shell("bridge fdb add 02:00:00:00:01:01 dev q0 master static vlan 1");
	shell("bridge fdb add 02:00:00:00:01:07 dev q0 master static vlan 7");
	shell("bridge fdb add 02:00:00:00:01:08 dev q0 master static vlan 8");
	shell("bridge fdb add 02:00:00:00:01:09 dev q0 master static vlan 9");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:01", 0), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:07", 7), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:08", 0), 1);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:09", 0), 0, "p0 is not in VLAN 9");
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:09", 9), 0, "p0 is not in VLAN 9");
	close(capture);
}

NETNS_TEST(frames, announce_uses_a_bridges_own_tags)
{
	struct wire wire;
	uint8_t tagged[64];
	if (!shell_ok("ip link add br9 type bridge vlan_filtering 1 2>/dev/null"))
		skip("this kernel's bridge filters no VLANs");
	int capture = make_bridged_wire("vlan_filtering 1 vlan_protocol 802.1ad");
	shell("bridge vlan add vid 7 dev p0 && bridge vlan add vid 7 dev q0");
	shell("bridge fdb add 02:00:00:00:01:07 dev q0 master static vlan 7");
	announce(nl, "p0", capture, &wire);
	expect_learning(tagged, "02:00:00:00:01:07", 7);
	memcpy(tagged + 12, (const uint8_t[]){0x88, 0xa8}, 2);
	cr_assert_eq(came(&wire, tagged, 46), 1);
	/* Without VLAN filtering the VLANs of ports and entries have no meaning. */
	shell("ip link set br0 type bridge vlan_filtering 0");
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(came(&wire, tagged, 46), 0);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:07", 0), 0);
	close(capture);
}

NETNS_TEST(frames, announce_is_silent_where_the_spanning_tree_blocks)
{
	struct wire wire;
	int capture = make_bridged_wire("");
	shell("bridge fdb add 02:00:00:00:01:01 dev q0 master static && ip link set br0 type bridge stp_state 1");
	/* The port begins in state listening when it comes up. */
	shell("ip link set p0 down && ip link set p0 up");
	cr_assert(!shell_ok("bridge link show dev p0 | grep -q 'state forwarding'"));
	announce(nl, "p0", capture, &wire);
	cr_assert_eq(learning_came(&wire, "02:00:00:00:01:01", 0), 0);
	close(capture);
}

NETNS_TEST(frames, announce_of_a_device_that_is_gone)
{
	int fd = -1;
	cr_assert_eq(frames_open(&fd), 0);
	cr_assert_eq(frames_announce(fd, nl, 4711), -ENODEV);
	cr_assert_eq(frames_rejoin(fd, nl, 4711), -ENODEV);
	close(fd);
}
