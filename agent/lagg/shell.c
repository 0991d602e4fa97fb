/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The shell: a kernel bond as the lagg's own device. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <string.h>

#include "lagg/shell.h"
#include "sys/bonding.h"
#include "sys/mark.h"

/* The mode of bonding that goes best with a proto. */
static uint8_t mode_of(uint32_t proto)
{
	switch (proto) {
	case XLAGG_PROTO_LOADBALANCE:
	case XLAGG_PROTO_LACP:
		return BOND_MODE_XOR;
	case XLAGG_PROTO_ROUNDROBIN:
		return BOND_MODE_ROUNDROBIN;
	case XLAGG_PROTO_BROADCAST:
		return BOND_MODE_BROADCAST;
	default:
		return BOND_MODE_ACTIVEBACKUP;
	}
}

void shell_choose_mode(struct lagg *lagg, uint32_t proto)
{
	lagg->bond_mode = mode_of(proto);
	lagg->bond_policy = BOND_XMIT_POLICY_ENCAP34; /* see netlink_add_bond() */
}

enum datapath_shell shell_of(const struct lagg *lagg)
{
	bool to_all = lagg->model.conf.proto == XLAGG_PROTO_BROADCAST;
	if (lagg->device != XLAGG_DEVICE_BOND)
		return SHELL_NONE;
	/* The only mode in which bonding makes copies; in it, it does nothing else. */
	if (lagg->direct || (lagg->bond_mode == BOND_MODE_BROADCAST) != to_all)
		return SHELL_DIRECT;
	switch (lagg->bond_mode) {
	case BOND_MODE_BROADCAST:
		return SHELL_COPIES;
	case BOND_MODE_ACTIVEBACKUP:
	case BOND_MODE_ROUNDROBIN:
		return SHELL_QUEUE;
	case BOND_MODE_XOR:
		/* With any other policy bonding makes a hash of its own. */
		return lagg->bond_policy == BOND_XMIT_POLICY_ENCAP34 ? SHELL_HASH : SHELL_DIRECT;
	default:
		return SHELL_DIRECT;
	}
}

/* Whether bonding sends on a slave: carrier it asks for itself, `up` it finds out now and then. */
static bool takes_frames(const struct lagg *lagg, const struct bonding_slave *slave, int slot)
{
	struct device other;
	const struct device *device = &other;
	if (!slave->up)
		return false;
	if (slot >= 0)
		device = &lagg->port[slot].device;
	else if (netlink_get_by_name(lagg->host->nl, slave->name, &other) < 0)
		return false;
	return device->carrier && device->flags & IFF_UP;
}

static int port_called(const struct lagg *lagg, const char *name)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].ifindex && strcmp(lagg->port[slot].device.name, name) == 0)
			return slot;
	return -ENOENT;
}

void shell_count(struct lagg *lagg)
{
	struct bonding_slave slave[BONDING_SLAVES];
	uint32_t place[XLAGG_MAX_PORTS] = {0}, count = 0;
	int slots[BONDING_SLAVES];
	if (lagg->device != XLAGG_DEVICE_BOND || lagg->bond_mode != BOND_MODE_XOR)
		return;
	int r = bonding_slaves(lagg->model.name, slave);
	for (int i = 0; i < r; i++) {
		int slot = port_called(lagg, slave[i].name);
		if (takes_frames(lagg, &slave[i], slot))
			slots[count++] = slot;
	}
	for (uint32_t i = 0; i < count; i++)
		if (slots[i] >= 0)
			place[slots[i]] = xlagg_place(count, i);
	/* Without a place, frames are redirected. */
	if (r < 0)
		log_about(LOG_LEVEL_DEBUG, lagg->model.name, NULL, "the order of its bond's slaves is not known: %s",
			  strerror(-r));
	datapath_place(lagg->dp, place);
}

bool shell_is(const struct device *device, const char *folder, const struct xlagg_saved *saved)
{
	if (strcmp(device->kind, "bond") != 0)
		return false;
	/* Before its programs are attached and after they are detached, only its MAC identifies it. */
	if (saved->bond.taken && memcmp(device->mac, saved->bond.mac, 6) == 0)
		return true;
	return mark_read(device->alias, NULL) == MARK_BOND || datapath_is_attached_bond(folder, device->ifindex);
}

static void forget_neighbours_above(void *context, const struct device *device, bool gone)
{
	struct lagg *lagg = context;
	if (!gone && device->link == lagg->ifindex && netlink_forget_neighbours(lagg->host->nl, device->ifindex) < 0)
		lagg->stale_neighbours = true;
}

/* The kernel forgets neighbours where carrier is lost, and a dormant bond has carrier. What stands behind the ports
 * when there is one again may be another machine with the same IP address. */
static int forget_neighbours(struct lagg *lagg)
{
	struct netlink *nl = lagg->host->nl;
	lagg->stale_neighbours = false;
	int r = netlink_forget_neighbours(nl, lagg->ifindex);
	if (r == 0)
		r = netlink_list(nl, forget_neighbours_above, lagg);
	lagg->stale_neighbours |= r < 0;
	return r;
}

int shell_assert_carrier(struct lagg *lagg)
{
	if (lagg->device != XLAGG_DEVICE_BOND || lagg->idle)
		return 0;
	int neighbours = lagg->carrier ? 0 : forget_neighbours(lagg);
	int r = netlink_set_dormant(lagg->host->nl, lagg->ifindex, !lagg->carrier);
	return r < 0 ? r : neighbours;
}

int shell_active_port(const struct lagg *lagg)
{
	const struct core_output *out = core_output(lagg->core);
	for (uint32_t i = 0; i < out->table.count && i < XLAGG_MAX_PORTS; i++)
		if (out->live[out->table.order[i]])
			return lagg->port[out->table.order[i]].ifindex;
	return 0;
}

/* `now`: the bond as it is. */
static int follow_active(struct lagg *lagg, const struct device *now)
{
	if (lagg->model.conf.proto != XLAGG_PROTO_FAILOVER || lagg->bond_mode != BOND_MODE_ACTIVEBACKUP)
		return 0;
	int active = shell_active_port(lagg);
	return active && active != now->bond_active ? netlink_set_bond_active(lagg->host->nl, lagg->ifindex, active)
						    : 0;
}

void shell_follow_active(struct lagg *lagg)
{
	struct device device;
	if (lagg->device != XLAGG_DEVICE_BOND || lagg->idle || netlink_get(lagg->host->nl, lagg->ifindex, &device) < 0)
		return;
	/* Bonding may not have seen carrier yet. Frames take the right port all the same, and upkeep tries again. */
	int r = follow_active(lagg, &device);
	if (r < 0)
		log_about(LOG_LEVEL_DEBUG, lagg->model.name, NULL, "its bond keeps its active slave for now: %s",
			  strerror(-r));
}

static int mark(struct lagg *lagg, const struct device *now)
{
	char mark[MARK_MAX];
	/* With a mark a bond would be removed where no record mentions it, so one of somebody else's gets none. */
	if (lagg->saved.bond.taken || (now->alias[0] && mark_read(now->alias, NULL) != MARK_BOND) ||
	    mark_is(now->alias, MARK_BOND, lagg->model.name))
		return 0;
	mark_write(MARK_BOND, lagg->model.name, mark);
	return netlink_set_alias(lagg->host->nl, lagg->ifindex, mark);
}

int shell_mark(struct lagg *lagg)
{
	struct device device;
	if (lagg->device != XLAGG_DEVICE_BOND)
		return 0;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &device);
	return r < 0 ? r : mark(lagg, &device);
}

int shell_keep(struct lagg *lagg)
{
	struct device device;
	if (lagg->device != XLAGG_DEVICE_BOND || lagg->idle)
		return 0;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &device);
	if (r == 0)
		r = mark(lagg, &device);
	if (r == 0 && (device.link_mode == IF_LINK_MODE_DORMANT) == lagg->carrier)
		r = shell_assert_carrier(lagg);
	if (r == 0 && lagg->stale_neighbours)
		r = forget_neighbours(lagg);
	if (r == 0)
		r = follow_active(lagg, &device);
	shell_count(lagg);
	return r;
}
