/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* LACP after a time in which the agent did not run and the kernel acted for it. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct xlagg_lagg_conf conf;

/* Two ports that carry traffic with a partner that wants LACPDUs every second, as we do. */
static void begin(void)
{
	struct xlagg_lacp_end partner;

	conf = fixture_conf();
	conf.lacp_rate = XLAGG_RATE_FAST;
	fixture_start(&conf);
	fixture_join_all(2);
	for (uint32_t slot = 0; slot < 2; slot++) {
		partner = fixture_partner(slot);
		partner.state |= ALL_SYNCED | XLAGG_STATE_TIMEOUT;
		fixture_hear_from(slot, &partner);
	}
	fixture_pass(SECOND / 2);
	cr_assert_eq(fixture_distributing(), 3);
}

TestSuite(lacp_headless, .init = begin);

/* The agent does not run for 20 s. Then it learns when the kernel last sent and last heard, on both ports. */
static void late(uint64_t sent_ago, uint64_t heard_ago)
{
	struct xlagg_headless did;

	now += 20 * SECOND;
	did = (struct xlagg_headless){.tx_ns = now - sent_ago, .rx_ns = now - heard_ago};
	lacp_stood_in(&lagg, 0, &did);
	lacp_stood_in(&lagg, 1, &did);
	fx.count = 0;
	lacp_run(&lagg, now, &fx);
}

Test(lacp_headless, the_record_says_how_long_the_partner_may_be_silent)
{
	struct xlagg_lacp saved = {0};

	lacp_save(&lagg, 0, &saved);
	cr_assert_eq(saved.timeout_ns, 3 * SECOND);
	cr_assert_eq(saved.deadline_ns, lagg.port[0].heard_at + 3 * SECOND);
	conf.lacp_rate = XLAGG_RATE_SLOW;
	fixture_set(&conf);
	lacp_save(&lagg, 0, &saved);
	cr_assert_eq(saved.timeout_ns, 90 * SECOND);
	cr_assert_eq(saved.deadline_ns, lagg.port[0].current_while);
}

Test(lacp_headless, who_was_heard_by_the_kernel_was_not_silent)
{
	late(300 * MS, 900 * MS);
	cr_assert_eq(fixture_distributing(), 3);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_CURRENT);
	fixture_pass(2100 * MS - 1);
	cr_assert_eq(fixture_distributing(), 3);
	fixture_pass(1);
	cr_assert_eq(fixture_distributing(), 0, "3 s after the kernel heard it last");
}

Test(lacp_headless, who_was_not_heard_was_silent)
{
	late(300 * MS, 3 * SECOND);
	cr_assert_eq(fixture_distributing(), 0);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_EXPIRED);
}

Test(lacp_headless, a_lacpdu_of_the_kernel_is_one_of_ours)
{
	late(300 * MS, 900 * MS);
	cr_assert_eq(fixture_sent(0), 0);
	fixture_pass(700 * MS - 1);
	cr_assert_eq(fixture_sent(0), 0, "not twice within a second");
	fixture_pass(1);
	cr_assert_eq(fixture_sent(0), 1);
	cr_assert_eq(fixture_sent(1), 1);
}

Test(lacp_headless, what_was_sent_and_heard_before_says_nothing_new)
{
	struct lacp_port before = lagg.port[0];
	struct xlagg_headless did = {.tx_ns = before.sent[(before.sent_next + 2) % 3], .rx_ns = before.heard_at};

	lacp_stood_in(&lagg, 0, &did);
	did = (struct xlagg_headless){0};
	lacp_stood_in(&lagg, 0, &did);
	cr_assert_eq(memcmp(&before, &lagg.port[0], sizeof(before)), 0);
}

Test(lacp_headless, a_port_that_hears_nobody_is_not_revived)
{
	struct xlagg_headless did;

	fixture_pass(10 * SECOND);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_DEFAULTED);
	did = (struct xlagg_headless){.rx_ns = now};
	lacp_stood_in(&lagg, 0, &did);
	lacp_run(&lagg, now, &fx);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_DEFAULTED);
	cr_assert_eq(lagg.port[0].current_while, CORE_NEVER);
}

Test(lacp_headless, a_port_that_was_taken_out_starts_anew)
{
	struct xlagg_lacp saved = {0};
	struct pdu sent;

	fx.count = 0;
	lacp_restart(&lagg, now, 0, &fx);
	cr_assert_eq(fixture_distributing(), 2);
	cr_assert_eq(lagg.port[0].rx, XLAGG_RX_EXPIRED);
	cr_assert_eq(fixture_sent(0), 1, "the partner hears of it");
	cr_assert_eq(fixture_sent(1), 0);
	sent = fixture_last_sent(0);
	cr_assert_eq(sent.actor.state & (XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING), 0);
	cr_assert(lacp_has(&sent.actor, XLAGG_STATE_EXPIRED));
	cr_assert_not(lacp_has(&sent.partner, XLAGG_STATE_SYNC), "what the partner was is not believed any more");
	lacp_save(&lagg, 0, &saved);
	cr_assert_eq(saved.partner_known, 0, "the kernel has nothing to go by until the partner is heard");
	fixture_hear(0, XLAGG_STATE_SYNC);
	cr_assert_eq(fixture_distributing(), 2);
	fixture_hear(0, ALL_SYNCED);
	cr_assert_eq(fixture_distributing(), 3);
}

Test(lacp_headless, who_we_are_outlives_the_partner)
{
	struct xlagg_lacp saved = {0};

	lacp_save(&lagg, 0, &saved);
	saved.partner_known = 0;
	saved.actor.port = 9;
	saved.actor.system[5] = 0x77;
	fixture_start(&conf);
	fixture_add(0);
	lacp_adopt_identity(&lagg, 0, &saved);
	fixture_link(0, 10000);
	cr_assert_eq(lagg.port[0].actor.port, 9);
	cr_assert_eq(lagg.port[0].actor.system[5], 0x77);
	cr_assert_not(lacp_adopt(&lagg, now, 0, &saved));
}

Test(lacp_headless, no_port_and_no_lacp_are_left_alone)
{
	struct xlagg_headless did = {.tx_ns = now, .rx_ns = now};

	fx.count = 0;
	lacp_stood_in(&lagg, 9, &did);
	lacp_restart(&lagg, now, 9, &fx);
	lacp_stop(&lagg, now, &fx);
	fx.count = 0;
	lacp_stood_in(&lagg, 0, &did);
	lacp_restart(&lagg, now, 0, &fx);
	cr_assert_eq(fx.count, 0);
}
