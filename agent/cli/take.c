/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* take: a bond that runs becomes a lagg; first the agent says what that will be. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "cli.h"
#include "show.h"
#include "xlagg/walk.h"

/* What the agent answers to `check`: the command that says everything, and notes. */
struct answer {
	struct cli *cli;
	bool print;   /* on stdout, as `import` does; else only the notes, as warnings */
	json_t *json; /* NULL: as text */
};

static void say_note(const struct answer *answer, json_t *notes, const char *text)
{
	if (answer->json)
		json_array_append_new(notes, json_string(text));
	else if (answer->print)
		printf("# %s\n", text);
	else
		cli_warn(answer->cli, "%s", text);
}

static int on_answer(const struct nlmsghdr *nlh, void *context)
{
	const struct answer *answer = context;
	struct walk walk = walk_attrs(nlh, 0);
	const struct nlattr *attr;
	const char *command = "";
	json_t *notes = NULL;

	if (nlh->nlmsg_type != XLAGG_MSG_TAKE)
		return -EBADMSG;
	if (answer->json)
		notes = json_array();
	while ((attr = walk_next_attr(&walk))) {
		uint32_t len = mnl_attr_get_payload_len(attr);
		const char *text = mnl_attr_get_payload(attr);

		if (!len || text[len - 1])
			continue;
		if (mnl_attr_get_type(attr) == XLAGG_A_NOTE)
			say_note(answer, notes, text);
		else if (mnl_attr_get_type(attr) == XLAGG_A_COMMAND)
			command = text;
	}
	if (answer->json)
		json_array_append_new(answer->json, json_pack("{s:s, s:o}", "command", command, "notes", notes));
	else if (answer->print)
		fputs(command, stdout);
	return 0;
}

/* Asks what would be done. Returns 0 or -errno, with cli->sentence. */
static int ask(struct cli *cli, struct ctl_command *command, struct answer *answer)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[XLAGG_SAVED_MAX];
	bool check = command->check;
	int len;

	command->check = true;
	len = ctl_encode(command, NLM_F_REQUEST, 0, buffer, sizeof(buffer));
	command->check = check;
	if (len < 0) {
		snprintf(cli->sentence, sizeof(cli->sentence), "the command is too long: leave some of its ports out");
		return len;
	}
	return cli_ask(cli, (struct nlmsghdr *)buffer, on_answer, answer);
}

int cmd_lagg_take(struct cli *cli, int argc, char *argv[])
{
	char *words[CTL_MAX_WORDS] = {"lagg", "take"}, sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command command;
	struct answer answer = {.cli = cli};
	int r;

	if (argc + 2 > CTL_MAX_WORDS)
		return cli_usage(cli, "lagg take has too many words");
	memcpy(&words[2], argv, (size_t)argc * sizeof(argv[0]));
	if (ctl_parse(argc + 2, words, false, &command, sentence) < 0)
		return cli_usage(cli, "%s", sentence);
	answer.print = command.check;
	if (command.check && cli->json)
		answer.json = json_array();
	r = ask(cli, &command, &answer);
	if (r == 0 && !command.check)
		r = cli_change(cli, &command);
	if (r < 0) {
		json_decref(answer.json);
		return cli_failed(cli);
	}
	return answer.json ? show_json(cli, answer.json) : CLI_DONE;
}
