/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes octet by octet, and which frames count as an answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/frames/frames.h"
#include "wire.h"

static const uint8_t probe_mac[6] = {0x06, 0x42, 0xac, 0x11, 0x00, 0x02};
static const uint8_t target_mac[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x09};

static void send_probe(int fd, int ifindex, uint8_t version, const uint8_t address[16])
{
	struct frame frame;
	frames_make_probe(probe_mac, version, address, &frame);
	cr_assert_eq(frames_send(fd, ifindex, frame.octets, frame.len), 0);
}

static void probe(struct netlink *nl, const char *target, struct wire *ret)
{
	int capture = make_wire(), fd = -1, ifindex = device_of(nl, "p0").ifindex;
	uint8_t version = strchr(target, ':') ? 6 : 4, address[16] = {0};
	cr_assert_eq(inet_pton(version == 6 ? AF_INET6 : AF_INET, target, address), 1);
	cr_assert_eq(frames_open(&fd), 0);
	discard(capture);
	send_probe(fd, ifindex, version, address);
	send_end(fd, ifindex);
	read_wire(capture, ret);
	close(fd);
	close(capture);
}

NETNS_TEST(link_probe, arp)
{
	static const uint8_t expected[42] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x06, 0x42, 0xac, 0x11, 0x00, 0x02, 0x08, 0x06, /* to all */
	    0,	  1,	0x08, 0,    6,	  4,	0,    1,					/* a request */
	    0x06, 0x42, 0xac, 0x11, 0x00, 0x02, 0,    0,    0,	  0,				/* from no address */
	    0,	  0,	0,    0,    0,	  0,	192,  0,    2,	  9,				/* for the target's */
	};
	static struct wire wire;
	probe(nl, "192.0.2.9", &wire);
	cr_assert_eq(came(&wire, expected, sizeof(expected)), 1);
}

NETNS_TEST(link_probe, ns)
{
	static const uint8_t expected[86] = {
	    0x33, 0x33, 0xff, 0xab, 0xcd, 0xef, 0x06, 0x42, 0xac, 0x11, 0x00, 0x02, 0x86, 0xdd, /* to the target's group
												 */
	    0x60, 0,	0,    0,    0,	  32,	58,   255,  /* ICMPv6, hop limit 255 */
	    0xfe, 0x80, 0,    0,    0,	  0,	0,    0,    /* from that MAC's own */
	    0x04, 0x42, 0xac, 0xff, 0xfd, 0x11, 0x00, 0x02, /* link-local address */
	    0xff, 0x02, 0,    0,    0,	  0,	0,    0,    0,	  0,	0,    1,    0xff, 0xab, 0xcd,
	    0xef, 135,	0,    0,    0,	  0,	0,    0,    0, /* the checksum comes below */
	    0x20, 0x01, 0x0d, 0xb8, 0,	  0,	0,    0,    0,	  0,	0,    0,    0x12, 0xab, 0xcd,
	    0xef, 1,	1,    0x06, 0x42, 0xac, 0x11, 0x00, 0x02, /* source link-layer address */
	};
	static struct wire wire;
	int times = 0;
	probe(nl, "2001:db8::12ab:cdef", &wire);
	for (int i = 0; i < wire.count; i++) {
		uint8_t *frame = wire.frame[i].octets;
		if (wire.frame[i].len != sizeof(expected) || frame[54] != 135)
			continue;
		cr_assert_eq(check_ipv6(frame, wire.frame[i].len, false), 54);
		memset(frame + 56, 0, 2);
		cr_assert_arr_eq(frame, expected, sizeof(expected));
		times++;
	}
	cr_assert_eq(times, 1);
}

/* A Linux host that has the address answers, to that MAC. */
static void answered(struct netlink *nl, const char *target, uint8_t version)
{
	struct frames_answer answer;
	uint8_t address[16] = {0}, frame[2048];
	int fd = -1, capture;
	make_pair("near", "far");
	cr_assert_eq(inet_pton(version == 6 ? AF_INET6 : AF_INET, target, address), 1);
	shell("sysctl -q -w net.ipv6.conf.far.accept_dad=0 net.ipv6.conf.near.disable_ipv6=1");
	shell("ip link set near up && ip link set far up && ip address add %s dev far", target);
	capture = capture_open("near");
	cr_assert_eq(frames_open(&fd), 0);
	send_probe(fd, device_of(nl, "near").ifindex, version, address);
	for (int64_t deadline = now_ms() + 3000;;) {
		uint32_t len = capture_next(capture, frame, sizeof(frame), deadline);
		cr_assert_gt(len, 0, "no answer came");
		if (frames_read_answer(frame, len, &answer) == 0)
			break;
	}
	cr_assert_eq(answer.version, version);
	cr_assert_arr_eq(answer.address, address, 16);
	cr_assert_arr_eq(answer.to, probe_mac, 6);
	cr_assert_arr_eq(answer.source, device_of(nl, "far").mac, 6);
	close(fd);
	close(capture);
}

/* It learns no neighbour from the probe. */
NETNS_TEST(link_probe, a_host_answers_arp)
{
	answered(nl, "192.0.2.9", 4);
	cr_assert_str_eq(shell_read("ip -4 neigh show dev far"), "");
}

NETNS_TEST(link_probe, a_host_answers_ns)
{
	answered(nl, "2001:db8::9", 6);
}

/* --- what is an answer --- */

static uint32_t make_reply(uint8_t *ret)
{
	static const uint8_t arp[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 2};
	memset(ret, 0, 60);
	memcpy(ret, probe_mac, 6);
	memcpy(ret + 6, target_mac, 6);
	memcpy(ret + 12, arp, sizeof(arp));
	memcpy(ret + 22, target_mac, 6);
	memcpy(ret + 28, (uint8_t[]){192, 0, 2, 9}, 4);
	memcpy(ret + 32, probe_mac, 6);
	return 42;
}

static uint32_t make_na(uint8_t *ret)
{
	static const uint8_t target[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};
	memset(ret, 0, 86);
	memcpy(ret, probe_mac, 6);
	memcpy(ret + 6, target_mac, 6);
	memcpy(ret + 12, (uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255}, 10);
	memcpy(ret + 22, target, 16);
	memcpy(ret + 38, (uint8_t[]){0xfe, 0x80, 0, 0, 0, 0, 0, 0, 4, 0x42, 0xac, 0xff, 0xfd, 0x11, 0, 2}, 16);
	ret[54] = 136;
	ret[58] = 0x60;
	memcpy(ret + 62, target, 16);
	memcpy(ret + 78, (uint8_t[]){2, 1}, 2);
	memcpy(ret + 80, target_mac, 6);
	return 86;
}

/* Writes the right checksum into the frame. */
static void seal_na(uint8_t *frame)
{
	uint16_t left;
	memset(frame + 56, 0, 2);
	left = (uint16_t)~sum(frame + 54, 32, sum(frame + 22, 32, 32 + 58));
	frame[56] = (uint8_t)(left >> 8);
	frame[57] = (uint8_t)left;
}

Test(link_probe, reply_is_an_answer)
{
	static const uint8_t address[16] = {192, 0, 2, 9};
	struct frames_answer answer;
	uint8_t frame[128];
	uint32_t len = make_reply(frame);
	cr_assert_eq(frames_read_answer(frame, len, &answer), 0);
	cr_assert_eq(answer.version, 4);
	cr_assert_arr_eq(answer.address, address, 16);
	cr_assert_arr_eq(answer.to, probe_mac, 6);
	cr_assert_arr_eq(answer.source, target_mac, 6);
	cr_assert_eq(frames_read_answer(frame, 60, &answer), 0, "padded");
	for (uint32_t shorter = 0; shorter < len; shorter++)
		cr_assert_eq(frames_read_answer(frame, shorter, &answer), -EPROTO, "%u octets", shorter);
}

/* Every octet that matters is changed in turn. */
Test(link_probe, what_is_no_reply)
{
	static const uint8_t fixed[] = {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 32, 37, 38, 41};
	struct frames_answer answer;
	uint8_t frame[128];
	for (uint32_t i = 0; i < sizeof(fixed); i++) {
		uint32_t len = make_reply(frame);
		frame[fixed[i]] ^= 3;
		cr_assert_eq(frames_read_answer(frame, len, &answer), -EPROTO, "octet %u", fixed[i]);
	}
	uint32_t len = make_reply(frame);
	frame[0] = frame[32] = 0xff;
	cr_assert_eq(frames_read_answer(frame, len, &answer), -EPROTO, "to a group");
}

Test(link_probe, advertisement_is_an_answer)
{
	struct frames_answer answer;
	uint8_t frame[128];
	uint32_t len = make_na(frame);
	seal_na(frame);
	cr_assert_eq(frames_read_answer(frame, len, &answer), 0);
	cr_assert_eq(answer.version, 6);
	cr_assert_arr_eq(answer.address, frame + 22, 16);
	cr_assert_arr_eq(answer.to, probe_mac, 6);
	cr_assert_arr_eq(answer.source, target_mac, 6);
	for (uint32_t shorter = 0; shorter < len; shorter++)
		cr_assert_eq(frames_read_answer(frame, shorter, &answer), -EPROTO, "%u octets", shorter);
}

Test(link_probe, what_is_no_advertisement)
{
	static const struct {
		uint32_t at;
		uint8_t value;
		const char *what;
	} wrong[] = {{21, 254, "it was forwarded"},  {20, 17, "not ICMPv6"},
		     {54, 135, "a solicitation"},    {55, 1, "a code"},
		     {58, 0x20, "unsolicited"},	     {14, 0x40, "not IPv6"},
		     {19, 200, "longer than it is"}, {50, 0xfe, "to the MAC's other address"}};
	struct frames_answer answer;
	uint8_t frame[128];
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint32_t len = make_na(frame);
		frame[wrong[i].at] = wrong[i].value;
		seal_na(frame);
		cr_assert_eq(frames_read_answer(frame, len, &answer), -EPROTO, "%s", wrong[i].what);
	}
	uint32_t len = make_na(frame);
	seal_na(frame);
	frame[77] ^= 1;
	cr_assert_eq(frames_read_answer(frame, len, &answer), -EPROTO, "the checksum");
}
