/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Prints views as OpenMetrics text (OpenMetrics 1.0): one family after the other, each with all laggs and ports. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "words.h"

/* A gauge whose value is a member of struct xlagg_lagg_status or xlagg_port_status. */
struct gauge {
	const char *name;
	size_t offset, size; /* of the member, an unsigned number of 1, 4 or 8 octets */
	const char *help;
};

#define LAGG(name, field, help)                                                                                        \
	{                                                                                                              \
		name, offsetof(struct xlagg_lagg_status, field), sizeof(((struct xlagg_lagg_status *)0)->field), help  \
	}
#define PORT(name, field, help)                                                                                        \
	{                                                                                                              \
		name, offsetof(struct xlagg_port_status, field), sizeof(((struct xlagg_port_status *)0)->field), help  \
	}

static const struct gauge lagg_gauges[] = {
    LAGG("admin_up", admin_up, "1: administratively up"),
    LAGG("carrier", carrier, "1: the lagg has carrier"),
    LAGG("active_ports", active_ports, "ports that carry traffic"),
    LAGG("speed_megabits_per_second", speed, "sum of the speeds of the ports that carry traffic, 0: unknown"),
    LAGG("mtu_bytes", mtu, "MTU of the lagg"),
    LAGG("table_generation", generation, "publications of the distribution table"),
    {NULL, 0, 0, NULL},
};
static const struct gauge port_gauges[] = {
    PORT("present", present, "1: the device is there"),
    PORT("carrier", carrier, "1: the port has carrier"),
    PORT("speed_megabits_per_second", speed, "speed of the port, 0: unknown"),
    PORT("standby", standby, "1: ready, but another port is used"),
    PORT("buckets", buckets, "slots of the distribution table that lead to the port"),
    {NULL, 0, 0, NULL},
};

static uint64_t gauge_value(const void *status, const struct gauge *gauge)
{
	const char *at = (const char *)status + gauge->offset;
	uint64_t wide;
	uint32_t narrow;

	if (gauge->size == sizeof(uint8_t))
		return *(const uint8_t *)at;
	if (gauge->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

/* Writes a label. Its value is printable UTF-8: OpenMetrics demands UTF-8, and people look at it on terminals. */
static void label(FILE *out, const char *separator, const char *name, const char *value)
{
	char printable[4 * XLAGG_TEXT_MAX];

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

static void head(FILE *out, const char *family, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
}

static void lagg_info(FILE *out, const struct view *view)
{
	head(out, "xlagg_lagg", "info", "what the lagg is");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];
		const char *proto = words_get(xlagg_words_proto, lagg->model.conf.proto);
		const char *device = words_get(xlagg_words_device, lagg->status.device);
		const char *profile = words_get(xlagg_words_datapath, lagg->status.profile);

		fputs("xlagg_lagg_info{", out);
		label(out, "", "lagg", lagg->model.name);
		label(out, ",", "proto", proto ? proto : "");
		label(out, ",", "device", device ? device : "");
		label(out, ",", "datapath", profile ? profile : "");
		fputs("} 1\n", out);
	}
}

static void lagg_gauge(FILE *out, const struct view *view, const struct gauge *gauge)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_lagg_%s", gauge->name);
	head(out, family, "gauge", gauge->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(out, family, "", view->lagg[i].model.name, NULL, NULL);
		fprintf(out, "%" PRIu64 "\n", gauge_value(&view->lagg[i].status, gauge));
	}
}

static void port_gauge(FILE *out, const struct view *view, const struct gauge *gauge)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_port_%s", gauge->name);
	head(out, family, "gauge", gauge->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			sample(out, family, "", lagg->model.name, lagg->model.port[port].name, NULL);
			fprintf(out, "%" PRIu64 "\n", gauge_value(&lagg->port[port], gauge));
		}
	}
}

/* Prints lagg(4)'s port flags, each as 0 or 1. */
static void port_flags(FILE *out, const struct view *view)
{
	head(out, "xlagg_port_flag", "stateset", "flags of the port, as lagg(4) has them");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (uint32_t bit = 0; words_flag[bit]; bit++) {
				if (!words_flag[bit][0])
					continue;
				fputs("xlagg_port_flag{", out);
				label(out, "", "lagg", lagg->model.name);
				label(out, ",", "port", lagg->model.port[port].name);
				label(out, ",", "xlagg_port_flag", words_flag[bit]);
				fprintf(out, "} %u\n", lagg->port[port].flags >> bit & 1);
			}
	}
}

static void lagg_counter(FILE *out, const struct view *view, const struct words_counter *counter)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_lagg_%s", counter->name);
	head(out, family, "counter", counter->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		sample(out, family, "_total", view->lagg[i].model.name, NULL, NULL);
		fprintf(out, "%" PRIu64 "\n", words_count(&view->lagg[i].status, counter));
	}
}

static void port_counter(FILE *out, const struct view *view, const struct words_counter *counter)
{
	char family[64];

	snprintf(family, sizeof(family), "xlagg_port_%s", counter->name);
	head(out, family, "counter", counter->help);
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++) {
			sample(out, family, "_total", lagg->model.name, lagg->model.port[port].name, NULL);
			fprintf(out, "%" PRIu64 "\n", words_count(&lagg->port[port].stats, counter));
		}
	}
}

static void dropped(FILE *out, const struct view *view)
{
	const struct words_counter *reason;

	head(out, "xlagg_lagg_tx_dropped", "counter", "frames not sent, by reason");
	for (uint32_t i = 0; i < view->laggs; i++)
		for (reason = words_tx_dropped; reason->name; reason++) {
			sample(out, "xlagg_lagg_tx_dropped", "_total", view->lagg[i].model.name, NULL, reason->name);
			fprintf(out, "%" PRIu64 "\n", words_count(&view->lagg[i].status, reason));
		}
	head(out, "xlagg_port_rx_dropped", "counter", "frames not accepted, by reason");
	for (uint32_t i = 0; i < view->laggs; i++) {
		const struct view_lagg *lagg = &view->lagg[i];

		for (uint32_t port = 0; port < lagg->model.ports; port++)
			for (reason = words_rx_dropped; reason->name; reason++) {
				sample(out, "xlagg_port_rx_dropped", "_total", lagg->model.name,
				       lagg->model.port[port].name, reason->name);
				fprintf(out, "%" PRIu64 "\n", words_count(&lagg->port[port].stats, reason));
			}
	}
}

static void agent_families(FILE *out, const struct xlagg_agent_status *agent)
{
	head(out, "xlagg_agent", "info", "the agent that answers");
	fputs("xlagg_agent_info{", out);
	label(out, "", "version", agent->version);
	label(out, ",", "kernel", agent->kernel);
	fputs("} 1\n", out);
	head(out, "xlagg_agent_start_time_seconds", "gauge", "when the agent started, since 1970");
	fprintf(out, "xlagg_agent_start_time_seconds %" PRIu64 ".%03u\n", agent->start_ns / 1000000000,
		(unsigned int)(agent->start_ns / 1000000 % 1000));
}

void show_metrics(FILE *out, const struct xlagg_agent_status *agent, const struct view *view)
{
	static const struct words_counter flaps = {"flaps", offsetof(struct xlagg_lagg_status, flaps),
						   "losses of the lagg's carrier"};

	head(out, "xlagg_up", "gauge", "1: the agent answers");
	fprintf(out, "xlagg_up %d\n", agent != NULL);
	if (agent) {
		agent_families(out, agent);
		lagg_info(out, view);
		for (const struct gauge *gauge = lagg_gauges; gauge->name; gauge++)
			lagg_gauge(out, view, gauge);
		lagg_counter(out, view, &flaps);
		for (const struct words_counter *counter = words_traffic_lagg; counter->name; counter++)
			lagg_counter(out, view, counter);
		for (const struct gauge *gauge = port_gauges; gauge->name; gauge++)
			port_gauge(out, view, gauge);
		port_flags(out, view);
		for (const struct words_counter *counter = words_traffic_port; counter->name; counter++)
			port_counter(out, view, counter);
		for (const struct words_counter *counter = words_port_mib; counter->name; counter++)
			port_counter(out, view, counter);
		dropped(out, view);
	}
	fputs("# EOF\n", out);
}
