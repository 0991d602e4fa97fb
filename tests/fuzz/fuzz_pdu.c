/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The decoder of slow-protocol frames on any octets. What it accepts, the encoder must write again as it was. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/lacp/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void encode_lacp(const struct pdu *pdu)
{
	static const uint8_t mac[6] = {2, 1, 2, 3, 4, 5};
	uint8_t frame[XLAGG_SLOW_FRAME];
	struct pdu again;

	pdu_encode_lacp(frame, mac, &pdu->actor, &pdu->partner);
	pdu_decode(frame, sizeof(frame), &again);
	must(again.kind == PDU_LACP);
	must(memcmp(&again.actor, &pdu->actor, sizeof(again.actor)) == 0);
	must(memcmp(&again.partner, &pdu->partner, sizeof(again.partner)) == 0);
}

static void answer_marker(const struct pdu *pdu)
{
	static const uint8_t mac[6] = {2, 1, 2, 3, 4, 5};
	uint8_t frame[XLAGG_SLOW_FRAME];
	struct pdu again;

	pdu_encode_marker_response(frame, mac, pdu->payload);
	pdu_decode(frame, sizeof(frame), &again);
	must(again.kind == PDU_MARKER_RESPONSE);
	must(memcmp(again.payload + 3, pdu->payload + 3, XLAGG_SLOW_PAYLOAD - 3) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdu pdu;

	pdu_decode(data, (uint32_t)size, &pdu);
	must(pdu.kind <= PDU_MARKER_RESPONSE);
	if (pdu.kind >= PDU_LACP)
		must(pdu.payload >= data && pdu.payload + XLAGG_SLOW_PAYLOAD <= data + size);
	if (pdu.kind == PDU_LACP)
		encode_lacp(&pdu);
	if (pdu.kind == PDU_MARKER)
		answer_marker(&pdu);
	return 0;
}
