/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What bonding says of its slaves in /proc/net/bonding, where alone it says in which order it has them. */
#ifndef SYS_BONDING_H
#define SYS_BONDING_H

#include <stdbool.h>
#include <stdint.h>

#include "xlagg/options.h"

#define BONDING_SLAVES 64 /* largest number of slaves that are read; others may have added some */

struct bonding_slave {
	char name[XLAGG_NAME_MAX];
	bool up; /* its MII status: in a bond with miimon bonding uses no other slave */
};

/* Reads the slaves of the bond of that name in this network namespace, in the order in which they joined it. Returns
 * their number, or -errno. -E2BIG: there are more than BONDING_SLAVES. */
int bonding_slaves(const char *bond, struct bonding_slave ret[BONDING_SLAVES]);
/* The same from a text as that file has it. */
int bonding_parse(const char *text, struct bonding_slave ret[BONDING_SLAVES]);

#endif
