/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Adoption: what an earlier agent left pinned is taken over as it runs, or put back. It is untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adopt.h"
#include "devices.h"
#include "forget.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/fight.h"
#include "lagg/headless.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/making.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "lagg/state.h"
#include "lagg/taken.h"
#include "laggs.h"
#include "names.h"
#include "orphans.h"
#include "rests.h"
#include "sys/again.h"
#include "sys/fd.h"
#include "transaction.h"
#include "undo.h"

/* How often what may fail for a moment is tried: a single failure must not cost a lagg that carries traffic. */
#define TRIES 3
#define PAUSE_NS 50000000 /* between two tries */

/* A lagg's folder of pins that was found. */
struct find {
	char folder[512];
	char name[XLAGG_NAME_MAX]; /* the lagg's name by the record or, where that cannot be read, by the folder */
	struct xlagg_saved *saved; /* NULL: the record cannot be read */
	bool known;		   /* the record could be decoded: `model` is valid */
	struct xlagg_model model;  /* the lagg's configuration by the record */
	int r;			   /* 0, or -errno: the record could not be read, or the lagg not be adopted */
	char why[XLAGG_SENTENCE_MAX];
	bool anew;    /* the lagg is to be made again from its configuration */
	bool leaving; /* it was about to be removed by a transaction that is undone, and is made again if it is gone */
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

/* Returns the slot that the port had, else a free one, else XLAGG_MAX_PORTS. */
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

/* Takes over a port's device that still has the lagg's programs. One without them was just becoming a port, or ceasing
 * to be one, when the agent died: what was changed on it is put back first. */
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
	/* If the device is here, it joins again, under whatever name it has by now. */
	if (undo->ifindex && !is_another_port(lagg, (int)undo->ifindex) &&
	    netlink_get(lagg->host->nl, (int)undo->ifindex, &port->device) == 0)
		port->candidate = (int)undo->ifindex;
	/* record_read() did not find it by its ifindex. */
	if (!undo->ifindex && undo->changed)
		rest_search(lagg, slot, undo->changed & XLAGG_UNDO_MAC ? lagg->looks.mac : lagg->saved.port[slot].mac,
			    -1);
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

/* Puts devices back that the record has and the configuration does not: the agent died while it added or removed a
 * port. */
static void drop_strays(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &lagg->saved.undo[slot];
		if (lagg->port[slot].used)
			continue;
		if (undo->ifindex)
			log_about(LOG_LEVEL_INFO, lagg->model.name, undo->name,
				  "%s is put back: it is not a port of the configuration", undo->name);
		/* What cannot be put back now stays in the record and is tried again (rest.c). */
		rest_put_back(lagg, slot);
	}
}

/* Handles what changed on the ports' devices while no agent ran. */
static void catch_up(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			lagg_port_changed(lagg, slot);
}

/* Tells the core the present state of all links, then publishes once. Until then the datapath forwards as the earlier
 * agent left it. */
static void adopt_links(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			lagg_port_refresh(lagg, slot, XLAGG_DETECTED_NONE);
	const struct xlagg_history history = lagg->saved.history;
	input_adopted(lagg, &history);
}

/* The MTU that the lagg had. If its device has another one now, someone else changed it, which settle() handles. */
static uint32_t mtu_before(const struct lagg *lagg, const struct device *device)
{
	uint32_t wanted = lagg->model.conf.mtu, recorded = lagg->saved.mtu;
	if (wanted != XLAGG_AUTO)
		return wanted;
	return recorded >= device->min_mtu && recorded <= device->max_mtu ? recorded : device->mtu;
}

/* Sets what is known of the lagg by its devices. */
static void take_devices(struct lagg *lagg, const struct device *device, const struct device *lower)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	lagg->device = lagg->saved.device;
	lagg->bond_mode = device->bond_mode;
	lagg->bond_policy = device->bond_policy;
	lagg->ifindex = device->ifindex;
	lagg->lower_ifindex = lower->ifindex;
	device_know_lower(lagg, lower);
	lagg->looks.mtu = mtu_before(lagg, device);
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
	/* If the device has another MAC, someone else changed it. settle() handles that. */
	if (!lagg->looks.own_macs)
		memcpy(lagg->looks.mac, mac, 6);
	lagg_setup(lagg, &setup);
	r = datapath_adopt(&lagg->dp, folder, &host->features, &setup, sentence);
	if (r == 0)
		lagg->away_ns = datapath_unattended(lagg->dp, clock_now());
	/* From here on the agent handles LACP again. The kernel still sends what is overdue, port by port, until the
	 * agent has sent for the first time (keep_pdu()). */
	if (r == 0)
		datapath_take_over(lagg->dp, clock_now());
	if (r == 0)
		r = datapath_watch(lagg->dp, host->watch);
	return r < 0 ? r : input_watch_frames(lagg);
}

/* Checks whether the record is complete and valid. Returns 0, or -EPROTO with the reason in find->why. */
static int check_find(struct find *find)
{
	const struct xlagg_saved *saved = find->saved;
	uint8_t mac[6];
	if (saved && saved->abi_version != XLAGG_ABI_VERSION)
		snprintf(find->why, sizeof(find->why), "its maps have version %u and this agent's have %u",
			 saved->abi_version, XLAGG_ABI_VERSION);
	else if (saved ? saved->message_len == 0 && record_check(saved) == 0 : making_read(find->folder, mac) == 0)
		snprintf(find->why, sizeof(find->why), "it was being made when its agent died");
	else if (!saved || record_check(saved) < 0)
		snprintf(find->why, sizeof(find->why), "its record is damaged");
	else if (find->known)
		return 0;
	return -EPROTO;
}

/* Finds the lagg's devices. Returns 0, or -errno with the reason in `why`. */
static int find_devices(struct agent *agent, const struct find *find, struct device *device, struct device *lower,
			char why[XLAGG_SENTENCE_MAX])
{
	/* Waits until the kernel answers: without an answer a working lagg would be given up. */
	netlink_get_patiently(agent->host.nl, (int)find->saved->ifindex, device);
	int r = record_find_devices(&agent->host, find->folder, find->saved, device, lower);
	if (!record_is_of_this_netns(&agent->host, find->saved)) {
		snprintf(why, XLAGG_SENTENCE_MAX, "it belongs to a network namespace that is gone");
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

/* Puts a port first, if it has a place. */
static void put_first(struct xlagg_table *table, uint8_t slot)
{
	uint32_t at = 0;
	while (at < table->count && at < XLAGG_MAX_PORTS && table->order[at] != slot)
		at++;
	if (at == table->count || at == XLAGG_MAX_PORTS)
		return;
	memmove(&table->order[1], &table->order[0], at);
	table->order[0] = slot;
}

/* Buckets that were on their way begin anew from where they are. */
static void adopt_table(struct lagg *lagg, const struct xlagg_saved *found)
{
	struct xlagg_table table;
	datapath_unmarked_table(lagg->dp, &table);
	if (found->active)
		put_first(&table, (uint8_t)((found->active & ~XLAGG_ACTIVE_CHOSEN) - 1));
	core_adopt(lagg->core, &table);
	if (found->active & XLAGG_ACTIVE_CHOSEN)
		core_adopt_chosen(lagg->core);
}

/* Undoes what the devices have of a change in whose middle the agent before died, together with settle(): nobody else
 * has changed them. `found`: the record as it was left; `model`: the configuration in it. */
static void undo_change(struct lagg *lagg, const struct xlagg_saved *found, const struct xlagg_model *model)
{
	if (!found->changing)
		return;
	log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "its agent ended in the middle of a change, which is undone");
	lagg->astray = true;
	fight_excuse(lagg, clock_now());
	if (found->profile == XLAGG_DATAPATH_XDP && lagg->model.conf.datapath != XLAGG_DATAPATH_XDP)
		device_release_features(lagg);
	device_drop_addresses(lagg, &model->address[model->addresses], found->adding);
}

static int adopt_one(struct agent *agent, void *what)
{
	struct find *find = what;
	struct device device = {0}, lower = {0};
	struct xlagg_model *model = &find->model;
	int r = check_find(find);
	if (r == 0)
		r = find_devices(agent, find, &device, &lower, find->why);
	if (r == 0)
		r = taken_check_sends(find->saved, find->folder, device.ifindex, find->why);
	if (r < 0)
		return r;
	if (!find->saved->changing)
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
	undo_change(lagg, find->saved, model);
	core_hold(lagg->core);
	adopt_table(lagg, find->saved);
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

/* What changed while no agent ran is now handled like a change that happens while one runs. */
static void settle(struct agent *agent, struct lagg *lagg)
{
	struct device device;
	lagg->settling = true;
	catch_up(lagg);
	if (netlink_get(lagg->host->nl, lagg->ifindex, &device) == 0)
		lagg_device_changed(lagg, &device);
	lagg->settling = false;
	lagg_settle(lagg);
	if (!lagg->saved.mac_from.ifindex)
		identity_find_mac_from(lagg);
	record_save(lagg);
	log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "adopted with %u ports", lagg->model.ports);
	laggs_breathe(agent);
}

/* --- all of them --- */

static int compare_finds(const void *a, const void *b)
{
	return strcmp(((const struct find *)a)->folder, ((const struct find *)b)->folder);
}

/* Whether another try may succeed. */
static bool may_pass(int r)
{
	return r < 0 && r != -ENODEV && r != -ESTALE && r != -EPROTO && r != -ENOENT;
}

/* Calls `once` until it succeeds or fails for good, at most TRIES times. */
static int patiently(int (*once)(struct agent *agent, void *what), struct agent *agent, void *what)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int r = once(agent, what);
	for (uint32_t i = 1; i < TRIES && may_pass(r); i++) {
		nanosleep(&pause, NULL);
		r = once(agent, what);
	}
	return r;
}

/* Whether this entry is a lagg's folder and not that of the watcher or of libxdp: 1 or 0, or -errno. */
static int begin_find(struct agent *agent, const char *entry, struct find *ret)
{
	*ret = (struct find){0};
	if (entry[0] == '.' || ctl_name_of(entry, ret->name) < 0)
		return 0;
	snprintf(ret->folder, sizeof(ret->folder), "%s/%s", agent->host.pins, entry);
	return record_is_folder(ret->folder);
}

static int read_find(struct agent *agent, void *what)
{
	struct find *find = what;
	free(find->saved);
	find->saved = NULL;
	int r = record_read(&agent->host, find->folder, &find->saved);
	if (r == 0)
		find->leaving = undo_record(agent, find->name, find->saved);
	if (r == 0)
		r = record_decode(find->saved, &find->model, find->why);
	if (r < 0)
		return r;
	find->known = true;
	memcpy(find->name, find->model.name, sizeof(find->name));
	return 0;
}

static int add_find(struct agent *agent, const char *entry, struct finds *ret)
{
	struct find *more = realloc(ret->list, (ret->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	ret->list = more;
	int r = begin_find(agent, entry, &more[ret->count]);
	if (r > 0)
		ret->count++;
	return r < 0 ? r : 0;
}

static int find_folders(struct agent *agent, void *what)
{
	struct finds *ret = what;
	ret->count = 0;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(agent->host.pins);
	if (!dir)
		return -errno;
	const struct dirent *entry;
	int r;
	while ((entry = next_entry(dir, &r)) && (r = add_find(agent, entry->d_name, ret)) == 0)
		;
	return r;
}

/* Finds all laggs' folders and reads their records. A damaged one is no failure; one that cannot be read now stays. */
static int find_all(struct agent *agent, struct finds *ret)
{
	int r = patiently(find_folders, agent, ret);
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_finds);
	for (uint32_t i = 0; i < ret->count; i++) {
		int read = ret->list[i].r = patiently(read_find, agent, &ret->list[i]);
		r = r == 0 && is_shortage(read) ? read : r;
	}
	if (r < 0)
		log_error("cannot see which laggs are pinned in %s: %s", agent->host.pins, strerror(-r));
	return r;
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
	agent->left_out |= r < 0;
	if (r < 0)
		log_error("%s is left out: %s", model->name, sentence[0] ? sentence : strerror(-r));
	free(command);
}

static int put_back(struct agent *agent, struct find *find, bool anew)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	int r = (anew ? rests_make_room : rests_put_back)(agent, find->name, find->folder, find->saved, why);
	if (r < 0)
		log_about(LOG_LEVEL_ERROR, find->name, NULL, "%s", why);
	return r;
}

static bool wants_anew(const struct find *find)
{
	return find->known && find->r < 0 && (find->r != -ENODEV || find->leaving) && find->r != -ESTALE;
}

/* Puts a lagg back that cannot be adopted. It is made again if its configuration could be read and its device existed.
 * Its file in the state folder is deleted if someone removed the lagg, but not if its whole namespace is gone. */
static void give_up(struct agent *agent, struct find *find)
{
	bool anew = find->anew = wants_anew(find);
	if (!find->folder[0])
		return;
	log_about(LOG_LEVEL_WARNING, find->name, NULL, "what is pinned in %s cannot be adopted (%s): it is removed%s",
		  find->folder, find->why[0] ? find->why : strerror(-find->r), anew ? " and made anew" : "");
	if (put_back(agent, find, anew) < 0) {
		rests_add(agent, find->name, find->folder, find->saved, anew ? &find->model : NULL);
		find->anew = false;
		agent->left_out |= anew;
	}
	if (!anew && find->known && find->r != -ESTALE)
		forget_lagg(agent, find->name);
}

/* Adds those that a transaction which is undone had removed by then. */
static int add_missing(struct agent *agent, struct finds *finds)
{
	struct xlagg_model *model = malloc(sizeof(*model));
	int r = model ? 0 : -ENOMEM;
	for (uint32_t at = 0; r == 0 && undo_missing(agent, &at, model);) {
		struct find *more = realloc(finds->list, (finds->count + 1) * sizeof(*more));
		if (!more) {
			r = -ENOMEM;
			break;
		}
		finds->list = more;
		more[finds->count] = (struct find){.known = true, .model = *model, .r = -ENODEV, .leaving = true};
		memcpy(more[finds->count++].name, model->name, sizeof(model->name));
	}
	free(model);
	return r;
}

static void adopt_next(struct agent *agent, struct find *find)
{
	find->r = patiently(adopt_one, agent, find);
	laggs_breathe(agent);
}

/* What cannot be adopted is removed, and made anew. Where no program can be loaded it could not be, so that it is
 * better left as it runs. Returns 0, or -errno: no program can be loaded. */
static int can_make_anew(const struct finds *finds)
{
	for (uint32_t i = 0; i < finds->count; i++)
		if (wants_anew(&finds->list[i]))
			return datapath_try_to_load();
	return 0;
}

static int read_journal(struct agent *agent, void *what)
{
	(void)what;
	return undo_read(agent);
}

/* The order matters: first it must be known which lagg has which device, then names can be followed, since devices may
 * have exchanged them. Names must be right before the devices of absent ports are searched for by name. */
int adopt_all(struct agent *agent)
{
	__attribute__((cleanup(free_finds))) struct finds finds = {0};
	int r = patiently(read_journal, agent, NULL);
	if (r == 0)
		r = find_all(agent, &finds);
	/* An agent that started nevertheless would take its own laggs for someone else's, and create them again. */
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < finds.count; i++)
		adopt_next(agent, &finds.list[i]);
	r = add_missing(agent, &finds);
	if (r == 0)
		r = can_make_anew(&finds);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < finds.count; i++)
		if (finds.list[i].r < 0)
			give_up(agent, &finds.list[i]);
	/* Devices that no record mentions. */
	orphans_put_back(agent);
	names_follow_all(agent);
	for (uint32_t i = 0; i < agent->laggs; i++)
		settle(agent, agent->lagg[i]);
	devices_find_absent(agent);
	for (uint32_t i = 0; i < finds.count; i++)
		if (finds.list[i].anew)
			adopt_make_anew(agent, &finds.list[i].model);
	undo_over(agent);
	return 0;
}

static int flush_one(struct agent *agent, struct find *find)
{
	/* Without a configuration in its record the lagg is not adopted, only put back, by the next agent if this one
	 * dies here. */
	if (find->saved)
		find->saved->message_len = 0;
	int r = put_back(agent, find, false);
	if (r == 0)
		log_about(LOG_LEVEL_INFO, find->name, NULL, "removed");
	else
		rests_add(agent, find->name, find->folder, find->saved, NULL);
	int forgotten = forget_lagg(agent, find->name);
	return r < 0 ? r : forgotten;
}

int adopt_flush(struct agent *agent)
{
	__attribute__((cleanup(free_finds))) struct finds finds = {0};
	int journal = datapath_journal_remove(agent->host.pins), r = find_all(agent, &finds);
	r = r < 0 ? r : journal;
	for (uint32_t i = 0; i < finds.count; i++) {
		int flushed = is_shortage(finds.list[i].r) ? 0 : flush_one(agent, &finds.list[i]);
		r = r < 0 ? r : flushed;
	}
	orphans_put_back(agent);
	if (r == 0)
		state_remove_all(&agent->host);
	return r;
}
