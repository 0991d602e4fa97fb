/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Reports after a failover the groups that a lagg and the devices above it have joined, so that switches that snoop
 * send these groups to the new port without waiting for the next query. /proc/net/igmp and igmp6 list the groups,
 * mcfilter and mcfilter6 their sources.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/fd.h"
#include "sys/frames/build.h"
#include "sys/frames/frames.h"
#include "sys/frames/stack.h"

#define PROC_NET "/proc/thread-self/net/"
#define LINE 256

/* The reports on one device. */
struct rejoin {
	int fd;
	const struct device *device;
	char igmp_version;   /* '1', '2' or '3' */
	bool mld_v1;	     /* force_mld_version is 1 */
	uint8_t source4[4];  /* the device's first IPv4 address, 0.0.0.0 for none */
	uint8_t source6[16]; /* its link-local address, :: for none */
	bool has_source4;
	int r; /* the first error, or 0 */
};

static void send_report(struct rejoin *rejoin, const struct frame *frame)
{
	int r = frames_send(rejoin->fd, rejoin->device->ifindex, frame->octets, frame->len);
	/* A device that has just been set down or removed has no groups. */
	if (r < 0 && r != -ENETDOWN && r != -ENXIO && r != -ENODEV && rejoin->r == 0)
		rejoin->r = r;
}

/* Reads the 32 hexadecimal digits as which /proc prints an IPv6 address. */
static bool read_hex6(const char *text, uint8_t ret[16])
{
	for (size_t i = 0; i < 16; i++) {
		unsigned int octet;
		if (sscanf(text + 2 * i, "%2x", &octet) != 1)
			return false;
		ret[i] = (uint8_t)octet;
	}
	return strlen(text) == 32;
}

/* Reads one line of mcfilter or mcfilter6. */
static bool read_filter(const char *line, bool ipv6, int *ifindex, uint8_t group[16], uint8_t source[16],
			unsigned long *including)
{
	char group_text[33];
	char source_text[33];
	uint32_t group4;
	uint32_t source4;
	if (ipv6)
		return sscanf(line, "%d %*s %32s %32s %lu", ifindex, group_text, source_text, including) == 4 &&
		       read_hex6(group_text, group) && read_hex6(source_text, source);
	if (sscanf(line, "%d %*s 0x%x 0x%x %lu", ifindex, &group4, &source4, including) != 4)
		return false;
	group4 = htonl(group4);
	source4 = htonl(source4);
	memcpy(group, &group4, 4);
	memcpy(source, &source4, 4);
	return true;
}

/* Source-specific groups are 232/8 and ff3x::/32 (RFC 4607 1). Routers ignore reports for them that exclude sources. */
static bool is_source_specific(const uint8_t group[16], bool ipv6)
{
	return ipv6 ? group[0] == 0xff && (group[1] & 0xf0) == 0x30 && !group[2] && !group[3] : group[0] == 232;
}

/* Finds out from which sources the group is wanted. /proc does not say how many of its `users` want it from all
 * sources. Unless it is certain that none of them does, all sources are asked for. */
static void read_sources(const struct rejoin *rejoin, struct frame_group *group, bool ipv6, unsigned int users)
{
	__attribute__((cleanup(close_file))) FILE *file =
	    fopen(ipv6 ? PROC_NET "mcfilter6" : PROC_NET "mcfilter", "re");
	char line[LINE];
	uint32_t sources = 0;
	unsigned long most = 0;
	while (file && fgets(line, sizeof(line), file)) {
		int ifindex;
		uint8_t address[16] = {};
		uint8_t source[16] = {};
		unsigned long including;
		if (!read_filter(line, ipv6, &ifindex, address, source, &including) ||
		    ifindex != rejoin->device->ifindex || memcmp(address, group->address, 16) != 0 || !including)
			continue;
		if (sources < FRAME_SOURCES_MAX)
			memcpy(group->source[sources], source, 16);
		sources++;
		if (including > most)
			most = including;
	}
	bool all_fit = sources > 0 && sources <= FRAME_SOURCES_MAX;
	group->include = all_fit && (most >= users || is_source_specific(group->address, ipv6));
	group->sources = group->include ? sources : 0;
}

static void report_group4(struct rejoin *rejoin, uint32_t address, unsigned int users)
{
	struct frame_group group = {};
	struct frame frame;
	/* The group of all systems is never reported (RFC 3376 5). */
	if (address == htonl(INADDR_ALLHOSTS_GROUP))
		return;
	memcpy(group.address, &address, sizeof(address));
	if (rejoin->igmp_version == '3') {
		read_sources(rejoin, &group, false, users);
		frame_igmpv3(&frame, rejoin->device->mac, rejoin->source4, &group);
	} else {
		frame_igmp(&frame, rejoin->device->mac, rejoin->source4, group.address, rejoin->igmp_version == '1');
	}
	send_report(rejoin, &frame);
}

/* The file has a line for each device with its version, followed by an indented line for each of its groups. */
static int report_groups4(struct rejoin *rejoin)
{
	__attribute__((cleanup(close_file))) FILE *file = fopen(PROC_NET "igmp", "re");
	char line[LINE];
	bool ours = false;
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), file)) {
		int ifindex;
		char version[8];
		uint32_t group;
		unsigned int users;
		if (line[0] != '\t') {
			ours = sscanf(line, "%d %*[^:]: %*d %7s", &ifindex, version) == 2 &&
			       ifindex == rejoin->device->ifindex;
			if (ours)
				rejoin->igmp_version = version[1];
		} else if (ours && sscanf(line, "%x %u", &group, &users) == 2) {
			/* The kernel prints the address, which is in network byte order, as a number. */
			report_group4(rejoin, group, users);
		}
	}
	return 0;
}

static void report_group6(struct rejoin *rejoin, const uint8_t address[16], unsigned int users)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	struct frame_group group = {};
	struct frame frame;
	/* The group of all nodes and groups that do not leave this node are never reported (RFC 3810 6). */
	if ((address[1] & 0x0f) < 2 || memcmp(address, all_nodes, 16) == 0)
		return;
	memcpy(group.address, address, 16);
	if (rejoin->mld_v1) {
		frame_mld(&frame, rejoin->device->mac, rejoin->source6, address);
	} else {
		read_sources(rejoin, &group, true, users);
		frame_mldv2(&frame, rejoin->device->mac, rejoin->source6, &group);
	}
	send_report(rejoin, &frame);
}

static int report_groups6(struct rejoin *rejoin)
{
	__attribute__((cleanup(close_file))) FILE *file = fopen(PROC_NET "igmp6", "re");
	char line[LINE];
	/* A kernel without IPv6 does not have the file. */
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), file)) {
		int ifindex;
		char text[33];
		uint8_t group[16];
		unsigned int users;
		if (sscanf(line, "%d %*s %32s %u", &ifindex, text, &users) == 3 && ifindex == rejoin->device->ifindex &&
		    read_hex6(text, group))
			report_group6(rejoin, group, users);
	}
	return 0;
}

static void take_source(void *context, const struct netlink_address *address)
{
	static const uint8_t link_local[2] = {0xfe, 0x80};
	struct rejoin *rejoin = context;
	if (address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
		return;
	if (address->family == AF_INET && !rejoin->has_source4) {
		memcpy(rejoin->source4, address->address, 4);
		rejoin->has_source4 = true;
	} else if (address->family == AF_INET6 && memcmp(address->address, link_local, 2) == 0) {
		memcpy(rejoin->source6, address->address, 16);
	}
}

static bool speaks_mld_v1(const char *name)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//force_mld_version") + XLAGG_NAME_MAX];
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/force_mld_version", name);
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	return file && fgetc(file) == '1';
}

static int rejoin_device(int fd, struct netlink *nl, const struct device *device)
{
	struct rejoin rejoin = {.fd = fd, .device = device, .igmp_version = '3'};
	if (!(device->flags & IFF_UP))
		return 0;
	rejoin.mld_v1 = speaks_mld_v1(device->name);
	int r = netlink_list_addresses(nl, device->ifindex, take_source, &rejoin);
	if (r == 0)
		r = report_groups4(&rejoin);
	if (r == 0)
		r = report_groups6(&rejoin);
	return r < 0 ? r : rejoin.r;
}

int frames_rejoin(int fd, struct netlink *nl, int ifindex)
{
	__attribute__((cleanup(frames_stack_free))) struct frames_stack stack = {};
	int r = frames_stack_list(nl, ifindex, &stack);
	int first = r;
	for (size_t i = 0; r == 0 && i < stack.count; i++) {
		int reported = rejoin_device(fd, nl, &stack.device[i]);
		if (first == 0)
			first = reported;
	}
	return first;
}
