/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes views as JSON. The keys are fixed (xlagg(8), JSON): more may be added, but none changes. Unknown values are
 * null. */
#include <string.h>
#include <time.h>

#include "show.h"
#include "words.h"

/* Returns a JSON string. Device names need not be UTF-8, JSON must be. */
static json_t *text(const char *value)
{
	char word[XLAGG_MAC_TEXT];
	json_t *json = json_string(ctl_device_word(value, word));
	char printable[4 * XLAGG_TEXT_MAX];

	return json ? json : json_string(ctl_printable(value, printable, sizeof(printable)));
}

static void put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value ? value : json_null());
}

static void put_text(json_t *object, const char *key, const char *value)
{
	put(object, key, text(value));
}

/* An empty text means that there is none, or that it is unknown. */
static void put_name(json_t *object, const char *key, const char *value)
{
	put(object, key, value && value[0] ? text(value) : json_null());
}

static void put_number(json_t *object, const char *key, uint64_t value)
{
	put(object, key, json_integer((json_int_t)value));
}

static void put_known(json_t *object, const char *key, uint64_t value)
{
	put(object, key, value ? json_integer((json_int_t)value) : json_null());
}

/* Puts a number, or null if it is unknown. */
static void put_if(json_t *object, const char *key, bool known, uint64_t value)
{
	put(object, key, known ? json_integer((json_int_t)value) : json_null());
}

static void put_boolean(json_t *object, const char *key, bool value)
{
	put(object, key, json_boolean(value));
}

static void put_mac(json_t *object, const char *key, const uint8_t mac[6])
{
	char word[XLAGG_MAC_TEXT];

	xlagg_print_mac(mac, word);
	put_text(object, key, word);
}

static void put_time(json_t *object, const char *key, uint64_t time_ns)
{
	char word[WORDS_TIME_SIZE];

	words_time(time_ns, word);
	put_name(object, key, word);
}

/* Returns the words of "a,b,c" as a list. */
static json_t *list(const char *words)
{
	json_t *json = json_array();

	while (*words) {
		size_t len = strcspn(words, ",");

		json_array_append_new(json, json_stringn(words, len));
		words += len + (words[len] == ',');
	}
	return json;
}

static void put_bits(json_t *object, const char *key, const char *const *table, uint32_t bits)
{
	char words[160];

	words_bits(table, bits, words, sizeof(words));
	put(object, key, list(words));
}

static void put_counters(json_t *object, const struct words_counter *table, const void *counters)
{
	for (; table->name; table++)
		put_number(object, table->name, words_count(counters, table));
}

static json_t *counters_object(const struct words_counter *table, const void *counters)
{
	json_t *json = json_object();

	put_counters(json, table, counters);
	return json;
}

/* Returns the configured values: numbers as numbers, all others as the word that `save` prints. */
static json_t *options(const struct xlagg_option *table, size_t count, const void *conf)
{
	json_t *json = json_object();

	for (size_t i = 0; i < count; i++) {
		const struct xlagg_option *option = &table[i];
		char word[XLAGG_TEXT_MAX];
		uint32_t number;

		if (option->kind == XLAGG_KIND_NUMBER) {
			memcpy(&number, (const char *)conf + option->offset, sizeof(number));
			if (number != XLAGG_AUTO) {
				put_number(json, option->name, number);
				continue;
			}
		}
		ctl_print_value(option, conf, word, sizeof(word));
		put_text(json, option->name, word);
	}
	return json;
}

static json_t *lacp_end(const struct xlagg_lacp_end *end)
{
	json_t *json = json_object();

	put_number(json, "system_prio", end->system_prio);
	put_mac(json, "system", end->system);
	put_number(json, "key", end->key);
	put_number(json, "port_prio", end->port_prio);
	put_number(json, "port", end->port);
	put_bits(json, "state", words_lacp_bits, end->state);
	return json;
}

static json_t *port_lacp(const struct xlagg_port_status *status)
{
	json_t *json = json_object();
	char headless[16];

	put_name(json, "rx", words_get(words_rx, status->lacp.rx));
	put_name(json, "mux", words_get(words_mux, status->lacp.mux));
	put_name(json, "selected", words_get(words_selected, status->lacp.selected));
	put_known(json, "aggregator", status->lacp.aggregator);
	put_name(json, "actor_churn", words_get(words_churn, status->lacp.actor_churn));
	put_name(json, "partner_churn", words_get(words_churn, status->lacp.partner_churn));
	words_headless(status->lacp.headless_s, headless, sizeof(headless));
	put_text(json, "headless", headless);
	put(json, "actor", lacp_end(&status->lacp.actor));
	put(json, "partner", lacp_end(&status->lacp.partner));
	return json;
}

static json_t *port_stats(const struct xlagg_port_status *status)
{
	json_t *json = counters_object(words_traffic_port, status);

	put(json, "rx_dropped", counters_object(words_rx_dropped, status));
	put_counters(json, words_port_mib, status);
	put_counters(json, words_port_probes, status);
	put_counters(json, words_port_grey, status);
	return json;
}

/* Returns the state of link probes, null if none are sent. */
static json_t *port_probe(const struct xlagg_port_status *status)
{
	json_t *json;

	if (!status->probe.running)
		return json_null();
	json = json_object();
	put_number(json, "missed", status->probe.missed);
	put_time(json, "last_answer", status->probe.answered_ns);
	return json;
}

/* Returns the penalty for the port's losses so far. It is counted, but has no effect, without option damping. */
static json_t *port_damping(const struct xlagg_port_status *status)
{
	json_t *json = json_object();

	put_number(json, "penalty", status->damping.penalty);
	put_boolean(json, "suppressed", status->damping.suppressed);
	put_number(json, "reuse_ms", status->damping.reuse_ms);
	return json;
}

/* Returns what option grey-detect has found out about the port, null without it. */
static json_t *port_grey(const struct xlagg_port_status *status)
{
	json_t *json;

	if (status->grey.state == XLAGG_GREY_STATE_OFF)
		return json_null();
	json = json_object();
	put_name(json, "state", words_get(words_grey, status->grey.state));
	put_number(json, "retry_ms", status->grey.retry_ms);
	return json;
}

static json_t *port_object(const struct view_lagg *lagg, uint32_t index, json_t *json, bool details, bool stats)
{
	const struct xlagg_port_model *port = &lagg->model.port[index];
	const struct xlagg_port_status *status = &lagg->port[index];

	put_text(json, "ifname", port->name);
	put_known(json, "ifindex", status->ifindex);
	put_boolean(json, "present", status->present);
	if (status->has_permaddr)
		put_mac(json, "permaddr", status->permaddr);
	else
		put(json, "permaddr", json_null());
	put_number(json, "prio", port->conf.prio);
	put_known(json, "number", status->number);
	put_number(json, "weight", port->conf.weight);
	put_name(json, "admin", words_get(xlagg_words_updown, port->conf.admin));
	put_boolean(json, "carrier", status->carrier);
	put_known(json, "speed", status->speed);
	put_name(json, "duplex", words_get(words_duplex, status->duplex));
	put_bits(json, "flags", words_flag, status->flags);
	put_boolean(json, "standby", status->standby);
	put_number(json, "buckets", status->buckets);
	put_time(json, "last_change", status->last_change_ns);
	put_text(json, "reason", status->reason);
	put_text(json, "notice", status->notice);
	if (details) {
		put(json, "options", options(xlagg_port_options, XLAGG_PORT_OPTIONS, &port->conf));
		put(json, "lacp", lagg->model.conf.proto == XLAGG_PROTO_LACP ? port_lacp(status) : json_null());
		put(json, "probe", port_probe(status));
		put(json, "damping", port_damping(status));
		put(json, "grey", port_grey(status));
	}
	if (stats)
		put(json, "stats", port_stats(status));
	return json;
}

json_t *show_json_port(const struct view_lagg *lagg, uint32_t port, bool details, bool stats)
{
	json_t *json = json_object();

	put_text(json, "lagg", lagg->model.name);
	return port_object(lagg, port, json, details, stats);
}

static json_t *datapath(const struct xlagg_lagg_status *status)
{
	json_t *json = json_object();

	put_name(json, "profile", words_get(xlagg_words_datapath, status->profile));
	put_name(json, "device", words_get(xlagg_words_device, status->device));
	put_name(json, "bond_mode", words_get(words_bond_mode, status->bond_mode));
	put_name(json, "tx_path", words_get(xlagg_words_tx_path, status->tx_path));
	put_name(json, "attach", words_get(words_attach, status->attach));
	put_name(json, "xdp_mode", words_get(words_xdp_mode, status->xdp_mode));
	put_name(json, "carrier_watch", words_get(words_watch, status->carrier_watch));
	put_number(json, "generation", status->generation);
	return json;
}

static json_t *lagg_lacp(const struct view_lagg *lagg)
{
	const struct xlagg_lagg_status *status = &lagg->status;
	char actor[WORDS_END_SIZE], partner[WORDS_END_SIZE], id[2 * WORDS_END_SIZE + 4] = "";
	json_t *json;

	if (lagg->model.conf.proto != XLAGG_PROTO_LACP)
		return json_null();
	json = json_object();
	if (status->has_lag_id) {
		words_lacp_end(&status->actor, true, actor);
		words_lacp_end(&status->partner, true, partner);
		snprintf(id, sizeof(id), "[%s,%s]", actor, partner);
	}
	put_name(json, "rate", words_get(xlagg_words_rate, lagg->model.conf.lacp_rate));
	put_boolean(json, "strict", lagg->model.conf.lacp_strict);
	put_name(json, "lag_id", id);
	return json;
}

/* Who captures the lagg. */
static json_t *capture(const struct xlagg_lagg_status *status)
{
	json_t *json;

	if (!status->capture_pid)
		return json_null();
	json = json_object();
	put_number(json, "pid", status->capture_pid);
	put_number(json, "uid", status->capture_uid);
	return json;
}

static json_t *balance(const struct xlagg_lagg_status *status)
{
	json_t *json;

	if (!status->balance.running)
		return json_null();
	json = json_object();
	put_if(json, "fullest", status->balance.fullest > 0, status->balance.fullest);
	put_number(json, "moved", status->balance.moved);
	put_number(json, "steps", status->balance.steps);
	return json;
}

/* Returns the failovers by who noticed their cause, how many gaps are known, and their sum in microseconds. */
static json_t *failovers(const struct xlagg_failover_counters *counters)
{
	json_t *json = json_object(), *by = json_object();
	uint64_t known = 0;

	for (uint32_t i = 0; words_detected[i]; i++)
		put_number(by, words_detected[i][0] ? words_detected[i] : "none", counters->detected[i]);
	for (uint32_t i = 0; i <= XLAGG_GAP_BOUNDS; i++)
		known += counters->gaps[i];
	put(json, "detected", by);
	put_number(json, "gaps", known);
	put_number(json, "gap", counters->gap_ns / 1000);
	put_number(json, "dropped", counters->dropped);
	return json;
}

static json_t *moves(const struct xlagg_lagg_status *status)
{
	json_t *json = counters_object(words_moves, status);

	put_number(json, "waiting", status->moves.waiting);
	put_if(json, "pause", status->moves.pause_us > 0, status->moves.pause_us);
	return json;
}

static json_t *lagg_stats(const struct xlagg_lagg_status *status)
{
	json_t *json = counters_object(words_traffic_lagg, status);

	put(json, "tx_dropped", counters_object(words_tx_dropped, status));
	put(json, "failovers", failovers(&status->failovers));
	put(json, "moves", moves(status));
	return json;
}

static json_t *hash_list(const struct xlagg_lagg_conf *conf)
{
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		char words[XLAGG_TEXT_MAX];

		if (xlagg_lagg_options[i].kind != XLAGG_KIND_HASH)
			continue;
		ctl_print_value(&xlagg_lagg_options[i], conf, words, sizeof(words));
		return list(words);
	}
	return json_null();
}

json_t *show_json_lagg(const struct view_lagg *lagg, bool details, bool stats)
{
	const struct xlagg_model *model = &lagg->model;
	const struct xlagg_lagg_status *status = &lagg->status;
	json_t *json = json_object(), *ports = json_array(), *addresses = json_array();

	put_text(json, "ifname", model->name);
	put_known(json, "ifindex", status->ifindex);
	put_name(json, "proto", words_get(xlagg_words_proto, model->conf.proto));
	put(json, "hash", hash_list(&model->conf));
	put_mac(json, "mac", status->mac);
	put_known(json, "mtu", status->mtu);
	put_name(json, "admin", words_get(xlagg_words_updown, status->admin_up));
	put_name(json, "operstate", words_get(xlagg_words_updown, status->admin_up && status->carrier));
	put_text(json, "reason", status->reason);
	put_text(json, "notice", status->notice);
	put_known(json, "speed", status->speed);
	put_name(json, "active_port", status->active_port);
	put_number(json, "active_ports", status->active_ports);
	put_number(json, "min_links", model->conf.min_links);
	put_number(json, "max_links", model->conf.max_links);
	put_number(json, "flaps", status->flaps);
	put_time(json, "last_change", status->last_change_ns);
	for (uint32_t i = 0; i < model->addresses; i++)
		json_array_append_new(addresses, text(model->address[i]));
	put(json, "addresses", addresses);
	if (details) {
		put(json, "options", options(xlagg_lagg_options, XLAGG_LAGG_OPTIONS, &model->conf));
		put(json, "datapath", datapath(status));
		put(json, "lacp", lagg_lacp(lagg));
		put(json, "balance", balance(status));
		put(json, "capture", capture(status));
	}
	if (stats)
		put(json, "stats", lagg_stats(status));
	for (uint32_t i = 0; i < model->ports; i++)
		json_array_append_new(ports, port_object(lagg, i, json_object(), details, stats));
	put(json, "ports", ports);
	return json;
}

static json_t *json_poll(const struct xlagg_agent_status *agent)
{
	json_t *json = json_object();

	put_number(json, "ports", agent->poll_ports);
	put_number(json, "without_rtnl", agent->poll_lockless);
	put_number(json, "interval_us", agent->poll_interval_ns / 1000);
	put_number(json, "cpu_us", agent->poll_cpu_ns / 1000);
	return json;
}

json_t *show_json_agent(const struct xlagg_agent_status *agent)
{
	json_t *json = json_object(), *features = json_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	put_text(json, "version", agent->version);
	put_number(json, "abi_version", agent->abi_version);
	put_number(json, "pid", agent->pid);
	put_text(json, "kernel", agent->kernel);
	put_time(json, "started", agent->start_ns);
	put_number(json, "uptime", (uint64_t)now.tv_sec - agent->start_ns / 1000000000);
	put_number(json, "heartbeat_age_ms", (agent->now_ns - agent->heartbeat_ns) / 1000000);
	put_boolean(features, "tcx", agent->tcx);
	put_boolean(features, "netkit", agent->netkit);
	put_boolean(features, "fentry", agent->fentry);
	put_boolean(features, "dispatcher", agent->dispatcher);
	put(json, "features", features);
	put(json, "carrier_poll", agent->poll_ports ? json_poll(agent) : json_null());
	put_number(json, "adopted", agent->adopted);
	put_number(json, "fresh", agent->fresh);
	put_name(json, "file", agent->file);
	put_text(json, "pins", agent->pins);
	put_text(json, "notice", agent->notice);
	return json;
}

json_t *show_json_event(const struct xlagg_event *event)
{
	json_t *json = json_object();

	put_time(json, "time", event->time_ns);
	put_name(json, "event", words_get(xlagg_words_event, event->type));
	put_name(json, "lagg", event->lagg);
	put_name(json, "port", event->port);
	switch (event->type) {
	case XLAGG_EVENT_PORT_STATE:
		put_bits(json, "old_flags", words_flag, event->old_flags);
		put_bits(json, "new_flags", words_flag, event->new_flags);
		put_text(json, "reason", event->text);
		break;
	case XLAGG_EVENT_FAILOVER:
		put_name(json, "from", event->from);
		put_name(json, "to", event->to);
		put_text(json, "cause", event->text);
		put_name(json, "detected", words_get(words_detected, event->detected));
		put_if(json, "gap", event->gap_ns != XLAGG_GAP_UNKNOWN, event->gap_ns / 1000);
		put_if(json, "dropped", event->gap_ns != XLAGG_GAP_UNKNOWN, event->dropped);
		break;
	case XLAGG_EVENT_CARRIER:
		put_boolean(json, "carrier", event->new_flags);
		put_text(json, "reason", event->text);
		break;
	case XLAGG_EVENT_PARTNER_CHANGE:
		put_name(json, "partner", event->text);
		break;
	case XLAGG_EVENT_BALANCE:
		put_number(json, "moved", event->moved);
		put_text(json, "text", event->text);
		break;
	case XLAGG_EVENT_TABLE:
		put_number(json, "generation", event->generation);
		put_number(json, "moved", event->moved);
		break;
	case XLAGG_EVENT_AGENT_START:
		put_name(json, "start", event->text);
		break;
	default:
		put_text(json, "text", event->text);
		break;
	}
	return json;
}
