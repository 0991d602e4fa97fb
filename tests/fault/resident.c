/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Preloaded, it makes a program resident: loaded and linked once, and then it runs as often as it is asked to, each
 * time in a child that begins with main(). To start a program anew costs several times what these programs do.
 *
 * Its stdin is a socket for packets. Each one holds the arguments of a run, each ended by a zero octet, and three
 * descriptors: stdout, stderr, and one to which the child writes its pid and, at its end, its exit status, two ints.
 * The program ends with the socket.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS 128
#define DESCRIPTORS 3

typedef int main_function(int argc, char **argv, char **env);

static main_function *real_main;

struct request {
	char octets[16384];
	char *argv[ARGUMENTS + 1];
	int argc, fd[DESCRIPTORS];
};

static bool receive(struct request *request)
{
	union {
		char octets[CMSG_SPACE(sizeof(request->fd))];
		struct cmsghdr header;
	} control;
	struct iovec iov = {.iov_base = request->octets, .iov_len = sizeof(request->octets)};
	struct msghdr message = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(0, &message, MSG_CMSG_CLOEXEC);
	if (len <= 0 || !CMSG_FIRSTHDR(&message) || CMSG_FIRSTHDR(&message)->cmsg_len != CMSG_LEN(sizeof(request->fd)))
		return false;
	memcpy(request->fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(request->fd));
	for (char *octet = request->octets; octet < request->octets + len && request->argc < ARGUMENTS;
	     octet += strlen(octet) + 1)
		request->argv[request->argc++] = octet;
	return true;
}

/* At the end, before exit() writes out what the program has printed. */
static void tell_status(int status, void *fd)
{
	fflush(NULL);
	if (write((int)(intptr_t)fd, &status, sizeof(status)) != sizeof(status))
		_exit(125);
}

/* In the child: its descriptors, and the program's main(). */
static int run(struct request *request, char **env)
{
	int pid = getpid(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_DFL);
	if (dup2(null, 0) < 0 || dup2(request->fd[0], 1) < 0 || dup2(request->fd[1], 2) < 0 ||
	    write(request->fd[2], &pid, sizeof(pid)) != sizeof(pid) ||
	    on_exit(tell_status, (void *)(intptr_t)request->fd[2]) != 0)
		_exit(125);
	return real_main(request->argc, request->argv, env);
}

static int serve(int argc, char **argv, char **env)
{
	(void)argc;
	signal(SIGCHLD, SIG_IGN); /* nobody waits for the children */
	for (;;) {
		static struct request request;
		request = (struct request){.argv = {argv[0]}, .argc = 1};
		if (!receive(&request))
			return 0;
		if (fork() == 0)
			return run(&request, env);
		for (size_t i = 0; i < DESCRIPTORS; i++)
			close(request.fd[i]);
	}
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
	    dlsym(RTLD_NEXT, "__libc_start_main");
	real_main = main;
	unsetenv("LD_PRELOAD");
	return real(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
