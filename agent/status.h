/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Replies to show: what core, datapath and devices know of a lagg, put together. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include "agent.h"
#include "later.h"

struct nlmsghdr;
struct ucred;
/* Appends the attributes to a message that has room for them (XLAGG_CTL_MAX). `capturer`: who captures it, or NULL. */
void status_lagg(struct lagg *lagg, const struct ucred *capturer, struct nlmsghdr *nlh);
void status_waiting(const struct later *later, struct nlmsghdr *nlh);
void status_agent(struct agent *agent, struct nlmsghdr *nlh);

#endif
