/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* libbpf's calls of syscall() come by here. */
#include "datapath/faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	unsigned first, count, calls;
	bool on;
} faults;

void faults_begin(unsigned first, unsigned count)
{
	faults.first = first;
	faults.count = count;
	faults.calls = 0;
	faults.on = true;
}

unsigned faults_end(void)
{
	faults.on = false;
	return faults.calls;
}

/* Whether the call that is about to be made fails. */
static bool fails(void)
{
	if (!faults.on)
		return false;
	unsigned call = ++faults.calls;
	return call >= faults.first && call - faults.first < faults.count;
}

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long arg[6];
	va_list args;
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	if (number != SYS_bpf || !fails())
		return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	errno = EMFILE;
	return -1;
}
