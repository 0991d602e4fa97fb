/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes the lines of `top`. */
#include "top.h"

#include "words.h"

double top_rate(uint64_t before, uint64_t after, double seconds)
{
	return after < before || seconds <= 0 ? 0 : (double)(after - before) / seconds;
}

void top_human(double value, char *ret, size_t size)
{
	static const char prefixes[] = " kMGTP";
	size_t step = 0;

	/* A value that would be rounded to four digits takes the next prefix. */
	while (value >= 999.5 && prefixes[step + 1]) {
		value /= 1000;
		step++;
	}
	if (step == 0)
		snprintf(ret, size, "%.0f ", value);
	else
		snprintf(ret, size, "%.*f %c", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, prefixes[step]);
}

/* "TX 1.25 Gbit/s 104 kpps" */
static void rates(const char *way, double octets, double packets, char *ret, size_t size)
{
	char bits[16], frames[16];

	top_human(octets * 8, bits, sizeof(bits));
	top_human(packets, frames, sizeof(frames));
	snprintf(ret, size, "%s %sbit/s %spps", way, bits, frames);
}

void top_lagg_line(const struct view_lagg *lagg, const struct view_lagg *before, double seconds, char *ret, size_t size)
{
	const struct xlagg_lagg_status *now = &lagg->status, *then = before ? &before->status : now;
	const char *proto = words_get(xlagg_words_proto, lagg->model.conf.proto);
	char tx[64], rx[64], name[CTL_QUOTED_MAX], reason[4 * XLAGG_SENTENCE_MAX];

	rates("TX", top_rate(then->tx_bytes, now->tx_bytes, seconds),
	      top_rate(then->tx_packets, now->tx_packets, seconds), tx, sizeof(tx));
	rates("RX", top_rate(then->rx_bytes, now->rx_bytes, seconds),
	      top_rate(then->rx_packets, now->rx_packets, seconds), rx, sizeof(rx));
	snprintf(ret, size, "%s  %s  %s%s%s%s  %u of %u ports  %s  %s", ctl_quote(lagg->model.name, name, sizeof(name)),
		 proto ? proto : "unknown", now->carrier ? "active" : "no carrier", now->reason[0] ? " (" : "",
		 ctl_printable(now->reason, reason, sizeof(reason)), now->reason[0] ? ")" : "", now->active_ports,
		 lagg->model.ports, tx, rx);
}

#define COLUMNS "  %-15s %-32s %7s %10s %10s %10s %10s  %s"

void top_port_heading(char *ret, size_t size)
{
	snprintf(ret, size, COLUMNS, "PORT", "STATE", "BUCKETS", "TX bit/s", "TX pps", "RX bit/s", "RX pps", "");
}

void top_port_line(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds,
		   char *ret, size_t size)
{
	const struct xlagg_port_status *status = &lagg->port[index];
	const struct xlagg_port_counters *now = &status->stats, *then = now;
	char state[80], share[16], tx[16], txp[16], rx[16], rxp[16], name[CTL_QUOTED_MAX],
	    reason[4 * XLAGG_SENTENCE_MAX];
	int old = before ? ctl_find_port(&before->model, lagg->model.port[index].name) : -1;

	if (old >= 0)
		then = &before->port[old].stats;
	words_bits(words_flag, status->flags, state, sizeof(state));
	snprintf(share, sizeof(share), "%.1f %%", 100.0 * status->buckets / XLAGG_BUCKETS);
	top_human(8 * top_rate(then->tx_bytes, now->tx_bytes, seconds), tx, sizeof(tx));
	top_human(top_rate(then->tx_packets, now->tx_packets, seconds), txp, sizeof(txp));
	top_human(8 * top_rate(then->rx_bytes, now->rx_bytes, seconds), rx, sizeof(rx));
	top_human(top_rate(then->rx_packets, now->rx_packets, seconds), rxp, sizeof(rxp));
	ctl_printable(status->reason, reason, sizeof(reason));
	snprintf(ret, size, COLUMNS, ctl_quote(lagg->model.port[index].name, name, sizeof(name)),
		 state[0]	   ? state
		 : status->standby ? "standby"
				   : "-",
		 share, tx, txp, rx, rxp, reason);
}
