/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Ports come and go, programs are changed under traffic, and nothing is left behind. */
#include "datapath/faults.h"
#include "datapath/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, which Debian 12 does not have */

/* One call that fails does not change what the kernel is taken to offer: at worst it cannot be told. */
Test(lifecycle, a_call_that_fails_hides_no_feature)
{
	const struct datapath_features all = features_of(true);
	unsigned first = 0, calls, count = 0;
	bool tcx = bpf_prog_query(1, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, NULL, &count) == 0;
	cr_assert(all.tcx == tcx, "tcx %d, and the kernel says %d", all.tcx, tcx);
	do {
		struct datapath_features found;
		faults_begin(++first, 1);
		int r = datapath_find_features(&found);
		calls = faults_end();
		cr_assert(r < 0 || (found.tcx == all.tcx && found.netkit == all.netkit && found.fentry == all.fentry),
			  "call %u: tcx %d netkit %d fentry %d", first, found.tcx, found.netkit, found.fentry);
	} while (calls >= first);
	cr_assert(first > 2, "nothing was tried");
}

Test(lifecycle, folder_that_exists_is_refused)
{
	network(0);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 0), *second = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "", *before = snapshot();
	cr_assert(datapath_create(&second, folder, &features, &setup, sentence) == -EEXIST);
	cr_assert(second == NULL && strstr(sentence, folder), "the sentence names no folder: %s", sentence);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "the refused one changed the first");
	free(before);
	free(after);
	datapath_close(&dp);
	no_leaks();
}

Test(lifecycle, failed_create_leaves_nothing)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = NULL;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	setup.direct = true;
	setup.params.lagg_ifindex = 99999; /* the last hook fails */
	cr_assert(datapath_create(&dp, folder, &features, &setup, sentence) == -ENODEV, "%s", sentence);
	cr_assert(dp == NULL && strstr(sentence, "99999"), "the sentence names no device: %s", sentence);
	cr_assert(access(folder, F_OK) != 0, "the folder is left");
	sh("! bpftool -j net show dev lagg0-dp | grep -q lower_guard");
	no_leaks();
}

static void leaves_nothing(bool tcx, bool direct)
{
	struct datapath_features features = features_of(tcx);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_BROADCAST);
	setup.direct = direct;
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	char *before = snapshot();
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	cr_assert(access(folder, F_OK) != 0, "the folder is left");
	cr_assert(all_gone(before), "something is left of\n%s", before);
	sh("! tc qdisc show | grep clsact | grep -v 'dev lagg0 '");
	cr_assert(datapath_remove(folder) == 0, "removing what is not there is no error");
	free(before);
}

Test(lifecycle, removal_leaves_nothing_tcx)
{
	network(2);
	leaves_nothing(true, false);
	no_leaks();
}

Test(lifecycle, removal_leaves_nothing_direct)
{
	network(2);
	leaves_nothing(true, true);
	no_leaks();
}

Test(lifecycle, removal_leaves_nothing_clsact)
{
	network(2);
	leaves_nothing(false, true);
	no_leaks();
}

Test(lifecycle, removal_detaches_although_another_has_it_open)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	char path[192];
	snprintf(path, sizeof(path), "%s/link_tx", folder);
	int link = bpf_obj_get(path);
	cr_assert(link >= 0 || !features.tcx);
	cr_assert(datapath_remove(folder) == 0);
	int lagg = listen_on("lagg0"), lower = listen_on("lagg0-dp"), wire = listen_on("wire0");
	send_frame(lagg, 1);
	cr_assert(hears(lower, 1), "lagg0's frames are still taken");
	cr_assert(drain(wire) == 0, "lagg0's frames still go to the port");
	close(link);
	datapath_close(&dp);
	no_leaks();
}

Test(lifecycle, removal_of_unknown_pins)
{
	network(0);
	/* A later version may leave folders, maps and programs with names that this one does not know. */
	sh("mkdir -p %s/deeper && bpftool map create %s/deeper/later type array key 4 value 4 entries 1 name later && "
	   "bpftool map create %s/link_odd type array key 4 value 4 entries 1 name odd",
	   folder, folder, folder);
	cr_assert(datapath_remove(folder) == 0);
	cr_assert(access(folder, F_OK) != 0, "the folder is left");
	no_leaks();
}

Test(lifecycle, removal_only_on_bpffs)
{
	network(0);
	sh("mkdir /mnt/plain && touch /mnt/plain/ports");
	cr_assert(datapath_remove("/mnt/plain") == -EINVAL);
	cr_assert(access("/mnt/plain/ports", F_OK) == 0, "a file that is no pin was removed");
	no_leaks();
}

Test(lifecycle, mount_wants_bpffs)
{
	network(0);
	char path[128];
	snprintf(path, sizeof(path), "%s/some/where", pins);
	cr_assert(datapath_mount(path) == 0 && access(path, F_OK) == 0);
	cr_assert(datapath_mount(path) == 0, "a second time is no error");
	cr_assert(datapath_mount("/mnt/plain") == -EINVAL, "a folder that is not on a bpffs is refused");
	cr_assert(datapath_mount("plain") == -EINVAL, "a relative path is refused");
	no_leaks();
}

Test(lifecycle, mount_mounts_the_usual_place)
{
	network(0);
	sh("mount -t sysfs sysfs /sys");
	cr_assert(datapath_mount("/sys/fs/bpf/xlagg/test") == 0);
	sh("stat -f -c %%T /sys/fs/bpf | grep -q bpf");
	no_leaks();
}

Test(lifecycle, foreign_filter_and_qdisc_stay)
{
	network(1);
	sh("tc qdisc add dev eth0 clsact && tc filter add dev eth0 ingress prio 77 protocol all bpf bytecode '1,6 0 0 "
	   "0'");
	struct datapath_features features = features_of(false);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	sh("tc qdisc show dev eth0 | grep -q clsact && tc filter show dev eth0 ingress | grep -q 'pref 77'");
	sh("! tc filter show dev eth0 ingress | grep -v 'pref 77' | grep -q bpf && ! tc qdisc show dev lagg0-dp | grep "
	   "-q clsact");
	no_leaks();
}

Test(lifecycle, own_qdisc_stays_for_a_foreign_filter)
{
	network(1);
	struct datapath_features features = features_of(false);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 1);
	sh("tc filter add dev eth0 egress prio 77 protocol all bpf bytecode '1,6 0 0 0'");
	cr_assert(datapath_port_del(dp, 0) == 0);
	sh("tc filter show dev eth0 egress | grep -q 'pref 77'");
	datapath_close(&dp);
	no_leaks();
}

static void port_comes_and_goes(bool tcx)
{
	struct datapath_features features = features_of(tcx);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &setup, 1);
	int lagg = listen_on("lagg0"), wire1 = listen_on("wire1"), eth1 = listen_on("eth1");
	int ifindex = (int)if_nametoindex("eth1");

	cr_assert(datapath_port_add(dp, 5, ifindex, sentence) == 0, "%s", sentence);
	cr_assert(datapath_port_add(dp, 5, ifindex, sentence) == -EBUSY);
	cr_assert(datapath_port_add(dp, XLAGG_MAX_PORTS, ifindex, sentence) == -EINVAL);
	cr_assert(datapath_port_add(dp, 6, 99999, sentence) == -ENODEV && datapath_port_ifindex(dp, 6) == 0);
	PUBLISH(dp, 0);
	datapath_carrier(dp, true);
	send_frame(wire1, 1);
	PUBLISH(dp, 5);
	send_frame(wire1, 2);
	cr_assert(hears(lagg, 2), "a new port does not receive");
	cr_assert(drain(eth1) == 2, "taps on the port see every frame");

	cr_assert(datapath_port_del(dp, 5) == 0);
	cr_assert(datapath_port_ifindex(dp, 5) == 0);
	PUBLISH(dp, 0);
	send_frame(wire1, 3);
	cr_assert(hears(eth1, 3));
	cr_assert(drain(lagg) == 0, "a port that left still receives for lagg0");
	sh("! tc qdisc show dev eth1 | grep clsact");
	char *now = snapshot();
	cr_assert(strstr(now, "rx5") == NULL, "pins are left:\n%s", now);
	free(now);
	cr_assert(datapath_port_add(dp, 5, ifindex, sentence) == 0, "%s", sentence);
	sh("ip link del eth1");
	cr_assert(datapath_port_del(dp, 5) == 0, "letting go of a device that is gone");
	datapath_close(&dp);
}

Test(lifecycle, port_comes_and_goes_tcx)
{
	network(2);
	port_comes_and_goes(true);
	no_leaks();
}

Test(lifecycle, port_comes_and_goes_clsact)
{
	network(2);
	port_comes_and_goes(false);
	no_leaks();
}

/* The zeros of a new port must not mean live. */
Test(lifecycle, new_port_is_not_live)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	struct datapath *dp = make(&features, &setup, 2);
	struct xlagg_table table = {.generation = 1, .count = 2, .order = {0, 1}};
	bool live[XLAGG_MAX_PORTS] = {false, true};
	uint32_t flags[XLAGG_MAX_PORTS] = {0}, lost[XLAGG_MAX_PORTS];
	datapath_lost(dp, lost);
	datapath_carrier(dp, true);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0);
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1) && drain(wire0) == 0, "a port that was never let in sends");
	table.order[1] = 77;
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == -EINVAL, "a table of a port that does not exist");
	cr_assert(datapath_table(dp)->order[1] == 1, "the refused table was published");
	datapath_close(&dp);
	no_leaks();
}

/* More tables at once than there are buffers: nobody is waited for, a port that left is out at once, the newest table
 * is used as soon as no program can be reading its buffer, and those between are never used. */
Test(lifecycle, tables_in_quick_succession)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	struct datapath *dp = make(&features, &setup, 2);
	struct xlagg_table table = {.count = 2, .order = {0, 1}};
	bool live[XLAGG_MAX_PORTS] = {true, true};
	uint32_t flags[XLAGG_MAX_PORTS] = {0}, lost[XLAGG_MAX_PORTS];
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table.bucket[i] = 1 << 8 | 0;
	datapath_lost(dp, lost);
	datapath_carrier(dp, true);
	for (table.generation = 1; table.generation <= 3 * XLAGG_TABLES; table.generation++)
		cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0);
	uint32_t used = datapath_table(dp)->generation;
	cr_assert(used >= XLAGG_TABLES - 1, "only %u of the first tables were used at once", used);
	cr_assert(used < 3 * XLAGG_TABLES, "a buffer was written again before a reader could have left it");
	live[0] = false;
	for (uint32_t i = 0; i < XLAGG_BUCKETS; i++)
		table.bucket[i] = 0 << 8 | 1;
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0);
	cr_assert(datapath_publish_due(dp) != UINT64_MAX, "no table waits");
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1) && drain(wire0) == 0, "a port that left still sends");
	await_table(dp);
	cr_assert(datapath_table(dp)->generation == table.generation && datapath_table(dp)->bucket[0] == (0 << 8 | 1),
		  "the last table is not in use");
	cr_assert(datapath_publish(dp, &table, live, flags, lost) == 0 && datapath_publish_due(dp) == UINT64_MAX,
		  "the same table is published twice");
	datapath_close(&dp);
	no_leaks();
}

static void change_under_traffic(bool tcx)
{
	struct datapath_features features = features_of(tcx);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	int wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	struct sender sender = {.fd = listen_on("lagg0"), .hear = {wire0, wire1}};
	sender_start(&sender);
	static const uint32_t protos[] = {XLAGG_PROTO_LOADBALANCE, XLAGG_PROTO_ROUNDROBIN, XLAGG_PROTO_FAILOVER};
	for (uint32_t i = 0; i < 30; i++) {
		setup.params.proto = protos[i % 3];
		setup.params.seed = i;
		setup.direct = i % 4 == 1;
		cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	}
	uint32_t heard = sender_stop(&sender);
	cr_assert(sender.sent > 30, "no traffic to speak of: %u frames", sender.sent);
	cr_assert(heard == sender.sent, "%u frames sent, %u came out", sender.sent, heard);
	datapath_close(&dp);
}

Test(lifecycle, change_under_traffic_tcx)
{
	network(2);
	change_under_traffic(true);
	no_leaks();
}

Test(lifecycle, change_under_traffic_clsact)
{
	network(2);
	change_under_traffic(false);
	no_leaks();
}

Test(lifecycle, refused_change_goes_back)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER), other = setup;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &setup, 1);
	PUBLISH(dp, 0);
	other.device = XLAGG_DEVICE_NETKIT;
	cr_assert(datapath_change(dp, &other, sentence) == -EINVAL && sentence[0]);
	other = setup;
	other.params.lower_ifindex++;
	cr_assert(datapath_change(dp, &other, sentence) == -EINVAL && sentence[0]);
	int lagg = listen_on("lagg0"), wire = listen_on("wire0");
	send_frame(lagg, 1);
	cr_assert(hears(wire, 1), "a refused change broke the datapath");
	datapath_close(&dp);
	no_leaks();
}

/* A second publication soon after the first must wait for the programs that may still read the spare table. */
Test(lifecycle, publications_in_a_row)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	struct datapath *dp = make(&features, &setup, 2);
	int wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	struct sender sender = {.fd = listen_on("lagg0"), .hear = {wire0, wire1}};
	PUBLISH(dp, 0, 1);
	sender_start(&sender);
	for (uint32_t i = 0; i < 40; i++) {
		publish(dp, 2, i & 1 ? (uint32_t[]){0, 1} : (uint32_t[]){1, 0});
	}
	uint32_t heard = sender_stop(&sender);
	cr_assert(sender.sent > 30 && heard == sender.sent, "%u frames sent, %u came out", sender.sent, heard);
	datapath_close(&dp);
	no_leaks();
}

/* Returns this process's CPU time in seconds, so that other processes on the machine do not matter. */
static double processor_time(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Makes laggs `from` to `to`. Returns the CPU time that this took. */
static double make_many(struct datapath *dp[], const struct datapath_features *features, uint32_t from, uint32_t to)
{
	double start = processor_time();
	for (uint32_t i = from; i < to; i++) {
		char name[16], path[160], sentence[XLAGG_SENTENCE_MAX] = "";
		struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
		snprintf(name, sizeof(name), "l%u", i);
		setup.params.lagg_ifindex = if_nametoindex(name);
		name[0] = 'd';
		setup.params.lower_ifindex = if_nametoindex(name);
		snprintf(path, sizeof(path), "%s/l%u", pins, i);
		cr_assert(datapath_create(&dp[i], path, features, &setup, sentence) == 0, "%s", sentence);
	}
	return processor_time() - start;
}

/* The 64th lagg takes no longer than the first. How long one takes depends on machine and verifier. */
Test(lifecycle, many)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath *dp[64];
	char path[160];
	for (uint32_t i = 0; i < 64; i++)
		sh("ip link add l%u type veth peer name d%u", i, i);
	double first = make_many(dp, &features, 0, 16);
	double middle = make_many(dp, &features, 16, 48);
	double last = make_many(dp, &features, 48, 64);
	cr_log_info("64 laggs in %.0f ms of processor time", (first + middle + last) * 1e3);
	cr_assert(last < 3 * first, "the first 16 laggs took %.2f s, the last 16 %.2f s", first, last);
	for (uint32_t i = 0; i < 64; i++) {
		datapath_close(&dp[i]);
		snprintf(path, sizeof(path), "%s/l%u", pins, i);
		cr_assert(datapath_remove(path) == 0);
	}
	no_leaks();
}
