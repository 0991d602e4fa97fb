/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Commands as messages, and messages that may hold anything. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_kit.h"

_Alignas(NLMSG_ALIGNTO) static uint8_t buffer[XLAGG_CTL_MAX];

static struct nlmsghdr *message(const char *line)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command;

	cr_assert_eq(kit_parse(line, &command, sentence), 0, "%s", sentence);
	cr_assert_gt(ctl_encode(&command, 0, 0, buffer, sizeof(buffer)), 0);
	return (struct nlmsghdr *)buffer;
}

/* Decodes from memory of exactly that size, so that AddressSanitizer sees what is read beyond it. */
static int decode(const void *octets, size_t len, struct ctl_command *ret, char sentence[XLAGG_SENTENCE_MAX])
{
	void *copy = malloc(len ?: 1);
	int r;

	memcpy(copy, octets, len);
	r = ctl_decode(copy, len, ret, sentence);
	free(copy);
	return r;
}

static void expect_refused(const struct nlmsghdr *nlh, int r, const char *said)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command, before;

	memset(&command, 0x5a, sizeof(command));
	before = command;
	cr_expect_eq(decode(nlh, nlh->nlmsg_len, &command, sentence), r, "%s", sentence);
	cr_expect_str_eq(sentence, said, "`%s` instead of `%s`", sentence, said);
	cr_expect(memcmp(&command, &before, sizeof(command)) == 0, "left something behind: %s", said);
}

/* A message with a name and an empty rest, to which a test adds what is wrong. */
static struct nlmsghdr *start(uint16_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = cmd;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, "lagg0");
	return nlh;
}

static struct nlmsghdr *start_nest(uint16_t cmd, uint16_t type, struct nlattr **nest)
{
	struct nlmsghdr *nlh = start(cmd);

	*nest = mnl_attr_nest_start(nlh, type);
	return nlh;
}

Test(ctl_codec, header)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_FLUSH};
	struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;

	cr_assert_eq(ctl_encode(&command, NLM_F_REQUEST | NLM_F_MULTI, 77, buffer, sizeof(buffer)), sizeof(*nlh));
	cr_assert_eq(nlh->nlmsg_len, sizeof(*nlh));
	cr_assert_eq(nlh->nlmsg_type, XLAGG_CMD_FLUSH);
	cr_assert_eq(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_MULTI);
	cr_assert_eq(nlh->nlmsg_seq, 77);
}

/* Equal commands are equal messages, and nothing of what stood in the buffer before goes out. */
Test(ctl_codec, padding_is_zero)
{
	_Alignas(NLMSG_ALIGNTO) static uint8_t other[1024];
	struct ctl_command command;
	int len;

	kit_parse("lagg add lagg0 mac active port e1 10.0.0.1/24", &command, NULL);
	memset(buffer, 0, sizeof(buffer));
	memset(other, 0xff, sizeof(other));
	len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));
	cr_assert_eq(ctl_encode(&command, 0, 0, other, sizeof(other)), len);
	cr_assert_arr_eq(buffer, other, len);
}

Test(ctl_codec, commands_come_back)
{
	static const char *const lines[] = {
	    "lagg add lagg0",
	    "lagg add lagg0 proto lacp hash l3,l4 primary eth1 probe 10.0.0.1,fe80::1 port-ethertypes 0800 mac from "
	    "wlan0 "
	    "down port eth1 prio 1 absent ok port eth2 number 7 10.0.0.1/24 2001:db8::1/64",
	    "lagg set lagg0 min-links 3 up",
	    "lagg del lagg0",
	    "lagg balance lagg0",
	    "lagg take bond0 check",
	    "lagg take bond0 proto failover primary eth1 port eth1 port eth2 weight 2 10.0.0.1/24",
	    "lagg give bond0",
	    "port add lagg0 eth1 weight 255 key 9 admin down",
	    "port set lagg0 eth1 prio 0",
	    "port del lagg0 eth1",
	    "port activate lagg0 eth1",
	    "address add lagg0 10.0.0.1/24 ::1/128",
	    "address del lagg0 10.0.0.1/24",
	    "flush",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[1024] = "", sentence[XLAGG_SENTENCE_MAX] = "";
		struct nlmsghdr *nlh = message(lines[i]);
		struct ctl_command command;
		FILE *out = fmemopen(text, sizeof(text), "w");

		cr_assert_eq(decode(nlh, nlh->nlmsg_len, &command, sentence), 0, "%s: %s", lines[i], sentence);
		cr_expect_not(command.from_file);
		ctl_print_command(out, &command);
		fclose(out);
		cr_expect_str_eq(text, lines[i]);
	}
	kit_no_leak();
}

Test(ctl_codec, flags_come_back)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_COMMIT, .check = true}, decoded;
	int len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));

	cr_assert_eq(decode(buffer, len, &decoded, NULL), 0);
	cr_assert(decoded.check);
	command = (struct ctl_command){.cmd = XLAGG_CMD_FLUSH, .from_file = true};
	len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));
	cr_assert_eq(decode(buffer, len, &decoded, NULL), 0);
	cr_assert(decoded.from_file);
	cr_assert_not(decoded.check);
	command = (struct ctl_command){.cmd = XLAGG_CMD_RELOAD};
	len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));
	cr_assert_eq(decode(buffer, len, &decoded, NULL), 0);
	cr_assert_eq(decoded.cmd, XLAGG_CMD_RELOAD);
}

Test(ctl_codec, random_values_come_back)
{
	uint64_t state = 5;

	for (int round = 0; round < 2000; round++) {
		struct ctl_command command = {.cmd = XLAGG_CMD_LAGG_ADD, .name = "lagg0", .ports = 1}, decoded;
		char sentence[XLAGG_SENTENCE_MAX] = "";
		int len;

		ctl_defaults(&command.conf);
		ctl_port_defaults(&command.port[0].conf);
		strcpy(command.port[0].name, "eth0");
		for (size_t i = 0; i < XLAGG_LAGG_OPTIONS; i++)
			if (kit_random(&state) % 2) {
				kit_random_value(&state, &xlagg_lagg_options[i], &command.conf);
				command.has |= 1ull << i;
			}
		for (size_t i = 0; i < XLAGG_PORT_OPTIONS; i++)
			if (kit_random(&state) % 2) {
				kit_random_value(&state, &xlagg_port_options[i], &command.port[0].conf);
				command.port[0].has |= 1ull << i;
			}
		len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));
		cr_assert_eq(decode(buffer, len, &decoded, sentence), 0, "%s", sentence);
		cr_assert_eq(decoded.has, command.has);
		cr_assert_eq(decoded.port[0].has, command.port[0].has);
		cr_assert_arr_eq(&decoded.conf, &command.conf, sizeof(command.conf));
		cr_assert_arr_eq(&decoded.port[0].conf, &command.port[0].conf, sizeof(command.port[0].conf));
	}
	kit_no_leak();
}

Test(ctl_codec, model_comes_back_from_its_command)
{
	struct ctl_model *model = kit_model(), *again = kit_model();

	for (uint64_t state = 11, round = 0; round < 200; round++) {
		kit_random_model(&state, model);
		again->laggs = 0;
		for (uint32_t i = 0; i < model->laggs; i++) {
			char sentence[XLAGG_SENTENCE_MAX] = "";
			struct ctl_command command;
			int len;

			ctl_model_to_command(&model->lagg[i], &command);
			len = ctl_encode(&command, 0, 0, buffer, XLAGG_SAVED_MAX);
			cr_assert_gt(len, 0);
			cr_assert_eq(decode(buffer, len, &command, sentence), 0, "%s", sentence);
			cr_assert_eq(ctl_apply(again, &command, sentence), 0, "%s", sentence);
		}
		cr_assert(kit_same(model, again));
	}
	free(model);
	free(again);
	kit_no_leak();
}

Test(ctl_codec, buffer_that_is_too_small)
{
	struct ctl_command command;
	int len;

	kit_parse("lagg add lagg0 proto lacp mac from wlan0 up port eth1 prio 3 port eth2 10.0.0.1/8", &command, NULL);
	command.from_file = true;
	len = ctl_encode(&command, 0, 0, buffer, sizeof(buffer));
	cr_assert_gt(len, 0);
	for (int size = 0; size < len; size++) {
		void *small = malloc(size ?: 1);

		cr_expect_eq(ctl_encode(&command, 0, 0, small, size), -EMSGSIZE, "%d octets", size);
		free(small);
	}
	cr_assert_eq(ctl_encode(&command, 0, 0, buffer, len), len);
	kit_no_leak();
}

Test(ctl_codec, largest_lagg_can_be_saved)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_LAGG_ADD, .name = "abcdefghijklmno", .has_admin = true};

	command.has = UINT64_MAX;
	ctl_defaults(&command.conf);
	memset(command.conf.probe, 'x', sizeof(command.conf.probe) - 1);
	command.ports = XLAGG_MAX_PORTS;
	for (int i = 0; i < XLAGG_MAX_PORTS; i++) {
		snprintf(command.port[i].name, XLAGG_NAME_MAX, "abcdefghijklm%02d", i);
		command.port[i].has = UINT64_MAX;
	}
	command.addresses = XLAGG_MAX_ADDRESSES;
	for (int i = 0; i < XLAGG_MAX_ADDRESSES; i++)
		memset(command.address[i], 'x', XLAGG_ADDRESS_MAX - 1);
	cr_assert_gt(ctl_encode(&command, 0, 0, buffer, XLAGG_SAVED_MAX), 0);
}

Test(ctl_codec, put_options)
{
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_SET);
	struct ctl_command command;
	struct xlagg_lagg_conf conf;
	struct xlagg_port_conf port;
	struct nlattr *nest;

	ctl_defaults(&conf);
	conf.mtu = 9000;
	ctl_put_options(nlh, &conf);
	cr_assert_eq(decode(nlh, nlh->nlmsg_len, &command, NULL), 0);
	cr_assert_eq(command.has, (1ull << XLAGG_LAGG_OPTIONS) - 1, "all of them");
	cr_assert_arr_eq(&command.conf, &conf, sizeof(conf));
	ctl_port_defaults(&port);
	port.weight = 7;
	nlh = start_nest(XLAGG_CMD_PORT_SET, XLAGG_A_PORT, &nest);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth0");
	ctl_put_port_options(nlh, &port);
	mnl_attr_nest_end(nlh, nest);
	cr_assert_eq(decode(nlh, nlh->nlmsg_len, &command, NULL), 0);
	cr_assert_eq(command.port[0].has, (1ull << XLAGG_PORT_OPTIONS) - 1);
	cr_assert_arr_eq(&command.port[0].conf, &port, sizeof(port));
	kit_no_leak();
}

Test(ctl_codec, lengths)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_DEL);
	struct ctl_command command;

	nlh->nlmsg_len += 4;
	cr_assert_eq(decode(nlh, nlh->nlmsg_len - 4, &command, sentence), -EBADMSG);
	cr_assert_str_eq(sentence, "the message is cut off: it has 28 octets and says otherwise");
	nlh->nlmsg_len -= 8;
	cr_assert_eq(decode(nlh, nlh->nlmsg_len + 4, &command, sentence), -EBADMSG);
	cr_assert_eq(decode(nlh, 0, &command, sentence), -EBADMSG);
	cr_assert_eq(decode(nlh, 15, &command, sentence), -EBADMSG);
	nlh = start(XLAGG_CMD_LAGG_DEL);
	((struct nlattr *)mnl_nlmsg_get_payload(nlh))->nla_len = 3;
	expect_refused(nlh, -EBADMSG, "the message is cut off or has an attribute of a wrong length");
	((struct nlattr *)mnl_nlmsg_get_payload(nlh))->nla_len = 13;
	expect_refused(nlh, -EBADMSG, "the message is cut off or has an attribute of a wrong length");
	nlh = start(XLAGG_CMD_LAGG_DEL);
	nlh->nlmsg_len += 2;
	expect_refused(nlh, -EBADMSG, "the message is cut off or has an attribute of a wrong length");
	kit_no_leak();
}

Test(ctl_codec, unknown_command)
{
	expect_refused(start(XLAGG_MSG_LAGG - 1), -EOPNOTSUPP,
		       "the agent does not know command 79; xlagg and xlaggd are of different versions");
	expect_refused(start(0), -EOPNOTSUPP,
		       "the agent does not know command 0; xlagg and xlaggd are of different versions");
	expect_refused(start(XLAGG_CMD_LAGG_GET), -EOPNOTSUPP,
		       "the agent does not know command 28; xlagg and xlaggd are of different versions");
	kit_no_leak();
}

Test(ctl_codec, attributes_that_do_not_belong)
{
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_DEL);
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, XLAGG_A_ADMIN, 1);
	expect_refused(nlh, -EOPNOTSUPP, "attribute 7 (ADMIN) does not belong to this command");
	nlh = start(XLAGG_CMD_LAGG_ADD);
	mnl_attr_put(nlh, XLAGG_A_CHECK, 0, NULL);
	expect_refused(nlh, -EOPNOTSUPP, "attribute 8 (CHECK) does not belong to this command");
	nlh = start(XLAGG_CMD_LAGG_ADD);
	mnl_attr_put_u32(nlh, 99, 1);
	expect_refused(nlh, -EOPNOTSUPP, "attribute 99 (unknown) does not belong to this command");
	nlh = start(XLAGG_CMD_LAGG_ADD);
	mnl_attr_put_u32(nlh, 0, 1);
	expect_refused(nlh, -EOPNOTSUPP, "attribute 0 (unknown) does not belong to this command");
	expect_refused(start(XLAGG_CMD_FLUSH), -EOPNOTSUPP, "attribute 1 (NAME) does not belong to this command");
	nlh = start(XLAGG_CMD_LAGG_DEL);
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, "lagg1");
	expect_refused(nlh, -EBADMSG, "NAME is twice in the message");
	nlh = start_nest(XLAGG_CMD_PORT_ADD, XLAGG_A_PORT, &nest);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth0");
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth1");
	mnl_attr_nest_end(nlh, nest);
	expect_refused(nlh, -EBADMSG, "attribute 4 (PORT_NAME) does not belong in PORT, or is there twice");
	nlh = start_nest(XLAGG_CMD_PORT_ADD, XLAGG_A_PORT, &nest);
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, "eth0");
	mnl_attr_nest_end(nlh, nest);
	expect_refused(nlh, -EBADMSG, "attribute 1 (NAME) does not belong in PORT, or is there twice");
	kit_no_leak();
}

Test(ctl_codec, missing_attributes)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nlattr *nest;

	nlh->nlmsg_type = XLAGG_CMD_LAGG_SET;
	expect_refused(nlh, -EBADMSG, "the message has no NAME, which its command needs");
	expect_refused(start(XLAGG_CMD_PORT_DEL), -EBADMSG, "the message has no PORT, which its command needs");
	expect_refused(start(XLAGG_CMD_ADDRESS_DEL), -EBADMSG, "the message has no ADDRESS, which its command needs");
	nlh = start_nest(XLAGG_CMD_PORT_ADD, XLAGG_A_PORT, &nest);
	mnl_attr_nest_end(nlh, nest);
	expect_refused(nlh, -EINVAL, "a port has no name; give it one of 1 to 15 characters");
	kit_no_leak();
}

static struct nlmsghdr *with_option(uint16_t type, size_t len, const void *value)
{
	struct nlattr *nest;
	struct nlmsghdr *nlh = start_nest(XLAGG_CMD_LAGG_SET, XLAGG_A_OPTIONS, &nest);

	mnl_attr_put(nlh, type, len, value);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

Test(ctl_codec, wrong_options)
{
	const uint16_t proto = 1, mac = 34;
	uint32_t number = 3;
	struct nlattr *nest;
	struct nlmsghdr *nlh;

	cr_assert_str_eq(xlagg_lagg_options[mac - 1].name, "mac");
	expect_refused(with_option(XLAGG_LAGG_OPTIONS + 1, 4, &number), -EOPNOTSUPP,
		       "the agent does not know lagg option 46; xlagg and xlaggd are of different versions");
	expect_refused(with_option(0, 4, &number), -EOPNOTSUPP,
		       "the agent does not know lagg option 0; xlagg and xlaggd are of different versions");
	expect_refused(with_option(proto, 2, &number), -EBADMSG, "proto in the message has 2 octets instead of 4");
	expect_refused(with_option(proto, 0, &number), -EBADMSG, "proto in the message has 0 octets instead of 4");
	number = 6;
	expect_refused(with_option(proto, 4, &number), -ERANGE, "6 is not a value of proto, which has 6");
	expect_refused(with_option(mac, 4, "auto"), -EBADMSG, "mac in the message does not end in one NUL");
	expect_refused(with_option(mac, 0, ""), -EBADMSG, "mac in the message does not end in one NUL");
	expect_refused(with_option(mac, 6, "auto\0"), -EBADMSG, "mac in the message does not end in one NUL");
	expect_refused(with_option(mac, 25, "abcdefghijklmnopqrstuvwx"), -ENAMETOOLONG,
		       "mac in the message is too long: 24 characters, at most 23 fit");
	expect_refused(with_option(mac, 3, "xx"), -EINVAL,
		       "xx is not a value of mac; it takes auto, a MAC, from DEV or active");
	number = 0;
	nlh = start_nest(XLAGG_CMD_LAGG_SET, XLAGG_A_OPTIONS, &nest);
	mnl_attr_put(nlh, proto, 4, &number);
	mnl_attr_put(nlh, proto, 4, &number);
	mnl_attr_nest_end(nlh, nest);
	expect_refused(nlh, -EBADMSG, "proto is twice in the message");
	kit_no_leak();
}

Test(ctl_codec, wrong_values)
{
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_SET);

	mnl_attr_put_u32(nlh, XLAGG_A_ADMIN, 2);
	expect_refused(nlh, -ERANGE, "ADMIN in the message is 2; it is 0 or 1");
	nlh = start(XLAGG_CMD_LAGG_SET);
	mnl_attr_put_u32(nlh, XLAGG_A_FROM_FILE, 1);
	expect_refused(nlh, -EBADMSG, "FROM_FILE in the message has a value, but is a flag");
	nlh = start(XLAGG_CMD_ADDRESS_ADD);
	mnl_attr_put_strz(nlh, XLAGG_A_ADDRESS, "10.0.0.1");
	expect_refused(nlh, -EINVAL, "10.0.0.1 has no prefix length; write 10.0.0.1/24");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_LAGG_ADD;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, "a/b");
	expect_refused(nlh, -EINVAL, "a/b cannot be the name of a lagg: Linux allows no blanks, /, : or % in it");
	kit_no_leak();
}

Test(ctl_codec, too_many)
{
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_ADD);

	for (int i = 0; i <= XLAGG_MAX_PORTS; i++) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, XLAGG_A_PORT);
		char name[XLAGG_NAME_MAX];

		snprintf(name, sizeof(name), "eth%d", i);
		mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, name);
		mnl_attr_nest_end(nlh, nest);
	}
	expect_refused(nlh, -E2BIG, "the command has more than 32 ports; give fewer");
	nlh->nlmsg_type = XLAGG_CMD_PORT_ADD;
	expect_refused(nlh, -E2BIG, "the command has more than 1 port; give fewer");
	nlh = start(XLAGG_CMD_LAGG_ADD);
	for (int i = 0; i <= XLAGG_MAX_ADDRESSES; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_ADDRESS, "10.0.0.1/24");
	expect_refused(nlh, -E2BIG, "the command has more than 32 addresses; give fewer");
	kit_no_leak();
}

/* A command that came through is one that can be applied, printed and encoded. */
static void check_accepted(const struct ctl_command *command)
{
	static struct ctl_model model;
	static char text[1 << 16];
	FILE *out = fmemopen(text, sizeof(text), "w");

	model.laggs = 0;
	ctl_apply(&model, command, NULL);
	ctl_print_command(out, command);
	fclose(out);
}

Test(ctl_codec, every_prefix_is_refused_or_valid)
{
	struct nlmsghdr *nlh = message("lagg add lagg0 proto lacp mac from wlan0 probe 10.0.0.1 down port eth1 prio 3 "
				       "absent ok port eth2 10.0.0.1/24 ::1/64");
	size_t len = nlh->nlmsg_len;
	int accepted = 0;

	for (size_t cut = 0; cut < len; cut++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct ctl_command command;

		nlh->nlmsg_len = len;
		cr_assert_eq(decode(nlh, cut, &command, sentence), -EBADMSG);
		cr_assert(*sentence);
		*sentence = '\0';
		nlh->nlmsg_len = cut;
		if (decode(nlh, cut, &command, sentence) == 0) {
			check_accepted(&command);
			accepted++;
		} else {
			cr_assert(*sentence);
		}
	}
	cr_assert_geq(accepted, 6, "it may end behind each attribute");
	kit_no_leak();
}

Test(ctl_codec, anything)
{
	struct nlmsghdr *nlh = message("lagg add lagg0 proto lacp mac from wlan0 probe 10.0.0.1 down port eth1 prio 3 "
				       "absent ok port eth2 10.0.0.1/24 ::1/64");
	uint8_t original[1024], changed[1024];
	size_t len = nlh->nlmsg_len;
	uint64_t state = 9;
	int accepted = 0;

	memcpy(original, nlh, len);
	for (int round = 0; round < 50000; round++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct ctl_command command;

		memcpy(changed, original, len);
		for (uint32_t i = kit_random(&state) % 4; i < 4; i++)
			changed[sizeof(uint32_t) + kit_random(&state) % (len - sizeof(uint32_t))] =
			    kit_random(&state) % 3 ? kit_random(&state) % 40 : kit_random(&state);
		if (decode(changed, len, &command, sentence) == 0) {
			check_accepted(&command);
			accepted++;
		} else {
			cr_assert(*sentence);
		}
	}
	cr_assert(accepted > 100 && accepted < 49000, "%d accepted: the changes are too wild or too tame", accepted);
	kit_no_leak();
}

Test(ctl_codec, queries)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct nlmsghdr *nlh = start(XLAGG_CMD_LAGG_GET);
	struct ctl_query query;
	uint8_t frame[64] = {1};

	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), 0);
	cr_assert_str_eq(query.name, "lagg0");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_AGENT_GET;
	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), 0);
	cr_assert_str_eq(query.name, "");
	nlh = start(XLAGG_CMD_EXPLAIN);
	mnl_attr_put(nlh, XLAGG_A_FRAME, sizeof(frame), frame);
	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), 0);
	cr_assert_eq(query.frame_len, sizeof(frame));
	cr_assert_arr_eq(query.frame, frame, sizeof(frame));
	nlh = start(XLAGG_CMD_CAPTURE);
	mnl_attr_put_u32(nlh, XLAGG_A_SNAPLEN, 96);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth1");
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth2");
	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), 0);
	cr_assert_eq(query.snaplen, 96);
	cr_assert_eq(query.ports, 2);
	cr_assert_str_eq(query.port[1], "eth2");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_NAME_GET;
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "uplink-one");
	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), 0);
	cr_assert_str_eq(query.port[0], "uplink-one");
	nlh = start(XLAGG_CMD_LAGG_SET);
	cr_assert_eq(ctl_decode_query(nlh, nlh->nlmsg_len, &query, sentence), -ENOTSUP, "is none");
	kit_no_leak();
}

static void expect_query_refused(const struct nlmsghdr *nlh, int r, const char *said)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_query query;
	void *copy = malloc(nlh->nlmsg_len);

	memcpy(copy, nlh, nlh->nlmsg_len);
	cr_expect_eq(ctl_decode_query(copy, nlh->nlmsg_len, &query, sentence), r);
	cr_expect_str_eq(sentence, said);
	free(copy);
}

Test(ctl_codec, wrong_queries)
{
	uint8_t frame[20000] = {};
	struct nlmsghdr *nlh = start(XLAGG_CMD_EXPLAIN);

	expect_query_refused(nlh, -EINVAL, "explain needs the name of a lagg and a frame");
	mnl_attr_put(nlh, XLAGG_A_FRAME, 13, frame);
	expect_query_refused(nlh, -EINVAL, "the frame has 13 octets; explain takes 14..16384");
	nlh = start(XLAGG_CMD_EXPLAIN);
	mnl_attr_put(nlh, XLAGG_A_FRAME, 16385, frame);
	expect_query_refused(nlh, -EINVAL, "the frame has 16385 octets; explain takes 14..16384");
	nlh = start(XLAGG_CMD_SUBSCRIBE);
	mnl_attr_put(nlh, XLAGG_A_FRAME, 64, frame);
	expect_query_refused(nlh, -EOPNOTSUPP, "attribute 9 (FRAME) does not belong to this request");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_NAME_GET;
	expect_query_refused(nlh, -EINVAL, "one name can be asked about at a time");
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "");
	expect_query_refused(nlh, -EINVAL, "one name can be asked about at a time");
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth1");
	expect_query_refused(nlh, -EINVAL, "one name can be asked about at a time");
	expect_query_refused(start(XLAGG_CMD_NAME_GET), -EOPNOTSUPP,
			     "attribute 1 (NAME) does not belong to this request");
	expect_query_refused(start(XLAGG_CMD_AGENT_GET), -EOPNOTSUPP,
			     "attribute 1 (NAME) does not belong to this request");
	nlh = start(XLAGG_CMD_LAGG_GET);
	((struct nlattr *)mnl_nlmsg_get_payload(nlh))->nla_len = 40;
	expect_query_refused(nlh, -EBADMSG, "the message is cut off or has an attribute of a wrong length");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_LAGG_GET;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, "abcdefghijklmnop");
	expect_query_refused(nlh, -ENAMETOOLONG, "NAME in the message is too long: 16 characters, at most 15 fit");
	nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_CMD_CAPTURE;
	expect_query_refused(nlh, -EINVAL, "capture needs the name of a lagg");
	nlh = start(XLAGG_CMD_CAPTURE);
	for (uint32_t i = 0; i <= XLAGG_MAX_PORTS; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, "eth1");
	expect_query_refused(nlh, -E2BIG, "a lagg has at most 32 ports");
	nlh = start(XLAGG_CMD_CAPTURE);
	mnl_attr_put_u8(nlh, XLAGG_A_SNAPLEN, 1);
	expect_query_refused(nlh, -EBADMSG, "SNAPLEN in the message has 1 octets instead of 4");
	kit_no_leak();
}
