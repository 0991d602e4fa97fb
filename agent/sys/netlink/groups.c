/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Finds out which link-layer groups devices were told to receive. The kernel lists them for all devices in one file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/netlink/request.h"

#define REUSED_NS NS_PER_S /* a list that is used again is never older */

/* Reads a line. Returns whether it is about the group, and the device was told by request to receive it: by a protocol
 * of its own does not count. */
static bool read_line(const char *line, const char *group, int *ifindex)
{
	char address[65] = "";
	int by_request = 0;
	return sscanf(line, "%d %*s %*d %d %64s", ifindex, &by_request, address) == 3 && by_request &&
	       strcmp(address, group) == 0;
}

int netlink_add_member(struct netlink *nl, int ifindex)
{
	int *more = realloc(nl->group_member, (nl->group_members + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	nl->group_member = more;
	nl->group_member[nl->group_members++] = ifindex;
	return 0;
}

static int read_members(struct netlink *nl, const uint8_t group[6], uint64_t now)
{
	__attribute__((cleanup(close_file))) FILE *file = fopen("/proc/thread-self/net/dev_mcast", "re");
	char wanted[13], line[256];
	int ifindex;
	nl->groups_ns = 0;
	nl->group_members = 0;
	if (!file)
		return -errno;
	snprintf(wanted, sizeof(wanted), "%02x%02x%02x%02x%02x%02x", group[0], group[1], group[2], group[3], group[4],
		 group[5]);
	while (fgets(line, sizeof(line), file))
		if (read_line(line, wanted, &ifindex) && netlink_add_member(nl, ifindex) < 0)
			return -ENOMEM;
	if (ferror(file))
		return -EIO;
	memcpy(nl->group, group, 6);
	nl->groups_ns = now;
	return 0;
}

int netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age)
{
	uint64_t now = clock_now();
	int r = 0;
	if (nl->reuse && max_age < REUSED_NS)
		max_age = REUSED_NS;
	if (!nl->groups_ns || now - nl->groups_ns >= max_age || memcmp(nl->group, group, 6) != 0)
		r = read_members(nl, group, now);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nl->group_members; i++)
		if (nl->group_member[i] == ifindex)
			return 1;
	return 0;
}
