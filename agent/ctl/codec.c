/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes commands, and the options of replies, as messages. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/option.h"

/* Octets of the largest nest of options, the one with every option of a lagg. */
#define OPTIONS_MAX (XLAGG_LAGG_OPTIONS * (MNL_ATTR_HDRLEN + sizeof(uint32_t)) + sizeof(struct xlagg_lagg_conf))

static const void *value_of(const struct xlagg_option *option, const void *conf)
{
	return (const char *)conf + option->offset;
}

/* Appends a text. libmnl does not clear the padding behind it, which would leak what the buffer held before. */
static bool put_text(struct nlmsghdr *nlh, size_t size, uint16_t type, const char *text)
{
	size_t len = strlen(text) + 1;
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);

	if (!mnl_attr_put_check(nlh, size, type, len, text))
		return false;
	memset((char *)mnl_attr_get_payload(attr) + len, 0, MNL_ALIGN(len) - len);
	return true;
}

/* Appends the options of `conf` whose bits are set in `has`. */
static bool put_values(struct nlmsghdr *nlh, size_t size, uint16_t type, const struct xlagg_option *options,
		       size_t count, const void *conf, uint64_t has)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);
	bool fits = nest;

	for (size_t i = 0; i < count && fits; i++) {
		const void *value = value_of(&options[i], conf);

		if (!(has >> i & 1))
			continue;
		if (option_is_text(&options[i]))
			fits = put_text(nlh, size, (uint16_t)(i + 1), value);
		else
			fits = mnl_attr_put_check(nlh, size, (uint16_t)(i + 1), sizeof(uint32_t), value);
	}
	if (fits)
		mnl_attr_nest_end(nlh, nest);
	return fits;
}

static bool put_port(struct nlmsghdr *nlh, size_t size, const struct ctl_port *port)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, XLAGG_A_PORT);

	if (!nest || !put_text(nlh, size, XLAGG_A_PORT_NAME, port->name))
		return false;
	if (port->has && !put_values(nlh, size, XLAGG_A_PORT_OPTIONS, xlagg_port_options, XLAGG_PORT_OPTIONS,
				     &port->conf, port->has))
		return false;
	mnl_attr_nest_end(nlh, nest);
	return true;
}

static bool put_lists(struct nlmsghdr *nlh, size_t size, const struct ctl_command *command)
{
	for (uint32_t i = 0; i < command->ports; i++)
		if (!put_port(nlh, size, &command->port[i]))
			return false;
	for (uint32_t i = 0; i < command->addresses; i++)
		if (!put_text(nlh, size, XLAGG_A_ADDRESS, command->address[i]))
			return false;
	return true;
}

static bool put_flag(struct nlmsghdr *nlh, size_t size, uint16_t type, bool flag)
{
	return !flag || mnl_attr_put_check(nlh, size, type, 0, NULL);
}

int ctl_encode(const struct ctl_command *command, uint16_t flags, uint32_t seq, void *buf, size_t size)
{
	struct nlmsghdr *nlh = buf;

	if (size < MNL_NLMSG_HDRLEN)
		return -EMSGSIZE;
	mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = command->cmd;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = seq;
	if (*command->name && !put_text(nlh, size, XLAGG_A_NAME, command->name))
		return -EMSGSIZE;
	if (command->has && !put_values(nlh, size, XLAGG_A_OPTIONS, xlagg_lagg_options, XLAGG_LAGG_OPTIONS,
					&command->conf, command->has))
		return -EMSGSIZE;
	if (command->has_admin && !mnl_attr_put_u32_check(nlh, size, XLAGG_A_ADMIN, command->conf.admin))
		return -EMSGSIZE;
	if (!put_lists(nlh, size, command) || !put_flag(nlh, size, XLAGG_A_FROM_FILE, command->from_file) ||
	    !put_flag(nlh, size, XLAGG_A_CHECK, command->check))
		return -EMSGSIZE;
	return (int)nlh->nlmsg_len;
}

void ctl_put_options(struct nlmsghdr *nlh, const struct xlagg_lagg_conf *conf)
{
	put_values(nlh, nlh->nlmsg_len + OPTIONS_MAX, XLAGG_A_OPTIONS, xlagg_lagg_options, XLAGG_LAGG_OPTIONS, conf,
		   UINT64_MAX);
}

void ctl_put_port_options(struct nlmsghdr *nlh, const struct xlagg_port_conf *conf)
{
	put_values(nlh, nlh->nlmsg_len + OPTIONS_MAX, XLAGG_A_PORT_OPTIONS, xlagg_port_options, XLAGG_PORT_OPTIONS,
		   conf, UINT64_MAX);
}

static uint64_t differing(const struct xlagg_option *options, size_t count, const void *conf)
{
	uint64_t has = 0;

	for (size_t i = 0; i < count; i++)
		has |= (uint64_t)!ctl_is_default(&options[i], conf) << i;
	return has;
}

void ctl_model_to_command(const struct xlagg_model *lagg, struct ctl_command *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->cmd = lagg->conf.taken ? XLAGG_CMD_LAGG_TAKE : XLAGG_CMD_LAGG_ADD;
	memcpy(ret->name, lagg->name, sizeof(ret->name));
	ret->conf = lagg->conf;
	ret->has = differing(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &lagg->conf);
	if (lagg->conf.taken) /* that its device is a bond goes without saying */
		ret->has &= ~(1ull << ctl_find_option(false, "device", NULL));
	ret->has_admin = !lagg->conf.admin;
	ret->ports = lagg->ports;
	for (uint32_t i = 0; i < lagg->ports; i++) {
		const struct xlagg_port_model *port = &lagg->port[i];

		memcpy(ret->port[i].name, port->name, sizeof(port->name));
		ret->port[i].conf = port->conf;
		ret->port[i].has = differing(xlagg_port_options, XLAGG_PORT_OPTIONS, &port->conf);
	}
	ret->addresses = lagg->addresses;
	memcpy(ret->address, lagg->address, sizeof(ret->address));
}
