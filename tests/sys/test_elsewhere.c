/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A port's device in another network namespace. That one is found and put back, tests/net shows. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns.h"
#include "sys/elsewhere.h"

/* Starts a process in a network namespace of its own. It ends with the test. */
static pid_t begin_namespace(void)
{
	int ends[2];
	char ready = 0;
	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where the test fails */
		bool made = unshare(CLONE_NEWNET) == 0 && write(ends[1], &ready, 1) == 1;
		close(ends[1]);
		if (made)
			pause();
		_exit(1);
	}
	close(ends[1]);
	cr_assert_eq(read(ends[0], &ready, 1), 1);
	close(ends[0]);
	return child;
}

static void end_namespace(pid_t child)
{
	kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, NULL, 0), child);
}

/* MAC and ifalias of the device there. */
static const char *looks_there(pid_t child, const char *name)
{
	return shell_read("nsenter -t %d --net ip -j link show %s | jq -r '.[0] | [.address, .mtu, .ifalias] | @csv'",
			  (int)child, name);
}

/* A step that fails stays to be done: when it can be, the device is found again, although it has its own MAC by then.
 */
NETNS_TEST(elsewhere, what_was_put_back_in_part_is_found_again)
{
	static const uint8_t lagg_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x77, 0x02};
	static const uint8_t own_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x77, 0x09};
	struct xlagg_undo undo = {.ifindex = 1,
				  .changed = XLAGG_UNDO_MAC | XLAGG_UNDO_MTU | XLAGG_UNDO_ALIAS,
				  .mtu = 70000,
				  .alias = "rack 7"};
	const struct xlagg_device_id id = {.ifindex = 1};
	const struct elsewhere there = {.netnsid = -1, .mac = lagg_mac, .mark = "port of lagg77 (xlagg)", .id = &id};
	char name[XLAGG_NAME_MAX] = "";
	memcpy(undo.mac, own_mac, 6);
	pid_t child = begin_namespace();
	make_pair("p77", "q77");
	shell("ip link set p77 mtu 1400 address 02:42:ac:11:77:02 alias 'port of lagg77 (xlagg)'");
	shell("ip link set p77 netns %d", (int)child);
	cr_assert_eq(elsewhere_restore(nl, &there, &undo, name), -EINVAL, "no veth takes that MTU");
	cr_assert_str_eq(looks_there(child, "p77"), "\"02:42:ac:11:77:09\",1400,\"port of lagg77 (xlagg)\"");
	undo.mtu = 1500;
	cr_assert_eq(elsewhere_restore(nl, &there, &undo, name), 0);
	cr_assert_str_eq(looks_there(child, "p77"), "\"02:42:ac:11:77:09\",1500,\"rack 7\"");
	cr_assert_str_eq(name, "p77");
	end_namespace(child);
}
