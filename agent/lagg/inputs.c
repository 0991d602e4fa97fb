/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The only way into the core: its inputs, and when their effects are carried out. */
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "lagg/effects.h"
#include "lagg/gap.h"
#include "lagg/inputs.h"
#include "lagg/probes.h"
#include "lagg/record.h"

void input_begin(struct lagg *lagg)
{
	lagg->inputs++;
}

void input_end(struct lagg *lagg)
{
	/* When the list of effects is half full they are carried out early, so that those of the next input fit. An
	 * input that is made while effects are carried out appends to the list, and its effects follow. */
	bool crowded = lagg->fx.count > CORE_MAX_EFFECTS / 2;
	if (!lagg->carrying_out && (lagg->inputs == 1 || crowded)) {
		lagg->carrying_out = true;
		effects_carry_out(lagg);
		lagg->carrying_out = false;
	}
	lagg->inputs--;
}

void input_run(struct lagg *lagg)
{
	input_begin(lagg);
	core_run(lagg->core, clock_now(), &lagg->fx);
	input_end(lagg);
}

/* The table that waited is in use: from now on it says which port is the active one. */
static void forget_waiting(struct lagg *lagg)
{
	if (lagg->saved.active && !lagg->host->changing && datapath_publish_due(lagg->dp) == UINT64_MAX)
		record_save(lagg);
}

void input_time(struct lagg *lagg)
{
	/* Frames that wait come first: if the agent is late, the partner would otherwise seem to have been silent. */
	input_frames(lagg);
	datapath_publish_rest(lagg->dp);
	forget_waiting(lagg);
	input_begin(lagg);
	input_run(lagg);
	gap_run(lagg, clock_now());
	input_end(lagg);
}

void input_options(struct lagg *lagg, const struct xlagg_lagg_conf *conf)
{
	input_begin(lagg);
	core_set(lagg->core, clock_now(), conf, &lagg->fx);
	input_end(lagg);
}

void input_mac(struct lagg *lagg, const uint8_t mac[6])
{
	input_begin(lagg);
	core_set_mac(lagg->core, clock_now(), mac, &lagg->fx);
	input_end(lagg);
}

void input_port_add(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf)
{
	input_begin(lagg);
	core_port_add(lagg->core, clock_now(), slot, lagg->port[slot].name, lagg->next_order++, conf, &lagg->fx);
	input_end(lagg);
}

void input_port_set(struct lagg *lagg, uint32_t slot, const struct xlagg_port_conf *conf)
{
	input_begin(lagg);
	core_port_set(lagg->core, clock_now(), slot, conf, &lagg->fx);
	input_end(lagg);
}

void input_port_del(struct lagg *lagg, uint32_t slot)
{
	input_begin(lagg);
	core_port_del(lagg->core, clock_now(), slot, &lagg->fx);
	input_end(lagg);
}

void input_link(struct lagg *lagg, uint32_t slot, const struct core_link *link)
{
	input_begin(lagg);
	core_link_changed(lagg->core, clock_now(), slot, link, &lagg->fx);
	input_end(lagg);
}

int input_activate(struct lagg *lagg, uint32_t slot)
{
	input_begin(lagg);
	int r = core_activate(lagg->core, clock_now(), slot, &lagg->fx);
	input_end(lagg);
	return r;
}

int input_balance(struct lagg *lagg)
{
	input_begin(lagg);
	int r = core_balance(lagg->core, clock_now(), &lagg->fx);
	input_end(lagg);
	return r;
}

void input_moves(struct lagg *lagg)
{
	struct xlagg_move move[XLAGG_BUCKETS];
	datapath_get_moves(lagg->dp, move);
	input_begin(lagg);
	core_moves(lagg->core, clock_now(), move, &lagg->fx);
	input_end(lagg);
}

void input_loads(struct lagg *lagg)
{
	uint64_t bytes[XLAGG_BUCKETS];
	int r = datapath_bucket_loads(lagg->dp, bytes);
	if (r < 0) {
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot read the load of its buckets: %s",
			  strerror(-r));
		return;
	}
	input_begin(lagg);
	core_loads(lagg->core, clock_now(), bytes, &lagg->fx);
	input_end(lagg);
}

/* A port whose device is gone, or that cannot be read now, has no sample. */
static struct core_sample sample_of(struct lagg *lagg, uint32_t slot)
{
	const struct lagg_port *port = &lagg->port[slot];
	struct xlagg_port_quality quality;
	struct netlink_counts counts;
	if (!port->used || !port->ifindex || netlink_get_counts(lagg->host->nl, port->ifindex, &counts) < 0 ||
	    datapath_port_quality(lagg->dp, slot, &quality) < 0)
		return (struct core_sample){0};
	return (struct core_sample){.known = true,
				    .segments = quality.segments,
				    .retransmitted = quality.retransmitted,
				    .sockets = quality.sockets,
				    .frames = counts.frames,
				    .errors = counts.errors};
}

void input_sample(struct lagg *lagg)
{
	struct core_sample sample[XLAGG_MAX_PORTS];
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		sample[slot] = sample_of(lagg, slot);
	input_begin(lagg);
	core_sample(lagg->core, clock_now(), sample, &lagg->fx);
	input_end(lagg);
}

void input_lacp_restart(struct lagg *lagg, uint32_t slot)
{
	input_begin(lagg);
	core_lacp_restart(lagg->core, clock_now(), slot, &lagg->fx);
	input_end(lagg);
}

void input_lacp_unsent(struct lagg *lagg, uint32_t slot)
{
	core_lacp_unsent(lagg->core, clock_now(), slot);
}

void input_stop(struct lagg *lagg)
{
	input_begin(lagg);
	core_stop(lagg->core, clock_now(), &lagg->fx);
	input_end(lagg);
}

void input_adopted(struct lagg *lagg, const struct xlagg_history *history)
{
	input_begin(lagg);
	core_release(lagg->core, clock_now(), &lagg->fx);
	core_adopt_history(lagg->core, history);
	input_end(lagg);
}

/* --- control frames --- */

static void input_answer(struct lagg *lagg, uint32_t slot, const uint8_t *frame, uint32_t len)
{
	struct core_answer answer;
	if (!probes_read(frame, len, &answer))
		return;
	input_begin(lagg);
	core_probe_answer(lagg->core, clock_now(), slot, &answer, &lagg->fx);
	input_end(lagg);
}

static void input_slow_frame(struct lagg *lagg, const struct xlagg_agent_frame *event, uint32_t len)
{
	lagg->port[event->slot].lacp.pdu_rx_ns = event->time_ns;
	input_begin(lagg);
	core_slow_frame(lagg->core, clock_now(), event->slot, event->frame, len, &lagg->fx);
	input_end(lagg);
}

static void on_frame(void *context, const struct xlagg_agent_frame *event)
{
	struct lagg *lagg = context;
	if (event->slot >= XLAGG_MAX_PORTS || !lagg->port[event->slot].used)
		return;
	uint32_t len = event->len < XLAGG_AGENT_FRAME_MAX ? event->len : XLAGG_AGENT_FRAME_MAX;
	bool slow = event->frame[12] == ETH_P_SLOW >> 8 && event->frame[13] == (ETH_P_SLOW & 0xff);
	if (!slow)
		input_answer(lagg, event->slot, event->frame, len);
	else if (event->time_ns >= lagg->port[event->slot].deaf_until_ns)
		input_slow_frame(lagg, event, len);
}

/* All frames that wait are one input, so that a partner that speaks on many ports at once causes one table. */
void input_frames(struct lagg *lagg)
{
	input_begin(lagg);
	int r = datapath_read_frames(lagg->dp, on_frame, lagg);
	input_end(lagg);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "cannot read its control frames: %s",
			  strerror(-r));
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)fd, (void)revents;
	input_frames(context);
	return 0;
}

int input_watch_frames(struct lagg *lagg)
{
	return sd_event_add_io(lagg->host->event, &lagg->frames_source, datapath_frames_fd(lagg->dp), EPOLLIN,
			       on_readable, lagg);
}
