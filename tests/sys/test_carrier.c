/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Reading carrier by the kernel's counters of losses and returns. */
#include <errno.h>
#include <unistd.h>

#include "netns.h"
#include "sys/carrier.h"
#include "sys/sysfs.h"

/* Makes eth0, which is up and has carrier as long as far0 is up. */
static struct carrier open_eth0(struct netlink *nl, int *sysfs)
{
	struct carrier carrier;
	make_pair("eth0", "far0");
	shell("ip link set eth0 up && ip link set far0 up");
	*sysfs = sysfs_open(false);
	cr_assert_geq(*sysfs, 0, "no sysfs: %s", strerror(-*sysfs));
	cr_assert_eq(carrier_open(*sysfs, "eth0", device_of(nl, "eth0").ifindex, &carrier), 0);
	return carrier;
}

NETNS_TEST(carrier, each_loss_and_return_is_counted_at_once)
{
	int sysfs;
	uint32_t lost, back, now_lost, now_back;
	struct carrier carrier = open_eth0(nl, &sysfs);
	cr_assert_eq(carrier_count(&carrier, &lost, &back), 0);
	cr_assert_not(carrier_changed(&carrier, lost, back));
	shell("ip link set far0 down");
	cr_assert(carrier_changed(&carrier, lost, back));
	cr_assert_eq(carrier_count(&carrier, &now_lost, &now_back), 0);
	cr_assert_eq(now_lost, lost + 1);
	cr_assert_eq(now_back, back);
	shell("ip link set far0 up && ip link set far0 down && ip link set far0 up");
	cr_assert_eq(carrier_count(&carrier, &now_lost, &now_back), 0);
	cr_assert_eq(now_lost, lost + 2);
	cr_assert_eq(now_back, back + 2);
	cr_assert(carrier_changed(&carrier, lost, back));
	cr_assert_not(carrier_changed(&carrier, now_lost, now_back));
	carrier_close(&carrier);
	close(sysfs);
}

NETNS_TEST(carrier, a_device_may_be_renamed_and_go)
{
	int sysfs;
	uint32_t lost, back, now_lost = 0, now_back = 0;
	struct carrier carrier = open_eth0(nl, &sysfs);
	cr_assert_eq(carrier_count(&carrier, &lost, &back), 0);
	shell("ip link set eth0 down && ip link set eth0 name wan0 && ip link set wan0 up");
	cr_assert_eq(carrier_count(&carrier, &now_lost, &now_back), 0);
	shell("ip link del wan0");
	now_lost = 17;
	cr_assert_eq(carrier_count(&carrier, &now_lost, &back), -ENODEV);
	cr_assert_eq(now_lost, 17, "an error left a number");
	carrier_close(&carrier);
	close(sysfs);
}

NETNS_TEST(carrier, only_the_device_that_was_meant)
{
	int sysfs;
	struct carrier other = CARRIER_NONE, carrier = open_eth0(nl, &sysfs);
	int ifindex = device_of(nl, "eth0").ifindex;
	cr_assert_eq(carrier_open(sysfs, "eth0", ifindex + 1000, &other), -ENODEV);
	cr_assert_eq(carrier_open(sysfs, "eth1", ifindex, &other), -ENODEV);
	cr_assert_eq(carrier_open(sysfs, "a-name-that-no-device-can-have-as-it-is-much-too-long", ifindex, &other),
		     -ENODEV);
	cr_assert_eq(other.down, -1, "an error left a descriptor");
	carrier_close(&carrier);
	carrier_close(&carrier);
	close(sysfs);
}
