/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Identifies the network namespace. */
#ifndef SYS_NETNS_H
#define SYS_NETNS_H

#include <stdint.h>

/* Reads the cookie of the caller's network namespace: no other one gets the same as long as the kernel runs. Returns 0
 * or -errno. */
int netns_cookie(uint64_t *ret);

#endif
