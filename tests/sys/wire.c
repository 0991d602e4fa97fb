/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Captures the frames that a lagg's device sends. */
#include "wire.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "sys/frames/frames.h"

int make_wire(void)
{
	shell("ip link add p0 address 02:42:ac:11:00:02 type veth peer name p1");
	shell("ip link set p1 addrgenmode none && ip link set p0 addrgenmode none");
	shell("sysctl -q -w net.ipv6.conf.p1.disable_ipv6=1 net.ipv6.conf.p0.accept_dad=0"
	      " net.ipv6.conf.p0.router_solicitations=0 net.ipv4.conf.p0.arp_notify=0");
	shell("ip link set p0 up && ip link set p1 up");
	return capture_open("p1");
}

void send_end(int fd, int ifindex)
{
	static const uint8_t end[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	cr_assert_eq(frames_send(fd, ifindex, end, sizeof(end)), 0);
}

uint16_t read_16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

void read_wire(int capture, struct wire *ret)
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

void discard(int capture)
{
	uint8_t frame[2048];
	while (capture_next(capture, frame, sizeof(frame), 0) > 0)
		;
}

int came(const struct wire *wire, const uint8_t *octets, uint32_t len)
{
	int times = 0;
	for (int i = 0; i < wire->count; i++)
		if (wire->frame[i].len >= len && memcmp(wire->frame[i].octets, octets, len) == 0)
			times++;
	return times;
}

uint16_t sum(const uint8_t *octets, uint32_t len, uint32_t start)
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

uint32_t check_ipv6(const uint8_t *frame, uint32_t len, bool hop_by_hop)
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
