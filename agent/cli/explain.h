/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* explain: the frame that it asks about, and the answer step by step. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "view.h"

#define EXPLAIN_FRAME_MAX 128 /* octets of the longest frame that explain_frame makes */
#define EXPLAIN_TEXT_MAX 48   /* an IPv6 address with its NUL, or less */
#define EXPLAIN_FIELDS 9      /* that one frame may have */

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
	uint32_t moves;					   /* how often its socket has moved (option repath) */
	bool has_src, has_dst, has_flowlabel, has_src_mac; /* whether it was given */
};

/* Reads the words after NAME. Returns 0 or -EINVAL, with a sentence. */
int explain_parse(int argc, char *argv[], struct explain_flow *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Writes a frame of that flow. Returns its length in octets. */
size_t explain_frame(const struct explain_flow *flow, uint8_t ret[EXPLAIN_FRAME_MAX]);
/* Whether a frame of that protocol has ports that the hash knows. */
bool explain_has_ports(int proto);

/* A field of the frame that went into the hash. */
struct explain_field {
	const char *word;	     /* as in option hash; proto and flowlabel, which l4 contains */
	char text[EXPLAIN_TEXT_MAX]; /* its value, as `explain` takes it */
	bool number;		     /* the text is a decimal number */
};
/* Lists the fields of a flow that a hash over `hash` (enum xlagg_hash_field) takes. Returns their number. */
uint32_t explain_fields(const struct explain_flow *flow, uint32_t hash, struct explain_field ret[EXPLAIN_FIELDS]);

/* Write which port a flow takes, why, and each step on the way there; the last writes the why alone. */
void explain_text(FILE *out, const struct view_lagg *lagg, const struct explain_flow *flow,
		  const struct view_explain *explain);
json_t *explain_json(const struct view_lagg *lagg, const struct explain_flow *flow, const struct view_explain *explain);
#define EXPLAIN_REASON_SIZE (XLAGG_SENTENCE_MAX + 100)
void explain_reason(const struct view_lagg *lagg, const struct view_explain *explain, char ret[EXPLAIN_REASON_SIZE]);

#endif
