/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Gives a running lagg or a port another name. Of a lagg its record, its file in the state folder and the marks of its
 * ports follow. */
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

/* Fills the rest with NULs, since options are compared octet by octet. */
static void write_name(char ret[XLAGG_NAME_MAX], const char *name)
{
	memset(ret, 0, XLAGG_NAME_MAX);
	memcpy(ret, name, strnlen(name, XLAGG_NAME_MAX - 1));
}

/* The option cannot tell a device of that name from its own word. */
static void warn_of_auto(struct lagg *lagg)
{
	static const char text[] =
	    "its primary is now called auto, which option primary takes for none: give the device "
	    "another name, and set primary again";
	log_about(LOG_LEVEL_WARNING, lagg->model.name, "auto", "%s", text);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, "auto", text);
}

void lagg_port_set_name(struct lagg *lagg, uint32_t slot, const char *name)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_port_model *model = lagg_port_model(lagg, slot);
	char *primary = lagg->model.conf.primary;
	bool is_primary = strcmp(primary, port->name) == 0 && strcmp(primary, "auto") != 0;
	if (is_primary)
		write_name(primary, name);
	if (model)
		write_name(model->name, name);
	write_name(port->name, name);
	write_name(port->device.name, name);
	memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	core_port_rename(lagg->core, slot, name);
	if (is_primary && strcmp(name, "auto") == 0)
		warn_of_auto(lagg);
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
