/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The watcher, where the kernel allows tracing: it counts losses before any event is sent, each in its own namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "bpf/xlagg_link.skel.h"

#define LAGG 5 /* index of the rig's lagg in the watcher's tables */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t netns_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	cr_assert_eq(getsockopt(fd, SOL_SOCKET, 71 /* SO_NETNS_COOKIE */, &cookie, &len), 0, "%s", strerror(errno));
	close(fd);
	return cookie;
}

/* Loads and attaches the watcher; the test is skipped where the kernel refuses. */
static struct xlagg_link_bpf *watcher(void)
{
	struct xlagg_link_bpf *link = xlagg_link_bpf__open();

	cr_assert_not_null(link);
	libbpf_set_print(NULL); /* a refusal is no news */
	if (xlagg_link_bpf__load(link) != 0) {
		int r = errno;
		xlagg_link_bpf__destroy(link);
		cr_assert_eq(r, EPERM, "the watcher does not load: %s", strerror(r));
		cr_skip_test("this kernel allows no tracing (EPERM)");
	}
	cr_assert_eq(xlagg_link_bpf__attach(link), 0, "%s", strerror(errno));
	return link;
}

static void watch_lagg(struct xlagg_link_bpf *link, const struct rig *rig)
{
	uint32_t lagg = LAGG, ports = (uint32_t)rig_map(rig, "ports"), control = (uint32_t)rig_map(rig, "control");

	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(link->maps.watched_ports), &lagg, &ports, BPF_ANY), 0, "%s",
		     strerror(errno));
	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(link->maps.watched_controls), &lagg, &control, BPF_ANY), 0);
}

static void watch_port(struct xlagg_link_bpf *link, uint64_t netns, int ifindex, uint32_t slot)
{
	struct xlagg_watch_key key = {.netns = netns, .ifindex = (uint32_t)ifindex};
	struct xlagg_watched value = {.lagg = LAGG, .slot = slot};

	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(link->maps.watch), &key, &value, BPF_ANY), 0);
}

/* Makes a failover lagg on devices; the watcher watches all its ports. */
static struct xlagg_link_bpf *watched_wire(struct wire *wire)
{
	struct xlagg_link_bpf *link = watcher();
	struct xlagg_params params = {.proto = XLAGG_PROTO_FAILOVER};

	wire_open(wire, &params, false);
	watch_lagg(link, wire->rig);
	for (uint32_t i = 0; i < WIRE_PORTS; i++) {
		watch_port(link, netns_cookie(), wire->port_ifindex[i], i);
		rig_let_in(wire->rig, i);
	}
	return link;
}

static bool is_live(const struct rig *rig, uint32_t slot)
{
	return rig->ports[slot].enabled == rig->ports[slot].lost;
}

Test(link, carrier_loss)
{
	struct frame f = frame_udp(1, 2, 3, 4);
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);

	cr_assert_eq(rig_explain(wire.rig, &f).slot, 0);
	rig_sh("ip link set far0 down"); /* its peer loses carrier */
	cr_assert(!is_live(wire.rig, 0));
	cr_assert(is_live(wire.rig, 1));
	cr_assert_eq(rig_explain(wire.rig, &f).slot, 1);
	uint32_t lost = wire.rig->ports[0].lost;
	rig_sh("ip link set far0 up");
	cr_assert(!is_live(wire.rig, 0), "only the agent lets it in");
	rig_let_in(wire.rig, 0);
	cr_assert_eq(rig_explain(wire.rig, &f).slot, 0);
	rig_sh("ip link set far0 down");
	cr_assert_neq(wire.rig->ports[0].lost, lost);
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}

Test(link, admin_down)
{
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);

	rig_sh("ip link set port1 down");
	cr_assert(!is_live(wire.rig, 1));
	cr_assert(is_live(wire.rig, 0) && is_live(wire.rig, 2));
	rig_sh("ip link set port1 up");
	cr_assert(!is_live(wire.rig, 1));
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}

Test(link, removal_and_move_to_another_namespace)
{
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);

	rig_sh("ip link del port1");
	cr_assert(!is_live(wire.rig, 1));
	cr_assert(is_live(wire.rig, 0));
	rig_sh(
	    "unshare -n timeout 30 tail -f /dev/null & p=$!; until [ \"$(readlink /proc/$p/ns/net)\" != \"$(readlink "
	    "/proc/self/ns/net)\" ]; do "
	    ":; done; ip link set port2 netns $p; kill $p");
	cr_assert(!is_live(wire.rig, 2));
	cr_assert(is_live(wire.rig, 0));
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}

/* Neither a device with the same ifindex in another namespace nor one that got the ifindex of a port that left counts.
 */
Test(link, only_the_device_that_is_meant)
{
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);
	int own = open("/proc/self/ns/net", O_RDONLY), index = wire.port_ifindex[0];

	cr_assert_geq(own, 0);
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	rig_sh("ip link add twin index %d type veth peer name nobody && ip link set nobody up && ip link set twin up",
	       index);
	rig_sh("ip link set nobody down && ip link set twin down && ip link del twin");
	cr_assert_eq(setns(own, CLONE_NEWNET), 0);
	cr_assert(is_live(wire.rig, 0));
	wire.rig->ports[1].ifindex = 4242; /* the slot is another device's now */
	rig_sh("ip link set far1 down");
	cr_assert(is_live(wire.rig, 1));
	close(own);
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}

/* Without the agent, and only where it allowed that, the return of carrier makes a port live. */
Test(link, return_without_the_agent)
{
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);

	wire.rig->ports[0].flags |= XLAGG_PORT_KERNEL_RETURN;
	wire.rig->control->heartbeat_ns = now_ns() + 3600000000000u; /* it is here, whatever the time */
	rig_sh("ip link set far0 down; ip link set far0 up");
	cr_assert(!is_live(wire.rig, 0), "the agent is there and decides");
	wire.rig->control->heartbeat_ns = now_ns() - 2 * XLAGG_HEARTBEAT_STALE_NS;
	rig_sh("ip link set far0 down");
	cr_assert(!is_live(wire.rig, 0));
	rig_sh("ip link set far0 up");
	cr_assert(is_live(wire.rig, 0));
	rig_sh("ip link set far1 down; ip link set far1 up");
	cr_assert(!is_live(wire.rig, 1), "not left to the kernel");
	rig_sh("ip link set port0 down");
	cr_assert(!is_live(wire.rig, 0));
	rig_sh("ip link set port0 up");
	cr_assert(is_live(wire.rig, 0));
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}

struct agent {
	struct rig *rig;
	bool stop;
	uint32_t flips;
};

static bool has_carrier(int fd, const char *device)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {.ifr_data = (void *)&link};

	strcpy(request.ifr_name, device);
	return ioctl(fd, SIOCETHTOOL, &request) == 0 && link.data;
}

/* An agent that lets the port in as often as it can: it reads `lost` first and the device's state second. */
static void *eager_agent(void *context)
{
	struct agent *agent = context;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	while (!__atomic_load_n(&agent->stop, __ATOMIC_RELAXED)) {
		uint32_t lost = __atomic_load_n(&agent->rig->ports[0].lost, __ATOMIC_ACQUIRE);
		if (has_carrier(fd, "port0"))
			__atomic_store_n(&agent->rig->ports[0].enabled, lost, __ATOMIC_RELEASE);
	}
	close(fd);
	return NULL;
}

/* Returns for how long: XLAGG_STRESS_S is in seconds, 60 unless set. */
static uint64_t stress_ns(void)
{
	const char *seconds = getenv("XLAGG_STRESS_S");

	return (seconds ? strtoull(seconds, NULL, 10) : 60) * 1000000000u;
}

/* Carrier and policy change at once, from two CPUs: whenever carrier is gone, the port is not live. */
Test(link, losses_and_an_eager_agent, .timeout = 900)
{
	struct wire wire;
	struct xlagg_link_bpf *link = watched_wire(&wire);
	struct agent agent = {.rig = wire.rig};
	struct ifreq request = {0};
	cpu_set_t all;
	pthread_t thread;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), lived = 0;
	uint64_t end = now_ns() + stress_ns();

	memset(&all, 0xff, sizeof(all));
	cr_assert_eq(sched_setaffinity(0, sizeof(all), &all), 0);
	cr_assert_eq(pthread_create(&thread, NULL, eager_agent, &agent), 0);
	strcpy(request.ifr_name, "far0");
	cr_assert_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	short up = (short)(request.ifr_flags | IFF_UP), down = (short)(request.ifr_flags & ~IFF_UP);
	while (now_ns() < end) {
		request.ifr_flags = down;
		cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
		/* down came back: the agent may finish what it began, and from then on nothing makes it live */
		for (int i = 0; i < 3; i++) {
			cr_assert(!is_live(wire.rig, 0), "flip %u", agent.flips);
			sched_yield();
		}
		request.ifr_flags = up;
		cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
		for (int i = 0; i < 1000 && !is_live(wire.rig, 0); i++)
			sched_yield();
		lived += is_live(wire.rig, 0);
		agent.flips++;
	}
	__atomic_store_n(&agent.stop, true, __ATOMIC_RELAXED);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert(agent.flips > 10 && lived > 5, "%u flips, alive after %d", agent.flips, lived);
	close(fd);
	xlagg_link_bpf__destroy(link);
	wire_close(&wire);
}
