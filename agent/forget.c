/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Forgets laggs that no longer exist: removes their files in the state folder, and tries again if that fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forget.h"
#include "lagg/state.h"
#include "laggs.h"
#include "later.h"
#include "sys/clock.h"
#include "sys/log.h"

#define RETRY_NS (2 * NS_PER_S)

struct forgotten {
	struct forgotten *next;
	char name[XLAGG_NAME_MAX];
};

static bool is_listed(const struct agent *agent, const char *name)
{
	const struct forgotten *at = agent->forgotten;
	while (at && strcmp(at->name, name) != 0)
		at = at->next;
	return at;
}

static void list(struct agent *agent, const char *name)
{
	struct forgotten *forgotten = is_listed(agent, name) ? NULL : calloc(1, sizeof(*forgotten));
	if (!forgotten)
		return;
	snprintf(forgotten->name, sizeof(forgotten->name), "%s", name);
	forgotten->next = agent->forgotten;
	agent->forgotten = forgotten;
}

int forget_lagg(struct agent *agent, const char *name)
{
	int r = state_remove(&agent->host, name);
	if (r < 0)
		r = state_remove(&agent->host, name);
	if (r == 0)
		return 0;
	log_about(LOG_LEVEL_WARNING, name, NULL, "its file in %s cannot be removed yet: %s", agent->host.state,
		  strerror(-r));
	agent->forget_ns = clock_now() + RETRY_NS;
	list(agent, name);
	return r;
}

void forget_retry(struct agent *agent, uint64_t now)
{
	if (!agent->forgotten || now < agent->forget_ns)
		return;
	agent->forget_ns = now + RETRY_NS;
	for (struct forgotten **at = &agent->forgotten; *at;) {
		struct forgotten *forgotten = *at;
		if (!laggs_find(agent, forgotten->name) && state_remove(&agent->host, forgotten->name) < 0) {
			at = &forgotten->next;
			continue;
		}
		*at = forgotten->next;
		free(forgotten);
	}
}

/* A file from an earlier life says nothing: after a boot its lagg may be made later. One from this life is of a lagg
 * that was there, and would be pinned if it still were. */
static void forget_if_stale(void *context, const char *name)
{
	struct agent *agent = context;
	struct state state;
	char life[STATE_LIFE_MAX];
	state_life(&agent->host, life);
	if (!life[0] || laggs_find(agent, name) || later_find(agent, name) ||
	    state_read(&agent->host, name, &state) < 0 || strcmp(life, state.life) != 0)
		return;
	log_about(LOG_LEVEL_INFO, name, NULL, "it is no longer there: what was kept of it in %s is removed",
		  agent->host.state);
	forget_lagg(agent, name);
}

void forget_stale(struct agent *agent)
{
	if (!agent->left_out)
		state_each(&agent->host, forget_if_stale, agent);
}

void forget_free(struct agent *agent)
{
	while (agent->forgotten) {
		struct forgotten *forgotten = agent->forgotten;
		agent->forgotten = forgotten->next;
		free(forgotten);
	}
}
