/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads changing commands from messages that nobody has checked yet. */
#include <errno.h>
#include <string.h>

#include "ctl/attr.h"
#include "ctl/ctl.h"
#include "ctl/option.h"

/* The attributes that a command may and must have, as bits of enum xlagg_attr, and how many PORT it may have. */
struct form {
	uint32_t may, must;
	uint32_t ports;
};

static const struct form *form_of(uint16_t cmd)
{
	enum {
		NAME = ATTR_BIT(XLAGG_A_NAME),
		OPTIONS = ATTR_BIT(XLAGG_A_OPTIONS) | ATTR_BIT(XLAGG_A_ADMIN),
		PORT = ATTR_BIT(XLAGG_A_PORT),
		ADDRESS = ATTR_BIT(XLAGG_A_ADDRESS),
		IN_FILE = ATTR_BIT(XLAGG_A_FROM_FILE),
	};
	static const struct form forms[] = {
	    [XLAGG_CMD_LAGG_ADD - NLMSG_MIN_TYPE] = {NAME | OPTIONS | PORT | ADDRESS | IN_FILE, NAME, XLAGG_MAX_PORTS},
	    [XLAGG_CMD_LAGG_SET - NLMSG_MIN_TYPE] = {NAME | OPTIONS | IN_FILE, NAME, 0},
	    [XLAGG_CMD_LAGG_DEL - NLMSG_MIN_TYPE] = {NAME | IN_FILE, NAME, 0},
	    [XLAGG_CMD_PORT_ADD - NLMSG_MIN_TYPE] = {NAME | PORT | IN_FILE, NAME | PORT, 1},
	    [XLAGG_CMD_PORT_SET - NLMSG_MIN_TYPE] = {NAME | PORT | IN_FILE, NAME | PORT, 1},
	    [XLAGG_CMD_PORT_DEL - NLMSG_MIN_TYPE] = {NAME | PORT | IN_FILE, NAME | PORT, 1},
	    [XLAGG_CMD_PORT_ACTIVATE - NLMSG_MIN_TYPE] = {NAME | PORT | IN_FILE, NAME | PORT, 1},
	    [XLAGG_CMD_ADDRESS_ADD - NLMSG_MIN_TYPE] = {NAME | ADDRESS | IN_FILE, NAME | ADDRESS, 0},
	    [XLAGG_CMD_ADDRESS_DEL - NLMSG_MIN_TYPE] = {NAME | ADDRESS | IN_FILE, NAME | ADDRESS, 0},
	    [XLAGG_CMD_FLUSH - NLMSG_MIN_TYPE] = {IN_FILE, 0, 0},
	    [XLAGG_CMD_COMMIT - NLMSG_MIN_TYPE] = {ATTR_BIT(XLAGG_A_CHECK), 0, 0},
	    [XLAGG_CMD_RELOAD - NLMSG_MIN_TYPE] = {0, 0, 0},
	    [XLAGG_CMD_LAGG_BALANCE - NLMSG_MIN_TYPE] = {NAME | IN_FILE, NAME, 0},
	    [XLAGG_CMD_LAGG_TAKE -
		NLMSG_MIN_TYPE] = {NAME | OPTIONS | PORT | ADDRESS | IN_FILE | ATTR_BIT(XLAGG_A_CHECK), NAME,
				   XLAGG_MAX_PORTS},
	    [XLAGG_CMD_LAGG_GIVE - NLMSG_MIN_TYPE] = {NAME | IN_FILE, NAME, 0},
	};
	uint32_t index = (uint32_t)cmd - NLMSG_MIN_TYPE;
	bool changes = cmd >= NLMSG_MIN_TYPE && index < sizeof(forms) / sizeof(forms[0]) &&
		       (cmd <= XLAGG_CMD_RELOAD || cmd >= XLAGG_CMD_LAGG_BALANCE);

	return changes ? &forms[index] : NULL;
}

/* Reads the value of an option into conf and checks it there. */
static int get_value(const struct nlattr *attr, const struct xlagg_option *option, void *conf, char *sentence)
{
	char *value = (char *)conf + option->offset;
	uint32_t number = 0;
	int r;

	if (option_is_text(option)) {
		memset(value, 0, option->size);
		r = attr_text(attr, option->name, value, option->size, sentence);
	} else {
		r = attr_u32(attr, option->name, &number, sentence);
		if (!r)
			memcpy(value, &number, sizeof(number));
	}
	return r ? r : ctl_check_value(option, conf, sentence);
}

static int get_options(const struct nlattr *nest, bool port, void *conf, uint64_t *has, char *sentence)
{
	const struct xlagg_option *options = port ? xlagg_port_options : xlagg_lagg_options;
	size_t count = port ? XLAGG_PORT_OPTIONS : XLAGG_LAGG_OPTIONS;
	struct walk walk = walk_nest(nest);
	const struct nlattr *attr;
	int more;

	while ((more = attr_next(&walk, &attr, sentence)) > 0) {
		uint32_t index = (uint32_t)attr->nla_type - 1;
		int r;

		if (index >= count)
			return ctl_refuse(
			    sentence, -EOPNOTSUPP,
			    "the agent does not know %s option %u; xlagg and xlaggd are of different versions",
			    port ? "port" : "lagg", attr->nla_type);
		if (*has >> index & 1)
			return ctl_refuse(sentence, -EBADMSG, "%s is twice in the message", options[index].name);
		r = get_value(attr, &options[index], conf, sentence);
		if (r)
			return r;
		*has |= 1ull << index;
	}
	return more;
}

static int get_port(const struct nlattr *nest, struct ctl_port *port, char *sentence)
{
	struct walk walk = walk_nest(nest);
	const struct nlattr *attr;
	uint32_t seen = 0;
	int more, r;

	ctl_port_defaults(&port->conf);
	while ((more = attr_next(&walk, &attr, sentence)) > 0) {
		uint32_t type = mnl_attr_get_type(attr);

		if (type == XLAGG_A_PORT_NAME && !(seen & ATTR_BIT(type)))
			r = attr_text(attr, "PORT_NAME", port->name, sizeof(port->name), sentence);
		else if (type == XLAGG_A_PORT_OPTIONS && !(seen & ATTR_BIT(type)))
			r = get_options(attr, true, &port->conf, &port->has, sentence);
		else
			return ctl_refuse(sentence, -EBADMSG,
					  "attribute %u (%s) does not belong in PORT, or is there twice", type,
					  attr_name(type));
		if (r)
			return r;
		seen |= ATTR_BIT(type);
	}
	return more ? more : ctl_check_device(port->name, "a port", sentence);
}

static int get_next_port(const struct nlattr *attr, const struct form *form, struct ctl_command *command,
			 char *sentence)
{
	if (command->ports == form->ports)
		return ctl_refuse(sentence, -E2BIG, "the command has more than %u port%s; give fewer", form->ports,
				  form->ports == 1 ? "" : "s");
	return get_port(attr, &command->port[command->ports++], sentence);
}

static int get_next_address(const struct nlattr *attr, struct ctl_command *command, char *sentence)
{
	char text[XLAGG_ADDRESS_MAX];
	int r;

	if (command->addresses == XLAGG_MAX_ADDRESSES)
		return ctl_refuse(sentence, -E2BIG, "the command has more than %d addresses; give fewer",
				  XLAGG_MAX_ADDRESSES);
	r = attr_text(attr, "ADDRESS", text, sizeof(text), sentence);
	return r ? r : ctl_parse_address(text, command->address[command->addresses++], sentence);
}

static int get_admin(const struct nlattr *attr, struct ctl_command *command, char *sentence)
{
	int r = attr_u32(attr, "ADMIN", &command->conf.admin, sentence);

	if (!r && command->conf.admin > 1)
		return ctl_refuse(sentence, -ERANGE, "ADMIN in the message is %u; it is 0 or 1", command->conf.admin);
	command->has_admin = true;
	return r;
}

static int get_attr(const struct nlattr *attr, const struct form *form, struct ctl_command *command, char *sentence)
{
	switch (mnl_attr_get_type(attr)) {
	case XLAGG_A_NAME: {
		int r = attr_text(attr, "NAME", command->name, sizeof(command->name), sentence);

		return r ? r : ctl_check_name(command->name, "a lagg", sentence);
	}
	case XLAGG_A_OPTIONS:
		return get_options(attr, false, &command->conf, &command->has, sentence);
	case XLAGG_A_ADMIN:
		return get_admin(attr, command, sentence);
	case XLAGG_A_PORT:
		return get_next_port(attr, form, command, sentence);
	case XLAGG_A_ADDRESS:
		return get_next_address(attr, command, sentence);
	case XLAGG_A_CHECK:
		return attr_flag(attr, &command->check, sentence);
	default: /* XLAGG_A_FROM_FILE; no form has others */
		return attr_flag(attr, &command->from_file, sentence);
	}
}

static int get_attrs(struct walk walk, const struct form *form, struct ctl_command *command, char *sentence)
{
	const uint32_t repeated = ATTR_BIT(XLAGG_A_PORT) | ATTR_BIT(XLAGG_A_ADDRESS);
	const struct nlattr *attr;
	uint32_t seen = 0;
	int more;

	while ((more = attr_next(&walk, &attr, sentence)) > 0) {
		uint32_t type = mnl_attr_get_type(attr);
		int r;

		if (type >= XLAGG_A_MAX || !(form->may & ATTR_BIT(type)))
			return ctl_refuse(sentence, -EOPNOTSUPP, "attribute %u (%s) does not belong to this command",
					  type, attr_name(type));
		if (seen & ATTR_BIT(type) & ~repeated)
			return ctl_refuse(sentence, -EBADMSG, "%s is twice in the message", attr_name(type));
		r = get_attr(attr, form, command, sentence);
		if (r)
			return r;
		seen |= ATTR_BIT(type);
	}
	if (more < 0)
		return more;
	for (uint32_t type = 0; type < XLAGG_A_MAX; type++)
		if (form->must & ~seen & ATTR_BIT(type))
			return ctl_refuse(sentence, -EBADMSG, "the message has no %s, which its command needs",
					  attr_name(type));
	return 0;
}

int ctl_decode(const void *buf, size_t len, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct nlmsghdr *nlh = buf;
	struct ctl_command command = {};
	const struct form *form;
	int r;

	if (len < sizeof(*nlh) || nlh->nlmsg_len != len || len > XLAGG_CTL_MAX)
		return ctl_refuse(sentence, -EBADMSG, "the message is cut off: it has %zu octets and says otherwise",
				  len);
	form = form_of(nlh->nlmsg_type);
	if (!form)
		return ctl_refuse(sentence, -EOPNOTSUPP,
				  "the agent does not know command %u; xlagg and xlaggd are of different versions",
				  nlh->nlmsg_type);
	command.cmd = nlh->nlmsg_type;
	ctl_defaults(&command.conf);
	r = get_attrs(walk_attrs(nlh, 0), form, &command, sentence);
	if (!r)
		*ret = command;
	return r;
}
