/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The running laggs. Their configurations, in this order, are the running configuration: it is kept nowhere else. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"

struct ctl_model *laggs_model(const struct agent *agent)
{
	struct ctl_model *model = calloc(1, sizeof(*model));
	if (!model)
		return NULL;
	for (uint32_t i = 0; i < agent->laggs && model->laggs < XLAGG_MAX_LAGGS; i++)
		model->lagg[model->laggs++] = agent->lagg[i]->model;
	return model;
}

/* Where the lagg stands among the running ones. */
static uint32_t place_of(const struct agent *agent, const char *name)
{
	uint32_t i = 0;
	while (i < agent->laggs && strcmp(agent->lagg[i]->model.name, name) != 0)
		i++;
	return i;
}

void laggs_order(struct agent *agent, const struct ctl_model *model)
{
	uint32_t next = 0;
	for (uint32_t i = 0; i < model->laggs; i++) {
		uint32_t place = place_of(agent, model->lagg[i].name);
		if (place >= agent->laggs)
			continue;
		struct lagg *lagg = agent->lagg[place];
		for (; place > next; place--)
			agent->lagg[place] = agent->lagg[place - 1];
		agent->lagg[next++] = lagg;
	}
}
