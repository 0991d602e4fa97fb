/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What an agent before this one left pinned: taken over as it runs, or put back. All of it is untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "laggs.h"
#include "orphans.h"
#include "sys/port.h"
#include "transaction.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void free_saved(struct xlagg_saved **saved)
{
	free(*saved);
}

/* The slot in which the port was, else a free one. */
static uint32_t find_slot(const struct lagg *lagg, const char *name)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (!lagg->port[slot].used && strcmp(lagg->saved.undo[slot].name, name) == 0)
			return slot;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (!lagg->port[slot].used && !lagg->saved.undo[slot].name[0])
			return slot;
	return XLAGG_MAX_PORTS;
}

/* A device that is prepared and attached is a port as it is. One that is not was on its way to become one, or no port
 * any more, when the agent died: what was done is undone first. */
static void adopt_device(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_undo *undo = &lagg->saved.undo[slot];
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int attached = datapath_port_ifindex(lagg->dp, slot);
	if (attached && attached == (int)undo->ifindex && netlink_get(lagg->host->nl, attached, &port->device) == 0) {
		port->ifindex = attached;
		int r = datapath_get_lacp(lagg->dp, slot, &port->lacp);
		port->lacp_pinned = port->lacp;
		headless_adopt(lagg, slot);
		if (r == 0)
			core_adopt_lacp(lagg->core, slot, &port->lacp);
		return;
	}
	if (attached)
		datapath_port_del(lagg->dp, slot);
	if (undo->ifindex && port_restore(lagg->host->nl, undo, &lagg->saved.port[slot], sentence) < 0)
		log_warning("%s: %s", lagg->model.name, sentence);
	memcpy(undo->name, port->name, sizeof(undo->name));
}

static int adopt_ports(struct lagg *lagg, const struct xlagg_model *model)
{
	for (uint32_t i = 0; i < model->ports; i++) {
		const struct xlagg_port_model *wanted = &model->port[i];
		uint32_t slot = find_slot(lagg, wanted->name);
		if (slot == XLAGG_MAX_PORTS)
			return -EPROTO;
		struct lagg_port *port = &lagg->port[slot];
		*port = (struct lagg_port){.used = true};
		snprintf(port->name, sizeof(port->name), "%s", wanted->name);
		lagg->model.port[lagg->model.ports++] = *wanted;
		input_port_add(lagg, slot, &wanted->conf);
		adopt_device(lagg, slot);
	}
	return 0;
}

/* What the agent was about when it died and is in no configuration. */
static void drop_strays(struct lagg *lagg)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &lagg->saved.undo[slot];
		if (lagg->port[slot].used)
			continue;
		if (datapath_port_ifindex(lagg->dp, slot))
			datapath_port_del(lagg->dp, slot);
		if (undo->ifindex) {
			log_info("%s: %s is put back: it is no port of it", lagg->model.name, undo->name);
			if (port_restore(lagg->host->nl, undo, &lagg->saved.port[slot], sentence) < 0)
				log_warning("%s: %s", lagg->model.name, sentence);
		}
		*undo = (struct xlagg_undo){0};
	}
}

/* Names that changed, and devices that came back, or came for the first time, while no agent was there. */
static void catch_up(struct lagg *lagg)
{
	struct device device;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct lagg_port *port = &lagg->port[slot];
		if (!port->used)
			continue;
		if (port->ifindex) {
			lagg_port_changed(lagg, slot, &port->device);
		} else if (netlink_get_by_name(lagg->host->nl, port->name, &device) == 0 &&
			   lagg_port_attach(lagg, slot, &device, sentence) < 0) {
			log_warning("%s: %s", lagg->model.name, sentence);
		}
	}
}

/* The links as they are now, then one publication: the datapath forwards all the while as it was left. */
static void adopt_links(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NONE);
	const struct xlagg_history history = lagg->saved.history;
	input_adopted(lagg, &history);
}

/* The numbers may be those of other devices by now: the pair and the lower end's mark tell. */
static int find_devices(struct agent *agent, const struct xlagg_saved *saved, const char *name, struct device *device,
			struct device *lower)
{
	char mark[64];
	device_lower_mark(name, mark);
	if (netlink_get(agent->host.nl, (int)saved->ifindex, device) < 0 ||
	    netlink_get(agent->host.nl, (int)saved->lower_ifindex, lower) < 0 || strcmp(lower->alias, mark) != 0 ||
	    lower->link != device->ifindex)
		return -ENODEV;
	return 0;
}

/* What the devices say of the lagg. */
static void take_devices(struct lagg *lagg, const struct device *device, const struct device *lower)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	lagg->device = lagg->saved.device;
	lagg->ifindex = device->ifindex;
	lagg->lower_ifindex = lower->ifindex;
	lagg->looks.mtu = conf->mtu == XLAGG_AUTO ? device->mtu : conf->mtu;
	lagg->looks.own_macs = looks_want_own_macs(conf);
	memcpy(lagg->looks.mac, device->mac, 6);
	lagg->promisc = device->promiscuity > 0;
	lagg->vlans = device_has_vlans(lagg);
	lagg->carrier = lower->flags & IFF_UP;
	lagg->direct = lagg_wants_direct(conf, lagg->device);
}

static int adopt_datapath(struct lagg *lagg, const char *folder, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg_host *host = lagg->host;
	struct datapath_setup setup;
	uint8_t mac[6];
	memcpy(mac, lagg->looks.mac, 6);
	int r = identity_choose(host, &lagg->model, mac, &lagg->seed, sentence);
	if (r < 0)
		return r;
	/* If the device has another, someone changed it: that is looked at when it runs. */
	if (!lagg->looks.own_macs)
		memcpy(lagg->looks.mac, mac, 6);
	lagg_setup(lagg, &setup);
	r = datapath_adopt(&lagg->dp, folder, &host->features, &setup, sentence);
	/* From here on LACP is ours again, and not the kernel's. */
	if (r == 0)
		datapath_heartbeat(lagg->dp, clock_now());
	if (r == 0)
		r = datapath_watch(lagg->dp, host->watch);
	return r < 0 ? r : input_watch_frames(lagg);
}

static int adopt_one(struct agent *agent, const char *name, struct xlagg_saved *saved, const char *folder,
		     char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model model;
	struct device device, lower;
	int r = record_check(saved);
	if (saved->abi_version != XLAGG_ABI_VERSION)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "it is of version %u of the maps and this agent has %u",
			 saved->abi_version, XLAGG_ABI_VERSION);
	else if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX, "what it says is damaged");
	if (r == 0 && saved->message_len == 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "it was being made when its agent died");
		return -EPROTO;
	}
	if (r == 0)
		r = record_decode(saved, name, &model, sentence);
	if (r < 0)
		return r;
	r = find_devices(agent, saved, name, &device, &lower);
	if (r < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "its device is gone");
		return r;
	}
	model.conf.admin = !!(device.flags & IFF_UP);
	struct lagg *lagg = lagg_new(&agent->host, &model);
	if (!lagg)
		return -ENOMEM;
	lagg->saved = *saved;
	take_devices(lagg, &device, &lower);
	r = adopt_datapath(lagg, folder, sentence);
	if (r < 0) {
		lagg_free(lagg);
		return r;
	}
	laggs_add(agent, lagg);
	lagg->model.addresses = model.addresses;
	memcpy(lagg->model.address, model.address, sizeof(model.address));
	core_hold(lagg->core);
	core_adopt(lagg->core, datapath_table(lagg->dp));
	input_mac(lagg, lagg->looks.mac);
	r = adopt_ports(lagg, &model);
	if (r < 0) {
		laggs_release(agent, lagg);
		return r;
	}
	drop_strays(lagg);
	adopt_links(lagg);
	/* From here on as when it happens under an agent's eyes. */
	catch_up(lagg);
	lagg_device_changed(lagg, &device);
	record_save(lagg);
	agent->adopted++;
	log_info("%s: adopted with %u ports", lagg->model.name, lagg->model.ports);
	return 0;
}

/* Ports and devices as they were before, and nothing left in bpffs: its folder goes last, since it is what tells the
 * next agent, if this one dies here, that there is something to put back. */
static int put_back(struct agent *agent, const char *name, const char *folder, struct xlagg_saved *saved)
{
	struct device device, lower;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (saved)
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (saved->undo[slot].ifindex &&
			    port_restore(agent->host.nl, &saved->undo[slot], &saved->port[slot], sentence) < 0)
				log_warning("%s: %s", name, sentence);
	if (saved && find_devices(agent, saved, name, &device, &lower) == 0)
		netlink_del(agent->host.nl, device.ifindex);
	/* What the record does not tell. */
	orphans_put_back(agent, name);
	return datapath_remove(folder);
}

typedef int (*folder_fn)(struct agent *agent, const char *name, const char *folder);

static int for_each_folder(struct agent *agent, folder_fn fn)
{
	char names[XLAGG_MAX_LAGGS][XLAGG_NAME_MAX], folder[512];
	uint32_t count = 0;
	struct dirent *entry;
	int result = 0;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(agent->host.pins);
	while (dir && (entry = readdir(dir)) && count < XLAGG_MAX_LAGGS)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strlen(entry->d_name) < XLAGG_NAME_MAX)
			record_folder_to_name(entry->d_name, names[count++]);
	qsort(names, count, sizeof(names[0]), (int (*)(const void *, const void *))strcmp);
	for (uint32_t i = 0; i < count; i++) {
		record_folder(&agent->host, names[i], folder);
		if (!record_is_folder(folder))
			continue;
		int r = fn(agent, names[i], folder);
		if (r < 0 && !result)
			result = r;
	}
	return result;
}

/* Makes the lagg that was put back anew. */
static void make_anew(struct agent *agent, const struct xlagg_model *model)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed;
	struct ctl_command *command = malloc(sizeof(*command));
	int r = command ? 0 : -ENOMEM;
	if (command) {
		ctl_model_to_command(model, command);
		command->from_file = true;
		r = transaction_run(agent, command, 1, false, &failed, sentence);
	}
	if (r < 0)
		log_error("%s is left out: %s", model->name, sentence[0] ? sentence : strerror(-r));
	free(command);
}

/* A lagg that cannot be taken over is put back; where its configuration could be read it is made anew. */
static int adopt_folder(struct agent *agent, const char *name, const char *folder)
{
	char sentence[XLAGG_SENTENCE_MAX] = "", ignored[XLAGG_SENTENCE_MAX];
	struct xlagg_model model;
	__attribute__((cleanup(free_saved))) struct xlagg_saved *saved = record_read(&agent->host, name, folder);
	if (!saved)
		snprintf(sentence, sizeof(sentence), "what it says is damaged");
	int r = saved ? adopt_one(agent, name, saved, folder, sentence) : -EPROTO;
	if (r == 0)
		return 0;
	bool anew = r != -ENODEV && saved && record_decode(saved, name, &model, ignored) == 0;
	log_warning("%s: what is pinned in %s cannot be adopted (%s): it is removed%s", name, folder,
		    sentence[0] ? sentence : strerror(-r), anew ? " and made anew" : "");
	r = put_back(agent, name, folder, saved);
	if (r < 0)
		log_error("%s: cannot remove what is pinned in %s: %s", name, folder, strerror(-r));
	if (anew)
		make_anew(agent, &model);
	else if (saved)
		identity_forget(&agent->host, name);
	return 0;
}

void adopt_all(struct agent *agent)
{
	for_each_folder(agent, adopt_folder);
	/* Of an agent that died between a device and its folder. */
	orphans_put_back(agent, NULL);
}

static int flush_folder(struct agent *agent, const char *name, const char *folder)
{
	__attribute__((cleanup(free_saved))) struct xlagg_saved *saved = record_read(&agent->host, name, folder);
	int r = put_back(agent, name, folder, saved);
	if (r < 0)
		log_error("%s: cannot remove what is pinned in %s: %s", name, folder, strerror(-r));
	else
		log_info("%s: removed", name);
	identity_forget(&agent->host, name);
	return r;
}

int adopt_flush(struct agent *agent)
{
	return for_each_folder(agent, flush_folder);
}
