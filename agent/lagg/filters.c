/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The filters that others have on a port, and which of them see nothing because the lagg takes the frames before. */
#include <stdio.h>
#include <string.h>

#include "lagg/fight.h"
#include "lagg/filters.h"
#include "sys/clock.h"
#include "sys/log.h"

#define CHAINS_AGE_NS NS_PER_S /* of the list of chains, when many ports are checked one after the other */
#define NAMES_MAX 100	       /* octets of the names in the sentence; those that do not fit are counted */

/* Filters that were found. */
struct found {
	char names[NAMES_MAX];
	uint32_t count;	  /* of them all */
	uint32_t omitted; /* of those that `names` has no room for */
};

static void add(struct found *found, const char *name)
{
	size_t used = strlen(found->names), comma = used ? strlen(", ") : 0, len = strlen(name);
	found->count++;
	if (used + comma + len >= sizeof(found->names)) {
		found->omitted++;
		return;
	}
	memcpy(found->names + used, ", ", comma);
	memcpy(found->names + used + comma, name, len + 1);
}

static void add_name(void *context, const char *name)
{
	add(context, name);
}

static void add_filter(void *context, const struct netlink_filter *filter)
{
	char name[64];
	snprintf(name, sizeof(name), "clsact filter pref %u %s", filter->preference, filter->kind);
	if (!datapath_is_own_filter(filter))
		add(context, name);
}

static void add_chain(void *context, const struct netlink_chain *chain)
{
	char name[NAMES_MAX];
	snprintf(name, sizeof(name), "nftables chain %s %.32s %.32s", chain->family, chain->table, chain->name);
	add(context, name);
}

/* Everything at a port that the lagg's programs come before. What one device's egress has seen, the kernel does not
 * show to nftables at another's: there, frames that lagg0 sent pass by. */
static int find(struct lagg *lagg, uint32_t slot, uint64_t max_age, struct found *found)
{
	struct netlink *nl = lagg->host->nl;
	const struct device *device = &lagg->port[slot].device;
	struct datapath_bypass bypass = datapath_bypass(lagg->dp, slot);
	int r = bypass.ingress ? netlink_list_chains(nl, device->name, false, max_age, add_chain, found) : 0;
	if (r == 0 && bypass.ingress)
		r = datapath_port_behind(lagg->dp, slot, add_name, found);
	if (r == 0 && bypass.clsact)
		r = netlink_list_filters(nl, device->ifindex, false, add_filter, found);
	if (r == 0 && bypass.chains)
		r = netlink_list_chains(nl, device->name, true, max_age, add_chain, found);
	if (r == 0 && bypass.egress)
		r = netlink_list_filters(nl, device->ifindex, true, add_filter, found);
	return r;
}

/* A tcx program that somebody attaches comes behind the receive program, unless it asks for another place. */
static void come_last(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	uint64_t now = clock_now();
	if (fight_pauses(&port->order_fight, now) || datapath_port_last(lagg->dp, slot) <= 0 ||
	    !fight_note(&port->order_fight, now))
		return;
	log_about(LOG_LEVEL_INFO, lagg->model.name, port->name,
		  "its receive program was moved behind a tcx program of someone else%s",
		  fight_pauses(&port->order_fight, now) ? ", from now on less often" : "");
}

/* max_age: of the list of chains, ns. */
static void check(struct lagg *lagg, uint32_t slot, uint64_t max_age)
{
	come_last(lagg, slot);
	struct found found = {};
	char more[32] = "", *ret = lagg->port[slot].bypassed;
	/* What cannot be read is not known to be gone. */
	if (find(lagg, slot, max_age, &found) < 0)
		return;
	ret[0] = 0;
	if (!found.count)
		return;
	if (found.omitted)
		snprintf(more, sizeof(more), " and %u more", found.omitted);
	snprintf(ret, XLAGG_SENTENCE_MAX, "%s%s: without effect, since %s takes the frames before: filter on %s",
		 found.names, more, lagg->model.name, lagg->model.name);
}

void filters_check(struct lagg *lagg, uint32_t slot)
{
	check(lagg, slot, CHAINS_AGE_NS);
}

void filters_warn(struct lagg *lagg, uint32_t slot)
{
	struct lagg_port *port = &lagg->port[slot];
	check(lagg, slot, 0);
	if (!port->bypassed[0])
		return;
	memcpy(port->notice, port->bypassed, sizeof(port->notice));
	log_about(LOG_LEVEL_WARNING, lagg->model.name, port->name, "%s", port->bypassed);
	if (!lagg->host->warning[0])
		snprintf(lagg->host->warning, sizeof(lagg->host->warning), "%s: %.170s", port->name, port->bypassed);
}
