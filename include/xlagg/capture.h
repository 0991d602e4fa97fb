/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A capture: what the programs that run while a lagg is captured, the agent and the CLI agree on. The agent makes two
 * maps for each capture and passes their descriptors to the CLI, which maps them into its memory. They are pinned
 * nowhere and end with the capture.
 */
#ifndef XLAGG_CAPTURE_H
#define XLAGG_CAPTURE_H

#include "abi.h"

#define XLAGG_CAPTURE_RING (16u << 20)	 /* octets of the ring: 10,000 frames of 1,500 octets */
#define XLAGG_CAPTURE_WAKE (2u << 20)	 /* octets that wait in the ring when the reader is woken */
#define XLAGG_CAPTURE_SNAPLEN (1u << 17) /* most octets of a frame that are captured, less one; a power of two */

/* What became of a frame. */
enum xlagg_verdict {
	XLAGG_VERDICT_SENT,	/* handed to port `slot`; why: enum xlagg_choice */
	XLAGG_VERDICT_NOT_SENT, /* dropped; why: enum xlagg_tx_drop; `slot`: the port of a copy, or XLAGG_NO_PORT */
	XLAGG_VERDICT_RECEIVED, /* port `slot` received it for the lagg */
	XLAGG_VERDICT_REFUSED,	/* dropped; why: enum xlagg_rx_drop */
	XLAGG_VERDICT_STACK,	/* port `slot` received it and it was left to that port's own stack */
	XLAGG_VERDICT_AGENT,	/* port `slot` received it and the agent got it: LACPDUs, Markers, answers to probes */
	XLAGG_VERDICT_ILLEGAL,	/* a frame of the slow protocols that the standard forbids; dropped and counted */
	XLAGG_VERDICT_OWN,	/* the agent sent it on port `slot` itself: LACPDUs, Markers, link probes */
	XLAGG_VERDICT_MAX,
};

/* Map `capture_ring`, a ring buffer: one record for each frame, and with broadcast one for each copy. */
struct xlagg_captured {
	__u64 time_ns;	 /* CLOCK_MONOTONIC of the verdict */
	__u32 ifindex;	 /* device of port `slot`; 0: no port */
	__u32 len;	 /* octets of the frame, without the tag that is kept beside it */
	__u32 frame_len; /* octets of `frame`: `len`, or the snaplen if that is less */
	__u32 segments;	 /* frames on the wire that a GSO packet becomes, else 1 */
	__u32 hash;	 /* SENT by the flow: the flow's hash, whose bucket is hash modulo XLAGG_BUCKETS */
	__u8 verdict;	 /* enum xlagg_verdict */
	__u8 why;	 /* see there */
	__u8 slot;	 /* of the port; XLAGG_NO_PORT: none */
	__u8 tagged;	 /* 1: a tag is kept beside the frame, and stands in the next two members */
	__u16 tag_type;	 /* its EtherType, host byte order */
	__u16 tag;	 /* its TCI, host byte order */
	__u32 pad;	 /* 0 */
	__u8 frame[];	 /* from the destination MAC on */
};

/* What was captured of a port, or of frames that have none. */
struct xlagg_capture_count {
	__u64 records; /* frames put into the ring */
	__u64 lost;    /* frames for which the ring had no room */
};

/* Map `capture_state`, one entry. The agent sets the first two members before the capture begins. */
struct xlagg_capture {
	__u32 snaplen;					       /* octets of a frame that are captured, below
								* XLAGG_CAPTURE_SNAPLEN */
	__u32 slots;					       /* bit i: frames of the port in slot i are captured */
	__u32 without_port;				       /* 1: so are those that take no port */
	__u32 pad;					       /* 0 */
	struct xlagg_capture_count count[XLAGG_MAX_PORTS + 1]; /* index: slot; the last one: no port */
};

#endif
