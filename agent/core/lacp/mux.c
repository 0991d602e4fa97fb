/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Mux machine: whether a port may collect and distribute. 802.1AX-2014 6.4.15, independent control (Figure 6-21) and
 * coupled control (Figure 6-22). On the way down no state is skipped. The actions Attach, Enable and Disable of the
 * figures are carried out by the readers of `mux`.
 */
#include "core/lacp/machine.h"

static void enter(struct lacp_port *p, enum xlagg_lacp_mux_state state, uint64_t now)
{
	p->mux = state;
	switch (state) {
	case XLAGG_MUX_DETACHED:
		p->wait_while = CORE_NEVER;
		p->ready_n = false;
		lacp_put(&p->actor, LACP_STATE_MUX, false);
		p->ntt = true;
		break;
	case XLAGG_MUX_WAITING:
		p->wait_while = now + LACP_AGGREGATE_WAIT_TIME;
		break;
	case XLAGG_MUX_ATTACHED:
		p->wait_while = CORE_NEVER;
		p->ready_n = false;
		lacp_put(&p->actor, XLAGG_STATE_SYNC, true);
		lacp_put(&p->actor, XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING, false);
		p->ntt = true;
		break;
	case XLAGG_MUX_COLLECTING:
		lacp_put(&p->actor, XLAGG_STATE_COLLECTING, true);
		lacp_put(&p->actor, XLAGG_STATE_DISTRIBUTING, false);
		p->ntt = true;
		break;
	case XLAGG_MUX_DISTRIBUTING:
		lacp_put(&p->actor, XLAGG_STATE_DISTRIBUTING, true);
		break;
	case XLAGG_MUX_COLLECTING_DISTRIBUTING:
		lacp_put(&p->actor, XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING, true);
		p->ntt = true;
		break;
	}
}

void lacp_mux_begin(struct lacp_port *p)
{
	enter(p, XLAGG_MUX_DETACHED, 0);
}

/* Returns the next state, or the present one if no arc is due. */
static enum xlagg_lacp_mux_state next(const struct lacp *l, const struct lacp_port *p)
{
	bool independent = l->conf.lacp_mux == XLAGG_MUX_INDEPENDENT;
	bool synced = p->selected == XLAGG_SELECTED && lacp_has(&p->partner, XLAGG_STATE_SYNC);
	bool collects = lacp_has(&p->partner, XLAGG_STATE_COLLECTING);

	switch (p->mux) {
	case XLAGG_MUX_DETACHED:
		return p->selected == XLAGG_UNSELECTED ? XLAGG_MUX_DETACHED : XLAGG_MUX_WAITING;
	case XLAGG_MUX_WAITING:
		if (p->selected == XLAGG_UNSELECTED)
			return XLAGG_MUX_DETACHED;
		if (p->selected == XLAGG_SELECTED && lacp_ready(l, p->aggregator))
			return XLAGG_MUX_ATTACHED;
		return XLAGG_MUX_WAITING;
	case XLAGG_MUX_ATTACHED:
		if (p->selected != XLAGG_SELECTED)
			return XLAGG_MUX_DETACHED;
		if (synced)
			return independent ? XLAGG_MUX_COLLECTING : XLAGG_MUX_COLLECTING_DISTRIBUTING;
		return XLAGG_MUX_ATTACHED;
	case XLAGG_MUX_COLLECTING:
		if (!synced || !independent) /* the option may change at any time: then start anew from ATTACHED */
			return XLAGG_MUX_ATTACHED;
		return collects ? XLAGG_MUX_DISTRIBUTING : XLAGG_MUX_COLLECTING;
	case XLAGG_MUX_DISTRIBUTING:
		if (!synced || !collects)
			return XLAGG_MUX_COLLECTING;
		return independent ? XLAGG_MUX_DISTRIBUTING : XLAGG_MUX_COLLECTING_DISTRIBUTING;
	case XLAGG_MUX_COLLECTING_DISTRIBUTING:
		if (!synced)
			return XLAGG_MUX_ATTACHED;
		return independent ? XLAGG_MUX_COLLECTING : XLAGG_MUX_COLLECTING_DISTRIBUTING;
	}
	return p->mux;
}

bool lacp_mux_step(const struct lacp *l, struct lacp_port *p, uint64_t now)
{
	enum xlagg_lacp_mux_state to;

	if (p->mux == XLAGG_MUX_WAITING && lacp_expired(p->wait_while, now)) {
		p->wait_while = CORE_NEVER;
		p->ready_n = true;
	}
	to = next(l, p);
	if (to == p->mux)
		return false;
	if (p->selected != XLAGG_SELECTED)
		lacp_linger(p, now);
	enter(p, to, now);
	return true;
}
