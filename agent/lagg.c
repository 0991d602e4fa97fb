/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One lagg's life: its devices, its datapath and its core are made, changed and taken down together. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "xlagg/wire.h"

struct lagg *lagg_find(struct agent *agent, const char *name)
{
	for (uint32_t i = 0; i < agent->laggs; i++)
		if (!strcmp(agent->lagg[i]->model.name, name))
			return agent->lagg[i];
	return NULL;
}

void lagg_event(struct lagg *lagg, struct xlagg_event *event)
{
	event->time_ns = agent_realtime();
	memcpy(event->lagg, lagg->model.name, sizeof(event->lagg));
	server_publish(lagg->agent, event);
}

void lagg_tell(struct lagg *lagg, enum xlagg_event_type type, const char *port, const char *text)
{
	struct xlagg_event event = {.type = type, .gap_ns = XLAGG_GAP_UNKNOWN};
	snprintf(event.port, sizeof(event.port), "%s", port ? port : "");
	snprintf(event.text, sizeof(event.text), "%s", text ? text : "");
	lagg_event(lagg, &event);
}

/* EtherTypes of option port-ethertypes; the grammar has checked their form. */
static uint32_t parse_ethertypes(const char *text, uint16_t ret[XLAGG_PORT_ETHERTYPES])
{
	uint32_t count = 0;
	char *end;
	for (const char *p = text; *p && count < XLAGG_PORT_ETHERTYPES; p = *end ? end + 1 : end) {
		unsigned long value = strtoul(p, &end, 16);
		if (end == p)
			break;
		ret[count++] = (uint16_t)value;
	}
	return count;
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
		       .flowid_shift = conf->flowid_shift},
	};
	ret->params.ethertypes = parse_ethertypes(conf->port_ethertypes, ret->params.ethertype);
}

/* The tx path in use: `direct` exists on a veth with the tc profile only. */
static bool wants_direct(const struct xlagg_lagg_conf *conf, enum xlagg_device device)
{
	return device == XLAGG_DEVICE_VETH && conf->datapath == XLAGG_DATAPATH_TC && conf->tx_path == XLAGG_TX_DIRECT;
}

/* Pins the configuration and the undo records, for whoever comes next. */
int lagg_save(struct lagg *lagg)
{
	struct ctl_command *command = malloc(sizeof(*command));
	if (!command)
		return -ENOMEM;
	ctl_model_to_command(&lagg->model, command);
	struct xlagg_saved *saved = &lagg->saved;
	int len = ctl_encode(command, NLM_F_REQUEST, 0, saved->message, sizeof(saved->message));
	free(command);
	if (len < 0) {
		log_error("%s: its configuration does not fit into %d octets and is not kept", lagg->model.name,
			  XLAGG_SAVED_MAX);
		return len;
	}
	saved->abi_version = XLAGG_ABI_VERSION;
	saved->message_len = (uint32_t)len;
	saved->device = lagg->device;
	saved->ifindex = (uint32_t)lagg->ifindex;
	saved->lower_ifindex = (uint32_t)lagg->lower_ifindex;
	saved->profile = lagg->model.conf.datapath;
	int r = datapath_save(lagg->dp, saved);
	if (r < 0)
		log_error("%s: cannot pin its configuration: %s", lagg->model.name, strerror(-r));
	return r;
}

static void carry_carrier(struct lagg *lagg, bool up)
{
	if (lagg->carrier == up)
		return;
	lagg->carrier = up;
	lagg->last_change = agent_now();
	if (!up)
		lagg->flaps++;
	int r;
	if (up) {
		r = netlink_set_up(lagg->agent->nl, lagg->lower_ifindex, true);
		datapath_carrier(lagg->dp, true);
	} else {
		datapath_carrier(lagg->dp, false);
		r = netlink_set_up(lagg->agent->nl, lagg->lower_ifindex, false);
	}
	if (r < 0)
		log_error("%s: cannot set its carrier %s: %s", lagg->model.name, up ? "on" : "off", strerror(-r));
}

static void take_mac_of(struct lagg *lagg, uint32_t slot)
{
	int r = netlink_set_mac(lagg->agent->nl, lagg->ifindex, lagg->port[slot].link.mac);
	if (r < 0)
		log_warning("%s: cannot take the MAC of %s: %s", lagg->model.name, lagg->port[slot].name, strerror(-r));
}

static void publish(struct lagg *lagg, const uint32_t lost[XLAGG_MAX_PORTS])
{
	const struct core_output *out = core_output(lagg->core);
	int r = datapath_publish(lagg->dp, &out->table, out->live, out->flags, lost);
	if (r < 0)
		log_error("%s: cannot publish its table: %s", lagg->model.name, strerror(-r));
}

/* The last LACPDU that was sent, for the time without an agent. */
static void keep_pdu(struct port *port, const uint8_t frame[CORE_FRAME_LEN])
{
	if (frame[14] != XLAGG_SLOW_LACP)
		return;
	memcpy(port->lacp.pdu, frame, CORE_FRAME_LEN);
	port->lacp.pdu_len = CORE_FRAME_LEN;
	port->lacp.pdu_tx_ns = agent_now();
}

/* Pins what the next agent needs to go on with LACP, port by port, where it changed. */
static void save_lacp(struct lagg *lagg)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++) {
		struct port *port = &lagg->port[slot];
		if (!port->used || !port->ifindex)
			continue;
		core_save_lacp(lagg->core, slot, &port->lacp);
		if (memcmp(&port->lacp, &port->lacp_pinned, sizeof(port->lacp)) &&
		    datapath_set_lacp(lagg->dp, slot, &port->lacp) == 0)
			port->lacp_pinned = port->lacp;
	}
}

static void run_effect(struct lagg *lagg, struct core_effect *effect, const uint32_t lost[XLAGG_MAX_PORTS])
{
	struct agent *agent = lagg->agent;
	struct port *port = &lagg->port[effect->slot % XLAGG_MAX_PORTS];
	int r = 0;
	switch (effect->kind) {
	case CORE_PUBLISH:
		publish(lagg, lost);
		break;
	case CORE_SEND:
		if (port->ifindex)
			r = frames_send(agent->packet_fd, port->ifindex, effect->frame, CORE_FRAME_LEN);
		keep_pdu(port, effect->frame);
		if (r < 0)
			log_debug("%s: %s: a LACPDU was not sent: %s", lagg->model.name, port->name, strerror(-r));
		break;
	case CORE_CARRIER:
		carry_carrier(lagg, core_output(lagg->core)->carrier);
		break;
	case CORE_EVENT:
		lagg_event(lagg, &effect->event);
		break;
	case CORE_ANNOUNCE:
		r = frames_announce(agent->packet_fd, agent->nl, lagg->ifindex);
		if (r < 0)
			log_warning("%s: cannot announce its addresses: %s", lagg->model.name, strerror(-r));
		break;
	case CORE_REJOIN:
		r = frames_rejoin(agent->packet_fd, agent->nl, lagg->ifindex);
		if (r < 0)
			log_warning("%s: cannot report its groups: %s", lagg->model.name, strerror(-r));
		break;
	case CORE_MAC:
		take_mac_of(lagg, effect->slot);
		break;
	}
}

void lagg_effects(struct lagg *lagg, const uint32_t lost[XLAGG_MAX_PORTS])
{
	/* A carrier that comes is up before the first port is live. */
	if (core_output(lagg->core)->carrier)
		carry_carrier(lagg, true);
	/* In their order: a last LACPDU leaves before the port is closed. */
	for (uint32_t i = 0; i < lagg->fx.count; i++)
		run_effect(lagg, &lagg->fx.list[i], lost);
	lagg->fx.count = 0;
	if (lagg->model.conf.proto == XLAGG_PROTO_LACP)
		save_lacp(lagg);
	agent_arm(lagg->agent);
}

/* An input that rests on no fact about carrier: the stamps are those of now. */
static void effects_now(struct lagg *lagg)
{
	uint32_t lost[XLAGG_MAX_PORTS];
	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		lost[i] = lagg->port[i].lost;
	lagg_effects(lagg, lost);
}

static void on_slow_frame(void *context, const struct xlagg_slow_event *event)
{
	struct lagg *lagg = context;
	if (event->slot >= XLAGG_MAX_PORTS || !lagg->port[event->slot].used)
		return;
	uint32_t len = event->len < XLAGG_SLOW_FRAME_MAX ? event->len : XLAGG_SLOW_FRAME_MAX;
	lagg->port[event->slot].lacp.pdu_rx_ns = event->time_ns;
	core_slow_frame(lagg->core, agent_now(), event->slot, event->frame, len, &lagg->fx);
	effects_now(lagg);
}

static int on_slow_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source, (void)fd, (void)revents;
	struct lagg *lagg = context;
	int r = datapath_slow_read(lagg->dp, on_slow_frame, lagg);
	if (r < 0)
		log_warning("%s: cannot read its control frames: %s", lagg->model.name, strerror(-r));
	return 0;
}

/* The lagg's number for automatic keys: N of laggN, else the first free one from 1. */
static uint32_t choose_number(const struct agent *agent, const char *name)
{
	size_t digits = strcspn(name, "0123456789");
	if (name[digits])
		return (uint32_t)strtoul(name + digits, NULL, 10) & 0x7ff;
	return agent->laggs + 1;
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
	lagg->model = *model;
	lagg->model.ports = lagg->model.addresses = 0;
	lagg->number = choose_number(agent, model->name);
	lagg->last_change = agent_now();
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

int lagg_watch_slow(struct lagg *lagg)
{
	return sd_event_add_io(lagg->agent->event, &lagg->slow_source, datapath_slow_fd(lagg->dp), EPOLLIN,
			       on_slow_readable, lagg);
}

void lagg_folder(const struct agent *agent, const char *name, char ret[512])
{
	snprintf(ret, 512, "%s/%s", agent->pins, name);
}

int lagg_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		char sentence[XLAGG_SENTENCE_MAX])
{
	struct lagg *lagg = lagg_new(agent, model);
	if (!lagg)
		return -ENOMEM;
	char folder[512];
	struct datapath_setup setup;
	int r = identity_choose(agent, model, lagg->mac, &lagg->seed, sentence);
	if (r == 0) {
		lagg->mtu = device_mtu(lagg, model);
		r = device_make(lagg, model, sentence);
	}
	if (r == 0) {
		lagg->direct = wants_direct(&model->conf, lagg->device);
		device_assert_features(lagg);
		lagg_setup(lagg, &setup);
		lagg_folder(agent, model->name, folder);
		r = datapath_create(&lagg->dp, folder, &agent->features, &setup, sentence);
	}
	if (r == 0)
		r = lagg_watch_slow(lagg);
	if (r < 0) {
		if (lagg->ifindex)
			netlink_del(agent->nl, lagg->ifindex);
		lagg_free(lagg);
		if (!sentence[0])
			snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be made: %s", model->name, strerror(-r));
		return r;
	}
	agent->lagg[agent->laggs++] = lagg;
	core_set_mac(lagg->core, agent_now(), lagg->mac, &lagg->fx);
	effects_now(lagg);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_ADD, NULL, NULL);
	/* A created lagg changes into the configured one in the same way as a running one. */
	lagg->model.conf.admin = 0;
	r = lagg_change(lagg, model, sentence);
	if (r < 0) {
		lagg_destroy(lagg);
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
		memmove(&agent->lagg[i], &agent->lagg[i + 1], (agent->laggs - i) * sizeof(agent->lagg[0]));
		return;
	}
}

void lagg_release(struct lagg *lagg)
{
	forget(lagg->agent, lagg);
	lagg_free(lagg);
}

void lagg_destroy(struct lagg *lagg)
{
	struct agent *agent = lagg->agent;
	char folder[512];
	core_stop(lagg->core, agent_now(), &lagg->fx);
	effects_now(lagg);
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used)
			member_del(lagg, slot);
	lagg_tell(lagg, XLAGG_EVENT_LAGG_DEL, NULL, NULL);
	lagg_folder(agent, lagg->model.name, folder);
	int r = netlink_del(agent->nl, lagg->ifindex);
	if (r < 0 && r != -ENODEV)
		log_error("%s: cannot remove its device: %s", lagg->model.name, strerror(-r));
	r = datapath_remove(folder);
	if (r < 0)
		log_error("%s: cannot unpin %s: %s", lagg->model.name, folder, strerror(-r));
	identity_forget(agent, lagg->model.name);
	lagg_release(lagg);
	poll_update(agent);
	agent_arm(agent);
}

/* Whether the two configurations make different programs. */
static bool programs_differ(const struct xlagg_lagg_conf *a, const struct xlagg_lagg_conf *b)
{
	return a->proto != b->proto || a->hash != b->hash || a->hash_seed != b->hash_seed || a->flowid != b->flowid ||
	       a->flowid_shift != b->flowid_shift || a->rr_limit != b->rr_limit || a->rx_all != b->rx_all ||
	       a->datapath != b->datapath || a->tx_path != b->tx_path || strcmp(a->port_ethertypes, b->port_ethertypes);
}

static int change_programs(struct lagg *lagg, const struct xlagg_lagg_conf *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct datapath_setup setup;
	struct xlagg_lagg_conf before = lagg->model.conf;
	if (lagg->device == XLAGG_DEVICE_NETKIT && to->datapath == XLAGG_DATAPATH_XDP) {
		snprintf(
		    sentence, XLAGG_SENTENCE_MAX,
		    "%s: datapath xdp needs a veth and its device is a netkit: remove it and add it with device veth",
		    lagg->model.name);
		return -EOPNOTSUPP;
	}
	lagg->model.conf = *to;
	lagg->model.conf.admin = before.admin;
	lagg->direct = wants_direct(to, lagg->device);
	bool xdp_now = to->datapath == XLAGG_DATAPATH_XDP, xdp_before = before.datapath == XLAGG_DATAPATH_XDP;
	if (xdp_now)
		device_assert_features(lagg);
	lagg_setup(lagg, &setup);
	int r = datapath_change(lagg->dp, &setup, sentence);
	if (r < 0) {
		lagg->model.conf = before;
		lagg->direct = wants_direct(&before, lagg->device);
	}
	bool xdp = r < 0 ? xdp_before : xdp_now;
	if (!xdp && (xdp_now || xdp_before))
		device_release_features(lagg);
	return r;
}

/* Applies MAC and MTU of the lagg to its device and to the ports. */
int lagg_identity(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct agent *agent = lagg->agent;
	uint8_t mac[6];
	uint32_t seed, mtu = device_mtu(lagg, to);
	memcpy(mac, lagg->mac, 6);
	int r = identity_choose(agent, to, mac, &seed, sentence);
	if (r < 0)
		return r;
	lagg->seed = seed;
	bool new_mac = memcmp(mac, lagg->mac, 6) && strcmp(to->conf.mac, "active");
	if (!new_mac && mtu == lagg->mtu)
		return 0;
	uint32_t mtu_before = lagg->mtu;
	if (new_mac)
		memcpy(lagg->mac, mac, 6);
	lagg->mtu = mtu;
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS && r == 0; slot++)
		if (lagg->port[slot].used && lagg->port[slot].ifindex)
			r = member_adjust(lagg, slot, sentence);
	if (r == 0 && mtu != mtu_before) {
		r = netlink_set_mtu(agent->nl, lagg->lower_ifindex, mtu);
		if (r == 0)
			r = netlink_set_mtu(agent->nl, lagg->ifindex, mtu);
	}
	if (r < 0)
		return r;
	if (new_mac) {
		r = netlink_set_mac(agent->nl, lagg->ifindex, mac);
		core_set_mac(lagg->core, agent_now(), mac, &lagg->fx);
		effects_now(lagg);
	}
	return r;
}

static int change_ports(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	for (uint32_t i = 0; i < to->ports; i++) {
		int slot = member_find(lagg, to->port[i].name);
		if (slot < 0) {
			int r = member_add(lagg, &to->port[i], sentence);
			if (r < 0)
				return r;
			continue;
		}
		struct xlagg_port_model *port = member_model(lagg, (uint32_t)slot);
		if (!memcmp(&port->conf, &to->port[i].conf, sizeof(port->conf)))
			continue;
		port->conf = to->port[i].conf;
		core_port_set(lagg->core, agent_now(), (uint32_t)slot, &port->conf, &lagg->fx);
		effects_now(lagg);
	}
	return 0;
}

static void remove_ports(struct lagg *lagg, const struct xlagg_model *to)
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (lagg->port[slot].used && ctl_find_port(to, lagg->port[slot].name) < 0)
			member_del(lagg, slot);
}

int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX])
{
	struct agent *agent = lagg->agent;
	bool admin = lagg->model.conf.admin;
	remove_ports(lagg, to);
	int r = lagg_identity(lagg, to, sentence);
	if (r == 0 && programs_differ(&lagg->model.conf, &to->conf))
		r = change_programs(lagg, &to->conf, sentence);
	if (r == 0) {
		lagg->model.conf = to->conf;
		core_set(lagg->core, agent_now(), &to->conf, &lagg->fx);
		effects_now(lagg);
		r = change_ports(lagg, to, sentence);
	}
	if (r == 0 && admin != (bool)to->conf.admin)
		r = netlink_set_up(agent->nl, lagg->ifindex, to->conf.admin);
	if (r == 0)
		r = device_set_addresses(lagg, to, sentence);
	if (r < 0 && !sentence[0])
		snprintf(sentence, XLAGG_SENTENCE_MAX, "%s: cannot be changed: %s", to->name, strerror(-r));
	if (r == 0)
		r = lagg_save(lagg);
	poll_update(agent);
	if (r == 0)
		lagg_tell(lagg, XLAGG_EVENT_LAGG_CHANGE, NULL, NULL);
	return r;
}

void lagg_device_changed(struct lagg *lagg, const struct device *device)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct xlagg_model to = lagg->model;
	struct xlagg_model *running = ctl_find(&lagg->agent->model, lagg->model.name);
	bool promisc = device->promiscuity > 0;
	if (promisc != lagg->promisc) {
		lagg->promisc = promisc;
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			if (lagg->port[slot].used && lagg->port[slot].ifindex &&
			    member_adjust(lagg, slot, sentence) < 0)
				log_warning("%s: %s", lagg->model.name, sentence);
	}
	to.conf.admin = !!(device->flags & IFF_UP);
	if (device->mtu != lagg->mtu)
		to.conf.mtu = device->mtu;
	if (memcmp(device->mac, lagg->mac, 6) && strcmp(to.conf.mac, "active"))
		snprintf(to.conf.mac, sizeof(to.conf.mac), "%02x:%02x:%02x:%02x:%02x:%02x", device->mac[0],
			 device->mac[1], device->mac[2], device->mac[3], device->mac[4], device->mac[5]);
	device_assert_features(lagg);
	if (!memcmp(&to.conf, &lagg->model.conf, sizeof(to.conf)))
		return;
	if (lagg_change(lagg, &to, sentence) < 0)
		log_warning("%s: a change made with ip is not taken over: %s", lagg->model.name, sentence);
	else if (running)
		running->conf = lagg->model.conf;
}
