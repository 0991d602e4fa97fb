/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the tests of LACP share: a lagg under test, a clock, and partners that say what a test wants. Each test runs in
 * a process of its own, so the one lagg is global.
 */
#ifndef UNIT_LACP_FIXTURE_H
#define UNIT_LACP_FIXTURE_H

#include <criterion/criterion.h>

#include "core/lacp/machine.h"

#define SECOND LACP_SECOND
#define MS (LACP_SECOND / 1000)
#define ALL_SYNCED (XLAGG_STATE_SYNC | XLAGG_STATE_COLLECTING | XLAGG_STATE_DISTRIBUTING)

extern struct lacp lagg;
extern struct core_effects fx; /* of the last input, or of all since fixture_at() began */
extern uint64_t now;

/* Options as a lagg has them by default, with proto lacp and admin up. */
struct xlagg_lagg_conf fixture_conf(void);
struct xlagg_port_conf fixture_port_conf(void);
/* Starts LACP without ports. The lagg's MAC is 02:00:00:00:00:01. */
void fixture_start(const struct xlagg_lagg_conf *conf);
void fixture_set(const struct xlagg_lagg_conf *conf);
/* Adds a port ("eth" and its slot) whose link is absent. */
struct lacp_port *fixture_add(uint32_t slot);
void fixture_set_port(uint32_t slot, const struct xlagg_port_conf *conf);
/* The port's link: full duplex. Speed 0: no carrier. */
void fixture_link(uint32_t slot, uint32_t speed);
void fixture_duplex(uint32_t slot, uint32_t speed, enum xlagg_duplex duplex);
/* A port with carrier, 10 Gb/s. */
struct lacp_port *fixture_up(uint32_t slot);
/* Runs every deadline up to `time`. `fx` then has everything that happened, and `now` is `time`. */
void fixture_at(uint64_t time);
void fixture_pass(uint64_t time);

/* The default partner of a port: one system, port numbers by slot. Active, aggregatable, long timeout. */
struct xlagg_lacp_end fixture_partner(uint32_t slot);
/* The port hears `actor`, which sees us as `partner`. */
void fixture_hear_as(uint32_t slot, const struct xlagg_lacp_end *actor, const struct xlagg_lacp_end *partner);
/* The port hears `actor`, which sees us as we are. */
void fixture_hear_from(uint32_t slot, const struct xlagg_lacp_end *actor);
/* The port hears its default partner, which sees us as we are, with these bits of Sync, Collecting, Distributing. */
void fixture_hear(uint32_t slot, uint8_t bits);
/* The port's frame as received. */
void fixture_receive(uint32_t slot, const void *frame, uint32_t len);
/* Lets the port come to distribute: its partner is in sync and collects. */
void fixture_join(uint32_t slot);

/* Returns the ports that distribute, as bits. */
uint32_t fixture_distributing(void);
/* The default partner's ports, but of another system. `which` distinguishes systems. */
struct xlagg_lacp_end fixture_other_system(uint32_t slot, uint8_t which);
/* The port hears this partner, which is in sync and sees us as we are. */
void fixture_hear_synced(uint32_t slot, struct xlagg_lacp_end partner);
/* Brings up ports 0..count-1 with the default partner, which is in sync on all of them. */
void fixture_join_all(uint32_t count);
/* eth0 and eth1 lead to one system, eth2 to another: all in sync. Speeds in Mb/s. */
void fixture_two_partners(uint32_t speed01, uint32_t speed2);

/* Returns how many LACPDUs for a slot are among the effects, and the last of them. */
uint32_t fixture_sent(uint32_t slot);
struct pdu fixture_last_sent(uint32_t slot);
uint32_t fixture_events(void);
const char *fixture_reason(uint32_t slot);

#endif
