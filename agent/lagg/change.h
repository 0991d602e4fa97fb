/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Another configuration for a running lagg. */
#ifndef LAGG_CHANGE_H
#define LAGG_CHANGE_H

#include "lagg/lagg.h"

/* Makes the running lagg what `to` says, or leaves it what it was; only what differs is touched. */
int lagg_change(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
/* Retires the ports that `to` no longer has (lagg_port_retire). Returns whether frames may be in flight to one. */
bool lagg_retire_ports(struct lagg *lagg, const struct xlagg_model *to);
/* Removes them. */
void lagg_remove_ports(struct lagg *lagg, const struct xlagg_model *to);
/* The lagg's device was changed by others: name, administrative state, MTU, MAC, promiscuity. */
void lagg_device_changed(struct lagg *lagg, const struct device *device);
/* Lets the ports receive every frame where the lagg's device is promiscuous, and those of the VLANs above it. */
void lagg_let_in(struct lagg *lagg, bool promisc, bool vlans);

#endif
