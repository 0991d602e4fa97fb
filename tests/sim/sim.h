/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A deterministic simulation of systems that speak LACP: real cores, links that misbehave, and a clock that jumps from
 * one event to the next. Everything follows from a seed.
 *
 * A scenario has a time of faults and then a time of peace. The invariants (check.c) hold at every step; in peace both
 * ends of each link come to agree within a bound.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/internal.h"
#include "xlagg/wire.h"

#define SIM_SYSTEMS 5
#define SIM_PORTS 8 /* of one system */
#define SIM_LINKS 16
#define SIM_FLIGHTS 256 /* frames and news under way, at most */
#define SIM_WHAT 512
#define SIM_NONE UINT32_MAX
#define SIM_MS 1000000ull
#define SIM_SECOND 1000000000ull

/* --- random numbers: splitmix64 --- */
static inline uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}
/* 0 to below-1 */
static inline uint32_t sim_below(uint64_t *state, uint32_t below)
{
	return (uint32_t)(sim_random(state) % below);
}
static inline bool sim_percent(uint64_t *state, uint32_t percent)
{
	return sim_below(state, 100) < percent;
}

/* The content of a LACPDU. The simulation has a decoder of its own, so that a fault of the core's codec is noticed. */
struct sim_pdu {
	struct xlagg_lacp_end actor, partner;
};

/* What the checker remembers of a port. */
struct sim_watch {
	uint64_t sent[4];   /* times of the last LACPDUs, [0] the latest; 0: none */
	uint32_t last_pdus; /* LACPDUs that may exceed the rate limit because the port leaves */
	bool heard;	    /* `pdu` is valid: a LACPDU of another system came since the port was last enabled */
	bool matched;	    /* its Partner fields were ours when it came */
	uint64_t heard_at;
	struct sim_pdu pdu;
	uint32_t aggregator, selected; /* as of the last step */
	uint32_t flags;		       /* enum xlagg_flag at the last step */
	bool steady;		       /* it carries traffic and has to go on with it */
};

struct sim_port {
	bool used;
	char name[XLAGG_NAME_MAX];
	uint32_t order;
	struct xlagg_port_conf conf;
	bool up;	       /* administratively, by `ip link set` */
	struct core_link told; /* as last reported to the core */
	struct sim_watch watch;
};

/* What the adapters of an agent have done, and what they owe because a call failed, as in agent/lagg/effects.c, ports.c
 * and upkeep.c. */
struct sim_adapters {
	uint32_t failing;	 /* so many percent of their calls fail */
	struct core_output done; /* what was published, and the carrier of the lagg's device */
	bool unpublished, carrier_owed;
	bool news_owed[SIM_PORTS];	     /* the port's link could not be read */
	uint64_t check_at;		     /* when what is owed is done again; CORE_NEVER: nothing is */
	struct xlagg_lacp pinned[SIM_PORTS]; /* of each port, for the next agent */
	struct sim_watch then[SIM_PORTS];    /* what the checker knew when that was pinned */
};

struct sim_system {
	struct core *core;
	struct sim_adapters adapters;
	bool running;	   /* the agent runs */
	uint64_t start_at; /* when an agent that does not run starts again */
	bool adopts;	   /* it then goes on from these records: */
	struct xlagg_table left_table;
	struct xlagg_lacp left[SIM_PORTS];
	uint64_t jitter;  /* how late the agent meets its deadlines at most, ns */
	uint64_t wake_at; /* when it runs next */
	uint32_t orders;  /* ports added so far */
	uint8_t mac[6];
	struct xlagg_lagg_conf conf;
	struct sim_port port[SIM_PORTS];
};

/* One direction of a link. */
struct sim_way {
	uint32_t loss, duplicate; /* percent */
	bool blocked;		  /* no frame gets through, although there is carrier */
	uint64_t delay_min, delay_max;
};

struct sim_link {
	struct {
		uint32_t system, port; /* SIM_NONE: nothing is plugged in */
	} end[2];
	bool intact; /* the cable is in order */
	uint32_t speed, duplex;
	struct sim_way way[2]; /* [i]: the direction from end i */
	uint32_t epoch;	       /* counts changes of plugs: frames under way are lost */
};

enum sim_flight_kind { SIM_FRAME, SIM_NEWS };

/* Something under way: a frame to the other end of a link, or the news of a changed link to the agent. */
struct sim_flight {
	enum sim_flight_kind kind;
	uint64_t at, number; /* arrival is ordered by time, then by departure */
	uint32_t link, end;  /* frame: sent from this end */
	uint32_t epoch;
	uint32_t system, port; /* news: about this port */
	uint8_t frame[CORE_FRAME_LEN];
};

struct sim {
	uint64_t seed;
	uint64_t random; /* state of the random numbers */
	uint64_t now;
	uint32_t systems, links;
	struct sim_system system[SIM_SYSTEMS];
	struct sim_link link[SIM_LINKS];
	struct sim_flight flight[SIM_FLIGHTS];
	uint32_t flights;
	uint64_t departures;
	struct core_effects fx;

	uint64_t peace;	      /* when the faults stopped; 0: not yet */
	bool adapters_fail;   /* calls of the adapters may fail */
	bool trace;	      /* print what happens */
	bool broken;	      /* an invariant is broken */
	uint64_t last_change; /* when a port last began or stopped to distribute */
	uint64_t steps;	      /* inputs so far */
	uint64_t fingerprint; /* hash of everything that happened: the same for the same seed */
	char what[SIM_WHAT];  /* the broken invariant */
};

/* --- world.c: systems, links, time --- */
void sim_init(struct sim *sim, uint64_t seed, bool trace);
void sim_free(struct sim *sim);
uint32_t sim_add_system(struct sim *sim, const struct xlagg_lagg_conf *conf);
void sim_add_port(struct sim *sim, uint32_t system, uint32_t port, const struct xlagg_port_conf *conf);
void sim_set_port(struct sim *sim, uint32_t system, uint32_t port, const struct xlagg_port_conf *conf);
void sim_del_port(struct sim *sim, uint32_t system, uint32_t port);
void sim_set(struct sim *sim, uint32_t system, const struct xlagg_lagg_conf *conf);
void sim_start(struct sim *sim, uint32_t system);
/* The agent dies, or stops and sends its last LACPDUs. It starts again after `away` ns, anew or from its records. */
void sim_kill(struct sim *sim, uint32_t system, uint64_t away, bool adopt);
void sim_stop(struct sim *sim, uint32_t system, uint64_t away);
uint32_t sim_add_link(struct sim *sim, uint32_t a, uint32_t a_port, uint32_t b, uint32_t b_port);
/* Returns the link at a port, SIM_NONE: nothing is plugged in. `end` may be NULL. */
uint32_t sim_link_at(const struct sim *sim, uint32_t system, uint32_t port, uint32_t *end);
bool sim_carrier(const struct sim *sim, uint32_t system, uint32_t port);
/* A link changed: the agents at both ends hear of it, each after up to `latency` ns. */
void sim_tell_link(struct sim *sim, uint32_t link, uint64_t latency);
void sim_tell_port(struct sim *sim, uint32_t system, uint32_t port, uint64_t latency);
/* A frame arrives at a port whose agent runs. */
void sim_receive(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame);
/* Lets time pass until `until`, or until an invariant is broken. */
void sim_pass(struct sim *sim, uint64_t until);
void sim_log(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns the core's state of a port, NULL: the agent is away, or the port is not the lagg's. */
const struct lacp_port *sim_lacp(const struct sim *sim, uint32_t system, uint32_t port);
/* Returns the flags (enum xlagg_flag) of a port whose agent runs. */
uint32_t sim_flags(const struct sim *sim, uint32_t system, uint32_t port);

/* --- adapters.c --- */
/* Whether the next call of an adapter fails. */
bool sim_call_fails(struct sim *sim, uint32_t system);
/* Carries out CORE_PUBLISH and CORE_CARRIER. */
void sim_carry_out(struct sim *sim, uint32_t system, const struct core_effect *effect);
/* A port's link could not be read: it is read again by the next check. */
void sim_owe_news(struct sim *sim, uint32_t system, uint32_t port);
/* The check: does again what is owed. */
void sim_do_again(struct sim *sim, uint32_t system);
void sim_owe_nothing(struct sim *sim, uint32_t system);
/* Pins the state of LACP for the next agent. */
void sim_pin(struct sim *sim, uint32_t system);
/* What is done is what the core wants, unless it is owed. */
void sim_check_adapters(struct sim *sim, uint32_t system);

/* --- check.c: invariants --- */
void sim_broken(struct sim *sim, uint32_t system, uint32_t port, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void sim_read_pdu(const uint8_t *frame, struct sim_pdu *pdu);
/* To be called after a frame was given to a core that did not take it for foreign, before effects are executed, and
 * after a step of a system. */
void sim_check_received(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame);
void sim_check_sent(struct sim *sim, uint32_t system, uint32_t port, const uint8_t *frame);
void sim_check_system(struct sim *sim, uint32_t system);
/* Whether both ends of each link agree, and whatever could carry traffic does. If not, `what` says what is missing. */
bool sim_agree(const struct sim *sim, char what[SIM_WHAT]);

/* --- attack.c --- */
/* Draws options that protect from forged LACPDUs, or none. Call before the systems start. */
void sim_protect(struct sim *sim);
/* Waits until both systems carry traffic, and attacks them for a while. */
void sim_attack(struct sim *sim);

/* --- scenario.c --- */
#define SIM_FAMILIES 10
extern const char *const sim_family_name[SIM_FAMILIES];
uint32_t sim_family(uint64_t seed);
/* Runs the scenario of a seed to its end or to the first broken invariant. */
void sim_scenario(struct sim *sim, uint64_t seed, bool trace);

#endif
