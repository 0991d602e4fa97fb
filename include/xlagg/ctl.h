/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The control protocol between xlagg and xlaggd: messages in netlink format (struct nlmsghdr and attributes, host byte
 * order) over an AF_UNIX SOCK_SEQPACKET socket, one message in each packet.
 *
 * The agent answers a request with NLMSG_ERROR: struct nlmsgerr, error 0 or -errno, and XLAGG_A_ERROR with one sentence
 * if it refused, or perhaps XLAGG_A_WARNING if it did not. The GET commands are answered by messages of the reply's
 * type with NLM_F_MULTI and then NLMSG_DONE.
 *
 * A changing command with NLM_F_MULTI joins a transaction. It is not answered itself. XLAGG_CMD_COMMIT carries out all
 * commands of the transaction or none and has one answer; if a command was refused, `msg.nlmsg_seq` there is that
 * command's. A connection that closes before COMMIT changes nothing.
 *
 * Attributes that the agent does not know are refused; the CLI skips those it does not know. Struct attributes grow at
 * their end: a reader takes the part that it knows and reads what is missing as zero.
 */
#ifndef XLAGG_CTL_H
#define XLAGG_CTL_H

#include <linux/netlink.h>

#include "abi.h"
#include "options.h"

#define XLAGG_CTL_VERSION 1
#define XLAGG_CTL_MAX (128 << 10) /* octets of the largest message */
#define XLAGG_SENTENCE_MAX 192	  /* the longest reason or error, and its NUL */

/* nlmsg_type. The comments name the attributes: [] optional, * repeated. */
enum xlagg_cmd {
	XLAGG_CMD_LAGG_ADD = NLMSG_MIN_TYPE, /* NAME [OPTIONS] [ADMIN] PORT* ADDRESS* */
	XLAGG_CMD_LAGG_SET,		     /* NAME [OPTIONS] [ADMIN] */
	XLAGG_CMD_LAGG_DEL,		     /* NAME */
	XLAGG_CMD_PORT_ADD,		     /* NAME PORT */
	XLAGG_CMD_PORT_SET,		     /* NAME PORT */
	XLAGG_CMD_PORT_DEL,		     /* NAME PORT */
	XLAGG_CMD_PORT_ACTIVATE,	     /* NAME PORT */
	XLAGG_CMD_ADDRESS_ADD,		     /* NAME ADDRESS* */
	XLAGG_CMD_ADDRESS_DEL,		     /* NAME ADDRESS* */
	XLAGG_CMD_FLUSH,		     /* removes every lagg */
	XLAGG_CMD_COMMIT,    /* [CHECK]: ends a transaction; with CHECK it is validated and changes nothing */
	XLAGG_CMD_RELOAD,    /* restore of the agent's file */
	XLAGG_CMD_LAGG_GET,  /* [NAME]: answered by XLAGG_MSG_LAGG, one per lagg */
	XLAGG_CMD_AGENT_GET, /* answered by XLAGG_MSG_AGENT */
	XLAGG_CMD_EXPLAIN,   /* NAME FRAME: answered by XLAGG_MSG_EXPLAIN */
	XLAGG_CMD_SUBSCRIBE, /* [NAME]: XLAGG_MSG_EVENT follow from now on */

	XLAGG_MSG_LAGG = NLMSG_MIN_TYPE + 0x40, /* NAME OPTIONS ADMIN ADDRESS* STATUS (PORT with PORT_STATUS)* */
	XLAGG_MSG_AGENT,			/* AGENT_STATUS */
	XLAGG_MSG_EXPLAIN,			/* EXPLANATION PORT_NAME BUCKET_PORT BUCKET_BACKUP */
	XLAGG_MSG_EVENT,			/* EVENT */
};

/* Attributes. OPTIONS and PORT_OPTIONS nest attributes whose type is 1 + the index in xlagg_lagg_options or
 * xlagg_port_options; their payload is a uint32_t, or a NUL-terminated text for the text kinds. */
enum xlagg_attr {
	XLAGG_A_UNSPEC,
	XLAGG_A_NAME,	       /* text: the lagg */
	XLAGG_A_OPTIONS,       /* nested */
	XLAGG_A_PORT,	       /* nested: PORT_NAME [PORT_OPTIONS] [PORT_STATUS] */
	XLAGG_A_PORT_NAME,     /* text: the device */
	XLAGG_A_PORT_OPTIONS,  /* nested */
	XLAGG_A_ADDRESS,       /* text: ADDRESS/PREFIX */
	XLAGG_A_ADMIN,	       /* u32: 1 up, 0 down */
	XLAGG_A_CHECK,	       /* flag: validate only */
	XLAGG_A_FRAME,	       /* binary: an Ethernet frame */
	XLAGG_A_ERROR,	       /* text: what, why, and what would work */
	XLAGG_A_UNUSED,	       /* never sent; keeps the numbers of those below */
	XLAGG_A_STATUS,	       /* struct xlagg_lagg_status */
	XLAGG_A_PORT_STATUS,   /* struct xlagg_port_status */
	XLAGG_A_AGENT_STATUS,  /* struct xlagg_agent_status */
	XLAGG_A_EXPLANATION,   /* struct xlagg_explanation */
	XLAGG_A_EVENT,	       /* struct xlagg_event */
	XLAGG_A_FROM_FILE,     /* flag: the command is from a file, so a port whose device is missing is accepted */
	XLAGG_A_WARNING,       /* text: it was done, and this has to be known of it */
	XLAGG_A_BUCKET_PORT,   /* text: the device that the bucket belongs to; empty: none */
	XLAGG_A_BUCKET_BACKUP, /* text: the device that is its backup; empty: none */
	XLAGG_A_MAX,
};

/* lagg(4)'s port flags. */
enum xlagg_flag {
	XLAGG_FLAG_MASTER = 0x01,
	XLAGG_FLAG_ACTIVE = 0x04,
	XLAGG_FLAG_COLLECTING = 0x08,
	XLAGG_FLAG_DISTRIBUTING = 0x10,
};

enum xlagg_duplex { XLAGG_DUPLEX_UNKNOWN, XLAGG_DUPLEX_HALF, XLAGG_DUPLEX_FULL };
enum xlagg_attach { XLAGG_ATTACH_TCX, XLAGG_ATTACH_CLSACT, XLAGG_ATTACH_XDP_DISPATCHER, XLAGG_ATTACH_XDP_LINK };
enum xlagg_xdp_mode {
	XLAGG_XDP_NONE,
	XLAGG_XDP_NATIVE,
	XLAGG_XDP_MIXED, /* the driver of some port has no XDP: there tc receives and sends */
};
enum xlagg_watch { XLAGG_WATCH_NETLINK, XLAGG_WATCH_POLL, XLAGG_WATCH_FENTRY };

/* States of the 802.1AX machines (IEEE 802.1AX-2014 6.4.12, 6.4.15, 6.4.17). */
enum xlagg_lacp_rx {
	XLAGG_RX_INITIALIZE,
	XLAGG_RX_PORT_DISABLED,
	XLAGG_RX_LACP_DISABLED,
	XLAGG_RX_EXPIRED,
	XLAGG_RX_DEFAULTED,
	XLAGG_RX_CURRENT,
};
enum xlagg_lacp_mux_state {
	XLAGG_MUX_DETACHED,
	XLAGG_MUX_WAITING,
	XLAGG_MUX_ATTACHED,
	XLAGG_MUX_COLLECTING,
	XLAGG_MUX_DISTRIBUTING,
	XLAGG_MUX_COLLECTING_DISTRIBUTING,
};
enum xlagg_lacp_selected { XLAGG_UNSELECTED, XLAGG_SELECTED, XLAGG_STANDBY };
enum xlagg_lacp_churn { XLAGG_CHURN_NONE, XLAGG_CHURN_MONITOR, XLAGG_CHURN_CHURN };

/* Counters of a port: those of the 802.1AX MIB (dot3adAggPortStats), and others. */
struct xlagg_port_counters {
	uint64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
	uint64_t rx_dropped[XLAGG_RX_DROP_MAX]; /* by enum xlagg_rx_drop */
	uint64_t lacpdu_tx, lacpdu_rx, marker_tx, marker_rx, marker_response_tx, marker_response_rx;
	uint64_t illegal_rx, unknown_rx, lacpdu_limited;
	uint64_t actor_churns, partner_churns, actor_changes, partner_changes;
	uint64_t link_failures;
	uint64_t lacpdu_headless; /* sent by the kernel while the agent was away; not in lacpdu_tx */
};

struct xlagg_port_status {
	uint32_t ifindex;		 /* 0: absent */
	uint32_t present;		 /* boolean */
	uint8_t permaddr[6];		 /* permanent MAC */
	uint8_t has_permaddr;		 /* boolean */
	uint8_t carrier;		 /* boolean */
	uint32_t speed;			 /* Mb/s, 0: unknown */
	uint32_t duplex;		 /* enum xlagg_duplex */
	uint32_t flags;			 /* enum xlagg_flag */
	uint32_t standby;		 /* boolean: ready, but another port is used */
	uint32_t buckets;		 /* buckets of the table that lead to it */
	uint32_t number;		 /* LACP port number in use */
	uint64_t last_change_ns;	 /* CLOCK_REALTIME of the last change of `flags` */
	char reason[XLAGG_SENTENCE_MAX]; /* empty: may be sent to */
	struct {
		uint32_t rx, mux, selected, aggregator, actor_churn, partner_churn; /* enums above */
		uint32_t headless_s; /* how long it lasts without the agent, s; XLAGG_AUTO: for ever */
		struct xlagg_lacp_end actor, partner;
	} lacp;
	struct xlagg_port_counters stats;
	struct {
		uint32_t running;     /* boolean: link probes are sent on it */
		uint32_t missed;      /* in a row without an answer, counted for the target that decides */
		uint64_t answered_ns; /* CLOCK_REALTIME of the last valid answer, 0: none yet */
	} probe;
	struct {
		uint32_t penalty;    /* for its losses of link, of partner and of Sync, halved every 5 s */
		uint32_t suppressed; /* boolean: held back by option damping */
		uint32_t reuse_ms;   /* time until it is no longer held back, ms; 0: it is not */
	} damping;
	char notice[XLAGG_SENTENCE_MAX]; /* what people have to know of it although it is in use; else empty */
	uint64_t lacpdu_foreign;   /* LACPDUs ignored because of partner-system or partner-guard; part of lacpdu_rx */
	uint64_t headless_foreign; /* LACPDUs of other systems that the kernel ignored while the agent was away */
};

struct xlagg_lagg_status {
	uint32_t ifindex;
	uint32_t mtu;
	uint8_t mac[6];
	uint8_t admin_up, carrier; /* booleans */
	uint32_t speed;		   /* Mb/s of the ports that carry traffic, 0: unknown */
	uint32_t active_ports;
	char active_port[XLAGG_NAME_MAX];	  /* failover: the port in use, or empty */
	uint64_t flaps;				  /* losses of carrier */
	uint64_t last_change_ns;		  /* CLOCK_REALTIME of the last change of carrier */
	char reason[XLAGG_SENTENCE_MAX];	  /* why there is no carrier */
	uint32_t profile, device, tx_path;	  /* what was chosen: enum xlagg_profile, _device, _tx_path */
	uint32_t attach, xdp_mode, carrier_watch; /* enum xlagg_attach, _xdp_mode, _watch */
	uint32_t generation;			  /* of the table */
	uint32_t has_lag_id; /* boolean: `actor` and `partner` are those of the active aggregator */
	struct xlagg_lacp_end actor, partner;
	uint64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
	uint64_t tx_dropped[XLAGG_TX_OWN_STACK + 1]; /* by enum xlagg_tx_drop; later reasons have members below */
	char notice[XLAGG_SENTENCE_MAX];	     /* what people have to know of it although it works; else empty */
	uint64_t tx_port_type;			     /* frames not sent for the reason XLAGG_TX_PORT_TYPE */
};

struct xlagg_agent_status {
	char version[32];
	uint32_t pid;
	uint32_t abi_version;
	uint64_t start_ns;			  /* CLOCK_REALTIME */
	uint64_t heartbeat_ns;			  /* CLOCK_MONOTONIC */
	uint64_t now_ns;			  /* CLOCK_MONOTONIC of the answer */
	uint32_t tcx, netkit, fentry, dispatcher; /* booleans: what the kernel offers */
	uint32_t adopted, fresh;		  /* laggs found pinned at start, and laggs made since */
	char file[XLAGG_TEXT_MAX];		  /* the configuration file */
	char pins[XLAGG_TEXT_MAX];		  /* the folder of pinned maps */
	char kernel[64];
	uint32_t poll_ports; /* ports whose carrier is polled; 0: it is watched by the kernel, or carrier-poll is 0 */
	uint32_t poll_lockless;	   /* those that are polled without RTNL, by the kernel's count of carrier changes */
	uint64_t poll_interval_ns; /* at present, ns; shorter for a second after a change */
	uint64_t poll_cpu_ns;	   /* CPU time of the poll's thread since the agent started, ns */
	char notice[XLAGG_SENTENCE_MAX]; /* what could not be put back of a lagg that is gone; else empty */
};

enum xlagg_event_type {
	XLAGG_EVENT_LAGG_ADD,
	XLAGG_EVENT_LAGG_DEL,
	XLAGG_EVENT_LAGG_CHANGE,
	XLAGG_EVENT_PORT_ADD,
	XLAGG_EVENT_PORT_DEL,
	XLAGG_EVENT_PORT_STATE,	    /* old_flags, new_flags, text: reason */
	XLAGG_EVENT_FAILOVER,	    /* from, to, text: cause, detected, gap_ns, dropped */
	XLAGG_EVENT_CARRIER,	    /* new_flags: 1 up, 0 down; text: reason */
	XLAGG_EVENT_PARTNER_CHANGE, /* text: the partner */
	XLAGG_EVENT_TABLE,	    /* generation, moved */
	XLAGG_EVENT_AGENT_START,    /* text: adopted or fresh */
	XLAGG_EVENT_INTRUDER,	    /* text: whose LACPDUs are ignored, and why */
	XLAGG_EVENT_MAX,
};
static const char *const xlagg_words_event[] = {
    "lagg-add", "lagg-del",	  "lagg-change", "port-add",	"port-del", "port-state", "failover",
    "carrier",	"partner-change", "table",	 "agent-start", "intruder", NULL,
};
_Static_assert(sizeof(xlagg_words_event) / sizeof(xlagg_words_event[0]) == XLAGG_EVENT_MAX + 1, "a word for each");

/* Who noticed the cause of a failover first. */
enum xlagg_detected {
	XLAGG_DETECTED_NONE,	/* nobody: a delay was over, or options changed */
	XLAGG_DETECTED_FENTRY,	/* the kernel's watcher, in the driver's own context */
	XLAGG_DETECTED_POLL,	/* the agent's carrier poll */
	XLAGG_DETECTED_NETLINK, /* the agent, from rtnetlink */
	XLAGG_DETECTED_PROBE,	/* link probes */
	XLAGG_DETECTED_COMMAND,
};

struct xlagg_event {
	uint64_t time_ns;	       /* CLOCK_REALTIME */
	uint32_t type;		       /* enum xlagg_event_type */
	uint32_t old_flags, new_flags; /* enum xlagg_flag */
	uint32_t generation;	       /* of the table */
	uint32_t moved;		       /* buckets that got another port */
	uint32_t detected;	       /* enum xlagg_detected */
	uint64_t gap_ns;  /* last frame on the old port to the first on the new, ns; XLAGG_GAP_UNKNOWN: not known */
	uint64_t dropped; /* if the gap is known: frames in it for which there was no port */
	char lagg[XLAGG_NAME_MAX];
	char port[XLAGG_NAME_MAX]; /* empty: none */
	char from[XLAGG_NAME_MAX], to[XLAGG_NAME_MAX];
	char text[XLAGG_SENTENCE_MAX];
};
#define XLAGG_GAP_UNKNOWN (~0ull)

#endif
