/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Hooks: checks the lagg's programs, maps and pins, and puts back what others detached, overwrote or removed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/hooks.h"
#include "lagg/ports.h"
#include "lagg/upkeep.h"

#define CLOSE_CHECK_NS (5 * NS_PER_S)

/* Without these nothing is sent or received. A lagg works without the lower end's guard and without pins. */
#define VITAL ((uint32_t)(DATAPATH_TC | DATAPATH_XDP | DATAPATH_VALUES))

void hooks_mark(struct lagg *lagg)
{
	lagg->hooks_ns = 0;
}

/* Returns the faults that were found, except those that are left alone for now. */
static struct datapath_faults to_repair(const struct lagg *lagg, const struct datapath_faults *found, uint64_t now)
{
	struct datapath_faults faults = *found;
	/* For a port that is not live its carrier has to be read again. There is nothing to repair. */
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		faults.port[slot] &= ~(uint32_t)DATAPATH_STALE;
	if (fight_pauses(&lagg->hook_fight, now))
		faults.device &= DATAPATH_PINS;
	if (fight_pauses(&lagg->pin_fight, now))
		faults.device &= ~(uint32_t)DATAPATH_PINS;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (fight_pauses(&lagg->port[slot].hook_fight, now))
			faults.port[slot] = 0;
	return faults;
}

static bool any(const struct datapath_faults *faults)
{
	uint32_t bits = faults->device;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		bits |= faults->port[slot];
	return bits;
}

/* Reports one fault of the lagg's device (`port` NULL) or of a port. `why`: why it cannot be put back, or empty. */
static void tell(struct lagg *lagg, const struct lagg_port *port, uint32_t fault, struct upkeep_fight *fight,
		 const char *why)
{
	uint64_t now = clock_now();
	char text[XLAGG_SENTENCE_MAX];
	if (!fight_note(fight, now))
		return;
	snprintf(text, sizeof(text), "%s by someone else, and %s%s%s",
		 datapath_fault_text((enum datapath_fault)fault, port != NULL),
		 why[0] ? "cannot be put back: " : "put back", why,
		 fight_pauses(fight, now) ? ", from now on less often" : "");
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port ? port->name : NULL, "%s", text);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, port ? port->name : NULL, text);
}

static void tell_all(struct lagg *lagg, const struct datapath_faults *faults, const struct datapath_faults *left,
		     const char *why)
{
	for (uint32_t fault = 1; fault < DATAPATH_STALE; fault <<= 1) {
		if (faults->device & fault)
			tell(lagg, NULL, fault, fault == DATAPATH_PINS ? &lagg->pin_fight : &lagg->hook_fight,
			     left->device & fault ? why : "");
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (faults->port[slot] & fault)
				tell(lagg, &lagg->port[slot], fault, &lagg->port[slot].hook_fight,
				     left->port[slot] & fault ? why : "");
	}
}

/* Repairs and reports the faults. Sets *left to those that remain. */
static void repair(struct lagg *lagg, const struct datapath_faults *faults, struct datapath_faults *left)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	int r = datapath_repair(lagg->dp, faults, why);
	datapath_check(lagg->dp, true, left);
	/* If a device is gone, its programs were not detached by someone. Its event handles that. */
	if (r != -ENODEV)
		tell_all(lagg, faults, left, why);
	else
		upkeep_mark(lagg);
	for (uint32_t slot = 0; r == -ENODEV && slot < XLAGG_MAX_PORTS; slot++)
		upkeep_mark_port(lagg, slot);
}

/* Whether the programs count as detached, where the faults `found` were found and `left` remain. While someone fights
 * over them they count as detached until a check has found them attached. */
static bool is_detached(uint32_t found, uint32_t left, const struct upkeep_fight *fight, uint64_t now)
{
	return (fight_goes_on(fight, now) ? found | left : left) & VITAL;
}

/* Takes the ports into or out of use. `found`: the faults before the repair, `left`: those after it. */
static void use_what_works(struct lagg *lagg, const struct datapath_faults *found, const struct datapath_faults *left)
{
	uint64_t now = clock_now();
	bool detached = is_detached(found->device, left->device, &lagg->hook_fight, now);
	bool all = detached != lagg->detached, publish = false;
	lagg->detached = detached;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct lagg_port *port = &lagg->port[slot];
		bool without = is_detached(found->port[slot], left->port[slot], &port->hook_fight, now);
		bool changed = without != port->detached;
		port->detached = without;
		if (!port->used || !port->ifindex)
			continue;
		if (changed || all || found->port[slot] & (DATAPATH_STALE | DATAPATH_VALUES)) {
			lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NETLINK);
			publish = true;
		}
	}
	if (publish)
		effects_publish(lagg);
}

/* Only a close check finds that what was detached still is. */
static bool any_detached(const struct lagg *lagg)
{
	bool detached = lagg->detached;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		detached |= lagg->port[slot].detached;
	return detached;
}

void hooks_check(struct lagg *lagg, uint64_t now)
{
	struct datapath_faults found, left;
	bool closely = now >= lagg->hooks_ns || any_detached(lagg);
	if (closely)
		lagg->hooks_ns = now + CLOSE_CHECK_NS;
	datapath_check(lagg->dp, closely, &found);
	left = found;
	struct datapath_faults faults = to_repair(lagg, &found, now);
	if (any(&faults))
		repair(lagg, &faults, &left);
	use_what_works(lagg, &found, &left);
	lagg->unpinned = left.device & DATAPATH_PINS;
}
