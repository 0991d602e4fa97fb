/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What comes over a netlink socket and may hold anything: walks over messages and attributes, and every function that
 * reads events or answers. The sockets are this file's own. The first octet of the input chooses what is asked; after
 * it each datagram is two octets of length, little endian, and the octets.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/netlink/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t left;
static volatile uint8_t sum; /* of all octets that were handed out, so that each is read */

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the sockets --- */

/* The next datagram of the input, in memory of its own, so that an octet read behind it is noticed. */
static char *next_datagram(size_t *len)
{
	if (left < 2)
		return NULL;
	*len = input[0] | (size_t)input[1] << 8;
	input += 2;
	left -= 2;
	if (*len > left)
		*len = left;
	char *datagram = malloc(*len ? *len : 1);
	memcpy(datagram, input, *len);
	input += *len;
	left -= *len;
	return datagram;
}

int netlink_open_events(struct mnl_socket **ret)
{
	*ret = NULL;
	return 0;
}

int netlink_open_requests(int family, struct mnl_socket **ret)
{
	(void)family;
	*ret = NULL;
	return 0;
}

int netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh)
{
	(void)socket;
	must(nlh->nlmsg_len <= NETLINK_REQUEST_MAX);
	return 0;
}

ssize_t netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size)
{
	(void)nl, (void)socket;
	size_t len = 0;
	char *datagram = next_datagram(&len);
	if (!datagram)
		return -EAGAIN;
	bool fits = len <= size;
	memcpy(buf, datagram, fits ? len : size);
	free(datagram);
	return fits ? (ssize_t)len : -ENOBUFS;
}

/* --- the walks --- */

static void read_octets(const char *at, size_t len)
{
	while (len--)
		sum += (uint8_t)*at++;
}

static void read_attrs(struct walk walk, int depth)
{
	const struct nlattr *attr;
	while ((attr = walk_next_attr(&walk))) {
		read_octets((const char *)attr, attr->nla_len);
		if (depth)
			read_attrs(walk_nest(attr), depth - 1);
	}
}

/* Each message as each of the families reads it. */
static void walk_datagram(const char *datagram, size_t len)
{
	const size_t headers[] = {0, 1, sizeof(struct ifinfomsg), sizeof(struct nlmsgerr), 65536, SIZE_MAX - 64};
	struct walk walk = {datagram, len};
	const struct nlmsghdr *nlh;
	while ((nlh = walk_next_message(&walk))) {
		must(walk.at >= datagram && walk.at + walk.len == datagram + len);
		read_octets((const char *)nlh, nlh->nlmsg_len);
		for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
			read_attrs(walk_attrs(nlh, headers[i]), 2);
	}
}

static void on_device(void *context, const struct device *device, bool gone);

static void walk_all(void)
{
	size_t len;
	for (char *datagram; (datagram = next_datagram(&len)); free(datagram)) {
		struct walk walk = {datagram, len};
		const struct nlmsghdr *nlh;
		struct device device;
		walk_datagram(datagram, len);
		while ((nlh = netlink_next(&walk, RTM_NEWLINK, sizeof(struct ifinfomsg)))) {
			netlink_parse_device(nlh, &device);
			on_device(NULL, &device, false);
		}
	}
}

/* --- what is read --- */

/* A run must not depend on the time. */
uint64_t clock_now(void)
{
	return 1;
}

static void on_touched(void *context, int ifindex)
{
	(void)context;
	must(ifindex > 0);
}

static void on_mac(void *context, const uint8_t mac[6])
{
	(void)context;
	must(!(mac[0] & 1));
}

static void on_device(void *context, const struct device *device, bool gone)
{
	(void)context, (void)gone;
	must(strnlen(device->name, sizeof(device->name)) < sizeof(device->name));
	must(strnlen(device->alias, sizeof(device->alias)) < sizeof(device->alias));
	must(strnlen(device->kind, sizeof(device->kind)) < sizeof(device->kind));
	must(strnlen(device->master_kind, sizeof(device->master_kind)) < sizeof(device->master_kind));
	for (size_t i = 0; i < sizeof(device->altname) / sizeof(device->altname[0]); i++)
		must(strnlen(device->altname[i], sizeof(device->altname[i])) < sizeof(device->altname[i]));
}

static void on_address(void *context, const struct netlink_address *address)
{
	(void)context;
	read_octets((const char *)address, sizeof(*address));
}

static void on_neighbour(void *context, const struct netlink_neighbour *neighbour)
{
	(void)context;
	read_octets((const char *)neighbour, sizeof(*neighbour));
}

static void read_device(struct netlink *nl)
{
	struct device device;
	if (netlink_get(nl, 1, &device) == 0)
		on_device(NULL, &device, false);
	if (netlink_get_by_name(nl, "eth0", &device) == 0)
		on_device(NULL, &device, false);
}

static void read_bridge_and_counts(struct netlink *nl)
{
	struct netlink_bridge bridge;
	struct netlink_bridge_port port;
	struct netlink_counts counts;
	netlink_get_bridge(nl, 1, &bridge);
	netlink_get_bridge_port(nl, 1, &port);
	netlink_list_fdb(nl, 1, on_neighbour, NULL);
	netlink_list_unicast(nl, 1, on_mac, NULL);
	netlink_get_counts(nl, 1, &counts);
}

static int on_option(void *context, const char *name, const char *value)
{
	(void)context;
	must(*name && *value);
	return 0;
}

static void read_bond(struct netlink *nl)
{
	const struct device bond = {.ifindex = 4, .name = "bond0"};
	struct device slave[4];
	uint32_t count = 0;
	netlink_read_bond(nl, bond.ifindex, on_option, NULL);
	if (netlink_list_slaves(nl, &bond, slave, 4, &count) == 0)
		must(count <= 4);
	for (uint32_t i = 0; i < count; i++)
		on_device(NULL, &slave[i], false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlink nl = {};
	if (size < 1)
		return 0;
	input = data + 1;
	left = size - 1;
	switch (data[0] % 7) {
	case 0:
		walk_all();
		break;
	case 1:
		netlink_read_events(&nl, on_device, on_touched, NULL);
		break;
	case 2:
		netlink_list(&nl, on_device, NULL);
		break;
	case 3:
		netlink_list_addresses(&nl, 0, on_address, NULL);
		break;
	case 4:
		read_device(&nl);
		break;
	case 5:
		read_bridge_and_counts(&nl);
		break;
	case 6:
		read_bond(&nl);
		break;
	}
	must(strnlen(nl.why, sizeof(nl.why)) < sizeof(nl.why));
	return 0;
}
