/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Messages about the progress of a command, for the client that sent it. */
#include "progress.h"

#include <libmnl/libmnl.h>
#include <stdio.h>

void progress_begin(struct client *client, const struct nlmsghdr *request)
{
	client->agent->progress = (struct progress){.client = request->nlmsg_flags & XLAGG_F_PROGRESS ? client : NULL,
						    .seq = request->nlmsg_seq};
}

void progress_end(struct agent *agent)
{
	agent->progress.client = NULL;
}

void progress_expect(struct agent *agent, uint32_t laggs)
{
	agent->progress.now.done = 0;
	agent->progress.now.of = laggs;
}

void progress_count(struct agent *agent)
{
	agent->progress.now.done++;
}

/* What the client has not read yet is enough: there must be room for the answer. */
void progress_tell(struct agent *agent, enum xlagg_step step, const char *lagg)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[sizeof(struct xlagg_progress) + 64];
	struct progress *progress = &agent->progress;
	if (!progress->client || client_unread(progress->client) > 0)
		return;
	progress->now.step = step;
	snprintf(progress->now.lagg, sizeof(progress->now.lagg), "%s", lagg ? lagg : "");
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = XLAGG_MSG_PROGRESS;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = progress->seq;
	mnl_attr_put(nlh, XLAGG_A_PROGRESS, sizeof(progress->now), &progress->now);
	if (!client_send(progress->client, nlh, nlh->nlmsg_len))
		progress_end(agent);
}
