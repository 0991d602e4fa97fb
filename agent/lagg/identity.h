/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a lagg keeps over restarts and reboots, in the state folder: MAC, hash seed and number. */
#ifndef LAGG_IDENTITY_H
#define LAGG_IDENTITY_H

#include "lagg/host.h"

/*
 * Finds the lagg's MAC by option mac, and its hash seed: as kept in the state folder, else chosen now and kept. `mac`
 * holds the present MAC (zero: none yet), which stays unless something says otherwise.
 */
int identity_choose(struct lagg_host *host, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* The number that tells the lagg from others in automatic LACP keys: N of laggN where it is free. */
uint32_t identity_number(struct lagg_host *host, const char *lagg);
/* From now on option mac "auto" means this MAC. */
void identity_keep_mac(struct lagg_host *host, const char *lagg, const uint8_t mac[6]);
bool identity_exists(const struct lagg_host *host, const char *lagg);
int identity_rename(struct lagg_host *host, const char *from, const char *to);
void identity_forget(struct lagg_host *host, const char *lagg);

#endif
