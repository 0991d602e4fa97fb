/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Markers: 802.1AX-2014 6.5. The responder answers in every state of the Mux machine, because a partner that moves
 * flows would wait for its own timeout otherwise. Responses are never answered. The generator sends a marker behind
 * frames, on request; when its response comes, they have arrived.
 */
#include <string.h>

#include "core/lacp/machine.h"

void marker_respond(const struct lacp *l, struct lacp_port *p, const struct pdu *pdu, struct core_effects *fx)
{
	struct core_effect *send = core_effect(fx, CORE_SEND, lacp_slot(l, p));

	pdu_encode_marker_response(send->frame, p->link.mac, pdu->payload);
	p->counters.marker_response_tx++;
}

void lacp_mark(struct lacp *l, uint64_t now, uint32_t slot, struct core_effects *fx)
{
	struct lacp_port *p = &l->port[slot];
	struct lacp_marker *marker = &p->marker;
	struct core_effect *send;

	if (!l->running || !p->used || !lacp_is_distributing(p) ||
	    (marker->sent_at && now - marker->sent_at < LACP_MARKER_TIME))
		return;
	marker->sent_at = now;
	marker->transaction++;
	marker->awaited = true;
	send = core_effect(fx, CORE_SEND, slot);
	pdu_encode_marker(send->frame, p->link.mac, p->number, l->system, marker->transaction);
	p->counters.marker_tx++;
}

void marker_answered(const struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu)
{
	struct lacp_marker *marker = &p->marker;

	if (!marker->awaited || !pdu_answers_marker(pdu, p->number, l->system, marker->transaction))
		return;
	marker->awaited = false;
	marker->fresh = true;
	marker->proved = marker->sent_at;
	delay_learn(&marker->delay, now - marker->sent_at);
}

bool lacp_take_proof(struct lacp *l, uint32_t slot)
{
	bool fresh = l->port[slot].marker.fresh;

	l->port[slot].marker.fresh = false;
	return fresh;
}

/* Where frames can overtake one another before they leave, a marker says nothing about others. */
uint64_t lacp_proved(const struct lacp *l, uint32_t slot)
{
	return l->port[slot].link.fifo ? l->port[slot].marker.proved : 0;
}

const struct delay *lacp_delay(const struct lacp *l, uint32_t slot)
{
	return &l->port[slot].marker.delay;
}
