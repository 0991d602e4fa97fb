/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A frame goes in at one end and comes out at the other, however the programs are attached. */
#include "datapath/fixture.h"

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
}

Test(forward, clsact)
{
	network(2);
	struct datapath_features features = features_of(false);
	forwards(&features, setup_of(XLAGG_PROTO_FAILOVER));
}

Test(forward, direct)
{
	network(2);
	struct datapath_features features = features_of(true);
	struct datapath_setup setup = setup_of(XLAGG_PROTO_LOADBALANCE);
	setup.direct = true;
	forwards(&features, setup);
}
