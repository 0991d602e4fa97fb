/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads a BPF ring buffer. libbpf could do that, too, but the CLI needs nothing else of it, and no right to use BPF. */
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int ring_open(int fd, uint32_t size, struct ring *ret)
{
	size_t readable = page() + 2 * (size_t)size;
	void *consumed, *produced;
	int r;

	if (!size || size & (size - 1) || size < page())
		return -EPROTO;
	consumed = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumed == MAP_FAILED)
		return -errno;
	produced = mmap(NULL, readable, PROT_READ, MAP_SHARED, fd, (off_t)page());
	if (produced == MAP_FAILED) {
		r = -errno;
		munmap(consumed, page());
		return r;
	}
	*ret = (struct ring){.size = size, .consumed = consumed, .produced = produced};
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->size)
		return;
	munmap(ring->consumed, page());
	munmap(ring->produced, page() + 2 * ring->size);
	*ring = (struct ring){0};
}

const void *ring_next(struct ring *ring, uint32_t *ret_len)
{
	for (;;) {
		uint64_t produced = __atomic_load_n((uint64_t *)ring->produced, __ATOMIC_ACQUIRE);
		uint8_t *record = ring->produced + page() + (ring->read & (ring->size - 1));
		uint32_t head, len;

		if (ring->read >= produced)
			return NULL;
		head = __atomic_load_n((uint32_t *)record, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL; /* it is still being written */
		len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		ring->read += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
		if (head & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*ret_len = len;
		return record + BPF_RINGBUF_HDR_SZ;
	}
}

void ring_release(struct ring *ring)
{
	__atomic_store_n(ring->consumed, ring->read, __ATOMIC_RELEASE);
}
