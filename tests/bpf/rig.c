/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Loads the programs of one lagg and runs frames through them. */
#include "bpf/rig.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/xlagg_tc.skel.h"
#include "bpf/xlagg_xdp.skel.h"
#include "xlagg/params.h"

#define CPUS_MAX 512

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

/* Returns whether `word` is in `list`. */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

/* Turns off the programs that are not asked for. Returns false if none remains. */
static bool select_programs(struct bpf_object *object, const char *programs)
{
	struct bpf_program *program;
	bool any = false;

	bpf_object__for_each_program(program, object)
	{
		bool wanted = listed(programs, bpf_program__name(program));
		bpf_program__set_autoload(program, wanted);
		any |= wanted;
	}
	return any;
}

static void *map_memory(const struct rig *rig, const char *name, size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, rig_map(rig, name), 0);

	cr_assert_neq(memory, MAP_FAILED, "map %s cannot be mapped: %s", name, strerror(errno));
	return memory;
}

void rig_leave_out_captures(struct bpf_object *object, const char *programs)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) if (strncmp(bpf_map__name(map), "capture_", 8) == 0)
	    bpf_map__set_autocreate(map, strstr(programs, "capture_") != NULL);
}

static void load_tc(struct rig *rig, const char *programs)
{
	struct xlagg_tc_bpf *skeleton = xlagg_tc_bpf__open();

	cr_assert_not_null(skeleton);
	rig->tc_skeleton = skeleton;
	*(struct xlagg_params *)&skeleton->rodata->params = rig->params;
	select_programs(skeleton->obj, programs);
	rig_leave_out_captures(skeleton->obj, programs);
	cr_assert_eq(bpf_object__load(skeleton->obj), 0, "the tc programs do not load: %s", strerror(errno));
	rig->tc = skeleton->obj;
}

/* The xdp object shares the maps of the tc object, as in the product. */
static void load_xdp(struct rig *rig, const char *programs)
{
	struct xlagg_xdp_bpf *skeleton = xlagg_xdp_bpf__open();
	struct bpf_map *map;

	cr_assert_not_null(skeleton);
	rig->xdp_skeleton = skeleton;
	*(struct xlagg_params *)&skeleton->rodata->params = rig->params;
	if (!select_programs(skeleton->obj, programs))
		return;
	rig_leave_out_captures(skeleton->obj, programs);
	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (rig_name_of(map) && bpf_map__autocreate(map))
			cr_assert_eq(bpf_map__reuse_fd(map, rig_map(rig, rig_name_of(map))), 0);
	}
	cr_assert_eq(bpf_object__load(skeleton->obj), 0, "the XDP programs do not load: %s", strerror(errno));
	rig->xdp = skeleton->obj;
}

/* roundrobin takes turns per CPU: with one CPU the next port is certain. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

struct rig *rig_open(const struct xlagg_params *params, const char *programs)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	cr_assert_not_null(rig);
	libbpf_set_print(print);
	stay_on_one_cpu();
	rig->params = *params;
	xlagg_params_complete(&rig->params);
	load_tc(rig, programs);
	load_xdp(rig, programs);
	rig->ports = map_memory(rig, "ports", XLAGG_MAX_PORTS * sizeof(struct xlagg_port));
	rig->tables = map_memory(rig, "tables", XLAGG_TABLES * sizeof(struct xlagg_table));
	rig->control = map_memory(rig, "control", sizeof(struct xlagg_control));
	rig->control->carrier = 1;
	/* Says that the lagg's device and its ports are there: any device will do where nothing is really redirected.
	 */
	uint32_t zero = 0, loopback = 1;
	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "lower_alive"), &zero, &loopback, BPF_ANY), 0);
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++) {
		cr_assert_eq(bpf_map_update_elem(rig_map(rig, "port_alive"), &i, &loopback, BPF_ANY), 0);
		cr_assert_eq(bpf_map_update_elem(rig_map(rig, "tx_devs"), &i, &loopback, BPF_ANY), 0);
		rig->ports[i].enabled = XLAGG_PORT_OUT;
	}
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		rig->tables[0].bucket[i] = rig->tables[1].bucket[i] = XLAGG_NO_PORT << 8 | XLAGG_NO_PORT;
	return rig;
}

struct rig *rig_with_ports(uint32_t proto, uint32_t ports, const char *programs)
{
	struct xlagg_params params = {
	    .proto = proto,
	    .hash = XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4,
	    .seed = 0x5eed,
	    .lower_ifindex = 999,
	    .rr_limit = 1,
	    .ethertypes = 2,
	    .ethertype = {0x88cc, 0x888e},
	    .data_below = 0x8808,
	};

	return rig_with_ports_of(&params, ports, programs);
}

struct rig *rig_with_ports_of(const struct xlagg_params *params, uint32_t ports, const char *programs)
{
	struct rig *rig = rig_open(params, programs);

	for (uint32_t i = 0; i < ports; i++) {
		rig->ports[i] = (struct xlagg_port){.ifindex = 1000 + i, .flags = XLAGG_PORT_COLLECTING};
		rig->tables[0].order[i] = (uint8_t)i;
	}
	rig->tables[0].count = ports;
	for (uint32_t b = 0; ports && b < XLAGG_BUCKETS; b++)
		rig->tables[0].bucket[b] = (uint16_t)((b + 1) % ports << 8 | b % ports);
	return rig;
}

void rig_close(struct rig *rig)
{
	munmap(rig->ports, XLAGG_MAX_PORTS * sizeof(struct xlagg_port));
	munmap(rig->tables, 2 * sizeof(struct xlagg_table));
	munmap(rig->control, sizeof(struct xlagg_control));
	xlagg_xdp_bpf__destroy(rig->xdp_skeleton);
	xlagg_tc_bpf__destroy(rig->tc_skeleton);
	free(rig);
}

int rig_program(const struct rig *rig, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(rig->tc, name);

	if (!program && rig->xdp)
		program = bpf_object__find_program_by_name(rig->xdp, name);
	cr_assert(program && bpf_program__fd(program) >= 0, "no program %s", name);
	return bpf_program__fd(program);
}

const char *rig_name_of(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);

	if (strcmp(name, ".data.control") == 0)
		return "control";
	return strchr(name, '.') ? NULL : name;
}

int rig_map(const struct rig *rig, const char *name)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, rig->tc) if (rig_name_of(map) && strcmp(rig_name_of(map), name) == 0)
	{
		return bpf_map__fd(map);
	}
	cr_assert_fail("no map %s", name);
	return -1;
}

/* Has control.carrier say of the ports what their flags do, as the agent does. */
static void keep_carrier(struct rig *rig)
{
	if (!rig->control->carrier)
		return;
	rig->control->carrier = XLAGG_CARRIER;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (rig->ports[slot].flags & XLAGG_PORT_COLLECTING)
			rig->control->carrier |= xlagg_passes(slot);
}

uint32_t rig_run_skb(struct rig *rig, const char *program, const struct frame *f, const struct __sk_buff *skb)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->data, .data_size_in = f->len, .data_out = rig->out,
		    .data_size_out = sizeof(rig->out), .ctx_in = skb, .ctx_size_in = skb ? sizeof(*skb) : 0,
		    .repeat = 1);

	keep_carrier(rig);
	cr_assert_eq(bpf_prog_test_run_opts(rig_program(rig, program), &opts), 0, "%s over %u octets: %s", program,
		     f->len, strerror(errno));
	rig->out_len = opts.data_size_out;
	return opts.retval;
}

uint32_t rig_run(struct rig *rig, const char *program, const struct frame *f)
{
	return rig_run_skb(rig, program, f, NULL);
}

struct xlagg_explanation rig_explain(struct rig *rig, const struct frame *f)
{
	struct xlagg_explanation result = {.choice = 0xffff};
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "probe_result"), &zero, &result, BPF_ANY), 0);
	cr_assert_eq(rig_run(rig, "explain", f), UNSPEC);
	cr_assert_eq(bpf_map_lookup_elem(rig_map(rig, "probe_result"), &zero, &result), 0);
	return result;
}

/* Adds up `words` 64-bit counters over all CPUs. */
static void sum_counters(int fd, uint32_t index, uint64_t *sum, size_t words)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *value = calloc((size_t)cpus * words, sizeof(*value));

	cr_assert(value && cpus > 0 && cpus <= CPUS_MAX);
	cr_assert_eq(bpf_map_lookup_elem(fd, &index, value), 0);
	for (size_t i = 0; i < (size_t)cpus * words; i++)
		sum[i % words] += value[i];
	free(value);
}

struct xlagg_port_stats rig_port_stats(const struct rig *rig, uint32_t slot)
{
	struct xlagg_port_stats stats = {0};

	sum_counters(rig_map(rig, "port_stats"), slot, (uint64_t *)&stats, sizeof(stats) / sizeof(uint64_t));
	stats.tx_packets += stats.both.tx_packets;
	stats.tx_bytes += stats.both.tx_bytes;
	stats.rx_packets += stats.both.rx_packets;
	stats.rx_bytes += stats.both.rx_bytes;
	stats.both = (struct xlagg_counts){0};
	return stats;
}

struct xlagg_lagg_stats rig_lagg_stats(const struct rig *rig)
{
	struct xlagg_lagg_stats stats = {0};

	sum_counters(rig_map(rig, "lagg_stats"), 0, (uint64_t *)&stats, sizeof(stats) / sizeof(uint64_t));
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_port_stats port = {0};

		sum_counters(rig_map(rig, "port_stats"), slot, (uint64_t *)&port, sizeof(port) / sizeof(uint64_t));
		stats.tx_packets += port.both.tx_packets;
		stats.tx_bytes += port.both.tx_bytes;
		stats.rx_packets += port.both.rx_packets;
		stats.rx_bytes += port.both.rx_bytes;
	}
	return stats;
}

struct reading {
	struct xlagg_agent_frame *event;
	uint32_t max, count;
};

static int take_event(void *context, void *data, size_t len)
{
	struct reading *reading = context;

	cr_assert_eq(len, sizeof(struct xlagg_agent_frame));
	if (reading->count < reading->max)
		memcpy(&reading->event[reading->count], data, len);
	reading->count++;
	return 0;
}

uint32_t rig_agent_frames(const struct rig *rig, struct xlagg_agent_frame *event, uint32_t max)
{
	struct reading reading = {.event = event, .max = max};
	struct ring_buffer *ring = ring_buffer__new(rig_map(rig, "slow_rx"), take_event, &reading, NULL);

	cr_assert_not_null(ring);
	cr_assert_geq(ring_buffer__consume(ring), 0);
	ring_buffer__free(ring);
	return reading.count;
}

void rig_lose(struct rig *rig, uint32_t slot)
{
	__atomic_add_fetch(&rig->ports[slot].lost, 1, __ATOMIC_RELAXED);
}

void rig_let_in(struct rig *rig, uint32_t slot)
{
	rig->ports[slot].enabled = rig->ports[slot].lost;
}

void rig_limit_due(struct rig *rig, uint32_t slot, uint64_t due_ns)
{
	/* one for each enum xlagg_frame_class */
	uint64_t due[5] = {due_ns, due_ns, due_ns, due_ns, due_ns};

	cr_assert_eq(bpf_map_update_elem(rig_map(rig, "limiter"), &slot, due, BPF_ANY), 0);
}

void rig_netns(void)
{
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "no network namespace: %s", strerror(errno));
	rig_sh("ip link set lo up");
}

void rig_sh(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	int status = system(command);
	cr_assert_eq(status, 0, "failed: %s", command);
}
