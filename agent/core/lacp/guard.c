/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Options partner-system and partner-guard: which systems' LACPDUs count. The standard believes every LACPDU, so that
 * anyone who can send one on the link takes the port out. With both options at their defaults so do we.
 *
 * A system is known by its MAC alone: its priority may be changed by its administrator, and is as easily forged.
 */
#include <stdio.h>
#include <string.h>

#include "core/lacp/machine.h"
#include "xlagg/mac.h"

static bool same_system(const uint8_t a[6], const uint8_t b[6])
{
	return memcmp(a, b, 6) == 0;
}

bool lacp_excluded(const struct lacp *l, const uint8_t system[6])
{
	uint8_t wanted[6];

	return xlagg_parse_mac(l->conf.partner_system, wanted) == 0 && !same_system(system, wanted);
}

/*
 * Whether partner-guard protects the port's partner: it was heard within its timeout, and it agrees with us, or is the
 * system that the lagg's other ports agree with. A partner that never agreed may be an intruder that came first.
 */
static bool guarded(const struct lacp *l, const struct lacp_port *p)
{
	const struct lacp_port *active = lacp_active_port(l);

	if (!l->conf.partner_guard || p->rx != XLAGG_RX_CURRENT)
		return false;
	return lacp_agrees(p) || (active && same_system(active->partner.system, p->partner.system));
}

void lacp_guard_notice(const struct lacp *l, const struct lacp_port *p, char text[XLAGG_SENTENCE_MAX])
{
	char intruder[XLAGG_MAC_TEXT], partner[XLAGG_MAC_TEXT];

	text[0] = '\0';
	if (p->intruder_timer == CORE_NEVER)
		return;
	xlagg_print_mac(p->intruder, intruder);
	xlagg_print_mac(p->partner.system, partner);
	if (lacp_excluded(l, p->intruder))
		snprintf(text, XLAGG_SENTENCE_MAX, "LACPDUs of system %s are ignored: partner-system is %s", intruder,
			 l->conf.partner_system);
	else if (l->conf.partner_guard && p->rx == XLAGG_RX_CURRENT && !same_system(p->intruder, p->partner.system))
		snprintf(text, XLAGG_SENTENCE_MAX, "LACPDUs of system %s are ignored: partner-guard keeps partner %s",
			 intruder, partner);
}

/*
 * A system is reported once as long as it goes on. One that takes a new MAC for each LACPDU must not flood the log: two
 * reports are LACP_INTRUDER_INTERVAL apart.
 */
static void note_intruder(const struct lacp *l, struct lacp_port *p, uint64_t now, const uint8_t system[6],
			  struct core_effects *fx)
{
	bool first = p->intruder_timer == CORE_NEVER;
	bool other = !same_system(system, p->intruder) && now >= p->intruder_told + LACP_INTRUDER_INTERVAL;

	p->intruder_timer = now + LACP_INTRUDER_TIME;
	if (!first && !other)
		return;
	memcpy(p->intruder, system, sizeof(p->intruder));
	p->intruder_told = now;
	lacp_guard_notice(l, p, core_event(fx, XLAGG_EVENT_INTRUDER, p->name)->text);
}

bool lacp_foreign(struct lacp *l, struct lacp_port *p, uint64_t now, const struct pdu *pdu, struct core_effects *fx)
{
	const uint8_t *system = pdu->actor.system;

	if (!lacp_excluded(l, system) && (!guarded(l, p) || same_system(system, p->partner.system)))
		return false;
	p->counters.foreign_rx++;
	note_intruder(l, p, now, system, fx);
	return true;
}

void lacp_guard_changed(struct lacp *l, struct lacp_port *p, uint64_t now, struct core_effects *fx)
{
	if (p->rx != XLAGG_RX_CURRENT || !lacp_excluded(l, p->partner.system))
		return;
	p->current_while = now;
	note_intruder(l, p, now, p->partner.system, fx);
}
