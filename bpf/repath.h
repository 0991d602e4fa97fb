/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Option repath: a local TCP socket that had to retransmit takes another bucket, and with it perhaps another port. The
 * kernel itself only changes the flow label of IPv6 after a timeout, which decides nothing where ports are hashed. How
 * often a socket has moved is stored with the socket. With 0 moves it takes the bucket of its headers.
 */
#ifndef BPF_REPATH_H
#define BPF_REPATH_H

#include <stdbool.h>

#include "maps.h"
#include "socket.h"

#define REPATH_RETRANSMITS 8  /* of late, and */
#define REPATH_SHARE 10	      /* one segment of so many: the path is bad, although nothing timed out */
#define REPATH_SEGMENTS 1000u /* after so many, what was retransmitted before them is forgotten */

/* The hash of a flow that has moved: evenly distributed, and another one for each move. */
static __always_inline __u32 moved_hash(__u32 hash, __u32 moves)
{
	if (!moves)
		return hash;
	hash += moves * 0x9e3779b9u;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

/* Whether the socket has retransmitted since it moved last, more than a path that works makes it. */
static __always_inline bool path_is_bad(const struct bpf_tcp_sock *tcp, const struct xlagg_repath *path)
{
	__u32 again = tcp->total_retrans - path->retransmits, sent = tcp->data_segs_out - path->segments;

	if (!again)
		return false;
	return tcp->icsk_retransmits || (again >= REPATH_RETRANSMITS && again * REPATH_SHARE > sent);
}

static __always_inline void remember(struct xlagg_repath *path, const struct bpf_tcp_sock *tcp)
{
	path->retransmits = tcp->total_retrans;
	path->segments = tcp->data_segs_out;
}

/* How often the socket that sends this frame has moved. Of a frame of another host, of UDP, or without a socket: 0. */
static __noinline __u32 moves_of(struct __sk_buff *skb)
{
	struct bpf_sock *sk = tcp_socket(skb);
	struct bpf_tcp_sock *tcp;
	struct xlagg_repath *path;

	if (!sk)
		return 0;
	tcp = bpf_tcp_sock(sk);
	if (!tcp || !tcp->total_retrans)
		return 0;
	path = bpf_sk_storage_get(&repath, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!path)
		return 0;
	if (path_is_bad(tcp, path)) {
		path->moves++;
		remember(path, tcp);
	} else if (tcp->data_segs_out - path->segments > REPATH_SEGMENTS) {
		remember(path, tcp);
	}
	return path->moves;
}

#endif
