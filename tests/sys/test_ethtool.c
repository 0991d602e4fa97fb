/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What ethtool's requests read and change, checked with ethtool(8). */
#include <errno.h>
#include <string.h>

#include "netns.h"

NETNS_TEST(ethtool, carrier_is_that_of_the_driver)
{
	bool carrier = true;
	make_pair("p0", "p1");
	shell("ip link set p0 up");
	cr_assert_eq(ethtool_carrier("p0", &carrier), 0);
	cr_assert(!carrier, "the far end is down");
	shell("ip link set p1 up");
	cr_assert_eq(ethtool_carrier("p0", &carrier), 0);
	cr_assert(carrier);
	shell("ip link set p1 down");
	cr_assert_eq(ethtool_carrier("p0", &carrier), 0);
	cr_assert(!carrier);
	carrier = true;
	cr_assert_eq(ethtool_carrier("none", &carrier), -ENODEV);
	cr_assert_eq(ethtool_carrier("a-name-too-long-for-it", &carrier), -ENODEV);
	cr_assert(carrier, "untouched on failure");
}

NETNS_TEST(ethtool, speed_and_duplex)
{
	uint32_t speed = 7;
	uint32_t duplex = 7;
	make_pair("p0", "p1");
	struct device p0 = device_of(nl, "p0");
	cr_assert_eq(ethtool_link(p0.ifindex, "p0", &speed, &duplex), 0);
	cr_assert_eq(speed, 10000);
	cr_assert_eq(duplex, XLAGG_DUPLEX_FULL);
	/* The ifindex counts: the name may be out of date. */
	cr_assert_eq(ethtool_link(p0.ifindex, "p-old", &speed, &duplex), 0);
	cr_assert_eq(ethtool_link(0, "p0", &speed, &duplex), 0);
	cr_assert_eq(ethtool_link(0, "none", &speed, &duplex), -ENODEV);
	cr_assert_eq(ethtool_link(4711, "p0", &speed, &duplex), -ENODEV);
	cr_assert_eq(ethtool_link(0, "a-name-too-long-for-it", &speed, &duplex), -ENODEV);
	cr_assert_eq(speed, 10000, "untouched on failure");
}

NETNS_TEST(ethtool, a_driver_that_tells_no_speed_is_unknown)
{
	uint32_t speed = 7;
	uint32_t duplex = 7;
	shell("ip link add ifb9 type ifb");
	cr_assert_eq(ethtool_link(device_of(nl, "ifb9").ifindex, "ifb9", &speed, &duplex), 0);
	cr_assert_eq(speed, 0);
	cr_assert_eq(duplex, XLAGG_DUPLEX_UNKNOWN);
	/* A bridge without ports knows its duplex and reports its speed as unknown. */
	shell("ip link add br0 type bridge");
	speed = 7;
	cr_assert_eq(ethtool_link(0, "br0", &speed, &duplex), 0);
	cr_assert_eq(speed, 0);
}

static bool is_on(const char *device, const char *feature)
{
	return shell_ok("ethtool -k %s | grep -q '^[[:space:]]*%s: on'", device, feature);
}

NETNS_TEST(ethtool, features_are_switched_and_told)
{
	const uint64_t tx = XLAGG_FEATURE_TX_CSUM | XLAGG_FEATURE_TX_VLAN | XLAGG_FEATURE_TX_STAG;
	uint64_t on = 0;
	make_pair("p0", "p1");
	cr_assert_eq(ethtool_features("p0", tx | XLAGG_FEATURE_RX_VLAN, &on), 0);
	cr_assert_eq(on, tx | XLAGG_FEATURE_RX_VLAN);
	cr_assert_eq(ethtool_set_features("p0", tx, false), 0);
	cr_assert(!is_on("p0", "tx-checksum-ip-generic"));
	cr_assert(!is_on("p0", "tx-checksum-sctp"));
	cr_assert(!is_on("p0", "tx-vlan-offload"));
	cr_assert(!is_on("p0", "tx-vlan-stag-hw-insert"));
	cr_assert(is_on("p0", "rx-vlan-offload"), "nobody asked for that");
	cr_assert_eq(ethtool_features("p0", tx | XLAGG_FEATURE_RX_VLAN, &on), 0);
	cr_assert_eq(on, XLAGG_FEATURE_RX_VLAN);
	cr_assert_eq(ethtool_set_features("p0", tx, true), 0);
	cr_assert(is_on("p0", "tx-checksum-ip-generic"));
	cr_assert_eq(ethtool_features("p0", tx, &on), 0);
	cr_assert_eq(on, tx);
	cr_assert_eq(ethtool_set_features("p0", XLAGG_FEATURE_GRO, false), 0);
	cr_assert(!is_on("p0", "generic-receive-offload"));
	cr_assert_eq(ethtool_set_features("p0", XLAGG_FEATURE_GRO, true), 0);
	cr_assert(is_on("p0", "generic-receive-offload"));
}

NETNS_TEST(ethtool, what_the_driver_fixes_is_no_error)
{
	uint64_t on = 7;
	make_pair("p0", "p1");
	cr_assert_eq(ethtool_set_features("p0", XLAGG_FEATURE_LRO, true), 0);
	cr_assert_eq(ethtool_features("p0", XLAGG_FEATURE_LRO, &on), 0);
	cr_assert_eq(on, 0, "a veth has no LRO");
	cr_assert_eq(ethtool_features("none", XLAGG_FEATURE_LRO, &on), -ENODEV);
	cr_assert_eq(ethtool_set_features("none", XLAGG_FEATURE_LRO, true), -ENODEV);
}
