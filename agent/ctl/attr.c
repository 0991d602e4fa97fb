/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads the attributes of a message that nobody has checked yet. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/attr.h"
#include "ctl/ctl.h"

const char *attr_name(uint32_t type)
{
	static const char *const names[XLAGG_A_MAX] = {
	    [XLAGG_A_NAME] = "NAME",
	    [XLAGG_A_OPTIONS] = "OPTIONS",
	    [XLAGG_A_PORT] = "PORT",
	    [XLAGG_A_PORT_NAME] = "PORT_NAME",
	    [XLAGG_A_ADDRESS] = "ADDRESS",
	    [XLAGG_A_PORT_OPTIONS] = "PORT_OPTIONS",
	    [XLAGG_A_ADMIN] = "ADMIN",
	    [XLAGG_A_CHECK] = "CHECK",
	    [XLAGG_A_TAKEN] = "TAKEN",
	    [XLAGG_A_COMMAND] = "COMMAND",
	    [XLAGG_A_NOTE] = "NOTE",
	    [XLAGG_A_FRAME] = "FRAME",
	    [XLAGG_A_ERROR] = "ERROR",
	    [XLAGG_A_STATUS] = "STATUS",
	    [XLAGG_A_EVENT] = "EVENT",
	    [XLAGG_A_PORT_STATUS] = "PORT_STATUS",
	    [XLAGG_A_EXPLANATION] = "PROBE",
	    [XLAGG_A_AGENT_STATUS] = "AGENT_STATUS",
	    [XLAGG_A_FROM_FILE] = "FROM_FILE",
	    [XLAGG_A_WARNING] = "WARNING",
	    [XLAGG_A_BUCKET_PORT] = "BUCKET_PORT",
	    [XLAGG_A_BUCKET_BACKUP] = "BUCKET_BACKUP",
	    [XLAGG_A_BUCKET_MOVES] = "BUCKET_MOVES",
	    [XLAGG_A_RING] = "RING",
	    [XLAGG_A_SNAPLEN] = "SNAPLEN",
	    [XLAGG_A_PROGRESS] = "PROGRESS",
	    [XLAGG_A_MOVES] = "MOVES",
	};

	return type < XLAGG_A_MAX && names[type] ? names[type] : "unknown";
}

int attr_next(struct walk *walk, const struct nlattr **ret, char *sentence)
{
	const struct nlattr *attr = walk_next_attr(walk);

	if (!attr && walk->len)
		return ctl_refuse(sentence, -EBADMSG, "the message is cut off or has an attribute of a wrong length");
	if (attr)
		*ret = attr;
	return attr != NULL;
}

int attr_text(const struct nlattr *attr, const char *what, char *ret, size_t size, char *sentence)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const char *text = mnl_attr_get_payload(attr);

	if (!len || strnlen(text, len) != len - 1)
		return ctl_refuse(sentence, -EBADMSG, "%s in the message does not end in one NUL", what);
	if (len > size)
		return ctl_refuse(sentence, -ENAMETOOLONG,
				  "%s in the message is too long: %zu characters, at most %zu fit", what, len - 1,
				  size - 1);
	memcpy(ret, text, len);
	return 0;
}

int attr_u32(const struct nlattr *attr, const char *what, uint32_t *ret, char *sentence)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*ret))
		return ctl_refuse(sentence, -EBADMSG, "%s in the message has %u octets instead of 4", what,
				  mnl_attr_get_payload_len(attr));
	memcpy(ret, mnl_attr_get_payload(attr), sizeof(*ret));
	return 0;
}

int attr_flag(const struct nlattr *attr, bool *ret, char *sentence)
{
	if (mnl_attr_get_payload_len(attr))
		return ctl_refuse(sentence, -EBADMSG, "%s in the message has a value, but is a flag",
				  attr_name(mnl_attr_get_type(attr)));
	*ret = true;
	return 0;
}
