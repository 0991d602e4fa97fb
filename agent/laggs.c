/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The running laggs. Their configurations, in this order, are the running configuration: it is kept nowhere else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "capture.h"
#include "devices.h"
#include "events.h"
#include "heartbeat.h"
#include "lagg/inputs.h"
#include "lagg/ports.h"
#include "lagg/record.h"
#include "laggs.h"
#include "later.h"
#include "names.h"
#include "orphans.h"
#include "rests.h"

#define BREATH_NS (200 * NS_PER_MS) /* at least between two breaths: less than the heartbeat's interval */
#define HOOKS_OF_DEVICE 2	    /* programs at a lagg's own device, beside one for each port */
#define MANY_HOOKS 32		    /* attaching these to tcx takes about half a second */
#define START_TIMEOUT_US 30000000u  /* how long from then on systemd waits for the end of the start */

struct lagg *laggs_find(const struct agent *agent, const char *name)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (strcmp(agent->lagg[i]->model.name, name) == 0)
			return agent->lagg[i];
	return NULL;
}

struct lagg *laggs_of_device(const struct agent *agent, int ifindex)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->ifindex == ifindex)
			return agent->lagg[i];
	return NULL;
}

static int slot_of_device(const struct lagg *lagg, int ifindex)
{
	for (int slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex == ifindex)
			return slot;
	return -ENOENT;
}

bool laggs_port_of_device(const struct agent *agent, int ifindex, struct lagg **lagg, uint32_t *ret_slot)
{
	for (uint32_t i = 0; ifindex && i < agent->laggs; i++) {
		int slot = slot_of_device(agent->lagg[i], ifindex);
		if (slot < 0)
			continue;
		*lagg = agent->lagg[i];
		*ret_slot = (uint32_t)slot;
		return true;
	}
	return false;
}

bool laggs_port_of_mac(const struct agent *agent, const uint8_t mac[6], struct lagg **lagg, uint32_t *ret_slot)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
			const struct lagg *one = agent->lagg[i];
			if (!one->port[slot].used || !one->port[slot].ifindex ||
			    memcmp(one->saved.port[slot].mac, mac, 6) != 0)
				continue;
			*lagg = agent->lagg[i];
			*ret_slot = slot;
			return true;
		}
	return false;
}

void laggs_add(struct agent *agent, struct lagg *lagg)
{
	agent->lagg[agent->laggs++] = lagg;
}

static void forget(struct agent *agent, const struct lagg *lagg)
{
	for (uint32_t i = 0; i < agent->laggs; i++) {
		if (agent->lagg[i] != lagg)
			continue;
		agent->laggs--;
		for (; i < agent->laggs; i++)
			agent->lagg[i] = agent->lagg[i + 1];
		return;
	}
}

void laggs_release(struct agent *agent, struct lagg *lagg)
{
	forget(agent, lagg);
	capture_lagg_gone(agent, lagg);
	devices_update_poll(agent); /* before the datapath is closed, whose ports the poll uses */
	lagg_free(lagg);
}

void laggs_destroy(struct agent *agent, struct lagg *lagg)
{
	if (lagg_take_down(lagg) < 0)
		rests_add(agent, lagg->model.name, lagg->folder, &lagg->saved, NULL);
	laggs_release(agent, lagg);
	laggs_arm(agent);
}

int laggs_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		 char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg;
	char folder[512];
	/* What could not be put back of an earlier lagg of that name has to be put back first. */
	record_folder(&agent->host, model->name, folder);
	int r = rests_settle_folder(agent, folder, sentence);
	if (r >= 0 && agent->host.orphans)
		orphans_put_back(agent);
	if (r >= 0)
		r = lagg_make(&agent->host, model, &lagg, sentence);
	if (r == 0) {
		laggs_add(agent, lagg);
		r = lagg_start(lagg, model, sentence);
		if (r < 0)
			laggs_destroy(agent, lagg);
	}
	if (r < 0) {
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be made: %s", model->name, strerror(-r));
		return r;
	}
	*ret = lagg;
	return 0;
}

struct ctl_model *laggs_model(const struct agent *agent)
{
	struct ctl_model *model = calloc(1, sizeof(*model));
	if (!model)
		return NULL;
	for (uint32_t i = 0; i < agent->laggs && model->laggs < XLAGG_MAX_LAGGS; i++)
		model->lagg[model->laggs++] = agent->lagg[i]->model;
	later_list(agent, model);
	return model;
}

/* Returns the lagg's index among the running ones. */
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

/* --- their time --- */

static void set_timer(struct agent *agent, uint64_t deadline_ns)
{
	agent->timer_ns = deadline_ns;
	if (agent->timer)
		clock_set_timer(agent->timer, deadline_ns);
}

void laggs_arm(struct agent *agent)
{
	uint64_t deadline = CORE_NEVER;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->deadline_ns < deadline)
			deadline = agent->lagg[i]->deadline_ns;
	set_timer(agent, deadline);
}

void laggs_run(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->deadline_ns <= clock_now())
			input_time(agent->lagg[i]);
	laggs_arm(agent);
}

bool laggs_hurry(struct agent *agent, const struct ctl_model *to)
{
	uint32_t hooks = 0;
	for (uint32_t i = 0; i < to->laggs; i++)
		if (!laggs_find(agent, to->lagg[i].name))
			hooks += HOOKS_OF_DEVICE + to->lagg[i].ports;
	if (hooks <= MANY_HOOKS || agent->host.features.in_a_hurry)
		return false;
	agent->host.features.in_a_hurry = true;
	netlink_reuse_lists(agent->host.nl, true);
	return true;
}

void laggs_hurry_no_longer(struct agent *agent)
{
	agent->host.features.in_a_hurry = false;
	netlink_reuse_lists(agent->host.nl, false);
}

void laggs_catch_up(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		input_frames(agent->lagg[i]);
	laggs_run(agent);
}

void laggs_breathe(struct agent *agent)
{
	if (clock_now() - agent->heartbeat_ns < BREATH_NS)
		return;
	heartbeat_beat(agent);
	if (agent->unpolled)
		devices_update_poll(agent);
	laggs_catch_up(agent);
	/* Before it is ready, systemd counts the time of the start instead. */
	sd_notifyf(0, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%u", START_TIMEOUT_US);
}

/* --- what laggs ask of the agent --- */

static struct agent *agent_of(struct lagg_host *host)
{
	return (struct agent *)host;
}

static void on_event(struct lagg_host *host, const struct xlagg_event *event)
{
	events_publish(agent_of(host), event);
}

/* A lagg that has more time than before leaves the timer as it is. When that comes too early, it is set anew, which
 * happens less often than that a lagg gets more time, as it does with each LACPDU. */
static void on_deadline(struct lagg_host *host, uint64_t deadline_ns)
{
	struct agent *agent = agent_of(host);
	if (deadline_ns < agent->timer_ns)
		set_timer(agent, deadline_ns);
}

static int settle(struct lagg_host *host, int ifindex, char sentence[XLAGG_SENTENCE_MAX])
{
	return rests_settle_device(agent_of(host), ifindex, sentence);
}

/* Within a transaction the list is made again only now and then: it costs the more the more ports there are. */
static void on_ports(struct lagg_host *host)
{
	if (host->changing)
		agent_of(host)->unpolled = true;
	else
		devices_update_poll(agent_of(host));
}

static void breathe(struct lagg_host *host)
{
	laggs_breathe(agent_of(host));
}

static void on_renamed(struct lagg_host *host, const struct device *device)
{
	names_follow(agent_of(host), device);
}

static bool number_in_use(const struct lagg_host *host, uint32_t number)
{
	const struct agent *agent = (const struct agent *)host;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->saved.kept.number == number)
			return true;
	return false;
}

static const char *lagg_of_device(const struct lagg_host *host, int ifindex)
{
	const struct agent *agent = (const struct agent *)host;
	uint32_t slot;
	struct lagg *lagg;
	if (laggs_port_of_device(agent, ifindex, &lagg, &slot))
		return lagg->model.name;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i]->ifindex == ifindex || agent->lagg[i]->lower_ifindex == ifindex)
			return agent->lagg[i]->model.name;
	return NULL;
}

static bool has_mac(const struct lagg *lagg, const uint8_t mac[6])
{
	const struct xlagg_kept *kept = &lagg->saved.kept;
	return memcmp(lagg->looks.mac, mac, 6) == 0 || (kept->has & XLAGG_KEPT_MAC && memcmp(kept->mac, mac, 6) == 0);
}

static bool mac_in_use(const struct lagg_host *host, const uint8_t mac[6], const struct lagg *lagg)
{
	const struct agent *agent = (const struct agent *)host;
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (agent->lagg[i] != lagg && has_mac(agent->lagg[i], mac))
			return true;
	return false;
}

static bool own_mac(const struct lagg_host *host, int ifindex, uint8_t mac[6])
{
	struct lagg *lagg;
	uint32_t slot;
	if (!laggs_port_of_device((const struct agent *)host, ifindex, &lagg, &slot))
		return false;
	lagg_port_own_mac(lagg, slot, mac);
	return true;
}

const struct lagg_host_calls laggs_calls = {
    .event = on_event,
    .deadline = on_deadline,
    .ports = on_ports,
    .breathe = breathe,
    .settle = settle,
    .renamed = on_renamed,
    .number_in_use = number_in_use,
    .lagg_of_device = lagg_of_device,
    .mac_in_use = mac_in_use,
    .own_mac = own_mac,
};
