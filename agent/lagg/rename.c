/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Gives a running lagg another name: its record, its file in the state folder and the marks of its ports follow. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/identity.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rename.h"
#include "lagg/upkeep.h"

void lagg_set_name(struct lagg *lagg, const char *name)
{
	memset(lagg->model.name, 0, sizeof(lagg->model.name));
	snprintf(lagg->model.name, sizeof(lagg->model.name), "%s", name);
}

void lagg_mac_from_follows(struct lagg *lagg, int ifindex, const char *before, const char *name)
{
	char *option = lagg->model.conf.mac;
	int known = (int)lagg->saved.mac_from.ifindex;
	if (strncmp(option, "from ", 5) != 0 || (known ? known != ifindex : strcmp(option + 5, before) != 0))
		return;
	memset(option, 0, sizeof(lagg->model.conf.mac));
	snprintf(option, sizeof(lagg->model.conf.mac), "from %s", name);
}

/* The port's ifalias names the lagg. Upkeep does it later where it cannot be done now. */
static void mark_anew(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = lagg_port_adjust(lagg, slot, sentence);
	if (r == 0)
		return;
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", sentence[0] ? sentence : strerror(-r));
	fight_excuse(lagg, clock_now());
	upkeep_mark_port(lagg, slot);
}

void lagg_carry_name(struct lagg *lagg, const char *before)
{
	char text[64];
	record_save(lagg);
	identity_moved(lagg);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			mark_anew(lagg, slot);
	log_about(LOG_LEVEL_INFO, before, NULL, "is now called %s", lagg->model.name);
	snprintf(text, sizeof(text), "renamed from %s", before);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, text);
}
