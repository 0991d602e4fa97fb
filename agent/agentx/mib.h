/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What IEEE8023-LAG-MIB says of the laggs (IEEE 802.1AX-2014 annex D), as its types have it. Every lagg is an
 * aggregator, every port that is present an aggregation port, and their indexes are their ifIndex. Without LACP all
 * that only LACP knows (systems, keys, states, PDUs) is 0.
 */
#ifndef AGENTX_MIB_H
#define AGENTX_MIB_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/view.h"

#define MIB_PORTS_MAX 8192 /* octets that all port numbers take */

enum { MIB_TRUE = 1, MIB_FALSE = 2 }; /* TruthValue */

/* PortList: the ports by their actor port number. Bit 0x80 of the first octet is number 1. */
struct mib_ports {
	uint32_t size; /* octets in use */
	uint8_t octets[MIB_PORTS_MAX];
};

/* A row of dot3adAggTable and of dot3adAggPortListTable. */
struct mib_agg {
	uint32_t index;		      /* ifIndex of the lagg */
	uint8_t mac[6];		      /* MAC of the lagg */
	uint8_t system[6];	      /* ActorSystemID; 0: no port has one yet */
	uint8_t partner_system[6];    /* PartnerSystemID; 0: no partner */
	uint8_t pad[2];		      /* 0 */
	uint32_t system_prio;	      /* ActorSystemPriority */
	uint32_t aggregate;	      /* AggregateOrIndividual, TruthValue */
	uint32_t admin_key, oper_key; /* ActorAdminKey, ActorOperKey */
	uint32_t partner_prio;	      /* PartnerSystemPriority */
	uint32_t partner_key;	      /* PartnerOperKey */
	uint32_t max_delay;	      /* CollectorMaxDelay, tens of microseconds: always 0, as in our LACPDUs */
	struct mib_ports ports;
};

/* One end of a link, as dot3adAggPortTable has it. */
struct mib_end {
	uint32_t system_prio;	       /* SystemPriority */
	uint32_t key, port, port_prio; /* Key, Port, PortPriority */
	uint8_t system[6];	       /* SystemID */
	uint8_t state;		       /* LacpState: BITS, of which the first, lacpActivity, is 0x80 */
	uint8_t pad;		       /* 0 */
};

/* A row of dot3adAggPortTable, of dot3adAggPortStatsTable and of ifStackTable. */
struct mib_port {
	uint32_t index;		   /* ifIndex of the port */
	uint32_t lagg;		   /* ifIndex of its lagg */
	uint32_t selected;	   /* SelectedAggID: ifIndex of the lagg, or 0 */
	uint32_t attached;	   /* AttachedAggID: likewise */
	uint32_t aggregate;	   /* AggregateOrIndividual, TruthValue */
	uint32_t admin_key;	   /* ActorAdminKey */
	uint32_t stacked;	   /* ifStackStatus: always 1, active */
	uint8_t admin_state;	   /* ActorAdminState, as mib_end.state */
	uint8_t pad[3];		   /* 0 */
	struct mib_end actor;	   /* operational values */
	struct mib_end partner;	   /* operational values */
	struct mib_end no_partner; /* PartnerAdmin...: what holds while there is no partner */
	/* The counters come last: a change of them is no change of the tables. */
	uint32_t lacpdu_rx, marker_rx, marker_response_rx, unknown_rx, illegal_rx;
	uint32_t lacpdu_tx, marker_tx, marker_response_tx;
};

struct mib {
	uint32_t aggs, ports; /* entries of `agg` and `port`, in the agent's order */
	struct mib_agg *agg;
	struct mib_port *port;
};

/* Writes what the MIB says of the laggs of a view. Returns 0 or -ENOMEM. The caller frees it with mib_free. */
int mib_read(const struct view *view, struct mib *ret);
/* Whether two are the same except for counters: whether dot3adTablesLastChanged stays. */
bool mib_same(const struct mib *a, const struct mib *b);
void mib_free(struct mib *mib);

#endif
