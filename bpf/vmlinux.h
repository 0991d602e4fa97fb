/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The members of the kernel's own types that the programs read. The loader finds their real offsets (CO-RE). */
#ifndef BPF_VMLINUX_H
#define BPF_VMLINUX_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	unsigned long state; /* bits of enum netdev_state_t */
	unsigned int flags;  /* IFF_* */
	int ifindex;
	possible_net_t nd_net;
};

struct netdev_notifier_info {
	struct net_device *dev;
};

#pragma clang attribute pop

/* Of enum net_device_flags: linux/if.h would bring the libc's headers. */
enum {
	IFF_UP = 1,
};

enum netdev_state_t {
	__LINK_STATE_NOCARRIER = 2,
};

/* What notifiers are told. The loader finds the real values. */
enum netdev_cmd {
	NETDEV_UP = 1,
	NETDEV_DOWN = 2,
	NETDEV_UNREGISTER = 6,
	NETDEV_GOING_DOWN = 10,
};

#endif
