/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The clock in the kernel: ARP requests that the kernel sends at a steady pace, and does not stop sending. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"

#define NOBODY 0xc0000008u
#define PACE_MS 50
#define TICKS 10 /* more than the kernel's usual three requests */

static void make_device(const char *name, const char *peer)
{
	shell("ip link set lo up");
	make_pair(name, peer);
	shell("sysctl -qw net.ipv6.conf.%s.disable_ipv6=1 net.ipv6.conf.%s.disable_ipv6=1", name, peer);
	shell("ip link set %s up && ip link set %s up", name, peer);
}

/* Waits for the next request. Returns when it came. */
static int64_t next_tick(int fd)
{
	static const uint8_t target[] = {192, 0, 0, 8};
	uint8_t frame[256];
	uint32_t len = capture_next(fd, frame, sizeof(frame), now_ms() + PATIENCE_MS);
	cr_assert_eq(len, 42, "no request, but %u octets", len);
	cr_assert(frame[12] == 8 && frame[13] == 6 && memcmp(frame + 38, target, 4) == 0, "another frame");
	return now_ms();
}

NETNS_TEST(clock, ticks_at_its_pace_for_ever)
{
	make_device("near", "far");
	int fd = capture_open("far");
	cr_assert_eq(netlink_run_clock(nl, device_of(nl, "near").ifindex, NOBODY, PACE_MS), 0);
	int64_t first = next_tick(fd), last = first;
	for (int i = 1; i < TICKS; i++)
		last = next_tick(fd);
	cr_assert_geq(last - first, (TICKS - 2) * PACE_MS, "%d ticks in %ld ms", TICKS, last - first);
	close(fd);
}

NETNS_TEST(clock, again_is_the_same_clock)
{
	make_device("near", "far");
	int fd = capture_open("far"), ifindex = device_of(nl, "near").ifindex;
	cr_assert_eq(netlink_run_clock(nl, ifindex, NOBODY, PACE_MS), 0);
	int64_t first = next_tick(fd), last = first;
	for (int i = 1; i < TICKS; i++) {
		cr_assert_eq(netlink_run_clock(nl, ifindex, NOBODY, PACE_MS), 0);
		last = next_tick(fd);
	}
	cr_assert_geq(last - first, (TICKS - 2) * PACE_MS, "%d ticks in %ld ms", TICKS, last - first);
	close(fd);
}

NETNS_TEST(clock, goes_on_when_it_was_stopped)
{
	make_device("near", "far");
	int fd = capture_open("far"), ifindex = device_of(nl, "near").ifindex;
	cr_assert_eq(netlink_run_clock(nl, ifindex, NOBODY, PACE_MS), 0);
	next_tick(fd);
	shell("ip neigh flush dev near");
	cr_assert_str_eq(shell_read("ip neigh show dev near"), "");
	cr_assert_eq(netlink_run_clock(nl, ifindex, NOBODY, PACE_MS), 0);
	cr_assert(strstr(shell_read("ip neigh show dev near"), "192.0.0.8 INCOMPLETE"));
	for (int i = 0; i < TICKS; i++)
		next_tick(fd);
	close(fd);
}

/* Neighbours on other devices are resolved as before. */
NETNS_TEST(clock, is_that_devices_own)
{
	const char *pace = "ip ntable show dev %s name arp_cache | grep -o 'mcast_probes [0-9]*'";
	make_device("near", "far");
	cr_assert_eq(netlink_run_clock(nl, device_of(nl, "near").ifindex, NOBODY, PACE_MS), 0);
	cr_assert_str_eq(shell_read(pace, "near"), "mcast_probes 1000000000");
	cr_assert_str_eq(shell_read(pace, "far"), "mcast_probes 3");
}

NETNS_TEST(clock, no_device_no_clock)
{
	int r = netlink_run_clock(nl, 9999, NOBODY, PACE_MS);
	cr_assert_lt(r, 0);
	cr_assert_neq(r, -EINVAL, "it says what is wrong");
}
