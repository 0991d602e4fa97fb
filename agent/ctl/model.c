/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Applies commands to a configuration. */
#include <errno.h>
#include <string.h>

#include "ctl/check.h"
#include "ctl/ctl.h"

static int find(const struct ctl_model *model, const char *name)
{
	for (uint32_t i = 0; i < model->laggs; i++)
		if (strcmp(model->lagg[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

struct xlagg_model *ctl_find(struct ctl_model *model, const char *name)
{
	int index = find(model, name);

	return index < 0 ? NULL : &model->lagg[index];
}

int ctl_find_port(const struct xlagg_model *lagg, const char *name)
{
	for (uint32_t i = 0; i < lagg->ports; i++)
		if (strcmp(lagg->port[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

static int no_such_lagg(const struct ctl_model *model, const char *name, char *sentence)
{
	const char *names[XLAGG_MAX_LAGGS + 1] = {};
	const char *near;

	for (uint32_t i = 0; i < model->laggs; i++)
		names[i] = model->lagg[i].name;
	near = ctl_nearest(name, names);
	if (near)
		return ctl_refuse(sentence, -ENOENT, "there is not a lagg %s; did you mean %s?", name, near);
	return ctl_refuse(sentence, -ENOENT,
			  "there is not a lagg %s; `xlagg lagg show` lists them, `xlagg lagg add %s` makes it", name,
			  name);
}

static int no_such_port(const struct xlagg_model *lagg, const char *name, char *sentence)
{
	const char *names[XLAGG_MAX_PORTS + 1] = {};
	const char *near;

	for (uint32_t i = 0; i < lagg->ports; i++)
		names[i] = lagg->port[i].name;
	near = ctl_nearest(name, names);
	if (near)
		return ctl_refuse(sentence, -ENOENT, "%s is not a port of %s; did you mean %s?", name, lagg->name,
				  near);
	return ctl_refuse(sentence, -ENOENT, "%s is not a port of %s; `xlagg port add %s %s` makes it one", name,
			  lagg->name, lagg->name, name);
}

static void take_value(const struct xlagg_option *option, void *to, const void *from)
{
	memcpy((char *)to + option->offset, (const char *)from + option->offset, option->size);
}

static void take_values(const struct xlagg_option *options, size_t count, uint64_t has, void *to, const void *from)
{
	for (size_t i = 0; i < count; i++)
		if (has >> i & 1)
			take_value(&options[i], to, from);
}

static void take_options(struct xlagg_model *lagg, const struct ctl_command *command)
{
	take_values(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, command->has, &lagg->conf, &command->conf);
	if (command->has_admin)
		lagg->conf.admin = command->conf.admin;
}

static int add_port(struct xlagg_model *lagg, const struct ctl_port *port, char *sentence)
{
	struct xlagg_port_model *added = &lagg->port[lagg->ports];
	int r = ctl_check_device(port->name, "a port", sentence);

	if (r)
		return r;
	if (ctl_find_port(lagg, port->name) >= 0)
		return ctl_refuse(sentence, -EEXIST,
				  "%s is already a port of %s; change it with `xlagg port set %s %s`", port->name,
				  lagg->name, lagg->name, port->name);
	if (lagg->ports == XLAGG_MAX_PORTS)
		return ctl_refuse(sentence, -ENOSPC,
				  "%s has %d ports already, the most a lagg can have; remove one with `xlagg port del`",
				  lagg->name, XLAGG_MAX_PORTS);
	memset(added, 0, sizeof(*added));
	memcpy(added->name, port->name, sizeof(added->name));
	ctl_port_defaults(&added->conf);
	take_values(xlagg_port_options, XLAGG_PORT_OPTIONS, port->has, &added->conf, &port->conf);
	lagg->ports++;
	return 0;
}

static int find_address(const struct xlagg_model *lagg, const char *address)
{
	for (uint32_t i = 0; i < lagg->addresses; i++)
		if (strcmp(lagg->address[i], address) == 0)
			return (int)i;
	return -ENOENT;
}

static int add_address(struct xlagg_model *lagg, const char *address, char *sentence)
{
	if (find_address(lagg, address) >= 0)
		return ctl_refuse(sentence, -EEXIST, "%s is already an address of %s; give it once", address,
				  lagg->name);
	if (lagg->addresses == XLAGG_MAX_ADDRESSES)
		return ctl_refuse(
		    sentence, -ENOSPC,
		    "%s has %d addresses already, the most that xlagg keeps; add further ones with `ip address`",
		    lagg->name, XLAGG_MAX_ADDRESSES);
	memcpy(lagg->address[lagg->addresses++], address, XLAGG_ADDRESS_MAX);
	return 0;
}

static int add_addresses(struct xlagg_model *lagg, const struct ctl_command *command, char *sentence)
{
	for (uint32_t i = 0; i < command->addresses; i++) {
		int r = add_address(lagg, command->address[i], sentence);

		if (r)
			return r;
	}
	return 0;
}

static int del_addresses(struct xlagg_model *lagg, const struct ctl_command *command, char *sentence)
{
	for (uint32_t i = 0; i < command->addresses; i++) {
		int index = find_address(lagg, command->address[i]);

		if (index < 0)
			return ctl_refuse(sentence, -ENOENT,
					  "%s is not an address that xlagg gave to %s; use `ip address del` for others",
					  command->address[i], lagg->name);
		lagg->addresses--;
		memmove(lagg->address[index], lagg->address[index + 1],
			(lagg->addresses - (uint32_t)index) * sizeof(lagg->address[0]));
		memset(lagg->address[lagg->addresses], 0, sizeof(lagg->address[0]));
	}
	return 0;
}

static int set_port(struct xlagg_model *lagg, const struct ctl_port *port, char *sentence)
{
	int index = ctl_find_port(lagg, port->name);

	if (index < 0)
		return no_such_port(lagg, port->name, sentence);
	take_values(xlagg_port_options, XLAGG_PORT_OPTIONS, port->has, &lagg->port[index].conf, &port->conf);
	return 0;
}

/* If the port was the primary, the primary becomes auto. */
static int del_port(struct xlagg_model *lagg, const struct ctl_port *port, char *sentence)
{
	int index = ctl_find_port(lagg, port->name);

	if (index < 0)
		return no_such_port(lagg, port->name, sentence);
	if (strcmp(lagg->conf.primary, port->name) == 0) {
		memset(lagg->conf.primary, 0, sizeof(lagg->conf.primary));
		strcpy(lagg->conf.primary, "auto");
	}
	lagg->ports--;
	memmove(&lagg->port[index], &lagg->port[index + 1], (lagg->ports - (uint32_t)index) * sizeof(lagg->port[0]));
	memset(&lagg->port[lagg->ports], 0, sizeof(lagg->port[0]));
	return 0;
}

static int activate_port(const struct xlagg_model *lagg, const struct ctl_port *port, char *sentence)
{
	int index = ctl_find_port(lagg, port->name);

	if (index < 0)
		return no_such_port(lagg, port->name, sentence);
	if (lagg->conf.proto != XLAGG_PROTO_FAILOVER)
		return ctl_refuse(sentence, -EOPNOTSUPP,
				  "%s has proto %s, which has no active port; `port activate` is for proto failover",
				  lagg->name, xlagg_words_proto[lagg->conf.proto]);
	if (!lagg->port[index].conf.admin)
		return ctl_refuse(sentence, -ENETDOWN,
				  "%s is out of service; first put it back with `xlagg port set %s %s admin up`",
				  port->name, lagg->name, port->name);
	return 0;
}

static int balance(const struct xlagg_model *lagg, char *sentence)
{
	uint32_t proto = lagg->conf.proto;

	if (!xlagg_goes_by_flow(proto))
		return ctl_refuse(
		    sentence, -EOPNOTSUPP,
		    "%s has proto %s, in which a frame's flow does not decide on its port; balancing is for "
		    "protos loadbalance and lacp",
		    lagg->name, xlagg_words_proto[proto]);
	if (lagg->conf.balance != XLAGG_BALANCE_ADAPTIVE)
		return ctl_refuse(
		    sentence, -EOPNOTSUPP,
		    "%s has balance static and does not measure its load; first `xlagg lagg set %s balance "
		    "adaptive`",
		    lagg->name, lagg->name);
	return 0;
}

static int set_options(struct xlagg_model *lagg, const struct ctl_command *command, char *sentence)
{
	uint32_t device = lagg->conf.device;

	take_options(lagg, command);
	if (lagg->conf.device != device)
		return ctl_refuse(
		    sentence, -EBUSY,
		    "the device of %s is chosen when it is added; `xlagg lagg del %s` and add it with device %s",
		    lagg->name, lagg->name, xlagg_words_device[lagg->conf.device]);
	return 0;
}

/* Applies a command to the lagg that it names. */
static int change(struct xlagg_model *lagg, const struct ctl_command *command, char *sentence)
{
	switch (command->cmd) {
	case XLAGG_CMD_LAGG_SET:
		return set_options(lagg, command, sentence);
	case XLAGG_CMD_LAGG_BALANCE:
		return balance(lagg, sentence);
	case XLAGG_CMD_PORT_ADD:
		return add_port(lagg, &command->port[0], sentence);
	case XLAGG_CMD_PORT_SET:
		return set_port(lagg, &command->port[0], sentence);
	case XLAGG_CMD_PORT_DEL:
		return del_port(lagg, &command->port[0], sentence);
	case XLAGG_CMD_PORT_ACTIVATE:
		return activate_port(lagg, &command->port[0], sentence);
	case XLAGG_CMD_ADDRESS_ADD:
		return add_addresses(lagg, command, sentence);
	default: /* ADDRESS_DEL, see ctl_apply */
		return del_addresses(lagg, command, sentence);
	}
}

static int change_lagg(struct ctl_model *model, const struct ctl_command *command, char *sentence)
{
	int index = find(model, command->name), r;
	struct xlagg_model changed;

	if (index < 0)
		return no_such_lagg(model, command->name, sentence);
	changed = model->lagg[index];
	r = change(&changed, command, sentence);
	if (!r)
		r = check_lagg(model, &changed, sentence);
	if (!r)
		model->lagg[index] = changed;
	return r;
}

/* The lagg's device is there already. */
static void take_bond(struct xlagg_model *lagg)
{
	lagg->conf.taken = 1;
	if (lagg->conf.device == XLAGG_DEVICE_AUTO)
		lagg->conf.device = XLAGG_DEVICE_BOND;
}

static int add_lagg(struct ctl_model *model, const struct ctl_command *command, char *sentence)
{
	struct xlagg_model lagg = {};
	int r = ctl_check_name(command->name, "a lagg", sentence);

	if (r)
		return r;
	if (find(model, command->name) >= 0)
		return ctl_refuse(sentence, -EEXIST, "%s exists already; change it with `xlagg lagg set %s`",
				  command->name, command->name);
	if (model->laggs == XLAGG_MAX_LAGGS)
		return ctl_refuse(
		    sentence, -ENOSPC,
		    "there are %d laggs already, the most an agent can have; remove one with `xlagg lagg del`",
		    XLAGG_MAX_LAGGS);
	memcpy(lagg.name, command->name, sizeof(lagg.name));
	ctl_defaults(&lagg.conf);
	take_options(&lagg, command);
	if (command->cmd == XLAGG_CMD_LAGG_TAKE)
		take_bond(&lagg);
	for (uint32_t i = 0; i < command->ports && !r; i++)
		r = add_port(&lagg, &command->port[i], sentence);
	if (!r)
		r = add_addresses(&lagg, command, sentence);
	if (!r)
		r = check_lagg(model, &lagg, sentence);
	if (!r)
		model->lagg[model->laggs++] = lagg;
	return r;
}

static int del_lagg(struct ctl_model *model, const struct ctl_command *command, char *sentence)
{
	int index = find(model, command->name);

	if (index < 0)
		return no_such_lagg(model, command->name, sentence);
	if (command->cmd == XLAGG_CMD_LAGG_GIVE && !model->lagg[index].conf.taken)
		return ctl_refuse(
		    sentence, -EINVAL,
		    "%s was not taken from anybody, so there is nobody to give it to; `xlagg lagg del %s` removes it",
		    command->name, command->name);
	model->laggs--;
	memmove(&model->lagg[index], &model->lagg[index + 1],
		(model->laggs - (uint32_t)index) * sizeof(model->lagg[0]));
	return 0;
}

int ctl_apply(struct ctl_model *model, const struct ctl_command *command, char sentence[XLAGG_SENTENCE_MAX])
{
	switch (command->cmd) {
	case XLAGG_CMD_LAGG_ADD:
	case XLAGG_CMD_LAGG_TAKE:
		return add_lagg(model, command, sentence);
	case XLAGG_CMD_LAGG_DEL:
	case XLAGG_CMD_LAGG_GIVE:
		return del_lagg(model, command, sentence);
	case XLAGG_CMD_FLUSH:
		model->laggs = 0;
		return 0;
	case XLAGG_CMD_LAGG_SET:
	case XLAGG_CMD_PORT_ADD:
	case XLAGG_CMD_PORT_SET:
	case XLAGG_CMD_PORT_DEL:
	case XLAGG_CMD_PORT_ACTIVATE:
	case XLAGG_CMD_LAGG_BALANCE:
	case XLAGG_CMD_ADDRESS_ADD:
	case XLAGG_CMD_ADDRESS_DEL:
		return change_lagg(model, command, sentence);
	default:
		return ctl_refuse(sentence, -EOPNOTSUPP, "command %u changes no configuration", command->cmd);
	}
}

int ctl_apply_next(struct ctl_model *model, char **text, int *line, char sentence[XLAGG_SENTENCE_MAX])
{
	char *words[CTL_MAX_WORDS];
	struct ctl_command command;
	int count = ctl_split(text, words, CTL_MAX_WORDS, line, sentence);
	int r = count > 0 ? ctl_parse(count, words, true, &command, sentence) : count;

	if (r >= 0 && count > 0)
		r = ctl_apply(model, &command, sentence);
	return r < 0 ? r : count > 0;
}

bool ctl_same_lagg(const struct xlagg_model *a, const struct xlagg_model *b)
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
