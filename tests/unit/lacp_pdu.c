/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* LACPDUs and Marker PDUs on the wire: 802.1AX-2014 6.4.2, 6.4.12, 6.5.3, 6.5.4.2; IEEE 802.3 Annex 57A. */
#include "unit/lacp_fixture.h"

#include <string.h>

static struct lacp_port *p;
static uint8_t frame[1600];
static uint32_t len;

/* A LACPDU of the default partner in `frame`. */
static void begin(void)
{
	struct xlagg_lagg_conf conf = fixture_conf();
	struct xlagg_lacp_end partner = fixture_partner(0);
	static const uint8_t mac[6] = {2, 2, 0, 0, 0, 0};

	fixture_start(&conf);
	p = fixture_up(0);
	pdu_encode_lacp(frame, mac, &partner, &p->actor);
	len = XLAGG_SLOW_FRAME;
}

TestSuite(lacp_pdu, .init = begin);

#define PAYLOAD 14

/* A real LACPDU as a switch sent it: key 0, port 18, priority 0x91f4. */
static const uint8_t captured[XLAGG_SLOW_FRAME] = {
    0x01, 0x80, 0xc2, 0x00, 0x00, 0x02, 0x00, 0x04, 0x96, 0x1f, 0x50, 0x6a, 0x88, 0x09, 0x01,
    0x01, 0x01, 0x14, 0x91, 0xf4, 0x00, 0x04, 0x96, 0x1f, 0x50, 0x6a, 0x80, 0x00, 0x00, 0x00,
    0x00, 0x12, 0x47, 0x00, 0x00, 0x00, 0x02, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3b, 0x00, 0x00, 0x00, 0x03, 0x10, 0x00, 0x02};

Test(lacp_pdu, captured_lacpdu_is_read)
{
	static const uint8_t system[6] = {0x00, 0x04, 0x96, 0x1f, 0x50, 0x6a};
	struct pdu pdu;

	pdu_decode(captured, sizeof(captured), &pdu);
	cr_assert_eq(pdu.kind, PDU_LACP);
	cr_assert_eq(pdu.actor.system_prio, 0x91f4);
	cr_assert_eq(memcmp(pdu.actor.system, system, 6), 0);
	cr_assert_eq(pdu.actor.key, 0x8000);
	cr_assert_eq(pdu.actor.port_prio, 0);
	cr_assert_eq(pdu.actor.port, 18);
	cr_assert_eq(pdu.actor.state, 0x47);
	cr_assert_eq(pdu.partner.state, 0x3b);
	cr_assert_eq(pdu.partner.port, 0);
}

Test(lacp_pdu, lacpdu_is_written_octet_by_octet)
{
	static const uint8_t mac[6] = {2, 9, 8, 7, 6, 5};
	static const struct xlagg_lacp_end actor = {0x0102, {3, 4, 5, 6, 7, 8}, 0x090a, 0x0b0c, 0x0d0e, 0x0f, 0};
	static const struct xlagg_lacp_end partner = {
	    0x1112, {0x13, 0x14, 0x15, 0x16, 0x17, 0x18}, 0x191a, 0x1b1c, 0x1d1e, 0x1f, 0};
	static const uint8_t expected[XLAGG_SLOW_FRAME] = {
	    0x01, 0x80, 0xc2, 0,    0,	  2,	2,    9,    8,	  7,	6,    5,    0x88, 0x09, 1, 1, 1, 20, 0x01, 0x02,
	    3,	  4,	5,    6,    7,	  8,	0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0,	0, 0, 2, 20, 0x11, 0x12,
	    0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0,	0, 0, 3, 16};

	memset(frame, 0xee, sizeof(frame));
	pdu_encode_lacp(frame, mac, &actor, &partner);
	cr_assert_arr_eq(frame, expected, sizeof(expected));
	cr_assert_eq(frame[XLAGG_SLOW_FRAME], 0xee, "and no octet more");
}

Test(lacp_pdu, what_is_written_is_read)
{
	static const uint8_t mac[6] = {2, 9, 8, 7, 6, 5};
	struct xlagg_lacp_end actor = {0xffff, {0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa}, 0xfedc, 0x8001, 0x7ffe, 0xa5, 0};
	struct xlagg_lacp_end partner = {1, {1, 2, 3, 4, 5, 6}, 2, 3, 4, 0x5a, 0};
	struct pdu pdu;

	pdu_encode_lacp(frame, mac, &actor, &partner);
	pdu_decode(frame, XLAGG_SLOW_FRAME, &pdu);
	cr_assert_eq(pdu.kind, PDU_LACP);
	cr_assert_eq(memcmp(&pdu.actor, &actor, sizeof(actor)), 0);
	cr_assert_eq(memcmp(&pdu.partner, &partner, sizeof(partner)), 0);
}

/* --- what a receiver must accept --- */

static void expect_taken(void)
{
	fixture_receive(0, frame, len);
	cr_assert_eq(p->rx, XLAGG_RX_CURRENT);
	cr_assert_eq(p->partner.key, 77);
	cr_assert_eq(p->counters.lacpdu_rx, 1);
	cr_assert_eq(p->counters.illegal_rx + p->counters.unknown_rx, 0);
}

Test(lacp_pdu, plain_lacpdu_is_taken)
{
	expect_taken();
}

Test(lacp_pdu, version_0_is_taken)
{
	frame[PAYLOAD + 1] = 0;
	expect_taken();
}

Test(lacp_pdu, version_2_with_its_tlvs_is_taken)
{
	static const uint8_t tlvs[] = {4, 6, 0, 0, 0, 1, 5, 20};

	frame[PAYLOAD + 1] = 2;
	memcpy(frame + PAYLOAD + 58, tlvs, sizeof(tlvs));
	expect_taken();
}

Test(lacp_pdu, version_f1_with_tlvs_80_and_81_is_taken)
{
	static const uint8_t tlvs[] = {0x80, 4, 3, 0, 0x81, 4, 3, 0};

	frame[PAYLOAD + 1] = 0xf1;
	memcpy(frame + PAYLOAD + 58, tlvs, sizeof(tlvs));
	expect_taken();
}

Test(lacp_pdu, other_tlv_types_are_taken)
{
	frame[PAYLOAD + 2] = 7;
	frame[PAYLOAD + 22] = 8;
	frame[PAYLOAD + 42] = 9;
	expect_taken();
}

Test(lacp_pdu, reserved_octets_are_ignored)
{
	memset(frame + PAYLOAD + 19, 0xff, 3);
	memset(frame + PAYLOAD + 39, 0xff, 3);
	memset(frame + PAYLOAD + 46, 0xff, 12);
	memset(frame + PAYLOAD + 60, 0xff, 50);
	expect_taken();
}

Test(lacp_pdu, longer_frames_are_taken)
{
	len = 1514;
	expect_taken();
}

Test(lacp_pdu, priority_tag_is_skipped)
{
	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0xe0, 0x00}, 4);
	len += 4;
	expect_taken();
}

/* --- what changes nothing --- */

static void expect_dropped(uint64_t illegal, uint64_t unknown)
{
	struct lacp_port before;

	p->ntt = false;
	before = *p;
	fixture_receive(0, frame, len);
	cr_assert_eq(fx.count, 0);
	cr_assert_eq(p->counters.illegal_rx, illegal);
	cr_assert_eq(p->counters.unknown_rx, unknown);
	before.counters = p->counters;
	cr_assert_eq(memcmp(&before, p, sizeof(before)), 0);
	cr_assert_eq(p->counters.lacpdu_rx, 0);
}

Test(lacp_pdu, shorter_than_110_octets_of_payload_is_illegal)
{
	len = XLAGG_SLOW_FRAME - 1;
	expect_dropped(1, 0);
}

Test(lacp_pdu, every_shorter_length_is_counted_once)
{
	for (uint32_t n = 0; n < XLAGG_SLOW_FRAME; n++) {
		uint8_t *copy = malloc(n ? n : 1); /* so that a sanitizer sees a read beyond it */

		memcpy(copy, frame, n);
		fixture_receive(0, copy, n);
		free(copy);
	}
	cr_assert_eq(p->counters.illegal_rx, XLAGG_SLOW_FRAME);
	cr_assert_neq(p->rx, XLAGG_RX_CURRENT);
}

Test(lacp_pdu, wrong_actor_length_is_illegal)
{
	frame[PAYLOAD + 3] = 21;
	expect_dropped(1, 0);
}

Test(lacp_pdu, wrong_partner_length_is_illegal)
{
	frame[PAYLOAD + 23] = 19;
	expect_dropped(1, 0);
}

Test(lacp_pdu, wrong_collector_length_is_illegal)
{
	frame[PAYLOAD + 43] = 17;
	expect_dropped(1, 0);
}

Test(lacp_pdu, wrong_terminator_length_is_illegal)
{
	frame[PAYLOAD + 59] = 1;
	expect_dropped(1, 0);
}

Test(lacp_pdu, subtype_0_is_illegal)
{
	frame[PAYLOAD] = 0;
	expect_dropped(1, 0);
}

Test(lacp_pdu, subtype_11_is_illegal)
{
	frame[PAYLOAD] = 11;
	expect_dropped(1, 0);
}

Test(lacp_pdu, subtype_255_is_illegal)
{
	frame[PAYLOAD] = 255;
	expect_dropped(1, 0);
}

Test(lacp_pdu, subtype_of_another_protocol_is_unknown)
{
	frame[PAYLOAD] = XLAGG_SLOW_OAM;
	expect_dropped(0, 1);
}

Test(lacp_pdu, vlan_id_is_illegal)
{
	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x00, 0x0a}, 4);
	len += 4;
	expect_dropped(1, 0);
}

Test(lacp_pdu, service_tag_is_illegal)
{
	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, (uint8_t[]){0x88, 0xa8, 0x00, 0x0a}, 4);
	len += 4;
	expect_dropped(1, 0);
}

Test(lacp_pdu, other_destinations_are_unknown)
{
	static const uint8_t others[][6] = {{0x01, 0x80, 0xc2, 0, 0, 0},
					    {0x01, 0x80, 0xc2, 0, 0, 3},
					    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
					    {2, 1, 0, 0, 0, 0}};

	for (uint32_t i = 0; i < 4; i++) {
		memcpy(frame, others[i], 6);
		expect_dropped(0, i + 1);
	}
}

Test(lacp_pdu, other_ethertype_to_the_group_is_unknown)
{
	frame[12] = 0x08;
	frame[13] = 0x00;
	expect_dropped(0, 1);
}

Test(lacp_pdu, own_system_is_not_answered)
{
	memcpy(frame + PAYLOAD + 6, lagg.system, 6);
	fixture_receive(0, frame, len);
	cr_assert_eq(fx.count, 0);
	cr_assert_eq(p->rx, XLAGG_RX_EXPIRED);
	cr_assert_str_eq(fixture_reason(0), "loopback: the partner is this system");
	fixture_pass(90 * SECOND - 1);
	cr_assert_str_eq(fixture_reason(0), "loopback: the partner is this system");
	fixture_pass(1);
	cr_assert_str_eq(fixture_reason(0), "no LACPDU received for 3 s");
}

Test(lacp_pdu, own_system_on_a_port_without_carrier_is_no_loop)
{
	memcpy(frame + PAYLOAD + 6, lagg.system, 6);
	fixture_link(0, 0);
	fixture_receive(0, frame, len);
	fixture_link(0, 10000);
	cr_assert_str_eq(fixture_reason(0), "no LACPDU received since the link came up");
}

Test(lacp_pdu, a_partner_ends_the_loop)
{
	memcpy(frame + PAYLOAD + 6, lagg.system, 6);
	fixture_receive(0, frame, len);
	fixture_hear(0, 0);
	cr_assert_str_eq(fixture_reason(0), "waits for other ports to join the aggregator");
}

/* --- Marker --- */

static void marker(uint8_t type)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame, captured, 14);
	for (uint32_t i = 0; i < XLAGG_SLOW_PAYLOAD; i++)
		frame[PAYLOAD + i] = (uint8_t)i; /* every octet has its offset as value */
	memcpy(frame + PAYLOAD, (uint8_t[]){2, 1, type, 16}, 4);
	len = XLAGG_SLOW_FRAME;
}

TestSuite(lacp_marker, .init = begin);

static void expect_answer(void)
{
	static const uint8_t header[14] = {0x01, 0x80, 0xc2, 0, 0, 2, 2, 1, 0, 0, 0, 0, 0x88, 0x09};

	fixture_receive(0, frame, len);
	cr_assert_eq(fx.count, 1);
	cr_assert_eq(fx.list[0].kind, CORE_SEND);
	cr_assert_eq(fx.list[0].slot, 0);
	cr_assert_arr_eq(fx.list[0].frame, header, 14);
	cr_assert_eq(fx.list[0].frame[PAYLOAD + 2], XLAGG_TLV_MARKER_RESPONSE);
	frame[PAYLOAD + 2] = XLAGG_TLV_MARKER_RESPONSE;
	cr_assert_arr_eq(fx.list[0].frame + PAYLOAD, frame + PAYLOAD, XLAGG_SLOW_PAYLOAD);
}

Test(lacp_marker, wait_for_marker_to_respond)
{
	marker(XLAGG_TLV_MARKER);
	expect_answer();
	cr_assert_eq(p->counters.marker_rx, 1);
	cr_assert_eq(p->counters.marker_response_tx, 1);
}

Test(lacp_marker, responds_in_every_state_of_mux)
{
	for (int state = XLAGG_MUX_DETACHED; state <= XLAGG_MUX_COLLECTING_DISTRIBUTING; state++) {
		p->mux = (enum xlagg_lacp_mux_state)state;
		p->selected = XLAGG_UNSELECTED;
		marker(XLAGG_TLV_MARKER);
		fx.count = 0;
		marker_respond(&lagg, p, &(struct pdu){.payload = frame + PAYLOAD}, &fx);
		cr_assert_eq(fx.count, 1);
	}
}

Test(lacp_marker, other_version_is_answered)
{
	marker(XLAGG_TLV_MARKER);
	frame[PAYLOAD + 1] = 9;
	expect_answer();
}

Test(lacp_marker, response_is_not_answered)
{
	marker(XLAGG_TLV_MARKER_RESPONSE);
	fixture_receive(0, frame, len);
	cr_assert_eq(fx.count, 0);
	cr_assert_eq(p->counters.marker_response_rx, 1);
}

Test(lacp_marker, wrong_length_is_illegal)
{
	marker(XLAGG_TLV_MARKER);
	frame[PAYLOAD + 3] = 17;
	expect_dropped(1, 0);
}

Test(lacp_marker, other_type_is_illegal)
{
	marker(3);
	expect_dropped(1, 0);
}

Test(lacp_marker, truncated_is_illegal)
{
	marker(XLAGG_TLV_MARKER);
	len = XLAGG_SLOW_FRAME - 1;
	expect_dropped(1, 0);
}

Test(lacp_marker, out_of_service_is_not_answered)
{
	struct xlagg_port_conf conf = fixture_port_conf();

	conf.admin = 0;
	fixture_set_port(0, &conf);
	marker(XLAGG_TLV_MARKER);
	fixture_receive(0, frame, len);
	cr_assert_eq(fx.count, 0);
}

/* --- the generator --- */

/* Lets port 0 distribute and asks it for a marker. */
static void ask_for_marker(void)
{
	lagg.port[0].link.fifo = true;
	fixture_join(0);
	fx.count = 0;
	lacp_mark(&lagg, now, 0, &fx);
}

/* Makes the answer to the marker that is the last effect. */
static void take_answer(void)
{
	memcpy(frame, fx.list[fx.count - 1].frame, XLAGG_SLOW_FRAME);
	len = XLAGG_SLOW_FRAME;
	frame[PAYLOAD + 2] = XLAGG_TLV_MARKER_RESPONSE;
}

TestSuite(lacp_generator, .init = begin);

Test(lacp_generator, what_a_marker_says)
{
	static const uint8_t head[16] = {2, 1, 1, 16, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1};

	ask_for_marker();
	cr_assert_eq(fx.count, 1);
	cr_assert_eq(fx.list[0].kind, CORE_SEND);
	cr_assert_arr_eq(fx.list[0].frame + PAYLOAD, head, sizeof(head), "port 1 of the lagg, transaction 1");
	for (uint32_t i = PAYLOAD + sizeof(head); i < XLAGG_SLOW_FRAME; i++)
		cr_assert_eq(fx.list[0].frame[i], 0);
	cr_assert_eq(lagg.port[0].counters.marker_tx, 1);
}

Test(lacp_generator, only_where_frames_are_sent)
{
	fx.count = 0;
	lacp_mark(&lagg, now, 0, &fx);
	cr_assert_eq(fx.count, 0);
	lacp_mark(&lagg, now, 5, &fx);
	cr_assert_eq(fx.count, 0);
}

Test(lacp_generator, an_answer_proves_what_was_sent_before)
{
	uint64_t sent;

	ask_for_marker();
	sent = now;
	cr_assert_eq(lacp_proved(&lagg, 0), 0);
	take_answer();
	now += 3 * MS;
	fixture_receive(0, frame, len);
	cr_assert_eq(lacp_proved(&lagg, 0), sent);
	cr_assert(lacp_take_proof(&lagg, 0));
	cr_assert_not(lacp_take_proof(&lagg, 0));
	cr_assert_eq(lacp_delay(&lagg, 0)->slow, 3 * MS);
	lagg.port[0].link.fifo = false;
	cr_assert_eq(lacp_proved(&lagg, 0), 0, "another queue may still hold older frames");
}

/* Somebody else's answer, and one to an older marker, are counted and prove nothing. */
Test(lacp_generator, other_answers_prove_nothing)
{
	static const uint32_t octets[] = {5, 6, 11, 12, 15};

	ask_for_marker();
	take_answer();
	for (uint32_t i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		frame[PAYLOAD + octets[i]] ^= 0x40;
		fixture_receive(0, frame, len);
		cr_assert_eq(lacp_proved(&lagg, 0), 0, "octet %u", octets[i]);
		frame[PAYLOAD + octets[i]] ^= 0x40;
	}
	fixture_pass(LACP_MARKER_TIME);
	fx.count = 0;
	lacp_mark(&lagg, now, 0, &fx);
	fixture_receive(0, frame, len);
	cr_assert_eq(lacp_proved(&lagg, 0), 0, "it answers the marker before");
	cr_assert_eq(lagg.port[0].counters.marker_response_rx, 6);
}

/* IEEE 802.3 Annex 57A: not more than ten frames a second. */
Test(lacp_generator, not_too_often)
{
	ask_for_marker();
	fx.count = 0;
	lacp_mark(&lagg, now + LACP_MARKER_TIME - 1, 0, &fx);
	cr_assert_eq(fx.count, 0);
	lacp_mark(&lagg, now + LACP_MARKER_TIME, 0, &fx);
	cr_assert_eq(fx.count, 1);
	cr_assert_eq(lagg.port[0].counters.marker_tx, 2);
}
