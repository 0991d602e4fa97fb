/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Makes the frame that `explain` asks about. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli.h"

#define EXPLAIN_FRAME_MAX 128 /* octets of the longest frame that explain_frame makes */

/* A flow, as the words of `explain` describe it. Numbers in host byte order, addresses as on the wire. */
struct explain_flow {
	uint8_t src_mac[6], dst_mac[6];
	int vlan;   /* VLAN id, -1: no tag */
	int family; /* AF_INET, AF_INET6; 0: no IP */
	uint8_t src[16], dst[16];
	int proto;					   /* IP protocol number, -1: not given */
	bool has_ports;					   /* sport or dport was given */
	uint16_t sport, dport;				   /* TCP, UDP, SCTP */
	uint32_t flowlabel;				   /* IPv6 */
	bool has_src, has_dst, has_flowlabel, has_src_mac; /* whether it was given */
};

/* Reads the words after NAME. Returns 0 or -EINVAL, with a sentence. */
int explain_parse(int argc, char *argv[], struct explain_flow *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Writes a frame of that flow. Returns its length in octets. */
size_t explain_frame(const struct explain_flow *flow, uint8_t ret[EXPLAIN_FRAME_MAX]);

#endif
