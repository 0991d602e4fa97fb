/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Link probes: the core decides when to send them, and the programs pass the answers to the agent. */
#include <errno.h>
#include <string.h>

#include "lagg/probes.h"
#include "sys/frames/frames.h"

bool probes_wanted(const struct xlagg_lagg_conf *conf)
{
	return strcmp(conf->probe, "none") != 0 && conf->proto != XLAGG_PROTO_BROADCAST &&
	       conf->proto != XLAGG_PROTO_NONE;
}

uint32_t probes_targets(const struct xlagg_lagg_conf *conf)
{
	uint32_t targets = 0;
	const char *address = strcmp(conf->probe, "none") != 0 ? conf->probe : NULL;
	for (; address; targets++) {
		const char *comma = strchr(address, ',');
		address = comma ? comma + 1 : NULL;
	}
	return targets;
}

/* The far end may spread frames over the links, so the answers to the probes of all ports may arrive on one port. */
uint32_t probes_limit_us(const struct xlagg_lagg_conf *conf)
{
	uint32_t targets = probes_wanted(conf) ? probes_targets(conf) : 0;
	return targets ? conf->probe_interval * 1000 / (targets * XLAGG_MAX_PORTS) : 0;
}

/* Tells the programs from which MAC a port sends probes. They must know it before the first probe is sent, so that its
 * answer comes to the agent. */
static void set_mac(struct lagg *lagg, uint32_t slot, const uint8_t mac[6])
{
	if (memcmp(lagg->probe_mac[slot], mac, 6) == 0)
		return;
	memcpy(lagg->probe_mac[slot], mac, 6);
	int r = datapath_set_probe_macs(lagg->dp, lagg->probe_mac);
	if (r < 0)
		log_about(LOG_LEVEL_WARNING, lagg->model.name, NULL, "answers to its link probes may not be heard: %s",
			  strerror(-r));
}

void probes_forget(struct lagg *lagg, uint32_t slot)
{
	set_mac(lagg, slot, (const uint8_t[6]){0});
}

void probes_yield(struct lagg *lagg, const uint8_t mac[6])
{
	for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
		if (memcmp(lagg->probe_mac[slot], mac, 6) == 0)
			probes_forget(lagg, slot);
}

static void send_probe(struct lagg *lagg, uint32_t slot, const struct frame *frame)
{
	const struct lagg_port *port = &lagg->port[slot];
	int r = frames_send(lagg->host->packet_fd, port->ifindex, frame->octets, frame->len);
	if (r == 0)
		datapath_capture_own(lagg->dp, slot, frame->octets, frame->len);
	else
		log_about(LOG_LEVEL_DEBUG, lagg->model.name, port->name, "a link probe was not sent: %s", strerror(-r));
}

void probes_send(struct lagg *lagg, uint32_t slot, const uint8_t mac[6])
{
	const struct lagg_port *port = &lagg->port[slot];
	const struct core_target *target;
	uint32_t targets = core_probe_targets(lagg->core, &target);
	if (memcmp(mac, lagg->looks.mac, 6) != 0)
		set_mac(lagg, slot, mac);
	else
		probes_forget(lagg, slot);
	for (uint32_t i = 0; i < targets && port->ifindex; i++) {
		struct frame frame;
		frames_make_probe(mac, target[i].version, target[i].address, &frame);
		send_probe(lagg, slot, &frame);
	}
}

bool probes_read(const uint8_t *frame, uint32_t len, struct core_answer *ret)
{
	struct frames_answer heard;
	if (frames_read_answer(frame, len, &heard) < 0)
		return false;
	*ret = (struct core_answer){.from.version = heard.version};
	memcpy(ret->from.address, heard.address, sizeof(ret->from.address));
	memcpy(ret->source, heard.source, sizeof(ret->source));
	memcpy(ret->to, heard.to, sizeof(ret->to));
	return true;
}
