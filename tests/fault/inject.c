/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * inject [-x NAME,...] [-p LIBRARY] COMMAND [ARGUMENT...]
 * Runs COMMAND with its system calls under control: each one waits until this program lets it pass, holds it back or
 * makes it fail. It cannot tell, whatever library or thread makes the call. Says "pid N", then reads orders from stdin,
 * a line each, and answers each with a line on stdout; COMMAND starts after the first.
 *
 *   count             counts calls from now on, and lets them pass
 *   learn             as count, and of each call it is noted what kind it is, which takes longer
 *   fail NAME N E K   as count, and the Nth call of NAME fails with errno E, and so do the K - 1 calls of NAME after it
 *   kill NAME N       as count, and the Nth call of NAME is not made any more: COMMAND is killed
 *   late NAME N MS    as count, and the Nth call of NAME is made MS milliseconds later
 *   after NAME        as count, but the first call of NAME is what counting begins with; the others go before it
 *   kinds             one object of JSON: of each call since `learn`, in order, a hash of what it is about and of
 *                     the functions of COMMAND that it comes from
 *   report            one object of JSON: how many calls failed or waited, the first of them, and all that were
 *                     counted
 *
 * NAME may be several names with commas, which are then counted together. At the end there is one more report, after
 * `learn` with the kinds before it, and a line that says "exit STATUS" or "killed SIGNAL". When stdin ends, COMMAND is
 * killed. Calls behind -x are not asked about: what a program does a thousand times a second would slow it down too
 * much. LIBRARY is preloaded into COMMAND alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS 1024 /* greater than any system call's number */
#define FILTER_FD                                                                                                      \
	1023 /* over which the child hands its filter out; a call on it is the only one that is not asked about */
#define LATE_MAX 64
#define KINDS 65536 /* so many calls are told apart by what they are about and where they come from */
/* Of <linux/seccomp.h> since 6.6, which Debian 12 does not have. */
#define SET_NOTIFICATION_FLAGS _IOW('!', 4, __u64)
#define SYNC_WAKE_UP 1UL
#define STACK_WORDS 512 /* so much of the caller's stack is searched for its callers */

/*
 * Never made to fail: they cannot, or what fails is not the program under test, or they wait for ever by nature. dup3()
 * onto a descriptor that is open cannot run out of them (and libbpf 1.1 then forgets to close it), and
 * timerfd_settime() fails for wrong arguments only.
 */
static const char *const let_pass[] = {
    "exit",
    "exit_group",
    "futex",
    "rt_sigreturn",
    "rt_sigaction",
    "rt_sigprocmask",
    "restart_syscall",
    "close",
    "munmap",
    "mprotect",
    "madvise",
    "brk",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getppid",
    "sched_yield",
    "clock_gettime",
    "clock_nanosleep",
    "set_robust_list",
    "set_tid_address",
    "rseq",
    "arch_prctl",
    "rt_sigtimedwait",
    "gettimeofday",
    "time",
    "dup3",
    "timerfd_settime",
    "umask",
};

struct late {
	__u64 id, due_ns;
};

struct kind {
	int number; /* of the call */
	__u32 hash; /* of what it is about and its callers */
};

struct inject {
	int filter;
	pid_t child;
	int status;		   /* of the child, when it has been waited for */
	bool wanted[CALLS];	   /* the order's NAME */
	unsigned long nth, repeat; /* of the order; nth 0: nothing is to happen */
	int error;		   /* errno, or 0: the call is late */
	bool deadly;		   /* the call is COMMAND's end */
	unsigned long late_ms;
	int begin;			       /* counting begins with this call, or -1: it has begun */
	unsigned long calls[CALLS], seen, hit; /* counted; of those wanted; failed or late */
	char first[512];		       /* the first that was hit */
	bool learning;			       /* the kinds of calls are noted */
	struct kind kind[KINDS];	       /* of those counted */
	unsigned long kinds;
	struct {
		__u64 begin, end;
	} text; /* where COMMAND's own instructions are; 0: not yet known */
	struct late late[LATE_MAX];
	unsigned int lates;
};

static __u64 now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000u + (__u64)now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static int number_of(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	return number >= 0 && number < CALLS ? number : -1;
}

/* --- the child --- */

static int never_ask(scmp_filter_ctx filter, const char *name)
{
	int number = number_of(name); /* not every architecture has every call */
	return number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

static int load_filter(char *unasked)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_NOTIFY);
	char *rest = NULL;
	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(let_pass) / sizeof(*let_pass); i++)
		if (never_ask(filter, let_pass[i]) < 0)
			return -1;
	for (char *name = strtok_r(unasked, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
		if (number_of(name) < 0 || never_ask(filter, name) < 0)
			return -1;
	if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, SCMP_A0(SCMP_CMP_EQ, FILTER_FD)) < 0 ||
	    seccomp_load(filter) < 0)
		return -1;
	return seccomp_notify_fd(filter);
}

/* Hands the filter out and becomes COMMAND. What COMMAND prints goes to stderr: stdout is for answers. */
static void be_child(int to_parent, char *unasked, const char *library, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (library && setenv("LD_PRELOAD", library, 1) != 0)
		die("LD_PRELOAD");
	int null = open("/dev/null", O_RDONLY);
	if (dup2(to_parent, FILTER_FD) < 0 || fcntl(FILTER_FD, F_SETFD, FD_CLOEXEC) < 0 || dup2(2, 1) < 0 ||
	    dup2(null, 0) < 0)
		die("child");
	close(null);
	close(to_parent);
	int filter = load_filter(unasked);
	if (filter < 0)
		die("seccomp");
	union {
		char octets[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	memcpy(CMSG_DATA(&control.header), &filter, sizeof(filter));
	struct iovec octet = {.iov_base = "", .iov_len = 1};
	struct msghdr message = {
	    .msg_iov = &octet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	if (sendmsg(FILTER_FD, &message, 0) == 1)
		execvp(argv[0], argv);
	_exit(127);
}

static int receive_filter(int from_child)
{
	union {
		char octets[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	char octet;
	struct iovec iov = {.iov_base = &octet, .iov_len = 1};
	struct msghdr message = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int filter;
	if (recvmsg(from_child, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&filter, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(filter));
	return filter;
}

/*
 * Lets the kernel run this program on the CPU of the caller, who waits for it, instead of waking up another one: that
 * halves what a call costs. Linux before 6.6 cannot do it; this is faster, and nothing else.
 */
static void wake_where_the_caller_is(int filter)
{
	(void)ioctl(filter, SET_NOTIFICATION_FLAGS, SYNC_WAKE_UP);
}

/* --- what a call is, for people --- */

static const char *name_of(int number)
{
	static char name[64];
	char *found = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	snprintf(name, sizeof(name), "%s", found ? found : "unknown");
	free(found);
	return name;
}

/* What stands at an address of the child's, with everything but letters, digits and the like as dots. */
static void peek(pid_t pid, __u64 address, char *ret, size_t size)
{
	struct iovec local = {.iov_base = ret, .iov_len = size - 1},
		     remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size - 1};
	ssize_t len = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	ret[len > 0 ? len : 0] = 0;
	for (char *c = ret; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = '.';
}

/* The type of the message in netlink format that a buffer begins with, or 0. */
static unsigned int message_type(pid_t pid, __u64 address)
{
	struct {
		__u32 len;
		__u16 type, flags;
	} header = {0};
	struct iovec local = {.iov_base = &header, .iov_len = sizeof(header)},
		     remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = sizeof(header)};
	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == sizeof(header) ? header.type : 0;
}

static void describe(const struct seccomp_notif *call, char *ret, size_t size)
{
	const __u64 *arg = call->data.args;
	const char *name = name_of(call->data.nr);
	char path[120] = "";
	if (strcmp(name, "sendto") == 0)
		snprintf(ret, size, "%s fd %d type %u flags 0x%x", name, (int)arg[0], message_type(call->pid, arg[1]),
			 (unsigned int)arg[3]);
	else if (strcmp(name, "bpf") == 0 || strcmp(name, "socket") == 0)
		snprintf(ret, size, "%s %d", name, (int)arg[0]);
	else if (strstr(name, "at") && (peek(call->pid, arg[1], path, sizeof(path)), path[0] == '/'))
		snprintf(ret, size, "%s %s", name, path);
	else if (peek(call->pid, arg[0], path, sizeof(path)), path[0] == '/')
		snprintf(ret, size, "%s %s", name, path);
	else
		snprintf(ret, size, "%s 0x%llx 0x%llx 0x%llx", name, (unsigned long long)arg[0],
			 (unsigned long long)arg[1], (unsigned long long)arg[2]);
}

/* --- the kind of a call --- */

static __u32 add_to(__u32 hash, const void *data, size_t len)
{
	for (const unsigned char *octet = data; len; len--)
		hash = (hash ^ *octet++) * 16777619u;
	return hash;
}

/* What the descriptor stands for, without numbers, as text of which a hash is made. */
static __u32 add_descriptor(__u32 hash, pid_t pid, __u64 fd)
{
	char path[48], target[128];
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)fd);
	ssize_t len = readlink(path, target, sizeof(target));
	for (ssize_t i = 0; i < len; i++)
		if (target[i] < '0' || target[i] > '9')
			hash = add_to(hash, target + i, 1);
	return hash;
}

/* Finds out where COMMAND's own instructions are mapped: the first mapping that can be executed. */
static void find_text(struct inject *inject, pid_t pid)
{
	char path[32], line[512], rights[5];
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	while (maps && !inject->text.end && fgets(line, sizeof(line), maps)) {
		__u64 begin, end;
		if (sscanf(line, "%llx-%llx %4s", &begin, &end, rights) == 3 && rights[2] == 'x') {
			inject->text.begin = begin;
			inject->text.end = end;
		}
	}
	if (maps)
		fclose(maps);
}

/* Adds what stands on the caller's stack and may be an address that a function of COMMAND returns to. */
static __u32 add_callers(struct inject *inject, __u32 hash, pid_t pid)
{
	char path[32], line[256] = "";
	__u64 stack[STACK_WORDS], sp;
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	FILE *file = fopen(path, "re");
	bool read =
	    file && fgets(line, sizeof(line), file) && sscanf(line, "%*d %*x %*x %*x %*x %*x %*x %llx", &sp) == 1;
	if (file)
		fclose(file);
	if (!read)
		return hash;
	struct iovec local = {.iov_base = stack, .iov_len = sizeof(stack)},
		     remote = {.iov_base = (void *)(uintptr_t)sp, .iov_len = sizeof(stack)};
	ssize_t len = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	for (size_t i = 0, found = 0; len > 0 && i < (size_t)len / sizeof(*stack) && found < 8; i++)
		if (stack[i] >= inject->text.begin && stack[i] < inject->text.end) {
			hash = add_to(hash, &stack[i], sizeof(stack[i]));
			found++;
		}
	return hash;
}

static void note_kind(struct inject *inject, const struct seccomp_notif *call)
{
	const __u64 *arg = call->data.args;
	pid_t pid = (pid_t)call->pid;
	const char *name = name_of(call->data.nr);
	__u32 hash = 2166136261u, word = (__u32)arg[0];
	if (inject->kinds == KINDS)
		return;
	if (!inject->text.end)
		find_text(inject, pid);
	if (strcmp(name, "bpf") == 0 || strcmp(name, "socket") == 0)
		hash = add_to(hash, &word, sizeof(word));
	else
		hash = add_descriptor(hash, pid, arg[0]);
	hash = add_callers(inject, hash, pid);
	inject->kind[inject->kinds++] = (struct kind){.number = call->data.nr, .hash = hash};
}

/* --- calls --- */

static void answer(struct inject *inject, __u64 id, int error)
{
	struct seccomp_notif_resp response = {
	    .id = id, .error = -error, .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	/* ENOENT: the caller was killed meanwhile */
	if (ioctl(inject->filter, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		die("answer to a call");
}

/* Whether the call is one that the order is about. */
static bool is_hit(struct inject *inject, const struct seccomp_notif *call)
{
	int number = call->data.nr;
	if (inject->begin == number)
		inject->begin = -1;
	if (number < 0 || number >= CALLS || inject->begin != -1)
		return false;
	inject->calls[number]++;
	if (inject->learning)
		note_kind(inject, call);
	if (!inject->nth || !inject->wanted[number])
		return false;
	inject->seen++;
	if (inject->seen < inject->nth || inject->seen - inject->nth >= inject->repeat)
		return false;
	if (!inject->hit++)
		describe(call, inject->first, sizeof(inject->first));
	return true;
}

/* Whether it is COMMAND that calls, and not a child of it. */
static bool is_command(const struct inject *inject, const struct seccomp_notif *call)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task/%u", inject->child, call->pid);
	return access(path, F_OK) == 0;
}

static void on_call(struct inject *inject)
{
	struct seccomp_notif call = {0};
	if (ioctl(inject->filter, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
		if (errno == EINTR || errno == ENOENT)
			return;
		die("call");
	}
	bool hit = is_hit(inject, &call);
	if (hit && inject->deadly) {
		bool dies = is_command(inject, &call);
		kill(inject->child, SIGKILL);
		if (!dies) /* a child that has not yet asked to die with it lives on */
			answer(inject, call.id, 0);
	} else if (hit && !inject->error && inject->lates < LATE_MAX)
		inject->late[inject->lates++] = (struct late){call.id, now_ns() + inject->late_ms * 1000000u};
	else
		answer(inject, call.id, hit ? inject->error : 0);
}

/* Lets pass what has waited long enough. Returns how long poll() may wait for the next, in ms, or -1. */
static int run_late(struct inject *inject)
{
	__u64 now = now_ns(), next = 0;
	for (unsigned int i = 0; i < inject->lates;) {
		if (inject->late[i].due_ns <= now) {
			answer(inject, inject->late[i].id, 0);
			inject->late[i] = inject->late[--inject->lates];
			continue;
		}
		if (!next || inject->late[i].due_ns < next)
			next = inject->late[i].due_ns;
		i++;
	}
	return next ? (int)((next - now) / 1000000) + 1 : -1;
}

/* --- orders --- */

static void forget_counted(struct inject *inject)
{
	memset(inject->calls, 0, sizeof(inject->calls));
	inject->seen = inject->hit = inject->kinds = 0;
	inject->first[0] = 0;
	inject->text.end = 0; /* COMMAND may not have begun when it was looked for */
}

static void forget(struct inject *inject)
{
	memset(inject->wanted, 0, sizeof(inject->wanted));
	inject->nth = 0;
	inject->learning = false;
	inject->begin = -1;
	forget_counted(inject);
}

static bool want(struct inject *inject, char *names)
{
	char *rest = NULL;
	for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (number_of(name) < 0)
			return false;
		inject->wanted[number_of(name)] = true;
	}
	return true;
}

static void report_kinds(const struct inject *inject)
{
	const char *comma = "";
	printf("{");
	for (int number = 0; number < CALLS; number++) {
		if (!inject->calls[number])
			continue;
		printf("%s\"%s\": [", comma, name_of(number));
		comma = "";
		for (unsigned long i = 0; i < inject->kinds; i++)
			if (inject->kind[i].number == number) {
				printf("%s%u", comma, inject->kind[i].hash);
				comma = ", ";
			}
		printf("]");
		comma = ", ";
	}
	puts("}");
}

static void report(const struct inject *inject)
{
	const char *comma = "";
	printf("{\"hit\": %lu, \"first\": \"%s\", \"calls\": {", inject->hit, inject->first);
	for (int i = 0; i < CALLS; i++) {
		if (!inject->calls[i])
			continue;
		printf("%s\"%s\": %lu", comma, name_of(i), inject->calls[i]);
		comma = ", ";
	}
	puts("}}");
}

/* Carries out one order. Returns whether it understood it. */
static bool obey(struct inject *inject, const char *line)
{
	char names[256];
	unsigned long nth, number, repeat;
	if (strcmp(line, "report") == 0) {
		report(inject);
		return true;
	}
	if (strcmp(line, "kinds") == 0) {
		report_kinds(inject);
		return true;
	}
	bool fail = sscanf(line, "fail %255s %lu %lu %lu", names, &nth, &number, &repeat) == 4;
	bool late = sscanf(line, "late %255s %lu %lu", names, &nth, &number) == 3;
	bool deadly = sscanf(line, "kill %255s %lu", names, &nth) == 2;
	bool after = sscanf(line, "after %255s", names) == 1;
	bool learn = strcmp(line, "learn") == 0;
	if (!fail && !late && !deadly && !after && !learn && strcmp(line, "count") != 0)
		return false;
	if (after) {
		forget_counted(inject);
		inject->begin = number_of(names);
	} else {
		forget(inject);
		if ((fail || late || deadly) && !want(inject, names))
			return false;
		inject->learning = learn;
		inject->nth = fail || late || deadly ? nth : 0;
		inject->deadly = deadly;
		inject->repeat = fail ? repeat : 1;
		inject->error = fail ? (int)number : 0;
		inject->late_ms = late ? number : 0;
	}
	puts("ok");
	return true;
}

static void on_order(struct inject *inject)
{
	char line[512];
	if (!fgets(line, sizeof(line), stdin)) {
		kill(inject->child, SIGKILL);
		exit(125);
	}
	line[strcspn(line, "\n")] = 0;
	if (!obey(inject, line))
		printf("what is '%s'?\n", line);
	fflush(stdout);
}

/* --- */

/* Returns when nobody is left whose calls the filter sees. Before Linux 6.11 a child counts until it is waited for. */
static void run(struct inject *inject)
{
	struct pollfd fds[] = {{.fd = inject->filter, .events = POLLIN},
			       {.fd = 0, .events = POLLIN},
			       {.fd = pidfd_open(inject->child, 0), .events = POLLIN}};
	if (fds[2].fd < 0)
		die("pidfd_open");
	while (poll(fds, 3, run_late(inject)) >= 0) {
		if (fds[2].revents) {
			if (waitpid(inject->child, &inject->status, 0) != inject->child)
				die("waitpid");
			close(fds[2].fd);
			fds[2].fd = -1;
		}
		if (fds[1].revents)
			on_order(inject);
		if (fds[0].revents & POLLIN)
			on_call(inject);
		else if (fds[0].revents && fds[2].fd < 0)
			return;
	}
	die("poll");
}

int main(int argc, char **argv)
{
	static struct inject inject = {.begin = -1};
	int pair[2], status;
	char none[] = "", *unasked = none, *library = NULL;
	while ((status = getopt(argc, argv, "+x:p:")) == 'x' || status == 'p')
		*(status == 'x' ? &unasked : &library) = optarg;
	if (status != -1 || optind == argc)
		return fputs("usage: inject [-x NAME,...] [-p LIBRARY] COMMAND [ARGUMENT...]\n", stderr), 2;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	setvbuf(stdin, NULL, _IONBF, 0);
	inject.child = fork();
	if (inject.child < 0)
		die("fork");
	if (inject.child == 0)
		be_child(pair[1], unasked, library, argv + optind);
	close(pair[1]);
	inject.filter = receive_filter(pair[0]);
	if (inject.filter < 0)
		return fputs("inject: no filter: is seccomp's user notification there?\n", stderr), 125;
	wake_where_the_caller_is(inject.filter);
	printf("pid %d\n", inject.child);
	fflush(stdout);
	on_order(&inject);
	run(&inject);
	if (inject.learning)
		report_kinds(&inject);
	report(&inject);
	if (WIFSIGNALED(inject.status))
		printf("killed %d\n", WTERMSIG(inject.status));
	else
		printf("exit %d\n", WEXITSTATUS(inject.status));
	return 0;
}
