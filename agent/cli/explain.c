/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* explain: asks which port a flow takes; the program that the kernel has loaded computes it. */
#include "explain.h"

#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

static int take_answer(const struct nlmsghdr *nlh, void *context)
{
	return view_read_explain(nlh, context);
}

static int ask(struct cli *cli, const char *name, const struct explain_flow *flow, struct view_explain *ret)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256 + EXPLAIN_FRAME_MAX];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	uint8_t frame[EXPLAIN_FRAME_MAX];

	nlh->nlmsg_type = XLAGG_CMD_EXPLAIN;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, name);
	mnl_attr_put(nlh, XLAGG_A_FRAME, explain_frame(flow, frame), frame);
	if (flow->moves)
		mnl_attr_put_u32(nlh, XLAGG_A_MOVES, flow->moves);
	return cli_ask(cli, nlh, take_answer, ret);
}

static int print(struct cli *cli, const struct view_lagg *lagg, const struct explain_flow *flow,
		 const struct view_explain *answer)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return cli_refuse(cli, "out of memory");
	explain_text(out, lagg, flow, answer);
	fclose(out);
	show_record(cli, text ? text : "");
	free(text);
	return CLI_DONE;
}

int cmd_explain(struct cli *cli, int argc, char *argv[])
{
	char sentence[XLAGG_SENTENCE_MAX];
	struct view_explain answer = {0};
	struct explain_flow flow;
	__attribute__((cleanup(view_free))) struct view view = {0};
	json_t *json;

	if (argc < 1)
		return cli_usage(cli, "explain needs the NAME of a lagg");
	if (explain_parse(argc - 1, argv + 1, &flow, sentence) < 0)
		return cli_usage(cli, "%s", sentence);
	if (view_get(cli, argv[0], &view) < 0)
		return cli_failed(cli);
	/* What the host itself sends has the lagg's MAC. */
	if (!flow.has_src_mac)
		memcpy(flow.src_mac, view.lagg[0].status.mac, sizeof(flow.src_mac));
	if (ask(cli, argv[0], &flow, &answer) < 0)
		return cli_failed(cli);
	if (!cli->json)
		return print(cli, &view.lagg[0], &flow, &answer);
	json = json_array();
	json_array_append_new(json, explain_json(&view.lagg[0], &flow, &answer));
	return show_json(cli, json);
}
