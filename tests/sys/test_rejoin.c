/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* IGMP and MLD reports, captured at the far end of the wire and checked octet by octet. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/frames/frames.h"
#include "wire.h"

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

/* A report that has to come at least once. The kernel sends similar reports of its own at any time. */
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

/* Types of IGMPv3 and MLDv2 records. The kernel's own unsolicited reports have ALLOW or TO_EXCLUDE, never these. */
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
	/* A group that was left is not reported. */
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

/* The kernel joins a new address's group some time after the command. */
static bool in_group(void *context)
{
	return shell_ok("ip -6 maddress show dev p0 | grep -q '%s$'", (const char *)context);
}

NETNS_TEST(frames, rejoin_reports_ipv6_groups)
{
	struct wire wire;
	int capture = make_wire();
	shell("ip address add fe80::15/64 dev p0 nodad");
	cr_assert(wait_until(in_group, "ff02::1:ff00:15"));
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

/* A switch that snoops understands our reports; the kernel's bridge is one. */
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
