/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the agent can no longer do once it has given up its rights, and what it still can. Each case is a child process,
 * because nothing brings the rights back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/confine.h"

/* Runs `can` in a confined process and returns what it returned; fails the test when that process dies. */
static bool confined(bool (*can)(void))
{
	int status;
	pid_t child = fork();
	cr_assert(child >= 0);
	if (child == 0)
		_exit(confine() != 0 ? 2 : can());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "status %#x", status);
	cr_assert_neq(WEXITSTATUS(status), 2, "the rights could not be given up");
	return WEXITSTATUS(status);
}

static bool can_execute(void)
{
	static char name[] = "true", *const words[] = {name, NULL}, *const environment[] = {NULL};
	execve("/bin/true", words, environment);
	return errno != ENOSYS;
}

static bool can_gain_rights(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static bool can_talk_to_the_internet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0;
}

static bool can_make_namespaces(void)
{
	return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWNS) == 0;
}

static bool can_change_owners(void)
{
	return chown("/tmp", 1, 1) == 0 || setuid(1) == 0;
}

static bool has_other_capabilities(void)
{
	cap_t now = cap_get_proc();
	cap_flag_value_t has = CAP_SET;
	static const cap_value_t others[] = {CAP_SYS_MODULE, CAP_DAC_OVERRIDE, CAP_SYS_BOOT, CAP_CHOWN, CAP_SYS_NICE};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (cap_get_flag(now, others[i], CAP_PERMITTED, &has) != 0 || has == CAP_SET)
			return true;
	return false;
}

Test(confine, what_it_can_no_longer_do)
{
	cr_expect(!confined(can_execute));
	cr_expect(!confined(can_gain_rights));
	cr_expect(!confined(can_talk_to_the_internet));
	cr_expect(!confined(can_make_namespaces));
	cr_expect(!confined(can_change_owners));
	cr_expect(!confined(has_other_capabilities));
}

#ifndef __SANITIZE_ADDRESS__ /* which makes code itself */
static bool can_make_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

Test(confine, no_memory_becomes_code)
{
	cr_expect(!confined(can_make_code));
}
#endif

static void *nothing(void *context)
{
	return context;
}

static bool can_start_threads(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool can_fork(void)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool can_enter_a_network_namespace(void)
{
	int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return netns >= 0 && setns(netns, CLONE_NEWNET) == 0;
}

static bool can_open_its_sockets(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0) >= 0 && socket(AF_PACKET, SOCK_RAW, 0) >= 0 &&
	       socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0;
}

Test(confine, what_it_still_can)
{
	cr_expect(confined(can_start_threads));
	cr_expect(confined(can_fork));
	cr_expect(confined(can_enter_a_network_namespace));
	cr_expect(confined(can_open_its_sockets));
}
