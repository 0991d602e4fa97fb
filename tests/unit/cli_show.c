/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the writers print of a view. */
#include <stdlib.h>
#include <string.h>

#include "cli/words.h"
#include "unit/cli_kit.h"

static void expect_text(const struct view_lagg *lagg, const char *want)
{
	char *text = kit_text(lagg, false, false);

	cr_expect_str_eq(text, want, "\n%s instead of\n%s", text, want);
	free(text);
}

/* The value at a path of keys, as compact JSON; "" when there is none. */
static const char *at(const json_t *json, const char *path)
{
	static char text[512];
	char copy[128], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strsep(&rest, "/"); key; key = strsep(&rest, "/"))
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key)) : json_object_get(json, key);
	text[json ? json_dumpb(json, text, sizeof(text) - 1, JSON_COMPACT | JSON_ENCODE_ANY) : 0] = '\0';
	return text;
}

static void expect_at(const json_t *json, const char *path, const char *want)
{
	cr_expect_str_eq(at(json, path), want, "%s is %s, not %s", path, at(json, path), want);
}

Test(cli_show, text_of_a_lagg)
{
	struct view_lagg lagg;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	expect_text(&lagg, "lagg0: <UP> mtu 1500 mac 02:42:ac:11:00:02 status: active\n"
			   "    laggproto lacp lagghash l2,l3,l4 rate fast\n"
			   "    laggport: eth1 flags=1c<ACTIVE,COLLECTING,DISTRIBUTING>\n"
			   "    laggport: eth2 flags=0<> (no LACPDU received for 3 s)\n");
	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.status.admin_up = 0;
	lagg.status.carrier = 0;
	strcpy(lagg.status.reason, "administratively down");
	expect_text(&lagg, "lagg0: <> mtu 1500 mac 02:42:ac:11:00:02 status: no carrier (administratively down)\n"
			   "    laggproto failover lagghash l2,l3,l4\n"
			   "    laggport: eth1 flags=5<MASTER,ACTIVE>\n"
			   "    laggport: eth2 flags=0<> (standby: eth1 is the active port)\n");
}

Test(cli_show, details_have_lag_id_and_both_ends)
{
	struct view_lagg lagg;
	char *text;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	text = kit_text(&lagg, true, true);
	cr_expect(!strstr(text, "capture:"), "%s", text);
	cr_expect(strstr(text, "lag id: [(8000,02-00-00-00-AB-01,000A,0000,0000),\n"), "%s", text);
	cr_expect(strstr(text, "partner: system 02:00:00:00:ab:02 prio 32768 key 20 port 7 prio 32768\n"
			       "          state=3d<ACTIVITY,AGGREGATION,SYNC,COLLECTING,DISTRIBUTING>\n"),
		  "%s", text);
	cr_expect(strstr(text, "running: datapath tc device veth tx-path stack attach tcx\n      carrier watch fentry"),
		  "%s", text);
	cr_expect(strstr(text, "    options:\n      proto lacp hash l2,l3,l4 "), "%s", text);
	cr_expect(strstr(text, "TX: 1099511627776 packets"), "%s", text);
	cr_expect(strstr(text, "lacpdu_rx                    42\n"), "%s", text);
	free(text);
}

/* A proto that is not LACP has no lines full of LACP's zeros. */
Test(cli_show, counters_of_failover)
{
	struct view_lagg lagg;
	char *text;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.status.failovers.detected[XLAGG_DETECTED_POLL] = 2;
	lagg.status.failovers.detected[XLAGG_DETECTED_COMMAND] = 1;
	lagg.port[0].probes.sent = 12;
	lagg.port[0].probes.answered = 8;
	lagg.port[0].probes.lost = 3;
	text = kit_text(&lagg, false, true);
	cr_expect(strstr(text, "    failovers: 3\n"), "%s", text);
	cr_expect(strstr(text, "        probes: sent 12 answered 8 lost 3\n"), "%s", text);
	cr_expect(strstr(text, "lacpdu_rx                    42\n"), "it counted something: %s", text);
	cr_expect_not(strstr(text, "lacpdu_tx"), "%s", text);
	free(text);
	lagg.status.failovers.gaps[2] = 2;
	lagg.status.failovers.gap_ns = 900000;
	lagg.status.failovers.dropped = 7;
	text = kit_text(&lagg, false, true);
	cr_expect(strstr(text, "    failovers: 3 mean gap 0.450 ms dropped 7\n"), "%s", text);
	free(text);
}

/* Only a reason, which says what is wrong, and a value that is long by itself go beyond that. */
Test(cli_show, details_and_counters_fit_a_terminal)
{
	struct view_lagg lagg;
	char *text, *rest;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	rest = text = kit_text(&lagg, true, true);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		cr_expect_leq(strlen(line), 80, "%zu columns: %s", strlen(line), line);
	free(text);
}

static void damp(struct xlagg_port_status *port)
{
	port->damping.penalty = 1740;
	port->damping.suppressed = 1;
	port->damping.reuse_ms = 3994;
}

Test(cli_show, text_tells_the_penalty_of_a_port_that_flaps)
{
	struct view_lagg lagg;
	char *text;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	text = kit_text(&lagg, true, false);
	cr_expect_not(strstr(text, "damping penalty"), "%s", text);
	free(text);
	damp(&lagg.port[0]);
	text = kit_text(&lagg, true, false);
	cr_expect(strstr(text, "damping penalty 1740 held back for 4.0 s\n"), "%s", text);
	free(text);
}

Test(cli_show, json_has_the_fixed_keys)
{
	struct view_lagg lagg;
	json_t *json;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	damp(&lagg.port[0]);
	lagg.status.capture_pid = 4711;
	lagg.status.capture_uid = 1000;
	json = show_json_lagg(&lagg, true, true);
	expect_at(json, "ifname", "\"lagg0\"");
	expect_at(json, "ifindex", "7");
	expect_at(json, "proto", "\"lacp\"");
	expect_at(json, "hash", "[\"l2\",\"l3\",\"l4\"]");
	expect_at(json, "mac", "\"02:42:ac:11:00:02\"");
	expect_at(json, "mtu", "1500");
	expect_at(json, "admin", "\"up\"");
	expect_at(json, "operstate", "\"up\"");
	expect_at(json, "reason", "\"\"");
	expect_at(json, "speed", "10000");
	expect_at(json, "active_port", "null");
	expect_at(json, "active_ports", "1");
	expect_at(json, "min_links", "1");
	expect_at(json, "max_links", "0");
	expect_at(json, "flaps", "0");
	expect_at(json, "last_change", "\"2026-01-31T12:00:00.123456Z\"");
	expect_at(json, "datapath/profile", "\"tc\"");
	expect_at(json, "datapath/carrier_watch", "\"fentry\"");
	expect_at(json, "capture/pid", "4711");
	expect_at(json, "capture/uid", "1000");
	expect_at(json, "lacp/rate", "\"fast\"");
	expect_at(json, "lacp/strict", "true");
	expect_at(json, "lacp/lag_id",
		  "\"[(8000,02-00-00-00-AB-01,000A,0000,0000),(8000,02-00-00-00-AB-02,0014,0000,0000)]\"");
	expect_at(json, "stats/tx_packets", "1099511627776");
	expect_at(json, "stats/tx_dropped/no_port", "0");
	expect_at(json, "stats/failovers/detected/none", "0");
	expect_at(json, "stats/failovers/gaps", "0");
	expect_at(json, "ports/0/ifname", "\"eth1\"");
	expect_at(json, "ports/0/present", "true");
	expect_at(json, "ports/0/permaddr", "\"02:00:00:00:cd:03\"");
	expect_at(json, "ports/0/duplex", "\"full\"");
	expect_at(json, "ports/0/flags", "[\"ACTIVE\",\"COLLECTING\",\"DISTRIBUTING\"]");
	expect_at(json, "ports/0/standby", "false");
	expect_at(json, "ports/0/damping/penalty", "1740");
	expect_at(json, "ports/0/damping/suppressed", "true");
	expect_at(json, "ports/0/damping/reuse_ms", "3994");
	expect_at(json, "ports/0/buckets", "1024");
	expect_at(json, "ports/0/lacp/rx", "\"CURRENT\"");
	expect_at(json, "ports/0/lacp/mux", "\"DISTRIBUTING\"");
	expect_at(json, "ports/0/lacp/selected", "\"SELECTED\"");
	expect_at(json, "ports/0/lacp/headless", "\"yes\"");
	expect_at(json, "ports/0/lacp/actor/state",
		  "[\"ACTIVITY\",\"TIMEOUT\",\"AGGREGATION\",\"SYNC\",\"COLLECTING\",\"DISTRIBUTING\"]");
	expect_at(json, "ports/0/lacp/partner/system", "\"02:00:00:00:ab:02\"");
	expect_at(json, "ports/1/flags", "[]");
	expect_at(json, "ports/1/reason", "\"no LACPDU received for 3 s\"");
	expect_at(json, "ports/1/stats/rx_dropped/standby", "5");
	expect_at(json, "ports/1/stats/lacpdu_rx", "42");
	json_decref(json);
}

Test(cli_show, json_says_null_for_what_is_not_known)
{
	struct view_lagg lagg;
	json_t *json;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.status.speed = 0;
	lagg.status.last_change_ns = 0;
	lagg.port[0] = (struct xlagg_port_status){.flags = 0x80000000, .lacp.rx = 77};
	json = show_json_lagg(&lagg, true, false);
	expect_at(json, "speed", "null");
	expect_at(json, "last_change", "null");
	expect_at(json, "active_port", "\"eth1\"");
	expect_at(json, "lacp", "null");
	expect_at(json, "capture", "null");
	expect_at(json, "stats", "");
	expect_at(json, "ports/0/ifindex", "null");
	expect_at(json, "ports/0/permaddr", "null");
	expect_at(json, "ports/0/speed", "null");
	expect_at(json, "ports/0/duplex", "null");
	expect_at(json, "ports/0/flags", "[]");
	expect_at(json, "ports/0/present", "false");
	json_decref(json);
}

Test(cli_show, probes_of_a_port)
{
	struct view_lagg lagg;
	json_t *json;
	char *text;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.port[0].probe.running = 1;
	lagg.port[0].probe.answered_ns = 1767225600123456789ull;
	lagg.port[1].probe.running = 1;
	lagg.port[1].probe.missed = 7;
	json = show_json_lagg(&lagg, true, false);
	expect_at(json, "ports/0/probe", "{\"missed\":0,\"last_answer\":\"2026-01-01T00:00:00.123456Z\"}");
	expect_at(json, "ports/1/probe", "{\"missed\":7,\"last_answer\":null}");
	json_decref(json);
	text = kit_text(&lagg, true, false);
	cr_expect(strstr(text, "        probe missed 0 last answer 2026-01-01T00:00:00.123456Z\n"), "%s", text);
	cr_expect(strstr(text, "        probe missed 7 last answer never\n"), "%s", text);
	free(text);
	lagg.port[0].probe.running = 0;
	json = show_json_lagg(&lagg, true, false);
	expect_at(json, "ports/0/probe", "null");
	json_decref(json);
}

/* Every option of the table, numbers as numbers, all else as the word that `save` prints. */
Test(cli_show, json_has_every_option)
{
	struct view_lagg lagg;
	json_t *json;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.model.conf.mtu = 9000;
	json = show_json_lagg(&lagg, true, false);
	cr_expect_eq(json_object_size(json_object_get(json, "options")), XLAGG_LAGG_OPTIONS);
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++)
		cr_expect(json_object_get(json_object_get(json, "options"), xlagg_lagg_options[i].name), "%s",
			  xlagg_lagg_options[i].name);
	expect_at(json, "options/mtu", "9000");
	expect_at(json, "options/key", "\"auto\"");
	expect_at(json, "options/rx-all", "\"off\"");
	expect_at(json, "options/hash", "\"l2,l3,l4\"");
	json_decref(json);
}

Test(cli_show, a_name_that_is_no_utf8_does_not_break_the_json)
{
	struct view_lagg lagg;
	json_t *json;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	strcpy(lagg.model.port[0].name, "e\xff\xfe");
	json = show_json_port(&lagg, 0, false, false);
	expect_at(json, "ifname", "\"e\\\\xff\\\\xfe\"");
	expect_at(json, "lagg", "\"lagg0\"");
	json_decref(json);
}

static struct xlagg_event failover(uint64_t gap_ns)
{
	struct xlagg_event event = {.type = XLAGG_EVENT_FAILOVER, .time_ns = KIT_TIME_NS, .gap_ns = gap_ns};

	event.detected = XLAGG_DETECTED_FENTRY;
	event.dropped = 3;
	strcpy(event.lagg, "lagg0");
	strcpy(event.port, "eth2");
	strcpy(event.from, "eth1");
	strcpy(event.to, "eth2");
	strcpy(event.text, "eth1: no carrier");
	return event;
}

Test(cli_show, events_as_json)
{
	struct xlagg_event event = failover(340000);
	json_t *json = show_json_event(&event);

	expect_at(json, "time", "\"2026-01-31T12:00:00.123456Z\"");
	expect_at(json, "event", "\"failover\"");
	expect_at(json, "from", "\"eth1\"");
	expect_at(json, "to", "\"eth2\"");
	expect_at(json, "cause", "\"eth1: no carrier\"");
	expect_at(json, "detected", "\"fentry\"");
	expect_at(json, "gap", "340");
	expect_at(json, "dropped", "3");
	json_decref(json);
	event = failover(XLAGG_GAP_UNKNOWN);
	json = show_json_event(&event);
	expect_at(json, "gap", "null");
	expect_at(json, "dropped", "null");
	json_decref(json);
	event.detected = XLAGG_DETECTED_NONE;
	json = show_json_event(&event);
	expect_at(json, "detected", "null");
	json_decref(json);
	event = (struct xlagg_event){.type = XLAGG_EVENT_TABLE, .time_ns = KIT_TIME_NS, .generation = 3, .moved = 512};
	json = show_json_event(&event);
	expect_at(json, "port", "null");
	expect_at(json, "generation", "3");
	expect_at(json, "moved", "512");
	json_decref(json);
}

Test(cli_show, every_event_has_a_word)
{
	for (uint32_t type = 0; type < XLAGG_EVENT_MAX; type++) {
		struct xlagg_event event = {.type = type, .time_ns = KIT_TIME_NS};
		json_t *json = show_json_event(&event);

		cr_expect(json_is_string(json_object_get(json, "event")), "event %u", type);
		json_decref(json);
	}
}

Test(cli_show, events_as_text)
{
	struct xlagg_event event = failover(340000);
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	show_text_event(out, &event, false);
	fclose(out);
	cr_expect_str_eq(text, "2026-01-31T12:00:00.123456Z failover lagg0 eth2 from eth1 to eth2 detected by fentry "
			       "gap 0.340 ms dropped 3: "
			       "eth1: no carrier\n");
}

/* --- odd names --- */

#define ESCAPE "\x1b[31m"
#define INVALID "a\xff"

static void odd_names(struct view_lagg *ret)
{
	kit_lagg(XLAGG_PROTO_FAILOVER, ret);
	strcpy(ret->model.name, "b\xc3\xbcro");
	strcpy(ret->model.port[0].name, ESCAPE);
	strcpy(ret->model.port[1].name, INVALID);
	strcpy(ret->status.active_port, ESCAPE);
	strcpy(ret->port[1].reason, "standby: " ESCAPE " is the active port");
	strcpy(ret->model.conf.primary, ESCAPE);
}

Test(cli_show, odd_names_on_a_terminal)
{
	struct view_lagg lagg;
	char *text;

	odd_names(&lagg);
	text = kit_text(&lagg, true, true);
	cr_expect(strncmp(text, "b\xc3\xbcro: <UP> ", 12) == 0, "%s", text);
	cr_expect(strstr(text, "laggport: $'\\x1b[31m' flags=5<MASTER,ACTIVE>"), "%s", text);
	cr_expect(strstr(text, "laggport: $'a\\xff' flags=0<> (standby: \\x1b[31m is the active port)"), "%s", text);
	cr_expect(strstr(text, "primary \\x1b[31m"), "%s", text);
	cr_expect_not(strchr(text, '\x1b'), "an escape reaches the terminal");
	free(text);
}

Test(cli_show, odd_names_in_events)
{
	struct xlagg_event event = {.type = XLAGG_EVENT_FAILOVER,
				    .gap_ns = XLAGG_GAP_UNKNOWN,
				    .port = ESCAPE,
				    .from = INVALID,
				    .to = ESCAPE,
				    .lagg = "lagg0",
				    .text = "no carrier\n" ESCAPE};
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	show_text_event(out, &event, false);
	fclose(out);
	cr_expect(
	    strstr(text, "failover lagg0 $'\\x1b[31m' from $'a\\xff' to $'\\x1b[31m': no carrier\\x0a\\x1b[31m\n"),
	    "%s", text);
}

Test(cli_show, odd_names_in_json)
{
	struct view_lagg lagg;
	json_t *json, *ports;

	odd_names(&lagg);
	json = show_json_lagg(&lagg, true, true);
	ports = json_object_get(json, "ports");
	cr_expect_str_eq(json_string_value(json_object_get(json, "ifname")), "b\xc3\xbcro");
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(ports, 0), "ifname")), ESCAPE);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(ports, 1), "ifname")), "a\\xff");
	json_decref(json);
}

/* --- OpenMetrics --- */

static char *metrics_as(enum show_metrics_format format, const struct xlagg_agent_status *agent,
			const struct view *view)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	show_metrics(out, format, agent, view);
	fclose(out);
	return text;
}

static char *metrics(const struct xlagg_agent_status *agent, const struct view *view)
{
	return metrics_as(METRICS_OPENMETRICS, agent, view);
}

Test(cli_show, metrics_without_an_agent)
{
	struct view none = {0};
	char *text = metrics(NULL, &none);

	cr_expect(strstr(text, "\nxlagg_up 0\n# EOF\n"), "%s", text);
	free(text);
}

/* Each family begins once, before its samples, and no sample stands outside of its family (OpenMetrics 1.0, 4.). */
Test(cli_show, metrics_are_whole_families)
{
	struct xlagg_agent_status agent = {.version = "0.1", .kernel = "6.12"};
	struct view_lagg lagg[2];
	struct view view = {.laggs = 2, .lagg = lagg};
	char *text, *rest, family[128] = "", seen[16384] = "";

	kit_lagg(XLAGG_PROTO_LACP, &lagg[0]);
	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg[1]);
	strcpy(lagg[1].model.name, "la\"gg\\1");
	text = metrics(&agent, &view);
	cr_expect(strstr(text, "xlagg_lagg_tx_packets_total{lagg=\"la\\\"gg\\\\1\"} 1099511627776\n"), "%s", text);
	cr_expect(strstr(text, "xlagg_port_rx_dropped_total{lagg=\"lagg0\",port=\"eth2\",reason=\"standby\"} 5\n"));
	cr_expect_str_eq(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
	rest = text;
	for (char *line = strsep(&rest, "\n"); line && strcmp(line, "# EOF"); line = strsep(&rest, "\n")) {
		char name[128];

		if (sscanf(line, "# HELP %127s", name) == 1) {
			snprintf(family, sizeof(family), " %s ", name);
			cr_expect_not(strstr(seen, family), "%s begins twice", name);
			strcat(seen, family);
		} else if (sscanf(line, "# TYPE %127s", name) == 1) {
			cr_expect_eq(strncmp(family + 1, name, strlen(name)), 0, "%s", line);
		} else {
			cr_expect_eq(strncmp(line, family + 1, strlen(family) - 2), 0, "%s within%s", line, family);
		}
	}
	free(text);
}

/* The older text names the family of counters as their samples, and has neither info nor stateset. */
Test(cli_show, metrics_formats)
{
	struct xlagg_agent_status agent = {.version = "0.1", .kernel = "6.12"};
	struct view_lagg lagg;
	struct view view = {.laggs = 1, .lagg = &lagg};
	char *open, *text, *both;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	open = metrics_as(METRICS_OPENMETRICS, &agent, &view);
	text = metrics_as(METRICS_TEXT, &agent, &view);
	both = metrics_as(METRICS_BOTH, &agent, &view);
	cr_expect(strstr(open, "# TYPE xlagg_lagg_tx_packets counter\n"));
	cr_expect(strstr(open, "# TYPE xlagg_lagg info\n"));
	cr_expect(strstr(open, "# TYPE xlagg_port_flag stateset\n"));
	cr_expect(strstr(text, "# TYPE xlagg_lagg_tx_packets_total counter\n"));
	cr_expect(strstr(text, "# TYPE xlagg_lagg_info gauge\n"));
	cr_expect(strstr(text, "# TYPE xlagg_port_flag gauge\n"));
	cr_expect(strstr(both, "# HELP xlagg_lagg_tx_packets_total "));
	cr_expect_not(strstr(both, "# TYPE xlagg_lagg_tx_packets"));
	cr_expect(strstr(both, "# TYPE xlagg_lagg_info gauge\n"));
	cr_expect(strstr(open, "# TYPE xlagg_port_lacp info\n"));
	cr_expect(strstr(text, "# TYPE xlagg_port_lacp_info gauge\n"));
	cr_expect(strstr(both, "xlagg_port_lacp_info{lagg=\"lagg0\",port=\"eth1\",partner_system=\"02:00:00:00:ab:02\","
			       "partner_key=\"20\",partner_port=\"7\",mux=\"DISTRIBUTING\"} 1\n"),
		  "%s", both);
	cr_expect(strstr(both, "xlagg_port_damping_penalty{lagg=\"lagg0\",port=\"eth1\"} 0\n"));
	cr_expect(strstr(open, "xlagg_port_speed_bytes{lagg=\"lagg0\",port=\"eth1\"} 1250000000\n"), "%s", open);
	free(open);
	free(text);
	free(both);
}

/* Buckets are cumulative, and bounds are written as OpenMetrics has numbers. */
Test(cli_show, metrics_of_failovers)
{
	struct xlagg_agent_status agent = {.version = "0.1", .kernel = "6.12"};
	struct view_lagg lagg;
	struct view view = {.laggs = 1, .lagg = &lagg};
	struct xlagg_failover_counters *counters = &lagg.status.failovers;
	char *text;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	counters->detected[XLAGG_DETECTED_FENTRY] = 5;
	counters->detected[XLAGG_DETECTED_NONE] = 1;
	counters->gaps[0] = 3;
	counters->gaps[3] = 1;
	counters->gaps[XLAGG_GAP_BOUNDS] = 1;
	counters->gap_ns = 7001000005;
	counters->dropped = 9;
	lagg.status.away_ns = 2500000000;
	text = metrics(&agent, &view);
#define GAP "xlagg_lagg_failover_gap_seconds"
	cr_expect(strstr(text, "# TYPE " GAP " histogram\n"), "%s", text);
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"0.0001\"} 3\n"));
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"0.0005\"} 3\n"));
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"0.001\"} 4\n"));
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"1.0\"} 4\n"));
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"5.0\"} 4\n"));
	cr_expect(strstr(text, GAP "_bucket{lagg=\"lagg0\",le=\"+Inf\"} 5\n"));
	cr_expect(strstr(text, GAP "_sum{lagg=\"lagg0\"} 7.001000005\n"));
	cr_expect(strstr(text, GAP "_count{lagg=\"lagg0\"} 5\n"));
	cr_expect(strstr(text, "xlagg_lagg_failovers_total{lagg=\"lagg0\",detected=\"fentry\"} 5\n"));
	cr_expect(strstr(text, "xlagg_lagg_failovers_total{lagg=\"lagg0\",detected=\"none\"} 1\n"));
	cr_expect(strstr(text, "xlagg_lagg_failover_dropped_total{lagg=\"lagg0\"} 9\n"));
	cr_expect(strstr(text, "xlagg_lagg_agent_away_seconds{lagg=\"lagg0\"} 2.500000000\n"));
	free(text);
}

Test(cli_show, metrics_of_probes_and_headless)
{
	struct xlagg_agent_status agent = {.version = "0.1", .kernel = "6.12"};
	struct view_lagg lagg;
	struct view view = {.laggs = 1, .lagg = &lagg};
	char *text;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	lagg.port[0].probes.sent = 12;
	lagg.port[0].probes.answered = 8;
	lagg.port[0].probes.lost = 3;
	lagg.port[0].probes.state = XLAGG_PROBES_MISSED;
	lagg.port[0].headless_outs = 2;
	lagg.port[0].damping.suppressed = 1;
	lagg.port[1].lacp.headless_s = 90;
	text = metrics(&agent, &view);
#define OF_ETH1 "{lagg=\"lagg0\",port=\"eth1\"} "
	cr_expect(strstr(text, "xlagg_port_probes_sent_total" OF_ETH1 "12\n"), "%s", text);
	cr_expect(strstr(text, "xlagg_port_probes_answered_total" OF_ETH1 "8\n"));
	cr_expect(strstr(text, "xlagg_port_probes_lost_total" OF_ETH1 "3\n"));
	cr_expect(strstr(text, "xlagg_port_headless_outs_total" OF_ETH1 "2\n"));
	cr_expect(strstr(text, "xlagg_port_damping_suppressed" OF_ETH1 "1\n"));
	cr_expect(strstr(text, "xlagg_port_headless_limit_seconds" OF_ETH1 "+Inf\n"));
	cr_expect(strstr(text, "xlagg_port_headless_limit_seconds{lagg=\"lagg0\",port=\"eth2\"} 90\n"));
#define STATE_OF(port, state) "{lagg=\"lagg0\",port=\"" port "\",xlagg_port_probe_state=\"" state "\"} "
	cr_expect(strstr(text, "xlagg_port_probe_state" STATE_OF("eth1", "missed") "1\n"));
	cr_expect(strstr(text, "xlagg_port_probe_state" STATE_OF("eth1", "off") "0\n"));
	cr_expect(strstr(text, "xlagg_port_probe_state" STATE_OF("eth2", "off") "1\n"));
	free(text);
}

Test(cli_show, odd_names_in_metrics)
{
	struct xlagg_agent_status agent = {.version = "0.1", .kernel = "6.12"};
	struct view_lagg lagg;
	struct view view = {.laggs = 1, .lagg = &lagg};
	char *text;

	odd_names(&lagg);
	text = metrics(&agent, &view);
	cr_expect(strstr(text, "xlagg_port_carrier{lagg=\"b\xc3\xbcro\",port=\"\\\\x1b[31m\"} 1\n"), "%s", text);
	cr_expect(strstr(text, "xlagg_port_carrier{lagg=\"b\xc3\xbcro\",port=\"a\\\\xff\"} 1\n"), "%s", text);
	cr_expect_not(strchr(text, '\x1b'), "an escape reaches the terminal");
	free(text);
}

Test(cli_show, words_of_bits)
{
	char text[128];

	words_bits(words_lacp_bits, 0xff, text, sizeof(text));
	cr_expect_str_eq(text, "ACTIVITY,TIMEOUT,AGGREGATION,SYNC,COLLECTING,DISTRIBUTING,DEFAULTED,EXPIRED");
	words_bits(words_flag, 0xffffffe2, text, sizeof(text));
	cr_expect_str_eq(text, "");
}
