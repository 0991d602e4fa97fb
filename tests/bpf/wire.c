/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A lagg on devices, with its programs attached. */
#include "bpf/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/xlagg_tc.skel.h"
#include "bpf/xlagg_xdp.skel.h"

static int index_of(const char *device)
{
	unsigned index = if_nametoindex(device);

	cr_assert_neq(index, 0, "no device %s", device);
	return (int)index;
}

int wire_listen(const char *device, uint16_t ethertype)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ethertype ? ethertype : 0x0003),
				      .sll_ifindex = index_of(device)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)), 0);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void wire_send(int fd, const struct frame *f)
{
	cr_assert_eq(send(fd, f->data, f->len, 0), (ssize_t)f->len, "%s", strerror(errno));
}

bool wire_hear(int fd, struct frame *f, int timeout_ms)
{
	uint8_t control[256];
	struct iovec part = {.iov_base = f->data, .iov_len = sizeof(f->data)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 256};
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	struct cmsghdr *c;

	if (poll(&waiting, 1, timeout_ms) != 1)
		return false;
	ssize_t len = recvmsg(fd, &message, 0);
	cr_assert_gt(len, 0);
	f->len = (uint32_t)len;
	for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		memmove(f->data + 16, f->data + 12, f->len - 12);
		f->len += 4;
		struct frame tag = {0};
		frame_tag(&tag, aux.tp_vlan_tpid, aux.tp_vlan_tci);
		memcpy(f->data + 12, tag.data, 4);
	}
	return true;
}

void wire_hears(int fd, const struct frame *f)
{
	struct frame got;

	cr_assert(wire_hear(fd, &got, 2000), "nothing came");
	cr_assert_eq(got.len, f->len, "%u octets came of %u", got.len, f->len);
	cr_assert_arr_eq(got.data, f->data, f->len);
}

/* Loads a copy of one program over the maps of the rig, for slot `slot`. It exists as long as it is attached. */
static int copy_of(const struct wire *wire, struct bpf_object *object, struct xlagg_params *params, const char *program,
		   uint32_t slot)
{
	struct bpf_program *each;
	struct bpf_map *map;

	*params = wire->rig->params;
	params->slot = slot;
	bpf_object__for_each_program(each, object)
	    bpf_program__set_autoload(each, strcmp(bpf_program__name(each), program) == 0);
	rig_leave_out_captures(object, program);
	bpf_object__for_each_map(map, object)
	{
		if (rig_name_of(map) && bpf_map__autocreate(map))
			cr_assert_eq(bpf_map__reuse_fd(map, rig_map(wire->rig, rig_name_of(map))), 0);
	}
	cr_assert_eq(bpf_object__load(object), 0, "%s does not load", program);
	return dup(bpf_program__fd(bpf_object__find_program_by_name(object, program)));
}

void wire_attach(const struct wire *wire, const char *program, uint32_t slot, int ifindex,
		 enum bpf_tc_attach_point point)
{
	struct xlagg_tc_bpf *skeleton = xlagg_tc_bpf__open();
	int fd = copy_of(wire, skeleton->obj, (struct xlagg_params *)&skeleton->rodata->params, program, slot);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = fd);

	cr_assert_eq(bpf_tc_attach(&hook, &opts), 0, "%s cannot be attached", program);
	close(fd);
	xlagg_tc_bpf__destroy(skeleton);
}

/* Makes the device ready for tc programs. Returns its ifindex. */
static int hooked(const char *device)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = index_of(device), .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	cr_assert_eq(bpf_tc_hook_create(&hook), 0, "no clsact on %s", device);
	return hook.ifindex;
}

static void attach_xdp(const struct wire *wire, const char *program, uint32_t slot, int ifindex)
{
	struct xlagg_xdp_bpf *skeleton = xlagg_xdp_bpf__open();
	int fd = copy_of(wire, skeleton->obj, (struct xlagg_params *)&skeleton->rodata->params, program, slot);

	cr_assert_eq(bpf_xdp_attach(ifindex, fd, 1u << 2 /* XDP_FLAGS_DRV_MODE */, NULL), 0, "%s cannot be attached",
		     program);
	close(fd);
	xlagg_xdp_bpf__destroy(skeleton);
}

static void put_device(const struct wire *wire, const char *map, uint32_t key, int ifindex)
{
	cr_assert_eq(bpf_map_update_elem(rig_map(wire->rig, map), &key, &ifindex, BPF_ANY), 0);
}

/* Sets what the xdp profile needs on lagg0, and at the cable's far end, which is a veth too. */
static void prepare_for_xdp(const char *device)
{
	rig_sh("ethtool -K %s gro on tx off txvlan off tx-vlan-stag-hw-insert off >/dev/null 2>&1", device);
}

static void make_pair(const char *one, const char *other)
{
	rig_sh("ip link add %s mtu 9000 type veth peer name %s mtu 9000", one, other);
	rig_sh("ip link set %s up && ip link set %s up", one, other);
}

void wire_open(struct wire *wire, const struct xlagg_params *params, bool xdp)
{
	struct rig *rig;
	char name[16];

	rig_netns();
	rig_sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
	make_pair("lagg0", "lagg0-dp");
	wire->lower_ifindex = hooked("lagg0-dp");
	wire->rig = rig = rig_open(params, "explain lower_guard");
	rig->params.lower_ifindex = (uint32_t)wire->lower_ifindex;
	wire_attach(wire, "tx", 0, wire->lower_ifindex, BPF_TC_INGRESS);
	wire_attach(wire, "lower_guard", 0, wire->lower_ifindex, BPF_TC_EGRESS);
	put_device(wire, "lower_alive", 0, wire->lower_ifindex);
	if (xdp) {
		prepare_for_xdp("lagg0");
		put_device(wire, "lower_dev", 0, wire->lower_ifindex);
		attach_xdp(wire, "xdp_tx", 0, wire->lower_ifindex);
	}
	for (uint32_t i = 0; i < WIRE_PORTS; i++) {
		char far[16];

		snprintf(name, sizeof(name), "port%u", i);
		snprintf(far, sizeof(far), "far%u", i);
		make_pair(name, far);
		wire->port_ifindex[i] = hooked(name);
		put_device(wire, "port_alive", i, wire->port_ifindex[i]);
		wire_attach(wire, "rx", i, wire->port_ifindex[i], BPF_TC_INGRESS);
		if (xdp) {
			prepare_for_xdp(far);
			put_device(wire, "tx_devs", i, wire->port_ifindex[i]);
			put_device(wire, "live_devs", i, wire->port_ifindex[i]);
			attach_xdp(wire, "xdp_rx", i, wire->port_ifindex[i]);
		}
		rig->ports[i] =
		    (struct xlagg_port){.ifindex = (uint32_t)wire->port_ifindex[i], .flags = XLAGG_PORT_COLLECTING};
		rig->tables[0].order[i] = (uint8_t)i;
		wire->far[i] = wire_listen(far, 0);
	}
	rig->tables[0].count = WIRE_PORTS;
	for (uint32_t b = 0; b < XLAGG_BUCKETS; b++)
		rig->tables[0].bucket[b] = (uint16_t)((b + 1) % WIRE_PORTS << 8 | b % WIRE_PORTS);
	wire->lagg = wire_listen("lagg0", 0);
}

void wire_close(struct wire *wire)
{
	for (uint32_t i = 0; i < WIRE_PORTS; i++)
		close(wire->far[i]);
	close(wire->lagg);
	rig_close(wire->rig);
}
