/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Counters, explain, LACP and saved state. */
#include "datapath/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

Test(state, features)
{
	network(0);
	struct datapath_features features = features_of(true);
	struct utsname kernel;
	cr_log_info("tcx %d netkit %d fentry %d dispatcher %d", features.tcx, features.netkit, features.fentry,
		    features.dispatcher);
	int major = 0, minor = 0;
	uname(&kernel);
	sscanf(kernel.release, "%d.%d", &major, &minor);
	bool since_6_6 = major > 6 || (major == 6 && minor >= 6);
	cr_assert(features.tcx == since_6_6, "tcx came with 6.6, this is %s", kernel.release);
	cr_assert(!features.netkit || since_6_6);
	/* Detecting features leaves nothing on any device. */
	sh("! ip -d link show dev lo | grep -q prog/");
	no_leaks();
}

Test(state, counters)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 1, 0);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	for (uint32_t i = 0; i < 5; i++)
		send_frame(lagg, i);
	for (uint32_t i = 0; i < 3; i++)
		send_frame(wire1, 10 + i);
	send_frame(wire0, 20);
	cr_assert(hears(wire1, 4) && hears(lagg, 12));
	datapath_carrier(dp, false);
	send_frame(lagg, 30);
	send_frame(wire1, 31);

	struct xlagg_port_stats port[2];
	struct xlagg_lagg_stats all;
	cr_assert(datapath_port_stats(dp, 0, &port[0]) == 0 && datapath_port_stats(dp, 1, &port[1]) == 0);
	cr_assert(datapath_lagg_stats(dp, &all) == 0);
	cr_assert(port[1].tx_packets == 5 && port[1].tx_bytes == 5 * 64, "sent %llu frames, %llu octets",
		  port[1].tx_packets, port[1].tx_bytes);
	cr_assert(port[1].rx_packets == 3 && port[1].rx_bytes == 3 * 64);
	cr_assert(port[1].rx_dropped[XLAGG_RX_NO_CARRIER] == 1);
	cr_assert(port[0].tx_packets == 0 && port[0].rx_packets == 0 && port[0].rx_dropped[XLAGG_RX_STANDBY] == 1);
	cr_assert(all.tx_packets == 6 && all.rx_packets == 3 && all.tx_dropped[XLAGG_TX_NO_CARRIER] == 1);
	struct xlagg_port_stats untouched = port[1];
	cr_assert(datapath_port_stats(dp, XLAGG_MAX_PORTS, &untouched) < 0);
	cr_assert(memcmp(&untouched, &port[1], sizeof(untouched)) == 0, "output was touched on failure");
	cr_assert(datapath_port_reset(dp, 1) == 0 && datapath_port_stats(dp, 1, &port[1]) == 0);
	cr_assert(port[1].tx_packets == 0 && port[1].rx_packets == 0 && port[1].rx_bytes == 0);
	cr_assert(port[1].rx_dropped[XLAGG_RX_NO_CARRIER] == 0);
	struct xlagg_lagg_stats still;
	cr_assert(datapath_lagg_stats(dp, &still) == 0 && memcmp(&still, &all, sizeof(all)) == 0,
		  "the lagg forgot what went over a port that left");
	datapath_carrier(dp, true);
	send_frame(wire1, 40);
	cr_assert(hears(lagg, 40));
	cr_assert(datapath_port_stats(dp, 1, &port[1]) == 0 && port[1].rx_packets == 1 && port[1].rx_bytes == 64);
	cr_assert(datapath_port_reset(dp, XLAGG_MAX_PORTS) == -EINVAL);
	datapath_close(&dp);
	no_leaks();
}

/* For every flow, explain names the port that the attached program then takes, and counts nothing. */
Test(state, explain)
{
	network(4);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	struct datapath *dp = make(&features, &setup, 4);
	struct xlagg_table table = {.generation = 1, .count = 4, .order = {0, 1, 2, 3}};
	bool live[XLAGG_MAX_PORTS] = {true, true, true, true};
	uint32_t flags[XLAGG_MAX_PORTS] = {0}, lost[XLAGG_MAX_PORTS], used = 0;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table.bucket[i] = (uint16_t)(((i + 1) % 4) << 8 | i % 4);
	datapath_lost(dp, lost);
	datapath_carrier(dp, true);
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0);
	int lagg = listen_on("lagg0"), wire[4];
	for (int i = 0; i < 4; i++) {
		char name[16];
		snprintf(name, sizeof(name), "wire%d", i);
		wire[i] = listen_on(name);
	}
	struct xlagg_explanation found;
	uint8_t frame[64];
	for (uint32_t mark = 0; mark < 32; mark++) {
		uint32_t len = frame_of(mark, frame);
		cr_assert(datapath_explain(dp, frame, len, 0, &found) == 0);
		cr_assert(found.bucket == found.hash % XLAGG_BUCKETS && found.choice == XLAGG_CHOICE_BUCKET);
		cr_assert(found.slot == found.bucket % 4);
		send_frame(lagg, mark);
		cr_assert(hears(wire[found.slot], mark), "flow %u did not take the port that explain names", mark);
		used |= 1u << found.slot;
	}
	cr_assert(used == 0xf, "32 flows take four ports");
	struct xlagg_lagg_stats stats;
	cr_assert(datapath_lagg_stats(dp, &stats) == 0 && stats.tx_packets == 32, "explain was counted");

	live[found.slot] = false;
	uint32_t gone = found.slot, len = frame_of(31, frame);
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0);
	cr_assert(datapath_explain(dp, frame, len, 0, &found) == 0);
	cr_assert(found.choice == XLAGG_CHOICE_BACKUP && found.slot == (gone + 1) % 4);
	datapath_carrier(dp, false);
	cr_assert(datapath_explain(dp, frame, len, 0, &found) == 0 && found.choice == XLAGG_CHOICE_NO_CARRIER);
	cr_assert(found.slot == (gone + 1) % 4, "the port that it would be with carrier is not named");
	cr_assert(found.slot == (gone + 1) % 4, "the port that it would be with carrier is not named");
	cr_assert(datapath_explain(dp, frame, 4, 0, &found) < 0, "no frame is shorter than its header");
	datapath_close(&dp);
	no_leaks();
}

/* Inverts one bit of the saved record. */
static void damage_saved(size_t octet)
{
	char path[192];
	uint32_t first = 0;
	uint8_t *value = malloc(sizeof(struct xlagg_saved));
	snprintf(path, sizeof(path), "%s/saved", folder);
	int fd = bpf_obj_get(path);
	cr_assert(value && bpf_map_lookup_elem(fd, &first, value) == 0);
	value[octet] ^= 0x10;
	cr_assert(bpf_map_update_elem(fd, &first, value, 0) == 0);
	close(fd);
	free(value);
}

Test(state, lacp_and_saved)
{
	network(0);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LACP);
	struct datapath *dp = make(&features, &setup, 0);
	struct xlagg_lacp lacp = {.partner = {1, 2, 3}, .partner_known = 1, .pdu_len = 124}, read;
	cr_assert(datapath_set_lacp(dp, 31, &lacp) == 0 && datapath_get_lacp(dp, 31, &read) == 0);
	cr_assert(memcmp(&lacp, &read, sizeof(lacp)) == 0);
	cr_assert(datapath_set_lacp(dp, XLAGG_MAX_PORTS, &lacp) < 0 &&
		  datapath_get_lacp(dp, XLAGG_MAX_PORTS, &read) < 0);

	struct xlagg_saved *saved = calloc(1, sizeof(*saved)), *back = calloc(1, sizeof(*back));
	cr_assert(datapath_read_saved(folder, back) == -EPROTO, "nothing was saved yet");
	saved->message_len = sizeof(saved->message);
	memset(saved->message, 0x5a, sizeof(saved->message));
	saved->undo[31].ifindex = 9;
	cr_assert(datapath_save(dp, saved) == 0);
	datapath_close(&dp);
	cr_assert(datapath_read_saved(folder, back) == 0 && memcmp(saved, back, sizeof(*saved)) == 0);
	dp = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	saved->message_len++;
	cr_assert(datapath_save(dp, saved) == -EINVAL);
	saved->message_len--;
	datapath_close(&dp);

	size_t message = offsetof(struct xlagg_saved, message), undo = offsetof(struct xlagg_saved, undo);
	damage_saved(undo + 5000);
	cr_assert(datapath_read_saved(folder, back) == 0 && memcmp(saved, back, message + 100) == 0);
	cr_assert(back->device == 0 && back->undo[31].ifindex == 0, "damaged records were given");
	damage_saved(message + 7);
	back->device = 99;
	cr_assert(datapath_read_saved(folder, back) == -EPROTO, "a damaged message was given");
	cr_assert(back->device == 99, "output was touched on failure");
	free(saved);
	free(back);
	no_leaks();
}

/* Reads with bpftool how many MACs are known, and whether the one of `slot` is among them. */
static void expect_probe_mac(uint32_t count, uint32_t slot, uint8_t last)
{
	sh("test $(bpftool -j map dump pinned %s/probe_macs | jq length) = %u", folder, count);
	sh("bpftool -j map dump pinned %s/probe_macs | jq -e 'any(.[].formatted; .key.mac == [2,0,0,0,0,%u] and .value "
	   "== "
	   "%u)' >/dev/null",
	   folder, last, slot);
}

Test(state, probe_macs_are_this_set_and_no_other)
{
	network(0);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 0);
	uint8_t macs[XLAGG_MAX_PORTS][6] = {[0] = {2, [5] = 1}, [31] = {2, [5] = 2}};
	cr_assert(datapath_set_probe_macs(dp, macs) == 0);
	expect_probe_mac(2, 0, 1);
	expect_probe_mac(2, 31, 2);
	/* one goes, one comes in its place, and one changes its port */
	memset(macs, 0, sizeof(macs));
	memcpy(macs[31], (uint8_t[6]){2, [5] = 1}, 6);
	memcpy(macs[7], (uint8_t[6]){2, [5] = 9}, 6);
	cr_assert(datapath_set_probe_macs(dp, macs) == 0);
	expect_probe_mac(2, 31, 1);
	expect_probe_mac(2, 7, 9);
	/* full, and full with others */
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t slot = 0; slot < XLAGG_MAX_PORTS; slot++)
			memcpy(macs[slot], (uint8_t[6]){2, [5] = (uint8_t)(100 * round + slot)}, 6);
		cr_assert(datapath_set_probe_macs(dp, macs) == 0);
		expect_probe_mac(XLAGG_MAX_PORTS, 31, (uint8_t)(100 * round + 31));
	}
	datapath_close(&dp);
	no_leaks();
}

Test(state, maps_print_by_name)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	datapath_heartbeat(dp, 123456789);
	sh("bpftool map dump pinned %s/ports | grep -q '\"ifindex\": %u'", folder, if_nametoindex("eth0"));
	sh("bpftool map dump pinned %s/control | grep -q '\"heartbeat_ns\": 123456789'", folder);
	sh("bpftool prog show pinned %s/prog_tx | grep -q tx", folder);
	datapath_close(&dp);
	no_leaks();
}

Test(state, describe)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.direct = true;
	struct datapath *dp = make(&features, &setup, 1);
	struct xlagg_lagg_status status = {0};
	PUBLISH(dp, 0);
	datapath_describe(dp, &status);
	cr_assert(status.profile == XLAGG_DATAPATH_TC && status.device == XLAGG_DEVICE_VETH);
	cr_assert(status.tx_path == XLAGG_TX_DIRECT && status.xdp_mode == XLAGG_XDP_NONE && status.generation == 1);
	cr_assert(status.attach == (features.tcx ? XLAGG_ATTACH_TCX : XLAGG_ATTACH_CLSACT));
	datapath_close(&dp);
	no_leaks();
}
