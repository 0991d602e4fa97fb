/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The watcher is attached, adopted and removed, and takes out a port that loses carrier. */
#include "sys/datapath/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/fixture.h"

static char watch_folder[160];

/* The test is skipped where the kernel allows no tracing. */
static struct watch *open_watch(const struct datapath_features *features)
{
	struct watch *watch = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	snprintf(watch_folder, sizeof(watch_folder), "%s/netif-carrier-watch", pins);
	if (!features->fentry)
		cr_skip("this kernel allows no tracing of netif_carrier_off");
	int r = watch_open(&watch, pins, sentence);
	cr_assert(r == 0, "watch_open: %s", sentence);
	return watch;
}

static bool is_live(const struct datapath *dp, uint32_t slot)
{
	uint8_t frame[64];
	struct xlagg_explanation found;
	cr_assert(datapath_explain((struct datapath *)dp, frame, frame_of(1, frame), 0, &found) == 0);
	return found.slot == slot;
}

Test(watch, refused_leaves_nothing)
{
	network(0);
	struct datapath_features features = features_of(true);
	struct watch *watch = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "", path[160];
	if (features.fentry)
		cr_skip("this kernel allows tracing");
	cr_assert(watch_open(&watch, pins, sentence) < 0 && watch == NULL);
	cr_assert(strlen(sentence) > 0);
	snprintf(path, sizeof(path), "%s/netif-carrier-watch", pins);
	cr_assert(access(path, F_OK) != 0, "its folder is left");
	cr_assert(watch_remove(pins) == 0, "removing what is not there is no error");
	no_leaks();
}

Test(watch, lost_carrier_takes_the_port_out)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct watch *watch = open_watch(&features);
	struct datapath *dp = make(&features, &setup, 1);
	struct xlagg_lagg_status status = {.carrier_watch = XLAGG_WATCH_POLL};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	uint32_t before[XLAGG_MAX_PORTS], after[XLAGG_MAX_PORTS];

	/* One port is there before the watcher, one is added later. */
	cr_assert(datapath_watch(dp, watch) == 0);
	cr_assert(datapath_port_add(dp, 1, (int)if_nametoindex("eth1"), sentence) == 0, "%s", sentence);
	datapath_describe(dp, &status);
	cr_assert(status.carrier_watch == XLAGG_WATCH_FENTRY);
	PUBLISH(dp, 0, 1);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0");
	cr_assert(is_live(dp, 0));
	datapath_lost(dp, before);
	sh("ip link set eth0 address 02:00:00:00:00:77 mtu 1400");
	datapath_lost(dp, after);
	cr_assert(after[0] == before[0], "another MAC and MTU counted as a loss");
	sh("ip link set wire0 down");
	datapath_lost(dp, after);
	cr_assert(after[0] != before[0] && after[1] == before[1]);
	cr_assert(is_live(dp, 1), "the port without carrier is still used");
	sh("ip link set wire0 up");
	cr_assert(is_live(dp, 1), "it came back although its agent did not let it in");
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1), "its agent cannot let it in");
	sh("ip link set eth0 down");
	cr_assert(is_live(dp, 1), "the port that was set down is still used");

	/* Policy that was read before a loss does not undo the loss. */
	struct xlagg_table table = *datapath_table(dp);
	bool live[XLAGG_MAX_PORTS] = {true, true};
	uint32_t flags[XLAGG_MAX_PORTS] = {0};
	datapath_lost(dp, before);
	sh("ip link set wire1 down");
	cr_assert(datapath_publish(dp, &table, live, flags, before) == 0);
	cr_assert(!is_live(dp, 1), "a late publication undid a loss");
	datapath_close(&dp);
	watch_close(&watch);
	no_leaks();
}

/* Returns what is pinned, as snapshot() does. */
static char *watch_snapshot(void)
{
	char kept[sizeof(folder)];
	memcpy(kept, folder, sizeof(kept));
	snprintf(folder, sizeof(folder), "%.127s", watch_folder);
	char *text = snapshot();
	memcpy(folder, kept, sizeof(kept));
	return text;
}

Test(watch, works_without_an_agent_and_is_adopted)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct watch *watch = open_watch(&features);
	struct datapath *dp = make(&features, &setup, 2);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_watch(dp, watch) == 0);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	watch_close(&watch);
	char *before = watch_snapshot();

	int lagg = listen_on("lagg0"), wire1 = listen_on("wire1");
	sh("ip link set wire0 down");
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1), "without an agent a lost port is still used");
	sh("ip link set wire0 up");

	watch = open_watch(&features);
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	cr_assert(datapath_watch(dp, watch) == 0);
	char *after = watch_snapshot();
	cr_assert(strcmp(before, after) == 0, "adopting changed the watcher: before\n%safter\n%s", before, after);
	PUBLISH(dp, 0, 1);
	cr_assert(is_live(dp, 0));
	sh("ip link set wire0 down");
	cr_assert(is_live(dp, 1), "the adopted watcher does not watch");
	datapath_close(&dp);
	watch_close(&watch);
	free(before);
	free(after);
	no_leaks();
}

Test(watch, forgets_ports_and_laggs)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct watch *watch = open_watch(&features);
	char command[256];
	struct datapath *dp = make(&features, &setup, 2);
	cr_assert(datapath_watch(dp, watch) == 0);
	snprintf(command, sizeof(command),
		 "test $(bpftool -j map dump pinned %s/watch | grep -o '\"slot\"' | wc -l) = ", watch_folder);
	sh("%s 2", command);
	cr_assert(datapath_port_del(dp, 0) == 0);
	sh("%s 1", command);
	char *pinned = snapshot();
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	sh("%s 0", command);
	cr_assert(all_gone(pinned), "the watcher holds maps of a lagg that is gone");
	free(pinned);

	pinned = watch_snapshot();
	watch_close(&watch);
	cr_assert(access(watch_folder, F_OK) != 0, "a watcher without laggs is left");
	cr_assert(all_gone(pinned), "something is left of the watcher");
	free(pinned);
	no_leaks();
}

/* Pins that others remove are not what keeps it at work, and are made again. */
Test(watch, works_without_pins)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct watch *watch = open_watch(&features);
	struct datapath *dp = make(&features, &setup, 2);
	bool missing = true;
	cr_assert(datapath_watch(dp, watch) == 0);
	PUBLISH(dp, 0, 1);
	cr_assert(watch_repin(watch, &missing) == 0 && !missing, "pins are missing from the start");
	sh("rm -r %s", watch_folder);
	sh("ip link set wire0 down");
	cr_assert(is_live(dp, 1), "without its pins the watcher does nothing");
	cr_assert(watch_repin(watch, &missing) == 0 && missing, "missing pins were not noticed");
	cr_assert(watch_repin(watch, &missing) == 0 && !missing, "pins are still missing");
	datapath_close(&dp);
	watch_close(&watch);
	sh("ip link set wire0 up");
	watch = open_watch(&features);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	cr_assert(datapath_watch(dp, watch) == 0);
	PUBLISH(dp, 0, 1);
	sh("ip link set wire0 down");
	cr_assert(is_live(dp, 1), "what was pinned again is not taken over");
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	watch_close(&watch);
	cr_assert(access(watch_folder, F_OK) != 0, "its folder is left");
	no_leaks();
}

Test(watch, damaged_pins_are_replaced)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct watch *watch = open_watch(&features);
	struct datapath *dp = make(&features, &setup, 1);
	cr_assert(datapath_watch(dp, watch) == 0);
	watch_close(&watch);
	sh("cd %s && rm link_carrier_off && mv watch link_carrier_on && bpftool map create $PWD/watch type array key 4 "
	   "value "
	   "4 entries 1 name watch",
	   watch_folder);
	watch = open_watch(&features);
	cr_assert(datapath_watch(dp, watch) == 0);
	PUBLISH(dp, 0);
	cr_assert(is_live(dp, 0));
	sh("ip link set wire0 down");
	cr_assert(!is_live(dp, 0), "the replaced watcher does not watch");
	datapath_close(&dp);
	watch_close(&watch);
	cr_assert(watch_remove(pins) == 0 && access(watch_folder, F_OK) != 0);
	no_leaks();
}
