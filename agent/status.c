/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Replies to show: what core, datapath and devices know of a lagg, put together. */
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lagg/ports.h"
#include "lagg/rest.h"
#include "rests.h"
#include "status.h"

static void port_counters(struct lagg *lagg, uint32_t slot, struct xlagg_port_counters *counters)
{
	struct xlagg_port_stats stats;
	if (datapath_port_stats(lagg->dp, slot, &stats) < 0)
		return;
	counters->tx_packets = stats.tx_packets;
	counters->tx_bytes = stats.tx_bytes;
	counters->rx_packets = stats.rx_packets;
	counters->rx_bytes = stats.rx_bytes;
	memcpy(counters->rx_dropped, stats.rx_dropped, sizeof(counters->rx_dropped));
	/* Frames that the programs refuse never reach the core, which counts only those that it refuses itself. */
	counters->illegal_rx += stats.slow_illegal;
	counters->unknown_rx += stats.slow_unknown;
	counters->lacpdu_limited = stats.slow_limited;
	counters->lacpdu_headless = stats.headless_tx;
}

/* What the kernel counted in the agent's place, over all times that it was away. */
static void headless_counters(struct lagg *lagg, uint32_t slot, struct xlagg_port_status *status)
{
	struct xlagg_headless did;
	if (datapath_get_headless(lagg->dp, slot, &did) < 0)
		return;
	status->headless_foreign = did.foreign;
	status->headless_outs = did.outs;
}

static void put_port_status(const struct xlagg_port_model *model, const struct xlagg_port_status *status,
			    struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, XLAGG_A_PORT);
	mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, model->name);
	ctl_put_port_options(nlh, &model->conf);
	mnl_attr_put(nlh, XLAGG_A_PORT_STATUS, sizeof(*status), status);
	mnl_attr_nest_end(nlh, nest);
}

static void put_port(struct lagg *lagg, const struct xlagg_port_model *model, struct nlmsghdr *nlh)
{
	int found = lagg_port_find(lagg, model->name);
	if (found < 0)
		return;
	uint32_t slot = (uint32_t)found;
	const struct lagg_port *port = &lagg->port[slot];
	struct xlagg_port_status status = {.ifindex = (uint32_t)port->ifindex, .present = port->ifindex != 0};
	core_port_status(lagg->core, slot, &status);
	core_port_timers(lagg->core, clock_now(), slot, &status);
	status.last_change_ns = clock_to_realtime(status.last_change_ns);
	if (status.probe.answered_ns)
		status.probe.answered_ns = clock_to_realtime(status.probe.answered_ns);
	if (port->notice[0])
		snprintf(status.notice, sizeof(status.notice), "%s", port->notice);
	if (port->refused[0])
		snprintf(status.reason, sizeof(status.reason), "%s", port->refused);
	if (port->ifindex) {
		memcpy(status.permaddr, port->link.mac, 6);
		status.has_permaddr = 1;
		status.carrier = port->link.carrier;
		status.speed = port->link.speed;
		status.duplex = port->link.duplex;
	}
	port_counters(lagg, slot, &status.stats);
	headless_counters(lagg, slot, &status);
	put_port_status(model, &status, nlh);
}

/* Whether the transmit program sees the socket that sends a frame: on the way through a pair of veths it is taken off.
 */
static bool sees_sockets(const struct xlagg_lagg_status *status)
{
	return status->profile == XLAGG_DATAPATH_TC &&
	       (status->device != XLAGG_DEVICE_VETH || status->tx_path == XLAGG_TX_DIRECT);
}

/* What grey-detect cannot go by here. It goes by the rest. */
static void note_grey(const struct xlagg_lagg_conf *conf, struct xlagg_lagg_status *status)
{
	const char *proto = xlagg_words_proto[conf->proto];
	if (conf->proto == XLAGG_PROTO_NONE)
		snprintf(status->notice, sizeof(status->notice), "grey-detect has no effect in proto %s", proto);
	else if (!xlagg_goes_by_flow(conf->proto))
		snprintf(status->notice, sizeof(status->notice),
			 "grey-detect goes by damaged frames and probes alone in proto %s", proto);
	else if (!sees_sockets(status))
		snprintf(
		    status->notice, sizeof(status->notice),
		    "grey-detect goes by damaged frames, probes and LACPDUs alone: here the programs do not see which "
		    "socket sends%s",
		    status->profile == XLAGG_DATAPATH_TC ? "; say tx-path direct" : "");
}

/* Options that are kept and have no effect at present, or not all of it. */
static void note_idle_options(const struct lagg *lagg, struct xlagg_lagg_status *status)
{
	const struct xlagg_lagg_conf *conf = &lagg->model.conf;
	const char *proto = xlagg_words_proto[conf->proto];
	if (status->notice[0])
		return;
	if (conf->balance == XLAGG_BALANCE_ADAPTIVE && !core_balances(conf))
		snprintf(status->notice, sizeof(status->notice), "balance adaptive has no effect in proto %s", proto);
	else if (conf->repath && !xlagg_goes_by_flow(conf->proto))
		snprintf(status->notice, sizeof(status->notice), "repath has no effect in proto %s", proto);
	else if (conf->repath && !sees_sockets(status))
		snprintf(status->notice, sizeof(status->notice),
			 "repath has no effect: here the programs do not see which socket sends%s",
			 status->profile == XLAGG_DATAPATH_TC ? "; say tx-path direct" : "");
	else if (conf->grey_detect != XLAGG_GREY_OFF)
		note_grey(conf, status);
}

static void lagg_status(struct lagg *lagg, struct xlagg_lagg_status *status)
{
	struct xlagg_lagg_stats stats;
	core_status(lagg->core, status);
	datapath_describe(lagg->dp, status);
	status->bond_mode = lagg->device == XLAGG_DEVICE_BOND ? lagg->bond_mode + 1u : 0;
	status->ifindex = (uint32_t)lagg->ifindex;
	status->mtu = lagg->looks.mtu;
	memcpy(status->notice, lagg->notice, sizeof(status->notice));
	memcpy(status->mac, lagg->looks.mac, 6);
	status->away_ns = lagg->away_ns;
	status->failovers = lagg->failovers;
	status->admin_up = lagg->model.conf.admin != 0;
	status->carrier = lagg->carrier;
	status->last_change_ns = clock_to_realtime(status->last_change_ns);
	note_idle_options(lagg, status);
	const char *rest = rest_why(lagg);
	if (rest && !status->notice[0])
		snprintf(status->notice, sizeof(status->notice), "%s", rest);
	status->carrier_watch = lagg->host->watch		? XLAGG_WATCH_FENTRY
				: lagg->model.conf.carrier_poll ? XLAGG_WATCH_POLL
								: XLAGG_WATCH_NETLINK;
	if (datapath_lagg_stats(lagg->dp, &stats) < 0)
		return;
	status->tx_packets = stats.tx_packets;
	status->tx_bytes = stats.tx_bytes;
	status->rx_packets = stats.rx_packets;
	status->rx_bytes = stats.rx_bytes;
	memcpy(status->tx_dropped, stats.tx_dropped, sizeof(status->tx_dropped));
	status->tx_port_type = stats.tx_dropped[XLAGG_TX_PORT_TYPE];
}

static void put_model(const struct xlagg_model *model, const struct xlagg_lagg_status *status, struct nlmsghdr *nlh)
{
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, model->name);
	ctl_put_options(nlh, &model->conf);
	mnl_attr_put_u32(nlh, XLAGG_A_ADMIN, model->conf.admin);
	if (model->conf.taken)
		mnl_attr_put(nlh, XLAGG_A_TAKEN, 0, NULL);
	for (uint32_t i = 0; i < model->addresses; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_ADDRESS, model->address[i]);
	mnl_attr_put(nlh, XLAGG_A_STATUS, sizeof(*status), status);
}

void status_lagg(struct lagg *lagg, const struct ucred *capturer, struct nlmsghdr *nlh)
{
	const struct xlagg_model *model = &lagg->model;
	struct xlagg_lagg_status status = {0};
	lagg_status(lagg, &status);
	if (capturer) {
		status.capture_pid = (uint32_t)capturer->pid;
		status.capture_uid = capturer->uid;
	}
	put_model(model, &status, nlh);
	for (uint32_t i = 0; i < model->ports; i++)
		put_port(lagg, &model->port[i], nlh);
}

void status_waiting(const struct later *later, struct nlmsghdr *nlh)
{
	const struct xlagg_model *model = &later->model;
	struct xlagg_lagg_status status = {.admin_up = model->conf.admin != 0, .device = XLAGG_DEVICE_BOND};
	later_why(later, status.reason);
	put_model(model, &status, nlh);
	for (uint32_t i = 0; i < model->ports; i++)
		put_port_status(&model->port[i], &(struct xlagg_port_status){.reason = "its lagg waits for its bond"},
				nlh);
}

void status_agent(struct agent *agent, struct nlmsghdr *nlh)
{
	struct utsname kernel;
	uint64_t now = clock_now();
	struct xlagg_agent_status status = {
	    .version = XLAGG_VERSION,
	    .pid = (uint32_t)getpid(),
	    .abi_version = XLAGG_ABI_VERSION,
	    .start_ns = agent->start_realtime,
	    .heartbeat_ns = agent->heartbeat_ns,
	    .now_ns = now,
	    .tcx = agent->host.features.tcx,
	    .netkit = agent->host.features.netkit,
	    .fentry = agent->host.features.fentry,
	    .dispatcher = agent->host.features.dispatcher,
	    .adopted = agent->adopted,
	    .fresh = agent->fresh,
	};
	snprintf(status.file, sizeof(status.file), "%s", agent->file);
	snprintf(status.pins, sizeof(status.pins), "%s", agent->host.pins);
	if (uname(&kernel) == 0)
		snprintf(status.kernel, sizeof(status.kernel), "%.63s", kernel.release);
	rests_why(agent, status.notice);
	if (agent->host.poll)
		carrier_poll_status(agent->host.poll, &status);
	mnl_attr_put(nlh, XLAGG_A_AGENT_STATUS, sizeof(status), &status);
}
