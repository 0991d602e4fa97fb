/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The local socket that sends a frame, where the programs see it. */
#ifndef BPF_SOCKET_H
#define BPF_SOCKET_H

#include "maps.h"

#define SOCKET_TCP 6

/* The TCP socket that sends the frame. NULL: a frame of another host or protocol, or of a connection that is not one
 * yet, or none any longer. */
static __always_inline struct bpf_sock *tcp_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	return sk && sk->protocol == SOCKET_TCP ? sk : NULL;
}

#endif
