/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A network namespace for a test, and what ip(8), ethtool(8) and /proc say about its devices. */
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#else
static int __lsan_do_recoverable_leak_check(void)
{
	return 0;
}
#endif

void netns_run(netns_test_fn test)
{
	struct netlink *nl;
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "a network namespace needs root: %s", strerror(errno));
	cr_assert_eq(netlink_open(&nl), 0);
	test(nl);
	netlink_close(&nl);
	/* Fails the test where memory was leaked: Criterion alone would let it pass. */
	cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
}

void skip(const char *why)
{
	cr_skip_test("%s", why);
}

static void print(char command[4096], const char *format, va_list args)
{
	int n = vsnprintf(command, 4096, format, args);
	cr_assert(n > 0 && n < 4096);
}

void shell(const char *format, ...)
{
	char command[4096];
	va_list args;
	va_start(args, format);
	print(command, format, args);
	va_end(args);
	int status = system(command);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", command, status);
}

bool shell_ok(const char *format, ...)
{
	char command[4096];
	va_list args;
	va_start(args, format);
	print(command, format, args);
	va_end(args);
	int status = system(command);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void read_output(const char *command, char *ret, size_t size)
{
	FILE *pipe = popen(command, "re");
	cr_assert_not_null(pipe);
	size_t len = fread(ret, 1, size - 1, pipe);
	ret[len] = '\0';
	if (len && ret[len - 1] == '\n')
		ret[len - 1] = '\0';
	int status = pclose(pipe);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", command, status);
}

const char *shell_read(const char *format, ...)
{
	static char output[32768];
	char command[4096];
	va_list args;
	va_start(args, format);
	print(command, format, args);
	va_end(args);
	read_output(command, output, sizeof(output));
	return output;
}

void make_pair(const char *a, const char *b)
{
	shell("ip link add %s type veth peer name %s", a, b);
}

const uint8_t *drawn_mac(void)
{
	static uint8_t mac[6];
	cr_assert_eq(netlink_draw_mac(mac), 0);
	return mac;
}

struct device device_of(struct netlink *nl, const char *name)
{
	struct device device = {};
	cr_assert_eq(netlink_get_by_name(nl, name, &device), 0, "%s does not exist", name);
	return device;
}

/* Leaves out the queueing discipline: a device gets one when it is first up, and keeps it. */
void take_snapshot(const char *name, struct snapshot *ret)
{
	char command[1024];
	snprintf(command, sizeof(command),
		 "ip -d -j -p address show dev %s | grep -v '\"qdisc\":' && ethtool -k %s &&"
		 " awk '$2 == \"%s\"' /proc/thread-self/net/dev_mcast | sort &&"
		 " cat /proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 name, name, name, name);
	read_output(command, ret->text, sizeof(ret->text));
}

struct comparison {
	const char *name;
	const struct snapshot *before;
	struct snapshot now;
};

static bool looks_the_same(void *context)
{
	struct comparison *comparison = context;
	take_snapshot(comparison->name, &comparison->now);
	return strcmp(comparison->now.text, comparison->before->text) == 0;
}

/* Prints the lines that differ. */
static void print_difference(const struct snapshot *before, const struct snapshot *now)
{
	const struct snapshot *snapshots[] = {before, now};
	char paths[2][64];
	for (int i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/tmp/xlagg-snapshot.XXXXXX");
		int fd = mkstemp(paths[i]);
		if (fd < 0 || write(fd, snapshots[i]->text, strlen(snapshots[i]->text)) < 0)
			return;
		close(fd);
	}
	shell_ok("diff -U 1 --label before --label now %s %s >&2", paths[0], paths[1]);
	unlink(paths[0]);
	unlink(paths[1]);
}

void expect_snapshot(const char *name, const struct snapshot *before)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	cr_assert_not_null(comparison);
	comparison->name = name;
	comparison->before = before;
	bool same = wait_until(looks_the_same, comparison);
	if (!same)
		print_difference(before, &comparison->now);
	free(comparison);
	cr_assert(same, "%s is not as before", name);
}

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool wait_until(bool (*done)(void *context), void *context)
{
	int64_t end = now_ms() + PATIENCE_MS;
	for (;;) {
		if (done(context))
			return true;
		if (now_ms() >= end)
			return false;
		poll(NULL, 0, 20);
	}
}

static bool has_link_local(void *context)
{
	const char *name = context;
	return shell_ok("ip -6 address show dev %s | grep fe80: | grep -qv tentative", name);
}

void wait_for_link_local(const char *name)
{
	cr_assert(wait_until(has_link_local, (void *)name), "%s gets no link-local address", name);
}

int capture_open(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int on = 1;
	struct sockaddr_ll here = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
	cr_assert_geq(fd, 0);
	cr_assert_gt(here.sll_ifindex, 0, "%s does not exist", name);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)), 0);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	return fd;
}

/* The receiving stack takes the outer tag out of the frame and passes it as auxiliary data. */
static uint32_t put_tag_back(const struct msghdr *message, uint8_t *frame, uint32_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
		struct tpacket_auxdata aux;
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		uint16_t tag[2] = {htons(aux.tp_vlan_tpid), htons(aux.tp_vlan_tci)};
		memmove(frame + 16, frame + 12, len - 12);
		memcpy(frame + 12, tag, sizeof(tag));
		return len + 4;
	}
	return len;
}

uint32_t capture_next(int fd, uint8_t *frame, uint32_t size, int64_t deadline_ms)
{
	char control[256];
	struct iovec part = {frame, size - 4};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int64_t left = deadline_ms - now_ms();
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	if (poll(&ready, 1, left > 0 ? (int)left : 0) != 1)
		return 0;
	ssize_t n = recvmsg(fd, &message, 0);
	cr_assert_geq(n, 14);
	return put_tag_back(&message, frame, (uint32_t)n);
}
