/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The configuration of a lagg and of its ports, and the table of its options: their words, ranges, defaults and help.
 * Command line, configuration file, control protocol, `save`, JSON and `help` are all made from these two tables.
 */
#ifndef XLAGG_OPTIONS_H
#define XLAGG_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define XLAGG_NAME_MAX 16      /* IFNAMSIZ: a name and its NUL */
#define XLAGG_ADDRESS_MAX 64   /* "ADDRESS/PREFIX" and its NUL */
#define XLAGG_MAX_ADDRESSES 32 /* addresses that may be given to one lagg */
#define XLAGG_MAX_TARGETS 16   /* addresses of option probe */
#define XLAGG_TEXT_MAX 256     /* longest text option and its NUL */
#define XLAGG_AUTO 0xffffffffu /* value of a number option that means "auto" */

enum xlagg_lacp_mode { XLAGG_LACP_ACTIVE, XLAGG_LACP_PASSIVE };
enum xlagg_lacp_rate { XLAGG_RATE_SLOW, XLAGG_RATE_FAST, XLAGG_RATE_MATCH };
enum xlagg_lacp_mux { XLAGG_MUX_INDEPENDENT, XLAGG_MUX_COUPLED };
enum xlagg_select { XLAGG_SELECT_BANDWIDTH, XLAGG_SELECT_COUNT, XLAGG_SELECT_STABLE, XLAGG_SELECT_PRIO };
enum xlagg_reselect { XLAGG_RESELECT_ALWAYS, XLAGG_RESELECT_BETTER, XLAGG_RESELECT_FAILURE };
enum xlagg_balance { XLAGG_BALANCE_STATIC, XLAGG_BALANCE_ADAPTIVE };
enum xlagg_grey_detect { XLAGG_GREY_OFF, XLAGG_GREY_TELL, XLAGG_GREY_OUT };
enum xlagg_probe_targets { XLAGG_PROBE_ANY, XLAGG_PROBE_ALL };

/* A lagg's options, in the order of the option table. Booleans are 0 or 1; times are in the unit of the table. */
struct xlagg_lagg_conf {
	uint32_t proto;		      /* enum xlagg_proto */
	uint32_t hash;		      /* enum xlagg_hash_field */
	uint32_t hash_seed;	      /* XLAGG_AUTO: chosen at random once, and kept */
	uint32_t flowid;	      /* use the NIC's hash */
	uint32_t flowid_shift;	      /* right shift of the NIC's hash, bits */
	uint32_t lacp_mode;	      /* enum xlagg_lacp_mode */
	uint32_t lacp_rate;	      /* enum xlagg_lacp_rate */
	uint32_t lacp_strict;	      /* boolean */
	uint32_t fallback_delay;      /* s */
	uint32_t lacp_mux;	      /* enum xlagg_lacp_mux */
	uint32_t system_prio;	      /* lower is preferred */
	char system_mac[20];	      /* "auto" or a MAC; the size avoids a gap before the next member */
	uint32_t key;		      /* XLAGG_AUTO: from speed and lagg number */
	uint32_t mixed_speed;	      /* boolean */
	uint32_t select;	      /* enum xlagg_select */
	uint32_t min_links;	      /* usable ports without which there is no carrier */
	uint32_t max_links;	      /* ports that carry traffic at most, 0: no limit */
	char primary[XLAGG_NAME_MAX]; /* "auto" or a port */
	uint32_t reselect;	      /* enum xlagg_reselect */
	uint32_t rx_all;	      /* boolean */
	uint32_t rr_limit;	      /* consecutive frames per port */
	uint32_t up_delay;	      /* ms */
	uint32_t down_delay;	      /* ms */
	uint32_t carrier_poll;	      /* ms, 0: off */
	uint32_t damping;	      /* boolean */
	char probe[XLAGG_TEXT_MAX];   /* "none" or addresses with commas */
	uint32_t probe_interval;      /* ms */
	uint32_t probe_missed;	      /* probes in a row without an answer after which a port is out */
	uint32_t probe_targets;	      /* enum xlagg_probe_targets */
	uint32_t peer_notify;	      /* messages to the neighbours after a failover */
	uint32_t peer_notify_delay;   /* ms between them */
	uint32_t mcast_rejoin;	      /* IGMP and MLD reports after a failover */
	char port_ethertypes[64];     /* hexadecimal EtherTypes with commas */
	char mac[24];		      /* "auto", a MAC, "from DEV" or "active" */
	uint32_t mtu;		      /* XLAGG_AUTO: the first port's */
	uint32_t device;	      /* enum xlagg_device */
	uint32_t datapath;	      /* enum xlagg_profile */
	uint32_t tx_path;	      /* enum xlagg_tx_path */
	char partner_system[20];      /* "any" or a MAC; the size avoids a gap before the next member */
	uint32_t partner_guard;	      /* boolean */
	uint32_t balance;	      /* enum xlagg_balance */
	uint32_t balance_interval;    /* s between two looks at the load */
	uint32_t balance_threshold;   /* % above its share that the fullest port may carry */
	uint32_t repath;	      /* boolean */
	uint32_t grey_detect;	      /* enum xlagg_grey_detect */
	uint32_t admin; /* 1: up. It has no option word: `ifconfig lagg0 down` and `ip link set lagg0 down` set it */
	uint32_t
	    taken; /* 1: its device is a bond that somebody else made (`lagg take`). It has no option word either */
};

/* A port's options. */
struct xlagg_port_conf {
	uint32_t prio;	 /* lower is preferred */
	uint32_t number; /* LACP port number; XLAGG_AUTO: 1, 2, ... in order of addition */
	uint32_t weight; /* share of the buckets */
	uint32_t key;	 /* XLAGG_AUTO: the lagg's key */
	uint32_t absent; /* 1: the device need not exist */
	uint32_t admin;	 /* 1: in service */
};

/* One lagg as configured: `lagg add` makes it, `save` prints it, `diff` compares it. */
struct xlagg_model {
	char name[XLAGG_NAME_MAX];
	struct xlagg_lagg_conf conf;
	uint32_t ports;	    /* entries of `port`, in order of addition */
	uint32_t addresses; /* entries of `address` */
	struct xlagg_port_model {
		char name[XLAGG_NAME_MAX]; /* the device */
		struct xlagg_port_conf conf;
	} port[XLAGG_MAX_PORTS];
	char address[XLAGG_MAX_ADDRESSES][XLAGG_ADDRESS_MAX]; /* "ADDRESS/PREFIX", only those that xlagg added */
};

/* Whether in that proto (enum xlagg_proto) the flow of a frame decides on its port. The programs have the same
 * question, by_flow() in bpf/choose.h. */
static inline int xlagg_goes_by_flow(uint32_t proto)
{
	return proto == XLAGG_PROTO_LOADBALANCE || proto == XLAGG_PROTO_LACP;
}

/* How an option's value is written and stored. */
enum xlagg_kind {
	XLAGG_KIND_NUMBER,     /* uint32_t; min..max, or "auto" if `word` allows it */
	XLAGG_KIND_WORD,       /* uint32_t; index into `word` */
	XLAGG_KIND_HASH,       /* uint32_t; words with commas, enum xlagg_hash_field */
	XLAGG_KIND_MAC,	       /* text: the word that is the default, such as "auto", or a MAC */
	XLAGG_KIND_LAGG_MAC,   /* text: "auto", a MAC, "from DEV" (two words) or "active" */
	XLAGG_KIND_PORT,       /* text: "auto" or a device name */
	XLAGG_KIND_ADDRESSES,  /* text: "none" or IPv4 and IPv6 addresses with commas */
	XLAGG_KIND_ETHERTYPES, /* text: hexadecimal EtherTypes with commas */
};

/* One option. The index in its table is its attribute in the control protocol as well: append only. */
struct xlagg_option {
	const char *name;  /* the word */
	const char *alias; /* lagg(4)'s word, or NULL */
	enum xlagg_kind kind;
	uint32_t offset;	 /* of the value in its conf struct */
	uint32_t size;		 /* of the value, octets */
	uint32_t min, max;	 /* range of a number */
	uint32_t fallback;	 /* default of a number or word; XLAGG_AUTO: "auto" */
	const char *text;	 /* default of a text */
	const char *const *word; /* words of a WORD, ended by NULL; not NULL for a NUMBER: "auto" is allowed */
	const char *unit;	 /* "ms", "s", "Mb/s", "%" or "" */
	const char *help;	 /* one line */
};

static const char *const xlagg_words_proto[] = {"failover",  "loadbalance", "lacp", "roundrobin",
						"broadcast", "none",	    NULL};
static const char *const xlagg_words_onoff[] = {"off", "on", NULL};
static const char *const xlagg_words_updown[] = {"down", "up", NULL};
static const char *const xlagg_words_okno[] = {"no", "ok", NULL};
static const char *const xlagg_words_mode[] = {"active", "passive", NULL};
static const char *const xlagg_words_rate[] = {"slow", "fast", "match", NULL};
static const char *const xlagg_words_mux[] = {"independent", "coupled", NULL};
static const char *const xlagg_words_select[] = {"bandwidth", "count", "stable", "prio", NULL};
static const char *const xlagg_words_reselect[] = {"always", "better", "failure", NULL};
static const char *const xlagg_words_targets[] = {"any", "all", NULL};
static const char *const xlagg_words_balance[] = {"static", "adaptive", NULL};
static const char *const xlagg_words_grey[] = {"off", "tell", "out", NULL};
static const char *const xlagg_words_device[] = {"auto", "netkit", "veth", "bond", NULL};
static const char *const xlagg_words_datapath[] = {"tc", "xdp", NULL};
static const char *const xlagg_words_tx_path[] = {"auto", "direct", "stack", NULL};
static const char *const xlagg_words_auto[] = {"auto", NULL};

#define XLAGG_FIELD(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)

/* clang-format off */
static const struct xlagg_option xlagg_lagg_options[] = {
	{"proto", "laggproto", XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, proto), 0, 0,
	 XLAGG_PROTO_FAILOVER, NULL, xlagg_words_proto, "", "how frames are spread over the ports"},
	{"hash", "lagghash", XLAGG_KIND_HASH, XLAGG_FIELD(xlagg_lagg_conf, hash), 0, 0,
	 XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4, NULL, NULL, "", "header fields that make a flow"},
	{"hash-seed", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, hash_seed), 0, XLAGG_AUTO - 1,
	 XLAGG_AUTO, NULL, xlagg_words_auto, "", "start value of the flow hash"},
	{"flowid", "use_flowid", XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, flowid), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "the NIC's RSS hash instead of ours, where it has one"},
	{"flowid-shift", "flowid_shift", XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, flowid_shift), 0, 31,
	 16, NULL, NULL, "", "bits that the RSS hash is shifted to the right"},
	{"lacp-mode", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, lacp_mode), 0, 0,
	 XLAGG_LACP_ACTIVE, NULL, xlagg_words_mode, "", "speak LACP first, or only when spoken to"},
	{"lacp-rate", "lacp_fast_timeout", XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, lacp_rate), 0, 0,
	 XLAGG_RATE_SLOW, NULL, xlagg_words_rate, "", "how often the partner is asked to send"},
	{"lacp-strict", "lacp_strict", XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, lacp_strict), 0, 0,
	 1, NULL, xlagg_words_onoff, "", "off: without a partner one port carries traffic alone"},
	{"fallback-delay", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, fallback_delay), 0, 900,
	 3, NULL, NULL, "s", "how long a port must have no partner before that"},
	{"lacp-mux", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, lacp_mux), 0, 0,
	 XLAGG_MUX_INDEPENDENT, NULL, xlagg_words_mux, "", "collecting before distributing, or both at once"},
	{"system-prio", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, system_prio), 0, 65535,
	 32768, NULL, NULL, "", "LACP system priority, lower is preferred"},
	{"system-mac", NULL, XLAGG_KIND_MAC, XLAGG_FIELD(xlagg_lagg_conf, system_mac), 0, 0,
	 0, "auto", NULL, "", "LACP system MAC"},
	{"key", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, key), 1, 65535,
	 XLAGG_AUTO, NULL, xlagg_words_auto, "", "LACP key"},
	{"mixed-speed", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, mixed_speed), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "ports of different speed in one aggregate"},
	{"select", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, select), 0, 0,
	 XLAGG_SELECT_BANDWIDTH, NULL, xlagg_words_select, "", "which aggregator carries traffic"},
	{"min-links", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, min_links), 1, XLAGG_MAX_PORTS,
	 1, NULL, NULL, "", "usable ports without which the lagg has no carrier"},
	{"max-links", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, max_links), 0, XLAGG_MAX_PORTS,
	 0, NULL, NULL, "", "ports that carry traffic at most; 0: no limit"},
	{"primary", NULL, XLAGG_KIND_PORT, XLAGG_FIELD(xlagg_lagg_conf, primary), 0, 0,
	 0, "auto", NULL, "", "failover: the preferred port"},
	{"reselect", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, reselect), 0, 0,
	 XLAGG_RESELECT_ALWAYS, NULL, xlagg_words_reselect, "", "failover: when the primary takes back"},
	{"rx-all", "failover_rx_all", XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, rx_all), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "failover: accept frames on every port"},
	{"rr-limit", "rr_limit", XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, rr_limit), 1, XLAGG_AUTO - 1,
	 1, NULL, NULL, "", "roundrobin: consecutive frames per port"},
	{"up-delay", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, up_delay), 0, 3600000,
	 0, NULL, NULL, "ms", "how long carrier must hold before a port is used again"},
	{"down-delay", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, down_delay), 0, 3600000,
	 0, NULL, NULL, "ms", "how long a loss must last before a failover is announced"},
	{"carrier-poll", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, carrier_poll), 0, 60000,
	 10, NULL, NULL, "ms", "carrier poll where the kernel allows no tracing; 0: off"},
	{"damping", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, damping), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "back-off for a port that flaps"},
	{"probe", NULL, XLAGG_KIND_ADDRESSES, XLAGG_FIELD(xlagg_lagg_conf, probe), 0, 0,
	 0, "none", NULL, "", "addresses that must answer ARP or NS through a port"},
	{"probe-interval", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, probe_interval), 10, 60000,
	 200, NULL, NULL, "ms", "time between probes"},
	{"probe-missed", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, probe_missed), 1, 255,
	 3, NULL, NULL, "", "probes without answer after which a port is out"},
	{"probe-targets", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, probe_targets), 0, 0,
	 XLAGG_PROBE_ANY, NULL, xlagg_words_targets, "", "whether any or all of them must answer"},
	{"peer-notify", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, peer_notify), 0, 255,
	 3, NULL, NULL, "", "gratuitous ARP and NA after a failover; 0: none"},
	{"peer-notify-delay", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, peer_notify_delay), 1, 60000,
	 100, NULL, NULL, "ms", "time between them"},
	{"mcast-rejoin", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, mcast_rejoin), 0, 255,
	 1, NULL, NULL, "", "IGMP and MLD reports after a failover; 0: none"},
	{"port-ethertypes", NULL, XLAGG_KIND_ETHERTYPES, XLAGG_FIELD(xlagg_lagg_conf, port_ethertypes), 0, 0,
	 0, "88cc,888e", NULL, "", "frames that stay with the port's own stack"},
	{"mac", "ether", XLAGG_KIND_LAGG_MAC, XLAGG_FIELD(xlagg_lagg_conf, mac), 0, 0,
	 0, "auto", NULL, "", "the lagg's MAC: auto, a MAC, from DEV, or active"},
	{"mtu", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, mtu), 68, 65521,
	 XLAGG_AUTO, NULL, xlagg_words_auto, "", "of the lagg and of every port"},
	{"device", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, device), 0, 0,
	 XLAGG_DEVICE_AUTO, NULL, xlagg_words_device, "", "what the lagg's own device is"},
	{"datapath", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, datapath), 0, 0,
	 XLAGG_DATAPATH_TC, NULL, xlagg_words_datapath, "", "tc for a host's traffic, xdp for forwarding"},
	{"tx-path", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, tx_path), 0, 0,
	 XLAGG_TX_AUTO, NULL, xlagg_words_tx_path, "", "direct: fastest; stack: counters and tcpdump see both ways"},
	{"partner-system", NULL, XLAGG_KIND_MAC, XLAGG_FIELD(xlagg_lagg_conf, partner_system), 0, 0,
	 0, "any", NULL, "", "the only LACP system that is accepted as partner"},
	{"partner-guard", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, partner_guard), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "LACPDUs of other systems change nothing while the partner is heard"},
	{"balance", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, balance), 0, 0,
	 XLAGG_BALANCE_STATIC, NULL, xlagg_words_balance, "", "adaptive: flows move until the ports are evenly loaded"},
	{"balance-interval", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, balance_interval), 1, 3600,
	 10, NULL, NULL, "s", "time between two looks at the load"},
	{"balance-threshold", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_lagg_conf, balance_threshold), 1, 100,
	 10, NULL, NULL, "%", "how far above its share a port may be before flows move"},
	{"repath", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, repath), 0, 0,
	 0, NULL, xlagg_words_onoff, "", "a local TCP socket that has to retransmit takes another bucket"},
	{"grey-detect", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_lagg_conf, grey_detect), 0, 0,
	 XLAGG_GREY_OFF, NULL, xlagg_words_grey, "", "tell of a port that loses more than the others, or take it out"},
};

static const struct xlagg_option xlagg_port_options[] = {
	{"prio", "pri", XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_port_conf, prio), 0, 65535,
	 32768, NULL, NULL, "", "lower is preferred: failover order, LACP port priority"},
	{"number", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_port_conf, number), 1, 65535,
	 XLAGG_AUTO, NULL, xlagg_words_auto, "", "LACP port number"},
	{"weight", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_port_conf, weight), 1, 255,
	 1, NULL, NULL, "", "share of the flows"},
	{"key", NULL, XLAGG_KIND_NUMBER, XLAGG_FIELD(xlagg_port_conf, key), 1, 65535,
	 XLAGG_AUTO, NULL, xlagg_words_auto, "", "LACP key"},
	{"absent", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_port_conf, absent), 0, 0,
	 0, NULL, xlagg_words_okno, "", "ok: the device need not exist yet"},
	{"admin", NULL, XLAGG_KIND_WORD, XLAGG_FIELD(xlagg_port_conf, admin), 0, 0,
	 1, NULL, xlagg_words_updown, "", "down: out of service, without losing a frame"},
};
/* clang-format on */

#define XLAGG_LAGG_OPTIONS (sizeof(xlagg_lagg_options) / sizeof(xlagg_lagg_options[0]))
#define XLAGG_PORT_OPTIONS (sizeof(xlagg_port_options) / sizeof(xlagg_port_options[0]))

#endif
