/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Puts frames and what became of them into the ring of a capture. Only the programs capture_* do that, which are
 * attached in place of the others while the lagg is captured: a lagg that is not captured pays nothing for it.
 */
#ifndef BPF_CAPTURE_H
#define BPF_CAPTURE_H

#include <stdbool.h>

#include "maps.h"
#include "xlagg/capture.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XLAGG_CAPTURE_RING);
} capture_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlagg_capture);
} capture_state SEC(".maps");

/* A verdict in one word, as an argument of functions that the verifier checks by themselves. */
static __always_inline __u32 captured_as(enum xlagg_verdict verdict, __u32 why, __u32 slot)
{
	return verdict | why << 8 | slot << 16;
}

/* Copies `len` octets of a frame from `offset` on; 0 or -errno. */
typedef long (*load_fn)(void *ctx, __u32 offset, void *to, __u32 len);

/* Copies `size` octets, a constant, from `offset` of the frame to where they belong in the record. */
static __always_inline bool copy_part(void *ctx, load_fn load, struct bpf_dynptr *ring, __u32 offset, __u32 size)
{
	void *to = bpf_dynptr_data(ring, sizeof(struct xlagg_captured) + offset, size);

	return to && !load(ctx, offset, to, size);
}

/* Copies the first `len` octets of the frame. The kernel wants to know the size of each part when it loads the program:
 * two parts of the same power of two, which may overlap, make every length. */
static __always_inline bool copy_frame(void *ctx, load_fn load, struct bpf_dynptr *ring, __u32 len)
{
#pragma unroll
	for (__u32 size = XLAGG_CAPTURE_SNAPLEN / 2; size; size /= 2)
		if (len >= size)
			return copy_part(ctx, load, ring, 0, size) && copy_part(ctx, load, ring, len - size, size);
	return true;
}

static __always_inline struct xlagg_capture_count *count_of_capture(struct xlagg_capture *state, __u32 slot)
{
	return &state->count[slot < XLAGG_MAX_PORTS ? slot : XLAGG_MAX_PORTS];
}

static __always_inline bool is_captured(const struct xlagg_capture *state, __u32 slot)
{
	return slot < XLAGG_MAX_PORTS ? state->slots >> slot & 1 : state->without_port;
}

/* Waking the reader costs more than a record: it looks by itself after a while, and is woken when much waits for it. */
static __always_inline __u64 wake(void)
{
	return bpf_ringbuf_query(&capture_ring, BPF_RB_AVAIL_DATA) < XLAGG_CAPTURE_WAKE ? BPF_RB_NO_WAKEUP
											: BPF_RB_FORCE_WAKEUP;
}

/* Puts a frame into the ring, or counts it as lost. `head`: the record without time and `frame_len`. */
static __always_inline void capture_frame(void *ctx, load_fn load, const struct xlagg_captured *head)
{
	struct xlagg_captured *record = NULL;
	struct xlagg_capture *state;
	struct bpf_dynptr ring;
	__u32 zero = 0, len = head->len;
	bool done;

	state = bpf_map_lookup_elem(&capture_state, &zero);
	if (!state || !is_captured(state, head->slot))
		return;
	if (len > state->snaplen)
		len = state->snaplen;
	len &= XLAGG_CAPTURE_SNAPLEN - 1;
	if (!bpf_ringbuf_reserve_dynptr(&capture_ring, sizeof(*record) + len, 0, &ring))
		record = bpf_dynptr_data(&ring, 0, sizeof(*record));
	done = record && copy_frame(ctx, load, &ring, len);
	if (record) {
		*record = *head;
		record->time_ns = bpf_ktime_get_ns();
		record->frame_len = len;
	}
	if (done) {
		bpf_ringbuf_submit_dynptr(&ring, wake());
		__sync_fetch_and_add(&count_of_capture(state, head->slot)->records, 1);
	} else {
		bpf_ringbuf_discard_dynptr(&ring, BPF_RB_NO_WAKEUP);
		__sync_fetch_and_add(&count_of_capture(state, head->slot)->lost, 1);
	}
}

/* The members of a record that say what became of the frame. `what`: captured_as(). */
static __always_inline struct xlagg_captured captured_head(__u32 what, __u32 ifindex, __u32 hash)
{
	return (struct xlagg_captured){.ifindex = ifindex,
				       .hash = hash,
				       .segments = 1,
				       .verdict = what & 0xff,
				       .why = what >> 8 & 0xff,
				       .slot = what >> 16 & 0xff};
}

#endif
