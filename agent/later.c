/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Bonds that are to be taken and cannot be yet: at a start before the network's, or because their maker makes them
 * anew. They are taken when they are there and fit. */
#include "later.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lagg/state.h"
#include "laggs.h"
#include "sys/again.h"
#include "transaction.h"

#define RETRY_NS (5 * NS_PER_S) /* between two tries, unless an event says that the bond is there */

static struct later **place_of(struct agent *agent, const char *name)
{
	struct later **at = &agent->later;
	while (*at && strcmp((*at)->model.name, name) != 0)
		at = &(*at)->next;
	return at;
}

struct later *later_find(const struct agent *agent, const char *name)
{
	struct later *at = agent->later;
	while (at && strcmp(at->model.name, name) != 0)
		at = at->next;
	return at;
}

/* Notes the outcome of a try, and logs what is new about it. */
static void note(struct later *later, const char *why, bool is_new)
{
	bool differs = is_new || strcmp(later->why, why) != 0;
	if (why[0])
		later->retry_ns = clock_now() + RETRY_NS;
	if (!differs)
		return;
	snprintf(later->why, sizeof(later->why), "%s", why);
	if (why[0])
		log_about(LOG_LEVEL_ERROR, later->model.name, NULL, "cannot be taken yet, which is tried again: %s",
			  why);
	else
		log_about(LOG_LEVEL_INFO, later->model.name, NULL, "its bond is taken as soon as somebody makes it");
}

/* --- what the next agent finds --- */

static void free_text(char **text)
{
	free(*text);
}

static int print(const struct agent *agent, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	if (!out)
		return -ENOMEM;
	for (const struct later *at = agent->later; at; at = at->next)
		ctl_print_lagg(out, &at->model);
	return ctl_end_text(out, ret);
}

static void store(const struct agent *agent)
{
	__attribute__((cleanup(free_text))) char *commands = NULL;
	int r = print(agent, &commands);
	if (r == 0)
		r = state_write_waiting(&agent->host, commands);
	if (r < 0)
		log_error("%s: what waits for its bond cannot be kept there: %s", agent->host.state, strerror(-r));
}

/* --- the list --- */

void later_add(struct agent *agent, const struct xlagg_model *model, const char *why)
{
	struct later **at = place_of(agent, model->name);
	bool is_new = !*at;
	if (is_new)
		*at = calloc(1, sizeof(**at));
	if (!*at) {
		log_about(LOG_LEVEL_ERROR, model->name, NULL, "no memory to wait for its bond: xlagg reload takes it");
		return;
	}
	(*at)->model = *model;
	note(*at, why, is_new);
	store(agent);
}

static void drop(struct later **at)
{
	struct later *later = *at;
	*at = later->next;
	free(later);
}

void later_drop(struct agent *agent, const char *name)
{
	struct later **at = place_of(agent, name);
	if (!*at)
		return;
	drop(at);
	store(agent);
}

void later_keep(struct agent *agent, struct ctl_model *wanted)
{
	struct later *at = agent->later, *next;
	for (; at; at = next) {
		next = at->next;
		if (!ctl_find(wanted, at->model.name))
			later_drop(agent, at->model.name);
	}
}

void later_free(struct agent *agent)
{
	while (agent->later)
		drop(&agent->later);
}

void later_demand(struct agent *agent, const char *name)
{
	struct later *later = later_find(agent, name);
	if (later)
		later->now = true;
}

void later_demand_none(struct agent *agent)
{
	for (struct later *at = agent->later; at; at = at->next)
		at->now = false;
}

void later_list(const struct agent *agent, struct ctl_model *model)
{
	for (const struct later *at = agent->later; at && model->laggs < XLAGG_MAX_LAGGS; at = at->next)
		model->lagg[model->laggs++] = at->model;
}

static void load(struct agent *agent, char *commands, struct ctl_model *model)
{
	char why[XLAGG_SENTENCE_MAX];
	int line = 0, r;
	do
		r = ctl_apply_next(model, &commands, &line, why);
	while (r > 0);
	if (r < 0)
		log_error("%s: what waits for its bond cannot be read in full there", agent->host.state);
	for (uint32_t i = 0; i < model->laggs; i++)
		if (model->lagg[i].conf.taken && !laggs_find(agent, model->lagg[i].name) &&
		    !later_find(agent, model->lagg[i].name))
			later_add(agent, &model->lagg[i], "");
}

/* -ENOENT: none waited. */
static int read_waiting(const struct agent *agent, char **ret)
{
	uint32_t tries = 0;
	int r;
	do
		r = state_read_waiting(&agent->host, ret);
	while (again(&tries, r < 0 && r != -ENOENT));
	return r;
}

void later_load(struct agent *agent)
{
	__attribute__((cleanup(free_text))) char *commands = NULL;
	int r = read_waiting(agent, &commands);
	struct ctl_model *model = r == 0 ? calloc(1, sizeof(*model)) : NULL;
	if (r == 0 && !model)
		r = -ENOMEM;
	/* What cannot be read now is not written anew: the next agent may read it. */
	if (r < 0 && r != -ENOENT) {
		log_error("%s: what waits for its bond cannot be read there: %s", agent->host.state, strerror(-r));
		return;
	}
	if (model)
		load(agent, commands, model);
	free(model);
	store(agent);
}

/* Takes the bond that it waits for, which then no longer is a bond that is waited for. */
static void take(struct agent *agent, struct later *later)
{
	char why[XLAGG_SENTENCE_MAX] = "", name[XLAGG_NAME_MAX];
	uint32_t failed;
	struct ctl_command *command = malloc(sizeof(*command));
	if (!command)
		return;
	memcpy(name, later->model.name, sizeof(name));
	ctl_model_to_command(&later->model, command);
	command->from_file = true;
	agent->host.starting = true;
	int r = transaction_run(agent, command, 1, false, &failed, why);
	agent->host.starting = false;
	free(command);
	later = later_find(agent, name);
	if (r < 0 && later)
		note(later, why[0] ? why : strerror(-r), false);
	else if (r == 0 && !later)
		log_about(LOG_LEVEL_INFO, name, NULL, "its bond is there and was taken");
}

/* A bond that is down may still get another mode. */
static bool is_ready(const struct agent *agent, const struct device *bond)
{
	return strcmp(bond->kind, "bond") == 0 && bond->flags & IFF_UP && !agent->host.changing;
}

void later_try(struct agent *agent, const struct device *bond)
{
	struct later *later = later_find(agent, bond->name);
	if (later && is_ready(agent, bond) && (!later->why[0] || clock_now() >= later->retry_ns))
		take(agent, later);
}

/* Returns the next one that is due, which then has its next time. */
static struct later *next_due(struct agent *agent, uint64_t now)
{
	for (struct later *at = agent->later; at; at = at->next)
		if (now >= at->retry_ns) {
			at->retry_ns = now + RETRY_NS;
			return at;
		}
	return NULL;
}

static void retry(struct agent *agent, struct later *later)
{
	struct device bond;
	int r = netlink_get_by_name(agent->host.nl, later->model.name, &bond);
	if (r == -ENODEV)
		note(later, "", false); /* the next one is another bond */
	else if (r == 0 && is_ready(agent, &bond))
		take(agent, later);
}

void later_retry(struct agent *agent, uint64_t now)
{
	struct later *later;
	while ((later = next_due(agent, now)))
		retry(agent, later);
}

void later_why(const struct later *later, char ret[XLAGG_SENTENCE_MAX])
{
	if (later->why[0])
		snprintf(ret, XLAGG_SENTENCE_MAX, "%s", later->why);
	else
		snprintf(ret, XLAGG_SENTENCE_MAX,
			 "there is no bond %.64s yet: it is taken as soon as somebody makes it", later->model.name);
}
