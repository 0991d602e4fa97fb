/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Transactions: commands change a copy of the configuration, and then each running lagg is changed by what differs. If
 * that fails, the laggs are changed back, so that commands do all or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices.h"
#include "forget.h"
#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/state.h"
#include "laggs.h"
#include "orphans.h"
#include "rests.h"
#include "sys/port.h"
#include "transaction.h"

/* How long frames in flight to a removed port are awaited: longer than they stay in queues, shorter than anyone's
 * timer. */
#define DRAIN_NS 50000000
/* How much longer a partner is awaited that may still send to a port for which it got the last LACPDU. The machines of
 * some partners run every 100 ms. */
#define PARTNER_NS 200000000
/* So many laggs at least have their devices removed together, and so many at most, during which nobody else gets RTNL.
 */
#define TOGETHER_MIN 2
#define TOGETHER_MAX 64

static void free_model(struct ctl_model **model)
{
	free(*model);
}

/* --- checks that need the kernel --- */

/* Returns our name for the device that has the name `word`: that of the port, or the kernel's. Without such a device it
 * is `word` itself. */
static void find_name(struct agent *agent, const char *word, char ret[XLAGG_NAME_MAX])
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
	find_name(agent, port->name, name);
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
		find_name(agent, primary, name);
		memcpy(primary, name, sizeof(name));
	}
	if (strncmp(mac, "from ", 5) == 0 && !is_port_name(to, mac + 5)) {
		find_name(agent, mac + 5, name);
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

static void resolve_model(struct agent *agent, struct xlagg_model *lagg)
{
	char name[XLAGG_NAME_MAX], *primary = lagg->conf.primary;
	for (uint32_t port = 0; port < lagg->ports; port++) {
		if (is_running_port(agent, lagg->port[port].name))
			continue;
		find_name(agent, lagg->port[port].name, name);
		if (ctl_find_port(lagg, name) < 0)
			memcpy(lagg->port[port].name, name, sizeof(name));
	}
	if (strcmp(primary, "auto") != 0 && !is_running_port(agent, primary)) {
		find_name(agent, primary, name);
		memcpy(primary, name, sizeof(name));
	}
}

void transaction_resolve(struct agent *agent, struct ctl_model *wanted)
{
	for (uint32_t i = 0; i < wanted->laggs; i++)
		resolve_model(agent, &wanted->lagg[i]);
}

static bool is_port_of(struct agent *agent, const char *lagg_name, const char *port)
{
	struct lagg *lagg = laggs_find(agent, lagg_name);
	return lagg && lagg_port_find(lagg, port) >= 0;
}

/* Checks before anything is changed that the device of a new port exists, unless it may be absent, and is fit. */
static int check_port(struct agent *agent, const struct ctl_command *command, const struct ctl_port *port,
		      const struct ctl_model *model, char sentence[XLAGG_SENTENCE_MAX])
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
	return r < 0 ? r : port_check(agent->host.nl, &device, command->name, sentence);
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
			 char sentence[XLAGG_SENTENCE_MAX])
{
	int r = check_probe(command, model, sentence);
	if (r < 0)
		return r;
	if (command->cmd == XLAGG_CMD_LAGG_ADD && !laggs_find(agent, command->name)) {
		struct device device;
		if (netlink_get_by_name(agent->host.nl, command->name, &device) == 0) {
			snprintf(sentence, XLAGG_SENTENCE_MAX,
				 "%s: a device of that name exists already: choose another name, or remove it with ip "
				 "link del",
				 command->name);
			return -EEXIST;
		}
	}
	if (command->cmd != XLAGG_CMD_LAGG_ADD && command->cmd != XLAGG_CMD_PORT_ADD)
		return 0;
	for (uint32_t i = 0; i < command->ports && r == 0; i++)
		r = check_port(agent, command, &command->port[i], model, sentence);
	return r;
}

/* --- changing the running laggs --- */

static bool must_be_made_anew(const struct lagg *lagg, const struct xlagg_model *to)
{
	return lagg->model.conf.device != to->conf.device;
}

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
	return (!model || must_be_made_anew(lagg, model)) && (all || is_in_the_way(lagg, to));
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
		lagg_stop(agent->lagg[i]);
		members += device_join(agent->lagg[i], group) == 0;
		if (members == TOGETHER_MAX) {
			netlink_del_group(agent->host.nl, group);
			members = 0;
		}
		laggs_breathe(agent);
	}
	if (members)
		netlink_del_group(agent->host.nl, group);
	laggs_breathe(agent);
}

/* Destroys the laggs that are not in the new configuration. Without `all` only those that are in the way: the others
 * are destroyed last, when nothing can fail any more, because creating them again would not restore what they were. */
static void destroy_leaving(struct agent *agent, struct ctl_model *to, bool all)
{
	remove_devices(agent, to, all);
	for (uint32_t i = agent->laggs; i-- > 0;) {
		if (has_to_go(agent->lagg[i], to, all))
			laggs_destroy(agent, agent->lagg[i]);
		laggs_breathe(agent);
	}
}

static bool a_partner_lags(const struct agent *agent, struct ctl_model *to)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		if (model && lagg_partner_lags(agent->lagg[i], model))
			return true;
	}
	return false;
}

/* Waits until no frame is in flight to a retired port any more: ours were handed to it before, and its partner sends
 * until it has heard the last LACPDU, which leaves meanwhile. */
static void await_flight(struct agent *agent, struct ctl_model *to)
{
	static const struct timespec step = {.tv_nsec = 2000000};
	uint64_t drained = clock_now() + DRAIN_NS, now;
	do {
		nanosleep(&step, NULL);
		laggs_catch_up(agent);
		now = clock_now();
	} while (now < drained || (now < drained + PARTNER_NS && a_partner_lags(agent, to)));
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
	if (carried)
		await_flight(agent, to);
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		if (model)
			lagg_remove_ports(agent->lagg[i], model);
		laggs_breathe(agent);
	}
}

static bool same_model(const struct xlagg_model *a, const struct xlagg_model *b)
{
	if (memcmp(&a->conf, &b->conf, sizeof(a->conf)) != 0 || a->ports != b->ports || a->addresses != b->addresses)
		return false;
	for (uint32_t i = 0; i < a->ports; i++)
		if (strcmp(a->port[i].name, b->port[i].name) != 0 ||
		    memcmp(&a->port[i].conf, &b->port[i].conf, sizeof(a->port[i].conf)) != 0)
			return false;
	for (uint32_t i = 0; i < a->addresses; i++)
		if (strcmp(a->address[i], b->address[i]) != 0)
			return false;
	return true;
}

static int lead_to(struct agent *agent, struct ctl_model *to, const char **failed, char sentence[XLAGG_SENTENCE_MAX])
{
	destroy_leaving(agent, to, false);
	remove_moving(agent, to);
	for (uint32_t i = 0; i < to->laggs; i++) {
		const struct xlagg_model *model = &to->lagg[i];
		struct lagg *lagg = laggs_find(agent, model->name);
		int r = 0;
		if (!lagg) {
			r = laggs_create(agent, model, &lagg, sentence);
			agent->fresh += r == 0;
		} else if (!same_model(&lagg->model, model)) {
			r = lagg_change(lagg, model, sentence);
		}
		if (r < 0) {
			*failed = model->name;
			return r;
		}
		laggs_breathe(agent);
	}
	destroy_leaving(agent, to, true);
	return 0;
}

/* Changes the running laggs to `to`, or back to `before` if that fails. *failed: the lagg that could not be changed. */
static int lead_or_stay(struct agent *agent, struct ctl_model *before, struct ctl_model *to, const char **failed,
			char sentence[XLAGG_SENTENCE_MAX])
{
	agent->host.changing = true;
	int r = lead_to(agent, to, failed, sentence);
	if (r < 0) {
		char again[XLAGG_SENTENCE_MAX] = "";
		const char *ignored;
		if (lead_to(agent, before, &ignored, again) < 0)
			log_error("cannot return to the previous configuration: %s", again);
	}
	agent->host.changing = false;
	if (agent->unpolled)
		devices_update_poll(agent);
	laggs_order(agent, r < 0 ? before : to);
	for (uint32_t i = 0; i < agent->laggs; i++)
		record_save(agent->lagg[i]);
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
		resolve_names(agent, to, &commands[i]);
		r = ctl_apply(to, &commands[i], sentence);
	}
	bool hurry = r == 0 && laggs_hurry(agent, to);
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = check_command(agent, &commands[i], to, sentence);
	}
	bool refused = r < 0;
	if (!refused && !check)
		r = lead_or_stay(agent, before, to, &culprit, sentence);
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
		if (commands[i].cmd == XLAGG_CMD_PORT_ACTIVATE)
			r = activate(agent, &commands[i], sentence);
	}
	/* Everything was done, but a device that is now free is not yet as it was before. */
	if (r == 0 && agent->host.left[0]) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s", agent->host.left);
		r = -EINPROGRESS;
	}
	return r;
}
