/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Orphans: devices that an agent left and that no readable record mentions, because it was killed at the wrong moment,
 * or because its pins are damaged or of another version. Their ifaliases say what they are. What a port was before is
 * put back as far as it can still be seen. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lagg/device.h"
#include "orphans.h"
#include "rests.h"
#include "sys/mark.h"
#include "sys/port.h"

#define RETRY_NS (5 * NS_PER_S)

/* Whether this is a lower end that no running lagg has. Anyone may give any device such an ifalias, so the mark alone
 * is no proof: the device must also be of the right kind. Its other end may be in another namespace. */
static bool is_lower_end(struct agent *agent, const struct device *device)
{
	return mark_read(device->alias, NULL) == MARK_LOWER && device_is_of_ours(device) &&
	       !agent->host.calls->lagg_of_device(&agent->host, device->link);
}

/* Whether this is a bond of a lagg that does not run. */
static bool is_bond(const struct device *device)
{
	return mark_read(device->alias, NULL) == MARK_BOND && strcmp(device->kind, "bond") == 0;
}

/* Whether it belongs to a bond that an agent made. */
static bool is_of_our_bond(struct agent *agent, const struct device *device)
{
	struct device master;
	return device->master && netlink_get(agent->host.nl, device->master, &master) == 0 && is_bond(&master);
}

/* Puts a port back. Its earlier MTU and offloads are not known and stay as they are. */
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
	if (is_of_our_bond(agent, device))
		undo.changed |= XLAGG_UNDO_MASTER | XLAGG_UNDO_UP; /* bonding sets it down when it leaves */
	else if (device->master)
		undo.changed &= ~(uint32_t)XLAGG_UNDO_MAC; /* it is a slave of a bond that was taken, and stays one */
	undo.was_up = (device->flags & IFF_UP) != 0;
	memcpy(undo.mac, device->permaddr, 6);
	memcpy(undo.name, device->name, sizeof(undo.name));
	log_warning(
	    "%s was a port of a lagg that no longer exists: it is put back as far as its earlier state is known",
	    device->name);
	if (port_restore(agent->host.nl, &undo, NULL, sentence) == 0)
		return;
	log_warning("%s", sentence);
	agent->host.orphans = true;
}

static void on_device(void *context, const struct device *device, bool gone)
{
	struct agent *agent = context;
	if (gone || agent->host.calls->lagg_of_device(&agent->host, device->ifindex) ||
	    rests_have_device(agent, device->ifindex))
		return;
	if (mark_is_of_port(device->alias, NULL)) {
		free_port(agent, device);
	} else if (is_lower_end(agent, device) || is_bond(device)) {
		log_warning("%s (%s) is removed: it belongs to no lagg", device->name, device->alias);
		int r = netlink_del(agent->host.nl, device->ifindex);
		if (r == 0 || r == -ENODEV)
			return;
		log_error("%s cannot be removed: %s", device->name, strerror(-r));
		agent->host.orphans = true;
	}
}

void orphans_put_back(struct agent *agent)
{
	agent->host.orphans = false;
	agent->orphans_ns = clock_now() + RETRY_NS;
	int r = netlink_clear_unfinished(agent->host.nl);
	if (r == 0)
		r = netlink_list(agent->host.nl, on_device, agent);
	if (r == 0)
		return;
	log_error("cannot list the devices: %s", strerror(-r));
	agent->host.orphans = true;
}
