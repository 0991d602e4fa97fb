/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Marker responder: 802.1AX-2014 6.5.4.2, WAIT_FOR_MARKER and RESPOND. It answers in every state of the Mux machine,
 * because a partner that moves flows would wait for its own timeout otherwise. Responses are never answered.
 */
#include "core/lacp/machine.h"

void marker_respond(const struct lacp *l, struct lacp_port *p, const struct pdu *pdu, struct core_effects *fx)
{
	struct core_effect *send = core_effect(fx, CORE_SEND, lacp_slot(l, p));

	pdu_encode_marker_response(send->frame, p->link.mac, pdu->payload);
	p->counters.marker_response_tx++;
}
