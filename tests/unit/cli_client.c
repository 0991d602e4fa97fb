/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The connection, with answers that an agent should and should not give. They are written before they are asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/cli_kit.h"

static struct cli cli;
static int agent; /* the agent's end */

static void connect_both(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	cli = (struct cli){.fd = ends[0]};
	agent = ends[1];
}

static void close_both(void)
{
	cli_disconnect(&cli);
	if (agent >= 0)
		close(agent);
}

TestSuite(cli_client, .init = connect_both, .fini = close_both);

static void say(const void *octets, size_t len)
{
	cr_assert_eq(send(agent, octets, len, 0), (ssize_t)len);
}

static void say_message(struct nlmsghdr *nlh, uint16_t flags)
{
	nlh->nlmsg_flags = flags;
	say(nlh, nlh->nlmsg_len);
}

/* `cut` octets less of the answer than belong to it; `text` NULL: no sentence. */
static void say_error(int r, uint32_t seq, const char *text, size_t text_len, size_t cut)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(nlh, sizeof(*answer));

	nlh->nlmsg_type = NLMSG_ERROR;
	answer->error = r;
	answer->msg.nlmsg_seq = seq;
	if (text)
		mnl_attr_put(nlh, XLAGG_A_ERROR, text_len, text);
	nlh->nlmsg_len -= (uint32_t)cut;
	say_message(nlh, 0);
}

static void say_done(void)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = NLMSG_DONE;
	say_message(nlh, NLM_F_MULTI);
}

static int change(void)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_LAGG_DEL, .name = "lagg0"};

	return cli_change(&cli, &command);
}

Test(cli_client, done)
{
	say_error(0, 1, NULL, 0, 0);
	cr_expect_eq(change(), 0);
	cr_expect_geq(cli.fd, 0);
}

Test(cli_client, what_is_sent_can_be_decoded)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[4096];
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command;
	ssize_t len;

	say_error(0, 1, NULL, 0, 0);
	cr_assert_eq(change(), 0);
	len = recv(agent, buffer, sizeof(buffer), MSG_DONTWAIT);
	cr_assert_gt(len, 0);
	cr_assert_eq(ctl_decode(buffer, (size_t)len, &command, sentence), 0, "%s", sentence);
	cr_expect_eq(command.cmd, XLAGG_CMD_LAGG_DEL);
	cr_expect_str_eq(command.name, "lagg0");
}

Test(cli_client, a_refusal_has_its_sentence_and_its_command)
{
	static const char said[] = "there is not a lagg0";

	say_error(-ENODEV, 7, said, sizeof(said), 0);
	cr_expect_eq(change(), -ENODEV);
	cr_expect_str_eq(cli.sentence, said);
	cr_expect_eq(cli.refused_seq, 7);
	cr_expect_geq(cli.fd, 0, "a refusal does not end the connection");
}

Test(cli_client, a_refusal_without_a_sentence_says_the_errors_name)
{
	say_error(-EPERM, 1, NULL, 0, 0);
	cr_expect_eq(change(), -EPERM);
	cr_expect(strstr(cli.sentence, strerror(EPERM)), "%s", cli.sentence);
}

Test(cli_client, a_sentence_without_an_end_is_cut)
{
	say_error(-EINVAL, 1, "abcdef", 3, 0);
	cr_expect_eq(change(), -EINVAL);
	cr_expect_str_eq(cli.sentence, "abc");
}

Test(cli_client, an_answer_that_is_cut_ends_the_connection)
{
	say_error(0, 1, NULL, 0, 4);
	cr_expect_eq(change(), -EBADMSG);
	cr_expect_lt(cli.fd, 0);
	cr_expect(strstr(cli.sentence, "agent"), "%s", cli.sentence);
}

Test(cli_client, octets_that_are_no_message_end_the_connection)
{
	say("not a message at all", 20);
	cr_expect_eq(change(), -EBADMSG);
	cr_expect_lt(cli.fd, 0);
}

Test(cli_client, an_agent_that_goes_away)
{
	close(agent);
	agent = -1;
	cr_expect_lt(change(), 0);
	cr_expect_lt(cli.fd, 0);
	cr_expect(strstr(cli.sentence, "connection to the agent broke"), "%s", cli.sentence);
}

Test(cli_client, a_dump_of_three)
{
	struct view_lagg lagg;
	struct view view = {0};

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	for (int i = 0; i < 3; i++) {
		snprintf(lagg.model.name, XLAGG_NAME_MAX, "lagg%d", i);
		say_message(kit_message(&lagg, sizeof(lagg.status), sizeof(lagg.port[0])), NLM_F_MULTI);
	}
	say_done();
	cr_assert_eq(view_get(&cli, NULL, &view), 0);
	cr_assert_eq(view.laggs, 3);
	cr_expect_str_eq(view.lagg[2].model.name, "lagg2");
	view_free(&view);
}

Test(cli_client, a_dump_with_a_bad_lagg_gives_nothing)
{
	struct view_lagg lagg;
	struct view view = {.laggs = 99};

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	say_message(kit_message(&lagg, sizeof(lagg.status), sizeof(lagg.port[0])), NLM_F_MULTI);
	lagg.model.name[0] = '\0';
	say_message(kit_message(&lagg, sizeof(lagg.status), sizeof(lagg.port[0])), NLM_F_MULTI);
	say_done();
	cr_expect_eq(view_get(&cli, NULL, &view), -EBADMSG);
	cr_expect_eq(view.laggs, 99, "the view was touched");
	cr_expect_lt(cli.fd, 0);
}

Test(cli_client, a_name_that_nobody_knows)
{
	struct view view = {0};

	say_done();
	cr_expect_eq(view_get(&cli, "lagg9", &view), -ENODEV);
	cr_expect(strstr(cli.sentence, "lagg9"), "%s", cli.sentence);
	cr_expect_eq(view_get(&cli, "averyverylongname", &view), -ENODEV);
	cr_expect(strstr(cli.sentence, "15 characters"), "%s", cli.sentence);
}

Test(cli_client, nothing_came_in_time)
{
	const struct nlmsghdr *nlh;

	cr_expect_eq(cli_receive(&cli, 0, &nlh), -EAGAIN);
	cr_expect_geq(cli.fd, 0);
}

/* An agent that is stopped: connections wait until its queue is full. */
Test(cli_client, an_agent_that_takes_no_connection)
{
	char path[] = "/tmp/xlagg-cli-client.XXXXXX", text[64];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int waiting = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct cli late = {.fd = -1, .socket = text};

	cr_assert_not_null(mkdtemp(path));
	snprintf(text, sizeof(text), "%s/socket", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", text);
	cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 0), 0);
	cr_assert_eq(connect(waiting, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_expect_eq(cli_connect(&late), -ETIMEDOUT);
	cr_expect(strstr(late.sentence, "no agent answers") != NULL, "%s", late.sentence);
	close(waiting);
	close(listener);
	unlink(text);
	rmdir(path);
}
