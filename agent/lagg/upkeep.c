/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Upkeep: compares what xlagg needs of a lagg's devices with what is found, and puts back what others changed. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/filters.h"
#include "lagg/hooks.h"
#include "lagg/leave.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/taken.h"
#include "lagg/upkeep.h"
#include "sys/port.h"

#define CHECK_NS (5 * NS_PER_S)	  /* between two checks of what nobody marked */
#define STAGGER_NS (NS_PER_S / 8) /* between ports, so that they are not all checked at once */

/* The names of the properties in "... was changed by someone else". */
static const struct {
	uint32_t property;
	const char *what;
} words[UPKEEP_PROPERTIES] = {
    {XLAGG_UNDO_MAC, "its MAC"},
    {XLAGG_UNDO_MTU, "its MTU"},
    {XLAGG_UNDO_PROMISC, "promiscuous mode"},
    {XLAGG_UNDO_ALLMULTI, "allmulti"},
    {XLAGG_UNDO_SLOW_ADDRESS, "its filter for 01:80:c2:00:00:02"},
    {XLAGG_UNDO_IPV6, "IPv6 (off)"},
    {XLAGG_UNDO_ADDR_GEN, "the generation of IPv6 addresses (off)"},
    {XLAGG_UNDO_ALIAS, "its ifalias"},
    {XLAGG_UNDO_FEATURES, "an offload that datapath xdp needs off"},
    {PORT_MASTER, "its master"},
};

void upkeep_mark_port(struct lagg *lagg, uint32_t slot)
{
	lagg->port[slot].check_ns = 0;
}

void upkeep_mark(struct lagg *lagg)
{
	lagg->check_ns = 0;
}

/* Returns the properties that are left alone for now. */
static uint32_t left_alone(const struct lagg_port *port, uint64_t now)
{
	uint32_t leave = 0;
	for (size_t i = 0; i < UPKEEP_PROPERTIES; i++)
		if (fight_pauses(&port->fight[i], now))
			leave |= words[i].property;
	return leave;
}

/* --- a port --- */

static void tell_put_back(struct lagg *lagg, uint32_t slot, size_t i, uint64_t now)
{
	struct lagg_port *port = &lagg->port[slot];
	char text[128];
	if (!fight_note(&port->fight[i], now))
		return;
	bool fought = fight_pauses(&port->fight[i], now);
	if (words[i].property == PORT_MASTER && lagg->device == XLAGG_DEVICE_BOND)
		snprintf(text, sizeof(text), "someone else took it out of the bond, and it is put back%s",
			 fought ? ", from now on less often" : ": xlagg port del frees it");
	else if (words[i].property == PORT_MASTER)
		snprintf(text, sizeof(text), "someone else made it part of a %s, and it is taken out again%s",
			 port->device.master_kind[0] ? port->device.master_kind : "device",
			 fought ? ", from now on less often" : ": xlagg port del frees it");
	else
		snprintf(text, sizeof(text), "%s was changed %s and is put back%s", words[i].what, fight_by(lagg),
			 fought ? ", from now on less often" : "");
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", text);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, port->name, text);
}

/* Writes the notice of a port, and reports it when it is new. */
static void write_notice(struct lagg *lagg, uint32_t slot, uint64_t now)
{
	struct lagg_port *port = &lagg->port[slot];
	char before[XLAGG_SENTENCE_MAX];
	memcpy(before, port->notice, sizeof(before));
	port->notice[0] = 0;
	for (size_t i = 0; i < UPKEEP_PROPERTIES && !port->notice[0]; i++)
		if (fight_goes_on(&port->fight[i], now))
			snprintf(port->notice, sizeof(port->notice),
				 "%s is changed by someone else again and again: find out who, or take the port out",
				 words[i].what);
	if (!port->notice[0] && fight_goes_on(&port->hook_fight, now))
		snprintf(port->notice, sizeof(port->notice),
			 "its programs are detached by someone else again and again: find out who, or take the port "
			 "out");
	int r = 0;
	if (!port->notice[0])
		r = port_check_no_address(lagg->host->nl, &port->device, lagg->model.name, port->notice);
	if (r < 0 && r != -EBUSY) {
		/* Whether it has one is not known: what was said before stands until it can be asked again. */
		memcpy(port->notice, before, sizeof(before));
		upkeep_mark_port(lagg, slot);
		return;
	}
	if (!port->notice[0])
		memcpy(port->notice, port->bypassed, sizeof(port->notice));
	if (!port->notice[0] || strcmp(before, port->notice) == 0)
		return;
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", port->notice);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, port->name, port->notice);
}

void upkeep_port(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint64_t now = clock_now();
	uint32_t differed = 0;
	port->check_ns = now + CHECK_NS + slot % 8 * STAGGER_NS;
	if (taken_slave_left(lagg, slot))
		return;
	int r = lagg_port_mend(lagg, slot, left_alone(port, now), &differed, sentence);
	if (r == -ENODEV) {
		leave_unseen(lagg, slot);
		return;
	}
	if (strcmp(port->device.name, port->name) != 0)
		lagg->host->calls->renamed(lagg->host, &port->device);
	for (size_t i = 0; i < UPKEEP_PROPERTIES; i++)
		if (differed & words[i].property && !fight_excused(lagg, now))
			tell_put_back(lagg, slot, i, now);
	if (r < 0) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", sentence[0] ? sentence : strerror(-r));
		upkeep_mark_port(lagg, slot);
	}
	filters_check(lagg, slot);
	write_notice(lagg, slot, now);
}

static void check_ports(struct lagg *lagg, uint64_t now)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct lagg_port *port = &lagg->port[slot];
		if (!port->used || !port->ifindex || now < port->check_ns)
			continue;
		upkeep_port(lagg, slot);
		if (port->ifindex)
			lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NETLINK);
		lagg->host->calls->breathe(lagg->host);
	}
}

/* --- the lagg's own devices --- */

static int check_own(struct lagg *lagg)
{
	struct device device;
	int r = netlink_get(lagg->host->nl, lagg->ifindex, &device);
	if (r < 0)
		return r;
	if (device_is_another(lagg, &device))
		return -ENODEV;
	if (strcmp(device.name, lagg->model.name) != 0)
		lagg->host->calls->renamed(lagg->host, &device);
	/* Asked each time, since no event reports a macvlan in a container or one that was added while no agent ran. */
	int above = device_has_macs_above(lagg);
	if (above >= 0)
		lagg->macs_above = above;
	/* What the tc programs redirect to it, generic XDP does not see. */
	lagg->hides_from_xdp =
	    lagg->model.conf.datapath == XLAGG_DATAPATH_TC && lagg->device != XLAGG_DEVICE_BOND && device.generic_xdp;
	lagg_device_changed(lagg, &device);
	effects_do_again(lagg);
	r = device_keep(lagg);
	int taken = taken_keep(lagg);
	return r < 0 ? r : taken;
}

/* Writes the notice of the lagg itself, and reports it when it is new. */
static void write_lagg_notice(struct lagg *lagg, uint64_t now)
{
	char before[XLAGG_SENTENCE_MAX];
	memcpy(before, lagg->notice, sizeof(before));
	lagg->notice[0] = 0;
	if (fight_goes_on(&lagg->hook_fight, now))
		snprintf(lagg->notice, sizeof(lagg->notice),
			 "its programs are detached by someone else again and again: find out who");
	else if (lagg->unpinned)
		snprintf(lagg->notice, sizeof(lagg->notice),
			 "its pins are missing: it works until the agent ends; mount a bpffs at %.100s",
			 lagg->host->pins);
	else if (fight_goes_on(&lagg->pin_fight, now))
		snprintf(lagg->notice, sizeof(lagg->notice),
			 "its pins are removed by someone else again and again: find out who");
	else if (device_fought_over(lagg, now))
		snprintf(lagg->notice, sizeof(lagg->notice),
			 "its lower end's %s is changed by someone else again and again: find out who",
			 device_fought_over(lagg, now));
	else if (lagg->hides_from_xdp)
		snprintf(lagg->notice, sizeof(lagg->notice),
			 "the XDP program in generic (skb) mode on it sees nothing that is received on newer kernels: "
			 "use datapath xdp, and native mode");
	if (!lagg->notice[0] || strcmp(before, lagg->notice) == 0)
		return;
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "%s", lagg->notice);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, lagg->notice);
}

int upkeep_check(struct lagg *lagg, uint64_t now)
{
	lagg_settle(lagg);
	check_ports(lagg, now);
	hooks_check(lagg, now);
	write_lagg_notice(lagg, now);
	if (lagg->unsaved)
		record_save(lagg);
	if (now < lagg->check_ns)
		return 0;
	lagg->check_ns = now + CHECK_NS;
	int r = check_own(lagg);
	if (r < 0 && r != -ENODEV)
		upkeep_mark(lagg);
	return r == -ENODEV ? r : 0;
}
