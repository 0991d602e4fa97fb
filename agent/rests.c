/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Rests: puts back what is left of laggs that are gone, and tries again until nothing remains. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt.h"
#include "lagg/leave.h"
#include "lagg/making.h"
#include "lagg/record.h"
#include "lagg/rest.h"
#include "lagg/taken.h"
#include "rests.h"
#include "sys/port.h"

#define RETRY_NS NS_PER_S
#define RETRY_DOUBLED 5 /* how often the time between two tries is doubled at most */

struct rest {
	struct rest *next;
	char name[XLAGG_NAME_MAX];
	char folder[512];
	struct xlagg_saved *saved; /* NULL: there is none; the lagg was being made, or its record is damaged */
	struct xlagg_model *anew;  /* the lagg that is to be created afterwards, or NULL */
	bool over;		   /* nothing remains, and that lagg is to be created next */
	char why[XLAGG_SENTENCE_MAX];
	uint32_t tries;
	uint64_t retry_ns; /* monotonic time of the next try */
};

static bool is_in_use(const struct agent *agent, int ifindex)
{
	return agent->host.calls->lagg_of_device(&agent->host, ifindex) != NULL;
}

/* --- one try --- */

static int remove_device(struct agent *agent, const char *folder, const struct xlagg_saved *saved)
{
	struct device lower;
	int r = record_find_lower(&agent->host, folder, saved, &lower);
	struct device bond;
	int shell = record_find_bond(&agent->host, folder, saved, &bond);
	/* Only after the devices were found: the programs attached to them help to recognise them. */
	if ((r < 0 && r != -ENODEV) || (shell < 0 && shell != -ENODEV))
		return r < 0 && r != -ENODEV ? r : shell;
	if (saved->bond.taken)
		datapath_let_bond_go(folder);
	datapath_strip(folder);
	if (shell == 0 && !is_in_use(agent, bond.ifindex))
		shell = saved->bond.taken ? taken_restore(agent->host.nl, &saved->bond, bond.ifindex)
					  : netlink_del(agent->host.nl, bond.ifindex);
	/* The lagg's device is removed together with its lower end, whichever namespace it is in. */
	if (r == 0 && !is_in_use(agent, lower.ifindex))
		r = netlink_del(agent->host.nl, lower.ifindex);
	r = r == 0 || r == -ENODEV ? shell : r;
	return r == -ENODEV ? 0 : r;
}

/* Where there is no record yet: the devices are known by the MAC that was drawn for them. Returns 0 also where none
 * were made. */
static int remove_unfinished(struct agent *agent, const char *folder)
{
	uint8_t mac[6];
	int r = making_read(folder, mac);
	if (r < 0)
		return r == -ENOENT || r == -EPROTO ? 0 : r;
	return netlink_del_drawn(agent->host.nl, mac);
}

/* Searches for a port that was not where the record has it. It had the MAC of its lagg or, where that was not changed,
 * its own. Returns 0 if nothing of it remains to be put back elsewhere. */
static int search(struct agent *agent, const char *name, struct xlagg_saved *saved, uint32_t slot,
		  char why[XLAGG_SENTENCE_MAX])
{
	struct xlagg_undo *undo = &saved->undo[slot];
	char now[XLAGG_NAME_MAX];
	bool has_mac = undo->changed & XLAGG_UNDO_MAC;
	const struct leave_search search = {name, has_mac ? saved->kept.mac : saved->port[slot].mac, -1};
	if (has_mac && !(saved->kept.has & XLAGG_KEPT_MAC))
		return 0;
	return leave_find(agent->host.nl, saved, slot, &search, now, why);
}

static int put_back_port(struct agent *agent, const char *name, struct xlagg_saved *saved, uint32_t slot,
			 char why[XLAGG_SENTENCE_MAX])
{
	struct xlagg_undo *undo = &saved->undo[slot];
	int r = !undo->ifindex && undo->changed ? search(agent, name, saved, slot, why) : 0;
	if (r < 0)
		return r;
	if (undo->ifindex && saved->bond.taken)
		taken_keep_slave(undo);
	if (!undo->ifindex || is_in_use(agent, (int)undo->ifindex))
		*undo = (struct xlagg_undo){0};
	return port_restore(agent->host.nl, undo, &saved->port[slot], why);
}

static int put_back_ports(struct agent *agent, const char *name, struct xlagg_saved *saved,
			  char why[XLAGG_SENTENCE_MAX])
{
	int first = 0;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		int r = put_back_port(agent, name, saved, slot, sentence);
		if (r == 0 || first < 0)
			continue;
		first = r;
		snprintf(why, XLAGG_SENTENCE_MAX, "%s", sentence);
	}
	return first;
}

/* By the MAC of the lagg's device its ports are searched for, also when that is gone. */
static int keep_mac(struct agent *agent, const char *folder, struct xlagg_saved *saved)
{
	struct device lagg, lower;
	int r = record_find_devices(&agent->host, folder, saved, &lagg, &lower);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	memcpy(saved->kept.mac, lagg.mac, 6);
	saved->kept.has |= XLAGG_KEPT_MAC;
	return 0;
}

/* The folder is removed last. If this agent dies before, the next one sees by the folder what is to be put back. */
int rests_put_back(struct agent *agent, const char *name, const char *folder, struct xlagg_saved *saved,
		   char why[XLAGG_SENTENCE_MAX])
{
	int r = saved ? keep_mac(agent, folder, saved) : 0;
	if (r < 0) {
		snprintf(why, XLAGG_SENTENCE_MAX, "its device cannot be read yet: %s", strerror(-r));
		return r;
	}
	r = saved ? remove_device(agent, folder, saved) : remove_unfinished(agent, folder);
	if (r < 0)
		snprintf(why, XLAGG_SENTENCE_MAX, "its device cannot be removed yet: %s", strerror(-r));
	int ports = saved ? put_back_ports(agent, name, saved, why) : 0;
	if (r < 0 || ports < 0) {
		if (saved)
			datapath_save_in(folder, saved);
		return ports < 0 ? ports : r;
	}
	r = datapath_remove(folder);
	if (r < 0)
		snprintf(why, XLAGG_SENTENCE_MAX, "what is pinned in %s cannot be removed yet: %s", folder,
			 strerror(-r));
	return r;
}

/* While a port is searched for, the folder keeps its undo record. A lagg that is to be made there goes before. */
static bool drop_searches(const char *name, struct xlagg_saved *saved)
{
	bool dropped = false;
	for (uint32_t slot = 0; saved && slot < XLAGG_MAX_PORTS; slot++) {
		struct xlagg_undo *undo = &saved->undo[slot];
		if (undo->ifindex || !undo->changed)
			continue;
		log_about(LOG_LEVEL_WARNING, name, undo->name,
			  "%s is no longer searched for in other network namespaces, since %s is made anew", undo->name,
			  name);
		*undo = (struct xlagg_undo){0};
		dropped = true;
	}
	return dropped;
}

int rests_make_room(struct agent *agent, const char *name, const char *folder, struct xlagg_saved *saved,
		    char why[XLAGG_SENTENCE_MAX])
{
	int r = rests_put_back(agent, name, folder, saved, why);
	return r < 0 && drop_searches(name, saved) ? rests_put_back(agent, name, folder, saved, why) : r;
}

/* --- until nothing remains --- */

static void free_rest(struct rest *rest)
{
	free(rest->saved);
	free(rest->anew);
	free(rest);
}

static void *copy(const void *object, size_t size)
{
	void *copied = malloc(size);
	return copied ? memcpy(copied, object, size) : NULL;
}

void rests_add(struct agent *agent, const char *name, const char *folder, const struct xlagg_saved *saved,
	       const struct xlagg_model *anew)
{
	struct rest *rest = calloc(1, sizeof(*rest));
	if (rest && saved)
		rest->saved = copy(saved, sizeof(*saved));
	if (rest && anew)
		rest->anew = copy(anew, sizeof(*anew));
	if (!rest || (saved && !rest->saved)) {
		/* The record stays pinned: the next agent puts it back. */
		log_about(LOG_LEVEL_ERROR, name, NULL,
			  "no memory to try again later: the next agent puts back what remains of it");
		free(rest);
		return;
	}
	snprintf(rest->name, sizeof(rest->name), "%s", name);
	snprintf(rest->folder, sizeof(rest->folder), "%s", folder);
	rest->retry_ns = clock_now() + RETRY_NS;
	rest->next = agent->rests;
	agent->rests = rest;
}

static struct rest **find_folder(struct agent *agent, const char *folder)
{
	struct rest **at = &agent->rests;
	while (*at && strcmp((*at)->folder, folder) != 0)
		at = &(*at)->next;
	return at;
}

static bool has_device(const struct rest *rest, int ifindex)
{
	for (uint32_t slot = 0; rest->saved && slot < XLAGG_MAX_PORTS; slot++)
		if (rest->saved->undo[slot].ifindex == (uint32_t)ifindex)
			return true;
	return false;
}

static struct rest **find_device(struct agent *agent, int ifindex)
{
	struct rest **at = &agent->rests;
	while (*at && !has_device(*at, ifindex))
		at = &(*at)->next;
	return at;
}

static void drop(struct rest **at)
{
	struct rest *rest = *at;
	*at = rest->next;
	free_rest(rest);
}

/* Tries one, `room`: with rests_make_room(). Returns 0 if nothing remains. Then it is no longer in the list, except
 * where a lagg is to be created afterwards: not here, as a transaction may be going on. A lagg for which room is made
 * takes that one's place. */
static int try(struct agent *agent, struct rest **at, bool room, char why[XLAGG_SENTENCE_MAX])
{
	struct rest *rest = *at;
	int r = (room ? rests_make_room : rests_put_back)(agent, rest->name, rest->folder, rest->saved, why);
	rest->retry_ns = clock_now() + clock_doubled(RETRY_NS, rest->tries++, RETRY_DOUBLED);
	if (r < 0) {
		if (strcmp(rest->why, why) != 0)
			log_about(LOG_LEVEL_WARNING, rest->name, NULL, "%s", why);
		snprintf(rest->why, sizeof(rest->why), "%s", why);
		return r;
	}
	log_about(LOG_LEVEL_INFO, rest->name, NULL, "everything is now put back as it was");
	free(rest->saved);
	rest->saved = NULL;
	rest->why[0] = 0;
	rest->over = rest->anew && !room;
	if (!rest->over)
		drop(at);
	return 0;
}

static void make_anew(struct agent *agent, struct rest **at)
{
	struct rest *rest = *at;
	*at = rest->next;
	adopt_make_anew(agent, rest->anew);
	free_rest(rest);
}

void rests_retry(struct agent *agent, uint64_t now)
{
	char why[XLAGG_SENTENCE_MAX] = "";
	/* Creating a lagg may put others back and change the list, so it is read from the start after each success. */
	for (struct rest **at = &agent->rests; *at;)
		if ((*at)->over) {
			make_anew(agent, at);
			at = &agent->rests;
		} else if (now < (*at)->retry_ns || try(agent, at, false, why) < 0) {
			at = &(*at)->next;
		} else {
			at = &agent->rests;
		}
}

int rests_settle_folder(struct agent *agent, const char *folder, char sentence[XLAGG_SENTENCE_MAX])
{
	struct rest **at = find_folder(agent, folder);
	if (!*at)
		return 0;
	int r = try(agent, at, true, sentence);
	return r < 0 ? r : 1;
}

int rests_settle_device(struct agent *agent, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	int settled = 0;
	for (struct rest **at; *(at = find_device(agent, ifindex));) {
		int r = try(agent, at, false, sentence);
		if (r < 0 && has_device(*at, ifindex))
			return r;
		settled = 1;
	}
	for (uint32_t i = 0; i < agent->laggs; i++) {
		int r = rest_settle(agent->lagg[i], ifindex, sentence);
		if (r < 0)
			return r;
		settled |= r;
	}
	return settled;
}

bool rests_have_folder(const struct agent *agent, const char *folder)
{
	return *find_folder((struct agent *)agent, folder) != NULL;
}

bool rests_have_device(const struct agent *agent, int ifindex)
{
	if (*find_device((struct agent *)agent, ifindex))
		return true;
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (rest_is(agent->lagg[i], slot) &&
			    agent->lagg[i]->saved.undo[slot].ifindex == (uint32_t)ifindex)
				return true;
	return false;
}

void rests_why(const struct agent *agent, char ret[XLAGG_SENTENCE_MAX])
{
	const struct rest *rest = agent->rests;
	while (rest && !rest->why[0])
		rest = rest->next;
	if (rest)
		snprintf(ret, XLAGG_SENTENCE_MAX, "%s: %.150s", rest->name, rest->why);
}

void rests_free(struct agent *agent)
{
	while (agent->rests) {
		struct rest *rest = agent->rests;
		agent->rests = rest->next;
		free_rest(rest);
	}
}
