/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The state folder: what is kept of each lagg over reboots, in a file with the lagg's name. */
#ifndef LAGG_STATE_H
#define LAGG_STATE_H

#include "lagg/host.h"

#define STATE_MACHINE_MAX 33   /* octets of a machine's ID as text, with the NUL */
#define STATE_LIFE_MAX 64      /* octets of a life as text, with the NUL */
#define STATE_NUMBER_MAX 0x7ff /* the largest number that fits into an automatic LACP key */

struct state {
	struct xlagg_kept kept;
	/* On which machine it was recorded, since a disk image may be copied to others. */
	char machine[STATE_MACHINE_MAX];  /* the machine's ID, empty: unknown */
	char life[STATE_LIFE_MAX];	  /* in which life of the network namespace it was recorded, empty: unknown */
	uint32_t ports;			  /* entries of `port` */
	uint8_t port[XLAGG_MAX_PORTS][6]; /* the ports' own MACs */
};

/* Reads what is kept of the lagg. Lines that make no sense are ignored. -ENOENT: nothing is kept. */
int state_read(const struct lagg_host *host, const char *lagg, struct state *ret);
/* Replaces what is kept of the lagg. When this returns 0 it is on the disk. On failure the old file remains. */
int state_write(const struct lagg_host *host, const char *lagg, const struct state *state);
/* Deletes what is kept of the lagg, if there is anything. 0 or -errno. */
int state_remove(const struct lagg_host *host, const char *lagg);
/* Deletes files that an agent which died has left half written. */
void state_clean(const struct lagg_host *host);
/* Calls `fn` with the name of each lagg of which something is kept. */
void state_each(const struct lagg_host *host, void (*fn)(void *context, const char *lagg), void *context);
/* Deletes the files of all laggs: there is none any more, nor one that waits. An agent that died may have left some of
 * laggs that were not yet made, or no longer there. */
void state_remove_all(const struct lagg_host *host);
/* Replaces the commands of the laggs that wait for their bonds; empty: none waits. They are kept for this life of the
 * namespace, as pins are: after a boot the configuration file counts. */
int state_write_waiting(const struct lagg_host *host, const char *commands);
/* Reads them, to be freed by the caller. -ENOENT: there are none of this life. */
int state_read_waiting(const struct lagg_host *host, char **ret);
/* Returns an ID of this machine that is used for nothing else; empty: the machine has none. */
void state_machine(char ret[STATE_MACHINE_MAX]);
/* Returns an identifier of this network namespace in this boot, which no other namespace has and no later boot; empty:
 * unknown. Pins and devices do not outlast such a life, but the files do. */
void state_life(const struct lagg_host *host, char ret[STATE_LIFE_MAX]);

#endif
