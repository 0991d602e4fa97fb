/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads what bonding knows of LACP, from its file in /proc: netlink has a part of it only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/fd.h"
#include "sys/netlink/netlink.h"
#include "xlagg/mac.h"

/* Which of the two ends the lines that follow describe. */
enum place { NOWHERE, ACTOR, PARTNER };

struct reading {
	struct netlink_bond_lacp *list;
	uint32_t count, max, active; /* active: number of the aggregator that carries traffic */
	enum place place;
	bool more;
};

/* Returns what stands behind `name` on the line, or NULL: the line says something else. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);
	line += strspn(line, " \t");
	if (strncmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

static uint16_t number(const char *value)
{
	return (uint16_t)strtoul(value, NULL, 10);
}

/* A line about one end of a port. */
static void read_end(struct xlagg_lacp_end *end, const char *line)
{
	const char *value;
	if ((value = value_of(line, "system priority")))
		end->system_prio = number(value);
	else if ((value = value_of(line, "system mac address")))
		xlagg_parse_mac(value, end->system);
	else if ((value = value_of(line, "port key")) || (value = value_of(line, "oper key")))
		end->key = number(value);
	else if ((value = value_of(line, "port priority")))
		end->port_prio = number(value);
	else if ((value = value_of(line, "port number")))
		end->port = number(value);
	else if ((value = value_of(line, "port state")))
		end->state = (uint8_t)number(value);
}

static void begin_slave(struct reading *reading, const char *name)
{
	reading->place = NOWHERE;
	reading->more |= reading->count == reading->max;
	if (reading->more)
		return;
	struct netlink_bond_lacp *slave = &reading->list[reading->count++];
	memset(slave, 0, sizeof(*slave));
	snprintf(slave->name, sizeof(slave->name), "%.15s", name);
}

static void read_line(struct reading *reading, const char *line)
{
	const char *value = value_of(line, "Slave Interface");
	struct netlink_bond_lacp *slave = reading->count ? &reading->list[reading->count - 1] : NULL;
	if (value)
		begin_slave(reading, value);
	else if (!slave && (value = value_of(line, "Aggregator ID")))
		reading->active = number(value);
	else if (slave && (value = value_of(line, "Aggregator ID")))
		slave->aggregator = number(value);
	else if (value_of(line, "details actor lacp pdu"))
		reading->place = ACTOR;
	else if (value_of(line, "details partner lacp pdu"))
		reading->place = PARTNER;
	else if (slave && reading->place != NOWHERE)
		read_end(reading->place == ACTOR ? &slave->actor : &slave->partner, line);
}

int netlink_read_bond_lacp(const char *bond, struct netlink_bond_lacp *ret, uint32_t max, uint32_t *count)
{
	struct reading reading = {.list = ret, .max = max};
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/thread-self/net/bonding/%.15s", bond);
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		read_line(&reading, line);
	}
	if (ferror(file) || reading.more)
		return reading.more ? -E2BIG : -EIO;
	for (uint32_t i = 0; i < reading.count; i++) {
		if (!ret[i].actor.port)
			return -EPROTO;
		ret[i].active = ret[i].aggregator == reading.active;
	}
	*count = reading.count;
	return 0;
}
