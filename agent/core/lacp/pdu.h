/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Codec of LACPDUs and Marker PDUs: from octets of a frame to host values and back (IEEE 802.1AX-2014 6.4.2, 6.5.3). */
#ifndef CORE_PDU_H
#define CORE_PDU_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/ctl.h"
#include "xlagg/wire.h"

/* What a frame is. */
enum pdu_kind {
	PDU_UNKNOWN, /* not for us: address or EtherType of the slow protocols, but not both; or a reserved subtype */
	PDU_ILLEGAL, /* illegal subtype, too short, a VLAN id, a wrong TLV length */
	PDU_LACP,
	PDU_MARKER,
	PDU_MARKER_RESPONSE,
};

struct pdu {
	enum pdu_kind kind;
	const uint8_t *payload;	       /* from the subtype on, inside the frame that was decoded */
	struct xlagg_lacp_end actor;   /* LACPDU: the sender */
	struct xlagg_lacp_end partner; /* LACPDU: the partner that the sender sees */
};

/*
 * Decodes `frame` (destination MAC first, `len` octets). A priority tag (VLAN id 0) is skipped. Versions, TLV types and
 * reserved octets are not checked, and what follows the known part is ignored (6.4.12).
 */
void pdu_decode(const uint8_t *frame, uint32_t len, struct pdu *pdu);
/* Writes a version 1 LACPDU of XLAGG_SLOW_FRAME octets. `mac` is the port's own. */
void pdu_encode_lacp(uint8_t *frame, const uint8_t mac[6], const struct xlagg_lacp_end *actor,
		     const struct xlagg_lacp_end *partner);
/* Writes one end in the form that it has in a LACPDU: 15 octets. */
void pdu_encode_end(uint8_t *octets, const struct xlagg_lacp_end *end);
/* Writes a Marker PDU of XLAGG_SLOW_FRAME octets (6.5.3). port: Requester_Port; system: Requester_System. */
void pdu_encode_marker(uint8_t *frame, const uint8_t mac[6], uint16_t port, const uint8_t system[6],
		       uint32_t transaction);
/* Whether a PDU_MARKER_RESPONSE answers that Marker PDU. */
bool pdu_answers_marker(const struct pdu *pdu, uint16_t port, const uint8_t system[6], uint32_t transaction);
/* Writes the Marker Response PDU of XLAGG_SLOW_FRAME octets that answers a Marker PDU's payload (6.5.4.2). */
void pdu_encode_marker_response(uint8_t *frame, const uint8_t mac[6], const uint8_t *marker);

#endif
