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

/* Prints lagg(4)'s port flags, each as 0 or 1. */
static void port_flags(const struct target *to, const struct view *view)
{
	head_stateset(to, "xlagg_port_flag", "flags of the port, as lagg(4) has them");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (uint32_t bit = 0; words_flag[bit]; bit++) {
				if (!words_flag[bit][0])
					continue;
				fputs("xlagg_port_flag{", to->out);
				label(to->out, "", "lagg", lagg->model.name);
				label(to->out, ",", "port", lagg->model.port[port].name);
				label(to->out, ",", "xlagg_port_flag", words_flag[bit]);
				fprintf(to->out, "} %u\n", lagg->port[port].flags >> bit & 1);
			}
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
	const struct target target = {out, format}, *to = &target;

	head_gauge(to, "xlagg_up", "1: the agent answers");
	fprintf(out, "xlagg_up %d\n", agent != NULL);
	if (agent) {
		agent_families(to, agent);
		lagg_info(to, view);
		for (const struct gauge *gauge = lagg_gauges; gauge->name; gauge++)
			lagg_gauge(to, view, gauge);
		lagg_counter(to, view, &flaps);
		for (const struct words_counter *counter = words_traffic_lagg; counter->name; counter++)
			lagg_counter(to, view, counter);
		for (const struct gauge *gauge = port_gauges; gauge->name; gauge++)
			port_gauge(to, view, gauge);
		port_flags(to, view);
		port_lacp(to, view);
		for (const struct words_counter *counter = words_traffic_port; counter->name; counter++)
			port_counter(to, view, counter);
		for (const struct words_counter *counter = words_port_mib; counter->name; counter++)
			port_counter(to, view, counter);
		dropped(to, view);
	}
	/* In the older text this is a comment. */
	fputs("# EOF\n", out);
}
