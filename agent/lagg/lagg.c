/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One lagg's life: its devices, its datapath and its core are made, changed and taken down together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"

struct lagg *lagg_find(struct agent *agent, const char *name)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (!strcmp(agent->lagg[i]->model.name, name))
			return agent->lagg[i];
	return NULL;
}

void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	*ret = (struct datapath_setup){
	    .profile = conf->datapath,
	    .device = lagg->device,
	    .direct = lagg->direct,
	    .params = {.proto = conf->proto,
		       .hash = conf->hash,
		       .seed = lagg->seed,
		       .lagg_ifindex = (uint32_t)lagg->ifindex,
		       .lower_ifindex = (uint32_t)lagg->lower_ifindex,
		       .rr_limit = conf->rr_limit,
		       .rx_all = conf->rx_all,
		       .flowid = conf->flowid,
		       .flowid_shift = conf->flowid_shift,
		       .probe_us = probe_limit_us(conf)},
	};
	int count = ctl_parse_ethertypes(conf->port_ethertypes, ret->params.ethertype, NULL);
	ret->params.ethertypes = count < 0 ? 0 : (uint32_t)count;
}

bool lagg_wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device)
{
	return device == XLAGG_DEVICE_VETH && conf->datapath == XLAGG_DATAPATH_TC && conf->tx_path == XLAGG_TX_DIRECT;
}

struct lagg *lagg_new(struct agent *agent, const struct xlagg_model *model)
{
	struct lagg *lagg = calloc(1, sizeof(*lagg));
	if (!lagg)
		return NULL;
	lagg->core = calloc(1, core_size());
	if (!lagg->core) {
		free(lagg);
		return NULL;
	}
	lagg->agent = agent;
	lagg->deadline_ns = CORE_NEVER;
	lagg->model = *model;
	lagg->model.ports = lagg->model.addresses = 0;
	lagg->number = identity_number(agent, model->name);
	core_init(lagg->core, &model->conf, lagg->number);
	return lagg;
}

void lagg_free(struct lagg *lagg)
{
	sd_event_source_unref(lagg->slow_source);
	datapath_close(&lagg->dp);
	free(lagg->core);
	free(lagg);
}

/* The device and the datapath of a new lagg. */
static int make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct agent *agent = lagg->agent;
	char folder[512];
	struct datapath_setup setup;
	int r = identity_choose(agent, model, lagg->looks.mac, &lagg->seed, sentence);
	if (r < 0)
		return r;
	lagg->looks.mtu = device_mtu(lagg, model);
	lagg->looks.own_macs = lagg_wants_own_macs(&model->conf);
	/* Whoever dies from here on leaves a folder of pins, which makes the next agent clear up. */
	record_folder(agent, model->name, folder);
	record_clear(folder);
	if (mkdir(folder, 0700))
		return -errno;
	r = device_make(lagg, model, sentence);
	if (r < 0)
		return r;
	lagg->direct = lagg_wants_direct(&model->conf, lagg->device);
	device_assert_features(lagg);
	lagg_setup(lagg, &setup);
	record_clear(folder); /* it makes its own */
	r = datapath_create(&lagg->dp, folder, &agent->features, &setup, sentence);
	if (r < 0)
		return r;
	/* Until the next beat it would be one whose agent is away. */
	datapath_heartbeat(lagg->dp, clock_now());
	r = datapath_watch(lagg->dp, agent->watch);
	return r < 0 ? r : lagg_watch_slow(lagg);
}

int lagg_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		char sentence[XLAGG_SENTENCE_MAX])
{
	bool had_identity = identity_exists(agent, model->name);
	struct lagg *lagg = lagg_new(agent, model);
	if (!lagg)
		return -ENOMEM;
	int r = make(lagg, model, sentence);
	if (r == 0) {
		agent->lagg[agent->laggs++] = lagg;
		core_set_mac(lagg->core, clock_now(), lagg->looks.mac, &lagg->fx);
		lagg_effects(lagg);
		lagg_tell(lagg, XLAGG_EVENT_LAGG_ADD, NULL, NULL);
		/* A created lagg changes into the configured one in the same way as a running one. */
		lagg->model.conf.admin = 0;
		r = lagg_change(lagg, model, sentence);
		if (r < 0)
			lagg_destroy(lagg);
	} else {
		char folder[512];
		record_folder(agent, model->name, folder);
		record_clear(folder);
		if (lagg->ifindex)
			netlink_del(agent->nl, lagg->ifindex);
		lagg_free(lagg);
	}
	if (r < 0) {
		if (!had_identity)
			identity_forget(agent, model->name);
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be made: %s", model->name, strerror(-r));
		return r;
	}
	*ret = lagg;
	return 0;
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

void lagg_release(struct lagg *lagg)
{
	forget(lagg->agent, lagg);
	devices_update_poll(lagg->agent); /* it looks at the ports of the datapath that goes now */
	lagg_free(lagg);
}

void lagg_destroy(struct lagg *lagg)
{
	struct agent *agent = lagg->agent;
	char folder[512];
	lagg->ending = true;
	core_stop(lagg->core, clock_now(), &lagg->fx);
	lagg_effects(lagg);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used)
			lagg_port_del(lagg, slot);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_DEL, NULL, NULL);
	record_folder(agent, lagg->model.name, folder);
	int r = netlink_del(agent->nl, lagg->ifindex);
	if (r < 0 && r != -ENODEV)
		log_error("%s: cannot remove its device: %s", lagg->model.name, strerror(-r));
	r = datapath_remove(folder);
	if (r < 0)
		log_error("%s: cannot unpin %s: %s", lagg->model.name, folder, strerror(-r));
	lagg_release(lagg);
	agent_arm(agent);
}
