/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Announcements and reports, captured at the far end of the wire and read octet by octet. */
#include "sys/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

#define WIRE_MAX 64

/* The frames that came out at the far end, in order. */
struct wire {
	int count;
	struct {
		uint32_t len;
		uint8_t octets[2048];
	} frame[WIRE_MAX];
};

/* p0 is the lagg, with a MAC of its own; what it sends comes out at p1. Neither sends anything by itself. */
static int make_wire(void)
{
	shell("ip link add p0 address 02:42:ac:11:00:02 type veth peer name p1");
	shell("ip link set p1 addrgenmode none && ip link set p0 addrgenmode none");
	shell("sysctl -q -w net.ipv6.conf.p1.disable_ipv6=1 net.ipv6.conf.p0.accept_dad=0"
	      " net.ipv6.conf.p0.router_solicitations=0 net.ipv4.conf.p0.arp_notify=0");
	shell("ip link set p0 up && ip link set p1 up");
	return capture_open("p1");
}

/* A frame after which nothing more is awaited: EtherType 0x88b5 (local experiments). */
static void send_end(int fd, int ifindex)
{
	static const uint8_t end[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	cr_assert_eq(frames_send(fd, ifindex, end, sizeof(end)), 0);
}

static uint16_t read_16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

/* Takes everything up to the end mark. */
static void read_wire(int capture, struct wire *ret)
{
	int64_t deadline = now_ms() + PATIENCE_MS;
	uint8_t frame[2048];
	ret->count = 0;
	for (;;) {
		uint32_t len = capture_next(capture, frame, sizeof(frame), deadline);
		cr_assert_gt(len, 0, "the end mark did not come");
		if (read_16(frame + 12) == 0x88b5)
			return;
		cr_assert_lt(ret->count, WIRE_MAX);
		ret->frame[ret->count].len = len;
		memcpy(ret->frame[ret->count++].octets, frame, len);
	}
}

static void discard(int capture)
{
	uint8_t frame[2048];
	while (capture_next(capture, frame, sizeof(frame), 0) > 0)
		;
}

static void read_mac(const char *text, uint8_t ret[6])
{
	unsigned int octet[6];
	cr_assert_eq(sscanf(text, "%x:%x:%x:%x:%x:%x", octet, octet + 1, octet + 2, octet + 3, octet + 4, octet + 5),
		     6);
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)octet[i];
}

/* The octets that are to come, written down a second time from the standards. */
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

/* How often exactly this frame came. */
static int came(const struct wire *wire, const uint8_t *octets, uint32_t len)
{
	int times = 0;
	for (int i = 0; i < wire->count; i++)
		if (wire->frame[i].len >= len && memcmp(wire->frame[i].octets, octets, len) == 0)
			times++;
	return times;
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

/* The ones' complement sum, 0xffff over a checksummed range that is right. */
static uint16_t sum(const uint8_t *octets, uint32_t len, uint32_t start)
{
	uint32_t total = start;
	for (uint32_t i = 0; i + 1 < len; i += 2)
		total += read_16(octets + i);
	if (len & 1)
		total += (uint32_t)octets[len - 1] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

/* Checks an IPv6 frame's lengths and ICMPv6 checksum; gives where the ICMPv6 message begins. */
static uint32_t check_ipv6(const uint8_t *frame, uint32_t len, bool hop_by_hop)
{
	uint32_t icmp = hop_by_hop ? 62 : 54;
	cr_assert_eq(read_16(frame + 12), ETH_P_IPV6);
	cr_assert_eq(frame[14] >> 4, 6);
	cr_assert_eq(read_16(frame + 18), len - 54);
	cr_assert_eq(frame[20], hop_by_hop ? IPPROTO_HOPOPTS : IPPROTO_ICMPV6);
	/* RFC 2464 7: 33:33 and the end of the group address. */
	const uint8_t group_mac[6] = {0x33, 0x33, frame[50], frame[51], frame[52], frame[53]};
	cr_assert_arr_eq(frame, group_mac, 6);
	if (hop_by_hop) {
		static const uint8_t options[] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
		cr_assert_arr_eq(frame + 54, options, sizeof(options));
	}
	cr_assert_eq(sum(frame + icmp, len - icmp, sum(frame + 22, 32, len - icmp + IPPROTO_ICMPV6)), 0xffff);
	return icmp;
}

/* How often an unsolicited NA for that address came; every NA on the wire is checked. */
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

static void announce(struct netlink *nl, const char *name, int capture, struct wire *ret)
{
	int fd = -1;
	int ifindex = device_of(nl, name).ifindex;
	cr_assert_eq(frames_open(&fd), 0);
	discard(capture);
	cr_assert_eq(frames_announce(fd, nl, ifindex), 0);
	send_end(fd, ifindex);
	read_wire(capture, ret);
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
	/* It receives nothing. */
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
	/* A router that denied being one would be dropped by its hosts. */
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

/* br0 has p0, the lagg, and q0, behind which a host lives. */
static int make_bridged_wire(const char *options)
{
	int capture = make_wire();
	make_pair("q0", "q1");
	shell("ip link add br0 address 02:00:00:00:00:b0 type bridge stp_state 0 mcast_snooping 0 %s", options);
	shell("for i in br0 q0 q1; do ip link set $i addrgenmode none; done");
	shell("ip link set p0 master br0 && ip link set q0 master br0");
	shell("ip link set br0 up && ip link set q0 up && ip link set q1 up");
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
	/* What was heard on q0, as a host there would have it. */
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

NETNS_TEST(frames, announce_is_silent_where_the_spanning_tree_blocks)
{
	struct wire wire;
	int capture = make_bridged_wire("");
	shell("bridge fdb add 02:00:00:00:01:01 dev q0 master static && ip link set br0 type bridge stp_state 1");
	/* It begins with listening when it comes up. */
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

/* --- IGMP and MLD --- */

static void rejoin(struct netlink *nl, const char *name, int capture, struct wire *ret)
{
	int fd = -1;
	int ifindex = device_of(nl, name).ifindex;
	cr_assert_eq(frames_open(&fd), 0);
	discard(capture);
	cr_assert_eq(frames_rejoin(fd, nl, ifindex), 0);
	send_end(fd, ifindex);
	read_wire(capture, ret);
	close(fd);
}

/* Joins a group on p0; closing the socket leaves it. */
static int join4(const char *group, const char *source)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ip_mreqn plain = {.imr_ifindex = (int)if_nametoindex("p0")};
	cr_assert_eq(inet_pton(AF_INET, group, &plain.imr_multiaddr), 1);
	if (!source) {
		cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &plain, sizeof(plain)), 0);
		return fd;
	}
	struct group_source_req wanted = {.gsr_interface = if_nametoindex("p0")};
	((struct sockaddr_in *)&wanted.gsr_group)->sin_family = AF_INET;
	((struct sockaddr_in *)&wanted.gsr_group)->sin_addr = plain.imr_multiaddr;
	((struct sockaddr_in *)&wanted.gsr_source)->sin_family = AF_INET;
	cr_assert_eq(inet_pton(AF_INET, source, &((struct sockaddr_in *)&wanted.gsr_source)->sin_addr), 1);
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, &wanted, sizeof(wanted)), 0);
	return fd;
}

static int join6(const char *group, const char *source)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct group_source_req wanted = {.gsr_interface = if_nametoindex("p0")};
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)&wanted.gsr_group;
	struct sockaddr_in6 *from = (struct sockaddr_in6 *)&wanted.gsr_source;
	to->sin6_family = AF_INET6;
	from->sin6_family = AF_INET6;
	cr_assert_eq(inet_pton(AF_INET6, group, &to->sin6_addr), 1);
	if (source) {
		cr_assert_eq(inet_pton(AF_INET6, source, &from->sin6_addr), 1);
		cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, &wanted, sizeof(wanted)), 0);
		return fd;
	}
	struct ipv6_mreq plain = {.ipv6mr_multiaddr = to->sin6_addr, .ipv6mr_interface = wanted.gsr_interface};
	cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &plain, sizeof(plain)), 0);
	return fd;
}

/* One report that has to come at least once; the kernel sends alike ones of its own at times of its choosing. */
struct report {
	uint8_t type;	    /* of IGMP or ICMPv6 */
	uint8_t record;	    /* IGMPv3, MLDv2: type of the one record; 0: none */
	const char *group;  /* in the record, or of an old report */
	const char *source; /* the one source of the record, NULL: none */
	const char *from;   /* source address of the packet */
};

static bool is_igmp(const uint8_t *frame, uint32_t len, const struct report *report)
{
	uint8_t group[4];
	uint8_t from[4];
	uint8_t source[4];
	if (len < 46 || read_16(frame + 12) != ETH_P_IP || frame[23] != IPPROTO_IGMP || frame[38] != report->type)
		return false;
	uint32_t ip_len = read_16(frame + 16);
	cr_assert_leq(ip_len + 14, len);
	cr_assert_eq(frame[14], 0x46, "Router Alert");
	cr_assert_eq(read_16(frame + 34), 0x9404, "Router Alert");
	cr_assert_eq(frame[22], 1, "TTL");
	cr_assert_eq(sum(frame + 14, 24, 0), 0xffff);
	cr_assert_eq(sum(frame + 38, ip_len - 24, 0), 0xffff);
	cr_assert_eq(inet_pton(AF_INET, report->group, group), 1);
	cr_assert_eq(inet_pton(AF_INET, report->from, from), 1);
	const uint8_t to_mac[6] = {0x01, 0x00, 0x5e, frame[31] & 0x7f, frame[32], frame[33]};
	cr_assert_arr_eq(frame, to_mac, 6);
	if (memcmp(frame + 26, from, 4) != 0)
		return false;
	if (!report->record)
		return memcmp(frame + 42, group, 4) == 0 && memcmp(frame + 30, group, 4) == 0 && ip_len == 32;
	static const uint8_t routers[4] = {224, 0, 0, 22};
	cr_assert_arr_eq(frame + 30, routers, 4);
	uint32_t sources = report->source ? 1 : 0;
	if (read_16(frame + 44) != 1 || frame[46] != report->record || read_16(frame + 48) != sources ||
	    memcmp(frame + 50, group, 4) != 0 || ip_len != 40 + 4 * sources)
		return false;
	if (!report->source)
		return true;
	cr_assert_eq(inet_pton(AF_INET, report->source, source), 1);
	return memcmp(frame + 54, source, 4) == 0;
}

static bool is_mld(const uint8_t *frame, uint32_t len, const struct report *report)
{
	static const uint8_t routers[16] = {0xff, 0x02, [15] = 0x16};
	uint8_t group[16];
	uint8_t from[16];
	uint8_t source[16];
	if (len < 86 || read_16(frame + 12) != ETH_P_IPV6 || frame[20] != IPPROTO_HOPOPTS || frame[62] != report->type)
		return false;
	uint32_t icmp = check_ipv6(frame, len, true);
	cr_assert_eq(frame[21], 1, "hop limit");
	cr_assert_eq(inet_pton(AF_INET6, report->group, group), 1);
	cr_assert_eq(inet_pton(AF_INET6, report->from, from), 1);
	if (memcmp(frame + 22, from, 16) != 0)
		return false;
	if (!report->record)
		return memcmp(frame + icmp + 8, group, 16) == 0 && memcmp(frame + 38, group, 16) == 0;
	cr_assert_arr_eq(frame + 38, routers, 16);
	uint32_t sources = report->source ? 1 : 0;
	if (read_16(frame + icmp + 6) != 1 || frame[icmp + 8] != report->record ||
	    read_16(frame + icmp + 10) != sources || memcmp(frame + icmp + 12, group, 16) != 0 ||
	    len != icmp + 28 + 16 * sources)
		return false;
	if (!report->source)
		return true;
	cr_assert_eq(inet_pton(AF_INET6, report->source, source), 1);
	return memcmp(frame + icmp + 28, source, 16) == 0;
}

static bool report_came(const struct wire *wire, const struct report *report)
{
	bool ipv6 = strchr(report->group, ':');
	for (int i = 0; i < wire->count; i++)
		if (ipv6 ? is_mld(wire->frame[i].octets, wire->frame[i].len, report)
			 : is_igmp(wire->frame[i].octets, wire->frame[i].len, report))
			return true;
	return false;
}

/* Types of IGMPv3 and MLDv2 records. The kernel's own unsolicited reports say ALLOW or TO_EXCLUDE, never these. */
enum { MODE_IS_INCLUDE = 1, MODE_IS_EXCLUDE = 2 };

NETNS_TEST(frames, rejoin_reports_ipv4_groups)
{
	struct wire wire;
	int capture = make_wire();
	shell("ip address add 10.0.0.15/24 dev p0");
	int plain = join4("239.1.2.3", NULL);
	int specific = join4("232.1.2.3", "192.0.2.9");
	int both = join4("239.1.2.4", NULL);
	int both_specific = join4("239.1.2.4", "192.0.2.9");
	rejoin(nl, "p0", capture, &wire);
	cr_assert(report_came(&wire, &(struct report){0x22, MODE_IS_EXCLUDE, "239.1.2.3", NULL, "10.0.0.15"}));
	cr_assert(report_came(&wire, &(struct report){0x22, MODE_IS_INCLUDE, "232.1.2.3", "192.0.2.9", "10.0.0.15"}));
	cr_assert(report_came(&wire, &(struct report){0x22, MODE_IS_EXCLUDE, "239.1.2.4", NULL, "10.0.0.15"}));
	cr_assert(!report_came(&wire, &(struct report){0x22, MODE_IS_EXCLUDE, "224.0.0.1", NULL, "10.0.0.15"}));
	close(plain);
	close(specific);
	close(both);
	close(both_specific);
	/* Left again: nothing is reported. */
	rejoin(nl, "p0", capture, &wire);
	cr_assert(!report_came(&wire, &(struct report){0x22, MODE_IS_EXCLUDE, "239.1.2.3", NULL, "10.0.0.15"}));
	close(capture);
}

NETNS_TEST(frames, rejoin_speaks_the_version_of_the_network)
{
	struct wire wire;
	int capture = make_wire();
	shell("sysctl -q -w net.ipv4.conf.p0.force_igmp_version=2 net.ipv6.conf.p0.force_mld_version=1");
	shell("ip address add fe80::15/64 dev p0 nodad");
	int group4 = join4("239.1.2.3", NULL);
	int group6 = join6("ff15::77", NULL);
	rejoin(nl, "p0", capture, &wire);
	cr_assert(report_came(&wire, &(struct report){0x16, 0, "239.1.2.3", NULL, "0.0.0.0"}));
	cr_assert(report_came(&wire, &(struct report){131, 0, "ff15::77", NULL, "fe80::15"}));
	shell("sysctl -q -w net.ipv4.conf.p0.force_igmp_version=1");
	rejoin(nl, "p0", capture, &wire);
	cr_assert(report_came(&wire, &(struct report){0x12, 0, "239.1.2.3", NULL, "0.0.0.0"}));
	close(group4);
	close(group6);
	close(capture);
}

NETNS_TEST(frames, rejoin_reports_ipv6_groups)
{
	struct wire wire;
	int capture = make_wire();
	shell("ip address add fe80::15/64 dev p0 nodad");
	int plain = join6("ff15::77", NULL);
	int specific = join6("ff35::78", "2001:db8::9");
	rejoin(nl, "p0", capture, &wire);
	cr_assert(report_came(&wire, &(struct report){143, MODE_IS_EXCLUDE, "ff15::77", NULL, "fe80::15"}));
	cr_assert(report_came(&wire, &(struct report){143, MODE_IS_INCLUDE, "ff35::78", "2001:db8::9", "fe80::15"}));
	cr_assert(report_came(&wire, &(struct report){143, MODE_IS_EXCLUDE, "ff02::1:ff00:15", NULL, "fe80::15"}));
	cr_assert(!report_came(&wire, &(struct report){143, MODE_IS_EXCLUDE, "ff02::1", NULL, "fe80::15"}));
	close(plain);
	close(specific);
	close(capture);
}

/* A switch that snoops takes ours for what it is: the bridge of this kernel is one. */
NETNS_TEST(frames, rejoin_is_understood_by_a_snooping_bridge)
{
	int fd = -1;
	int capture = make_wire();
	shell("ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_query_response_interval 10");
	shell("ip address add 10.0.0.15/24 dev p0 && ip address add fe80::15/64 dev p0 nodad");
	int group4 = join4("239.1.2.3", NULL);
	int group6 = join6("ff15::77", NULL);
	shell("ip link set p1 master br0 && ip link set br0 up");
	cr_assert_eq(frames_open(&fd), 0);
	cr_assert_eq(frames_rejoin(fd, nl, device_of(nl, "p0").ifindex), 0);
	cr_assert(shell_ok("bridge mdb show dev br0 | grep -q 'port p1 grp 239.1.2.3 temp'"));
	cr_assert(shell_ok("bridge mdb show dev br0 | grep -q 'port p1 grp ff15::77 temp'"));
	close(fd);
	close(group4);
	close(group6);
	close(capture);
}
