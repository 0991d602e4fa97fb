/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Looks: MAC and MTU, which the lagg's device and its ports have in common. */
#ifndef LAGG_LOOKS_H
#define LAGG_LOOKS_H

#include "lagg/lagg.h"

/* Determines the looks, and the hash seed, that the lagg is to have with this configuration. */
int looks_choose(struct lagg *lagg, const struct xlagg_model *model, struct looks *looks, uint32_t *seed,
		 char sentence[XLAGG_SENTENCE_MAX]);
/* Sets these looks on the lagg's device and all its ports. On failure it restores the earlier ones, and `sentence` says
 * why. */
int looks_apply(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX]);
/* The same, but on failure the lagg keeps these looks as those that it is to have: they are the earlier ones. */
int looks_return(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX]);
/* Sets the looks that the lagg is to have on its own device, whatever that has. Those of the ports are put back anyway.
 */
int looks_settle(struct lagg *lagg);
/* Gives the lagg's own device this MAC. A bond gives it to its slaves as well; with mac active they get their own back.
 */
int looks_set_mac(struct lagg *lagg, const uint8_t mac[6]);
/* Whether each port keeps its own MAC (mac active). */
bool looks_want_own_macs(const struct xlagg_lagg_conf *conf);

#endif
