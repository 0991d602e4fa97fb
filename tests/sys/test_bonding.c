/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What /proc/net/bonding says. That bonding's order is the one that it says, tests/vm shows. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/bonding.h"

#define BOND "Ethernet Channel Bonding Driver: v6.12.95\n\nBonding Mode: load balancing (xor)\nMII Status: up\n\n"
#define SLAVE(name, status)                                                                                            \
	"Slave Interface: " name "\nMII Status: " status "\nSpeed: 10000 Mbps\nSlave queue ID: 1\n\n"

Test(bonding, slaves_are_read_in_their_order)
{
	struct bonding_slave slave[BONDING_SLAVES];
	cr_assert_eq(
	    bonding_parse(BOND SLAVE("eth2", "up") SLAVE("enp0s31f6np1-v1", "down") SLAVE("eth0", "going back"), slave),
	    3);
	cr_assert_str_eq(slave[0].name, "eth2");
	cr_assert_str_eq(slave[1].name, "enp0s31f6np1-v1");
	cr_assert_str_eq(slave[2].name, "eth0");
	cr_assert(slave[0].up && !slave[1].up && !slave[2].up);
}

Test(bonding, what_is_no_such_text_is_refused)
{
	struct bonding_slave slave[BONDING_SLAVES];
	cr_assert_eq(bonding_parse("", slave), 0);
	cr_assert_eq(bonding_parse(BOND, slave), 0);
	cr_assert_eq(bonding_parse("Slave Interface: ", slave), -EBADMSG);
	cr_assert_eq(bonding_parse("Slave Interface: a-name-that-is-too-long\n", slave), -EBADMSG);
	cr_assert_eq(bonding_parse("Slave Interface: eth0", slave), 1); /* cut off */
	cr_assert(!slave[0].up);
}

Test(bonding, there_may_be_too_many)
{
	struct bonding_slave slave[BONDING_SLAVES];
	char text[(BONDING_SLAVES + 1) * 32] = "";
	size_t len = 0;
	for (int i = 0; i < BONDING_SLAVES; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "Slave Interface: eth%d\n", i);
	cr_assert_eq(bonding_parse(text, slave), BONDING_SLAVES);
	snprintf(text + len, sizeof(text) - len, "Slave Interface: last\n");
	cr_assert_eq(bonding_parse(text, slave), -E2BIG);
}

Test(bonding, what_is_no_bond_has_no_slaves)
{
	struct bonding_slave slave[BONDING_SLAVES];
	cr_assert_eq(bonding_slaves("no-such-bond", slave), -ENOENT);
}
