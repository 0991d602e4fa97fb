/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Rests of a running lagg: puts devices back that are no longer ports, and tries again until nothing remains. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lagg/identity.h"
#include "lagg/leave.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "sys/again.h"
#include "sys/port.h"

#define RETRY_NS NS_PER_S
#define RETRY_DOUBLED 5 /* how often the time between two tries is doubled at most */

bool rest_is(const struct lagg *lagg, uint32_t slot)
{
	const struct lagg_rest *rest = &lagg->rest[slot];
	return !lagg->port[slot].ifindex && (lagg->saved.undo[slot].ifindex || rest->attached || rest->away);
}

/* The record keeps the name of a port that is now without a device. */
void rest_give_up(struct lagg *lagg, uint32_t slot)
{
	const struct lagg_port *port = &lagg->port[slot];
	lagg->saved.undo[slot] = (struct xlagg_undo){0};
	lagg->rest[slot] = (struct lagg_rest){0};
	if (port->used)
		memcpy(lagg->saved.undo[slot].name, port->name, sizeof(port->name));
	else
		identity_forget_port(lagg, slot);
}

/* Notes what remains to be put back, and logs it if it is not what was logged last. */
static void keep(struct lagg *lagg, uint32_t slot, const char *why)
{
	struct lagg_rest *rest = &lagg->rest[slot];
	rest->retry_ns = clock_now() + clock_doubled(RETRY_NS, rest->tries++, RETRY_DOUBLED);
	if (strcmp(rest->why, why) != 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, lagg->saved.undo[slot].name, "%s", why);
	snprintf(rest->why, sizeof(rest->why), "%s", why);
	if (!lagg->host->left[0])
		snprintf(lagg->host->left, sizeof(lagg->host->left), "%s", why);
}

/* Searches for a device that is away. */
static int find(struct lagg *lagg, uint32_t slot, char why[XLAGG_SENTENCE_MAX])
{
	struct lagg_rest *rest = &lagg->rest[slot];
	const struct leave_search search = {lagg->model.name, rest->mac, rest->netns - 1};
	int r = leave_find(lagg->host->nl, &lagg->saved, slot, &search, lagg->port[slot].elsewhere, why);
	rest->away = r < 0;
	return r;
}

static int put_back_once(struct lagg *lagg, uint32_t slot, char why[XLAGG_SENTENCE_MAX])
{
	struct xlagg_undo *undo = &lagg->saved.undo[slot];
	char name[XLAGG_NAME_MAX];
	memcpy(name, undo->name, sizeof(name));
	int detached = datapath_port_del(lagg->dp, slot);
	int r = lagg->rest[slot].away ? find(lagg, slot, why) : 0;
	if (r == 0)
		r = port_restore(lagg->host->nl, undo, &lagg->saved.port[slot], why);
	lagg->rest[slot].attached = detached < 0;
	memcpy(undo->name, name, sizeof(name));
	if (r == 0 && detached < 0) {
		snprintf(why, XLAGG_SENTENCE_MAX, "%s still has programs of %s: they could not be detached (%s)", name,
			 lagg->model.name, strerror(-detached));
		r = detached;
	}
	return r;
}

int rest_put_back(struct lagg *lagg, uint32_t slot)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	uint32_t tries = 0;
	int r;
	do
		r = put_back_once(lagg, slot, why);
	while (again(&tries, r < 0 && !lagg->rest[slot].away)); /* a search may take seconds */
	if (r < 0)
		keep(lagg, slot, why);
	else
		rest_give_up(lagg, slot);
	return r;
}

void rest_search(struct lagg *lagg, uint32_t slot, const uint8_t mac[6], int netnsid)
{
	lagg->rest[slot].away = true;
	lagg->rest[slot].netns = netnsid + 1;
	memcpy(lagg->rest[slot].mac, mac, 6);
}

void rest_retry(struct lagg *lagg, uint64_t now)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		char name[XLAGG_NAME_MAX];
		if (!rest_is(lagg, slot) || now < lagg->rest[slot].retry_ns)
			continue;
		memcpy(name, lagg->saved.undo[slot].name, sizeof(name));
		bool has_device = lagg->saved.undo[slot].ifindex && !lagg->rest[slot].away;
		if (rest_put_back(lagg, slot) == 0 && has_device)
			log_about(LOG_LEVEL_INFO, lagg->model.name, name, "%s is put back as it was", name);
		record_save(lagg);
	}
}

int rest_settle(struct lagg *lagg, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	int settled = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		if (!rest_is(lagg, slot) || lagg->saved.undo[slot].ifindex != (uint32_t)ifindex)
			continue;
		int r = rest_put_back(lagg, slot);
		record_save(lagg);
		if (r < 0) {
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s", lagg->rest[slot].why);
			return r;
		}
		settled = 1;
	}
	return settled;
}

const char *rest_why(const struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (rest_is(lagg, slot) && lagg->rest[slot].why[0])
			return lagg->rest[slot].why;
	return NULL;
}
