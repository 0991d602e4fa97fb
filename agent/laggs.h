/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The list of running laggs. */
#ifndef AGENT_LAGGS_H
#define AGENT_LAGGS_H

#include "agent.h"

/* How the running laggs reach the agent: what lagg_host.calls points to. */
extern const struct lagg_host_calls laggs_calls;

/* Returns the lagg of that name, or NULL. */
struct lagg *laggs_find(const struct agent *agent, const char *name);
/* Returns the lagg whose own device this is, or NULL. */
struct lagg *laggs_of_device(const struct agent *agent, int ifindex);
/* Whether the device is a port of a running lagg. If it is, returns the lagg and the slot. */
bool laggs_port_of_device(const struct agent *agent, int ifindex, struct lagg **lagg, uint32_t *ret_slot);
/* The same for the device whose own MAC, which it does not have while it is a port, is this. */
bool laggs_port_of_mac(const struct agent *agent, const uint8_t mac[6], struct lagg **lagg, uint32_t *ret_slot);
/* Creates a lagg and adds it to the running ones. On failure nothing remains of it, and `sentence` says why. */
int laggs_create(struct agent *agent, const struct xlagg_model *model, struct lagg **ret,
		 char sentence[XLAGG_SENTENCE_MAX]);
/* Adds a lagg to the running ones. */
void laggs_add(struct agent *agent, struct lagg *lagg);
/* Takes a lagg down and forgets it. What the state folder keeps of it stays. */
void laggs_destroy(struct agent *agent, struct lagg *lagg);
/* Forgets a lagg, which goes on forwarding by what is pinned. */
void laggs_release(struct agent *agent, struct lagg *lagg);
/* Returns the running configuration, with the laggs that wait for their bonds; NULL: no memory. To be freed by the
 * caller. */
struct ctl_model *laggs_model(const struct agent *agent);
/* Puts the running laggs into the order of `model`; those that it does not name go last. */
void laggs_order(struct agent *agent, const struct ctl_model *model);
/* Sets the event loop's timer to the earliest deadline of all laggs. */
void laggs_arm(struct agent *agent);
/* Runs the laggs whose deadline has come. */
void laggs_run(struct agent *agent);
/* If many laggs of `to` do not run yet, from now on laggs are created in a way that does not wait for a grace period
 * with each program, and lists of devices are kept and used again. Returns whether that began here: then the caller has
 * to end it. */
bool laggs_hurry(struct agent *agent, const struct ctl_model *to);
void laggs_hurry_no_longer(struct agent *agent);
/* Handles the frames that wait, and then what is due by now. */
void laggs_catch_up(struct agent *agent);
/* To be called between laggs while many are created, changed or removed: tells the kernel and systemd that the agent
 * lives, and lets the running laggs handle LACP. It neither adds nor removes a lagg. */
void laggs_breathe(struct agent *agent);

#endif
