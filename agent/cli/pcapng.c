/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes pcapng: a section, its interfaces, packets with comments, and what each interface counted. */
#include "pcapng.h"

#include <string.h>

enum block {
	SECTION_HEADER = 0x0a0d0d0a,
	INTERFACE_DESCRIPTION = 1,
	INTERFACE_STATISTICS = 5,
	ENHANCED_PACKET = 6,
};
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1
#define BLOCK_LEAST 12 /* octets of a block without a body: type, length, length */

enum option {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	EPB_FLAGS = 2,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
	ISB_FILTERACCEPT = 6,
};
#define TSRESOL_NANOSECONDS 9
#define FLAG_INBOUND 1u
#define FLAG_OUTBOUND 2u
#define FILTER_IS_TEXT "" /* the first octet of if_filter: 0, what follows is tcpdump's language */

static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

static void put(FILE *out, const void *data, uint32_t len)
{
	static const uint8_t zeros[4];

	fwrite(data, 1, len, out);
	fwrite(zeros, 1, padded(len) - len, out);
}

static void put32(FILE *out, uint32_t value)
{
	put(out, &value, sizeof(value));
}

/* Times are written as two words, the higher one first. */
static void put_time(FILE *out, uint64_t time_ns)
{
	put32(out, (uint32_t)(time_ns >> 32));
	put32(out, (uint32_t)time_ns);
}

static uint32_t option_size(uint32_t len)
{
	return 4 + padded(len);
}

static void put_option(FILE *out, enum option code, const void *value, uint32_t len)
{
	uint16_t head[2] = {(uint16_t)code, (uint16_t)len};

	put(out, head, sizeof(head));
	put(out, value, len);
}

static uint32_t text_size(const char *text)
{
	return option_size((uint32_t)strlen(text));
}

static void put_text(FILE *out, enum option code, const char *text)
{
	put_option(out, code, text, (uint32_t)strlen(text));
}

static void put_end(FILE *out)
{
	put32(out, OPT_END);
}

/* The head of a block whose body has `len` octets. Returns the block's length, which also ends it. */
static uint32_t begin(FILE *out, enum block type, uint32_t len)
{
	put32(out, type);
	put32(out, BLOCK_LEAST + len);
	return BLOCK_LEAST + len;
}

void pcapng_start(FILE *out, const char *application)
{
	static const uint16_t version[2] = {1, 0};
	uint64_t unknown = ~0ull; /* length of the section: it ends with the file */
	uint32_t len = begin(out, SECTION_HEADER, 16 + text_size(application) + option_size(0));

	put32(out, BYTE_ORDER_MAGIC);
	put(out, version, sizeof(version));
	put(out, &unknown, sizeof(unknown));
	put_text(out, SHB_USERAPPL, application);
	put_end(out);
	put32(out, len);
}

static void put_filter(FILE *out, const char *filter)
{
	uint16_t head[2] = {IF_FILTER, (uint16_t)(1 + strlen(filter))};
	char value[1 << 16] = FILTER_IS_TEXT;

	put(out, head, sizeof(head));
	memcpy(value + 1, filter, head[1] - 1u);
	put(out, value, head[1]);
}

void pcapng_interface(FILE *out, const char *name, const char *description, const char *filter, uint32_t snaplen)
{
	static const uint16_t link[2] = {LINKTYPE_ETHERNET, 0};
	static const uint8_t resolution = TSRESOL_NANOSECONDS;
	uint32_t options = text_size(name) + text_size(description) + option_size(1) +
			   (filter ? option_size(1 + (uint32_t)strlen(filter)) : 0) + option_size(0);
	uint32_t len = begin(out, INTERFACE_DESCRIPTION, 8 + options);

	put(out, link, sizeof(link));
	put32(out, snaplen);
	put_text(out, IF_NAME, name);
	put_text(out, IF_DESCRIPTION, description);
	put_option(out, IF_TSRESOL, &resolution, 1);
	if (filter)
		put_filter(out, filter);
	put_end(out);
	put32(out, len);
}

void pcapng_packet(FILE *out, const struct pcapng_packet *packet)
{
	uint32_t flags = packet->outbound ? FLAG_OUTBOUND : FLAG_INBOUND;
	uint32_t options = text_size(packet->comment) + option_size(sizeof(flags)) + option_size(0);
	uint32_t len = begin(out, ENHANCED_PACKET, 20 + padded(packet->written) + options);

	put32(out, packet->interface);
	put_time(out, packet->time_ns);
	put32(out, packet->written);
	put32(out, packet->len);
	put(out, packet->data, packet->written);
	put_text(out, OPT_COMMENT, packet->comment);
	put_option(out, EPB_FLAGS, &flags, sizeof(flags));
	put_end(out);
	put32(out, len);
}

static void put_time_option(FILE *out, enum option code, uint64_t time_ns)
{
	uint32_t words[2] = {(uint32_t)(time_ns >> 32), (uint32_t)time_ns};

	put_option(out, code, words, sizeof(words));
}

void pcapng_statistics(FILE *out, uint32_t interface, const struct pcapng_counts *counts)
{
	uint32_t len = begin(out, INTERFACE_STATISTICS, 12 + 5 * option_size(8) + option_size(0));

	put32(out, interface);
	put_time(out, counts->end_ns);
	put_time_option(out, ISB_STARTTIME, counts->start_ns);
	put_time_option(out, ISB_ENDTIME, counts->end_ns);
	put_option(out, ISB_IFRECV, &counts->received, sizeof(counts->received));
	put_option(out, ISB_IFDROP, &counts->lost, sizeof(counts->lost));
	put_option(out, ISB_FILTERACCEPT, &counts->accepted, sizeof(counts->accepted));
	put_end(out);
	put32(out, len);
}
