/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The frames of explain, the lines of top, and the file that save writes. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/explain.h"
#include "cli/progress.h"
#include "cli/top.h"
#include "unit/cli_kit.h"

/* --- explain --- */

static int parse(const char *line, struct explain_flow *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	char copy[512], *words[64], *rest = copy;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		if (*word)
			words[count++] = word;
	return explain_parse(count, words, ret, sentence);
}

static size_t frame_of(const char *line, uint8_t frame[EXPLAIN_FRAME_MAX])
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct explain_flow flow;

	cr_assert_eq(parse(line, &flow, sentence), 0, "%s", sentence);
	return explain_frame(&flow, frame);
}

static void expect_octets(const uint8_t *frame, size_t at, const char *hex)
{
	for (size_t i = 0; hex[2 * i]; i++) {
		unsigned int octet;

		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &octet), 1);
		cr_expect_eq(frame[at + i], octet, "octet %zu is %02x, not %02x", at + i, frame[at + i], octet);
	}
}

Test(cli_explain, ipv4_tcp)
{
	uint8_t frame[EXPLAIN_FRAME_MAX];
	uint32_t sum = 0;

	cr_expect_eq(frame_of("src-mac 02:00:00:00:00:01 dst-mac 02:00:00:00:00:02 src 10.0.0.1 dst 10.0.0.2 proto tcp "
			      "sport 1000 dport 5001",
			      frame),
		     60);
	expect_octets(frame, 0, "0200000000020200000000010800");
	expect_octets(frame, 14, "4500");
	expect_octets(frame, 14 + 9, "06");
	expect_octets(frame, 14 + 12, "0a0000010a000002");
	expect_octets(frame, 34, "03e81389");
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(frame[14 + i] << 8 | frame[15 + i]);
	cr_expect_eq((sum & 0xffff) + (sum >> 16), 0xffff, "the header's checksum is wrong");
}

Test(cli_explain, ipv6_udp_in_a_vlan)
{
	uint8_t frame[EXPLAIN_FRAME_MAX];

	cr_expect_eq(
	    frame_of("vlan 100 src 2001:db8::1 dst 2001:db8::2 proto udp sport 1 dport 2 flowlabel 0x12345", frame),
	    78);
	expect_octets(frame, 12, "8100006486dd60012345");
	expect_octets(frame, 18 + 6, "11");
	expect_octets(frame, 18 + 8, "20010db8000000000000000000000001");
	expect_octets(frame, 18 + 40, "00010002");
}

Test(cli_explain, without_ip)
{
	uint8_t frame[EXPLAIN_FRAME_MAX];

	cr_expect_eq(frame_of("dst-mac ff:ff:ff:ff:ff:ff", frame), 60);
	expect_octets(frame, 12, "88b5");
	frame_of("sport 7", frame); /* ports make it TCP over IPv4 */
	expect_octets(frame, 12, "0800");
	expect_octets(frame, 14 + 9, "06");
}

Test(cli_explain, what_is_wrong)
{
	static const struct {
		const char *line, *said;
	} cases[] = {
	    {"src 10.0.0.1 dst ::1", "both"},
	    {"src 10.0.0.256", "not an IPv4 or IPv6 address"},
	    {"sport 65536", "0..65535"},
	    {"proto icmpx", "proto is"},
	    {"vlan 4095", "0..4094"},
	    {"dst", "needs a value"},
	    {"proto 47 sport 1", "tcp, udp or"},
	    {"src 10.0.0.1 flowlabel 1", "IPv6"},
	    {"srx 10.0.0.1", "src"},
	    {"sport 1 sport 2", "twice"},
	    {"src-mac 02:00:00:00:00", "not a MAC"},
	    {"sport -1", "0..65535"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct explain_flow flow;

		cr_expect_eq(parse(cases[i].line, &flow, sentence), -EINVAL, "%s", cases[i].line);
		cr_expect(strstr(sentence, cases[i].said), "`%s`: `%s`", cases[i].line, sentence);
	}
}

/* --- top --- */

Test(cli_top, numbers_for_people)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
	    {0, "0 "},	       {999.4, "999 "},	  {999.5, "1.00 k"},  {1250, "1.25 k"},
	    {12345, "12.3 k"}, {999499, "999 k"}, {999500, "1.00 M"}, {9.4e9, "9.40 G"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16];

		top_human(cases[i].value, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].text, "%f is %s, not %s", cases[i].value, text, cases[i].text);
	}
}

Test(cli_top, a_counter_that_began_anew_gives_no_rate)
{
	cr_expect_eq(top_rate(100, 300, 2), 100);
	cr_expect_eq(top_rate(300, 100, 2), 0);
	cr_expect_eq(top_rate(100, 300, 0), 0);
}

Test(cli_top, a_ports_line)
{
	struct view_lagg before, now;
	char line[TOP_LINE_MAX];

	kit_lagg(XLAGG_PROTO_FAILOVER, &before);
	now = before;
	now.port[0].stats.tx_bytes += 1250000;
	now.port[0].stats.tx_packets += 1000;
	top_port_line(&now, 0, &before, 1, line, sizeof(line));
	cr_expect(strstr(line, "eth1"), "%s", line);
	cr_expect(strstr(line, "MASTER,ACTIVE"), "%s", line);
	cr_expect(strstr(line, "100.0 %"), "%s", line);
	cr_expect(strstr(line, "10.0 M"), "%s", line);
	cr_expect(strstr(line, "1.00 k"), "%s", line);
	cr_expect_leq(strlen(line), 80, "%s", line);
	cr_expect_float_eq(top_port_rate(&now, 0, &before, 1), 1250000, 0.5);
	top_port_line(&now, 1, NULL, 1, line, sizeof(line));
	cr_expect(strstr(line, "eth2            -  "), "%s", line);
	top_reason_line(now.port[1].reason, line, sizeof(line));
	cr_expect(strstr(line, "      standby: eth1 is the active port"), "%s", line);
	top_port_heading(line, sizeof(line));
	cr_expect_leq(strlen(line), 80, "%s", line);
}

Test(cli_top, lines_of_a_lagg_fit_a_terminal)
{
	struct view_lagg before, now;
	char line[TOP_LINE_MAX];

	kit_lagg(XLAGG_PROTO_LACP, &before);
	now = before;
	now.status.tx_bytes += 987654321987ull;
	now.status.tx_packets += 987654321;
	now.status.rx_bytes += 987654321987ull;
	now.status.rx_packets += 987654321;
	top_rates_line(&now, &before, 1, line, sizeof(line));
	cr_expect_str_eq(line, "  TX 7.90 Tbit/s 988 Mpps   RX 7.90 Tbit/s 988 Mpps");
	top_lagg_line(&now, line, sizeof(line));
	cr_expect(strstr(line, "lagg0  lacp  active  "), "%s", line);
	cr_expect_leq(strlen(line), 80, "%s", line);
	now.port[0].flags = 0x1c;
	top_port_line(&now, 0, &before, 1, line, sizeof(line));
	cr_expect(strstr(line, " DISTRIBUTING "), "%s", line);
	cr_expect_leq(strlen(line), 80, "%s", line);
}

Test(cli_top, long_sentences_break_between_words)
{
	cr_expect_eq(top_fit("no carrier", 10), 10);
	cr_expect_eq(top_fit("no carrier", 9), 2);
	cr_expect_eq(top_fit("no carrier on it", 10), 10);
	cr_expect_eq(top_fit("unbreakable", 4), 4);
	cr_expect_eq(top_fit("", 4), 0);
}

Test(cli_top, ages_for_people)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {{0, "0 s"}, {119, "119 s"}, {120, "2 min"}, {7199, "119 min"}, {7200, "2 h"}, {172800, "2 d"}};
	char text[TOP_AGE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		top_age(KIT_TIME_NS, KIT_TIME_NS + cases[i].seconds * 1000000000, text);
		cr_expect_str_eq(text, cases[i].text);
	}
	top_age(KIT_TIME_NS, KIT_TIME_NS - 1, text);
	cr_expect_str_eq(text, "0 s", "a clock that was set back");
}

/* --- progress --- */

Test(cli_progress, a_line_says_what_is_waited_for)
{
	struct xlagg_progress now = {.done = 12, .of = 100, .step = XLAGG_STEP_MAKE, .lagg = "lagg12"};
	char line[128];

	cli_progress_line(&now, line, sizeof(line));
	cr_expect_str_eq(line, "12 of 100 laggs: making lagg12");
	cli_progress_line(&now, line, 11);
	cr_expect_str_eq(line, "12 of 100 ", "no more than fits");
	now = (struct xlagg_progress){.of = 1, .step = XLAGG_STEP_FLIGHT};
	cli_progress_line(&now, line, sizeof(line));
	cr_expect_str_eq(line, "0 of 1 lagg: waiting for frames in flight to ports that leave");
	now = (struct xlagg_progress){.of = 2, .step = XLAGG_STEP_REMOVE, .lagg = "\x1b[2J"};
	cli_progress_line(&now, line, sizeof(line));
	cr_expect_not(strchr(line, 27), "an escape reaches the terminal");
	now.step = XLAGG_STEP_MAX;
	now.lagg[0] = '\0';
	cli_progress_line(&now, line, sizeof(line));
	cr_expect_str_eq(line, "0 of 2 laggs", "of a newer agent");
}

/* --- save --- */

static struct ctl_model *model_of(enum xlagg_proto proto)
{
	struct ctl_model *model = calloc(1, sizeof(*model));
	struct view_lagg lagg;

	kit_lagg(proto, &lagg);
	model->laggs = 1;
	model->lagg[0] = lagg.model;
	return model;
}

static void expect_file(const char *path, const char *said)
{
	char *text = config_slurp(path);

	cr_assert(text, "%s", path);
	cr_expect(strstr(text, said), "%s", text);
	free(text);
}

Test(cli_save, the_file_is_replaced_at_once)
{
	char folder[] = "/tmp/cli_save.XXXXXX", path[64], link[64];
	struct ctl_model *model = model_of(XLAGG_PROTO_LACP);
	struct stat first, second;

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/conf", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	cr_assert_eq(config_write(path, model), 0);
	expect_file(path, "lagg add lagg0 proto lacp");
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert_eq(stat(path, &first), 0);
	/* Through a link: the link stays, what it names is another file with the same permissions. */
	cr_assert_eq(symlink(path, link), 0);
	model->lagg[0].conf.proto = XLAGG_PROTO_ROUNDROBIN;
	cr_assert_eq(config_write(link, model), 0);
	expect_file(path, "lagg add lagg0 proto roundrobin");
	cr_assert_eq(stat(path, &second), 0);
	cr_expect_eq(second.st_mode & 07777, 0640);
	cr_expect_neq(second.st_ino, first.st_ino);
	cr_assert_eq(lstat(link, &second), 0);
	cr_expect(S_ISLNK(second.st_mode));
	cr_expect_eq(unlink(link), 0);
	cr_expect_eq(unlink(path), 0);
	cr_expect_eq(rmdir(folder), 0, "something was left in the folder");
	free(model);
}

Test(cli_save, a_folder_that_does_not_exist)
{
	struct ctl_model *model = model_of(XLAGG_PROTO_LACP);

	cr_expect_eq(config_write("/nonexistent/folder/conf", model), -ENOENT);
	free(model);
}

Test(cli_save, pinned_laggs_are_named)
{
	static const char *const folders[] = {"lagg0", "lagg10", "lagg2", "b%=c3%=bcro%=1b", "netns"};
	char pins[] = "/tmp/cli_pins.XXXXXX", path[128], names[128];

	cr_assert(mkdtemp(pins));
	cr_expect_eq(cli_pinned_laggs(pins, names, sizeof(names)), 0);
	cr_expect_str_eq(names, "");
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", pins, folders[i]);
		cr_assert_eq(mkdir(path, 0755), 0);
		strcat(path, "/control");
		if (i < 4)
			fclose(fopen(path, "w"));
	}
	cr_expect_eq(cli_pinned_laggs(pins, names, sizeof(names)), 4);
	cr_expect_str_eq(names, "$'b\xc3\xbcro\\x1b', lagg0, lagg2 and lagg10");
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s/control", pins, folders[i]);
		unlink(path);
		*strrchr(path, '/') = '\0';
		rmdir(path);
	}
	cr_expect_eq(rmdir(pins), 0);
}
