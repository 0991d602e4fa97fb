/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Publishing: stores to mapped memory, so that a failover needs no system call.
 *
 * A table buffer is written only when no program can still be reading it. A program reads a buffer within one run of a
 * softirq, and the buffers are used in turn. When the next buffer went out of use longer than GRACE_NS ago, no run from
 * that time can still be going on, and nothing has to be waited for. That is the usual case, unless a lagg changes more
 * than a few times within GRACE_NS. Then membarrier(MEMBARRIER_CMD_GLOBAL) waits for an RCU grace period (15 ms and
 * more), which ends only after every program that ran at its start. Ports that leave are taken out before that wait, so
 * frames take their backups during it. On a machine with one CPU the call rightly returns at once, since no softirq can
 * run beside us. A kernel with nohz_full refuses the call; then the rest of GRACE_NS is slept. If a virtual CPU stopped
 * inside a program for longer than that, it would read one bucket of the newer table, which is valid too.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "sys/datapath/internal.h"

#define GRACE_NS 200000000ull

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void wait_for_readers(const struct datapath *dp, uint32_t table)
{
	if (!dp->retired_ns[table])
		return;
	uint64_t since = now_ns() - dp->retired_ns[table];
	if (since >= GRACE_NS || syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return;
	struct timespec rest = {.tv_nsec = (long)(GRACE_NS - since)};
	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
}

static void store(uint32_t *to, uint32_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static uint32_t load(const uint32_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* The index of the table in use, cut to what exists, because others can write to the map. */
static uint32_t table_in_use(const struct datapath *dp)
{
	return load(&dp->control->table) % XLAGG_TABLES;
}

static void switch_table(struct datapath *dp, const struct xlagg_table *table)
{
	uint32_t before = table_in_use(dp), next = (before + 1) % XLAGG_TABLES;
	wait_for_readers(dp, next);
	dp->tables[next] = *table;
	store(&dp->control->table, next);
	dp->retired_ns[before] = now_ns();
}

bool table_valid(const struct xlagg_table *table)
{
	if (table->count > XLAGG_MAX_PORTS)
		return false;
	for (uint32_t i = 0; i < table->count; i++)
		if (table->order[i] >= XLAGG_MAX_PORTS)
			return false;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++) {
		uint32_t slot = table->bucket[i] & 0xffu, backup = table->bucket[i] >> 8;
		if ((slot >= XLAGG_MAX_PORTS && slot != XLAGG_NO_PORT) ||
		    (backup >= XLAGG_MAX_PORTS && backup != XLAGG_NO_PORT))
			return false;
	}
	return true;
}

/* XDP's broadcast goes to every entry of a devmap, which only user space can change. This is done after the stamps,
 * because it takes system calls. */
static int publish_broadcast(const struct datapath *dp, const bool live[XLAGG_MAX_PORTS])
{
	int fd = datapath_map(dp, "live_devs"), r = 0;
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		uint32_t ifindex = dp->ports[i].ifindex;
		if (live[i] && ifindex && bpf_map_update_elem(fd, &i, &ifindex, BPF_ANY) != 0)
			r = -errno;
		else if (!live[i] || !ifindex)
			bpf_map_delete_elem(fd, &i);
	}
	return r;
}

int datapath_publish(struct datapath *dp, const struct xlagg_table *table, const bool live[XLAGG_MAX_PORTS],
		     const uint32_t flags[XLAGG_MAX_PORTS], const uint32_t lost[XLAGG_MAX_PORTS])
{
	if (!table_valid(table))
		return -EINVAL;
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		struct xlagg_port *port = &dp->ports[i];
		/* Flags before the stamp, so that the watcher cannot let in again a port that leaves. */
		store(&port->flags, port->ifindex ? flags[i] : 0);
		if (!live[i] || !port->ifindex)
			store(&port->enabled, XLAGG_PORT_OUT);
	}
	/* When only flags or stamps have changed, the table stays and nothing has to be waited for. */
	if (memcmp(&dp->tables[table_in_use(dp)], table, sizeof(*table)) != 0)
		switch_table(dp, table);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		if (live[i] && dp->ports[i].ifindex && lost[i] != XLAGG_PORT_OUT)
			store(&dp->ports[i].enabled, lost[i]);
	return dp->setup.profile == XLAGG_DATAPATH_XDP && dp->setup.params.proto == XLAGG_PROTO_BROADCAST
		   ? publish_broadcast(dp, live)
		   : 0;
}

void publish_adopted(struct datapath *dp)
{
	uint64_t now = now_ns();
	for (uint32_t i = 0; i < XLAGG_TABLES; i++)
		dp->retired_ns[i] = now;
}

const struct xlagg_table *datapath_table(const struct datapath *dp)
{
	return &dp->tables[table_in_use(dp)];
}

void datapath_lost(const struct datapath *dp, uint32_t lost[XLAGG_MAX_PORTS])
{
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		lost[i] = load(&dp->ports[i].lost);
}

void datapath_lose(struct datapath *dp, uint32_t slot, int ifindex)
{
	struct xlagg_port *port = &dp->ports[slot];
	if (load(&port->ifindex) == (uint32_t)ifindex)
		__atomic_fetch_add(&port->lost, 1, __ATOMIC_SEQ_CST);
}

void datapath_carrier(struct datapath *dp, bool carrier)
{
	store(&dp->control->carrier, carrier);
}

void datapath_heartbeat(struct datapath *dp, uint64_t now)
{
	__atomic_store_n(&dp->control->heartbeat_ns, now, __ATOMIC_RELEASE);
}
