/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A lagg on devices in a namespace of the test's own: lagg0 with its lower end lagg0-dp, and ports port0, port1, ...
 * whose cables end at far0, far1, ... Each end has a socket that sends and receives whole frames with their tags.
 */
#ifndef TESTS_BPF_WIRE_H
#define TESTS_BPF_WIRE_H

#include "bpf/rig.h"

#define WIRE_PORTS 3

struct wire {
	struct rig *rig;
	int lagg; /* sockets */
	int far[WIRE_PORTS];
	int lower_ifindex;
	int port_ifindex[WIRE_PORTS];
};

/* Attaches tc programs to every device, and with `xdp` also the XDP programs, in native mode. */
void wire_open(struct wire *wire, const struct xlagg_params *params, bool xdp);
/* Attaches a program made for a port's slot in front of those that are there. */
void wire_attach(const struct wire *wire, const char *program, uint32_t slot, int ifindex,
		 enum bpf_tc_attach_point point);
void wire_close(struct wire *wire);
/* Opens a socket that receives frames of one EtherType (0: any) on a device, except those that the device sends. */
int wire_listen(const char *device, uint16_t ethertype);
void wire_send(int fd, const struct frame *f);
/* Reads the next frame, with its tag where it was on the wire. Returns false if none came within `timeout_ms`. */
bool wire_hear(int fd, struct frame *f, int timeout_ms);
/* Checks that this frame comes next on the socket, unchanged, so that nothing came that was sent the same way before.
 */
void wire_hears(int fd, const struct frame *f);

#endif
