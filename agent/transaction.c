/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Transactions: commands change a copy of the configuration, and then each running lagg is changed by what differs. If
 * that fails, the laggs are changed back, so that commands do all or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "flight.h"
#include "forget.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/state.h"
#include "laggs.h"
#include "later.h"
#include "orphans.h"
#include "progress.h"
#include "rests.h"
#include "sys/again.h"
#include "sys/port.h"
#include "take.h"
#include "transaction.h"
#include "undo.h"

/* So many laggs at least have their devices removed together, and so many at most, during which nobody else gets RTNL.
 */
#define TOGETHER_MIN 2
#define TOGETHER_MAX 64

static void free_model(struct ctl_model **model)
{
	free(*model);
}

/* --- checks that need the kernel --- */

void transaction_find_name(struct agent *agent, const char *word, char ret[XLAGG_NAME_MAX])
{
	struct device device;
	struct lagg *lagg;
	uint32_t slot;
	uint8_t mac[6];
	memset(ret, 0, XLAGG_NAME_MAX);
	snprintf(ret, XLAGG_NAME_MAX, "%s", word);
	/* A port's own MAC is not on it while it is one. */
	if (xlagg_name_to_mac(word, mac) == 0 && laggs_port_of_mac(agent, mac, &lagg, &slot)) {
		snprintf(ret, XLAGG_NAME_MAX, "%s", lagg->port[slot].name);
		return;
	}
	if (netlink_get_by_name(agent->host.nl, word, &device) < 0)
		return;
	bool is_port = laggs_port_of_device(agent, device.ifindex, &lagg, &slot);
	snprintf(ret, XLAGG_NAME_MAX, "%s", is_port ? lagg->port[slot].name : device.name);
}

static bool is_port_name(const struct ctl_model *model, const char *name)
{
	for (uint32_t i = 0; i < model->laggs; i++)
		if (ctl_find_port(&model->lagg[i], name) >= 0)
			return true;
	return false;
}

/* Whether the command also names another port so. */
static bool is_said(const struct ctl_command *command, const struct ctl_port *port, const char *name)
{
	for (uint32_t i = 0; i < command->ports; i++)
		if (&command->port[i] != port && strcmp(command->port[i].name, name) == 0)
			return true;
	return false;
}

/* Replaces an alternative name of a device by its proper one, so that a device has one name in the configuration. The
 * name stays as it is if a port of that name exists already and waits for its device. In a file two ports may be the
 * same device under two names: one of them then waits until the other is removed. */
static void resolve_port(struct agent *agent, const struct ctl_model *to, const struct ctl_command *command,
			 struct ctl_port *port)
{
	char name[XLAGG_NAME_MAX];
	transaction_find_name(agent, port->name, name);
	bool twice = command->from_file && (is_said(command, port, name) || is_port_name(to, name));
	if (strcmp(name, port->name) != 0 && !is_port_name(to, port->name) && !twice)
		memcpy(port->name, name, sizeof(port->name));
}

static void resolve_names(struct agent *agent, const struct ctl_model *to, struct ctl_command *command)
{
	char name[XLAGG_NAME_MAX], *primary = command->conf.primary, *mac = command->conf.mac;
	for (uint32_t i = 0; i < command->ports; i++)
		resolve_port(agent, to, command, &command->port[i]);
	if (strcmp(primary, "auto") != 0 && !is_port_name(to, primary)) {
		transaction_find_name(agent, primary, name);
		memcpy(primary, name, sizeof(name));
	}
	if (strncmp(mac, "from ", 5) == 0 && !is_port_name(to, mac + 5)) {
		transaction_find_name(agent, mac + 5, name);
		memcpy(mac + 5, name, sizeof(name));
	}
}

static bool is_running_port(const struct agent *agent, const char *name)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (lagg_port_find(agent->lagg[i], name) >= 0)
			return true;
	return false;
}

static void resolve_model(struct agent *agent, const struct ctl_model *wanted, struct xlagg_model *lagg)
{
	char name[XLAGG_NAME_MAX], *primary = lagg->conf.primary, *mac = lagg->conf.mac;
	for (uint32_t port = 0; port < lagg->ports; port++) {
		if (is_running_port(agent, lagg->port[port].name))
			continue;
		transaction_find_name(agent, lagg->port[port].name, name);
		if (!is_port_name(wanted, name))
			memcpy(lagg->port[port].name, name, sizeof(name));
	}
	if (strcmp(primary, "auto") != 0 && ctl_find_port(lagg, primary) < 0) {
		transaction_find_name(agent, primary, name);
		memcpy(primary, name, sizeof(name));
	}
	if (strncmp(mac, "from ", 5) == 0 && !is_running_port(agent, mac + 5)) {
		transaction_find_name(agent, mac + 5, name);
		memcpy(mac + 5, name, sizeof(name));
	}
}

void transaction_resolve(struct agent *agent, struct ctl_model *wanted)
{
	for (uint32_t i = 0; i < wanted->laggs; i++)
		resolve_model(agent, wanted, &wanted->lagg[i]);
}

static bool is_port_of(struct agent *agent, const char *lagg_name, const char *port)
{
	struct lagg *lagg = laggs_find(agent, lagg_name);
	return lagg && lagg_port_find(lagg, port) >= 0;
}

/* Checks before anything is changed that the device of a new port exists, unless it may be absent, and is fit.
 * `leaving`: ifindex of a bond that will be gone by then, or 0. */
static int check_port(struct agent *agent, const struct ctl_command *command, const struct ctl_port *port,
		      const struct ctl_model *model, int leaving, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device device;
	char word[XLAGG_MAC_TEXT];
	if (agent->host.starting || is_port_of(agent, command->name, port->name))
		return 0;
	/* A later command of the transaction may have removed it again. */
	const struct xlagg_model *lagg = ctl_find((struct ctl_model *)model, command->name);
	int index = lagg ? ctl_find_port(lagg, port->name) : -1;
	if (index < 0)
		return 0;
	int r = netlink_get_by_name(agent->host.nl, port->name, &device);
	if (r == -ENODEV) {
		if (command->from_file || lagg->port[index].conf.absent)
			return 0;
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: there is no device %s: check the name, or say 'absent ok' for one that comes later",
			 command->name, ctl_device_word(port->name, word));
		return r;
	}
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (lagg_port_find(agent->lagg[i], device.name) >= 0)
			return 0; /* it leaves another lagg here, or ctl_apply() would have refused it */
	/* It may have been a port before and not be put back completely. */
	r = rests_settle_device(agent, device.ifindex, sentence);
	if (r > 0)
		r = netlink_get(agent->host.nl, device.ifindex, &device);
	if (r < 0)
		return r;
	if (device.master == leaving)
		device.master = 0;
	return port_check(agent->host.nl, &device, command->name, sentence);
}

/* Options that the proto does not use are normally accepted and ignored. Not this one: the user would count on link
 * probes that are never sent. */
static int check_probe(const struct ctl_command *command, const struct ctl_model *model,
		       char sentence[XLAGG_SENTENCE_MAX])
{
	const struct xlagg_model *lagg = ctl_find((struct ctl_model *)model, command->name);
	if (!lagg || strcmp(lagg->conf.probe, "none") == 0)
		return 0;
	if (!probes_wanted(&lagg->conf)) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: proto %s has no link probes: say probe none, or choose another proto", command->name,
			 xlagg_words_proto[lagg->conf.proto]);
		return -EOPNOTSUPP;
	}
	uint32_t targets = probes_targets(&lagg->conf);
	if (targets <= XLAGG_MAX_TARGETS)
		return 0;
	snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: probe has %u addresses, and %u is the most: leave some out",
		 command->name, targets, XLAGG_MAX_TARGETS);
	return -E2BIG;
}

static int check_command(struct agent *agent, const struct ctl_command *command, const struct ctl_model *model,
			 bool check, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct lagg *lagg = laggs_find(agent, command->name);
	int leaving = 0, r = check_probe(command, model, sentence);
	if (r < 0)
		return r;
	if (command->cmd == XLAGG_CMD_LAGG_TAKE && !(lagg && lagg->model.conf.taken)) {
		r = take_check(agent, command->name, sentence);
		return r == -ENODEV && command->from_file ? 0 : r; /* it is taken when it is there */
	}
	if (command->cmd == XLAGG_CMD_LAGG_ADD && (!lagg || lagg->model.conf.taken))
		r = take_check_name(agent, command->name, check, &leaving, sentence);
	if (command->cmd != XLAGG_CMD_LAGG_ADD && command->cmd != XLAGG_CMD_PORT_ADD)
		return 0;
	for (uint32_t i = 0; i < command->ports && r == 0; i++)
		r = check_port(agent, command, &command->port[i], model, leaving, sentence);
	return r;
}

/* --- changing the running laggs --- */

/* Whether another lagg of the new configuration needs its name or one of its ports. */
static bool is_in_the_way(const struct lagg *lagg, struct ctl_model *to)
{
	if (ctl_find(to, lagg->model.name))
		return true;
	for (uint32_t i = 0; i < to->laggs; i++)
		for (uint32_t port = 0; port < lagg->model.ports; port++)
			if (ctl_find_port(&to->lagg[i], lagg->model.port[port].name) >= 0)
				return true;
	return false;
}

static bool has_to_go(const struct lagg *lagg, struct ctl_model *to, bool all)
{
	const struct xlagg_model *model = ctl_find(to, lagg->model.name);
	return (!model || lagg_must_be_made_anew(lagg, model)) && (all || is_in_the_way(lagg, to));
}

static void remove_group(struct agent *agent, uint32_t group)
{
	progress_tell(agent, XLAGG_STEP_DEVICES, NULL);
	netlink_del_group(agent->host.nl, group);
}

/* Removes the devices of laggs that are destroyed next, many at once, because the kernel waits long for each removal.
 * What is not removed here is removed with its lagg. */
static void remove_devices(struct agent *agent, struct ctl_model *to, bool all)
{
	uint32_t group, members = 0;
	for (uint32_t i = 0; i < agent->laggs; i++)
		members += has_to_go(agent->lagg[i], to, all);
	if (members < TOGETHER_MIN || netlink_draw_group(&group) < 0)
		return;
	members = 0;
	for (uint32_t i = agent->laggs; i-- > 0;) {
		if (!has_to_go(agent->lagg[i], to, all))
			continue;
		progress_tell(agent, XLAGG_STEP_STOP, agent->lagg[i]->model.name);
		lagg_stop(agent->lagg[i]);
		members += device_join(agent->lagg[i], group) == 0;
		if (members == TOGETHER_MAX) {
			remove_group(agent, group);
			members = 0;
		}
		laggs_breathe(agent);
	}
	if (members)
		remove_group(agent, group);
	laggs_breathe(agent);
}

/* One that is to be made anew is not as wanted yet. */
static void destroy(struct agent *agent, struct ctl_model *to, struct lagg *lagg)
{
	bool leaves = !ctl_find(to, lagg->model.name);
	progress_tell(agent, XLAGG_STEP_REMOVE, lagg->model.name);
	laggs_destroy(agent, lagg);
	if (leaves)
		progress_count(agent);
}

/* Destroys the laggs that are not in the new configuration. Without `all` only those that are in the way: the others
 * are destroyed last, when nothing can fail any more, because creating them again would not restore what they were. */
static void destroy_leaving(struct agent *agent, struct ctl_model *to, bool all)
{
	remove_devices(agent, to, all);
	for (uint32_t i = agent->laggs; i-- > 0;) {
		if (has_to_go(agent->lagg[i], to, all))
			destroy(agent, to, agent->lagg[i]);
		laggs_breathe(agent);
	}
}

/* If nothing else was to be changed, the lagg is as wanted now. */
static void remove_ports(struct agent *agent, struct lagg *lagg, const struct xlagg_model *model)
{
	bool was_right = ctl_same_lagg(&lagg->model, model);
	lagg_remove_ports(lagg, model);
	if (!was_right && ctl_same_lagg(&lagg->model, model))
		progress_count(agent);
}

/* Removes ports from all laggs before any lagg adds one, since a port may move from one to another. Frames may still be
 * in flight to a removed port. When the command returns its device must be free, so the agent waits for them here. */
static void remove_moving(struct agent *agent, struct ctl_model *to)
{
	bool carried = false;
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		carried |= model && lagg_retire_ports(agent->lagg[i], model);
	}
	if (carried) {
		progress_tell(agent, XLAGG_STEP_FLIGHT, NULL);
		flight_await(agent, to);
	}
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		if (model)
			remove_ports(agent, agent->lagg[i], model);
		laggs_breathe(agent);
	}
}

/* One that waits for its bond is as wanted as long as no command takes it now. */
static bool is_as_wanted(const struct agent *agent, const struct xlagg_model *model)
{
	const struct lagg *lagg = laggs_find(agent, model->name);
	const struct later *later = later_find(agent, model->name);
	return lagg ? ctl_same_lagg(&lagg->model, model) : later && !later->now && ctl_same_lagg(&later->model, model);
}

/* Returns how many laggs are not as wanted. */
static uint32_t count_differences(struct agent *agent, struct ctl_model *to)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < agent->laggs; i++)
		count += !ctl_find(to, agent->lagg[i]->model.name);
	for (uint32_t i = 0; i < to->laggs; i++)
		count += !is_as_wanted(agent, &to->lagg[i]);
	return count;
}

static int create(struct agent *agent, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg;
	int r = laggs_create(agent, model, &lagg, sentence);
	if (r < 0)
		return r;
	agent->fresh++;
	later_drop(agent, model->name);
	return 0;
}

/* Takes a bond. It is waited for if it is not there, or if it was waited for and the command is about something else
 * than taking it now. */
static int take(struct agent *agent, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct later *later = later_find(agent, model->name);
	int r = take_check(agent, model->name, sentence);
	bool missing = r == -ENODEV;
	if (r == 0)
		r = create(agent, model, sentence);
	if (r == 0 || (!missing && (!later || later->now)))
		return r;
	later_add(agent, model, missing ? "" : sentence);
	sentence[0] = 0;
	return later_find(agent, model->name) ? 0 : -ENOMEM;
}

/* Makes one lagg what it is to be. */
static int lead_one(struct agent *agent, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = laggs_find(agent, model->name);
	if (is_as_wanted(agent, model))
		return 0;
	progress_tell(agent, lagg ? XLAGG_STEP_CHANGE : XLAGG_STEP_MAKE, model->name);
	int r = lagg		    ? lagg_change(lagg, model, sentence)
		: model->conf.taken ? take(agent, model, sentence)
				    : create(agent, model, sentence);
	if (r == 0)
		progress_count(agent);
	return r;
}

static int lead_to(struct agent *agent, struct ctl_model *to, const char **failed, char sentence[XLAGG_SENTENCE_MAX])
{
	progress_expect(agent, count_differences(agent, to));
	destroy_leaving(agent, to, false);
	remove_moving(agent, to);
	for (uint32_t i = 0; i < to->laggs; i++) {
		int r = lead_one(agent, &to->lagg[i], sentence);
		if (r < 0) {
			*failed = to->lagg[i].name;
			return r;
		}
		laggs_breathe(agent);
	}
	destroy_leaving(agent, to, true);
	later_keep(agent, to);
	return 0;
}

/* A single failure must not cost a lagg that was destroyed and has to be made again. */
static void lead_back(struct agent *agent, struct ctl_model *before)
{
	char sentence[XLAGG_SENTENCE_MAX];
	const char *failed = "";
	uint32_t tries = 0;
	int r;
	later_demand_none(agent);
	do {
		sentence[0] = 0;
		r = lead_to(agent, before, &failed, sentence);
	} while (again(&tries, r < 0));
	if (r < 0)
		log_error("cannot return to the previous configuration: %s", sentence[0] ? sentence : strerror(-r));
}

/* Changes the running laggs to `to`, or back to `before` if that fails. *failed: the lagg that could not be changed. */
static int lead_or_stay(struct agent *agent, struct ctl_model *before, struct ctl_model *to, const char **failed,
			char sentence[XLAGG_SENTENCE_MAX])
{
	agent->host.changing = true;
	int noted = undo_begin(agent, to, failed, sentence),
	    r = noted < 0 ? noted : lead_to(agent, to, failed, sentence);
	if (r < 0 && noted == 0)
		lead_back(agent, before);
	agent->host.changing = false;
	if (agent->unpolled)
		devices_update_poll(agent);
	laggs_order(agent, r < 0 ? before : to);
	/* Files take longer. Until undo_end() an agent that dies leaves all that is needed to go back. */
	for (uint32_t i = 0; i < agent->laggs; i++)
		record_pin(agent->lagg[i]);
	undo_end(agent);
	for (uint32_t i = 0; i < agent->laggs; i++)
		identity_store(agent->lagg[i]);
	laggs_breathe(agent);
	return r;
}

/* Deletes the files in the state folder of laggs that no longer exist. */
static void forget_leaving(struct agent *agent, const struct ctl_model *before, struct ctl_model *to)
{
	for (uint32_t i = 0; i < before->laggs; i++)
		if (!ctl_find(to, before->lagg[i].name))
			forget_lagg(agent, before->lagg[i].name);
	if (!to->laggs)
		state_remove_all(&agent->host);
}

/* --- transactions --- */

static uint32_t command_of(const struct ctl_command *commands, uint32_t count, const char *lagg)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(commands[i].name, lagg) == 0)
			return i;
	return 0;
}

static int activate(struct agent *agent, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = laggs_find(agent, command->name);
	const char *name = command->ports ? command->port[0].name : "";
	int slot = lagg ? lagg_port_find(lagg, name) : -ENOENT;
	if (slot < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: %s is not one of its ports: see xlagg port show",
			 command->name, name);
		return slot;
	}
	int r = input_activate(lagg, (uint32_t)slot);
	if (r == -EOPNOTSUPP)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: only proto failover has one active port: set proto failover first", command->name);
	else if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: %s cannot carry traffic now: see its reason in xlagg lagg show", command->name, name);
	return r;
}

static int balance(struct agent *agent, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = laggs_find(agent, command->name);
	int r = lagg ? input_balance(lagg) : -ENOENT;
	if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: nothing is known of its load yet, because balancing began a moment ago: try again in a "
			 "second",
			 command->name);
	return r;
}

/* What is not a matter of configuration comes after it. */
static int act(struct agent *agent, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX])
{
	if (later_find(agent, command->name) &&
	    (command->cmd == XLAGG_CMD_PORT_ACTIVATE || command->cmd == XLAGG_CMD_LAGG_BALANCE))
		return ctl_refuse(sentence, -ENODEV, "%s waits for its bond: see xlagg lagg show", command->name);
	switch (command->cmd) {
	case XLAGG_CMD_PORT_ACTIVATE:
		return activate(agent, command, sentence);
	case XLAGG_CMD_LAGG_BALANCE:
		return balance(agent, command, sentence);
	default:
		return 0;
	}
}

/* Applies one command to `to`. A bond that is waited for is taken anew. */
static int apply(struct agent *agent, struct ctl_model *to, struct ctl_command *command,
		 char sentence[XLAGG_SENTENCE_MAX])
{
	struct ctl_command leave = {.cmd = XLAGG_CMD_LAGG_GIVE};
	int r = 0;
	/* A file says everything. What a bond is like when it is read there would change what the file means. */
	if (command->cmd == XLAGG_CMD_LAGG_TAKE && !command->from_file)
		r = take_fill(agent, command, NULL, sentence);
	if (r < 0)
		return r;
	if (command->cmd == XLAGG_CMD_LAGG_TAKE && later_find(agent, command->name)) {
		memcpy(leave.name, command->name, sizeof(leave.name));
		ctl_apply(to, &leave, sentence);
		later_demand(agent, command->name);
	}
	resolve_names(agent, to, command);
	return ctl_apply(to, command, sentence);
}

int transaction_run(struct agent *agent, struct ctl_command *commands, uint32_t count, bool check, uint32_t *failed,
		    char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_model))) struct ctl_model *before = laggs_model(agent);
	__attribute__((cleanup(free_model))) struct ctl_model *to = laggs_model(agent);
	const char *culprit = "";
	agent->host.left[0] = agent->host.warning[0] = 0;
	if (agent->host.orphans && !check)
		orphans_put_back(agent);
	int r = before && to ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = apply(agent, to, &commands[i], sentence);
	}
	bool hurry = r == 0 && laggs_hurry(agent, to);
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = check_command(agent, &commands[i], to, check, sentence);
	}
	bool refused = r < 0;
	if (!refused && !check)
		r = lead_or_stay(agent, before, to, &culprit, sentence);
	later_demand_none(agent);
	if (hurry)
		laggs_hurry_no_longer(agent);
	if (refused || check)
		return r;
	if (r < 0) {
		*failed = command_of(commands, count, culprit);
		return r;
	}
	forget_leaving(agent, before, to);
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = act(agent, &commands[i], sentence);
	}
	/* Everything was done, but a device that is now free is not yet as it was before. */
	if (r == 0 && agent->host.left[0]) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s", agent->host.left);
		r = -EINPROGRESS;
	}
	return r;
}
