/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Others detach programs, remove pins and write to maps: it is found, costs nothing where it need not, and is put back.
 */
#include "datapath/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct datapath_setup setup;
static struct datapath *dp;
static int lagg, wire0;
static uint32_t mark;

/* A lagg of two ports, of which eth0 is in use. */
static void begin(bool tcx, enum xlagg_profile profile)
{
	struct datapath_features features = features_of(tcx);
	features.dispatcher = false;
	setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.profile = profile;
	dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	lagg = listen_on("lagg0");
	wire0 = listen_on("wire0");
}

static void end(void)
{
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	no_leaks();
}

/* Both ways. */
static void carries_traffic(const char *when)
{
	send_frame(lagg, ++mark);
	cr_assert(hears(wire0, mark), "%s: nothing is sent", when);
	send_frame(wire0, ++mark);
	cr_assert(hears(lagg, mark), "%s: nothing is received", when);
}

static void all_right(bool deep, const char *when)
{
	struct datapath_faults faults;
	cr_assert(datapath_check(dp, deep, &faults), "%s: device %x, ports %x %x", when, faults.device, faults.port[0],
		  faults.port[1]);
}

static void repair(const struct datapath_faults *faults)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	int r = datapath_repair(dp, faults, sentence);
	cr_assert(r == 0, "datapath_repair: %d, %s", r, sentence);
}

/* Expects these faults and no others, has them put back, and all to be right then. */
static void found_and_repaired(uint32_t device, uint32_t port0, const char *what)
{
	struct datapath_faults faults;
	cr_assert(!datapath_check(dp, true, &faults), "%s: not noticed", what);
	cr_assert(faults.device == device && faults.port[0] == port0 && faults.port[1] == 0,
		  "%s: found device %x, ports %x %x", what, faults.device, faults.port[0], faults.port[1]);
	repair(&faults);
	all_right(true, what);
}

static void detach(const char *pin)
{
	char path[192];
	snprintf(path, sizeof(path), "%s/%s", folder, pin);
	int link = bpf_obj_get(path);
	cr_assert(link >= 0 && bpf_link_detach(link) == 0, "%s: %s", path, strerror(errno));
	close(link);
}

Test(repair, what_is_right_is_left_alone)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	char *before = snapshot();
	all_right(true, "fresh");
	all_right(false, "fresh");
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath_faults everything = {.device = DATAPATH_TC | DATAPATH_GUARD | DATAPATH_VALUES | DATAPATH_PINS,
					     .port = {DATAPATH_TC | DATAPATH_VALUES}};
	cr_assert(datapath_repair(dp, &everything, sentence) == 0, "%s", sentence);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "a repair changed what was right: before\n%safter\n%s", before, after);
	carries_traffic("after a repair of nothing");
	free(before);
	free(after);
	end();
}

Test(repair, detached_tcx)
{
	network(2);
	if (!features_of(true).tcx)
		cr_skip("this kernel has no tcx");
	begin(true, XLAGG_DATAPATH_TC);
	static const struct {
		const char *pin;
		uint32_t device, port;
	} cases[] = {{"link_tx", DATAPATH_TC, 0}, {"link_guard", DATAPATH_GUARD, 0}, {"link_rx0", 0, DATAPATH_TC}};
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		detach(cases[i].pin);
		found_and_repaired(cases[i].device, cases[i].port, cases[i].pin);
		carries_traffic(cases[i].pin);
	}
	end();
}

Test(repair, removed_clsact)
{
	network(2);
	begin(false, XLAGG_DATAPATH_TC);
	static const struct {
		const char *command;
		uint32_t device, port;
	} cases[] = {{"tc qdisc del dev eth0 clsact", 0, DATAPATH_TC},
		     {"tc filter del dev eth0 ingress", 0, DATAPATH_TC},
		     {"tc qdisc del dev lagg0-dp clsact", DATAPATH_TC | DATAPATH_GUARD, 0},
		     {"tc filter del dev lagg0-dp egress", DATAPATH_GUARD, 0}};
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sh("%s", cases[i].command);
		found_and_repaired(cases[i].device, cases[i].port, cases[i].command);
		carries_traffic(cases[i].command);
	}
	end();
}

Test(repair, detached_xdp)
{
	network(2);
	begin(true, XLAGG_DATAPATH_XDP);
	detach("link_xdprx0");
	found_and_repaired(0, DATAPATH_XDP, "link_xdprx0");
	detach("link_xdptx");
	found_and_repaired(DATAPATH_XDP, 0, "link_xdptx");
	end();
}

Test(repair, removed_pins)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	char *before = snapshot();
	static const char *const commands[] = {"rm -f %s/link_rx0 %s/ports", "rm %s/saved %s/lagg_stats",
					       "rm %s/prog_rx1", "rm -r %s"};
	for (uint32_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		sh(commands[i], folder, folder);
		carries_traffic(commands[i]);
		found_and_repaired(DATAPATH_PINS, 0, commands[i]);
		char *after = snapshot();
		cr_assert(strcmp(before, after) == 0, "%s: before\n%safter\n%s", commands[i], before, after);
		free(after);
	}
	free(before);
	end();
}

/* The same for clsact, whose filters do not hang on a pin, but are found by it. */
Test(repair, removed_pins_of_filters)
{
	network(2);
	begin(false, XLAGG_DATAPATH_TC);
	char *before = snapshot();
	sh("rm -r %s", folder);
	carries_traffic("without pins");
	found_and_repaired(DATAPATH_PINS, 0, "no pins");
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "before\n%safter\n%s", before, after);
	free(before);
	free(after);
	end();
}

/* Pins that go unseen are not missed: a look soon after one that found all right, within one tick of the kernel's
 * clock. */
Test(repair, pins_removed_again_and_again)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	for (uint32_t i = 0; i < 200; i++) {
		all_right(false, "pinned");
		sh("rm %s/tables", folder);
		found_and_repaired(DATAPATH_PINS, 0, "tables");
	}
	end();
}

Test(repair, changes_work_without_pins)
{
	network(3);
	begin(true, XLAGG_DATAPATH_TC);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	sh("rm -r %s", folder);
	setup.params.seed++;
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "change: %s", sentence);
	sh("rm -r %s", folder);
	cr_assert(datapath_port_add(dp, 2, (int)if_nametoindex("eth2"), sentence) == 0, "port add: %s", sentence);
	sh("rm -r %s", folder);
	cr_assert(datapath_port_del(dp, 2) == 0, "port del");
	sh("! bpftool net show dev eth2 | grep -q rx");
	carries_traffic("after changes without pins");
	end();
}

/* What is left then is adopted as if nothing had been. */
Test(repair, adopted_after_a_repair)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct datapath_features features = features_of(true);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	sh("rm -r %s", folder);
	found_and_repaired(DATAPATH_PINS, 0, "no pins");
	datapath_close(&dp);
	char *before = snapshot();
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "before\n%safter\n%s", before, after);
	carries_traffic("adopted");
	free(before);
	free(after);
	end();
}

Test(repair, unmounted_bpffs_of_the_administrator)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath_faults faults;
	sh("umount %s", pins);
	carries_traffic("without bpffs");
	cr_assert(!datapath_check(dp, false, &faults) && faults.device == DATAPATH_PINS, "found %x", faults.device);
	cr_assert(datapath_repair(dp, &faults, sentence) == -EINVAL && strstr(sentence, "bpffs"), "%s", sentence);
	cr_assert(mount("bpf", pins, "bpf", 0, NULL) == 0);
	sh("rm -rf %s; mkdir -p %s", folder, folder);
	found_and_repaired(DATAPATH_PINS, 0, "mounted again");
	carries_traffic("mounted again");
	end();
}

static bool on_bpffs(const char *path)
{
	struct statfs fs;
	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* Below /sys/fs/bpf it is mounted again. Only this test's own mount namespace sees that. */
Test(repair, unmounted_bpffs)
{
	network(2);
	while (on_bpffs("/sys/fs/bpf"))
		sh("umount /sys/fs/bpf");
	snprintf(folder, sizeof(folder), "/sys/fs/bpf/xlagg-test/lagg0");
	cr_assert(datapath_mount("/sys/fs/bpf/xlagg-test") == 0);
	begin(true, XLAGG_DATAPATH_TC);
	char *before = snapshot();
	sh("umount /sys/fs/bpf");
	carries_traffic("without bpffs");
	found_and_repaired(DATAPATH_PINS, 0, "umount");
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "before\n%safter\n%s", before, after);
	free(before);
	free(after);
	end();
}

/* An entry of one of the lagg's maps, by its pin. */
static void read_entry(const char *map, uint32_t index, void *value)
{
	char path[192];
	snprintf(path, sizeof(path), "%s/%s", folder, map);
	int fd = bpf_obj_get(path);
	cr_assert(fd >= 0 && bpf_map_lookup_elem(fd, &index, value) == 0, "cannot read %s", path);
	close(fd);
}

static void write_entry(const char *map, uint32_t index, const void *value)
{
	char path[192];
	snprintf(path, sizeof(path), "%s/%s", folder, map);
	int fd = bpf_obj_get(path);
	cr_assert(fd >= 0 && (value ? bpf_map_update_elem(fd, &index, value, 0) : bpf_map_delete_elem(fd, &index)) == 0,
		  "cannot write %s", path);
	close(fd);
}

Test(repair, overwritten_port)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct xlagg_port before, after;
	/* Something for `lost` to fall back from. */
	datapath_lose(dp, 0, (int)if_nametoindex("eth0"));
	PUBLISH(dp, 0, 1);
	all_right(true, "published again");
	read_entry("ports", 0, &before);
	struct xlagg_port other = {.ifindex = if_nametoindex("eth1"), .lost = before.lost, .enabled = before.enabled};
	write_entry("ports", 0, &other);
	found_and_repaired(0, DATAPATH_VALUES, "another device");
	read_entry("ports", 0, &after);
	cr_assert(memcmp(&before, &after, sizeof(before)) == 0, "it is not as it was");
	carries_traffic("written back");
	other = before;
	other.enabled = XLAGG_PORT_OUT;
	write_entry("ports", 0, &other);
	found_and_repaired(0, DATAPATH_VALUES, "taken out");
	carries_traffic("let in again");
	end();
}

/* Losses may be missing in a counter that was set back: only after a look at carrier is the port let in. */
Test(repair, counter_of_losses_set_back)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct xlagg_port before, after, zero = {0};
	datapath_lose(dp, 0, (int)if_nametoindex("eth0"));
	PUBLISH(dp, 0, 1);
	all_right(true, "published again");
	read_entry("ports", 0, &before);
	write_entry("ports", 0, &zero);
	found_and_repaired(0, DATAPATH_VALUES, "all zero");
	read_entry("ports", 0, &after);
	cr_assert(after.enabled == XLAGG_PORT_OUT && after.ifindex == before.ifindex, "the port was let in unseen");
	cr_assert(after.lost - before.lost < 0x80000000u, "the counter went back");
	PUBLISH(dp, 0, 1);
	carries_traffic("published again");
	/* This value would make ports live that are kept out. */
	before.lost = XLAGG_PORT_OUT;
	write_entry("ports", 0, &before);
	found_and_repaired(0, DATAPATH_VALUES, "the value that no counter has");
	PUBLISH(dp, 0, 1);
	carries_traffic("published again");
	end();
}

Test(repair, counter_of_losses_set_forward)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct xlagg_port port;
	struct datapath_faults faults;
	read_entry("ports", 0, &port);
	port.lost += 1000;
	write_entry("ports", 0, &port);
	cr_assert(!datapath_check(dp, false, &faults) && faults.port[0] == DATAPATH_STALE && faults.device == 0,
		  "found %x", faults.port[0]);
	PUBLISH(dp, 0, 1);
	carries_traffic("published again");
	all_right(true, "published again");
	end();
}

Test(repair, overwritten_control_and_tables)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct xlagg_control control;
	struct xlagg_table table = {.count = 3};
	read_entry("control", 0, &control);
	write_entry("tables", control.table, &table);
	found_and_repaired(DATAPATH_VALUES, 0, "table");
	carries_traffic("table");
	read_entry("control", 0, &control);
	control.table += 3;
	control.carrier = 0;
	write_entry("control", 0, &control);
	found_and_repaired(DATAPATH_VALUES, 0, "control");
	carries_traffic("control");
	write_entry("lower_alive", 0, NULL);
	found_and_repaired(DATAPATH_VALUES, 0, "lower_alive");
	carries_traffic("lower_alive");
	write_entry("port_alive", 0, NULL);
	found_and_repaired(0, DATAPATH_VALUES, "port_alive");
	carries_traffic("port_alive");
	end();
}

Test(repair, removed_from_devmaps)
{
	network(2);
	begin(true, XLAGG_DATAPATH_XDP);
	write_entry("lower_dev", 0, NULL);
	found_and_repaired(DATAPATH_VALUES, 0, "lower_dev");
	write_entry("tx_devs", 0, NULL);
	found_and_repaired(0, DATAPATH_VALUES, "tx_devs");
	end();
}

Test(repair, device_that_is_gone)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	struct datapath_faults faults;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	sh("ip link del eth0");
	cr_assert(!datapath_check(dp, true, &faults) && faults.port[0] & DATAPATH_TC, "found %x", faults.port[0]);
	cr_assert(datapath_repair(dp, &faults, sentence) == -ENODEV, "%s", sentence);
	/* What could not be attached is still missed. */
	cr_assert(!datapath_check(dp, true, &faults) && faults.port[0] & DATAPATH_TC, "found %x", faults.port[0]);
	cr_assert(datapath_port_del(dp, 0) == 0);
	all_right(true, "let go");
	end();
}

Test(repair, netkit)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.netkit)
		cr_skip("this kernel has no netkit");
	netkit_instead();
	setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.device = XLAGG_DEVICE_NETKIT;
	dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	lagg = listen_on("lagg0");
	wire0 = listen_on("wire0");
	carries_traffic("fresh");
	detach("link_txnetkit");
	found_and_repaired(DATAPATH_TC, 0, "link_txnetkit");
	carries_traffic("link_txnetkit");
	detach("link_guard");
	found_and_repaired(DATAPATH_GUARD, 0, "link_guard");
	end();
}

static void has_carrier_word(uint32_t expected, const char *when)
{
	struct xlagg_control control;
	read_entry("control", 0, &control);
	cr_assert(control.carrier == expected, "%s: carrier is %#x instead of %#x", when, control.carrier, expected);
}

static void has_flags(uint32_t slot, uint32_t expected, const char *when)
{
	struct xlagg_port port;
	read_entry("ports", slot, &port);
	cr_assert(port.flags == expected, "%s: flags of port %u are %#x instead of %#x", when, slot, port.flags,
		  expected);
}

/* Carrier and the ports that receive stand in one word, and a port's flags and its place among a bond's slaves in
 * another: whichever changes, the rest is right, also after an agent of a version that knew only carrier. */
Test(repair, words_that_say_two_things)
{
	network(2);
	begin(true, XLAGG_DATAPATH_TC);
	const uint32_t place[XLAGG_MAX_PORTS] = {xlagg_place(2, 1), xlagg_place(2, 0)}, none[XLAGG_MAX_PORTS] = {0};
	const uint32_t first = XLAGG_CARRIER | xlagg_passes(0), both = first | xlagg_passes(1);
	has_carrier_word(both, "two ports");
	datapath_place(dp, place);
	has_flags(0, place[0] | XLAGG_PORT_COLLECTING, "with a place");
	PUBLISH(dp, 0);
	has_carrier_word(first, "one port");
	has_flags(0, place[0] | XLAGG_PORT_COLLECTING, "published");
	has_flags(1, place[1], "not collecting");
	PUBLISH(dp, 0, 1);
	has_carrier_word(both, "two again");
	datapath_carrier(dp, false);
	has_carrier_word(0, "no carrier");
	datapath_carrier(dp, true);
	has_carrier_word(both, "carrier");
	cr_assert(datapath_port_del(dp, 1) == 0);
	has_carrier_word(first, "removed");
	has_flags(1, 0, "removed");
	all_right(true, "words");
	datapath_place(dp, none);
	has_flags(0, XLAGG_PORT_COLLECTING, "without a place");
	datapath_close(&dp);

	struct xlagg_control control;
	struct datapath_features features = features_of(true);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	read_entry("control", 0, &control);
	control.carrier = 1;
	write_entry("control", 0, &control);
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	has_carrier_word(first, "adopted");
	end();
}
