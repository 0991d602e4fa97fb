/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Network devices in the agent's network namespace, which `ifconfig` shows and changes through rtnetlink. */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "cli.h"

struct link {
	char name[XLAGG_NAME_MAX];
	int ifindex;
	uint32_t flags; /* IFF_* */
	uint32_t mtu;
	uint8_t mac[6];
	bool ether; /* it is an Ethernet device, so `mac` is valid */
};

/* One address of a device. */
struct link_address {
	int family; /* AF_INET or AF_INET6 */
	uint8_t address[16];
	uint8_t broadcast[4]; /* IPv4, valid if has_broadcast */
	bool has_broadcast;
	bool link_local; /* IPv6: its scope is the link */
	unsigned int prefix;
};

/* What to change on a device. */
struct link_change {
	bool has_admin, up;
	bool has_mtu;
	uint32_t mtu;
	bool has_mac;
	uint8_t mac[6];
};

/* Enters the network namespace that `-n` names, or the agent's; without either, the process stays where it is. Returns
 * 0 or -errno, with cli->sentence. */
int link_enter(struct cli *cli);
/* Looks up a device. Returns 0, -ENODEV if there is none of that name, or -errno. */
int link_get(const char *name, struct link *ret);
/* Changes a device. One that must be down to take a MAC is put down for that. Returns 0 or -errno. */
int link_set(const struct link *link, const struct link_change *change);
/* Calls fn for each address of the device. Returns 0 or -errno. */
typedef void (*link_address_fn)(const struct link_address *address, void *context);
int link_addresses(const struct link *link, link_address_fn fn, void *context);

#endif
