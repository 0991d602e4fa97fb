/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A frame that goes in at one end comes out at the other, however the programs are attached. */
#include "datapath/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void forwards(const struct datapath_features *features, struct datapath_setup setup)
{
	struct datapath *dp = make(features, &setup, 2);
	int lagg = listen_on("lagg0"), wire0 = listen_on("wire0"), wire1 = listen_on("wire1");

	PUBLISH(dp, 0, 1);
	send_frame(lagg, 1);
	cr_assert(hears(wire0, 1), "a frame on lagg0 did not come out of the first port");
	send_frame(wire0, 2);
	cr_assert(hears(lagg, 2), "a frame on the first port did not reach lagg0");

	int lower = listen_on("lagg0-dp"), again = listen_on("lagg0");
	send_frame(lower, 7);
	send_frame(wire0, 8);
	cr_assert(hears(lagg, 8) && drain(again) == 1, "a frame of the lower end's own stack reached lagg0");

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
	cr_assert(drain(wire0) + drain(wire1) + drain(lagg) == 0, "a frame went through without carrier");
	datapath_close(&dp);
	cr_assert(dp == NULL);

	send_frame(lagg, 6);
	cr_assert(hears(wire0, 6), "the datapath does not outlive the agent");
	cr_assert(datapath_remove(folder) == 0);
	cr_assert(if_nametoindex("lagg0") != 0);
}

Test(forward, tcx)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.tcx)
		cr_skip("this kernel has no tcx");
	forwards(&features, setup_of(XLAGG_PROTO_FAILOVER));
	no_leaks();
}

Test(forward, clsact)
{
	network(2);
	struct datapath_features features = features_of(false);
	forwards(&features, setup_of(XLAGG_PROTO_FAILOVER));
	no_leaks();
}

Test(forward, direct)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	setup.direct = true;
	forwards(&features, setup);
	no_leaks();
}

/* The loader tells the programs from which EtherType on a closer look is needed. */
Test(forward, ethertype_of_the_port)
{
	network(1);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	char sentence[XLAGG_SENTENCE_MAX] = "";
	setup.params.ethertypes = 2;
	setup.params.ethertype[1] = 0x0800;
	struct datapath *dp = make(&features, &setup, 1);
	int lagg = listen_on("lagg0"), port = listen_on("eth0"), wire = listen_on("wire0");

	PUBLISH(dp, 0);
	send_frame(wire, 1);
	cr_assert(hears(port, 1), "the frame did not arrive");
	cr_assert(drain(lagg) == 0, "a frame of the port's own EtherType reached lagg0");
	setup.params.ethertypes = 1;
	cr_assert(datapath_change(dp, &setup, sentence) == 0, "%s", sentence);
	send_frame(wire, 2);
	cr_assert(hears(lagg, 2), "a frame of no EtherType of the port's did not reach lagg0");
	datapath_close(&dp);
	cr_assert(datapath_remove(folder) == 0);
	no_leaks();
}

Test(forward, netkit)
{
	network(2);
	struct datapath_features features = features_of(true);
	if (!features.netkit)
		cr_skip("this kernel has no netkit");
	netkit_instead();
	struct datapath_setup setup = setup_of(XLAGG_PROTO_FAILOVER);
	setup.device = XLAGG_DEVICE_NETKIT;
	forwards(&features, setup);

	struct datapath *dp = make(&features, &setup, 2);
	PUBLISH(dp, 0, 1);
	datapath_close(&dp);
	char *before = snapshot(), sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(datapath_adopt(&dp, folder, &features, &setup, sentence) == 0, "%s", sentence);
	char *after = snapshot();
	cr_assert(strcmp(before, after) == 0, "adopting changed what is pinned: before\n%safter\n%s", before, after);
	cr_assert(strstr(after, "link_txnetkit"));
	setup.profile = XLAGG_DATAPATH_XDP;
	cr_assert(datapath_change(dp, &setup, sentence) == -EOPNOTSUPP && strstr(sentence, "veth"), "%s", sentence);
	datapath_close(&dp);
	free(before);
	free(after);
	no_leaks();
}
