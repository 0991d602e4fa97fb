/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* lagg(4)'s words. */
#include <errno.h>
#include <string.h>

#include "cli/ifconfig.h"
#include "unit/cli_kit.h"

/* Reads a line of words, as a shell would split it. */
static int parse(const char *line, struct ifconfig *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	char copy[512], *words[64], *rest = copy;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		if (*word)
			words[count++] = word;
	return ifconfig_parse(count, words, ret, sentence);
}

static void expect_refused(const char *line, const char *said)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ifconfig request;

	cr_expect_eq(parse(line, &request, sentence), -EINVAL, "%s", line);
	cr_expect(strstr(sentence, said), "`%s`: `%s` has no `%s`", line, sentence, said);
}

Test(cli_ifconfig, the_handbooks_line)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ifconfig request;

	cr_assert_eq(parse("up laggproto lacp laggport fxp0 laggport fxp1 10.0.0.3/24", &request, sentence), 0, "%s",
		     sentence);
	cr_expect(request.options.has_admin && request.options.conf.admin);
	cr_expect_eq(request.options.conf.proto, XLAGG_PROTO_LACP);
	cr_assert_eq(request.steps, 3);
	cr_expect_eq(request.step[0].cmd, XLAGG_CMD_PORT_ADD);
	cr_expect_str_eq(request.step[0].text, "fxp0");
	cr_expect_str_eq(request.step[1].text, "fxp1");
	cr_expect_eq(request.step[2].cmd, XLAGG_CMD_ADDRESS_ADD);
	cr_expect_str_eq(request.step[2].text, "10.0.0.3/24");
}

Test(cli_ifconfig, words_that_switch)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ifconfig request;

	cr_assert_eq(parse("create -lacp_strict lacp_fast_timeout use_flowid flowid_shift 3 rr_limit 5 lagghash l3,l4 "
			   "laggproto default -laggport em1 down ether 02:00:00:00:00:09 mtu 9000",
			   &request, sentence),
		     0, "%s", sentence);
	cr_expect(request.create);
	cr_expect_not(request.destroy);
	cr_expect_eq(request.options.conf.lacp_strict, 0);
	cr_expect_eq(request.options.conf.lacp_rate, XLAGG_RATE_FAST);
	cr_expect_eq(request.options.conf.flowid, 1);
	cr_expect_eq(request.options.conf.flowid_shift, 3);
	cr_expect_eq(request.options.conf.rr_limit, 5);
	cr_expect_eq(request.options.conf.hash, XLAGG_HASH_L3 | XLAGG_HASH_L4);
	cr_expect_eq(request.options.conf.proto, XLAGG_PROTO_FAILOVER);
	cr_expect(request.options.has_admin && !request.options.conf.admin);
	cr_expect_str_eq(request.options.conf.mac, "02:00:00:00:00:09");
	cr_expect_eq(request.options.conf.mtu, 9000);
	cr_expect_eq(__builtin_popcountll(request.options.has), 9);
	cr_expect_eq(request.step[0].cmd, XLAGG_CMD_PORT_DEL);
}

Test(cli_ifconfig, addresses)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ifconfig request;

	cr_assert_eq(parse("inet 10.0.0.3 netmask 255.255.255.0 inet 10.1.0.3 netmask 0xffff0000 alias "
			   "inet6 2001:db8::1 prefixlen 64 inet6 2001:DB8:0::2/64 delete",
			   &request, sentence),
		     0, "%s", sentence);
	cr_assert_eq(request.steps, 4);
	cr_expect_str_eq(request.step[0].text, "10.0.0.3/24");
	cr_expect_str_eq(request.step[1].text, "10.1.0.3/16");
	cr_expect_str_eq(request.step[2].text, "2001:db8::1/64");
	cr_expect_str_eq(request.step[3].text, "2001:db8::2/64");
	cr_expect_eq(request.step[2].cmd, XLAGG_CMD_ADDRESS_ADD);
	cr_expect_eq(request.step[3].cmd, XLAGG_CMD_ADDRESS_DEL);
}

Test(cli_ifconfig, netmasks)
{
	cr_expect_eq(ifconfig_netmask("0xffffff00"), 24);
	cr_expect_eq(ifconfig_netmask("255.255.255.255"), 32);
	cr_expect_eq(ifconfig_netmask("0.0.0.0"), 0);
	cr_expect_eq(ifconfig_netmask("255.0.255.0"), -EINVAL);
	cr_expect_eq(ifconfig_netmask("0xff00ff00"), -EINVAL);
	cr_expect_eq(ifconfig_netmask("0x"), -EINVAL);
	cr_expect_eq(ifconfig_netmask("0x1ffffffff"), -EINVAL);
	cr_expect_eq(ifconfig_netmask("24"), -EINVAL);
}

Test(cli_ifconfig, what_is_wrong)
{
	expect_refused("laggport", "laggport needs");
	expect_refused("laggproto lacq", "lacp");
	expect_refused("lagport eth0", "did you mean \"laggport\"");
	expect_refused("flowid_shift 32", "flowid-shift");
	expect_refused("-rr_limit", "unknown word");
	expect_refused("10.0.0.3 netmask 255.0.255.0", "netmask");
	expect_refused("10.0.0.300/24", "10.0.0.300");
	expect_refused("inet", "needs an address");
	expect_refused("laggtype infiniband", "ethernet");
	expect_refused("laggport averyveryverylongname", "15");
}

static struct link kit_link(const struct view_lagg *lagg)
{
	struct link link = {.name = "lagg0", .ifindex = 7, .flags = 0x1 | 0x2 | 0x40 | 0x1000 | 0x10000, .mtu = 1500};

	memcpy(link.mac, lagg->status.mac, sizeof(link.mac));
	link.ether = true;
	return link;
}

/* The device has no addresses here: index 7 of this namespace need not exist. */
static void expect_shown(const struct view_lagg *lagg, bool verbose, const char *const lines[])
{
	struct link link = kit_link(lagg);
	char text[4096] = "", *rest = text;
	FILE *out = fmemopen(text, sizeof(text), "w");

	link.ifindex = 0x7fffffff;
	ifconfig_show(out, &link, lagg, verbose);
	fclose(out);
	for (; *lines; lines++) {
		char *line = strsep(&rest, "\n");

		cr_expect_str_eq(line ? line : "(end)", *lines, "`%s` instead of `%s`", line ? line : "(end)", *lines);
	}
	cr_expect_str_eq(rest ? rest : "", "");
}

Test(cli_ifconfig, layout)
{
	static const char *const lines[] = {
	    "lagg0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500",
	    "\tether 02:42:ac:11:00:02",
	    "\tlaggproto failover lagghash l2,l3,l4",
	    "\tlaggport: eth1 flags=5<MASTER,ACTIVE>",
	    "\tlaggport: eth2 flags=0<>",
	    "\tgroups: lagg",
	    "\tmedia: Ethernet autoselect",
	    "\tstatus: active",
	    NULL,
	};
	struct view_lagg lagg;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	expect_shown(&lagg, false, lines);
}

Test(cli_ifconfig, layout_with_v)
{
	static const char *const lines[] = {
	    "lagg0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500",
	    "\tether 02:42:ac:11:00:02",
	    "\tlaggproto lacp lagghash l2,l3,l4",
	    "\tlagg options:",
	    "\t\tflags=90<LACP_STRICT,LACP_FAST_TIMO>",
	    "\t\tflowid_shift: 16",
	    "\tlagg statistics:",
	    "\t\tactive ports: 1",
	    "\t\tflapping: 0",
	    "\tlag id: [(8000,02-00-00-00-AB-01,000A,0000,0000),",
	    "\t\t (8000,02-00-00-00-AB-02,0014,0000,0000)]",
	    "\tlaggport: eth1 flags=1c<ACTIVE,COLLECTING,DISTRIBUTING> "
	    "state=3f<ACTIVITY,TIMEOUT,AGGREGATION,SYNC,COLLECTING,DISTRIBUTING>",
	    "\t\t[(8000,02-00-00-00-AB-01,000A,8000,0001),",
	    "\t\t (8000,02-00-00-00-AB-02,0014,8000,0007)]",
	    "\tlaggport: eth2 flags=0<> state=3f<ACTIVITY,TIMEOUT,AGGREGATION,SYNC,COLLECTING,DISTRIBUTING>",
	    "\t\t[(8000,02-00-00-00-AB-01,000A,8000,0002),",
	    "\t\t (8000,02-00-00-00-AB-02,0014,8000,0008)]",
	    "\tgroups: lagg",
	    "\tmedia: Ethernet autoselect",
	    "\tstatus: active",
	    NULL,
	};
	struct view_lagg lagg;

	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	expect_shown(&lagg, true, lines);
}
