/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The flow hash in the kernel is the same as the one in user space. */
#include "bpf/rig.h"
#include "xlagg/hash.h"

#define FRAMES 100000

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

Test(hash_in_kernel, agrees_with_user_space_on_random_frames)
{
	uint64_t state = 20260131;
	uint32_t plain = 0;

	for (uint32_t set = 0; set < SETS; set++) {
		struct xlagg_params params = {
		    .proto = XLAGG_PROTO_LOADBALANCE, .hash = fields[set], .seed = frame_random(&state)};
		struct rig *rig = rig_open(&params, "explain");
		struct xlagg_hash_keys keys = {params.hash, params.seed};

		for (uint32_t i = 0; i < FRAMES / SETS; i++) {
			struct frame f = frame_any(&state);
			while (refused(&f))
				f = frame_any(&state);
			uint32_t here = xlagg_flow_hash(f.data, f.data + f.len, 0, keys).hash;
			struct xlagg_explanation there = rig_explain(rig, &f);

			cr_assert_eq(there.hash, here, "frame %u of fields %#x, %u octets", i, fields[set], f.len);
			cr_assert_eq(there.bucket, here % XLAGG_BUCKETS);
			plain += here == xlagg_flow_hash(f.data, f.data, 0, keys).hash;
		}
		rig_close(rig);
	}
	cr_assert_lt(plain, FRAMES / 3, "%u frames had nothing to hash", plain);
}
