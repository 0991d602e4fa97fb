/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Events are reported to the clients that subscribed. One that does not read them is dropped. */
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

#include "events.h"
#include "server.h"

void events_publish(struct agent *agent, const struct xlagg_event *event)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[sizeof(*event) + 64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	if (!agent->server)
		return;
	nlh->nlmsg_type = XLAGG_MSG_EVENT;
	mnl_attr_put(nlh, XLAGG_A_EVENT, sizeof(*event), event);
	for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = agent->server->client[i];
		if (!client || !client->subscribed)
			continue;
		if (client->subscribed_to[0] && event->lagg[0] && strcmp(client->subscribed_to, event->lagg) != 0)
			continue;
		if (!client_send(client, nlh, nlh->nlmsg_len)) {
			/* It may be the one whose command is being done: the loop closes it at its end of file. */
			client->subscribed = false;
			shutdown(client->fd, SHUT_RDWR);
		}
	}
}
