/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Gives up the rights that the agent does not need. */
#ifndef SYS_CONFINE_H
#define SYS_CONFINE_H

/*
 * Gives up every capability except the few that the agent needs, forbids itself and its children to gain any, and lets
 * the kernel refuse (ENOSYS) every system call that it never makes, among them execve(). Holds for threads that are
 * started later and for forked children. Returns 0 or -errno; what could be given up until then is given up.
 */
int confine(void);

#endif
