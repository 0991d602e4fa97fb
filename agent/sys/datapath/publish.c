/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Publishing: stores to mapped memory, so that a failover needs no system call.
 *
 * A table buffer is written only when no program can still be reading it. A program reads a buffer within one run of a
 * softirq, and the buffers are used in turn. When the next buffer went out of use longer than GRACE_NS ago, no run from
 * that time can still be going on. That is the usual case, unless a lagg changes more than a few times within GRACE_NS.
 * Then the new table waits until its buffer is free, and a newer one takes its place: nobody waits for a grace period.
 * Meanwhile flags and stamps are as they should be, so frames take backups in place of the ports that left. If a
 * virtual CPU stopped inside a program for longer than GRACE_NS, it would read one bucket of the newer table, which is
 * valid too.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "sys/datapath/internal.h"

#define GRACE_NS 200000000ull

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static uint32_t next_buffer(const struct datapath *dp)
{
	return (dp->written.control.table + 1) % XLAGG_TABLES;
}

/* Returns the monotonic time from which on no program can be reading the next buffer any more. */
static uint64_t free_ns(const struct datapath *dp)
{
	uint64_t retired = dp->retired_ns[next_buffer(dp)];
	return retired ? retired + GRACE_NS : 0;
}

static void store(uint32_t *to, uint32_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static uint32_t load(const uint32_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* Writes a word of a map, and notes what was written. */
static void set(uint32_t *word, uint32_t *written, uint32_t value)
{
	*written = value;
	store(word, value);
}

void port_set_ifindex(struct datapath *dp, uint32_t slot, uint32_t ifindex)
{
	set(&dp->ports[slot].ifindex, &dp->written.port[slot].ifindex, ifindex);
}

static void set_carrier(struct datapath *dp, uint32_t carrier)
{
	set(&dp->control->carrier, &dp->written.control.carrier, carrier);
}

/* What control.carrier says of a port, if the lagg has carrier. */
static uint32_t passes(const struct datapath *dp, uint32_t slot)
{
	return dp->written.port[slot].flags & XLAGG_PORT_COLLECTING ? xlagg_passes(slot) : 0;
}

static void write_flags(struct datapath *dp, uint32_t slot, uint32_t flags)
{
	uint32_t carrier = dp->written.control.carrier;
	set(&dp->ports[slot].flags, &dp->written.port[slot].flags, flags);
	if (carrier)
		set_carrier(dp, (carrier & ~xlagg_passes(slot)) | passes(dp, slot));
}

void port_set_flags(struct datapath *dp, uint32_t slot, uint32_t flags)
{
	uint32_t place = dp->written.port[slot].flags & ~XLAGG_PORT_POLICY;
	write_flags(dp, slot, place | flags);
}

void port_clear_flags(struct datapath *dp, uint32_t slot)
{
	write_flags(dp, slot, 0);
}

void port_set_enabled(struct datapath *dp, uint32_t slot, uint32_t enabled)
{
	set(&dp->ports[slot].enabled, &dp->written.port[slot].enabled, enabled);
}

void datapath_place(struct datapath *dp, const uint32_t place[XLAGG_MAX_PORTS])
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		write_flags(dp, slot, place[slot] | (dp->written.port[slot].flags & XLAGG_PORT_POLICY));
}

static void switch_table(struct datapath *dp, const struct xlagg_table *table)
{
	uint32_t before = dp->written.control.table, next = next_buffer(dp);
	dp->tables[next] = *table;
	dp->written.table = *table;
	set(&dp->control->table, &dp->written.control.table, next);
	dp->retired_ns[before] = now_ns();
	moves_start(dp, dp->retired_ns[before]);
}

void datapath_publish_rest(struct datapath *dp)
{
	if (!dp->waits || now_ns() < free_ns(dp))
		return;
	dp->waits = false;
	switch_table(dp, &dp->next);
}

uint64_t datapath_publish_due(const struct datapath *dp)
{
	return dp->waits ? free_ns(dp) : UINT64_MAX;
}

/* Replaces the table in use now, or as soon as there is a buffer for the new one. */
static void replace_table(struct datapath *dp, const struct xlagg_table *table)
{
	dp->waits = memcmp(&dp->written.table, table, sizeof(*table)) != 0;
	if (dp->waits)
		dp->next = *table;
	datapath_publish_rest(dp);
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
		if (!bucket_slot_valid(slot) || (backup >= XLAGG_MAX_PORTS && backup != XLAGG_NO_PORT))
			return false;
	}
	return true;
}

/* Whether a port's entry names a device that can be a port, and no other entry names it. */
static bool entry_valid(const struct datapath *dp, uint32_t slot)
{
	const struct xlagg_params *params = &dp->setup.params;
	uint32_t ifindex = dp->written.port[slot].ifindex;
	if (ifindex == 0)
		return true;
	if (ifindex > INT_MAX || ifindex == params->lagg_ifindex || ifindex == params->lower_ifindex)
		return false;
	for (uint32_t other = 0; other < slot; other++)
		if (dp->written.port[other].ifindex == ifindex)
			return false;
	return true;
}

bool publish_adopt(struct datapath *dp)
{
	uint64_t now = now_ns();
	struct written *written = &dp->written;
	written->control = *dp->control;
	if (written->control.abi_version != XLAGG_ABI_VERSION || written->control.table >= XLAGG_TABLES)
		return false;
	written->table = dp->tables[written->control.table];
	memcpy(written->port, dp->ports, sizeof(written->port));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (!entry_valid(dp, slot))
			return false;
	/* An agent of another version may not have kept what it says of the ports. */
	datapath_carrier(dp, written->control.carrier);
	/* The agent before may have switched tables a moment ago. */
	for (uint32_t i = 0; i < XLAGG_TABLES; i++)
		dp->retired_ns[i] = now;
	return table_valid(&written->table);
}

void publish_nothing(struct datapath *dp)
{
	for (uint32_t bucket = 0; bucket < XLAGG_BUCKETS; bucket++)
		dp->written.table.bucket[bucket] = XLAGG_NO_PORT << 8 | XLAGG_NO_PORT;
	for (uint32_t i = 0; i < XLAGG_TABLES; i++)
		dp->tables[i] = dp->written.table;
	set(&dp->control->abi_version, &dp->written.control.abi_version, XLAGG_ABI_VERSION);
}

/* XDP's broadcast goes to every entry of a devmap, which only user space can change. This is done after the stamps,
 * because it takes system calls. */
static int publish_broadcast(const struct datapath *dp, const bool live[XLAGG_MAX_PORTS])
{
	int fd = datapath_map(dp, "live_devs"), r = 0;
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		uint32_t ifindex = dp->written.port[i].ifindex;
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
		uint32_t ifindex = dp->written.port[i].ifindex;
		/* Flags before the stamp, so that the watcher cannot let in again a port that leaves. */
		port_set_flags(dp, i, ifindex ? flags[i] : 0);
		if (!live[i] || !ifindex)
			port_set_enabled(dp, i, XLAGG_PORT_OUT);
	}
	/* When only flags or stamps have changed, the table stays. */
	replace_table(dp, table);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		if (live[i] && dp->written.port[i].ifindex && lost[i] != XLAGG_PORT_OUT)
			port_set_enabled(dp, i, lost[i]);
	return dp->setup.profile == XLAGG_DATAPATH_XDP && dp->setup.params.proto == XLAGG_PROTO_BROADCAST
		   ? publish_broadcast(dp, live)
		   : 0;
}

const struct xlagg_table *datapath_table(const struct datapath *dp)
{
	return &dp->written.table;
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
	uint32_t word = XLAGG_CARRIER;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		word |= passes(dp, slot);
	set_carrier(dp, carrier ? word : 0);
}

void datapath_heartbeat(struct datapath *dp, uint64_t now)
{
	__atomic_store_n(&dp->control->heartbeat_ns, now, __ATOMIC_RELEASE);
}

void datapath_take_over(struct datapath *dp, uint64_t now)
{
	set(&dp->control->life, &dp->written.control.life, load(&dp->control->life) + 1);
	datapath_heartbeat(dp, now);
}

uint32_t datapath_life(const struct datapath *dp)
{
	return dp->written.control.life;
}

uint64_t datapath_unattended(const struct datapath *dp, uint64_t now)
{
	uint64_t last = __atomic_load_n(&dp->control->heartbeat_ns, __ATOMIC_ACQUIRE);
	return last && last < now ? now - last : 0;
}

void datapath_note_return(struct datapath *dp, uint32_t slot)
{
	uint32_t enabled = load(&dp->ports[slot].enabled);
	if (enabled == load(&dp->ports[slot].lost))
		dp->written.port[slot].enabled = enabled;
}

uint32_t port_check_entry(struct datapath *dp, uint32_t slot)
{
	struct xlagg_port *written = &dp->written.port[slot];
	uint32_t enabled = load(&dp->ports[slot].enabled), lost = load(&dp->ports[slot].lost);
	bool returned = written->flags & XLAGG_PORT_KERNEL_RETURN && enabled == lost; /* let in by the watcher */
	bool shrank = (int32_t)(lost - written->lost) < 0;
	if (load(&dp->ports[slot].ifindex) != written->ifindex || load(&dp->ports[slot].flags) != written->flags ||
	    (enabled != written->enabled && !returned) || shrank || lost == XLAGG_PORT_OUT)
		return DATAPATH_VALUES;
	written->lost = lost;
	return written->enabled != XLAGG_PORT_OUT && enabled != lost ? DATAPATH_STALE : 0;
}

void port_repair_entry(struct datapath *dp, uint32_t slot)
{
	struct xlagg_port *port = &dp->ports[slot], *written = &dp->written.port[slot];
	uint32_t lost = load(&port->lost);
	/* It only grows. Where somebody made it smaller, losses since then may be missing: the port stays out until the
	 * agent has read carrier again. */
	if (lost == XLAGG_PORT_OUT || (int32_t)(lost - written->lost) < 0) {
		port_set_enabled(dp, slot, XLAGG_PORT_OUT);
		__atomic_fetch_add(&port->lost, written->lost - lost, __ATOMIC_SEQ_CST);
	}
	write_flags(dp, slot, written->flags);
	port_set_ifindex(dp, slot, written->ifindex);
	port_set_enabled(dp, slot, written->enabled);
}

bool publish_right(const struct datapath *dp)
{
	const struct xlagg_control *written = &dp->written.control;
	return load(&dp->control->abi_version) == written->abi_version && load(&dp->control->table) == written->table &&
	       load(&dp->control->carrier) == written->carrier && load(&dp->control->life) == written->life &&
	       memcmp(&dp->tables[written->table], &dp->written.table, sizeof(dp->written.table)) == 0;
}

void publish_again(struct datapath *dp)
{
	struct written *written = &dp->written;
	uint32_t table = written->control.table;
	set(&dp->control->abi_version, &written->control.abi_version, XLAGG_ABI_VERSION);
	set(&dp->control->carrier, &written->control.carrier, written->control.carrier);
	set(&dp->control->life, &written->control.life, written->control.life);
	/* In place: what programs read there now is not what was published. */
	dp->tables[table] = written->table;
	set(&dp->control->table, &written->control.table, table);
}
