/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Transmit machine: 802.1AX-2014 6.4.16. It sends at most LACP_TX_LIMIT LACPDUs in any Fast_Periodic_Time; further ones
 * wait.
 */
#include "core/lacp/machine.h"

void lacp_tx_begin(struct lacp_port *p)
{
	for (uint32_t i = 0; i < LACP_TX_LIMIT; i++)
		p->sent[i] = CORE_NEVER;
	p->sent_next = 0;
	p->retry = 0;
	p->ntt = false;
}

/* Nothing is sent where LACP is off, nor while both ends are passive. */
static bool speaks(const struct lacp_port *p)
{
	return p->enabled && p->lacp_enabled && p->periodic != LACP_NO_PERIODIC;
}

/* Sends the values as they are at the time of transmission. */
static void transmit(const struct lacp *l, struct lacp_port *p, uint8_t clear, uint64_t now, struct core_effects *fx)
{
	struct core_effect *send = core_effect(fx, CORE_SEND, lacp_slot(l, p));
	struct xlagg_lacp_end actor = p->actor;

	lacp_put(&actor, clear, false);
	pdu_encode_lacp(send->frame, p->link.mac, &actor, &p->partner);
	p->sent[p->sent_next] = now;
	p->sent_next = (p->sent_next + 1) % LACP_TX_LIMIT;
	p->counters.lacpdu_tx++;
}

static uint64_t allowed_at(const struct lacp_port *p)
{
	uint64_t oldest = p->sent[p->sent_next], limit = oldest == CORE_NEVER ? 0 : oldest + LACP_FAST_PERIODIC_TIME;

	return limit > p->retry ? limit : p->retry;
}

void lacp_tx(const struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	if (!speaks(p))
		p->ntt = false;
	if (p->ntt && allowed_at(p) <= now) {
		transmit(l, p, 0, now, fx);
		p->ntt = false;
	}
}

void lacp_tx_last(const struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	if (speaks(p))
		transmit(l, p, LACP_STATE_MUX, now, fx);
	p->ntt = false;
}

void lacp_unsent(struct lacp *l, uint64_t now, uint32_t slot)
{
	struct lacp_port *p = &l->port[slot];

	if (!l->running || !p->used)
		return;
	p->sent_next = (p->sent_next + LACP_TX_LIMIT - 1) % LACP_TX_LIMIT;
	p->sent[p->sent_next] = CORE_NEVER;
	p->counters.lacpdu_tx--;
	p->ntt = true;
	p->retry = now + LACP_RETRY_TIME;
}

uint64_t lacp_tx_deadline(const struct lacp_port *p)
{
	return p->ntt ? allowed_at(p) : CORE_NEVER;
}
