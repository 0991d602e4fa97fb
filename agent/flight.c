/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Waits for what is on its way when ports leave their laggs. */
#include <time.h>

#include "flight.h"
#include "lagg/change.h"
#include "laggs.h"
#include "sys/clock.h"

/* How long frames in flight to a removed port are awaited: longer than they stay in queues, shorter than anyone's
 * timer. */
#define DRAIN_NS 50000000
/* How much longer a partner is awaited that may still send to a port for which it got the last LACPDU. The machines of
 * some partners run every 100 ms. */
#define PARTNER_NS 200000000
/* How long flows may take to leave such a port: a little longer than the core lets them wait. */
#define MOVES_NS 1200000000

typedef bool (*question_fn)(const struct lagg *lagg, const struct xlagg_model *to);

/* Whether the answer is yes for one of the laggs that stay. */
static bool is_so_of_any(const struct agent *agent, struct ctl_model *to, question_fn question)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		const struct xlagg_model *model = ctl_find(to, agent->lagg[i]->model.name);
		if (model && question(agent->lagg[i], model))
			return true;
	}
	return false;
}

static void pause_shortly(struct agent *agent)
{
	static const struct timespec step = {.tv_nsec = 2000000};
	nanosleep(&step, NULL);
	laggs_catch_up(agent);
}

/* Flows leave a port when none of their frames is overtaken. */
static void await_moves(struct agent *agent, struct ctl_model *to)
{
	uint64_t end = clock_now() + MOVES_NS;
	while (is_so_of_any(agent, to, lagg_port_is_left) && clock_now() < end) {
		pause_shortly(agent);
		laggs_breathe(agent);
	}
}

void flight_await(struct agent *agent, struct ctl_model *to)
{
	await_moves(agent, to);
	uint64_t drained = clock_now() + DRAIN_NS, now;
	do {
		pause_shortly(agent);
		now = clock_now();
	} while (now < drained || (now < drained + PARTNER_NS && is_so_of_any(agent, to, lagg_partner_lags)));
}
