/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes the lines of `top`. */
#include "top.h"

#include <inttypes.h>
#include <string.h>

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

void top_lagg_line(const struct view_lagg *lagg, char *ret, size_t size)
{
	const char *proto = words_get(xlagg_words_proto, lagg->model.conf.proto);
	char name[CTL_QUOTED_MAX];

	snprintf(ret, size, "%s  %s  %s  %u of %u ports", ctl_quote(lagg->model.name, name, sizeof(name)),
		 proto ? proto : "unknown", lagg->status.carrier ? "active" : "no carrier", lagg->status.active_ports,
		 lagg->model.ports);
}

void top_rates_line(const struct view_lagg *lagg, const struct view_lagg *before, double seconds, char *ret,
		    size_t size)
{
	const struct xlagg_lagg_status *now = &lagg->status, *then = before ? &before->status : now;
	char tx[64], rx[64];

	rates("TX", top_rate(then->tx_bytes, now->tx_bytes, seconds),
	      top_rate(then->tx_packets, now->tx_packets, seconds), tx, sizeof(tx));
	rates("RX", top_rate(then->rx_bytes, now->rx_bytes, seconds),
	      top_rate(then->rx_packets, now->rx_packets, seconds), rx, sizeof(rx));
	snprintf(ret, size, "  %s   %s", tx, rx);
}

void top_reason_line(const char *reason, char *ret, size_t size)
{
	char printable[4 * XLAGG_SENTENCE_MAX];

	snprintf(ret, size, "%s%s", reason[0] ? "      " : "", ctl_printable(reason, printable, sizeof(printable)));
}

int top_fit(const char *text, size_t width)
{
	size_t len = strlen(text), end = width;

	if (len <= width)
		return (int)len;
	while (end > 0 && text[end] != ' ')
		end--;
	return (int)(end > 0 ? end : width);
}

void top_age(uint64_t then_ns, uint64_t now_ns, char ret[TOP_AGE_SIZE])
{
	static const struct {
		uint64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	uint64_t age = now_ns > then_ns ? (now_ns - then_ns) / 1000000000 : 0;
	size_t i = 0;

	while (units[i].seconds > 1 && age < 2 * units[i].seconds)
		i++;
	snprintf(ret, TOP_AGE_SIZE, "%" PRIu64 " %s", age / units[i].seconds, units[i].unit);
}

#define COLUMNS "  %-15s %-14s %7s %9s %8s %9s %8s"

void top_port_heading(char *ret, size_t size)
{
	snprintf(ret, size, COLUMNS, "PORT", "STATE", "BUCKETS", "TX bit/s", "TX pps", "RX bit/s", "RX pps");
}

/* What the port does, in one short word where lagg(4) has several flags. */
static void state_of(const struct xlagg_port_status *status, char *ret, size_t size)
{
	words_bits(words_flag, status->flags, ret, size);
	if (status->flags & XLAGG_FLAG_DISTRIBUTING)
		snprintf(ret, size, "DISTRIBUTING");
	else if (status->flags & XLAGG_FLAG_COLLECTING)
		snprintf(ret, size, "COLLECTING");
	else if (!ret[0])
		snprintf(ret, size, "%s", status->standby ? "standby" : "-");
}

/* The counters of a port as they were, or as they are if that is not known. */
static const struct xlagg_port_counters *counters_before(const struct view_lagg *lagg, uint32_t index,
							 const struct view_lagg *before)
{
	int old = before ? ctl_find_port(&before->model, lagg->model.port[index].name) : -1;

	return old >= 0 ? &before->port[old].stats : &lagg->port[index].stats;
}

double top_port_rate(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds)
{
	const struct xlagg_port_counters *now = &lagg->port[index].stats;
	const struct xlagg_port_counters *then = counters_before(lagg, index, before);

	return top_rate(then->tx_bytes, now->tx_bytes, seconds) + top_rate(then->rx_bytes, now->rx_bytes, seconds);
}

void top_port_line(const struct view_lagg *lagg, uint32_t index, const struct view_lagg *before, double seconds,
		   char *ret, size_t size)
{
	const struct xlagg_port_status *status = &lagg->port[index];
	const struct xlagg_port_counters *now = &status->stats, *then = counters_before(lagg, index, before);
	char state[80], share[16], tx[16], txp[16], rx[16], rxp[16], name[CTL_QUOTED_MAX];

	state_of(status, state, sizeof(state));
	snprintf(share, sizeof(share), "%.1f %%", 100.0 * status->buckets / XLAGG_BUCKETS);
	top_human(8 * top_rate(then->tx_bytes, now->tx_bytes, seconds), tx, sizeof(tx));
	top_human(top_rate(then->tx_packets, now->tx_packets, seconds), txp, sizeof(txp));
	top_human(8 * top_rate(then->rx_bytes, now->rx_bytes, seconds), rx, sizeof(rx));
	top_human(top_rate(then->rx_packets, now->rx_packets, seconds), rxp, sizeof(rxp));
	snprintf(ret, size, COLUMNS, ctl_quote(lagg->model.port[index].name, name, sizeof(name)), state, share, tx, txp,
		 rx, rxp);
}
