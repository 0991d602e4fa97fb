/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rtnetlink and ethtool: reads the state of the kernel's devices and changes it, in the network namespace in which
 * struct netlink was opened. Unless stated otherwise, all functions return 0 or -errno and leave outputs untouched on
 * failure. -ENODEV alone means that the device does not exist: after any other error that is not known.
 */
#ifndef SYS_NETLINK_H
#define SYS_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/ctl.h"

struct netlink;

/* Whether the kernel or a driver refused a request. After any other error nobody has answered it. */
bool netlink_is_refusal(int r);

/* A network device as RTM_NEWLINK describes it. */
struct device {
	int ifindex;
	char name[XLAGG_NAME_MAX];
	char altname[4][128]; /* alternative names, empty where there are fewer */
	uint32_t flags;	      /* IFF_* */
	uint32_t losses;      /* of carrier since the device was made, modulo 2^32 */
	uint32_t mtu, min_mtu, max_mtu;
	uint8_t mac[6];
	/* Permanent MAC. If the driver reports none: the MAC that a bond's slave had before it was one and will have
	 * again, else the current one. */
	uint8_t permaddr[6];
	uint16_t type; /* ARPHRD_* */
	bool carrier;  /* IFLA_CARRIER */
	bool fifo; /* frames leave in the order in which they came: one transmit queue, and no discipline that sorts */
	bool has_permaddr;		/* the driver reports one */
	bool has_ipv6;			/* IPv6 has settings for it, such as addr_gen_mode */
	int master;			/* ifindex of the bridge, bond, team or VRF above it, 0: none */
	int link;			/* ifindex of the lower device or veth peer, 0: none */
	char kind[16];			/* "veth", "vlan", "bridge", "wireguard"; empty for a hardware NIC */
	char master_kind[16];		/* IFLA_INFO_SLAVE_KIND: "bridge", "bond", "team", "vrf" */
	char alias[256];		/* ifalias (IFALIASZ) */
	uint32_t promiscuity, allmulti; /* counts */
	int new_netnsid;       /* of a removed device: the namespace it was moved to (netlink_netnsid), -1: none */
	int new_ifindex;       /* and its ifindex there, 0: not told */
	bool generic_xdp;      /* an XDP program runs on it in generic (skb) mode */
	uint8_t addr_gen_mode; /* IN6_ADDR_GEN_MODE_*: how the kernel makes addresses on it */
	uint8_t link_mode;     /* IF_LINK_MODE_* */
	uint8_t bond_mode;     /* of a bond: BOND_MODE_* */
	bool bond_all_active;  /* of a bond: it accepts frames on every slave (all_slaves_active) */
	uint8_t bond_policy;   /* likewise: BOND_XMIT_POLICY_* */
	uint16_t bond_queue;   /* of a bond's slave: its queue_id, 0: none */
	bool has_bond_own;     /* of a bond's slave: bonding says which MAC it had before (bond_own) */
	uint8_t bond_own[6];
	int bond_active;			 /* of a bond in active-backup: ifindex of its active slave, 0: none */
	uint32_t bond_miimon, bond_arp_interval; /* of a bond, ms */
};

/* Whether it may be the device that `id` describes: the permanent MACs are the same, or one of them is not known. */
bool device_may_be(const struct device *device, const struct xlagg_device_id *id);
/* Whether it certainly is that device: both permanent MACs are known and the same. */
bool device_is(const struct device *device, const struct xlagg_device_id *id);

/* Whether it is the device that is meant by this permanent MAC. Where the driver reports none it is the device's own
 * MAC, except on devices that have theirs from a device below, and on those of laggs, which all have the lagg's. */
bool device_has_mac(const struct device *device, const uint8_t mac[6]);
/* Whether a device is meant by a name: its own, an alternative one, or a permanent MAC (xlagg_mac_to_name()). */
bool device_has_other_name(const struct device *device, const char *name);

/* An IP address of a device. */
struct netlink_address {
	int ifindex;
	uint8_t family;	     /* AF_INET, AF_INET6 */
	uint8_t prefix;	     /* length */
	uint8_t scope;	     /* RT_SCOPE_* */
	uint32_t flags;	     /* IFA_F_* */
	uint8_t origin;	     /* IFAPROT_*: who made it; 0: unknown, or somebody by hand */
	uint8_t address[16]; /* network byte order, IPv4 in the first four octets */
};

/* Called for each device that changed. With `gone` the device was removed, and only ifindex and name are valid. */
typedef void (*netlink_device_fn)(void *context, const struct device *device, bool gone);
/* Called when something else changed at a device: an address, an IPv6 setting, a qdisc or filter. What it is now has to
 * be looked at. */
typedef void (*netlink_touched_fn)(void *context, int ifindex);

int netlink_open(struct netlink **ret);
/* Closes *nl, which may be NULL, and sets it to NULL. */
void netlink_close(struct netlink **nl);
/* Returns the kernel's text for the request that it refused last (extended ack), or an empty text. */
const char *netlink_why(const struct netlink *nl);
/* Returns how many messages were dropped because the kernel had not sent them, modulo 2^32. */
uint32_t netlink_foreign(const struct netlink *nl);
/* Returns a descriptor that becomes readable when devices change. */
int netlink_event_fd(const struct netlink *nl);
/*
 * Reads events, at most so many that others get their turn. A removal is reported after the kernel has been asked and
 * has no such device any longer. -ENOBUFS: events were lost (overrun), or the kernel did not answer that question; the
 * caller has to list all devices again. `fn` may make requests of its own, also in the lists below.
 */
int netlink_read_events(struct netlink *nl, netlink_device_fn fn, netlink_touched_fn touched, void *context);
int netlink_list(struct netlink *nl, netlink_device_fn fn, void *context);
/* -ENODEV: there is no such device. netlink_get_by_name() takes alternative names and permanent MACs as well. */
int netlink_get(struct netlink *nl, int ifindex, struct device *ret);
/* Whether the device is administratively up, asked without waiting for RTNL. Returns 0 or -errno. */
int netlink_is_up(struct netlink *nl, int ifindex, bool *ret);
int netlink_get_by_name(struct netlink *nl, const char *name, struct device *ret);
/* Frames of a device, sent and received, and those of them that it counted as damaged. */
struct netlink_counts {
	uint64_t frames, errors;
};
int netlink_get_counts(struct netlink *nl, int ifindex, struct netlink_counts *ret);
/* As netlink_get(), but asks again for some seconds as long as the kernel does not answer. For what has to be known
 * before anything else can be done. */
int netlink_get_patiently(struct netlink *nl, int ifindex, struct device *ret);
/* Whether lists of what is on top of devices, and of the groups that these receive, are read again each time (false, as
 * at first), or once a second, for a transaction that asks about many devices. */
void netlink_reuse_lists(struct netlink *nl, bool reuse);
/* Returns 1 if a VLAN, macvlan or other device has `ifindex` as its lower device and copies its name to `upper`, 0 if
 * there is none, or -errno. */
int netlink_has_upper(struct netlink *nl, int ifindex, char upper[XLAGG_NAME_MAX]);

/* How this namespace numbers the one that `netns` is a descriptor of. -ENOENT: it has no number. */
int netlink_netnsid(struct netlink *nl, int netns, int *ret);
/* Whether there still is one of that number. Returns 1, 0 or -errno. */
int netlink_has_netnsid(struct netlink *nl, int netnsid);

int netlink_set_up(struct netlink *nl, int ifindex, bool up);
/* Also while the device is up. -EEXIST: another device has that name. */
int netlink_rename(struct netlink *nl, int ifindex, const char *name);
int netlink_set_mtu(struct netlink *nl, int ifindex, uint32_t mtu);
/* A device that accepts a MAC only while it is down (-EBUSY) is set down and up again. */
int netlink_set_mac(struct netlink *nl, int ifindex, const uint8_t mac[6]);
/* Takes the device out of the bridge, bond, team or VRF that it is in. */
int netlink_free_of_master(struct netlink *nl, int ifindex);
/* Sets how the kernel makes IPv6 addresses on the device: IN6_ADDR_GEN_MODE_*. */
int netlink_set_addr_gen_mode(struct netlink *nl, int ifindex, uint8_t mode);
/* Sets the ifalias (at most 255 octets, or -EINVAL; "": none) and has udev look at the device again. */
int netlink_set_alias(struct netlink *nl, int ifindex, const char *alias);
/* Set IFF_PROMISC and IFF_ALLMULTI of the device itself, which outlive the agent. */
int netlink_set_promisc(struct netlink *nl, int ifindex, bool on);
int netlink_set_allmulti(struct netlink *nl, int ifindex, bool on);
/* Adds a link-layer group address to the device itself, or removes it (SIOCADDMULTI, SIOCDELMULTI). Joining twice is no
 * error, and one leave ends it. -EINVAL: the device has no such filter. */
int netlink_group(struct netlink *nl, int ifindex, const uint8_t group[6], bool join);
/* Returns 1 if `group` was already joined in that way, 0 if not, or -errno. The kernel lists all devices at once: a
 * list that was read for another device is used again if it is not older than `max_age` (ns). */
int netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age);
/* Read and set net.ipv6.conf.NAME.disable_ipv6. -ENOENT: the device has no IPv6. */
int netlink_ipv6_disabled(const char *name, bool *ret);
int netlink_disable_ipv6(const char *name, bool disable);

/* The lagg's own device and its lower end. */
struct netlink_pair {
	int ifindex, lower_ifindex;
};
/* Removes the devices of the kinds below that have this MAC, which was drawn for them. */
int netlink_del_drawn(struct netlink *nl, const uint8_t mac[6]);
/* Removes what one of the calls below may have left where the kernel did not answer. */
int netlink_clear_unfinished(struct netlink *nl);
/* Makes a random unicast MAC that is locally administered. */
int netlink_draw_mac(uint8_t ret[6]);
/*
 * Creates the device `name` and its lower end `lower`, both down. They get their MACs at creation, or udev would change
 * them: `mac`, and `drawn`, by which the pair is known before it bears its mark. Each has `queues` transmit and receive
 * queues. The kernel makes no IPv6 addresses on the lower end, whose ifalias marks it (mark.h). -EEXIST: a device has
 * one of the names. On failure neither device exists; if the kernel does not answer, so that this is not known, the
 * next call removes them first.
 */
int netlink_add_veth(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		     const uint8_t drawn[6], uint32_t mtu, uint32_t queues, struct netlink_pair *ret);
/* The same. -EOPNOTSUPP: the kernel has no netkit. */
int netlink_add_netkit(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		       const uint8_t drawn[6], uint32_t mtu, struct netlink_pair *ret);
/*
 * Creates a bond called `name`, of the mode BOND_MODE_*, and for its lower end a dummy device that asks by ARP. Both
 * are marked, and have the MAC `drawn` until then. The bond is dormant, accepts frames on every slave, and has a queue
 * for each value of a slave's queue_id. -EEXIST: as above. -EOPNOTSUPP: the kernel has no bonding, or no dummy device.
 * On failure neither device exists, unless the kernel does not answer: then those that exist are marked.
 */
int netlink_add_bond(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6],
		     const uint8_t drawn[6], uint32_t mtu, uint8_t mode, struct netlink_pair *ret);
/* Creates only the lower end of `lagg` in that way. On failure it does not exist, or netlink_clear_unfinished() removes
 * it. */
int netlink_add_bond_lower(struct netlink *nl, const char *lower, const char *lagg, const uint8_t drawn[6],
			   uint32_t mtu, int *ifindex);
/* Puts a device that is down into a bond, which sets it up. */
int netlink_enslave(struct netlink *nl, int ifindex, int bond);
/* Sets the queue_id of a bond's slave: 1 to 32. */
int netlink_set_bond_queue(struct netlink *nl, int ifindex, uint16_t queue);
/* Makes a slave the active one of a bond in active-backup. -EINVAL: for bonding it has no carrier (yet). */
int netlink_set_bond_active(struct netlink *nl, int bond, int ifindex);
/* Link mode and operational state (RFC 2863) of a device: dormant although it may have carrier, or as carrier is. */
int netlink_set_dormant(struct netlink *nl, int ifindex, bool dormant);
/* Options of a bond that exists. */
int netlink_set_bond_u8(struct netlink *nl, int bond, uint16_t option, uint8_t value);
int netlink_set_bond_u32(struct netlink *nl, int bond, uint16_t option, uint32_t value);
/* Called for an option of a bond by bonding's own name, with its value: a number, MAC, address or device. A result
 * other than 0 ends the reading. */
typedef int (*netlink_bond_fn)(void *context, const char *name, const char *value);
/* Reads the options that have an effect in the bond's mode; those of LACP's identity only with CAP_NET_ADMIN. -EPROTO:
 * it is no bond. */
int netlink_read_bond(struct netlink *nl, int ifindex, netlink_bond_fn fn, void *context);
/* Lists the slaves of a bond in the order in which they were enslaved, as far as that can be found out. -E2BIG: there
 * are more than `max`. */
int netlink_list_slaves(struct netlink *nl, const struct device *bond, struct device *ret, uint32_t max,
			uint32_t *count);
/* What bonding knows of LACP on a slave. */
struct netlink_bond_lacp {
	char name[XLAGG_NAME_MAX];
	uint32_t aggregator; /* bonding's number of it */
	uint32_t active;     /* boolean: that aggregator carries traffic */
	struct xlagg_lacp_end actor, partner;
};
/* Reads that of each slave of a bond of mode 802.3ad, in the order of enslaving. It stands only in a file of bonding's,
 * and there for CAP_NET_ADMIN only. -EPROTO: it is incomplete, -E2BIG: there are more than `max` slaves. */
int netlink_read_bond_lacp(const char *bond, struct netlink_bond_lacp *ret, uint32_t max, uint32_t *count);
int netlink_del(struct netlink *nl, int ifindex);
/* Draws a number that no group of devices has, as far as chance goes: those that people give are small. */
int netlink_draw_group(uint32_t *ret);
int netlink_set_group(struct netlink *nl, int ifindex, uint32_t group);
/* Removes all devices of the group at once: the kernel waits for grace periods once, and not for each device. */
int netlink_del_group(struct netlink *nl, uint32_t group);

/*
 * Starts a clock in the kernel that runs without any process. The kernel asks by ARP for a neighbour of `ifindex` that
 * does not exist (`address`, host byte order), every `ms` milliseconds, for years, as long as the device is up. A clock
 * that runs already goes on.
 */
int netlink_run_clock(struct netlink *nl, int ifindex, uint32_t address, uint32_t ms);

/* Removes the entries of a device in the tables of neighbours (ARP and IPv6) that were learned. */
int netlink_forget_neighbours(struct netlink *nl, int ifindex);

/* Add and remove "ADDRESS/PREFIX"; without "/PREFIX" it is 32 or 128. An IPv4 address gets the broadcast address of its
 * network. -EINVAL: the text is not an address, -EEXIST: the device has it already, -EADDRNOTAVAIL: the device does not
 * have it. */
int netlink_add_address(struct netlink *nl, int ifindex, const char *address_prefix);
int netlink_del_address(struct netlink *nl, int ifindex, const char *address_prefix);
typedef void (*netlink_address_fn)(void *context, const struct netlink_address *address);
/* Lists the addresses of a device, or with ifindex 0 of all devices. */
int netlink_list_addresses(struct netlink *nl, int ifindex, netlink_address_fn fn, void *context);

/* A MAC that a bridge has behind one of its ports. */
struct netlink_neighbour {
	int port; /* ifindex of that port */
	uint8_t mac[6];
	uint16_t vlan; /* VLAN ID, or 0 for none */
};
typedef void (*netlink_neighbour_fn)(void *context, const struct netlink_neighbour *neighbour);
/* Lists the MACs that the bridge has learned or was given, without its own and those of its ports. */
int netlink_list_fdb(struct netlink *nl, int bridge, netlink_neighbour_fn fn, void *context);
typedef void (*netlink_mac_fn)(void *context, const uint8_t mac[6]);
/* The unicast MACs beside its own that a device was told to receive: those of what stands on it, in whatever namespace.
 */
int netlink_list_unicast(struct netlink *nl, int ifindex, netlink_mac_fn fn, void *context);
/* How a bridge treats VLANs. */
struct netlink_bridge {
	bool vlan_filtering; /* false: it ignores tags, and uses only those entries of its table that have no VLAN ID */
	uint16_t vlan_protocol; /* EtherType of its tags: 0x8100 or 0x88a8 */
};
int netlink_get_bridge(struct netlink *nl, int ifindex, struct netlink_bridge *ret);

enum netlink_vlan { NETLINK_VLAN_NONE, NETLINK_VLAN_TAGGED, NETLINK_VLAN_UNTAGGED };
/* How a bridge treats one of its ports. */
struct netlink_bridge_port {
	bool forwarding;    /* the spanning tree does not block it */
	uint8_t vlan[4096]; /* index: VLAN ID; enum netlink_vlan: how the port sends its frames */
};
/* -ENOENT: `port` is not a port of a bridge. */
int netlink_get_bridge_port(struct netlink *nl, int port, struct netlink_bridge_port *ret);

/* The filters of tc that have the same preference. */
struct netlink_filter {
	uint32_t preference;
	char kind[16]; /* "flower", "bpf" */
};
typedef void (*netlink_filter_fn)(void *context, const struct netlink_filter *filter);
/* Lists the filters at the ingress or egress of a device's clsact (or ingress) qdisc, also if it has none. */
int netlink_list_filters(struct netlink *nl, int ifindex, bool egress, netlink_filter_fn fn, void *context);

#define NETLINK_NFT_NAME_MAX 64 /* octets of a table's or chain's name and its NUL; a longer one is cut */
/* A chain of nftables that is hooked to a device. */
struct netlink_chain {
	const char *family; /* "netdev" or "inet" */
	char table[NETLINK_NFT_NAME_MAX], name[NETLINK_NFT_NAME_MAX];
};
typedef void (*netlink_chain_fn)(void *context, const struct netlink_chain *chain);
/* Lists the chains at the ingress or egress hook of the device called `device`. A kernel without nf_tables has none.
 * The kernel lists those of all devices at once: a list that is not older than `max_age` ns is used again. */
int netlink_list_chains(struct netlink *nl, const char *device, bool egress, uint64_t max_age, netlink_chain_fn fn,
			void *context);

/*
 * The ethtool functions open a socket of their own and may be called from any thread of the namespace. -EAGAIN: the
 * driver does not answer now, for example because it is resetting the device.
 */

/* Reads speed in Mb/s and enum xlagg_duplex from the driver; 0 and unknown if it does not report them. The device is
 * found by `ifindex`, or by `name` if that is 0. */
int ethtool_link(int ifindex, const char *name, uint32_t *speed, uint32_t *duplex);
/* Reads carrier from the driver's state (ETHTOOL_GLINK), without the delay of linkwatch. */
int ethtool_carrier(const char *name, bool *carrier);
/* The same for a caller that asks often and keeps a socket, which ethtool_open() returns (or -errno). */
int ethtool_open(void);
int ethtool_carrier_on(int fd, const char *name, bool *carrier);
/* Finds out which of `wanted` (enum xlagg_feature_bit) are on. TX_CSUM is several features in the kernel, one for each
 * protocol: it is on if any of them is. */
int ethtool_features(const char *name, uint64_t wanted, uint64_t *on);
/* Switches features on or off. It is not an error if the driver does not allow to change some of them. */
int ethtool_set_features(const char *name, uint64_t features, bool on);

#endif
