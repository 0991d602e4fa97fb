/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Makes the messages of an agent, from which the writers print. */
#include "unit/cli_kit.h"

#include <stdlib.h>
#include <string.h>

static struct xlagg_lacp_end end_of(uint8_t last, uint16_t key, uint16_t port, uint8_t state)
{
	return (struct xlagg_lacp_end){
	    .system_prio = 0x8000,
	    .system = {2, 0, 0, 0, 0xab, last},
	    .key = key,
	    .port_prio = 0x8000,
	    .port = port,
	    .state = state,
	};
}

static void add_port(struct view_lagg *lagg, const char *name, int ifindex, uint32_t flags, const char *reason)
{
	uint32_t index = lagg->model.ports++;
	struct xlagg_port_status *status = &lagg->port[index];

	ctl_port_defaults(&lagg->model.port[index].conf);
	strcpy(lagg->model.port[index].name, name);
	*status = (struct xlagg_port_status){
	    .ifindex = (uint32_t)ifindex,
	    .present = 1,
	    .permaddr = {2, 0, 0, 0, 0xcd, (uint8_t)ifindex},
	    .has_permaddr = 1,
	    .carrier = 1,
	    .speed = 10000,
	    .duplex = XLAGG_DUPLEX_FULL,
	    .flags = flags,
	    .buckets = reason[0] ? 0 : XLAGG_BUCKETS,
	    .number = index + 1,
	    .last_change_ns = KIT_TIME_NS,
	};
	strcpy(status->reason, reason);
	status->lacp.rx = XLAGG_RX_CURRENT;
	status->lacp.mux = XLAGG_MUX_DISTRIBUTING;
	status->lacp.selected = XLAGG_SELECTED;
	status->lacp.aggregator = 1;
	status->lacp.headless_s = XLAGG_AUTO;
	status->lacp.actor = end_of(1, 10, (uint16_t)(index + 1), 0x3f);
	status->lacp.partner = end_of(2, 20, (uint16_t)(index + 7), 0x3d);
	status->stats.tx_packets = 100 + index;
	status->stats.rx_dropped[XLAGG_RX_STANDBY] = 5;
	status->stats.lacpdu_rx = 42;
}

void kit_lagg(enum xlagg_proto proto, struct view_lagg *ret)
{
	struct view_lagg lagg = {0};
	bool lacp = proto == XLAGG_PROTO_LACP;

	strcpy(lagg.model.name, "lagg0");
	ctl_defaults(&lagg.model.conf);
	lagg.model.conf.proto = proto;
	lagg.model.conf.lacp_rate = XLAGG_RATE_FAST;
	strcpy(lagg.model.address[lagg.model.addresses++], "10.0.0.3/24");
	add_port(&lagg, "eth1", 3,
		 lacp ? XLAGG_FLAG_ACTIVE | XLAGG_FLAG_COLLECTING | XLAGG_FLAG_DISTRIBUTING
		      : XLAGG_FLAG_MASTER | XLAGG_FLAG_ACTIVE,
		 "");
	add_port(&lagg, "eth2", 4, 0, lacp ? "no LACPDU received for 3 s" : "standby: eth1 is the active port");
	lagg.status = (struct xlagg_lagg_status){
	    .ifindex = 7,
	    .mtu = 1500,
	    .mac = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02},
	    .admin_up = 1,
	    .carrier = 1,
	    .speed = 10000,
	    .active_ports = 1,
	    .last_change_ns = KIT_TIME_NS,
	    .profile = XLAGG_DATAPATH_TC,
	    .device = XLAGG_DEVICE_VETH,
	    .tx_path = XLAGG_TX_STACK,
	    .attach = XLAGG_ATTACH_TCX,
	    .carrier_watch = XLAGG_WATCH_FENTRY,
	    .has_lag_id = lacp,
	    .actor = end_of(1, 10, 0, 0),
	    .partner = end_of(2, 20, 0, 0),
	    .tx_packets = 1ull << 40,
	};
	if (!lacp)
		strcpy(lagg.status.active_port, "eth1");
	*ret = lagg;
}

struct nlmsghdr *kit_message(const struct view_lagg *lagg, size_t status_size, size_t port_size)
{
	_Alignas(NLMSG_ALIGNTO) static uint8_t buffer[XLAGG_CTL_MAX], octets[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = XLAGG_MSG_LAGG;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, lagg->model.name);
	ctl_put_options(nlh, &lagg->model.conf);
	mnl_attr_put_u32(nlh, XLAGG_A_ADMIN, lagg->model.conf.admin);
	for (uint32_t i = 0; i < lagg->model.addresses; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_ADDRESS, lagg->model.address[i]);
	memset(octets, 0xff, sizeof(octets));
	memcpy(octets, &lagg->status, sizeof(lagg->status));
	mnl_attr_put(nlh, XLAGG_A_STATUS, status_size, octets);
	for (uint32_t i = 0; i < lagg->model.ports; i++) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, XLAGG_A_PORT);

		mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, lagg->model.port[i].name);
		ctl_put_port_options(nlh, &lagg->model.port[i].conf);
		memset(octets, 0xff, sizeof(octets));
		memcpy(octets, &lagg->port[i], sizeof(lagg->port[i]));
		mnl_attr_put(nlh, XLAGG_A_PORT_STATUS, port_size, octets);
		mnl_attr_nest_end(nlh, nest);
	}
	return nlh;
}

char *kit_text(const struct view_lagg *lagg, bool details, bool stats)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out);
	show_text_lagg(out, lagg, (struct show_how){.details = details, .stats = stats});
	fclose(out);
	return text;
}
