/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A bond that somebody else made (`lagg take`). Its maker goes on managing it; the lagg decides who sends and receives
 * while it has it. */
#ifndef LAGG_TAKEN_H
#define LAGG_TAKEN_H

#include "lagg/lagg.h"

/* Finds the bond that the lagg is to have as its device, and notes what it is like. Nothing is changed. */
int taken_find(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether bonding speaks LACP on its ports, too, as the lagg does. */
bool taken_speaks_lacp(const struct lagg *lagg);
/* Between these two the lagg gets its ports, and then LACP goes on where bonding has it: the partner sees no change. */
void taken_begin(struct lagg *lagg);
void taken_begun(struct lagg *lagg);
/* Makes the slaves ports that the configuration does not name. */
int taken_add_slaves(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX]);
/* Notes what bonding knows of LACP on a port that was just added. */
void taken_adopt_lacp(struct lagg *lagg, uint32_t slot);
/* Lets the lagg's programs decide, where its ports carry traffic by its table already. No frame is lost. */
int taken_take(struct lagg *lagg, char sentence[XLAGG_SENTENCE_MAX]);
/* Lets bonding decide again, with the active slave that the lagg had, and the options that the bond had. Nothing
 * happens if it is not a bond that was taken. */
void taken_give(struct lagg *lagg);
/* Puts back the options that the lagg needs on the bond, and says which others somebody changed: its options are the
 * lagg's own. Returns 0 or -errno. */
int taken_keep(struct lagg *lagg);
/* For the next agent. Bonding sends or speaks LACP on a taken bond: the agent before died while it gave the bond back,
 * or before it had taken it. What is pinned of its ports is out of date then, so that the bond cannot be adopted, only
 * given back and taken anew. Returns 0, or -EAGAIN with the reason: it may be a failure of the moment. */
int taken_check_sends(const struct xlagg_saved *saved, const char *folder, int ifindex, char why[XLAGG_SENTENCE_MAX]);
/* Puts back the options of the bond. Returns 0, also if it is gone, or -errno. */
int taken_restore(struct netlink *nl, const struct xlagg_taken *before, int ifindex);
/* What is not undone on a port when the bond is given back: that it is a slave, with what a slave has. */
void taken_keep_slave(struct xlagg_undo *undo);
/* A port of the lagg is about to be put back: decides whether its device leaves the bond, too. */
void taken_port_leaves(struct lagg *lagg, uint32_t slot);
/* A bond that was taken: whether its slave was taken out of it; then it is no port any longer, or the bond is gone. */
bool taken_slave_left(struct lagg *lagg, uint32_t slot);
/* The configuration with which a bond is taken that somebody makes anew after this one, which was taken, is gone: with
 * the ports that it had before whoever deleted it took out its slaves. */
void taken_model(const struct lagg *lagg, struct xlagg_model *ret);
/* A bond that was taken: makes a slave that somebody added a port, with the options' defaults. */
void taken_slave_added(struct lagg *lagg, const struct device *device);

#endif
