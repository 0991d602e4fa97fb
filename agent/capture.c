/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Captures: begun for a client, and ended when it goes. The agent passes the ring on and reads no frame itself. */
#include "capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/ports.h"
#include "laggs.h"
#include "request.h"

/* The slots of the ports that are to be captured, or of all. */
static int choose_slots(const struct lagg *lagg, const struct ctl_query *query, struct xlagg_capture *what,
			char sentence[XLAGG_SENTENCE_MAX])
{
	what->without_port = query->ports == 0;
	what->slots = query->ports == 0 ? UINT32_MAX : 0;
	for (uint32_t i = 0; i < query->ports; i++) {
		int slot = lagg_port_find(lagg, query->port[i]);
		if (slot < 0) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s has no port %s: see xlagg port show %s",
				 lagg->model.name, query->port[i], lagg->model.name);
			return -ENODEV;
		}
		what->slots |= 1u << slot;
	}
	return 0;
}

static struct client *client_of(const struct agent *agent, const struct lagg *lagg)
{
	for (uint32_t i = 0; i < MAX_CLIENTS; i++)
		if (agent->server->client[i] && agent->server->client[i]->captures == lagg)
			return agent->server->client[i];
	return NULL;
}

const struct ucred *capture_by(const struct agent *agent, const struct lagg *lagg)
{
	const struct client *client = agent->server ? client_of(agent, lagg) : NULL;
	return client ? &client->peer : NULL;
}

/* A client has one capture, and so has a lagg. `lagg`: the one that is to be captured, or NULL: there is none of that
 * name. */
static int check_free(const struct client *client, const struct ctl_query *query, const struct lagg *lagg,
		      char sentence[XLAGG_SENTENCE_MAX])
{
	const struct ucred *other = lagg ? capture_by(client->agent, lagg) : NULL;
	if (client->captures) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "this connection captures %s already: use another one",
			 client->captures->model.name);
		return -EBUSY;
	}
	if (!lagg) {
		snprintf(sentence, XLAGG_SENTENCE_MAX, "there is no lagg %s: see xlagg lagg show", query->name);
		return -ENODEV;
	}
	if (other) {
		snprintf(sentence, XLAGG_SENTENCE_MAX,
			 "%s is captured already, by pid %d of uid %u: end that capture first", lagg->model.name,
			 other->pid, other->uid);
		return -EBUSY;
	}
	return 0;
}

int capture_start(struct client *client, const struct ctl_query *query, struct datapath_capture *ret,
		  char sentence[XLAGG_SENTENCE_MAX])
{
	struct xlagg_capture what = {.snaplen = query->snaplen};
	struct lagg *lagg = laggs_find(client->agent, query->name);
	int r = check_free(client, query, lagg, sentence);
	if (r < 0)
		return r;
	if (!what.snaplen || what.snaplen >= XLAGG_CAPTURE_SNAPLEN)
		what.snaplen = XLAGG_CAPTURE_SNAPLEN - 1;
	r = choose_slots(lagg, query, &what, sentence);
	if (r == 0)
		r = datapath_capture(lagg->dp, &what, ret, sentence);
	if (r < 0)
		return r;
	client->captures = lagg;
	log_about(LOG_LEVEL_INFO, lagg->model.name, NULL, "uid %u, pid %d captures it", client->peer.uid,
		  client->peer.pid);
	return 0;
}

void capture_end(struct client *client)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	if (!client->captures)
		return;
	const char *lagg = client->captures->model.name;
	if (datapath_capture_end(client->captures->dp, sentence) == 0)
		log_about(LOG_LEVEL_INFO, lagg, NULL, "it is no longer captured");
	else
		log_about(LOG_LEVEL_WARNING, lagg, NULL, "the programs of the capture cannot all be put back yet: %s",
			  sentence);
	client->captures = NULL;
}

void capture_lagg_gone(struct agent *agent, const struct lagg *lagg)
{
	struct client *client = agent->server ? client_of(agent, lagg) : NULL;
	if (!client)
		return;
	client->captures = NULL;
	request_end(client, -ENODEV, "the lagg was removed");
}

void capture_end_all(struct agent *agent)
{
	for (uint32_t i = 0; agent->server && i < MAX_CLIENTS; i++)
		if (agent->server->client[i])
			capture_end(agent->server->client[i]);
}
