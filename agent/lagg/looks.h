/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a lagg looks like from outside: MAC and MTU. */
#ifndef LAGG_LOOKS_H
#define LAGG_LOOKS_H

#include "lagg/lagg.h"

/* What the lagg shall look like with this configuration, and its hash seed. */
int looks_choose(struct lagg *lagg, const struct xlagg_model *model, struct looks *looks, uint32_t *seed,
		 char sentence[XLAGG_SENTENCE_MAX]);
/* Gives these looks to the lagg's device and its ports: to all of them, or it is as before. */
int looks_apply(struct lagg *lagg, const struct looks *looks, char sentence[XLAGG_SENTENCE_MAX]);
/* Whether each port keeps its own MAC (mac active). */
bool looks_want_own_macs(const struct xlagg_lagg_conf *conf);

#endif
