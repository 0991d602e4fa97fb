/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A core on a bench: a fake clock in milliseconds, ports by slot ("eth0" is slot 0), and a log of every effect. After
 * each input the rig checks what must always hold (rig_check in core_rig.c), so that every test is a test of that too.
 */
#ifndef UNIT_CORE_RIG_H
#define UNIT_CORE_RIG_H

#include <criterion/criterion.h>

#include "core/core.h"

#define RIG_LOG 4096
#define RIG_MS 1000000ull
#define RIG_START 1000000u /* ms; far from 0, so that a time that was never set is noticed */

struct rig_entry {
	uint32_t ms; /* since the rig was made */
	struct core_effect effect;
};

struct rig {
	struct core *core;
	struct xlagg_lagg_conf conf;
	struct xlagg_port_conf port[XLAGG_MAX_PORTS];
	struct core_link link[XLAGG_MAX_PORTS];
	bool used[XLAGG_MAX_PORTS];
	uint32_t added;			       /* ports ever added */
	uint32_t ms;			       /* now, since the rig was made */
	struct core_output last;	       /* as last published */
	uint8_t probe_mac[XLAGG_MAX_PORTS][6]; /* of each port's last probe */
	uint32_t probes[XLAGG_MAX_PORTS];      /* that each has sent */
	bool moves_by_hand;		       /* the test itself answers CORE_MOVES */
	uint32_t entries;		       /* in `log` */
	struct core_effects fx;
	struct rig_entry log[RIG_LOG];
};

/* Makes a lagg with default options except `proto`, and `ports` ports with carrier at 1000 Mb/s. The log is emptied. */
struct rig *rig_new(enum xlagg_proto proto, uint32_t ports);
/* Makes a lagg without ports, with the options of `conf`. */
struct rig *rig_new_with(const struct xlagg_lagg_conf *conf);
void rig_free(struct rig *rig);
struct xlagg_lagg_conf rig_defaults(void);

/* Inputs. Options are changed in rig->conf and rig->port[] and passed to the core by rig_set and rig_port_set. */
void rig_add(struct rig *rig, uint32_t slot);
void rig_del(struct rig *rig, uint32_t slot);
void rig_set(struct rig *rig);
void rig_port_set(struct rig *rig, uint32_t slot);
void rig_carrier(struct rig *rig, uint32_t slot, bool carrier);
void rig_link(struct rig *rig, uint32_t slot, bool present, bool admin_up, bool carrier);
int rig_activate(struct rig *rig, uint32_t slot);
void rig_frame(struct rig *rig, uint32_t slot, const uint8_t frame[CORE_FRAME_LEN]);
/* An answer of `target` to the last probe of `prober`, received on `slot` from the MAC `source`. */
void rig_answer(struct rig *rig, uint32_t slot, uint32_t prober, const char *target, const uint8_t source[6]);
void rig_stop(struct rig *rig);
/* Notes the effects of an input that a test made itself, in rig->fx. */
void rig_log(struct rig *rig);
/* Lets `ms` pass; the core runs at its deadlines and at no other time. */
void rig_until(struct rig *rig, uint32_t ms);
/* Lets time pass until the core has no deadline. */
void rig_settle(struct rig *rig);
void rig_forget(struct rig *rig);
/* Returns when the core has to run next, in ms of the rig; UINT32_MAX: not before another input. */
uint32_t rig_deadline(const struct rig *rig);

/* The log. */
uint32_t rig_count(const struct rig *rig, enum core_effect_kind kind);
uint32_t rig_events(const struct rig *rig, enum xlagg_event_type type);
/* Returns the last event of that type (of that port, if not NULL), NULL: there is none. */
const struct xlagg_event *rig_event(const struct rig *rig, enum xlagg_event_type type, const char *port);
/* Returns the MAC of that port's last probe, NULL: it sent none. */
const uint8_t *rig_probe_mac(const struct rig *rig, uint32_t slot);
/* Returns when the n-th effect of a kind came, in ms. */
uint32_t rig_when(const struct rig *rig, enum core_effect_kind kind, uint32_t n);

/* Status. */
const char *rig_reason(struct rig *rig, uint32_t slot);
const char *rig_lagg_reason(struct rig *rig);
const char *rig_active(struct rig *rig);
uint32_t rig_flags(struct rig *rig, uint32_t slot);
bool rig_standby(struct rig *rig, uint32_t slot);
uint32_t rig_buckets(struct rig *rig, uint32_t slot);
bool rig_in_order(struct rig *rig, uint32_t slot);

#endif
