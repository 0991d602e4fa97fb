/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * After a failover the core asks for messages that show the neighbours where the lagg's addresses are now. They are
 * repeated because one may get lost, or because the switch's port may not forward yet. While the lagg has no carrier
 * they wait.
 */
#include "core/internal.h"

void announce_start(struct core *core, uint64_t now)
{
	core->announce.notify = core->conf.peer_notify;
	core->announce.rejoin = core->conf.mcast_rejoin;
	core->announce.at = now;
}

static bool pending(const struct core *core)
{
	return core->out.carrier && (core->announce.notify > 0 || core->announce.rejoin > 0);
}

void announce_run(struct core *core, uint64_t now, struct core_effects *fx)
{
	struct announce *announce = &core->announce;

	if (!pending(core) || now < announce->at)
		return;
	if (announce->notify > 0) {
		core_effect(fx, CORE_ANNOUNCE, 0);
		announce->notify--;
	}
	if (announce->rejoin > 0) {
		core_effect(fx, CORE_REJOIN, 0);
		announce->rejoin--;
	}
	announce->at = now + core->conf.peer_notify_delay * NSEC_PER_MSEC;
}

uint64_t announce_deadline(const struct core *core)
{
	return pending(core) ? core->announce.at : CORE_NEVER;
}
