/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Option grey-detect: what local TCP sockets send on each port, and how much of that they have to send again. The
 * kernel counts both for each socket. What a socket has counted since its frame before belongs to the port that this
 * frame took.
 */
#ifndef BPF_GREY_H
#define BPF_GREY_H

#include "maps.h"
#include "socket.h"

#define GREY_SECOND 1000000000ull /* ns */

/* Whether the socket has not counted yet in this second. Several connections that lose frames say more of a port than
 * one that loses many, which may lead to a bad place. */
static __always_inline bool first_in_second(struct xlagg_grey *seen)
{
	__u32 second = bpf_ktime_get_ns() / GREY_SECOND;

	if (seen->second == second)
		return false;
	seen->second = second;
	return true;
}

static __always_inline void count_segments(const struct bpf_tcp_sock *tcp, struct xlagg_grey *seen)
{
	__u32 sent = tcp->data_segs_out - seen->segments, again = tcp->total_retrans - seen->retransmitted;
	__u32 slot = seen->port - 1;
	struct xlagg_port_quality *quality;

	if (!sent && !again)
		return;
	quality = bpf_map_lookup_elem(&port_quality, &slot);
	if (!quality)
		return;
	quality->segments += sent;
	if (!again)
		return;
	quality->retransmitted += again;
	quality->sockets += first_in_second(seen);
}

/* Counts what the socket that sends this frame has sent so far. `slot`: the port that the frame takes. */
static __noinline int count_quality(struct __sk_buff *skb, __u32 slot)
{
	struct bpf_sock *sk = tcp_socket(skb);
	struct xlagg_grey *seen;
	struct bpf_tcp_sock *tcp;

	if (!sk)
		return 0;
	tcp = bpf_tcp_sock(sk);
	if (!tcp)
		return 0;
	seen = bpf_sk_storage_get(&grey, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!seen)
		return 0;
	if (seen->port)
		count_segments(tcp, seen);
	seen->segments = tcp->data_segs_out;
	seen->retransmitted = tcp->total_retrans;
	seen->port = slot + 1;
	return 0;
}

#endif
