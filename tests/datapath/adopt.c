/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* An agent takes over what another has left, and cleans up what it cannot take over. */
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
	int err = datapath_adopt(&dp, folder, features, setup, sentence);
	cr_assert(err == 0, "datapath_adopt: %s", sentence);
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
}

Test(adopt, clsact_same_ids)
{
	network(2);
	same_ids(false, setup_of(XLAGG_PROTO_LOADBALANCE));
}

Test(adopt, direct_same_ids)
{
	network(2);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.direct = true;
	same_ids(true, setup);
}

/* The number in column `column` of the line that begins with `name`. */
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
	extern void count_event(void *, const struct xlagg_slow_event *);
	uint32_t events = 0;
	cr_assert(datapath_slow_read(dp, count_event, &events) == 0);
	cr_assert(events == 0, "a LACPDU that came before the agent was handed to it");
	cr_assert(send(wire, lacpdu, sizeof(lacpdu), 0) == sizeof(lacpdu));
	cr_assert(datapath_slow_read(dp, count_event, &events) == 0);
	cr_assert(events == 1, "a LACPDU that came now was not handed to the agent");
	datapath_close(&dp);
}

void count_event(void *context, const struct xlagg_slow_event *event)
{
	(void)event;
	++*(uint32_t *)context;
}

/* Makes a datapath, damages it with `damage`, and expects to be told so, and a new one to work in its place. */
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
	int err = datapath_adopt(&dp, folder, &features, &setup, sentence);
	cr_assert(err == -EPROTO, "%s: gave %d (%s)", what, err, sentence);
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

/* Pins another map in the place of one. */
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
	poke("control", 0, &(struct xlagg_control){.abi_version = XLAGG_ABI_VERSION, .table = 7});
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
}

Test(adopt, pins_swapped)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	sh("cd %s && mv link_rx0 x && mv link_rx1 link_rx0 && mv x link_rx1 && rm prog_rx0", folder);

	dp = adopt(&features, &setup);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0");
	send_frame(wire0, 1);
	cr_assert(hears(lagg, 1), "links under each other's names are not put right");
	struct xlagg_port_stats stats[2];
	cr_assert(datapath_port_stats(dp, 0, &stats[0]) == 0 && datapath_port_stats(dp, 1, &stats[1]) == 0);
	cr_assert(stats[0].rx_packets == 1 && stats[1].rx_packets == 0, "the frame was counted for the wrong port");
	uint8_t frame[64];
	struct xlagg_probe probe;
	cr_assert(datapath_explain(dp, frame, frame_of(1, frame), &probe) == 0, "the adopted datapath does not explain");
	datapath_close(&dp);
}
