/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg under test, its clock and its partners. */
#include "unit/lacp_fixture.h"

#include <stdio.h>
#include <string.h>

struct lacp lagg;
struct core_effects fx;
uint64_t now = 100 * SECOND;

struct xlagg_lagg_conf fixture_conf(void)
{
	return (struct xlagg_lagg_conf){
	    .proto = XLAGG_PROTO_LACP,
	    .lacp_strict = 1,
	    .fallback_delay = 3,
	    .system_prio = 32768,
	    .system_mac = "auto",
	    .partner_system = "any",
	    .key = XLAGG_AUTO,
	    .min_links = 1,
	    .admin = 1,
	};
}

struct xlagg_port_conf fixture_port_conf(void)
{
	return (struct xlagg_port_conf){
	    .prio = 32768, .number = XLAGG_AUTO, .weight = 1, .key = XLAGG_AUTO, .admin = 1};
}

void fixture_start(const struct xlagg_lagg_conf *conf)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	lacp_start(&lagg, conf, 0, mac);
}

void fixture_set(const struct xlagg_lagg_conf *conf)
{
	fx.count = 0;
	lacp_set(&lagg, now, conf, &fx);
}

struct lacp_port *fixture_add(uint32_t slot)
{
	struct xlagg_port_conf conf = fixture_port_conf();
	char name[XLAGG_NAME_MAX];

	fx.count = 0;
	snprintf(name, sizeof(name), "eth%u", slot);
	lacp_port_add(&lagg, now, slot, name, slot, &conf, &fx);
	return &lagg.port[slot];
}

void fixture_set_port(uint32_t slot, const struct xlagg_port_conf *conf)
{
	fx.count = 0;
	lacp_port_set(&lagg, now, slot, conf, &fx);
}

void fixture_duplex(uint32_t slot, uint32_t speed, enum xlagg_duplex duplex)
{
	struct core_link link = {
	    .present = true,
	    .admin_up = true,
	    .carrier = true,
	    .speed = speed,
	    .duplex = duplex,
	    .mac = {2, 1, 0, 0, 0, (uint8_t)slot},
	};

	fx.count = 0;
	lacp_link(&lagg, now, slot, &link, &fx);
}

void fixture_link(uint32_t slot, uint32_t speed)
{
	struct core_link link = {
	    .present = true,
	    .admin_up = true,
	    .carrier = speed > 0,
	    .speed = speed,
	    .duplex = speed ? XLAGG_DUPLEX_FULL : XLAGG_DUPLEX_UNKNOWN,
	    .mac = {2, 1, 0, 0, 0, (uint8_t)slot},
	};

	fx.count = 0;
	lacp_link(&lagg, now, slot, &link, &fx);
}

struct lacp_port *fixture_up(uint32_t slot)
{
	struct lacp_port *p = fixture_add(slot);

	fixture_link(slot, 10000);
	return p;
}

void fixture_at(uint64_t time)
{
	uint64_t deadline;

	fx.count = 0;
	while ((deadline = lacp_deadline(&lagg)) <= time) {
		cr_assert_gt(deadline, now, "a deadline that has passed");
		now = deadline;
		lacp_run(&lagg, now, &fx);
	}
	now = time;
}

void fixture_pass(uint64_t time)
{
	fixture_at(now + time);
}

struct xlagg_lacp_end fixture_partner(uint32_t slot)
{
	return (struct xlagg_lacp_end){
	    .system_prio = 40000,
	    .system = {2, 0, 0, 0, 0, 0xbb},
	    .key = 77,
	    .port_prio = 100,
	    .port = (uint16_t)(slot + 1),
	    .state = XLAGG_STATE_ACTIVITY | XLAGG_STATE_AGGREGATION,
	};
}

void fixture_receive(uint32_t slot, const void *frame, uint32_t len)
{
	fx.count = 0;
	lacp_receive(&lagg, now, slot, frame, len, &fx);
}

void fixture_hear_as(uint32_t slot, const struct xlagg_lacp_end *actor, const struct xlagg_lacp_end *partner)
{
	static const uint8_t mac[6] = {2, 2, 0, 0, 0, 0};
	uint8_t frame[CORE_FRAME_LEN];

	pdu_encode_lacp(frame, mac, actor, partner);
	fixture_receive(slot, frame, sizeof(frame));
}

void fixture_hear_from(uint32_t slot, const struct xlagg_lacp_end *actor)
{
	fixture_hear_as(slot, actor, &lagg.port[slot].actor);
}

void fixture_hear(uint32_t slot, uint8_t bits)
{
	struct xlagg_lacp_end partner = fixture_partner(slot);

	partner.state |= bits;
	fixture_hear_from(slot, &partner);
}

void fixture_join(uint32_t slot)
{
	fixture_hear(slot, ALL_SYNCED);
	fixture_pass(LACP_AGGREGATE_WAIT_TIME);
	cr_assert(lacp_distributing(&lagg, slot), "eth%u: %s", slot, fixture_reason(slot));
}

static bool is_lacpdu(const struct core_effect *effect, uint32_t slot)
{
	return effect->kind == CORE_SEND && effect->slot == slot && effect->frame[14] == XLAGG_SLOW_LACP;
}

uint32_t fixture_sent(uint32_t slot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < fx.count; i++)
		count += is_lacpdu(&fx.list[i], slot);
	return count;
}

struct pdu fixture_last_sent(uint32_t slot)
{
	struct pdu pdu = {0};

	for (uint32_t i = 0; i < fx.count; i++) {
		if (is_lacpdu(&fx.list[i], slot))
			pdu_decode(fx.list[i].frame, CORE_FRAME_LEN, &pdu);
	}
	cr_assert_eq(pdu.kind, PDU_LACP, "nothing was sent on eth%u", slot);
	return pdu;
}

uint32_t fixture_events(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < fx.count; i++)
		count += fx.list[i].kind == CORE_EVENT;
	return count;
}

const char *fixture_reason(uint32_t slot)
{
	static char text[XLAGG_SENTENCE_MAX];

	lacp_reason(&lagg, slot, text);
	return text;
}

uint32_t fixture_distributing(void)
{
	uint32_t slots = 0;

	for (uint32_t i = 0; i < XLAGG_MAX_PORTS; i++)
		slots |= lacp_distributing(&lagg, i) ? 1u << i : 0;
	return slots;
}

struct xlagg_lacp_end fixture_other_system(uint32_t slot, uint8_t which)
{
	struct xlagg_lacp_end partner = fixture_partner(slot);

	partner.system[5] = which;
	return partner;
}

void fixture_hear_synced(uint32_t slot, struct xlagg_lacp_end partner)
{
	partner.state |= ALL_SYNCED;
	fixture_hear_from(slot, &partner);
}

void fixture_join_all(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fixture_up(i);
	for (uint32_t i = 0; i < count; i++)
		fixture_hear(i, ALL_SYNCED);
	fixture_pass(LACP_AGGREGATE_WAIT_TIME);
}

void fixture_two_partners(uint32_t speed01, uint32_t speed2)
{
	for (uint32_t i = 0; i < 3; i++) {
		fixture_add(i);
		fixture_link(i, i == 2 ? speed2 : speed01);
	}
	fixture_hear_synced(2, fixture_other_system(2, 0xcc));
	fixture_hear_synced(0, fixture_partner(0));
	fixture_hear_synced(1, fixture_partner(1));
	fixture_pass(2 * SECOND);
}
