/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The codec: whether a frame is a LACPDU or a Marker PDU, and what it says; and frames to be sent. */
#include "core/lacp/pdu.h"

#include <stdbool.h>
#include <string.h>

#define ETH_HEADER 14
#define VLAN_TAG 4
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_SVLAN 0x88a8
#define VLAN_ID_MASK 0x0fff

static const uint8_t slow_address[6] = XLAGG_SLOW_ADDRESS;

static uint16_t get16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

static void put16(uint8_t *octets, uint16_t value)
{
	octets[0] = (uint8_t)(value >> 8);
	octets[1] = (uint8_t)value;
}

static void get_end(const struct xlagg_wire_end *wire, struct xlagg_lacp_end *end)
{
	*end = (struct xlagg_lacp_end){
	    .system_prio = get16((const uint8_t *)&wire->system_prio),
	    .key = get16((const uint8_t *)&wire->key),
	    .port_prio = get16((const uint8_t *)&wire->port_prio),
	    .port = get16((const uint8_t *)&wire->port),
	    .state = wire->state,
	};
	memcpy(end->system, wire->system, sizeof(end->system));
}

static void put_end(struct xlagg_wire_end *wire, const struct xlagg_lacp_end *end)
{
	put16((uint8_t *)&wire->system_prio, end->system_prio);
	memcpy(wire->system, end->system, sizeof(wire->system));
	put16((uint8_t *)&wire->key, end->key);
	put16((uint8_t *)&wire->port_prio, end->port_prio);
	put16((uint8_t *)&wire->port, end->port);
	wire->state = end->state;
}

/*
 * Of a TLV a receiver may check nothing but the length. Later versions put other TLVs in the Terminator's place: the
 * length is checked only if the Terminator is there.
 */
static enum pdu_kind decode_lacp(struct pdu *pdu)
{
	const struct xlagg_wire_lacpdu *lacpdu = (const void *)pdu->payload;

	if (lacpdu->actor_len != XLAGG_TLV_ACTOR_LEN || lacpdu->partner_len != XLAGG_TLV_PARTNER_LEN ||
	    lacpdu->collector_len != XLAGG_TLV_COLLECTOR_LEN)
		return PDU_ILLEGAL;
	if (lacpdu->terminator_type == XLAGG_TLV_TERMINATOR && lacpdu->terminator_len != XLAGG_TLV_TERMINATOR_LEN)
		return PDU_ILLEGAL;
	get_end(&lacpdu->actor, &pdu->actor);
	get_end(&lacpdu->partner, &pdu->partner);
	return PDU_LACP;
}

static enum pdu_kind decode_marker(const struct pdu *pdu)
{
	const struct xlagg_wire_marker *marker = (const void *)pdu->payload;

	if (marker->len != XLAGG_TLV_MARKER_LEN)
		return PDU_ILLEGAL;
	switch (marker->type) {
	case XLAGG_TLV_MARKER:
		return PDU_MARKER;
	case XLAGG_TLV_MARKER_RESPONSE:
		return PDU_MARKER_RESPONSE;
	default: /* only the type distinguishes the two, so here it cannot be ignored */
		return PDU_ILLEGAL;
	}
}

static enum pdu_kind decode(const uint8_t *frame, uint32_t len, struct pdu *pdu)
{
	uint32_t at = ETH_HEADER;
	bool tagged = false;
	uint16_t type;

	if (len < ETH_HEADER)
		return PDU_ILLEGAL;
	type = get16(frame + 12);
	if ((type == ETHERTYPE_VLAN || type == ETHERTYPE_SVLAN) && len >= ETH_HEADER + VLAN_TAG) {
		tagged = get16(frame + ETH_HEADER) & VLAN_ID_MASK;
		type = get16(frame + ETH_HEADER + 2);
		at += VLAN_TAG;
	}
	if (type != XLAGG_SLOW_ETHERTYPE || memcmp(frame, slow_address, sizeof(slow_address)) != 0)
		return PDU_UNKNOWN;
	if (tagged || len <= at)
		return PDU_ILLEGAL;

	pdu->payload = frame + at;
	if (pdu->payload[0] == 0 || pdu->payload[0] > XLAGG_SLOW_SUBTYPE_MAX)
		return PDU_ILLEGAL;
	if (pdu->payload[0] != XLAGG_SLOW_LACP && pdu->payload[0] != XLAGG_SLOW_MARKER)
		return PDU_UNKNOWN;
	if (len - at < XLAGG_SLOW_PAYLOAD)
		return PDU_ILLEGAL;
	return pdu->payload[0] == XLAGG_SLOW_LACP ? decode_lacp(pdu) : decode_marker(pdu);
}

void pdu_decode(const uint8_t *frame, uint32_t len, struct pdu *pdu)
{
	*pdu = (struct pdu){0};
	pdu->kind = decode(frame, len, pdu);
}

static uint8_t *put_header(uint8_t *frame, const uint8_t mac[6])
{
	memset(frame, 0, XLAGG_SLOW_FRAME);
	memcpy(frame, slow_address, sizeof(slow_address));
	memcpy(frame + 6, mac, 6);
	put16(frame + 12, XLAGG_SLOW_ETHERTYPE);
	return frame + ETH_HEADER;
}

void pdu_encode_end(uint8_t *octets, const struct xlagg_lacp_end *end)
{
	struct xlagg_wire_end wire;

	put_end(&wire, end);
	memcpy(octets, &wire, sizeof(wire));
}

void pdu_encode_lacp(uint8_t *frame, const uint8_t mac[6], const struct xlagg_lacp_end *actor,
		     const struct xlagg_lacp_end *partner)
{
	struct xlagg_wire_lacpdu *lacpdu = (void *)put_header(frame, mac);

	lacpdu->subtype = XLAGG_SLOW_LACP;
	lacpdu->version = XLAGG_LACP_VERSION;
	lacpdu->actor_type = XLAGG_TLV_ACTOR;
	lacpdu->actor_len = XLAGG_TLV_ACTOR_LEN;
	put_end(&lacpdu->actor, actor);
	lacpdu->partner_type = XLAGG_TLV_PARTNER;
	lacpdu->partner_len = XLAGG_TLV_PARTNER_LEN;
	put_end(&lacpdu->partner, partner);
	lacpdu->collector_type = XLAGG_TLV_COLLECTOR;
	lacpdu->collector_len = XLAGG_TLV_COLLECTOR_LEN;
	/* collector_max_delay is 0: frames that we collect are delivered at once. */
}

static void put_requester(struct xlagg_wire_marker *marker, uint16_t port, const uint8_t system[6],
			  uint32_t transaction)
{
	uint8_t *octets = (uint8_t *)&marker->transaction;

	put16((uint8_t *)&marker->requester_port, port);
	memcpy(marker->requester_system, system, sizeof(marker->requester_system));
	put16(octets, (uint16_t)(transaction >> 16));
	put16(octets + 2, (uint16_t)transaction);
}

void pdu_encode_marker(uint8_t *frame, const uint8_t mac[6], uint16_t port, const uint8_t system[6],
		       uint32_t transaction)
{
	struct xlagg_wire_marker *marker = (void *)put_header(frame, mac);

	marker->subtype = XLAGG_SLOW_MARKER;
	marker->version = XLAGG_MARKER_VERSION;
	marker->type = XLAGG_TLV_MARKER;
	marker->len = XLAGG_TLV_MARKER_LEN;
	put_requester(marker, port, system, transaction);
}

bool pdu_answers_marker(const struct pdu *pdu, uint16_t port, const uint8_t system[6], uint32_t transaction)
{
	const struct xlagg_wire_marker *response = (const void *)pdu->payload;
	struct xlagg_wire_marker asked;

	put_requester(&asked, port, system, transaction);
	return response->requester_port == asked.requester_port && response->transaction == asked.transaction &&
	       memcmp(response->requester_system, system, sizeof(response->requester_system)) == 0;
}

void pdu_encode_marker_response(uint8_t *frame, const uint8_t mac[6], const uint8_t *marker)
{
	struct xlagg_wire_marker *response = (void *)put_header(frame, mac);

	memcpy(response, marker, sizeof(*response));
	response->type = XLAGG_TLV_MARKER_RESPONSE;
}
