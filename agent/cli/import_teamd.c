/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* import: a configuration of teamd, which is JSON. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "import.h"

#define PATH_OF_KEY_MAX 256 /* octets of the longest "runner.name" */

/* What a key has to hold, and what to do with it. `path` is for messages. */
typedef int (*take_fn)(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value);
struct key {
	const char *name;
	take_fn take;
	const char *note; /* take is NULL: why there is nothing to take */
};

static int wrong(struct import *import, const char *path, const char *wants)
{
	return import_refuse(import, "%s is not %s; see teamd.conf(5)", path, wants);
}

/* Gives an option the integer that a key holds. */
static int set_number(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value,
		      const char *option)
{
	char text[32];

	if (!json_is_integer(value))
		return wrong(import, path, "a whole number");
	snprintf(text, sizeof(text), "%lld", json_integer_value(value));
	return import_set(import, lagg, option, text);
}

/* Gives an option one of two values. */
static int set_boolean(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value,
		       const char *option, const char *if_true, const char *if_false)
{
	if (!json_is_boolean(value))
		return wrong(import, path, "true or false");
	return import_set(import, lagg, option, json_is_true(value) ? if_true : if_false);
}

/* Words of teamd, and the values of ours that mean the same. */
struct word {
	const char *word, *value; /* value NULL: nothing to set */
	const char *note;
};

static int set_word(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value,
		    const char *option, const struct word *words)
{
	const char *text = json_string_value(value);
	char list[200] = "one of these words:";

	for (; text && words->word; words++) {
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", words->word);
		if (strcmp(text, words->word) != 0)
			continue;
		if (words->note)
			import_note(import, lagg, "%s %s: %s", path, text, words->note);
		return words->value ? import_set(import, lagg, option, words->value) : 0;
	}
	return wrong(import, path, text ? list : "a text");
}

static void note_key(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value,
		     const char *note)
{
	char text[200] = "";
	size_t len = json_dumpb(value, text, sizeof(text) - 1, JSON_ENCODE_ANY | JSON_COMPACT);

	text[len < sizeof(text) ? len : 0] = '\0';
	import_note(import, lagg, "%s %s: %s", path, *text ? text : "...", note);
}

/* Goes through the keys of an object. One that teamd does not have is a comment: versions differ in what they have. */
static int take_object(struct import *import, struct import_lagg *lagg, const char *path, const json_t *object,
		       const struct key *keys)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return wrong(import, path, "an object");
	json_object_foreach((json_t *)object, name, value)
	{
		const struct key *key = keys;
		char full[PATH_OF_KEY_MAX];
		int r = 0;

		snprintf(full, sizeof(full), "%.150s%s%.90s", path, *path ? "." : "", name);
		while (key->name && strcmp(key->name, name) != 0)
			key++;
		if (key->take)
			r = key->take(import, lagg, full, value);
		else
			note_key(import, lagg, full, value, key->note ?: "no equivalent");
		if (r)
			return r;
	}
	return 0;
}

/* --- runner --- */

static int take_runner_name(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {
	    {"activebackup", "failover", NULL},
	    {"loadbalance", "loadbalance", NULL},
	    {"lacp", "lacp", NULL},
	    {"roundrobin", "roundrobin", NULL},
	    {"broadcast", "broadcast", NULL},
	    {"random", "roundrobin", "no equivalent, ports take turns and not chances"},
	    {NULL, NULL, NULL},
	};

	return set_word(import, lagg, path, value, "proto", words);
}

static int take_active(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_boolean(import, lagg, path, value, "lacp-mode", "active", "passive");
}

static int take_fast_rate(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_boolean(import, lagg, path, value, "lacp-rate", "fast", "slow");
}

static int take_fallback(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_boolean(import, lagg, path, value, "lacp-strict", "off", "on");
}

static int take_sys_prio(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "system-prio");
}

static int take_min_ports(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "min-links");
}

static int take_select(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {
	    {"lacp_prio", "prio", NULL},
	    {"lacp_prio_stable", "stable", NULL},
	    {"bandwidth", "bandwidth", NULL},
	    {"count", "count", NULL},
	    {"port_config", "prio", "ports are ranked by LACP priority here, so give the preferred ones a lower prio"},
	    {NULL, NULL, NULL},
	};

	return set_word(import, lagg, path, value, "select", words);
}

static int take_hwaddr_policy(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {
	    {"same_all", NULL, NULL},
	    {"by_active", "active", NULL},
	    {"only_active", "active", "standbys have the lagg's MAC too, and send nothing with it"},
	    {NULL, NULL, NULL},
	};

	return set_word(import, lagg, path, value, "mac", words);
}

static int take_tx_hash(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct {
		const char *word, *field;
	} fields[] = {{"eth", "l2"}, {"vlan", "vlan"}, {"ip", "l3"},  {"ipv4", "l3"}, {"ipv6", "l3"},
		      {"l3", "l3"},  {"l4", "l4"},     {"tcp", "l4"}, {"udp", "l4"},  {"sctp", "l4"}};
	char list[XLAGG_TEXT_MAX] = "";

	if (!json_is_array(value))
		return wrong(import, path, "a list of words");
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *word = json_string_value(json_array_get(value, i)), *field = NULL;

		for (size_t k = 0; word && k < sizeof(fields) / sizeof(fields[0]); k++)
			if (strcmp(word, fields[k].word) == 0)
				field = fields[k].field;
		if (!field)
			return wrong(import, path, "a list of eth, vlan, ip, ipv4, ipv6, l3, l4, tcp, udp and sctp");
		/* Twice in the list is not wrong in our hash, only longer. */
		if (!strstr(list, field))
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", *list ? "," : "", field);
	}
	return *list ? import_set(import, lagg, "hash", list) : 0;
}

static int take_balancer_name(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {
	    {"basic", "adaptive", "every interval, as few flows as can be move"},
	    {NULL, NULL, NULL},
	};

	return set_word(import, lagg, path, value, "balance", words);
}

/* In tenths of a second. */
static int take_balancing_interval(struct import *import, struct import_lagg *lagg, const char *path,
				   const json_t *value)
{
	long long tenths = json_integer_value(value);
	char text[32];

	if (!json_is_integer(value) || tenths <= 0)
		return wrong(import, path, "a whole number above 0");
	snprintf(text, sizeof(text), "%lld", tenths / 10 + (tenths % 10 != 0));
	return import_set(import, lagg, "balance-interval", text);
}

static int take_tx_balancer(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct key keys[] = {
	    {"name", take_balancer_name, NULL},
	    {"balancing_interval", take_balancing_interval, NULL},
	    {NULL, NULL, NULL},
	};

	return take_object(import, lagg, path, value, keys);
}

static int take_runner(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct key keys[] = {
	    {"name", take_runner_name, NULL},
	    {"active", take_active, NULL},
	    {"fast_rate", take_fast_rate, NULL},
	    {"fallback", take_fallback, NULL},
	    {"sys_prio", take_sys_prio, NULL},
	    {"min_ports", take_min_ports, NULL},
	    {"agg_select_policy", take_select, NULL},
	    {"hwaddr_policy", take_hwaddr_policy, NULL},
	    {"tx_hash", take_tx_hash, NULL},
	    {"tx_balancer", take_tx_balancer, NULL},
	    {NULL, NULL, NULL},
	};

	return take_object(import, lagg, path, value, keys);
}

/* --- link_watch --- */

static int take_delay_up(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "up-delay");
}

static int take_delay_down(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "down-delay");
}

static int take_interval(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "probe-interval");
}

static int take_missed_max(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "probe-missed");
}

static int take_target(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	if (!json_is_string(value))
		return wrong(import, path, "an address");
	return import_target(import, lagg, json_string_value(value));
}

static int take_watch_name(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {
	    {"ethtool", NULL, NULL},   {"arp_ping", NULL, NULL},
	    {"nsna_ping", NULL, NULL}, {"tipc", NULL, "no equivalent: probe asks by ARP or NS"},
	    {NULL, NULL, NULL},
	};

	return set_word(import, lagg, path, value, "probe", words);
}

static int take_watch(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct key keys[] = {
	    {"name", take_watch_name, NULL},
	    {"delay_up", take_delay_up, NULL},
	    {"delay_down", take_delay_down, NULL},
	    {"interval", take_interval, NULL},
	    {"missed_max", take_missed_max, NULL},
	    {"target_host", take_target, NULL},
	    {"init_wait", NULL, "not needed: a port is asked as soon as it has a link"},
	    {"source_host", NULL, "not needed: probes come from no address"},
	    {"validate_active", NULL, "not needed: answers are always checked"},
	    {"validate_inactive", NULL, "not needed: answers are always checked"},
	    {"send_always", NULL, "not needed: standbys are always asked"},
	    {NULL, NULL, NULL},
	};
	int r = 0;

	for (size_t i = 0; !r && json_is_array(value) && i < json_array_size(value); i++) {
		char item[PATH_OF_KEY_MAX];

		snprintf(item, sizeof(item), "%.200s[%zu]", path, i);
		r = take_object(import, lagg, item, json_array_get(value, i), keys);
	}
	return json_is_array(value) ? r : take_object(import, lagg, path, value, keys);
}

static int take_watch_policy(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct word words[] = {{"any", "any", NULL}, {"all", "all", NULL}, {NULL, NULL, NULL}};

	return set_word(import, lagg, path, value, "probe-targets", words);
}

/* --- ports --- */

/* teamd prefers the higher number and begins at 0, we prefer the lower one and begin at 32768. */
static int take_prio(struct import *import, struct ctl_port *port, const char *path, const json_t *value)
{
	char text[32];
	long long prio = json_integer_value(value);

	if (!json_is_integer(value) || prio < -32767 || prio > 32768)
		return wrong(import, path, "a number from -32767 to 32768, which is all that prio can express");
	snprintf(text, sizeof(text), "%lld", 32768 - prio);
	return import_port_set(import, port, "prio", text);
}

static int take_port_number(struct import *import, struct ctl_port *port, const char *path, const json_t *value,
			    const char *option)
{
	char text[32];

	if (!json_is_integer(value))
		return wrong(import, path, "a whole number");
	snprintf(text, sizeof(text), "%lld", json_integer_value(value));
	return import_port_set(import, port, option, text);
}

static int take_port_key(struct import *import, struct import_lagg *lagg, struct ctl_port *port, const char *path,
			 const char *name, const json_t *value)
{
	if (strcmp(name, "prio") == 0 && lagg->command.conf.proto != XLAGG_PROTO_LACP)
		return take_prio(import, port, path, value);
	if (strcmp(name, "lacp_prio") == 0)
		return take_port_number(import, port, path, value, "prio");
	if (strcmp(name, "lacp_key") == 0)
		return json_integer_value(value) == 0 && json_is_integer(value)
			   ? 0
			   : take_port_number(import, port, path, value, "key");
	if (strcmp(name, "sticky") == 0)
		return json_is_true(value) ? import_set(import, lagg, "reselect", "failure") : 0;
	if (strcmp(name, "link_watch") == 0) {
		import_note(import, lagg, "%s: here delays and probes are the lagg's, for all of its ports", path);
		return take_watch(import, lagg, path, value);
	}
	note_key(import, lagg, path, value, "no equivalent");
	return 0;
}

static int take_port(struct import *import, struct import_lagg *lagg, const char *device, const char *path,
		     const json_t *value)
{
	struct ctl_port *port = import_port(import, lagg, device);
	const char *name;
	json_t *item;
	int r = port ? 0 : -EINVAL;

	if (!r && !json_is_object(value))
		return wrong(import, path, "an object");
	json_object_foreach((json_t *)value, name, item)
	{
		char full[PATH_OF_KEY_MAX];

		snprintf(full, sizeof(full), "%.150s.%.90s", path, name);
		r = r ?: take_port_key(import, lagg, port, full, name, item);
	}
	return r;
}

static int take_ports(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	const char *device;
	json_t *port;
	int r = 0;

	if (!json_is_object(value))
		return wrong(import, path, "an object with a key for each port");
	json_object_foreach((json_t *)value, device, port)
	{
		char full[PATH_OF_KEY_MAX];

		snprintf(full, sizeof(full), "%.100s.%.100s", path, device);
		r = r ?: take_port(import, lagg, device, full, port);
	}
	return r;
}

/* --- the team --- */

/* For keys that were taken before the others. */
static int taken(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return (void)import, (void)lagg, (void)path, (void)value, 0;
}

static int take_hwaddr(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return json_is_string(value) ? import_set(import, lagg, "mac", json_string_value(value))
				     : wrong(import, path, "a MAC");
}

static int take_notify_count(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "peer-notify");
}

static int take_notify_interval(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	/* 0 is teamd's word for its own default. */
	if (json_is_integer(value) && json_integer_value(value) == 0)
		return 0;
	return set_number(import, lagg, path, value, "peer-notify-delay");
}

static int take_notify(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct key keys[] = {
	    {"count", take_notify_count, NULL}, {"interval", take_notify_interval, NULL}, {NULL, NULL, NULL}};

	return take_object(import, lagg, path, value, keys);
}

static int take_rejoin_count(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	return set_number(import, lagg, path, value, "mcast-rejoin");
}

static int take_rejoin(struct import *import, struct import_lagg *lagg, const char *path, const json_t *value)
{
	static const struct key keys[] = {{"count", take_rejoin_count, NULL},
					  {"interval", NULL, "no equivalent: reports are 100 ms apart"},
					  {NULL, NULL, NULL}};

	return take_object(import, lagg, path, value, keys);
}

/* What teamd does where nothing is said. */
static int take_defaults(struct import *import, struct import_lagg *lagg)
{
	const struct xlagg_lagg_conf *conf = &lagg->command.conf;
	int r = 0;

	if (!import_has(lagg, "proto")) {
		import_note(import, lagg, "no runner was named: teamd's is then roundrobin");
		r = import_set(import, lagg, "proto", "roundrobin");
	}
	if ((conf->proto == XLAGG_PROTO_LACP || conf->proto == XLAGG_PROTO_LOADBALANCE) && !import_has(lagg, "hash")) {
		import_note(import, lagg, "hash l2,l3 is teamd's default; l2,l3,l4 spreads better");
		r = r ?: import_set(import, lagg, "hash", "l2,l3");
	}
	if (conf->proto == XLAGG_PROTO_LACP && !import_has(lagg, "select"))
		r = r ?: import_set(import, lagg, "select", "prio");
	if (!import_has(lagg, "probe")) {
		import_unset(lagg, "probe-interval");
		import_unset(lagg, "probe-missed");
		import_unset(lagg, "probe-targets");
	}
	return r;
}

static int take_team(struct import *import, const json_t *team)
{
	static const struct key keys[] = {
	    {"device", taken, NULL},
	    {"hwaddr", take_hwaddr, NULL},
	    {"runner", taken, NULL},
	    {"link_watch", take_watch, NULL},
	    {"link_watch_policy", take_watch_policy, NULL},
	    {"ports", take_ports, NULL},
	    {"notify_peers", take_notify, NULL},
	    {"mcast_rejoin", take_rejoin, NULL},
	    {"debug_level", NULL, "not needed: the agent logs to the journal"},
	    {NULL, NULL, NULL},
	};
	const char *name = json_string_value(json_object_get(team, "device"));
	const json_t *runner = json_object_get(team, "runner");
	struct import_lagg *lagg;
	int r;

	if (!json_is_object(team))
		return import_refuse(import, "the text is not an object; teamd.conf(5) describes it");
	if (!name)
		return import_refuse(import, "the key device is missing, which is the name of the team; add it");
	lagg = import_lagg(import, name);
	/* What a port's keys mean depends on the runner. */
	r = lagg && runner ? take_runner(import, lagg, "runner", runner) : lagg ? 0 : -EINVAL;
	r = r ?: take_object(import, lagg, "", team, keys);
	return r ?: take_defaults(import, lagg);
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

int import_teamd(struct import *import, const char *what)
{
	__attribute__((cleanup(config_free))) char *text = NULL;
	__attribute__((cleanup(free_json))) json_t *team = NULL;
	json_error_t wrong_text;

	if (strcmp(what, "-") != 0 && !strchr(what, '/') && access(what, F_OK) != 0)
		return import_refuse(import,
				     "there is no such file; for a team that runs, use `teamdctl %s config "
				     "dump | xlagg import teamd -`",
				     what);
	text = import_slurp(import);
	if (!text)
		return -EINVAL;
	team = json_loads(text, JSON_REJECT_DUPLICATES, &wrong_text);
	if (team)
		return take_team(import, team);
	import->line = wrong_text.line > 0 ? wrong_text.line : 1;
	return import_refuse(import, "no JSON: %s; see teamd.conf(5)", wrong_text.text);
}
