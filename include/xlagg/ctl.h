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

/* A bit of nlmsg_flags, which older agents ignore: the client wants to be told how a changing command gets on. */
#define XLAGG_F_PROGRESS 0x8000

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
	XLAGG_CMD_COMMIT,	/* [CHECK]: ends a transaction; with CHECK it is validated and changes nothing */
	XLAGG_CMD_RELOAD,	/* restore of the agent's file */
	XLAGG_CMD_LAGG_GET,	/* [NAME]: answered by XLAGG_MSG_LAGG, one per lagg */
	XLAGG_CMD_AGENT_GET,	/* answered by XLAGG_MSG_AGENT */
	XLAGG_CMD_EXPLAIN,	/* NAME FRAME [MOVES]: answered by XLAGG_MSG_EXPLAIN */
	XLAGG_CMD_SUBSCRIBE,	/* [NAME]: XLAGG_MSG_EVENT follow from now on */
	XLAGG_CMD_LAGG_BALANCE, /* NAME: one step of balancing */
	/* NAME [OPTIONS] [ADMIN] PORT* ADDRESS* [CHECK]: a bond becomes a lagg as it runs. Without PORT and FROM_FILE
	 * everything that is not said is read from the bond. With CHECK nothing changes; answered by XLAGG_MSG_TAKE. */
	XLAGG_CMD_LAGG_TAKE,
	XLAGG_CMD_LAGG_GIVE, /* NAME: hands a bond back that was taken */
	/* NAME [SNAPLEN] PORT_NAME*: answered by XLAGG_MSG_CAPTURE. Needs the right to change. The capture ends with
	 * the connection. */
	XLAGG_CMD_CAPTURE,
	XLAGG_CMD_NAME_GET, /* PORT_NAME: answered by XLAGG_MSG_NAME */

	XLAGG_MSG_LAGG =
	    NLMSG_MIN_TYPE + 0x40, /* NAME OPTIONS ADMIN [TAKEN] ADDRESS* STATUS (PORT with PORT_STATUS)* */
	XLAGG_MSG_AGENT,	   /* AGENT_STATUS */
	XLAGG_MSG_EXPLAIN,	   /* EXPLANATION PORT_NAME BUCKET_PORT BUCKET_BACKUP BUCKET_MOVES */
	XLAGG_MSG_EVENT,	   /* EVENT */
	XLAGG_MSG_TAKE,		   /* COMMAND NOTE* */
	XLAGG_MSG_CAPTURE,	   /* RING: with it come, as SCM_RIGHTS, the descriptors of the maps capture_ring and
				    * capture_state (capture.h) */
	XLAGG_MSG_PROGRESS,	   /* PROGRESS; before the answer to a request with XLAGG_F_PROGRESS */
	XLAGG_MSG_NAME,		   /* PORT_NAME: how the configuration calls the device that has that name, altname or
				    * permanent MAC; without such a device the name that was asked for */
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
	XLAGG_A_BUCKET_MOVES,  /* u32: how often the bucket was moved because of the load */
	XLAGG_A_TAKEN,	       /* flag: its device is a bond that somebody else made */
	XLAGG_A_COMMAND,       /* text: a command, as `save` prints it */
	XLAGG_A_NOTE,	       /* text: what has to be known of that command */
	XLAGG_A_RING,	       /* u32: octets of the ring of a capture */
	XLAGG_A_SNAPLEN,       /* u32: octets of each frame that are captured; 0 and what is too much: all of them */
	XLAGG_A_PROGRESS,      /* struct xlagg_progress */
	XLAGG_A_MOVES,	       /* u32: how often the socket that sends the frame has moved (option repath) */
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

/* What the link probes of a port have found. */
enum xlagg_probe_state {
	XLAGG_PROBES_OFF,      /* none are sent on it */
	XLAGG_PROBES_ANSWERED, /* the last ones were answered */
	XLAGG_PROBES_MISSED,   /* answers are missing, but nothing follows from that yet */
	XLAGG_PROBES_AWAITED,  /* its link came up, and it is out of use until the first answer */
	XLAGG_PROBES_SILENT,   /* it is out of use because answers are missing */
};

/* What option grey-detect has found out about a port. */
enum xlagg_grey_state {
	XLAGG_GREY_STATE_OFF,  /* it does not look */
	XLAGG_GREY_STATE_GOOD, /* the port loses no more than the others, as far as is known */
	XLAGG_GREY_STATE_TOLD, /* it loses more, and stays in use */
	XLAGG_GREY_STATE_GONE, /* it loses more, and is out of use */
};

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
	uint64_t headless_outs;	   /* how often the kernel took the port out while the agent was away */
	struct {
		uint64_t sent, answered, lost; /* link probes, each to one target */
		uint32_t state;		       /* enum xlagg_probe_state */
		uint32_t pad;		       /* 0 */
	} probes;
	/* Option grey-detect. All is 0 without it. */
	struct {
		uint64_t segments, retransmitted; /* of local TCP sockets; not known in every proto and tx-path */
		uint64_t errors;		  /* frames that the device says were damaged */
		uint64_t outs;			  /* how often the port was taken out */
		uint32_t state;			  /* enum xlagg_grey_state */
		uint32_t retry_ms;		  /* time until it is tried again, ms; 0: it is not out */
	} grey;
};

/* Who noticed the cause of a failover first. */
enum xlagg_detected {
	XLAGG_DETECTED_NONE,	/* nobody: a delay was over, or options changed */
	XLAGG_DETECTED_FENTRY,	/* the kernel's watcher, in the driver's own context */
	XLAGG_DETECTED_POLL,	/* the agent's carrier poll */
	XLAGG_DETECTED_NETLINK, /* the agent, from rtnetlink */
	XLAGG_DETECTED_PROBE,	/* link probes */
	XLAGG_DETECTED_COMMAND,
	XLAGG_DETECTED_GREY, /* option grey-detect */
};
#define XLAGG_DETECTED_ROOM 8 /* counters for these, and for those that come later */

/* Gaps are counted by length: up to each of these bounds (ns, ascending), and longer than the last one. */
#define XLAGG_GAP_BOUNDS 12
static const uint64_t xlagg_gap_bound_ns[XLAGG_GAP_BOUNDS] = {
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 50000000, 100000000, 500000000, 1000000000, 5000000000,
};

/* The failovers since the agent took the lagg over or made it. */
struct xlagg_failover_counters {
	uint64_t detected[XLAGG_DETECTED_ROOM]; /* failovers, by enum xlagg_detected */
	uint64_t dropped;			/* frames in the known gaps for which there was no port */
	uint64_t gap_ns;			/* all known gaps together, ns */
	uint64_t gaps[XLAGG_GAP_BOUNDS + 1];	/* known gaps by length, each counted once */
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
	uint64_t away_ns; /* time without an agent before this one took it over, ns; 0: this one made it */
	struct xlagg_failover_counters failovers;
	struct {
		uint64_t steps;	  /* how often buckets were moved because of the load */
		uint64_t moved;	  /* how many buckets were moved in all these */
		uint32_t fullest; /* the fullest port's load, % of its share of the last interval; 0: not known */
		uint32_t running; /* boolean: the load is looked at */
	} balance;		  /* option balance adaptive */
	uint32_t bond_mode;	  /* if its own device is a bond: one more than that one's BOND_MODE_*; else 0 */
	uint32_t capture_pid;	  /* process that captures the lagg, as the agent sees it; 0: nobody does */
	uint32_t capture_uid;	  /* its user */
	uint32_t reserved;	  /* 0 */
	struct {
		uint64_t idle;	    /* buckets that moved after they had been idle for long enough */
		uint64_t marker;    /* that moved when the partner had answered a marker */
		uint64_t bound;	    /* that moved although frames were in flight, since they had waited long enough */
		uint64_t lost;	    /* that moved at once, since their port was lost */
		uint64_t cancelled; /* that waited long enough and stayed where they were (balance adaptive) */
		uint32_t waiting;   /* that are on their way now */
		uint32_t pause_us;  /* idle time that the last one waited for, us; 0: none waited yet */
	} moves;		    /* of buckets from one port to another */
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

/* What the agent does at present within a transaction, or what it waits for. */
enum xlagg_step {
	XLAGG_STEP_MAKE,    /* makes the lagg */
	XLAGG_STEP_CHANGE,  /* changes it */
	XLAGG_STEP_STOP,    /* ends its LACP and puts its ports back */
	XLAGG_STEP_DEVICES, /* waits for the kernel, which removes devices of several laggs */
	XLAGG_STEP_REMOVE,  /* removes the lagg */
	XLAGG_STEP_FLIGHT,  /* waits for frames in flight to ports that leave */
	XLAGG_STEP_MAX,
};

struct xlagg_progress {
	uint32_t done, of;	   /* laggs that are as wanted, and all that the transaction changes */
	uint32_t step;		   /* enum xlagg_step */
	uint32_t pad;		   /* 0 */
	char lagg[XLAGG_NAME_MAX]; /* empty: none in particular */
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
	XLAGG_EVENT_BALANCE,	    /* moved, text: buckets move because of the load */
	XLAGG_EVENT_GREY,	    /* text: what the port loses, compared with the others; or that it no longer does */
	XLAGG_EVENT_MAX,
};
static const char *const xlagg_words_event[] = {
    "lagg-add",	      "lagg-del", "lagg-change", "port-add", "port-del", "port-state", "failover", "carrier",
    "partner-change", "table",	  "agent-start", "intruder", "balance",	 "grey",       NULL,
};
_Static_assert(sizeof(xlagg_words_event) / sizeof(xlagg_words_event[0]) == XLAGG_EVENT_MAX + 1, "a word for each");

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
