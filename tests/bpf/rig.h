/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The programs of one lagg, loaded from the real objects over one set of maps, with functions that run a frame through
 * one of them and read what it left behind. Where the rig itself fails, the test fails at once.
 */
#ifndef TESTS_BPF_RIG_H
#define TESTS_BPF_RIG_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdint.h>

#include "bpf/frame.h"
#include "xlagg/abi.h"

#define UNSPEC ((uint32_t)TC_ACT_UNSPEC)

struct rig {
	struct xlagg_params params;
	struct bpf_object *tc, *xdp;
	struct xlagg_tc_bpf *tc_skeleton;
	struct xlagg_xdp_bpf *xdp_skeleton;
	struct xlagg_port *ports; /* mapped */
	struct xlagg_table *tables;
	struct xlagg_control *control;
	uint8_t out[FRAME_MAX]; /* the frame after the last run */
	uint32_t out_len;
};

/* Loads the programs named in `programs` (words with spaces). Carrier is on, there is no port, table 0 is in use. */
struct rig *rig_open(const struct xlagg_params *params, const char *programs);
/* Fills slots 0 to ports-1 with ifindex 1000 + slot, live and collecting, in that order. Bucket b leads to slot b
 * modulo ports, with the next slot as its backup. */
struct rig *rig_with_ports(uint32_t proto, uint32_t ports, const char *programs);
/* The same with constants of the test's own. */
struct rig *rig_with_ports_of(const struct xlagg_params *params, uint32_t ports, const char *programs);
void rig_close(struct rig *rig);

/* Makes no maps of captures for an object of which only `programs` are loaded, unless one of them captures. */
void rig_leave_out_captures(struct bpf_object *object, const char *programs);

int rig_program(const struct rig *rig, const char *name);
int rig_map(const struct rig *rig, const char *name);
/* The name of a map of the lagg, NULL for those that are of one object alone. */
const char *rig_name_of(const struct bpf_map *map);
/* Runs a program over a frame and returns its verdict. A tc program may be given an skb. */
uint32_t rig_run(struct rig *rig, const char *program, const struct frame *f);
uint32_t rig_run_skb(struct rig *rig, const char *program, const struct frame *f, const struct __sk_buff *skb);
/* Runs `explain` and returns its result. */
struct xlagg_explanation rig_explain(struct rig *rig, const struct frame *f);
/* Counters, added up over all CPUs. */
struct xlagg_port_stats rig_port_stats(const struct rig *rig, uint32_t slot);
struct xlagg_lagg_stats rig_lagg_stats(const struct rig *rig);
/* Sets until when (CLOCK_MONOTONIC, ns) the agent's frames have used up what a port may send it; 0: none of it. */
void rig_limit_due(struct rig *rig, uint32_t slot, uint64_t due_ns);
/* Reads the ring buffer, at most `max` records into `event`. Returns how many there were. */
uint32_t rig_agent_frames(const struct rig *rig, struct xlagg_agent_frame *event, uint32_t max);
/* As if the watcher saw the port lose carrier; as if the agent let it in again. */
void rig_lose(struct rig *rig, uint32_t slot);
void rig_let_in(struct rig *rig, uint32_t slot);

/* Enters a network namespace of the test's own. */
void rig_netns(void);
/* Runs a command, which must succeed. */
void rig_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
