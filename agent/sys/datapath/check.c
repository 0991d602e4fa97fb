/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Compares programs, maps and pins with what the datapath has attached, written and pinned, and puts them back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/datapath/internal.h"
#include "sys/datapath/watch.h"

/* ---- programs ---- */

static uint32_t fault_of(const struct hook *hook)
{
	if (hook->kind == HOOK_XDP)
		return DATAPATH_XDP;
	return strcmp(hook->name, "guard") == 0 ? DATAPATH_GUARD : DATAPATH_TC;
}

static void check_hooks(const struct datapath *dp, bool deep, struct datapath_faults *faults)
{
	for (uint32_t i = 0; i < dp->attachments; i++) {
		const struct attachment *a = &dp->attachment[i];
		if (hook_right(a, deep))
			continue;
		if (a->hook.slot < XLAGG_MAX_PORTS)
			faults->port[a->hook.slot] |= fault_of(&a->hook);
		else
			faults->device |= fault_of(&a->hook);
	}
}

/* ---- values ---- */

static bool device_values_right(const struct datapath *dp)
{
	uint32_t lower = dp->setup.params.lower_ifindex;
	return publish_right(dp) && (bonding_speaks(dp) || devmap_has(dp, "lower_alive", 0, device_alive(dp))) &&
	       (dp->setup.profile != XLAGG_DATAPATH_XDP || devmap_has(dp, "lower_dev", 0, lower));
}

static bool port_maps_right(const struct datapath *dp, uint32_t slot, bool deep)
{
	uint32_t ifindex = dp->written.port[slot].ifindex;
	if (ifindex && !devmap_has(dp, "port_alive", slot, ifindex))
		return false;
	if (dp->written.xdp_sends[slot] && !devmap_has(dp, "tx_devs", slot, ifindex))
		return false;
	return !deep || !dp->watch || !ifindex || watch_has(dp->watch, dp->watched, slot, ifindex);
}

static void check_values(struct datapath *dp, bool deep, struct datapath_faults *faults)
{
	if (!device_values_right(dp))
		faults->device |= DATAPATH_VALUES;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		faults->port[slot] |= port_check_entry(dp, slot);
		if (!port_maps_right(dp, slot, deep))
			faults->port[slot] |= DATAPATH_VALUES;
	}
}

static int repair_device_values(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	publish_again(dp);
	int r = bonding_speaks(dp) ? 0 : lower_alive_put(dp, sentence);
	if (r || dp->setup.profile != XLAGG_DATAPATH_XDP)
		return r;
	r = devmap_put(dp, "lower_dev", 0, dp->setup.params.lower_ifindex);
	return r ? datapath_say(sentence, r == -EINVAL ? -ENODEV : r, "cannot write the entry of the lower end: %s",
				strerror(-r))
		 : 0;
}

static int repair_port_values(struct datapath *dp, uint32_t slot)
{
	uint32_t ifindex = dp->written.port[slot].ifindex;
	port_repair_entry(dp, slot);
	int r = ifindex ? port_alive_put(dp, slot, (int)ifindex) : 0;
	if (!r && dp->written.xdp_sends[slot])
		r = devmap_put(dp, "tx_devs", slot, ifindex);
	if (!r && dp->watch && ifindex)
		r = watch_port(dp->watch, dp->watched, slot, ifindex);
	return r == -EINVAL ? -ENODEV : r;
}

/* ---- pins ---- */

/* Everything that the datapath holds and pins: their number. */
static uint32_t list_pins(const struct datapath *dp, struct pin ret[DATAPATH_MAPS + DATAPATH_HOOKS])
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < dp->maps; i++)
		ret[count++] = (struct pin){.name = dp->map[i].name, .kind = PIN_MAP, .fd = dp->map[i].fd};
	for (uint32_t i = 0; i < dp->attachments; i++) {
		const struct attachment *a = &dp->attachment[i];
		enum pin_kind kind = a->pin.keeper == KEEPER_LINK ? PIN_LINK : PIN_PROGRAM;
		if (a->fd >= 0)
			ret[count++] = (struct pin){.name = a->pin.name, .kind = kind, .fd = a->fd};
	}
	return count;
}

/* The programs are pinned beside the links and filters that keep them, for whoever looks at them. */
static bool programs_pinned(const struct datapath *dp)
{
	for (uint32_t i = 0; i < dp->attachments; i++)
		if (dp->attachment[i].fd >= 0 && dp->attachment[i].program &&
		    hook_program_pinned(dp, &dp->attachment[i]) == 0)
			return false;
	return true;
}

static bool pins_right(struct datapath *dp)
{
	struct pin pins[DATAPATH_MAPS + DATAPATH_HOOKS];
	return pins_unchanged(dp->folder, &dp->mark) ||
	       (programs_pinned(dp) && pins_there(dp->folder, pins, list_pins(dp, pins), &dp->mark));
}

int pins_ensure(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	struct pin pins[DATAPATH_MAPS + DATAPATH_HOOKS];
	if (pins_right(dp))
		return 0;
	int r = pins_restore(dp->folder, pins, list_pins(dp, pins));
	for (uint32_t i = 0; !r && i < dp->attachments; i++)
		if (hook_right(&dp->attachment[i], false))
			r = hook_pin_program(dp, &dp->attachment[i]);
	if (r == -EINVAL)
		return datapath_say(sentence, r, "its pins are gone and cannot be made again: %s is not on a bpffs",
				    dp->folder);
	return r ? datapath_say(sentence, r, "cannot pin in %s: %s", dp->folder, strerror(-r)) : 0;
}

/* ---- all together ---- */

bool datapath_check(struct datapath *dp, bool deep, struct datapath_faults *ret)
{
	*ret = (struct datapath_faults){0};
	check_hooks(dp, deep, ret);
	check_values(dp, deep, ret);
	if (!pins_right(dp))
		ret->device |= DATAPATH_PINS;
	uint32_t any = ret->device;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		any |= ret->port[slot];
	return !any;
}

/* The first error, with its sentence. */
struct outcome {
	int r;
	char *sentence;
};

static void add(struct outcome *outcome, int r, const char *sentence)
{
	if (!r || outcome->r)
		return;
	outcome->r = r;
	snprintf(outcome->sentence, XLAGG_SENTENCE_MAX, "%s", sentence);
}

static void repair_port(struct datapath *dp, uint32_t slot, uint32_t faults, struct outcome *outcome)
{
	char sentence[XLAGG_SENTENCE_MAX] = "", buffer[32];
	int ifindex = datapath_port_ifindex(dp, slot);
	int r = faults & DATAPATH_VALUES ? repair_port_values(dp, slot) : 0;
	if (r)
		datapath_say(sentence, r, "cannot write the entries of %s: %s", datapath_device_name(ifindex, buffer),
			     strerror(-r));
	add(outcome, r, sentence);
	if (ifindex && faults & (DATAPATH_TC | DATAPATH_XDP))
		add(outcome, port_apply(dp, slot, ifindex, sentence), sentence);
}

int datapath_repair(struct datapath *dp, const struct datapath_faults *faults, char sentence[XLAGG_SENTENCE_MAX])
{
	char why[XLAGG_SENTENCE_MAX] = "";
	struct outcome outcome = {.sentence = sentence};
	/* The pins first: without its folder no program can be attached for good. */
	if (faults->device & DATAPATH_PINS)
		add(&outcome, pins_ensure(dp, why), why);
	if (faults->device & DATAPATH_VALUES)
		add(&outcome, repair_device_values(dp, why), why);
	if (faults->device & (DATAPATH_TC | DATAPATH_XDP | DATAPATH_GUARD))
		add(&outcome, device_apply(dp, why), why);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		repair_port(dp, slot, faults->port[slot], &outcome);
	return outcome.r;
}

bool datapath_settled(const struct datapath *dp)
{
	return !dp->unsettled;
}

int datapath_settle(struct datapath *dp, char sentence[XLAGG_SENTENCE_MAX])
{
	/* As if every program were detached. What is right is left as it is. */
	struct datapath_faults faults = {.device = DATAPATH_TC};
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		faults.port[slot] = DATAPATH_TC;
	int r = dp->unsettled ? datapath_repair(dp, &faults, sentence) : 0;
	dp->unsettled = r != 0;
	return r;
}

const char *datapath_fault_text(enum datapath_fault fault, bool of_port)
{
	switch (fault) {
	case DATAPATH_TC:
		return of_port ? "its receive program was detached" : "its transmit program was detached";
	case DATAPATH_XDP:
		return "its XDP program was detached";
	case DATAPATH_GUARD:
		return "the program that guards its lower end was detached";
	case DATAPATH_VALUES:
		return "values in its maps were overwritten";
	case DATAPATH_PINS:
		return "its pins were removed";
	case DATAPATH_STALE:
		break;
	}
	return "it is not live";
}
