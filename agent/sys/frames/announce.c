/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* After a failover: where the addresses and MACs of a lagg are now. */
#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/frames/build.h"
#include "sys/frames/frames.h"
#include "sys/frames/stack.h"

/* One announcement under way. */
struct announcement {
	int fd;
	const struct frames_stack *stack;
	bool *told; /* index as in the stack: an address of that device was announced */
	int error;  /* the first one */
};

/* One bridge port among them. */
struct bridged {
	struct announcement *announcement;
	const struct device *port;
	struct netlink_bridge bridge;
	struct netlink_bridge_port as_port;
};

static void tell(struct announcement *announcement, const struct device *device, const struct frame *frame)
{
	if (!(device->flags & IFF_UP))
		return;
	int r = frames_send(announcement->fd, device->ifindex, frame->octets, frame->len);
	/* A device that was set down or removed a moment ago has nothing to announce. */
	if (r < 0 && r != -ENETDOWN && r != -ENXIO && r != -ENODEV && announcement->error == 0)
		announcement->error = r;
}

/* The R flag of an NA: the interface forwards. */
static bool is_router(const char *name)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//forwarding") + XLAGG_NAME_MAX];
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", name);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	int value = fgetc(file);
	fclose(file);
	return value != EOF && value != '0';
}

static void tell_address(void *context, const struct netlink_address *address)
{
	struct announcement *announcement = context;
	const struct device *device = frames_stack_find(announcement->stack, address->ifindex);
	struct frame frame;
	/* An address that may not be ours must not be claimed (RFC 4862 5.4). */
	if (!device || (address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
		return;
	if (address->family == AF_INET)
		frame_arp(&frame, device->mac, address->address);
	else
		frame_na(&frame, device->mac, address->address, is_router(device->name));
	tell(announcement, device, &frame);
	announcement->told[device - announcement->stack->device] = true;
}

static void tell_neighbour(void *context, const struct netlink_neighbour *neighbour)
{
	struct bridged *bridged = context;
	struct frame frame;
	if (neighbour->port == bridged->port->ifindex)
		return;
	/* Of the entries for VLANs and the one for none, only those of the present mode are in use. */
	bool filtering = bridged->bridge.vlan_filtering;
	uint8_t vlan = bridged->as_port.vlan[neighbour->vlan & 0xfff];
	if (filtering ? vlan == NETLINK_VLAN_NONE : neighbour->vlan != 0)
		return;
	bool tagged = filtering && vlan == NETLINK_VLAN_TAGGED;
	frame_learning(&frame, neighbour->mac, tagged ? bridged->bridge.vlan_protocol : 0, neighbour->vlan);
	tell(bridged->announcement, bridged->port, &frame);
}

/* The MACs behind the other ports of the bridge of which `port` is one. */
static void tell_neighbours(struct announcement *announcement, struct netlink *nl, const struct device *port)
{
	struct bridged bridged = {.announcement = announcement, .port = port};
	int r = netlink_get_bridge_port(nl, port->ifindex, &bridged.as_port);
	if (r == 0)
		r = netlink_get_bridge(nl, port->master, &bridged.bridge);
	/* Through a port that the spanning tree blocks nobody is reached. */
	if (r == -ENOENT || r == -ENODEV || (r == 0 && !bridged.as_port.forwarding))
		return;
	if (r == 0)
		r = netlink_list_fdb(nl, port->master, tell_neighbour, &bridged);
	if (r < 0 && announcement->error == 0)
		announcement->error = r;
}

static void free_flags(bool **flags)
{
	free(*flags);
}

int frames_announce(int fd, struct netlink *nl, int ifindex)
{
	__attribute__((cleanup(frames_stack_free))) struct frames_stack stack = {};
	int r = frames_stack_list(nl, ifindex, &stack);
	if (r < 0)
		return r;
	__attribute__((cleanup(free_flags))) bool *told = calloc(stack.count, sizeof(*told));
	if (!told)
		return -ENOMEM;
	struct announcement announcement = {.fd = fd, .stack = &stack, .told = told};
	r = netlink_list_addresses(nl, 0, tell_address, &announcement);
	if (r < 0)
		return r;
	for (size_t i = 0; i < stack.count; i++) {
		const struct device *device = &stack.device[i];
		struct frame frame;
		if (strcmp(device->master_kind, "bridge") == 0)
			tell_neighbours(&announcement, nl, device);
		if (told[i] || strcmp(device->kind, "bridge") == 0)
			continue;
		frame_learning(&frame, device->mac, 0, 0);
		tell(&announcement, device, &frame);
	}
	return announcement.error;
}
