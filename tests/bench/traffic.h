/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The content of a datagram, which udpsend writes and udprecv reads. Both run on one machine: host byte order, one
 * clock. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdint.h>

#include "stamp.h"

#define TRAFFIC_MAGIC 0x786c6167u   /* "xlag" */
#define TRAFFIC_MAX_FLOWS 4096	    /* source ports of one sender */
#define TRAFFIC_MAX_SEQ (64u << 20) /* datagrams that one receiver can keep account of */
#define TRAFFIC_MAX_OCTETS 65000    /* payload of one datagram */

/* The sender has finished: seq is the number of datagrams that it numbered. */
#define TRAFFIC_END 1

struct traffic_packet {
	uint32_t magic;	   /* TRAFFIC_MAGIC */
	uint16_t flow;	   /* which of the sender's source ports */
	uint16_t flags;	   /* 0 or TRAFFIC_END */
	uint64_t seq;	   /* of the whole stream, from 0 */
	uint64_t flow_seq; /* of this flow, from 0 */
	uint64_t sent_ns;  /* CLOCK_REALTIME, ns */
};

#endif
