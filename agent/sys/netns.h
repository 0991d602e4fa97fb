/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which network namespace this is. */
#ifndef SYS_NETNS_H
#define SYS_NETNS_H

#include <stdint.h>

/* The cookie of the network namespace that the caller is in: no other one has it as long as the kernel runs. Returns 0
 * or -errno. */
int netns_cookie(uint64_t *ret);

#endif
