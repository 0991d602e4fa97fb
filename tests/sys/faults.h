/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Calls to the kernel that fail when a test wants it: those by which the adapters ask and change devices. */
#ifndef TESTS_SYS_FAULTS_H
#define TESTS_SYS_FAULTS_H

#include <stdbool.h>

enum fault {
	FAULT_NOT_DONE, /* the call is not made; an answer to a request that was sent stays where it is, and is late */
	FAULT_DONE,	/* the call is made and its result is lost */
};

/* From now on the calls number `first` (from 1) to first + count - 1 fail with -ENOBUFS. */
void faults_begin(enum fault fault, int first, int count);
/* None fail any more. Returns how many calls there were; fewer than `first`: none has failed. */
int faults_end(void);

#endif
