/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What LACP tells the rest of the core: which ports collect and distribute, carrier; and its part of `show`. */
#include "core/lacp/machine.h"

bool lacp_collecting(const struct lacp *l, uint32_t slot)
{
	return l->port[slot].used && lacp_is_collecting(&l->port[slot]);
}

bool lacp_distributing(const struct lacp *l, uint32_t slot)
{
	const struct lacp_port *p = &l->port[slot];

	return p->used && lacp_is_distributing(p) && !p->draining;
}

bool lacp_lingers(const struct lacp *l, uint32_t slot)
{
	return l->port[slot].used && l->port[slot].linger != CORE_NEVER && !lacp_collecting(l, slot);
}

uint32_t lacp_flags(const struct lacp *l, uint32_t slot)
{
	const struct lacp_port *p = &l->port[slot];
	uint32_t flags = 0;

	if (p->used && p->enabled && p->selected == XLAGG_SELECTED && l->active != LACP_NO_SLOT &&
	    p->aggregator == l->active)
		flags |= XLAGG_FLAG_ACTIVE;
	if (lacp_collecting(l, slot))
		flags |= XLAGG_FLAG_COLLECTING;
	if (lacp_distributing(l, slot))
		flags |= XLAGG_FLAG_DISTRIBUTING;
	return flags;
}

bool lacp_standby(const struct lacp *l, uint32_t slot)
{
	return l->port[slot].used && l->port[slot].selected == XLAGG_STANDBY;
}

uint32_t lacp_usable(const struct lacp *l)
{
	return l->active == LACP_NO_SLOT ? 0 : lacp_eligible(l, l->active);
}

bool lacp_carrier(const struct lacp *l)
{
	for (uint32_t i = 0; i < l->slots; i++) {
		if (lacp_distributing(l, i))
			return true; /* with fewer than min-links usable ports none would distribute */
	}
	return false;
}

/*
 * How long the port lasts without the agent, in seconds. The kernel answers each LACPDU of the partner while the agent
 * is away. The partner sends as often as we ask it to, and times out after the time that it asks for itself.
 */
static uint32_t headless(const struct lacp_port *p)
{
	if (!lacp_agrees(p))
		return 0;
	if (lacp_has(&p->partner, XLAGG_STATE_TIMEOUT) && !lacp_has(&p->actor, XLAGG_STATE_TIMEOUT))
		return LACP_SHORT_TIMEOUT_TIME / LACP_SECOND;
	return XLAGG_AUTO;
}

void lacp_port_status(const struct lacp *l, uint32_t slot, struct xlagg_port_status *status)
{
	const struct lacp_port *p = &l->port[slot];

	if (!p->used)
		return;
	status->standby = lacp_standby(l, slot);
	status->number = p->number;
	lacp_reason(l, slot, status->reason);
	lacp_guard_notice(l, p, status->notice);
	status->lacpdu_foreign = p->counters.foreign_rx;

	status->lacp.rx = p->rx;
	status->lacp.mux = p->mux;
	status->lacp.selected = p->selected;
	status->lacp.aggregator = p->aggregator == LACP_NO_SLOT ? 0 : p->aggregator + 1;
	status->lacp.actor_churn = p->actor_churn;
	status->lacp.partner_churn = p->partner_churn;
	status->lacp.headless_s = headless(p);
	status->lacp.actor = p->actor;
	status->lacp.partner = p->partner;

	status->stats.lacpdu_tx = p->counters.lacpdu_tx;
	status->stats.lacpdu_rx = p->counters.lacpdu_rx;
	status->stats.marker_tx = p->counters.marker_tx;
	status->stats.marker_rx = p->counters.marker_rx;
	status->stats.marker_response_tx = p->counters.marker_response_tx;
	status->stats.marker_response_rx = p->counters.marker_response_rx;
	status->stats.illegal_rx = p->counters.illegal_rx;
	status->stats.unknown_rx = p->counters.unknown_rx;
	status->stats.actor_churns = p->counters.actor_churns;
	status->stats.partner_churns = p->counters.partner_churns;
	status->stats.actor_changes = p->counters.actor_changes;
	status->stats.partner_changes = p->counters.partner_changes;
}

void lacp_status(const struct lacp *l, struct xlagg_lagg_status *status)
{
	status->has_lag_id = 0;
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct lacp_port *p = &l->port[i];

		if (l->active == LACP_NO_SLOT || !p->used || p->aggregator != l->active)
			continue;
		status->has_lag_id = 1;
		status->actor = p->actor;
		status->partner = p->partner;
		return;
	}
}
