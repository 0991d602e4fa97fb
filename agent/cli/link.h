/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Network devices by rtnetlink, in the agent's network namespace: what `ifconfig` shows and sets itself. */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "cli.h"

struct link {
	char name[XLAGG_NAME_MAX];
	int ifindex;
	uint32_t flags; /* IFF_* */
	uint32_t mtu;
	uint8_t mac[6];
	bool ether; /* an Ethernet device: `mac` is its address */
};

/* One address of a device. */
struct link_address {
	int family; /* AF_INET or AF_INET6 */
	uint8_t address[16];
	uint8_t broadcast[4]; /* IPv4, where has_broadcast */
	bool has_broadcast;
	bool link_local; /* IPv6: of the link only */
	unsigned int prefix;
};

/* What to change of a device. */
struct link_change {
	bool has_admin, up;
	bool has_mtu;
	uint32_t mtu;
	bool has_mac;
	uint8_t mac[6];
};

/* Enters the network namespace that `-n` names or the agent works in; without either the process stays where it is.
 * 0 or -errno with cli->sentence. */
int link_enter(struct cli *cli);
/* 0, -ENODEV when there is no such device, or -errno. */
int link_get(const char *name, struct link *ret);
/* Changes a device; one that must be down to take a MAC is put down for it. 0 or -errno. */
int link_set(const struct link *link, const struct link_change *change);
/* Calls fn for each address of the device. 0 or -errno. */
typedef void (*link_address_fn)(const struct link_address *address, void *context);
int link_addresses(const struct link *link, link_address_fn fn, void *context);

#endif
