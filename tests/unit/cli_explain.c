/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What explain answers: the fields that the hash takes, the steps, and the reason. */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>

#include "cli/explain.h"
#include "unit/cli_kit.h"
#include "xlagg/hash.h"

static struct explain_flow flow_of(char *line)
{
	char sentence[XLAGG_SENTENCE_MAX] = "", *words[64];
	struct explain_flow flow;
	int count = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	cr_assert_eq(explain_parse(count, words, &flow, sentence), 0, "%s", sentence);
	return flow;
}

static uint32_t hash_of(const struct explain_flow *flow, uint32_t fields)
{
	uint8_t frame[EXPLAIN_FRAME_MAX];
	size_t len = explain_frame(flow, frame);
	struct xlagg_hash_keys keys = xlagg_hash_keys(fields, 0x5eed);

	return xlagg_flow_hash(frame, frame + len, 0, &keys).hash;
}

static bool is_listed(const struct explain_flow *flow, uint32_t fields, const char *word)
{
	struct explain_field list[EXPLAIN_FIELDS];
	uint32_t count = explain_fields(flow, fields, list);

	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i].word, word) == 0)
			return true;
	return false;
}

/* Changes the field of that name. */
static struct explain_flow changed(struct explain_flow flow, const char *word)
{
	flow.src_mac[5] ^= strcmp(word, "src-mac") == 0;
	flow.dst_mac[5] ^= strcmp(word, "dst-mac") == 0;
	flow.vlan += strcmp(word, "vlan") == 0 && flow.vlan >= 0;
	flow.src[3] ^= strcmp(word, "src-ip") == 0;
	flow.dst[3] ^= strcmp(word, "dst-ip") == 0;
	flow.sport += strcmp(word, "sport") == 0;
	flow.dport += strcmp(word, "dport") == 0;
	flow.flowlabel += strcmp(word, "flowlabel") == 0;
	if (strcmp(word, "proto") == 0)
		flow.proto = explain_has_ports(flow.proto) ? (flow.proto == 6 ? 17 : 6) : flow.proto + 1;
	return flow;
}

/* A field is listed exactly if the hash changes with it. */
Test(cli_explain, lists_what_the_hash_takes)
{
	static const uint32_t fields[] = {
	    XLAGG_HASH_L2,
	    XLAGG_HASH_L3,
	    XLAGG_HASH_L4,
	    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4,
	    XLAGG_HASH_L2 | XLAGG_HASH_L3 | XLAGG_HASH_L4 | XLAGG_HASH_SYMMETRIC,
	    XLAGG_HASH_SRC_MAC | XLAGG_HASH_DPORT,
	    XLAGG_HASH_VLAN | XLAGG_HASH_SRC_IP | XLAGG_HASH_INNER,
	};
	static const char *const words[EXPLAIN_FIELDS] = {"src-mac", "dst-mac", "vlan",	 "src-ip",   "dst-ip",
							  "proto",   "sport",	"dport", "flowlabel"};
	char lines[][120] = {
	    "src 10.0.0.1 dst 10.0.0.2 proto tcp sport 1 dport 2",
	    "vlan 7 src 10.0.0.1 dst 10.0.0.2 proto udp sport 1 dport 2",
	    "src 10.0.0.1 dst 10.0.0.2 proto 50",
	    "src 2001:db8::1 dst 2001:db8::2 proto sctp sport 1 dport 2 flowlabel 3",
	    "src 2001:db8::1 dst 2001:db8::2 proto 50 flowlabel 3",
	    "vlan 7 dst-mac 02:00:00:00:00:01",
	};

	for (size_t line = 0; line < sizeof(lines) / sizeof(lines[0]); line++) {
		struct explain_flow flow = flow_of(lines[line]);
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			for (int w = 0; w < EXPLAIN_FIELDS; w++) {
				struct explain_flow other = changed(flow, words[w]);
				bool counts = hash_of(&flow, fields[f]) != hash_of(&other, fields[f]);
				cr_assert_eq(is_listed(&flow, fields[f], words[w]), counts, "%s of flow %zu, hash %#x",
					     words[w], line, fields[f]);
			}
		}
	}
}

static const struct view_explain found = {.found = {.hash = 0xabc, .bucket = 7, .choice = XLAGG_CHOICE_BACKUP},
					  .port = "eth2",
					  .bucket_port = "eth1",
					  .backup = "eth2"};

static char *text_of(const struct view_lagg *lagg, const struct explain_flow *flow, const struct view_explain *explain)
{
	static char text[1000];
	FILE *out = fmemopen(text, sizeof(text), "w");

	explain_text(out, lagg, flow, explain);
	fclose(out);
	return text;
}

Test(cli_explain, text_has_every_step)
{
	char line[] = "src-mac 02:00:00:00:00:01 vlan 7 src 10.0.0.1 dst 10.0.0.2 sport 1 dport 2";
	struct explain_flow flow = flow_of(line);
	struct view_explain none = {.found.choice = XLAGG_CHOICE_NONE};
	struct view_lagg lagg;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	lagg.model.port[0].conf.weight = 3;
	lagg.port[0].buckets = 768;
	cr_expect_str_eq(
	    text_of(&lagg, &flow, &found),
	    "lagg0: hash 0x00000abc bucket 7 port eth2: the bucket's port is not live, this is its backup\n"
	    "    fields src-mac 02:00:00:00:00:01 dst-mac 00:00:00:00:00:00 vlan 7 src-ip 10.0.0.1 dst-ip "
	    "10.0.0.2 proto 6 sport 1 dport 2\n"
	    "    bucket 7: port eth1 weight 3 (768 of 1024 buckets), backup eth2\n");
	lagg.model.conf.balance = XLAGG_BALANCE_ADAPTIVE;
	cr_expect_str_eq(strstr(text_of(&lagg, &flow, &found), ", backup"),
			 ", backup eth2, moved 0 times because of the load\n");
	lagg.model.conf.balance = XLAGG_BALANCE_STATIC;
	lagg.model.conf.hash = XLAGG_HASH_SRC_IP | XLAGG_HASH_SYMMETRIC;
	lagg.model.conf.flowid = 1;
	cr_expect_str_eq(text_of(&lagg, &flow, &none),
			 "lagg0: hash 0x00000000 bucket 0 port none: no port is live: the frame is dropped\n"
			 "    fields src-ip 10.0.0.1, both directions alike\n"
			 "    flowid on: a frame for which the NIC has a hash goes by that\n"
			 "    bucket 0: port none, backup none\n");
	/* where no hash counts there are no steps */
	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	none.found.choice = XLAGG_CHOICE_PRIORITY;
	cr_expect_str_eq(text_of(&lagg, &flow, &none), "lagg0: hash 0x00000000 bucket 0 port none: the first live port "
						       "in order of preference\n");
}

static void expect_json(const struct view_lagg *lagg, const struct explain_flow *flow,
			const struct view_explain *explain, const char *want)
{
	json_t *json = explain_json(lagg, flow, explain), *wanted = json_loads(want, 0, NULL);
	char *text = json_dumps(json, JSON_COMPACT);

	cr_assert(wanted);
	cr_expect(json_equal(json, wanted), "%s", text);
	free(text);
	json_decref(json);
	json_decref(wanted);
}

Test(cli_explain, json_has_every_step)
{
	char line[] = "src-mac 02:00:00:00:00:01 src 2001:db8::1 dst 2001:db8::2 proto 50 flowlabel 9";
	struct explain_flow flow = flow_of(line);
	struct view_lagg lagg;

	kit_lagg(XLAGG_PROTO_LOADBALANCE, &lagg);
	lagg.port[0].buckets = 512;
	expect_json(&lagg, &flow, &found,
		    "{\"ifname\":\"lagg0\",\"hash\":2748,\"bucket\":7,\"port\":\"eth2\",\"choice\":\"backup\","
		    "\"reason\":\"the bucket's port is not live, this is its backup\",\"fields\":{"
		    "\"src-mac\":\"02:00:00:00:00:01\",\"dst-mac\":\"00:00:00:00:00:00\",\"src-ip\":\"2001:db8::1\","
		    "\"dst-ip\":\"2001:db8::2\",\"proto\":50,\"flowlabel\":9},\"symmetric\":false,\"flowid\":false,"
		    "\"bucket_port\":\"eth1\",\"backup\":\"eth2\",\"weight\":1,\"moves\":0,\"buckets\":512}");
	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	struct view_explain active = {.found.choice = XLAGG_CHOICE_PRIORITY, .port = "eth1", .bucket_port = "eth1"};
	expect_json(
	    &lagg, &flow, &active,
	    "{\"ifname\":\"lagg0\",\"hash\":0,\"bucket\":0,\"port\":\"eth1\",\"choice\":\"priority\","
	    "\"reason\":\"the first live port in order of preference\",\"fields\":null,\"symmetric\":false,"
	    "\"flowid\":false,\"bucket_port\":null,\"backup\":null,\"weight\":null,\"moves\":null,\"buckets\":null}");
}

Test(cli_explain, says_why_there_is_no_carrier)
{
	struct view_explain explain = found;
	struct view_lagg lagg;
	char reason[EXPLAIN_REASON_SIZE];

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	explain.found.choice = XLAGG_CHOICE_NO_CARRIER;
	explain_reason(&lagg, &explain, reason);
	cr_expect_str_eq(reason, "the lagg has no carrier: the frame is dropped; with carrier it would take this port");
	strcpy(lagg.status.reason, "1 usable port, min-links is 2");
	explain_reason(&lagg, &explain, reason);
	cr_expect_str_eq(reason, "the lagg has no carrier (1 usable port, min-links is 2): the frame is dropped; with "
				 "carrier it would take this port");
	explain.port[0] = '\0';
	explain_reason(&lagg, &explain, reason);
	cr_expect_str_eq(reason, "the lagg has no carrier (1 usable port, min-links is 2): the frame is dropped");
}

/* An older agent names neither the bucket's port nor its backup. */
Test(cli_explain, reads_the_answer)
{
	uint8_t buffer[512] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct view_explain read = {0};

	nlh->nlmsg_type = XLAGG_MSG_EXPLAIN;
	mnl_attr_put(nlh, XLAGG_A_EXPLANATION, sizeof(found.found), &found.found);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth2");
	cr_assert_eq(view_read_explain(nlh, &read), 0);
	cr_expect_str_eq(read.port, "eth2");
	cr_expect_str_eq(read.bucket_port, "");
	mnl_attr_put_strz(nlh, XLAGG_A_BUCKET_PORT, "eth1");
	mnl_attr_put_strz(nlh, XLAGG_A_BUCKET_BACKUP, "eth3");
	cr_assert_eq(view_read_explain(nlh, &read), 0);
	cr_expect_str_eq(read.bucket_port, "eth1");
	cr_expect_str_eq(read.backup, "eth3");
	cr_expect_eq(read.found.bucket, 7);
}
