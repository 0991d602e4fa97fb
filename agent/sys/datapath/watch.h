/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The watcher: programs in the kernel that make a port not live in the very moment it loses carrier, goes down or is
 * removed, also while no agent is there. One set of them for all laggs of an agent, pinned in a folder of its own below
 * the agent's. Not every kernel allows tracing; without, the agent looks itself.
 */
#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include "sys/datapath/datapath.h"

struct watch;

/* Attaches the watcher, or takes over the one that is pinned in `pins`, whose devices are those of the caller's network
 * namespace. On failure, such as -EPERM where the kernel does not allow it, nothing is left. */
int watch_open(struct watch **ret, const char *pins, char sentence[XLAGG_SENTENCE_MAX]);
/* Lets go of it and leaves it at work; where it has no lagg to watch it is removed. */
void watch_close(struct watch **watch);
/* Detaches and unpins the watcher of an agent that is not there. */
int watch_remove(const char *pins);

/* From now on the ports that the datapath has and gets are watched, until datapath_remove(); call it before ports are
 * published. What an earlier agent left is put right. `watch` stays open as long as the datapath. NULL: ports that come
 * from now on are not watched. */
int datapath_watch(struct datapath *dp, struct watch *watch);

/* For the datapath. A lagg's number in the watcher, by its maps `ports` and `control`; it gets one if it has none. */
int watch_lagg(struct watch *watch, int ports, int control, uint32_t *ret_lagg);
int watch_port(struct watch *watch, uint32_t lagg, uint32_t slot, uint32_t ifindex);
int watch_port_gone(struct watch *watch, uint32_t ifindex);
/* The lagg whose map `ports` this is goes. No error if it is not watched. */
int watch_forget(const char *pins, int ports);

#endif
