/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The flow hash of ICMP errors: they go the way of the flow that they are about. */
#include "unit/hash_kit.h"

/* An error of a router about a packet of that flow, of which it quotes `quoted` octets behind the IP header. */
static struct frame error_about(struct frame_flow flow, uint8_t type, uint32_t quoted)
{
	struct frame f = {0};

	frame_macs(&f, 1, 2);
	frame_put16(&f, flow.six ? 0x86dd : 0x0800);
	frame_error(&f, flow.six, 99, flow.src, type);
	frame_packet(&f, flow, quoted > 4 ? quoted - 4 : 0);
	f.len -= quoted < 4 ? 4 - quoted : 0;
	return f;
}

static const uint32_t sets[] = {
    ALL, L2 | L3, L3, L4, L3 | L4, XLAGG_HASH_SRC_IP, XLAGG_HASH_DPORT, ALL | XLAGG_HASH_INNER};
#define SETS_OF_FIELDS (sizeof(sets) / sizeof(sets[0]))

/* An ICMP error goes the way of the flow's frames in its own direction; with symmetric also of the others. */
Test(hash_errors, an_error_goes_with_the_flow_it_is_about)
{
	static const uint8_t types[2][5] = {{3, 4, 5, 11, 12}, {1, 2, 3, 4, 1}}, protos[] = {6, 17, 132, 50};

	for (int i = 0; i < 2 * 5 * 4; i++) {
		struct frame_flow flow = {i % 2, protos[i / 2 % 4], 10, 20, 1000, 80};
		struct frame error = error_about(flow, types[i % 2][i / 8], 8), there = plain(flow),
			     back = plain(frame_answer(flow));
		for (uint32_t s = 0; s < SETS_OF_FIELDS; s++) {
			same(&error, &back, sets[s]);
			same(&error, &back, sets[s] | XLAGG_HASH_SYMMETRIC);
		}
		same(&error, &there, L3 | L4 | XLAGG_HASH_SYMMETRIC);
		other(&error, &there, L3 | L4);
	}
}

/* Echoes and the like are no errors, and neither is one protocol's error in the other's packets. */
Test(hash_errors, other_icmp_is_its_own_flow)
{
	for (uint32_t type = 0; type < 512; type++) {
		bool six = type / 256;
		struct frame_flow a = {six, 6, 10, 20, 1000, 80}, b = {six, 6, 10, 21, 1001, 80};
		struct frame one = error_about(a, (uint8_t)type, 8), two = error_about(b, (uint8_t)type, 8);
		bool error = six ? type % 256 >= 1 && type % 256 <= 4
				 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		(error ? other : same)(&one, &two, ALL);
		if (six)
			one.data[14 + 6] = two.data[14 + 6] = 1;
		else
			one.data[14 + 9] = two.data[14 + 9] = 58;
		same(&one, &two, ALL);
	}
}

/* An error that quotes too little is hashed by as much of the flow as there is, at last by its own addresses. */
Test(hash_errors, an_error_that_quotes_little)
{
	for (int six = 0; six < 2; six++) {
		struct frame_flow flow = {six, 6, 10, 20, 1000, 80};
		struct frame whole = error_about(flow, 3, 4), f = error_about(flow, 3, 3), none = whole, back;

		back = plain(frame_answer(flow));
		same(&f, &back, L3 | XLAGG_HASH_L4_PROTO);
		other(&f, &whole, ALL);
		none.len = 14 + (six ? 40 : 20);
		for (f = whole, f.len -= 5; f.len > none.len; f.len--)
			same(&f, &none, ALL);
	}
}

Test(hash_errors, an_error_about_a_fragment_goes_with_the_fragments)
{
	struct frame error = error_about((struct frame_flow){false, 17, 10, 20, 1000, 80}, 11, 8);
	struct frame back = plain((struct frame_flow){false, 17, 20, 10, 0, 0});

	error.data[14 + 28 + 6] = back.data[14 + 6] = 0x20;
	same(&error, &back, ALL);
	/* an error in fragments is hashed by its own addresses */
	struct frame whole = plain((struct frame_flow){false, 1, 99, 10, 0, 0});
	error.data[14 + 6] = whole.data[14 + 6] = 0x20;
	same(&error, &whole, ALL);
}

/* With inner, errors within a tunnel and errors about a tunnel's packet go with the flow inside. */
Test(hash_errors, errors_and_tunnels)
{
	uint32_t inner = ALL | XLAGG_HASH_INNER;

	for (int i = 0; i < TUNNELS * 2; i++) {
		enum tunnel kind = i / 2;
		struct frame_flow flow = {i % 2, 6, 3, 4, 7, 80};
		if (!tunnel_carries(kind, flow.six))
			continue;
		struct frame within = {0}, back = frame_tunnel(kind, 100, frame_answer(flow));
		frame_macs(&within, 1, 2);
		frame_carrier(&within, kind, 100, flow.six ? 0x86dd : 0x0800);
		frame_error(&within, flow.six, 99, flow.src, 3);
		frame_packet(&within, flow, 16);
		same(&within, &back, inner);
		if (kind >= TUNNEL_MPLS)
			continue;
		/* the frame in the tunnel, from its IP header on, in an error about it */
		struct frame there = frame_tunnel(kind, 100, flow), about = {0};
		bool six = there.data[14] >> 4 == 6;
		frame_macs(&about, 1, 2);
		frame_put16(&about, six ? 0x86dd : 0x0800);
		frame_error(&about, six, 99, 1, 3);
		frame_put(&about, there.data + 14, there.len - 14);
		same(&about, &back, L3 | L4 | XLAGG_HASH_INNER);
		same(&about, &there, L3 | L4 | XLAGG_HASH_INNER | XLAGG_HASH_SYMMETRIC);
	}
}
