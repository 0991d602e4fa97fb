/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every map of a lagg. The values' types are in xlagg/abi.h. A map is pinned under its own name in the lagg's folder.
 * Every object file declares all of them; the loader creates one set and gives it to each object (bpf_map__reuse_fd).
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xlagg/abi.h"

/* Set before loading. A branch on one of them costs a load at run time: the verifier removes the side not taken. */
const volatile struct xlagg_params params;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_TABLES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32); /* control.table */
	__type(value, struct xlagg_table);
} tables SEC(".maps");

/* The map `control`. As a section of data it is the same map to the kernel (an array of one entry that can be mapped),
 * except that programs have its address and look nothing up. */
volatile struct xlagg_control control SEC(".data.control");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_port_stats);
} port_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_lagg_stats);
} lagg_stats SEC(".maps");

/* The loader leaves it one entry where params.balance is not set. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XLAGG_BUCKETS);
	__type(key, __u32); /* bucket */
	__type(value, struct xlagg_bucket_load);
} bucket_load SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32); /* bucket */
	__type(value, struct xlagg_move);
} moves SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int); /* the socket */
	__type(value, struct xlagg_repath);
} repath SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_port_quality);
} port_quality SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int); /* the socket */
	__type(value, struct xlagg_grey);
} grey SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_lacp);
} lacp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_headless);
} headless SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_saved);
} saved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10); /* 220 records of struct xlagg_agent_frame, 6 for each port */
} slow_rx SEC(".maps");

/* Frames for the agent are limited for each port and class, so that a flood of one class does not push out the others.
 */
enum xlagg_frame_class {
	XLAGG_CLASS_KNOWN,   /* LACPDU with the same Actor as last recorded, state included */
	XLAGG_CLASS_PARTNER, /* LACPDU of the partner last recorded, in another state */
	XLAGG_CLASS_OTHER,   /* LACPDU of another system or port */
	XLAGG_CLASS_MARKER,  /* Marker PDU */
	XLAGG_CLASS_ANSWER,  /* answer to a link probe */
	XLAGG_CLASS_MAX,
};
struct xlagg_limiter {
	__u64 due_ns[XLAGG_CLASS_MAX]; /* CLOCK_MONOTONIC until which the frames let through so far use up the rate */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32); /* slot */
	__type(value, struct xlagg_limiter);
} limiter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, struct xlagg_probe_mac);
	__type(value, __u32); /* slot */
} probe_macs SEC(".maps");

/* roundrobin: whose turn it is on this CPU. */
struct xlagg_turn {
	__u32 index; /* into xlagg_table.order */
	__u32 sent;  /* frames since that port's turn began */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_turn);
} turn SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_turnover);
} turnover SEC(".maps");

/* What the program `explain` found in its last run. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_explanation);
} probe_result SEC(".maps");

/* The ports to which XDP can redirect. Only user space can change a devmap, so `ports` and not this map says which of
 * them are live. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32);   /* slot */
	__type(value, __u32); /* ifindex of the port */
} tx_devs SEC(".maps");

/* The live ports among tx_devs, for proto broadcast, in which the kernel sends a copy to every entry. An entry that is
 * not yet removed after a loss does no harm: that port's copy would be lost anyway. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32);   /* slot */
	__type(value, __u32); /* ifindex of the port */
} live_devs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32); /* ifindex of the lower end */
} lower_dev SEC(".maps");

/* The same for the programs on skbs, which only check whether the lower end still exists: the kernel removes a device
 * from devmaps when it is unregistered. It is a map of its own because the kernel does not let XDP programs and
 * programs on skbs share a devmap. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32); /* ifindex of the lower end; of the lagg's own device, if that is a bond. None while a
			       * bond of mode 802.3ad is taken or given back: bonding speaks LACP then. */
} lower_alive SEC(".maps");

/* Likewise the ports that are in this network namespace: a device that moves to another one takes its programs along,
 * and the kernel removes it from devmaps then, too. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32);   /* slot */
	__type(value, __u32); /* ifindex of the port */
} port_alive SEC(".maps");

#endif
