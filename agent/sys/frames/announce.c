/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Announces after a failover where the addresses and MACs of a lagg are now. */
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
	bool *announced; /* index as in the stack: an address of that device was announced */
	int r;		 /* the first error, or 0 */
};

/* A device on the lagg that is the port of a bridge. */
struct bridged {
	struct announcement *announcement;
	const struct device *port;
	struct netlink_bridge bridge;
	struct netlink_bridge_port as_port;
};

static void send_frame(struct announcement *announcement, const struct device *device, const struct frame *frame)
{
	if (!(device->flags & IFF_UP))
		return;
	int r = frames_send(announcement->fd, device->ifindex, frame->octets, frame->len);
	/* A device that has just been set down or removed has nothing to announce. */
	if (r < 0 && r != -ENETDOWN && r != -ENXIO && r != -ENODEV && announcement->r == 0)
		announcement->r = r;
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

static void announce_address(void *context, const struct netlink_address *address)
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
	send_frame(announcement, device, &frame);
	announcement->announced[device - announcement->stack->device] = true;
}

static void announce_neighbour(void *context, const struct netlink_neighbour *neighbour)
{
	struct bridged *bridged = context;
	struct frame frame;
	if (neighbour->port == bridged->port->ifindex)
		return;
	/* A bridge that filters VLANs uses its entries with a VLAN ID, any other bridge those without. */
	bool filtering = bridged->bridge.vlan_filtering;
	uint8_t vlan = bridged->as_port.vlan[neighbour->vlan & 0xfff];
	if (filtering ? vlan == NETLINK_VLAN_NONE : neighbour->vlan != 0)
		return;
	bool tagged = filtering && vlan == NETLINK_VLAN_TAGGED;
	frame_learning(&frame, neighbour->mac, tagged ? bridged->bridge.vlan_protocol : 0, neighbour->vlan);
	send_frame(bridged->announcement, bridged->port, &frame);
}

/* Announces the MACs behind the other ports of the bridge of which `port` is one. */
static void announce_neighbours(struct announcement *announcement, struct netlink *nl, const struct device *port)
{
	struct bridged bridged = {.announcement = announcement, .port = port};
	int r = netlink_get_bridge_port(nl, port->ifindex, &bridged.as_port);
	if (r == 0)
		r = netlink_get_bridge(nl, port->master, &bridged.bridge);
	/* The spanning tree may block the port: then nobody is reached through it. */
	if (r == -ENOENT || r == -ENODEV || (r == 0 && !bridged.as_port.forwarding))
		return;
	if (r == 0)
		r = netlink_list_fdb(nl, port->master, announce_neighbour, &bridged);
	if (r < 0 && announcement->r == 0)
		announcement->r = r;
}

/* A MAC that the lagg's device was told to receive, of a device that may stand in another namespace. */
static void announce_unicast(void *context, const uint8_t mac[6])
{
	struct announcement *announcement = context;
	const struct frames_stack *stack = announcement->stack;
	struct frame frame;
	/* Those of this namespace have been announced, with their addresses. */
	for (size_t i = 0; i < stack->count; i++)
		if (memcmp(stack->device[i].mac, mac, 6) == 0)
			return;
	frame_learning(&frame, mac, 0, 0);
	send_frame(announcement, &stack->device[0], &frame);
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
	__attribute__((cleanup(free_flags))) bool *announced = calloc(stack.count, sizeof(*announced));
	if (!announced)
		return -ENOMEM;
	struct announcement announcement = {.fd = fd, .stack = &stack, .announced = announced};
	r = netlink_list_addresses(nl, 0, announce_address, &announcement);
	if (r < 0)
		return r;
	for (size_t i = 0; i < stack.count; i++) {
		const struct device *device = &stack.device[i];
		struct frame frame;
		if (strcmp(device->master_kind, "bridge") == 0)
			announce_neighbours(&announcement, nl, device);
		if (announced[i] || strcmp(device->kind, "bridge") == 0)
			continue;
		frame_learning(&frame, device->mac, 0, 0);
		send_frame(&announcement, device, &frame);
	}
	r = netlink_list_unicast(nl, ifindex, announce_unicast, &announcement);
	return announcement.r < 0 ? announcement.r : r;
}
