/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One record of a capture: its verdict in words, and its frame with its tag. */
#include <string.h>

#include "capture.h"
#include "words.h"

#define TAG_AT 12 /* octets before a VLAN tag: both MACs */
#define TAG_LEN 4

bool capture_outbound(const struct xlagg_captured *record)
{
	return record->verdict == XLAGG_VERDICT_SENT || record->verdict == XLAGG_VERDICT_NOT_SENT ||
	       record->verdict == XLAGG_VERDICT_OWN;
}

static void say_sent(const struct xlagg_captured *record, const char *port, char *ret, size_t size)
{
	const char *why = words_get(words_why, record->why);
	bool by_flow = record->why <= XLAGG_CHOICE_REHASH || record->why == XLAGG_CHOICE_MOVING;
	char bucket[32] = "";

	if (by_flow)
		snprintf(bucket, sizeof(bucket), " (bucket %u)", record->hash % XLAGG_BUCKETS);
	snprintf(ret, size, "sent on %s%s: %s", port, bucket, why ? why : "for a reason that this xlagg does not know");
}

/* The counter of this reason. NULL: there is none of that number. */
static const struct words_counter *reason_of(const struct words_counter *table, uint32_t reasons, uint32_t why)
{
	return why < reasons ? &table[why] : NULL;
}

/* The counter of that name. NULL: there is none. */
static const struct words_counter *find_counter(const struct words_counter *table, const char *name)
{
	while (table->name && strcmp(table->name, name) != 0)
		table++;
	return table->name ? table : NULL;
}

static void say_dropped(const char *where, const struct words_counter *reason, char *ret, size_t size)
{
	snprintf(ret, size, "dropped%s, %s: %s", where, reason ? reason->name : "?",
		 reason ? reason->help : "a reason that this xlagg does not know");
}

static void say_verdict(const struct xlagg_captured *record, const char *lagg, const char *port, char *ret, size_t size)
{
	char where[64] = "";

	if (port[0])
		snprintf(where, sizeof(where), " on %s", port);
	switch (record->verdict) {
	case XLAGG_VERDICT_SENT:
		say_sent(record, port, ret, size);
		return;
	case XLAGG_VERDICT_NOT_SENT:
		say_dropped(where, reason_of(words_tx_dropped, XLAGG_TX_DROP_MAX, record->why), ret, size);
		return;
	case XLAGG_VERDICT_RECEIVED:
		snprintf(ret, size, "received on %s for %s", port, lagg);
		return;
	case XLAGG_VERDICT_REFUSED:
		say_dropped(where, reason_of(words_rx_dropped, XLAGG_RX_DROP_MAX, record->why), ret, size);
		return;
	case XLAGG_VERDICT_STACK:
		snprintf(ret, size, "received on %s and left to its own stack", port);
		return;
	case XLAGG_VERDICT_AGENT:
		snprintf(ret, size, "received on %s for the agent", port);
		return;
	case XLAGG_VERDICT_OWN:
		snprintf(ret, size, "sent on %s by the agent", port);
		return;
	case XLAGG_VERDICT_ILLEGAL:
		say_dropped(where, find_counter(words_port_mib, "illegal_rx"), ret, size);
		return;
	default:
		snprintf(ret, size, "a verdict that this xlagg does not know%s", where);
	}
}

void capture_comment(const struct xlagg_captured *record, const char *lagg, const char *port,
		     char ret[CAPTURE_COMMENT_MAX])
{
	size_t len;

	say_verdict(record, lagg, port, ret, CAPTURE_COMMENT_MAX);
	len = strlen(ret);
	if (record->segments > 1)
		snprintf(ret + len, CAPTURE_COMMENT_MAX - len, "; %u frames on the wire", record->segments);
}

void capture_put_tag(const struct xlagg_captured *record, uint32_t len, uint8_t *ret)
{
	const uint8_t tag[TAG_LEN] = {(uint8_t)(record->tag_type >> 8), (uint8_t)record->tag_type,
				      (uint8_t)(record->tag >> 8), (uint8_t)record->tag};
	uint32_t macs = len < TAG_AT ? len : TAG_AT;

	memcpy(ret, record->frame, macs);
	memcpy(ret + macs, tag, sizeof(tag));
	memcpy(ret + macs + sizeof(tag), record->frame + macs, len - macs);
}
