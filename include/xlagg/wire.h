/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The slow protocols on the wire: LACPDU and Marker PDU (IEEE 802.1AX-2014 6.4.2, 6.5.3; IEEE 802.3 Annex 57A). Numbers
 * are big-endian. The structs start at the subtype, the first octet after the EtherType.
 */
#ifndef XLAGG_WIRE_H
#define XLAGG_WIRE_H

#include <linux/types.h>

#define XLAGG_SLOW_ETHERTYPE 0x8809
#define XLAGG_SLOW_PAYLOAD 110	     /* octets of a LACPDU or Marker PDU after the EtherType */
#define XLAGG_SLOW_FRAME (14 + 110)  /* the same with the Ethernet header, without FCS */
#define XLAGG_SLOW_ADDRESS_LAST 0x02 /* 01-80-C2-00-00-02: last octet of the destination */
#define XLAGG_SLOW_ADDRESS                                                                                             \
	{                                                                                                              \
		0x01, 0x80, 0xc2, 0x00, 0x00, XLAGG_SLOW_ADDRESS_LAST                                                  \
	}

/* First octet of a slow-protocol PDU. 0 and everything above 10 are illegal; what is not named here is reserved. */
enum xlagg_slow_subtype {
	XLAGG_SLOW_LACP = 1,
	XLAGG_SLOW_MARKER = 2,
	XLAGG_SLOW_OAM = 3,   /* belongs to another protocol: left alone */
	XLAGG_SLOW_OSSP = 10, /* belongs to another protocol: left alone */
	XLAGG_SLOW_SUBTYPE_MAX = 10,
};

/* Bits of Actor_State and Partner_State (6.4.2.3). */
enum xlagg_lacp_state {
	XLAGG_STATE_ACTIVITY = 0x01,	 /* 1 active, 0 passive */
	XLAGG_STATE_TIMEOUT = 0x02,	 /* 1 short, 0 long */
	XLAGG_STATE_AGGREGATION = 0x04,	 /* 1 aggregatable, 0 individual */
	XLAGG_STATE_SYNC = 0x08,	 /* the port is attached to the right aggregator */
	XLAGG_STATE_COLLECTING = 0x10,	 /* frames from the other end are accepted */
	XLAGG_STATE_DISTRIBUTING = 0x20, /* frames are sent to the other end */
	XLAGG_STATE_DEFAULTED = 0x40,	 /* the other end's values are defaults and not from a LACPDU */
	XLAGG_STATE_EXPIRED = 0x80,	 /* the Receive machine is in EXPIRED */
};

enum xlagg_lacp_tlv {
	XLAGG_TLV_TERMINATOR = 0,
	XLAGG_TLV_ACTOR = 1,
	XLAGG_TLV_PARTNER = 2,
	XLAGG_TLV_COLLECTOR = 3,
	XLAGG_TLV_MARKER = 1,
	XLAGG_TLV_MARKER_RESPONSE = 2,
};
/* Values of the TLVs' length octets. They include the type and length octets. */
#define XLAGG_TLV_ACTOR_LEN 20
#define XLAGG_TLV_PARTNER_LEN 20
#define XLAGG_TLV_COLLECTOR_LEN 16
#define XLAGG_TLV_TERMINATOR_LEN 0
#define XLAGG_TLV_MARKER_LEN 16
#define XLAGG_LACP_VERSION 1
#define XLAGG_MARKER_VERSION 1

/* One end in a LACPDU: Actor or Partner Information without type, length and reserved octets. */
struct xlagg_wire_end {
	__be16 system_prio;
	__u8 system[6];
	__be16 key;
	__be16 port_prio;
	__be16 port;
	__u8 state; /* enum xlagg_lacp_state */
} __attribute__((packed));

/* LACPDU, version 1. Later versions have more TLVs in the Terminator's place. */
struct xlagg_wire_lacpdu {
	__u8 subtype; /* XLAGG_SLOW_LACP */
	__u8 version;
	__u8 actor_type; /* TLV types and reserved octets are not checked on reception (6.4.12) */
	__u8 actor_len;
	struct xlagg_wire_end actor;
	__u8 reserved1[3];
	__u8 partner_type;
	__u8 partner_len;
	struct xlagg_wire_end partner;
	__u8 reserved2[3];
	__u8 collector_type;
	__u8 collector_len;
	__be16 collector_max_delay; /* tens of microseconds */
	__u8 reserved3[12];
	__u8 terminator_type;
	__u8 terminator_len;
	__u8 reserved4[50];
} __attribute__((packed));

/* Marker PDU and Marker Response PDU, distinguished by `type`. */
struct xlagg_wire_marker {
	__u8 subtype; /* XLAGG_SLOW_MARKER */
	__u8 version;
	__u8 type; /* XLAGG_TLV_MARKER or XLAGG_TLV_MARKER_RESPONSE */
	__u8 len;
	__be16 requester_port;
	__u8 requester_system[6];
	__be32 transaction; /* Requester_Transaction_ID */
	__u8 pad[2];
	__u8 terminator_type;
	__u8 terminator_len;
	__u8 reserved[90];
} __attribute__((packed));

_Static_assert(sizeof(struct xlagg_wire_end) == 15, "Actor information");
_Static_assert(sizeof(struct xlagg_wire_lacpdu) == XLAGG_SLOW_PAYLOAD, "LACPDU");
_Static_assert(sizeof(struct xlagg_wire_marker) == XLAGG_SLOW_PAYLOAD, "Marker PDU");

#endif
