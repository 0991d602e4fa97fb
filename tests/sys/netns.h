/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A network namespace for a test with real devices in it, and how they look to other programs than ours. */
#ifndef TESTS_SYS_NETNS_H
#define TESTS_SYS_NETNS_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/netlink/netlink.h"

/* Every wait ends after this time. */
#define PATIENCE_MS 10000

/* Defines a test in a namespace of its own, which ends with the test's process; a leak fails it. */
#define NETNS_TEST(suite, name)                                                                                        \
	static void suite##_##name(struct netlink *nl);                                                                \
	Test(suite, name)                                                                                              \
	{                                                                                                              \
		netns_run(suite##_##name);                                                                             \
	}                                                                                                              \
	static void suite##_##name(__attribute__((unused)) struct netlink *nl)

typedef void (*netns_test_fn)(struct netlink *nl);
void netns_run(netns_test_fn test);

/* Runs a shell command; the test fails if the command fails. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs a shell command and returns whether it succeeded. */
bool shell_ok(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns what a shell command prints, without the last newline, in a static buffer. */
const char *shell_read(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes a veth pair; both ends are down. */
void make_pair(const char *a, const char *b);
/* Returns a MAC that was drawn, in a static buffer. */
const uint8_t *drawn_mac(void);
/* Returns the device of that name, which has to exist. */
struct device device_of(struct netlink *nl, const char *name);

/* Returns all that a device loses or gets as a port: ip -d address, offload features, joined groups, IPv6 on or off. */
struct snapshot {
	char text[32768];
};
void take_snapshot(const char *name, struct snapshot *ret);
/* Waits until the device looks like that again; if it does not, the test fails and prints the difference. */
void expect_snapshot(const char *name, const struct snapshot *before);

/* Waits until a device that is up has its IPv6 link-local address and duplicate address detection is over. */
void wait_for_link_local(const char *name);

/* Returns CLOCK_MONOTONIC in milliseconds. */
int64_t now_ms(void);
/* Calls `done` until it returns true or the time is up. Returns its last result. */
bool wait_until(bool (*done)(void *context), void *context);
/* Ends the test as skipped and prints why. */
void skip(const char *why);

/* Opens a socket that receives all frames that come in on a device. */
int capture_open(const char *name);
/* Reads the next frame, with its tags put back in. Returns its length, or 0 if none came in time. */
uint32_t capture_next(int fd, uint8_t *frame, uint32_t size, int64_t deadline_ms);

#endif
