/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Messages from agents of any age, and from none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/cli_kit.h"
#include "xlagg/walk.h"

/* Reads from memory of exactly that size, so that AddressSanitizer sees what is read beyond it. */
static int read_lagg(const struct nlmsghdr *nlh, size_t len, struct view_lagg *ret)
{
	void *copy = malloc(len);
	int r;

	memcpy(copy, nlh, len);
	struct walk walk = {copy, len};
	r = walk_next_message(&walk) ? view_read_lagg(copy, ret) : -EBADMSG;
	free(copy);
	return r;
}

Test(cli_view, what_was_sent_is_read)
{
	struct view_lagg sent, got;
	const struct nlmsghdr *nlh;

	kit_lagg(XLAGG_PROTO_LACP, &sent);
	sent.model.conf.min_links = 2;
	strcpy(sent.model.conf.primary, "eth2");
	sent.model.port[1].conf.prio = 7;
	nlh = kit_message(&sent, sizeof(sent.status), sizeof(sent.port[0]));
	cr_assert_eq(read_lagg(nlh, nlh->nlmsg_len, &got), 0);
	cr_expect_str_eq(got.model.name, "lagg0");
	cr_expect_eq(got.model.conf.min_links, 2);
	cr_expect_str_eq(got.model.conf.primary, "eth2");
	cr_expect_eq(got.model.ports, 2);
	cr_expect_str_eq(got.model.port[1].name, "eth2");
	cr_expect_eq(got.model.port[1].conf.prio, 7);
	cr_expect_str_eq(got.model.address[0], "10.0.0.3/24");
	cr_expect_eq(memcmp(&got.status, &sent.status, sizeof(got.status)), 0);
	cr_expect_eq(memcmp(&got.port[1], &sent.port[1], sizeof(got.port[1])), 0);
}

Test(cli_view, an_older_agents_status_is_zero_where_it_ends)
{
	struct view_lagg sent, got;
	const struct nlmsghdr *nlh;

	kit_lagg(XLAGG_PROTO_FAILOVER, &sent);
	nlh = kit_message(&sent, offsetof(struct xlagg_lagg_status, speed), offsetof(struct xlagg_port_status, flags));
	cr_assert_eq(read_lagg(nlh, nlh->nlmsg_len, &got), 0);
	cr_expect_eq(got.status.mtu, 1500);
	cr_expect_eq(got.status.speed, 0);
	cr_expect_eq(got.status.tx_packets, 0);
	cr_expect_eq(got.port[0].speed, 10000);
	cr_expect_eq(got.port[0].flags, 0);
	cr_expect_str_eq(got.port[1].reason, "");
}

Test(cli_view, a_newer_agents_status_is_read_as_far_as_it_is_known)
{
	struct view_lagg sent, got;
	const struct nlmsghdr *nlh;

	kit_lagg(XLAGG_PROTO_FAILOVER, &sent);
	nlh = kit_message(&sent, sizeof(sent.status) + 64, sizeof(sent.port[0]) + 64);
	cr_assert_eq(read_lagg(nlh, nlh->nlmsg_len, &got), 0);
	cr_expect_eq(memcmp(&got.status, &sent.status, sizeof(got.status)), 0);
	cr_expect_eq(memcmp(&got.port[0], &sent.port[0], sizeof(got.port[0])), 0);
}

Test(cli_view, texts_without_an_end_get_one)
{
	struct view_lagg sent, got;
	const struct nlmsghdr *nlh;

	kit_lagg(XLAGG_PROTO_FAILOVER, &sent);
	memset(sent.status.reason, 'x', sizeof(sent.status.reason));
	memset(sent.status.active_port, 'y', sizeof(sent.status.active_port));
	memset(sent.port[0].reason, 'z', sizeof(sent.port[0].reason));
	nlh = kit_message(&sent, sizeof(sent.status), sizeof(sent.port[0]));
	cr_assert_eq(read_lagg(nlh, nlh->nlmsg_len, &got), 0);
	cr_expect_eq(strlen(got.status.reason), XLAGG_SENTENCE_MAX - 1);
	cr_expect_eq(strlen(got.status.active_port), XLAGG_NAME_MAX - 1);
	cr_expect_eq(strlen(got.port[0].reason), XLAGG_SENTENCE_MAX - 1);
}

/* Cut anywhere, and with any octet changed: an error or a lagg, never a read beyond the message. */
Test(cli_view, damaged_messages)
{
	struct view_lagg sent, got;
	struct nlmsghdr *nlh;
	uint8_t *octets;
	size_t len;

	kit_lagg(XLAGG_PROTO_LACP, &sent);
	nlh = kit_message(&sent, sizeof(sent.status), sizeof(sent.port[0]));
	octets = (uint8_t *)nlh;
	len = nlh->nlmsg_len;
	for (size_t cut = sizeof(*nlh); cut < len; cut += 4) {
		nlh->nlmsg_len = (uint32_t)cut;
		if (read_lagg(nlh, cut, &got) == 0)
			cr_expect_leq(got.model.ports, sent.model.ports);
	}
	nlh->nlmsg_len = (uint32_t)len;
	for (size_t at = sizeof(*nlh); at < len; at++) {
		uint8_t before = octets[at];

		octets[at] ^= 0xff;
		if (read_lagg(nlh, len, &got) == 0)
			cr_expect(memchr(got.model.name, '\0', sizeof(got.model.name)), "octet %zu", at);
		octets[at] = before;
	}
}

Test(cli_view, more_ports_than_a_lagg_has_are_refused)
{
	struct view_lagg sent, got;
	const struct nlmsghdr *nlh;

	kit_lagg(XLAGG_PROTO_FAILOVER, &sent);
	for (sent.model.ports = 0; sent.model.ports < XLAGG_MAX_PORTS; sent.model.ports++)
		snprintf(sent.model.port[sent.model.ports].name, XLAGG_NAME_MAX, "eth%u", sent.model.ports);
	nlh = kit_message(&sent, sizeof(sent.status), sizeof(sent.port[0]));
	cr_assert_eq(read_lagg(nlh, nlh->nlmsg_len, &got), 0);
	cr_expect_eq(got.model.ports, XLAGG_MAX_PORTS);
	struct nlattr *nest = mnl_attr_nest_start((struct nlmsghdr *)nlh, XLAGG_A_PORT);
	mnl_attr_put_strz((struct nlmsghdr *)nlh, XLAGG_A_PORT_NAME, "eth99");
	mnl_attr_nest_end((struct nlmsghdr *)nlh, nest);
	cr_expect_eq(read_lagg(nlh, nlh->nlmsg_len, &got), -EBADMSG);
}

Test(cli_view, what_is_no_lagg_is_refused)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct view_lagg got;
	struct xlagg_event event;

	nlh->nlmsg_type = XLAGG_MSG_LAGG; /* without a name */
	cr_expect_eq(view_read_lagg(nlh, &got), -EBADMSG);
	nlh->nlmsg_type = XLAGG_MSG_EVENT; /* without an event */
	cr_expect_eq(view_read_lagg(nlh, &got), -EBADMSG);
	cr_expect_eq(view_read_event(nlh, &event), -EBADMSG);
}
