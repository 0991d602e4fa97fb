/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* metrics: prints text for Prometheus once, which is OpenMetrics and the older text format at the same time. */
#include "show.h"

int cmd_metrics(struct cli *cli, int argc, char *argv[])
{
	struct xlagg_agent_status agent;
	__attribute__((cleanup(view_free))) struct view view = {0};

	if (argc)
		return cli_usage(cli, "metrics takes no word, not \"%s\"", argv[0]);
	if (view_get_agent(cli, &agent) < 0 || view_get(cli, NULL, &view) < 0)
		return cli_failed(cli);
	show_metrics(stdout, METRICS_BOTH, &agent, &view);
	return CLI_DONE;
}
