/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What `explain` answers: the fields of the frame, its hash and bucket, the bucket's ports, and why it takes which. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "explain.h"
#include "words.h"

/* Appends a field, if it is among those that the hash takes. */
static __attribute__((format(printf, 6, 7))) void add(struct explain_field *list, uint32_t *count, bool taken,
						      const char *word, bool number, const char *format, ...)
{
	struct explain_field *field = &list[*count];
	va_list args;

	if (!taken)
		return;
	field->word = word;
	field->number = number;
	va_start(args, format);
	vsnprintf(field->text, sizeof(field->text), format, args);
	va_end(args);
	++*count;
}

static void add_link(const struct explain_flow *flow, uint32_t hash, struct explain_field *list, uint32_t *count)
{
	char mac[XLAGG_MAC_TEXT];

	xlagg_print_mac(flow->src_mac, mac);
	add(list, count, hash & XLAGG_HASH_SRC_MAC, "src-mac", false, "%s", mac);
	xlagg_print_mac(flow->dst_mac, mac);
	add(list, count, hash & XLAGG_HASH_DST_MAC, "dst-mac", false, "%s", mac);
	add(list, count, (hash & XLAGG_HASH_VLAN) && flow->vlan >= 0, "vlan", true, "%d", flow->vlan);
}

/* As the hash does: the flow label only where there are no ports, and not with symmetric. */
static void add_packet(const struct explain_flow *flow, uint32_t hash, struct explain_field *list, uint32_t *count)
{
	char address[INET6_ADDRSTRLEN] = "";
	bool ports = explain_has_ports(flow->proto);

	inet_ntop(flow->family, flow->src, address, sizeof(address));
	add(list, count, hash & XLAGG_HASH_SRC_IP, "src-ip", false, "%s", address);
	inet_ntop(flow->family, flow->dst, address, sizeof(address));
	add(list, count, hash & XLAGG_HASH_DST_IP, "dst-ip", false, "%s", address);
	add(list, count, hash & XLAGG_HASH_L4_PROTO, "proto", true, "%d", flow->proto);
	add(list, count, ports && (hash & XLAGG_HASH_SPORT), "sport", true, "%u", flow->sport);
	add(list, count, ports && (hash & XLAGG_HASH_DPORT), "dport", true, "%u", flow->dport);
	add(list, count,
	    !ports && flow->family == AF_INET6 && (hash & XLAGG_HASH_FLOWLABEL) && !(hash & XLAGG_HASH_SYMMETRIC),
	    "flowlabel", true, "%u", flow->flowlabel);
}

uint32_t explain_fields(const struct explain_flow *flow, uint32_t hash, struct explain_field ret[EXPLAIN_FIELDS])
{
	uint32_t count = 0;

	add_link(flow, hash, ret, &count);
	if (flow->family)
		add_packet(flow, hash, ret, &count);
	return count;
}

/* Returns the index of a port in the lagg; -1: it is none. */
static int find_port(const struct view_lagg *lagg, const char *name)
{
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		if (strcmp(lagg->model.port[i].name, name) == 0)
			return (int)i;
	return -1;
}

void explain_reason(const struct view_lagg *lagg, const struct view_explain *explain, char ret[EXPLAIN_REASON_SIZE])
{
	const char *lagg_reason = lagg->status.reason, *why = words_get(words_why, explain->found.choice);

	if (explain->found.choice != XLAGG_CHOICE_NO_CARRIER)
		snprintf(ret, EXPLAIN_REASON_SIZE, "%s", why ? why : "unknown");
	else
		snprintf(ret, EXPLAIN_REASON_SIZE, "the lagg has no carrier%s%s%s: the frame is dropped%s",
			 lagg_reason[0] ? " (" : "", lagg_reason, lagg_reason[0] ? ")" : "",
			 explain->port[0] ? "; with carrier it would take this port" : "");
}

/* --- text --- */

static void put_device(FILE *out, const char *name)
{
	char quoted[CTL_QUOTED_MAX];

	fputs(ctl_quote(name[0] ? name : "none", quoted, sizeof(quoted)), out);
}

static void text_of_fields(FILE *out, const struct view_lagg *lagg, const struct explain_flow *flow)
{
	struct explain_field field[EXPLAIN_FIELDS];
	uint32_t hash = lagg->model.conf.hash, count = explain_fields(flow, hash, field);

	fputs("    fields", out);
	for (uint32_t i = 0; i < count; i++)
		fprintf(out, " %s %s", field[i].word, field[i].text);
	if (flow->moves)
		fprintf(out, ", moved %u times", flow->moves);
	fprintf(out, "%s%s\n", count ? "" : " none", hash & XLAGG_HASH_SYMMETRIC ? ", both directions alike" : "");
	if (lagg->model.conf.flowid)
		fputs("    flowid on: a frame for which the NIC has a hash goes by that\n", out);
}

static void text_of_bucket(FILE *out, const struct view_lagg *lagg, const struct view_explain *explain)
{
	int port = find_port(lagg, explain->bucket_port);

	fprintf(out, "    bucket %u: port ", explain->found.bucket);
	put_device(out, explain->bucket_port);
	if (port >= 0)
		fprintf(out, " weight %u (%u of %u buckets)", lagg->model.port[port].conf.weight,
			lagg->port[port].buckets, XLAGG_BUCKETS);
	fputs(", backup ", out);
	put_device(out, explain->backup);
	if (lagg->model.conf.balance == XLAGG_BALANCE_ADAPTIVE)
		fprintf(out, ", moved %u times because of the load", explain->moves);
	fputc('\n', out);
}

void explain_text(FILE *out, const struct view_lagg *lagg, const struct explain_flow *flow,
		  const struct view_explain *explain)
{
	char why[EXPLAIN_REASON_SIZE], printable[4 * EXPLAIN_REASON_SIZE];

	explain_reason(lagg, explain, why);
	put_device(out, lagg->model.name);
	fprintf(out, ": hash 0x%08x bucket %u port ", explain->found.hash, explain->found.bucket);
	put_device(out, explain->port);
	fprintf(out, ": %s\n", ctl_printable(why, printable, sizeof(printable)));
	if (!xlagg_goes_by_flow(lagg->model.conf.proto))
		return;
	text_of_fields(out, lagg, flow);
	text_of_bucket(out, lagg, explain);
}

/* --- JSON --- */

/* An empty text is null. A device's name need not be UTF-8. */
static json_t *text_or_null(const char *text)
{
	char printable[4 * EXPLAIN_REASON_SIZE], word[XLAGG_MAC_TEXT];
	json_t *json;

	if (!text || !text[0])
		return json_null();
	json = json_string(ctl_device_word(text, word));
	return json ? json : json_string(ctl_printable(text, printable, sizeof(printable)));
}

static json_t *json_of_fields(const struct view_lagg *lagg, const struct explain_flow *flow)
{
	struct explain_field field[EXPLAIN_FIELDS];
	uint32_t count = explain_fields(flow, lagg->model.conf.hash, field);
	json_t *json = json_object();

	for (uint32_t i = 0; i < count; i++)
		json_object_set_new(json, field[i].word,
				    field[i].number ? json_loads(field[i].text, JSON_DECODE_ANY, NULL)
						    : json_string(field[i].text));
	return json;
}

/* What a lagg that goes by the hash has, and others have not. */
static void json_of_steps(json_t *json, const struct view_lagg *lagg, const struct explain_flow *flow,
			  const struct view_explain *explain)
{
	int port = xlagg_goes_by_flow(lagg->model.conf.proto) ? find_port(lagg, explain->bucket_port) : -1;

	json_object_set_new(json, "fields",
			    xlagg_goes_by_flow(lagg->model.conf.proto) ? json_of_fields(lagg, flow) : json_null());
	json_object_set_new(json, "symmetric", json_boolean(lagg->model.conf.hash & XLAGG_HASH_SYMMETRIC));
	json_object_set_new(json, "flowid", json_boolean(lagg->model.conf.flowid));
	json_object_set_new(json, "bucket_port",
			    xlagg_goes_by_flow(lagg->model.conf.proto) ? text_or_null(explain->bucket_port)
								       : json_null());
	json_object_set_new(json, "backup",
			    xlagg_goes_by_flow(lagg->model.conf.proto) ? text_or_null(explain->backup) : json_null());
	json_object_set_new(json, "weight", port < 0 ? json_null() : json_integer(lagg->model.port[port].conf.weight));
	json_object_set_new(json, "moves",
			    xlagg_goes_by_flow(lagg->model.conf.proto) ? json_integer(explain->moves) : json_null());
	json_object_set_new(json, "buckets", port < 0 ? json_null() : json_integer(lagg->port[port].buckets));
}

json_t *explain_json(const struct view_lagg *lagg, const struct explain_flow *flow, const struct view_explain *explain)
{
	char reason[EXPLAIN_REASON_SIZE];
	json_t *json = json_object();

	explain_reason(lagg, explain, reason);
	json_object_set_new(json, "ifname", text_or_null(lagg->model.name));
	json_object_set_new(json, "hash", json_integer(explain->found.hash));
	json_object_set_new(json, "bucket", json_integer(explain->found.bucket));
	json_object_set_new(json, "port", text_or_null(explain->port));
	json_object_set_new(json, "choice", text_or_null(words_get(words_choice, explain->found.choice)));
	json_object_set_new(json, "reason", text_or_null(reason));
	json_of_steps(json, lagg, flow, explain);
	return json;
}
