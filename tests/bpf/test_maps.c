/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Maps are an interface: `bpftool map dump` prints their values by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/rig.h"

/* Returns what bpftool prints of a map; free it. */
static char *dump(const struct rig *rig, const char *map)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	char command[128], *text = NULL;
	size_t size = 0, got;

	cr_assert_eq(bpf_obj_get_info_by_fd(rig_map(rig, map), &info, &len), 0);
	cr_assert_str_eq(info.name, strcmp(map, "control") == 0 ? ".data.control" : map);
	snprintf(command, sizeof(command), "bpftool map dump id %u", info.id);
	FILE *pipe = popen(command, "r");
	cr_assert_not_null(pipe);
	do {
		text = realloc(text, size + 65536);
		got = fread(text + size, 1, 65535, pipe);
		size += got;
	} while (got);
	text[size] = 0;
	cr_assert_eq(pclose(pipe), 0, "%s", command);
	return text;
}

Test(maps, dump_by_name)
{
	static const struct {
		const char *map, *names[10];
	} expected[] = {
	    {"ports", {"\"ifindex\": 1001", "\"flags\": 1", "\"lost\": 5", "\"enabled\": 3"}},
	    {"tables", {"\"generation\": 77", "\"count\": 2", "\"order\": [0,1", "\"bucket\": [256,1,256"}},
	    {"control", {"\"abi_version\": 0", "\"table\": 0", "\"carrier\": 1", "\"heartbeat_ns\""}},
	    {"port_stats",
	     {"\"tx_packets\"", "\"rx_bytes\"", "\"rx_dropped\"", "\"slow_rx\"", "\"slow_illegal\"", "\"slow_unknown\"",
	      "\"slow_limited\""}},
	    {"port_quality", {"\"segments\"", "\"retransmitted\"", "\"sockets\""}},
	    {"lagg_stats", {"\"tx_packets\"", "\"tx_bytes\"", "\"rx_packets\"", "\"tx_dropped\""}},
	    {"lacp", {"\"partner\"", "\"pdu\"", "\"partner_known\"", "\"pdu_rx_ns\""}},
	    {"saved", {"\"abi_version\"", "\"message_len\"", "\"undo\"", "\"was_up\"", "\"alias\"", "\"profile\""}},
	    {"limiter", {"\"due_ns\": [0,0,0,0"}},
	    {"turn", {"\"index\"", "\"sent\""}},
	    {"turnover", {"\"slot\"", "\"from\"", "\"last_ns\"", "\"left_ns\"", "\"came_ns\""}},
	    {"probe_result", {"\"hash\"", "\"bucket\"", "\"slot\"", "\"choice\""}},
	};
	struct rig *rig = rig_with_ports(XLAGG_PROTO_LOADBALANCE, 2, "tx explain");

	rig->ports[1].lost = 5, rig->ports[1].enabled = 3;
	rig->tables[0].generation = 77;
	for (uint32_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		char *text = dump(rig, expected[i].map);
		for (uint32_t n = 0; n < 10 && expected[i].names[n]; n++)
			cr_assert(strstr(text, expected[i].names[n]), "map %s shows no %s", expected[i].map,
				  expected[i].names[n]);
		free(text);
	}
	rig_close(rig);
}

/* Both objects have the same maps with the same values; otherwise the loader could not share them, as load_xdp does. */
Test(maps, shared_by_both_objects)
{
	struct rig *rig = rig_with_ports(XLAGG_PROTO_FAILOVER, 1, "tx xdp_tx");
	struct frame f = frame_udp(1, 2, 3, 4);

	rig->control->carrier = 0;
	cr_assert_eq(rig_run(rig, "tx", &f), TC_ACT_SHOT);
	cr_assert_eq(rig_run(rig, "xdp_tx", &f), XDP_DROP);
	cr_assert_eq(rig_lagg_stats(rig).tx_dropped[XLAGG_TX_NO_CARRIER], 2);
	rig_close(rig);
}
