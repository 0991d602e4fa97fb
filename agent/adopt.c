/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What an agent before this one left pinned: taken over as it runs, or put back. All of it is untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt.h"
#include "devices.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "laggs.h"
#include "names.h"
#include "orphans.h"
#include "rests.h"
#include "transaction.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A folder of pins. */
struct find {
	char folder[512];
	char name[XLAGG_NAME_MAX]; /* of the lagg, as the record says, else as the folder is called */
	struct xlagg_saved *saved; /* NULL: it cannot be read */
	bool known;		   /* `model` is what the record says */
	struct xlagg_model model;  /* the configuration in it */
	int r;			   /* -errno: why it could not be adopted */
	char why[XLAGG_SENTENCE_MAX];
	bool anew; /* the lagg is to be made again */
};

struct finds {
	struct find *list;
	uint32_t count;
};

static void free_finds(struct finds *finds)
{
	for (uint32_t i = 0; i < finds->count; i++)
		free(finds->list[i].saved);
	free(finds->list);
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

static bool is_another_port(const struct lagg *lagg, int ifindex)
{
	return lagg->host->calls->lagg_of_device(lagg->host, ifindex) != NULL;
}

/* A device that is prepared and attached is a port as it is. One that is not was on its way to become one, or no port
 * any more, when the agent died: what was done is undone first. */
static void adopt_device(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	struct xlagg_undo *undo = &lagg->saved.undo[slot];
	int attached = datapath_port_ifindex(lagg->dp, slot);
	if (attached && attached == (int)undo->ifindex && !is_another_port(lagg, attached) &&
	    netlink_get_patiently(lagg->host->nl, attached, &port->device) == 0) {
		port->ifindex = attached;
		int r = datapath_get_lacp(lagg->dp, slot, &port->lacp);
		port->lacp_pinned = port->lacp;
		headless_adopt(lagg, slot);
		if (r == 0)
			core_adopt_lacp(lagg->core, slot, &port->lacp);
		identity_of_port(lagg, slot, &port->device);
		return;
	}
	if (rest_put_back(lagg, slot) == 0)
		lagg->saved.port[slot].ifindex = 0;
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
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &lagg->saved.undo[slot];
		if (lagg->port[slot].used)
			continue;
		if (undo->ifindex)
			log_info("%s: %s is put back: it is no port of it", lagg->model.name, undo->name);
		/* What cannot be put back now stays in the record. */
		rest_put_back(lagg, slot);
	}
}

/* What changed at devices while no agent was there. */
static void catch_up(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			lagg_port_changed(lagg, slot);
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

/* What the devices say of the lagg. */
static void take_devices(struct lagg *lagg, const struct device *device, const struct device *lower)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	lagg->device = lagg->saved.device;
	lagg->ifindex = device->ifindex;
	lagg->lower_ifindex = lower->ifindex;
	device_know_lower(lagg, lower);
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
	int r = identity_choose(lagg, &lagg->model, mac, &lagg->seed, sentence);
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

/* Whether the record can be gone on from. What is wrong with it is said in `why`. */
static int check_find(struct find *find)
{
	const struct xlagg_saved *saved = find->saved;
	if (saved && saved->abi_version != XLAGG_ABI_VERSION)
		snprintf(find->why, sizeof(find->why), "it is of version %u of the maps and this agent has %u",
			 saved->abi_version, XLAGG_ABI_VERSION);
	else if (!saved || record_check(saved) < 0)
		snprintf(find->why, sizeof(find->why), "what it says is damaged");
	else if (saved->message_len == 0)
		snprintf(find->why, sizeof(find->why), "it was being made when its agent died");
	else if (find->known)
		return 0;
	return -EPROTO;
}

/* The devices that the record is about. */
static int find_devices(struct agent *agent, const struct find *find, struct device *device, struct device *lower,
			char why[XLAGG_SENTENCE_MAX])
{
	/* As long as the kernel does not answer it is not known whether this lagg works. */
	netlink_get_patiently(agent->host.nl, (int)find->saved->ifindex, device);
	int r = record_find_devices(&agent->host, find->folder, find->saved, device, lower);
	if (!record_is_of_this_netns(&agent->host, find->saved)) {
		snprintf(why, XLAGG_SENTENCE_MAX, "it is of a network namespace that is gone");
		return -ESTALE;
	}
	if (r == -ENODEV)
		snprintf(why, XLAGG_SENTENCE_MAX, "its device is gone");
	if (r == 0 && agent->host.calls->lagg_of_device(&agent->host, device->ifindex)) {
		snprintf(why, XLAGG_SENTENCE_MAX, "its device is another lagg's");
		return -ENODEV;
	}
	return r;
}

static int adopt_one(struct agent *agent, struct find *find)
{
	struct device device, lower;
	struct xlagg_model *model = &find->model;
	int r = check_find(find);
	if (r == 0)
		r = find_devices(agent, find, &device, &lower, find->why);
	if (r < 0)
		return r;
	model->conf.admin = !!(device.flags & IFF_UP);
	struct lagg *lagg = lagg_new(&agent->host, model, find->saved);
	if (!lagg)
		return -ENOMEM;
	memcpy(lagg->folder, find->folder, sizeof(lagg->folder));
	take_devices(lagg, &device, &lower);
	r = adopt_datapath(lagg, find->folder, find->why);
	if (r < 0) {
		lagg_free(lagg);
		return r;
	}
	laggs_add(agent, lagg);
	lagg->model.addresses = model->addresses;
	memcpy(lagg->model.address, model->address, sizeof(model->address));
	core_hold(lagg->core);
	core_adopt(lagg->core, datapath_table(lagg->dp));
	input_mac(lagg, lagg->looks.mac);
	r = adopt_ports(lagg, model);
	if (r < 0) {
		laggs_release(agent, lagg);
		return r;
	}
	drop_strays(lagg);
	adopt_links(lagg);
	agent->adopted++;
	return 0;
}

/* From here on as when it happens under an agent's eyes. */
static void settle(struct lagg *lagg)
{
	struct device device;
	catch_up(lagg);
	if (netlink_get(lagg->host->nl, lagg->ifindex, &device) == 0)
		lagg_device_changed(lagg, &device);
	if (!lagg->saved.mac_from.ifindex)
		identity_find_mac_from(lagg);
	record_save(lagg);
	log_info("%s: adopted with %u ports", lagg->model.name, lagg->model.ports);
}

/* --- all of them --- */

static int compare_finds(const void *a, const void *b)
{
	return strcmp(((const struct find *)a)->folder, ((const struct find *)b)->folder);
}

/* Whether this is a lagg's folder, and not the watcher's or libxdp's. */
static bool look_into(struct agent *agent, const char *entry, struct find *ret)
{
	*ret = (struct find){0};
	if (entry[0] == '.' || ctl_name_of(entry, ret->name) < 0)
		return false;
	snprintf(ret->folder, sizeof(ret->folder), "%s/%s", agent->host.pins, entry);
	return record_is_folder(ret->folder);
}

static void read_find(struct agent *agent, struct find *find)
{
	find->saved = record_read(&agent->host, find->folder);
	if (find->saved && record_decode(find->saved, &find->model, find->why) == 0) {
		find->known = true;
		memcpy(find->name, find->model.name, sizeof(find->name));
	}
}

/* The folders of laggs, with what is in them. */
static int find_all(struct agent *agent, struct finds *ret)
{
	struct dirent *entry;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(agent->host.pins);
	while (dir && (entry = readdir(dir))) {
		struct find *more = realloc(ret->list, (ret->count + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		ret->list = more;
		ret->count += look_into(agent, entry->d_name, &more[ret->count]);
	}
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_finds);
	for (uint32_t i = 0; i < ret->count; i++)
		read_find(agent, &ret->list[i]);
	return 0;
}

void adopt_make_anew(struct agent *agent, const struct xlagg_model *model)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t failed;
	struct ctl_command *command = malloc(sizeof(*command));
	int r = command ? 0 : -ENOMEM;
	if (command) {
		ctl_model_to_command(model, command);
		command->from_file = true;
		agent->host.starting = true;
		r = transaction_run(agent, command, 1, false, &failed, sentence);
		agent->host.starting = false;
	}
	if (r < 0)
		log_error("%s is left out: %s", model->name, sentence[0] ? sentence : strerror(-r));
	free(command);
}

static int put_back(struct agent *agent, struct find *find)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	int r = rests_put_back(agent, find->folder, find->saved, why);
	if (r < 0)
		log_error("%s: %s", find->name, why);
	return r;
}

/* A lagg that cannot be taken over is put back; where its configuration could be read and its device was there it is
 * made anew. What is kept of it goes with a lagg that somebody removed, and not with a namespace. */
static void give_up(struct agent *agent, struct find *find)
{
	bool anew = find->known && find->r != -ENODEV && find->r != -ESTALE;
	find->anew = anew;
	log_warning("%s: what is pinned in %s cannot be adopted (%s): it is removed%s", find->name, find->folder,
		    find->why[0] ? find->why : strerror(-find->r), anew ? " and made anew" : "");
	if (put_back(agent, find) < 0) {
		rests_add(agent, find->name, find->folder, find->saved, anew ? &find->model : NULL);
		find->anew = false;
	}
	if (!anew && find->known && find->r != -ESTALE)
		state_remove(&agent->host, find->name);
}

/* Which devices are whose is known before names are given, since names may have been exchanged; and names are given
 * before absent ports are looked for by theirs. */
void adopt_all(struct agent *agent)
{
	struct finds finds = {0};
	if (find_all(agent, &finds) < 0)
		log_error("no memory to adopt all that is pinned");
	for (uint32_t i = 0; i < finds.count; i++)
		finds.list[i].r = adopt_one(agent, &finds.list[i]);
	for (uint32_t i = 0; i < finds.count; i++)
		if (finds.list[i].r < 0)
			give_up(agent, &finds.list[i]);
	/* What the records do not tell. */
	orphans_put_back(agent);
	names_follow_all(agent);
	for (uint32_t i = 0; i < agent->laggs; i++)
		settle(agent->lagg[i]);
	devices_find_absent(agent);
	for (uint32_t i = 0; i < finds.count; i++)
		if (finds.list[i].anew)
			adopt_make_anew(agent, &finds.list[i].model);
	free_finds(&finds);
}

static int flush_one(struct agent *agent, struct find *find)
{
	/* If the agent dies now, the next one finds no lagg here but only what is to be put back. */
	if (find->saved)
		find->saved->message_len = 0;
	int r = put_back(agent, find);
	if (r == 0)
		log_info("%s: removed", find->name);
	else
		rests_add(agent, find->name, find->folder, find->saved, NULL);
	state_remove(&agent->host, find->name);
	return r;
}

int adopt_flush(struct agent *agent)
{
	struct finds finds = {0};
	int r = find_all(agent, &finds);
	for (uint32_t i = 0; i < finds.count; i++) {
		int flushed = flush_one(agent, &finds.list[i]);
		r = r < 0 ? r : flushed;
	}
	orphans_put_back(agent);
	free_finds(&finds);
	return r;
}
