/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Devices that an agent left and of which no record can be read: it was killed on the way, or its pins are damaged or
 * another version's. Their ifaliases say what they are. What a port was before is put back as far as it shows.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "orphans.h"
#include "sys/port.h"

#define MARK_MAX 64

struct search {
	struct agent *agent;
	const char *name; /* of the lagg, NULL: any that is not running */
};

/* An ifalias that has `before` and `after` around the lagg's name. */
static bool is_mark(const struct search *search, const char *alias, const char *before, const char *after)
{
	char mark[MARK_MAX];
	size_t len = strlen(alias), head = strlen(before), tail = strlen(after);
	if (search->name) {
		snprintf(mark, sizeof(mark), "%s%s%s", before, search->name, after);
		return strcmp(alias, mark) == 0;
	}
	return len > head + tail && strncmp(alias, before, head) == 0 && strcmp(alias + len - tail, after) == 0;
}

static bool in_use(const struct agent *agent, int ifindex)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct lagg *lagg = agent->lagg[i];
		if (lagg->ifindex == ifindex || lagg->lower_ifindex == ifindex)
			return true;
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (lagg->port[slot].used && lagg->port[slot].ifindex == ifindex)
				return true;
	}
	return false;
}

/* Its MTU and offloads before are not known: they stay. */
static void free_port(struct agent *agent, const struct device *device)
{
	struct xlagg_undo undo = {
	    .ifindex = (uint32_t)device->ifindex,
	    .changed =
		XLAGG_UNDO_MAC | XLAGG_UNDO_IPV6 | XLAGG_UNDO_ALIAS | XLAGG_UNDO_ALLMULTI | XLAGG_UNDO_SLOW_ADDRESS,
	};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	bool disabled = false;
	if (netlink_ipv6_disabled("default", &disabled) == 0)
		undo.ipv6_disabled = disabled;
	if (device->flags & IFF_PROMISC)
		undo.changed |= XLAGG_UNDO_PROMISC;
	memcpy(undo.mac, device->permaddr, 6);
	memcpy(undo.name, device->name, sizeof(undo.name));
	log_warning("%s was a port of a lagg that is no more: it is put back as far as it is known what it was",
		    device->name);
	if (port_restore(agent->host.nl, &undo, NULL, sentence) < 0)
		log_warning("%s", sentence);
}

static void on_device(void *context, const struct device *device, bool gone)
{
	const struct search *search = context;
	struct agent *agent = search->agent;
	if (gone || in_use(agent, device->ifindex))
		return;
	if (is_mark(search, device->alias, "port of ", " (xlagg)")) {
		free_port(agent, device);
	} else if (is_mark(search, device->alias, "xlagg: lower end of ", "")) {
		log_warning("%s (%s) is removed: no agent knows it", device->name, device->alias);
		int r = netlink_del(agent->host.nl, device->ifindex);
		if (r < 0 && r != -ENODEV)
			log_error("%s cannot be removed: %s", device->name, strerror(-r));
	}
}

void orphans_put_back(struct agent *agent, const char *name)
{
	struct search search = {agent, name};
	int r = netlink_list(agent->host.nl, on_device, &search);
	if (r < 0)
		log_error("cannot list the devices: %s", strerror(-r));
}
