/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Changes the configuration of a running lagg. */
#ifndef LAGG_CHANGE_H
#define LAGG_CHANGE_H

#include "lagg/lagg.h"

/* Changes the running lagg to the configuration `to`, touching only what differs. On failure it is changed back, and
 * `sentence` says why. What cannot be changed back now, lagg_settle() goes on with. */
int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether the running lagg cannot be changed to `to`, but has to be removed and made anew. */
bool lagg_must_be_made_anew(const struct lagg *lagg, const struct xlagg_model *to);
/* Goes on changing back what a refused change has left, if it has left anything. */
void lagg_settle(struct lagg *lagg);
/* Retires the ports that `to` no longer has (lagg_port_retire()). Returns whether frames may still be in flight to one
 * of them. */
bool lagg_retire_ports(struct lagg *lagg, const struct xlagg_model *to);
/* Whether the partner may still send to a port that was retired, because it has not answered the last LACPDU yet. */
bool lagg_partner_lags(const struct lagg *lagg, const struct xlagg_model *to);
/* Whether flows have still to leave a port that is not in `to`. */
bool lagg_port_is_left(const struct lagg *lagg, const struct xlagg_model *to);
/* Removes the ports that `to` no longer has. */
void lagg_remove_ports(struct lagg *lagg, const struct xlagg_model *to);
/* Someone may have changed the lagg's device: administrative state, MTU, MAC, promiscuity. The lagg follows. */
void lagg_device_changed(struct lagg *lagg, const struct device *device);
/* Sets what the ports must receive: every frame if `promisc`, and the frames of all VLANs if `vlans`. */
void lagg_let_in(struct lagg *lagg, bool promisc, bool vlans);

#endif
