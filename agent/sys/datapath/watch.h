/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The watcher: programs in the kernel that make a port not live at the moment it loses carrier, goes down or is
 * removed, also while no agent runs. There is one set of them for all laggs of an agent, pinned in a folder of its own
 * below the agent's. Not every kernel allows tracing; where it is not allowed, the agent polls carrier.
 */
#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include "sys/datapath/datapath.h"

struct watch;

/* Attaches the watcher, or takes over the one that is pinned below `pins`. Ports that are added to it are devices of
 * the caller's network namespace. On failure, such as -EPERM where the kernel allows no tracing, nothing is left. */
int watch_open(struct watch **ret, const char *pins, char sentence[XLAGG_SENTENCE_MAX]);
/* Pins again what others have unpinned, which goes on without pins as long as `watch` is open. *ret_missing: whether
 * pins were missing. */
int watch_repin(struct watch *watch, bool *ret_missing);
/* Frees it. The watcher itself goes on running, unless it has no lagg to watch: then it is removed. */
void watch_close(struct watch **watch);
/* Detaches and unpins the watcher of an agent that does not run. */
int watch_remove(const char *pins);

/* From now on the datapath's ports are watched, those it has and those it gets, until datapath_remove(). To be called
 * before ports are published. What an earlier agent left in the watcher is corrected. `watch` must stay open as long as
 * the datapath. NULL: ports that are added from now on are not watched. */
int datapath_watch(struct datapath *dp, struct watch *watch);

/* The rest is for the datapath. */
/* The index in the watcher's maps of the lagg that has the maps `ports` and `control`. It gets one if it has none. */
int watch_lagg(struct watch *watch, int ports, int control, uint32_t *ret_lagg);
/* Adds a device of the watcher's namespace, the port in that slot of that lagg. */
int watch_port(struct watch *watch, uint32_t lagg, uint32_t slot, uint32_t ifindex);
/* Whether it has that device as the port in that slot of that lagg. */
bool watch_has(const struct watch *watch, uint32_t lagg, uint32_t slot, uint32_t ifindex);
/* Removes a device. It is no error if it is not watched. */
int watch_port_gone(struct watch *watch, uint32_t ifindex);
/* Removes the lagg whose map `ports` this is. It is no error if it is not watched. */
int watch_forget(const char *pins, int ports);

#endif
