/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints views as text for Prometheus: one family after the other, each with all laggs and ports. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "words.h"

/* A gauge whose value is a member of struct xlagg_lagg_status or xlagg_port_status. */
struct gauge {
	const char *name;
	size_t offset, size; /* of the member, an unsigned number of 1, 4 or 8 octets */
	const char *help;
	uint32_t scale; /* what the member is multiplied by */
};

#define MEGABIT 125000 /* octets; Prometheus counts in these, also where the unit is one of rate */

#define LAGG(name, field, scale, help)                                                                                 \
	{                                                                                                              \
		name, offsetof(struct xlagg_lagg_status, field), sizeof(((struct xlagg_lagg_status *)0)->field), help, \
		    scale                                                                                              \
	}
#define PORT(name, field, scale, help)                                                                                 \
	{                                                                                                              \
		name, offsetof(struct xlagg_port_status, field), sizeof(((struct xlagg_port_status *)0)->field), help, \
		    scale                                                                                              \
	}

static const struct gauge lagg_gauges[] = {
    LAGG("admin_up", admin_up, 1, "1: administratively up"),
    LAGG("carrier", carrier, 1, "1: the lagg has carrier"),
    LAGG("active_ports", active_ports, 1, "ports that carry traffic"),
    LAGG("speed_bytes", speed, MEGABIT, "octets a second of all ports that carry traffic, 0: unknown"),
    LAGG("mtu_bytes", mtu, 1, "MTU of the lagg"),
    LAGG("table_generation", generation, 1, "publications of the distribution table"),
    {NULL, 0, 0, NULL, 0},
};
static const struct gauge port_gauges[] = {
    PORT("present", present, 1, "1: the device is there"),
    PORT("carrier", carrier, 1, "1: the port has carrier"),
    PORT("speed_bytes", speed, MEGABIT, "octets a second of the port, 0: unknown"),
    PORT("standby", standby, 1, "1: ready, but another port is used"),
    PORT("buckets", buckets, 1, "slots of the distribution table that lead to the port"),
    PORT("damping_penalty", damping.penalty, 1, "how much the port flapped of late, 0: not at all, or no damping"),
    PORT("damping_suppressed", damping.suppressed, 1, "1: the port is out of use because it flapped"),
    PORT("probe_missed", probe.missed, 1, "link probes in a row without an answer"),
    {NULL, 0, 0, NULL, 0},
};

static uint64_t gauge_value(const void *status, const struct gauge *gauge)
{
	const char *at = (const char *)status + gauge->offset;
	uint64_t wide;
	uint32_t narrow;

	if (gauge->size == sizeof(uint8_t))
		return (uint64_t) * (const uint8_t *)at * gauge->scale;
	if (gauge->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return (uint64_t)narrow * gauge->scale;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide * gauge->scale;
}

/* Writes a label. Its value is printable UTF-8: OpenMetrics demands UTF-8, and people look at it on terminals. */
static void label(FILE *out, const char *separator, const char *name, const char *value)
{
	char printable[4 * XLAGG_TEXT_MAX], word[XLAGG_MAC_TEXT];

	value = ctl_device_word(value, word);
	fprintf(out, "%s%s=\"", separator, name);
	for (const char *c = ctl_printable(value, printable, sizeof(printable)); *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

/* Prints a sample up to its value. `port` and `reason` may be NULL. */
static void sample(FILE *out, const char *family, const char *suffix, const char *lagg, const char *port,
		   const char *reason)
{
	fprintf(out, "%s%s{", family, suffix);
	label(out, "", "lagg", lagg);
	if (port)
		label(out, ",", "port", port);
	if (reason)
		label(out, ",", "reason", reason);
	fputs("} ", out);
}

/* Prints the value of a sample: a time of so many ns, in seconds. */
static void seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

/* Where a family goes to: the stream, and how types are written there. */
struct target {
	FILE *out;
	enum show_metrics_format format;
};

static void head(const struct target *to, const char *family, const char *suffix, const char *type, const char *help)
{
	fprintf(to->out, "# HELP %s%s %s\n", family, suffix, help);
	if (type)
		fprintf(to->out, "# TYPE %s%s %s\n", family, suffix, type);
}

static void head_gauge(const struct target *to, const char *family, const char *help)
{
	head(to, family, "", "gauge", help);
}

/* In OpenMetrics a family has the name without _total, in the older text it has that of its samples. So text that is
 * both says nothing of the type. */
static void head_counter(const struct target *to, const char *family, const char *help)
{
	bool open = to->format == METRICS_OPENMETRICS;

	head(to, family, open ? "" : "_total", to->format == METRICS_BOTH ? NULL : "counter", help);
}

/* The older text has no such type. */
static void head_info(const struct target *to, const char *family, const char *help)
{
	bool open = to->format == METRICS_OPENMETRICS;

	head(to, family, open ? "" : "_info", open ? "info" : "gauge", help);
}

static void head_stateset(const struct target *to, const char *family, const char *help)
{
	head(to, family, "", to->format == METRICS_OPENMETRICS ? "stateset" : "gauge", help);
}

static void lagg_info(const struct target *to, const struct view *view)
{
	head_info(to, "xlagg_lagg", "what the lagg is");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];
		const char *proto = words_get(xlagg_words_proto, lagg->model.conf.proto);
		const char *device = words_get(xlagg_words_device, lagg->status.device);
		const char *profile = words_get(xlagg_words_datapath, lagg->status.profile);

		fputs("xlagg_lagg_info{", to->out);
		label(to->out, "", "lagg", lagg->model.name);
		label(to->out, ",", "proto", proto ? proto : "");
		label(to->out, ",", "device", device ? device : "");
		label(to->out, ",", "datapath", profile ? profile : "");
		fputs("} 1\n", to->out);
	}
}

static void lagg_gauge(const struct target *to, const struct view *view, const struct gauge *gauge)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_lagg_%s", gauge->name);
	head_gauge(to, family, gauge->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(to->out, family, "", view->lagg[i].model.name, NULL, NULL);
		fprintf(to->out, "%" PRIu64 "\n", gauge_value(&view->lagg[i].status, gauge));
	}
}

static void port_gauge(const struct target *to, const struct view *view, const struct gauge *gauge)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_port_%s", gauge->name);
	head_gauge(to, family, gauge->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			sample(to->out, family, "", lagg->model.name, lagg->model.port[port].name, NULL);
			fprintf(to->out, "%" PRIu64 "\n", gauge_value(&lagg->port[port], gauge));
		}
	}
}

static void port_admin(const struct target *to, const struct view *view)
{
	head_gauge(to, "xlagg_port_admin_up", "1: the port is in service (port set ... admin)");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct xlagg_model *model = &view->lagg[i].model;

		for (uint32_t port = 0; port < model->ports; port++) {
			sample(to->out, "xlagg_port_admin_up", "", model->name, model->port[port].name, NULL);
			fprintf(to->out, "%d\n", model->port[port].conf.admin != 0);
		}
	}
}

/* Prints one state of a stateset, whose label has the name of its family. */
static void state(FILE *out, const char *family, const struct view_lagg *lagg, uint32_t port, const char *word,
		  bool is_set)
{
	fprintf(out, "%s{", family);
	label(out, "", "lagg", lagg->model.name);
	label(out, ",", "port", lagg->model.port[port].name);
	label(out, ",", family, word);
	fprintf(out, "} %d\n", is_set);
}

/* Prints lagg(4)'s port flags, each as 0 or 1. */
static void port_flags(const struct target *to, const struct view *view)
{
	head_stateset(to, "xlagg_port_flag", "flags of the port, as lagg(4) has them");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (uint32_t bit = 0; words_flag[bit]; bit++)
				if (words_flag[bit][0])
					state(to->out, "xlagg_port_flag", lagg, port, words_flag[bit],
					      lagg->port[port].flags >> bit & 1);
	}
}

static uint32_t probe_state(const struct xlagg_port_status *status)
{
	return status->probes.state;
}

static uint32_t grey_state(const struct xlagg_port_status *status)
{
	return status->grey.state;
}

/* A family of which one word of a table holds for each port. */
static void port_state(const struct target *to, const struct view *view, const char *family, const char *help,
		       const char *const *table, uint32_t (*of)(const struct xlagg_port_status *))
{
	head_stateset(to, family, help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (uint32_t word = 0; table[word]; word++)
				state(to->out, family, lagg, port, table[word], of(&lagg->port[port]) == word);
	}
}

/* What the partner says of itself, so that one query finds a host on the wrong switch. */
static void port_lacp(const struct target *to, const struct view *view)
{
	head_info(to, "xlagg_port_lacp", "the partner of a port, proto lacp");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; lagg->model.conf.proto == XLAGG_PROTO_LACP && port < lagg->model.ports;
		     port++) {
			const struct xlagg_lacp_end *partner = &lagg->port[port].lacp.partner;
			const char *mux = words_get(words_mux, lagg->port[port].lacp.mux);
			char system[XLAGG_MAC_TEXT], number[2][12];

			xlagg_print_mac(partner->system, system);
			snprintf(number[0], sizeof(number[0]), "%u", partner->key);
			snprintf(number[1], sizeof(number[1]), "%u", partner->port);
			fputs("xlagg_port_lacp_info{", to->out);
			label(to->out, "", "lagg", lagg->model.name);
			label(to->out, ",", "port", lagg->model.port[port].name);
			label(to->out, ",", "partner_system", system);
			label(to->out, ",", "partner_key", number[0]);
			label(to->out, ",", "partner_port", number[1]);
			label(to->out, ",", "mux", mux ? mux : "");
			fputs("} 1\n", to->out);
		}
	}
}

static void port_headless(const struct target *to, const struct view *view)
{
	head_gauge(to, "xlagg_port_headless_limit_seconds", "how long the port's LACP lasts without an agent");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; lagg->model.conf.proto == XLAGG_PROTO_LACP && port < lagg->model.ports;
		     port++) {
			uint32_t limit = lagg->port[port].lacp.headless_s;

			sample(to->out, "xlagg_port_headless_limit_seconds", "", lagg->model.name,
			       lagg->model.port[port].name, NULL);
			fprintf(to->out, limit == XLAGG_AUTO ? "+Inf\n" : "%u\n", limit);
		}
	}
}

static void lagg_away(const struct target *to, const struct view *view)
{
	head_gauge(to, "xlagg_lagg_agent_away_seconds",
		   "how long the lagg had been without an agent when this one took it over, 0: it made the lagg");
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(to->out, "xlagg_lagg_agent_away_seconds", "", view->lagg[i].model.name, NULL, NULL);
		seconds(to->out, view->lagg[i].status.away_ns);
	}
}

static void failovers(const struct target *to, const struct view *view)
{
	static const char family[] = "xlagg_lagg_failovers";

	head_counter(to, family, "changes of the active port, by who noticed their cause first");
	for (uint32_t i = 0; i < view->laggs; i++)
		for (uint32_t by = 0; words_detected[by]; by++) {
			fprintf(to->out, "%s_total{", family);
			label(to->out, "", "lagg", view->lagg[i].model.name);
			label(to->out, ",", "detected", words_detected[by][0] ? words_detected[by] : "none");
			fprintf(to->out, "} %" PRIu64 "\n", view->lagg[i].status.failovers.detected[by]);
		}
	head_counter(to, "xlagg_lagg_failover_dropped", "frames for which there was no port during failovers");
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(to->out, "xlagg_lagg_failover_dropped", "_total", view->lagg[i].model.name, NULL, NULL);
		fprintf(to->out, "%" PRIu64 "\n", view->lagg[i].status.failovers.dropped);
	}
}

static void gap_bucket(FILE *out, const char *family, const char *lagg, const char *bound, uint64_t count)
{
	fprintf(out, "%s_bucket{", family);
	label(out, "", "lagg", lagg);
	label(out, ",", "le", bound);
	fprintf(out, "} %" PRIu64 "\n", count);
}

/* Writes a bound in seconds as OpenMetrics has them: always with a point. */
static void print_bound(uint64_t ns, char ret[24])
{
	int len = snprintf(ret, 24, "%g", (double)ns / 1e9);

	if (!strchr(ret, '.'))
		snprintf(ret + len, 24 - (size_t)len, ".0");
}

static void gap_histogram(FILE *out, const char *family, const struct view_lagg *lagg)
{
	const struct xlagg_failover_counters *counters = &lagg->status.failovers;
	uint64_t count = 0;
	char bound[24];

	for (uint32_t i = 0; i < XLAGG_GAP_BOUNDS; i++) {
		count += counters->gaps[i];
		print_bound(xlagg_gap_bound_ns[i], bound);
		gap_bucket(out, family, lagg->model.name, bound, count);
	}
	count += counters->gaps[XLAGG_GAP_BOUNDS];
	gap_bucket(out, family, lagg->model.name, "+Inf", count);
	sample(out, family, "_sum", lagg->model.name, NULL, NULL);
	seconds(out, counters->gap_ns);
	sample(out, family, "_count", lagg->model.name, NULL, NULL);
	fprintf(out, "%" PRIu64 "\n", count);
}

static void gaps(const struct target *to, const struct view *view)
{
	static const char family[] = "xlagg_lagg_failover_gap_seconds";

	head(to, family, "", "histogram",
	     "from the last frame on the old port to the first on the new one, of failovers during which frames were "
	     "sent");
	for (uint32_t i = 0; i < view->laggs; i++)
		gap_histogram(to->out, family, &view->lagg[i]);
}

static void lagg_counter(const struct target *to, const struct view *view, const struct words_counter *counter)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_lagg_%s", counter->name);
	head_counter(to, family, counter->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(to->out, family, "_total", view->lagg[i].model.name, NULL, NULL);
		fprintf(to->out, "%" PRIu64 "\n", words_count(&view->lagg[i].status, counter));
	}
}

static void port_counter(const struct target *to, const struct view *view, const struct words_counter *counter)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_port_%s", counter->name);
	head_counter(to, family, counter->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			sample(to->out, family, "_total", lagg->model.name, lagg->model.port[port].name, NULL);
			fprintf(to->out, "%" PRIu64 "\n", words_count(&lagg->port[port], counter));
		}
	}
}

static void bucket_moves(const struct target *to, const struct view *view)
{
	head_counter(to, "xlagg_lagg_moves", "buckets that left a port, by how the move ended");
	for (uint32_t i = 0; i < view->laggs; i++)
		for (const struct words_counter *how = words_moves; how->name; how++) {
			sample(to->out, "xlagg_lagg_moves", "_total", view->lagg[i].model.name, NULL, how->name);
			fprintf(to->out, "%" PRIu64 "\n", words_count(&view->lagg[i].status, how));
		}
}

static void dropped(const struct target *to, const struct view *view)
{
	const struct words_counter *reason;

	head_counter(to, "xlagg_lagg_tx_dropped", "frames not sent, by reason");
	for (uint32_t i = 0; i < view->laggs; i++)
		for (reason = words_tx_dropped; reason->name; reason++) {
			sample(to->out, "xlagg_lagg_tx_dropped", "_total", view->lagg[i].model.name, NULL,
			       reason->name);
			fprintf(to->out, "%" PRIu64 "\n", words_count(&view->lagg[i].status, reason));
		}
	head_counter(to, "xlagg_port_rx_dropped", "frames not accepted, by reason");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (reason = words_rx_dropped; reason->name; reason++) {
				sample(to->out, "xlagg_port_rx_dropped", "_total", lagg->model.name,
				       lagg->model.port[port].name, reason->name);
				fprintf(to->out, "%" PRIu64 "\n", words_count(&lagg->port[port], reason));
			}
	}
}

static void agent_families(const struct target *to, const struct xlagg_agent_status *agent)
{
	head_info(to, "xlagg_agent", "the agent that answers");
	fputs("xlagg_agent_info{", to->out);
	label(to->out, "", "version", agent->version);
	label(to->out, ",", "kernel", agent->kernel);
	fputs("} 1\n", to->out);
	head_gauge(to, "xlagg_agent_start_time_seconds", "when the agent started, since 1970");
	fprintf(to->out, "xlagg_agent_start_time_seconds %" PRIu64 ".%03u\n", agent->start_ns / 1000000000,
		(unsigned int)(agent->start_ns / 1000000 % 1000));
}

void show_metrics(FILE *out, enum show_metrics_format format, const struct xlagg_agent_status *agent,
		  const struct view *view)
{
	static const struct words_counter flaps = {"flaps", offsetof(struct xlagg_lagg_status, flaps),
						   "losses of the lagg's carrier"};
	static const struct words_counter moved = {"balance_moved", offsetof(struct xlagg_lagg_status, balance.moved),
						   "buckets that were moved because of the load"};
	const struct target target = {out, format}, *to = &target;

	head_gauge(to, "xlagg_up", "1: the agent answers");
	fprintf(out, "xlagg_up %d\n", agent != NULL);
	if (agent) {
		agent_families(to, agent);
		lagg_info(to, view);
		for (const struct gauge *gauge = lagg_gauges; gauge->name; gauge++)
			lagg_gauge(to, view, gauge);
		lagg_away(to, view);
		lagg_counter(to, view, &flaps);
		failovers(to, view);
		gaps(to, view);
		lagg_counter(to, view, &moved);
		bucket_moves(to, view);
		for (const struct words_counter *counter = words_traffic_lagg; counter->name; counter++)
			lagg_counter(to, view, counter);
		for (const struct gauge *gauge = port_gauges; gauge->name; gauge++)
			port_gauge(to, view, gauge);
		port_admin(to, view);
		port_flags(to, view);
		port_lacp(to, view);
		port_headless(to, view);
		port_state(to, view, "xlagg_port_probe_state", "what the port's link probes have found", words_probes,
			   probe_state);
		for (const struct words_counter *counter = words_port_probes; counter->name; counter++)
			port_counter(to, view, counter);
		port_state(to, view, "xlagg_port_grey_state", "what option grey-detect has found out about the port",
			   words_grey, grey_state);
		for (const struct words_counter *counter = words_port_grey; counter->name; counter++)
			port_counter(to, view, counter);
		for (const struct words_counter *counter = words_traffic_port; counter->name; counter++)
			port_counter(to, view, counter);
		for (const struct words_counter *counter = words_port_mib; counter->name; counter++)
			port_counter(to, view, counter);
		dropped(to, view);
	}
	/* In the older text this is a comment. */
	fputs("# EOF\n", out);
}
