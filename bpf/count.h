/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The counters, and the note of a failover (turnover). They are per CPU: a program is not moved to another CPU while it
 * runs, so it adds without a lock. */
#ifndef BPF_COUNT_H
#define BPF_COUNT_H

#include "maps.h"

/* What one run of a program counts for: a GSO packet is as many frames as it has segments. */
struct amount {
	__u32 packets; /* frames on the wire */
	__u32 bytes;   /* octets */
};

static __always_inline struct xlagg_port_stats *stats_of(__u32 slot)
{
	return bpf_map_lookup_elem(&port_stats, &slot);
}

static __always_inline struct xlagg_lagg_stats *stats_of_lagg(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lagg_stats, &zero);
}

/* Counts what the lagg was asked to send, and count_sent() does not count. */
static __always_inline void count_tx(struct amount amount)
{
	struct xlagg_lagg_stats *stats = stats_of_lagg();

	if (!stats)
		return;
	stats->tx_packets += amount.packets;
	stats->tx_bytes += amount.bytes;
}

static __always_inline struct xlagg_turnover *turnover_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&turnover, &zero);
}

/* failover: a frame found no port. It is one of those between the last frame on one port and the first on another. */
static __always_inline void note_refused(struct amount amount)
{
	struct xlagg_turnover *t = turnover_of_cpu();

	if (t)
		t->refused += amount.packets;
}

/* Counts what is not sent. `why`: enum xlagg_tx_drop. */
static __always_inline void count_tx_drop(__u32 why, struct amount amount)
{
	struct xlagg_lagg_stats *stats = stats_of_lagg();

	if (params.proto == XLAGG_PROTO_FAILOVER && why == XLAGG_TX_NO_PORT)
		note_refused(amount);

	if (stats && why < XLAGG_TX_DROP_MAX)
		stats->tx_dropped[why] += amount.packets;
}

/* failover: a frame takes that port. Only here can be measured how long a change of ports kept frames waiting. */
static __always_inline void note_turnover(__u32 slot)
{
	struct xlagg_turnover *t = turnover_of_cpu();
	__u64 now = bpf_ktime_get_ns();

	if (!t)
		return;
	if (t->slot != slot) {
		t->from = t->slot;
		t->left_ns = t->last_ns;
		t->came_ns = now;
		t->between = t->refused;
		t->slot = slot;
	}
	t->refused = 0;
	t->last_ns = now;
}

/* Counts what the lagg was asked to send, and handed to one port. By the address of its slot: see live_at(). */
static __always_inline void count_sent_at(const __u32 *slot, struct amount amount)
{
	struct xlagg_port_stats *stats = bpf_map_lookup_elem(&port_stats, slot);

	if (!stats)
		return;
	stats->both.tx_packets += amount.packets;
	stats->both.tx_bytes += amount.bytes;
}

static __always_inline void count_sent(__u32 slot, struct amount amount)
{
	count_sent_at(&slot, amount);
}

/* Counts a copy that is handed to a port. */
static __always_inline void count_port_tx(__u32 slot, struct amount amount)
{
	struct xlagg_port_stats *stats = stats_of(slot);

	if (!stats)
		return;
	stats->tx_packets += amount.packets;
	stats->tx_bytes += amount.bytes;
}

/* Counts what a flow's bucket sends, where option balance asks for it. */
static __always_inline void count_bucket(__u32 hash, struct amount amount)
{
	__u32 bucket = hash % XLAGG_BUCKETS;
	struct xlagg_bucket_load *load;

	if (!params.balance)
		return;
	load = bpf_map_lookup_elem(&bucket_load, &bucket);
	if (load)
		load->bytes += amount.bytes;
}

static __always_inline void add_rx(struct xlagg_port_stats *stats, struct amount amount)
{
	stats->both.rx_packets += amount.packets;
	stats->both.rx_bytes += amount.bytes;
}

/* Counts what port params.slot received for the lagg. */
static __always_inline void count_rx(struct amount amount)
{
	struct xlagg_port_stats *stats = stats_of(params.slot);

	if (stats)
		add_rx(stats, amount);
}

/* Counts what is refused on port params.slot. `why`: enum xlagg_rx_drop. */
static __always_inline void count_rx_drop(__u32 why, struct amount amount)
{
	struct xlagg_port_stats *stats = stats_of(params.slot);

	if (stats && why < XLAGG_RX_DROP_MAX)
		stats->rx_dropped[why] += amount.packets;
}

#endif
