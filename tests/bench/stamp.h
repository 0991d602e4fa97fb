/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The clock by which the kernel says when it received something, with SO_TIMESTAMPNS. */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ull /* ns */

static inline uint64_t stamp_to_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NSEC_PER_SEC + (uint64_t)t->tv_nsec;
}

/* Returns CLOCK_REALTIME in ns. */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return stamp_to_ns(&t);
}

/* Returns when the kernel received a message, by the same clock; 0: it does not say. */
static inline uint64_t arrival_ns(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec t;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return stamp_to_ns(&t);
	}
	return 0;
}

#endif
