/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What IEEE8023-LAG-MIB says of laggs, in its own types. */
#include <stdlib.h>
#include <string.h>

#include "agentx/mib.h"
#include "unit/cli_kit.h"
#include "xlagg/wire.h"

/* A lagg with LACP: eth1 (ifIndex 3, number 1) and eth2 (ifIndex 4, number 12) are in the aggregator in use. */
static struct view_lagg lagg;

static void setup(void)
{
	kit_lagg(XLAGG_PROTO_LACP, &lagg);
	for (uint32_t i = 0; i < 2; i++) {
		struct xlagg_port_status *port = &lagg.port[i];

		port->ifindex = 3 + i;
		port->number = i ? 12 : 1;
		port->flags = XLAGG_FLAG_ACTIVE;
		port->lacp.selected = XLAGG_SELECTED;
		port->lacp.aggregator = 1;
		port->lacp.mux = XLAGG_MUX_DISTRIBUTING;
		port->lacp.actor.state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION;
	}
}
TestSuite(agentx_mib, .init = setup);

static struct mib read_mib(void)
{
	struct view view = {.laggs = 1, .lagg = &lagg};
	struct mib mib;

	cr_assert_eq(mib_read(&view, &mib), 0);
	return mib;
}

Test(agentx_mib, nothing_is_no_row)
{
	struct view view = {0};
	struct mib mib;

	cr_assert_eq(mib_read(&view, &mib), 0);
	cr_expect_eq(mib.aggs + mib.ports, 0);
	mib_free(&mib);
}

Test(agentx_mib, indexes_are_those_of_the_interfaces)
{
	struct mib mib;

	lagg.port[1].ifindex = 0;
	mib = read_mib();
	cr_assert_eq(mib.aggs, 1);
	cr_assert_eq(mib.ports, 1, "an absent port has no row");
	cr_expect_eq(mib.agg[0].index, 7);
	cr_expect_eq(mib.port[0].index, 3);
	cr_expect_eq(mib.port[0].lagg, 7);
	mib_free(&mib);
	lagg.status.ifindex = 0;
	mib = read_mib();
	cr_expect_eq(mib.aggs + mib.ports, 0, "without an interface the lagg has none either");
	mib_free(&mib);
}

Test(agentx_mib, a_port_list_begins_with_the_highest_bit)
{
	struct mib mib = read_mib();

	cr_assert_eq(mib.agg[0].ports.size, 2);
	cr_expect_eq(mib.agg[0].ports.octets[0], 0x80);
	cr_expect_eq(mib.agg[0].ports.octets[1], 0x10);
	mib_free(&mib);
	lagg.port[1].number = 65535;
	mib = read_mib();
	cr_assert_eq(mib.agg[0].ports.size, 8192);
	cr_expect_eq(mib.agg[0].ports.octets[8191], 0x02);
	mib_free(&mib);
	lagg.port[0].number = 0;
	lagg.port[1].number = 65537;
	mib = read_mib();
	cr_expect_eq(mib.agg[0].ports.size, 0, "there are no such numbers");
	mib_free(&mib);
}

Test(agentx_mib, states_begin_with_the_highest_bit)
{
	static const struct {
		uint8_t lacpdu, bits;
	} states[] = {{XLAGG_STATE_ACTIVITY, 0x80},
		      {XLAGG_STATE_TIMEOUT, 0x40},
		      {XLAGG_STATE_AGGREGATION, 0x20},
		      {XLAGG_STATE_SYNC, 0x10},
		      {XLAGG_STATE_COLLECTING, 0x08},
		      {XLAGG_STATE_DISTRIBUTING, 0x04},
		      {XLAGG_STATE_DEFAULTED, 0x02},
		      {XLAGG_STATE_EXPIRED, 0x01},
		      {0xff, 0xff},
		      {0, 0}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct mib mib;

		lagg.port[0].lacp.partner.state = states[i].lacpdu;
		mib = read_mib();
		cr_expect_eq(mib.port[0].partner.state, states[i].bits);
		mib_free(&mib);
	}
}

Test(agentx_mib, what_is_configured)
{
	struct mib mib;

	lagg.port[0].lacp.actor.key = 5;
	mib = read_mib();
	cr_expect_eq(mib.port[0].admin_key, 5, "xlagg chose it");
	cr_expect_eq(mib.port[0].admin_state, 0xe0);
	cr_expect_eq(mib.port[0].no_partner.state, 0x40);
	mib_free(&mib);
	lagg.model.conf.key = 77;
	lagg.model.port[1].conf.key = 78;
	lagg.model.conf.lacp_mode = XLAGG_LACP_PASSIVE;
	lagg.model.conf.lacp_rate = XLAGG_RATE_SLOW;
	mib = read_mib();
	cr_expect_eq(mib.agg[0].admin_key, 77);
	cr_expect_eq(mib.port[0].admin_key, 77);
	cr_expect_eq(mib.port[1].admin_key, 78);
	cr_expect_eq(mib.port[0].admin_state, 0x20);
	cr_expect_eq(mib.port[0].no_partner.state, 0);
	mib_free(&mib);
}

Test(agentx_mib, another_partners_port_is_not_attached)
{
	struct mib mib;

	lagg.port[1].flags = 0;
	lagg.port[1].lacp.aggregator = 2;
	mib = read_mib();
	cr_expect_eq(mib.port[0].selected, 7);
	cr_expect_eq(mib.port[0].attached, 7);
	cr_expect_eq(mib.port[1].selected, 0);
	cr_expect_eq(mib.port[1].attached, 0);
	cr_expect_eq(mib.agg[0].ports.size, 1);
	mib_free(&mib);
	lagg.port[1].lacp.aggregator = 1;
	lagg.port[1].lacp.mux = XLAGG_MUX_WAITING;
	mib = read_mib();
	cr_expect_eq(mib.port[1].selected, 7);
	cr_expect_eq(mib.port[1].attached, 0, "not yet");
	mib_free(&mib);
	lagg.port[1].lacp.selected = XLAGG_UNSELECTED;
	mib = read_mib();
	cr_expect_eq(mib.port[1].selected, 0);
	mib_free(&mib);
}

Test(agentx_mib, an_individual_link)
{
	struct mib mib;

	lagg.status.actor.state = XLAGG_STATE_AGGREGATION;
	lagg.status.partner.state = XLAGG_STATE_AGGREGATION;
	mib = read_mib();
	cr_expect_eq(mib.agg[0].aggregate, MIB_TRUE);
	mib_free(&mib);
	lagg.status.partner.state = 0;
	lagg.port[1].lacp.actor.state = 0;
	mib = read_mib();
	cr_expect_eq(mib.agg[0].aggregate, MIB_FALSE);
	cr_expect_eq(mib.port[0].aggregate, MIB_TRUE);
	cr_expect_eq(mib.port[1].aggregate, MIB_FALSE);
	mib_free(&mib);
}

Test(agentx_mib, without_an_aggregator_in_use_the_system_is_that_of_the_ports)
{
	struct mib mib;

	lagg.status.has_lag_id = 0;
	lagg.status.actor = (struct xlagg_lacp_end){0};
	lagg.port[1].lacp.actor.system_prio = 9;
	lagg.port[0].lacp.actor.state = 0;
	mib = read_mib();
	cr_expect_eq(mib.agg[0].system_prio, 9);
	mib_free(&mib);
}

Test(agentx_mib, without_lacp)
{
	struct mib mib;

	kit_lagg(XLAGG_PROTO_FAILOVER, &lagg);
	lagg.port[0].ifindex = 3;
	lagg.port[1].ifindex = 4;
	lagg.port[1].standby = 1;
	lagg.status.actor = lagg.status.partner = (struct xlagg_lacp_end){0};
	for (uint32_t i = 0; i < 2; i++)
		lagg.port[i].lacp.actor = lagg.port[i].lacp.partner = (struct xlagg_lacp_end){0};
	mib = read_mib();
	cr_expect_eq(mib.agg[0].ports.octets[0], 0xc0, "a standby belongs to it");
	cr_expect_eq(mib.port[1].attached, 7);
	cr_expect_eq(mib.port[1].actor.port, 2);
	cr_expect_eq(mib.port[1].actor.state, 0);
	cr_expect_eq(mib.port[1].admin_state, 0);
	cr_expect_eq(mib.port[1].admin_key, 0);
	mib_free(&mib);
	lagg.port[1].standby = 0;
	mib = read_mib();
	cr_expect_eq(mib.port[1].selected, 7);
	cr_expect_eq(mib.port[1].attached, 0, "it may not be sent to");
	mib_free(&mib);
}

Test(agentx_mib, a_counter_is_no_change_and_wraps)
{
	struct mib before = read_mib(), after;

	lagg.port[0].stats.lacpdu_rx = (1ull << 32) + 5;
	lagg.port[0].stats.lacpdu_tx = 3;
	lagg.port[0].stats.lacpdu_headless = 4;
	after = read_mib();
	cr_expect_eq(after.port[0].lacpdu_rx, 5);
	cr_expect_eq(after.port[0].lacpdu_tx, 7, "the kernel's, too");
	cr_expect(mib_same(&before, &after));
	mib_free(&after);
	lagg.port[1].lacp.partner.key++;
	after = read_mib();
	cr_expect_not(mib_same(&before, &after));
	mib_free(&after);
	lagg.port[1].lacp.partner.key--;
	lagg.status.mac[5]++;
	after = read_mib();
	cr_expect_not(mib_same(&before, &after));
	mib_free(&after);
	mib_free(&before);
}
