/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds out what is on top of a device. The kernel tells it only in a list of all devices. */
#include <errno.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/netlink/request.h"

#define REUSED_NS NS_PER_S /* a list that is used again is never older */

/* While the devices are listed. */
struct listing {
	struct netlink *nl;
	int r; /* 0 or -ENOMEM */
};

static void append(void *context, const struct device *device, bool gone)
{
	struct listing *listing = context;
	struct netlink *nl = listing->nl;
	/* The two ends of a pair have each other as IFLA_LINK, and neither is above the other. */
	bool pair = strcmp(device->kind, "veth") == 0 || strcmp(device->kind, "netkit") == 0;
	if (gone || pair || !device->link || device->ifindex == device->link || listing->r < 0)
		return;
	struct netlink_upper *more = realloc(nl->upper, (nl->uppers + 1) * sizeof(*more));
	if (!more) {
		listing->r = -ENOMEM;
		return;
	}
	nl->upper = more;
	more[nl->uppers] = (struct netlink_upper){.below = device->link};
	memcpy(more[nl->uppers++].name, device->name, XLAGG_NAME_MAX);
}

static int read_uppers(struct netlink *nl, uint64_t now)
{
	struct listing listing = {.nl = nl};
	nl->uppers = 0;
	nl->uppers_ns = 0;
	int r = netlink_list(nl, append, &listing);
	if (r == 0)
		r = listing.r;
	if (r == 0)
		nl->uppers_ns = now;
	return r;
}

int netlink_has_upper(struct netlink *nl, int ifindex, char upper[XLAGG_NAME_MAX])
{
	uint64_t now = clock_now();
	bool known = nl->reuse && nl->uppers_ns && now - nl->uppers_ns < REUSED_NS;
	int r = known ? 0 : read_uppers(nl, now);
	for (size_t i = 0; r == 0 && i < nl->uppers; i++) {
		if (nl->upper[i].below != ifindex)
			continue;
		memcpy(upper, nl->upper[i].name, XLAGG_NAME_MAX);
		return 1;
	}
	return r;
}

void netlink_reuse_lists(struct netlink *nl, bool reuse)
{
	nl->reuse = reuse;
	nl->uppers_ns = nl->groups_ns = 0;
}
