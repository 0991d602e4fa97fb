/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What hashing a frame and choosing its port costs, for each choice of fields and each kind of frame: the time of a run
 * of xlagg's transmit programs (BPF_PROG_TEST_RUN), less that of an empty program. Beside them a program that redirects
 * and one that counts as well.
 *
 *   hash UNIT    prints the figures, and calls them that; under QEMU's -icount a nanosecond is an instruction
 *
 * Every figure is that of the fastest of ROUNDS rounds.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xlagg/abi.h"

#include "bpf/tunnel.h"
#include "bpf/xlagg_tc.skel.h"
#include "bpf/xlagg_xdp.skel.h"
#include "tests/bench/hash.skel.h"
#include "xlagg/params.h"

#define ROUNDS 5
#define REPEAT 20000 /* runs of a round */
#define PORTS 8
#define L2 XLAGG_HASH_L2
#define L3 XLAGG_HASH_L3
#define L4 XLAGG_HASH_L4
#define INNER XLAGG_HASH_INNER
#define SYMMETRIC XLAGG_HASH_SYMMETRIC

static double empty[2]; /* of tc and of xdp, ns */

/* Returns the time of one run, ns, as the kernel measured it: without what a test run needs before and after. */
static double run(const struct bpf_program *program, const struct frame *f)
{
	uint8_t out[FRAME_MAX + 64];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->data, .data_size_in = f->len, .data_out = out,
		    .data_size_out = sizeof(out), .repeat = REPEAT);
	double least = 1e18;

	for (int round = -1; round < ROUNDS; round++) { /* one to warm up */
		if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts) != 0)
			err(1, "%s", bpf_program__name(program));
		if (round >= 0 && opts.duration < least)
			least = opts.duration;
	}
	return least;
}

static void only(struct bpf_object *object, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	    bpf_program__set_autoload(program, strcmp(bpf_program__name(program), name) == 0);
}

static void set(const struct bpf_map *map, uint32_t key, const void *value, const char *what)
{
	if (bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) != 0)
		err(1, "%s", what);
}

/* A lagg of PORTS ports, all of which are live; the loopback device stands for each. */
static void fill(const struct bpf_map *ports, const struct bpf_map *tables, const struct bpf_map *control,
		 const struct bpf_map *devices)
{
	struct xlagg_control carrier = {.carrier = 1};
	struct xlagg_table table = {.count = PORTS};
	uint32_t loopback = 1;

	for (uint32_t i = 0; i < PORTS; i++) {
		struct xlagg_port port = {.ifindex = loopback, .flags = XLAGG_PORT_COLLECTING};
		set(ports, i, &port, "ports");
		set(devices, i, &loopback, "devices");
		table.order[i] = (uint8_t)i;
	}
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		table.bucket[b] = (uint16_t)((b + 1) % PORTS << 8 | b % PORTS);
	set(tables, 0, &table, "tables");
	set(control, 0, &carrier, "control");
}

static struct xlagg_params params_of(uint32_t fields)
{
	struct xlagg_params params = {.proto = XLAGG_PROTO_LOADBALANCE,
				      .hash = fields,
				      .seed = 0x5eed,
				      .lagg_ifindex = 1,
				      .lower_ifindex = 999,
				      .ethertypes = 2,
				      .ethertype = {0x88cc, 0x888e},
				      .data_below = 0x8808};

	xlagg_params_complete(&params);
	return params;
}

/* Prints what each frame costs with those fields, in tc and in xdp. */
static void cost_tc(uint32_t fields, const struct frame *f, uint32_t frames)
{
	struct xlagg_tc_bpf *skel = xlagg_tc_bpf__open();

	if (!skel)
		err(1, "tc");
	*(struct xlagg_params *)&skel->rodata->params = params_of(fields);
	only(skel->obj, "tx");
	if (xlagg_tc_bpf__load(skel) != 0)
		err(1, "the tc programs do not load");
	fill(skel->maps.ports, skel->maps.tables, skel->maps.data_control, skel->maps.tx_devs);
	for (uint32_t i = 0; i < frames; i++)
		printf(" %7.0f", run(skel->progs.tx, &f[i]) - empty[0]);
	xlagg_tc_bpf__destroy(skel);
}

static void cost_xdp(uint32_t fields, const struct frame *f, uint32_t frames)
{
	struct xlagg_xdp_bpf *skel = xlagg_xdp_bpf__open();

	if (!skel)
		err(1, "xdp");
	*(struct xlagg_params *)&skel->rodata->params = params_of(fields);
	only(skel->obj, "xdp_tx");
	if (xlagg_xdp_bpf__load(skel) != 0)
		err(1, "the XDP programs do not load");
	fill(skel->maps.ports, skel->maps.tables, skel->maps.data_control, skel->maps.tx_devs);
	for (uint32_t i = 0; i < frames; i++)
		printf(" %7.0f", run(skel->progs.xdp_tx, &f[i]) - empty[1]);
	xlagg_xdp_bpf__destroy(skel);
}

static void cost(const char *title, uint32_t fields, const struct frame *f, uint32_t frames)
{
	printf("%-34s", title);
	cost_tc(fields, f, frames);
	printf("  ");
	cost_xdp(fields, f, frames);
	putchar('\n');
	fflush(stdout);
}

static struct frame tcp(bool six)
{
	struct frame f = {0};

	frame_macs(&f, 1, 2);
	frame_put16(&f, six ? 0x86dd : 0x0800);
	frame_packet(&f, (struct frame_flow){six, 6, 3, 4, 40000, 443}, 36);
	return f;
}

/* The programs that neither hash nor choose: the same for every frame. */
static void beside(const struct frame *f)
{
	struct hash_bpf *skel = hash_bpf__open();
	uint32_t loopback = 1;

	if (!skel)
		err(1, "hash");
	*(struct xlagg_params *)&skel->rodata->params = params_of(0);
	if (hash_bpf__load(skel) != 0)
		err(1, "the programs beside do not load");
	set(skel->maps.tx_devs, 0, &loopback, "devices");
	empty[0] = run(skel->progs.tc_empty, f);
	empty[1] = run(skel->progs.xdp_empty, f);
	printf("%-34s %7d %23s %7d\n", "an empty program", 0, "", 0);
	printf("%-34s %7.0f %23s %7.0f\n", "bare redirect", run(skel->progs.tc_redirect, f) - empty[0], "",
	       run(skel->progs.xdp_redirect, f) - empty[1]);
	printf("%-34s %7.0f %23s %7.0f\n", "redirect that counts", run(skel->progs.tc_count, f) - empty[0], "",
	       run(skel->progs.xdp_count, f) - empty[1]);
	hash_bpf__destroy(skel);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *title;
		uint32_t fields;
	} options[] = {
	    {"l2", L2},
	    {"l3", L3},
	    {"l4", L4},
	    {"l2,l3", L2 | L3},
	    {"l3,l4", L3 | L4},
	    {"l2,l3,l4", L2 | L3 | L4},
	    {"l2,l3,l4,symmetric", L2 | L3 | L4 | SYMMETRIC},
	    {"l2,l3,l4,inner", L2 | L3 | L4 | INNER},
	    {"l2,l3,l4,inner,symmetric", L2 | L3 | L4 | INNER | SYMMETRIC},
	};
	static const struct {
		const char *title;
		enum tunnel kind;
	} tunnels[] = {
	    {"IPIP", TUNNEL_IPIP},   {"GRE with key", TUNNEL_GRE_KEY},	 {"NVGRE", TUNNEL_NVGRE},
	    {"VXLAN", TUNNEL_VXLAN}, {"Geneve", TUNNEL_GENEVE},		 {"GTP-U", TUNNEL_GTPU_EXTENSION},
	    {"MPLS", TUNNEL_MPLS},   {"MPLS over UDP", TUNNEL_MPLS_UDP}, {"PPPoE", TUNNEL_PPPOE},
	};
	struct frame f[3] = {tcp(false), tcp(true), {0}};

	if (argc != 2)
		errx(2, "usage: hash UNIT");
	f[2] = f[0];
	memmove(f[2].data + 16, f[0].data + 12, f[0].len - 12);
	memcpy(f[2].data + 12, (uint8_t[]){0x81, 0x00, 0, 7}, 4);
	f[2].len += 4;
	printf("%s more than an empty program needs\n%-34s %7s %23s %7s\n", argv[1], "", "tc", "", "xdp");
	beside(&f[0]);
	printf("\n%-34s %7s %7s %7s   %7s %7s %7s\n", "hash and choice, TCP over", "IPv4", "IPv6", "tagged", "IPv4",
	       "IPv6", "tagged");
	for (uint32_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		cost(options[i].title, options[i].fields, f, 3);
	printf("\n%-34s %7s %7s   %7s %7s\n", "inner: TCP over IP in", "IPv4", "IPv6", "IPv4", "IPv6");
	for (uint32_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		bool both = tunnel_carries(tunnels[i].kind, true);
		for (uint32_t six = 0; six < 1u + both; six++)
			f[six] = frame_tunnel(tunnels[i].kind, 100, (struct frame_flow){six, 6, 3, 4, 40000, 443});
		cost(tunnels[i].title, L2 | L3 | L4 | INNER, f, 1 + both);
	}
	return 0;
}
