/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * xdprate [-f FLOWS] FROM TO[,TO...] SECONDS [BARE-IN BARE-OUT]
 * Measures how many frames a second go from device FROM to the devices TO together, all written NAMESPACE/DEVICE, and
 * prints that number. Live frames (BPF_F_TEST_XDP_LIVE_FRAMES) are redirected out of FROM; an XDP program on the
 * devices TO counts and drops them. With BARE-IN and BARE-OUT (both in one namespace) a program on BARE-IN redirects
 * everything to BARE-OUT through a devmap: the same path without decisions. Frames that came before the run do not
 * count. All frames belong to one flow, or, with -f, to FLOWS of them in turn.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/traffic.h"
#include "tests/bench/xdprate.skel.h"

#define BATCH (1 << 17) /* frames of one test run: setting one up is expensive */
#define FRAME_LEN 64	/* octets */

struct device {
	char netns[64], name[IF_NAMESIZE];
	int ifindex;
};

/* Enters the device's namespace and finds the device there. */
static struct device enter(const char *text)
{
	struct device d = {};
	const char *slash = strchr(text, '/');
	char path[128];
	int fd;

	if (!slash || (size_t)(slash - text) >= sizeof(d.netns))
		errx(2, "%s: NAMESPACE/DEVICE is wanted", text);
	memcpy(d.netns, text, (size_t)(slash - text));
	snprintf(d.name, sizeof(d.name), "%s", slash + 1);
	snprintf(path, sizeof(path), "/run/netns/%s", d.netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
	d.ifindex = (int)if_nametoindex(d.name);
	if (!d.ifindex)
		err(1, "%s", text);
	return d;
}

/* Attaches a program until this process ends: the link's descriptor stays open. */
static void attach(const struct device *d, const struct bpf_program *program)
{
	if (bpf_link_create(bpf_program__fd(program), d->ifindex, BPF_XDP, NULL) < 0)
		err(1, "%s: XDP program", d->name);
}

static uint64_t arrived(struct xdprate_bpf *skel)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t value[256] = {}, sum = 0;
	uint32_t zero = 0;

	if (cpus > 256 || bpf_map_lookup_elem(bpf_map__fd(skel->maps.arrived), &zero, value))
		errx(1, "the sink's counter cannot be read");
	for (int i = 0; i < cpus; i++)
		sum += value[i];
	return sum;
}

/* A UDP datagram from 10.9.9.1 to 10.9.9.2. */
static void make_frame(uint8_t frame[FRAME_LEN])
{
	struct ether_header *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	memset(frame, 0, FRAME_LEN);
	memcpy(eth->ether_dhost, "\x02\x00\x00\x00\x99\x02", ETH_ALEN);
	memcpy(eth->ether_shost, "\x02\x00\x00\x00\x99\x01", ETH_ALEN);
	eth->ether_type = htons(ETHERTYPE_IP);
	*ip = (struct iphdr){.version = 4,
			     .ihl = 5,
			     .ttl = 64,
			     .protocol = IPPROTO_UDP,
			     .tot_len = htons(FRAME_LEN - sizeof(*eth)),
			     .saddr = htonl(0x0a090901),
			     .daddr = htonl(0x0a090902)};
	*udp = (struct udphdr){
	    .source = htons(1000), .dest = htons(2000), .len = htons(FRAME_LEN - sizeof(*eth) - sizeof(*ip))};
}

static double measure(struct xdprate_bpf *skel, double seconds)
{
	uint8_t frame[FRAME_LEN];
	struct xdp_md context = {.data_end = FRAME_LEN};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	uint64_t begin, end, before;

	make_frame(frame);
	before = arrived(skel);
	begin = now_ns();
	end = begin + (uint64_t)(seconds * 1e9);
	while (now_ns() < end) {
		if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.source), &run))
			err(1, "live frames");
	}
	return (double)(arrived(skel) - before) * 1e9 / (double)(now_ns() - begin);
}

int main(int argc, char **argv)
{
	struct xdprate_bpf *skel = xdprate_bpf__open();
	struct device from, in, out;
	uint32_t flows = 1;

	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		flows = (uint32_t)strtoul(argv[2], NULL, 10);
		argv += 2, argc -= 2;
	}
	if (argc != 4 && argc != 6) {
		fputs("usage: xdprate [-f FLOWS] NETNS/FROM NETNS/TO[,NETNS/TO...] SECONDS [NETNS/BARE-IN "
		      "NETNS/BARE-OUT]\n",
		      stderr);
		return 2;
	}
	if (!skel)
		err(1, "skeleton");
	from = enter(argv[1]);
	skel->rodata->to_ifindex = (uint32_t)from.ifindex;
	skel->rodata->flows = flows;
	if (xdprate_bpf__load(skel))
		err(1, "load");
	if (argc == 6) {
		struct bpf_devmap_val target = {};
		uint32_t zero = 0;

		out = enter(argv[5]);
		target.ifindex = (uint32_t)out.ifindex;
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.bare_target), &zero, &target, 0))
			err(1, "%s: devmap", argv[5]);
		in = enter(argv[4]);
		attach(&in, skel->progs.bare);
	}
	for (char *text = strtok(argv[2], ","); text; text = strtok(NULL, ",")) {
		struct device to = enter(text);

		attach(&to, skel->progs.sink);
	}
	enter(argv[1]);
	printf("%.0f\n", measure(skel, strtod(argv[3], NULL)));
	return 0;
}
