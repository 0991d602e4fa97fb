/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Capabilities and a filter for system calls, so that whoever takes over the agent by a frame, a message or a file gets
 * little with it. */
#include "sys/confine.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* --- capabilities --- */

static const cap_value_t needed[] = {
    CAP_NET_ADMIN,  /* devices, filters, XDP, net.ipv6 */
    CAP_NET_RAW,    /* packet sockets */
    CAP_BPF,	    /* programs and maps */
    CAP_PERFMON,    /* programs that trace, and pointers in programs */
    CAP_SYS_ADMIN,  /* BPF objects by id, network namespaces, bpffs, a sysfs of its own for the carrier poll */
    CAP_SYS_PTRACE, /* to find the namespace of a container into which a port was moved: /proc/PID/ns/net. The filter
		     * of system calls allows no ptrace() */
};

static void free_capabilities(cap_t *capabilities)
{
	if (*capabilities)
		cap_free(*capabilities);
}

static int give_up_capabilities(void)
{
	__attribute__((cleanup(free_capabilities))) cap_t now = cap_get_proc();
	__attribute__((cleanup(free_capabilities))) cap_t kept = cap_init();
	if (!now || !kept)
		return -errno;
	for (size_t i = 0; i < COUNT(needed); i++) {
		cap_flag_value_t has = CAP_CLEAR;
		/* In a container it may have fewer. What then fails says so where it fails. */
		if (cap_get_flag(now, needed[i], CAP_PERMITTED, &has) != 0 || has != CAP_SET)
			continue;
		if (cap_set_flag(kept, CAP_PERMITTED, 1, &needed[i], CAP_SET) != 0 ||
		    cap_set_flag(kept, CAP_EFFECTIVE, 1, &needed[i], CAP_SET) != 0)
			return -errno;
	}
	return cap_set_proc(kept) != 0 ? -errno : 0;
}

/* --- system calls --- */

static const int calls[] = {
    /* memory, time, threads, signals */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(getcpu),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(kill),
    SCMP_SYS(tgkill),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(signalfd4),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(getrandom),
    SCMP_SYS(prctl),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(capget),
    SCMP_SYS(getrlimit),
    SCMP_SYS(setrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),
    SCMP_SYS(getpriority),
    SCMP_SYS(setpriority),
    /* descriptors and events */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(flock),
    SCMP_SYS(lseek),
    SCMP_SYS(ioctl),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(memfd_create),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    /* files */
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(umask),
    SCMP_SYS(mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    /* sockets */
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    /* what it exists for */
    SCMP_SYS(bpf),
#ifdef __SANITIZE_ADDRESS__
    /* The search for leaks stops all threads from a process of its own. */
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(getdents),
    SCMP_SYS(clone),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
#endif
};

static int allow(scmp_filter_ctx filter, int call)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	/* Not on this architecture, or allowed already. */
	return r == -EDOM || r == -EEXIST ? 0 : r;
}

/* Allows a call only where none of these bits is set in an argument. */
static int allow_without(scmp_filter_ctx filter, int call, unsigned int argument, scmp_datum_t bits)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, bits, 0));
}

/* Allows a call only with this value of an argument. */
static int allow_with(scmp_filter_ctx filter, int call, unsigned int argument, scmp_datum_t value)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_CMP(argument, SCMP_CMP_EQ, value));
}

static int allow_limited(scmp_filter_ctx filter)
{
	static const int families[] = {AF_UNIX, AF_NETLINK, AF_PACKET};
	static const scmp_datum_t namespaces =
	    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int r = allow_with(filter, SCMP_SYS(setns), 1, CLONE_NEWNET);
	for (size_t i = 0; r == 0 && i < COUNT(families); i++)
		r = allow_with(filter, SCMP_SYS(socket), 0, (scmp_datum_t)families[i]);
#ifndef __SANITIZE_ADDRESS__
	/* Threads and children, but not in namespaces of their own. clone3() cannot be looked into: the libc goes on
	 * with clone(). No memory becomes code. */
	if (r == 0)
		r = allow_without(filter, SCMP_SYS(clone), 0, namespaces);
	if (r == 0)
		r = allow_without(filter, SCMP_SYS(mmap), 2, PROT_EXEC);
	if (r == 0)
		r = allow_without(filter, SCMP_SYS(mprotect), 2, PROT_EXEC);
#else
	(void)namespaces, (void)allow_without;
#endif
	return r;
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int filter_calls(void)
{
	__attribute__((cleanup(release_filter))) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	/* A debugger that skips a call gives it the number -1. */
	int r = seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1);
	if (r == 0)
		r = allow(filter, -1);
	for (size_t i = 0; r == 0 && i < COUNT(calls); i++)
		r = allow(filter, calls[i]);
	if (r == 0)
		r = allow_limited(filter);
	return r == 0 ? seccomp_load(filter) : r;
}

int confine(void)
{
	int r = give_up_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && r == 0)
		r = -errno;
	int filtered = filter_calls();
	return r < 0 ? r : filtered;
}
