/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads a BPF ring buffer through its mapped pages, as the kernel lays them out (linux/bpf.h: BPF_RINGBUF_*). */
#ifndef CLI_RING_H
#define CLI_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	size_t size;	    /* octets of its data, a power of two */
	uint64_t read;	    /* octets that were read, also those that the kernel may not overwrite yet */
	uint64_t *consumed; /* a page: octets that the kernel may overwrite */
	uint8_t *produced;  /* a page: octets that were written so far; then the data, twice */
};

/* Maps the ring of `size` octets behind the descriptor, which may be closed then. Returns 0 or -errno. */
int ring_open(int fd, uint32_t size, struct ring *ret);
void ring_close(struct ring *ring);
/* The next record and its length, or NULL when there is none yet. Valid until ring_next() or ring_release(). */
const void *ring_next(struct ring *ring, uint32_t *ret_len);
/* Lets the kernel overwrite what was read. */
void ring_release(struct ring *ring);

#endif
