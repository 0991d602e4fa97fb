/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* An agent adopts what another has left, and removes what it cannot adopt. */
#include "datapath/faults.h"
#include "datapath/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct datapath *adopt(const struct datapath_features *features, const struct datapath_setup *setup)
{
	struct datapath *dp = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = datapath_adopt(&dp, folder, features, setup, sentence);
	cr_assert(r == 0, "datapath_adopt: %s", sentence);
	return dp;
}

static void same_ids(bool tcx, struct datapath_setup setup)
{
	struct datapath_features features = features_of(tcx);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 1, 0);
	datapath_close(&dp);

	char *before = snapshot();
	dp = adopt(&features, &setup);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "adopting changed what is pinned: before\n%safter\n%s", before, after);
	cr_assert(datapath_table(dp)->order[0] == 1, "the table was not kept");
	cr_assert(datapath_port_ifindex(dp, 1) == (int)if_nametoindex("eth1"));
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1), "the adopted datapath does not forward as it was left");
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 2);
	cr_assert(hears(wire0, 2), "the adopted datapath does not follow its agent");
	datapath_close(&dp);
	free(before);
	free(after);
}

Test(adopt, tcx_same_ids)
{
	network(2);
	same_ids(true, setup_of(XLAGG_PROTO_FAILOVER));
	no_leaks();
}

Test(adopt, clsact_same_ids)
{
	network(2);
	same_ids(false, setup_of(XLAGG_PROTO_LOADBALANCE));
	no_leaks();
}

Test(adopt, direct_same_ids)
{
	network(2);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.direct = true;
	same_ids(true, setup);
	no_leaks();
}

/* Earlier versions had another preference, before the filters of others. No frame is lost on the way. */
Test(adopt, clsact_filter_of_an_earlier_version_becomes_the_last)
{
	network(1);
	struct datapath_features features = features_of(false);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	datapath_close(&dp);
	sh("tc filter add dev eth0 ingress prio 6758 handle 0x1a66 protocol all bpf direct-action object-pinned "
	   "%s/prog_rx0",
	   folder);
	sh("tc filter del dev eth0 ingress prio 65535");

	struct sender sender = {.fd = listen_on("wire0"), .hear = {listen_on("lagg0"), listen_on("lo")}};
	sender_start(&sender);
	dp = adopt(&features, &setup);
	sh("tc filter show dev eth0 ingress | grep -q 'pref 65535 bpf'");
	sh("! tc filter show dev eth0 ingress | grep -q 'pref 6758'");
	cr_assert(sender_stop(&sender) == sender.sent, "%u of %u frames came", sender.heard, sender.sent);
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	sh("! tc qdisc show dev eth0 | grep -q clsact");
	no_leaks();
}

/* Returns the number in that column of the line that begins with `name`. */
static uint32_t id_in(const char *text, const char *name, int column)
{
	char pattern[64], kind[16];
	uint32_t id[2];
	snprintf(pattern, sizeof(pattern), "%s ", name);
	const char *line = strstr(text, pattern);
	cr_assert(line && sscanf(line + strlen(pattern), "%15s %u %u", kind, &id[0], &id[1]) == 3, "%s is not in\n%s",
		  name, text);
	return id[column];
}

Test(adopt, another_setup_keeps_links_and_replaces_programs)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);

	char *before = snapshot();
	setup.params.seed++;
	dp = adopt(&features, &setup);
	char *after = snapshot();
	const char *const links[] = {"link_tx", "link_guard", "link_rx0", "link_rx1"};
	for (int i = 0; i < 4; i++)
		cr_assert(id_in(before, links[i], 0) == id_in(after, links[i], 0), "%s is another one", links[i]);
	cr_assert(id_in(before, "link_tx", 1) != id_in(after, "link_tx", 1), "tx still has the old constants");
	cr_assert(id_in(after, "link_tx", 1) == id_in(after, "prog_tx", 0), "prog_tx is not what is attached");
	cr_assert(id_in(before, "ports", 0) == id_in(after, "ports", 0), "the maps were not kept");
	datapath_close(&dp);
	free(before);
	free(after);
	no_leaks();
}

Test(adopt, port_that_went_away_meanwhile)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	sh("ip link del eth0");

	dp = adopt(&features, &setup);
	cr_assert(datapath_port_ifindex(dp, 0) == 0, "a port that is gone still has its slot");
	cr_assert(datapath_port_ifindex(dp, 1) == (int)if_nametoindex("eth1"));
	int lagg = listen_on("lagg0"), wire1 = listen_on("wire1");
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1), "the port that stayed does not take over");
	char *now = snapshot();
	cr_assert(strstr(now, "rx0") == NULL, "pins of the port that is gone are left:\n%s", now);
	free(now);
	datapath_close(&dp);
	no_leaks();
}

Test(adopt, detached_hook_is_attached_again)
{
	network(1);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	datapath_close(&dp);
	char path[192];
	snprintf(path, sizeof(path), "%s/link_tx", folder);
	int link = bpf_obj_get(path);
	cr_assert(bpf_link_detach(link) == 0);
	close(link);

	dp = adopt(&features, &setup);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0");
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1), "a detached program was not attached again");
	datapath_close(&dp);
	no_leaks();
}

Test(adopt, old_slow_frames_are_dropped)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LACP);
	struct datapath *dp = make(&features, &setup, 1);
	int wire = listen_on("wire0");
	uint8_t lacpdu[124] = {1, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 0xaa, 0x88, 0x09, 1, 1};
	cr_assert(send(wire, lacpdu, sizeof(lacpdu), 0) == sizeof(lacpdu));
	struct xlagg_port_stats stats;
	cr_assert(datapath_port_stats(dp, 0, &stats) == 0 && stats.slow_rx == 1);
	datapath_close(&dp);
	dp = adopt(&features, &setup);
	extern void count_event(void *, const struct xlagg_agent_frame *);
	uint32_t events = 0;
	cr_assert(datapath_read_frames(dp, count_event, &events) == 0);
	cr_assert(events == 0, "a LACPDU that came before the agent was handed to it");
	cr_assert(send(wire, lacpdu, sizeof(lacpdu), 0) == sizeof(lacpdu));
	cr_assert(datapath_read_frames(dp, count_event, &events) == 0);
	cr_assert(events == 1, "a LACPDU that came now was not handed to the agent");
	datapath_close(&dp);
	no_leaks();
}

void count_event(void *context, const struct xlagg_agent_frame *event)
{
	(void)event;
	++*(uint32_t *)context;
}

/* Makes a datapath and damages it with `damage`. Adoption must report that, and a new datapath must work in its place.
 */
static void refuses(const char *what, void (*damage)(struct datapath *))
{
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &setup, 1), *untouched = dp;
	PUBLISH(dp, 0);
	damage(dp);
	datapath_close(&dp);

	dp = untouched;
	int r = datapath_adopt(&dp, folder, &features, &setup, sentence);
	cr_assert(r == -EPROTO, "%s: gave %d (%s)", what, r, sentence);
	cr_assert(dp == untouched, "%s: output was touched on failure", what);
	cr_assert(strlen(sentence) > 0 && sentence[0] != ' ', "%s: no reason given", what);
	char *before = snapshot();
	cr_assert(datapath_remove(folder) == 0, "%s: cannot be removed", what);
	cr_assert(all_gone(before), "%s: something is left of\n%s", what, before);
	free(before);
	dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	int lagg = listen_on("lagg0"), wire = listen_on("wire0");
	send_frame(lagg, 1);
	cr_assert(hears(wire, 1), "%s: the new datapath does not forward", what);
	datapath_close(&dp);
}

static void poke(const char *map, uint32_t index, const void *value)
{
	char path[192];
	snprintf(path, sizeof(path), "%s/%s", folder, map);
	int fd = bpf_obj_get(path);
	cr_assert(fd >= 0 && bpf_map_update_elem(fd, &index, value, 0) == 0, "cannot write %s", path);
	close(fd);
}

/* Pins another map in the place of this one. */
static void exchange(const char *name, enum bpf_map_type type, uint32_t value_size, uint32_t entries, uint32_t flags)
{
	char path[192];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	int fd = bpf_map_create(type, name, 4, value_size, entries, &opts);
	cr_assert(fd >= 0 && unlink(path) == 0 && bpf_obj_pin(fd, path) == 0, "cannot exchange %s", path);
	close(fd);
}

static void other_version(struct datapath *dp)
{
	(void)dp;
	poke("control", 0, &(struct xlagg_control){.abi_version = XLAGG_ABI_VERSION + 1});
}

static void table_index(struct datapath *dp)
{
	(void)dp;
	poke("control", 0, &(struct xlagg_control){.abi_version = XLAGG_ABI_VERSION, .table = XLAGG_TABLES});
}

static void table_content(struct datapath *dp)
{
	struct xlagg_table table = *datapath_table(dp);
	table.bucket[3] = 200;
	poke("tables", 0, &table);
	poke("tables", 1, &table);
}

static void table_count(struct datapath *dp)
{
	struct xlagg_table table = *datapath_table(dp);
	table.count = 1000;
	poke("tables", 0, &table);
	poke("tables", 1, &table);
}

static void missing_map(struct datapath *dp)
{
	(void)dp;
	sh("rm %s/tables", folder);
}

static void smaller_ports(struct datapath *dp)
{
	(void)dp;
	exchange("ports", BPF_MAP_TYPE_ARRAY, sizeof(struct xlagg_port), XLAGG_MAX_PORTS / 2, BPF_F_MMAPABLE);
}

static void unmappable_control(struct datapath *dp)
{
	(void)dp;
	exchange("control", BPF_MAP_TYPE_ARRAY, sizeof(struct xlagg_control), 1, 0);
}

static void hash_for_saved(struct datapath *dp)
{
	(void)dp;
	exchange("saved", BPF_MAP_TYPE_HASH, 8, 1, 0);
}

Test(adopt, other_version)
{
	network(1);
	refuses("another version", other_version);
	no_leaks();
}

Test(adopt, damaged)
{
	network(1);
	refuses("a table that does not exist", table_index);
	datapath_remove(folder);
	refuses("a bucket of a port that does not exist", table_content);
	datapath_remove(folder);
	refuses("a table with too many ports", table_count);
	datapath_remove(folder);
	refuses("a missing map", missing_map);
	datapath_remove(folder);
	refuses("a smaller map", smaller_ports);
	datapath_remove(folder);
	refuses("a map that cannot be mapped", unmappable_control);
	datapath_remove(folder);
	refuses("a map of another type", hash_for_saved);
	struct xlagg_saved saved;
	datapath_remove(folder);
	cr_assert(datapath_read_saved(folder, &saved) == -ENOENT);
	no_leaks();
}

static void port_of_another_device(struct datapath *dp)
{
	(void)dp;
	poke("ports", 0, &(struct xlagg_port){.ifindex = if_nametoindex("eth1")});
}

static void port_is_the_lagg(struct datapath *dp)
{
	(void)dp;
	poke("ports", 3, &(struct xlagg_port){.ifindex = if_nametoindex("lagg0-dp")});
}

static void two_slots_of_a_device(struct datapath *dp)
{
	(void)dp;
	poke("ports", 3, &(struct xlagg_port){.ifindex = if_nametoindex("eth0")});
}

static void frozen_map(struct datapath *dp)
{
	(void)dp;
	exchange("ports", BPF_MAP_TYPE_ARRAY, sizeof(struct xlagg_port), XLAGG_MAX_PORTS, BPF_F_MMAPABLE);
	char path[192];
	snprintf(path, sizeof(path), "%s/ports", folder);
	int fd = bpf_obj_get(path);
	cr_assert(bpf_map_freeze(fd) == 0);
	close(fd);
}

static void program_for_a_map(struct datapath *dp)
{
	(void)dp;
	sh("cd %s && mv prog_rx0 tables", folder);
}

Test(adopt, wrong_devices)
{
	network(2);
	refuses("a port that is attached elsewhere", port_of_another_device);
	datapath_remove(folder);
	refuses("a port that is the lagg's own device", port_is_the_lagg);
	datapath_remove(folder);
	refuses("one device in two slots", two_slots_of_a_device);
	no_leaks();
}

Test(adopt, wrong_kinds)
{
	network(1);
	refuses("a frozen map", frozen_map);
	datapath_remove(folder);
	refuses("a program in the place of a map", program_for_a_map);
	no_leaks();
}

Test(adopt, lost_and_exchanged_pins_are_put_right)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	sh("cd %s && rm link_rx0 prog_rx0 && mv prog_rx1 link_tx && mv link_guard x && rm -f x", folder);

	dp = adopt(&features, &setup);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0");
	send_frame(wire0, 1);
	cr_assert(hears(lagg, 1), "a lost link was not made again");
	send_frame(lagg, 2);
	cr_assert(hears(wire0, 2), "a program in the place of a link was not exchanged");
	uint8_t frame[64];
	struct xlagg_explanation found;
	cr_assert(datapath_explain(dp, frame, frame_of(1, frame), 0, &found) == 0,
		  "the adopted datapath does not explain");
	char *now = snapshot();
	cr_assert(strstr(now, "link_guard") && strstr(now, "prog_rx1"), "pins are missing:\n%s", now);
	free(now);
	datapath_close(&dp);
	no_leaks();
}

Test(adopt, explain_is_there_again_where_it_was_used)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	uint8_t frame[64];
	struct xlagg_explanation found;
	struct datapath *dp = make(&features, &setup, 1);
	datapath_close(&dp);
	dp = adopt(&features, &setup);
	char *now = snapshot();
	cr_assert(!strstr(now, "prog_probe"), "loaded without need:\n%s", now);
	free(now);
	cr_assert(datapath_explain(dp, frame, frame_of(1, frame), 0, &found) == 0);
	datapath_close(&dp);
	dp = adopt(&features, &setup);
	now = snapshot();
	cr_assert(strstr(now, "prog_probe"), "its pin is missing:\n%s", now);
	free(now);
	datapath_close(&dp);
	no_leaks();
}

/* Whatever is in the maps and whatever has the names of pins, the folder is adopted, or refused and then replaced. */
Test(adopt, scribbled_over, .timeout = 300)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	static const char *const maps[] = {"ports", "tables", "control", "saved", "lacp"};
	static const size_t sizes[] = {sizeof(struct xlagg_port), sizeof(struct xlagg_table),
				       sizeof(struct xlagg_control), sizeof(struct xlagg_saved),
				       sizeof(struct xlagg_lacp)};
	static const uint32_t entries[] = {XLAGG_MAX_PORTS, 2, 1, 1, XLAGG_MAX_PORTS};
	uint32_t adopted = 0, refused = 0;
	unsigned short seed[3] = {1, 2, 3};
	uint8_t *value = malloc(sizeof(struct xlagg_saved));
	for (uint32_t round = 0; round < 40; round++) {
		struct datapath *dp = make(&features, &setup, 2);
		PUBLISH(dp, 0, 1);
		datapath_close(&dp);
		uint32_t map = (uint32_t)nrand48(seed) % 5, index = (uint32_t)nrand48(seed) % entries[map];
		char path[192], sentence[XLAGG_SENTENCE_MAX] = "";
		snprintf(path, sizeof(path), "%s/%s", folder, maps[map]);
		int fd = bpf_obj_get(path);
		cr_assert(bpf_map_lookup_elem(fd, &index, value) == 0);
		uint32_t hits = 1 + (uint32_t)nrand48(seed) % 8;
		for (uint32_t i = 0; i < hits; i++)
			value[(size_t)nrand48(seed) % sizes[map]] = (uint8_t)nrand48(seed);
		cr_assert(bpf_map_update_elem(fd, &index, value, 0) == 0);
		close(fd);

		int r = datapath_adopt(&dp, folder, &features, &setup, sentence);
		cr_assert(r == 0 || r == -EPROTO, "round %u: gave %d (%s)", round, r, sentence);
		adopted += r == 0;
		refused += r < 0;
		datapath_close(&dp);
		cr_assert(datapath_remove(folder) == 0, "round %u: cannot be removed", round);
	}
	cr_assert(adopted && refused, "%u adopted, %u refused", adopted, refused);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0");
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1), "a new datapath does not forward");
	datapath_close(&dp);
	free(value);
	no_leaks();
}

/* What the agent last knew of LACP is in a map that could be made anew. */
static bool knows_partner(const struct datapath *dp)
{
	struct xlagg_lacp lacp;
	return datapath_get_lacp(dp, 0, &lacp) == 0 && lacp.partner_known && lacp.partner[3] == 0x17;
}

Test(adopt, what_cannot_be_read_is_not_made_anew, .timeout = 300)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LACP);
	struct datapath *dp = make(&features, &setup, 1);
	struct xlagg_lacp lacp = {.partner_known = 1, .partner = {0, 0, 0, 0x17}};
	unsigned calls = 0, failed = 0;
	PUBLISH(dp, 0);
	cr_assert(datapath_set_lacp(dp, 0, &lacp) == 0);
	datapath_close(&dp);
	/* Until there is no such call. */
	for (unsigned nth = 1; calls + 1 >= nth; nth++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		faults_begin(nth, 1);
		int r = datapath_adopt(&dp, folder, &features, &setup, sentence);
		calls = faults_end();
		cr_assert(r != -EPROTO, "call %u fails, and the lagg counts as damaged: %s", nth, sentence);
		cr_assert(r == 0 || sentence[0], "call %u fails, and adoption without a sentence", nth);
		failed += r != 0;
		if (r == 0)
			datapath_close(&dp);
		dp = adopt(&features, &setup);
		cr_assert(knows_partner(dp), "call %u failed, and the partner is forgotten", nth);
		datapath_close(&dp);
	}
	cr_assert(failed > 0, "adoption never failed: the test shows nothing");
	no_leaks();
}

/* As after an upgrade to a version that has one more map, and one of another size. */
Test(adopt, minor_maps_are_made_anew_without_a_gap)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	datapath_close(&dp);
	sh("rm %s/slow_rx %s/lower_alive %s/port_alive", folder, folder, folder);
	exchange("port_stats", BPF_MAP_TYPE_PERCPU_ARRAY, 8, XLAGG_MAX_PORTS, 0);
	char *before = snapshot();

	int wire = listen_on("wire0");
	struct sender sender = {.fd = listen_on("lagg0"), .hear = {wire, wire}};
	sender_start(&sender);
	dp = adopt(&features, &setup);
	uint32_t heard = sender_stop(&sender);
	cr_assert(sender.sent > 0 && heard == sender.sent, "%u frames sent, %u came out", sender.sent, heard);
	struct xlagg_port_stats stats;
	cr_assert(datapath_port_stats(dp, 0, &stats) == 0 && stats.tx_packets <= sender.sent);
	char *after = snapshot();
	cr_assert(id_in(before, "ports", 0) == id_in(after, "ports", 0));
	cr_assert(id_in(before, "port_stats", 0) != id_in(after, "port_stats", 0));
	datapath_close(&dp);
	free(before);
	free(after);
	no_leaks();
}
