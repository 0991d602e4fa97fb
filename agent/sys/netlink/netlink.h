/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rtnetlink and ethtool: what the kernel says of its devices, and the changes that the agent makes to them.
 * Works in the network namespace in which it was opened. All functions give 0 or -errno, and leave outputs untouched
 * on failure.
 */
#ifndef SYS_NETLINK_H
#define SYS_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/ctl.h"

struct netlink;

/* A network device as RTM_NEWLINK describes it. */
struct device {
	int ifindex;
	char name[XLAGG_NAME_MAX];
	char altname[4][128]; /* alternative names, empty where there are fewer */
	uint16_t type;	      /* ARPHRD_* */
	uint32_t flags;	      /* IFF_* */
	bool carrier;	      /* IFLA_CARRIER */
	uint32_t mtu, min_mtu, max_mtu;
	uint8_t mac[6];
	uint8_t permaddr[6];		/* permanent MAC; the current one where the driver tells none */
	bool has_permaddr;		/* the driver tells one */
	int master;			/* ifindex of the bridge, bond, team or VRF above it, 0: none */
	int link;			/* ifindex of the lower device or veth peer, 0: none */
	char kind[16];			/* "veth", "vlan", "bridge", "wireguard"; empty for a hardware NIC */
	char master_kind[16];		/* IFLA_INFO_SLAVE_KIND: "bridge", "bond", "team", "vrf" */
	char alias[256];		/* ifalias (IFALIASZ) */
	uint32_t promiscuity, allmulti; /* counts */
	bool has_ipv6;			/* IPv6 has settings for it, of which one follows */
	uint8_t addr_gen_mode;		/* IN6_ADDR_GEN_MODE_*: how the kernel makes addresses on it */
};

/* Whether it may be the device that `id` is about: the permanent MACs are the same, or one is not known. */
bool device_may_be(const struct device *device, const struct xlagg_device_id *id);

struct netlink_address {
	int ifindex;
	uint8_t family;	     /* AF_INET, AF_INET6 */
	uint8_t prefix;	     /* length */
	uint8_t scope;	     /* RT_SCOPE_* */
	uint32_t flags;	     /* IFA_F_* */
	uint8_t address[16]; /* network byte order, IPv4 in the first four octets */
};

/* Called for each change; `gone`: the device was removed (only ifindex and name are valid then). */
typedef void (*netlink_device_fn)(void *context, const struct device *device, bool gone);
/* Called when something else changed at a device: an address, an IPv6 setting, a qdisc or filter. What it is now has to
 * be looked at. */
typedef void (*netlink_touched_fn)(void *context, int ifindex);

int netlink_open(struct netlink **ret);
/* Also of NULL inside; sets *nl to NULL. */
void netlink_close(struct netlink **nl);
/* What the kernel said to the request that it refused last (extended ack), or an empty text. */
const char *netlink_why(const struct netlink *nl);
/* How many messages were dropped because somebody else than the kernel had sent them, modulo 2^32. */
uint32_t netlink_foreign(const struct netlink *nl);
/* Becomes readable when devices changed. */
int netlink_event_fd(const struct netlink *nl);
/* Reads what waits there, or a good part of it. That a device was removed is reported once the kernel, asked for it,
 * says that there is none. -ENOBUFS: events were lost (overrun), or the kernel did not answer that question; the caller
 * has to list all devices again. `fn` may make requests of its own, here as in the lists below. */
int netlink_read_events(struct netlink *nl, netlink_device_fn fn, netlink_touched_fn touched, void *context);
int netlink_list(struct netlink *nl, netlink_device_fn fn, void *context);
/* -ENODEV: there is none. By name: also alternative names. */
int netlink_get(struct netlink *nl, int ifindex, struct device *ret);
int netlink_get_by_name(struct netlink *nl, const char *name, struct device *ret);
/* 1 when a VLAN, macvlan or other device names `ifindex` as its lower device; its name is copied to `upper`. 0: none
 * does, or -errno. */
int netlink_has_upper(struct netlink *nl, int ifindex, char upper[XLAGG_NAME_MAX]);

int netlink_set_up(struct netlink *nl, int ifindex, bool up);
/* -EEXIST: there is another device of that name. Also while the device is up. */
int netlink_rename(struct netlink *nl, int ifindex, const char *name);
int netlink_set_mtu(struct netlink *nl, int ifindex, uint32_t mtu);
/* Also for a device that has to be down for it (-EBUSY): it is taken down and up again. */
int netlink_set_mac(struct netlink *nl, int ifindex, const uint8_t mac[6]);
/* Takes the device out of the bridge, bond, team or VRF that it is in. */
int netlink_free_of_master(struct netlink *nl, int ifindex);
/* How the kernel makes IPv6 addresses on the device: IN6_ADDR_GEN_MODE_*. */
int netlink_set_addr_gen_mode(struct netlink *nl, int ifindex, uint8_t mode);
int netlink_set_alias(struct netlink *nl, int ifindex, const char *alias);
/* IFF_PROMISC and IFF_ALLMULTI of the device itself, so that they outlive the agent. */
int netlink_set_promisc(struct netlink *nl, int ifindex, bool on);
int netlink_set_allmulti(struct netlink *nl, int ifindex, bool on);
/* A link-layer group address on the device itself (SIOCADDMULTI, SIOCDELMULTI). Joining twice is no error; one leave
 * ends it. -EINVAL: the device has no such filter. */
int netlink_group(struct netlink *nl, int ifindex, const uint8_t group[6], bool join);
/* 1 when someone has joined `group` that way already, 0 when nobody has, or -errno. The kernel tells it for all devices
 * at once: what was read for another device serves again when it is younger than `max_age` (ns). */
int netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age);
/* net.ipv6.conf.NAME.disable_ipv6. -ENOENT: no IPv6 here, nothing to do. */
int netlink_ipv6_disabled(const char *name, bool *ret);
int netlink_disable_ipv6(const char *name, bool disable);

/* The lagg's own device and its lower end. */
struct netlink_pair {
	int ifindex, lower_ifindex;
};
/*
 * Creates NAME and its lower end, both down; the MACs are set at creation (udev would change them otherwise): NAME's is
 * `mac`, the lower end's a random one. The lower end makes no IPv6 addresses and has the ifalias "xlagg: lower end of
 * NAME". On failure neither of them exists; where the kernel answers nothing, so that this is not known, the next call
 * removes them first.
 * `queues` transmit and receive queues each. -EEXIST: there is a device of that name.
 */
int netlink_add_veth(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6], uint32_t mtu,
		     uint32_t queues, struct netlink_pair *ret);
/* -EOPNOTSUPP: the kernel has no netkit. */
int netlink_add_netkit(struct netlink *nl, const char *name, const char *lower, const uint8_t mac[6], uint32_t mtu,
		       struct netlink_pair *ret);
int netlink_del(struct netlink *nl, int ifindex);

/*
 * A clock in the kernel that runs without any process: a neighbour of `ifindex` that nobody is (`address`, host byte
 * order) is asked for by ARP every `ms` milliseconds, for years, as long as the device is up. Again: it goes on.
 */
int netlink_run_clock(struct netlink *nl, int ifindex, uint32_t address, uint32_t ms);

/* "ADDRESS/PREFIX"; without "/PREFIX" the host's own (32 or 128). -EINVAL: no such text, -EEXIST: the device has it,
 * -EADDRNOTAVAIL: it has it not. IPv4 addresses get their network's broadcast address. */
int netlink_add_address(struct netlink *nl, int ifindex, const char *address_prefix);
int netlink_del_address(struct netlink *nl, int ifindex, const char *address_prefix);
typedef void (*netlink_address_fn)(void *context, const struct netlink_address *address);
/* ifindex 0: of every device. */
int netlink_list_addresses(struct netlink *nl, int ifindex, netlink_address_fn fn, void *context);

/* A MAC that a bridge forwards to one of its ports. */
struct netlink_neighbour {
	int port; /* ifindex of the bridge port behind which it is */
	uint8_t mac[6];
	uint16_t vlan; /* VLAN ID, 0: none */
};
typedef void (*netlink_neighbour_fn)(void *context, const struct netlink_neighbour *neighbour);
/* What the bridge has learned or was told; its own addresses and those of its ports are left out. */
int netlink_list_fdb(struct netlink *nl, int bridge, netlink_neighbour_fn fn, void *context);
/* How a bridge treats VLANs. */
struct netlink_bridge {
	bool vlan_filtering;	/* false: it looks at no tag, and its table at no VLAN ID but 0 */
	uint16_t vlan_protocol; /* EtherType of its tags: 0x8100 or 0x88a8 */
};
int netlink_get_bridge(struct netlink *nl, int ifindex, struct netlink_bridge *ret);

enum netlink_vlan { NETLINK_VLAN_NONE, NETLINK_VLAN_TAGGED, NETLINK_VLAN_UNTAGGED };
/* A bridge port as its bridge sees it. */
struct netlink_bridge_port {
	bool forwarding;    /* by the spanning tree; true without one */
	uint8_t vlan[4096]; /* index: VLAN ID; enum netlink_vlan: how the port sends its frames */
};
/* -ENOENT: `port` is on no bridge. */
int netlink_get_bridge_port(struct netlink *nl, int port, struct netlink_bridge_port *ret);

/* The ethtool functions open a socket of their own and may be called from any thread of the namespace. -EAGAIN: the
 * driver does not answer now, since the device is being reset, for example. */
/* Speed in Mb/s (0: unknown) and enum xlagg_duplex, as the driver says; unknown where it says nothing. The device is
 * found by `ifindex`, or by `name` where that is 0. */
int ethtool_link(int ifindex, const char *name, uint32_t *speed, uint32_t *duplex);
/* Carrier straight from the driver's state (ETHTOOL_GLINK), without linkwatch's delay. */
int ethtool_carrier(const char *name, bool *carrier);
/* The same for who asks all the time: over a socket of its own, from ethtool_open(), which gives it or -errno. */
int ethtool_open(void);
int ethtool_carrier_on(int fd, const char *name, bool *carrier);
/* Which of `wanted` (enum xlagg_feature_bit) are on. A feature that is several to the kernel (TX_CSUM: one for each
 * protocol) is on when any of them is. */
int ethtool_features(const char *name, uint64_t wanted, uint64_t *on);
/* Which of `wanted` are on and cannot be switched off. */
int ethtool_fixed(const char *name, uint64_t wanted, uint64_t *fixed);
/* Switches features on or off; those that the driver fixes stay as they are and are not an error. */
int ethtool_set_features(const char *name, uint64_t features, bool on);

#endif
