/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds out whether a device can be a port, and if not, what to do about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "sys/mark.h"
#include "sys/port.h"

/* Searches for an address that a port must not have. */
struct address_search {
	bool found;
	struct netlink_address address;
};

/* The kernel makes the link-local address by itself, and others from what a router advertises (RFC 4862, RFC 8981).
 * They disappear when IPv6 is switched off on the port. */
static bool is_automatic(const struct netlink_address *address)
{
	return address->family == AF_INET6 &&
	       (address->scope == RT_SCOPE_LINK || address->origin == IFAPROT_KERNEL_RA ||
		address->flags & IFA_F_TEMPORARY);
}

static void search_address(void *context, const struct netlink_address *address)
{
	struct address_search *search = context;
	if (search->found || is_automatic(address))
		return;
	search->found = true;
	search->address = *address;
}

int port_check_no_address(struct netlink *nl, const struct device *device, const char *lagg,
			  char sentence[XLAGG_SENTENCE_MAX])
{
	struct address_search search = {};
	char text[INET6_ADDRSTRLEN];
	int r = netlink_list_addresses(nl, device->ifindex, search_address, &search);
	if (r < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "the addresses of %s cannot be read: %s", device->name,
			 strerror(-r));
		return r;
	}
	if (!search.found)
		return 0;
	inet_ntop(search.address.family, search.address.address, text, sizeof(text));
	snprintf(sentence, XLAGG_SENTENCE_MAX,
		 "%s has the address %s/%u: remove it (ip address flush dev %s) and give it to %s", device->name, text,
		 search.address.prefix, device->name, lagg);
	return -EBUSY;
}

static int check_uppers(struct netlink *nl, const struct device *device, const char *lagg,
			char sentence[XLAGG_SENTENCE_MAX])
{
	char upper[XLAGG_NAME_MAX];
	struct device above;
	int r = netlink_has_upper(nl, device->ifindex, upper);
	if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "what is above %s cannot be read: %s", device->name,
			 strerror(-r));
	if (r <= 0)
		return r;
	const char *kind = netlink_get_by_name(nl, upper, &above) == 0 && *above.kind ? above.kind : "device";
	snprintf(sentence, XLAGG_SENTENCE_MAX,
		 "%s has the %s %s above it: remove that (ip link del %s) and make it above %s instead", device->name,
		 kind, upper, upper, lagg);
	return -EBUSY;
}

static int check_master(struct netlink *nl, const struct device *device, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device master;
	if (!device->master)
		return 0;
	const char *name = netlink_get(nl, device->master, &master) == 0 ? master.name : "another device";
	snprintf(sentence, XLAGG_SENTENCE_MAX, "%s belongs to the %s %s: take it out first (ip link set %s nomaster)",
		 device->name, *device->master_kind ? device->master_kind : "device", name, device->name);
	return -EBUSY;
}

/* Returns 1 if the device is a lagg's own one, which is marked or has a marked lower end, 0 if it is not, or -errno. */
static int is_lagg(struct netlink *nl, const struct device *device)
{
	struct device lower;
	if (mark_read(device->alias, NULL) == MARK_BOND)
		return 1;
	int r = device->link ? netlink_get(nl, device->link, &lower) : -ENODEV;
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	return lower.link == device->ifindex && mark_read(lower.alias, NULL) == MARK_LOWER;
}

static int check_laggs(struct netlink *nl, const struct device *device, const char *lagg,
		       char sentence[XLAGG_SENTENCE_MAX])
{
	char other[XLAGG_NAME_MAX];
	if (strcmp(device->name, lagg) == 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s cannot be a port of itself: name another device", lagg);
		return -ELOOP;
	}
	if (mark_read(device->alias, other) == MARK_LOWER) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s is the lower end of %s and no device of its own: name another one", device->name, other);
		return -ELOOP;
	}
	int r = is_lagg(nl, device);
	if (r > 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s is a lagg itself: make its ports ports of %s instead",
			 device->name, lagg);
		return -ELOOP;
	}
	if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "whether %s is a lagg cannot be found out: %s", device->name,
			 strerror(-r));
	return r;
}

int port_check(struct netlink *nl, const struct device *device, const char *lagg, char sentence[XLAGG_SENTENCE_MAX])
{
	if (device->type != ARPHRD_ETHER || (device->flags & IFF_LOOPBACK)) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s is no Ethernet device: a port has to be one", device->name);
		return -EINVAL;
	}
	int r = check_laggs(nl, device, lagg, sentence);
	if (r == 0)
		r = check_master(nl, device, sentence);
	if (r == 0)
		r = check_uppers(nl, device, lagg, sentence);
	if (r == 0)
		r = port_check_no_address(nl, device, lagg, sentence);
	return r;
}
