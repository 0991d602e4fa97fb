/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the programs count and record: counters, LACP, frames for the agent; and what `explain` says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/datapath/internal.h"

/* Adds up the per-CPU values of one entry: `words` counters of 64 bits. */
static int sum(const struct datapath *dp, const char *map, uint32_t index, uint64_t *ret, size_t words)
{
	int fd = datapath_map(dp, map), cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0)
		return fd < 0 ? fd : cpus;
	uint64_t *values = calloc((size_t)cpus * words, sizeof(*values));
	if (!values)
		return -ENOMEM;
	int r = bpf_map_lookup_elem(fd, &index, values) == 0 ? 0 : -errno;
	if (!r)
		memset(ret, 0, words * sizeof(*ret));
	for (size_t i = 0; !r && i < (size_t)cpus * words; i++)
		ret[i % words] += values[i];
	free(values);
	return r;
}

int datapath_port_stats(const struct datapath *dp, uint32_t slot, struct xlagg_port_stats *ret)
{
	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "struct xlagg_port_stats holds other than counters");
	int r = sum(dp, "port_stats", slot, (uint64_t *)ret, sizeof(*ret) / sizeof(uint64_t));
	if (r)
		return r;
	ret->tx_packets += ret->both.tx_packets - ret->before.tx_packets;
	ret->tx_bytes += ret->both.tx_bytes - ret->before.tx_bytes;
	ret->rx_packets += ret->both.rx_packets - ret->before.rx_packets;
	ret->rx_bytes += ret->both.rx_bytes - ret->before.rx_bytes;
	return 0;
}

/* Reads the first `entries` entries of a per-CPU map into `values`. */
static int read_entries(int fd, uint32_t entries, void *values)
{
	uint32_t keys[XLAGG_BUCKETS], count = entries, batch = 0;
	/* ENOENT says that this was the last batch. */
	if (bpf_map_lookup_batch(fd, NULL, &batch, keys, values, &count, NULL) != 0 && errno != ENOENT)
		return -errno;
	return count == entries ? 0 : -EPROTO;
}

/* Adds what was counted for a port and the lagg at once, on all slots and CPUs. */
static int add_both(const struct datapath *dp, struct xlagg_lagg_stats *ret)
{
	int fd = datapath_map(dp, "port_stats"), cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0)
		return fd < 0 ? fd : cpus;
	size_t count = XLAGG_MAX_PORTS * (size_t)cpus;
	struct xlagg_port_stats *port = calloc(count, sizeof(*port));
	int r = port ? read_entries(fd, XLAGG_MAX_PORTS, port) : -ENOMEM;
	for (size_t i = 0; !r && i < count; i++) {
		ret->tx_packets += port[i].both.tx_packets;
		ret->tx_bytes += port[i].both.tx_bytes;
		ret->rx_packets += port[i].both.rx_packets;
		ret->rx_bytes += port[i].both.rx_bytes;
	}
	free(port);
	return r;
}

int datapath_lagg_stats(const struct datapath *dp, struct xlagg_lagg_stats *ret)
{
	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "struct xlagg_lagg_stats holds other than counters");
	struct xlagg_lagg_stats stats;
	int r = sum(dp, "lagg_stats", 0, (uint64_t *)&stats, sizeof(stats) / sizeof(uint64_t));
	if (!r)
		r = add_both(dp, &stats);
	if (!r)
		*ret = stats;
	return r;
}

int datapath_port_quality(const struct datapath *dp, uint32_t slot, struct xlagg_port_quality *ret)
{
	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "struct xlagg_port_quality holds other than counters");
	return sum(dp, "port_quality", slot, (uint64_t *)ret, sizeof(*ret) / sizeof(uint64_t));
}

int datapath_bucket_loads(const struct datapath *dp, uint64_t ret[XLAGG_BUCKETS])
{
	_Static_assert(sizeof(struct xlagg_bucket_load) == sizeof(*ret), "struct xlagg_bucket_load grew");
	int fd = datapath_map(dp, "bucket_load"), cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0)
		return fd < 0 ? fd : cpus;
	uint64_t *values = calloc(XLAGG_BUCKETS * (size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	int r = read_entries(fd, XLAGG_BUCKETS, values);
	if (!r)
		memset(ret, 0, XLAGG_BUCKETS * sizeof(*ret));
	for (size_t i = 0; !r && i < XLAGG_BUCKETS * (size_t)cpus; i++)
		ret[i / (size_t)cpus] += values[i];
	free(values);
	return r;
}

static int gap_of(const struct xlagg_turnover *cpu, int cpus, uint32_t from, uint32_t to, uint64_t since,
		  struct datapath_gap *ret)
{
	uint64_t left = 0, came = UINT64_MAX, refused = 0;
	for (int i = 0; i < cpus; i++) {
		const struct xlagg_turnover *t = &cpu[i];
		/* A CPU that has sent nothing since the change still has `from` as its port. */
		uint64_t last = t->slot == from ? t->last_ns : t->slot == to && t->from == from ? t->left_ns : 0;
		if (last > left)
			left = last;
		if (t->slot != to || t->came_ns <= since)
			continue;
		refused += t->between;
		if (t->came_ns < came)
			came = t->came_ns;
	}
	if (!left || came == UINT64_MAX)
		return -EAGAIN;
	ret->ns = came > left ? came - left : 0;
	ret->refused = refused;
	return 0;
}

int datapath_gap(const struct datapath *dp, uint32_t from, uint32_t to, uint64_t since_ns, struct datapath_gap *ret)
{
	uint32_t zero = 0;
	int fd = datapath_map(dp, "turnover"), cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0)
		return fd < 0 ? fd : cpus;
	struct xlagg_turnover *cpu = calloc((size_t)cpus, sizeof(*cpu));
	if (!cpu)
		return -ENOMEM;
	int r = bpf_map_lookup_elem(fd, &zero, cpu) == 0 ? gap_of(cpu, cpus, from, to, since_ns, ret) : -errno;
	free(cpu);
	return r;
}

static int put(const struct datapath *dp, const char *map, uint32_t index, const void *value)
{
	int fd = datapath_map(dp, map);
	if (fd < 0)
		return fd;
	return bpf_map_update_elem(fd, &index, value, BPF_ANY) == 0 ? 0 : -errno;
}

int datapath_reset_headless(struct datapath *dp, uint32_t slot)
{
	return put(dp, "headless", slot, &(struct xlagg_headless){0});
}

/* What was counted for port and lagg at once stays, since it is part of the lagg's counters. */
static int reset_port_stats(struct datapath *dp, uint32_t slot, size_t cpus)
{
	int fd = datapath_map(dp, "port_stats");
	struct xlagg_port_stats *cpu = calloc(cpus, sizeof(*cpu));
	int r = !cpu ? -ENOMEM : fd < 0 ? fd : bpf_map_lookup_elem(fd, &slot, cpu) == 0 ? 0 : -errno;
	for (size_t i = 0; !r && i < cpus; i++)
		cpu[i] = (struct xlagg_port_stats){.both = cpu[i].both, .before = cpu[i].both};
	if (!r)
		r = put(dp, "port_stats", slot, cpu);
	free(cpu);
	return r;
}

static int reset_port_quality(struct datapath *dp, uint32_t slot, size_t cpus)
{
	struct xlagg_port_quality *zero = calloc(cpus, sizeof(*zero));
	int r = zero ? put(dp, "port_quality", slot, zero) : -ENOMEM;
	free(zero);
	return r;
}

int datapath_port_reset(struct datapath *dp, uint32_t slot)
{
	int cpus = libbpf_num_possible_cpus();
	if (slot >= XLAGG_MAX_PORTS || cpus < 0)
		return slot >= XLAGG_MAX_PORTS ? -EINVAL : cpus;
	int r = reset_port_stats(dp, slot, (size_t)cpus);
	if (!r)
		r = reset_port_quality(dp, slot, (size_t)cpus);
	if (!r)
		r = datapath_reset_headless(dp, slot);
	return r ? r : datapath_set_lacp(dp, slot, &(struct xlagg_lacp){0});
}

int datapath_set_lacp(struct datapath *dp, uint32_t slot, const struct xlagg_lacp *lacp)
{
	return slot < XLAGG_MAX_PORTS ? put(dp, "lacp", slot, lacp) : -EINVAL;
}

/* Reads one entry. *ret is untouched on failure. */
static int get(const struct datapath *dp, const char *map, uint32_t index, void *ret)
{
	int fd = datapath_map(dp, map);
	if (fd < 0)
		return fd;
	return bpf_map_lookup_elem(fd, &index, ret) == 0 ? 0 : -errno;
}

int datapath_get_lacp(const struct datapath *dp, uint32_t slot, struct xlagg_lacp *ret)
{
	return get(dp, "lacp", slot, ret);
}

int datapath_get_headless(const struct datapath *dp, uint32_t slot, struct xlagg_headless *ret)
{
	return get(dp, "headless", slot, ret);
}

void datapath_note_heard(struct datapath *dp)
{
	struct xlagg_headless did;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!dp->written.port[slot].ifindex || datapath_get_headless(dp, slot, &did) < 0)
			continue;
		did.rx_ns = clock_now();
		put(dp, "headless", slot, &did);
	}
}

/* The slot that sends link probes from that MAC. -ENOENT: none. */
static int probing_slot(const uint8_t macs[XLAGG_MAX_PORTS][6], const uint8_t mac[6])
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (memcmp(macs[slot], mac, 6) == 0)
			return slot;
	return -ENOENT;
}

int datapath_set_probe_macs(struct datapath *dp, const uint8_t macs[XLAGG_MAX_PORTS][6])
{
	static const uint8_t none[6];
	struct xlagg_probe_mac stale[XLAGG_MAX_PORTS], key, next;
	uint32_t count = 0;
	int fd = datapath_map(dp, "probe_macs"), r = 0;
	if (fd < 0)
		return fd;
	for (bool more = bpf_map_get_next_key(fd, NULL, &next) == 0; more && count < XLAGG_MAX_PORTS;
	     more = bpf_map_get_next_key(fd, &key, &next) == 0) {
		key = next;
		if (probing_slot(macs, key.mac) < 0)
			stale[count++] = key;
	}
	for (uint32_t i = 0; i < count; i++)
		bpf_map_delete_elem(fd, &stale[i]);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		key = (struct xlagg_probe_mac){0};
		memcpy(key.mac, macs[slot], 6);
		if (memcmp(macs[slot], none, 6) != 0 && bpf_map_update_elem(fd, &key, &slot, BPF_ANY) != 0)
			r = -errno;
	}
	return r;
}

int datapath_frames_fd(const struct datapath *dp)
{
	return ring_buffer__epoll_fd(dp->frames);
}

int datapath_read_frames(struct datapath *dp, datapath_frame_fn fn, void *context)
{
	dp->frame_fn = fn;
	dp->frame_context = context;
	int frames = ring_buffer__consume(dp->frames);
	dp->frame_fn = NULL;
	return frames < 0 ? frames : 0;
}

/* The verifier needs more time for this program than for all others together, and hardly any lagg ever uses it. So it
 * is loaded at its first use. */
int explain_load(struct datapath *dp)
{
	char sentence[XLAGG_SENTENCE_MAX];
	__attribute__((cleanup(programs_close))) struct programs *programs = NULL;
	int r = programs_open(&dp->setup, PROGRAMS_TC, XLAGG_NO_PORT, &programs);
	if (!r)
		r = programs_load(dp, programs, (const char *const[]){"explain", NULL}, sentence);
	return r ? r : pin_set(dp->folder, "prog_probe", programs_fd(programs, "explain"));
}

static int get_explain(struct datapath *dp)
{
	int program = pin_get(dp->folder, "prog_probe", PIN_PROGRAM);
	if (program >= 0)
		return program;
	int r = explain_load(dp);
	return r ? r : pin_get(dp->folder, "prog_probe", PIN_PROGRAM);
}

int datapath_explain(struct datapath *dp, const void *frame, uint32_t len, uint32_t moves,
		     struct xlagg_explanation *ret)
{
	__attribute__((cleanup(close_fd))) int program = get_explain(dp);
	int result = datapath_map(dp, "probe_result");
	if (program < 0 || result < 0)
		return program < 0 ? program : result;
	struct __sk_buff context = {.cb = {moves}};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1, .ctx_in = &context,
		    .ctx_size_in = sizeof(context));
	if (bpf_prog_test_run_opts(program, &opts) != 0)
		return -errno;
	struct xlagg_explanation answer;
	uint32_t first = 0;
	if (bpf_map_lookup_elem(result, &first, &answer) != 0)
		return -errno;
	*ret = answer;
	return 0;
}
