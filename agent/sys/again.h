/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What failed is done again at once, a few times. A call may fail because the kernel was short of memory or descriptors
 * for that moment, or because only its answer was lost. Such a failure must not make a change be refused, a port be
 * left out or something be forgotten, and it is not worth a word. Whoever cannot go on after these tries says so, and
 * tries again later where that is possible.
 */
#ifndef SYS_AGAIN_H
#define SYS_AGAIN_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define AGAIN_TRIES 3 /* in all */

/*
 * For the end of a loop, with `tries` 0 before:
 *	do
 *		r = call();
 *	while (again(&tries, r < 0 && r != -ENODEV));
 * `failed`: it failed, and another try may succeed. Returns whether it is to be tried again.
 */
static inline bool again(uint32_t *tries, bool failed)
{
	return failed && ++*tries < AGAIN_TRIES;
}

/* Whether a failure says how things stand with this machine at present, and nothing of what was asked for. */
static inline bool is_shortage(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EINTR;
}

#endif
