/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A lagg's life: its device, its datapath and its core are created and taken down together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lagg/change.h"
#include "lagg/device.h"
#include "lagg/effects.h"
#include "lagg/identity.h"
#include "lagg/inputs.h"
#include "lagg/looks.h"
#include "lagg/ports.h"
#include "lagg/probes.h"
#include "lagg/record.h"
#include "lagg/shell.h"
#include "lagg/taken.h"

void lagg_setup(const struct lagg *lagg, struct datapath_setup *ret)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	*ret = (struct datapath_setup){
	    .profile = conf->datapath,
	    .device = lagg->device,
	    .direct = lagg->direct,
	    .shell = shell_of(lagg),
	    .idle = lagg->idle,
	    .keep_qdisc = lagg->saved.bond.taken,
	    .params = {.proto = conf->proto,
		       .hash = conf->hash,
		       .seed = lagg->seed,
		       .lagg_ifindex = (uint32_t)lagg->ifindex,
		       .lower_ifindex = (uint32_t)lagg->lower_ifindex,
		       .rr_limit = conf->rr_limit,
		       .bonding_lacp = taken_speaks_lacp(lagg),
		       .rx_all = conf->rx_all,
		       .flowid = conf->flowid,
		       .flowid_shift = conf->flowid_shift,
		       .probe_us = probes_limit_us(conf),
		       .balance = core_balances(conf),
		       .repath = conf->repath,
		       .grey = conf->grey_detect != XLAGG_GREY_OFF},
	};
	int count = ctl_parse_ethertypes(conf->port_ethertypes, ret->params.ethertype, NULL);
	ret->params.ethertypes = count < 0 ? 0 : (uint32_t)count;
}

bool lagg_wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device)
{
	bool wanted = conf->tx_path == XLAGG_TX_DIRECT || (conf->taken && conf->tx_path == XLAGG_TX_AUTO);
	return device != XLAGG_DEVICE_NETKIT && conf->datapath == XLAGG_DATAPATH_TC && wanted;
}

struct lagg *lagg_new(struct lagg_host *host, const struct xlagg_model *model, const struct xlagg_saved *saved)
{
	struct lagg *lagg = calloc(1, sizeof(*lagg));
	if (!lagg)
		return NULL;
	lagg->core = calloc(1, core_size());
	if (!lagg->core) {
		free(lagg);
		return NULL;
	}
	lagg->host = host;
	lagg->deadline_ns = CORE_NEVER;
	lagg->mac_owed = XLAGG_NO_PORT;
	lagg->model = *model;
	lagg->model.ports = lagg->model.addresses = 0;
	record_folder(host, model->name, lagg->folder);
	if (saved)
		lagg->saved = *saved;
	identity_load(lagg);
	core_init(lagg->core, &model->conf, lagg->saved.kept.number);
	return lagg;
}

void lagg_free(struct lagg *lagg)
{
	sd_event_source_unref(lagg->frames_source);
	datapath_close(&lagg->dp);
	free(lagg->core);
	free(lagg->whole);
	free(lagg);
}

/* Creates the device and the datapath of a new lagg. */
static int make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg_host *host = lagg->host;
	struct datapath_setup setup;
	int r = model->conf.taken ? taken_find(lagg, model, sentence) : 0;
	if (r == 0)
		r = identity_choose(lagg, model, lagg->looks.mac, &lagg->seed, sentence);
	if (r < 0)
		return r;
	if (!model->conf.taken)
		lagg->looks.mtu = device_mtu(lagg, model);
	lagg->looks.own_macs = looks_want_own_macs(&model->conf);
	/* From here on there is a folder of pins. If the agent dies, the next one sees by it that something has to be
	 * removed. */
	record_clear(lagg->folder);
	if (mkdir(lagg->folder, 0700))
		return -errno;
	r = device_make(lagg, model, sentence);
	/* Where the kernel did not answer, something may have been made and not removed again. */
	if (r < 0) {
		host->orphans = true;
		return r;
	}
	host->calls->breathe(host);
	lagg->direct = lagg_wants_direct(&model->conf, lagg->device);
	device_assert_features(lagg);
	lagg_setup(lagg, &setup);
	record_clear(lagg->folder); /* datapath_create() creates it again */
	r = datapath_create(&lagg->dp, lagg->folder, &host->features, &setup, sentence);
	if (r < 0)
		return r;
	/* Otherwise the programs would take the agent for away until the next heartbeat. */
	datapath_heartbeat(lagg->dp, clock_now());
	r = datapath_watch(lagg->dp, host->watch);
	return r < 0 ? r : input_watch_frames(lagg);
}

/* Removes the lagg's device. If that fails, its lower end still bears the mark, by which orphans.c or another agent
 * finds it later. */
static int remove_or_leave(struct lagg *lagg)
{
	int r = lagg->ifindex ? device_remove(lagg) : 0;
	/* A single failure is not worth a word. */
	if (r < 0)
		r = device_remove(lagg);
	if (r == 0)
		return 0;
	log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "its device cannot be removed yet: %s", strerror(-r));
	snprintf(lagg->host->left, sizeof(lagg->host->left), "%s: its device could not be removed yet (%s)",
		 lagg->model.name, strerror(-r));
	lagg->host->orphans = true;
	return r;
}

/* Removes what make() left when it failed. */
static void unmake(struct lagg *lagg)
{
	record_clear(lagg->folder);
	remove_or_leave(lagg);
	lagg_free(lagg);
}

int lagg_make(struct lagg_host *host, const struct xlagg_model *model, struct lagg **ret,
	      char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = lagg_new(host, model, NULL);
	if (!lagg)
		return -ENOMEM;
	int r = make(lagg, model, sentence);
	if (r < 0) {
		unmake(lagg);
		return r;
	}
	*ret = lagg;
	return 0;
}

int lagg_start(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX])
{
	input_mac(lagg, lagg->looks.mac);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_ADD, NULL, NULL);
	/* A new lagg is configured in the same way as a running one is changed. */
	lagg->model.conf.admin = 0;
	if (!lagg->idle)
		return lagg_change(lagg, model, sentence);
	taken_begin(lagg);
	int r = lagg_change(lagg, model, sentence);
	if (r == 0)
		r = taken_add_slaves(lagg, sentence);
	taken_begun(lagg);
	return r < 0 ? r : taken_take(lagg, sentence);
}

/* Leaves in the record what a search without the lagg goes by: a port that is away has no ifindex here and, unless each
 * port has its own, the lagg's MAC. */
static void note_searches(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->rest[slot].away)
			lagg->saved.undo[slot].ifindex = 0;
	memcpy(lagg->saved.kept.mac, lagg->looks.mac, 6);
	lagg->saved.kept.has |= XLAGG_KEPT_MAC;
}

/* Pins the record without a configuration: the lagg no longer exists, and only what is to be put back remains. */
static void pin_rest(struct lagg *lagg)
{
	note_searches(lagg);
	lagg->saved.message_len = 0;
	int saved = datapath_save(lagg->dp, &lagg->saved), r = datapath_strip(lagg->folder);
	if (saved < 0 || r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL,
			  "what could not be put back cannot be recorded in %s for another agent: %s", lagg->folder,
			  strerror(saved < 0 ? -saved : -r));
}

static bool has_rest(const struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->saved.undo[slot].ifindex || lagg->rest[slot].away)
			return true;
	return false;
}

void lagg_stop(struct lagg *lagg)
{
	if (lagg->ending)
		return;
	lagg->ending = true;
	taken_give(lagg);
	input_stop(lagg);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used) {
			lagg_port_del(lagg, slot);
			lagg->host->calls->breathe(lagg->host);
		}
}

int lagg_take_down(struct lagg *lagg)
{
	lagg_stop(lagg);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_DEL, NULL, NULL);
	remove_or_leave(lagg);
	if (has_rest(lagg)) {
		pin_rest(lagg);
		return -EAGAIN;
	}
	int r = datapath_remove(lagg->folder);
	if (r < 0)
		log_about(LOG_LEVEL_ERROR, lagg->model.name, NULL, "cannot unpin %s: %s", lagg->folder, strerror(-r));
	return r;
}
