/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The shell: a kernel bond as the lagg's own device. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <string.h>

#include "lagg/shell.h"
#include "sys/mark.h"

uint8_t shell_mode(uint32_t proto)
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

enum datapath_shell shell_of(enum xlagg_device device, uint8_t mode, bool direct)
{
	if (device != XLAGG_DEVICE_BOND)
		return SHELL_NONE;
	/* These two modes alone send a frame on the slave whose queue_id it bears. */
	bool by_queue = mode == BOND_MODE_ACTIVEBACKUP || mode == BOND_MODE_ROUNDROBIN;
	return by_queue && !direct ? SHELL_QUEUE : SHELL_DIRECT;
}

bool shell_is(const struct device *device, const char *folder)
{
	if (strcmp(device->kind, "bond") != 0)
		return false;
	return mark_read(device->alias, NULL) == MARK_BOND || datapath_is_attached_bond(folder, device->ifindex);
}

int shell_assert_carrier(struct lagg *lagg)
{
	return lagg->device == XLAGG_DEVICE_BOND ? netlink_set_dormant(lagg->host->nl, lagg->ifindex, !lagg->carrier)
						 : 0;
}

/* The port that carries the traffic of proto failover, 0: none. */
static int active_port(const struct lagg *lagg)
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
	int active = active_port(lagg);
	return active && active != now->bond_active ? netlink_set_bond_active(lagg->host->nl, lagg->ifindex, active)
						    : 0;
}

void shell_follow_active(struct lagg *lagg)
{
	struct device device;
	if (lagg->device != XLAGG_DEVICE_BOND || netlink_get(lagg->host->nl, lagg->ifindex, &device) < 0)
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
	if ((now->alias[0] && mark_read(now->alias, NULL) != MARK_BOND) ||
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
	if (lagg->device != XLAGG_DEVICE_BOND)
		return 0;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &device);
	if (r == 0)
		r = mark(lagg, &device);
	if (r == 0 && (device.link_mode == IF_LINK_MODE_DORMANT) == lagg->carrier)
		r = shell_assert_carrier(lagg);
	if (r == 0)
		r = follow_active(lagg, &device);
	return r;
}
