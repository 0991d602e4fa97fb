/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The state folder: what is kept of each lagg over reboots, in a file named after it. */
#ifndef LAGG_STATE_H
#define LAGG_STATE_H

#include "lagg/host.h"

#define STATE_MACHINE_MAX 33   /* octets of a machine's ID as a text, with the NUL */
#define STATE_NUMBER_MAX 0x7ff /* what an automatic LACP key has room for */

struct state {
	struct xlagg_kept kept;
	/* Where that was: a disk image may be copied to other machines. */
	char machine[STATE_MACHINE_MAX];  /* the machine, empty: not known */
	uint32_t ports;			  /* entries of `port` */
	uint8_t port[XLAGG_MAX_PORTS][6]; /* the ports' own MACs */
};

/* Reads what is kept of the lagg; lines that make no sense are left out. -ENOENT: nothing is kept. */
int state_read(const struct lagg_host *host, const char *lagg, struct state *ret);
/* Replaces what is kept of the lagg. It is on the disk when this returns 0; after -errno the old state is there. */
int state_write(const struct lagg_host *host, const char *lagg, const struct state *state);
/* Forgets what is kept of the lagg, if anything is. */
void state_remove(const struct lagg_host *host, const char *lagg);
/* Removes what an agent that died has left half written. */
void state_clean(const struct lagg_host *host);
/* The ID of this machine, which says nothing to others about it; empty: it has none. */
void state_machine(char ret[STATE_MACHINE_MAX]);

#endif
