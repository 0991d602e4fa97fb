/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Replies: what core, datapath and devices know, put together. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include "agent.h"

struct nlmsghdr;
/* Appends the attributes to a message with enough room (XLAGG_CTL_MAX). */
void status_lagg(struct lagg *lagg, struct nlmsghdr *nlh);
void status_agent(struct agent *agent, struct nlmsghdr *nlh);

#endif
