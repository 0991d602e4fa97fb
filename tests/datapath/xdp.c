/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The xdp profile, on veth: native, and generic where the driver has none. */
#include "datapath/faults.h"
#include "datapath/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets what the agent sets on the lagg's device, and what a cable needs so that redirected frames come out of it. */
static struct datapath_setup xdp_setup(uint32_t proto, uint32_t ports)
{
	sh("ethtool -K lagg0 gro on tx off txvlan off >/dev/null");
	for (uint32_t i = 0; i < ports; i++)
		sh("ethtool -K wire%u gro on >/dev/null", i);
	struct datapath_setup setup = setup_of(proto);
	setup.profile = XLAGG_DATAPATH_XDP;
	return setup;
}

/* Returns the setup that the agent would choose on this kernel. */
static void expect_attached(const struct datapath *dp, const struct datapath_features *features)
{
	struct xlagg_lagg_status status = {0};
	datapath_describe(dp, &status);
	cr_assert(status.profile == XLAGG_DATAPATH_XDP && status.xdp_mode == XLAGG_XDP_NATIVE);
	cr_assert(status.attach ==
		  (uint32_t)(features->dispatcher ? XLAGG_ATTACH_XDP_DISPATCHER : XLAGG_ATTACH_XDP_LINK));
}

static void forwards(struct datapath *dp)
{
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1), "a frame on lagg0 did not come out of the first port");
	send_frame(wire0, 2);
	cr_assert(hears(lagg, 2), "a frame on the first port did not reach lagg0");
	PUBLISH(dp, 1, 0);
	send_frame(lagg, 3);
	cr_assert(hears(wire1, 3), "after the switch a frame on lagg0 did not come out of the second port");
	cr_assert(drain(wire0) == 0, "after the switch the first port still sends");
	datapath_carrier(dp, false);
	send_frame(lagg, 4);
	send_frame(wire1, 4);
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 5);
	cr_assert(hears(wire0, 5), "a frame after carrier came back was lost");
	cr_assert(drain(wire1) + drain(lagg) == 0, "a frame went through without carrier");
}

Test(xdp, forwards)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2);
	struct datapath *dp = make(&features, &setup, 2);
	expect_attached(dp, &features);
	forwards(dp);
	struct xlagg_port_stats stats;
	cr_assert(datapath_port_stats(dp, 0, &stats) == 0 && stats.tx_packets == 2 && stats.rx_packets == 1,
		  "counted %llu sent, %llu received", stats.tx_packets, stats.rx_packets);
	sh("for d in eth0 wire0 lagg0 lagg0-dp; do ip link set $d mtu 9000 || exit 1; done");
	char *before = snapshot();
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	cr_assert(all_gone(before), "something is left of\n%s", before);
	sh("! ip -d link | grep -q prog/xdp");
	free(before);
	no_leaks();
}

/* The tc programs would also send what XDP passes, so they are removed here. */
Test(xdp, frames_go_by_xdp)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_LOADBALANCE, 2);
	struct datapath *dp = make(&features, &setup, 2);
	sh("cd %s && rm link_tx link_rx0 link_rx1", folder);
	forwards(dp);
	datapath_close(&dp);
	no_leaks();
}

Test(xdp, over_clsact)
{
	network(2);
	struct datapath_features features = features_of(false);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2);
	struct datapath *dp = make(&features, &setup, 2);
	forwards(dp);
	datapath_close(&dp);
	no_leaks();
}

Test(xdp, broadcast)
{
	network(3);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_BROADCAST, 3);
	struct datapath *dp = make(&features, &setup, 3);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1"),
	    wire2 = listen_on("wire2");
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1) && hears(wire1, 1), "a live port got no copy");
	PUBLISH(dp, 1, 2);
	send_frame(lagg, 2);
	cr_assert(hears(wire1, 2) && hears(wire2, 2), "a live port got no copy");
	cr_assert(drain(wire0) == 0, "a port that is out got a copy");
	setup.params.proto = XLAGG_PROTO_FAILOVER;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	PUBLISH(dp, 0, 2);
	setup.params.proto = XLAGG_PROTO_BROADCAST;
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	send_frame(lagg, 3);
	cr_assert(hears(wire0, 3) && hears(wire2, 3), "a live port got no copy after the proto changed");
	cr_assert(drain(wire1) == 0, "a port that went out before the proto changed got a copy");
	datapath_close(&dp);
	no_leaks();
}

Test(xdp, adopted_with_the_same_ids)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_LOADBALANCE, 2);
	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	char *before = snapshot(), sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "adopting changed what is pinned: before\n%safter\n%s", before, after);
	forwards(dp);
	datapath_close(&dp);
	free(before);
	free(after);
	no_leaks();
}

Test(xdp, profile_changes_both_ways)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup xdp = xdp_setup(XLAGG_PROTO_FAILOVER, 2), tc = xdp;
	tc.profile = XLAGG_DATAPATH_TC;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &tc, 2);
	for (int i = 0; i < 3; i++) {
		cr_assert(datapath_change(dp, &xdp, sentence) == 0, "%s", sentence);
		expect_attached(dp, &features);
		forwards(dp);
		cr_assert(datapath_change(dp, &tc, sentence) == 0, "%s", sentence);
		sh("! ip -d link | grep -q prog/xdp");
		forwards(dp);
	}
	datapath_close(&dp);
	no_leaks();
}

/* What is attached where, without the ids, which are others each time. */
static void expect_only_tc(const struct datapath *dp)
{
	struct xlagg_lagg_status status = {0};
	datapath_describe(dp, &status);
	cr_assert(status.profile == XLAGG_DATAPATH_TC);
	sh("! ip -d link | grep -q prog/xdp");
	sh("! ls %s | grep xdp", folder);
}

/* Returns whether the change failed. */
static bool change_with_failing_calls(struct datapath *dp, const struct datapath_setup *to, unsigned nth,
				      unsigned count)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	faults_begin(nth, count);
	int r = datapath_change(dp, to, sentence);
	cr_assert(faults_end() >= nth, "not even %u calls were made", nth);
	cr_assert(r == 0 || sentence[0], "the change fails without a sentence when calls fail from the %uth on", nth);
	return r != 0;
}

/* So many calls in a row fail that changing back fails as well. Most of them only ask for something, and do without an
 * answer. */
Test(xdp, refused_change_is_changed_back_later, .timeout = 300)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup xdp = xdp_setup(XLAGG_PROTO_FAILOVER, 2), tc = xdp;
	tc.profile = XLAGG_DATAPATH_TC;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &tc, 2);
	faults_begin(1, 0);
	cr_assert(datapath_change(dp, &xdp, sentence) == 0, "%s", sentence);
	unsigned calls = faults_end(), unsettled = 0;
	cr_assert(datapath_change(dp, &tc, sentence) == 0, "%s", sentence);
	for (unsigned nth = 1; nth <= calls; nth += calls / 40 + 1) {
		if (!change_with_failing_calls(dp, &xdp, nth, calls / 4))
			cr_assert(datapath_change(dp, &tc, sentence) == 0, "%s", sentence);
		unsettled += !datapath_settled(dp);
		cr_assert(datapath_settle(dp, sentence) == 0, "%s", sentence);
		cr_assert(datapath_settled(dp));
		expect_only_tc(dp);
	}
	cr_assert(unsettled > 0, "changing back never failed: the test shows nothing");
	forwards(dp);
	datapath_close(&dp);
	no_leaks();
}

/* The change succeeded, but others of the same transaction failed. */
Test(xdp, return_goes_on_after_an_error, .timeout = 300)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup xdp = xdp_setup(XLAGG_PROTO_FAILOVER, 2), tc = xdp;
	tc.profile = XLAGG_DATAPATH_TC;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &xdp, 2);
	faults_begin(1, 0);
	cr_assert(datapath_return(dp, &tc, sentence) == 0, "%s", sentence);
	unsigned calls = faults_end(), failed = 0;
	for (unsigned nth = 1; nth <= calls; nth += calls / 20 + 1) {
		cr_assert(datapath_change(dp, &xdp, sentence) == 0, "%s", sentence);
		faults_begin(nth, 5);
		int r = datapath_return(dp, &tc, sentence);
		faults_end();
		failed += r < 0;
		cr_assert(datapath_settled(dp) == (r == 0), "%d: %s", r, sentence);
		cr_assert(datapath_settle(dp, sentence) == 0, "%s", sentence);
		expect_only_tc(dp);
	}
	cr_assert(failed > 0, "nothing failed: the test shows nothing");
	forwards(dp);
	datapath_close(&dp);
	no_leaks();
}

/* An agent was killed after a program was attached and before it was pinned. */
Test(xdp, unfinished_attachment_is_removed)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.dispatcher)
		cr_skip("a link is attached and pinned in another order: this kernel has no dispatcher");
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2);
	struct datapath *dp = make(&features, &setup, 2);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	unsigned eth0 = if_nametoindex("eth0"), eth1 = if_nametoindex("eth1");
	datapath_close(&dp);
	sh("cd %s && rm dispatch_xdprx0_%u", folder, eth0);
	for (unsigned slot = 0; slot < 2; slot++)
		sh("cd %s && bpftool map pin pinned ports $PWD/dispatching_xdprx%u_%u", folder, slot,
		   slot ? eth1 : eth0);
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	sh("! ls %s | grep dispatching", folder);
	sh("test $(ip -d link | grep -c xdp_dispatcher) = 3");
	sh("test $(find %s -name 'prog?-prog' | wc -l) = 3", pins);
	forwards(dp);
	datapath_close(&dp);
	sh("cd %s && rm dispatch_xdprx1_%u && bpftool map pin pinned ports $PWD/dispatching_xdprx1_%u", folder, eth1,
	   eth1);
	cr_assert(datapath_remove(folder) == 0);
	sh("! ip -d link | grep -q prog/xdp");
	no_leaks();
}

Test(xdp, device_in_use_by_another_program)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (features.dispatcher)
		cr_skip("with a dispatcher two programs share a device");
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2), tc = setup;
	tc.profile = XLAGG_DATAPATH_TC;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct datapath *dp = make(&features, &tc, 2);
	PUBLISH(dp, 0, 1);
	sh("bpftool prog load $XLAGG_PASS %s/pass && ip link set dev eth1 xdp pinned %s/pass", pins, pins);

	cr_assert(datapath_change(dp, &setup, sentence) == -EBUSY, "%s", sentence);
	cr_assert(strstr(sentence, "eth1") && strstr(sentence, "xdp off"), "no way out is named: %s", sentence);
	sh("! ip -d link show dev eth0 | grep -q prog/xdp && ! ip -d link show dev lagg0-dp | grep -q prog/xdp");
	forwards(dp);
	sh("ip link set dev eth1 xdp off");
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	forwards(dp);
	datapath_close(&dp);
	no_leaks();
}

Test(xdp, tc_where_the_driver_has_none)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2);
	struct datapath *dp = make(&features, &setup, 1);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct xlagg_lagg_status status = {0};
	/* A bridge is an Ethernet device without XDP. The frames of these tests are no valid IPv4. */
	sh("for f in /proc/sys/net/bridge/bridge-nf-call-iptables; do [ ! -e $f ] || echo 0 >$f; done");
	sh("ip link add br0 type bridge stp_state 0 && ip link set br0 up && ip link set eth1 master br0");
	cr_assert(datapath_port_add(dp, 1, (int)if_nametoindex("br0"), sentence) == 0, "%s", sentence);
	datapath_describe(dp, &status);
	cr_assert(status.xdp_mode == XLAGG_XDP_MIXED, "show does not say that a port has no XDP");
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");
	PUBLISH(dp, 1, 0);
	send_frame(lagg, 1);
	cr_assert(hears(wire1, 1), "a frame on lagg0 did not come out of the port without XDP");
	send_frame(wire1, 2);
	cr_assert(hears(lagg, 2), "a frame on the port without XDP did not reach lagg0");
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 3);
	cr_assert(hears(wire0, 3), "a frame on lagg0 did not come out of the port with XDP");
	setup.params.proto = XLAGG_PROTO_BROADCAST;
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	PUBLISH(dp, 0, 1);
	send_frame(lagg, 4);
	cr_assert(hears(wire0, 4) && hears(wire1, 4), "a live port got no copy");
	struct xlagg_port_stats stats[2];
	cr_assert(datapath_port_stats(dp, 0, &stats[0]) == 0 && datapath_port_stats(dp, 1, &stats[1]) == 0);
	cr_assert(stats[0].tx_packets == 2 && stats[1].tx_packets == 2, "counted %llu and %llu", stats[0].tx_packets,
		  stats[1].tx_packets);
	cr_assert(datapath_port_del(dp, 1) == 0);
	datapath_describe(dp, &status);
	cr_assert(status.xdp_mode == XLAGG_XDP_NATIVE);
	datapath_close(&dp);
	no_leaks();
}

Test(xdp, port_that_is_removed_leaves_nothing)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = xdp_setup(XLAGG_PROTO_FAILOVER, 2);
	struct datapath *dp = make(&features, &setup, 2);
	sh("ip link del eth1");
	cr_assert(datapath_port_del(dp, 1) == 0);
	PUBLISH(dp, 0);
	char *before = snapshot();
	cr_assert(strstr(before, "rx1") == NULL, "pins are left:\n%s", before);
	sh("ip link del lagg0");
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	cr_assert(all_gone(before), "something is left of\n%s", before);
	sh("test -z \"$(find %s -mindepth 2 -type f)\"", pins);
	free(before);
	no_leaks();
}
