/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The flow hash in the kernel is the same as the one in user space. */
#include <stdlib.h>

#include "bpf/rig.h"
#include "bpf/tunnel.h"
#include "xlagg/hash.h"

#define FRAMES 1000000 /* unless HASH_FRAMES in the environment says how many */

static const uint32_t fields[] = {
    0,
    XLAGG_HASH_L2,
    XLAGG_HASH_L3,
    XLAGG_HASH_L4,
    XLAGG_HASH_SPORT | XLAGG_HASH_VLAN,
    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_SYMMETRIC,
    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4,
    XLAGG_HASH_L3 | XLAGG_HASH_L4 | XLAGG_HASH_INNER,
    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4 | XLAGG_HASH_INNER,
    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4 | XLAGG_HASH_INNER | XLAGG_HASH_SYMMETRIC,
};
#define SETS (sizeof(fields) / sizeof(fields[0]))

/* The kernel makes no test run over an IP frame with an incomplete header, but it does when the frame is tagged. */
static bool refused(const struct frame *f)
{
	uint16_t type = (uint16_t)(f->data[12] << 8 | f->data[13]);

	return (type == 0x0800 && f->len < 14 + 20) || (type == 0x86dd && f->len < 14 + 40);
}

/* The programs of a lagg with those fields. */
struct both {
	struct rig *rig;
	struct xlagg_hash_keys keys;
};

static struct both both_open(uint32_t set, uint64_t *state)
{
	struct xlagg_params params = {
	    .proto = XLAGG_PROTO_LOADBALANCE, .hash = fields[set], .seed = frame_random(state)};

	return (struct both){rig_open(&params, "explain"), xlagg_hash_keys(params.hash, params.seed)};
}

/* Asserts that kernel and user space agree on a frame. Returns the hash. */
static uint32_t agree(const struct both *both, const struct frame *f)
{
	uint32_t here = xlagg_flow_hash(f->data, f->data + f->len, 0, &both->keys).hash;
	struct xlagg_explanation there = rig_explain(both->rig, f);

	cr_assert_eq(there.hash, here, "%u octets, fields %#x", f->len, both->keys.fields);
	cr_assert_eq(there.bucket, here % XLAGG_BUCKETS);
	return here;
}

static struct frame any(uint64_t *state, uint32_t i)
{
	struct frame f = i % 2 ? frame_any_tunnel(state) : frame_any(state);

	if (i % 2)
		frame_mutate(&f, state);
	return refused(&f) ? any(state, i) : f;
}

Test(hash_in_kernel, agrees_with_user_space_on_random_frames)
{
	const char *asked = getenv("HASH_FRAMES");
	uint32_t frames = asked ? (uint32_t)atoi(asked) : FRAMES, none = 0;
	uint64_t state = 20260131;

	for (uint32_t set = 0; set < SETS; set++) {
		struct both both = both_open(set, &state);

		for (uint32_t i = 0; i < frames / SETS; i++) {
			struct frame f = any(&state, i);

			none += agree(&both, &f) == xlagg_flow_hash(f.data, f.data, 0, &both.keys).hash;
		}
		rig_close(both.rig);
	}
	cr_assert_lt(none, frames / 3, "%u frames had nothing to hash", none);
}

/* Every kind of tunnel, and errors in it, as long as it is and cut after each octet. */
Test(hash_in_kernel, agrees_with_user_space_on_tunnels_cut_anywhere)
{
	uint64_t state = 20260207;

	for (uint32_t set = 0; set < SETS; set++) {
		struct both both = both_open(set, &state);

		for (uint32_t i = 0; i < TUNNELS * 2 * 2; i++) {
			enum tunnel kind = i / 4;
			struct frame_flow flow = {i % 2, 17, 3, 4, 7, 80};
			struct frame f = {0};

			if (!tunnel_carries(kind, flow.six))
				continue;
			frame_macs(&f, 1, 2);
			frame_carrier(&f, kind, 100, flow.six ? 0x86dd : 0x0800);
			if (i % 4 / 2)
				frame_error(&f, flow.six, 99, flow.src, 3);
			frame_packet(&f, flow, 16);
			for (; f.len > 14; f.len--)
				if (!refused(&f))
					agree(&both, &f);
		}
		rig_close(both.rig);
	}
}
