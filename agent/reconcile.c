/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * From commands to running laggs: commands change a copy of the configuration, and the running laggs are then led to
 * that copy, each by what differs. Where that fails they are led back, so that a command does all or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static void free_model(struct ctl_model **model)
{
	free(*model);
}

static struct ctl_model *copy_model(const struct ctl_model *from)
{
	struct ctl_model *model = malloc(sizeof(*model));
	if (model)
		*model = *from;
	return model;
}

/* --- what only the kernel knows --- */

static bool is_port_of(struct agent *agent, const char *lagg_name, const char *port)
{
	struct lagg *lagg = lagg_find(agent, lagg_name);
	return lagg && member_find(lagg, port) >= 0;
}

/* A port that is typed must exist and be fit; checked before anything is changed. */
static int check_port(struct agent *agent, const struct ctl_command *command, const struct ctl_port *port,
		      const struct ctl_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct device device;
	if (is_port_of(agent, command->name, port->name))
		return 0;
	/* It may have been removed again by a later command of the transaction. */
	const struct xlagg_model *lagg = ctl_find((struct ctl_model *)model, command->name);
	int index = lagg ? ctl_find_port(lagg, port->name) : -1;
	if (index < 0)
		return 0;
	int r = netlink_get_by_name(agent->nl, port->name, &device);
	if (r == -ENODEV) {
		if (command->from_file || lagg->port[index].conf.absent)
			return 0;
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: there is no device %s: check the name, or say 'absent ok' for one that comes later",
			 command->name, port->name);
		return r;
	}
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (member_find(agent->lagg[i], device.name) >= 0)
			return 0; /* it leaves another lagg in this transaction, or the model would have refused it */
	return port_check(agent->nl, &device, command->name, sentence);
}

static int check_command(struct agent *agent, const struct ctl_command *command, const struct ctl_model *model,
			 char sentence[XLAGG_SENTENCE_MAX])
{
	int r = 0;
	if (command->cmd == XLAGG_CMD_LAGG_ADD && !lagg_find(agent, command->name)) {
		struct device device;
		if (netlink_get_by_name(agent->nl, command->name, &device) == 0) {
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

/* --- leading the laggs to a model --- */

static bool must_be_made_anew(const struct lagg *lagg, const struct xlagg_model *to)
{
	return lagg->model.conf.device != to->conf.device;
}

static void destroy_leaving(struct agent *agent, struct ctl_model *to)
{
	for (uint32_t i = agent->laggs; i-- > 0;) {
		struct lagg *lagg = agent->lagg[i];
		const struct xlagg_model *model = ctl_find(to, lagg->model.name);
		if (!model || must_be_made_anew(lagg, model))
			lagg_destroy(lagg);
	}
}

/* Ports leave before they join: a port may move from one lagg to another. */
static void remove_moving(struct agent *agent, struct ctl_model *to)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		struct lagg *lagg = agent->lagg[i];
		const struct xlagg_model *model = ctl_find(to, lagg->model.name);
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (lagg->port[slot].used && ctl_find_port(model, lagg->port[slot].name) < 0)
				member_del(lagg, slot);
	}
}

static bool same_model(const struct xlagg_model *a, const struct xlagg_model *b)
{
	if (memcmp(&a->conf, &b->conf, sizeof(a->conf)) || a->ports != b->ports || a->addresses != b->addresses)
		return false;
	for (uint32_t i = 0; i < a->ports; i++)
		if (strcmp(a->port[i].name, b->port[i].name) ||
		    memcmp(&a->port[i].conf, &b->port[i].conf, sizeof(a->port[i].conf)))
			return false;
	for (uint32_t i = 0; i < a->addresses; i++)
		if (strcmp(a->address[i], b->address[i]))
			return false;
	return true;
}

static int lead_to(struct agent *agent, struct ctl_model *to, const char **failed, char sentence[XLAGG_SENTENCE_MAX])
{
	destroy_leaving(agent, to);
	remove_moving(agent, to);
	for (uint32_t i = 0; i < to->laggs; i++) {
		const struct xlagg_model *model = &to->lagg[i];
		struct lagg *lagg = lagg_find(agent, model->name);
		int r = 0;
		if (!lagg) {
			r = lagg_create(agent, model, &lagg, sentence);
			agent->fresh += r == 0;
		} else if (!same_model(&lagg->model, model)) {
			r = lagg_change(lagg, model, sentence);
		}
		if (r < 0) {
			*failed = model->name;
			return r;
		}
	}
	return 0;
}

/* --- transactions --- */

static uint32_t command_of(const struct ctl_command *commands, uint32_t count, const char *lagg)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(commands[i].name, lagg))
			return i;
	return 0;
}

static int activate(struct agent *agent, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = lagg_find(agent, command->name);
	const char *name = command->ports ? command->port[0].name : "";
	int slot = lagg ? member_find(lagg, name) : -ENOENT;
	if (slot < 0) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: %s is no port of it: see xlagg port show", command->name,
			 name);
		return slot;
	}
	int r = core_activate(lagg->core, agent_now(), (uint32_t)slot, &lagg->fx);
	uint32_t lost[XLAGG_MAX_PORTS];
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		lost[i] = lagg->port[i].lost;
	lagg_effects(lagg, lost);
	if (r == -EOPNOTSUPP)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: only proto failover has one active port: set proto failover first", command->name);
	else if (r < 0)
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s: %s cannot carry traffic now: see its reason in xlagg lagg show", command->name, name);
	return r;
}

int transaction_run(struct agent *agent, const struct ctl_command *commands, uint32_t count, bool check,
		    uint32_t *failed, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_model))) struct ctl_model *to = copy_model(&agent->model);
	const char *culprit = "";
	int r = to ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = ctl_apply(to, &commands[i], sentence);
	}
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		r = check_command(agent, &commands[i], to, sentence);
	}
	if (r < 0 || check)
		return r;
	r = lead_to(agent, to, &culprit, sentence);
	if (r < 0) {
		char again[XLAGG_SENTENCE_MAX] = "";
		*failed = command_of(commands, count, culprit);
		if (lead_to(agent, &agent->model, &culprit, again) < 0)
			log_error("cannot go back to the configuration before: %s", again);
		return r;
	}
	/* What was applied, not what was asked: a name given by altname is the device's own by now. */
	for (uint32_t i = 0; i < to->laggs; i++) {
		const struct lagg *lagg = lagg_find(agent, to->lagg[i].name);
		if (lagg)
			to->lagg[i] = lagg->model;
	}
	agent->model = *to;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		*failed = i;
		if (commands[i].cmd == XLAGG_CMD_PORT_ACTIVATE)
			r = activate(agent, &commands[i], sentence);
	}
	return r;
}

/* --- files --- */

static void free_text(char **text)
{
	free(*text);
}

/* *ret is NULL when there is no such file and none was asked for. */
static int read_file(const struct agent *agent, char **ret, char sentence[XLAGG_SENTENCE_MAX])
{
	*ret = NULL;
	FILE *file = fopen(agent->file, "re");
	if (!file && errno == ENOENT && !agent->file_must_exist)
		return 0;
	if (!file) {
		int r = -errno;
		snprintf(sentence, XLAGG_SENTENCE_MAX, "cannot read %s: %s", agent->file, strerror(-r));
		return r;
	}
	char *text = NULL;
	size_t size = 0;
	ssize_t len = getdelim(&text, &size, 0, file);
	int r = ferror(file) ? -EIO : 0;
	fclose(file);
	if (len < 0 && r == 0) {
		free(text);
		text = strdup("");
	}
	if (r < 0) {
		free(text);
		snprintf(sentence, XLAGG_SENTENCE_MAX, "cannot read %s: %s", agent->file, strerror(-r));
		return r;
	}
	*ret = text;
	return text ? 0 : -ENOMEM;
}

/* The configuration that the file says, from nothing: 1, or 0 where there is no file. */
static int load_file(const struct agent *agent, struct ctl_model *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_text))) char *text = NULL;
	char *words[512], why[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command;
	int line = 1;
	ret->laggs = 0;
	int r = read_file(agent, &text, sentence);
	if (r < 0 || !text)
		return r;
	for (char *at = text;;) {
		int count = ctl_split(&at, words, 512, &line, why);
		if (count == 0)
			return 1;
		r = count;
		if (r > 0)
			r = ctl_parse(count, words, true, &command, why);
		if (r >= 0)
			r = ctl_apply(ret, &command, why);
		if (r < 0) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%.60s:%d: %.120s", agent->file, line, why);
			return r;
		}
	}
}

struct command_list {
	struct ctl_command *command;
	uint32_t count, size;
};

static void free_list(struct command_list *list)
{
	free(list->command);
}

static int append_command(void *context, const struct ctl_command *command)
{
	struct command_list *list = context;
	if (list->count == list->size) {
		uint32_t size = list->size ? list->size * 2 : 16;
		void *bigger = realloc(list->command, size * sizeof(*list->command));
		if (!bigger)
			return -ENOMEM;
		list->command = bigger;
		list->size = size;
	}
	list->command[list->count++] = *command;
	return 0;
}

int reload_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_model))) struct ctl_model *wanted = calloc(1, sizeof(*wanted));
	__attribute__((cleanup(free_list))) struct command_list list = {0};
	uint32_t failed;
	int r = wanted ? load_file(agent, wanted, sentence) : -ENOMEM;
	if (r >= 0)
		r = ctl_diff(&agent->model, wanted, append_command, &list);
	for (uint32_t i = 0; i < list.count; i++)
		list.command[i].from_file = true;
	if (r == 0)
		r = transaction_run(agent, list.command, list.count, false, &failed, sentence);
	return r;
}

int start_file(struct agent *agent, char sentence[XLAGG_SENTENCE_MAX])
{
	__attribute__((cleanup(free_model))) struct ctl_model *wanted = calloc(1, sizeof(*wanted));
	__attribute__((cleanup(free_list))) struct command_list differing = {0};
	struct ctl_command command;
	uint32_t failed;
	int r = wanted ? load_file(agent, wanted, sentence) : -ENOMEM;
	if (r <= 0)
		return r;
	for (uint32_t i = 0; i < wanted->laggs; i++) {
		char why[XLAGG_SENTENCE_MAX] = "";
		if (ctl_find(&agent->model, wanted->lagg[i].name))
			continue;
		ctl_model_to_command(&wanted->lagg[i], &command);
		command.from_file = true;
		if (transaction_run(agent, &command, 1, false, &failed, why) < 0)
			log_error("%s is left out: %s", wanted->lagg[i].name, why);
	}
	if (agent->adopted && ctl_diff(&agent->model, wanted, append_command, &differing) == 0 && differing.count)
		log_info("the running configuration was adopted and differs from %s: see xlagg diff, or xlagg reload",
			 agent->file);
	return 0;
}
