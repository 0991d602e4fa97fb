/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A network namespace for a test, real devices in it, and what they look like from outside our own code. */
#ifndef TESTS_SYS_NETNS_H
#define TESTS_SYS_NETNS_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/netlink/netlink.h"

/* Any wait ends after so long. */
#define PATIENCE_MS 10000

/* A test in a namespace of its own, which ends with its process; a leak fails it. */
#define NETNS_TEST(suite, name)                                                                                        \
	static void suite##_##name(struct netlink *nl);                                                                \
	Test(suite, name)                                                                                              \
	{                                                                                                              \
		netns_run(suite##_##name);                                                                             \
	}                                                                                                              \
	static void suite##_##name(__attribute__((unused)) struct netlink *nl)

typedef void (*netns_test_fn)(struct netlink *nl);
void netns_run(netns_test_fn test);

/* Runs a shell command; the test fails when it does. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, but says whether it succeeded. */
bool shell_ok(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a shell command prints, without the last newline, in a static buffer. */
const char *shell_read(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A veth pair, both ends down. */
void make_pair(const char *a, const char *b);
/* The device of that name, which has to exist. */
struct device device_of(struct netlink *nl, const char *name);

/* Everything about a device that a port changes: ip -d address, offload features, joined groups, IPv6 switch. */
struct snapshot {
	char text[32768];
};
void take_snapshot(const char *name, struct snapshot *ret);
/* Waits until the device looks like that again, and fails the test with the difference if it does not. */
void expect_snapshot(const char *name, const struct snapshot *before);

/* Waits until a device that is up has its IPv6 link-local address, and DAD is over. */
void wait_for_link_local(const char *name);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
/* Calls `done` until it is true or the patience ends; gives its last answer. */
bool wait_until(bool (*done)(void *context), void *context);
/* Ends the test as skipped, and says why. */
void skip(const char *why);

/* Receives all frames that come in on a device. */
int capture_open(const char *name);
/* The next frame, tags put back in; 0: none came in time. */
uint32_t capture_next(int fd, uint8_t *frame, uint32_t size, int64_t deadline_ms);

#endif
