/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A hostile agent: the CLI asks, and gets any messages as the answer. The first octet of the input chooses the output,
 * the second the command; then come the messages, each after two octets with its length, the high one first.
 */
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/show.h"

#define MESSAGES_MAX 8
#define WORDS_MAX 12

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const commands[][WORDS_MAX] = {
    {"lagg", "show"},	   {"lagg", "show", "lagg0"},
    {"port", "show"},	   {"port", "show", "lagg0", "eth1"},
    {"agent", "show"},	   {"metrics"},
    {"ifconfig", "lagg0"}, {"explain", "lagg0", "src", "10.0.0.1", "dst", "10.0.0.2"},
    {"save", "-"},	   {"lagg", "set", "lagg0", "proto", "none"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What is printed is of no interest here. The C library lets both be replaced. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	stdout = fopen("/dev/null", "w");
	stderr = fopen("/dev/null", "w");
	return stdout && stderr ? 0 : -1;
}

/* Sends the input's messages, at most MESSAGES_MAX, since nobody reads them yet. */
static void answer(int agent, const uint8_t *data, size_t size)
{
	for (int i = 0; i < MESSAGES_MAX && size >= 2; i++) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2, size -= 2;
		len = len < size ? len : size;
		if (len)
			send(agent, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		data += len, size -= len;
	}
}

static void run(struct cli *cli, size_t index)
{
	char word[WORDS_MAX][16], *words[WORDS_MAX];
	int count = 0;

	for (; count < WORDS_MAX && commands[index][count]; count++) {
		snprintf(word[count], sizeof(word[count]), "%s", commands[index][count]);
		words[count] = word[count];
	}
	cli_dispatch(cli, count, words);
}

/* The command monitor waits for the next agent when one goes; this is what it does with each message. */
static void monitor(struct cli *cli)
{
	const struct nlmsghdr *nlh;
	struct xlagg_event event;

	while (cli_receive(cli, 0, &nlh) == 0) {
		if (view_read_event(nlh, &event) < 0)
			continue;
		show_text_event(stdout, &event, cli->colour);
		json_decref(show_json_event(&event));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cli cli;
	int ends[2];

	if (size < 2 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return 0;
	uint8_t how = data[0], what = data[1];
	cli = (struct cli){
	    .fd = ends[0],
	    .socket = "/nowhere/xlaggd.sock",
	    .json = how & 1,
	    .pretty = how & 2,
	    .stats = how & 4,
	    .details = how & 8,
	    .oneline = how & 16,
	    .brief = how & 32,
	    .colour = how & 64,
	};
	answer(ends[1], data + 2, size - 2);
	shutdown(ends[1], SHUT_WR);
	if (what % (COMMANDS + 1) < COMMANDS)
		run(&cli, what % (COMMANDS + 1));
	else
		monitor(&cli);
	cli_disconnect(&cli);
	close(ends[1]);
	return 0;
}
