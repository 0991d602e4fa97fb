/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Writes pcapng (draft-ietf-opsawg-pcapng): Ethernet, times in nanoseconds. What was written is readable at any moment,
 * except a block that was cut off. Errors stay in the stream: ferror().
 */
#ifndef CLI_PCAPNG_H
#define CLI_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Begins the section. `application`: what writes it. */
void pcapng_start(FILE *out, const char *application);
/* Describes the next interface; they are numbered from 0 in this order. `filter`: in tcpdump's language; NULL: none.
 * `snaplen`: octets of each packet that are written, 0: all of them. */
void pcapng_interface(FILE *out, const char *name, const char *description, const char *filter, uint32_t snaplen);

struct pcapng_packet {
	uint32_t interface; /* its number */
	uint64_t time_ns;   /* CLOCK_REALTIME */
	const void *data;   /* from the destination MAC on */
	uint32_t written;   /* octets of `data` that are written */
	uint32_t len;	    /* octets of the packet */
	bool outbound;	    /* sent, or was to be sent */
	const char *comment;
};
void pcapng_packet(FILE *out, const struct pcapng_packet *packet);

/* What an interface counted. */
struct pcapng_counts {
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	uint64_t received;	   /* packets, those that were lost included */
	uint64_t lost;		   /* packets */
	uint64_t accepted;	   /* packets that passed the filter */
};
void pcapng_statistics(FILE *out, uint32_t interface, const struct pcapng_counts *counts);

#endif
