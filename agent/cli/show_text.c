/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Writes views as text for people, in lagg(4)'s words. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "show.h"
#include "words.h"

#define BOLD "\033[1m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void paint(FILE *out, bool colour, const char *how, const char *text)
{
	if (colour)
		fprintf(out, "%s%s%s", how, text, PLAIN);
	else
		fputs(text, out);
}

static void name(FILE *out, const char *name)
{
	char quoted[CTL_QUOTED_MAX];

	fputs(ctl_quote(name, quoted, sizeof(quoted)), out);
}

/* Writes " (REASON)", or nothing without one. */
static void reason(FILE *out, const char *reason)
{
	char printable[4 * XLAGG_SENTENCE_MAX];

	if (reason[0])
		fprintf(out, " (%s)", ctl_printable(reason, printable, sizeof(printable)));
}

/* Writes " (notice: NOTICE)", or nothing without one. */
static void notice(FILE *out, const char *notice)
{
	char printable[4 * XLAGG_SENTENCE_MAX];

	if (notice[0])
		fprintf(out, " (notice: %s)", ctl_printable(notice, printable, sizeof(printable)));
}

static const char *word_or(const char *const *table, uint32_t value)
{
	const char *word = words_get(table, value);

	return word ? word : "unknown";
}

static const struct xlagg_option *find_option(const char *name)
{
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++)
		if (strcmp(xlagg_lagg_options[i].name, name) == 0)
			return &xlagg_lagg_options[i];
	return NULL;
}

/* Writes counters below each other, in columns that fit 80 characters; without `zeros` those that counted something. */
static void columns(FILE *out, const char *indent, const void *stats, const struct words_counter *counter, bool zeros)
{
	bool second = false;

	for (; counter->name; counter++) {
		uint64_t count = words_count(stats, counter);

		if (!count && !zeros)
			continue;
		fprintf(out, "%s%-18s %12" PRIu64 "%s", second ? "   " : indent, counter->name, count,
			second ? "\n" : "");
		second = !second;
	}
	if (second)
		fputc('\n', out);
}

static void traffic(FILE *out, const char *indent, const void *stats, const struct words_counter *table,
		    const struct words_counter *dropped, const char *dropped_way)
{
	char further[16];

	fprintf(out, "%sTX: %" PRIu64 " packets %" PRIu64 " bytes\n", indent, words_count(stats, &table[0]),
		words_count(stats, &table[1]));
	fprintf(out, "%sRX: %" PRIu64 " packets %" PRIu64 " bytes\n", indent, words_count(stats, &table[2]),
		words_count(stats, &table[3]));
	fprintf(out, "%s%s dropped:\n", indent, dropped_way);
	snprintf(further, sizeof(further), "%s  ", indent);
	columns(out, further, stats, dropped, true);
}

static bool counted_any(const void *stats, const struct words_counter *counter)
{
	for (; counter->name; counter++)
		if (words_count(stats, counter))
			return true;
	return false;
}

/* Where another proto than LACP runs, its counters are mentioned only if they counted something all the same. */
static void port_stats(FILE *out, const char *indent, const struct view_lagg *lagg, uint32_t port)
{
	const struct xlagg_port_status *status = &lagg->port[port];
	bool lacp = lagg->model.conf.proto == XLAGG_PROTO_LACP;
	char further[16];

	traffic(out, indent, status, words_traffic_port, words_rx_dropped, "RX");
	if (status->probes.sent)
		fprintf(out, "%sprobes: sent %" PRIu64 " answered %" PRIu64 " lost %" PRIu64 "\n", indent,
			status->probes.sent, status->probes.answered, status->probes.lost);
	if (status->grey.state != XLAGG_GREY_STATE_OFF)
		fprintf(out, "%sTCP: segments %" PRIu64 " sent again %" PRIu64 ", frames damaged %" PRIu64 "\n", indent,
			status->grey.segments, status->grey.retransmitted, status->grey.errors);
	if (!lacp && !counted_any(status, words_port_mib))
		return;
	fprintf(out, "%sLACP and link:\n", indent);
	snprintf(further, sizeof(further), "%s  ", indent);
	columns(out, further, status, words_port_mib, lacp);
}

static void failovers(FILE *out, const struct xlagg_failover_counters *counters)
{
	uint64_t count = 0, known = 0;

	for (uint32_t i = 0; i < XLAGG_DETECTED_ROOM; i++)
		count += counters->detected[i];
	for (uint32_t i = 0; i <= XLAGG_GAP_BOUNDS; i++)
		known += counters->gaps[i];
	fprintf(out, "    failovers: %" PRIu64, count);
	if (known)
		fprintf(out, " mean gap %.3f ms dropped %" PRIu64, (double)counters->gap_ns / 1e6 / (double)known,
			counters->dropped);
	fputc('\n', out);
}

/* Buckets that left a port: in how many ways, how many are on their way, and how long they must be idle. */
static void moves(FILE *out, const struct xlagg_lagg_status *status)
{
	fputs("    moves:", out);
	for (const struct words_counter *counter = words_moves; counter->name; counter++)
		fprintf(out, " %s %" PRIu64, counter->name, words_count(status, counter));
	fprintf(out, " waiting %u", status->moves.waiting);
	if (status->moves.pause_us)
		fprintf(out, " pause %.3f ms", status->moves.pause_us / 1e3);
	fputc('\n', out);
}

static void lacp_end(FILE *out, const char *indent, const char *who, const struct xlagg_lacp_end *end)
{
	char mac[XLAGG_MAC_TEXT], state[128];

	xlagg_print_mac(end->system, mac);
	words_bits(words_lacp_bits, end->state, state, sizeof(state));
	fprintf(out, "%s%s: system %s prio %u key %u port %u prio %u\n%s  state=%x<%s>\n", indent, who, mac,
		end->system_prio, end->key, end->port, end->port_prio, indent, end->state, state);
}

static void port_damping(FILE *out, const char *indent, const struct xlagg_port_status *status)
{
	if (!status->damping.penalty)
		return;
	fprintf(out, "%sdamping penalty %u", indent, status->damping.penalty);
	if (status->damping.suppressed)
		fprintf(out, " held back for %.1f s", status->damping.reuse_ms / 1000.0);
	fputc('\n', out);
}

static void port_probe(FILE *out, const char *indent, const struct xlagg_port_status *status)
{
	char when[WORDS_TIME_SIZE];

	if (!status->probe.running)
		return;
	words_time(status->probe.answered_ns, when);
	fprintf(out, "%sprobe missed %u last answer %s\n", indent, status->probe.missed, when[0] ? when : "never");
}

static void port_grey(FILE *out, const char *indent, const struct xlagg_port_status *status)
{
	const char *word = words_get(words_grey, status->grey.state);

	if (status->grey.state == XLAGG_GREY_STATE_OFF || !word)
		return;
	fprintf(out, "%sgrey-detect: %s", indent, word);
	if (status->grey.retry_ms)
		fprintf(out, ", tried again in %.1f s", status->grey.retry_ms / 1000.0);
	fputc('\n', out);
}

static void port_details(FILE *out, const char *indent, const struct view_lagg *lagg, uint32_t index)
{
	const struct xlagg_port_model *port = &lagg->model.port[index];
	const struct xlagg_port_status *status = &lagg->port[index];
	char mac[XLAGG_MAC_TEXT], when[WORDS_TIME_SIZE], headless[16];

	fprintf(out, "%sprio %u weight %u admin %s buckets %u", indent, port->conf.prio, port->conf.weight,
		word_or(xlagg_words_updown, port->conf.admin), status->buckets);
	if (status->number)
		fprintf(out, " number %u", status->number);
	fputc('\n', out);
	words_time(status->last_change_ns, when);
	if (status->has_permaddr) {
		xlagg_print_mac(status->permaddr, mac);
		fprintf(out, "%spermaddr %s%s", indent, mac, when[0] ? "" : "\n");
	}
	if (when[0])
		fprintf(out, "%slast change %s\n", status->has_permaddr ? " " : indent, when);
	port_probe(out, indent, status);
	port_damping(out, indent, status);
	port_grey(out, indent, status);
	if (lagg->model.conf.proto != XLAGG_PROTO_LACP)
		return;
	words_headless(status->lacp.headless_s, headless, sizeof(headless));
	fprintf(out, "%slacp: rx %s mux %s selected %s aggregator %u\n%s  churn actor %s partner %s headless %s\n",
		indent, word_or(words_rx, status->lacp.rx), word_or(words_mux, status->lacp.mux),
		word_or(words_selected, status->lacp.selected), status->lacp.aggregator, indent,
		word_or(words_churn, status->lacp.actor_churn), word_or(words_churn, status->lacp.partner_churn),
		headless);
	lacp_end(out, indent, "actor", &status->lacp.actor);
	lacp_end(out, indent, "partner", &status->lacp.partner);
}

static void port_line(FILE *out, const struct xlagg_port_model *port, const struct xlagg_port_status *status,
		      bool colour)
{
	char flags[80], quoted[CTL_QUOTED_MAX];

	words_bits(words_flag, status->flags, flags, sizeof(flags));
	paint(out, colour, status->reason[0] ? RED : GREEN, ctl_quote(port->name, quoted, sizeof(quoted)));
	fprintf(out, " flags=%x<%s>", status->flags, flags);
	reason(out, status->reason);
	notice(out, status->notice);
}

/* A port without carrier has no speed. With carrier, the driver may not know it. */
static void speed(FILE *out, bool carrier, uint32_t speed_mbps, uint32_t duplex)
{
	const char *word = words_get(words_duplex, duplex);

	if (speed_mbps)
		fprintf(out, " %u Mb/s", speed_mbps);
	else if (carrier)
		fputs(" speed unknown", out);
	if (word)
		fprintf(out, " %s", word);
}

static void brief_port(FILE *out, const struct view_lagg *lagg, uint32_t port)
{
	const struct xlagg_port_status *status = &lagg->port[port];
	char flags[80], quoted[2][CTL_QUOTED_MAX], printable[4 * XLAGG_SENTENCE_MAX];

	words_bits(words_flag, status->flags, flags, sizeof(flags));
	fprintf(out, "%-15s %-15s %-32s %s\n", ctl_quote(lagg->model.name, quoted[0], sizeof(quoted[0])),
		ctl_quote(lagg->model.port[port].name, quoted[1], sizeof(quoted[1])), flags[0] ? flags : "-",
		ctl_printable(status->reason, printable, sizeof(printable)));
}

void show_text_port(FILE *out, const struct view_lagg *lagg, uint32_t port, struct show_how how)
{
	const struct xlagg_port_status *status = &lagg->port[port];

	if (how.brief) {
		brief_port(out, lagg, port);
		return;
	}
	name(out, lagg->model.name);
	fputs(": ", out);
	port_line(out, &lagg->model.port[port], status, how.colour);
	fputc('\n', out);
	fprintf(out, "    carrier %s", status->carrier ? "up" : "down");
	speed(out, status->carrier, status->speed, status->duplex);
	fprintf(out, " link failures %" PRIu64 "\n", status->stats.link_failures);
	port_details(out, "    ", lagg, port);
	if (how.stats)
		port_stats(out, "    ", lagg, port);
}

/* Writes "options:" and every option with its value, in lines that fit 80 characters where the values allow it. */
static void lagg_options(FILE *out, const struct xlagg_lagg_conf *conf)
{
	size_t column = 80;

	fputs("    options:", out);
	for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++) {
		char value[XLAGG_TEXT_MAX], printable[4 * XLAGG_TEXT_MAX];
		size_t len;

		ctl_print_value(&xlagg_lagg_options[i], conf, value, sizeof(value));
		ctl_printable(value, printable, sizeof(printable));
		len = strlen(xlagg_lagg_options[i].name) + strlen(printable) + 2;
		if (column + len > 80) {
			fputs("\n     ", out);
			column = 5;
		}
		column += len;
		fprintf(out, " %s %s", xlagg_lagg_options[i].name, printable);
	}
	fputc('\n', out);
}

/* What option balance adaptive has found and done; nothing without it. */
static void balance(FILE *out, const struct xlagg_lagg_status *status)
{
	if (!status->balance.running)
		return;
	fputs("    balance: fullest port ", out);
	if (status->balance.fullest)
		fprintf(out, "at %u %% of its share", status->balance.fullest);
	else
		fputs("not known yet", out);
	fprintf(out, ", moved %" PRIu64 " buckets in %" PRIu64 " steps\n", status->balance.moved,
		status->balance.steps);
}

static void lagg_details(FILE *out, const struct view_lagg *lagg)
{
	const struct xlagg_lagg_status *status = &lagg->status;
	const char *mode = words_get(words_xdp_mode, status->xdp_mode);
	const char *bond = words_get(words_bond_mode, status->bond_mode);
	char actor[WORDS_END_SIZE], partner[WORDS_END_SIZE], when[WORDS_TIME_SIZE];

	fprintf(out, "    running: datapath %s device %s%s%s tx-path %s attach %s%s%s\n      carrier watch %s table %u",
		word_or(xlagg_words_datapath, status->profile), word_or(xlagg_words_device, status->device),
		bond ? " " : "", bond ? bond : "", word_or(xlagg_words_tx_path, status->tx_path),
		word_or(words_attach, status->attach), mode ? " " : "", mode ? mode : "",
		word_or(words_watch, status->carrier_watch), status->generation);
	speed(out, status->carrier, status->speed, XLAGG_DUPLEX_UNKNOWN);
	words_time(status->last_change_ns, when);
	fprintf(out, "\n      active ports %u flaps %" PRIu64 "%s%s\n", status->active_ports, status->flaps,
		when[0] ? " last change " : "", when);
	if (status->has_lag_id) {
		words_lacp_end(&status->actor, true, actor);
		words_lacp_end(&status->partner, true, partner);
		fprintf(out, "    lag id: [%s,\n             %s]\n", actor, partner);
	}
	balance(out, status);
	if (status->capture_pid)
		fprintf(out, "    capture: by pid %u of uid %u\n", status->capture_pid, status->capture_uid);
	lagg_options(out, &lagg->model.conf);
}

static void head(FILE *out, const struct view_lagg *lagg, bool colour)
{
	const struct xlagg_lagg_status *status = &lagg->status;
	char mac[XLAGG_MAC_TEXT], quoted[CTL_QUOTED_MAX];

	xlagg_print_mac(status->mac, mac);
	paint(out, colour, BOLD, ctl_quote(lagg->model.name, quoted, sizeof(quoted)));
	fprintf(out, ": <%s> mtu %u mac %s status: ", status->admin_up ? "UP" : "", status->mtu, mac);
	paint(out, colour, status->carrier ? GREEN : RED, status->carrier ? "active" : "no carrier");
	reason(out, status->reason);
	notice(out, status->notice);
	fputc('\n', out);
}

/* The ports that are not sent to are in parentheses. */
static void brief_lagg(FILE *out, const struct view_lagg *lagg, bool colour)
{
	const struct xlagg_lagg_status *status = &lagg->status;
	const char *state = !status->admin_up ? "DOWN" : status->carrier ? "UP" : "NO-CARRIER";
	char quoted[CTL_QUOTED_MAX];

	fprintf(out, "%-15s ", ctl_quote(lagg->model.name, quoted, sizeof(quoted)));
	paint(out, colour, status->carrier ? GREEN : RED, state);
	fprintf(out, "%*s%-11s", 11 - (int)strlen(state), "", word_or(xlagg_words_proto, lagg->model.conf.proto));
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		bool used = !lagg->port[i].reason[0];

		fputs(used ? " " : " (", out);
		name(out, lagg->model.port[i].name);
		fputs(used ? "" : ")", out);
	}
	fputc('\n', out);
}

void show_text_lagg(FILE *out, const struct view_lagg *lagg, struct show_how how)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	char hash[XLAGG_TEXT_MAX];

	if (how.brief) {
		brief_lagg(out, lagg, how.colour);
		return;
	}
	head(out, lagg, how.colour);
	ctl_print_value(find_option("hash"), conf, hash, sizeof(hash));
	fprintf(out, "    laggproto %s lagghash %s", word_or(xlagg_words_proto, conf->proto), hash);
	if (conf->proto == XLAGG_PROTO_LACP)
		fprintf(out, " rate %s", word_or(xlagg_words_rate, conf->lacp_rate));
	fputc('\n', out);
	if (how.details)
		lagg_details(out, lagg);
	if (how.stats)
		traffic(out, "    ", &lagg->status, words_traffic_lagg, words_tx_dropped, "TX");
	if (how.stats && conf->proto == XLAGG_PROTO_FAILOVER)
		failovers(out, &lagg->status.failovers);
	if (how.stats && xlagg_goes_by_flow(conf->proto))
		moves(out, &lagg->status);
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		fputs("    laggport: ", out);
		port_line(out, &lagg->model.port[i], &lagg->port[i], how.colour);
		fputc('\n', out);
		if (how.details)
			port_details(out, "        ", lagg, i);
		if (how.stats)
			port_stats(out, "        ", lagg, i);
	}
}

void show_text_agent(FILE *out, const struct xlagg_agent_status *agent)
{
	char started[WORDS_TIME_SIZE], file[4 * XLAGG_TEXT_MAX], pins[4 * XLAGG_TEXT_MAX];
	char notice[4 * XLAGG_SENTENCE_MAX];
	struct timespec now;
	uint64_t uptime;

	clock_gettime(CLOCK_REALTIME, &now);
	words_time(agent->start_ns, started);
	uptime = (uint64_t)now.tv_sec - agent->start_ns / 1000000000;
	fprintf(out, "xlaggd %s pid %u up %" PRIu64 " s (since %s)\n", agent->version, agent->pid, uptime, started);
	fprintf(out, "    heartbeat %" PRIu64 " ms ago\n", (agent->now_ns - agent->heartbeat_ns) / 1000000);
	fprintf(out, "    kernel %s: tcx %s netkit %s fentry %s dispatcher %s\n", agent->kernel,
		agent->tcx ? "yes" : "no", agent->netkit ? "yes" : "no", agent->fentry ? "yes" : "no",
		agent->dispatcher ? "yes" : "no");
	if (agent->poll_ports)
		fprintf(out, "    carrier poll: %u ports every %.3g ms, %u of them without RTNL; %.3g %% of a CPU\n",
			agent->poll_ports, (double)agent->poll_interval_ns / 1e6, agent->poll_lockless,
			(double)agent->poll_cpu_ns / 1e7 / (double)(uptime ? uptime : 1));
	fprintf(out, "    laggs adopted at start %u, made since %u\n", agent->adopted, agent->fresh);
	ctl_quote(agent->file, file, sizeof(file));
	ctl_quote(agent->pins, pins, sizeof(pins));
	fprintf(out, "    configuration %s pins %s abi %u\n", agent->file[0] ? file : "(none)", pins,
		agent->abi_version);
	if (agent->notice[0])
		fprintf(out, "    notice: %s\n", ctl_printable(agent->notice, notice, sizeof(notice)));
}

void show_text_failover(const struct xlagg_event *event, char *ret, size_t size)
{
	char detected[40] = "", gap[80] = "", from[CTL_QUOTED_MAX], to[CTL_QUOTED_MAX], text[4 * XLAGG_SENTENCE_MAX];

	if (event->detected)
		snprintf(detected, sizeof(detected), " detected by %s", word_or(words_detected, event->detected));
	if (event->gap_ns != XLAGG_GAP_UNKNOWN)
		snprintf(gap, sizeof(gap), " gap %.3f ms dropped %" PRIu64, (double)event->gap_ns / 1e6,
			 event->dropped);
	ctl_quote(event->from[0] ? event->from : "none", from, sizeof(from));
	ctl_quote(event->to[0] ? event->to : "none", to, sizeof(to));
	ctl_printable(event->text, text, sizeof(text));
	snprintf(ret, size, "from %s to %s%s%s%s%s", from, to, detected, gap, text[0] ? ": " : "", text);
}

static void event_details(FILE *out, const struct xlagg_event *event)
{
	char old_flags[80], new_flags[80], text[SHOW_FAILOVER_SIZE], printable[4 * XLAGG_SENTENCE_MAX];

	switch (event->type) {
	case XLAGG_EVENT_PORT_STATE:
		words_bits(words_flag, event->old_flags, old_flags, sizeof(old_flags));
		words_bits(words_flag, event->new_flags, new_flags, sizeof(new_flags));
		fprintf(out, " flags=%x<%s> was %x<%s>", event->new_flags, new_flags, event->old_flags, old_flags);
		break;
	case XLAGG_EVENT_FAILOVER:
		show_text_failover(event, text, sizeof(text));
		fprintf(out, " %s", text);
		return;
	case XLAGG_EVENT_CARRIER:
		fputs(event->new_flags ? " up" : " down", out);
		break;
	case XLAGG_EVENT_TABLE:
		fprintf(out, " generation %u moved %u", event->generation, event->moved);
		break;
	default:
		break;
	}
	if (event->text[0])
		fprintf(out, ": %s", ctl_printable(event->text, printable, sizeof(printable)));
}

void show_text_event(FILE *out, const struct xlagg_event *event, bool colour)
{
	char when[WORDS_TIME_SIZE];

	words_time(event->time_ns, when);
	fprintf(out, "%s ", when);
	paint(out, colour, BOLD, word_or(xlagg_words_event, event->type));
	for (int i = 0; i < 2; i++) {
		const char *device = i == 0 ? event->lagg : event->port;

		if (!device[0])
			continue;
		fputc(' ', out);
		name(out, device);
	}
	event_details(out, event);
	fputc('\n', out);
}
