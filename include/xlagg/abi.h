/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The contract between the kernel programs (bpf/) and the agent: the value of every pinned map, and the constants of
 * the programs. A structure grows only at its end. When a pinned map has another size, the members that both versions
 * have are taken over and the others are 0. XLAGG_ABI_VERSION changes when the meaning of a member changes. Of pinned
 * maps of another version only the head of `saved` is read, and the agent creates the lagg anew from it. The maps
 * (bpf/maps.h) are pinned under their own names in <pins>/<lagg>/.
 */
#ifndef XLAGG_ABI_H
#define XLAGG_ABI_H

#include <linux/types.h>

#define XLAGG_ABI_VERSION 1
#define XLAGG_MAX_PORTS 32	   /* ports of one lagg */
#define XLAGG_MAX_LAGGS 256	   /* laggs of one agent */
#define XLAGG_TABLES 8		   /* buffers for distribution tables, a power of two */
#define XLAGG_BUCKETS 1024	   /* slots of the distribution table, a power of two */
#define XLAGG_NO_PORT 0xff	   /* "no port" where a slot is expected */
#define XLAGG_MOVING 0x40	   /* beside a bucket's slot: its flows are still on another port (struct xlagg_move) */
#define XLAGG_AGENT_FRAME_MAX 256  /* octets of a frame in ring buffer `slow_rx` */
#define XLAGG_PORT_ETHERTYPES 8	   /* EtherTypes of option port-ethertypes */
#define XLAGG_SAVED_MAX (48 << 10) /* octets of a lagg's saved configuration */

/* Option proto; lagg(4)'s laggproto. */
enum xlagg_proto {
	XLAGG_PROTO_FAILOVER,
	XLAGG_PROTO_LOADBALANCE,
	XLAGG_PROTO_LACP,
	XLAGG_PROTO_ROUNDROBIN,
	XLAGG_PROTO_BROADCAST,
	XLAGG_PROTO_NONE,
	XLAGG_PROTO_MAX,
};

/* Header fields that the flow hash covers: option hash. l2, l3 and l4 are sums of these. */
enum xlagg_hash_field {
	XLAGG_HASH_SRC_MAC = 1 << 0,
	XLAGG_HASH_DST_MAC = 1 << 1,
	XLAGG_HASH_VLAN = 1 << 2,
	XLAGG_HASH_SRC_IP = 1 << 3,
	XLAGG_HASH_DST_IP = 1 << 4,
	XLAGG_HASH_SPORT = 1 << 5,
	XLAGG_HASH_DPORT = 1 << 6,
	XLAGG_HASH_L4_PROTO = 1 << 7,	/* the protocol number; part of l4 */
	XLAGG_HASH_FLOWLABEL = 1 << 8,	/* IPv6 flow label where no ports are found; part of l4, dropped by symmetric */
	XLAGG_HASH_INNER = 1 << 9,	/* the headers inside tunnels, MPLS and PPPoE instead, where there are any */
	XLAGG_HASH_SYMMETRIC = 1 << 10, /* both directions of a flow get the same hash */

	XLAGG_HASH_L2 = XLAGG_HASH_SRC_MAC | XLAGG_HASH_DST_MAC | XLAGG_HASH_VLAN,
	XLAGG_HASH_L3 = XLAGG_HASH_SRC_IP | XLAGG_HASH_DST_IP,
	XLAGG_HASH_L4 = XLAGG_HASH_SPORT | XLAGG_HASH_DPORT | XLAGG_HASH_L4_PROTO | XLAGG_HASH_FLOWLABEL,
};

/* What is hashed, and what is made of the seed for it: xlagg_hash_keys() in hash.h. */
#define XLAGG_HASH_PAIRS 6
struct xlagg_hash_keys {
	__u32 fields;			 /* enum xlagg_hash_field */
	__u32 pad;			 /* 0 */
	__u64 mac[2];			 /* added to the source's and the destination's MAC */
	__u32 pair[XLAGG_HASH_PAIRS][2]; /* and to the two values of every other pair */
};

/* Bits of struct xlagg_port.flags: what policy allows the port. Whether it is live is independent of them. */
enum xlagg_port_flag {
	XLAGG_PORT_COLLECTING = 1 << 0, /* frames received on it go to the lagg */
	/* Unicast frames are accepted although the port is not in use: it was until a moment ago and the far end does
	 * not know yet, or it may come back into use and the far end may know before us. Group frames are not, since
	 * they arrive on the port in use as well. */
	XLAGG_PORT_LINGERING = 1 << 1,
	XLAGG_PORT_KERNEL_RETURN = 1 << 2, /* the watcher may make it live again by itself (static proto, up-delay 0) */
};

/*
 * The rest of these flags, of a lagg whose own device is a bond that spreads frames by a hash: where the port stands
 * among the slaves that bonding sends on. While the agent is behind bonding, a frame comes to the wrong port, whose
 * program passes it on to the right one. Octet 1 is the index among them, from 0. Octets 2 and 3 are the stride: what
 * bonding takes for the port is any multiple of it and the index added, since it is a multiple of the count of slaves,
 * the largest up to XLAGG_STRIDE_MAX; 0: bonding does not send on this one.
 */
#define XLAGG_PORT_POLICY 0xffu /* enum xlagg_port_flag */
#define XLAGG_PORT_INDEX 8	/* shift */
#define XLAGG_PORT_STRIDE 16	/* shift */
#define XLAGG_STRIDE_BITS 12
#define XLAGG_STRIDE_MAX (1u << XLAGG_STRIDE_BITS)

/* The place of a port that is the one of that index among `count` slaves on which bonding sends. */
static inline __u32 xlagg_place(__u32 count, __u32 index)
{
	return (XLAGG_STRIDE_MAX / count * count) << XLAGG_PORT_STRIDE | index << XLAGG_PORT_INDEX;
}

/* struct xlagg_port.enabled of a port that policy keeps out. In practice no `lost` counter ever grows to this value. */
#define XLAGG_PORT_OUT 0xffffffffu

/*
 * Map `ports`, index: slot of the port in its lagg. A port is live when enabled == lost.
 * `lost` only grows. The watcher adds to it, the programs do when they handle LACP without the agent, and the agent's
 * carrier poll does where there is no watcher. All other members are written by the agent, except that `enabled` may be
 * written by the watcher (XLAGG_PORT_KERNEL_RETURN), and by the programs when they take a port back (xlagg_headless).
 */
struct xlagg_port {
	__u32 ifindex; /* the port's device, 0: this slot is free or the device is absent */
	__u32 flags;   /* enum xlagg_port_flag, and the place among a bond's slaves */
	__u32 lost; /* grows when the port loses carrier, goes down, or is taken out by LACP without the agent; one loss
		     * may be counted twice */
	__u32 enabled; /* the value of `lost` that was read when the port was let in, or XLAGG_PORT_OUT */
};

/*
 * Map `tables`: buffers of the distribution table, used in turn; `control.table` is the index of the one in use. A
 * buffer is rewritten only when no reader can still be reading it.
 */
struct xlagg_table {
	__u32 generation;	     /* counts publications */
	__u32 count;		     /* entries of `order` */
	__u8 order[XLAGG_MAX_PORTS]; /* slots that may carry traffic, preferred first (failover: the first live one) */
	__u16 bucket[XLAGG_BUCKETS]; /* low octet: slot, with XLAGG_MOVING while the bucket moves to it; high octet:
				      * backup slot; XLAGG_NO_PORT: none */
};

/* How the move of a bucket ended. New ones are added at the end. */
enum xlagg_move_end {
	XLAGG_MOVE_WAITS,     /* it has not ended */
	XLAGG_MOVE_IDLE,      /* the bucket sent nothing for longer than the paths may differ */
	XLAGG_MOVE_MARKER,    /* the partner answered a marker behind the bucket's last frame */
	XLAGG_MOVE_BOUND,     /* it had waited long enough, and moved although frames were in flight */
	XLAGG_MOVE_LOST,      /* the old port was lost: it moved at once */
	XLAGG_MOVE_CANCELLED, /* it had waited long enough, and stayed where it was (option balance adaptive) */
	XLAGG_MOVE_END_MAX,
};
/*
 * Map `moves`, index: bucket, valid while the table in use has XLAGG_MOVING there. Frames of the bucket stay on the old
 * port until one of them can take the new port and not arrive before an older one. The agent writes an entry before the
 * mark is published. From then on the programs write `at`, `end` and `last_ns`, and the agent writes what it learns
 * meanwhile: `proved_ns`, and `until_ns` and `pause_us` if the bucket gets yet another port.
 */
struct xlagg_move {
	__u64 last_ns;	 /* CLOCK_MONOTONIC of the bucket's last frame since the mark was published; 0: of none yet */
	__u64 until_ns;	 /* CLOCK_MONOTONIC from which on the bucket no longer waits */
	__u64 proved_ns; /* CLOCK_MONOTONIC: what the bucket sent before it has arrived, as a marker showed; 0: not
			    known */
	__u32 pause_us;	 /* the bucket has been idle when it sent nothing for longer */
	__u32 at;	 /* slot of the port that its frames take */
	__u32 end;	 /* enum xlagg_move_end: why `at` changed last */
	__u32 patient;	 /* boolean: it goes on waiting after until_ns, since the agent is going to cancel the move */
	__u32 number;	 /* of the move, by which the agent knows that the entry is about that one */
	__u32 pad;	 /* 0 */
};

/* Bit of xlagg_control.carrier: the lagg has carrier. */
#define XLAGG_CARRIER 1u

/* Map `control`, one entry: what the programs read for each frame and the agent may change at any time. */
struct xlagg_control {
	__u32 abi_version;  /* XLAGG_ABI_VERSION of the agent that created the maps */
	__u32 table;	    /* index of the table in use */
	__u32 carrier;	    /* 0: the lagg has no carrier, every frame is dropped and counted; else XLAGG_CARRIER, and
			     * xlagg_passes() of each port that is XLAGG_PORT_COLLECTING */
	__u32 life;	    /* how often an agent has taken the lagg over from an earlier one */
	__u64 heartbeat_ns; /* CLOCK_MONOTONIC of the agent's last sign of life */
};

/* The bit of xlagg_control.carrier that says that the port in that slot receives for the lagg: a program asks for both
 * at once. The last slot has none: there both are asked for. */
static inline __u32 xlagg_passes(__u32 slot)
{
	return slot < XLAGG_MAX_PORTS - 1 ? XLAGG_CARRIER << 1 << slot : 0;
}

/* Why a frame was not sent or not accepted: indexes of the drop counters. New ones are added at the end. */
enum xlagg_tx_drop {
	XLAGG_TX_NO_PORT,    /* no live port */
	XLAGG_TX_NO_CARRIER, /* the lagg has no carrier (down, min-links) */
	XLAGG_TX_PROTO_NONE, /* proto none drops everything */
	XLAGG_TX_CLONE,	     /* broadcast: a copy could not be made or sent */
	XLAGG_TX_OWN_STACK,  /* made by the lower end's own stack */
	XLAGG_TX_PORT_TYPE,  /* of an EtherType that belongs to the ports (port-ethertypes, slow protocols, MAC control)
			      */
	XLAGG_TX_DROP_MAX,
};
enum xlagg_rx_drop {
	XLAGG_RX_NOT_COLLECTING, /* the port may not receive for the lagg */
	XLAGG_RX_STANDBY,	 /* failover: not the port in use */
	XLAGG_RX_NO_CARRIER,	 /* the lagg has no carrier */
	XLAGG_RX_PROTO_NONE,	 /* proto none drops everything */
	XLAGG_RX_MALFORMED,	 /* shorter than an Ethernet header */
	XLAGG_RX_SLOW_LIMITED,	 /* frames for the agent over their limit (slow protocols: also in slow_limited) */
	XLAGG_RX_DROP_MAX,
};

/* Frames that are counted once for a port and its lagg. */
struct xlagg_counts {
	__u64 tx_packets;
	__u64 tx_bytes;
	__u64 rx_packets;
	__u64 rx_bytes;
};

/* Map `port_stats`, per CPU, index: slot. Packets are frames on the wire as far as known (GSO segments are counted). */
struct xlagg_port_stats {
	__u64 tx_packets;		     /* frames given to the port for sending */
	__u64 tx_bytes;			     /* their octets */
	__u64 rx_packets;		     /* frames that the port received for the lagg */
	__u64 rx_bytes;			     /* their octets */
	__u64 rx_dropped[XLAGG_RX_DROP_MAX]; /* frames refused, by reason */
	__u64 slow_rx;			     /* slow-protocol frames given to the agent */
	__u64 slow_illegal;		     /* slow-protocol frames with an illegal subtype, length or tag */
	__u64 slow_unknown; /* frames with group address or EtherType of the slow protocols, but not both */
	__u64 slow_limited; /* slow-protocol frames over the limit */
	__u64 headless_tx;  /* LACPDUs that the kernel sent while the agent was away */
	/* Frames that are in no other member here or in `lagg_stats`, but belong to both: most frames, so that counting
	 * them takes one look-up and not two. A port begins with what the ports before it left here, as `before`. */
	struct xlagg_counts both;
	struct xlagg_counts before;
};

/* Map `bucket_load`, per CPU, index: bucket; one entry, which is not used, unless option balance is adaptive. */
struct xlagg_bucket_load {
	__u64 bytes; /* octets that were sent on the bucket's port or its backup */
};

/* Map `repath`, storage of TCP sockets: what option repath knows of a socket that had to retransmit. */
struct xlagg_repath {
	__u32 moves;	   /* how often it took another bucket */
	__u32 retransmits; /* its retransmissions until it moved last, or until lately */
	__u32 segments;	   /* its segments with data until then */
	__u32 pad;	   /* 0 */
};

/* Map `port_quality`, per CPU, index: slot: what local TCP sockets sent on a port, and how much of it was lost. It is
 * counted only with option grey-detect, where the programs see the socket and a frame's flow decides on the port. */
struct xlagg_port_quality {
	__u64 segments;	     /* segments with data, those that were sent again included */
	__u64 retransmitted; /* segments that were sent again, of those that had taken this port before */
	__u64 sockets;	     /* sockets that had to send again: each counts once a second */
};

/* Map `grey`, storage of TCP sockets: up to where a socket's segments have been counted in `port_quality`. */
struct xlagg_grey {
	__u32 segments;	     /* its segments with data until then */
	__u32 retransmitted; /* its retransmissions until then */
	__u32 port;	     /* 1 + slot of the port that its last frame took; 0: nothing has been counted yet */
	__u32 second;	     /* CLOCK_MONOTONIC, s, in which the socket last counted in `sockets` */
};

/* Map `lagg_stats`, per CPU, one entry. */
_Static_assert(XLAGG_RX_DROP_MAX == 6,
	       "rx_dropped is followed by members that may not move: count a new reason at the end");
struct xlagg_lagg_stats {
	__u64 tx_packets;		     /* frames that the lagg was asked to send */
	__u64 tx_bytes;			     /* their octets */
	__u64 rx_packets;		     /* frames that the ports received for the lagg */
	__u64 rx_bytes;			     /* their octets */
	__u64 tx_dropped[XLAGG_TX_DROP_MAX]; /* frames not sent, by reason */
};

/* One end of a LACP link, in host byte order. */
struct xlagg_lacp_end {
	__u16 system_prio; /* System_Priority */
	__u8 system[6];	   /* System */
	__u16 key;	   /* Key */
	__u16 port_prio;   /* Port_Priority */
	__u16 port;	   /* Port_Number */
	__u8 state;	   /* enum xlagg_lacp_state */
	__u8 pad;	   /* 0 */
};
/*
 * Map `lacp`, index: slot: what the agent last knew of a port's LACP. The limiter uses it, the programs do while the
 * agent is away, and the next agent takes it over. Only the agent writes it.
 */
struct xlagg_lacp {
	__u8 partner[16];   /* the Actor fields of the last accepted LACPDU, as on the wire (15 octets used) */
	__u8 pdu[124];	    /* the last LACPDU that we sent, as a frame */
	__u8 partner_known; /* 1: `partner` is valid and the Receive machine is in CURRENT */
	__u8 pdu_len;	    /* octets of `pdu`, 0: none */
	__u8 pad[2];	    /* 0 */
	__u64 pdu_rx_ns;    /* CLOCK_MONOTONIC of the last accepted LACPDU */
	__u64 pdu_tx_ns;    /* CLOCK_MONOTONIC when `pdu` was sent */
	struct xlagg_lacp_end actor, partner_oper, view; /* Actor_Oper, Partner_Oper, and how the partner sees us */
	__u8 mux;					 /* enum xlagg_lacp_mux_state */
	__u8 selected;					 /* enum xlagg_lacp_selected */
	__u8 aggregator;				 /* the one that the port has selected */
	__u8 active;					 /* 1: that aggregator carries traffic */
	__u8 matched;					 /* 1: the partner sees us as we are */
	__u8 view_known;				 /* 1: `view` is valid */
	__u8 system_set;				 /* 1: `actor` has the system of option system-mac */
	__u8 number_set;				 /* 1: it has the number of the port's option */
	__u64 timeout_ns;				 /* how long the partner may be silent after a LACPDU */
	__u64 deadline_ns; /* CLOCK_MONOTONIC until which the partner may be silent in any case */
	__u32 outs;	   /* the value of xlagg_headless.outs that the agent has noted */
	__u32 life;    /* the value of xlagg_control.life when an agent sent `pdu`. Until the agent that took over last
			* has sent one itself, the kernel sends for it what is due. */
	__u64 foreign; /* the value of xlagg_headless.foreign that the agent has noted */
};

/*
 * Map `turnover`, per CPU, one entry, written only in proto failover: which port this CPU's frames take, and what
 * happened between the last frame on the port before and the first on this one. Times are CLOCK_MONOTONIC.
 */
struct xlagg_turnover {
	__u32 slot;    /* port of the last frame */
	__u32 from;    /* port of the frames before the first one on `slot` */
	__u64 last_ns; /* time of the last frame */
	__u64 left_ns; /* time of the last frame on `from`, 0: there was none */
	__u64 came_ns; /* time of the first frame on `slot` after those on `from`, 0: there were none on another port */
	__u64 refused; /* frames since the last frame for which there was no port */
	__u64 between; /* frames between the last on `from` and the first on `slot` for which there was no port */
};

/*
 * Map `headless`, index: slot: what the kernel does for LACP while the agent's heartbeat is stale. Only the programs
 * write it, except that the agent clears it for a new port. The kernel has taken the port out while `outs` differs from
 * both xlagg_lacp.outs and `back`.
 */
struct xlagg_headless {
	__u64
	    rx_ns; /* CLOCK_MONOTONIC of the last LACPDU of the partner last recorded, also while the agent is there */
	__u64 tx_ns; /* CLOCK_MONOTONIC of the last LACPDU that the kernel sent */
	__u32 outs; /* how often the port was taken out: the partner changed, lost Sync or Collecting, or fell silent */
	__u32 pad;  /* 0 */
	__u32
	    back; /* the value of `outs` when the port was taken back last, because the recorded partner agreed again */
	__u32 lost;		/* the value of xlagg_port.lost right after the port was taken out */
	__u64 foreign;		/* LACPDUs of systems other than the recorded partner's, which were ignored */
	__u8 foreign_system[6]; /* the system of the last of these */
	__u8 partner_state;	/* while the port is out: Partner_Oper_Port_State, enum xlagg_lacp_state */
	__u8 pad2;		/* 0 */
	__u32 busy;		/* 1: a CPU is taking the port out or back at this moment */
	__u32 pad3;		/* 0 */
};

/* Ring buffer `slow_rx`: one record for each frame for the agent, of a slow protocol or an answer to a link probe. */
struct xlagg_agent_frame {
	__u64 time_ns;			   /* CLOCK_MONOTONIC at reception */
	__u32 slot;			   /* port */
	__u32 len;			   /* octets of the frame on the wire, perhaps more than `frame` holds */
	__u8 frame[XLAGG_AGENT_FRAME_MAX]; /* from the destination MAC on */
};

/*
 * Map `saved`, one entry (struct xlagg_saved): the lagg's configuration as one control message (ctl.h), and what the
 * agent changed on the devices, so that the next agent can go on or put everything back. This is what was changed on
 * one port.
 */
struct xlagg_undo {
	__u32 ifindex;	    /* the device that was changed; 0: nothing to undo */
	__u32 changed;	    /* enum xlagg_undo_bit: what was changed */
	__u32 mtu;	    /* the MTU before */
	__u8 mac[6];	    /* the MAC before */
	__u8 was_up;	    /* 1: administratively up before */
	__u8 ipv6_disabled; /* net.ipv6.conf.*.disable_ipv6 before */
	__u8 addr_gen_mode; /* net.ipv6.conf.*.addr_gen_mode before */
	__u8 reserved[3];   /* 0 */
	__u64 features_off; /* enum xlagg_feature_bit: features that were on before and are off now */
	char alias[256];    /* the ifalias before (IFALIASZ) */
	char name[16];	    /* the device's name, for messages */
};
enum xlagg_undo_bit {
	XLAGG_UNDO_MTU = 1 << 0,
	XLAGG_UNDO_MAC = 1 << 1,
	XLAGG_UNDO_UP = 1 << 2,
	XLAGG_UNDO_PROMISC = 1 << 3,
	XLAGG_UNDO_ALLMULTI = 1 << 4,
	XLAGG_UNDO_IPV6 = 1 << 5,
	XLAGG_UNDO_ALIAS = 1 << 6,
	XLAGG_UNDO_FEATURES = 1 << 7,
	XLAGG_UNDO_SLOW_ADDRESS = 1 << 8, /* 01-80-C2-00-00-02 was added to the device's filter */
	XLAGG_UNDO_ADDR_GEN = 1 << 9,	  /* the kernel was told to make no IPv6 addresses on the device */
	XLAGG_UNDO_MASTER = 1 << 10,	  /* the device was put into the lagg's bond */
};
enum xlagg_feature_bit {
	XLAGG_FEATURE_RX_VLAN = 1 << 0, /* rx-vlan-hw-parse */
	XLAGG_FEATURE_LRO = 1 << 1,
	XLAGG_FEATURE_TX_CSUM = 1 << 2,
	XLAGG_FEATURE_TX_VLAN = 1 << 3, /* tx-vlan-hw-insert */
	XLAGG_FEATURE_TX_STAG = 1 << 4, /* tx-vlan-stag-hw-insert */
	XLAGG_FEATURE_GRO = 1 << 5,	/* rx-gro */
	XLAGG_FEATURE_RX_VLAN_FILTER = 1 << 6,
};
/* When carrier and flags changed last, so that the next agent shows the same. Times are CLOCK_MONOTONIC. */
struct xlagg_history {
	__u64 carrier_ns; /* last change of the lagg's carrier */
	__u64 flaps;	  /* how often the lagg lost carrier */
	__u32 carrier;	  /* 1: it has had carrier since that change */
	__u32 reserved;	  /* 0 */
	struct {
		__u64 flags_ns;	     /* last change of the port's flags */
		__u64 link_failures; /* how often the port lost carrier */
		__u32 flags;	     /* its flags since that change, enum xlagg_flag */
		__u32 reserved;	     /* 0 */
	} port[XLAGG_MAX_PORTS];     /* index: slot */
};
/* Which device is meant, beside its ifindex, which another device may get later. */
struct xlagg_device_id {
	__u32 ifindex; /* 0: there is none at present */
	__u8 mac[6]; /* its own MAC: the permanent one, or the one that it had before xlagg used it; zero: none known */
	__u8 permanent; /* 1: the driver reported it as the permanent MAC */
	__u8 pad;	/* 0 */
};
/* What stays the same as long as there is the lagg, also over reboots: the state folder has it as well. */
struct xlagg_kept {
	__u32 has;    /* enum xlagg_kept_bit: what is known of it */
	__u32 seed;   /* of the flow hash, with hash-seed auto */
	__u32 number; /* distinguishes laggs in automatic LACP keys */
	__u8 mac[6];  /* the lagg's MAC, with mac auto */
	__u8 pad[2];  /* 0 */
};
enum xlagg_kept_bit {
	XLAGG_KEPT_SEED = 1 << 0,
	XLAGG_KEPT_NUMBER = 1 << 1,
	XLAGG_KEPT_MAC = 1 << 2,
};
/* A bond that was taken over from somebody else: what it had before, and gets back. */
struct xlagg_taken {
	__u32 taken;		/* 1: the lagg's device is such a bond */
	__u32 miimon;		/* ms */
	__u32 arp_interval;	/* ms */
	__u8 all_slaves_active; /* boolean */
	__u8 mac[6];		/* its MAC when it was taken, by which it is recognised */
	__u8 reserved[5];	/* 0 */
};
#define XLAGG_ACTIVE_CHOSEN 0x80
struct xlagg_saved {
	__u32 abi_version; /* XLAGG_ABI_VERSION */
	__u32 message_len; /* octets of `message` */
	__u32 message_sum; /* FNV-1a of these octets */
	__u32 state_len;   /* octets behind `message` that the writer's version has */
	__u32 state_sum;   /* FNV-1a of these octets */
	__u32 reserved;	   /* 0 */
	/* The XLAGG_CMD_LAGG_ADD or _TAKE that makes this lagg. Up to and including this member all versions are the
	 * same. */
	__u8 message[XLAGG_SAVED_MAX];
	__u32 device;				 /* enum xlagg_device: what kind the lagg's own device is */
	__u32 ifindex;				 /* of the lagg's own device */
	__u32 lower_ifindex;			 /* of its lower end */
	__u32 profile;				 /* enum xlagg_profile */
	struct xlagg_undo undo[XLAGG_MAX_PORTS]; /* index: slot */
	struct xlagg_history history;		 /* for show */
	__u64 netns; /* cookie of the network namespace of all these devices (SO_NETNS_COOKIE), 0: not known */
	struct xlagg_kept kept;
	struct xlagg_device_id mac_from;	      /* the device that option mac names ("from DEV") */
	struct xlagg_device_id port[XLAGG_MAX_PORTS]; /* index: slot; of an absent port: the device that it last was */
	struct xlagg_device_id lower;		      /* the lagg's lower end */
	__u32 mtu;				      /* octets, of the lagg's device and its ports; 0: not known */
	/* 1: the agent is in the middle of a change. If it dies there, the next one makes everything as `message` says.
	 */
	__u8 changing;
	/* 0, or 1 more than the slot of the active port where the table in use may not have that: it was so before the
	 * change that goes on, or it is so in a table that waits for its buffer. With XLAGG_ACTIVE_CHOSEN where no
	 * command activated it: which ports were usable then, the table in use does not say. */
	__u8 active;
	__u8 adding;		 /* with `changing`: so many of the last addresses in `message` come with the change */
	__u8 pad;		 /* 0 */
	struct xlagg_taken bond; /* its device, if that is a bond that was taken */
};

/*
 * The journal of a transaction: the map "transaction-journal" is pinned beside the folders of the laggs while several
 * laggs are changed, or one is removed and made anew. It has what they were before. An agent that finds it goes back to
 * that. The content stands in the map's values (XLAGG_JOURNAL_VALUE octets each), one after the other: this header and
 * the entries, each followed by its message and by zeros up to a multiple of 8 octets.
 */
struct xlagg_journal {
	__u32 abi_version; /* XLAGG_ABI_VERSION; another one, or another entry_size: it is of another version */
	__u32 entry_size;  /* octets of struct xlagg_journal_entry */
	__u32 len;	   /* octets behind this header */
	__u32 sum;	   /* FNV-1a of these octets */
	__u64 netns;	   /* cookie of the network namespace of all devices, 0: not known */
	__u32 entries;
	__u32 reserved; /* 0 */
};
struct xlagg_journal_entry {
	char name[16];	     /* of the lagg */
	__u32 kind;	     /* enum xlagg_journal_kind */
	__u32 message_len;   /* octets of its message, which makes it as it was before */
	__u32 ifindex;	     /* this and what follows: as in struct xlagg_saved before the transaction */
	__u32 lower_ifindex; /* this and ifindex are 0 where the lagg had no devices */
	__u32 mtu;
	__u8 active;
	__u8 adding;
	__u8 taken;	  /* 1: its device is a bond that was taken */
	__u8 mac[6];	  /* of that bond */
	__u8 reserved[3]; /* 0 */
};
enum xlagg_journal_kind {
	XLAGG_JOURNAL_CHANGES, /* it runs, and is changed */
	XLAGG_JOURNAL_LEAVES,  /* it runs, and is removed, perhaps to be made anew */
	XLAGG_JOURNAL_WAITS,   /* it waits for its bond */
	XLAGG_JOURNAL_COMES,   /* it does not run, or not in this way, and is made: no message */
};
#define XLAGG_JOURNAL_VALUE (16 << 10)

/* Options device, datapath and tx-path. */
enum xlagg_device { XLAGG_DEVICE_AUTO, XLAGG_DEVICE_NETKIT, XLAGG_DEVICE_VETH, XLAGG_DEVICE_BOND };
enum xlagg_profile { XLAGG_DATAPATH_TC, XLAGG_DATAPATH_XDP };
enum xlagg_tx_path { XLAGG_TX_AUTO, XLAGG_TX_DIRECT, XLAGG_TX_STACK };

/*
 * The watcher's map `watch`: which devices of this machine are ports. The namespace is part of the key, because an
 * ifindex is unique only in its namespace. `watched_ports` and `watched_controls` hold each lagg's maps `ports` and
 * `control`.
 */
struct xlagg_watch_key {
	__u64 netns;   /* cookie of the device's namespace (SO_NETNS_COOKIE) */
	__u32 ifindex; /* of the port's device */
	__u32 pad;     /* 0 */
};
struct xlagg_watched {
	__u32 lagg; /* index in `watched_ports` and `watched_controls`, below XLAGG_MAX_LAGGS */
	__u32 slot; /* of the port in that lagg */
};
/* When the heartbeat is older than this, the agent counts as away, and the kernel acts for it where it may. */
#define XLAGG_HEARTBEAT_STALE_NS 1000000000ull
/*
 * Map `probe_macs`: the MACs from which the ports send link probes. The value is the port's slot, which only people who
 * look at the map need. A frame to one of these MACs is not for the lagg, unless it is the lagg's own MAC. Only the
 * agent writes this map. A probe by ARP is sent from 0.0.0.0. One by NS is sent from an address in fe80::/64 whose
 * lower half is the EUI-64 of the probe's MAC, with these two octets in the middle in place of ff-fe: no other station
 * makes such an address.
 */
#define XLAGG_PROBE_ID_HIGH 0xff
#define XLAGG_PROBE_ID_LOW 0xfd
struct xlagg_probe_mac {
	__u8 mac[6];
	__u8 pad[2]; /* 0 */
};
/*
 * The clock by which the programs act when no frame arrives: an IPv4 neighbour of the lower end that does not exist.
 * The kernel's own ARP asks for it again and again, and each request passes the program at the lower end's egress.
 */
#define XLAGG_CLOCK_ADDRESS 0xc0000008u /* 192.0.0.8, the IPv4 dummy address (RFC 7600) */
#define XLAGG_CLOCK_MS 500

/*
 * Constants of one loaded program (`const volatile struct xlagg_params params` in every object). They are set before
 * loading, so that the verifier removes what this lagg does not use.
 */
struct xlagg_params {
	__u32 proto;				/* enum xlagg_proto */
	__u32 hash;				/* enum xlagg_hash_field */
	__u32 seed;				/* of the flow hash */
	__u32 lagg_ifindex;			/* the lagg's own device */
	__u32 lower_ifindex;			/* its lower end */
	__u32 slot;				/* receive programs: the port's slot */
	__u32 rr_limit;				/* roundrobin: consecutive frames per port */
	__u32 rx_all;				/* failover: accept on every port */
	__u32 flowid;				/* 1: the NIC's hash instead of ours, where a frame has one */
	__u32 flowid_shift;			/* right shift of that hash */
	__u32 probe_us;				/* link probes: shortest mean time in us between the answers that a
						 * port may pass to the agent; 0: there are no probes */
	__u32 ethertypes;			/* entries of `ethertype` in use */
	__u16 ethertype[XLAGG_PORT_ETHERTYPES]; /* frames that stay with the port's own stack, host byte order */
	__u32 data_below;			/* a frame with a lower EtherType is for the lagg (proto lacp: a unicast
						 * frame); 0: every frame is checked further. Set by the loader. */
	__u32 balance;				/* boolean: what each bucket sends is counted in map `bucket_load` */
	__u32 repath;				/* boolean: sockets move as map `repath` says */
	__u32 bonding_lacp;			/* boolean: bonding hears the partner's LACPDUs as well */
	__u32 grey;				/* boolean: local TCP's losses are counted in map `port_quality` */
	__u32 plain;				/* fields of `hash`, symmetric left out, if these are l2, l3 and l4 with
						 * or without inner, flows are spread by them, no other option is on for
						 * which a frame that is sent would pay, and no EtherType of what they
						 * cover is of the ports; else 0 */
	__u32 passes;				/* receive programs: xlagg_passes() of the port; 0: each frame is
						 * checked further. xlagg_params_complete() sets it, `plain` and `keys`.
						 */
	struct xlagg_hash_keys keys;		/* what `hash` and `seed` make */
};

/* skb->mark of what the agent sends on a port itself. */
#define XLAGG_FRAME_MARK 0x1a66

/* Why a port was chosen. */
enum xlagg_choice {
	XLAGG_CHOICE_BUCKET,	 /* the bucket's own port */
	XLAGG_CHOICE_BACKUP,	 /* the bucket's port is not live: its backup */
	XLAGG_CHOICE_REHASH,	 /* neither is live: another live port */
	XLAGG_CHOICE_PRIORITY,	 /* failover: the first live port in order of preference */
	XLAGG_CHOICE_TURN,	 /* roundrobin: its turn */
	XLAGG_CHOICE_ALL,	 /* broadcast: every live port */
	XLAGG_CHOICE_NONE,	 /* no live port */
	XLAGG_CHOICE_NO_CARRIER, /* the lagg has no carrier; `slot` is the port that it would be with carrier, or none
				  */
	XLAGG_CHOICE_MOVING,	 /* the bucket moves to another port as soon as no frame is overtaken: its old port */
};
/* What the program `explain` found. */
struct xlagg_explanation {
	__u32 hash;   /* of the frame's headers */
	__u32 bucket; /* hash modulo XLAGG_BUCKETS */
	__u32 slot;   /* the port, XLAGG_NO_PORT: none */
	__u32 choice; /* enum xlagg_choice */
};

#endif
