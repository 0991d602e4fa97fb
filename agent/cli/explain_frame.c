/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the words of `explain` and makes a frame of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/word.h"
#include "explain.h"

#define ETHERTYPE_EXPERIMENT 0x88b5 /* of frames without IP: IEEE 802 reserves it for local experiments */
#define PAYLOAD 20		    /* octets behind the IP header: enough for every header with ports */

enum word { SRC_MAC, DST_MAC, VLAN, SRC, DST, PROTO, SPORT, DPORT, FLOWLABEL, MOVES };

static const struct ctl_word words[] = {
    {"src-mac", SRC_MAC}, {"dst-mac", DST_MAC}, {"vlan", VLAN},
    {"src", SRC},	  {"dst", DST},		{"proto", PROTO},
    {"sport", SPORT},	  {"dport", DPORT},	{"flowlabel", FLOWLABEL},
    {"moves", MOVES},
};

/* Reads a whole number up to max. Returns -1 for anything else. */
static long number(const char *word, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(word, &end, 0);
	return errno || *end || end == word || value < 0 || value > max ? -1 : value;
}

static int take_address(struct explain_flow *flow, const char *word, uint8_t address[16], char *sentence)
{
	int family = strchr(word, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, word, address) != 1)
		return ctl_refuse(sentence, -EINVAL, "\"%.60s\" is not an IPv4 or IPv6 address", word);
	if (flow->family && flow->family != family)
		return ctl_refuse(sentence, -EINVAL, "src and dst must both be IPv4 or both be IPv6");
	flow->family = family;
	return 0;
}

static int take_proto(struct explain_flow *flow, const char *word, char *sentence)
{
	static const struct {
		const char *word;
		int proto;
	} names[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};

	flow->proto = (int)number(word, 255);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(word, names[i].word) == 0)
			flow->proto = names[i].proto;
	if (flow->proto < 0)
		return ctl_refuse(sentence, -EINVAL, "proto is tcp, udp, sctp or 0..255, not \"%.40s\"", word);
	return 0;
}

static int take_number(const char *name, const char *word, long max, long *ret, char *sentence)
{
	*ret = number(word, max);
	if (*ret < 0)
		return ctl_refuse(sentence, -EINVAL, "%s is 0..%ld, not \"%.40s\"", name, max, word);
	return 0;
}

static int take_word(struct explain_flow *flow, int word, const char *value, char *sentence)
{
	long n = 0;
	int r;

	switch ((enum word)word) {
	case SRC_MAC:
	case DST_MAC:
		if (xlagg_parse_mac(value, word == SRC_MAC ? flow->src_mac : flow->dst_mac) < 0)
			return ctl_refuse(sentence, -EINVAL, "\"%.40s\" is not a MAC address", value);
		flow->has_src_mac |= word == SRC_MAC;
		return 0;
	case SRC:
		flow->has_src = true;
		return take_address(flow, value, flow->src, sentence);
	case DST:
		flow->has_dst = true;
		return take_address(flow, value, flow->dst, sentence);
	case PROTO:
		return take_proto(flow, value, sentence);
	case VLAN:
		r = take_number("vlan", value, 4094, &n, sentence);
		flow->vlan = (int)n;
		return r;
	case SPORT:
		r = take_number("sport", value, 65535, &n, sentence);
		flow->sport = (uint16_t)n;
		flow->has_ports = true;
		return r;
	case DPORT:
		r = take_number("dport", value, 65535, &n, sentence);
		flow->dport = (uint16_t)n;
		flow->has_ports = true;
		return r;
	case FLOWLABEL:
		r = take_number("flowlabel", value, 0xfffff, &n, sentence);
		flow->flowlabel = (uint32_t)n;
		flow->has_flowlabel = true;
		return r;
	case MOVES:
		r = take_number("moves", value, 1000000, &n, sentence);
		flow->moves = (uint32_t)n;
		return r;
	}
	return -EINVAL;
}

bool explain_has_ports(int proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* Fills in what was left out, and refuses what cannot be in the same frame. */
static int complete(struct explain_flow *flow, char *sentence)
{
	if (flow->has_flowlabel && flow->family == AF_INET)
		return ctl_refuse(sentence, -EINVAL, "only IPv6 has a flow label");
	if (!flow->family && flow->has_flowlabel)
		flow->family = AF_INET6;
	if (!flow->family && (flow->proto >= 0 || flow->has_ports))
		flow->family = AF_INET;
	if (flow->has_ports && flow->proto >= 0 && !explain_has_ports(flow->proto))
		return ctl_refuse(sentence, -EINVAL, "sport and dport need proto tcp, udp or sctp");
	if (flow->proto < 0)
		flow->proto = flow->has_ports ? IPPROTO_TCP : IPPROTO_NONE;
	if (flow->moves && flow->proto != IPPROTO_TCP)
		return ctl_refuse(sentence, -EINVAL, "only sockets of TCP move: moves needs proto tcp");
	return 0;
}

int explain_parse(int argc, char *argv[], struct explain_flow *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	struct explain_flow flow = {.vlan = -1, .proto = -1};
	uint32_t seen = 0;
	int r;

	for (int i = 0; i < argc; i += 2) {
		int word = ctl_match(argv[i], words, sizeof(words) / sizeof(words[0]), "word of explain", sentence);

		if (word < 0)
			return -EINVAL;
		if (i + 1 == argc)
			return ctl_refuse(sentence, -EINVAL, "%s needs a value", argv[i]);
		if (seen & 1u << word)
			return ctl_refuse(sentence, -EINVAL, "%s is given twice; leave one out", argv[i]);
		seen |= 1u << word;
		r = take_word(&flow, word, argv[i + 1], sentence);
		if (r < 0)
			return r;
	}
	r = complete(&flow, sentence);
	if (r == 0)
		*ret = flow;
	return r;
}

static uint8_t *put(uint8_t *at, const void *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

/* Returns the checksum of an IPv4 header (RFC 791). */
static uint16_t checksum(const uint8_t *header, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ipv4(uint8_t *at, const struct explain_flow *flow)
{
	uint8_t *header = at;

	at = put16(at, 0x4500);
	at = put16(at, 20 + PAYLOAD);
	at = put32(at, 0x00004000); /* don't fragment */
	*at++ = 64;
	*at++ = (uint8_t)flow->proto;
	at = put16(at, 0);
	at = put(at, flow->src, 4);
	at = put(at, flow->dst, 4);
	put16(header + 10, checksum(header, 20));
	return at;
}

static uint8_t *put_ipv6(uint8_t *at, const struct explain_flow *flow)
{
	at = put32(at, 6u << 28 | flow->flowlabel);
	at = put16(at, PAYLOAD);
	*at++ = (uint8_t)flow->proto;
	*at++ = 64;
	at = put(at, flow->src, 16);
	return put(at, flow->dst, 16);
}

size_t explain_frame(const struct explain_flow *flow, uint8_t ret[EXPLAIN_FRAME_MAX])
{
	static const uint8_t zeros[ETH_ZLEN];
	uint16_t type = flow->family == AF_INET ? ETHERTYPE_IP : flow->family ? ETHERTYPE_IPV6 : ETHERTYPE_EXPERIMENT;
	uint8_t *at = put(ret, flow->dst_mac, 6);

	at = put(at, flow->src_mac, 6);
	if (flow->vlan >= 0)
		at = put16(put16(at, ETHERTYPE_VLAN), (uint16_t)flow->vlan);
	at = put16(at, type);
	if (flow->family == AF_INET)
		at = put_ipv4(at, flow);
	else if (flow->family)
		at = put_ipv6(at, flow);
	if (flow->family) {
		put(at, zeros, PAYLOAD);
		if (explain_has_ports(flow->proto))
			put16(put16(at, flow->sport), flow->dport);
		at += PAYLOAD;
	}
	if (at < ret + ETH_ZLEN)
		at = put(at, zeros, (size_t)(ret + ETH_ZLEN - at));
	return (size_t)(at - ret);
}
