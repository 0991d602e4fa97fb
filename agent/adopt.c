/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What an agent before this one left pinned: taken over as it runs, or put back. All of it is untrusted input. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void free_saved(struct xlagg_saved **saved)
{
	free(*saved);
}

/* Checks what was read back: version, lengths, terminated texts. */
static int check_saved(struct xlagg_saved *saved)
{
	if (saved->abi_version != XLAGG_ABI_VERSION || saved->message_len > sizeof(saved->message) ||
	    saved->device > XLAGG_DEVICE_VETH || saved->profile > XLAGG_DATAPATH_XDP)
		return -EPROTO;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &saved->undo[slot];
		if (!memchr(undo->name, 0, sizeof(undo->name)) || !memchr(undo->alias, 0, sizeof(undo->alias)))
			return -EPROTO;
	}
	return 0;
}

/* The configuration in it, as a model. */
static int decode_saved(const struct xlagg_saved *saved, const char *name, struct xlagg_model *ret,
			char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_command *command = malloc(sizeof(*command));
	struct ctl_model *one = calloc(1, sizeof(*one));
	int r = command && one ? ctl_decode(saved->message, saved->message_len, command, sentence) : -ENOMEM;
	if (r >= 0 && (command->cmd != XLAGG_CMD_LAGG_ADD || strcmp(command->name, name)))
		r = -EPROTO;
	if (r >= 0)
		r = ctl_apply(one, command, sentence);
	if (r >= 0)
		*ret = one->lagg[0];
	free(command);
	free(one);
	return r < 0 ? r : 0;
}

/* Each port in the slot in which it was; those that are not in the saved table get a free one. */
static int adopt_ports(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device device;
	for (uint32_t i = 0; i < model->ports; i++) {
		const struct xlagg_port_model *wanted = &model->port[i];
		uint32_t slot = 0;
		while (slot < XLAGG_MAX_PORTS && strcmp(lagg->saved.undo[slot].name, wanted->name))
			slot++;
		if (slot == XLAGG_MAX_PORTS || lagg->port[slot].used)
			return -EPROTO;
		struct port *port = &lagg->port[slot];
		*port = (struct port){.used = true};
		snprintf(port->name, sizeof(port->name), "%s", wanted->name);
		lagg->model.port[lagg->model.ports++] = *wanted;
		core_port_add(lagg->core, agent_now(), slot, port->name, lagg->next_order++, &wanted->conf, &lagg->fx);
		int ifindex = (int)lagg->saved.undo[slot].ifindex;
		if (ifindex && netlink_get(lagg->agent->nl, ifindex, &device) == 0) {
			port->ifindex = ifindex;
			port->device = device;
			if (datapath_get_lacp(lagg->dp, slot, &port->lacp) == 0)
				core_adopt_lacp(lagg->core, slot, &port->lacp);
			port->lacp_pinned = port->lacp;
		} else if (netlink_get_by_name(lagg->agent->nl, wanted->name, &device) == 0) {
			/* It came back, or came for the first time, while no agent was there. */
			if (member_attach(lagg, slot, &device, sentence) < 0)
				log_warning("%s: %s", lagg->model.name, sentence);
		}
	}
	return 0;
}

/* The links as they are now, then one publication: the datapath forwards all the while as it was left. */
static void adopt_links(struct lagg *lagg)
{
	uint32_t lost[XLAGG_MAX_PORTS];
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			member_refresh(lagg, slot);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		lost[slot] = lagg->port[slot].lost;
	core_release(lagg->core, agent_now(), &lagg->fx);
	lagg_effects(lagg, lost);
}

static int adopt_one(struct agent *agent, const char *name, struct xlagg_saved *saved, const char *folder,
		     char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_model model;
	struct device device, lower;
	struct datapath_setup setup;
	int r = check_saved(saved);
	if (r == 0)
		r = decode_saved(saved, name, &model, sentence);
	if (r < 0)
		return r;
	if (netlink_get(agent->nl, (int)saved->ifindex, &device) < 0 ||
	    netlink_get(agent->nl, (int)saved->lower_ifindex, &lower) < 0 || strcmp(device.name, name)) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "its device is gone");
		return -ENODEV;
	}
	model.conf.admin = !!(device.flags & IFF_UP);
	struct lagg *lagg = lagg_new(agent, &model);
	if (!lagg)
		return -ENOMEM;
	lagg->saved = *saved;
	lagg->device = saved->device;
	lagg->ifindex = device.ifindex;
	lagg->lower_ifindex = lower.ifindex;
	lagg->mtu = device.mtu;
	lagg->promisc = device.promiscuity > 0;
	lagg->carrier = lower.flags & IFF_UP;
	lagg->direct = lagg->device == XLAGG_DEVICE_VETH && model.conf.datapath == XLAGG_DATAPATH_TC &&
		       model.conf.tx_path == XLAGG_TX_DIRECT;
	memcpy(lagg->mac, device.mac, 6);
	uint8_t mac[6];
	memcpy(mac, device.mac, 6);
	r = identity_choose(agent, &model, mac, &lagg->seed, sentence);
	if (r == 0) {
		lagg_setup(lagg, &setup);
		r = datapath_adopt(&lagg->dp, folder, &agent->features, &setup, sentence);
	}
	if (r == 0)
		r = lagg_watch_slow(lagg);
	if (r < 0) {
		lagg_free(lagg);
		return r;
	}
	agent->lagg[agent->laggs++] = lagg;
	lagg->model.addresses = model.addresses;
	memcpy(lagg->model.address, model.address, sizeof(model.address));
	core_hold(lagg->core);
	core_adopt(lagg->core, datapath_table(lagg->dp));
	core_set_mac(lagg->core, agent_now(), lagg->mac, &lagg->fx);
	r = adopt_ports(lagg, &model, sentence);
	if (r < 0) {
		lagg_release(lagg);
		return r;
	}
	adopt_links(lagg);
	lagg_save(lagg);
	agent->model.lagg[agent->model.laggs++] = lagg->model;
	agent->adopted++;
	log_info("%s: adopted with %u ports", name, lagg->model.ports);
	return 0;
}

/* Ports and devices as they were before, and nothing left in bpffs. */
static int put_back(struct agent *agent, const char *folder, struct xlagg_saved *saved)
{
	struct device device;
	if (saved && check_saved(saved) == 0) {
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (saved->undo[slot].ifindex)
				port_restore(agent->nl, &saved->undo[slot]);
		/* The name is checked too: the number may be another device's by now. */
		const char *name = strrchr(folder, '/') + 1;
		if (netlink_get(agent->nl, (int)saved->ifindex, &device) == 0 && !strcmp(device.name, name))
			netlink_del(agent->nl, device.ifindex);
	}
	return datapath_remove(folder);
}

/* Whether this folder is a lagg's and not the agent's own or another namespace's. */
static bool is_lagg_folder(const char *folder)
{
	char path[600];
	struct dirent *entry;
	snprintf(path, sizeof(path), "%s", folder);
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (!strcmp(entry->d_name, "saved") || !strcmp(entry->d_name, "ports"))
			return true;
	return false;
}

typedef int (*folder_fn)(struct agent *agent, const char *name, const char *folder);

static int for_each_folder(struct agent *agent, folder_fn fn)
{
	char names[XLAGG_MAX_LAGGS][XLAGG_NAME_MAX], folder[512];
	uint32_t count = 0;
	struct dirent *entry;
	int result = 0;
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(agent->pins);
	while (dir && (entry = readdir(dir)) && count < XLAGG_MAX_LAGGS)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < XLAGG_NAME_MAX)
			memcpy(names[count++], entry->d_name, strlen(entry->d_name) + 1);
	qsort(names, count, sizeof(names[0]), (int (*)(const void *, const void *))strcmp);
	for (uint32_t i = 0; i < count; i++) {
		lagg_folder(agent, names[i], folder);
		if (!is_lagg_folder(folder))
			continue;
		int r = fn(agent, names[i], folder);
		if (r < 0 && !result)
			result = r;
	}
	return result;
}

static struct xlagg_saved *read_saved(const char *folder)
{
	struct xlagg_saved *saved = malloc(sizeof(*saved));
	if (saved && datapath_read_saved(folder, saved) < 0) {
		free(saved);
		return NULL;
	}
	return saved;
}

/* A lagg that cannot be taken over is put back; where its configuration could be read it is made anew. */
static int adopt_folder(struct agent *agent, const char *name, const char *folder)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct xlagg_model model;
	__attribute__((cleanup(free_saved))) struct xlagg_saved *saved = read_saved(folder);
	int r = saved ? adopt_one(agent, name, saved, folder, sentence) : -EPROTO;
	if (r == 0)
		return 0;
	bool known = saved && check_saved(saved) == 0 && decode_saved(saved, name, &model, sentence) == 0;
	log_warning("%s: what is pinned in %s cannot be adopted (%s): it is removed%s", name, folder,
		    sentence[0] ? sentence : strerror(-r), known && r != -ENODEV ? " and made anew" : "");
	put_back(agent, folder, saved);
	if (!known || r == -ENODEV)
		return 0;
	struct ctl_command *command = malloc(sizeof(*command));
	uint32_t failed;
	if (!command)
		return -ENOMEM;
	ctl_model_to_command(&model, command);
	command->from_file = true;
	sentence[0] = 0;
	r = transaction_run(agent, command, 1, false, &failed, sentence);
	free(command);
	if (r < 0)
		log_error("%s is left out: %s", name, sentence);
	return 0;
}

void adopt_all(struct agent *agent)
{
	for_each_folder(agent, adopt_folder);
}

static int flush_folder(struct agent *agent, const char *name, const char *folder)
{
	__attribute__((cleanup(free_saved))) struct xlagg_saved *saved = read_saved(folder);
	int r = put_back(agent, folder, saved);
	if (r < 0)
		log_error("%s: cannot remove what is pinned in %s: %s", name, folder, strerror(-r));
	else
		log_info("%s: removed", name);
	identity_forget(agent, name);
	return r;
}

int flush_pinned(struct agent *agent)
{
	return for_each_folder(agent, flush_folder);
}
