/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reads requests that change nothing from messages that nobody has checked yet. */
#include <errno.h>
#include <string.h>

#include "ctl/attr.h"
#include "ctl/ctl.h"

#define FRAME_MIN 14	/* an Ethernet header */
#define FRAME_MAX 16384 /* octets of the longest frame that can be asked about */

static bool is_query(uint16_t type)
{
	return type == XLAGG_CMD_LAGG_GET || type == XLAGG_CMD_AGENT_GET || type == XLAGG_CMD_EXPLAIN ||
	       type == XLAGG_CMD_SUBSCRIBE || type == XLAGG_CMD_CAPTURE || type == XLAGG_CMD_NAME_GET;
}

static int get_frame(const struct nlattr *attr, struct ctl_query *query, char *sentence)
{
	query->frame = mnl_attr_get_payload(attr);
	query->frame_len = mnl_attr_get_payload_len(attr);
	if (query->frame_len >= FRAME_MIN && query->frame_len <= FRAME_MAX)
		return 0;
	return ctl_refuse(sentence, -EINVAL, "the frame has %u octets; explain takes %d..%d", query->frame_len,
			  FRAME_MIN, FRAME_MAX);
}

static int get_port(const struct nlattr *attr, struct ctl_query *query, char *sentence)
{
	if (query->ports == XLAGG_MAX_PORTS)
		return ctl_refuse(sentence, -E2BIG, "a lagg has at most %d ports", XLAGG_MAX_PORTS);
	return attr_text(attr, "PORT_NAME", query->port[query->ports++], XLAGG_NAME_MAX, sentence);
}

static int get_attrs(const struct nlmsghdr *nlh, struct ctl_query *query, char *sentence)
{
	struct walk walk = walk_attrs(nlh, 0);
	const struct nlattr *attr;
	int more, r;

	while ((more = attr_next(&walk, &attr, sentence)) > 0) {
		uint32_t type = mnl_attr_get_type(attr);
		bool capture = nlh->nlmsg_type == XLAGG_CMD_CAPTURE, name = nlh->nlmsg_type == XLAGG_CMD_NAME_GET;

		if (type == XLAGG_A_NAME && nlh->nlmsg_type != XLAGG_CMD_AGENT_GET && !name)
			r = attr_text(attr, "NAME", query->name, sizeof(query->name), sentence);
		else if (type == XLAGG_A_FRAME && nlh->nlmsg_type == XLAGG_CMD_EXPLAIN)
			r = get_frame(attr, query, sentence);
		else if (type == XLAGG_A_SNAPLEN && capture)
			r = attr_u32(attr, "SNAPLEN", &query->snaplen, sentence);
		else if (type == XLAGG_A_PORT_NAME && (capture || name))
			r = get_port(attr, query, sentence);
		else if (type == XLAGG_A_MOVES && nlh->nlmsg_type == XLAGG_CMD_EXPLAIN)
			r = attr_u32(attr, "MOVES", &query->moves, sentence);
		else
			return ctl_refuse(sentence, -EOPNOTSUPP, "attribute %u (%s) does not belong to this request",
					  type, attr_name(type));
		if (r)
			return r;
	}
	return more;
}

int ctl_decode_query(const void *buf, size_t len, struct ctl_query *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct nlmsghdr *nlh = buf;
	struct ctl_query query = {};
	int r;

	if (len < sizeof(*nlh) || nlh->nlmsg_len != len || !is_query(nlh->nlmsg_type))
		return -ENOTSUP;
	r = get_attrs(nlh, &query, sentence);
	if (!r && nlh->nlmsg_type == XLAGG_CMD_EXPLAIN && (!query.frame || !*query.name))
		return ctl_refuse(sentence, -EINVAL, "explain needs the name of a lagg and a frame");
	if (!r && nlh->nlmsg_type == XLAGG_CMD_CAPTURE && !*query.name)
		return ctl_refuse(sentence, -EINVAL, "capture needs the name of a lagg");
	if (!r && nlh->nlmsg_type == XLAGG_CMD_NAME_GET && (query.ports != 1 || !*query.port[0]))
		return ctl_refuse(sentence, -EINVAL, "one name can be asked about at a time");
	if (!r)
		*ret = query;
	return r;
}
