/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* capture: verdicts in words, tags, the ring's records, and the blocks of a pcapng file. */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/capture.h"
#include "cli/pcapng.h"
#include "cli/ring.h"

/* --- verdicts --- */

static void says(struct xlagg_captured record, const char *port, const char *want)
{
	char comment[CAPTURE_COMMENT_MAX];

	capture_comment(&record, "lagg0", port, comment);
	cr_expect_str_eq(comment, want);
}

Test(cli_capture, verdicts)
{
	struct xlagg_captured sent = {.verdict = XLAGG_VERDICT_SENT, .hash = 5 * XLAGG_BUCKETS + 17, .segments = 1};
	struct xlagg_captured dropped = {.verdict = XLAGG_VERDICT_NOT_SENT, .why = XLAGG_TX_NO_PORT, .segments = 1};
	struct xlagg_captured refused = {.verdict = XLAGG_VERDICT_REFUSED, .why = XLAGG_RX_STANDBY, .segments = 1};

	says(sent, "eth1", "sent on eth1 (bucket 17): the bucket's own port");
	sent.segments = 45;
	says(sent, "eth1", "sent on eth1 (bucket 17): the bucket's own port; 45 frames on the wire");
	sent.segments = 1;
	sent.why = XLAGG_CHOICE_BACKUP;
	says(sent, "eth1", "sent on eth1 (bucket 17): the bucket's port is not live, this is its backup");
	sent.why = XLAGG_CHOICE_PRIORITY;
	says(sent, "eth1", "sent on eth1: the first live port in order of preference");
	says(dropped, "", "dropped, no_port: no live port");
	dropped.why = XLAGG_TX_CLONE;
	says(dropped, "eth2", "dropped on eth2, clone: broadcast: a copy could not be made or sent");
	says(refused, "eth2", "dropped on eth2, standby: failover: not the port in use");
	says((struct xlagg_captured){.verdict = XLAGG_VERDICT_RECEIVED, .segments = 1}, "eth1",
	     "received on eth1 for lagg0");
	says((struct xlagg_captured){.verdict = XLAGG_VERDICT_STACK, .segments = 1}, "eth1",
	     "received on eth1 and left to its own stack");
	says((struct xlagg_captured){.verdict = XLAGG_VERDICT_AGENT, .segments = 1}, "eth1",
	     "received on eth1 for the agent");
	says((struct xlagg_captured){.verdict = XLAGG_VERDICT_OWN, .segments = 1}, "eth1", "sent on eth1 by the agent");
	says((struct xlagg_captured){.verdict = XLAGG_VERDICT_ILLEGAL, .segments = 1}, "eth1",
	     "dropped on eth1, illegal_rx: slow-protocol frames with an illegal subtype or length");
}

Test(cli_capture, verdicts_of_another_version)
{
	struct xlagg_captured record = {.verdict = 200, .segments = 1};

	says(record, "eth1", "a verdict that this xlagg does not know on eth1");
	record.verdict = XLAGG_VERDICT_REFUSED;
	record.why = 200;
	says(record, "eth1", "dropped on eth1, ?: a reason that this xlagg does not know");
}

Test(cli_capture, a_tag_goes_behind_the_macs)
{
	_Alignas(struct xlagg_captured) uint8_t memory[sizeof(struct xlagg_captured) + 20];
	struct xlagg_captured *record = (void *)memory;
	uint8_t frame[24];

	*record = (struct xlagg_captured){.tagged = 1, .tag_type = 0x8100, .tag = 0x6005};
	for (uint8_t i = 0; i < 20; i++)
		record->frame[i] = i;
	capture_put_tag(record, 20, frame);
	cr_assert_arr_eq(frame, record->frame, 12);
	cr_assert_arr_eq(frame + 12, ((uint8_t[]){0x81, 0, 0x60, 5}), 4);
	cr_assert_arr_eq(frame + 16, record->frame + 12, 8);
	capture_put_tag(record, 3, frame); /* a very short snaplen */
	cr_assert_arr_eq(frame, ((uint8_t[]){0, 1, 2, 0x81, 0, 0x60, 5}), 7);
}

/* --- the ring: a file that looks like one --- */

struct fake {
	int fd;
	uint32_t size;
	uint8_t *memory; /* the page of the reader, the page of the writer, the data twice */
	uint64_t written;
};

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct fake fake_ring(void)
{
	struct fake fake = {.fd = memfd_create("ring", 0), .size = (uint32_t)page()};
	size_t len = 2 * page() + 2 * fake.size;

	cr_assert_eq(ftruncate(fake.fd, (off_t)len), 0);
	fake.memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fake.fd, 0);
	cr_assert_neq(fake.memory, MAP_FAILED);
	return fake;
}

/* Writes an octet of the data where the kernel's double mapping would show it: twice. */
static void fake_put(struct fake *fake, uint64_t at, uint8_t octet)
{
	fake->memory[2 * page() + at % fake->size] = octet;
	fake->memory[2 * page() + fake->size + at % fake->size] = octet;
}

static void fake_head(struct fake *fake, uint64_t at, uint32_t head)
{
	for (uint32_t i = 0; i < sizeof(head); i++)
		fake_put(fake, at + i, (uint8_t)(head >> 8 * i));
}

/* Writes a record of `len` octets, all of them `octet`. */
static void fake_record(struct fake *fake, uint32_t len, uint32_t flags, uint8_t octet)
{
	fake_head(fake, fake->written, len | flags);
	for (uint32_t i = 0; i < len; i++)
		fake_put(fake, fake->written + BPF_RINGBUF_HDR_SZ + i, octet);
	fake->written += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
	memcpy(fake->memory + page(), &fake->written, sizeof(fake->written));
}

Test(cli_capture, records_of_a_ring)
{
	struct fake fake = fake_ring();
	struct ring ring;
	const uint8_t *record;
	uint32_t len;

	cr_assert_eq(ring_open(fake.fd, fake.size, &ring), 0);
	cr_assert_null(ring_next(&ring, &len));
	for (uint8_t round = 0; round < 40; round++) { /* past the end of the data several times */
		uint64_t busy;

		fake_record(&fake, 301, 0, round);
		fake_record(&fake, 77, BPF_RINGBUF_DISCARD_BIT, 0xff);
		busy = fake.written;
		fake_record(&fake, 5, BPF_RINGBUF_BUSY_BIT, round);
		record = ring_next(&ring, &len);
		cr_assert_not_null(record);
		cr_assert_eq(len, 301);
		for (uint32_t i = 0; i < len; i++)
			cr_assert_eq(record[i], round);
		cr_assert_null(ring_next(&ring, &len), "the next one is being written");
		fake_head(&fake, busy, 5);
		record = ring_next(&ring, &len);
		cr_assert_not_null(record);
		cr_assert_eq(len, 5);
		ring_release(&ring);
		cr_assert_eq(*(uint64_t *)fake.memory, fake.written);
	}
	ring_close(&ring);
	close(fake.fd);
}

Test(cli_capture, no_ring_at_all)
{
	struct fake fake = fake_ring();
	struct ring ring;

	cr_assert_eq(ring_open(fake.fd, 0, &ring), -EPROTO);
	cr_assert_eq(ring_open(fake.fd, fake.size + 1, &ring), -EPROTO);
	cr_assert_eq(ring_open(-1, fake.size, &ring), -EBADF);
	close(fake.fd);
}

/* --- the file --- */

static uint32_t word(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Checks that blocks of these types, each with its length at both ends, make up the file. */
static void expect_blocks(const char *file, size_t size, const uint32_t *types, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t len;

		cr_assert_leq(at + 12, size);
		cr_expect_eq(word(file + at), types[i], "block %zu", i);
		len = word(file + at + 4);
		cr_assert(len % 4 == 0 && at + len <= size, "block %zu has %u octets", i, len);
		cr_assert_eq(word(file + at + len - 4), len, "block %zu", i);
		at += len;
	}
	cr_assert_eq(at, size);
}

Test(cli_capture, blocks_of_every_length)
{
	static const uint32_t types[] = {0x0a0d0d0a, 1, 1, 6, 5};

	for (uint32_t written = 0; written < 9; written++) {
		char *file = NULL, comment[10] = "", name[] = "lagg0";
		size_t size;
		FILE *out = open_memstream(&file, &size);

		memset(comment, 'x', written);
		name[5 - written % 4] = 0;
		pcapng_start(out, "xlagg");
		pcapng_interface(out, name, "lagg", "udp port 53", 0);
		pcapng_interface(out, "eth1", "port of lagg0", NULL, 96);
		pcapng_packet(out, &(struct pcapng_packet){.interface = 1,
							   .time_ns = 1ull << 40 | 7,
							   .data = "12345678",
							   .written = written,
							   .len = 1500,
							   .outbound = true,
							   .comment = comment});
		pcapng_statistics(out, 1, &(struct pcapng_counts){.received = 3, .lost = 1, .accepted = 2});
		cr_assert_eq(fclose(out), 0);
		expect_blocks(file, size, types, sizeof(types) / sizeof(types[0]));
		free(file);
	}
}
