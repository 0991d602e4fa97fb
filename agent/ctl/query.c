/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "ctl/ctl.h"

#define FRAME_MIN 14	/* an Ethernet header */
#define FRAME_MAX 16384 /* octets of a frame that is asked about */

static bool is_query(uint16_t type)
{
	return type == XLAGG_CMD_LAGG_GET || type == XLAGG_CMD_AGENT_GET || type == XLAGG_CMD_EXPLAIN ||
	       type == XLAGG_CMD_SUBSCRIBE;
}

int ctl_decode_query(const void *buf, size_t len, struct ctl_query *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	const struct nlmsghdr *nlh = buf;
	struct ctl_query query = {0};
	if (len < sizeof(*nlh) || nlh->nlmsg_len != len || !is_query(nlh->nlmsg_type))
		return -ENOTSUP;
	const uint8_t *tail = (const uint8_t *)buf + len, *end = (const uint8_t *)buf + sizeof(*nlh);
	for (const struct nlattr *attr = (const void *)end; mnl_attr_ok(attr, (int)(tail - (const uint8_t *)attr));
	     attr = mnl_attr_next(attr)) {
		const uint8_t *payload = mnl_attr_get_payload(attr);
		uint16_t size = mnl_attr_get_payload_len(attr), type = mnl_attr_get_type(attr);
		end = (const uint8_t *)attr + MNL_ALIGN(attr->nla_len);
		if (type == XLAGG_A_NAME && size > 0 && size <= sizeof(query.name) && payload[size - 1] == 0) {
			memcpy(query.name, payload, size);
		} else if (type == XLAGG_A_FRAME && nlh->nlmsg_type == XLAGG_CMD_EXPLAIN && size >= FRAME_MIN &&
			   size <= FRAME_MAX) {
			query.frame = payload;
			query.frame_len = size;
		} else {
			snprintf(sentence, XLAGG_SENTENCE_MAX,
				 "attribute %u of this request is unknown or of a wrong length", type);
			return -EINVAL;
		}
	}
	if (end < tail) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "this request ends within an attribute");
		return -EBADMSG;
	}
	if (nlh->nlmsg_type == XLAGG_CMD_EXPLAIN && (!query.frame || !query.name[0])) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "explain needs the name of a lagg and a frame");
		return -EINVAL;
	}
	*ret = query;
	return 0;
}
