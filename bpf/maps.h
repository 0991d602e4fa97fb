/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every map of a lagg. Values are in xlagg/abi.h; a map is pinned under its own name in the lagg's folder. Every object
 * declares all of them: the loader makes one set and gives it to each object (bpf_map__reuse_fd).
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xlagg/abi.h"

/* Set before loading; a branch on them costs nothing, since the verifier removes the one that is not taken. */
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlagg_control);
} control SEC(".maps");

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
	__uint(max_entries,
	       64 << 10); /* 220 records of struct xlagg_slow_event: what 32 ports are granted in a burst */
} slow_rx SEC(".maps");

/* Frames for the agent are limited per port and class, so that a flood of one leaves the others alone. */
enum xlagg_slow_class {
	XLAGG_CLASS_KNOWN,   /* LACPDU that repeats the Actor last recorded, state included */
	XLAGG_CLASS_PARTNER, /* LACPDU of the partner last recorded, in another state */
	XLAGG_CLASS_OTHER,   /* LACPDU of somebody else */
	XLAGG_CLASS_MARKER,
	XLAGG_CLASS_ANSWER, /* to link probes */
	XLAGG_CLASS_MAX,
};
struct xlagg_limiter {
	__u64 due_ns[XLAGG_CLASS_MAX]; /* CLOCK_MONOTONIC until which the frames granted so far use up the rate */
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

/* What the program `probe` found in its last run. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlagg_probe);
} probe_result SEC(".maps");

/* The xdp profile's devices. Only user space can change these, so what is live is not decided by them, but by `ports`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XLAGG_MAX_PORTS);
	__type(key, __u32);   /* slot */
	__type(value, __u32); /* ifindex of the port */
} tx_devs SEC(".maps");

/* Read in proto broadcast only, where every entry gets a copy: the ports of tx_devs that are live. An entry that is
 * still there after a loss costs that port's copy, which was lost anyway. */
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

/* The same for the programs on skbs, which only look whether it is still there: the kernel takes out a device that
 * goes, and lets no devmap be shared between programs of two kinds. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32); /* ifindex of the lower end */
} lower_alive SEC(".maps");

#endif
