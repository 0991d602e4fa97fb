/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Turns the numbers that the agent reports into words. */
#include "words.h"

#include <string.h>
#include <time.h>

const char *const words_rx[] = {"INITIALIZE", "PORT_DISABLED", "LACP_DISABLED", "EXPIRED", "DEFAULTED", "CURRENT",
				NULL};
const char *const words_mux[] = {
    "DETACHED", "WAITING", "ATTACHED", "COLLECTING", "DISTRIBUTING", "COLLECTING_DISTRIBUTING", NULL};
const char *const words_selected[] = {"UNSELECTED", "SELECTED", "STANDBY", NULL};
const char *const words_churn[] = {"NONE", "MONITOR", "CHURN", NULL};
const char *const words_duplex[] = {"", "half", "full", NULL};
const char *const words_attach[] = {"tcx", "clsact", "xdp-dispatcher", "xdp-link", NULL};
const char *const words_xdp_mode[] = {"", "native", "mixed", NULL};
const char *const words_bond_mode[] = {"",	  "balance-rr",	 "active-backup", "balance-xor", "broadcast",
				       "802.3ad", "balance-tlb", "balance-alb",	  NULL};
const char *const words_watch[] = {"netlink", "netlink+poll", "fentry", NULL};
const char *const words_detected[] = {"", "fentry", "poll", "netlink", "probe", "command", "grey", NULL};
const char *const words_probes[] = {"off", "answered", "missed", "awaited", "silent", NULL};
const char *const words_grey[] = {"off", "good", "told", "out", NULL};
const char *const words_choice[] = {"bucket", "backup", "rehash",     "priority", "turn",
				    "all",    "none",	"no-carrier", "moving",	  NULL};
const char *const words_why[] = {
    "the bucket's own port",
    "the bucket's port is not live, this is its backup",
    "neither the bucket's port nor its backup is live, this is another live port",
    "the first live port in order of preference",
    "roundrobin: the next frame's turn",
    "broadcast: every live port",
    "no port is live: the frame is dropped",
    "the lagg has no carrier",
    "the bucket moves to another port when no frame is overtaken, this is its old port",
    NULL,
};
const char *const words_flag[] = {"MASTER", "", "ACTIVE", "COLLECTING", "DISTRIBUTING", NULL};
const char *const words_lacp_bits[] = {"ACTIVITY",     "TIMEOUT",   "AGGREGATION", "SYNC", "COLLECTING",
				       "DISTRIBUTING", "DEFAULTED", "EXPIRED",	   NULL};

#define PORT(field, text)                                                                                              \
	{                                                                                                              \
#field, offsetof(struct xlagg_port_status, stats.field), text                                          \
	}
#define LAGG(field, text)                                                                                              \
	{                                                                                                              \
#field, offsetof(struct xlagg_lagg_status, field), text                                                \
	}
#define RX_DROP(word, reason, text)                                                                                    \
	{                                                                                                              \
		word, offsetof(struct xlagg_port_status, stats.rx_dropped[reason]), text                               \
	}
#define TX_DROP(word, reason, text)                                                                                    \
	{                                                                                                              \
		word, offsetof(struct xlagg_lagg_status, tx_dropped[reason]), text                                     \
	}

const struct words_counter words_traffic_port[] = {
    PORT(tx_packets, "frames handed to the port"),
    PORT(tx_bytes, "octets handed to the port"),
    PORT(rx_packets, "frames taken from the port into the lagg"),
    PORT(rx_bytes, "octets taken from the port into the lagg"),
    {NULL, 0, NULL},
};
const struct words_counter words_traffic_lagg[] = {
    LAGG(tx_packets, "frames that the lagg was asked to send"),
    LAGG(tx_bytes, "octets that the lagg was asked to send"),
    LAGG(rx_packets, "frames that the lagg received"),
    LAGG(rx_bytes, "octets that the lagg received"),
    {NULL, 0, NULL},
};
const struct words_counter words_rx_dropped[] = {
    RX_DROP("not_collecting", XLAGG_RX_NOT_COLLECTING, "the port may not receive for the lagg"),
    RX_DROP("standby", XLAGG_RX_STANDBY, "failover: not the port in use"),
    RX_DROP("no_carrier", XLAGG_RX_NO_CARRIER, "the lagg has no carrier"),
    RX_DROP("proto_none", XLAGG_RX_PROTO_NONE, "proto none drops everything"),
    RX_DROP("malformed", XLAGG_RX_MALFORMED, "shorter than an Ethernet header"),
    RX_DROP("slow_limited", XLAGG_RX_SLOW_LIMITED, "slow-protocol frames over the limit"),
    {NULL, 0, NULL},
};
const struct words_counter words_moves[] = {
    {"idle", offsetof(struct xlagg_lagg_status, moves.idle), "after the bucket had been idle for long enough"},
    {"marker", offsetof(struct xlagg_lagg_status, moves.marker), "when the partner had answered a marker"},
    {"bound", offsetof(struct xlagg_lagg_status, moves.bound),
     "although frames were in flight, after the longest wait"},
    {"lost", offsetof(struct xlagg_lagg_status, moves.lost), "at once, since the port was lost"},
    {"cancelled", offsetof(struct xlagg_lagg_status, moves.cancelled), "not at all, after the longest wait"},
    {NULL, 0, NULL},
};
const struct words_counter words_tx_dropped[] = {
    TX_DROP("no_port", XLAGG_TX_NO_PORT, "no live port"),
    TX_DROP("no_carrier", XLAGG_TX_NO_CARRIER, "the lagg has no carrier"),
    TX_DROP("proto_none", XLAGG_TX_PROTO_NONE, "proto none drops everything"),
    TX_DROP("clone", XLAGG_TX_CLONE, "broadcast: a copy could not be made or sent"),
    TX_DROP("own_stack", XLAGG_TX_OWN_STACK, "made by the lower end's own stack"),
    {"port_type", offsetof(struct xlagg_lagg_status, tx_port_type), "of an EtherType that belongs to the ports"},
    {NULL, 0, NULL},
};
const struct words_counter words_port_mib[] = {
    PORT(lacpdu_tx, "LACPDUs sent"),
    PORT(lacpdu_rx, "LACPDUs received"),
    PORT(marker_tx, "Marker PDUs sent"),
    PORT(marker_rx, "Marker PDUs received"),
    PORT(marker_response_tx, "Marker Response PDUs sent"),
    PORT(marker_response_rx, "Marker Response PDUs received"),
    PORT(illegal_rx, "slow-protocol frames with an illegal subtype or length"),
    PORT(unknown_rx, "frames with the group address or the EtherType of the slow protocols, but not both"),
    PORT(lacpdu_limited, "slow-protocol frames over the limit"),
    PORT(actor_churns, "times that the actor's synchronization failed to settle"),
    PORT(partner_churns, "times that the partner's synchronization failed to settle"),
    PORT(actor_changes, "changes of the actor's synchronization"),
    PORT(partner_changes, "changes of the partner's synchronization"),
    PORT(link_failures, "losses of the port's carrier"),
    PORT(lacpdu_headless, "LACPDUs sent by the kernel in place of an absent agent"),
    {"lacpdu_foreign", offsetof(struct xlagg_port_status, lacpdu_foreign), "LACPDUs of other systems, ignored"},
    {"headless_foreign", offsetof(struct xlagg_port_status, headless_foreign),
     "LACPDUs of other systems ignored by the kernel in place of an absent agent"},
    {"headless_outs", offsetof(struct xlagg_port_status, headless_outs),
     "times that the kernel took the port out of use in place of an absent agent"},
    {NULL, 0, NULL},
};
const struct words_counter words_port_probes[] = {
    {"probes_sent", offsetof(struct xlagg_port_status, probes.sent), "link probes sent, one to each target"},
    {"probes_answered", offsetof(struct xlagg_port_status, probes.answered), "link probes answered"},
    {"probes_lost", offsetof(struct xlagg_port_status, probes.lost), "link probes without an answer in time"},
    {NULL, 0, NULL},
};

const struct words_counter words_port_grey[] = {
    {"tcp_segments", offsetof(struct xlagg_port_status, grey.segments),
     "segments of local TCP sockets, where option grey-detect counts them"},
    {"tcp_retransmitted", offsetof(struct xlagg_port_status, grey.retransmitted),
     "segments of local TCP sockets that were lost on the port and sent again"},
    {"damaged", offsetof(struct xlagg_port_status, grey.errors), "frames that the device counts as damaged"},
    {"grey_outs", offsetof(struct xlagg_port_status, grey.outs),
     "times that the port was taken out of use because it lost more than the others"},
    {NULL, 0, NULL},
};

_Static_assert(sizeof(words_rx_dropped) / sizeof(words_rx_dropped[0]) == XLAGG_RX_DROP_MAX + 1, "a word for each");
_Static_assert(sizeof(words_tx_dropped) / sizeof(words_tx_dropped[0]) == XLAGG_TX_DROP_MAX + 1, "a word for each");
_Static_assert(sizeof(words_detected) / sizeof(words_detected[0]) <= XLAGG_DETECTED_ROOM + 1, "a counter for each");
_Static_assert(sizeof(words_why) / sizeof(words_why[0]) == XLAGG_CHOICE_MOVING + 2, "a phrase for each");

const char *words_get(const char *const *table, uint32_t value)
{
	for (uint32_t i = 0; table[i]; i++)
		if (i == value)
			return table[i][0] ? table[i] : NULL;
	return NULL;
}

void words_bits(const char *const *table, uint32_t bits, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (uint32_t bit = 0; table[bit]; bit++) {
		if (!(bits >> bit & 1) || !table[bit][0] || used >= size)
			continue;
		used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? "," : "", table[bit]);
	}
}

uint64_t words_count(const void *counters, const struct words_counter *counter)
{
	uint64_t value;

	memcpy(&value, (const char *)counters + counter->offset, sizeof(value));
	return value;
}

void words_time(uint64_t time_ns, char ret[WORDS_TIME_SIZE])
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	char date[24];
	struct tm tm;

	ret[0] = '\0';
	if (time_ns == 0 || !gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	snprintf(ret, WORDS_TIME_SIZE, "%s.%06uZ", date, (unsigned int)(time_ns / 1000 % 1000000));
}

void words_lacp_end(const struct xlagg_lacp_end *end, int aggregate, char ret[WORDS_END_SIZE])
{
	const uint8_t *mac = end->system;

	snprintf(ret, WORDS_END_SIZE, "(%04X,%02X-%02X-%02X-%02X-%02X-%02X,%04X,%04X,%04X)", end->system_prio, mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5], end->key, aggregate ? 0 : end->port_prio,
		 aggregate ? 0 : end->port);
}

void words_headless(uint32_t seconds, char *ret, size_t size)
{
	if (seconds == XLAGG_AUTO)
		snprintf(ret, size, "yes");
	else if (seconds == 0)
		snprintf(ret, size, "no");
	else
		snprintf(ret, size, "%u s", seconds);
}
